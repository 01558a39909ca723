/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-socket.h"

#include <errno.h>
#include <string.h>

#define RECEIVE_SIZE (256 * 1024)
#define READS_A_TURN 4 /* of one socket; the others want their turn */
#define OUT_FIRST 256

typedef enum {
    OPENING, /* the handshake is not over */
    OPEN,
    CLOSING, /* our close frame is queued; waits for the peer's */
    ENDED,   /* closed() is due */
} State;

struct _CfxSocket {
    CfxSockets *home;
    GList link; /* in home->all */
    CfxInstance *owner;
    guint64 generation;
    CfxSocketOps ops; /* zero-filled copy */
    gpointer data;
    const CfxSocketHow *how;
    CfxFunc left;
    gpointer left_data;

    CfxStream stream;
    CfxLoopFd *watch;
    guint32 events;
    CfxTimer timer; /* ping, or the end of patience with a close */
    gint64 heard_us, pinged_us;
    CfxWsDecoder decoder;

    guint8 *out; /* not written yet: from out_from to out_size */
    gsize out_from, out_size, out_room;

    State state;
    guint32 code; /* for closed() */
    char *reason;
    gboolean is_dirty : 1;   /* in home->dirty */
    gboolean is_pending : 1; /* attach() or fail() is still to come: it must stay */
    gboolean is_told : 1;    /* closed() was called */
};

struct _CfxSockets {
    CfxLoop *loop;
    GQueue all;       /* (element-type CfxSocket) */
    GPtrArray *dirty; /* (element-type CfxSocket) something to write */
    GPtrArray *ended; /* (element-type CfxSocket) closed() is due */
    CfxLingers *lingers;
    guint8 *receive;
    CfxSocketCounts counts;
    gboolean is_paused, is_asked, is_in_turn_end, is_dead;
};

static void turn_end_cb(gpointer data);
static void timer_cb(gpointer data);

CfxSockets *
cfx_sockets_new(CfxLoop *loop)
{
    CfxSockets *self = g_new0(CfxSockets, 1);
    self->loop = loop;
    self->dirty = g_ptr_array_new();
    self->ended = g_ptr_array_new();
    self->lingers = cfx_lingers_new(loop);
    return self;
}

static void
socket_free(CfxSocket *socket)
{
    CfxSockets *home = socket->home;
    g_queue_unlink(&home->all, &socket->link);
    if (socket->watch != NULL)
        cfx_loop_fd_remove(home->loop, socket->watch);
    cfx_loop_timer_stop(home->loop, socket->timer);
    if (socket->stream.fd >= 0) {
        cfx_stream_close(&socket->stream);
        socket->left(socket->left_data);
    }
    cfx_ws_decoder_clear(&socket->decoder);
    g_free(socket->out);
    g_free(socket->reason);
    g_free(socket);
}

static void
sockets_free_now(CfxSockets *self)
{
    cfx_lingers_free(self->lingers);
    g_ptr_array_unref(self->dirty);
    g_ptr_array_unref(self->ended);
    g_free(self->receive);
    g_free(self);
}

void
cfx_sockets_free(CfxSockets *self)
{
    if (self == NULL)
        return;
    while (self->all.head != NULL)
        socket_free(self->all.head->data);
    self->is_dead = TRUE;
    if (!self->is_asked)
        sockets_free_now(self);
}

CfxSocketCounts
cfx_sockets_counts(const CfxSockets *self)
{
    CfxSocketCounts counts = self->counts;
    counts.open = self->all.length;
    return counts;
}

/* At the end of this turn; what the end of a turn causes waits for the next one, or a peer that
 * reads fast and a plugin that writes more when drained would never leave it. */
static void
ask_turn_end(CfxSockets *self)
{
    if (self->is_asked || self->is_in_turn_end)
        return;
    self->is_asked = TRUE;
    cfx_loop_end_of_turn(self->loop, turn_end_cb, self);
}

static void
mark_dirty(CfxSocket *socket)
{
    if (socket->is_dirty)
        return;
    socket->is_dirty = TRUE;
    g_ptr_array_add(socket->home->dirty, socket);
    ask_turn_end(socket->home);
}

static gsize
waiting(const CfxSocket *socket)
{
    return socket->out_size - socket->out_from;
}

static void
want_events(CfxSocket *socket)
{
    guint32 events = EPOLLRDHUP;
    if (!socket->home->is_paused)
        events |= EPOLLIN;
    else
        events = 0; /* a level-triggered hang-up would not let the loop sleep */
    if (waiting(socket) > 0)
        events |= EPOLLOUT;
    if (socket->watch == NULL || events == socket->events)
        return;
    socket->events = events;
    cfx_loop_fd_modify(socket->home->loop, socket->watch, events);
}

