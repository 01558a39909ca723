/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_US (2 * G_USEC_PER_SEC)
#define LINGER_BYTES                                                                               \
    (64 * 1024 * 1024) /* a peer that keeps sending is not listened to for longer */

static gssize
plain_read(gpointer self, int fd, guint8 *to, gsize size)
{
    return recv(fd, to, size, 0);
}

static gssize
plain_write(gpointer self, int fd, const guint8 *from, gsize size)
{
    return send(fd, from, size, MSG_NOSIGNAL);
}

CfxStream
cfx_stream_plain(int fd)
{
    static const CfxStreamOps OPS = { .read = plain_read, .write = plain_write };
    return (CfxStream){ .ops = &OPS, .fd = fd };
}

void
cfx_stream_close(CfxStream *stream)
{
    if (stream->fd < 0)
        return;
    if (stream->ops->free != NULL)
        stream->ops->free(stream->self);
    close(stream->fd);
    stream->fd = -1;
}

struct _CfxLinger {
    CfxLingers *home;
    GList link;
    CfxStream stream;
    CfxLoopFd *watch;
    CfxTimer timer;
    guint8 *rest; /* not written yet */
    gsize from, size;
    gsize thrown;
    CfxFunc done;
    gpointer data;
};

struct _CfxLingers {
    CfxLoop *loop;
    GQueue all; /* (element-type CfxLinger) */
};

CfxLingers *
cfx_lingers_new(CfxLoop *loop)
{
    CfxLingers *self = g_new0(CfxLingers, 1);
    self->loop = loop;
    return self;
}

static void
end(CfxLinger *self)
{
    CfxLoop *loop = self->home->loop;
    g_queue_unlink(&self->home->all, &self->link);
    if (self->watch != NULL)
        cfx_loop_fd_remove(loop, self->watch);
    cfx_loop_timer_stop(loop, self->timer);
    cfx_stream_close(&self->stream);
    g_free(self->rest);
    if (self->done != NULL)
        self->done(self->data);
    g_free(self);
}

void
cfx_lingers_free(CfxLingers *self)
{
    if (self == NULL)
        return;
    while (self->all.head != NULL)
        end(self->all.head->data);
    g_free(self);
}

static gboolean
would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* FALSE: it failed. */
static gboolean
write_rest(CfxLinger *self)
{
    while (self->from < self->size) {
        gssize written =
            cfx_stream_write(&self->stream, self->rest + self->from, self->size - self->from);
        if (written < 0)
            return would_block();
        self->from += (gsize)written;
    }
    if (self->rest == NULL)
        return TRUE;
    g_clear_pointer(&self->rest, g_free);
    self->from = self->size = 0;
    shutdown(self->stream.fd, SHUT_WR);
    if (self->watch != NULL)
        cfx_loop_fd_modify(self->home->loop, self->watch, EPOLLIN);
    return TRUE;
}

static void
timer_cb(gpointer data)
{
    CfxLinger *self = data;
    self->timer = 0;
    end(self);
}

static void
fd_cb(gpointer data, guint32 events)
{
    CfxLinger *self = data;
    guint8 scratch[16384];
    if (!write_rest(self)) {
        end(self);
        return;
    }
    for (guint i = 0; i < 16; i++) {
        gssize size = cfx_stream_read(&self->stream, scratch, sizeof scratch);
        if (size < 0 && would_block())
            return;
        if (size <= 0 || (self->thrown += (gsize)size) > LINGER_BYTES) {
            end(self);
            return;
        }
    }
}

void
cfx_lingers_add(CfxLingers *self,
                CfxStream stream,
                guint8 *rest,
                gsize from,
                gsize size,
                CfxFunc done,
                gpointer data)
{
    CfxLinger *linger = g_new0(CfxLinger, 1);
    *linger = (CfxLinger){ .home = self,
                           .stream = stream,
                           .rest = rest,
                           .from = from,
                           .size = size,
                           .done = done,
                           .data = data };
    linger->link.data = linger;
    g_queue_push_tail_link(&self->all, &linger->link);
    if (rest == NULL)
        shutdown(stream.fd, SHUT_WR);
    linger->watch = cfx_loop_fd_add(
        self->loop, stream.fd, EPOLLIN | (rest != NULL ? EPOLLOUT : 0), fd_cb, linger);
    if (linger->watch == NULL) {
        end(linger);
        return;
    }
    linger->timer = cfx_loop_timer_start(self->loop,
                                         CFX_CLOCK_REAL,
                                         cfx_loop_now(self->loop, CFX_CLOCK_REAL) + LINGER_US,
                                         timer_cb,
                                         linger);
}
