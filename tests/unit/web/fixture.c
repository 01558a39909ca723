/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include "cfx-log.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)

CfxChecked *
fixture_config(const char *name, const char *keys, char **ret_problems)
{
    g_autoptr(CfxSettings) settings = cfx_settings_new();
    g_autoptr(CfxProblems) problems = cfx_problems_new();
    g_autofree char *group = g_strdup_printf("listener:%s", name);
    g_autofree char *text = g_strdup_printf("[%s]\n%s\n", group, keys);
    cfx_settings_read_text(settings, "test.conf", text, strlen(text), problems);
    CfxSchema schema = { .key_size = sizeof(CfxConfigKey), .who = "the host" };
    schema.keys = cfx_web_listener_keys(&schema.n_keys);
    CfxChecked *checked =
        cfx_schema_check(settings, cfx_settings_group(settings, group), group, &schema, problems);
    char *said = cfx_problems_text(problems);
    if (ret_problems != NULL)
        *ret_problems = said;
    else
        g_assert_cmpstr(said, ==, NULL);
    return checked;
}

static gboolean
auth_bearer(gpointer data, const char *token, CfxLogin *ret)
{
    static const char *const TOKENS[] = { "nobody", "reader", "operator", "admin" };
    for (guint i = 1; i < G_N_ELEMENTS(TOKENS); i++) {
        if (strcmp(token, TOKENS[i]) != 0)
            continue;
        *ret = (CfxLogin){ .struct_size = sizeof *ret,
                           .role = i,
                           .principal = 100 + i,
                           .account = 7,
                           .identity = TOKENS[i] };
        return TRUE;
    }
    return FALSE;
}

typedef struct {
    Fixture *home;
    char *user, *password;
    CfxLoginDone done;
    gpointer data;
} LoginLater;

static void
login_cb(gpointer data)
{
    LoginLater *later = data;
    CfxLogin login;
    g_autoptr(GError) error = NULL;
    if (!auth_bearer(NULL, later->user, &login))
        error = g_error_new_literal(CFX_ERROR, CFX_ERROR_NOT_FOUND, "nobody of that name");
    else if (later->password != NULL && strcmp(later->password, "right") != 0)
        error = g_error_new_literal(CFX_ERROR, CFX_ERROR_AUTH, "wrong password");
    later->done(later->data, error == NULL ? &login : NULL, error);
    g_free(later->user);
    g_free(later->password);
    g_free(later);
}

static void
auth_login(gpointer data,
           const char *user,
           const char *password,
           gint64 lifetime_us,
           CfxLoginDone done,
           gpointer done_data)
{
    LoginLater *later = g_new0(LoginLater, 1);
    *later = (LoginLater){ data, g_strdup(user), g_strdup(password), done, done_data };
    cfx_loop_post(later->home->loop, login_cb, later);
}

static gboolean
auth_may(gpointer data, gint64 principal, guint32 right, gint64 asset)
{
    return principal >= 100 && right == CFX_RIGHT_READ;
}

CfxWebAuth
fixture_auth(Fixture *self)
{
    return (CfxWebAuth){ self, auth_bearer, auth_login, auth_may };
}

static gboolean
monitor_ready(gpointer data, char **ret_json)
{
    *ret_json = g_strdup("{\"ready\":true,\"inside\":true}\n");
    return TRUE;
}

void
fixture_open(Fixture *self, const char *keys)
{
    g_autoptr(GError) error = NULL;
    memset(self, 0, sizeof *self);
    self->clock = cfx_clock_new_real();
    self->loop = cfx_loop_new_main(self->clock);
    CfxWebAuth auth = fixture_auth(self);
    self->web = cfx_web_new(self->loop, &auth);
    const CfxWebMonitor monitor = { .ready = monitor_ready };
    cfx_web_set_monitor(self->web, &monitor);
    self->instance = cfx_instance_new("adapter", "depot", self->loop);
    self->instance->host.web = cfx_web_api();
    self->instance->self = self;
    self->instance->generation = 1;
    cfx_instance_set_state(self->instance, CFX_INSTANCE_RUNNING, NULL);
    self->host = &self->instance->host;
    self->api = cfx_web_api();
    g_autofree char *text = g_strconcat("address=127.0.0.1:0\n", keys, NULL);
    g_autoptr(CfxChecked) checked = fixture_config("test", text, NULL);
    gboolean is_open = cfx_web_listen(self->web, "test", &checked->config, &error);
    g_assert_no_error(error);
    g_assert_true(is_open);
    self->port = cfx_web_port(self->web, "test");
}

void
fixture_stop_instance(Fixture *self)
{
    cfx_instance_set_state(self->instance, CFX_INSTANCE_STOPPING, NULL);
    cfx_instance_run_stop_hooks(self->instance);
    self->instance->generation++;
    self->instance->self = NULL;
    cfx_instance_set_state(self->instance, CFX_INSTANCE_STOPPED, NULL);
}

void
fixture_settle(Fixture *self)
{
    /* what comes by loopback needs a turn or two of the kernel */
    for (guint i = 0; i < 50; i++) {
        while (g_main_context_iteration(NULL, FALSE))
            ;
        g_usleep(200);
    }
}

void
fixture_close(Fixture *self)
{
    if (self->instance->self != NULL)
        fixture_stop_instance(self);
    fixture_settle(self);
    cfx_web_free(self->web);
    fixture_settle(self);
    cfx_instance_free(self->instance);
    cfx_loop_free(self->loop);
    cfx_clock_free(self->clock);
}

