/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-import.h"

#include "cfx-day.h"
#include "cfx-tree.h"

#include <kit/cfx-json.h>
#include <kit/cfx-quantity.h>
#include <string.h>

/* what is being read */
typedef struct {
    CfxImport *into;
    GPtrArray *problems;
} Parse;

static gboolean
is_of_type(JsonNode *node, GType type)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

/* Members that no table names are problems; `comment` is always allowed. */
static void
check_members(Parse *self, JsonObject *object, const char *path, const char *const *known)
{
    JsonObjectIter iter;
    const char *name;

    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &name, NULL)) {
        if (strcmp(name, "comment") == 0 || g_strv_contains(known, name))
            continue;
        if (*path == '\0')
            cfx_problem_add(self->problems, name, NULL, "there is no such member");
        else
            cfx_problem_add(self->problems, path, name, "there is no such member");
    }
}

/* Text of a member, kept in the import; NULL where it is missing or no text. */
static const char *
text_of(Parse *self, JsonObject *object, const char *path, const char *name, gboolean is_required)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL) {
        if (is_required)
            cfx_problem_add(self->problems, path, name, "it is missing");
        return NULL;
    }
    if (!is_of_type(node, G_TYPE_STRING)) {
        cfx_problem_add(self->problems, path, name, "it is no text");
        return NULL;
    }
    if (*json_node_get_string(node) == '\0' || strlen(json_node_get_string(node)) > 255) {
        cfx_problem_add(self->problems, path, name, "it has no or more than 255 bytes");
        return NULL;
    }
    return g_string_chunk_insert(self->into->texts, json_node_get_string(node));
}

static gint64
id_of(Parse *self, JsonObject *object, const char *path, const char *name, gboolean is_required)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL) {
        if (is_required)
            cfx_problem_add(self->problems, path, name, "it is missing");
        return 0;
    }
    if (!is_of_type(node, G_TYPE_INT64) || json_node_get_int(node) <= 0) {
        cfx_problem_add(self->problems, path, name, "it is no id");
        return 0;
    }
    return json_node_get_int(node);
}

static JsonArray *
list_of(Parse *self, JsonObject *object, const char *path, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL)
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return json_node_get_array(node);
    if (*path == '\0')
        cfx_problem_add(self->problems, name, NULL, "it is no list");
    else
        cfx_problem_add(self->problems, path, name, "it is no list");
    return NULL;
}

/* --- items ------------------------------------------------------------------------------------ */

static void
parse_items(Parse *self, JsonObject *root, guint32 kind)
{
    const char *list = cfx_item_list(kind);
    JsonArray *array = list_of(self, root, "", list);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        g_autofree char *path = g_strdup_printf("%s[%u]", list, i);
        CfxImportItem item = { .index = i };
        guint before = self->problems->len;

        cfx_item_read(
            kind, node, path, TRUE, self->into->texts, self->problems, &item.item, &item.principal);
        if (item.item.any.id > CFX_IMPORT_ID_MAX)
            cfx_problem_add(self->problems,
                            path,
                            "id",
                            "ids from 1000 on are made by the host; choose one up to 999");
        else if (item.item.any.id != 0 &&
                 !g_hash_table_add(ids, g_memdup2(&item.item.any.id, sizeof(gint64))))
            cfx_problem_add(self->problems,
                            path,
                            "id",
                            "%" G_GINT64_FORMAT " is there twice",
                            item.item.any.id);
        if (kind == CFX_MODEL_SOURCE && item.item.source.instance != NULL)
            cfx_problem_add(self->problems, path, "instance", "there is no such member");
        item.is_bad = self->problems->len > before;
        item.has_zone = kind == CFX_MODEL_SENSOR && item.item.sensor.zone != NULL;
        g_array_append_val(self->into->items[kind - 1], item);
    }
}

/* --- principals ------------------------------------------------------------------------------- */

