/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of the world file, read with a message that names them. */
#pragma once

#include "simulator-scene.h"

gboolean sim_scene_fail(GError **error, const char *where, const char *what);
gboolean sim_scene_need_real(
    JsonObject *object, const char *name, double low, double high, double *ret, GError **error);
gboolean sim_scene_need_text(JsonObject *object, const char *name, char **ret, GError **error);
/* Minutes after midnight of "HH:MM". */
gboolean sim_scene_read_clock(const char *text, int *ret);
gboolean sim_scene_need_clock(JsonObject *object, const char *name, int *ret, GError **error);
