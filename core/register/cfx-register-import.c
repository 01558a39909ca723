/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brings a file in: parse, hash what people chose in the pool, compare, check, store, answer. */
#include "cfx-register-private.h"

#include "cfx-import.h"
#include "cfx-register-secret.h"
#include "cfx-tree.h"

#include <string.h>

typedef struct {
    guint fresh, changed, same;
} Count;

/* a credential that the file names, and what became of it */
typedef struct {
    guint principal; /* index in the import */
    const char *kind;
    char *path; /* "principals[3].credentials[0]" */
    char *text; /* its secret; NULL: keep what there is */
    gboolean is_slow, is_generated;
    CfxCredential *old;  /* (nullable) copy */
    CfxCredential *made; /* NULL: the old one stays */
    GError *error;
} Secret;

typedef struct {
    CfxRegister *reg;
    char *json;
    gsize size;
    GHashTable *secrets; /* name -> text */
    CfxRegisterTextDone done;
    gpointer data;
    CfxImport *import;
    GPtrArray *problems;
    GPtrArray *list; /* Secret */
    Count counts[7]; /* the five kinds, principals, tokens */
} Import;

static void
secret_free(gpointer data)
{
    Secret *self = data;

    if (self->text != NULL)
        explicit_bzero(self->text, strlen(self->text));
    g_free(self->text);
    g_free(self->path);
    g_clear_pointer(&self->old, cfx_credential_free);
    g_clear_pointer(&self->made, cfx_credential_free);
    g_clear_error(&self->error);
    g_free(self);
}

static void
secret_text_free(gpointer data)
{
    explicit_bzero(data, strlen(data));
    g_free(data);
}

static void
import_end(Import *self, const char *json, const GError *error)
{
    CfxRegister *reg = self->reg;

    self->done(self->data, json, error);
    g_clear_pointer(&self->import, cfx_import_free);
    g_ptr_array_unref(self->problems);
    g_ptr_array_unref(self->list);
    g_hash_table_unref(self->secrets);
    g_free(self->json);
    g_free(self);
    cfx_register_next(reg);
}

/* Ends with all problems, one a line. */
static gboolean
has_problems(Import *self)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    if (self->problems->len == 0)
        return FALSE;
    for (guint i = 0; i < self->problems->len; i++)
        g_string_append_printf(
            text, "%s%s", i > 0 ? "\n" : "", (const char *)self->problems->pdata[i]);
    error = g_error_new_literal(CFX_ERROR, CFX_ERROR_INVALID, text->str);
    import_end(self, NULL, error);
    return TRUE;
}

/* --- secrets ---------------------------------------------------------------------------------- */

static void
collect_secret(Import *self, const CfxImportPrincipal *principal, guint i)
{
    const CfxImportCredential *from =
        &g_array_index(principal->credentials, CfxImportCredential, i);
    const CfxPrincipal *known = cfx_register_principal(self->reg, principal->name);
    const CfxCredential *old = known != NULL ? cfx_principal_credential(known, from->kind) : NULL;
    gboolean is_person = strcmp(principal->kind, "person") == 0;
    Secret *secret = g_new0(Secret, 1);
    const char *text;

    g_ptr_array_add(self->list, secret);
    secret->principal = principal->index;
    secret->kind = from->kind;
    secret->path = g_strdup_printf("principals[%u].credentials[%u]", principal->index, from->index);
    secret->is_slow = is_person && strcmp(from->kind, "password") == 0;
    if (old != NULL) {
        secret->old = g_new0(CfxCredential, 1);
        secret->old->kind = g_strdup(old->kind);
        secret->old->scheme = g_strdup(old->scheme);
        secret->old->salt = g_strdup(old->salt);
        secret->old->hash = g_strdup(old->hash);
    }
    if (from->secret == NULL) {
        secret->is_generated = old == NULL;
        secret->is_slow = FALSE;
        secret->text = old == NULL ? cfx_secret_new(16) : NULL;
        return;
    }
    text = g_hash_table_lookup(self->secrets, from->secret);
    if (text == NULL)
        cfx_problem_add(self->problems,
                        secret->path,
                        "secret",
                        "there is no secret \"%s\"; give its folder with --secrets",
                        from->secret);
    else if (*text == '\0' || strlen(text) > CFX_SECRET_LENGTH_MAX)
        cfx_problem_add(self->problems, secret->path, "secret", "it is empty or too long");
    else if (!secret->is_slow && strlen(text) < CFX_SECRET_MACHINE_LENGTH)
        cfx_problem_add(self->problems,
                        secret->path,
                        "secret",
                        "a machine's secret has at least 128 random bits (22 characters)");
    else
        secret->text = g_strdup(text);
}

