/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-register-items.h"

#include "cfx-tree.h"

#include <kit/cfx-json.h>
#include <kit/cfx-time.h>
#include <math.h>
#include <string.h>

typedef enum {
    MEMBER_ID,        /* gint64, positive */
    MEMBER_REFERENCE, /* gint64, positive or absent */
    MEMBER_COUNT,     /* gint64, not negative */
    MEMBER_TEXT,
    MEMBER_DEGREES,  /* double, NAN when absent */
    MEMBER_DURATION, /* gint64 us */
    MEMBER_OBJECT,   /* JSON text, "{}" when absent */
    MEMBER_SIGN,     /* the flag CFX_SENSOR_PRODUCTION_POSITIVE, turned round */
    MEMBER_TYPE,     /* CfxSource.type */
    MEMBER_PRINCIPAL,
} MemberType;

typedef struct {
    const char *name;
    MemberType type;
    gsize offset;
    gboolean is_required;
} Member;

typedef struct {
    const char *collection, *list;
    gsize size;
    const Member *members;
    gsize n;
} Kind;

#define AT(type, member) G_STRUCT_OFFSET(type, member)

static const Member account_members[] = {
    { "id", MEMBER_ID, AT(CfxAccount, id), TRUE },
    { "name", MEMBER_TEXT, AT(CfxAccount, name), TRUE },
    { "zone", MEMBER_TEXT, AT(CfxAccount, zone), TRUE },
    { "currency", MEMBER_TEXT, AT(CfxAccount, currency), FALSE },
};
static const Member asset_members[] = {
    { "id", MEMBER_ID, AT(CfxAsset, id), TRUE },
    { "name", MEMBER_TEXT, AT(CfxAsset, name), TRUE },
    { "account", MEMBER_ID, AT(CfxAsset, account), TRUE },
    { "type", MEMBER_TEXT, AT(CfxAsset, type), TRUE },
    { "parent", MEMBER_REFERENCE, AT(CfxAsset, parent), FALSE },
    { "external_id", MEMBER_TEXT, AT(CfxAsset, external_id), FALSE },
    { "latitude", MEMBER_DEGREES, AT(CfxAsset, latitude), FALSE },
    { "longitude", MEMBER_DEGREES, AT(CfxAsset, longitude), FALSE },
    { "attributes", MEMBER_OBJECT, AT(CfxAsset, attributes), FALSE },
    { "flex_model", MEMBER_OBJECT, AT(CfxAsset, flex_model), FALSE },
    { "flex_context", MEMBER_OBJECT, AT(CfxAsset, flex_context), FALSE },
};
static const Member sensor_members[] = {
    { "id", MEMBER_ID, AT(CfxSensor, id), TRUE },
    { "asset", MEMBER_ID, AT(CfxSensor, asset), TRUE },
    { "name", MEMBER_TEXT, AT(CfxSensor, name), TRUE },
    { "unit", MEMBER_TEXT, AT(CfxSensor, unit), TRUE },
    { "resolution", MEMBER_DURATION, AT(CfxSensor, resolution_us), TRUE },
    { "zone", MEMBER_TEXT, AT(CfxSensor, zone), FALSE },
    { "consumption_is_positive", MEMBER_SIGN, AT(CfxSensor, flags), FALSE },
    { "knowledge", MEMBER_TEXT, AT(CfxSensor, knowledge), FALSE },
    { "attributes", MEMBER_OBJECT, AT(CfxSensor, attributes), FALSE },
};
static const Member source_members[] = {
    { "id", MEMBER_ID, AT(CfxSource, id), TRUE },
    { "name", MEMBER_TEXT, AT(CfxSource, name), TRUE },
    { "type", MEMBER_TYPE, AT(CfxSource, type), TRUE },
    { "account", MEMBER_REFERENCE, AT(CfxSource, account), FALSE },
    { "instance", MEMBER_TEXT, AT(CfxSource, instance), FALSE },
    { "principal", MEMBER_PRINCIPAL, 0, FALSE },
};
static const Member binding_members[] = {
    { "id", MEMBER_ID, AT(CfxBinding, id), TRUE },
    { "instance", MEMBER_TEXT, AT(CfxBinding, instance), TRUE },
    { "identity", MEMBER_TEXT, AT(CfxBinding, identity), TRUE },
    { "unit", MEMBER_COUNT, AT(CfxBinding, unit), TRUE },
    { "asset", MEMBER_ID, AT(CfxBinding, asset), TRUE },
    { "power_sensor", MEMBER_REFERENCE, AT(CfxBinding, power_sensor), FALSE },
    { "energy_sensor", MEMBER_REFERENCE, AT(CfxBinding, energy_sensor), FALSE },
    { "stock_sensor", MEMBER_REFERENCE, AT(CfxBinding, stock_sensor), FALSE },
};

