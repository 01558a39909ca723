/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vtn-schema.h"

#include <string.h>

#include <cariflex/cfx-abi.h>
#include <kit/cfx-time.h>

typedef enum {
    TEXT,     /* 1 to `max` characters */
    ID,       /* an objectID */
    INTEGER,  /* `min` and up */
    REAL,     /* */
    TIME,     /* instant, or a sentinel for "now" */
    DURATION, /* ISO 8601 */
    OBJECT,   /* of `members` */
    OBJECTS,  /* a list of them */
    TEXTS,    /* a list of texts */
    VALUES,   /* a list of numbers, texts, booleans or points */
} VtnType;

typedef struct VtnMember VtnMember;
struct VtnMember {
    const char *name;
    VtnType type;
    gboolean is_required;
    gint64 min, max;
    const VtnMember *members;
};

static const VtnMember values_map[] = {
    { "type", TEXT, TRUE, 0, 128, NULL },
    { "values", VALUES, TRUE, 0, 0, NULL },
    { NULL },
};
static const VtnMember interval_period[] = {
    { "start", TIME, FALSE, 0, 0, NULL },
    { "duration", DURATION, FALSE, 0, 0, NULL },
    { "randomizeStart", DURATION, FALSE, 0, 0, NULL },
    { NULL },
};
static const VtnMember interval[] = {
    { "id", INTEGER, TRUE, G_MININT32, G_MAXINT32, NULL },
    { "intervalPeriod", OBJECT, FALSE, 0, 0, interval_period },
    { "payloads", OBJECTS, TRUE, 0, 0, values_map },
    { NULL },
};
static const VtnMember payload_descriptor[] = {
    { "objectType", TEXT, FALSE, 0, 128, NULL },
    { "payloadType", TEXT, TRUE, 0, 128, NULL },
    { "units", TEXT, FALSE, 0, 128, NULL },
    { "currency", TEXT, FALSE, 0, 128, NULL },
    { NULL },
};
static const VtnMember report_descriptor[] = {
    { "payloadType", TEXT, TRUE, 0, 128, NULL },
    { "targets", TEXTS, FALSE, 0, 128, NULL },
    { NULL },
};
static const VtnMember description[] = {
    { "URL", TEXT, TRUE, 0, 8000, NULL },
    { NULL },
};
static const VtnMember program[] = {
    { "programName", TEXT, TRUE, 0, 128, NULL },
    { "intervalPeriod", OBJECT, FALSE, 0, 0, interval_period },
    { "programDescriptions", OBJECTS, FALSE, 0, 0, description },
    { "payloadDescriptors", OBJECTS, FALSE, 0, 0, payload_descriptor },
    { "attributes", OBJECTS, FALSE, 0, 0, values_map },
    { "targets", TEXTS, FALSE, 0, 128, NULL },
    { NULL },
};
static const VtnMember event[] = {
    { "programID", ID, TRUE, 0, 128, NULL },
    { "eventName", TEXT, FALSE, 0, 8000, NULL },
    { "duration", DURATION, FALSE, 0, 0, NULL },
    { "priority", INTEGER, FALSE, 0, G_MAXINT32, NULL },
    { "targets", TEXTS, FALSE, 0, 128, NULL },
    { "reportDescriptors", OBJECTS, FALSE, 0, 0, report_descriptor },
    { "payloadDescriptors", OBJECTS, FALSE, 0, 0, payload_descriptor },
    { "intervalPeriod", OBJECT, FALSE, 0, 0, interval_period },
    { "intervals", OBJECTS, FALSE, 0, 0, interval },
    { NULL },
};
static const VtnMember ven_by_business[] = {
    { "clientID", TEXT, TRUE, 0, 128, NULL },
    { "venName", TEXT, TRUE, 0, 128, NULL },
    { "targets", TEXTS, FALSE, 0, 128, NULL },
    { "attributes", OBJECTS, FALSE, 0, 0, values_map },
    { NULL },
};
static const VtnMember ven_by_ven[] = {
    { "venName", TEXT, TRUE, 0, 128, NULL },
    { "attributes", OBJECTS, FALSE, 0, 0, values_map },
    { NULL },
};
static const VtnMember resource_by_business[] = {
    { "clientID", TEXT, FALSE, 0, 128, NULL },
    { "resourceName", TEXT, TRUE, 0, 128, NULL },
    { "venID", ID, TRUE, 0, 128, NULL },
    { "targets", TEXTS, FALSE, 0, 128, NULL },
    { "attributes", OBJECTS, FALSE, 0, 0, values_map },
    { NULL },
};
static const VtnMember resource_by_ven[] = {
    { "resourceName", TEXT, TRUE, 0, 128, NULL },
    { "venID", ID, FALSE, 0, 128, NULL },
    { "attributes", OBJECTS, FALSE, 0, 0, values_map },
    { NULL },
};

static gboolean
wrong(GError **error, const char *path, const char *what)
{
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "%s: %s", path, what);
    return FALSE;
}

