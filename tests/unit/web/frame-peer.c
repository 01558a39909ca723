/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-peer.h"

#include <string.h>

static const guint8 MASK[4] = { 0x37, 0xFA, 0x21, 0x3D };

void
frame_append(GByteArray *to, guint8 first, const void *bytes, gsize size)
{
    guint8 header[10] = { first, 0x80 | (size < 126 ? size : size <= G_MAXUINT16 ? 126 : 127) };
    guint used = 2;
    for (int shift = size < 126 ? -8 : size <= G_MAXUINT16 ? 8 : 56; shift >= 0; shift -= 8)
        header[used++] = (guint8)((guint64)size >> shift);
    g_byte_array_append(to, header, used);
    g_byte_array_append(to, MASK, 4);
    guint start = to->len;
    if (size > 0)
        g_byte_array_append(to, bytes, size);
    for (gsize i = 0; i < size; i++)
        to->data[start + i] ^= MASK[i & 3];
}

void
frame_append_text(GByteArray *to, guint8 first, const char *text)
{
    frame_append(to, first, text, strlen(text));
}

void
frame_append_announce(GByteArray *to, guint8 first, guint64 size)
{
    guint8 header[10] = { first, 0x80 | 127 };
    for (guint i = 0; i < 8; i++)
        header[2 + i] = (guint8)(size >> (56 - 8 * i));
    g_byte_array_append(to, header, 10);
    g_byte_array_append(to, MASK, 4);
}
