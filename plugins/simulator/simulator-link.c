/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-link.h"

#include <string.h>

#include "simulator-json.h"
#include "simulator-text.h"

#define CALL_TIMEOUT_US (30 * CFX_SECOND)
#define BACK_OFF_FIRST_US (300 * (gint64)1000)
#define BACK_OFF_MAX_US (2 * CFX_SECOND)
#define FRAME_MAX (1024 * 1024)
#define WAITING_MAX 20000

typedef struct {
    char *id, *action, *payload;
    SimCallFlags flags;
    SimCallDone done;
    gboolean is_sent;
} Call;

struct _SimLink {
    SimWorld *world;
    char *name, *url, *authorization;
    const SimLinkOps *ops;
    gpointer data;
    gboolean is_wanted, is_held, is_connecting;
    SoupWebsocketConnection *socket;
    GCancellable *attempt; /* of a connection that is being made */
    GQueue calls;          /* (element-type Call), the first may be in flight */
    guint64 last_id, frames, debt;
    guint failures;
    CfxTimer retry, timeout;
};

static void pump(SimLink *self);
static void connect_now(gpointer data);

static void
call_free(Call *call)
{
    g_free(call->id);
    g_free(call->action);
    g_free(call->payload);
    g_free(call);
}

SimLink *
sim_link_new(SimWorld *world,
             const char *name,
             const char *url,
             const char *password,
             const SimLinkOps *ops,
             gpointer data)
{
    SimLink *self = g_new0(SimLink, 1);
    g_autofree char *pair = g_strdup_printf("%s:%s", name, password);
    g_autofree char *encoded = g_base64_encode((const guchar *)pair, strlen(pair));
    self->world = world;
    self->name = g_strdup(name);
    self->url = g_strdup(url);
    self->authorization = g_strconcat("Basic ", encoded, NULL);
    self->ops = ops;
    self->data = data;
    g_queue_init(&self->calls);
    return self;
}

static void
log_socket(SimLink *self, const char *state, int code, const char *reason, gint64 again_us)
{
    GString *line = sim_world_log(self->world, self->name, "note", "socket");
    sim_text_string(line, "state", state);
    if (code != 0)
        sim_text_integer(line, "code", code);
    if (reason != NULL)
        sim_text_string(line, "reason", reason);
    if (again_us != 0)
        sim_text_integer(line, "again_ms", again_us / 1000);
    sim_world_logged(self->world);
}

static void
log_frame(SimLink *self, const char *dir, const char *frame, gboolean is_json)
{
    GString *line = sim_world_log(self->world, self->name, dir, "frame");
    if (is_json)
        sim_text_raw(line, "frame", frame);
    else
        sim_text_string(line, "text", frame);
    sim_world_logged(self->world);
    self->frames++;
}

/* --- the socket ---------------------------------------------------------------------------- */

static void
drop_socket(SimLink *self)
{
    if (self->socket == NULL)
        return;
    g_signal_handlers_disconnect_by_data(self->socket, self);
    g_clear_object(&self->socket);
}

/* Calls that are not kept are lost with the socket; one in flight is sent again. */
static void
drop_calls(SimLink *self, gboolean all)
{
    GQueue lost = G_QUEUE_INIT;
    cfx_timer_clear(sim_world_host(self->world), &self->timeout);
    sim_world_paid(self->world, &self->debt);
    for (GList *l = self->calls.head; l != NULL;) {
        GList *following = l->next;
        Call *call = l->data;
        call->is_sent = FALSE;
        if (all || (call->flags & SIM_CALL_KEEP) == 0) {
            g_queue_unlink(&self->calls, l);
            g_queue_push_tail_link(&lost, l);
        }
        l = following;
    }
    for (Call *call; (call = g_queue_pop_head(&lost)) != NULL; call_free(call))
        if (!all && call->done != NULL)
            call->done(self->data, SIM_CALL_LOST, NULL);
}

static void
retry_later(SimLink *self, const char *state, int code, const char *reason)
{
    gint64 pause_us = BACK_OFF_FIRST_US << MIN(self->failures, 6);
    pause_us = MIN(pause_us, BACK_OFF_MAX_US);
    pause_us += g_random_int_range(0, (gint32)(pause_us / 4));
    self->failures++;
    gboolean again = self->is_wanted;
    log_socket(self, state, code, reason, again ? pause_us : 0);
    if (again)
        self->retry = cfx_timer_after(
            sim_world_host(self->world), CFX_CLOCK_REAL, pause_us, connect_now, self);
}

static void
closed_cb(SoupWebsocketConnection *socket, gpointer data)
{
    SimLink *self = data;
    int code = soup_websocket_connection_get_close_code(socket);
    g_autofree char *reason = g_strdup(soup_websocket_connection_get_close_data(socket));
    sim_world_catch_up(self->world);
    drop_socket(self);
    self->ops->closed(self->data);
    drop_calls(self, FALSE);
    retry_later(self, "closed", code, reason);
    if (self->is_wanted)
        sim_world_missed(self->world);
    sim_world_station_changed(self->world);
}