void
fixture_route(Fixture *self,
              const char *method,
              const char *path,
              guint32 role,
              void (*handle)(gpointer data, const CfxRequest *request),
              gpointer data)
{
    g_autoptr(GError) error = NULL;
    CfxRoute route = {
        .struct_size = sizeof route, .role = role, .method = method, .path = path, .handle = handle
    };
    self->api->route(self->host, "test", &route, data, &error);
    g_assert_no_error(error);
}

static void
turn(gint64 until_us)
{
    g_assert_cmpint(g_get_monotonic_time(), <, until_us);
    if (!g_main_context_iteration(NULL, FALSE))
        g_usleep(50);
}

void
fixture_until(Fixture *self, const gboolean *flag)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;
    while (!*flag)
        turn(until);
}

/* --- the peer -----------------------------------------------------------------------------------
 */

Peer *
peer_new(Fixture *home)
{
    Peer *self = g_new0(Peer, 1);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = g_htons(home->port),
                                   .sin_addr.s_addr = g_htonl(INADDR_LOOPBACK) };
    self->home = home;
    self->got = g_string_new(NULL);
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(self->fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return self;
}

void
peer_free(Peer *self)
{
    if (self->fd >= 0)
        close(self->fd);
    g_string_free(self->got, TRUE);
    g_free(self);
}

void
peer_write(Peer *self, const void *bytes, gssize size)
{
    const char *at = bytes;
    gsize left = size < 0 ? strlen(bytes) : (gsize)size;
    gint64 until = g_get_monotonic_time() + PATIENCE_US;
    while (left > 0) {
        gssize written = send(self->fd, at, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written < 0 && errno != EAGAIN)
            return; /* the other side has closed: reading will tell */
        if (written > 0) {
            at += written;
            left -= (gsize)written;
        }
        turn(until);
    }
}

/* FALSE: no more comes. */
static gboolean
more(Peer *self)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;
    for (;;) {
        char bytes[65536];
        gssize size = recv(self->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (size > 0) {
            g_string_append_len(self->got, bytes, size);
            return TRUE;
        }
        if (size == 0 || errno != EAGAIN) {
            self->is_ended = TRUE;
            return FALSE;
        }
        turn(until);
    }
}

gboolean
peer_read_answer(Peer *self, guint *ret_status, char **ret_head, char **ret_body)
{
    const char *end;
    while ((end = strstr(self->got->str, "\r\n\r\n")) == NULL) {
        if (!more(self))
            return FALSE;
    }
    gsize head_size = (gsize)(end - self->got->str) + 4;
    g_autofree char *head = g_strndup(self->got->str, head_size);
    g_string_erase(self->got, 0, (gssize)head_size);
    g_assert_true(g_str_has_prefix(head, "HTTP/1."));
    *ret_status = (guint)g_ascii_strtoull(head + 9, NULL, 10);
    g_autofree char *lower = g_ascii_strdown(head, -1);
    const char *length = strstr(lower, "content-length: ");
    gsize size = length != NULL ? g_ascii_strtoull(length + 16, NULL, 10) : 0;
    while (self->got->len < size) {
        if (!more(self))
            break;
    }
    if (ret_body != NULL)
        *ret_body = g_strndup(self->got->str, MIN(size, self->got->len));
    g_string_erase(self->got, 0, (gssize)MIN(size, self->got->len));
    if (ret_head != NULL)
        *ret_head = g_steal_pointer(&head);
    return TRUE;
}

void
peer_read_end(Peer *self)
{
    while (more(self))
        ;
}

gboolean
peer_read_frame(Peer *self, guint8 *ret_first, GBytes **ret_payload)
{
    for (;;) {
        const guint8 *at = (const guint8 *)self->got->str;
        gsize have = self->got->len, header = 2, size = 0;
        if (have >= 2) {
            size = at[1];
            g_assert_cmpuint(size & 0x80, ==, 0); /* a server does not mask */
            gsize bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
            header += bytes;
            if (bytes > 0 && have >= header) {
                size = 0;
                for (gsize i = 0; i < bytes; i++)
                    size = size << 8 | at[2 + i];
            }
        }
        if (have >= 2 && have >= header && have >= header + size) {
            *ret_first = at[0];
            *ret_payload = g_bytes_new(at + header, size);
            g_string_erase(self->got, 0, (gssize)(header + size));
            return TRUE;
        }
        if (!more(self))
            return FALSE;
    }
}

void
peer_expect_text(Peer *self, const char *text)
{
    guint8 first;
    g_autoptr(GBytes) payload = NULL;
    g_assert_true(peer_read_frame(self, &first, &payload));
    g_assert_cmpint(first, ==, 0x81);
    g_assert_cmpmem(g_bytes_get_data(payload, NULL), g_bytes_get_size(payload), text, strlen(text));
}

void
peer_expect_close(Peer *self, guint code)
{
    guint8 first;
    g_autoptr(GBytes) payload = NULL;
    g_assert_true(peer_read_frame(self, &first, &payload));
    g_assert_cmpint(first, ==, 0x88);
    g_assert_cmpuint(g_bytes_get_size(payload), >=, 2);
    const guint8 *bytes = g_bytes_get_data(payload, NULL);
    g_assert_cmpuint((guint)bytes[0] << 8 | bytes[1], ==, code);
}

void
peer_handshake(Peer *self, const char *path, const char *extra)
{
    g_autofree char *text =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
                        "Connection: keep-alive, Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                        path,
                        extra != NULL ? extra : "");
    peer_write(self, text, -1);
}

guint
http_get(Fixture *self, const char *head, char **ret_head, char **ret_body)
{
    guint status = 0;
    Peer *peer = peer_new(self);
    peer_write(peer, head, -1);
    if (!peer_read_answer(peer, &status, ret_head, ret_body))
        status = 0;
    else
        peer_read_end(peer);
    peer_free(peer);
    return status;
}

guint
open_descriptors(void)
{
    guint n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}
