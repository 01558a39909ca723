/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls to other servers, by one libsoup session on the main context: no redirects, no cookies, no
 * proxy of the environment, limits on time and size. A PUBLIC_ONLY call looks the name up first and
 * then connects to exactly the address that was checked, so that a name cannot change its mind.
 */
#include "cfx-web-private.h"

#include <string.h>

#define TIMEOUT_US (30 * G_USEC_PER_SEC)
#define ANSWER_MAX (1024 * 1024)
#define READ_SIZE (64 * 1024)

typedef struct {
    guint refs; /* main thread only */
    CfxHttp *http;
    GList link;
    CfxInstance *owner; /* under http->lock; NULL: it has stopped, and was told */
    guint64 generation;
    CfxHttpDone done;
    gpointer data;

    char *method, *url, *tls, *body_type;
    GPtrArray *header_texts; /* name, value, … */
    GBytes *body;
    gint64 timeout_us;
    gsize answer_max;
    gboolean is_public_only, has_unknown_flags;

    CfxLoop *main;
    SoupSession *session;
    SoupMessage *msg;
    GInputStream *input;
    GByteArray *got;
    GCancellable *cancellable;
    CfxTimer timer;
    gboolean is_done;
} Call;

/* What goes home. */
typedef struct {
    CfxInstance *owner;
    guint64 generation;
    CfxHttpDone done;
    gpointer data;
    CfxHttpAnswer answer;
    CfxPair *pairs;
    char *texts;
    GError *error;
} Delivery;

struct _CfxHttp {
    CfxWeb *web;
    SoupSession *session;
    GMutex lock;           /* of what follows */
    GQueue calls;          /* (element-type Call) not finished */
    GPtrArray *deliveries; /* (element-type Delivery) on their way home */
};

static SoupSession *
session_new(GSocketConnectable *remote)
{
    SoupSession *session = soup_session_new_with_options("user-agent",
                                                         "cariflex",
                                                         "max-conns",
                                                         256,
                                                         "max-conns-per-host",
                                                         16,
                                                         "idle-timeout",
                                                         60u,
                                                         "timeout",
                                                         0u,
                                                         "proxy-resolver",
                                                         NULL,
                                                         "remote-connectable",
                                                         remote,
                                                         NULL);
    soup_session_remove_feature_by_type(session, SOUP_TYPE_AUTH_MANAGER);
    return session;
}

CfxHttp *
cfx_http_new(CfxWeb *web)
{
    CfxHttp *self = g_new0(CfxHttp, 1);
    self->web = web;
    self->session = session_new(NULL);
    g_mutex_init(&self->lock);
    self->deliveries = g_ptr_array_new();
    return self;
}

static void
call_unref(Call *self)
{
    if (--self->refs > 0)
        return;
    g_free(self->method);
    g_free(self->url);
    g_free(self->tls);
    g_free(self->body_type);
    g_ptr_array_unref(self->header_texts);
    g_clear_pointer(&self->body, g_bytes_unref);
    g_clear_object(&self->session);
    g_clear_object(&self->msg);
    g_clear_object(&self->input);
    g_clear_pointer(&self->got, g_byte_array_unref);
    g_object_unref(self->cancellable);
    g_free(self);
}

static void
delivery_free(Delivery *self)
{
    g_clear_pointer(&self->answer.body, g_bytes_unref);
    g_free(self->pairs);
    g_free(self->texts);
    g_clear_error(&self->error);
    g_free(self);
}

/* [home] */
static void
deliver_cb(gpointer data)
{
    Delivery *self = data;
    if (cfx_instance_is_alive(self->owner, self->generation)) {
        gint64 entered = cfx_instance_enter(self->owner);
        self->done(self->data, self->error == NULL ? &self->answer : NULL, self->error);
        cfx_instance_leave(self->owner, entered, "http");
    }
    delivery_free(self);
}

typedef struct {
    CfxHttp *http;
    Delivery *delivery;
} Parcel;

static void
parcel_cb(gpointer data)
{
    Parcel *parcel = data;
    g_mutex_lock(&parcel->http->lock);
    gboolean is_mine = g_ptr_array_remove_fast(parcel->http->deliveries, parcel->delivery);
    g_mutex_unlock(&parcel->http->lock);
    if (is_mine) /* else the owner has stopped and was told */
        deliver_cb(parcel->delivery);
    g_free(parcel);
}