static void
parse_credential(Parse *self, CfxImportPrincipal *to, JsonNode *node, const char *path, guint i)
{
    static const char *const known[] = { "kind", "secret", "generate", NULL };
    g_autofree char *mine = g_strdup_printf("%s.credentials[%u]", path, i);
    CfxImportCredential credential = { .index = i };
    JsonObject *object;
    JsonNode *generate;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_problem_add(self->problems, mine, NULL, "it is no object");
        return;
    }
    object = json_node_get_object(node);
    check_members(self, object, mine, known);
    credential.kind = text_of(self, object, mine, "kind", TRUE);
    credential.secret = text_of(self, object, mine, "secret", FALSE);
    generate = json_object_get_member(object, "generate");
    if (generate != NULL &&
        (!is_of_type(generate, G_TYPE_BOOLEAN) || !json_node_get_boolean(generate)))
        cfx_problem_add(self->problems, mine, "generate", "it can only be true");
    if ((generate != NULL) == (credential.secret != NULL))
        cfx_problem_add(self->problems, mine, NULL, "give either secret or generate");
    if (credential.secret != NULL && strchr(credential.secret, '/') != NULL)
        cfx_problem_add(self->problems, mine, "secret", "a name of a secret has no slash");
    if (credential.kind == NULL)
        return;
    if (strcmp(credential.kind, "password") != 0 && strcmp(credential.kind, "token") != 0) {
        cfx_problem_add(self->problems, mine, "kind", "it is neither password nor token");
        return;
    }
    for (guint j = 0; j < to->credentials->len; j++)
        if (strcmp(g_array_index(to->credentials, CfxImportCredential, j).kind, credential.kind) ==
            0)
            cfx_problem_add(self->problems, mine, "kind", "there are two of that kind");
    g_array_append_val(to->credentials, credential);
}

static void
parse_grant(Parse *self, CfxImportPrincipal *to, JsonNode *node, const char *path, guint i)
{
    static const char *const known[] = { "right", "asset", "account", NULL };
    static const char *const rights[] = { "read", "post", "change", "control", "admin", NULL };
    g_autofree char *mine = g_strdup_printf("%s.grants[%u]", path, i);
    CfxImportGrant grant = { .index = i };
    JsonObject *object;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_problem_add(self->problems, mine, NULL, "it is no object");
        return;
    }
    object = json_node_get_object(node);
    check_members(self, object, mine, known);
    grant.right = text_of(self, object, mine, "right", TRUE);
    grant.asset = id_of(self, object, mine, "asset", FALSE);
    grant.account = id_of(self, object, mine, "account", FALSE);
    if (json_object_has_member(object, "asset") == json_object_has_member(object, "account"))
        cfx_problem_add(self->problems, mine, NULL, "give either asset or account");
    if (grant.right == NULL)
        return;
    if (!g_strv_contains(rights, grant.right))
        cfx_problem_add(self->problems, mine, "right", "\"%s\" is no right", grant.right);
    else
        g_array_append_val(to->grants, grant);
}

static void
parse_principal(Parse *self, JsonNode *node, guint i)
{
    static const char *const known[] = { "name", "kind", "account", "credentials", "grants", NULL };
    static const char *const kinds[] = { "person",  "station",  "ven", "rm",
                                         "gateway", "business", NULL };
    g_autofree char *path = g_strdup_printf("principals[%u]", i);
    CfxImportPrincipal principal = { .index = i };
    JsonObject *object;
    JsonArray *list;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_problem_add(self->problems, path, NULL, "it is no object");
        return;
    }
    object = json_node_get_object(node);
    check_members(self, object, path, known);
    principal.name = text_of(self, object, path, "name", TRUE);
    principal.kind = text_of(self, object, path, "kind", TRUE);
    principal.account = id_of(self, object, path, "account", TRUE);
    principal.credentials = g_array_new(FALSE, FALSE, sizeof(CfxImportCredential));
    principal.grants = g_array_new(FALSE, FALSE, sizeof(CfxImportGrant));
    list = list_of(self, object, path, "credentials");
    for (guint j = 0; list != NULL && j < json_array_get_length(list); j++)
        parse_credential(self, &principal, json_array_get_element(list, j), path, j);
    list = list_of(self, object, path, "grants");
    for (guint j = 0; list != NULL && j < json_array_get_length(list); j++)
        parse_grant(self, &principal, json_array_get_element(list, j), path, j);
    if (principal.kind != NULL && !g_strv_contains(kinds, principal.kind))
        cfx_problem_add(
            self->problems, path, "kind", "\"%s\" is no kind of a principal", principal.kind);
    for (guint j = 0; principal.name != NULL && j < self->into->principals->len; j++)
        if (g_strcmp0(g_array_index(self->into->principals, CfxImportPrincipal, j).name,
                      principal.name) == 0)
            cfx_problem_add(self->problems, path, "name", "\"%s\" is there twice", principal.name);
    g_array_append_val(self->into->principals, principal);
}

