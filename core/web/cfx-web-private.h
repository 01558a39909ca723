/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share. */
#pragma once

#include "cfx-peers.h"
#include "cfx-routes.h"
#include "cfx-socket.h"
#include "cfx-web.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define CFX_WEB_BODY_MAX (64 * 1024) /* of a route that says nothing */

typedef struct _CfxListener CfxListener;

/* --- listener-config.c: a [listener:NAME] group, read ---------------------------------------- */

typedef struct {
    struct sockaddr_storage address;
    socklen_t address_size;
    char *text;    /* as it was configured */
    GArray *allow; /* (element-type CfxCidr) empty: everybody */
    guint connections, connections_per_peer;
    double rate, burst;
    gsize header_size;
    guint headers;
    gint64 request_us, answer_us;
    gboolean has_health, has_metrics;
    const char *zone;
    CfxSocketHow socket;
} CfxListenerHow;

/* NULL with `error`. */
CfxListenerHow *cfx_listener_how_new(const CfxConfig *config, GError **error);
void cfx_listener_how_free(CfxListenerHow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxListenerHow, cfx_listener_how_free)
gboolean cfx_listener_how_is_loopback(const CfxListenerHow *self);

/* --- listener.c: accepts, counts, and feeds libsoup ------------------------------------------- */

struct _CfxListener {
    guint refs; /* main thread only */
    CfxWeb *web;
    char *name;
    CfxListenerHow *how;
    int fd;
    CfxLoopFd *watch;
    CfxTimer pause;   /* no descriptors left: look again later */
    gboolean is_full; /* at its limit of connections */
    SoupServer *server;
    GSocketAddress *local;
    CfxRoutes *routes;
    CfxPeers *peers;
    guint connections;
    gsize bodies; /* bytes of them that are in memory */
    guint64 accepted, refused, requests;
};

/* An accepted connection: counted until it is closed, as HTTP or as a WebSocket. */
typedef struct {
    gatomicrefcount refs; /* the last one goes on the main thread */
    CfxListener *listener;
    GSocket *socket; /* libsoup's; NULL when it has gone */
    CfxAddress address;
    char *peer; /* "127.0.0.1" */
    CfxTimer timer;
    struct _CfxHeadStream *input;
    gboolean is_over;  /* more than a peer may have: answered 503 */
    gboolean is_taken; /* its descriptor lives on without libsoup: counts until cfx_conn_left() */
} CfxConn;

CfxListener *
cfx_listener_new(CfxWeb *web, const char *name, const CfxConfig *config, GError **error);
/* No new connections. */
void cfx_listener_close(CfxListener *self);
/* Ends HTTP connections too. */
void cfx_listener_drop(CfxListener *self);
CfxListener *cfx_listener_ref(CfxListener *self);
void cfx_listener_unref(CfxListener *self);

CfxConn *cfx_conn_ref(CfxConn *self);
void cfx_conn_unref(CfxConn *self);
/* The connection that a message came in by. */
CfxConn *cfx_conn_of(SoupServerMessage *msg);
/* Its descriptor; -1 when it is closed. */
int cfx_conn_fd(const CfxConn *self);
/* Ends it without an answer; libsoup then notices. */
void cfx_conn_cut(CfxConn *self);
/* The request has come in: time for it counts no more. */
void cfx_conn_stop_timer(CfxConn *self);
/* libsoup is to meet the end of it. */
void cfx_conn_end_input(CfxConn *self);
/* Whether the peer has closed, as far as the kernel knows. */
gboolean cfx_conn_is_gone(const CfxConn *self);
/* The WebSocket that it became is closed, or the peer has read what it was refused with. */
void cfx_conn_left(CfxConn *self);

/* --- request.c: one request from its headers to its answer -------------------------------------
 */

/* A new message of that listener's server. */
void cfx_request_begin(CfxListener *listener, SoupServerMessage *msg);
/* libsoup's handler: the body is there. */
void cfx_request_handle(SoupServerMessage *msg);
/* CfxWebApi.respond [any] */
void cfx_request_respond(const CfxRequest *request,
                         guint32 status,
                         const CfxPair *headers,
                         GBytes *body);
/* Answers 503 to those that wait for that life of an instance, and forgets them. */
void cfx_requests_drop_owner(CfxWeb *web, const CfxInstance *owner, guint64 generation);

typedef enum {
    CFX_REQUEST_READING,  /* not given to a plugin yet */
    CFX_REQUEST_WAITING,  /* at the plugin */
    CFX_REQUEST_ANSWERED, /* by whomever */
} CfxRequestState;