/* The connection is over for the plugin; its closed() comes at the end of the turn. With `linger`
 * the peer may still read what we wrote last. */
static void
end(CfxSocket *socket, guint32 code, const char *reason, gboolean linger)
{
    CfxSockets *home = socket->home;
    if (socket->state == ENDED)
        return;
    if (socket->state != CLOSING) { /* the code that was given to close() stands */
        socket->code = code;
        g_free(socket->reason);
        socket->reason = g_strdup(reason);
    }
    socket->state = ENDED;
    cfx_loop_timer_stop(home->loop, socket->timer);
    socket->timer = 0;
    if (socket->watch != NULL)
        cfx_loop_fd_remove(home->loop, socket->watch);
    socket->watch = NULL;
    if (linger && socket->stream.fd >= 0) {
        cfx_lingers_add(home->lingers,
                        socket->stream,
                        g_steal_pointer(&socket->out),
                        socket->out_from,
                        socket->out_size,
                        socket->left,
                        socket->left_data);
        socket->stream.fd = -1;
    }
    g_ptr_array_add(home->ended, socket);
    ask_turn_end(home);
}

static void
abandon(CfxSocket *socket, const char *reason)
{
    end(socket, CFX_WS_ABNORMAL, reason, FALSE);
}

static void
queue_frame(CfxSocket *socket, guint8 opcode, const void *bytes, gsize size)
{
    gsize wanted = waiting(socket) + size + CFX_WS_HEADER_MAX;
    if (wanted > socket->how->send_max && wanted > size + CFX_WS_HEADER_MAX) {
        abandon(socket, "reads too slowly");
        return;
    }
    if (socket->out_from > 0 && socket->out_size + size + CFX_WS_HEADER_MAX > socket->out_room) {
        memmove(socket->out, socket->out + socket->out_from, waiting(socket));
        socket->out_size -= socket->out_from;
        socket->out_from = 0;
    }
    if (wanted > socket->out_room) {
        gsize grown = MAX(socket->out_room * 2, OUT_FIRST);
        socket->out_room = MAX(grown, wanted);
        socket->out = g_realloc(socket->out, socket->out_room);
    }
    socket->out_size += cfx_ws_header_write(socket->out + socket->out_size, opcode, size);
    if (size > 0)
        memcpy(socket->out + socket->out_size, bytes, size);
    socket->out_size += size;
    mark_dirty(socket);
}

static void
queue_close(CfxSocket *socket, guint32 code, const char *reason)
{
    guint8 bytes[CFX_WS_CONTROL_MAX];
    queue_frame(socket, CFX_WS_OP_CLOSE, bytes, cfx_ws_close_write(bytes, code, reason));
}

static gint64
now_us(const CfxSocket *socket)
{
    return cfx_loop_now(socket->home->loop, CFX_CLOCK_REAL);
}

static void
start_timer(CfxSocket *socket, gint64 at_us)
{
    cfx_loop_timer_stop(socket->home->loop, socket->timer);
    socket->timer =
        cfx_loop_timer_start(socket->home->loop, CFX_CLOCK_REAL, at_us, timer_cb, socket);
}

static void
timer_cb(gpointer data)
{
    CfxSocket *socket = data;
    socket->timer = 0;
    gint64 now = now_us(socket);
    if (socket->state == CLOSING) {
        end(socket, 0, NULL, FALSE);
    } else if (socket->pinged_us > socket->heard_us) {
        if (now - socket->pinged_us >= socket->how->pong_us)
            abandon(socket, "no answer to a ping");
        else
            start_timer(socket, socket->pinged_us + socket->how->pong_us);
    } else if (now - socket->heard_us >= socket->how->ping_us) {
        socket->pinged_us = now;
        queue_frame(socket, CFX_WS_OP_PING, NULL, 0);
        if (socket->state == OPEN)
            start_timer(socket, now + socket->how->pong_us);
    } else {
        start_timer(socket, socket->heard_us + socket->how->ping_us);
    }
}

static gboolean
may_call(const CfxSocket *socket)
{
    return cfx_instance_is_alive(socket->owner, socket->generation);
}

/* Tells the peer why, and ends. */
static void
refuse(CfxSocket *socket, guint32 code, const char *reason)
{
    if (socket->state == OPEN)
        queue_close(socket, code, reason);
    end(socket, code, reason, TRUE);
}

