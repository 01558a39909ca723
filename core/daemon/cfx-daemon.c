/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-daemon.h"

#include "cfx-log.h"
#include "cfx-notify.h"
#include "cfx-pool.h"
#include "cfx-steps.h"

#include <glib-unix.h>

/* an orderly stop takes less; what has not ended by then is left */
#define PATIENCE_US (1800 * 1000)

static void start_step(CfxDaemon *daemon);
static void stop_step(CfxDaemon *daemon);

static void
step_stopped(gpointer data, const GError *error)
{
    CfxDaemon *daemon = data;
    daemon->step++;
    stop_step(daemon);
}

static void
stop_step(CfxDaemon *daemon)
{
    while (cfx_steps_stop[daemon->step] != NULL) {
        const CfxStep *step = cfx_steps_stop[daemon->step];
        if (step->stop != NULL) {
            cfx_log_say(CFX_LOG_DEBUG, "host", "stopping: %s", step->name);
            step->stop(daemon, step_stopped, daemon);
            return;
        }
        daemon->step++;
    }
    g_main_loop_quit(daemon->main);
}

static void
impatient_cb(gpointer data)
{
    CfxDaemon *daemon = data;
    const CfxStep *step = cfx_steps_stop[daemon->step];
    cfx_log_say(CFX_LOG_WARNING,
                "host",
                "stopping takes too long, at: %s; the rest is left behind",
                step != NULL ? step->name : "the end");
    daemon->patience = 0;
    g_main_loop_quit(daemon->main);
}

void
cfx_daemon_stop(CfxDaemon *daemon, int status)
{
    if (daemon->is_stopping)
        return;
    daemon->is_stopping = TRUE;
    daemon->status = status;
    daemon->step = 0;
    cfx_notify("STOPPING=1");
    cfx_log_write(CFX_LOG_MESSAGE, "host", NULL, "stopping");
    daemon->patience =
        cfx_loop_timer_start(daemon->loop,
                             CFX_CLOCK_REAL,
                             cfx_loop_now(daemon->loop, CFX_CLOCK_REAL) + PATIENCE_US,
                             impatient_cb,
                             daemon);
    stop_step(daemon);
}

static void
step_started(gpointer data, const GError *error)
{
    CfxDaemon *daemon = data;
    if (daemon->is_stopping)
        return;
    if (error != NULL) {
        cfx_log_say(CFX_LOG_CRITICAL,
                    "host",
                    "%s: %s",
                    cfx_steps_start[daemon->step]->name,
                    error->message);
        cfx_daemon_stop(daemon, 1);
        return;
    }
    daemon->step++;
    start_step(daemon);
}

static void
start_step(CfxDaemon *daemon)
{
    const CfxStep *step = cfx_steps_start[daemon->step];
    if (step != NULL) {
        cfx_log_say(CFX_LOG_DEBUG, "host", "starting: %s", step->name);
        step->start(daemon, step_started, daemon);
        return;
    }
    gint64 took = cfx_loop_now(daemon->loop, CFX_CLOCK_REAL) - daemon->started_us;
    daemon->is_ready = TRUE;
    cfx_log_say(CFX_LOG_MESSAGE, "host", "ready after %" G_GINT64_FORMAT " ms", took / 1000);
    cfx_notify("READY=1");
    cfx_notify_watchdog(daemon->loop);
}

static void
start_cb(gpointer data)
{
    start_step(data);
}

static gboolean
signal_cb(gpointer data)
{
    cfx_daemon_stop(data, 0);
    return G_SOURCE_CONTINUE;
}

static gboolean
reload_cb(gpointer data)
{
    CfxDaemon *daemon = data;
    if (daemon->is_ready && !daemon->is_stopping) {
        g_autoptr(GPtrArray) G_GNUC_UNUSED remarks = cfx_daemon_reload(daemon, NULL);
    }
    return G_SOURCE_CONTINUE;
}

static gint64
site_clock(gpointer data)
{
    return cfx_clock_now(data, CFX_CLOCK_SITE);
}

static CfxClock *
clock_open(const CfxSetup *setup, GError **error)
{
    const char *page = cfx_config_text(&setup->clock->checked->config, "page");
    if (page == NULL)
        return cfx_clock_new_real();
    CfxClock *clock = cfx_clock_new_page(page, error);
    if (clock != NULL)
        cfx_log_set_site_clock(site_clock, clock);
    return clock;
}

