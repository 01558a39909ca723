/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-json.h"

#include <math.h>
#include <string.h>

#include <cariflex/cfx-abi.h>

/* json-glib recurses: count brackets first. */
static gboolean
is_bounded(const char *text, gsize size)
{
    guint depth = 0;
    gboolean quoted = FALSE;
    for (gsize i = 0; i < size; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = FALSE;
        } else if (c == '"') {
            quoted = TRUE;
        } else if (c == '[' || c == '{') {
            if (++depth > SIM_JSON_DEPTH)
                return FALSE;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return TRUE;
}

JsonNode *
sim_json_parse(const char *text, gsize size, GError **error)
{
    if (size > SIM_JSON_SIZE || !g_utf8_validate(text, (gssize)size, NULL) ||
        !is_bounded(text, size)) {
        g_set_error_literal(
            error, CFX_ERROR, CFX_ERROR_PEER, "not JSON, or too deep, or too large");
        return NULL;
    }
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_data(parser, text, (gssize)size, error))
        return NULL;
    JsonNode *root = json_parser_steal_root(parser);
    if (root == NULL)
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_PEER, "empty JSON");
    return root;
}

JsonNode *
sim_json_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &text, &size, error))
        return NULL;
    JsonNode *node = sim_json_parse(text, size, error);
    if (node == NULL)
        g_prefix_error(error, "%s: ", path);
    return node;
}

char *
sim_json_text(JsonNode *node)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    json_generator_set_root(generator, node);
    return json_generator_to_data(generator, NULL);
}

static JsonNode *
member(JsonObject *object, const char *name)
{
    return object == NULL ? NULL : json_object_get_member(object, name);
}

JsonObject *
sim_json_object(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *
sim_json_array(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static const char *
as_string(JsonNode *node)
{
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(node);
}

static gboolean
as_real(JsonNode *node, double *ret)
{
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
        return FALSE;
    GType type = json_node_get_value_type(node);
    if (type != G_TYPE_DOUBLE && type != G_TYPE_INT64)
        return FALSE;
    double value = json_node_get_double(node);
    if (!isfinite(value))
        return FALSE;
    *ret = value;
    return TRUE;
}

static JsonNode *
item(JsonArray *array, guint i)
{
    return array != NULL && i < json_array_get_length(array) ? json_array_get_element(array, i)
                                                             : NULL;
}

const char *
sim_json_string(JsonObject *object, const char *name)
{
    return as_string(member(object, name));
}

const char *
sim_json_string_at(JsonArray *array, guint i)
{
    return as_string(item(array, i));
}

gboolean
sim_json_real_at(JsonArray *array, guint i, double *ret)
{
    return as_real(item(array, i), ret);
}

gboolean
sim_json_real(JsonObject *object, const char *name, double *ret)
{
    return as_real(member(object, name), ret);
}

gboolean
sim_json_integer(JsonObject *object, const char *name, gint64 *ret)
{
    double value;
    if (!sim_json_real(object, name, &value) || value != floor(value) || fabs(value) > 0x1p53)
        return FALSE;
    *ret = (gint64)value;
    return TRUE;
}

gboolean
sim_json_boolean(JsonObject *object, const char *name, gboolean *ret)
{
    JsonNode *node = member(object, name);
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        return FALSE;
    *ret = json_node_get_boolean(node);
    return TRUE;
}

gboolean
sim_json_time(JsonObject *object, const char *name, gint64 *ret_us)
{
    const char *text = sim_json_string(object, name);
    return text != NULL && sim_json_read_stamp(text, ret_us);
}

JsonObject *
sim_json_item(JsonArray *array, guint i)
{
    JsonNode *node = item(array, i);
    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

char *
sim_json_stamp(gint64 at_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at_us / G_USEC_PER_SEC);
    g_autofree char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
    return g_strdup_printf("%s.%03dZ", text, (int)(at_us % G_USEC_PER_SEC / 1000));
}

gboolean
sim_json_read_stamp(const char *text, gint64 *ret_us)
{
    if (strlen(text) > 40)
        return FALSE;
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
    if (time == NULL)
        return FALSE;
    *ret_us = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
    return TRUE;
}