/* --- id tokens -------------------------------------------------------------------------------- */

static void
check_energy(Parse *self, JsonObject *object, const char *path, const char *name)
{
    const char *text = text_of(self, object, path, name, FALSE);
    g_autoptr(GError) error = NULL;
    double energy_wh;

    if (text == NULL)
        return;
    if (!cfx_quantity_in(text, -1, "Wh", &energy_wh, &error))
        cfx_problem_add(self->problems, path, name, "%s", error->message);
    else if (energy_wh < 0)
        cfx_problem_add(self->problems, path, name, "it is negative");
}

static void
check_preferences(Parse *self, JsonNode *node, const char *path)
{
    static const char *const known[] = { "need", "minimum", "departure", NULL };
    g_autofree char *mine = g_strdup_printf("%s.preferences", path);
    JsonObject *object;
    const char *text;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_problem_add(self->problems, mine, NULL, "it is no object");
        return;
    }
    object = json_node_get_object(node);
    check_members(self, object, mine, known);
    check_energy(self, object, mine, "need");
    check_energy(self, object, mine, "minimum");
    text = text_of(self, object, mine, "departure", FALSE);
    if (text != NULL && cfx_day_parse_minute(text) < 0)
        cfx_problem_add(self->problems, mine, "departure", "\"%s\" is no clock time", text);
}

static void
parse_token(Parse *self, JsonNode *node, guint i, GHashTable *keys)
{
    static const char *const known[] = { "token", "type",        "account", "status",
                                         "name",  "preferences", NULL };
    static const char *const statuses[] = { "accepted", "blocked", "expired", NULL };
    g_autofree char *path = g_strdup_printf("tokens[%u]", i);
    CfxImportToken token = { .index = i };
    const char *value, *type, *status;
    g_autofree char *upper = NULL;
    JsonObject *object;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_problem_add(self->problems, path, NULL, "it is no object");
        return;
    }
    object = json_node_get_object(node);
    check_members(self, object, path, known);
    value = text_of(self, object, path, "token", TRUE);
    type = text_of(self, object, path, "type", TRUE);
    token.account = id_of(self, object, path, "account", TRUE);
    status = text_of(self, object, path, "status", FALSE);
    text_of(self, object, path, "name", FALSE);
    if (status != NULL && !g_strv_contains(statuses, status))
        cfx_problem_add(self->problems, path, "status", "\"%s\" is no status", status);
    if (type != NULL && strchr(type, ':') != NULL)
        cfx_problem_add(self->problems, path, "type", "it has a colon");
    if (json_object_has_member(object, "preferences"))
        check_preferences(self, json_object_get_member(object, "preferences"), path);
    if (value == NULL || type == NULL)
        return;
    upper = g_ascii_strup(value, -1);
    if (!g_hash_table_add(keys, g_strdup_printf("%s:%s", type, upper)))
        cfx_problem_add(self->problems, path, "token", "\"%s\" is there twice", value);
    token.node = json_node_ref(node);
    g_array_append_val(self->into->tokens, token);
}

/* --- the file --------------------------------------------------------------------------------- */

