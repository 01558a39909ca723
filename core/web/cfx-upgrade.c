/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a request to a WebSocket: libsoup writes the 101; then its stream is stolen, its descriptor
 * duplicated, and the stream let go, so that the connection lives in the engine of the instance's
 * home loop alone. What came together with the handshake lies in libsoup's buffer and is handed on.
 */
#include "cfx-log.h"
#include "cfx-web-private.h"

#include <fcntl.h>
#include <string.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define EARLY_MAX (256 * 1024)

/* --- the handshake ------------------------------------------------------------------------------
 */

static gboolean
has_token(SoupMessageHeaders *headers, const char *name, const char *token)
{
    return soup_message_headers_header_contains(headers, name, token);
}

/* 16 bytes in base64 */
static gboolean
key_is_valid(const char *key)
{
    gsize size;
    if (key == NULL || strlen(key) != 24)
        return FALSE;
    g_autofree guchar G_GNUC_UNUSED *bytes = g_base64_decode(key, &size);
    return size == 16;
}

char **
cfx_upgrade_offer(SoupServerMessage *msg, guint *ret_status)
{
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(msg);
    *ret_status = 0;
    if (!has_token(headers, "Upgrade", "websocket") || !has_token(headers, "Connection", "Upgrade"))
        return NULL;
    const char *version = soup_message_headers_get_one(headers, "Sec-WebSocket-Version");
    if (version == NULL || strcmp(version, "13") != 0) {
        *ret_status = 426;
        return NULL;
    }
    if (strcmp(soup_server_message_get_method(msg), "GET") != 0 ||
        soup_server_message_get_http_version(msg) != SOUP_HTTP_1_1 ||
        !key_is_valid(soup_message_headers_get_one(headers, "Sec-WebSocket-Key"))) {
        *ret_status = 400;
        return NULL;
    }
    /* may be repeated as well as comma separated */
    const char *list = soup_message_headers_get_list(headers, "Sec-WebSocket-Protocol");
    g_auto(GStrv) items = g_strsplit(list != NULL ? list : "", ",", -1);
    GPtrArray *offered = g_ptr_array_new();
    for (guint i = 0; items[i] != NULL; i++) {
        if (*g_strstrip(items[i]) != 0)
            g_ptr_array_add(offered, g_strdup(items[i]));
    }
    g_ptr_array_add(offered, NULL);
    return (char **)g_ptr_array_free(offered, FALSE);
}

static char *
accept_of(const char *key)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 digest[20];
    gsize size = sizeof digest;
    g_checksum_update(sum, (const guchar *)key, (gssize)strlen(key));
    g_checksum_update(sum, (const guchar *)GUID, (gssize)strlen(GUID));
    g_checksum_get_digest(sum, digest, &size);
    return g_base64_encode(digest, size);
}

/* --- handing over -------------------------------------------------------------------------------
 */

typedef struct {
    CfxSocket *socket;
    int fd; /* -1: it failed */
    GBytes *early;
} Handover;

static void
handover_cb(gpointer data)
{
    Handover *handover = data;
    if (handover->fd >= 0)
        cfx_socket_attach(handover->socket, cfx_stream_plain(handover->fd), handover->early);
    else
        cfx_socket_fail(handover->socket, "the peer has gone");
    g_clear_pointer(&handover->early, g_bytes_unref);
    g_free(handover);
}

/* Always by the inbox: a message may not come before upgrade() has returned. */
static void
hand_over(CfxRequestHold *hold, int fd, GBytes *early)
{
    Handover *handover = g_new0(Handover, 1);
    *handover = (Handover){ hold->socket, fd, early };
    hold->socket = NULL;
    cfx_loop_post(hold->mount->owner->home, handover_cb, handover);
}

/* What libsoup has read beyond the handshake. */
static GBytes *
read_early(GIOStream *stream)
{
    GInputStream *input = g_io_stream_get_input_stream(stream);
    if (!G_IS_POLLABLE_INPUT_STREAM(input))
        return NULL;
    g_autoptr(GByteArray) early = g_byte_array_new();
    while (early->len < EARLY_MAX) {
        guint8 bytes[4096];
        gssize size = g_pollable_input_stream_read_nonblocking(
            G_POLLABLE_INPUT_STREAM(input), bytes, sizeof bytes, NULL, NULL);
        if (size <= 0)
            break; /* an end or error is met again by the engine */
        g_byte_array_append(early, bytes, (guint)size);
    }
    return early->len > 0 ? g_byte_array_free_to_bytes(g_steal_pointer(&early)) : NULL;
}

