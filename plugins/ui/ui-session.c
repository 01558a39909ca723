/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sign-in and out. The cookie holds a bearer token of the host, which keeps only its hash. */
#include "ui-answer.h"
#include "ui-body.h"
#include "ui-door.h"
#include "ui-origin.h"
#include "ui-pages.h"

#include <kit/cfx-time.h>
#include <string.h>

/* so many sign-ins of one address may fail in a minute, whoever it tries to be */
#define FAILURES_MAX 20
#define FAILURES_WINDOW_US (60 * CFX_SECOND)
#define FAILURES_REMEMBERED 1024

typedef struct {
    gint64 since_us; /* REAL */
    guint count;
} Failure;

/* --- failures ---------------------------------------------------------------------------------- */

static gboolean
is_old(gpointer key, gpointer value, gpointer now_us)
{
    return ((Failure *)value)->since_us + FAILURES_WINDOW_US <= *(gint64 *)now_us;
}

static gboolean
has_failed_often(const Ui *self, const char *peer)
{
    const Failure *failure = g_hash_table_lookup(self->failures, peer);

    return failure != NULL && failure->count >= FAILURES_MAX &&
           failure->since_us + FAILURES_WINDOW_US > cfx_now_real(self->host);
}

static void
note_failure(Ui *self, const char *peer)
{
    gint64 now_us = cfx_now_real(self->host);
    Failure *failure = g_hash_table_lookup(self->failures, peer);

    if (failure == NULL) {
        if (g_hash_table_size(self->failures) >= FAILURES_REMEMBERED)
            g_hash_table_foreach_remove(self->failures, is_old, &now_us);
        if (g_hash_table_size(self->failures) >= FAILURES_REMEMBERED)
            return;
        failure = g_new0(Failure, 1);
        failure->since_us = now_us;
        g_hash_table_insert(self->failures, g_strdup(peer), failure);
    }
    if (failure->since_us + FAILURES_WINDOW_US <= now_us)
        *failure = (Failure){ .since_us = now_us };
    failure->count++;
}

/* --- answers ----------------------------------------------------------------------------------- */

static gboolean
is_secure(const Ui *self, const CfxRequest *request)
{
    return self->secure == UI_COOKIE_YES ||
           (self->secure == UI_COOKIE_AUTO && request->fingerprint != NULL);
}

/* @lifetime_us 0: the cookie goes away */
static char *
cookie_of(const Ui *self, const CfxRequest *request, const char *token, gint64 lifetime_us)
{
    g_autofree char *name = ui_cookie_name(ui_header(request, "host"));

    return g_strdup_printf("%s=%s; Path=/ui/; Max-Age=%" G_GINT64_FORMAT
                           "; HttpOnly; SameSite=Strict%s",
                           name,
                           token,
                           lifetime_us / CFX_SECOND,
                           is_secure(self, request) ? "; Secure" : "");
}

static void
answer_session(const Ui *self,
               const CfxRequest *request,
               const char *user,
               guint32 role,
               gint64 expires_us,
               const char *cookie)
{
    const CfxPair more[] = { { cookie != NULL ? "Set-Cookie" : NULL, cookie }, { NULL, NULL } };
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_name(&json, "session");
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "user", user);
    cfx_json_member_text(&json, "role", ui_role_name(role));
    cfx_json_name(&json, "expires");
    if (expires_us != 0)
        cfx_json_time(&json, expires_us / CFX_SECOND * CFX_SECOND);
    else
        cfx_json_null(&json);
    cfx_json_member_bool(&json, "commands", role >= CFX_ROLE_OPERATE);
    cfx_json_end_object(&json);
    cfx_json_end_object(&json);
    ui_answer_json(self, request, 200, &json, more);
}

/* --- in ---------------------------------------------------------------------------------------- */

typedef struct {
    UiVisit *visit;
    gboolean is_token;
} SignIn;

static void
refuse_often(const Ui *self, const CfxRequest *request)
{
    ui_answer_error(self,
                    request,
                    429,
                    "too-many",
                    "too many sign-ins have failed",
                    "Wait a minute, then try again.");
}

static void
refuse_wrong(const Ui *self, const CfxRequest *request, gboolean is_token)
{
    if (is_token)
        ui_answer_error(self,
                        request,
                        401,
                        "wrong-token",
                        "this link is not valid: it was used, or its time is over",
                        "Make a new one on the host: cariflexctl login");
    else
        ui_answer_error(self,
                        request,
                        401,
                        "wrong-password",
                        "name or password is wrong",
                        "Try again, or make a link on the host: cariflexctl login");
}

static void
signed_in_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    g_autofree SignIn *sign_in = data;
    g_autoptr(UiVisit) visit = sign_in->visit;
    Ui *self = visit->ui;

    if (error != NULL && (g_error_matches(error, CFX_ERROR, CFX_ERROR_AUTH) ||
                          g_error_matches(error, CFX_ERROR, CFX_ERROR_NOT_FOUND))) {
        /* nobody learns which names there are */
        note_failure(self, visit->request->peer);
        refuse_wrong(self, visit->request, sign_in->is_token);
    } else if (g_error_matches(error, CFX_ERROR, CFX_ERROR_FULL)) {
        refuse_often(self, visit->request);
    } else if (error != NULL) {
        ui_answer_gerror(self, visit->request, error);
    } else if (login->role < CFX_ROLE_READ) {
        self->host->web->logout(self->host, login->token);
        ui_answer_error(self,
                        visit->request,
                        403,
                        "role",
                        "nothing here may be seen with this name",
                        "Ask for a grant: data/doc/import-format.md says how one is given.");
    } else {
        g_autofree char *cookie = cookie_of(self, visit->request, login->token, self->session_us);
        answer_session(
            self, visit->request, login->identity, login->role, login->expires_us, cookie);
    }
}

void
ui_session_post(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    Ui *self = visit->ui;
    gsize size = 0;
    const char *bytes = g_bytes_get_data(visit->request->body, &size);
    g_autofree char *text = g_strndup(bytes != NULL ? bytes : "", size);
    g_auto(UiSignIn) body = { 0 };
    g_autoptr(GError) error = NULL;

    if (has_failed_often(self, visit->request->peer)) {
        refuse_often(self, visit->request);
        return;
    }
    if (!ui_sign_in_parse(text, size, &body, &error)) {
        ui_answer_error(self,
                        visit->request,
                        400,
                        "syntax",
                        error->message,
                        "Send {\"user\": …, \"password\": …} or {\"token\": …}.");
        return;
    }
    SignIn *sign_in = g_new(SignIn, 1);
    *sign_in = (SignIn){ g_steal_pointer(&visit), body.token != NULL };
    self->host->web->login(self->host,
                           body.token != NULL ? body.token : body.user,
                           body.password,
                           self->session_us,
                           signed_in_cb,
                           sign_in);
    explicit_bzero(text, strlen(text));
}

void
ui_session_get(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;

    answer_session(
        visit->ui, visit->request, visit->identity, visit->role, visit->expires_us, NULL);
}

/* --- out --------------------------------------------------------------------------------------- */

void
ui_session_delete(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    const Ui *self = visit->ui;
    g_autofree char *cookie = cookie_of(self, visit->request, "", 0);
    CfxPair headers[UI_SAFE_HEADERS + 3] = { { "Set-Cookie", cookie },
                                             { "Cache-Control", "no-store" } };

    headers[2 + ui_safe_headers(headers + 2)] = (CfxPair){ NULL, NULL };
    self->host->web->logout(self->host, visit->token);
    ui_pages_signed_out(visit->ui, visit->token);
    self->host->web->respond(visit->request, 204, headers, NULL);
}
