/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-ws-frame.h"

#include <string.h>

#define STORE_FIRST 512

void
cfx_ws_decoder_init(CfxWsDecoder *self, const CfxWsLimits *limits)
{
    memset(self, 0, sizeof *self);
    self->limits = limits;
}

void
cfx_ws_decoder_clear(CfxWsDecoder *self)
{
    g_clear_pointer(&self->store, g_free);
    g_clear_pointer(&self->control, g_free);
}

gboolean
cfx_ws_decoder_is_partial(const CfxWsDecoder *self)
{
    return self->in_frame || self->header_size > 0 || self->message != 0;
}

guint8
cfx_ws_mask(guint8 *bytes, gsize size, const guint8 mask[4], guint8 mask_at)
{
    guint8 turned[8];
    for (guint i = 0; i < 8; i++)
        turned[i] = mask[(mask_at + i) & 3];
    guint64 wide;
    memcpy(&wide, turned, sizeof wide);
    gsize i = 0;
    for (; i + 8 <= size; i += 8) {
        guint64 word;
        memcpy(&word, bytes + i, sizeof word);
        word ^= wide;
        memcpy(bytes + i, &word, sizeof word);
    }
    for (; i < size; i++)
        bytes[i] ^= turned[i & 7];
    return (mask_at + size) & 3;
}

static gboolean
break_with(CfxWsDecoder *self, guint32 code, const char *reason)
{
    self->code = code;
    self->reason = reason;
    cfx_ws_decoder_clear(self);
    return FALSE;
}

static gboolean
is_control(guint8 opcode)
{
    return (opcode & 0x8) != 0;
}

/* Bytes of the header, known when two of them are there. */
static guint
header_length(const guint8 *header)
{
    guint length = 2;
    switch (header[1] & 0x7F) {
    case 126:
        length += 2;
        break;
    case 127:
        length += 8;
        break;
    default:
        break;
    }
    return header[1] & 0x80 ? length + 4 : length;
}

static gboolean
check_opcode(CfxWsDecoder *self)
{
    switch (self->opcode) {
    case CFX_WS_OP_CONTINUE:
        if (self->message == 0)
            return break_with(self, CFX_WS_PROTOCOL, "nothing to continue");
        return TRUE;
    case CFX_WS_OP_TEXT:
    case CFX_WS_OP_BINARY:
        if (self->message != 0)
            return break_with(self, CFX_WS_PROTOCOL, "the message before is not finished");
        self->utf8 = (CfxUtf8){ 0 };
        return TRUE;
    case CFX_WS_OP_CLOSE:
    case CFX_WS_OP_PING:
    case CFX_WS_OP_PONG:
        if (!self->is_final)
            return break_with(self, CFX_WS_PROTOCOL, "control frame in fragments");
        return TRUE;
    default:
        return break_with(self, CFX_WS_PROTOCOL, "unknown opcode");
    }
}

/* Longer forms of a length than needed are accepted: they mean the same and harm nobody. */
static guint64
read_length(const guint8 *header)
{
    guint length = header[1] & 0x7F;
    if (length < 126)
        return length;
    guint64 size = 0;
    guint bytes = length == 126 ? 2 : 8;
    for (guint i = 0; i < bytes; i++)
        size = size << 8 | header[2 + i];
    return size;
}

static gboolean
begin_frame(CfxWsDecoder *self)
{
    const guint8 *header = self->header;
    guint length = header_length(header);
    guint64 size = read_length(header);
    self->header_size = 0;
    self->is_final = (header[0] & 0x80) != 0;
    self->opcode = header[0] & 0x0F;
    if (header[0] & 0x70)
        return break_with(self, CFX_WS_PROTOCOL, "reserved bit without an extension");
    if (!(header[1] & 0x80))
        return break_with(self, CFX_WS_PROTOCOL, "frame without a mask");
    if (!check_opcode(self))
        return FALSE;
    if (is_control(self->opcode)) {
        if (size > CFX_WS_CONTROL_MAX)
            return break_with(self, CFX_WS_PROTOCOL, "control frame too long");
    } else if (size >> 63) {
        return break_with(self, CFX_WS_PROTOCOL, "length out of range");
    } else if (size > self->limits->frame_max) {
        return break_with(self, CFX_WS_TOO_BIG, "frame too big");
    } else if (size > self->limits->message_max ||
               self->store_size > self->limits->message_max - size) {
        return break_with(self, CFX_WS_TOO_BIG, "message too big");
    } else if (self->opcode != CFX_WS_OP_CONTINUE) {
        self->message = self->opcode;
    }
    memcpy(self->mask, header + length - 4, 4);
    self->mask_at = 0;
    self->left = size;
    self->in_frame = TRUE;
    return TRUE;
}

