/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vtn-object.h"

#include <string.h>

#include <cariflex/cfx-types.h>
#include <kit/cfx-json.h>
#include <kit/cfx-time.h>

#include "vtn-schema.h"
#include "vtn-timing.h"

#define DEPTH_MAX 16

static const struct {
    const char *name, *collection, *name_member;
} kinds[VTN_N_KINDS] = {
    [VTN_PROGRAM] = { "PROGRAM", "openadr.program", "programName" },
    [VTN_EVENT] = { "EVENT", "openadr.event", "eventName" },
    [VTN_VEN] = { "VEN", "openadr.ven", "venName" },
    [VTN_RESOURCE] = { "RESOURCE", "openadr.resource", "resourceName" },
};

VtnObject *
vtn_object_ref(VtnObject *self)
{
    g_atomic_ref_count_inc(&self->refs);
    return self;
}

void
vtn_object_unref(VtnObject *self)
{
    if (!g_atomic_ref_count_dec(&self->refs))
        return;
    g_free(self->id);
    g_free(self->members);
    g_strfreev(self->targets);
    g_free(self->name);
    g_free(self->program_id);
    g_free(self->ven_id);
    g_free(self->client_id);
    g_free(self);
}

const char *
vtn_kind_name(VtnKind kind)
{
    return kinds[kind].name;
}

const char *
vtn_kind_collection(VtnKind kind)
{
    return kinds[kind].collection;
}

gboolean
vtn_id_is_valid(const char *id)
{
    gsize size = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    return size >= 1 && size <= 128 && id[size] == '\0';
}

static char *
text_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return g_strdup(json_node_get_string(node));
}

static char **
targets_of(JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "targets");

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return NULL;
    JsonArray *array = json_node_get_array(node);
    g_autoptr(GStrvBuilder) targets = g_strv_builder_new();
    for (guint i = 0; i < json_array_get_length(array); i++)
        g_strv_builder_add(targets, json_array_get_string_element(array, i));
    return json_array_get_length(array) > 0 ? g_strv_builder_end(targets) : NULL;
}

/* What the VTN itself says of an object: a body cannot. */
static gboolean
is_metadata(const CfxJsonText *name)
{
    static const char *const names[] = { "id",         "createdDateTime", "modificationDateTime",
                                         "objectType", "targets",         "clientID",
                                         "venID" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strlen(names[i]) == name->size && memcmp(names[i], name->text, name->size) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The members of a body as they were written, each after a comma. A name that the standard could
 * not have is dropped, as unknown ones may be. */
static char *
members_of(const char *json, gsize size)
{
    g_autofree char *text = g_strndup(json, size);
    g_autoptr(GString) members = g_string_new(NULL);
    CfxJsonReader reader;
    CfxJsonText name, slice;

    cfx_json_reader_init(&reader, text, size, DEPTH_MAX, CFX_JSON_READ_STRICT);
    if (!cfx_json_enter_object(&reader))
        return g_string_free(g_steal_pointer(&members), FALSE);
    while (cfx_json_next_member(&reader, &name)) {
        gboolean is_null = cfx_json_peek(&reader) == CFX_JSON_KIND_NULL;
        g_autofree char *kept = g_strndup(name.text, name.size);
        const CfxJsonText own = { kept, name.size };
        if (!cfx_json_skip(&reader, &slice))
            break;
        if (is_null || is_metadata(&own) || !vtn_id_is_valid(kept))
            continue;
        g_string_append_printf(members, ",\"%s\":", kept);
        g_string_append_len(members, slice.text, (gssize)slice.size);
    }
    return g_string_free(g_steal_pointer(&members), FALSE);
}

static JsonNode *
parse_json(const char *json, gsize size, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) problem = NULL;

    if (!cfx_json_check(json, size, DEPTH_MAX, &problem) ||
        !json_parser_load_from_data(parser, json, (gssize)size, &problem)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "not JSON: %s", problem->message);
        return NULL;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "the body is not a JSON object");
        return NULL;
    }
    return json_node_ref(root);
}

