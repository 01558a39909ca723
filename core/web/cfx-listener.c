/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-head-stream.h"
#include "cfx-log.h"
#include "cfx-web-private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define ACCEPTS_A_TURN 64
#define PAUSE_US (100 * 1000)
#define CONN_KEY "cfx-conn"

static void accept_cb(gpointer data, guint32 events);

/* --- connections ------------------------------------------------------------------------------ */

CfxConn *
cfx_conn_ref(CfxConn *self)
{
    g_atomic_ref_count_inc(&self->refs);
    return self;
}

void
cfx_conn_unref(CfxConn *self)
{
    if (!g_atomic_ref_count_dec(&self->refs))
        return;
    cfx_listener_unref(self->listener);
    g_free(self->peer);
    g_free(self);
}

CfxConn *
cfx_conn_of(SoupServerMessage *msg)
{
    GSocketAddress *remote = soup_server_message_get_remote_address(msg);
    return remote != NULL ? g_object_get_data(G_OBJECT(remote), CONN_KEY) : NULL;
}

int
cfx_conn_fd(const CfxConn *self)
{
    if (self->socket == NULL || g_socket_is_closed(self->socket))
        return -1;
    return g_socket_get_fd(self->socket);
}

void
cfx_conn_cut(CfxConn *self)
{
    int fd = cfx_conn_fd(self);
    if (fd < 0)
        return;
    /* a reset: who still writes would otherwise wait for a reader that has gone */
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(fd, SHUT_RDWR);
}

void
cfx_conn_stop_timer(CfxConn *self)
{
    cfx_loop_timer_stop(self->listener->web->main, self->timer);
    self->timer = 0;
}

void
cfx_conn_end_input(CfxConn *self)
{
    if (self->input != NULL)
        cfx_head_stream_end(self->input);
}

