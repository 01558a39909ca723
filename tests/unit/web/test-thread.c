/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An instance whose home loop is a thread of its own: its requests, sockets and completions come
 * there, and only there. */
#include "fixture.h"
#include "frame-peer.h"

#include <string.h>

typedef struct {
    Fixture *web;
    GMainContext *context;
    CfxLoop *loop;
    CfxInstance *instance;
    GThread *thread;
    gint quit; /* atomic */
    gboolean is_stopped;
    gint requests, messages, opened, closed, answers, logins, wrong_thread; /* atomic */
} Home;

static void
here(Home *home, gint *counter)
{
    if (g_thread_self() != home->thread)
        g_atomic_int_inc(&home->wrong_thread);
    g_atomic_int_inc(counter);
}

static gpointer
home_thread(gpointer data)
{
    Home *home = data;
    g_main_context_push_thread_default(home->context);
    while (!g_atomic_int_get(&home->quit))
        g_main_context_iteration(home->context, TRUE);
    g_main_context_pop_thread_default(home->context);
    return NULL;
}

static void
plain_cb(gpointer data, const CfxRequest *request)
{
    Home *home = data;
    here(home, &home->requests);
    g_autoptr(GBytes) body = g_bytes_new_static("from home", 9);
    cfx_web_api()->respond(request, 200, NULL, body);
}

static void
message_cb(gpointer data, CfxSocket *socket, char *text, gsize size)
{
    Home *home = data;
    here(home, &home->messages);
    cfx_web_api()->send(socket, text, size);
}

static void
closed_cb(gpointer data, CfxSocket *socket, guint32 code, const char *reason)
{
    Home *home = data;
    here(home, &home->closed);
}

static const CfxSocketOps OPS = { .struct_size = sizeof OPS,
                                  .message = message_cb,
                                  .closed = closed_cb };

static void
socket_cb(gpointer data, const CfxRequest *request)
{
    Home *home = data;
    here(home, &home->requests);
    CfxSocket *socket = cfx_web_api()->upgrade(request, NULL, &OPS, home);
    if (socket == NULL)
        return;
    g_atomic_int_inc(&home->opened);
    cfx_web_api()->send(socket, "welcome", 7);
}

static void
http_cb(gpointer data, const CfxHttpAnswer *result, const GError *error)
{
    Home *home = data;
    here(home, &home->answers);
    g_assert_no_error(error);
    g_assert_cmpuint(result->status, ==, 200);
}

static void
login_cb(gpointer data, const CfxLogin *result, const GError *error)
{
    Home *home = data;
    here(home, &home->logins);
    g_assert_no_error(error);
    g_assert_cmpstr(result->identity, ==, "reader");
}

static void
ask_cb(gpointer data)
{
    Home *home = data;
    const CfxHost *host = &home->instance->host;
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/health/live", home->web->port);
    CfxHttpCall call = { .struct_size = sizeof call, .url = url };
    cfx_web_api()->http(host, &call, http_cb, home);
    cfx_web_api()->login(host, "reader", "right", 0, login_cb, home);
}

static void
stop_cb(gpointer data)
{
    Home *home = data;
    cfx_instance_set_state(home->instance, CFX_INSTANCE_STOPPING, NULL);
    cfx_instance_run_stop_hooks(home->instance);
    home->instance->generation++;
    home->instance->self = NULL;
    g_atomic_int_set(&home->is_stopped, TRUE);
}

static void
until_count(Home *home, gint *counter, gint wanted)
{
    gint64 until = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (g_atomic_int_get(counter) < wanted) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(50);
    }
}

static void
mount(Home *home, const char *path, void (*handle)(gpointer, const CfxRequest *))
{
    g_autoptr(GError) error = NULL;
    CfxRoute route = { .struct_size = sizeof route,
                       .role = CFX_ROLE_ANY,
                       .method = "GET",
                       .path = path,
                       .handle = handle };
    cfx_web_api()->route(&home->instance->host, "test", &route, home, &error);
    g_assert_no_error(error);
}

static void
test_own_thread(void)
{
    Fixture fixture;
    Home home = { .web = &fixture };
    fixture_open(&fixture, NULL);
    home.context = g_main_context_new();
    home.loop = cfx_loop_new(fixture.clock, home.context);
    home.instance = cfx_instance_new("adapter", "own", home.loop);
    home.instance->self = &home;
    home.instance->generation = 1;
    cfx_instance_set_state(home.instance, CFX_INSTANCE_RUNNING, NULL);
    home.thread = g_thread_new("home", home_thread, &home);
    mount(&home, "/own", plain_cb);
    mount(&home, "/socket", socket_cb);

    g_autofree char *body = NULL;
    g_assert_cmpuint(
        http_get(&fixture, "GET /own HTTP/1.1\r\nHost: h\r\n\r\n", NULL, &body), ==, 200);
    g_assert_cmpstr(body, ==, "from home");
    for (guint i = 0; i < 50; i++) {
        guint status;
        Peer *peer = peer_new(&fixture);
        peer_handshake(peer, "/socket", NULL);
        if (i % 5 == 4) { /* leaves before it is answered */
            fixture_settle(&fixture);
            peer_free(peer);
            continue;
        }
        g_assert_true(peer_read_answer(peer, &status, NULL, NULL));
        g_assert_cmpuint(status, ==, 101);
        peer_expect_text(peer, "welcome");
        g_autoptr(GByteArray) wire = g_byte_array_new();
        frame_append_text(wire, 0x81, "across threads");
        peer_write(peer, wire->data, wire->len);
        peer_expect_text(peer, "across threads");
        peer_free(peer);
    }
    until_count(&home, &home.closed, g_atomic_int_get(&home.opened));
    cfx_loop_post(home.loop, ask_cb, &home);
    until_count(&home, &home.answers, 1);
    until_count(&home, &home.logins, 1);

    Peer *peer = peer_new(&fixture);
    guint status;
    gint closed = g_atomic_int_get(&home.closed);
    peer_handshake(peer, "/socket", NULL);
    g_assert_true(peer_read_answer(peer, &status, NULL, NULL));
    peer_expect_text(peer, "welcome");
    cfx_loop_post(home.loop, stop_cb, &home);
    until_count(&home, &home.is_stopped, 1);
    g_assert_cmpint(g_atomic_int_get(&home.closed), ==, closed + 1);
    peer_expect_close(peer, 1001);
    peer_free(peer);
    g_assert_cmpuint(
        http_get(&fixture, "GET /own HTTP/1.1\r\nHost: h\r\n\r\n", NULL, NULL), ==, 404);
    g_assert_cmpint(g_atomic_int_get(&home.messages), ==, 40);
    g_assert_cmpint(g_atomic_int_get(&home.wrong_thread), ==, 0);

    fixture_settle(&fixture);
    g_atomic_int_set(&home.quit, TRUE);
    g_main_context_wakeup(home.context);
    g_thread_join(home.thread);
    fixture_close(&fixture);
    cfx_loop_free(home.loop);
    g_main_context_unref(home.context);
    cfx_instance_free(home.instance);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/thread/own", test_own_thread);
    return g_test_run();
}