static gboolean
is_same_secret(const Secret *self)
{
    if (self->old == NULL || strcmp(self->old->scheme, self->is_slow ? "yescrypt" : "sha256") != 0)
        return FALSE;
    if (self->is_slow)
        return cfx_secret_check_slow(self->old->hash, self->text);
    return cfx_secret_check_fast(self->old->salt, self->old->hash, self->text);
}

/* In the pool: slow hashes take their time. */
static void
hash_secrets(gpointer data)
{
    Import *self = data;

    for (guint i = 0; i < self->list->len; i++) {
        Secret *secret = self->list->pdata[i];

        if (secret->text == NULL || is_same_secret(secret))
            continue;
        secret->made = g_new0(CfxCredential, 1);
        secret->made->kind = g_strdup(secret->kind);
        secret->made->scheme = g_strdup(secret->is_slow ? "yescrypt" : "sha256");
        if (secret->is_slow) {
            secret->made->salt = g_strdup("");
            secret->made->hash = cfx_secret_hash_slow(secret->text, &secret->error);
        } else {
            /* bearer tokens are looked up by their hash, so all have the register's salt */
            secret->made->salt =
                strcmp(secret->kind, "token") == 0 ? g_strdup(self->reg->salt) : cfx_salt_new(16);
            secret->made->hash = cfx_secret_hash_fast(secret->made->salt, secret->text);
        }
    }
}

/* --- what is new ------------------------------------------------------------------------------ */

/* Files leave a sensor's zone out: it is that of its site, else of its account. */
static void
fill_zones(Import *self, const CfxModel *preview)
{
    GArray *sensors = self->import->items[CFX_MODEL_SENSOR - 1];

    for (guint i = 0; i < sensors->len; i++) {
        CfxImportItem *item = &g_array_index(sensors, CfxImportItem, i);
        const CfxAsset *asset = cfx_model_asset(preview, item->item.sensor.asset);
        const CfxAsset *site = asset != NULL ? cfx_asset_site(preview, asset->id) : NULL;
        const CfxAccount *account =
            asset != NULL ? cfx_model_account(preview, asset->account) : NULL;
        g_autoptr(JsonNode) attributes = NULL;
        const char *zone = account != NULL ? account->zone : NULL;

        if (item->has_zone || item->is_bad)
            continue;
        if (site != NULL && site->attributes != NULL)
            attributes = cfx_doc_parse(site->attributes, strlen(site->attributes));
        if (attributes != NULL)
            zone = json_object_get_string_member_with_default(
                json_node_get_object(attributes), "zone", zone);
        item->item.sensor.zone =
            g_string_chunk_insert_const(self->import->texts, zone != NULL ? zone : "UTC");
    }
}

static void
put_items(Import *self, CfxDraft *draft, guint32 kind, Count *count)
{
    GArray *items = self->import->items[kind - 1];

    *count = (Count){ 0 };
    for (guint i = 0; i < items->len; i++) {
        const CfxImportItem *item = &g_array_index(items, CfxImportItem, i);
        gconstpointer old = cfx_model_builder_find(self->reg->builder, kind, item->item.any.id);
        const char *owner = kind == CFX_MODEL_SOURCE && old != NULL
                                ? g_hash_table_lookup(self->reg->source_of, &item->item.any.id)
                                : NULL;
        g_autoptr(GBytes) before = old != NULL ? cfx_item_write(kind, old, owner) : NULL;
        g_autoptr(GBytes) after = NULL;

        if (item->is_bad)
            continue;
        after = cfx_item_write(kind, &item->item, item->principal);
        if (before != NULL && g_bytes_equal(before, after)) {
            count->same++;
            continue;
        }
        cfx_draft_put(draft, kind, &item->item, item->principal);
        if (old == NULL)
            count->fresh++;
        else
            count->changed++;
    }
}

static void
check_reference(Import *self, const char *path, const char *name, gboolean exists, gint64 id)
{
    if (!exists)
        cfx_problem_add(self->problems, path, name, "%" G_GINT64_FORMAT " does not exist", id);
}