gboolean
cfx_conn_is_gone(const CfxConn *self)
{
    int fd = cfx_conn_fd(self);
    guint8 byte;
    if (fd < 0)
        return TRUE;
    gssize size = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

static void
watch_if_room(CfxListener *self)
{
    if (self->fd < 0 || self->watch != NULL || self->pause != 0 ||
        self->connections >= self->how->connections)
        return;
    self->is_full = FALSE;
    self->watch = cfx_loop_fd_add(self->web->main, self->fd, EPOLLIN, accept_cb, self);
}

static void
unwatch(CfxListener *self)
{
    if (self->watch != NULL)
        cfx_loop_fd_remove(self->web->main, self->watch);
    self->watch = NULL;
}

void
cfx_conn_left(CfxConn *self)
{
    CfxListener *listener = self->listener;
    listener->connections--;
    cfx_peers_disconnect(listener->peers, &self->address);
    watch_if_room(listener);
    cfx_conn_unref(self);
}

/* The GSocket is finalized: its descriptor is closed, unless it was taken over before. */
static void
socket_gone_cb(gpointer data)
{
    CfxConn *self = data;
    self->socket = NULL;
    cfx_conn_stop_timer(self);
    if (self->is_taken)
        cfx_conn_unref(self); /* cfx_conn_left() has a reference of its own */
    else
        cfx_conn_left(self);
}

static void
late_cb(gpointer data)
{
    CfxConn *self = data;
    self->timer = 0;
    self->listener->refused++;
    cfx_conn_cut(self);
}

static CfxConn *
conn_new(CfxListener *listener, GSocket *socket, const CfxAddress *address)
{
    CfxLoop *loop = listener->web->main;
    gint64 now = cfx_loop_now(loop, CFX_CLOCK_REAL);
    CfxConn *self = g_new0(CfxConn, 1);
    g_atomic_ref_count_init(&self->refs);
    self->listener = cfx_listener_ref(listener);
    self->socket = socket;
    self->address = *address;
    self->peer = cfx_address_text(address);
    self->timer =
        cfx_loop_timer_start(loop, CFX_CLOCK_REAL, now + listener->how->request_us, late_cb, self);
    listener->connections++;
    guint of_peer = cfx_peers_connect(listener->peers, address, now);
    self->is_over = of_peer > listener->how->connections_per_peer;
    /* a pointer back without a reference: the socket caches its addresses, and would never end */
    g_object_set_data_full(G_OBJECT(socket), CONN_KEY, self, socket_gone_cb);
    return self;
}

static void
refuse_head_cb(gpointer data, guint status)
{
    cfx_conn_refuse_head(data, status);
}

/* --- accepting ----------------------------------------------------------------------------------
 */

static void
take(CfxListener *self, int fd, const struct sockaddr_storage *native, socklen_t size)
{
    CfxAddress address;
    gboolean is_known = cfx_address_from_native(&address, (const struct sockaddr *)native);
    if (!is_known ||
        (self->how->allow->len > 0 && !cfx_cidr_list_holds(self->how->allow, &address))) {
        self->refused++;
        close(fd);
        return;
    }
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, &error);
    if (socket == NULL) {
        close(fd);
        return;
    }
    self->accepted++;
    CfxConn *conn = conn_new(self, socket, &address);
    g_autoptr(GSocketAddress) remote =
        g_socket_address_new_from_native((gpointer)(guintptr)native, size);
    g_object_set_data_full(
        G_OBJECT(remote), CONN_KEY, cfx_conn_ref(conn), (GDestroyNotify)cfx_conn_unref);
    g_autoptr(GSocketConnection) base = g_socket_connection_factory_create_connection(socket);
    const CfxHeadLimits limits = { self->how->header_size, self->how->headers };
    g_autoptr(GInputStream) input = cfx_head_stream_new(
        g_io_stream_get_input_stream(G_IO_STREAM(base)), socket, &limits, refuse_head_cb, conn);
    /* the connection outlives its streams: they hold the socket, which holds it */
    conn->input = CFX_HEAD_STREAM(input);
    g_object_add_weak_pointer(G_OBJECT(input), (gpointer *)&conn->input);
    g_autoptr(GIOStream) stream =
        g_simple_io_stream_new(input, g_io_stream_get_output_stream(G_IO_STREAM(base)));
    /* its end would close the socket */
    g_object_set_data_full(G_OBJECT(stream), "cfx-base", g_steal_pointer(&base), g_object_unref);
    soup_server_accept_iostream(self->server, stream, self->local, remote, NULL);
}

static void
pause_cb(gpointer data)
{
    CfxListener *self = data;
    self->pause = 0;
    watch_if_room(self);
}

/* No descriptor or memory is left: the connection stays in the backlog, and epoll would spin. */
static void
pause_accepting(CfxListener *self)
{
    cfx_log_say(CFX_LOG_WARNING,
                "web",
                "listener \"%s\" cannot accept: %s; raise LimitNOFILE=",
                self->name,
                g_strerror(errno));
    unwatch(self);
    gint64 now = cfx_loop_now(self->web->main, CFX_CLOCK_REAL);
    self->pause =
        cfx_loop_timer_start(self->web->main, CFX_CLOCK_REAL, now + PAUSE_US, pause_cb, self);
}

