/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a WebSocket costs to accept and to keep: many handshakes through the whole way (listener,
 * libsoup, route, upgrade), then resident memory by connection, then all of them dropped.
 *
 *     bench-accept [CONNECTIONS]
 */
#include "cfx-schema.h"
#include "cfx-web.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static guint open_sockets;

static void
message_cb(gpointer data, CfxSocket *socket, char *text, gsize size)
{
}

static void
closed_cb(gpointer data, CfxSocket *socket, guint32 code, const char *reason)
{
    open_sockets--;
}

static void
handle_cb(gpointer data, const CfxRequest *request)
{
    static const CfxSocketOps OPS = { .struct_size = sizeof OPS,
                                      .message = message_cb,
                                      .closed = closed_cb };
    if (cfx_web_api()->upgrade(request, NULL, &OPS, NULL) != NULL)
        open_sockets++;
}

static gsize
resident(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
        return 0;
    return g_ascii_strtoull(strchr(text, ' ') + 1, NULL, 10) * (gsize)getpagesize();
}

static double
cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static CfxWeb *
open_web(CfxLoop *loop, CfxInstance *owner)
{
    static const char KEYS[] = "[listener:bench]\naddress=127.0.0.1:0\n"
                               "connections=100000\nconnections-per-peer=100000\n";
    g_autoptr(CfxSettings) settings = cfx_settings_new();
    g_autoptr(CfxProblems) problems = cfx_problems_new();
    g_autoptr(GError) error = NULL;
    cfx_settings_read_text(settings, "bench", KEYS, strlen(KEYS), problems);
    CfxSchema schema = { .key_size = sizeof(CfxConfigKey), .who = "the bench" };
    schema.keys = cfx_web_listener_keys(&schema.n_keys);
    g_autoptr(CfxChecked) checked = cfx_schema_check(
        settings, cfx_settings_group(settings, "listener:bench"), "bench", &schema, problems);
    CfxWeb *web = cfx_web_new(loop, NULL);
    CfxRoute route = { .struct_size = sizeof route,
                       .role = CFX_ROLE_PLUGIN,
                       .method = "GET",
                       .path = "/ocpp/",
                       .handle = handle_cb };
    if (!cfx_web_listen(web, "bench", &checked->config, &error) ||
        !cfx_web_api()->route(&owner->host, "bench", &route, NULL, &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
    return web;
}

static int
connect_one(guint16 port)
{
    static const char HEAD[] = "GET /ocpp/CP001 HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        send(fd, HEAD, sizeof HEAD - 1, 0) < 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

static void
turn_until(guint wanted)
{
    gint64 until = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (open_sockets != wanted && g_get_monotonic_time() < until)
        g_main_context_iteration(NULL, TRUE);
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

int
main(int argc, char **argv)
{
    guint n = argc > 1 ? (guint)atoi(argv[1]) : 5000;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    n = (guint)MIN((guint64)n, (files.rlim_cur - 100) / 2);
    CfxClock *clock = cfx_clock_new_real();
    CfxLoop *loop = cfx_loop_new_main(clock);
    CfxInstance *owner = cfx_instance_new_internal("bench", loop);
    CfxWeb *web = open_web(loop, owner);
    guint16 port = cfx_web_port(web, "bench");
    int *fds = g_new(int, n);
    gsize before = 0;
    double cpu = 0;
    guint warm = n / 10;
    for (guint i = 0; i < n; i++) {
        if (i == warm) {
            before = resident();
            cpu = cpu_s();
        }
        fds[i] = connect_one(port);
        if (i % 50 == 49 || i == n - 1 || i + 1 == warm)
            turn_until(i + 1);
    }
    cpu = cpu_s() - cpu;
    gsize after = resident();
    printf("%u connections: %.0f us CPU each, client included; %.0f bytes each\n",
           n,
           cpu * 1e6 / (n - warm),
           ((double)after - (double)before) / (n - warm));
    for (guint i = 0; i < n; i++)
        close(fds[i]);
    turn_until(0);
    printf("left open after all have gone: %u\n", open_sockets);
    g_free(fds);
    cfx_web_free(web);
    cfx_instance_free(owner);
    cfx_loop_free(loop);
    cfx_clock_free(clock);
    return 0;
}
