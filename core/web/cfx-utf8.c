/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-utf8.h"

#include <string.h>

#define HIGH_BITS G_GUINT64_CONSTANT(0x8080808080808080)

/* The first byte of a character of several bytes. The bounds of the second byte keep out overlong
 * forms, surrogates and what lies above U+10FFFF. */
static gboolean
start(CfxUtf8 *self, guint8 byte)
{
    self->low = 0x80;
    self->up = 0xBF;
    if (byte >= 0xC2 && byte <= 0xDF) {
        self->need = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        self->need = 2;
        if (byte == 0xE0)
            self->low = 0xA0;
        else if (byte == 0xED)
            self->up = 0x9F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        self->need = 3;
        if (byte == 0xF0)
            self->low = 0x90;
        else if (byte == 0xF4)
            self->up = 0x8F;
    } else {
        return FALSE;
    }
    return TRUE;
}

gboolean
cfx_utf8_feed(CfxUtf8 *self, const guint8 *bytes, gsize size)
{
    const guint8 *end = bytes + size;
    while (bytes < end) {
        if (self->need > 0) {
            if (*bytes < self->low || *bytes > self->up)
                return FALSE;
            self->need--;
            self->low = 0x80;
            self->up = 0xBF;
            bytes++;
            continue;
        }
        /* protocols are ASCII nearly everywhere: eight bytes a step */
        while (end - bytes >= 8) {
            guint64 word;
            memcpy(&word, bytes, sizeof word);
            if (word & HIGH_BITS)
                break;
            bytes += 8;
        }
        while (bytes < end && *bytes < 0x80)
            bytes++;
        if (bytes < end && !start(self, *bytes++))
            return FALSE;
    }
    return TRUE;
}

gsize
cfx_utf8_cut(const char *text, gsize max)
{
    gsize size = strlen(text);
    if (size <= max)
        return size;
    while (max > 0 && ((guint8)text[max] & 0xC0) == 0x80)
        max--;
    return max;
}
