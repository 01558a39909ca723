/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-client.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define NAME "org.cariflex.Cariflex1"
#define OBJECT_PATH "/org/cariflex/Cariflex1"
#define ERROR_PREFIX "org.cariflex.Error."
#define TIMEOUT_MS (60 * 1000)

const char *
ctl_socket_path(const char *given)
{
    const char *environment = g_getenv("CARIFLEX_SOCKET");
    if (given != NULL)
        return given;
    return environment != NULL && *environment != '\0' ? environment : "/run/cariflex/bus";
}

static GDBusConnection *
ctl_connect(const char *socket, GError **error)
{
    g_autofree char *escaped = g_dbus_address_escape_value(socket);
    g_autofree char *address = g_strdup_printf("unix:path=%s", escaped);
    g_autoptr(GError) local = NULL;
    GDBusConnection *connection = g_dbus_connection_new_for_address_sync(
        address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, &local);
    if (connection != NULL)
        return connection;
    if (!g_file_test(socket, G_FILE_TEST_EXISTS))
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_NOT_FOUND,
                    _("there is no control socket %s: is cariflexd running? Start it, or name its "
                      "socket with --socket or $CARIFLEX_SOCKET"),
                    socket);
    else if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_CONNECTION_REFUSED,
                    _("nobody answers at %s: the daemon has ended without removing it; start it "
                      "again"),
                    socket);
    else if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_PERMISSION_DENIED,
                    _("no access to %s: run this as root or as the user of the daemon"),
                    socket);
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", socket, local->message);
    return NULL;
}

/* the daemon's own words, without D-Bus's prefix */
static void
take_error(GError *local, GError **error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(local);
    g_dbus_error_strip_remote_error(local);
    if (name != NULL && strcmp(name, "org.freedesktop.DBus.Error.UnknownMethod") == 0)
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_NOT_SUPPORTED,
                    _("the daemon that runs is of another version: %s"),
                    local->message);
    else if (name != NULL && g_str_has_prefix(name, ERROR_PREFIX))
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, local->message);
    else if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
             g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CLOSED))
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_CLOSED,
                    _("the daemon did not answer (%s); look at its log"),
                    local->message);
    else
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, local->message);
}

char *
ctl_call(const char *socket, const char *method, GVariant *arguments, GError **error)
{
    g_autoptr(GVariant) sunk = arguments != NULL ? g_variant_ref_sink(arguments) : NULL;
    g_autoptr(GDBusConnection) connection = ctl_connect(ctl_socket_path(socket), error);
    if (connection == NULL)
        return NULL;
    g_autoptr(GError) local = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(connection,
                                                             NULL,
                                                             OBJECT_PATH,
                                                             NAME,
                                                             method,
                                                             sunk,
                                                             NULL,
                                                             G_DBUS_CALL_FLAGS_NONE,
                                                             TIMEOUT_MS,
                                                             NULL,
                                                             &local);
    if (answer == NULL) {
        take_error(local, error);
        return NULL;
    }
    char *json = NULL;
    if (g_variant_is_of_type(answer, G_VARIANT_TYPE("(s)")))
        g_variant_get(answer, "(s)", &json);
    return json != NULL ? json : g_strdup("");
}
