/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Principals, what proves and what allows; id tokens of drivers. */
#include "cfx-register-private.h"

#include "cfx-day.h"
#include "cfx-flex.h"
#include "cfx-tree.h"

#include <kit/cfx-json.h>
#include <kit/cfx-quantity.h>
#include <math.h>
#include <string.h>

/* what a right contains */
static const struct {
    const char *name;
    guint32 rights, role;
} rights[] = {
    { "read", CFX_RIGHT_READ, CFX_ROLE_READ },
    { "post", CFX_RIGHT_POST, CFX_ROLE_READ },
    { "change", CFX_RIGHT_CHANGE | CFX_RIGHT_POST | CFX_RIGHT_READ, CFX_ROLE_OPERATE },
    { "control", CFX_RIGHT_CONTROL | CFX_RIGHT_READ, CFX_ROLE_OPERATE },
    { "admin",
      CFX_RIGHT_CONTROL | CFX_RIGHT_CHANGE | CFX_RIGHT_POST | CFX_RIGHT_READ,
      CFX_ROLE_ADMIN },
};

guint32
cfx_right_parse(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rights); i++)
        if (strcmp(rights[i].name, name) == 0)
            return rights[i].rights;
    return 0;
}

static guint32
role_of(const char *right)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rights); i++)
        if (strcmp(rights[i].name, right) == 0)
            return rights[i].role;
    return CFX_ROLE_ANY;
}

void
cfx_credential_free(CfxCredential *self)
{
    g_free(self->kind);
    g_free(self->scheme);
    g_free(self->salt);
    g_free(self->hash);
    g_free(self);
}

static void
grant_free(gpointer data)
{
    CfxGrant *self = data;

    g_free(self->right);
    g_free(self);
}

CfxPrincipal *
cfx_principal_new(gint64 id, const char *name, const char *kind, gint64 account)
{
    CfxPrincipal *self = g_new0(CfxPrincipal, 1);

    self->id = id;
    self->account = account;
    self->name = (char *)g_intern_string(name);
    self->kind = g_strdup(kind);
    self->credentials = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_credential_free);
    self->grants = g_ptr_array_new_with_free_func(grant_free);
    return self;
}

void
cfx_principal_free(CfxPrincipal *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->credentials);
    g_ptr_array_unref(self->grants);
    g_free(self->kind);
    g_free(self);
}

CfxCredential *
cfx_principal_credential(const CfxPrincipal *self, const char *kind)
{
    for (guint i = 0; i < self->credentials->len; i++) {
        CfxCredential *credential = self->credentials->pdata[i];

        if (strcmp(credential->kind, kind) == 0)
            return credential;
    }
    return NULL;
}

void
cfx_principal_set_credential(CfxPrincipal *self, CfxCredential *credential)
{
    CfxCredential *old = cfx_principal_credential(self, credential->kind);

    if (old != NULL)
        g_ptr_array_remove(self->credentials, old);
    g_ptr_array_add(self->credentials, credential);
}

void
cfx_principal_add_grant(CfxPrincipal *self, const char *right, gint64 asset, gint64 account)
{
    CfxGrant *grant = g_new0(CfxGrant, 1);

    grant->right = g_strdup(right);
    grant->asset = asset;
    grant->account = account;
    g_ptr_array_add(self->grants, grant);
}

gboolean
cfx_principal_equal(const CfxPrincipal *a, const CfxPrincipal *b)
{
    g_autoptr(GBytes) doc_a = cfx_principal_write(a), doc_b = cfx_principal_write(b);
    g_autoptr(GBytes) secret_a = cfx_credentials_write(a), secret_b = cfx_credentials_write(b);

    return g_bytes_equal(doc_a, doc_b) && g_bytes_equal(secret_a, secret_b);
}

/* --- records -------------------------------------------------------------------------------- */

GBytes *
cfx_principal_write(const CfxPrincipal *self)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_int(&json, "id", self->id);
    cfx_json_member_text(&json, "name", self->name);
    cfx_json_member_text(&json, "kind", self->kind);
    cfx_json_member_int(&json, "account", self->account);
    cfx_json_name(&json, "grants");
    cfx_json_begin_array(&json);
    for (guint i = 0; i < self->grants->len; i++) {
        const CfxGrant *grant = self->grants->pdata[i];

        cfx_json_begin_object(&json);
        cfx_json_member_text(&json, "right", grant->right);
        if (grant->asset != 0)
            cfx_json_member_int(&json, "asset", grant->asset);
        else
            cfx_json_member_int(&json, "account", grant->account);
        cfx_json_end_object(&json);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    return cfx_json_writer_steal(&json);
}