static void
put_principal(Import *self, CfxDraft *draft, const CfxModel *preview, guint i)
{
    const CfxImportPrincipal *from =
        &g_array_index(self->import->principals, CfxImportPrincipal, i);
    const CfxPrincipal *old = cfx_register_principal(self->reg, from->name);
    g_autofree char *path = g_strdup_printf("principals[%u]", from->index);
    g_autoptr(CfxPrincipal) principal = NULL;
    gboolean is_new_secret = FALSE;

    check_reference(
        self, path, "account", cfx_model_account(preview, from->account) != NULL, from->account);
    principal = cfx_principal_new(
        old != NULL ? old->id : self->reg->next_principal++, from->name, from->kind, from->account);
    for (guint j = 0; j < from->grants->len; j++) {
        const CfxImportGrant *grant = &g_array_index(from->grants, CfxImportGrant, j);
        g_autofree char *mine = g_strdup_printf("%s.grants[%u]", path, grant->index);

        if (grant->asset != 0)
            check_reference(
                self, mine, "asset", cfx_model_asset(preview, grant->asset) != NULL, grant->asset);
        else
            check_reference(self,
                            mine,
                            "account",
                            cfx_model_account(preview, grant->account) != NULL,
                            grant->account);
        cfx_principal_add_grant(principal, grant->right, grant->asset, grant->account);
    }
    for (guint j = 0; j < self->list->len; j++) {
        Secret *secret = self->list->pdata[j];

        if (secret->principal != from->index)
            continue;
        if (secret->error != NULL) {
            cfx_problem_add(self->problems, secret->path, NULL, "%s", secret->error->message);
        } else if (secret->made != NULL) {
            cfx_principal_set_credential(principal, g_steal_pointer(&secret->made));
            is_new_secret = TRUE;
        } else if (secret->old != NULL) {
            cfx_principal_set_credential(principal, g_steal_pointer(&secret->old));
        }
    }
    /* who changes a secret wants those out that know the old one */
    if (old != NULL && is_new_secret)
        cfx_register_drop_tokens(self->reg, old->id, draft);
    if (old != NULL && cfx_principal_equal(old, principal)) {
        self->counts[5].same++;
        return;
    }
    if (old != NULL)
        self->counts[5].changed++;
    else
        self->counts[5].fresh++;
    cfx_draft_principal(draft, g_steal_pointer(&principal));
}

static void
put_token(Import *self, CfxDraft *draft, const CfxModel *preview, guint i)
{
    const CfxImportToken *from = &g_array_index(self->import->tokens, CfxImportToken, i);
    g_autofree char *path = g_strdup_printf("tokens[%u]", from->index);
    g_autofree char *text = json_to_string(from->node, FALSE);
    g_autoptr(CfxIdToken) token = cfx_id_token_read(text, strlen(text));
    const CfxIdToken *old = g_hash_table_lookup(self->reg->tokens, token->key);

    check_reference(
        self, path, "account", cfx_model_account(preview, from->account) != NULL, from->account);
    if (old != NULL && cfx_id_token_equal(old, token)) {
        self->counts[6].same++;
        return;
    }
    if (old != NULL)
        self->counts[6].changed++;
    else
        self->counts[6].fresh++;
    cfx_draft_token(draft, g_steal_pointer(&token));
}

static void
check_sources(Import *self)
{
    GArray *sources = self->import->items[CFX_MODEL_SOURCE - 1];

    for (guint i = 0; i < sources->len; i++) {
        const CfxImportItem *item = &g_array_index(sources, CfxImportItem, i);
        g_autofree char *path = g_strdup_printf("sources[%u]", item->index);
        gboolean is_known =
            item->principal == NULL || cfx_register_principal(self->reg, item->principal) != NULL;

        for (guint j = 0; !is_known && j < self->import->principals->len; j++)
            is_known = strcmp(g_array_index(self->import->principals, CfxImportPrincipal, j).name,
                              item->principal) == 0;
        if (!is_known)
            cfx_problem_add(
                self->problems, path, "principal", "there is no principal \"%s\"", item->principal);
    }
}

/* Items of the file into a draft. (transfer full) the model that comes of it */
static const CfxModel *
put_all_items(Import *self, CfxDraft *draft)
{
    g_autoptr(CfxDraft) first = cfx_draft_new(self->reg);
    const CfxModel *preview;

    /* zones need the tree as it will be */
    for (guint32 kind = CFX_MODEL_ACCOUNT; kind <= CFX_MODEL_ASSET; kind++)
        put_items(self, first, kind, &self->counts[kind - 1]);
    preview = cfx_draft_preview(first);
    fill_zones(self, preview);
    for (guint32 kind = CFX_MODEL_ACCOUNT; kind <= CFX_MODEL_BINDING; kind++)
        put_items(self, draft, kind, &self->counts[kind - 1]);
    return preview;
}

