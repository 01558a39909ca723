/* SPDX-License-Identifier: MIT */
/* Requests to the instance's routes, and its WebSockets. */
#include "cfx-harness-web.h"

#include <string.h>

typedef struct {
    CfxRoute route;
    gpointer data;
} Route;

typedef struct {
    CfxRequest request; /* first: respond() finds the rest by it */
    CfxHarness *harness;
    CfxHarnessReply reply;
    GArray *headers;  /* CfxPair */
    GPtrArray *texts; /* of headers and body */
    char **protocols;
    gboolean is_answered;
} Request;

struct _CfxSocket {
    CfxHarness *harness;
    CfxSocketOps ops;
    gpointer data;
    GPtrArray *sent; /* utf8 */
    guint n_read;
    guint32 code;
    char *reason;
    gboolean is_closed; /* closed() was called or is on its way */
};

static void
request_free(gpointer data)
{
    Request *self = data;
    if (self->request.body != NULL)
        g_bytes_unref(self->request.body);
    g_array_unref(self->headers);
    g_ptr_array_unref(self->texts);
    g_free((gpointer)(guintptr)self->request.headers);
    g_strfreev(self->protocols);
    g_free(self);
}

static void
socket_free(gpointer data)
{
    CfxSocket *socket = data;
    g_ptr_array_unref(socket->sent);
    g_free(socket->reason);
    g_free(socket);
}

CfxHarnessWeb *
cfx_harness_web_new(void)
{
    CfxHarnessWeb *self = g_new0(CfxHarnessWeb, 1);
    self->routes = g_ptr_array_new_with_free_func(g_free);
    self->requests = g_ptr_array_new_with_free_func(request_free);
    self->sockets = g_ptr_array_new_with_free_func(socket_free);
    self->users = g_ptr_array_new_with_free_func(cfx_harness_user_free);
    self->rights = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return self;
}

void
cfx_harness_web_free(CfxHarnessWeb *self)
{
    g_ptr_array_unref(self->routes);
    g_ptr_array_unref(self->requests);
    g_ptr_array_unref(self->sockets);
    g_ptr_array_unref(self->users);
    g_hash_table_unref(self->rights);
    g_free(self);
}

static void
closed(gpointer data)
{
    CfxSocket *socket = data;
    socket->ops.closed(socket->data, socket, socket->code, socket->reason);
}

static void
socket_end(CfxSocket *socket, guint32 code, const char *reason)
{
    if (socket->is_closed)
        return;
    socket->is_closed = TRUE;
    socket->code = code;
    socket->reason = g_strdup(reason != NULL ? reason : "");
    cfx_harness_later(socket->harness, closed, socket);
}

void
cfx_harness_web_stop(CfxHarness *self)
{
    g_ptr_array_set_size(self->web->routes, 0);
    for (guint i = 0; i < self->web->sockets->len; i++)
        socket_end(self->web->sockets->pdata[i], 1001, "the instance stops");
}

/* --- routes ----------------------------------------------------------------------------------- */

static gboolean
web_route(
    const CfxHost *host, const char *listener, const CfxRoute *route, gpointer data, GError **error)
{
    CfxHarness *self = cfx_harness_of(host);
    const char *wrong = NULL;
    if (route->struct_size < sizeof(CfxRoute))
        wrong = "struct_size: too small";
    else if (route->method == NULL || *route->method == '\0')
        wrong = "method: missing";
    else if (route->path == NULL || *route->path != '/')
        wrong = "path: must begin with a slash";
    else if (route->handle == NULL)
        wrong = "handle: missing";
    else if (route->role > CFX_ROLE_PLUGIN)
        wrong = "role: not known";
    if (wrong != NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, wrong);
        return FALSE;
    }
    for (guint i = 0; i < self->web->routes->len; i++) {
        const Route *other = self->web->routes->pdata[i];
        if (strcmp(other->route.method, route->method) != 0 ||
            strcmp(other->route.path, route->path) != 0)
            continue;
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "%s %s is served already",
                    route->method,
                    route->path);
        return FALSE;
    }
    Route *mine = g_new0(Route, 1);
    mine->route = *route;
    mine->route.method = cfx_harness_text(route->method);
    mine->route.path = cfx_harness_text(route->path);
    mine->data = data;
    g_ptr_array_add(self->web->routes, mine);
    return TRUE;
}

