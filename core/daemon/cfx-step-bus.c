/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control socket, and the message bus. The socket is taken first, so that two daemons never
 * share a state folder, and opened last, so that whoever connects finds everything there. */
#include "cfx-daemon.h"

#include "cfx-bus.h"
#include "cfx-bus-methods.h"

static void
status(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    cfx_bus_reply(call, cfx_daemon_status_json(data));
}

static const CfxBusMethod methods[] = { { "Status", status }, { NULL, NULL } };

static void
socket_start(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(
        cfx_config_text(&daemon->setup->host->checked->config, "run-dir"), "bus", NULL);
    daemon->bus = cfx_bus_new(daemon->loop, path, CFX_VERSION, &error);
    if (daemon->bus != NULL)
        cfx_bus_add(daemon->bus, methods, daemon);
    done(data, error);
}

static void
bus_start(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    /* in the order of the choices of [dbus] bus= */
    static const CfxBusType types[] = { CFX_BUS_NONE, CFX_BUS_SYSTEM, CFX_BUS_SESSION };
    cfx_bus_add_kind(daemon->bus, &cfx_bus_host, daemon);
    cfx_bus_add_kind(daemon->bus, &cfx_bus_instances, daemon);
    if (daemon->store != NULL)
        cfx_bus_add(daemon->bus, cfx_bus_backup_methods, daemon);
    if (daemon->reg != NULL)
        cfx_bus_add(daemon->bus, cfx_bus_register_methods, daemon->reg);
    if (daemon->engine != NULL) {
        cfx_bus_add(daemon->bus, cfx_bus_data_methods, &daemon->self->host);
        cfx_bus_add(daemon->bus, cfx_bus_sync_methods, daemon);
        cfx_bus_add(daemon->bus, cfx_bus_engine_methods, daemon->engine);
        cfx_bus_add(daemon->bus, cfx_bus_hold_methods, daemon->engine);
        cfx_bus_add_kind(daemon->bus, &cfx_bus_sites, daemon->engine);
        cfx_bus_add_kind(daemon->bus, &cfx_bus_devices, daemon->engine);
    }
    cfx_bus_add(daemon->bus, cfx_bus_login_methods, daemon);
    cfx_bus_start(daemon->bus);
    cfx_bus_connect(daemon->bus,
                    types[(gsize)cfx_config_number(&daemon->setup->dbus->checked->config, "bus")]);
    done(data, NULL);
}

static void
socket_stop(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    g_clear_pointer(&daemon->bus, cfx_bus_free);
    done(data, NULL);
}

const CfxStep cfx_step_socket = { "control socket", socket_start, socket_stop, NULL };
const CfxStep cfx_step_bus = { "control", bus_start, NULL, NULL };
