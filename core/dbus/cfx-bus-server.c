/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The private socket in the run folder, for whoever runs as our user or as root. */
#include "cfx-bus-private.h"

#include "cfx-log.h"

#include <cariflex/cfx-abi.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32

struct _CfxBusServer {
    CfxBus *bus;
    char *path;
    GDBusServer *server;
    GDBusAuthObserver *observer;
};

static guint
n_peers(const CfxBus *bus)
{
    guint n = 0;
    for (guint i = 0; i < bus->links->len; i++)
        n += ((const CfxBusLink *)g_ptr_array_index(bus->links, i))->type == CFX_BUS_NONE;
    return n;
}

static gboolean
new_connection(GDBusServer *server, GDBusConnection *connection, gpointer data)
{
    CfxBusServer *self = data;
    if (n_peers(self->bus) < CONNECTIONS_MAX)
        return cfx_bus_link_new(self->bus, connection, CFX_BUS_NONE) != NULL;
    cfx_log_say(CFX_LOG_WARNING,
                "bus",
                "%d connections at the control socket are the most that there may be",
                CONNECTIONS_MAX);
    return FALSE;
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
listen_on(CfxBusServer *self, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(self->path);
    g_autofree char *escaped = g_dbus_address_escape_value(self->path);
    g_autofree char *address = g_strdup_printf("unix:path=%s", escaped);
    g_autofree char *guid = g_dbus_generate_guid();
    g_autoptr(GError) local = NULL;
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "%s: %s", folder, g_strerror(errno));
        return FALSE;
    }
    if (!clear_path(self->path, error))
        return FALSE;
    mode_t before = umask(0177);
    self->server = g_dbus_server_new_sync(
        address, G_DBUS_SERVER_FLAGS_NONE, guid, self->observer, NULL, &local);
    umask(before);
    if (self->server == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "%s: %s", self->path, local->message);
        return FALSE;
    }
    g_signal_connect(self->server, "new-connection", G_CALLBACK(new_connection), self);
    return TRUE;
}

CfxBusServer *
cfx_bus_server_new(CfxBus *bus, const char *path, GError **error)
{
    CfxBusServer *self = g_new0(CfxBusServer, 1);
    self->bus = bus;
    self->path = g_strdup(path);
    self->observer = g_dbus_auth_observer_new();
    g_signal_connect(self->observer, "allow-mechanism", G_CALLBACK(allow_mechanism), NULL);
    g_signal_connect(self->observer, "authorize-authenticated-peer", G_CALLBACK(authorize), NULL);
    if (listen_on(self, error))
        return self;
    cfx_bus_server_free(self);
    return NULL;
}

void
cfx_bus_server_start(CfxBusServer *self)
{
    g_dbus_server_start(self->server);
}

void
cfx_bus_server_free(CfxBusServer *self)
{
    if (self == NULL)
        return;
    if (self->server != NULL) {
        g_signal_handlers_disconnect_by_data(self->server, self);
        g_dbus_server_stop(self->server);
        g_unlink(self->path);
        g_object_unref(self->server);
    }
    g_object_unref(self->observer);
    g_free(self->path);
    g_free(self);
}