typedef struct {
    CfxRequest view; /* first: what the plugin sees */
    gatomicrefcount refs;
    CfxListener *listener;
    CfxConn *conn;
    SoupServerMessage *msg; /* NULL when libsoup has finished with it; main thread only */
    CfxMount *mount;
    CfxRequestState state;
    GList link; /* in web->requests while the plugin holds it */
    gboolean is_held;
    gboolean is_inside; /* libsoup's handler has not returned */
    gboolean is_paused;
    gsize body_max, body_size;
    guint refusal; /* status that was decided before the body came */
    char *allow;
    gint64 wait_us;
    CfxTimer timer;
    CfxSocket *socket; /* an upgrade is under way */
    char *block;       /* texts of `view` */
    CfxPair *pairs;
    char **protocols;
} CfxRequestHold;

CfxRequestHold *cfx_request_hold_ref(CfxRequestHold *self);
void cfx_request_hold_unref(CfxRequestHold *self);
/* Sets the answer on the message and lets libsoup write it. */
void
cfx_request_hold_answer(CfxRequestHold *self, guint32 status, const CfxPair *headers, GBytes *body);
/* Goes on with a paused message. */
void cfx_request_hold_continue(CfxRequestHold *self);
/* The plugin has done with it. */
void cfx_request_hold_release(CfxRequestHold *self);

/* --- refusal.c: the host's own answers ----------------------------------------------------------
 */

/* FALSE: it may not be sent, which was logged. */
gboolean cfx_refusal_is_clean(const CfxPair *header);
/* reason: NULL: the usual one */
void cfx_request_hold_refuse(CfxRequestHold *self, guint32 status, const char *reason);
/* Before its body has come, and without reading that. */
void cfx_request_hold_refuse_early(CfxRequestHold *self, guint32 status);
/* The head is not even given to libsoup. */
void cfx_conn_refuse_head(CfxConn *self, guint32 status);

/* --- upgrade.c: from a request to a WebSocket ---------------------------------------------------
 */

/* Protocols offered; NULL: not a handshake. *ret_status: not 0: a wrong handshake, to be refused.
 */
char **cfx_upgrade_offer(SoupServerMessage *msg, guint *ret_status);
/* CfxWebApi.upgrade [home] */
CfxSocket *cfx_upgrade(const CfxRequest *request,
                       const char *protocol,
                       const CfxSocketOps *ops,
                       gpointer data);
/* The message ended before the handshake was written. */
void cfx_upgrade_failed(CfxRequestHold *hold);

/* --- http.c: calls to other servers -------------------------------------------------------------
 */

typedef struct _CfxHttp CfxHttp;
CfxHttp *cfx_http_new(CfxWeb *web);
void cfx_http_free(CfxHttp *self);
void cfx_http_call(
    CfxHttp *self, CfxInstance *owner, const CfxHttpCall *call, CfxHttpDone done, gpointer data);
void cfx_http_drop_owner(CfxHttp *self, const CfxInstance *owner);

/* --- login.c -------------------------------------------------------------------------------------
 */

typedef struct _CfxLogins CfxLogins;
CfxLogins *cfx_logins_new(CfxWeb *web);
void cfx_logins_free(CfxLogins *self);
void cfx_login_call(CfxLogins *self,
                    CfxInstance *owner,
                    const char *user,
                    const char *password,
                    gint64 lifetime_us,
                    CfxLoginDone done,
                    gpointer data);
void cfx_logins_drop_owner(CfxLogins *self, const CfxInstance *owner);

/* --- monitor.c -----------------------------------------------------------------------------------
 */

gboolean cfx_monitor_mount(CfxWeb *web, CfxListener *listener, GError **error);

/* --- web.c
 * ---------------------------------------------------------------------------------------- */

struct _CfxWeb {
    CfxLoop *main;
    GThread *thread; /* that made it: the main one */
    CfxWebAuth auth;
    GPtrArray *listeners; /* (element-type CfxListener) */
    GQueue requests;      /* (element-type CfxRequestHold) held by plugins */
    GMutex lock;          /* of engines */
    GHashTable *engines;  /* CfxLoop → CfxSockets */
    CfxLingers *lingers;  /* of connections that were refused by hand */
    CfxHttp *http;
    CfxLogins *logins;
    CfxInstance *self_instance; /* owner of the host's own routes */
    CfxWebMonitor monitor;
};

/* The engine of a home loop, made when it is asked for first. [any] */
CfxSockets *cfx_web_sockets(CfxWeb *self, CfxLoop *home);
gboolean cfx_web_is_main(const CfxWeb *self);
/* Now if this is the main thread, else posted there. */
void cfx_web_run_main(CfxWeb *self, CfxFunc func, gpointer data);
/* Now if that loop is the main one (and this its thread), else posted there. */
void cfx_web_run_home(CfxWeb *self, CfxLoop *home, CfxFunc func, gpointer data);
CfxListener *cfx_web_listener(const CfxWeb *self, const char *name);

G_END_DECLS
