/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection on which the tree is served: a peer on the private socket, or a message bus. */
#include "cfx-bus-private.h"

#include "cfx-log.h"

#include <string.h>

gint64 cfx_bus_patience_us = 10 * CFX_SECOND;

static void
emit(CfxBusLink *link,
     const char *path,
     const char *interface,
     const char *name,
     GVariant *arguments)
{
    g_autoptr(GDBusMessage) signal = g_dbus_message_new_signal(path, interface, name);
    g_dbus_message_set_body(signal, arguments);
    if (link->type == CFX_BUS_NONE) /* a bus would do it, and clients look at it */
        g_dbus_message_set_sender(signal, CFX_BUS_UNIQUE);
    /* fails only where the connection has closed */
    g_dbus_connection_send_message(
        link->connection, signal, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static void
flushed(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    CfxBusLink *link = data;
    g_dbus_connection_flush_finish(G_DBUS_CONNECTION(source), result, &error);
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        link->is_flushing = FALSE;
}

void
cfx_bus_emit(
    CfxBus *bus, const char *path, const char *interface, const char *name, GVariant *arguments)
{
    g_autoptr(GVariant) sunk = g_variant_ref_sink(arguments);
    for (guint i = 0; i < bus->links->len; i++) {
        CfxBusLink *link = g_ptr_array_index(bus->links, i);
        emit(link, path, interface, name, sunk);
        if (link->is_flushing)
            continue;
        link->is_flushing = TRUE;
        link->flush_us = cfx_loop_now(bus->loop, CFX_CLOCK_REAL);
        g_dbus_connection_flush(link->connection, link->cancelled, flushed, link);
    }
}

/* after a "closed", or instead of one */
static void
drop(CfxBusLink *link)
{
    void (*lost)(CfxBusLink *) = link->lost;
    if (lost != NULL)
        lost(link);
    g_ptr_array_remove(link->bus->links, link);
}

void
cfx_bus_check_links(CfxBus *bus)
{
    gint64 now = cfx_loop_now(bus->loop, CFX_CLOCK_REAL);
    for (guint i = bus->links->len; i > 0; i--) {
        CfxBusLink *link = g_ptr_array_index(bus->links, i - 1);
        if (!link->is_flushing || now - link->flush_us < cfx_bus_patience_us)
            continue;
        cfx_log_say(CFX_LOG_WARNING,
                    "bus",
                    "%s has not read for %d s: its connection is closed",
                    link->type == CFX_BUS_NONE ? "somebody at the control socket"
                                               : "the message bus",
                    (int)(cfx_bus_patience_us / CFX_SECOND));
        drop(link);
    }
}

static void
closed(GDBusConnection *connection, gboolean by_peer, GError *error, gpointer data)
{
    drop(data);
}

/* --- the folders ---------------------------------------------------------------------------- */

/* GLib gives the path of the object to calls, and that of its folder to introspection */
static CfxBusObject *
find_once(CfxBusTree *tree, const char *path, const char *node)
{
    CfxBusObject *object = cfx_bus_tree_find(tree, path);
    if (object != NULL || node == NULL)
        return object;
    g_autofree char *below = g_strconcat(path, "/", node, NULL);
    return cfx_bus_tree_find(tree, below);
}

/* in case of doubt everything is looked at: what was just made is found at once */
static CfxBusObject *
find(CfxBusLink *link, const char *path, const char *node)
{
    CfxBusTree *tree = link->bus->tree;
    CfxBusObject *object = find_once(tree, path, node);
    if (object != NULL || node == NULL)
        return object;
    cfx_bus_tree_update(tree);
    return find_once(tree, path, node);
}

static char **
enumerate(GDBusConnection *connection, const char *sender, const char *path, gpointer data)
{
    CfxBusLink *link = data;
    cfx_bus_tree_update(link->bus->tree);
    return cfx_bus_tree_elements(link->bus->tree, path);
}

static GDBusInterfaceInfo **
introspect(GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *node,
           gpointer data)
{
    const CfxBusObject *object = find(data, path, node);
    return object != NULL ? cfx_bus_object_interfaces(object) : NULL;
}

static const GDBusInterfaceVTable *
dispatch(GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *node,
         gpointer *user_data,
         gpointer data)
{
    *user_data = data;
    return find(data, path, node) != NULL ? &cfx_bus_vtable : NULL;
}

static const GDBusSubtreeVTable subtree = { enumerate, introspect, dispatch, { NULL } };

/* --- life ----------------------------------------------------------------------------------- */

static void
manager_call(GDBusConnection *connection,
             const char *sender,
             const char *path,
             const char *interface,
             const char *name,
             GVariant *arguments,
             GDBusMethodInvocation *invocation,
             gpointer data)
{
    CfxBusLink *link = data;
    cfx_bus_managed_ask(link->bus->managed, invocation);
}

static const GDBusInterfaceVTable manager_vtable = { manager_call, NULL, NULL, { NULL } };

static gboolean
add_object(CfxBusLink *link,
           GDBusInterfaceInfo *info,
           const GDBusInterfaceVTable *vtable,
           GError **error)
{
    guint id = g_dbus_connection_register_object(
        link->connection, CFX_BUS_PATH, info, vtable, link, NULL, error);
    if (id != 0)
        g_array_append_val(link->objects, id);
    return id != 0;
}

static gboolean
register_all(CfxBusLink *link, GError **error)
{
    CfxBus *bus = link->bus;
    if (!add_object(link, bus->node->interfaces[0], &cfx_bus_vtable, error) ||
        !add_object(link, bus->manager->interfaces[0], &manager_vtable, error))
        return FALSE;
    if (link->type == CFX_BUS_NONE) {
        guint hello = cfx_bus_hello_register(link->connection, error);
        if (hello == 0)
            return FALSE;
        g_array_append_val(link->objects, hello);
    }
    for (gsize i = 0; i < cfx_bus_tree_n_kinds(bus->tree); i++) {
        g_autofree char *path =
            g_strconcat(CFX_BUS_PATH "/", cfx_bus_tree_kind(bus->tree, i)->folder, NULL);
        guint id =
            g_dbus_connection_register_subtree(link->connection,
                                               path,
                                               &subtree,
                                               G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES,
                                               link,
                                               NULL,
                                               error);
        if (id == 0)
            return FALSE;
        g_array_append_val(link->subtrees, id);
    }
    return TRUE;
}

static void
unregister_all(CfxBusLink *link)
{
    for (guint i = 0; i < link->objects->len; i++)
        g_dbus_connection_unregister_object(link->connection,
                                            g_array_index(link->objects, guint, i));
    for (guint i = 0; i < link->subtrees->len; i++)
        g_dbus_connection_unregister_subtree(link->connection,
                                             g_array_index(link->subtrees, guint, i));
}

CfxBusLink *
cfx_bus_link_new(CfxBus *bus, GDBusConnection *connection, CfxBusType type)
{
    g_autoptr(GError) error = NULL;
    CfxBusLink *link = g_new0(CfxBusLink, 1);
    link->bus = bus;
    link->type = type;
    link->connection = g_object_ref(connection);
    link->cancelled = g_cancellable_new();
    link->objects = g_array_new(FALSE, FALSE, sizeof(guint));
    link->subtrees = g_array_new(FALSE, FALSE, sizeof(guint));
    if (!register_all(link, &error)) {
        cfx_log_say(CFX_LOG_WARNING, "bus", "%s", error->message);
        cfx_bus_link_free(link);
        return NULL;
    }
    /* what has changed since somebody looked last is no news to this one */
    cfx_bus_tree_update(bus->tree);
    g_ptr_array_add(bus->links, link);
    g_signal_connect(connection, "closed", G_CALLBACK(closed), link);
    cfx_bus_tree_watch(bus->tree);
    return link;
}

void
cfx_bus_link_free(CfxBusLink *link)
{
    g_cancellable_cancel(link->cancelled);
    g_signal_handlers_disconnect_by_data(link->connection, link);
    unregister_all(link);
    g_dbus_connection_close(link->connection, NULL, NULL, NULL);
    g_array_unref(link->objects);
    g_array_unref(link->subtrees);
    g_object_unref(link->cancelled);
    g_object_unref(link->connection);
    g_free(link);
}
