/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The WebSocket engine: all sockets of one home loop, behind one epoll set, with one receive
 * buffer. An idle connection holds its struct and nothing else. What is sent in a turn is written
 * at its end, one write a socket. All functions are called [home].
 */
#pragma once

#include "cfx-instance.h"
#include "cfx-stream.h"
#include "cfx-ws-frame.h"

#include <cariflex/cfx-web.h>

G_BEGIN_DECLS

/** Settings, shared by the sockets of a listener and outliving them. */
typedef struct {
    CfxWsLimits limits;
    gsize send_max;  /**< bytes waiting above which a peer reads too slowly and is dropped */
    gint64 ping_us;  /**< REAL: silent for so long, it is pinged; 0: never */
    gint64 pong_us;  /**< REAL: no sign of life for so long after a ping, it is dead */
    gint64 close_us; /**< REAL: the most that a peer may take to answer a close frame */
} CfxSocketHow;

typedef struct {
    guint64 opened, messages_in, bytes_in, messages_out, bytes_out;
    guint open; /**< now */
} CfxSocketCounts;

typedef struct _CfxSockets CfxSockets;

CfxSockets *cfx_sockets_new(CfxLoop *loop);
/** Closes all without a word. */
void cfx_sockets_free(CfxSockets *self);
/** [any] roughly */
CfxSocketCounts cfx_sockets_counts(const CfxSockets *self);

/** Stops or goes on reading from all of them (the store has no room). Not from those whose instance
 *  is already stopping. */
void cfx_sockets_set_paused(CfxSockets *self, gboolean is_paused);

/** closed() with GOING_AWAY for each socket of that instance, now. */
void cfx_sockets_drop_owner(CfxSockets *self, const CfxInstance *owner);

/**
 * A socket whose handshake is not over: what is sent waits. attach() or fail() follows.
 * @left: called when its descriptor is closed
 */
CfxSocket *cfx_socket_new(CfxSockets *self,
                          CfxInstance *owner,
                          const CfxSocketOps *ops,
                          gpointer data,
                          const CfxSocketHow *how,
                          CfxFunc left,
                          gpointer left_data);
/** The handshake is over. Takes the stream; `early` (nullable): bytes that came with it. */
void cfx_socket_attach(CfxSocket *socket, CfxStream stream, GBytes *early);
/** The handshake failed: closed() follows. */
void cfx_socket_fail(CfxSocket *socket, const char *reason);

/** Calls of CfxWebApi. */
gsize cfx_socket_send(CfxSocket *socket, const char *text, gsize size);
void cfx_socket_close(CfxSocket *socket, guint32 code, const char *reason);

G_END_DECLS
