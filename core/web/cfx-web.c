/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-web-private.h"

#include <string.h>
#include <sys/resource.h>

/* the table has no other way to find it */
static CfxWeb *the_web;

/* --- threads ------------------------------------------------------------------------------------
 */

gboolean
cfx_web_is_main(const CfxWeb *self)
{
    return g_thread_self() == self->thread;
}

void
cfx_web_run_main(CfxWeb *self, CfxFunc func, gpointer data)
{
    if (cfx_web_is_main(self))
        func(data);
    else
        cfx_loop_post(self->main, func, data);
}

void
cfx_web_run_home(CfxWeb *self, CfxLoop *home, CfxFunc func, gpointer data)
{
    if (home == self->main && cfx_web_is_main(self))
        func(data);
    else
        cfx_loop_post(home, func, data);
}

CfxSockets *
cfx_web_sockets(CfxWeb *self, CfxLoop *home)
{
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);
    CfxSockets *sockets = g_hash_table_lookup(self->engines, home);
    if (sockets == NULL) {
        sockets = cfx_sockets_new(home);
        g_hash_table_insert(self->engines, home, sockets);
    }
    return sockets;
}

CfxListener *
cfx_web_listener(const CfxWeb *self, const char *name)
{
    for (guint i = 0; i < self->listeners->len; i++) {
        CfxListener *listener = self->listeners->pdata[i];
        if (strcmp(listener->name, name) == 0)
            return listener;
    }
    return NULL;
}

/* --- the table ----------------------------------------------------------------------------------
 */

static gboolean
route_is_valid(const CfxRoute *route, GError **error)
{
    const char *wrong = NULL;
    if (route->struct_size < G_STRUCT_OFFSET(CfxRoute, handle) + sizeof route->handle)
        wrong = "struct_size: too small";
    else if (route->method == NULL || *route->method == 0)
        wrong = "method: missing";
    else if (route->path == NULL || *route->path != '/')
        wrong = "path: must begin with a slash";
    else if (route->handle == NULL)
        wrong = "handle: missing";
    else if (route->role > CFX_ROLE_PLUGIN)
        wrong = "role: not known";
    if (wrong != NULL)
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, wrong);
    return wrong == NULL;
}

static gboolean
web_route(const CfxHost *host,
          const char *listener_name,
          const CfxRoute *route,
          gpointer data,
          GError **error)
{
    CfxListener *listener = cfx_web_listener(the_web, listener_name);
    if (listener == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "there is no [listener:%s]", listener_name);
        return FALSE;
    }
    if (!route_is_valid(route, error))
        return FALSE;
    g_autoptr(CfxMount) mount = cfx_mount_new(cfx_instance_of(host), route, data);
    const char *other;
    if (cfx_routes_add(listener->routes, mount, &other))
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_CONFLICT,
                "%s %s of [listener:%s] is served by \"%s\" already; give one of them another path "
                "or listener",
                route->method,
                route->path,
                listener_name,
                other);
    return FALSE;
}

static void
web_respond(const CfxRequest *request, guint32 status, const CfxPair *headers, GBytes *body)
{
    cfx_request_respond(request, status, headers, body);
}

static CfxSocket *
web_upgrade(const CfxRequest *request, const char *protocol, const CfxSocketOps *ops, gpointer data)
{
    return cfx_upgrade(request, protocol, ops, data);
}

static gsize
web_send(CfxSocket *socket, const char *text, gsize size)
{
    return cfx_socket_send(socket, text, size);
}

static void
web_close(CfxSocket *socket, guint32 code, const char *reason)
{
    cfx_socket_close(socket, code, reason);
}

static void
web_http(const CfxHost *host, const CfxHttpCall *call, CfxHttpDone done, gpointer data)
{
    cfx_http_call(the_web->http, cfx_instance_of(host), call, done, data);
}

static void
web_login(const CfxHost *host,
          const char *user,
          const char *password,
          gint64 lifetime_us,
          CfxLoginDone done,
          gpointer data)
{
    cfx_login_call(the_web->logins, cfx_instance_of(host), user, password, lifetime_us, done, data);
}

static gboolean
web_may(const CfxHost *host, gint64 principal, guint32 right, gint64 asset)
{
    const CfxWebAuth *auth = &the_web->auth;
    return auth->may != NULL && auth->may(auth->data, principal, right, asset);
}

typedef struct {
    CfxWeb *web;
    char *token;
} Logout;

static void
logout_cb(gpointer data)
{
    Logout *logout = data;
    const CfxWebAuth *auth = &logout->web->auth;
    if (auth->logout != NULL)
        auth->logout(auth->data, logout->token);
    g_free(logout->token);
    g_free(logout);
}

static void
web_logout(const CfxHost *host, const char *token)
{
    Logout *logout = g_new(Logout, 1);
    *logout = (Logout){ the_web, g_strdup(token) };
    cfx_web_run_main(the_web, logout_cb, logout);
}

const CfxWebApi *
cfx_web_api(void)
{
    static const CfxWebApi API = {
        .struct_size = sizeof(CfxWebApi),
        .route = web_route,
        .respond = web_respond,
        .upgrade = web_upgrade,
        .send = web_send,
        .close = web_close,
        .http = web_http,
        .login = web_login,
        .may = web_may,
        .logout = web_logout,
    };
    return &API;
}