static void
accept_cb(gpointer data, guint32 events)
{
    CfxListener *self = data;
    for (guint i = 0; i < ACCEPTS_A_TURN; i++) {
        if (self->connections >= self->how->connections) {
            if (!self->is_full)
                cfx_log_say(CFX_LOG_WARNING,
                            "web",
                            "listener \"%s\" has %u connections, its limit; further ones wait",
                            self->name,
                            self->connections);
            self->is_full = TRUE;
            unwatch(self);
            return;
        }
        struct sockaddr_storage native;
        socklen_t size = sizeof native;
        int fd = accept4(self->fd, (struct sockaddr *)&native, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(self, fd, &native, size);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(self);
        else if (errno == EINTR || errno == ECONNABORTED)
            continue;
        return;
    }
}

/* --- opening ------------------------------------------------------------------------------------
 */

static int
socket_for(const CfxListenerHow *how)
{
    const struct sockaddr *address = (const struct sockaddr *)&how->address;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int one = 1, zero = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    return fd;
}

static gboolean
open_failed(CfxListener *self, GError **error)
{
    int number = errno;
    const char *colon = strrchr(self->how->text, ':');
    if (number == EADDRINUSE)
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "[listener:%s] address=%s: port %s is taken by another program; end that one "
                    "(\"ss -ltnp\" shows it) or choose another port",
                    self->name,
                    self->how->text,
                    colon + 1);
    else if (number == EADDRNOTAVAIL)
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "[listener:%s] address=%s: this machine has no such address; \"ip address\" "
                    "shows those it has, * takes all",
                    self->name,
                    self->how->text);
    else if (number == EACCES)
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "[listener:%s] address=%s: ports below 1024 need CAP_NET_BIND_SERVICE; choose "
                    "a higher port",
                    self->name,
                    self->how->text);
    else
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_UNAVAILABLE,
                    "[listener:%s] address=%s: %s",
                    self->name,
                    self->how->text,
                    g_strerror(number));
    return FALSE;
}

static gboolean
open_socket(CfxListener *self, GError **error)
{
    self->fd = socket_for(self->how);
    if (self->fd < 0 ||
        bind(self->fd, (const struct sockaddr *)&self->how->address, self->how->address_size) < 0 ||
        listen(self->fd, SOMAXCONN) < 0)
        return open_failed(self, error);
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    if (getsockname(self->fd, (struct sockaddr *)&bound, &size) < 0)
        return open_failed(self, error);
    self->local = g_socket_address_new_from_native(&bound, size);
    return TRUE;
}

static void
request_started_cb(SoupServer *server, SoupServerMessage *msg, gpointer data)
{
    cfx_request_begin(data, msg);
}

static void
handler_cb(
    SoupServer *server, SoupServerMessage *msg, const char *path, GHashTable *query, gpointer data)
{
    cfx_request_handle(msg);
}

CfxListener *
cfx_listener_new(CfxWeb *web, const char *name, const CfxConfig *config, GError **error)
{
    CfxListener *self = g_new0(CfxListener, 1);
    self->refs = 1;
    self->web = web;
    self->name = g_strdup(name);
    self->fd = -1;
    self->routes = cfx_routes_new();
    self->how = cfx_listener_how_new(config, error);
    if (self->how == NULL) {
        g_prefix_error(error, "[listener:%s] ", name);
        cfx_listener_unref(self);
        return NULL;
    }
    self->peers = cfx_peers_new(self->how->rate, self->how->burst);
    if (!open_socket(self, error)) {
        cfx_listener_unref(self);
        return NULL;
    }
    /* raw paths: %2F in an identity is no slash */
    self->server = soup_server_new("raw-paths", TRUE, NULL);
    g_signal_connect(self->server, "request-started", G_CALLBACK(request_started_cb), self);
    soup_server_add_handler(self->server, "/", handler_cb, self, NULL);
    soup_server_add_handler(self->server, "*", handler_cb, self, NULL);
    watch_if_room(self);
    return self;
}

void
cfx_listener_close(CfxListener *self)
{
    unwatch(self);
    cfx_loop_timer_stop(self->web->main, self->pause);
    self->pause = 0;
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

void
cfx_listener_drop(CfxListener *self)
{
    cfx_listener_close(self);
    if (self->server != NULL)
        soup_server_disconnect(self->server);
}

CfxListener *
cfx_listener_ref(CfxListener *self)
{
    self->refs++;
    return self;
}

void
cfx_listener_unref(CfxListener *self)
{
    if (--self->refs > 0)
        return;
    if (self->fd >= 0)
        close(self->fd);
    g_clear_object(&self->server);
    g_clear_object(&self->local);
    cfx_routes_free(self->routes);
    cfx_peers_free(self->peers);
    cfx_listener_how_free(self->how);
    g_free(self->name);
    g_free(self);
}
