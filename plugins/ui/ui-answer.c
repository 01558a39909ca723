/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-answer.h"

static const CfxPair safe[UI_SAFE_HEADERS] = {
    { "Content-Security-Policy",
      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
      "frame-ancestors 'none'" },
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Permissions-Policy", "camera=(), microphone=(), geolocation=()" },
};

guint
ui_safe_headers(CfxPair *pairs)
{
    for (guint i = 0; i < UI_SAFE_HEADERS; i++)
        pairs[i] = safe[i];
    return UI_SAFE_HEADERS;
}

void
ui_answer_json(const Ui *ui,
               const CfxRequest *request,
               guint status,
               CfxJsonWriter *json,
               const CfxPair *more)
{
    CfxPair headers[UI_SAFE_HEADERS + 8] = { { "Content-Type", "application/json" },
                                             { "Cache-Control", "no-store" } };
    guint n = 2 + ui_safe_headers(headers + 2);
    g_autoptr(GBytes) body = cfx_json_writer_steal(json);

    for (; more != NULL && more->name != NULL && n < G_N_ELEMENTS(headers) - 1; more++)
        headers[n++] = *more;
    headers[n] = (CfxPair){ NULL, NULL };
    ui->host->web->respond(request, status, headers, body);
}

void
ui_error_write(CfxJsonWriter *json, const char *code, const char *message, const char *hint)
{
    cfx_json_begin_object(json);
    cfx_json_name(json, "error");
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "code", code);
    cfx_json_member_text(json, "message", message);
    cfx_json_member_text(json, "hint", hint);
    cfx_json_end_object(json);
    cfx_json_end_object(json);
}

void
ui_answer_error(const Ui *ui,
                const CfxRequest *request,
                guint status,
                const char *code,
                const char *message,
                const char *hint)
{
    static const CfxPair wait[] = { { "Retry-After", "60" }, { NULL, NULL } };
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    ui_error_write(&json, code, message, hint);
    ui_answer_json(ui, request, status, &json, status == 429 ? wait : NULL);
}

void
ui_answer_nothing(const Ui *ui, const CfxRequest *request)
{
    CfxPair headers[UI_SAFE_HEADERS + 2] = { { "Cache-Control", "no-store" } };

    headers[1 + ui_safe_headers(headers + 1)] = (CfxPair){ NULL, NULL };
    ui->host->web->respond(request, 204, headers, NULL);
}

void
ui_answer_not_found(const Ui *ui, const CfxRequest *request, const char *what)
{
    g_autofree char *message = g_strdup_printf("there is no such %s", what);

    ui_answer_error(ui,
                    request,
                    404,
                    "not-found",
                    message,
                    "Look at the address, or sign in as somebody who may see it.");
}

typedef struct {
    guint status;
    const char *code, *hint;
} Kind;

/* by CfxError */
static const Kind kinds[] = {
    [CFX_ERROR_FAILED] = { 502, "peer", "Look at the daemon's log." },
    [CFX_ERROR_CONFIG] = { 503, "unavailable", "Look at the daemon's log." },
    [CFX_ERROR_UNAVAILABLE] = { 503, "unavailable", "Wait until it is back, or look at its link." },
    [CFX_ERROR_AUTH] = { 403, "role", "Sign in as somebody with a higher role." },
    [CFX_ERROR_PEER] = { 502, "peer", "Look at the station's last messages." },
    [CFX_ERROR_INVALID] = { 422, "invalid", "Correct that member; the command's schema says how." },
    [CFX_ERROR_CONFLICT] = { 409, "conflict", "Load it again; somebody else has changed it." },
    [CFX_ERROR_NOT_FOUND] = { 404, "not-found", "Load the page again." },
    [CFX_ERROR_NOT_SUPPORTED] = { 501, "not-supported", "This device cannot do that." },
    [CFX_ERROR_CANCELLED] = { 503, "unavailable", "The daemon stops; try again when it is back." },
    [CFX_ERROR_FULL] = { 429, "too-many", "Wait a minute." },
};

void
ui_answer_gerror(const Ui *ui, const CfxRequest *request, const GError *error)
{
    guint code = error->domain == CFX_ERROR && error->code >= 0 &&
                         (gsize)error->code < G_N_ELEMENTS(kinds)
                     ? (guint)error->code
                     : CFX_ERROR_FAILED;

    ui_answer_error(
        ui, request, kinds[code].status, kinds[code].code, error->message, kinds[code].hint);
}

GBytes *
ui_answer_refuse(
    gpointer data, const CfxRequest *request, guint32 status, const char *reason, const char **type)
{
    const char *code = status == 400   ? "syntax"
                       : status == 401 ? "signed-out"
                       : status == 403 ? "role"
                       : status == 404 ? "not-found"
                       : status == 405 ? "method"
                       : status == 413 ? "too-large"
                       : status == 429 ? "too-many"
                                       : "unavailable";
    const char *hint = status == 413   ? "Send less than 64 KiB."
                       : status == 429 ? "Wait a little."
                       : status == 503 ? "Try again in a moment."
                                       : NULL;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    ui_error_write(&json, code, reason, hint);
    *type = "application/json";
    return cfx_json_writer_steal(&json);
}
