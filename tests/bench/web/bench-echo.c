/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CPU time of the server for an echoed message: the engine behind a GLib main loop, against a bare
 * epoll server that does the same by hand, in the same run and with the same client.
 *
 *     bench-echo [CONNECTIONS [MESSAGES]]
 */
#include "cfx-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE 590
#define FRAME_OUT (8 + MESSAGE) /* masked */
#define FRAME_IN (4 + MESSAGE)

typedef struct {
    guint n;
    guint64 messages;
    int *server_fds, *client_fds;
    gint ready, quit; /* atomic */
    gint64 cpu_ns;    /* of the server's thread */
    gint64 wall_us;
} Run;

static gint64
thread_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
set_up(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void
connect_all(Run *run)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 128) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) < 0)
        exit(1);
    for (guint i = 0; i < run->n; i++) {
        run->client_fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(run->client_fds[i], (struct sockaddr *)&address, sizeof address) < 0)
            exit(1);
        run->server_fds[i] = accept(listener, NULL, NULL);
        set_up(run->client_fds[i]);
        set_up(run->server_fds[i]);
    }
    close(listener);
}

/* --- the engine ---------------------------------------------------------------------------------
 */

static void
message_cb(gpointer data, CfxSocket *socket, char *text, gsize size)
{
    cfx_socket_send(socket, text, size);
}

static void
closed_cb(gpointer data, CfxSocket *socket, guint32 code, const char *reason)
{
}

static void
left_cb(gpointer data)
{
}

static gpointer
engine_thread(gpointer data)
{
    static const CfxSocketOps OPS = { .struct_size = sizeof OPS,
                                      .message = message_cb,
                                      .closed = closed_cb };
    static const CfxSocketHow HOW = { .limits = { 1 << 20, 1 << 20 },
                                      .send_max = 8 << 20,
                                      .ping_us = 60 * G_USEC_PER_SEC,
                                      .pong_us = 30 * G_USEC_PER_SEC,
                                      .close_us = 5 * G_USEC_PER_SEC };
    Run *run = data;
    GMainContext *context = g_main_context_new();
    g_main_context_push_thread_default(context);
    CfxClock *clock = cfx_clock_new_real();
    CfxLoop *loop = cfx_loop_new(clock, context);
    CfxInstance *owner = cfx_instance_new_internal("bench", loop);
    CfxSockets *sockets = cfx_sockets_new(loop);
    for (guint i = 0; i < run->n; i++) {
        CfxSocket *socket = cfx_socket_new(sockets, owner, &OPS, run, &HOW, left_cb, NULL);
        cfx_socket_attach(socket, cfx_stream_plain(run->server_fds[i]), NULL);
    }
    gint64 start = thread_cpu_ns();
    g_atomic_int_set(&run->ready, 1);
    /* the last connections end when the client closes */
    while (cfx_sockets_counts(sockets).open > 0)
        g_main_context_iteration(context, TRUE);
    run->cpu_ns = thread_cpu_ns() - start;
    cfx_sockets_free(sockets);
    cfx_instance_free(owner);
    cfx_loop_free(loop);
    cfx_clock_free(clock);
    g_main_context_pop_thread_default(context);
    g_main_context_unref(context);
    return NULL;
}

/* --- the bare server ----------------------------------------------------------------------------
 */

/* One whole frame a time, as this client writes them: what any server must at least do. */
static void
bare_echo(int fd, guint8 *buffer)
{
    gssize size = recv(fd, buffer, 65536, 0);
    if (size != FRAME_OUT)
        return;
    const guint8 *mask = buffer + 4;
    guint8 *text = buffer + 8;
    for (guint i = 0; i < MESSAGE; i++)
        text[i] ^= mask[i & 3];
    guint8 *out = text - 4;
    out[0] = 0x81;
    out[1] = 126;
    out[2] = MESSAGE >> 8;
    out[3] = MESSAGE & 0xFF;
    (void)!send(fd, out, FRAME_IN, MSG_NOSIGNAL);
}

