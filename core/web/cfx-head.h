/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A look at the head of a request before libsoup parses it: what libsoup 3.2 takes for something
 * else than it is, or loses memory over, is refused here. No I/O.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    gsize size;  /**< bytes of the whole head */
    guint lines; /**< headers */
} CfxHeadLimits;

/** Where the head ends: bytes up to and with the empty line; 0: not yet. */
gsize cfx_head_end(const char *bytes, gsize size);

/**
 * Checks a whole head.
 * Returns: 0, or the status of the refusal: 400, 431 or 501
 */
guint cfx_head_check(const char *bytes, gsize size, const CfxHeadLimits *limits);

G_END_DECLS
