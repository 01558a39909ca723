/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Client credentials become a token: RFC 6749 section 4.4, as OpenADR 3.1 uses it. */
#include <string.h>

#include <kit/cfx-json.h>

#include "vtn-server.h"

#define TOKENS_MAX 10000

/* The register knows whose a token is; this is what it is good for. Kept through a restart: clients
 * use a token as long as it was said to live, and few ask for another when it is refused. */
typedef struct {
    guint32 scopes;
    gint64 until_us; /* UTC of the system: it outlives the process */
} VtnToken;

static const struct {
    const char *name;
    guint32 scope;
} scopes[] = {
    { "read_all", VTN_READ_ALL },
    { "read_bl", VTN_READ_ALL },
    { "read_targets", VTN_READ_TARGETS },
    { "read_ven_objects", VTN_READ_VEN_OBJECTS },
    { "write_programs", VTN_WRITE_PROGRAMS },
    { "write_events", VTN_WRITE_EVENTS },
    { "write_reports", VTN_WRITE_REPORTS },
    { "write_reports_ven", VTN_WRITE_REPORTS },
    { "write_subscriptions", VTN_WRITE_SUBSCRIPTIONS },
    { "write_subscriptions_bl", VTN_WRITE_SUBSCRIPTIONS },
    { "write_subscriptions_ven", VTN_WRITE_SUBSCRIPTIONS },
    { "write_vens", VTN_WRITE_VENS },
    { "write_vens_bl", VTN_WRITE_VENS },
    { "write_vens_ven", VTN_WRITE_VENS },
};

guint32
vtn_scopes_of_role(gboolean is_business)
{
    if (is_business)
        return VTN_READ_ALL | VTN_WRITE_PROGRAMS | VTN_WRITE_EVENTS | VTN_WRITE_SUBSCRIPTIONS |
               VTN_WRITE_VENS;
    return VTN_READ_TARGETS | VTN_READ_VEN_OBJECTS | VTN_WRITE_REPORTS | VTN_WRITE_SUBSCRIPTIONS |
           VTN_WRITE_VENS;
}

static char *
hash_of(const char *token)
{
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, token, -1);
}

guint32
vtn_token_scopes(VtnServer *self, const char *token)
{
    g_autofree char *hash = hash_of(token);
    const VtnToken *known = g_hash_table_lookup(self->tokens, hash);

    return known != NULL && known->until_us > g_get_real_time() ? known->scopes : 0;
}

/* --- records ------------------------------------------------------------------------------- */

static void
put(VtnServer *self, const char *hash, guint32 granted, gint64 until_us)
{
    VtnToken *known = g_new(VtnToken, 1);

    *known = (VtnToken){ granted, until_us };
    g_hash_table_replace(self->tokens, g_strdup(hash), known);
}

void
vtn_token_load(VtnServer *self, const CfxRecord *record)
{
    g_autofree char *doc = g_strndup(record->doc, record->doc_size);
    const char *slash = strrchr(record->key, '/');
    gint64 granted = 0, until_us = 0;
    CfxJsonReader json;
    CfxJsonText name;

    cfx_json_reader_init(&json, doc, record->doc_size, 4, CFX_JSON_READ_STRICT);
    if (!cfx_json_enter_object(&json))
        return;
    while (cfx_json_next_member(&json, &name)) {
        gint64 *to = name.size == 6 && memcmp(name.text, "scopes", 6) == 0     ? &granted
                     : name.size == 8 && memcmp(name.text, "until_us", 8) == 0 ? &until_us
                                                                               : NULL;
        if (to == NULL ? !cfx_json_skip(&json, NULL) : !cfx_json_read_int(&json, to))
            return;
    }
    if (slash != NULL && cfx_json_finish(&json))
        put(self, slash + 1, (guint32)granted, until_us);
}

static CfxRecord *
record_new(VtnServer *self, const char *hash, char *doc, GPtrArray *texts, const CfxKey *keys)
{
    CfxRecord *record = g_new0(CfxRecord, 1);
    char *key = g_strdup_printf("%s/%s", self->host->instance, hash);

    g_ptr_array_add(texts, key);
    g_ptr_array_add(texts, doc);
    *record = (CfxRecord){
        .struct_size = sizeof(*record),
        .flags = CFX_RECORD_PRIVATE | (doc == NULL ? CFX_RECORD_DELETE : 0),
        .collection = VTN_TOKENS,
        .key = key,
        .doc = doc,
        .doc_size = doc != NULL ? strlen(doc) : 0,
        .keys = doc != NULL ? keys : NULL,
        .n_keys = doc != NULL ? 1 : 0,
        .expect = CFX_EXPECT_ANY,
    };
    return record;
}

