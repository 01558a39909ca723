/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-register-private.h"

#include <string.h>

typedef struct {
    guint32 kind;
    gint64 id;
    gpointer item; /* NULL: it goes away */
    const char *principal;
} Change;

typedef struct {
    CfxRecord record;
    char *key;
    GBytes *doc;
    CfxKey secondary;
} Row;

struct _CfxDraft {
    CfxRegister *reg;
    GPtrArray *changes;    /* Change */
    GPtrArray *rows;       /* Row */
    GPtrArray *principals; /* CfxPrincipal, taken when in force */
    GPtrArray *tokens;
    GPtrArray *bearers;
    GPtrArray *gone; /* hashes of bearers */
    CfxDone done;
    gpointer data;
    gboolean is_in_force;
};

static void
change_free(gpointer data)
{
    Change *self = data;

    g_free(self->item);
    g_free(self);
}

static void
row_free(gpointer data)
{
    Row *self = data;

    g_free(self->key);
    g_clear_pointer(&self->doc, g_bytes_unref);
    g_free(self);
}

CfxDraft *
cfx_draft_new(CfxRegister *reg)
{
    CfxDraft *self = g_new0(CfxDraft, 1);

    self->reg = reg;
    self->changes = g_ptr_array_new_with_free_func(change_free);
    self->rows = g_ptr_array_new_with_free_func(row_free);
    self->principals = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_principal_free);
    self->tokens = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_id_token_free);
    self->bearers = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_bearer_free);
    self->gone = g_ptr_array_new_with_free_func(g_free);
    return self;
}

void
cfx_draft_free(CfxDraft *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->changes);
    g_ptr_array_unref(self->rows);
    g_ptr_array_unref(self->principals);
    g_ptr_array_unref(self->tokens);
    g_ptr_array_unref(self->bearers);
    g_ptr_array_unref(self->gone);
    g_free(self);
}

void
cfx_draft_record(
    CfxDraft *self, const char *collection, const char *key, guint32 flags, GBytes *doc)
{
    Row *row = g_new0(Row, 1);

    row->key = g_strdup(key);
    row->doc = doc;
    row->record = (CfxRecord){ .struct_size = sizeof(row->record),
                               .flags = flags,
                               .collection = collection,
                               .key = row->key,
                               .expect = CFX_EXPECT_ANY };
    if (doc != NULL)
        row->record.doc = g_bytes_get_data(doc, &row->record.doc_size);
    g_ptr_array_add(self->rows, row);
}

/* The last record gets a number to be found by. */
static void
add_key(CfxDraft *self, const char *name, gint64 number)
{
    Row *row = self->rows->pdata[self->rows->len - 1];

    row->secondary = (CfxKey){ name, NULL, number };
    row->record.keys = &row->secondary;
    row->record.n_keys = 1;
}

void
cfx_draft_put(CfxDraft *self, guint32 kind, gconstpointer item, const char *principal)
{
    Change *change = g_new0(Change, 1);
    char key[24];

    change->kind = kind;
    change->item = cfx_model_item_copy(kind, item);
    change->id = ((const CfxItem *)change->item)->any.id;
    change->principal = g_intern_string(principal);
    g_ptr_array_add(self->changes, change);
    g_snprintf(key, sizeof(key), "%" G_GINT64_FORMAT, change->id);
    cfx_draft_record(
        self, cfx_item_collection(kind), key, 0, cfx_item_write(kind, change->item, principal));
    if (kind == CFX_MODEL_SENSOR)
        add_key(self, "asset", ((const CfxSensor *)change->item)->asset);
    else if (kind == CFX_MODEL_BINDING)
        add_key(self, "asset", ((const CfxBinding *)change->item)->asset);
    else if (kind == CFX_MODEL_ASSET)
        add_key(self, "account", ((const CfxAsset *)change->item)->account);
}

void
cfx_draft_remove(CfxDraft *self, guint32 kind, gint64 id)
{
    Change *change = g_new0(Change, 1);
    char key[24];

    change->kind = kind;
    change->id = id;
    g_ptr_array_add(self->changes, change);
    g_snprintf(key, sizeof(key), "%" G_GINT64_FORMAT, id);
    cfx_draft_record(self, cfx_item_collection(kind), key, CFX_RECORD_DELETE, NULL);
}

void
cfx_draft_principal(CfxDraft *self, CfxPrincipal *principal)
{
    g_autofree char *key = g_strdup_printf("principal/%s", principal->name);

    cfx_draft_record(self, "cfx.principal", principal->name, 0, cfx_principal_write(principal));
    add_key(self, "account", principal->account);
    cfx_draft_record(
        self, "cfx.credential", key, CFX_RECORD_PRIVATE, cfx_credentials_write(principal));
    g_ptr_array_add(self->principals, principal);
}

void
cfx_draft_token(CfxDraft *self, CfxIdToken *token)
{
    cfx_draft_record(self, "cfx.token", token->key, 0, cfx_id_token_write(token));
    add_key(self, "account", token->account);
    g_ptr_array_add(self->tokens, token);
}

void
cfx_draft_bearer(CfxDraft *self, CfxBearer *bearer)
{
    g_autofree char *key = g_strdup_printf("bearer/%s", bearer->hash);
    char *doc = g_strdup_printf(
        "{\"principal\":%" G_GINT64_FORMAT ",\"expires_us\":%" G_GINT64_FORMAT "%s}",
        bearer->principal,
        bearer->expires_us,
        bearer->is_once ? ",\"once\":true" : "");

    cfx_draft_record(
        self, "cfx.credential", key, CFX_RECORD_PRIVATE, g_bytes_new_take(doc, strlen(doc)));
    g_ptr_array_add(self->bearers, bearer);
}

