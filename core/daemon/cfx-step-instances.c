/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Adapters. They go on by themselves: one that fails does not keep the rest. */
#include "cfx-daemon.h"

#include "cfx-life.h"

typedef struct {
    CfxDaemon *daemon;
    guint waiting;
    CfxDone done;
    gpointer data;
} Stop;

static void
instance_stopped(gpointer data)
{
    Stop *stop = data;
    if (--stop->waiting > 0)
        return;
    stop->done(stop->data, NULL);
    g_free(stop);
}

void
cfx_daemon_stop_instances(CfxDaemon *daemon, GPtrArray *instances, CfxDone done, gpointer data)
{
    Stop *stop = g_new(Stop, 1);
    *stop = (Stop){ daemon, instances->len + 1, done, data };
    for (guint i = 0; i < instances->len; i++)
        cfx_life_stop(g_ptr_array_index(instances, i), instance_stopped, stop);
    instance_stopped(stop);
}

static void
adapters_start(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    for (guint i = 0; i < daemon->adapters->len; i++)
        cfx_life_start(g_ptr_array_index(daemon->adapters, i), NULL, NULL);
    done(data, NULL);
}

static void
adapters_stop(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    cfx_daemon_stop_instances(daemon, daemon->adapters, done, data);
}

const CfxStep cfx_step_adapters = { "adapters", adapters_start, adapters_stop, NULL };
