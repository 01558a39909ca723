/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-flex-json.h"

#include <kit/cfx-json.h>
#include <kit/cfx-quantity.h>
#include <math.h>
#include <string.h>

void
cfx_flex_json_problem(const CfxFlexJson *self, const char *name, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    if (self->problems == NULL)
        return;
    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (name == NULL)
        g_ptr_array_add(self->problems, g_strdup_printf("%s: %s", self->where, what));
    else
        g_ptr_array_add(self->problems, g_strdup_printf("%s.%s: %s", self->where, name, what));
}

void
cfx_flex_json_init(CfxFlexJson *self, const char *where, const char *text, GPtrArray *problems)
{
    g_autoptr(JsonParser) parser = NULL;
    g_autoptr(GError) error = NULL;

    *self = (CfxFlexJson){ .where = where, .problems = problems };
    if (text == NULL || *text == '\0')
        return;
    parser = json_parser_new_immutable();
    if (!cfx_json_check(text, strlen(text), CFX_FLEX_DEPTH, &error) ||
        !json_parser_load_from_data(parser, text, -1, &error)) {
        cfx_flex_json_problem(self, NULL, "%s", error->message);
        return;
    }
    self->root = json_parser_steal_root(parser);
    if (self->root == NULL || !JSON_NODE_HOLDS_OBJECT(self->root)) {
        cfx_flex_json_problem(self, NULL, "it is no object");
        return;
    }
    self->object = json_node_get_object(self->root);
}

void
cfx_flex_json_clear(CfxFlexJson *self)
{
    g_clear_pointer(&self->root, json_node_unref);
    self->object = NULL;
}

JsonNode *
cfx_flex_json_member(const CfxFlexJson *self, const char *name)
{
    JsonNode *node = self->object != NULL ? json_object_get_member(self->object, name) : NULL;

    return node == NULL || JSON_NODE_HOLDS_NULL(node) ? NULL : node;
}

static gboolean
holds(const CfxFlexJson *self, const char *name, JsonNode *node, GType type, const char *what)
{
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type)
        return TRUE;
    cfx_flex_json_problem(self, name, "it is no %s", what);
    return FALSE;
}

const char *
cfx_flex_json_text(const CfxFlexJson *self, const char *name)
{
    JsonNode *node = cfx_flex_json_member(self, name);

    if (node == NULL || !holds(self, name, node, G_TYPE_STRING, "text"))
        return NULL;
    return json_node_get_string(node);
}

double
cfx_flex_json_price(const CfxFlexJson *self, const char *name, const char *unit)
{
    const char *text = cfx_flex_json_text(self, name);
    g_autoptr(GError) error = NULL;
    double value;

    if (text == NULL)
        return NAN;
    if (!cfx_quantity_in(text, -1, unit, &value, &error)) {
        cfx_flex_json_problem(self, name, "%s", error->message);
        return NAN;
    }
    return value;
}

double
cfx_flex_json_quantity(const CfxFlexJson *self, const char *name, const char *unit)
{
    double value = cfx_flex_json_price(self, name, unit);

    if (value < 0) {
        cfx_flex_json_problem(self, name, "it is negative");
        return NAN;
    }
    return value;
}

/* A JSON number of either type. */
static gboolean
number_of(JsonNode *node, double *ret)
{
    if (!JSON_NODE_HOLDS_VALUE(node))
        return FALSE;
    if (json_node_get_value_type(node) != G_TYPE_INT64 &&
        json_node_get_value_type(node) != G_TYPE_DOUBLE)
        return FALSE;
    *ret = json_node_get_double(node);
    if (json_node_get_value_type(node) == G_TYPE_INT64)
        *ret = (double)json_node_get_int(node);
    return isfinite(*ret);
}

double
cfx_flex_json_ratio(const CfxFlexJson *self, const char *name)
{
    JsonNode *node = cfx_flex_json_member(self, name);
    double value = NAN;

    if (node == NULL || number_of(node, &value))
        return value;
    return cfx_flex_json_price(self, name, "");
}

gint64
cfx_flex_json_int(const CfxFlexJson *self, const char *name, gint64 def)
{
    JsonNode *node = cfx_flex_json_member(self, name);

    if (node == NULL || !holds(self, name, node, G_TYPE_INT64, "integer"))
        return def;
    return json_node_get_int(node);
}

gboolean
cfx_flex_json_bool(const CfxFlexJson *self, const char *name, gboolean def)
{
    JsonNode *node = cfx_flex_json_member(self, name);

    if (node == NULL || !holds(self, name, node, G_TYPE_BOOLEAN, "boolean"))
        return def;
    return json_node_get_boolean(node);
}
