/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Client credentials become a token: RFC 6749 section 4.4, as OpenADR 3.1 uses it. */
#include <string.h>

#include <kit/cfx-json.h>

#include "vtn-server.h"

typedef struct {
    guint32 scopes;
    gint64 until_us; /* REAL */
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

    return known != NULL && known->until_us > cfx_now_real(self->host) ? known->scopes : 0;
}

static gboolean
is_expired(gpointer key, gpointer value, gpointer now_us)
{
    return ((VtnToken *)value)->until_us <= *(gint64 *)now_us;
}

static void
remember(VtnServer *self, const char *token, guint32 granted)
{
    gint64 now_us = cfx_now_real(self->host);
    VtnToken *known = g_new(VtnToken, 1);

    g_hash_table_foreach_remove(self->tokens, is_expired, &now_us);
    known->scopes = granted;
    known->until_us = now_us + self->token_lifetime_us;
    g_hash_table_replace(self->tokens, hash_of(token), known);
}

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
} Asking;

static void
granted_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    Asking *asking = data;
    VtnServer *self = asking->server;
    g_autofree char *scope = asking->scope;
    const CfxRequest *request = asking->request;
    g_autoptr(GString) names = g_string_new(NULL);
    g_auto(CfxJsonWriter) json;

    g_free(asking);
    cfx_json_writer_init(&json, NULL, 0);
    if (g_error_matches(error, CFX_ERROR, CFX_ERROR_FULL)) {
        refuse(self, request, 429, "invalid_client", error->message);
        return;
    }
    if (error != NULL) {
        refuse(self, request, 401, "invalid_client", "client id or secret is wrong");
        return;
    }
    gboolean is_business = (self->account == 0 || login->account == self->account) &&
                           self->host->web->may(self->host, login->principal, CFX_RIGHT_CHANGE, 0);
    guint32 granted = grant(scope, vtn_scopes_of_role(is_business), names);
    if (granted == 0) {
        refuse(self, request, 400, "invalid_scope", "none of these scopes can be granted");
        return;
    }
    remember(self, login->token, granted);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "access_token", login->token);
    cfx_json_member_text(&json, "token_type", "Bearer");
    cfx_json_member_int(&json, "expires_in", self->token_lifetime_us / CFX_SECOND);
    cfx_json_member_text(&json, "scope", names->str);
    cfx_json_end_object(&json);
    answer(self, request, 200, FALSE, &json);
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