#define KIND(collection, list, type, members)                                                      \
    {                                                                                              \
        collection, list, sizeof(type), members, G_N_ELEMENTS(members)                             \
    }

/* by CFX_MODEL_… - 1 */
static const Kind kinds[] = {
    KIND("cfx.account", "accounts", CfxAccount, account_members),
    KIND("cfx.asset", "assets", CfxAsset, asset_members),
    KIND("cfx.sensor", "sensors", CfxSensor, sensor_members),
    KIND("cfx.source", "sources", CfxSource, source_members),
    KIND("cfx.binding", "bindings", CfxBinding, binding_members),
};

const char *
cfx_item_collection(guint32 kind)
{
    return kinds[kind - 1].collection;
}

const char *
cfx_item_list(guint32 kind)
{
    return kinds[kind - 1].list;
}

void
cfx_problem_add(GPtrArray *problems, const char *path, const char *name, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (name == NULL)
        g_ptr_array_add(problems, g_strdup_printf("%s: %s", path, what));
    else
        g_ptr_array_add(problems, g_strdup_printf("%s.%s: %s", path, name, what));
}

JsonNode *
cfx_doc_parse(const char *doc, gsize size)
{
    g_autoptr(JsonParser) parser = NULL;
    JsonNode *root;

    if (!cfx_json_check(doc, size, CFX_JSON_MAX_DEPTH, NULL))
        return NULL;
    parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, doc, (gssize)size, NULL))
        return NULL;
    root = json_parser_get_root(parser);
    return root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_ref(root) : NULL;
}

/* --- writing -------------------------------------------------------------------------------- */

static void
write_member(CfxJsonWriter *json, const Member *member, gconstpointer at, const char *principal)
{
    const char *const *text = at;
    const gint64 *number = at;
    char duration[CFX_DURATION_TEXT_SIZE];

    switch (member->type) {
    case MEMBER_ID:
    case MEMBER_COUNT:
        cfx_json_member_int(json, member->name, *number);
        break;
    case MEMBER_REFERENCE:
        if (*number != 0)
            cfx_json_member_int(json, member->name, *number);
        break;
    case MEMBER_TEXT:
        if (*text != NULL)
            cfx_json_member_text(json, member->name, *text);
        break;
    case MEMBER_DEGREES:
        if (!isnan(*(const double *)at))
            cfx_json_member_real(json, member->name, *(const double *)at);
        break;
    case MEMBER_DURATION:
        cfx_duration_format(&(CfxDuration){ .us = *number }, duration);
        cfx_json_member_text(json, member->name, duration);
        break;
    case MEMBER_OBJECT:
        cfx_json_name(json, member->name);
        cfx_json_raw(json, *text != NULL ? *text : "{}", *text != NULL ? strlen(*text) : 2);
        break;
    case MEMBER_SIGN:
        if ((*(const guint32 *)at & CFX_SENSOR_PRODUCTION_POSITIVE) != 0)
            cfx_json_member_bool(json, member->name, FALSE);
        break;
    case MEMBER_TYPE:
        break; /* beside the id: below */
    case MEMBER_PRINCIPAL:
        if (principal != NULL)
            cfx_json_member_text(json, member->name, principal);
        break;
    }
}

GBytes *
cfx_item_write(guint32 kind, gconstpointer item, const char *principal)
{
    const Kind *what = &kinds[kind - 1];
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    for (gsize i = 0; i < what->n; i++) {
        const Member *member = &what->members[i];

        if (member->type == MEMBER_TYPE)
            cfx_json_member_text(
                &json, "type", cfx_source_type_name(((const CfxSource *)item)->type));
        else
            write_member(&json, member, (const char *)item + member->offset, principal);
    }
    cfx_json_end_object(&json);
    return cfx_json_writer_steal(&json);
}

/* --- reading -------------------------------------------------------------------------------- */

static gboolean
is_of_type(JsonNode *node, GType type)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

typedef struct {
    GStringChunk *texts;
    GPtrArray *problems;
    const char *path;
    const char *principal;
} Reading;

static void
read_number(Reading *self, const Member *member, JsonNode *node, gint64 *to)
{
    gint64 least = member->type == MEMBER_COUNT ? 0 : 1;

    if (!is_of_type(node, G_TYPE_INT64))
        cfx_problem_add(self->problems, self->path, member->name, "it is no integer");
    else if (json_node_get_int(node) < least)
        cfx_problem_add(
            self->problems, self->path, member->name, "it is less than %" G_GINT64_FORMAT, least);
    else
        *to = json_node_get_int(node);
}

