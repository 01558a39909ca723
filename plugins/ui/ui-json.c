/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-json.h"

#include <cariflex/cfx-types.h>
#include <kit/cfx-time.h>
#include <math.h>

#define SIZE_MAX_OF_DOC (4u << 20)
#define DEPTH_MAX 32

JsonObject *
ui_json_parse(const char *text, gsize size)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();

    if (text == NULL || size > SIZE_MAX_OF_DOC || !cfx_json_check(text, size, DEPTH_MAX, NULL) ||
        !json_parser_load_from_data(parser, text, (gssize)size, NULL))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    return root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_dup_object(root) : NULL;
}

static JsonNode *
member(JsonObject *in, const char *name)
{
    return in != NULL ? json_object_get_member(in, name) : NULL;
}

JsonObject *
ui_json_object(JsonObject *in, const char *name)
{
    JsonNode *node = member(in, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *
ui_json_array(JsonObject *in, const char *name)
{
    JsonNode *node = member(in, name);

    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

JsonObject *
ui_json_element(JsonArray *in, guint i)
{
    JsonNode *node = in != NULL && i < json_array_get_length(in) ? json_array_get_element(in, i) : NULL;

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static gboolean
holds(JsonNode *node, GType type)
{
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

const char *
ui_json_text(JsonObject *in, const char *name)
{
    JsonNode *node = member(in, name);

    return holds(node, G_TYPE_STRING) ? json_node_get_string(node) : NULL;
}

double
ui_json_real(JsonObject *in, const char *name)
{
    JsonNode *node = member(in, name);

    return holds(node, G_TYPE_DOUBLE) || holds(node, G_TYPE_INT64) ? json_node_get_double(node)
                                                                   : NAN;
}

gint64
ui_json_int(JsonObject *in, const char *name)
{
    JsonNode *node = member(in, name);

    return holds(node, G_TYPE_INT64) ? json_node_get_int(node) : 0;
}

gboolean
ui_json_bool(JsonObject *in, const char *name)
{
    JsonNode *node = member(in, name);

    return holds(node, G_TYPE_BOOLEAN) && json_node_get_boolean(node);
}

gint64
ui_json_time(JsonObject *in, const char *name)
{
    const char *text = ui_json_text(in, name);
    gint64 us;

    return text != NULL && cfx_time_parse(text, -1, &us) ? us : CFX_TIME_MIN;
}

void
ui_put_real(CfxJsonWriter *to, const char *name, double value)
{
    cfx_json_member_real(to, name, round(value * 1000) / 1000);
}

void
ui_put_kilo(CfxJsonWriter *to, const char *name, double value)
{
    cfx_json_member_real(to, name, round(value) / 1000);
}

void
ui_put_time(CfxJsonWriter *to, const char *name, gint64 us)
{
    cfx_json_name(to, name);
    if (us != CFX_TIME_MIN && us != 0 && us < CFX_TIME_LAST)
        cfx_json_time(to, us);
    else
        cfx_json_null(to);
}

void
ui_put_id(CfxJsonWriter *to, const char *name, gint64 id)
{
    cfx_json_name(to, name);
    if (id != 0)
        cfx_json_int(to, id);
    else
        cfx_json_null(to);
}

void
ui_put_copy(CfxJsonWriter *to, const char *name, JsonObject *from, const char *its)
{
    cfx_json_member_text(to, name, ui_json_text(from, its));
}