/* --- life ---------------------------------------------------------------------------------------
 */

typedef struct {
    CfxWeb *web;
    const CfxInstance *owner;
    guint64 generation;
} Drop;

static void
drop_requests_cb(gpointer data)
{
    Drop *drop = data;
    cfx_requests_drop_owner(drop->web, drop->owner, drop->generation);
    g_free(drop);
}

static void
stop_hook(gpointer data, CfxInstance *instance)
{
    CfxWeb *self = data;
    for (guint i = 0; i < self->listeners->len; i++) {
        CfxListener *listener = self->listeners->pdata[i];
        cfx_routes_remove_owner(listener->routes, instance);
    }
    Drop *drop = g_new(Drop, 1);
    *drop = (Drop){ self, instance, instance->generation };
    cfx_web_run_main(self, drop_requests_cb, drop);
    g_mutex_lock(&self->lock);
    CfxSockets *sockets = g_hash_table_lookup(self->engines, instance->home);
    g_mutex_unlock(&self->lock);
    if (sockets != NULL)
        cfx_sockets_drop_owner(sockets, instance);
    cfx_http_drop_owner(self->http, instance);
    cfx_logins_drop_owner(self->logins, instance);
}

static void
free_engine(gpointer sockets)
{
    cfx_sockets_free(sockets);
}

/* Each connection is a descriptor; the soft limit of 1024 is for programs that call select(). */
static void
raise_descriptors(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= files.rlim_max)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

CfxWeb *
cfx_web_new(CfxLoop *main, const CfxWebAuth *auth)
{
    CfxWeb *self = g_new0(CfxWeb, 1);
    raise_descriptors();
    self->main = main;
    self->thread = g_thread_self();
    if (auth != NULL)
        self->auth = *auth;
    self->listeners = g_ptr_array_new();
    g_mutex_init(&self->lock);
    self->engines = g_hash_table_new_full(NULL, NULL, NULL, free_engine);
    self->lingers = cfx_lingers_new(main);
    self->http = cfx_http_new(self);
    self->logins = cfx_logins_new(self);
    self->self_instance = cfx_instance_new_internal("web", main);
    cfx_instance_add_stop_hook(stop_hook, self);
    the_web = self;
    return self;
}

void
cfx_web_free(CfxWeb *self)
{
    if (self == NULL)
        return;
    the_web = NULL;
    cfx_instance_remove_stop_hooks(self);
    while (self->requests.head != NULL) {
        CfxRequestHold *hold = self->requests.head->data;
        cfx_requests_drop_owner(self, hold->mount->owner, hold->mount->generation);
    }
    for (guint i = 0; i < self->listeners->len; i++)
        cfx_listener_drop(self->listeners->pdata[i]);
    g_hash_table_unref(self->engines);
    for (guint i = 0; i < self->listeners->len; i++)
        cfx_listener_unref(self->listeners->pdata[i]);
    g_ptr_array_unref(self->listeners);
    cfx_lingers_free(self->lingers);
    cfx_http_free(self->http);
    cfx_logins_free(self->logins);
    cfx_instance_free(self->self_instance);
    g_mutex_clear(&self->lock);
    g_free(self);
}

gboolean
cfx_web_listen(CfxWeb *self, const char *name, const CfxConfig *config, GError **error)
{
    gboolean is_simulated = cfx_clock_is_simulated(cfx_loop_clock(self->main));
    g_auto(GStrv) problems = cfx_web_listener_problems(config, is_simulated);
    if (problems[0] != NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "[listener:%s] %s", name, problems[0]);
        return FALSE;
    }
    CfxListener *listener = cfx_listener_new(self, name, config, error);
    if (listener == NULL)
        return FALSE;
    g_ptr_array_add(self->listeners, listener);
    return cfx_monitor_mount(self, listener, error);
}

guint16
cfx_web_port(const CfxWeb *self, const char *name)
{
    const CfxListener *listener = cfx_web_listener(self, name);
    if (listener == NULL)
        return 0;
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(listener->local));
}

void
cfx_web_stop_listening(CfxWeb *self)
{
    for (guint i = 0; i < self->listeners->len; i++)
        cfx_listener_close(self->listeners->pdata[i]);
}

typedef struct {
    CfxSockets *sockets;
    gboolean is_on;
} Pressure;

static void
pressure_cb(gpointer data)
{
    Pressure *pressure = data;
    cfx_sockets_set_paused(pressure->sockets, pressure->is_on);
    g_free(pressure);
}

void
cfx_web_set_pressure(CfxWeb *self, gboolean is_on)
{
    GHashTableIter iter;
    gpointer home, sockets;
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);
    g_hash_table_iter_init(&iter, self->engines);
    while (g_hash_table_iter_next(&iter, &home, &sockets)) {
        Pressure *pressure = g_new(Pressure, 1);
        *pressure = (Pressure){ sockets, is_on };
        cfx_web_run_home(self, home, pressure_cb, pressure);
    }
}

void
cfx_web_set_monitor(CfxWeb *self, const CfxWebMonitor *monitor)
{
    self->monitor = *monitor;
}