static void message_cb(SoupWebsocketConnection *socket, int type, GBytes *bytes, gpointer data);

static void
connected_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SoupWebsocketConnection) socket =
        soup_session_websocket_connect_finish(SOUP_SESSION(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* the link may be gone */
    SimLink *self = data;
    self->is_connecting = FALSE;
    g_clear_object(&self->attempt);
    sim_world_catch_up(self->world);
    sim_world_paid(self->world, &self->debt);
    if (socket == NULL) {
        retry_later(self, "failed", 0, error->message);
        sim_world_missed(self->world);
        return;
    }
    if (!self->is_wanted)
        return;
    self->socket = g_steal_pointer(&socket);
    self->failures = 0;
    soup_websocket_connection_set_max_incoming_payload_size(self->socket, FRAME_MAX);
    g_signal_connect(self->socket, "message", G_CALLBACK(message_cb), self);
    g_signal_connect(self->socket, "closed", G_CALLBACK(closed_cb), self);
    log_socket(self, "open", 0, NULL, 0);
    self->ops->opened(self->data);
    pump(self);
    sim_world_station_changed(self->world);
}

static void
connect_now(gpointer data)
{
    SimLink *self = data;
    self->retry = 0;
    if (!self->is_wanted || self->socket != NULL || self->is_connecting)
        return;
    char protocol[] = "ocpp2.0.1", *protocols[] = { protocol, NULL };
    g_autoptr(SoupMessage) message = soup_message_new("GET", self->url);
    soup_message_headers_replace(
        soup_message_get_request_headers(message), "Authorization", self->authorization);
    self->is_connecting = TRUE;
    self->attempt = g_cancellable_new();
    self->debt = sim_world_owe(self->world, self->name);
    soup_session_websocket_connect_async(sim_world_session(self->world),
                                         message,
                                         NULL,
                                         protocols,
                                         G_PRIORITY_DEFAULT,
                                         self->attempt,
                                         connected_cb,
                                         self);
}

void
sim_link_start(SimLink *self)
{
    self->is_wanted = TRUE;
    self->failures = 0;
    connect_now(self);
}

void
sim_link_cut(SimLink *self)
{
    self->is_wanted = FALSE;
    cfx_timer_clear(sim_world_host(self->world), &self->retry);
    if (self->attempt != NULL)
        g_cancellable_cancel(self->attempt);
    g_clear_object(&self->attempt);
    self->is_connecting = FALSE;
    sim_world_paid(self->world, &self->debt);
    if (self->socket == NULL)
        return;
    g_autoptr(GIOStream) stream =
        g_object_ref(soup_websocket_connection_get_io_stream(self->socket));
    drop_socket(self);
    g_io_stream_close(stream, NULL, NULL);
    self->ops->closed(self->data);
    drop_calls(self, FALSE);
    log_socket(self, "closed", 1006, "network lost", 0);
    sim_world_station_changed(self->world);
}

void
sim_link_restart(SimLink *self)
{
    if (sim_link_is_open(self))
        soup_websocket_connection_close(self->socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "restart");
}

gboolean
sim_link_is_open(SimLink *self)
{
    return self->socket != NULL &&
           soup_websocket_connection_get_state(self->socket) == SOUP_WEBSOCKET_STATE_OPEN;
}

gboolean
sim_link_is_wanted(SimLink *self)
{
    return self->is_wanted;
}

void
sim_link_free(SimLink *self)
{
    if (self == NULL)
        return;
    self->is_wanted = FALSE;
    if (self->attempt != NULL)
        g_cancellable_cancel(self->attempt);
    g_clear_object(&self->attempt);
    cfx_timer_clear(sim_world_host(self->world), &self->retry);
    if (sim_link_is_open(self))
        soup_websocket_connection_close(self->socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
    drop_socket(self);
    drop_calls(self, TRUE);
    g_free(self->name);
    g_free(self->url);
    g_free(self->authorization);
    g_free(self);
}

/* --- calls --------------------------------------------------------------------------------- */

static void
send_frame(SimLink *self, const char *frame)
{
    log_frame(self, "out", frame, TRUE);
    if (sim_link_is_open(self))
        soup_websocket_connection_send_text(self->socket, frame);
}

static void
timeout_cb(gpointer data)
{
    SimLink *self = data;
    self->timeout = 0;
    sim_world_catch_up(self->world);
    Call *call = g_queue_pop_head(&self->calls);
    sim_world_paid(self->world, &self->debt);
    if (call->done != NULL)
        call->done(self->data, SIM_CALL_LOST, NULL);
    call_free(call);
    pump(self);
}

static void
pump(SimLink *self)
{
    Call *call = g_queue_peek_head(&self->calls);
    if (call == NULL || call->is_sent || !sim_link_is_open(self))
        return;
    if (self->is_held && (call->flags & SIM_CALL_FIRST) == 0)
        return;
    g_autoptr(GString) frame = g_string_new("[2");
    sim_text_string(frame, NULL, call->id);
    sim_text_string(frame, NULL, call->action);
    sim_text_raw(frame, NULL, call->payload);
    sim_text_close(frame, ']');
    call->is_sent = TRUE;
    self->debt = sim_world_owe(self->world, self->name);
    self->timeout = cfx_timer_after(
        sim_world_host(self->world), CFX_CLOCK_REAL, CALL_TIMEOUT_US, timeout_cb, self);
    send_frame(self, frame->str);
}

void
sim_link_call(
    SimLink *self, SimCallFlags flags, const char *action, const char *payload, SimCallDone done)
{
    if (!sim_link_is_open(self) && (flags & SIM_CALL_KEEP) == 0)
        return;
    if (self->calls.length >= WAITING_MAX)
        return;
    Call *call = g_new0(Call, 1);
    call->id = g_strdup_printf("%s-%" G_GUINT64_FORMAT, self->name, ++self->last_id);
    call->action = g_strdup(action);
    call->payload = g_strdup(payload);
    call->flags = flags;
    call->done = done;
    Call *head = g_queue_peek_head(&self->calls);
    if ((flags & SIM_CALL_FIRST) == 0)
        g_queue_push_tail(&self->calls, call);
    else if (head != NULL && head->is_sent)
        g_queue_push_nth(&self->calls, call, 1);
    else
        g_queue_push_head(&self->calls, call);
    pump(self);
}

void
sim_link_hold(SimLink *self, gboolean is_held)
{
    self->is_held = is_held;
    pump(self);
}

guint
sim_link_waiting(SimLink *self)
{
    return self->calls.length;
}

guint64
sim_link_frames(SimLink *self)
{
    return self->frames;
}

void
sim_link_answer(SimLink *self, const char *id, const char *payload)
{
    g_autoptr(GString) frame = g_string_new("[3");
    sim_text_string(frame, NULL, id);
    sim_text_raw(frame, NULL, payload);
    sim_text_close(frame, ']');
    send_frame(self, frame->str);
}

void
sim_link_refuse(SimLink *self, const char *id, const char *code, const char *description)
{
    g_autoptr(GString) frame = g_string_new("[4");
    sim_text_string(frame, NULL, id);
    sim_text_string(frame, NULL, code);
    sim_text_string(frame, NULL, description);
    g_string_append(frame, ",{}]");
    send_frame(self, frame->str);
}

/* An answer to the call in flight; anything else is only logged. */
static void
take_answer(SimLink *self, SimCallEnd end, const char *id, JsonObject *payload)
{
    Call *call = g_queue_peek_head(&self->calls);
    if (call == NULL || !call->is_sent || g_strcmp0(call->id, id) != 0)
        return;
    g_queue_pop_head(&self->calls);
    cfx_timer_clear(sim_world_host(self->world), &self->timeout);
    guint64 debt = self->debt;
    self->debt = 0;
    if (call->done != NULL)
        call->done(self->data, end, payload);
    call_free(call);
    pump(self);
    sim_world_paid(self->world, &debt); /* last: what follows from the answer is owed already */
}

static gboolean
take_frame(SimLink *self, JsonArray *frame)
{
    double kind = 0;
    guint n = json_array_get_length(frame);
    const char *id = sim_json_string_at(frame, 1);
    if (!sim_json_real_at(frame, 0, &kind) || id == NULL || strlen(id) > 36)
        return FALSE;
    if (kind == 3 && n == 3) {
        take_answer(self, SIM_CALL_RESULT, id, sim_json_item(frame, 2));
        return TRUE;
    }
    if (kind == 4 && n == 5) {
        take_answer(self, SIM_CALL_ERROR, id, NULL);
        return TRUE;
    }
    const char *action = sim_json_string_at(frame, 2);
    JsonObject *payload = n == 4 ? sim_json_item(frame, 3) : NULL;
    if (kind != 2 || action == NULL || payload == NULL)
        return FALSE;
    self->ops->called(self->data, id, action, payload);
    return TRUE;
}

static void
message_cb(SoupWebsocketConnection *socket, int type, GBytes *bytes, gpointer data)
{
    SimLink *self = data;
    gsize size = 0;
    const char *text = g_bytes_get_data(bytes, &size);
    sim_world_catch_up(self->world);
    if (type != SOUP_WEBSOCKET_DATA_TEXT) {
        soup_websocket_connection_close(socket, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA, NULL);
        return;
    }
    g_autoptr(JsonNode) node = sim_json_parse(text, size, NULL);
    g_autofree char *copy = g_strndup(text, size);
    log_frame(self, "in", copy, node != NULL);
    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node) ||
        !take_frame(self, json_node_get_array(node)))
        sim_link_refuse(self, "-1", "RpcFrameworkError", "not a frame of OCPP-J");
}
