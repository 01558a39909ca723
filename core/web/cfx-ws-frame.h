/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames of RFC 6455, server side: bytes in, whole messages out. No I/O.
 *
 * The decoder works in place on the buffer that was read into. A message that lies whole in it
 * costs no copy and no allocation; only what is cut by the end of the buffer, or comes in
 * fragments, is gathered in a store of the connection, which is given back after the message.
 *
 * permessage-deflate has its place between unmasking and the UTF-8 check: it would allow RSV1 on
 * the first frame of a message, and inflate under `message_max`. No extension is agreed on yet, so
 * a frame with an RSV bit is refused.
 */
#pragma once

#include "cfx-utf8.h"

G_BEGIN_DECLS

/** @name Close codes of RFC 6455, 7.4.1 @{ */
#define CFX_WS_NORMAL 1000u
#define CFX_WS_GOING_AWAY 1001u
#define CFX_WS_PROTOCOL 1002u
#define CFX_WS_UNSUPPORTED 1003u
#define CFX_WS_NO_CODE 1005u /**< never on the wire: the peer's close frame had none */
#define CFX_WS_ABNORMAL                                                                            \
    1006u /**< never on the wire: the connection ended without a close frame                       \
           */
#define CFX_WS_BAD_DATA 1007u
#define CFX_WS_POLICY 1008u
#define CFX_WS_TOO_BIG 1009u
/** @} */

/** @name Opcodes @{ */
#define CFX_WS_OP_CONTINUE 0x0u
#define CFX_WS_OP_TEXT 0x1u
#define CFX_WS_OP_BINARY 0x2u
#define CFX_WS_OP_CLOSE 0x8u
#define CFX_WS_OP_PING 0x9u
#define CFX_WS_OP_PONG 0xAu
/** @} */

#define CFX_WS_HEADER_MAX 10   /**< bytes of the longest header that a server writes */
#define CFX_WS_CONTROL_MAX 125 /**< bytes of the longest payload of a control frame */

/** Shared by all connections of a listener. */
typedef struct {
    gsize frame_max;   /**< payload of one frame */
    gsize message_max; /**< all fragments together */
} CfxWsLimits;

typedef enum {
    CFX_WS_MORE,   /**< all bytes are used up; come back with more */
    CFX_WS_TEXT,   /**< a message, UTF-8 */
    CFX_WS_BINARY, /**< a message */
    CFX_WS_PING,   /**< answer with a pong of the same bytes */
    CFX_WS_PONG,
    CFX_WS_CLOSE,  /**< the peer's close frame: `code`, and `bytes` is the reason */
    CFX_WS_BROKEN, /**< the peer broke the protocol: close with `code`; it stays broken */
} CfxWsKind;

/** What came. `bytes` are valid, and yours to change, until the next call. */
typedef struct {
    CfxWsKind kind;
    guint32 code;
    guint8 *bytes;      /**< NUL-terminated */
    gsize size;         /**< without the NUL */
    const char *reason; /**< BROKEN: why, static */
} CfxWsItem;

/** Where a connection stands. Part of its struct; its members are the decoder's. */
typedef struct {
    const CfxWsLimits *limits;
    guint8 *store;   /**< the message so far, when it came in pieces */
    guint8 *control; /**< the control frame so far, when it was cut */
    guint8 *patched; /**< where a NUL stands in the caller's buffer */
    gsize store_size, store_room;
    gsize left; /**< payload bytes of this frame still to come */
    const char *reason;
    guint32 code; /**< not 0: broken */
    guint8 header[14], header_size;
    guint8 mask[4], mask_at;
    guint8 opcode;  /**< of this frame */
    guint8 message; /**< opcode of the message that is being gathered; 0: none */
    guint8 saved;   /**< the byte that stood at `patched` */
    gboolean in_frame : 1, is_final : 1, is_spent : 1;
    CfxUtf8 utf8;
} CfxWsDecoder;

void cfx_ws_decoder_init(CfxWsDecoder *self, const CfxWsLimits *limits);
/** Gives its memory back. */
void cfx_ws_decoder_clear(CfxWsDecoder *self);

/**
 * Takes bytes from *at up to `end` and fills `item` with the next thing. Call it until MORE (then
 * *at is `end`), BROKEN or CLOSE. The byte at `end` must be writable.
 */
void cfx_ws_decoder_next(CfxWsDecoder *self, guint8 **at, guint8 *end, CfxWsItem *item);

/** Whether it holds a part of a frame or message. */
gboolean cfx_ws_decoder_is_partial(const CfxWsDecoder *self);

/** Writes the header of an unmasked, final frame; returns its size. */
gsize cfx_ws_header_write(guint8 to[CFX_WS_HEADER_MAX], guint8 opcode, gsize size);

/** Writes the payload of a close frame; returns its size, 0 for NO_CODE. The reason (nullable) is
 * cut at a character to what a control frame holds. */
gsize cfx_ws_close_write(guint8 to[CFX_WS_CONTROL_MAX], guint32 code, const char *reason);

/** Whether a peer may send that code in a close frame. */
gboolean cfx_ws_code_is_valid(guint32 code);

/** Applies a mask in place, `mask_at` bytes into its period; returns the new place. */
guint8 cfx_ws_mask(guint8 *bytes, gsize size, const guint8 mask[4], guint8 mask_at);

G_END_DECLS
