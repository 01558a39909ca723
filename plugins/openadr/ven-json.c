/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ven-json.h"

#include <kit/cfx-json.h>
#include <math.h>

JsonNode *
oadr_json_parse(const char *text, gsize size, GError **error)
{
    g_autoptr(JsonParser) parser = NULL;
    g_autoptr(GError) local = NULL;
    JsonNode *root;

    if (!cfx_json_check(text, size, OADR_DEPTH, &local)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "body: %s", local->message);
        return NULL;
    }
    parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, text, (gssize)size, &local)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "body: %s", local->message);
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (root == NULL) {
        oadr_json_fail(error, "body", "it is empty");
        return NULL;
    }
    return json_node_ref(root);
}

gboolean
oadr_json_fail(GError **error, const char *path, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "%s: %s", path, what);
    return FALSE;
}

JsonNode *
oadr_json_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node == NULL || JSON_NODE_HOLDS_NULL(node) ? NULL : node;
}

static gboolean
fail_member(GError **error, const char *path, const char *name, const char *what)
{
    g_autofree char *full = *path == '\0' ? g_strdup(name) : g_strdup_printf("%s.%s", path, name);

    return oadr_json_fail(error, full, "%s", what);
}

gboolean
oadr_json_text(JsonObject *object,
               const char *path,
               const char *name,
               gboolean is_required,
               gsize most,
               const char **ret,
               GError **error)
{
    JsonNode *node = oadr_json_member(object, name);
    const char *text;

    if (node == NULL) {
        if (is_required)
            return fail_member(error, path, name, "it is required");
        if (ret != NULL)
            *ret = NULL;
        return TRUE;
    }
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return fail_member(error, path, name, "it is no string");
    text = json_node_get_string(node);
    if (is_required && *text == '\0')
        return fail_member(error, path, name, "it is empty");
    if ((gsize)g_utf8_strlen(text, -1) > most)
        return fail_member(error, path, name, "it is too long");
    if (ret != NULL)
        *ret = text;
    return TRUE;
}

gboolean
oadr_json_object(
    JsonObject *object, const char *path, const char *name, JsonObject **ret, GError **error)
{
    JsonNode *node = oadr_json_member(object, name);

    if (node != NULL && !JSON_NODE_HOLDS_OBJECT(node))
        return fail_member(error, path, name, "it is no object");
    *ret = node != NULL ? json_node_get_object(node) : NULL;
    return TRUE;
}

gboolean
oadr_json_array(
    JsonObject *object, const char *path, const char *name, JsonArray **ret, GError **error)
{
    JsonNode *node = oadr_json_member(object, name);

    if (node != NULL && !JSON_NODE_HOLDS_ARRAY(node))
        return fail_member(error, path, name, "it is no array");
    *ret = node != NULL ? json_node_get_array(node) : NULL;
    return TRUE;
}

gboolean
oadr_json_is_number(JsonNode *node, double *ret)
{
    if (!JSON_NODE_HOLDS_VALUE(node))
        return FALSE;
    if (json_node_get_value_type(node) == G_TYPE_INT64)
        *ret = (double)json_node_get_int(node);
    else if (json_node_get_value_type(node) == G_TYPE_DOUBLE)
        *ret = json_node_get_double(node);
    else
        return FALSE;
    return isfinite(*ret);
}

gboolean
oadr_json_is_int(JsonNode *node, gint64 *ret)
{
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
        return FALSE;
    *ret = json_node_get_int(node);
    return TRUE;
}
