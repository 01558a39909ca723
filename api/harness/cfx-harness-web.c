/* SPDX-License-Identifier: MIT */
/* Requests to the instance's routes, its WebSockets, its calls to others, and log-ins. */
#include "cfx-harness-private.h"

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

typedef struct {
    char *user, *password;
    CfxLogin login;
} User;

struct _CfxHarnessWeb {
    GPtrArray *routes;   /* Route */
    GPtrArray *requests; /* Request */
    GPtrArray *sockets;  /* CfxSocket */
    GPtrArray *users;    /* User */
    GHashTable *rights;  /* principal → rights */
    CfxHarnessServer server;
    gpointer server_data;
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

static void
user_free(gpointer data)
{
    User *user = data;
    g_free(user->user);
    g_free(user->password);
    g_free(user);
}

CfxHarnessWeb *
cfx_harness_web_new(void)
{
    CfxHarnessWeb *self = g_new0(CfxHarnessWeb, 1);
    self->routes = g_ptr_array_new_with_free_func(g_free);
    self->requests = g_ptr_array_new_with_free_func(request_free);
    self->sockets = g_ptr_array_new_with_free_func(socket_free);
    self->users = g_ptr_array_new_with_free_func(user_free);
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

/* --- calls to others -------------------------------------------------------------------------- */

typedef struct {
    CfxHarnessAnswer answer;
    CfxHttpDone done;
    gpointer data;
} Call;

static void
answer_http(gpointer data)
{
    g_autofree Call *call = data;
    const char *text = call->answer.body != NULL ? call->answer.body : "";
    static const CfxPair none = { NULL, NULL };
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
    g_autoptr(GError) error = NULL;
    const CfxHttpAnswer answer = { sizeof(answer), call->answer.status, &none, body };
    if (call->answer.status == 0)
        error = g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "connection refused");
    call->done(call->data, error == NULL ? &answer : NULL, error);
}

static void
web_http(const CfxHost *host, const CfxHttpCall *http, CfxHttpDone done, gpointer data)
{
    CfxHarness *self = cfx_harness_of(host);
    Call *call = g_new0(Call, 1);
    *call = (Call){ { 0, NULL }, done, data };
    if ((http->flags & ~CFX_HTTP_PUBLIC_ONLY) != 0)
        g_critical("http: flags: unknown bit");
    else if (self->web->server != NULL)
        call->answer = self->web->server(self->web->server_data, http);
    cfx_harness_later(self, answer_http, call);
}

typedef struct {
    const User *user;
    CfxError code;
    CfxLoginDone done;
    gpointer data;
} Login;

static void
answer_login(gpointer data)
{
    g_autofree Login *login = data;
    g_autoptr(GError) error = NULL;
    if (login->user == NULL)
        error = g_error_new_literal(CFX_ERROR,
                                    login->code,
                                    login->code == CFX_ERROR_AUTH ? "wrong password"
                                                                  : "nobody of that name");
    login->done(login->data, error == NULL ? &login->user->login : NULL, error);
}

static void
web_login(const CfxHost *host,
          const char *user,
          const char *password,
          gint64 lifetime_us,
          CfxLoginDone done,
          gpointer data)
{
    CfxHarness *self = cfx_harness_of(host);
    Login *login = g_new0(Login, 1);
    *login = (Login){ NULL, password != NULL ? CFX_ERROR_NOT_FOUND : CFX_ERROR_AUTH, done, data };
    for (guint i = 0; i < self->web->users->len && login->user == NULL; i++) {
        const User *known = self->web->users->pdata[i];
        if (password == NULL && g_strcmp0(known->login.token, user) == 0)
            login->user = known;
        if (password == NULL || strcmp(known->user, user) != 0)
            continue;
        login->code = CFX_ERROR_AUTH;
        if (g_strcmp0(known->password, password) == 0)
            login->user = known;
    }
    cfx_harness_later(self, answer_login, login);
}

static gboolean
web_may(const CfxHost *host, gint64 principal, guint32 right, gint64 asset)
{
    GHashTable *rights = cfx_harness_of(host)->web->rights;
    const gint64 everybody = 0;
    guint32 has = GPOINTER_TO_UINT(g_hash_table_lookup(rights, &principal)) |
                  GPOINTER_TO_UINT(g_hash_table_lookup(rights, &everybody));
    return (has & right) == right;
}

static void
web_logout(const CfxHost *host, const char *token)
{
    GPtrArray *users = cfx_harness_of(host)->web->users;
    for (guint i = 0; i < users->len; i++) {
        User *known = users->pdata[i];
        if (g_strcmp0(known->login.token, token) == 0)
            known->login.token = NULL;
    }
}

const CfxWebApi cfx_harness_web_api = {
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

void
cfx_harness_set_server(CfxHarness *self, CfxHarnessServer server, gpointer data)
{
    self->web->server = server;
    self->web->server_data = data;
}

void
cfx_harness_add_login(CfxHarness *self,
                      const char *user,
                      const char *password,
                      const CfxLogin *login)
{
    User *mine = g_new0(User, 1);
    mine->user = g_strdup(user);
    mine->password = g_strdup(password);
    memcpy(&mine->login, login, MIN(login->struct_size, sizeof mine->login));
    mine->login.struct_size = sizeof mine->login;
    mine->login.identity = cfx_harness_text(login->identity != NULL ? login->identity : user);
    mine->login.token = cfx_harness_text(login->token);
    g_ptr_array_add(self->web->users, mine);
}

void
cfx_harness_set_rights(CfxHarness *self, gint64 principal, guint32 rights)
{
    g_hash_table_replace(
        self->web->rights, g_memdup2(&principal, sizeof(gint64)), GUINT_TO_POINTER(rights));
}
