/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A world file, and the day that is drawn from it. */
#include <stdlib.h>

#include "simulator-json.h"
#include "simulator-scene.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    gint64 noon_us;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = sim_json_parse((const char *)data, size, NULL);
    if (node == NULL)
        return 0;
    g_autoptr(SimScene) scene = sim_scene_parse(node, &error);
    if ((scene == NULL) == (error == NULL))
        abort();
    if (scene == NULL || !sim_scene_noon(scene, "2025-10-01", &noon_us))
        return 0;
    g_autoptr(SimDay) day = sim_scene_day(scene, 1, noon_us, &error);
    if ((day == NULL) == (error == NULL))
        abort();
    return 0;
}
