/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request: limits at its headers, identity and route at its body, the plugin's answer whenever
 * it comes. How it is refused is in cfx-refusal.c.
 */
#include "cfx-log.h"
#include "cfx-web-private.h"

#include <string.h>

#define HOLD_KEY "cfx-request"
#define BODIES_MAX (256 * 1024 * 1024) /* of a listener, in memory at a time */

/* --- life ---------------------------------------------------------------------------------------
 */

CfxRequestHold *
cfx_request_hold_ref(CfxRequestHold *self)
{
    g_atomic_ref_count_inc(&self->refs);
    return self;
}

void
cfx_request_hold_unref(CfxRequestHold *self)
{
    if (!g_atomic_ref_count_dec(&self->refs))
        return;
    if (self->mount != NULL)
        cfx_mount_unref(self->mount);
    if (self->view.body != NULL)
        g_bytes_unref(self->view.body);
    cfx_conn_unref(self->conn);
    cfx_listener_unref(self->listener);
    g_free((char *)self->view.identity);
    g_free(self->allow);
    g_free(self->block);
    g_free(self->pairs);
    g_strfreev(self->protocols);
    g_free(self);
}

static CfxLoop *
main_loop(const CfxRequestHold *self)
{
    return self->listener->web->main;
}

/* libsoup is done with the message, or the peer has left. */
static void
forget_message(gpointer data)
{
    CfxRequestHold *self = data;
    self->msg = NULL;
    self->listener->bodies -= self->body_size;
    cfx_loop_timer_stop(main_loop(self), self->timer);
    self->timer = 0;
    if (self->socket != NULL)
        cfx_upgrade_failed(self);
    cfx_request_hold_unref(self);
}

static void
finished_cb(SoupServerMessage *msg, gpointer data)
{
    g_object_set_data(G_OBJECT(msg), HOLD_KEY, NULL); /* calls forget_message() */
}

void
cfx_request_hold_release(CfxRequestHold *self)
{
    if (!self->is_held)
        return;
    self->is_held = FALSE;
    g_queue_unlink(&self->listener->web->requests, &self->link);
    cfx_request_hold_unref(self);
}

/* --- answers ------------------------------------------------------------------------------------
 */

void
cfx_request_hold_continue(CfxRequestHold *self)
{
    if (!self->is_paused)
        return;
    self->is_paused = FALSE;
    soup_server_message_unpause(self->msg);
}

void
cfx_request_hold_answer(CfxRequestHold *self, guint32 status, const CfxPair *headers, GBytes *body)
{
    if (self->state == CFX_REQUEST_ANSWERED)
        return;
    self->state = CFX_REQUEST_ANSWERED;
    cfx_loop_timer_stop(main_loop(self), self->timer);
    self->timer = 0;
    if (self->msg == NULL)
        return;
    if (status < 200 || status > 599)
        status = 500;
    soup_server_message_set_status(self->msg, status, NULL);
    SoupMessageHeaders *to = soup_server_message_get_response_headers(self->msg);
    for (; headers != NULL && headers->name != NULL; headers++) {
        if (cfx_refusal_is_clean(headers))
            soup_message_headers_append(to, headers->name, headers->value);
    }
    /* libsoup keeps a connection only for listeners of its own */
    soup_message_headers_replace(to, "Connection", "close");
    if (body != NULL && g_bytes_get_size(body) > 0 && status != 204 && status != 304)
        soup_message_body_append_bytes(soup_server_message_get_response_body(self->msg), body);
    soup_message_body_complete(soup_server_message_get_response_body(self->msg));
    cfx_request_hold_continue(self);
}

/* --- headers ------------------------------------------------------------------------------------
 */

/* Texts of the view in one block: path, query, header names in lower case and values. */
static void
copy_headers(CfxRequestHold *self, SoupMessageHeaders *from, gsize size, guint n)
{
    const char *name, *value;
    SoupMessageHeadersIter iter;
    char *to = self->block = g_malloc(size);
    self->pairs = g_new0(CfxPair, n + 1);
    guint used = 0;
    soup_message_headers_iter_init(&iter, from);
    while (soup_message_headers_iter_next(&iter, &name, &value)) {
        gboolean is_secret = g_ascii_strcasecmp(name, "authorization") == 0;
        char *name_at = to;
        for (; *name != 0; name++)
            *to++ = g_ascii_tolower(*name);
        *to++ = 0;
        char *value_at = to;
        to = g_stpcpy(to, value) + 1;
        if (is_secret)
            self->view.authorization = value_at;
        else
            self->pairs[used++] = (CfxPair){ name_at, value_at };
    }
    GUri *uri = soup_server_message_get_uri(self->msg);
    self->view.path = to;
    to = g_stpcpy(to, *g_uri_get_path(uri) != 0 ? g_uri_get_path(uri) : "/") + 1;
    if (g_uri_get_query(uri) != NULL) {
        self->view.query = to;
        g_stpcpy(to, g_uri_get_query(uri));
    }
}

