/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-bus.h"

#include "cfx-error.h"
#include "cfx-log.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define OBJECT_PATH "/org/cariflex/Cariflex1"
#define INTERFACE "org.cariflex.Cariflex1"
#define RESOURCE OBJECT_PATH "/org.cariflex.Cariflex1.xml"
#define CONNECTIONS_MAX 32

typedef struct {
    const CfxBusMethod *methods;
    gpointer data;
} Table;

struct _CfxBus {
    char *path, *version;
    GDBusServer *server;
    GDBusAuthObserver *observer;
    GDBusNodeInfo *node;
    GPtrArray *connections; /* (element-type GDBusConnection) */
    GArray *tables;         /* (element-type Table) */
};

struct _CfxBusCall {
    GDBusMethodInvocation *invocation;
    gboolean has_result;
};

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
cfx_bus_reply(CfxBusCall *call, char *json)
{
    GVariant *result = NULL;
    if (call->has_result)
        result = g_variant_new("(s)", json != NULL ? json : "");
    g_dbus_method_invocation_return_value(call->invocation, result);
    g_free(json);
    g_free(call);
}

void
cfx_bus_fail(CfxBusCall *call, const GError *error)
{
    g_autofree char *name = cfx_bus_error_name(error);
    g_dbus_method_invocation_return_dbus_error(call->invocation, name, error->message);
    g_free(call);
}

void
cfx_bus_add(CfxBus *bus, const CfxBusMethod *methods, gpointer data)
{
    Table table = { methods, data };
    g_array_append_val(bus->tables, table);
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
    CfxBus *bus = data;
    const GDBusMethodInfo *info = g_dbus_method_invocation_get_method_info(invocation);
    CfxBusCall *call = g_new(CfxBusCall, 1);
    *call = (CfxBusCall){ invocation, info->out_args != NULL && info->out_args[0] != NULL };
    for (guint i = 0; i < bus->tables->len; i++) {
        const Table *table = &g_array_index(bus->tables, Table, i);
        for (const CfxBusMethod *method = table->methods; method->name != NULL; method++) {
            if (strcmp(method->name, name) == 0) {
                method->handle(table->data, arguments, call);
                return;
            }
        }
    }
    g_autoptr(GError) error =
        g_error_new_literal(CFX_ERROR,
                            CFX_ERROR_NOT_SUPPORTED,
                            "this daemon has no storage, so it has no register and no planner");
    cfx_bus_fail(call, error);
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
    return g_variant_new_string(((CfxBus *)data)->version);
}

static const GDBusInterfaceVTable vtable = { method_call, get_property, NULL, { NULL } };

static void
connection_closed(GDBusConnection *connection, gboolean by_peer, GError *error, gpointer data)
{
    CfxBus *bus = data;
    g_signal_handlers_disconnect_by_data(connection, bus);
    g_ptr_array_remove(bus->connections, connection);
}

static gboolean
new_connection(GDBusServer *server, GDBusConnection *connection, gpointer data)
{
    CfxBus *bus = data;
    g_autoptr(GError) error = NULL;
    if (bus->connections->len >= CONNECTIONS_MAX)
        return FALSE;
    if (g_dbus_connection_register_object(
            connection, OBJECT_PATH, bus->node->interfaces[0], &vtable, bus, NULL, &error) == 0) {
        cfx_log_say(CFX_LOG_WARNING, "bus", "%s", error->message);
        return FALSE;
    }
    g_ptr_array_add(bus->connections, g_object_ref(connection));
    g_signal_connect(connection, "closed", G_CALLBACK(connection_closed), bus);
    return TRUE;
}

static gboolean
allow_mechanism(GDBusAuthObserver *observer, const char *mechanism, gpointer data)
{
    return strcmp(mechanism, "EXTERNAL") == 0;
}

static gboolean
authorize(GDBusAuthObserver *observer, GIOStream *stream, GCredentials *who, gpointer data)
{
    uid_t user = who != NULL ? g_credentials_get_unix_user(who, NULL) : (uid_t)-1;
    return user == geteuid() || user == 0;
}

/* A socket that a dead daemon left is removed; that of a living one is not. */
static gboolean
clear_path(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat info;
    if (strlen(path) >= sizeof address.sun_path) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "%s is too long for a socket: at most %zu bytes; choose another run-dir",
                    path,
                    sizeof address.sun_path - 1);
        return FALSE;
    }
    if (lstat(path, &info) != 0)
        return TRUE;
    if (!S_ISSOCK(info.st_mode)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "%s is there and is not a socket", path);
        return FALSE;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean is_alive = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    if (is_alive) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "another cariflexd serves %s already; stop it, or choose another run-dir",
                    path);
        return FALSE;
    }
    g_unlink(path);
    return TRUE;
}

static gboolean
listen_on(CfxBus *bus, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(bus->path);
    g_autofree char *escaped = g_dbus_address_escape_value(bus->path);
    g_autofree char *address = g_strdup_printf("unix:path=%s", escaped);
    g_autofree char *guid = g_dbus_generate_guid();
    g_autoptr(GError) local = NULL;
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "%s: %s", folder, g_strerror(errno));
        return FALSE;
    }
    if (!clear_path(bus->path, error))
        return FALSE;
    mode_t before = umask(0177);
    bus->server = g_dbus_server_new_sync(
        address, G_DBUS_SERVER_FLAGS_NONE, guid, bus->observer, NULL, &local);
    umask(before);
    if (bus->server == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "%s: %s", bus->path, local->message);
        return FALSE;
    }
    g_signal_connect(bus->server, "new-connection", G_CALLBACK(new_connection), bus);
    return TRUE;
}

CfxBus *
cfx_bus_new(const char *path, const char *version, GError **error)
{
    g_autoptr(CfxBus) bus = g_new0(CfxBus, 1);
    bus->path = g_strdup(path);
    bus->version = g_strdup(version);
    bus->connections = g_ptr_array_new_with_free_func(g_object_unref);
    bus->tables = g_array_new(FALSE, FALSE, sizeof(Table));
    bus->observer = g_dbus_auth_observer_new();
    g_signal_connect(bus->observer, "allow-mechanism", G_CALLBACK(allow_mechanism), NULL);
    g_signal_connect(bus->observer, "authorize-authenticated-peer", G_CALLBACK(authorize), NULL);
    g_autoptr(GBytes) xml = g_resources_lookup_data(RESOURCE, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
    if (xml == NULL)
        return NULL;
    bus->node = g_dbus_node_info_new_for_xml(g_bytes_get_data(xml, NULL), error);
    if (bus->node == NULL || !listen_on(bus, error))
        return NULL;
    return g_steal_pointer(&bus);
}

void
cfx_bus_start(CfxBus *bus)
{
    g_dbus_server_start(bus->server);
}

void
cfx_bus_free(CfxBus *bus)
{
    if (bus == NULL)
        return;
    if (bus->server != NULL) {
        g_dbus_server_stop(bus->server);
        g_unlink(bus->path);
        g_object_unref(bus->server);
    }
    for (guint i = 0; i < bus->connections->len; i++) {
        GDBusConnection *connection = g_ptr_array_index(bus->connections, i);
        g_signal_handlers_disconnect_by_data(connection, bus);
        g_dbus_connection_close(connection, NULL, NULL, NULL);
    }
    g_ptr_array_unref(bus->connections);
    g_array_unref(bus->tables);
    g_clear_object(&bus->observer);
    g_clear_pointer(&bus->node, g_dbus_node_info_unref);
    g_free(bus->path);
    g_free(bus->version);
    g_free(bus);
}
