/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-host.h"

#include <string.h>

typedef struct {
    CfxFunc func;
    gpointer data;
    guint source;
} Timer;

static GHashTable *timers;
static CfxTimer last_timer;
GMainLoop *fake_host_loop;

static void
host_log(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message)
{
    g_printerr("%s\n", message);
    if (strcmp(message, "the world's day is done") == 0)
        g_main_loop_quit(fake_host_loop);
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

const CfxHost fake_host = {
    .struct_size = sizeof(CfxHost), .abi = CFX_ABI_VERSION, .instance = "world", .base = &base
};

void
fake_host_open(void)
{
    timers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    fake_host_loop = g_main_loop_new(NULL, FALSE);
}

void
fake_host_close(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    g_hash_table_unref(timers);
    g_main_loop_unref(fake_host_loop);
}