static void
read_headers(CfxRequestHold *self)
{
    SoupMessageHeaders *from = soup_server_message_get_request_headers(self->msg);
    GUri *uri = soup_server_message_get_uri(self->msg);
    const char *name, *value, *query = g_uri_get_query(uri);
    SoupMessageHeadersIter iter;
    gsize size = strlen(g_uri_get_path(uri)) + 2 + (query != NULL ? strlen(query) + 1 : 0);
    guint n = 0;
    soup_message_headers_iter_init(&iter, from);
    while (soup_message_headers_iter_next(&iter, &name, &value)) {
        size += strlen(name) + strlen(value) + 2;
        n++;
    }
    copy_headers(self, from, size, n);
    self->view.headers = self->pairs;
}

static void
find_route(CfxRequestHold *self)
{
    self->mount =
        cfx_routes_find(self->listener->routes, self->view.method, self->view.path, &self->allow);
    self->body_max = CFX_WEB_BODY_MAX;
    if (self->mount == NULL)
        self->refusal = self->allow != NULL ? 405 : 404;
    else if (self->mount->route.body_max > 0)
        self->body_max = self->mount->route.body_max;
    if (self->mount != NULL && strcmp(self->mount->route.method, "GET") == 0)
        self->view.method = "GET"; /* a HEAD is its own affair */
}

static guint
first_refusal(CfxRequestHold *self)
{
    gint64 now = cfx_loop_now(main_loop(self), CFX_CLOCK_REAL);
    if (self->conn->is_over)
        return 503;
    if (!cfx_peers_take(self->listener->peers, &self->conn->address, now, &self->wait_us))
        return 429;
    return self->refusal;
}

/* Whether a body follows; with *ret_size if it was announced. */
static gboolean
has_body(SoupServerMessage *msg, guint64 *ret_size)
{
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(msg);
    *ret_size = 0;
    if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CHUNKED)
        return TRUE;
    if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CONTENT_LENGTH)
        *ret_size = (guint64)soup_message_headers_get_content_length(headers);
    return *ret_size > 0;
}

static void
refuse_early(CfxRequestHold *self, guint status)
{
    soup_message_body_set_accumulate(soup_server_message_get_request_body(self->msg), FALSE);
    /* who asks first does not send: libsoup answers this in the place of "100 Continue" */
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(self->msg);
    if ((soup_message_headers_get_expectations(headers) & SOUP_EXPECTATION_CONTINUE) != 0) {
        cfx_conn_stop_timer(self->conn);
        cfx_request_hold_refuse(self, status, NULL);
    } else {
        cfx_request_hold_refuse_early(self, status);
    }
}

static void
got_headers_cb(SoupServerMessage *msg, gpointer data)
{
    CfxRequestHold *self = data;
    guint handshake = 0;
    guint64 size;
    self->view.method = g_intern_string(soup_server_message_get_method(msg));
    read_headers(self);
    self->listener->requests++;
    find_route(self);
    self->refusal = first_refusal(self);
    if (self->refusal == 0)
        self->protocols = cfx_upgrade_offer(msg, &handshake);
    self->view.protocols = (const char *const *)self->protocols;
    if (handshake != 0)
        self->refusal = handshake;
    if (!has_body(msg, &size))
        return;
    if (self->refusal == 0 && size > self->body_max)
        refuse_early(self, 413);
    else if (self->refusal == 0 && size > BODIES_MAX - self->listener->bodies)
        refuse_early(self, 503);
    else if (self->refusal != 0)
        refuse_early(self, self->refusal);
}

static void
got_chunk_cb(SoupServerMessage *msg, GBytes *chunk, gpointer data)
{
    CfxRequestHold *self = data;
    gsize size = g_bytes_get_size(chunk);
    if (self->state == CFX_REQUEST_ANSWERED)
        return;
    self->body_size += size;
    self->listener->bodies += size;
    if (self->body_size > self->body_max)
        refuse_early(self, 413);
    else if (self->listener->bodies > BODIES_MAX)
        refuse_early(self, 503);
}

