/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The message bus: connect, serve the tree, take the name. A bus that is not there, lets us not in
 * or ends is tried again after growing pauses; what is wrong is said once, until it is another
 * thing.
 */
#include "cfx-bus-private.h"

#include "cfx-log.h"

#include <cariflex/cfx-abi.h>
#include <string.h>

#define PAUSE_FIRST_US (CFX_SECOND)
#define PAUSE_LONGEST_US (30 * CFX_SECOND)
#define ANSWER_MS 5000

enum { NAME_OWNER = 1, NAME_QUEUED = 2, NAME_OWNER_ALREADY = 4 };

struct _CfxBusRemote {
    CfxBus *bus;
    CfxBusType type;
    GCancellable *cancelled;
    CfxBusLink *link; /* NULL: not connected; the bus owns it */
    CfxTimer timer;
    gint64 pause_us;
    char *told; /* (nullable) what was said last */
};

static void try(gpointer data);

static const char *
name_of(const CfxBusRemote *self)
{
    return self->type == CFX_BUS_SYSTEM ? "system bus" : "session bus";
}

static void
say(CfxBusRemote *self, guint32 level, const char *text)
{
    if (g_strcmp0(self->told, text) == 0)
        return;
    g_free(self->told);
    self->told = g_strdup(text);
    cfx_log_say(level, "bus", "%s: %s", name_of(self), text);
}

static void
again(CfxBusRemote *self)
{
    CfxLoop *loop = self->bus->loop;
    self->timer = cfx_loop_timer_start(
        loop, CFX_CLOCK_REAL, cfx_loop_now(loop, CFX_CLOCK_REAL) + self->pause_us, try, self);
    self->pause_us = MIN(2 * self->pause_us, PAUSE_LONGEST_US);
}

static void
failed(CfxBusRemote *self, const char *text)
{
    say(self, CFX_LOG_WARNING, text);
    if (self->link != NULL) {
        CfxBusLink *link = g_steal_pointer(&self->link);
        link->lost = NULL;
        g_ptr_array_remove(self->bus->links, link);
    }
    again(self);
}

static void
lost(CfxBusLink *link)
{
    CfxBusRemote *self = link->bus->remote;
    self->link = NULL;
    self->pause_us = PAUSE_FIRST_US;
    say(self, CFX_LOG_WARNING, "the connection has ended; it is tried again");
    again(self);
}

static void
named(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    CfxBusRemote *self = data;
    guint32 code = 0;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (self->link == NULL || self->link->connection != G_DBUS_CONNECTION(source))
        return; /* it was lost meanwhile */
    if (answer == NULL) {
        g_dbus_error_strip_remote_error(error);
        g_autofree char *text = g_strdup_printf("the name " CFX_BUS_NAME
                                                " was refused: %s; is its policy file installed?",
                                                error->message);
        failed(self, text);
        return;
    }
    g_variant_get(answer, "(u)", &code);
    self->pause_us = PAUSE_FIRST_US;
    if (code == NAME_QUEUED)
        say(self,
            CFX_LOG_WARNING,
            "another process has the name " CFX_BUS_NAME "; it is taken when that one ends");
    else
        say(self, CFX_LOG_MESSAGE, "served as " CFX_BUS_NAME);
}

static void
connected(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDBusConnection) connection =
        g_dbus_connection_new_for_address_finish(result, &error);
    CfxBusRemote *self = data;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (connection == NULL) {
        g_autofree char *text =
            g_strdup_printf("%s; the control socket works without it", error->message);
        failed(self, text);
        return;
    }
    self->link = cfx_bus_link_new(self->bus, connection, self->type);
    if (self->link == NULL) {
        failed(self, "its objects could not be registered");
        return;
    }
    self->link->lost = lost;
    g_dbus_connection_call(connection,
                           "org.freedesktop.DBus",
                           "/org/freedesktop/DBus",
                           "org.freedesktop.DBus",
                           "RequestName",
                           g_variant_new("(su)", CFX_BUS_NAME, 0),
                           G_VARIANT_TYPE("(u)"),
                           G_DBUS_CALL_FLAGS_NONE,
                           ANSWER_MS,
                           self->cancelled,
                           named,
                           self);
}

/* GLib's own look-up would start a session bus where there is none, and wait for it */
static char *
session_address(void)
{
    const char *given = g_getenv("DBUS_SESSION_BUS_ADDRESS");
    if (given != NULL && *given != '\0')
        return g_strdup(given);
    g_autofree char *path = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);
    g_autofree char *escaped = g_dbus_address_escape_value(path);
    return g_strdup_printf("unix:path=%s", escaped);
}

static void
try(gpointer data)
{
    CfxBusRemote *self = data;
    g_autoptr(GError) error = NULL;
    self->timer = 0;
    g_autofree char *address =
        self->type == CFX_BUS_SYSTEM
            ? g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, &error)
            : session_address();
    if (address == NULL) {
        failed(self, error->message);
        return;
    }
    g_dbus_connection_new_for_address(address,
                                      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                      NULL,
                                      self->cancelled,
                                      connected,
                                      self);
}

void
cfx_bus_connect(CfxBus *bus, CfxBusType type)
{
    if (type == CFX_BUS_NONE)
        return;
    bus->remote = g_new0(CfxBusRemote, 1);
    bus->remote->bus = bus;
    bus->remote->type = type;
    bus->remote->pause_us = PAUSE_FIRST_US;
    bus->remote->cancelled = g_cancellable_new();
    try(bus->remote);
}

void
cfx_bus_remote_free(CfxBusRemote *self)
{
    if (self == NULL)
        return;
    g_cancellable_cancel(self->cancelled);
    cfx_loop_timer_stop(self->bus->loop, self->timer);
    if (self->link != NULL)
        self->link->lost = NULL;
    g_object_unref(self->cancelled);
    g_free(self->told);
    g_free(self);
}
