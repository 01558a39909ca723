/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-bus-methods.h"
#include "cfx-daemon.h"
#include "cfx-engine.h"
#include "cfx-register.h"

static void
sync_done(gpointer data, const char *json, const GError *error)
{
    if (error != NULL)
        cfx_bus_fail(data, error);
    else
        cfx_bus_reply(data, g_strdup(json));
}

static void
sync_call(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    const CfxDaemon *daemon = data;
    gboolean mend;
    g_variant_get(arguments, "(b)", &mend);
    g_autoptr(GArray) reports = cfx_engine_reported(daemon->engine);
    cfx_register_sync(daemon->reg,
                      (const CfxSyncReport *)(gpointer)reports->data,
                      reports->len,
                      mend,
                      sync_done,
                      call);
}

const CfxBusMethod cfx_bus_sync_methods[] = { { "Sync", sync_call }, { NULL, NULL } };
