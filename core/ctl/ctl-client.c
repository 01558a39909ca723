/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-client.h"

#include "ctl-agent.h"

#include <gio/gunixfdlist.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define NAME "org.cariflex.Cariflex1"
#define OBJECT_PATH "/org/cariflex/Cariflex1"
#define ERROR_PREFIX "org.cariflex.Error."
#define DEFAULT_SOCKET "/run/cariflex/bus"
#define TIMEOUT_MS (60 * 1000)
/* how long a daemon may take from its socket to its first answer */
#define STARTING_US (3 * G_USEC_PER_SEC)
#define STARTING_PAUSE_US (20 * 1000)
/* a bus may ask a person for a password */
#define BUS_TIMEOUT_MS (6 * 60 * 1000)

typedef struct {
    GDBusConnection *connection;
    gboolean is_bus;
    const char *name; /* of the bus, as people call it */
    char *why;        /* (nullable) no control socket was reached */
} Line;

typedef struct {
    const char *method;
    GVariant *arguments; /* (nullable) */
    GUnixFDList *files;  /* NULL: it takes none */
} Ask;

static void
line_clear(Line *line)
{
    g_clear_object(&line->connection);
    g_clear_pointer(&line->why, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Line, line_clear)

static const char *
bus_name(gboolean is_session)
{
    return is_session ? _("session bus") : _("system bus");
}

static GDBusConnection *
connect_once(const char *address, GError **error)
{
    return g_dbus_connection_new_for_address_sync(
        address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, error);
}

/* a daemon that has its socket and is not ready hangs up on whoever comes */
static gboolean
is_starting(const GError *error)
{
    return !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
           !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) &&
           !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

static GDBusConnection *
socket_connect(const char *socket, GError **error)
{
    g_autofree char *escaped = g_dbus_address_escape_value(socket);
    g_autofree char *address = g_strdup_printf("unix:path=%s", escaped);
    g_autoptr(GError) local = NULL;
    gint64 until = g_get_monotonic_time() + STARTING_US;
    GDBusConnection *connection;
    while ((connection = connect_once(address, &local)) == NULL && is_starting(local) &&
           g_get_monotonic_time() < until) {
        g_clear_error(&local);
        g_usleep(STARTING_PAUSE_US);
    }
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

static GDBusConnection *
bus_connect(gboolean is_session, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *address = g_dbus_address_get_for_bus_sync(
        is_session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, &local);
    GDBusConnection *connection = address != NULL
                                      ? g_dbus_connection_new_for_address_sync(
                                            address,
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL,
                                            NULL,
                                            &local)
                                      : NULL;
    if (connection == NULL)
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_FAILED,
                    _("%s: no connection: %s"),
                    bus_name(is_session),
                    local->message);
    return connection;
}

/* The socket, where it may be used; else the system bus, where everybody may ask. */
static gboolean
line_open(const CtlWhere *where, Line *line, GError **error)
{
    const char *environment = g_getenv("CARIFLEX_SOCKET");
    g_autoptr(GError) local = NULL;
    if (where->bus != NULL) {
        gboolean is_session = strcmp(where->bus, "session") == 0;
        *line = (Line){ bus_connect(is_session, error), TRUE, bus_name(is_session), NULL };
        return line->connection != NULL;
    }
    if (where->socket != NULL || (environment != NULL && *environment != '\0')) {
        line->connection =
            socket_connect(where->socket != NULL ? where->socket : environment, error);
        return line->connection != NULL;
    }
    line->connection = socket_connect(DEFAULT_SOCKET, &local);
    if (line->connection != NULL)
        return TRUE;
    *line = (Line){ bus_connect(FALSE, NULL), TRUE, bus_name(FALSE), g_strdup(local->message) };
    if (line->connection != NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean
is_one_of(const char *name, const char *a, const char *b)
{
    return name != NULL && g_str_has_prefix(name, "org.freedesktop.DBus.Error.") &&
           (strcmp(strrchr(name, '.') + 1, a) == 0 || strcmp(strrchr(name, '.') + 1, b) == 0);
}

/* The daemon's own words, without D-Bus's prefix. Over a bus that is said: who did not choose it
 * may not know. */
static void
take_error(const Line *line, GError *local, GError **error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(local);
    g_dbus_error_strip_remote_error(local);
    if (is_one_of(name, "ServiceUnknown", "NameHasNoOwner"))
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_NOT_FOUND,
                    _("nobody has the name %s (%s)"),
                    NAME,
                    line->why != NULL ? line->why
                                      : _("is cariflexd running, and does [dbus] bus= in its "
                                          "keyfile name this bus?"));
    else if (is_one_of(name, "UnknownMethod", "InvalidArgs"))
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
    if (line->is_bus)
        g_prefix_error(error, "%s: ", line->name);
}

static GVariant *
call(const Line *line, const Ask *ask, GError **error)
{
    int patience_ms = ask->files != NULL ? G_MAXINT : line->is_bus ? BUS_TIMEOUT_MS : TIMEOUT_MS;
    return g_dbus_connection_call_with_unix_fd_list_sync(
        line->connection,
        line->is_bus ? NAME : NULL,
        OBJECT_PATH,
        NAME,
        ask->method,
        ask->arguments,
        NULL,
        G_DBUS_CALL_FLAGS_NO_AUTO_START | G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION,
        patience_ms,
        ask->files,
        NULL,
        NULL,
        error);
}

/* once more, with somebody who asks for the password here */
static GVariant *
call_with_agent(const Line *line, const Ask *ask, GError **error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(*error);
    GSubprocess *agent =
        line->is_bus && g_strcmp0(name, ERROR_PREFIX "Auth") == 0 ? ctl_agent_start() : NULL;
    if (agent == NULL)
        return NULL;
    g_clear_error(error);
    GVariant *answer = call(line, ask, error);
    ctl_agent_stop(agent);
    return answer;
}

static char *
ask_daemon(const CtlWhere *where, const Ask *ask, GError **error)
{
    g_auto(Line) line = { 0 };
    if (!line_open(where, &line, error))
        return NULL;
    g_autoptr(GError) local = NULL;
    g_autoptr(GVariant) answer = call(&line, ask, &local);
    if (answer == NULL)
        answer = call_with_agent(&line, ask, &local);
    if (answer == NULL) {
        take_error(&line, local, error);
        return NULL;
    }
    char *json = NULL;
    if (g_variant_is_of_type(answer, G_VARIANT_TYPE("(s)")))
        g_variant_get(answer, "(s)", &json);
    return json != NULL ? json : g_strdup("");
}

char *
ctl_call(const CtlWhere *where, const char *method, GVariant *arguments, GError **error)
{
    g_autoptr(GVariant) sunk = arguments != NULL ? g_variant_ref_sink(arguments) : NULL;
    const Ask ask = { method, sunk, NULL };
    return ask_daemon(where, &ask, error);
}

char *
ctl_call_with_file(const CtlWhere *where, const char *method, int file, GError **error)
{
    g_autoptr(GUnixFDList) files = g_unix_fd_list_new();
    int handle = g_unix_fd_list_append(files, file, error);
    if (handle < 0)
        return NULL;
    g_autoptr(GVariant) arguments = g_variant_ref_sink(g_variant_new("(h)", handle));
    const Ask ask = { method, arguments, files };
    return ask_daemon(where, &ask, error);
}