/* the longest path that fits; then the method */
static const Route *
find_route(CfxHarness *self, const char *method, const char *path, gboolean *path_is_known)
{
    const Route *found = NULL;
    gsize longest = 0;
    *path_is_known = FALSE;
    for (guint i = 0; i < self->web->routes->len; i++) {
        const Route *route = self->web->routes->pdata[i];
        const char *served = route->route.path;
        gboolean fits = g_str_has_suffix(served, "/") ? g_str_has_prefix(path, served)
                                                      : strcmp(served, path) == 0;
        if (!fits || strlen(served) < longest)
            continue;
        *path_is_known = TRUE;
        if (strcmp(route->route.method, "*") != 0 && strcmp(route->route.method, method) != 0)
            continue;
        longest = strlen(served);
        found = route;
    }
    return found;
}

static Request *
request_of(const CfxRequest *request)
{
    return (Request *)(gpointer)(guintptr)request;
}

static gboolean
answer_once(Request *self)
{
    if (self->is_answered)
        g_critical("%s %s was answered twice", self->request.method, self->request.path);
    gboolean is_first = !self->is_answered;
    self->is_answered = TRUE;
    return is_first;
}

static const char *
keep_text(Request *self, const char *text)
{
    char *mine = g_strdup(text);
    g_ptr_array_add(self->texts, mine);
    return mine;
}

static void
web_respond(const CfxRequest *request, guint32 status, const CfxPair *headers, GBytes *body)
{
    Request *self = request_of(request);
    if (!answer_once(self))
        return;
    g_array_set_size(self->headers, 0);
    for (const CfxPair *pair = headers; pair != NULL && pair->name != NULL; pair++) {
        CfxPair mine = { keep_text(self, pair->name), keep_text(self, pair->value) };
        g_array_append_val(self->headers, mine);
        if (g_ascii_strcasecmp(pair->name, "Content-Type") == 0)
            self->reply.type = mine.value;
    }
    gsize size = 0;
    const char *data = body != NULL ? g_bytes_get_data(body, &size) : NULL;
    char *text = g_malloc0(size + 1);
    if (size > 0)
        memcpy(text, data, size);
    g_ptr_array_add(self->texts, text);
    self->reply.status = status;
    self->reply.body = text;
    self->reply.body_size = size;
    self->reply.headers = (const CfxPair *)(const void *)self->headers->data;
}

static CfxSocket *
web_upgrade(const CfxRequest *request, const char *protocol, const CfxSocketOps *ops, gpointer data)
{
    Request *self = request_of(request);
    if (!answer_once(self))
        return NULL;
    CfxSocket *socket = g_new0(CfxSocket, 1);
    socket->harness = self->harness;
    memcpy(&socket->ops, ops, MIN(ops->struct_size, sizeof socket->ops));
    socket->data = data;
    socket->sent = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(self->harness->web->sockets, socket);
    self->reply.status = 101;
    self->reply.protocol = protocol != NULL ? keep_text(self, protocol) : NULL;
    self->reply.socket = socket;
    return socket;
}

static void
drained(gpointer data)
{
    CfxSocket *socket = data;
    if (!socket->is_closed && socket->ops.drained != NULL)
        socket->ops.drained(socket->data, socket);
}

static gsize
web_send(CfxSocket *socket, const char *text, gsize size)
{
    if (socket->is_closed)
        return 0;
    g_ptr_array_add(socket->sent, g_strndup(text, size));
    cfx_harness_later(socket->harness, drained, socket);
    return 0;
}

static void
web_close(CfxSocket *socket, guint32 code, const char *reason)
{
    socket_end(socket, code, reason);
}

const CfxWebApi cfx_harness_web_api = {
    .struct_size = sizeof(CfxWebApi),
    .route = web_route,
    .respond = web_respond,
    .upgrade = web_upgrade,
    .send = web_send,
    .close = web_close,
    .http = cfx_harness_http,
    .login = cfx_harness_login,
    .may = cfx_harness_may,
    .logout = cfx_harness_logout,
};