/* What has expired goes; of too many the one that ends first. */
static void
drop_old(VtnServer *self, GPtrArray *records, GPtrArray *texts)
{
    gint64 now_us = g_get_real_time(), first_us = G_MAXINT64;
    gboolean is_full = g_hash_table_size(self->tokens) >= TOKENS_MAX;
    GHashTableIter iter;
    gpointer hash, value;

    g_hash_table_iter_init(&iter, self->tokens);
    while (is_full && g_hash_table_iter_next(&iter, NULL, &value))
        first_us = MIN(first_us, ((const VtnToken *)value)->until_us);
    g_hash_table_iter_init(&iter, self->tokens);
    while (g_hash_table_iter_next(&iter, &hash, &value)) {
        const VtnToken *token = value;

        if (token->until_us > now_us && (!is_full || token->until_us != first_us))
            continue;
        g_ptr_array_add(records, record_new(self, hash, NULL, texts, NULL));
        g_hash_table_iter_remove(&iter);
    }
}

static void
remember(VtnServer *self, const char *token, guint32 granted, CfxCommitDone done, gpointer data)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *hash = hash_of(token);
    gint64 until_us = g_get_real_time() + self->token_lifetime_us;
    const CfxKey keys[] = { { "instance", self->host->instance, 0 } };

    drop_old(self, records, texts);
    put(self, hash, granted, until_us);
    char *doc =
        g_strdup_printf("{\"scopes\":%u,\"until_us\":%" G_GINT64_FORMAT "}", granted, until_us);
    g_ptr_array_add(records, record_new(self, hash, doc, texts, keys));
    const CfxCommit commit = {
        .struct_size = sizeof commit,
        .records = (const CfxRecord *const *)(gconstpointer)records->pdata,
        .n_records = records->len,
    };
    cfx_commit(self->host, &commit, done, data);
}

/* --- asking for a token -------------------------------------------------------------------- */

/* The scopes asked for, without those that are unknown; nothing asked: all. Names of what is
 * granted go to @names as they were asked for. */
static guint32
grant(const char *asked, guint32 allowed, GString *names)
{
    guint32 granted = 0;
    g_auto(GStrv) words = g_strsplit_set(asked != NULL ? asked : "", " \t", 64);

    for (char **word = words; *word != NULL; word++) {
        for (gsize i = 0; i < G_N_ELEMENTS(scopes); i++) {
            if (strcmp(*word, scopes[i].name) != 0 || (allowed & scopes[i].scope) == 0)
                continue;
            granted |= scopes[i].scope;
            g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "", *word);
        }
    }
    if (asked != NULL && *asked != '\0')
        return granted;
    for (gsize i = 0; i < G_N_ELEMENTS(scopes); i++) {
        if ((allowed & scopes[i].scope) != 0 && (granted & scopes[i].scope) == 0)
            g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "", scopes[i].name);
        granted |= allowed & scopes[i].scope;
    }
    return granted;
}

static void
answer(VtnServer *self,
       const CfxRequest *request,
       guint status,
       gboolean tell_basic,
       CfxJsonWriter *json)
{
    const CfxPair headers[] = {
        { "Content-Type", "application/json" },
        { "Cache-Control", "no-store" },
        { tell_basic ? "WWW-Authenticate" : NULL, "Basic realm=\"OpenADR\"" },
        { NULL, NULL },
    };
    g_autoptr(GBytes) body = cfx_json_writer_steal(json);

    self->host->web->respond(request, status, headers, body);
}

static void
refuse(VtnServer *self,
       const CfxRequest *request,
       guint status,
       const char *error,
       const char *description)
{
    g_auto(CfxJsonWriter) json;
    gboolean tried_basic = request->authorization != NULL;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "error", error);
    cfx_json_member_text(&json, "error_description", description);
    cfx_json_end_object(&json);
    answer(self, request, status, status == 401 && tried_basic, &json);
}

typedef struct {
    VtnServer *server;
    const CfxRequest *request;
    char *scope;
    char *token;
    GString *names; /* of scopes that were granted */
} Asking;

static void
asking_free(Asking *self)
{
    g_free(self->scope);
    if (self->token != NULL)
        explicit_bzero(self->token, strlen(self->token));
    g_free(self->token);
    g_string_free(self->names, TRUE);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Asking, asking_free)

static void
remembered_cb(gpointer data, const CfxCommitted *result, const GError *error)
{
    g_autoptr(Asking) asking = data;
    VtnServer *self = asking->server;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (error != NULL) {
        refuse(self, asking->request, 503, "temporarily_unavailable", error->message);
        return;
    }
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "access_token", asking->token);
    cfx_json_member_text(&json, "token_type", "Bearer");
    cfx_json_member_int(&json, "expires_in", self->token_lifetime_us / CFX_SECOND);
    cfx_json_member_text(&json, "scope", asking->names->str);
    cfx_json_end_object(&json);
    answer(self, asking->request, 200, FALSE, &json);
}