/* FALSE: the header is not whole yet, or the frame is refused. */
static gboolean
take_header(CfxWsDecoder *self, guint8 **at, guint8 *end)
{
    guint wanted = self->header_size < 2 ? 2 : header_length(self->header);
    while (self->header_size < wanted) {
        if (*at == end)
            return FALSE;
        self->header[self->header_size++] = *(*at)++;
        if (self->header_size == 2)
            wanted = header_length(self->header);
    }
    return begin_frame(self);
}

static gboolean
check_text(CfxWsDecoder *self, const guint8 *bytes, gsize size)
{
    if (self->message != CFX_WS_OP_TEXT)
        return TRUE;
    if (!cfx_utf8_feed(&self->utf8, bytes, size))
        return break_with(self, CFX_WS_BAD_DATA, "text is not UTF-8");
    return TRUE;
}

static void
store_append(CfxWsDecoder *self, const guint8 *bytes, gsize size)
{
    gsize wanted = self->store_size + size + 1;
    if (wanted > self->store_room) {
        /* grows with what has come, not with what a header announces */
        gsize room = MAX(self->store_room * 2, STORE_FIRST);
        room = MIN(room, self->limits->message_max + 1);
        self->store_room = MAX(room, wanted);
        self->store = g_realloc(self->store, self->store_room);
    }
    memcpy(self->store + self->store_size, bytes, size);
    self->store_size += size;
}

/* Ends the bytes in the caller's buffer with a NUL that the next call takes back. */
static void
patch(CfxWsDecoder *self, guint8 *end)
{
    self->patched = end;
    self->saved = *end;
    *end = 0;
}

static void
give_broken(const CfxWsDecoder *self, CfxWsItem *item)
{
    *item = (CfxWsItem){ .kind = CFX_WS_BROKEN, .code = self->code, .reason = self->reason };
}

static void
give_close(CfxWsDecoder *self, CfxWsItem *item)
{
    item->kind = CFX_WS_CLOSE;
    item->code = CFX_WS_NO_CODE;
    if (item->size == 0)
        return;
    CfxUtf8 utf8 = { 0 };
    guint32 code = item->size < 2 ? 0 : (guint32)item->bytes[0] << 8 | item->bytes[1];
    if (!cfx_ws_code_is_valid(code)) {
        break_with(self, CFX_WS_PROTOCOL, "close frame without a valid code");
    } else if (!cfx_utf8_feed(&utf8, item->bytes + 2, item->size - 2) ||
               !cfx_utf8_is_complete(&utf8)) {
        break_with(self, CFX_WS_BAD_DATA, "reason is not UTF-8");
    } else {
        item->code = code;
        item->bytes += 2;
        item->size -= 2;
        return;
    }
    give_broken(self, item);
}

static void
give_control(CfxWsDecoder *self, guint8 *bytes, gsize size, CfxWsItem *item)
{
    item->bytes = bytes;
    item->size = size;
    if (self->opcode == CFX_WS_OP_CLOSE)
        give_close(self, item);
    else
        item->kind = self->opcode == CFX_WS_OP_PING ? CFX_WS_PING : CFX_WS_PONG;
}

static void
give_message(CfxWsDecoder *self, guint8 *bytes, gsize size, CfxWsItem *item)
{
    if (self->message == CFX_WS_OP_TEXT && !cfx_utf8_is_complete(&self->utf8)) {
        break_with(self, CFX_WS_BAD_DATA, "text ends inside a character");
        give_broken(self, item);
        return;
    }
    item->kind = self->message == CFX_WS_OP_TEXT ? CFX_WS_TEXT : CFX_WS_BINARY;
    item->bytes = bytes;
    item->size = size;
    self->message = 0;
}

