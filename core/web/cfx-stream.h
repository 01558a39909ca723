/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the bytes of a WebSocket come from and go to: two functions over a non-blocking descriptor.
 * Plain TCP is one pair; TLS is another over the same descriptor.
 */
#pragma once

#include "cfx-loop.h"

G_BEGIN_DECLS

typedef struct {
    /** Both as recv() and send(): -1 with errno EAGAIN when it would block; read 0: the end. */
    gssize (*read)(gpointer self, int fd, guint8 *to, gsize size);
    gssize (*write)(gpointer self, int fd, const guint8 *from, gsize size);
    /** (nullable) Whether it holds bytes that epoll does not know of. */
    gboolean (*is_pending)(gpointer self);
    /** (nullable) The descriptor is closed by whoever calls this. */
    void (*free)(gpointer self);
} CfxStreamOps;

typedef struct {
    const CfxStreamOps *ops;
    gpointer self;
    int fd;
} CfxStream;

/** Plain TCP over a descriptor, which it owns from now on. */
CfxStream cfx_stream_plain(int fd);

static inline gssize
cfx_stream_read(const CfxStream *stream, guint8 *to, gsize size)
{
    return stream->ops->read(stream->self, stream->fd, to, size);
}

static inline gssize
cfx_stream_write(const CfxStream *stream, const guint8 *from, gsize size)
{
    return stream->ops->write(stream->self, stream->fd, from, size);
}

/** Closes the descriptor at once; it must not be watched any more. */
void cfx_stream_close(CfxStream *stream);

/**
 * Closes so that the peer reads what we wrote last: writes the rest, ends our side, and throws away
 * what still comes until the peer ends too, for 2 s at most. A bare close() with unread bytes would
 * send a reset, and the peer would never see the close frame.
 */
typedef struct _CfxLinger CfxLinger;
typedef struct _CfxLingers CfxLingers; /**< those of one loop */

CfxLingers *cfx_lingers_new(CfxLoop *loop);
/** Closes what lingers at once. */
void cfx_lingers_free(CfxLingers *self);
/** Takes the stream and the bytes from `from` on of the buffer (g_malloc'ed, nullable, transfer
 *  full). done (nullable) comes when the descriptor is closed. */
void cfx_lingers_add(CfxLingers *self,
                     CfxStream stream,
                     guint8 *rest,
                     gsize from,
                     gsize size,
                     CfxFunc done,
                     gpointer data);

G_END_DECLS
