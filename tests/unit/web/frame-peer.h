/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames as a client writes them, right and wrong ones. */
#pragma once

#include <glib.h>

/* first: FIN, RSV bits and opcode as on the wire */
void frame_append(GByteArray *to, guint8 first, const void *bytes, gsize size);
void frame_append_text(GByteArray *to, guint8 first, const char *text);
/* header only, announcing `size` bytes in 8 length bytes */
void frame_append_announce(GByteArray *to, guint8 first, guint64 size);
