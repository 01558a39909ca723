/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gdbus and busctl take whatever they connect to for a message bus. So that they can be used on the
 * private socket too, each of its connections answers what such a client asks a bus first: its
 * name, who owns ours, and that its matches are noted (it gets all signals anyway).
 */
#include "cfx-bus-private.h"

#include <string.h>

#define BUS "org.freedesktop.DBus"

static const char bus_xml[] =
    "<node><interface name='" BUS "'>"
    "<method name='Hello'><arg name='name' type='s' direction='out'/></method>"
    "<method name='AddMatch'><arg name='rule' type='s' direction='in'/></method>"
    "<method name='RemoveMatch'><arg name='rule' type='s' direction='in'/></method>"
    "<method name='ListNames'><arg name='names' type='as' direction='out'/></method>"
    "<method name='NameHasOwner'><arg name='name' type='s' direction='in'/>"
    "<arg name='has' type='b' direction='out'/></method>"
    "<method name='GetNameOwner'><arg name='name' type='s' direction='in'/>"
    "<arg name='owner' type='s' direction='out'/></method>"
    "<method name='StartServiceByName'><arg name='name' type='s' direction='in'/>"
    "<arg name='flags' type='u' direction='in'/>"
    "<arg name='result' type='u' direction='out'/></method></interface></node>";

static gboolean
is_ours(GVariant *arguments)
{
    const char *name;
    g_variant_get_child(arguments, 0, "&s", &name);
    return strcmp(name, CFX_BUS_NAME) == 0 || strcmp(name, CFX_BUS_UNIQUE) == 0;
}

static void
bus_call(GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *name,
         GVariant *arguments,
         GDBusMethodInvocation *invocation,
         gpointer data)
{
    static const char *const names[] = { BUS, CFX_BUS_NAME, CFX_BUS_UNIQUE, NULL };
    GVariant *result = NULL;
    if (strcmp(name, "Hello") == 0)
        result = g_variant_new("(s)", ":1.1");
    else if (strcmp(name, "ListNames") == 0)
        result = g_variant_new("(^as)", names);
    else if (strcmp(name, "NameHasOwner") == 0)
        result = g_variant_new("(b)", is_ours(arguments));
    else if (strcmp(name, "GetNameOwner") == 0 && is_ours(arguments))
        result = g_variant_new("(s)", CFX_BUS_UNIQUE);
    else if (strcmp(name, "StartServiceByName") == 0 && is_ours(arguments))
        result = g_variant_new("(u)", 2); /* it runs already */
    else if (strcmp(name, "AddMatch") != 0 && strcmp(name, "RemoveMatch") != 0) {
        g_dbus_method_invocation_return_error_literal(invocation,
                                                      G_DBUS_ERROR,
                                                      G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                                                      "there is only " CFX_BUS_NAME " here");
        return;
    }
    g_dbus_method_invocation_return_value(invocation, result);
}

static const GDBusInterfaceVTable bus_vtable = { bus_call, NULL, NULL, { NULL } };

guint
cfx_bus_hello_register(GDBusConnection *connection, GError **error)
{
    g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(bus_xml, error);
    if (node == NULL)
        return 0;
    return g_dbus_connection_register_object(
        connection, "/org/freedesktop/DBus", node->interfaces[0], &bus_vtable, NULL, NULL, error);
}
