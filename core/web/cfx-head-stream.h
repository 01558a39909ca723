/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The input of a connection: holds the head of the request back until it is whole and was checked,
 * then gives everything on. One request a connection. */
#pragma once

#include "cfx-head.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define CFX_TYPE_HEAD_STREAM (cfx_head_stream_get_type())
G_DECLARE_FINAL_TYPE(CfxHeadStream, cfx_head_stream, CFX, HEAD_STREAM, GFilterInputStream)

/**
 * @base: input of @socket, which is closed together with this stream
 * @refuse: called once if the head is refused; the stream is then at its end
 */
GInputStream *cfx_head_stream_new(GInputStream *base,
                                  GSocket *socket,
                                  const CfxHeadLimits *limits,
                                  void (*refuse)(gpointer data, guint status),
                                  gpointer data);

/* Gives nothing on any more: the reader meets the end. */
void cfx_head_stream_end(CfxHeadStream *self);

G_END_DECLS
