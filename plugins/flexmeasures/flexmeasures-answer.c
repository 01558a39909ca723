/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flexmeasures-answer.h"

#define UNAUTHORIZED "You could not be properly authenticated for this content or functionality."
#define FORBIDDEN "You cannot be authorized for this content or functionality."
#define REPLACEMENT                                                                                \
    "Some of the data you sent represents a replacement, which is reserved for servers in play "   \
    "mode. Enable play mode or update the prior in your request."

void
fm_answer_json(const CfxHost *host, const CfxRequest *request, guint status, CfxJsonWriter *json)
{
    static const CfxPair headers[] = { { "Content-Type", "application/json" }, { NULL, NULL } };
    g_autoptr(GBytes) body = cfx_json_writer_steal(json);

    host->web->respond(request, status, headers, body);
}

/* the shape of domain refusals: result, status as a word, message */
static void
write_rejected(CfxJsonWriter *json, const char *status, const char *message)
{
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "result", "Rejected");
    cfx_json_member_text(json, "status", status);
    cfx_json_member_text(json, "message", message);
    cfx_json_end_object(json);
}

static void
write_plain(CfxJsonWriter *json, guint status, const char *message)
{
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "message", message);
    cfx_json_member_int(json, "status", status);
    cfx_json_end_object(json);
}

static void
write_unauthorized(CfxJsonWriter *json)
{
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "message", UNAUTHORIZED);
    cfx_json_member_text(json, "status", "UNAUTHORIZED");
    cfx_json_end_object(json);
}

void
fm_answer_unauthorized(const CfxHost *host, const CfxRequest *request)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    write_unauthorized(&json);
    fm_answer_json(host, request, 401, &json);
}

void
fm_answer_forbidden(const CfxHost *host, const CfxRequest *request)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    write_rejected(&json, "INVALID_SENDER", FORBIDDEN);
    fm_answer_json(host, request, 403, &json);
}

void
fm_answer_replacement(const CfxHost *host, const CfxRequest *request)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    write_rejected(&json, "INVALID_REPLACEMENT", REPLACEMENT);
    fm_answer_json(host, request, 403, &json);
}

void
fm_answer_plain(const CfxHost *host, const CfxRequest *request, guint status, const char *message)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    write_plain(&json, status, message);
    fm_answer_json(host, request, status, &json);
}

void
fm_answer_invalid(const CfxHost *host,
                  const CfxRequest *request,
                  const char *location,
                  const char *field,
                  const char *text)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "result", "Rejected");
    cfx_json_member_text(&json, "status", "UNPROCESSABLE_ENTITY");
    cfx_json_name(&json, "message");
    cfx_json_begin_object(&json);
    cfx_json_name(&json, location);
    cfx_json_begin_object(&json);
    cfx_json_name(&json, field);
    cfx_json_begin_array(&json);
    cfx_json_text(&json, text);
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    cfx_json_end_object(&json);
    cfx_json_end_object(&json);
    fm_answer_json(host, request, 422, &json);
}

GBytes *
fm_answer_refuse(
    gpointer data, const CfxRequest *request, guint32 status, const char *reason, const char **type)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    *type = "application/json";
    if (status == 401)
        write_unauthorized(&json);
    else if (status == 403)
        write_rejected(&json, "INVALID_SENDER", FORBIDDEN);
    else if (status == 413)
        write_rejected(&json, "PAYLOAD_TOO_LARGE", reason);
    else if (status == 429)
        write_rejected(&json, "TOO_MANY_REQUESTS", reason);
    else
        write_plain(&json, status, reason);
    return cfx_json_writer_steal(&json);
}
