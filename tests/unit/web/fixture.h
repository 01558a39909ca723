/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A web with one listener on loopback, one instance that mounts routes, and a peer of raw bytes in
 * the same thread. */
#pragma once

#include "cfx-schema.h"
#include "cfx-web-private.h"

typedef struct {
    CfxClock *clock;
    CfxLoop *loop;
    CfxWeb *web;
    CfxInstance *instance;
    const CfxHost *host;
    const CfxWebApi *api;
    guint16 port;
} Fixture;

/* keys: further lines of the group, or NULL */
void fixture_open(Fixture *self, const char *keys);
void fixture_close(Fixture *self);
void fixture_route(Fixture *self,
                   const char *method,
                   const char *path,
                   guint32 role,
                   void (*handle)(gpointer data, const CfxRequest *request),
                   gpointer data);
/* What an instance's end does in the loader. */
void fixture_stop_instance(Fixture *self);

/* Lets the loop turn until *flag; fails after 20 s. */
void fixture_until(Fixture *self, const gboolean *flag);
/* Lets it turn while there is something to do now. */
void fixture_settle(Fixture *self);

CfxChecked *fixture_config(const char *name, const char *keys, char **ret_problems);

/* tokens "reader", "operator", "admin"; password "right" for users of these names, later */
CfxWebAuth fixture_auth(Fixture *self);

typedef struct {
    Fixture *home;
    int fd;
    GString *got; /* bytes not yet taken */
    gboolean is_ended;
} Peer;

Peer *peer_new(Fixture *home);
void peer_free(Peer *self);
void peer_write(Peer *self, const void *bytes, gssize size);
/* The answer's head, and its body by Content-Length; FALSE: the connection ended before. */
gboolean peer_read_answer(Peer *self, guint *ret_status, char **ret_head, char **ret_body);
/* Waits until the other side has ended. */
void peer_read_end(Peer *self);
/* One frame of the server: first byte and payload (transfer full). FALSE: the end. */
gboolean peer_read_frame(Peer *self, guint8 *ret_first, GBytes **ret_payload);
void peer_expect_text(Peer *self, const char *text);
void peer_expect_close(Peer *self, guint code);
/* Sends a handshake; extra: further header lines with CRLF, or NULL */
void peer_handshake(Peer *self, const char *path, const char *extra);
/* One whole exchange; returns the status */
guint http_get(Fixture *self, const char *head, char **ret_head, char **ret_body);

guint open_descriptors(void);
