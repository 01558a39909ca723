/* SPDX-License-Identifier: MIT */
/* Calls to other servers, log-ins and rights. */
#include "cfx-harness-web.h"

#include <string.h>

typedef struct {
    char *user, *password;
    CfxLogin login;
} User;

void
cfx_harness_user_free(gpointer data)
{
    User *user = data;
    g_free(user->user);
    g_free(user->password);
    g_free(user);
}

typedef struct {
    CfxHarnessAnswer answer;
    CfxHttpDone done;
    gpointer data;
} Call;

static void
answer_http(gpointer data)
{
    g_autofree Call *call = data;
    const char *text = call->answer.body != NULL ? call->answer.body : "";
    static const CfxPair none = { NULL, NULL };
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
    g_autoptr(GError) error = NULL;
    const CfxHttpAnswer answer = { sizeof(answer), call->answer.status, &none, body };
    if (call->answer.status == 0)
        error = g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "connection refused");
    call->done(call->data, error == NULL ? &answer : NULL, error);
}

void
cfx_harness_http(const CfxHost *host, const CfxHttpCall *http, CfxHttpDone done, gpointer data)
{
    CfxHarness *self = cfx_harness_of(host);
    Call *call = g_new0(Call, 1);
    *call = (Call){ { 0, NULL }, done, data };
    if ((http->flags & ~CFX_HTTP_PUBLIC_ONLY) != 0)
        g_critical("http: flags: unknown bit");
    else if (self->web->server != NULL)
        call->answer = self->web->server(self->web->server_data, http);
    cfx_harness_later(self, answer_http, call);
}

typedef struct {
    const User *user;
    CfxError code;
    CfxLoginDone done;
    gpointer data;
} Login;

static void
answer_login(gpointer data)
{
    g_autofree Login *login = data;
    g_autoptr(GError) error = NULL;
    if (login->user == NULL)
        error = g_error_new_literal(CFX_ERROR,
                                    login->code,
                                    login->code == CFX_ERROR_AUTH ? "wrong password"
                                                                  : "nobody of that name");
    login->done(login->data, error == NULL ? &login->user->login : NULL, error);
}

void
cfx_harness_login(const CfxHost *host,
                  const char *user,
                  const char *password,
                  gint64 lifetime_us,
                  CfxLoginDone done,
                  gpointer data)
{
    CfxHarness *self = cfx_harness_of(host);
    Login *login = g_new0(Login, 1);
    *login = (Login){ NULL, password != NULL ? CFX_ERROR_NOT_FOUND : CFX_ERROR_AUTH, done, data };
    for (guint i = 0; i < self->web->users->len && login->user == NULL; i++) {
        const User *known = self->web->users->pdata[i];
        if (password == NULL && g_strcmp0(known->login.token, user) == 0)
            login->user = known;
        if (password == NULL || strcmp(known->user, user) != 0)
            continue;
        login->code = CFX_ERROR_AUTH;
        if (g_strcmp0(known->password, password) == 0)
            login->user = known;
    }
    cfx_harness_later(self, answer_login, login);
}

gboolean
cfx_harness_may(const CfxHost *host, gint64 principal, guint32 right, gint64 asset)
{
    GHashTable *rights = cfx_harness_of(host)->web->rights;
    const gint64 everybody = 0;
    guint32 has = GPOINTER_TO_UINT(g_hash_table_lookup(rights, &principal)) |
                  GPOINTER_TO_UINT(g_hash_table_lookup(rights, &everybody));
    return (has & right) == right;
}

void
cfx_harness_logout(const CfxHost *host, const char *token)
{
    GPtrArray *users = cfx_harness_of(host)->web->users;
    for (guint i = 0; i < users->len; i++) {
        User *known = users->pdata[i];
        if (g_strcmp0(known->login.token, token) == 0)
            known->login.token = NULL;
    }
}

/* --- for tests -------------------------------------------------------------------------------- */

void
cfx_harness_set_server(CfxHarness *self, CfxHarnessServer server, gpointer data)
{
    self->web->server = server;
    self->web->server_data = data;
}

void
cfx_harness_add_login(CfxHarness *self,
                      const char *user,
                      const char *password,
                      const CfxLogin *login)
{
    User *mine = g_new0(User, 1);
    mine->user = g_strdup(user);
    mine->password = g_strdup(password);
    memcpy(&mine->login, login, MIN(login->struct_size, sizeof mine->login));
    mine->login.struct_size = sizeof mine->login;
    mine->login.identity = cfx_harness_text(login->identity != NULL ? login->identity : user);
    mine->login.token = cfx_harness_text(login->token);
    g_ptr_array_add(self->web->users, mine);
}

void
cfx_harness_set_rights(CfxHarness *self, gint64 principal, guint32 rights)
{
    g_hash_table_replace(
        self->web->rights, g_memdup2(&principal, sizeof(gint64)), GUINT_TO_POINTER(rights));
}
