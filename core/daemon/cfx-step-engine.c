/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine, and who solves for it. */
#include "cfx-daemon.h"

#include "cfx-engine.h"
#include "cfx-life.h"

#include <string.h>

static CfxInstance *
scheduler_of(const CfxDaemon *daemon, const char *key)
{
    const CfxSetupGroup *planner = daemon->setup->planner;
    const char *name = planner != NULL ? cfx_config_text(&planner->checked->config, key) : NULL;
    for (guint i = 0; name != NULL && i < daemon->schedulers->len; i++) {
        CfxInstance *instance = g_ptr_array_index(daemon->schedulers, i);
        if (strcmp(instance->name, name) == 0)
            return cfx_instance_is_up(instance) ? instance : NULL;
    }
    return NULL;
}

static void
scheduler_changed(gpointer data, CfxInstance *instance, gboolean is_up)
{
    CfxDaemon *daemon = data;
    if (daemon->engine != NULL)
        cfx_engine_set_schedulers(
            daemon->engine, scheduler_of(daemon, "scheduler"), scheduler_of(daemon, "shadow"));
}

static void
instance_stopping(gpointer data, CfxInstance *instance)
{
    CfxDaemon *daemon = data;
    if (daemon->engine != NULL && strcmp(instance->kind, "adapter") == 0)
        cfx_engine_instance_stopped(daemon->engine, instance);
}

static void
schedulers_start(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    for (guint i = 0; i < daemon->schedulers->len; i++)
        cfx_life_start(g_ptr_array_index(daemon->schedulers, i), scheduler_changed, daemon);
    done(data, NULL);
}

static void
schedulers_stop(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    cfx_daemon_stop_instances(daemon, daemon->schedulers, done, data);
}

static void
engine_start(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    if (daemon->reg == NULL) {
        done(data, NULL);
        return;
    }
    daemon->engine = cfx_engine_new(daemon->self, daemon->store, daemon->reg);
    daemon->self->host.devices = cfx_engine_device_api();
    for (guint i = 0; i < daemon->adapters->len; i++) {
        CfxInstance *instance = g_ptr_array_index(daemon->adapters, i);
        instance->host.devices = cfx_engine_device_api();
    }
    cfx_instance_add_stop_hook(instance_stopping, daemon);
    scheduler_changed(daemon, NULL, TRUE);
    cfx_engine_start(daemon->engine, done, data);
}

static void
engine_stop(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    if (daemon->engine != NULL)
        cfx_engine_stop(daemon->engine, done, data);
    else
        done(data, NULL);
}

static void
engine_release(CfxDaemon *daemon)
{
    cfx_instance_remove_stop_hooks(daemon);
    g_clear_pointer(&daemon->engine, cfx_engine_free);
}

const CfxStep cfx_step_schedulers = { "schedulers", schedulers_start, schedulers_stop, NULL };
const CfxStep cfx_step_engine = { "engine", engine_start, engine_stop, engine_release };
