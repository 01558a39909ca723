/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoder over any bytes in any pieces: never out of bounds, and the same whatever the cuts.
 * Input: one byte that says how to cut, then the wire. */
#include "cfx-ws-frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const CfxWsLimits LIMITS = { .frame_max = 4096, .message_max = 6000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

typedef struct {
    guint32 hash, items, code;
} Sum;

static void
add(Sum *sum, const CfxWsItem *item)
{
    sum->items++;
    sum->hash = sum->hash * 31 + item->kind;
    if (item->kind == CFX_WS_BROKEN || item->kind == CFX_WS_CLOSE)
        sum->code = item->code;
    if (item->kind == CFX_WS_BROKEN)
        return;
    if (item->bytes != NULL && item->bytes[item->size] != 0)
        abort();
    if (item->kind == CFX_WS_TEXT) {
        CfxUtf8 utf8 = { 0 };
        if (!cfx_utf8_feed(&utf8, item->bytes, item->size) || !cfx_utf8_is_complete(&utf8))
            abort();
        if (item->size > LIMITS.message_max)
            abort();
    }
    for (gsize i = 0; i < item->size; i++)
        sum->hash = sum->hash * 31 + item->bytes[i];
    if (item->size > 0)
        memset(item->bytes, 0xAA, item->size);
}

static Sum
run(const uint8_t *bytes, size_t size, size_t step)
{
    Sum sum = { 0 };
    CfxWsDecoder decoder;
    cfx_ws_decoder_init(&decoder, &LIMITS);
    gboolean is_over = FALSE;
    for (size_t from = 0; from < size && !is_over; from += step) {
        size_t n = size - from < step ? size - from : step;
        guint8 *piece = malloc(n + 1);
        memcpy(piece, bytes + from, n);
        guint8 *at = piece;
        CfxWsItem item = { 0 };
        do {
            cfx_ws_decoder_next(&decoder, &at, piece + n, &item);
            if (item.kind != CFX_WS_MORE)
                add(&sum, &item);
            is_over = item.kind == CFX_WS_BROKEN || item.kind == CFX_WS_CLOSE;
        } while (item.kind != CFX_WS_MORE && !is_over);
        if (!is_over && at != piece + n)
            abort();
        free(piece);
    }
    cfx_ws_decoder_clear(&decoder);
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    Sum whole = run(bytes + 1, size - 1, size);
    Sum cut = run(bytes + 1, size - 1, 1 + bytes[0] % 64);
    if (whole.items != cut.items || whole.hash != cut.hash || whole.code != cut.code)
        abort();
    return 0;
}
