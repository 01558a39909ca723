/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-remote.h"

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define CALLERS_MAX 8

struct _SimRemote {
    SimWorld *world;
    SimDays *days;
    char *path;
    GSocketService *service;
    GCancellable *stopped;
    guint callers;
};

typedef struct {
    SimRemote *remote;
    GCancellable *stopped; /* when it is cancelled, the remote is gone */
    GSocketConnection *connection;
    GDataInputStream *input;
    char *answer;
} Caller;

static void read_next(Caller *caller);

static void
caller_free(Caller *caller)
{
    if (!g_cancellable_is_cancelled(caller->stopped))
        caller->remote->callers--;
    g_io_stream_close(G_IO_STREAM(caller->connection), NULL, NULL);
    g_object_unref(caller->input);
    g_object_unref(caller->connection);
    g_object_unref(caller->stopped);
    g_free(caller->answer);
    g_free(caller);
}

static void
written_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    Caller *caller = data;
    if (!g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL)) {
        caller_free(caller);
        return;
    }
    g_clear_pointer(&caller->answer, g_free);
    read_next(caller);
}

static void
line_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    gsize size = 0;
    Caller *caller = data;
    g_autofree char *line =
        g_data_input_stream_read_line_finish(caller->input, result, &size, NULL);
    if (line == NULL || g_cancellable_is_cancelled(caller->stopped)) {
        caller_free(caller);
        return;
    }
    sim_world_catch_up(caller->remote->world);
    g_autofree char *answer =
        sim_remote_do(caller->remote->world, caller->remote->days, line, size);
    caller->answer = g_strconcat(answer, "\n", NULL);
    g_output_stream_write_all_async(g_io_stream_get_output_stream(G_IO_STREAM(caller->connection)),
                                    caller->answer,
                                    strlen(caller->answer),
                                    G_PRIORITY_DEFAULT,
                                    caller->stopped,
                                    written_cb,
                                    caller);
}

/* A line that does not fit the buffer would grow without end: its sender is left. */
static void
filled_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    Caller *caller = data;
    gsize size = 0;
    gssize got = g_buffered_input_stream_fill_finish(G_BUFFERED_INPUT_STREAM(source), result, NULL);
    const char *bytes =
        g_buffered_input_stream_peek_buffer(G_BUFFERED_INPUT_STREAM(caller->input), &size);
    if (got <= 0 || g_cancellable_is_cancelled(caller->stopped) ||
        (size >= SIM_REMOTE_LINE && memchr(bytes, '\n', size) == NULL)) {
        caller_free(caller);
        return;
    }
    read_next(caller);
}

static void
read_next(Caller *caller)
{
    gsize size = 0;
    GBufferedInputStream *input = G_BUFFERED_INPUT_STREAM(caller->input);
    const char *bytes = g_buffered_input_stream_peek_buffer(input, &size);
    if (size > 0 && memchr(bytes, '\n', size) != NULL)
        g_data_input_stream_read_line_async(
            caller->input, G_PRIORITY_DEFAULT, caller->stopped, line_cb, caller);
    else
        g_buffered_input_stream_fill_async(
            input, -1, G_PRIORITY_DEFAULT, caller->stopped, filled_cb, caller);
}

static gboolean
incoming_cb(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
    SimRemote *self = data;
    if (self->callers >= CALLERS_MAX)
        return TRUE; /* closed, since nobody keeps it */
    Caller *caller = g_new0(Caller, 1);
    caller->remote = self;
    caller->stopped = g_object_ref(self->stopped);
    caller->connection = g_object_ref(connection);
    caller->input = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    g_buffered_input_stream_set_buffer_size(G_BUFFERED_INPUT_STREAM(caller->input),
                                            SIM_REMOTE_LINE);
    self->callers++;
    read_next(caller);
    return TRUE;
}

SimRemote *
sim_remote_new(SimWorld *world, SimDays *days, const char *path, GError **error)
{
    SimRemote *self = g_new0(SimRemote, 1);
    self->world = world;
    self->days = days;
    self->path = g_strdup(path);
    self->stopped = g_cancellable_new();
    self->service = g_socket_service_new();
    g_unlink(path); /* of a world that has ended without removing it */
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    mode_t before = umask(0177);
    gboolean listens = g_socket_listener_add_address(G_SOCKET_LISTENER(self->service),
                                                     address,
                                                     G_SOCKET_TYPE_STREAM,
                                                     G_SOCKET_PROTOCOL_DEFAULT,
                                                     NULL,
                                                     NULL,
                                                     error);
    umask(before);
    if (!listens) {
        g_prefix_error(error, "control %s: ", path);
        sim_remote_free(self);
        return NULL;
    }
    g_signal_connect(self->service, "incoming", G_CALLBACK(incoming_cb), self);
    g_socket_service_start(self->service);
    return self;
}

void
sim_remote_free(SimRemote *self)
{
    if (self == NULL)
        return;
    g_cancellable_cancel(self->stopped);
    g_signal_handlers_disconnect_by_data(self->service, self);
    g_socket_service_stop(self->service);
    g_socket_listener_close(G_SOCKET_LISTENER(self->service));
    g_object_unref(self->service);
    g_unlink(self->path);
    g_object_unref(self->stopped);
    g_free(self->path);
    g_free(self);
}
