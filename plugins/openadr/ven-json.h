/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of JSON objects, with errors that begin with the member's path. null counts as absent. */
#pragma once

#include <cariflex/cfx-abi.h>
#include <json-glib/json-glib.h>

#define OADR_DEPTH 16
#define OADR_BODY_MAX (1024 * 1024)

/* The root of a text, checked for depth and syntax first. (transfer full) INVALID otherwise */
JsonNode *oadr_json_parse(const char *text, gsize size, GError **error);

/* Sets INVALID "path: what" and returns FALSE. */
gboolean oadr_json_fail(GError **error, const char *path, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* NULL: absent or null */
JsonNode *oadr_json_member(JsonObject *object, const char *name);

/* Text of @least to @most characters. FALSE with an error for another type or length, and where it
 * is required and absent; *ret (nullable) is then untouched. Absent: NULL. */
gboolean oadr_json_text(JsonObject *object,
                        const char *path,
                        const char *name,
                        gboolean is_required,
                        gsize most,
                        const char **ret,
                        GError **error);
gboolean oadr_json_object(
    JsonObject *object, const char *path, const char *name, JsonObject **ret, GError **error);
gboolean oadr_json_array(
    JsonObject *object, const char *path, const char *name, JsonArray **ret, GError **error);
/* A JSON number. */
gboolean oadr_json_is_number(JsonNode *node, double *ret);
gboolean oadr_json_is_int(JsonNode *node, gint64 *ret);
