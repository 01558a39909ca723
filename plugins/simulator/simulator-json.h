/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON of peers: bounded before json-glib sees it, and members read with their types checked. */
#pragma once

#include <json-glib/json-glib.h>

#define SIM_JSON_DEPTH 32
#define SIM_JSON_SIZE (4 * 1024 * 1024)

/* NULL with an error when it is not JSON, too deep or too large. (transfer full) */
JsonNode *sim_json_parse(const char *text, gsize size, GError **error);
JsonNode *sim_json_load(const char *path, GError **error);
/* One line of text. (transfer full) */
char *sim_json_text(JsonNode *node);

/* Members; FALSE or NULL when absent or of another type. */
JsonObject *sim_json_object(JsonObject *object, const char *name);
JsonArray *sim_json_array(JsonObject *object, const char *name);
const char *sim_json_string(JsonObject *object, const char *name);
gboolean sim_json_real(JsonObject *object, const char *name, double *ret);
gboolean sim_json_integer(JsonObject *object, const char *name, gint64 *ret);
gboolean sim_json_boolean(JsonObject *object, const char *name, gboolean *ret);
/* An instant with its zone. */
gboolean sim_json_time(JsonObject *object, const char *name, gint64 *ret_us);
/* Item i of an array where it is an object, else NULL. */
JsonObject *sim_json_item(JsonArray *array, guint i);

/* Item i where there is one of that type. */
gboolean sim_json_real_at(JsonArray *array, guint i, double *ret);
const char *sim_json_string_at(JsonArray *array, guint i);

/* "2025-10-01T16:00:00.000Z" (transfer full) */
char *sim_json_stamp(gint64 at_us);
gboolean sim_json_read_stamp(const char *text, gint64 *ret_us);
