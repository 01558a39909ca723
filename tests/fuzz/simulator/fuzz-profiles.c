/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A charging profile of a CSMS, and the limit that follows from it. */
#include <math.h>
#include <stdlib.h>

#include "simulator-json.h"
#include "simulator-profile.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static const SimProfileRules rules = { 1, 8, 64, 16, TRUE, 230 };
    static const SimTransaction transaction = { "tx", 1759334400000000 };
    g_autoptr(JsonNode) node = sim_json_parse((const char *)data, size, NULL);
    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return 0;
    g_autoptr(SimProfileSet) set = sim_profile_set_new(&rules);
    JsonObject *object = json_node_get_object(node);
    sim_profile_set_put(set, 0, object, &transaction);
    sim_profile_set_put(set, 1, object, &transaction);
    gint64 at_us = transaction.started_us;
    for (guint i = 0; i < 200 && at_us < G_MAXINT64; i++) {
        gint64 next_us;
        double limit_a = sim_profile_set_limit(set, 1, &transaction, at_us, &next_us);
        if (isnan(limit_a) || limit_a < 0 || next_us <= at_us)
            abort();
        at_us = next_us;
    }
    return 0;
}
