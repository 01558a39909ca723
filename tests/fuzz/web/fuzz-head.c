/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The head of a request: any bytes, never out of bounds; what passes has one length of body, and
 * lines that are what they seem. */
#include "cfx-head.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const CfxHeadLimits LIMITS = { .size = 2000, .lines = 20 };
    char *copy = malloc(size);
    memcpy(copy, bytes, size);
    gsize end = cfx_head_end(copy, size);
    if (end > size)
        abort();
    /* a part of it must not end elsewhere */
    if (end > 0 && cfx_head_end(copy, end) != end)
        abort();
    if (end > 0 && cfx_head_end(copy, end - 1) != 0)
        abort();
    guint status = cfx_head_check(copy, end > 0 ? end : size, &LIMITS);
    if (status != 0 && status != 400 && status != 431 && status != 501)
        abort();
    if (status == 0 && (end == 0 || end > LIMITS.size || memchr(copy, 0, end) != NULL))
        abort();
    free(copy);
    return 0;
}