GBytes *
cfx_credentials_write(const CfxPrincipal *self)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "principal", self->name);
    cfx_json_name(&json, "credentials");
    cfx_json_begin_array(&json);
    for (guint i = 0; i < self->credentials->len; i++) {
        const CfxCredential *credential = self->credentials->pdata[i];

        cfx_json_begin_object(&json);
        cfx_json_member_text(&json, "kind", credential->kind);
        cfx_json_member_text(&json, "scheme", credential->scheme);
        cfx_json_member_text(&json, "salt", credential->salt);
        cfx_json_member_text(&json, "hash", credential->hash);
        cfx_json_end_object(&json);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    return cfx_json_writer_steal(&json);
}

/* Records are our own, so a member of another type counts as absent. */
static const char *
text_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_STRING)
        return "";
    return json_node_get_string(node);
}

static gint64
int_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;
}

static JsonArray *
array_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

CfxPrincipal *
cfx_principal_read(const char *doc, gsize size)
{
    g_autoptr(JsonNode) root = cfx_doc_parse(doc, size);
    JsonObject *object;
    JsonArray *grants;
    CfxPrincipal *self;

    if (root == NULL)
        return NULL;
    object = json_node_get_object(root);
    if (int_of(object, "id") == 0 || *text_of(object, "name") == '\0')
        return NULL;
    self = cfx_principal_new(int_of(object, "id"),
                             text_of(object, "name"),
                             text_of(object, "kind"),
                             int_of(object, "account"));
    grants = array_of(object, "grants");
    for (guint i = 0; grants != NULL && i < json_array_get_length(grants); i++) {
        JsonNode *node = json_array_get_element(grants, i);

        if (!JSON_NODE_HOLDS_OBJECT(node))
            continue;
        object = json_node_get_object(node);
        cfx_principal_add_grant(
            self, text_of(object, "right"), int_of(object, "asset"), int_of(object, "account"));
    }
    return self;
}

void
cfx_credentials_read(CfxPrincipal *self, const char *doc, gsize size)
{
    g_autoptr(JsonNode) root = cfx_doc_parse(doc, size);
    JsonArray *list = root != NULL ? array_of(json_node_get_object(root), "credentials") : NULL;

    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonNode *node = json_array_get_element(list, i);
        CfxCredential *credential;
        JsonObject *object;

        if (!JSON_NODE_HOLDS_OBJECT(node))
            continue;
        object = json_node_get_object(node);
        credential = g_new0(CfxCredential, 1);
        credential->kind = g_strdup(text_of(object, "kind"));
        credential->scheme = g_strdup(text_of(object, "scheme"));
        credential->salt = g_strdup(text_of(object, "salt"));
        credential->hash = g_strdup(text_of(object, "hash"));
        cfx_principal_set_credential(self, credential);
    }
}

/* --- who may -------------------------------------------------------------------------------- */

const CfxPrincipal *
cfx_register_principal(CfxRegister *self, const char *name)
{
    return g_hash_table_lookup(self->principals, name);
}

void
cfx_register_take_principal(CfxRegister *self, CfxPrincipal *principal)
{
    const CfxPrincipal *old;

    g_rw_lock_writer_lock(&self->people_lock);
    old = g_hash_table_lookup(self->principals, principal->name);
    if (old != NULL)
        g_hash_table_remove(self->by_id, &old->id);
    g_hash_table_replace(self->principals, principal->name, principal);
    g_hash_table_replace(self->by_id, &principal->id, principal);
    g_rw_lock_writer_unlock(&self->people_lock);
}

gboolean
cfx_register_may(CfxRegister *self, gint64 principal, guint32 right, gint64 asset)
{
    const CfxModel *model = cfx_register_model_ref(self);
    const CfxAsset *item = asset != 0 ? cfx_model_asset(model, asset) : NULL;
    const CfxPrincipal *who;
    guint32 found = 0;

    g_rw_lock_reader_lock(&self->people_lock);
    who = g_hash_table_lookup(self->by_id, &principal);
    for (guint i = 0; who != NULL && i < who->grants->len; i++) {
        const CfxGrant *grant = who->grants->pdata[i];
        gboolean applies;

        if (grant->account == CFX_EVERY_ACCOUNT)
            applies = TRUE;
        else if (asset == 0)
            applies = grant->account == who->account && grant->account != 0;
        else if (item == NULL)
            applies = FALSE;
        else if (grant->asset != 0)
            applies = cfx_asset_is_below(model, asset, grant->asset);
        else
            applies = grant->account == item->account;
        if (applies)
            found |= cfx_right_parse(grant->right);
    }
    g_rw_lock_reader_unlock(&self->people_lock);
    cfx_model_unref(model);
    return right != 0 && (found & right) == right;
}

guint32
cfx_register_role(CfxRegister *self, gint64 principal)
{
    const CfxPrincipal *who;
    guint32 role = CFX_ROLE_ANY;

    g_rw_lock_reader_lock(&self->people_lock);
    who = g_hash_table_lookup(self->by_id, &principal);
    for (guint i = 0; who != NULL && i < who->grants->len; i++)
        role = MAX(role, role_of(((const CfxGrant *)who->grants->pdata[i])->right));
    g_rw_lock_reader_unlock(&self->people_lock);
    return role;
}
