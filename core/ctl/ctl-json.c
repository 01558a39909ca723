/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>

JsonObject *
ctl_json_object(const char *json, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, json, -1, error)) {
        g_prefix_error(error, "%s", _("the daemon's answer is not understood: "));
        return NULL;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (root != NULL && JSON_NODE_HOLDS_OBJECT(root))
        return json_object_ref(json_node_get_object(root));
    g_set_error_literal(error,
                        G_IO_ERROR,
                        G_IO_ERROR_INVALID_DATA,
                        _("the daemon's answer is not understood; use --json"));
    return NULL;
}

static JsonNode *
member(JsonObject *object, const char *name)
{
    return object != NULL ? json_object_get_member(object, name) : NULL;
}

JsonObject *
ctl_json_in(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *
ctl_json_list(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

const char *
ctl_json_text(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(node);
}

double
ctl_json_real(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
        return NAN;
    GType type = json_node_get_value_type(node);
    if (type != G_TYPE_DOUBLE && type != G_TYPE_INT64 && type != G_TYPE_BOOLEAN)
        return NAN;
    return type == G_TYPE_BOOLEAN ? json_node_get_boolean(node) : json_node_get_double(node);
}
