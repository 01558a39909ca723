/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Life of the bus, and the way of a call: may the caller do that, who does it, what it answers. */
#include "cfx-bus-private.h"

#include "cfx-error.h"

#include <gio/gunixfdlist.h>
#include <string.h>

static const char manager_xml[] =
    "<node><interface name='org.freedesktop.DBus.ObjectManager'>"
    "<method name='GetManagedObjects'>"
    "<arg name='objects' type='a{oa{sa{sv}}}' direction='out'/></method>"
    "<signal name='InterfacesAdded'><arg name='path' type='o'/>"
    "<arg name='interfaces' type='a{sa{sv}}'/></signal>"
    "<signal name='InterfacesRemoved'><arg name='path' type='o'/>"
    "<arg name='interfaces' type='as'/></signal></interface></node>";

struct _CfxBusCall {
    CfxBus *bus; /* good until it is handled */
    GDBusMethodInvocation *invocation;
    uid_t user; /* of the caller over a bus, where that was asked; (uid_t)-1: it was not */
};

/* --- answers -------------------------------------------------------------------------------- */

char *
cfx_bus_error_name(const GError *error)
{
    GString *name = g_string_new("org.cariflex.Error.");
    gboolean is_first = TRUE;
    for (const char *c = cfx_error_name(cfx_error_code(error)); *c != '\0'; c++) {
        if (*c == '-') {
            is_first = TRUE;
            continue;
        }
        g_string_append_c(name, is_first ? g_ascii_toupper(*c) : *c);
        is_first = FALSE;
    }
    return g_string_free(name, FALSE);
}

void
cfx_bus_reply_tuple(CfxBusCall *call, GVariant *results)
{
    g_dbus_method_invocation_return_value(call->invocation, results);
    g_free(call);
}

void
cfx_bus_reply(CfxBusCall *call, char *json)
{
    const GDBusMethodInfo *info = g_dbus_method_invocation_get_method_info(call->invocation);
    GVariant *result = NULL;
    if (info->out_args != NULL && info->out_args[0] != NULL)
        result = g_variant_new("(s)", json != NULL ? json : "");
    g_free(json);
    cfx_bus_reply_tuple(call, result);
}

void
cfx_bus_fail(CfxBusCall *call, const GError *error)
{
    g_autofree char *name = cfx_bus_error_name(error);
    g_dbus_method_invocation_return_dbus_error(call->invocation, name, error->message);
    g_free(call);
}

int
cfx_bus_take_file(const CfxBusCall *call, gint32 handle, GError **error)
{
    GDBusMessage *message = g_dbus_method_invocation_get_message(call->invocation);
    GUnixFDList *files = g_dbus_message_get_unix_fd_list(message);
    if (files != NULL && handle >= 0 && handle < g_unix_fd_list_get_length(files))
        return g_unix_fd_list_get(files, handle, error);
    g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "no file came with the call");
    return -1;
}

char *
cfx_bus_caller(const CfxBusCall *call)
{
    GDBusConnection *connection = g_dbus_method_invocation_get_connection(call->invocation);
    const char *sender = g_dbus_method_invocation_get_sender(call->invocation);
    GCredentials *peer = g_dbus_connection_get_peer_credentials(connection);
    uid_t user = call->user;

    /* a message bus passes on what others say: its own user says nothing of them */
    if (user == (uid_t)-1 && sender != NULL &&
        g_dbus_connection_get_unique_name(connection) != NULL)
        return g_strdup_printf("bus name %s", sender);
    if (user == (uid_t)-1 && peer != NULL)
        user = g_credentials_get_unix_user(peer, NULL);
    if (user == (uid_t)-1)
        return g_strdup("unknown");
    /* names of others are not looked up: that may wait for a network */
    return user == 0           ? g_strdup("root")
           : user == geteuid() ? g_strdup(g_get_user_name())
                               : g_strdup_printf("uid %u", user);
}

/* --- calls ---------------------------------------------------------------------------------- */

void
cfx_bus_add(CfxBus *bus, const CfxBusMethod *methods, gpointer data)
{
    CfxBusTable table = { methods, data };
    g_array_append_val(bus->tables, table);
}

void
cfx_bus_add_kind(CfxBus *bus, const CfxBusKind *kind, gpointer data)
{
    g_autoptr(GError) error = NULL;
    /* a table beside its XML, both in the program */
    if (!cfx_bus_tree_add(bus->tree, kind, data, &error))
        g_error("%s", error->message);
}

const char *
cfx_bus_action(const GDBusMethodInfo *method)
{
    return g_dbus_annotation_info_lookup(method->annotations, CFX_BUS_ACTION);
}

static gboolean
call_top(CfxBusCall *call, const char *name, GVariant *arguments)
{
    for (guint i = 0; i < call->bus->tables->len; i++) {
        const CfxBusTable *table = &g_array_index(call->bus->tables, CfxBusTable, i);
        for (const CfxBusMethod *method = table->methods; method->name != NULL; method++) {
            if (strcmp(method->name, name) == 0) {
                method->handle(table->data, arguments, call);
                return TRUE;
            }
        }
    }
    return FALSE;
}