void
cfx_request_begin(CfxListener *listener, SoupServerMessage *msg)
{
    CfxConn *conn = cfx_conn_of(msg);
    if (conn == NULL)
        return;
    CfxRequestHold *self = g_new0(CfxRequestHold, 1);
    g_atomic_ref_count_init(&self->refs);
    self->view.struct_size = sizeof self->view;
    self->listener = cfx_listener_ref(listener);
    self->conn = cfx_conn_ref(conn);
    self->msg = msg;
    self->link.data = self;
    self->view.listener = listener->name;
    self->view.peer = conn->peer;
    g_object_set_data_full(G_OBJECT(msg), HOLD_KEY, self, forget_message);
    g_signal_connect(msg, "got-headers", G_CALLBACK(got_headers_cb), self);
    g_signal_connect(msg, "got-chunk", G_CALLBACK(got_chunk_cb), self);
    g_signal_connect(msg, "finished", G_CALLBACK(finished_cb), self);
}

/* --- to the plugin ------------------------------------------------------------------------------
 */

static void
late_cb(gpointer data)
{
    CfxRequestHold *self = data;
    self->timer = 0;
    cfx_request_hold_refuse(self, 503, "no answer in time");
}

static void
handle_cb(gpointer data)
{
    CfxRequestHold *self = data;
    self->mount->route.handle(self->mount->data, &self->view);
}

static void
dispatch(CfxRequestHold *self)
{
    CfxMount *mount = self->mount;
    CfxLoop *loop = main_loop(self);
    if (!cfx_mount_is_alive(mount) || !cfx_instance_is_up(mount->owner)) {
        cfx_request_hold_refuse(self, 503, "the service stops or has not started yet");
        return;
    }
    if (mount->route.role != CFX_ROLE_PLUGIN)
        self->view.authorization = NULL;
    self->state = CFX_REQUEST_WAITING;
    self->is_held = TRUE;
    g_queue_push_tail_link(&self->listener->web->requests, &self->link);
    self->timer =
        cfx_loop_timer_start(loop,
                             CFX_CLOCK_REAL,
                             cfx_loop_now(loop, CFX_CLOCK_REAL) + self->listener->how->answer_us,
                             late_cb,
                             self);
    cfx_request_hold_ref(self); /* the plugin's */
    if (mount->owner->home != loop) {
        cfx_loop_post_for(mount->owner->home, mount->owner, handle_cb, self);
        return;
    }
    gint64 entered = cfx_instance_enter(mount->owner);
    handle_cb(self);
    cfx_instance_leave(mount->owner, entered, "request");
}

static void
check_role(CfxRequestHold *self, const CfxLogin *login)
{
    guint32 role = self->mount->route.role;
    if (login != NULL) {
        self->view.identity = g_strdup(login->identity);
        self->view.principal = login->principal;
        self->view.account = login->account;
        self->view.role = login->role;
    }
    if (role != CFX_ROLE_ANY && login == NULL)
        cfx_request_hold_refuse(self, 401, NULL);
    else if (role > self->view.role)
        cfx_request_hold_refuse(self, 403, NULL);
    else
        dispatch(self);
}

static void
basic_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    CfxRequestHold *self = data;
    if (self->msg != NULL && self->state == CFX_REQUEST_READING) {
        if (g_error_matches(error, CFX_ERROR, CFX_ERROR_FULL))
            cfx_request_hold_refuse(self, 429, "too many failed logins; wait");
        else
            check_role(self, login);
    }
    cfx_request_hold_unref(self);
}

/* TRUE: the login was asked for, and its answer will come. */
static gboolean
begin_basic(CfxRequestHold *self, const char *encoded)
{
    const CfxWebAuth *auth = &self->listener->web->auth;
    gsize size;
    g_autofree char *plain = g_strdup(encoded);
    g_strstrip(plain);
    if (*plain == 0)
        return FALSE;
    g_base64_decode_inplace(plain, &size);
    plain[size] = 0; /* decoding shortens */
    char *colon = strchr(plain, ':');
    if (colon == NULL || strlen(plain) != size)
        return FALSE;
    *colon = 0;
    auth->login(auth->data, plain, colon + 1, 0, basic_cb, cfx_request_hold_ref(self));
    memset(plain, 0, size);
    return TRUE;
}

static const char *
after_scheme(const char *text, const char *scheme)
{
    gsize size = strlen(scheme);
    if (g_ascii_strncasecmp(text, scheme, size) != 0 || text[size] != ' ')
        return NULL;
    text += size;
    while (*text == ' ')
        text++;
    return text;
}

static void
identify(CfxRequestHold *self)
{
    const CfxWebAuth *auth = &self->listener->web->auth;
    const char *text = self->view.authorization;
    CfxLogin login = { .struct_size = sizeof login };
    if (self->mount->route.role == CFX_ROLE_PLUGIN) {
        dispatch(self);
        return;
    }
    if (text == NULL || auth->bearer == NULL) {
        check_role(self, NULL);
        return;
    }
    const char *basic = after_scheme(text, "Basic");
    if (basic != NULL) {
        if (!begin_basic(self, basic))
            check_role(self, NULL);
        return;
    }
    const char *token = after_scheme(text, "Bearer");
    if (token == NULL)
        token = text; /* FlexMeasures' clients send the bare token */
    check_role(self, auth->bearer(auth->data, token, &login) ? &login : NULL);
}