static gpointer
bare_thread(gpointer data)
{
    Run *run = data;
    int epoll = epoll_create1(0);
    guint8 *buffer = g_malloc(65536);
    for (guint i = 0; i < run->n; i++) {
        struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP,
                                     .data.fd = run->server_fds[i] };
        epoll_ctl(epoll, EPOLL_CTL_ADD, run->server_fds[i], &event);
    }
    guint open = run->n;
    gint64 start = thread_cpu_ns();
    g_atomic_int_set(&run->ready, 1);
    while (open > 0) {
        struct epoll_event events[256];
        int n = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].events & (EPOLLRDHUP | EPOLLHUP)) {
                close(events[i].data.fd);
                open--;
            } else {
                bare_echo(events[i].data.fd, buffer);
            }
        }
    }
    run->cpu_ns = thread_cpu_ns() - start;
    g_free(buffer);
    close(epoll);
    return NULL;
}

/* --- the client ---------------------------------------------------------------------------------
 */

static void
make_frame(guint8 frame[FRAME_OUT])
{
    static const guint8 MASK[4] = { 1, 2, 3, 4 };
    const guint8 head[4] = { 0x81, 0x80 | 126, MESSAGE >> 8, MESSAGE & 0xFF };
    memcpy(frame, head, 4);
    memcpy(frame + 4, MASK, 4);
    for (guint i = 0; i < MESSAGE; i++)
        frame[8 + i] = (guint8)('a' + i % 26) ^ MASK[i & 3];
}

static void
play(Run *run)
{
    guint8 frame[FRAME_OUT], scratch[65536];
    guint *got = g_new0(guint, run->n);
    guint64 sent = 0, received = 0;
    int epoll = epoll_create1(0);
    make_frame(frame);
    for (guint i = 0; i < run->n; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
        epoll_ctl(epoll, EPOLL_CTL_ADD, run->client_fds[i], &event);
        (void)!send(run->client_fds[i], frame, FRAME_OUT, 0);
        sent++;
    }
    while (received < run->messages) {
        struct epoll_event events[256];
        int n = epoll_wait(epoll, events, 256, 10000);
        if (n <= 0) {
            fprintf(stderr, "the server has fallen silent\n");
            exit(1);
        }
        for (int i = 0; i < n; i++) {
            guint at = events[i].data.u32;
            gssize size = recv(run->client_fds[at], scratch, sizeof scratch, 0);
            if (size > 0)
                got[at] += (guint)size;
            if (got[at] < FRAME_IN)
                continue;
            got[at] = 0;
            received++;
            if (sent < run->messages) {
                (void)!send(run->client_fds[at], frame, FRAME_OUT, 0);
                sent++;
            }
        }
    }
    close(epoll);
    g_free(got);
}

static double
measure(GThreadFunc server, guint n, guint64 messages, double *ret_rate)
{
    Run run = {
        .n = n, .messages = messages, .server_fds = g_new(int, n), .client_fds = g_new(int, n)
    };
    connect_all(&run);
    GThread *thread = g_thread_new("server", server, &run);
    while (!g_atomic_int_get(&run.ready))
        g_usleep(1000);
    gint64 start = g_get_monotonic_time();
    play(&run);
    run.wall_us = g_get_monotonic_time() - start;
    for (guint i = 0; i < n; i++)
        close(run.client_fds[i]);
    g_thread_join(thread);
    g_free(run.server_fds);
    g_free(run.client_fds);
    *ret_rate = (double)messages * 1e6 / (double)run.wall_us;
    return (double)run.cpu_ns / 1000 / (double)messages;
}

int
main(int argc, char **argv)
{
    guint n = argc > 1 ? (guint)atoi(argv[1]) : 100;
    guint64 messages = argc > 2 ? g_ascii_strtoull(argv[2], NULL, 10) : 200000;
    double best_bare = 1e9, best_engine = 1e9, rate_bare = 0, rate_engine = 0, rate;
    for (guint i = 0; i < 3; i++) { /* the best of three: other work runs on the machine */
        double bare = measure(bare_thread, n, messages / 3, &rate);
        rate_bare = MAX(rate_bare, rate);
        best_bare = MIN(best_bare, bare);
        double engine = measure(engine_thread, n, messages / 3, &rate);
        rate_engine = MAX(rate_engine, rate);
        best_engine = MIN(best_engine, engine);
    }
    printf("%u connections, %u bytes: bare epoll %.2f us/message (%.0f/s), engine %.2f us/message "
           "(%.0f/s), %.2f of bare\n",
           n,
           MESSAGE,
           best_bare,
           rate_bare,
           best_engine,
           rate_engine,
           best_engine / best_bare);
    return 0;
}