void
cfx_draft_drop_bearer(CfxDraft *self, const char *hash)
{
    g_autofree char *key = g_strdup_printf("bearer/%s", hash);

    cfx_draft_record(self, "cfx.credential", key, CFX_RECORD_DELETE | CFX_RECORD_PRIVATE, NULL);
    g_ptr_array_add(self->gone, g_strdup(hash));
}

gboolean
cfx_draft_is_empty(const CfxDraft *self)
{
    return self->rows->len == 0;
}

static void
apply_changes(const CfxDraft *self, CfxModelBuilder *builder)
{
    for (guint i = 0; i < self->changes->len; i++) {
        const Change *change = self->changes->pdata[i];

        if (change->item != NULL)
            cfx_model_builder_put(builder, change->kind, change->item);
        else
            cfx_model_builder_remove(builder, change->kind, change->id);
    }
}

/* A branch of the present model that dies with the preview: its items are copies. */
const CfxModel *
cfx_draft_preview(CfxDraft *self)
{
    g_autoptr(CfxModelBuilder) builder = cfx_model_builder_new(NULL);
    const CfxModel *model = self->reg->model;

#define PUT_ALL(array, count, kind)                                                                \
    for (gsize i = 0; i < model->count; i++)                                                       \
    cfx_model_builder_put(builder, kind, model->array[i])
    PUT_ALL(accounts, n_accounts, CFX_MODEL_ACCOUNT);
    PUT_ALL(assets, n_assets, CFX_MODEL_ASSET);
    PUT_ALL(sensors, n_sensors, CFX_MODEL_SENSOR);
    PUT_ALL(sources, n_sources, CFX_MODEL_SOURCE);
    PUT_ALL(bindings, n_bindings, CFX_MODEL_BINDING);
#undef PUT_ALL
    apply_changes(self, builder);
    return cfx_model_builder_end(builder);
}

gboolean
cfx_draft_check(CfxDraft *self, GError **error)
{
    g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) text = g_string_new(NULL);
    const CfxModel *preview = cfx_draft_preview(self);

    cfx_model_check(self->reg->model, before);
    cfx_model_check(preview, after);
    cfx_model_unref(preview);
    for (guint i = 0; i < after->len; i++) {
        if (g_ptr_array_find_with_equal_func(before, after->pdata[i], g_str_equal, NULL))
            continue; /* an old one: this change does not bring it */
        g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "", (char *)after->pdata[i]);
    }
    if (text->len == 0)
        return TRUE;
    g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, text->str);
    return FALSE;
}

static void
remember_principals(CfxDraft *self)
{
    for (guint i = 0; i < self->changes->len; i++) {
        const Change *change = self->changes->pdata[i];

        if (change->kind != CFX_MODEL_SOURCE)
            continue;
        g_hash_table_replace(self->reg->source_of,
                             g_memdup2(&change->id, sizeof(change->id)),
                             (gpointer)change->principal);
    }
}

static void
put_in_force(CfxDraft *self)
{
    CfxRegister *reg = self->reg;

    if (self->is_in_force)
        return;
    self->is_in_force = TRUE;
    remember_principals(self);
    apply_changes(self, reg->builder);
    for (guint i = 0; i < self->principals->len; i++) {
        CfxPrincipal *principal = g_steal_pointer(&self->principals->pdata[i]);

        cfx_register_take_principal(reg, principal);
        cfx_register_index_credentials(reg, principal);
    }
    for (guint i = 0; i < self->tokens->len; i++) {
        CfxIdToken *token = g_steal_pointer(&self->tokens->pdata[i]);

        g_hash_table_replace(reg->tokens, token->key, token);
    }
    for (guint i = 0; i < self->gone->len; i++)
        g_hash_table_remove(reg->bearers, self->gone->pdata[i]);
    for (guint i = 0; i < self->bearers->len; i++) {
        CfxBearer *bearer = g_steal_pointer(&self->bearers->pdata[i]);

        g_hash_table_replace(reg->bearers, bearer->hash, bearer);
    }
    if (self->changes->len > 0)
        cfx_register_publish(reg);
}

static void
stored(gpointer data, const CfxCommitted *result, const GError *error)
{
    g_autoptr(CfxDraft) self = data;

    if (error == NULL)
        put_in_force(self);
    else if (self->is_in_force)
        cfx_log(self->reg->host,
                CFX_LOG_WARNING,
                "register: a change could not be stored and is lost at the next start: %s",
                error->message);
    if (self->done != NULL)
        self->done(self->data, error);
}

static void
store(CfxDraft *self)
{
    g_autofree const CfxRecord **records = g_new(const CfxRecord *, self->rows->len + 1);
    CfxCommit commit = { .struct_size = sizeof(commit) };

    for (guint i = 0; i < self->rows->len; i++)
        records[i] = &((Row *)self->rows->pdata[i])->record;
    commit.records = records;
    commit.n_records = self->rows->len;
    cfx_commit(self->reg->host, &commit, stored, self);
}

static void
nothing_to_store(gpointer data)
{
    stored(data, NULL, NULL);
}

void
cfx_draft_commit(CfxDraft *self, CfxDone done, gpointer data)
{
    self->done = done;
    self->data = data;
    if (self->rows->len == 0)
        self->reg->host->base->post(self->reg->host, nothing_to_store, self);
    else
        store(self);
}

void
cfx_draft_commit_now(CfxDraft *self)
{
    put_in_force(self);
    store(self);
}