static VtnObject *
read_object(VtnKind kind, JsonObject *object, const char *json, gsize size)
{
    VtnObject *self = g_new0(VtnObject, 1);

    g_atomic_ref_count_init(&self->refs);
    self->kind = kind;
    self->members = members_of(json, size);
    self->targets = targets_of(object);
    self->name = text_of(object, kinds[kind].name_member);
    self->program_id = text_of(object, "programID");
    if (kind == VTN_RESOURCE)
        self->ven_id = text_of(object, "venID");
    self->client_id = text_of(object, "clientID");
    return self;
}

VtnObject *
vtn_object_parse(VtnKind kind,
                 const char *json,
                 gsize size,
                 gboolean is_business,
                 const char *owner,
                 GError **error)
{
    g_autoptr(JsonNode) root = parse_json(json, size, error);

    if (root == NULL)
        return NULL;
    JsonObject *object = json_node_get_object(root);
    if (!vtn_schema_check(kind, is_business, object, error))
        return NULL;
    VtnObject *self = read_object(kind, object, json, size);
    if (!is_business) {
        g_clear_pointer(&self->targets, g_strfreev); /* only the business logic grants targets */
        g_free(self->client_id);
        self->client_id = g_strdup(owner);
    }
    if (kind != VTN_VEN && kind != VTN_RESOURCE)
        g_clear_pointer(&self->client_id, g_free);
    if (kind == VTN_EVENT)
        self->end_us = vtn_timing_end(object);
    return self;
}

static void
append_text(GString *to, const char *name, const char *text)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_text(&json, text);
    g_string_append_printf(to, ",\"%s\":%s", name, cfx_json_writer_end(&json));
}

void
vtn_object_write(const VtnObject *self, char *const *shown, GString *to)
{
    char created[CFX_TIME_TEXT_SIZE], modified[CFX_TIME_TEXT_SIZE];
    gboolean is_first = TRUE;

    cfx_time_format(self->created_us, created);
    cfx_time_format(self->modified_us, modified);
    g_string_append_printf(to,
                           "{\"id\":\"%s\",\"createdDateTime\":\"%s\",\"modificationDateTime\":\"%s"
                           "\",\"objectType\":\"%s\"",
                           self->id,
                           created,
                           modified,
                           vtn_kind_name(self->kind));
    if (self->client_id != NULL)
        append_text(to, "clientID", self->client_id);
    if (self->ven_id != NULL)
        append_text(to, "venID", self->ven_id);
    g_string_append(to, self->members);
    for (char **target = self->targets; target != NULL && *target != NULL; target++) {
        if (shown != NULL && !g_strv_contains((const char *const *)shown, *target))
            continue;
        g_auto(CfxJsonWriter) json;
        cfx_json_writer_init(&json, NULL, 0);
        cfx_json_text(&json, *target);
        g_string_append(to, is_first ? ",\"targets\":[" : ",");
        g_string_append(to, cfx_json_writer_end(&json));
        is_first = FALSE;
    }
    g_string_append(to, is_first ? "}" : "]}");
}

char *
vtn_object_doc(const VtnObject *self)
{
    GString *doc = g_string_new(NULL);

    vtn_object_write(self, NULL, doc);
    return g_string_free(doc, FALSE);
}

VtnObject *
vtn_object_from_doc(VtnKind kind, const char *doc, gsize size, GError **error)
{
    g_autoptr(JsonNode) root = parse_json(doc, size, error);

    if (root == NULL)
        return NULL;
    JsonObject *object = json_node_get_object(root);
    g_autoptr(VtnObject) self = read_object(kind, object, doc, size);
    g_autofree char *created = text_of(object, "createdDateTime");
    g_autofree char *modified = text_of(object, "modificationDateTime");
    self->id = text_of(object, "id");
    if (self->id == NULL || created == NULL || modified == NULL ||
        !cfx_time_parse(created, -1, &self->created_us) ||
        !cfx_time_parse(modified, -1, &self->modified_us)) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "a stored object lacks metadata");
        return NULL;
    }
    if (kind == VTN_EVENT)
        self->end_us = vtn_timing_end(object);
    return g_steal_pointer(&self);
}