static gboolean
call_object(CfxBusCall *call, const char *path, const char *name, GVariant *arguments)
{
    gpointer data;
    gint64 key;
    const char *interface = g_dbus_method_invocation_get_interface_name(call->invocation);
    const CfxBusObject *object = cfx_bus_tree_find(call->bus->tree, path);
    const CfxBusObjectMethod *method =
        object != NULL ? cfx_bus_object_method(object, interface, name, &data, &key) : NULL;
    if (method != NULL)
        method->handle(data, key, arguments, call);
    return method != NULL;
}

static void
handle(CfxBusCall *call)
{
    GDBusMethodInvocation *invocation = call->invocation;
    const char *path = g_dbus_method_invocation_get_object_path(invocation);
    const char *name = g_dbus_method_invocation_get_method_name(invocation);
    GVariant *arguments = g_dbus_method_invocation_get_parameters(invocation);
    gboolean is_top = strcmp(path, CFX_BUS_PATH) == 0;
    if (is_top ? call_top(call, name, arguments) : call_object(call, path, name, arguments))
        return;
    g_autoptr(GError) error =
        g_error_new_literal(CFX_ERROR,
                            is_top ? CFX_ERROR_NOT_SUPPORTED : CFX_ERROR_NOT_FOUND,
                            is_top ? "this daemon has no storage, so it has no register and no "
                                     "planner"
                                   : "it has gone");
    cfx_bus_fail(call, error);
}

static void
authorized(gpointer data, uid_t user, const GError *error)
{
    CfxBusCall *call = data;
    call->user = user;
    if (error != NULL)
        cfx_bus_fail(call, error);
    else
        handle(call);
}

static void
method_call(GDBusConnection *connection,
            const char *sender,
            const char *path,
            const char *interface,
            const char *name,
            GVariant *arguments,
            GDBusMethodInvocation *invocation,
            gpointer data)
{
    CfxBusLink *link = data;
    const char *action = cfx_bus_action(g_dbus_method_invocation_get_method_info(invocation));
    CfxBusCall *call = g_new(CfxBusCall, 1);
    *call = (CfxBusCall){ link->bus, invocation, (uid_t)-1 };
    /* who reached the private socket is root or we; who only looks waits for nobody */
    if (link->type == CFX_BUS_NONE || g_strcmp0(action, CFX_BUS_ACTION_READ) == 0)
        handle(call);
    else
        cfx_bus_authorize(link, invocation, action, authorized, call);
}

static GVariant *
get_property(GDBusConnection *connection,
             const char *sender,
             const char *path,
             const char *interface,
             const char *name,
             GError **error,
             gpointer data)
{
    CfxBus *bus = ((CfxBusLink *)data)->bus;
    GVariant *value = NULL;
    if (strcmp(path, CFX_BUS_PATH) == 0) /* the only one there */
        return g_variant_new_string(bus->version);
    CfxBusObject *object = cfx_bus_tree_find(bus->tree, path);
    if (object != NULL)
        cfx_bus_object_property(object, interface, name, &value, error);
    else
        g_set_error_literal(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT, "it has gone");
    return value;
}

const GDBusInterfaceVTable cfx_bus_vtable = { method_call, get_property, NULL, { NULL } };

/* --- life ----------------------------------------------------------------------------------- */

GDBusNodeInfo *
cfx_bus_node_load(const char *interface, GError **error)
{
    g_autofree char *path = g_strconcat(CFX_BUS_PATH "/", interface, ".xml", NULL);
    g_autoptr(GBytes) xml = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
    return xml != NULL ? g_dbus_node_info_new_for_xml(g_bytes_get_data(xml, NULL), error) : NULL;
}

CfxBus *
cfx_bus_new(CfxLoop *loop, const char *path, const char *version, GError **error)
{
    g_autoptr(CfxBus) bus = g_new0(CfxBus, 1);
    bus->loop = loop;
    bus->version = g_strdup(version);
    bus->links = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_bus_link_free);
    bus->tables = g_array_new(FALSE, FALSE, sizeof(CfxBusTable));
    bus->cancelled = g_cancellable_new();
    bus->tree = cfx_bus_tree_new(bus);
    bus->managed = cfx_bus_managed_new(bus);
    bus->manager = g_dbus_node_info_new_for_xml(manager_xml, error);
    bus->node = cfx_bus_node_load(CFX_BUS_NAME, error);
    if (bus->manager == NULL || bus->node == NULL)
        return NULL;
    bus->server = cfx_bus_server_new(bus, path, error);
    return bus->server != NULL ? g_steal_pointer(&bus) : NULL;
}

void
cfx_bus_start(CfxBus *bus)
{
    cfx_bus_server_start(bus->server);
}

void
cfx_bus_free(CfxBus *bus)
{
    if (bus == NULL)
        return;
    g_cancellable_cancel(bus->cancelled);
    cfx_bus_remote_free(bus->remote);
    cfx_bus_server_free(bus->server);
    g_ptr_array_unref(bus->links);
    cfx_bus_managed_free(bus->managed);
    cfx_bus_tree_free(bus->tree);
    g_array_unref(bus->tables);
    g_object_unref(bus->cancelled);
    g_clear_pointer(&bus->node, g_dbus_node_info_unref);
    g_clear_pointer(&bus->manager, g_dbus_node_info_unref);
    g_free(bus->version);
    g_free(bus);
}
