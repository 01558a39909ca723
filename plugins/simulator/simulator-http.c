/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-http.h"

#include <string.h>

#include "simulator-json.h"
#include "simulator-text.h"

#define ANSWER_MAX (1024 * 1024)
#define LOGGED_MAX 2000

typedef struct {
    SimWorld *world;
    const char *who;
    guint64 id, debt;
    gint64 sent_us;
    gboolean is_secret;
    GCancellable *stopped; /* the world's: when it is triggered the world is not touched again */
    SoupMessage *message;
    GInputStream *stream;
    GByteArray *answer;
    SimHttpDone done;
    gpointer data;
} Exchange;

static void
exchange_free(Exchange *self)
{
    g_clear_object(&self->stopped);
    g_clear_object(&self->message);
    g_clear_object(&self->stream);
    g_byte_array_unref(self->answer);
    g_free(self);
}

static void
log_answer(Exchange *self, guint status, JsonNode *body, const char *error)
{
    gint64 real_us = cfx_now_real(sim_world_host(self->world));
    GString *line = sim_world_log(self->world, self->who, "in", "http");
    sim_text_integer(line, "id", (gint64)self->id);
    sim_text_integer(line, "status", status);
    sim_text_real(line, "ms", (double)(real_us - self->sent_us) / 1000);
    if (error != NULL)
        sim_text_string(line, "error", error);
    if (!self->is_secret && body != NULL && self->answer->len <= LOGGED_MAX) {
        g_autofree char *text = sim_json_text(body);
        sim_text_raw(line, "body", text);
    } else if (!self->is_secret && self->answer->len > 0) {
        g_autofree char *cut =
            g_strndup((const char *)self->answer->data, MIN(self->answer->len, LOGGED_MAX));
        g_autofree char *text = g_utf8_make_valid(cut, -1);
        sim_text_string(line, "body", text);
    }
    sim_world_logged(self->world);
}

static void
finish(Exchange *self, guint status, const GError *error)
{
    if (g_cancellable_is_cancelled(self->stopped)) {
        exchange_free(self);
        return;
    }
    sim_world_catch_up(self->world);
    g_autoptr(JsonNode) body = NULL;
    if (error == NULL && self->answer->len > 0)
        body = sim_json_parse((const char *)self->answer->data, self->answer->len, NULL);
    log_answer(self, error == NULL ? status : 0, body, error == NULL ? NULL : error->message);
    guint64 debt = self->debt;
    if (error != NULL)
        sim_world_missed(self->world);
    self->done(self->data, self->id, error == NULL ? status : 0, body);
    sim_world_paid(self->world, &debt);
    exchange_free(self);
}

static void read_on(Exchange *self);

static void
read_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    Exchange *self = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);
    if (bytes == NULL) {
        finish(self, 0, error);
        return;
    }
    gsize size = 0;
    const guint8 *at = g_bytes_get_data(bytes, &size);
    if (size == 0) {
        finish(self, soup_message_get_status(self->message), NULL);
        return;
    }
    if (self->answer->len + size > ANSWER_MAX) {
        g_set_error_literal(&error, CFX_ERROR, CFX_ERROR_PEER, "the answer is too long");
        finish(self, 0, error);
        return;
    }
    g_byte_array_append(self->answer, at, (guint)size);
    read_on(self);
}

static void
read_on(Exchange *self)
{
    g_input_stream_read_bytes_async(
        self->stream, 16384, G_PRIORITY_DEFAULT, self->stopped, read_cb, self);
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    Exchange *self = data;
    g_autoptr(GError) error = NULL;
    self->stream = soup_session_send_finish(SOUP_SESSION(source), result, &error);
    if (self->stream == NULL || g_cancellable_is_cancelled(self->stopped))
        finish(self, 0, error);
    else
        read_on(self);
}

static void
log_request(SimWorld *world, const SimRequest *request, guint64 id, SoupMessage *message)
{
    GUri *uri = soup_message_get_uri(message);
    GString *line = sim_world_log(world, request->who, "out", "http");
    sim_text_integer(line, "id", (gint64)id);
    sim_text_string(line, "method", request->method);
    sim_text_string(line, "path", g_uri_get_path(uri));
    if (request->again != 0)
        sim_text_integer(line, "again", (gint64)request->again);
    if (request->body != NULL && !request->is_secret)
        sim_text_raw(line, "body", request->body);
    sim_world_logged(world);
}

guint64
sim_http_send(SimWorld *world, const SimRequest *request, SimHttpDone done, gpointer data)
{
    Exchange *self = g_new0(Exchange, 1);
    self->world = world;
    self->who = request->who;
    self->id = sim_world_number(world);
    self->stopped = g_object_ref(sim_world_stopped(world));
    self->is_secret = request->is_secret;
    self->done = done;
    self->data = data;
    self->answer = g_byte_array_new();
    self->message = soup_message_new(request->method, request->url);
    if (self->message == NULL) {
        g_critical("not an address: %s", request->url);
        exchange_free(self);
        return 0;
    }
    soup_message_add_flags(self->message, SOUP_MESSAGE_NO_REDIRECT);
    if (request->authorization != NULL)
        soup_message_headers_replace(soup_message_get_request_headers(self->message),
                                     "Authorization",
                                     request->authorization);
    if (request->body != NULL) {
        g_autoptr(GBytes) bytes = g_bytes_new(request->body, strlen(request->body));
        soup_message_set_request_body_from_bytes(
            self->message, request->type != NULL ? request->type : "application/json", bytes);
    }
    log_request(world, request, self->id, self->message);
    self->sent_us = cfx_now_real(sim_world_host(world));
    self->debt = sim_world_owe(world, request->who);
    soup_session_send_async(
        sim_world_session(world), self->message, G_PRIORITY_DEFAULT, self->stopped, sent_cb, self);
    return self->id;
}