static gboolean
is_text(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

static gboolean
check_text(const VtnMember *member, JsonNode *node, const char *path, GError **error)
{
    if (!is_text(node))
        return wrong(error, path, "is not a string");
    const char *text = json_node_get_string(node);
    glong length = g_utf8_strlen(text, -1);
    if (member->type == ID && !vtn_id_is_valid(text))
        return wrong(error, path, "is not 1 to 128 of the characters A-Z a-z 0-9 _ -");
    if (length < 1 || length > member->max)
        return wrong(error, path, "is empty or too long");
    return TRUE;
}

/* Sentinels are years that no instant of ours has; anything that begins so is one. */
static gboolean
check_time(JsonNode *node, const char *path, GError **error)
{
    gint64 us;

    if (!is_text(node))
        return wrong(error, path, "is not a date-time");
    const char *text = json_node_get_string(node);
    if (g_str_has_prefix(text, "0000-0") || g_str_has_prefix(text, "0001-01-01"))
        return TRUE;
    if (!cfx_time_parse_local(text, -1, &us, NULL))
        return wrong(error, path, "is not an RFC 3339 date-time");
    return TRUE;
}

static gboolean
check_duration(JsonNode *node, const char *path, GError **error)
{
    CfxDuration duration;

    if (!is_text(node))
        return wrong(error, path, "is not a duration");
    const char *text = json_node_get_string(node);
    if (strcmp(text, "P9999Y") == 0)
        return TRUE;
    text += *text == '-';
    if (*text != 'P' || !cfx_duration_parse(text, -1, &duration))
        return wrong(error, path, "is not an ISO 8601 duration");
    return TRUE;
}

static gboolean
check_integer(const VtnMember *member, JsonNode *node, const char *path, GError **error)
{
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
        return wrong(error, path, "is not an integer");
    gint64 value = json_node_get_int(node);
    if (value < member->min || value > member->max)
        return wrong(error, path, "is out of range");
    return TRUE;
}

static gboolean
is_point(JsonNode *node)
{
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return FALSE;
    JsonObject *object = json_node_get_object(node);
    return json_object_has_member(object, "x") && json_object_has_member(object, "y");
}

static gboolean
check_values(JsonNode *node, const char *path, GError **error)
{
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return wrong(error, path, "is not a list");
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *value = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_VALUE(value) && !is_point(value))
            return wrong(error,
                         path,
                         "holds something other than numbers, strings, booleans and "
                         "points");
    }
    return TRUE;
}

static gboolean
check_object(const VtnMember *members, JsonObject *object, const char *path, GError **error);

static gboolean
check_list(const VtnMember *member, JsonNode *node, const char *path, GError **error)
{
    static const VtnMember target = { .name = "", .type = TEXT, .max = 128 };

    if (!JSON_NODE_HOLDS_ARRAY(node))
        return wrong(error, path, "is not a list");
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        g_autofree char *below = g_strdup_printf("%s.%u", path, i);
        if (member->type == TEXTS) {
            if (!check_text(&target, element, below, error))
                return FALSE;
        } else if (!JSON_NODE_HOLDS_OBJECT(element)) {
            return wrong(error, below, "is not an object");
        } else if (!check_object(member->members, json_node_get_object(element), below, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
check_member(const VtnMember *member, JsonNode *node, const char *path, GError **error)
{
    switch (member->type) {
    case TEXT:
    case ID:
        return check_text(member, node, path, error);
    case INTEGER:
        return check_integer(member, node, path, error);
    case REAL:
        return JSON_NODE_HOLDS_VALUE(node) || wrong(error, path, "is not a number");
    case TIME:
        return check_time(node, path, error);
    case DURATION:
        return check_duration(node, path, error);
    case OBJECT:
        if (!JSON_NODE_HOLDS_OBJECT(node))
            return wrong(error, path, "is not an object");
        return check_object(member->members, json_node_get_object(node), path, error);
    case OBJECTS:
    case TEXTS:
        return check_list(member, node, path, error);
    case VALUES:
        return check_values(node, path, error);
    }
    return FALSE;
}

static gboolean
check_object(const VtnMember *members, JsonObject *object, const char *path, GError **error)
{
    for (const VtnMember *member = members; member->name != NULL; member++) {
        JsonNode *node = json_object_get_member(object, member->name);
        g_autofree char *below =
            *path != '\0' ? g_strdup_printf("%s.%s", path, member->name) : g_strdup(member->name);
        if (node == NULL || JSON_NODE_HOLDS_NULL(node)) {
            if (member->is_required)
                return wrong(error, below, "is required");
            continue;
        }
        if (!check_member(member, node, below, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
vtn_schema_check(VtnKind kind, gboolean is_business, JsonObject *object, GError **error)
{
    static const VtnMember *const of_business[] = {
        program, event, ven_by_business, resource_by_business
    };
    static const VtnMember *const of_ven[] = { program, event, ven_by_ven, resource_by_ven };

    return check_object(is_business ? of_business[kind] : of_ven[kind], object, "", error);
}
