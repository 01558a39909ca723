/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-head-stream.h"

#include <string.h>

#define READ_SIZE 4096

struct _CfxHeadStream {
    GFilterInputStream parent;
    GSocket *socket;
    CfxHeadLimits limits;
    void (*refuse)(gpointer data, guint status);
    gpointer data;
    GByteArray *head; /* what came, until it is given on; NULL: all was */
    guint given;      /* bytes of it that were given on */
    gboolean is_whole, is_ended;
};

static void cfx_head_stream_pollable_init(GPollableInputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE(CfxHeadStream,
                        cfx_head_stream,
                        G_TYPE_FILTER_INPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM,
                                              cfx_head_stream_pollable_init))

static GPollableInputStream *
base_of(CfxHeadStream *self)
{
    return G_POLLABLE_INPUT_STREAM(
        g_filter_input_stream_get_base_stream(G_FILTER_INPUT_STREAM(self)));
}

static gssize
refuse(CfxHeadStream *self, guint status)
{
    self->is_ended = TRUE;
    self->refuse(self->data, status);
    return 0;
}

void
cfx_head_stream_end(CfxHeadStream *self)
{
    self->is_ended = TRUE;
}

static gssize
give(CfxHeadStream *self, void *to, gsize size)
{
    gsize n = MIN(size, self->head->len - self->given);
    memcpy(to, self->head->data + self->given, n);
    self->given += (guint)n;
    if (self->given == self->head->len)
        g_clear_pointer(&self->head, g_byte_array_unref);
    return (gssize)n;
}

/* >0: the head is whole and good; 0: the end; -1: with error */
static gssize
collect(CfxHeadStream *self, GError **error)
{
    while (!self->is_whole) {
        guint before = self->head->len;
        g_byte_array_set_size(self->head, before + READ_SIZE);
        gssize size = g_pollable_input_stream_read_nonblocking(
            base_of(self), self->head->data + before, READ_SIZE, NULL, error);
        g_byte_array_set_size(self->head, before + (guint)MAX(size, 0));
        if (size <= 0)
            return size;
        gsize end = cfx_head_end((const char *)self->head->data, self->head->len);
        if (end == 0 && self->head->len > self->limits.size)
            return refuse(self, 431);
        if (end == 0)
            continue;
        guint status = cfx_head_check((const char *)self->head->data, end, &self->limits);
        if (status != 0)
            return refuse(self, status);
        self->is_whole = TRUE;
    }
    return 1;
}

static gssize
read_nonblocking(GPollableInputStream *stream, void *to, gsize size, GError **error)
{
    CfxHeadStream *self = CFX_HEAD_STREAM(stream);
    if (self->is_ended)
        return 0;
    if (self->head == NULL)
        return g_pollable_input_stream_read_nonblocking(base_of(self), to, size, NULL, error);
    gssize state = collect(self, error);
    return state > 0 ? give(self, to, size) : state;
}

static gboolean
is_readable(GPollableInputStream *stream)
{
    CfxHeadStream *self = CFX_HEAD_STREAM(stream);
    return self->is_ended || (self->is_whole && self->head != NULL) ||
           g_pollable_input_stream_is_readable(base_of(self));
}

static gboolean
can_poll(GPollableInputStream *stream)
{
    return g_pollable_input_stream_can_poll(base_of(CFX_HEAD_STREAM(stream)));
}

static GSource *
create_source(GPollableInputStream *stream, GCancellable *cancellable)
{
    CfxHeadStream *self = CFX_HEAD_STREAM(stream);
    g_autoptr(GSource) child = NULL;
    if (self->is_ended || (self->is_whole && self->head != NULL))
        child = g_timeout_source_new(0);
    else
        child = g_pollable_input_stream_create_source(base_of(self), NULL);
    return g_pollable_source_new_full(stream, child, cancellable);
}

static void
cfx_head_stream_pollable_init(GPollableInputStreamInterface *iface)
{
    iface->can_poll = can_poll;
    iface->is_readable = is_readable;
    iface->create_source = create_source;
    iface->read_nonblocking = read_nonblocking;
}

/* libsoup reads without blocking only */
static gssize
read_fn(GInputStream *stream, void *to, gsize size, GCancellable *cancellable, GError **error)
{
    return read_nonblocking(G_POLLABLE_INPUT_STREAM(stream), to, size, error);
}

static gboolean
close_fn(GInputStream *stream, GCancellable *cancellable, GError **error)
{
    return g_socket_close(CFX_HEAD_STREAM(stream)->socket, error);
}

static void
finalize(GObject *object)
{
    CfxHeadStream *self = CFX_HEAD_STREAM(object);
    g_clear_pointer(&self->head, g_byte_array_unref);
    g_clear_object(&self->socket);
    G_OBJECT_CLASS(cfx_head_stream_parent_class)->finalize(object);
}

static void
cfx_head_stream_class_init(CfxHeadStreamClass *class)
{
    G_OBJECT_CLASS(class)->finalize = finalize;
    G_INPUT_STREAM_CLASS(class)->read_fn = read_fn;
    G_INPUT_STREAM_CLASS(class)->close_fn = close_fn;
}

static void
cfx_head_stream_init(CfxHeadStream *self)
{
    self->head = g_byte_array_new();
}

GInputStream *
cfx_head_stream_new(GInputStream *base,
                    GSocket *socket,
                    const CfxHeadLimits *limits,
                    void (*refuse_)(gpointer data, guint status),
                    gpointer data)
{
    CfxHeadStream *self =
        g_object_new(CFX_TYPE_HEAD_STREAM, "base-stream", base, "close-base-stream", FALSE, NULL);
    self->socket = g_object_ref(socket);
    self->limits = *limits;
    self->refuse = refuse_;
    self->data = data;
    return G_INPUT_STREAM(self);
}