static void
granted_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    g_autoptr(Asking) asking = data;
    VtnServer *self = asking->server;
    const CfxRequest *request = asking->request;

    if (g_error_matches(error, CFX_ERROR, CFX_ERROR_FULL)) {
        refuse(self, request, 429, "invalid_client", error->message);
        return;
    }
    if (g_error_matches(error, CFX_ERROR, CFX_ERROR_AUTH) ||
        g_error_matches(error, CFX_ERROR, CFX_ERROR_NOT_FOUND)) {
        refuse(self, request, 401, "invalid_client", "client id or secret is wrong");
        return;
    }
    if (error != NULL) {
        refuse(self, request, 503, "temporarily_unavailable", error->message);
        return;
    }
    gboolean is_business = (self->account == 0 || login->account == self->account) &&
                           self->host->web->may(self->host, login->principal, CFX_RIGHT_CHANGE, 0);
    guint32 granted = grant(asking->scope, vtn_scopes_of_role(is_business), asking->names);
    if (granted == 0) {
        refuse(self, request, 400, "invalid_scope", "none of these scopes can be granted");
        return;
    }
    asking->token = g_strdup(login->token);
    remember(self, login->token, granted, remembered_cb, g_steal_pointer(&asking));
}

/* Credentials of the Authorization header; FALSE: it is there and is not Basic. */
static gboolean
read_basic(const char *header, char **ret_client, char **ret_secret)
{
    gsize size = 0;

    if (header == NULL)
        return TRUE;
    if (g_ascii_strncasecmp(header, "Basic ", 6) != 0)
        return FALSE;
    g_autofree guchar *bytes = g_base64_decode(header + 6, &size);
    g_autofree char *text = g_strndup((const char *)bytes, size);
    char *colon = strchr(text, ':');
    if (colon == NULL)
        return FALSE;
    *colon = '\0';
    *ret_client = g_uri_unescape_string(text, NULL);
    *ret_secret = g_uri_unescape_string(colon + 1, NULL);
    return *ret_client != NULL && *ret_secret != NULL;
}

static char *
form_value(const CfxRequest *request, const char *name)
{
    gsize size = 0;
    const char *bytes = g_bytes_get_data(request->body, &size);
    g_autofree char *form = g_strndup(bytes != NULL ? bytes : "", size);
    g_auto(GStrv) parts = g_strsplit(form, "&", 32);

    for (char **part = parts; *part != NULL; part++) {
        char *equals = strchr(*part, '=');
        if (equals == NULL || (gsize)(equals - *part) != strlen(name) ||
            strncmp(*part, name, strlen(name)) != 0)
            continue;
        for (char *at = equals + 1; *at != '\0'; at++)
            *at = *at == '+' ? ' ' : *at;
        return g_uri_unescape_string(equals + 1, NULL);
    }
    return NULL;
}

void
vtn_token_serve(VtnServer *self, const CfxRequest *request)
{
    g_autofree char *type = form_value(request, "grant_type");
    g_autofree char *client = form_value(request, "client_id");
    g_autofree char *secret = form_value(request, "client_secret");
    g_autofree char *basic_client = NULL, *basic_secret = NULL;

    if (type == NULL) {
        refuse(self, request, 400, "invalid_request", "grant_type is missing");
        return;
    }
    if (strcmp(type, "client_credentials") != 0) {
        refuse(self, request, 400, "unsupported_grant_type", "only client_credentials is known");
        return;
    }
    if (!read_basic(request->authorization, &basic_client, &basic_secret)) {
        refuse(self, request, 401, "invalid_client", "the Authorization header is not Basic");
        return;
    }
    if (basic_client != NULL && secret != NULL) {
        refuse(self, request, 400, "invalid_request", "credentials in header and form at once");
        return;
    }
    const char *user = basic_client != NULL ? basic_client : client;
    const char *password = basic_client != NULL ? basic_secret : secret;
    if (user == NULL || password == NULL || *user == '\0') {
        refuse(self, request, 400, "invalid_request", "client_id and client_secret are missing");
        return;
    }
    Asking *asking = g_new0(Asking, 1);
    asking->server = self;
    asking->request = request;
    asking->scope = form_value(request, "scope");
    asking->names = g_string_new(NULL);
    self->host->web->login(self->host, user, password, self->token_lifetime_us, granted_cb, asking);
}

void
vtn_token_server(VtnServer *self, const CfxRequest *request)
{
    g_autofree char *base = g_strdup(self->url);
    g_auto(CfxJsonWriter) json;

    for (const CfxPair *header = request->headers; base == NULL && header->name != NULL; header++) {
        if (strcmp(header->name, "host") == 0)
            base = g_strdup_printf("http://%s%s", header->value, self->base);
    }
    if (base == NULL) {
        vtn_problem(self, request, 400, "a Host header is needed");
        return;
    }
    g_autofree char *address = g_strconcat(base, "/auth/token", NULL);
    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "tokenURL", address);
    cfx_json_end_object(&json);
    vtn_answer_text(self, request, 200, cfx_json_writer_end(&json));
}
