/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-backup.h"
#include "cfx-bus-methods.h"
#include "cfx-log.h"

typedef struct {
    CfxDaemon *daemon;
    CfxBusCall *call;
    gint64 began_us;
} Ask;

static void
backup_done(gpointer data, guint64 size, const GError *error)
{
    g_autofree Ask *ask = data;
    gint64 took_us = cfx_loop_now(ask->daemon->loop, CFX_CLOCK_REAL) - ask->began_us;
    g_autofree char *caller = cfx_bus_caller(ask->call);
    if (error != NULL) {
        cfx_log_say(CFX_LOG_WARNING, "backup", "for %s: %s", caller, error->message);
        cfx_bus_fail(ask->call, error);
        return;
    }
    cfx_log_say(CFX_LOG_MESSAGE,
                "backup",
                "made for %s: %" G_GUINT64_FORMAT " bytes in %.1f s",
                caller,
                size,
                (double)took_us / CFX_SECOND);
    cfx_bus_reply(ask->call,
                  g_strdup_printf("{\"version\":1,\"size\":%" G_GUINT64_FORMAT
                                  ",\"took_ms\":%" G_GINT64_FORMAT "}",
                                  size,
                                  took_us / 1000));
}

static void
backup(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    CfxDaemon *daemon = data;
    g_autoptr(GError) error = NULL;
    gint32 handle;
    g_variant_get(arguments, "(h)", &handle);
    int file = cfx_bus_take_file(call, handle, &error);
    if (file < 0) {
        cfx_bus_fail(call, error);
        return;
    }
    Ask *ask = g_new(Ask, 1);
    *ask = (Ask){ daemon, call, cfx_loop_now(daemon->loop, CFX_CLOCK_REAL) };
    cfx_backup_make(daemon, file, backup_done, ask);
}

const CfxBusMethod cfx_bus_backup_methods[] = { { "Backup", backup }, { NULL, NULL } };