/* What the last item lent is no longer needed. */
static void
take_back(CfxWsDecoder *self)
{
    if (self->patched != NULL) {
        *self->patched = self->saved;
        self->patched = NULL;
    }
    if (self->is_spent) {
        self->is_spent = FALSE;
        if (self->message == 0) {
            g_clear_pointer(&self->store, g_free);
            self->store_size = self->store_room = 0;
        }
        g_clear_pointer(&self->control, g_free);
    }
}

/* A control frame that lies in the buffer is given from there; a cut one is gathered. */
static gboolean
take_control(CfxWsDecoder *self, guint8 *bytes, gsize size, CfxWsItem *item)
{
    if (self->control == NULL && self->left == 0) {
        patch(self, bytes + size);
        give_control(self, bytes, size, item);
        return TRUE;
    }
    if (self->control == NULL)
        self->control = g_malloc0(CFX_WS_CONTROL_MAX + 2); /* [0]: bytes so far */
    memcpy(self->control + 1 + self->control[0], bytes, size);
    self->control[0] += size;
    if (self->left > 0)
        return FALSE;
    self->is_spent = TRUE;
    self->control[1 + self->control[0]] = 0;
    give_control(self, self->control + 1, self->control[0], item);
    return TRUE;
}

static gboolean
take_data(CfxWsDecoder *self, guint8 *bytes, gsize size, CfxWsItem *item)
{
    if (!check_text(self, bytes, size)) {
        give_broken(self, item);
        return TRUE;
    }
    gboolean is_end = self->left == 0 && self->is_final;
    if (is_end && self->store_size == 0) {
        patch(self, bytes + size);
        give_message(self, bytes, size, item);
        return TRUE;
    }
    if (size > 0)
        store_append(self, bytes, size);
    if (!is_end)
        return FALSE;
    self->store[self->store_size] = 0;
    self->is_spent = TRUE;
    give_message(self, self->store, self->store_size, item);
    return TRUE;
}

void
cfx_ws_decoder_next(CfxWsDecoder *self, guint8 **at, guint8 *end, CfxWsItem *item)
{
    take_back(self);
    *item = (CfxWsItem){ .kind = CFX_WS_MORE };
    while (self->code == 0) {
        if (!self->in_frame && !take_header(self, at, end))
            break;
        gsize size = MIN(self->left, (gsize)(end - *at));
        guint8 *bytes = *at;
        self->mask_at = cfx_ws_mask(bytes, size, self->mask, self->mask_at);
        self->left -= size;
        self->in_frame = self->left > 0;
        *at += size;
        if (is_control(self->opcode) ? take_control(self, bytes, size, item)
                                     : take_data(self, bytes, size, item))
            return;
        if (self->in_frame)
            return;
    }
    if (self->code != 0)
        give_broken(self, item);
}

gsize
cfx_ws_header_write(guint8 to[CFX_WS_HEADER_MAX], guint8 opcode, gsize size)
{
    to[0] = 0x80 | opcode;
    if (size < 126) {
        to[1] = (guint8)size;
        return 2;
    }
    guint bytes = size <= G_MAXUINT16 ? 2 : 8;
    to[1] = bytes == 2 ? 126 : 127;
    guint64 rest = size;
    for (guint i = bytes; i > 0; i--, rest >>= 8)
        to[1 + i] = (guint8)rest;
    return 2 + bytes;
}

gsize
cfx_ws_close_write(guint8 to[CFX_WS_CONTROL_MAX], guint32 code, const char *reason)
{
    if (code == CFX_WS_NO_CODE)
        return 0;
    to[0] = (guint8)(code >> 8);
    to[1] = (guint8)code;
    if (reason == NULL)
        return 2;
    gsize size = cfx_utf8_cut(reason, CFX_WS_CONTROL_MAX - 2);
    memcpy(to + 2, reason, size);
    return 2 + size;
}

gboolean
cfx_ws_code_is_valid(guint32 code)
{
    if (code >= 3000 && code <= 4999)
        return TRUE;
    return code >= 1000 && code <= 1014 && code != 1004 && code != CFX_WS_NO_CODE &&
           code != CFX_WS_ABNORMAL;
}
