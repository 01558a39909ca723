/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the simulated outside without a daemon around it, against whatever stands at the addresses:
 *     run-world KEY=VALUE…      (the keys of the plugin's schema)
 * It ends with the world's day, or by SIGINT and SIGTERM.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cariflex/cfx-config.h>
#include <glib-unix.h>

#include "simulator-world.h"

typedef struct {
    CfxFunc func;
    gpointer data;
    guint source;
} Timer;

static GHashTable *timers;
static CfxTimer last_timer;
static GMainLoop *loop;

static void
host_log(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message)
{
    g_printerr("%s\n", message);
    if (strcmp(message, "the world's day is done") == 0)
        g_main_loop_quit(loop);
}

static guint32
host_log_level(const CfxHost *host)
{
    return CFX_LOG_INFO;
}

static gint64
host_now(const CfxHost *host, guint32 clock)
{
    return clock == CFX_CLOCK_REAL ? g_get_monotonic_time() : g_get_real_time();
}

static gboolean
fire(gpointer data)
{
    Timer timer = *(Timer *)g_hash_table_lookup(timers, data);
    g_hash_table_remove(timers, data);
    timer.func(timer.data);
    return G_SOURCE_REMOVE;
}

static CfxTimer
host_timer_start(const CfxHost *host, guint32 clock, gint64 at_us, CfxFunc func, gpointer data)
{
    Timer *timer = g_new(Timer, 1);
    gint64 wait_us = MAX(0, at_us - host_now(host, clock));
    gpointer key = (gpointer)(gsize)++last_timer;
    *timer = (Timer){ func, data, 0 };
    g_hash_table_insert(timers, key, timer);
    timer->source = g_timeout_add((guint)((wait_us + 999) / 1000), fire, key);
    return last_timer;
}

static void
host_timer_stop(const CfxHost *host, CfxTimer id)
{
    Timer *timer = g_hash_table_lookup(timers, (gpointer)(gsize)id);
    if (timer == NULL)
        return;
    g_source_remove(timer->source);
    g_hash_table_remove(timers, (gpointer)(gsize)id);
}

static GMainContext *
host_context(const CfxHost *host)
{
    return g_main_context_default();
}

static const CfxBaseApi base = {
    .struct_size = sizeof(CfxBaseApi),
    .log = host_log,
    .log_level = host_log_level,
    .now = host_now,
    .timer_start = host_timer_start,
    .timer_stop = host_timer_stop,
    .context = host_context,
};

static const CfxHost host = {
    .struct_size = sizeof(CfxHost), .abi = CFX_ABI_VERSION, .instance = "world", .base = &base
};

static const char *
value_of(int argc, char **argv, const char *key, const char *otherwise)
{
    gsize n = strlen(key);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=')
            return argv[i] + n + 1;
    if (otherwise == NULL) {
        g_printerr("run-world: %s=… is missing\n", key);
        exit(2);
    }
    return otherwise;
}

static gboolean
quit(gpointer data)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

int
main(int argc, char **argv)
{
    SimOptions options = {
        .world = value_of(argc, argv, "world", NULL),
        .prices = value_of(argc, argv, "prices", NULL),
        .page = value_of(argc, argv, "page", NULL),
        .log = value_of(argc, argv, "log", NULL),
        .secrets = value_of(argc, argv, "secrets", NULL),
        .ocpp = value_of(argc, argv, "ocpp", NULL),
        .api = value_of(argc, argv, "api", NULL),
        .vtn = value_of(argc, argv, "vtn", NULL),
        .health = value_of(argc, argv, "health", NULL),
        .start = value_of(argc, argv, "start", "2025-10-01"),
        .seed = g_ascii_strtoull(value_of(argc, argv, "seed", "1"), NULL, 10),
        .rate = g_ascii_strtod(value_of(argc, argv, "rate", "1440"), NULL),
        .days = (guint)g_ascii_strtoull(value_of(argc, argv, "days", "1"), NULL, 10),
        .meter_us = 20 * CFX_SECOND,
        .warm_us = 20 * CFX_MINUTE,
        .settle_us = 10 * CFX_MINUTE,
        .away_us = 10 * CFX_SECOND,
        .faults = TRUE,
    };
    g_autoptr(GError) error = NULL;
    timers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    loop = g_main_loop_new(NULL, FALSE);
    g_unix_signal_add(SIGINT, quit, NULL);
    g_unix_signal_add(SIGTERM, quit, NULL);
    SimWorld *world = sim_world_new(&host, &options, &error);
    if (!sim_world_start(world, &error)) {
        g_printerr("run-world: %s\n", error->message);
        return 1;
    }
    g_main_loop_run(loop);
    sim_world_stop(world);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    sim_world_free(world);
    g_hash_table_unref(timers);
    g_main_loop_unref(loop);
    return 0;
}