static void
make_instances(CfxDaemon *daemon, GPtrArray *groups, GPtrArray *to)
{
    for (guint i = 0; i < groups->len; i++) {
        const CfxSetupGroup *group = g_ptr_array_index(groups, i);
        g_ptr_array_add(to,
                        cfx_module_instance(group->module,
                                            group->factory,
                                            group->name,
                                            daemon->loop,
                                            &group->checked->config,
                                            group->checked->secrets));
    }
}

static gboolean
all_have_ended(GPtrArray *instances)
{
    for (guint i = 0; i < instances->len; i++) {
        if (cfx_instance_state(g_ptr_array_index(instances, i), NULL) == CFX_INSTANCE_LEFT_BEHIND)
            return FALSE;
    }
    return TRUE;
}

static void
daemon_clear(CfxDaemon *daemon)
{
    gboolean is_orderly = daemon->patience != 0 && all_have_ended(daemon->adapters) &&
                          all_have_ended(daemon->schedulers);
    cfx_base_api_set_status(NULL, NULL);
    cfx_log_set_site_clock(NULL, NULL);
    g_main_loop_unref(daemon->main);
    /* what was left behind may still use all of this: then it stays until the process ends */
    if (!is_orderly)
        return;
    cfx_pool_finish();
    for (guint i = 0; cfx_steps_stop[i] != NULL; i++) {
        if (cfx_steps_stop[i]->release != NULL)
            cfx_steps_stop[i]->release(daemon);
    }
    g_ptr_array_set_free_func(daemon->adapters, (GDestroyNotify)cfx_instance_free);
    g_ptr_array_set_free_func(daemon->schedulers, (GDestroyNotify)cfx_instance_free);
    g_ptr_array_unref(daemon->adapters);
    g_ptr_array_unref(daemon->schedulers);
    cfx_instance_free(daemon->storage);
    cfx_instance_free(daemon->self);
    cfx_loop_free(daemon->loop);
    cfx_clock_free(daemon->clock);
    g_ptr_array_unref(daemon->setups);
    cfx_setup_free(daemon->setup);
}

int
cfx_daemon_run(CfxSetup *setup)
{
    g_autoptr(GError) error = NULL;
    CfxDaemon daemon = { .setup = setup, .started_us = g_get_monotonic_time() };
    daemon.clock = clock_open(setup, &error);
    if (daemon.clock == NULL) {
        cfx_log_write(CFX_LOG_CRITICAL, "host", NULL, error->message);
        cfx_setup_free(setup);
        return 1;
    }
    daemon.main = g_main_loop_new(NULL, FALSE);
    daemon.loop = cfx_loop_new_main(daemon.clock);
    daemon.self = cfx_instance_new_internal("host", daemon.loop);
    daemon.setups = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_setup_free);
    daemon.adapters = g_ptr_array_new();
    daemon.schedulers = g_ptr_array_new();
    make_instances(&daemon, setup->adapters, daemon.adapters);
    make_instances(&daemon, setup->schedulers, daemon.schedulers);
    if (setup->storage != NULL)
        daemon.storage = cfx_module_instance(setup->storage->module,
                                             setup->storage->factory,
                                             setup->storage->name,
                                             daemon.loop,
                                             &setup->storage->checked->config,
                                             setup->storage->checked->secrets);
    cfx_daemon_status_serve(&daemon);
    guint term = g_unix_signal_add(SIGTERM, signal_cb, &daemon);
    guint hangup = g_unix_signal_add(SIGHUP, reload_cb, &daemon);
    guint interrupt = g_unix_signal_add(SIGINT, signal_cb, &daemon);
    cfx_loop_post(daemon.loop, start_cb, &daemon);
    g_main_loop_run(daemon.main);
    g_source_remove(term);
    g_source_remove(interrupt);
    g_source_remove(hangup);
    cfx_loop_timer_stop(daemon.loop, daemon.patience);
    cfx_log_write(CFX_LOG_MESSAGE, "host", NULL, "stopped");
    daemon_clear(&daemon);
    return daemon.status;
}
