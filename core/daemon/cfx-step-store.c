/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store, and whether it is of this clock. */
#include "cfx-backup.h"
#include "cfx-store.h"
#include "cfx-web.h"

static void
pressure(gpointer data, gboolean is_on)
{
    CfxDaemon *daemon = data;
    if (daemon->web != NULL)
        cfx_web_set_pressure(daemon->web, is_on);
}

static void
clock_claimed(gpointer data, const GError *error)
{
    CfxDaemon *daemon = data;
    daemon->step_done(daemon->step_data, error);
}

static void
store_started(gpointer data, const GError *error)
{
    CfxDaemon *daemon = data;
    if (error != NULL) {
        daemon->step_done(daemon->step_data, error);
        return;
    }
    cfx_store_claim_clock(
        &daemon->self->host, cfx_clock_is_simulated(daemon->clock), clock_claimed, daemon);
}

static void
store_start(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    if (daemon->storage == NULL) {
        done(data, NULL);
        return;
    }
    cfx_backup_clear(daemon);
    daemon->step_done = done;
    daemon->step_data = data;
    daemon->store = cfx_store_new(daemon->loop, daemon->clock, daemon->storage);
    cfx_store_watch_pressure(daemon->store, pressure, daemon);
    daemon->self->host.data = cfx_store_api();
    for (guint i = 0; i < daemon->adapters->len; i++) {
        CfxInstance *instance = g_ptr_array_index(daemon->adapters, i);
        instance->host.data = cfx_store_api();
    }
    cfx_store_start(daemon->store, store_started, daemon);
}

static void
store_stop(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    cfx_backup_cancel(daemon);
    if (daemon->store != NULL)
        cfx_store_stop(daemon->store, done, data);
    else
        done(data, NULL);
}

static void
store_release(CfxDaemon *daemon)
{
    g_clear_pointer(&daemon->store, cfx_store_free);
}

const CfxStep cfx_step_store = { "store", store_start, store_stop, store_release };
