/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 check over pieces: a character may lie across two of them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** Where the check stands. All zero: at the start of a character. */
typedef struct {
    guint8 need;    /**< continuation bytes still to come */
    guint8 low, up; /**< bounds of the next of them */
} CfxUtf8;

/** Checks the next piece; FALSE as soon as no continuation can make it valid. NUL is a character.
 */
gboolean cfx_utf8_feed(CfxUtf8 *self, const guint8 *bytes, gsize size);

/** Whether the text may end here. */
static inline gboolean
cfx_utf8_is_complete(const CfxUtf8 *self)
{
    return self->need == 0;
}

/** The longest prefix of valid `text` of at most `max` bytes that cuts no character. */
gsize cfx_utf8_cut(const char *text, gsize max);

G_END_DECLS