static void
give_message(CfxSocket *socket, const CfxWsItem *item)
{
    if (socket->state != OPEN || !may_call(socket))
        return;
    socket->home->counts.messages_in++;
    if (item->kind == CFX_WS_BINARY && socket->ops.binary == NULL) {
        refuse(socket, CFX_WS_UNSUPPORTED, "binary messages are not understood here");
        return;
    }
    gint64 entered = cfx_instance_enter(socket->owner);
    if (item->kind == CFX_WS_BINARY)
        socket->ops.binary(socket->data, socket, item->bytes, item->size);
    else
        socket->ops.message(socket->data, socket, (char *)item->bytes, item->size);
    cfx_instance_leave(socket->owner, entered, "message");
}

static void
give_close(CfxSocket *socket, const CfxWsItem *item)
{
    if (socket->state == OPEN)
        queue_close(socket, item->code, NULL);
    end(socket, item->code, item->size > 0 ? (const char *)item->bytes : NULL, TRUE);
}

static void
decode(CfxSocket *socket, guint8 *bytes, gsize size)
{
    guint8 *at = bytes;
    socket->heard_us = now_us(socket);
    socket->home->counts.bytes_in += size;
    while (socket->state != ENDED) {
        CfxWsItem item;
        cfx_ws_decoder_next(&socket->decoder, &at, bytes + size, &item);
        switch (item.kind) {
        case CFX_WS_MORE:
            return;
        case CFX_WS_TEXT:
        case CFX_WS_BINARY:
            give_message(socket, &item);
            break;
        case CFX_WS_PING:
            if (socket->state == OPEN)
                queue_frame(socket, CFX_WS_OP_PONG, item.bytes, item.size);
            break;
        case CFX_WS_PONG:
            break;
        case CFX_WS_CLOSE:
            give_close(socket, &item);
            break;
        case CFX_WS_BROKEN:
            refuse(socket, item.code, item.reason);
            break;
        }
    }
}

static guint8 *
receive_buffer(CfxSockets *self)
{
    if (self->receive == NULL)
        self->receive = g_malloc(RECEIVE_SIZE + 1); /* one for the decoder's NUL */
    return self->receive;
}

static void
read_all(CfxSocket *socket)
{
    guint8 *buffer = receive_buffer(socket->home);
    for (guint i = 0; i < READS_A_TURN && socket->state != ENDED; i++) {
        gssize size = cfx_stream_read(&socket->stream, buffer, RECEIVE_SIZE);
        if (size < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (size <= 0) {
            abandon(socket, size == 0 ? "the peer has gone" : g_strerror(errno));
            return;
        }
        decode(socket, buffer, (gsize)size);
        gboolean is_pending = socket->state != ENDED && socket->stream.ops->is_pending != NULL &&
                              socket->stream.ops->is_pending(socket->stream.self);
        if (size < RECEIVE_SIZE && !is_pending)
            return;
    }
}

static void
flush(CfxSocket *socket)
{
    if (socket->state == ENDED || socket->stream.fd < 0)
        return;
    while (waiting(socket) > 0) {
        gssize written =
            cfx_stream_write(&socket->stream, socket->out + socket->out_from, waiting(socket));
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) {
            want_events(socket);
            return;
        }
        if (written < 0) {
            abandon(socket, g_strerror(errno));
            return;
        }
        socket->out_from += (gsize)written;
        socket->home->counts.bytes_out += (gsize)written;
    }
    g_clear_pointer(&socket->out, g_free);
    socket->out_from = socket->out_size = socket->out_room = 0;
    want_events(socket);
    if (socket->state == OPEN && socket->ops.drained != NULL && may_call(socket)) {
        gint64 entered = cfx_instance_enter(socket->owner);
        socket->ops.drained(socket->data, socket);
        cfx_instance_leave(socket->owner, entered, "drained");
    }
}