static void
wrote_informational_cb(SoupServerMessage *msg, gpointer data)
{
    CfxRequestHold *hold = data;
    if (hold->socket == NULL)
        return;
    int fd = cfx_conn_fd(hold->conn);
    g_autoptr(GIOStream) stream = soup_server_message_steal_connection(msg);
    if (fd < 0 || stream == NULL) {
        hand_over(hold, -1, NULL);
        return;
    }
    GBytes *early = read_early(stream);
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    /* the stream's own descriptor is closed with its last reference, at the end of this function */
    hold->conn->is_taken = TRUE;
    hand_over(hold, fd, early);
}

void
cfx_upgrade_failed(CfxRequestHold *hold)
{
    hand_over(hold, -1, NULL);
}

/* --- from the plugin ----------------------------------------------------------------------------
 */

static void
left_main_cb(gpointer data)
{
    CfxConn *conn = data;
    if (conn->is_taken)
        cfx_conn_left(conn);
    else
        cfx_conn_unref(conn); /* the handshake failed: the GSocket's end counts */
}

typedef struct {
    CfxWeb *web;
    CfxConn *conn;
} Leaving;

static void
left_cb(gpointer data)
{
    Leaving *leaving = data;
    cfx_web_run_main(leaving->web, left_main_cb, leaving->conn);
    g_free(leaving);
}

typedef struct {
    CfxRequestHold *hold; /* a reference: the instance may stop before this runs */
    CfxSocket *socket;
    char *protocol;
} Begin;

static void
begin_cb(gpointer data)
{
    Begin *begin = data;
    CfxRequestHold *hold = begin->hold;
    hold->socket = begin->socket;
    if (hold->msg == NULL || hold->state == CFX_REQUEST_ANSWERED) {
        hand_over(hold, -1, NULL);
    } else {
        SoupMessageHeaders *request = soup_server_message_get_request_headers(hold->msg);
        SoupMessageHeaders *answer = soup_server_message_get_response_headers(hold->msg);
        g_autofree char *accept =
            accept_of(soup_message_headers_get_one(request, "Sec-WebSocket-Key"));
        hold->state = CFX_REQUEST_ANSWERED;
        cfx_loop_timer_stop(hold->listener->web->main, hold->timer);
        hold->timer = 0;
        soup_server_message_set_status(hold->msg, SOUP_STATUS_SWITCHING_PROTOCOLS, NULL);
        soup_message_headers_replace(answer, "Upgrade", "websocket");
        soup_message_headers_replace(answer, "Connection", "Upgrade");
        soup_message_headers_replace(answer, "Sec-WebSocket-Accept", accept);
        if (begin->protocol != NULL)
            soup_message_headers_replace(answer, "Sec-WebSocket-Protocol", begin->protocol);
        g_signal_connect(
            hold->msg, "wrote-informational", G_CALLBACK(wrote_informational_cb), hold);
        cfx_request_hold_continue(hold);
    }
    cfx_request_hold_release(hold);
    cfx_request_hold_unref(hold);
    g_free(begin->protocol);
    g_free(begin);
}

static gboolean
is_possible(const CfxRequestHold *hold)
{
    if (hold->view.protocols == NULL)
        return FALSE; /* not a handshake */
    /* in another thread the message is not ours to look at: closed() will tell */
    if (!cfx_web_is_main(hold->listener->web))
        return TRUE;
    return hold->msg != NULL && hold->state == CFX_REQUEST_WAITING && !cfx_conn_is_gone(hold->conn);
}

CfxSocket *
cfx_upgrade(const CfxRequest *request, const char *protocol, const CfxSocketOps *ops, gpointer data)
{
    CfxRequestHold *hold = (CfxRequestHold *)(guintptr)request;
    CfxWeb *web = hold->listener->web;
    CfxInstance *owner = hold->mount->owner;
    if (ops->flags != 0) {
        cfx_log_say(CFX_LOG_CRITICAL, owner->name, "upgrade: flags: unknown bit");
        cfx_request_respond(request, 500, NULL, NULL);
        return NULL;
    }
    if (!is_possible(hold)) {
        cfx_request_respond(request, hold->view.protocols == NULL ? 400 : 503, NULL, NULL);
        return NULL;
    }
    Leaving *leaving = g_new(Leaving, 1);
    *leaving = (Leaving){ web, cfx_conn_ref(hold->conn) };
    CfxSocket *socket = cfx_socket_new(cfx_web_sockets(web, owner->home),
                                       owner,
                                       ops,
                                       data,
                                       &hold->listener->how->socket,
                                       left_cb,
                                       leaving);
    Begin *begin = g_new0(Begin, 1);
    begin->hold = cfx_request_hold_ref(hold);
    begin->socket = socket;
    begin->protocol = g_strdup(protocol);
    cfx_web_run_main(web, begin_cb, begin);
    return socket;
}
