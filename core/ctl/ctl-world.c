/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-world.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <string.h>

#define TIMEOUT_S 10

/* A run folder's name ends with the number of the process that made it. */
static gboolean
is_running(const char *folder)
{
    const char *dash = strrchr(folder, '-');
    gint64 pid = dash == NULL ? 0 : g_ascii_strtoll(dash + 1, NULL, 10);
    return pid > 0 && kill((pid_t)pid, 0) == 0;
}

/* Run folders begin with the instant of their making, so that the newest sorts last. */
static char *
newest_run(void)
{
    const char *state = g_getenv("XDG_STATE_HOME");
    g_autofree char *runs =
        state != NULL && *state != '\0'
            ? g_build_filename(state, "cariflex-demo", NULL)
            : g_build_filename(g_get_home_dir(), ".local", "state", "cariflex-demo", NULL);
    g_autoptr(GDir) dir = g_dir_open(runs, 0, NULL);
    g_autofree char *newest = NULL;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;)
        if (is_running(name) && (newest == NULL || strcmp(name, newest) > 0)) {
            g_free(newest);
            newest = g_strdup(name);
        }
    return newest == NULL ? NULL : g_build_filename(runs, newest, "world-run", "control", NULL);
}

static GSocketConnection *
reach(const char *path, GError **error)
{
    g_autofree char *found = path == NULL ? newest_run() : g_strdup(path);
    if (found == NULL) {
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_NOT_FOUND,
                    _("no demo runs; start one with packaging/demo, or name the socket of a world "
                      "with --world"));
        return NULL;
    }
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(found);
    g_socket_client_set_timeout(client, TIMEOUT_S);
    GSocketConnection *connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, error);
    if (connection == NULL)
        g_prefix_error(error, _("the world at %s does not answer: "), found);
    return connection;
}

char *
ctl_world_call(const char *path, JsonObject *ask, GError **error)
{
    g_autoptr(GSocketConnection) connection = reach(path, error);
    if (connection == NULL)
        return NULL;
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), ask);
    g_autofree char *text = json_to_string(node, FALSE);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    GIOStream *stream = G_IO_STREAM(connection);
    if (!g_output_stream_write_all(
            g_io_stream_get_output_stream(stream), line, strlen(line), NULL, NULL, error))
        return NULL;
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_io_stream_get_input_stream(stream));
    g_autofree char *answer = g_data_input_stream_read_line(input, NULL, NULL, error);
    if (answer == NULL && (error == NULL || *error == NULL))
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, _("the world closed the line"));
    return g_steal_pointer(&answer);
}