static void
fd_cb(gpointer data, guint32 events)
{
    CfxSocket *socket = data;
    if (events & EPOLLOUT)
        flush(socket);
    if (socket->state != ENDED && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
        read_all(socket);
}

static void
tell_closed(CfxSocket *socket)
{
    if (may_call(socket)) {
        gint64 entered = cfx_instance_enter(socket->owner);
        socket->ops.closed(socket->data, socket, socket->code, socket->reason);
        cfx_instance_leave(socket->owner, entered, "closed");
    }
    if (socket->is_dirty)
        g_ptr_array_remove_fast(socket->home->dirty, socket);
    socket->is_dirty = FALSE;
    socket->is_told = TRUE;
    if (!socket->is_pending)
        socket_free(socket);
}

static void
turn_end_cb(gpointer data)
{
    CfxSockets *self = data;
    self->is_asked = FALSE;
    if (self->is_dead) {
        sockets_free_now(self);
        return;
    }
    self->is_in_turn_end = TRUE;
    /* what is marked meanwhile comes behind and waits */
    guint n = self->dirty->len;
    for (guint i = 0; i < n; i++) {
        CfxSocket *socket = self->dirty->pdata[i];
        socket->is_dirty = FALSE;
        flush(socket);
    }
    if (n > 0)
        g_ptr_array_remove_range(self->dirty, 0, n);
    while (self->ended->len > 0)
        tell_closed(g_ptr_array_steal_index(self->ended, self->ended->len - 1));
    self->is_in_turn_end = FALSE;
    if (self->dirty->len > 0 || self->ended->len > 0) {
        self->is_asked = TRUE;
        cfx_loop_post(self->loop, turn_end_cb, self);
    }
}

void
cfx_sockets_drop_owner(CfxSockets *self, const CfxInstance *owner)
{
    for (GList *link = self->all.head, *next; link != NULL; link = next) {
        CfxSocket *socket = link->data;
        next = link->next;
        if (socket->owner != owner || socket->is_told)
            continue;
        if (socket->state != ENDED)
            refuse(socket, CFX_WS_GOING_AWAY, "the service stops");
        g_ptr_array_remove(self->ended, socket);
        tell_closed(socket);
    }
}

void
cfx_sockets_set_paused(CfxSockets *self, gboolean is_paused)
{
    self->is_paused = is_paused;
    for (GList *link = self->all.head; link != NULL; link = link->next)
        want_events(link->data);
}

CfxSocket *
cfx_socket_new(CfxSockets *self,
               CfxInstance *owner,
               const CfxSocketOps *ops,
               gpointer data,
               const CfxSocketHow *how,
               CfxFunc left,
               gpointer left_data)
{
    CfxSocket *socket = g_new0(CfxSocket, 1);
    socket->home = self;
    socket->owner = owner;
    socket->generation = owner->generation;
    memcpy(&socket->ops, ops, MIN(ops->struct_size, sizeof socket->ops));
    socket->data = data;
    socket->how = how;
    socket->left = left;
    socket->left_data = left_data;
    socket->stream.fd = -1;
    socket->is_pending = TRUE;
    cfx_ws_decoder_init(&socket->decoder, &how->limits);
    socket->link.data = socket;
    g_queue_push_tail_link(&self->all, &socket->link);
    return socket;
}

/* The decoder wants to write into its bytes, and one behind them. */
static void
decode_early(CfxSocket *socket, GBytes *early)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(early, &size);
    guint8 *buffer = receive_buffer(socket->home);
    for (gsize from = 0; from < size && socket->state != ENDED; from += RECEIVE_SIZE) {
        gsize n = MIN(size - from, RECEIVE_SIZE);
        memcpy(buffer, bytes + from, n);
        decode(socket, buffer, n);
    }
}

void
cfx_socket_attach(CfxSocket *socket, CfxStream stream, GBytes *early)
{
    CfxSockets *home = socket->home;
    gboolean is_closing = socket->state == CLOSING;
    socket->stream = stream;
    socket->is_pending = FALSE;
    home->counts.opened++;
    if (socket->is_told) {
        socket_free(socket); /* closes the stream */
        return;
    }
    if (socket->state == ENDED)
        return;
    if (!is_closing)
        socket->state = OPEN;
    socket->events = EPOLLIN | EPOLLRDHUP;
    socket->watch = cfx_loop_fd_add(home->loop, stream.fd, socket->events, fd_cb, socket);
    if (socket->watch == NULL) {
        abandon(socket, g_strerror(errno));
        return;
    }
    want_events(socket);
    socket->heard_us = now_us(socket);
    if (is_closing)
        start_timer(socket, socket->heard_us + socket->how->close_us);
    else if (socket->how->ping_us > 0)
        start_timer(socket, socket->heard_us + socket->how->ping_us);
    if (waiting(socket) > 0)
        mark_dirty(socket);
    if (early != NULL)
        decode_early(socket, early);
}

void
cfx_socket_fail(CfxSocket *socket, const char *reason)
{
    socket->left(socket->left_data);
    socket->is_pending = FALSE;
    if (socket->is_told)
        socket_free(socket);
    else
        abandon(socket, reason);
}

gsize
cfx_socket_send(CfxSocket *socket, const char *text, gsize size)
{
    if (socket->state != OPEN && socket->state != OPENING)
        return 0;
    socket->home->counts.messages_out++;
    queue_frame(socket, CFX_WS_OP_TEXT, text, size);
    return waiting(socket);
}

void
cfx_socket_close(CfxSocket *socket, guint32 code, const char *reason)
{
    if (socket->state != OPEN && socket->state != OPENING)
        return;
    gboolean is_open = socket->state == OPEN;
    queue_close(socket, code, reason);
    if (socket->state == ENDED)
        return;
    socket->state = CLOSING;
    socket->code = code;
    socket->reason = g_strdup(reason);
    if (is_open)
        start_timer(socket, now_us(socket) + socket->how->close_us);
}
