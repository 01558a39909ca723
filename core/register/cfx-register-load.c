/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads all records of the register, one collection after the other. */
#include "cfx-register-private.h"

#include "cfx-register-secret.h"

#include <string.h>

typedef struct {
    CfxRegister *reg;
    CfxDone done;
    gpointer data;
    guint step;
    GStringChunk *texts;
    GPtrArray *problems;
} Loading;

static void
load_item(Loading *self, guint32 kind, const CfxRecord *record)
{
    g_autoptr(JsonNode) node = cfx_doc_parse(record->doc, record->doc_size);
    g_autofree char *path = g_strdup_printf("%s/%s", record->collection, record->key);
    const char *principal = NULL;
    guint before = self->problems->len;
    CfxItem item;

    if (node == NULL) {
        cfx_problem_add(self->problems, path, NULL, "it is no JSON object");
        return;
    }
    cfx_item_read(kind, node, path, FALSE, self->texts, self->problems, &item, &principal);
    if (self->problems->len > before)
        return;
    cfx_model_builder_put(self->reg->builder, kind, &item);
    if (kind == CFX_MODEL_SOURCE && principal != NULL)
        g_hash_table_replace(self->reg->source_of,
                             g_memdup2(&item.any.id, sizeof(item.any.id)),
                             (gpointer)g_intern_string(principal));
}

static void
load_principal(Loading *self, const CfxRecord *record)
{
    CfxPrincipal *principal = cfx_principal_read(record->doc, record->doc_size);

    if (principal == NULL) {
        cfx_problem_add(self->problems, record->key, NULL, "it is no principal");
        return;
    }
    self->reg->next_principal = MAX(self->reg->next_principal, principal->id + 1);
    cfx_register_take_principal(self->reg, principal);
}

static void
load_bearer(Loading *self, const CfxRecord *record)
{
    g_autoptr(JsonNode) node = cfx_doc_parse(record->doc, record->doc_size);
    CfxBearer *bearer;
    JsonObject *object;

    if (node == NULL)
        return;
    object = json_node_get_object(node);
    bearer = g_new0(CfxBearer, 1);
    bearer->hash = g_strdup(record->key + strlen("bearer/"));
    bearer->principal = json_object_get_int_member_with_default(object, "principal", 0);
    bearer->expires_us = json_object_get_int_member_with_default(object, "expires_us", 0);
    bearer->is_issued = TRUE;
    bearer->is_once = json_object_get_boolean_member_with_default(object, "once", FALSE);
    g_hash_table_replace(self->reg->bearers, bearer->hash, bearer);
}

static void
load_credential(Loading *self, const CfxRecord *record)
{
    CfxPrincipal *principal;

    if (g_str_has_prefix(record->key, "bearer/")) {
        load_bearer(self, record);
        return;
    }
    if (strcmp(record->key, "salt") == 0) {
        g_autoptr(JsonNode) node = cfx_doc_parse(record->doc, record->doc_size);

        if (node != NULL)
            self->reg->salt = g_strdup(json_object_get_string_member_with_default(
                json_node_get_object(node), "salt", NULL));
        return;
    }
    if (!g_str_has_prefix(record->key, "principal/"))
        return;
    principal = g_hash_table_lookup(self->reg->principals, record->key + strlen("principal/"));
    if (principal != NULL)
        cfx_credentials_read(principal, record->doc, record->doc_size);
}

static void
load_token(Loading *self, const CfxRecord *record)
{
    CfxIdToken *token = cfx_id_token_read(record->doc, record->doc_size);

    if (token != NULL)
        g_hash_table_replace(self->reg->tokens, token->key, token);
}

static void
load_record(Loading *self, const char *collection, const CfxRecord *record)
{
    for (guint32 kind = CFX_MODEL_ACCOUNT; kind <= CFX_MODEL_BINDING; kind++) {
        if (strcmp(collection, cfx_item_collection(kind)) == 0) {
            load_item(self, kind, record);
            return;
        }
    }
    if (strcmp(collection, "cfx.principal") == 0)
        load_principal(self, record);
    else if (strcmp(collection, "cfx.credential") == 0)
        load_credential(self, record);
    else if (strcmp(collection, "cfx.token") == 0)
        load_token(self, record);
    else if (strcmp(collection, "cfx.knock") == 0)
        cfx_register_read_knock(self->reg, record->doc, record->doc_size);
}

static void
loading_end(Loading *self, const GError *error)
{
    self->done(self->data, error);
    g_ptr_array_unref(self->problems);
    g_string_chunk_free(self->texts);
    g_free(self);
}

static void
salt_stored(gpointer data, const GError *error)
{
    loading_end(data, error);
}

/* Everything is read: from here on it is in force. */
static void
loaded(Loading *self)
{
    CfxRegister *reg = self->reg;
    GHashTableIter iter;
    gpointer principal;
    CfxDraft *draft;
    char *doc;

    for (guint i = 0; i < self->problems->len; i++)
        cfx_log(reg->host,
                CFX_LOG_WARNING,
                "register: left out a record: %s",
                (const char *)self->problems->pdata[i]);
    cfx_register_publish(reg);
    if (reg->salt != NULL) {
        g_hash_table_iter_init(&iter, reg->principals);
        while (g_hash_table_iter_next(&iter, NULL, &principal))
            cfx_register_index_credentials(reg, principal);
        loading_end(self, NULL);
        return;
    }
    reg->salt = cfx_salt_new(16);
    doc = g_strdup_printf("{\"salt\":\"%s\"}", reg->salt);
    draft = cfx_draft_new(reg);
    cfx_draft_record(
        draft, "cfx.credential", "salt", CFX_RECORD_PRIVATE, g_bytes_new_take(doc, strlen(doc)));
    cfx_draft_commit(draft, salt_stored, self);
}

static void read_next(Loading *self);

static const char *const collections[] = { "cfx.account",    "cfx.asset",   "cfx.sensor",
                                           "cfx.source",     "cfx.binding", "cfx.principal",
                                           "cfx.credential", "cfx.token",   "cfx.knock" };

static void
records_read(gpointer data, const CfxRecords *result, const GError *error)
{
    Loading *self = data;

    if (error != NULL) {
        g_autoptr(GError) mine = g_error_copy(error);

        g_prefix_error(&mine, "register: %s: ", collections[self->step]);
        loading_end(self, mine);
        return;
    }
    for (gsize i = 0; i < result->n; i++)
        load_record(self, collections[self->step], result->records[i]);
    self->step++;
    read_next(self);
}

static void
read_next(Loading *self)
{
    CfxRecordQuery query = { .struct_size = sizeof(query) };

    if (self->step == G_N_ELEMENTS(collections)) {
        loaded(self);
        return;
    }
    query.collection = collections[self->step];
    self->reg->host->data->read_records(self->reg->host, &query, records_read, self);
}

void
cfx_register_load(CfxRegister *self, CfxDone done, gpointer data)
{
    Loading *loading = g_new0(Loading, 1);

    loading->reg = self;
    loading->done = done;
    loading->data = data;
    loading->texts = g_string_chunk_new(4096);
    loading->problems = g_ptr_array_new_with_free_func(g_free);
    read_next(loading);
}