/* What an OPTIONS asks for, when no route serves it. */
static gboolean
answer_options(CfxRequestHold *self)
{
    if (strcmp(self->view.method, "OPTIONS") != 0)
        return FALSE;
    gboolean is_server = soup_server_message_is_options_ping(self->msg);
    if (!is_server && self->allow == NULL)
        return FALSE;
    const CfxPair headers[] = { { "Allow", is_server ? "GET, HEAD, POST, OPTIONS" : self->allow },
                                { NULL, NULL } };
    cfx_request_hold_answer(self, 204, headers, NULL);
    return TRUE;
}

static void
handle(CfxRequestHold *self)
{
    if ((self->refusal == 404 || self->refusal == 405) && answer_options(self))
        return;
    if (self->refusal != 0)
        cfx_request_hold_refuse(self, self->refusal, NULL);
    else
        identify(self);
}

void
cfx_request_handle(SoupServerMessage *msg)
{
    CfxRequestHold *self = g_object_get_data(G_OBJECT(msg), HOLD_KEY);
    if (self == NULL || self->view.path == NULL) {
        soup_server_message_set_status(msg, 500, NULL);
        return;
    }
    if (self->conn->is_taken) {
        /* answered by hand: libsoup had the rest of it already, and must not answer too */
        g_autoptr(GIOStream) rest G_GNUC_UNUSED = soup_server_message_steal_connection(msg);
        return;
    }
    cfx_conn_stop_timer(self->conn);
    if (self->refusal == 0)
        self->view.body = soup_message_body_flatten(soup_server_message_get_request_body(msg));
    cfx_request_hold_ref(self);
    self->is_inside = TRUE;
    handle(self);
    self->is_inside = FALSE;
    /* not answered, and no 101 under way: libsoup must wait */
    if (self->msg != NULL && soup_server_message_get_status(msg) == 0) {
        self->is_paused = TRUE;
        soup_server_message_pause(msg);
    }
    cfx_request_hold_unref(self);
}

/* --- from the plugin ----------------------------------------------------------------------------
 */

typedef struct {
    CfxRequestHold *hold;
    guint32 status;
    GPtrArray *texts; /* name, value, … */
    GBytes *body;
} Answer;

static void
answer_cb(gpointer data)
{
    Answer *answer = data;
    guint n = answer->texts->len / 2;
    g_autofree CfxPair *headers = g_new0(CfxPair, n + 1);
    for (guint i = 0; i < n; i++)
        headers[i] = (CfxPair){ answer->texts->pdata[2 * i], answer->texts->pdata[2 * i + 1] };
    cfx_request_hold_answer(answer->hold, answer->status, headers, answer->body);
    cfx_request_hold_release(answer->hold);
    cfx_request_hold_unref(answer->hold);
    g_ptr_array_unref(answer->texts);
    g_clear_pointer(&answer->body, g_bytes_unref);
    g_free(answer);
}

void
cfx_request_respond(const CfxRequest *request, guint32 status, const CfxPair *headers, GBytes *body)
{
    CfxRequestHold *self = (CfxRequestHold *)(guintptr)request;
    CfxWeb *web = self->listener->web;
    if (cfx_web_is_main(web)) {
        cfx_request_hold_answer(self, status, headers, body);
        cfx_request_hold_release(self);
        return;
    }
    Answer *answer = g_new0(Answer, 1);
    answer->hold = cfx_request_hold_ref(self); /* the instance may stop before it arrives */
    answer->status = status;
    answer->texts = g_ptr_array_new_with_free_func(g_free);
    for (; headers != NULL && headers->name != NULL; headers++) {
        g_ptr_array_add(answer->texts, g_strdup(headers->name));
        g_ptr_array_add(answer->texts, g_strdup(headers->value));
    }
    answer->body = body != NULL ? g_bytes_ref(body) : NULL;
    cfx_loop_post(web->main, answer_cb, answer);
}

void
cfx_requests_drop_owner(CfxWeb *web, const CfxInstance *owner, guint64 generation)
{
    for (GList *link = web->requests.head, *next; link != NULL; link = next) {
        CfxRequestHold *self = link->data;
        next = link->next;
        if (self->mount->owner != owner || self->mount->generation > generation)
            continue;
        if (self->state == CFX_REQUEST_WAITING && self->socket == NULL)
            cfx_request_hold_refuse(self, 503, "the service stops");
        cfx_request_hold_release(self);
    }
}