/* Checks the draft as a whole. What is missing because it could not be read is no news. */
static void
check_draft(Import *self, CfxDraft *draft)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) lines = NULL;
    gboolean has_bad = self->problems->len > 0;

    if (cfx_draft_check(draft, &error))
        return;
    lines = g_strsplit(error->message, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (!has_bad || !g_str_has_suffix(*line, "does not exist"))
            g_ptr_array_add(self->problems, cfx_import_path(self->import, *line));
}

/* --- the answer ------------------------------------------------------------------------------- */

static void
import_stored(gpointer data, const GError *error)
{
    static const char *const names[] = { "accounts", "assets",     "sensors", "sources",
                                         "bindings", "principals", "tokens" };
    Import *self = data;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        cfx_json_name(&json, names[i]);
        cfx_json_begin_object(&json);
        cfx_json_member_int(&json, "new", self->counts[i].fresh);
        cfx_json_member_int(&json, "changed", self->counts[i].changed);
        cfx_json_member_int(&json, "same", self->counts[i].same);
        cfx_json_end_object(&json);
    }
    cfx_json_name(&json, "generated");
    cfx_json_begin_array(&json);
    for (guint i = 0; i < self->list->len; i++) {
        const Secret *secret = self->list->pdata[i];

        if (!secret->is_generated)
            continue;
        cfx_json_begin_object(&json);
        cfx_json_member_text(
            &json,
            "principal",
            g_array_index(self->import->principals, CfxImportPrincipal, secret->principal).name);
        cfx_json_member_text(&json, "kind", secret->kind);
        cfx_json_member_text(&json, "secret", secret->text);
        cfx_json_end_object(&json);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    import_end(self, error == NULL ? cfx_json_writer_end(&json) : NULL, error);
}

static void
import_compare(gpointer data, const GError *pool_error)
{
    Import *self = data;
    g_autoptr(CfxDraft) draft = cfx_draft_new(self->reg);
    const CfxModel *preview;

    if (pool_error != NULL) {
        import_end(self, NULL, pool_error);
        return;
    }
    preview = put_all_items(self, draft);
    check_sources(self);
    for (guint i = 0; i < self->import->principals->len; i++)
        put_principal(self, draft, preview, i);
    for (guint i = 0; i < self->import->tokens->len; i++)
        put_token(self, draft, preview, i);
    cfx_model_unref(preview);
    check_draft(self, draft);
    if (!has_problems(self))
        cfx_draft_commit(g_steal_pointer(&draft), import_stored, self);
}

static void
import_run(gpointer data)
{
    Import *self = data;
    const CfxHost *host = self->reg->host;

    self->import = cfx_import_parse(self->json, self->size, self->problems);
    if (self->problems->len > 0) {
        g_autoptr(CfxDraft) draft = cfx_draft_new(self->reg);

        /* all mistakes at once: also those that only the whole shows */
        cfx_model_unref(put_all_items(self, draft));
        check_draft(self, draft);
        has_problems(self);
        return;
    }
    for (guint i = 0; i < self->import->principals->len; i++) {
        const CfxImportPrincipal *principal =
            &g_array_index(self->import->principals, CfxImportPrincipal, i);

        for (guint j = 0; j < principal->credentials->len; j++)
            collect_secret(self, principal, j);
    }
    if (has_problems(self))
        return;
    host->base->work(host, hash_secrets, self, import_compare);
}

void
cfx_register_import(CfxRegister *self,
                    const char *json,
                    gsize size,
                    const CfxPair *secrets,
                    CfxRegisterTextDone done,
                    gpointer data)
{
    Import *import = g_new0(Import, 1);

    import->reg = self;
    import->json = g_strndup(json, size);
    import->size = size;
    import->done = done;
    import->data = data;
    import->problems = g_ptr_array_new_with_free_func(g_free);
    import->list = g_ptr_array_new_with_free_func(secret_free);
    import->secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, secret_text_free);
    for (; secrets != NULL && secrets->name != NULL; secrets++)
        g_hash_table_replace(
            import->secrets, g_strdup(secrets->name), g_strchomp(g_strdup(secrets->value)));
    cfx_register_serial(self, import_run, import);
}
