/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <kit/cfx-json.h>

#include "vtn-server.h"

static const char *
title_of(guint status)
{
    static const struct {
        guint status;
        const char *title;
    } titles[] = {
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 409, "Conflict" },
        { 413, "Payload Too Large" },
        { 429, "Too Many Requests" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(titles); i++) {
        if (titles[i].status == status)
            return titles[i].title;
    }
    return "Error";
}

static void
write_problem(CfxJsonWriter *json, guint status, const char *detail)
{
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "type", "about:blank");
    cfx_json_member_text(json, "title", title_of(status));
    cfx_json_member_int(json, "status", status);
    cfx_json_member_text(json, "detail", detail);
    cfx_json_end_object(json);
}

void
vtn_problem(VtnServer *self, const CfxRequest *request, guint status, const char *detail)
{
    static const CfxPair plain[] = { { "Content-Type", "application/json" }, { NULL, NULL } };
    static const CfxPair bearer[] = { { "Content-Type", "application/json" },
                                      { "WWW-Authenticate", "Bearer" },
                                      { NULL, NULL } };
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    write_problem(&json, status, detail);
    g_autoptr(GBytes) body = cfx_json_writer_steal(&json);
    self->host->web->respond(request, status, status == 401 ? bearer : plain, body);
}

GBytes *
vtn_problem_refuse(
    gpointer data, const CfxRequest *request, guint32 status, const char *reason, const char **type)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    *type = "application/json";
    write_problem(&json, status, reason);
    return cfx_json_writer_steal(&json);
}

void
vtn_answer_text(VtnServer *self, const CfxRequest *request, guint status, const char *text)
{
    /* the body depends on who asks: no cache between may give it to another */
    static const CfxPair headers[] = { { "Content-Type", "application/json" },
                                       { "Cache-Control", "private, no-cache" },
                                       { NULL, NULL } };
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));

    self->host->web->respond(request, status, headers, body);
}

void
vtn_answer_object(VtnServer *self,
                  const CfxRequest *request,
                  guint status,
                  const VtnObject *object,
                  char *const *shown)
{
    g_string_truncate(self->text, 0);
    vtn_object_write(object, shown, self->text);
    vtn_answer_text(self, request, status, self->text->str);
}
