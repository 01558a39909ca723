/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host itself answers to a request that it does not give to a plugin, in the shape of the
 * route's protocol. A request whose body would only be thrown away is answered at once: by hand, on
 * a descriptor of its own, since libsoup answers after the body only, and cuts the connection of a
 * peer that still writes (which then would not read the answer).
 */
#include "cfx-head-stream.h"
#include "cfx-log.h"
#include "cfx-web-private.h"

#include <fcntl.h>
#include <string.h>

#define REALM "cariflex"
#define HEADERS_MAX 5

/* --- texts --------------------------------------------------------------------------------------
 */

static gboolean
is_text(const char *text)
{
    for (; *text != 0; text++) {
        if ((guchar)*text < ' ' && *text != '\t')
            return FALSE;
    }
    return TRUE;
}

gboolean
cfx_refusal_is_clean(const CfxPair *header)
{
    /* a line break would begin a header, or a body, of somebody else's choice */
    if (*header->name != 0 && strchr(header->name, ':') == NULL && is_text(header->name) &&
        header->value != NULL && is_text(header->value))
        return TRUE;
    cfx_log_say(CFX_LOG_WARNING,
                "web",
                "an answer's header \"%.40s\" was left out",
                *header->name != 0 ? header->name : "(no name)");
    return FALSE;
}

static const char *
default_reason(guint status)
{
    switch (status) {
    case 400:
        return "the request makes no sense";
    case 401:
        return "credentials are needed";
    case 403:
        return "not allowed";
    case 404:
        return "nothing is served here";
    case 405:
        return "this method is not served here";
    case 413:
        return "the body is too large";
    case 426:
        return "WebSockets of version 13 only";
    case 429:
        return "too many requests";
    case 431:
        return "the headers are too large";
    case 501:
        return "this transfer encoding is not known";
    default:
        return "not now";
    }
}

static GBytes *
refusal_body(CfxRequestHold *self, guint status, const char *reason, const char **ret_type)
{
    CfxMount *mount = self->mount;
    /* in another thread the route's own shape could not be asked for at once */
    if (mount != NULL && mount->route.refuse != NULL && cfx_mount_is_alive(mount) &&
        mount->owner->home == self->listener->web->main) {
        gint64 entered = cfx_instance_enter(mount->owner);
        GBytes *body = mount->route.refuse(mount->data, &self->view, status, reason, ret_type);
        cfx_instance_leave(mount->owner, entered, "refuse");
        if (body != NULL)
            return body;
    }
    *ret_type = "application/json";
    char *text = g_strdup_printf("{\"status\":%u,\"message\":\"%s\"}\n", status, reason);
    return g_bytes_new_take(text, strlen(text));
}

/* Headers of a refusal in @to, ended by an empty one; @wait is the text of Retry-After. */
static void
refusal_headers(
    const CfxRequestHold *self, guint status, const char *type, const char *wait, CfxPair *to)
{
    *to++ = (CfxPair){ "Content-Type", type };
    if (status == 401) {
        *to++ = (CfxPair){ "WWW-Authenticate", "Basic realm=\"" REALM "\"" };
        *to++ = (CfxPair){ "WWW-Authenticate", "Bearer realm=\"" REALM "\"" };
    } else if (status == 405) {
        *to++ = (CfxPair){ "Allow", self->allow };
    } else if (status == 426) {
        *to++ = (CfxPair){ "Sec-WebSocket-Version", "13" };
    } else if (status == 429 || status == 503) {
        *to++ = (CfxPair){ "Retry-After", wait };
    }
    *to = (CfxPair){ NULL, NULL };
}

typedef void (*Answer)(CfxRequestHold *self, guint status, const CfxPair *headers, GBytes *body);

static void
refuse(CfxRequestHold *self, guint status, const char *reason, Answer answer)
{
    if (self->view.body == NULL)
        self->view.body = g_bytes_new_static("", 0);
    if (reason == NULL)
        reason = default_reason(status);
    self->listener->refused++;
    const char *type = "application/json";
    g_autoptr(GBytes) body = refusal_body(self, status, reason, &type);
    g_autofree char *wait =
        g_strdup_printf("%" G_GINT64_FORMAT, MAX(1, self->wait_us / G_USEC_PER_SEC + 1));
    CfxPair headers[HEADERS_MAX];
    refusal_headers(self, status, type, wait, headers);
    answer(self, status, headers, body);
}

void
cfx_request_hold_refuse(CfxRequestHold *self, guint32 status, const char *reason)
{
    refuse(self, status, reason, cfx_request_hold_answer);
}

/* --- by hand ------------------------------------------------------------------------------------
 */

static void
left_cb(gpointer data)
{
    cfx_conn_left(data);
}

/* libsoup's descriptor is closed when it meets the end of its input; the connection counts until
 * the peer has ended too, or has had its time. */
static void
answer_by_hand(CfxConn *conn, guint status, const CfxPair *headers, GBytes *body, gboolean is_head)
{
    int fd = cfx_conn_fd(conn);
    fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    cfx_conn_stop_timer(conn);
    cfx_conn_end_input(conn);
    if (fd < 0 || conn->is_taken)
        return;
    gsize size;
    const char *bytes = g_bytes_get_data(body, &size);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "HTTP/1.1 %u %s\r\n", status, soup_status_get_phrase(status));
    for (; headers->name != NULL; headers++) {
        if (cfx_refusal_is_clean(headers))
            g_string_append_printf(text, "%s: %s\r\n", headers->name, headers->value);
    }
    g_string_append_printf(
        text, "Content-Length: %" G_GSIZE_FORMAT "\r\nConnection: close\r\n\r\n", size);
    if (!is_head)
        g_string_append_len(text, bytes, (gssize)size);
    conn->is_taken = TRUE;
    gsize whole = text->len;
    cfx_lingers_add(conn->listener->web->lingers,
                    cfx_stream_plain(fd),
                    (guint8 *)g_string_free(text, FALSE),
                    0,
                    whole,
                    left_cb,
                    cfx_conn_ref(conn));
}

static void
answer_early(CfxRequestHold *self, guint status, const CfxPair *headers, GBytes *body)
{
    self->state = CFX_REQUEST_ANSWERED;
    answer_by_hand(self->conn, status, headers, body, strcmp(self->view.method, "HEAD") == 0);
}

void
cfx_request_hold_refuse_early(CfxRequestHold *self, guint32 status)
{
    if (self->state != CFX_REQUEST_ANSWERED)
        refuse(self, status, NULL, answer_early);
}

void
cfx_conn_refuse_head(CfxConn *self, guint32 status)
{
    static const CfxPair HEADERS[] = { { "Content-Type", "application/json" }, { NULL, NULL } };
    char *text =
        g_strdup_printf("{\"status\":%u,\"message\":\"%s\"}\n", status, default_reason(status));
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));
    self->listener->refused++;
    answer_by_hand(self, status, HEADERS, body, FALSE);
}