static void
parse_root(Parse *self, JsonObject *root)
{
    static const char *const known[] = { "format",  "version",  "accounts",   "assets", "sensors",
                                         "sources", "bindings", "principals", "tokens", NULL };
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    JsonNode *format = json_object_get_member(root, "format");
    JsonNode *version = json_object_get_member(root, "version");
    JsonArray *list;

    if (format == NULL || !is_of_type(format, G_TYPE_STRING) ||
        strcmp(json_node_get_string(format), "cariflex-import") != 0) {
        cfx_problem_add(self->problems, "format", NULL, "it is not \"cariflex-import\"");
        return;
    }
    if (version == NULL || !is_of_type(version, G_TYPE_INT64) || json_node_get_int(version) != 1) {
        cfx_problem_add(self->problems, "version", NULL, "only version 1 is known");
        return;
    }
    check_members(self, root, "", known);
    for (guint32 kind = CFX_MODEL_ACCOUNT; kind <= CFX_MODEL_BINDING; kind++)
        parse_items(self, root, kind);
    list = list_of(self, root, "", "principals");
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++)
        parse_principal(self, json_array_get_element(list, i), i);
    list = list_of(self, root, "", "tokens");
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++)
        parse_token(self, json_array_get_element(list, i), i, keys);
}

CfxImport *
cfx_import_parse(const char *json, gsize size, GPtrArray *problems)
{
    CfxImport *self = g_new0(CfxImport, 1);
    Parse parse = { self, problems };
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) root = NULL;

    self->texts = g_string_chunk_new(4096);
    for (gsize i = 0; i < G_N_ELEMENTS(self->items); i++)
        self->items[i] = g_array_new(FALSE, FALSE, sizeof(CfxImportItem));
    self->principals = g_array_new(FALSE, FALSE, sizeof(CfxImportPrincipal));
    self->tokens = g_array_new(FALSE, FALSE, sizeof(CfxImportToken));
    if (size > CFX_IMPORT_SIZE_MAX)
        cfx_problem_add(problems, "(file)", NULL, "it is larger than 4 MiB");
    else if (!cfx_json_check(json, size, CFX_IMPORT_DEPTH_MAX, &error))
        cfx_problem_add(problems, "(file)", NULL, "%s", error->message);
    else if ((root = cfx_doc_parse(json, size)) == NULL)
        cfx_problem_add(problems, "(file)", NULL, "it is no JSON object");
    else
        parse_root(&parse, json_node_get_object(root));
    return self;
}

void
cfx_import_free(CfxImport *self)
{
    if (self == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(self->items); i++)
        g_array_unref(self->items[i]);
    for (guint i = 0; i < self->principals->len; i++) {
        CfxImportPrincipal *principal = &g_array_index(self->principals, CfxImportPrincipal, i);

        g_array_unref(principal->credentials);
        g_array_unref(principal->grants);
    }
    g_array_unref(self->principals);
    for (guint i = 0; i < self->tokens->len; i++)
        json_node_unref(g_array_index(self->tokens, CfxImportToken, i).node);
    g_array_unref(self->tokens);
    g_string_chunk_free(self->texts);
    g_free(self);
}

char *
cfx_import_path(const CfxImport *self, const char *problem)
{
    const char *space = strchr(problem, ' ');
    char *end = NULL;
    gint64 id = space != NULL ? g_ascii_strtoll(space + 1, &end, 10) : 0;

    for (guint32 kind = CFX_MODEL_ACCOUNT; end != NULL && kind <= CFX_MODEL_BINDING; kind++) {
        const char *list = cfx_item_list(kind);

        /* "assets" without its s */
        if ((gsize)(space - problem) + 1 != strlen(list) ||
            strncmp(problem, list, (gsize)(space - problem)) != 0 || !g_str_has_prefix(end, ": "))
            continue;
        for (guint i = 0; i < self->items[kind - 1]->len; i++) {
            const CfxImportItem *item = &g_array_index(self->items[kind - 1], CfxImportItem, i);

            if (item->item.any.id == id)
                return g_strdup_printf("%s[%u].%s", list, item->index, end + 2);
        }
    }
    return g_strdup(problem);
}