static void
copy_headers(Delivery *to, SoupMessageHeaders *from)
{
    SoupMessageHeadersIter iter;
    const char *name, *value;
    gsize size = 0;
    guint n = 0;
    soup_message_headers_iter_init(&iter, from);
    while (soup_message_headers_iter_next(&iter, &name, &value)) {
        size += strlen(name) + strlen(value) + 2;
        n++;
    }
    char *at = to->texts = g_malloc(size + 1);
    to->pairs = g_new0(CfxPair, n + 1);
    n = 0;
    soup_message_headers_iter_init(&iter, from);
    while (soup_message_headers_iter_next(&iter, &name, &value)) {
        to->pairs[n].name = at;
        for (; *name != 0; name++)
            *at++ = g_ascii_tolower(*name);
        *at++ = 0;
        to->pairs[n++].value = at;
        at = g_stpcpy(at, value) + 1;
    }
}

/* What a finished call has to tell. */
static Delivery *
delivery_new(const Call *call, GError *error)
{
    Delivery *delivery = g_new0(Delivery, 1);
    delivery->owner = call->owner;
    delivery->generation = call->generation;
    delivery->done = call->done;
    delivery->data = call->data;
    delivery->error = error;
    return delivery;
}

static void
fill_answer(Call *self, Delivery *delivery)
{
    delivery->answer.struct_size = sizeof delivery->answer;
    delivery->answer.status = soup_message_get_status(self->msg);
    delivery->answer.body = g_byte_array_free_to_bytes(g_steal_pointer(&self->got));
    copy_headers(delivery, soup_message_get_response_headers(self->msg));
    delivery->answer.headers = delivery->pairs;
}

/* Ends a call, once. error (transfer full) (nullable): NULL: it was answered. */
static void
finish(Call *self, GError *error)
{
    if (self->is_done) {
        g_clear_error(&error);
        return;
    }
    self->is_done = TRUE;
    cfx_loop_timer_stop(self->main, self->timer);
    g_cancellable_cancel(self->cancellable);
    CfxHttp *http = self->http;
    g_mutex_lock(&http->lock);
    g_queue_unlink(&http->calls, &self->link);
    CfxInstance *owner = self->owner;
    if (owner != NULL) {
        Delivery *delivery = delivery_new(self, error);
        if (error == NULL)
            fill_answer(self, delivery);
        g_ptr_array_add(http->deliveries, delivery);
        Parcel *parcel = g_new(Parcel, 1);
        *parcel = (Parcel){ http, delivery };
        cfx_loop_post(owner->home, parcel_cb, parcel);
    } else {
        g_clear_error(&error);
    }
    g_mutex_unlock(&http->lock);
    call_unref(self);
}

static void G_GNUC_PRINTF(3, 4)
fail(Call *self, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    GError *error = g_error_new_valist(CFX_ERROR, code, format, arguments);
    va_end(arguments);
    finish(self, error);
}

static void
fail_by(Call *self, const GError *cause)
{
    gboolean is_nonsense = cause->domain == SOUP_SESSION_ERROR ||
                           g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) ||
                           g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    fail(self,
         is_nonsense ? CFX_ERROR_PEER : CFX_ERROR_UNAVAILABLE,
         "%s %s: %s",
         self->method,
         self->url,
         cause->message);
}

static void
timeout_cb(gpointer data)
{
    Call *self = data;
    self->timer = 0;
    fail(self,
         CFX_ERROR_UNAVAILABLE,
         "%s %s: no answer within %.3g s",
         self->method,
         self->url,
         (double)self->timeout_us / G_USEC_PER_SEC);
}

static void read_more(Call *self);

static void
read_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    Call *self = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);
    if (self->is_done) {
        call_unref(self);
        return;
    }
    gsize size = bytes != NULL ? g_bytes_get_size(bytes) : 0;
    if (bytes == NULL)
        fail_by(self, error);
    else if (size == 0)
        finish(self, NULL);
    else if (self->got->len + size > self->answer_max)
        fail(self,
             CFX_ERROR_FULL,
             "%s %s: the answer is larger than %" G_GSIZE_FORMAT " bytes",
             self->method,
             self->url,
             self->answer_max);
    else
        g_byte_array_append(self->got, g_bytes_get_data(bytes, NULL), (guint)size);
    if (!self->is_done)
        read_more(self);
    call_unref(self);
}