/* --- for tests -------------------------------------------------------------------------------- */

const CfxHarnessReply *
cfx_harness_request(CfxHarness *self, const char *method, const char *path, const char *body)
{
    g_autoptr(GBytes) bytes = body != NULL ? g_bytes_new(body, strlen(body)) : NULL;
    const CfxRequest request = {
        .struct_size = sizeof(request), .method = method, .path = path, .body = bytes
    };
    return cfx_harness_request_full(self, &request);
}

static const CfxPair *
copy_headers(const CfxPair *headers)
{
    gsize n = 0;
    while (headers != NULL && headers[n].name != NULL)
        n++;
    CfxPair *mine = g_new0(CfxPair, n + 1);
    for (gsize i = 0; i < n; i++)
        mine[i] =
            (CfxPair){ cfx_harness_text(headers[i].name), cfx_harness_text(headers[i].value) };
    return mine;
}

const CfxHarnessReply *
cfx_harness_request_full(CfxHarness *self, const CfxRequest *given)
{
    Request *mine = g_new0(Request, 1);
    CfxRequest *request = &mine->request;
    memcpy(request, given, MIN(given->struct_size, sizeof *request));
    request->struct_size = sizeof *request;
    const char *query = strchr(request->path, '?');
    if (query != NULL && request->query == NULL) {
        g_autofree char *path = g_strndup(request->path, (gsize)(query - request->path));
        request->query = query + 1;
        request->path = cfx_harness_text(path);
    }
    request->method = cfx_harness_text(request->method);
    request->path = cfx_harness_text(request->path);
    request->query = cfx_harness_text(request->query);
    request->listener = cfx_harness_text(request->listener != NULL ? request->listener : "test");
    request->peer = cfx_harness_text(request->peer != NULL ? request->peer : "127.0.0.1");
    request->identity = cfx_harness_text(request->identity);
    request->authorization = cfx_harness_text(request->authorization);
    request->headers = copy_headers(request->headers);
    request->body = request->body != NULL ? g_bytes_ref(request->body) : g_bytes_new(NULL, 0);
    mine->protocols = g_strdupv((char **)(guintptr)request->protocols);
    request->protocols = (const char *const *)mine->protocols;
    mine->harness = self;
    mine->headers = g_array_new(TRUE, TRUE, sizeof(CfxPair));
    mine->texts = g_ptr_array_new_with_free_func(g_free);
    mine->reply.body = "";
    g_ptr_array_add(self->web->requests, mine);
    gboolean path_is_known;
    const Route *route = find_route(self, request->method, request->path, &path_is_known);
    if (route != NULL) {
        gsize most = route->route.body_max > 0 ? route->route.body_max : 64 * 1024;
        if (g_bytes_get_size(request->body) > most)
            mine->reply.status = 413;
        else
            route->route.handle(route->data, request);
    } else {
        mine->reply.status = path_is_known ? 405 : 404;
    }
    cfx_harness_run(self);
    return &mine->reply;
}

void
cfx_harness_socket_message(CfxSocket *socket, const char *text)
{
    g_autofree char *mine = g_strdup(text);
    g_return_if_fail(!socket->is_closed);
    socket->ops.message(socket->data, socket, mine, strlen(mine));
    cfx_harness_run(socket->harness);
}

void
cfx_harness_socket_binary(CfxSocket *socket, const void *bytes, gsize size)
{
    g_return_if_fail(!socket->is_closed);
    if (socket->ops.binary != NULL)
        socket->ops.binary(socket->data, socket, bytes, size);
    else
        socket_end(socket, 1003, "no binary messages here");
    cfx_harness_run(socket->harness);
}

const char *
cfx_harness_socket_sent(CfxSocket *socket)
{
    return socket->n_read < socket->sent->len ? socket->sent->pdata[socket->n_read++] : NULL;
}

void
cfx_harness_socket_gone(CfxSocket *socket, guint32 code, const char *reason)
{
    socket_end(socket, code, reason);
    cfx_harness_run(socket->harness);
}

guint32
cfx_harness_socket_code(CfxSocket *socket)
{
    return socket->code;
}