static void
read_degrees(Reading *self, const Member *member, JsonNode *node, double *to)
{
    if (is_of_type(node, G_TYPE_INT64))
        *to = (double)json_node_get_int(node);
    else if (is_of_type(node, G_TYPE_DOUBLE))
        *to = json_node_get_double(node);
    else
        cfx_problem_add(self->problems, self->path, member->name, "it is no number");
}

static void
read_object(Reading *self, const Member *member, JsonNode *node, const char **to)
{
    g_autofree char *text = NULL;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_problem_add(self->problems, self->path, member->name, "it is no object");
        return;
    }
    text = json_to_string(node, FALSE);
    *to = g_string_chunk_insert(self->texts, text);
}

static void
read_text(Reading *self, const Member *member, JsonNode *node, gpointer to)
{
    const char *text;

    if (!is_of_type(node, G_TYPE_STRING)) {
        cfx_problem_add(self->problems, self->path, member->name, "it is no text");
        return;
    }
    text = json_node_get_string(node);
    if (strlen(text) > 1024) {
        cfx_problem_add(self->problems, self->path, member->name, "it is longer than 1024 bytes");
        return;
    }
    if (member->type == MEMBER_DURATION) {
        if (!cfx_duration_parse_us(text, -1, to) || *(gint64 *)to < 0)
            cfx_problem_add(
                self->problems, self->path, member->name, "\"%s\" is no duration", text);
    } else if (member->type == MEMBER_TYPE) {
        *(guint32 *)to = cfx_source_type_parse(text);
        if (*(guint32 *)to == 0)
            cfx_problem_add(
                self->problems, self->path, member->name, "\"%s\" is no type of a source", text);
    } else if (member->type == MEMBER_PRINCIPAL) {
        self->principal = g_string_chunk_insert(self->texts, text);
    } else {
        *(const char **)to = g_string_chunk_insert(self->texts, text);
    }
}

static void
read_member(Reading *self, const Member *member, JsonNode *node, gpointer to)
{
    switch (member->type) {
    case MEMBER_ID:
    case MEMBER_REFERENCE:
    case MEMBER_COUNT:
        read_number(self, member, node, to);
        break;
    case MEMBER_DEGREES:
        read_degrees(self, member, node, to);
        break;
    case MEMBER_OBJECT:
        read_object(self, member, node, to);
        break;
    case MEMBER_SIGN:
        if (!is_of_type(node, G_TYPE_BOOLEAN))
            cfx_problem_add(self->problems, self->path, member->name, "it is no boolean");
        else if (!json_node_get_boolean(node))
            *(guint32 *)to |= CFX_SENSOR_PRODUCTION_POSITIVE;
        break;
    case MEMBER_TEXT:
    case MEMBER_DURATION:
    case MEMBER_TYPE:
    case MEMBER_PRINCIPAL:
        read_text(self, member, node, to);
        break;
    }
}

static void
check_unknown(Reading *self, const Kind *what, JsonObject *object)
{
    JsonObjectIter iter;
    const char *name;

    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &name, NULL)) {
        gsize i = 0;

        while (i < what->n && strcmp(what->members[i].name, name) != 0)
            i++;
        if (i == what->n && strcmp(name, "comment") != 0)
            cfx_problem_add(self->problems, self->path, name, "there is no such member");
    }
}

void
cfx_item_read(guint32 kind,
              JsonNode *node,
              const char *path,
              gboolean is_strict,
              GStringChunk *texts,
              GPtrArray *problems,
              CfxItem *ret,
              const char **ret_principal)
{
    const Kind *what = &kinds[kind - 1];
    Reading reading = { texts, problems, path, NULL };
    JsonObject *object;

    memset(ret, 0, sizeof(*ret));
    ret->any.struct_size = (guint32)what->size;
    for (gsize i = 0; i < what->n; i++) {
        gpointer to = (char *)ret + what->members[i].offset;

        if (what->members[i].type == MEMBER_DEGREES)
            *(double *)to = NAN;
        else if (what->members[i].type == MEMBER_OBJECT)
            *(const char **)to = "{}";
    }
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_problem_add(problems, path, NULL, "it is no object");
        return;
    }
    object = json_node_get_object(node);
    for (gsize i = 0; i < what->n; i++) {
        const Member *member = &what->members[i];
        JsonNode *value = json_object_get_member(object, member->name);

        if (value != NULL)
            read_member(&reading, member, value, (char *)ret + member->offset);
        else if (member->is_required)
            cfx_problem_add(problems, path, member->name, "it is missing");
    }
    if (is_strict)
        check_unknown(&reading, what, object);
    if (ret_principal != NULL)
        *ret_principal = reading.principal;
}