static void
read_more(Call *self)
{
    self->refs++;
    g_input_stream_read_bytes_async(
        self->input, READ_SIZE, G_PRIORITY_DEFAULT, self->cancellable, read_cb, self);
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    Call *self = data;
    g_autoptr(GError) error = NULL;
    GInputStream *input = soup_session_send_finish(SOUP_SESSION(source), result, &error);
    if (self->is_done) {
        g_clear_object(&input);
    } else if (input == NULL) {
        fail_by(self, error);
    } else {
        self->input = input;
        self->got = g_byte_array_new();
        read_more(self);
    }
    call_unref(self);
}

static void
send_message(Call *self)
{
    self->refs++;
    soup_session_send_async(
        self->session, self->msg, G_PRIORITY_DEFAULT, self->cancellable, sent_cb, self);
}

/* NULL: one of the addresses is not public. */
static GInetAddress *
choose_public(GList *addresses)
{
    for (GList *item = addresses; item != NULL; item = item->next) {
        g_autofree char *text = g_inet_address_to_string(item->data);
        CfxAddress address;
        if (!cfx_address_parse(&address, text) || !cfx_address_is_public(&address))
            return NULL;
    }
    return addresses->data;
}

static void
resolved_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    Call *self = data;
    g_autoptr(GError) error = NULL;
    GList *addresses = g_resolver_lookup_by_name_finish(G_RESOLVER(source), result, &error);
    GInetAddress *chosen = addresses != NULL ? choose_public(addresses) : NULL;
    if (self->is_done) {
        /* nobody waits any more */
    } else if (addresses == NULL) {
        fail_by(self, error);
    } else if (chosen == NULL) {
        fail(self, CFX_ERROR_INVALID, "url: %s leads to an address that is not public", self->url);
    } else {
        GUri *uri = soup_message_get_uri(self->msg);
        int port = g_uri_get_port(uri);
        if (port <= 0)
            port = strcmp(g_uri_get_scheme(uri), "https") == 0 ? 443 : 80;
        g_autoptr(GSocketAddress) remote = g_inet_socket_address_new(chosen, (guint16)port);
        g_clear_object(&self->session);
        self->session = session_new(G_SOCKET_CONNECTABLE(remote));
        send_message(self);
    }
    g_resolver_free_addresses(addresses);
    call_unref(self);
}

static void
resolve(Call *self)
{
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    self->refs++;
    g_resolver_lookup_by_name_async(resolver,
                                    g_uri_get_host(soup_message_get_uri(self->msg)),
                                    self->cancellable,
                                    resolved_cb,
                                    self);
}

static gboolean
add_header(Call *self, const char *name, const char *value)
{
    SoupMessageHeaders *headers = soup_message_get_request_headers(self->msg);
    if (*name == 0 || strpbrk(name, ":\r\n \t") != NULL || strpbrk(value, "\r\n") != NULL)
        return FALSE;
    soup_message_headers_append(headers, name, value);
    return TRUE;
}

/* FALSE: it has failed. */
static gboolean
make_message(Call *self)
{
    g_autoptr(GUri) uri = g_uri_parse(self->url, SOUP_HTTP_URI_FLAGS, NULL);
    if (uri == NULL || g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == 0 ||
        (strcmp(g_uri_get_scheme(uri), "http") != 0 &&
         strcmp(g_uri_get_scheme(uri), "https") != 0)) {
        fail(self, CFX_ERROR_INVALID, "url: \"%s\" is no http or https address", self->url);
        return FALSE;
    }
    if (self->tls != NULL) {
        fail(self, CFX_ERROR_NOT_SUPPORTED, "tls: there is no group [tls:%s]", self->tls);
        return FALSE;
    }
    self->msg = soup_message_new_from_uri(self->method, uri);
    soup_message_add_flags(self->msg, SOUP_MESSAGE_NO_REDIRECT);
    for (guint i = 0; i < self->header_texts->len; i += 2) {
        const char *name = self->header_texts->pdata[i];
        if (!add_header(self, name, self->header_texts->pdata[i + 1])) {
            fail(self, CFX_ERROR_INVALID, "headers: \"%.40s\" cannot be sent", name);
            return FALSE;
        }
    }
    if (self->body != NULL)
        soup_message_set_request_body_from_bytes(
            self->msg,
            self->body_type != NULL ? self->body_type : "application/octet-stream",
            self->body);
    return TRUE;
}

/* [main] */
static void
start_cb(gpointer data)
{
    Call *self = data;
    if (self->is_done) { /* its instance stopped meanwhile */
        call_unref(self);
        return;
    }
    if (self->has_unknown_flags) {
        fail(self, CFX_ERROR_INVALID, "flags: unknown bit");
        call_unref(self);
        return;
    }
    self->session = g_object_ref(self->http->session);
    self->timer = cfx_loop_timer_start(self->main,
                                       CFX_CLOCK_REAL,
                                       cfx_loop_now(self->main, CFX_CLOCK_REAL) + self->timeout_us,
                                       timeout_cb,
                                       self);
    if (make_message(self)) {
        if (self->is_public_only)
            resolve(self);
        else
            send_message(self);
    }
    call_unref(self);
}

void
cfx_http_call(
    CfxHttp *self, CfxInstance *owner, const CfxHttpCall *call, CfxHttpDone done, gpointer data)
{
    Call *made = g_new0(Call, 1);
    CfxHttpCall mine;
    cfx_struct_copy(&mine, sizeof mine, call);
    made->refs = 2; /* of the list, and of start_cb() */
    made->http = self;
    made->main = self->web->main;
    made->link.data = made;
    made->owner = owner;
    made->generation = owner->generation;
    made->done = done;
    made->data = data;
    made->method = g_strdup(mine.method != NULL ? mine.method : "GET");
    made->url = g_strdup(mine.url != NULL ? mine.url : "");
    made->tls = g_strdup(mine.tls);
    made->body_type = g_strdup(mine.body_type);
    made->body = mine.body != NULL ? g_bytes_ref(mine.body) : NULL;
    made->timeout_us = mine.timeout_us > 0 ? mine.timeout_us : TIMEOUT_US;
    made->answer_max = mine.answer_max > 0 ? mine.answer_max : ANSWER_MAX;
    made->has_unknown_flags = (mine.flags & ~CFX_HTTP_PUBLIC_ONLY) != 0;
    made->is_public_only = (mine.flags & CFX_HTTP_PUBLIC_ONLY) != 0;
    made->cancellable = g_cancellable_new();
    made->header_texts = g_ptr_array_new_with_free_func(g_free);
    for (const CfxPair *pair = mine.headers; pair != NULL && pair->name != NULL; pair++) {
        g_ptr_array_add(made->header_texts, g_strdup(pair->name));
        g_ptr_array_add(made->header_texts, g_strdup(pair->value != NULL ? pair->value : ""));
    }
    g_mutex_lock(&self->lock);
    g_queue_push_tail_link(&self->calls, &made->link);
    g_mutex_unlock(&self->lock);
    cfx_web_run_main(self->web, start_cb, made);
}

/* [main] Ends the calls that nobody waits for. */
static void
end_orphans_cb(gpointer data)
{
    CfxHttp *self = data;
    g_autoptr(GPtrArray) orphans = g_ptr_array_new();
    g_mutex_lock(&self->lock);
    for (GList *link = self->calls.head; link != NULL; link = link->next) {
        Call *call = link->data;
        if (call->owner == NULL)
            g_ptr_array_add(orphans, call);
    }
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < orphans->len; i++)
        fail(orphans->pdata[i], CFX_ERROR_CANCELLED, "the instance stops");
}

void
cfx_http_drop_owner(CfxHttp *self, const CfxInstance *owner)
{
    g_autoptr(GPtrArray) mine = g_ptr_array_new();
    g_mutex_lock(&self->lock);
    /* what is on its way home must come before destroy() */
    for (guint i = self->deliveries->len; i > 0; i--) {
        Delivery *delivery = self->deliveries->pdata[i - 1];
        if (delivery->owner == owner)
            g_ptr_array_insert(mine, 0, g_ptr_array_steal_index(self->deliveries, i - 1));
    }
    for (GList *link = self->calls.head; link != NULL; link = link->next) {
        Call *call = link->data;
        if (call->owner != owner)
            continue;
        GError *error = g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "the instance stops");
        g_ptr_array_add(mine, delivery_new(call, error));
        call->owner = NULL;
    }
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < mine->len; i++)
        deliver_cb(mine->pdata[i]);
    cfx_web_run_main(self->web, end_orphans_cb, self);
}

void
cfx_http_free(CfxHttp *self)
{
    if (self == NULL)
        return;
    while (self->calls.head != NULL) {
        Call *call = self->calls.head->data;
        fail(call, CFX_ERROR_CANCELLED, "the host stops");
    }
    soup_session_abort(self->session);
    g_object_unref(self->session);
    for (guint i = 0; i < self->deliveries->len; i++)
        delivery_free(self->deliveries->pdata[i]);
    g_ptr_array_unref(self->deliveries);
    g_mutex_clear(&self->lock);
    g_free(self);
}
