/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-ws-frame.h"
#include "frame-peer.h"

#include <string.h>

static const CfxWsLimits LIMITS = { .frame_max = 1 << 20, .message_max = 1 << 20 };

/* What a decoder says about `wire`, cut into pieces of `step` bytes: one line an item. */
static char *
decode(const GByteArray *wire, gsize step, const CfxWsLimits *limits)
{
    CfxWsDecoder decoder;
    cfx_ws_decoder_init(&decoder, limits);
    GString *said = g_string_new(NULL);
    static const char *const NAMES[] = { "more", "text", "binary", "ping", "pong" };
    gboolean is_over = FALSE;
    for (gsize from = 0; from < wire->len && !is_over; from += step) {
        /* the very size: what is read or written beyond is seen by ASan */
        gsize size = MIN(step, wire->len - from);
        guint8 *piece = g_malloc(size + 1);
        memcpy(piece, wire->data + from, size);
        piece[size] = 'Z';
        guint8 *at = piece;
        CfxWsItem item;
        for (;;) {
            cfx_ws_decoder_next(&decoder, &at, piece + size, &item);
            if (item.kind == CFX_WS_MORE)
                break;
            if (item.kind == CFX_WS_BROKEN) {
                g_string_append_printf(said, "broken %u %s\n", item.code, item.reason);
                is_over = TRUE;
                break;
            }
            g_assert_cmpint(item.bytes == NULL ? 0 : item.bytes[item.size], ==, 0);
            if (item.kind == CFX_WS_CLOSE) {
                g_string_append_printf(said, "close %u", item.code);
                if (item.size > 0)
                    g_string_append_printf(said, " %s", (char *)item.bytes);
                g_string_append_c(said, '\n');
                is_over = TRUE;
                break;
            }
            g_string_append(said, NAMES[item.kind]);
            if (item.size > 64)
                g_string_append_printf(said, " %" G_GSIZE_FORMAT, item.size);
            else if (item.size > 0)
                g_string_append_printf(said, " %s", (char *)item.bytes);
            g_string_append_c(said, '\n');
            memset(item.bytes, 'x', item.size); /* ours to change */
        }
        if (!is_over)
            g_assert_cmpint(at - piece, ==, size);
        if (item.kind == CFX_WS_MORE)
            g_assert_cmpint(piece[size], ==, 'Z');
        g_free(piece);
    }
    cfx_ws_decoder_clear(&decoder);
    return g_string_free(said, FALSE);
}

/* All ways to cut the bytes must say the same. */
static void
expect_with(GByteArray *wire, const CfxWsLimits *limits, const char *wanted)
{
    static const gsize STEPS[] = { 1, 2, 3, 5, 7, 13, 64, 1000, 65536, 1 << 22 };
    for (guint i = 0; i < G_N_ELEMENTS(STEPS); i++) {
        if (STEPS[i] < 64 && wire->len > 100000)
            continue;
        g_autofree char *said = decode(wire, STEPS[i], limits);
        g_assert_cmpstr(said, ==, wanted);
    }
    g_byte_array_set_size(wire, 0);
}

static void
expect(GByteArray *wire, const char *wanted)
{
    expect_with(wire, &LIMITS, wanted);
}

static void
test_messages(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_text(wire, 0x81, "hello");
    expect(wire, "text hello\n");
    frame_append_text(wire, 0x81, "");
    frame_append_text(wire, 0x82, "");
    expect(wire, "text\nbinary\n");
    frame_append_text(wire, 0x81, "one");
    frame_append_text(wire, 0x81, "two");
    frame_append_text(wire, 0x82, "\xFF\x01three");
    expect(wire, "text one\ntext two\nbinary \xFF\x01three\n");
}

static void
test_lengths(void)
{
    static const gsize SIZES[] = { 124, 125, 126, 127, 128, 65535, 65536, 65537, 1 << 20 };
    g_autoptr(GByteArray) wire = g_byte_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        g_autofree char *text = g_strnfill(SIZES[i], 'a');
        g_autofree char *wanted = g_strdup_printf("text %" G_GSIZE_FORMAT "\n", SIZES[i]);
        frame_append_text(wire, 0x81, text);
        expect(wire, wanted);
    }
}

static void
test_long_form_of_short_length(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_announce(wire, 0x81, 0);
    expect(wire, "text\n");
}

static void
test_fragments(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_text(wire, 0x01, "frag");
    frame_append_text(wire, 0x00, "");
    frame_append_text(wire, 0x00, "men");
    frame_append_text(wire, 0x80, "ted");
    frame_append_text(wire, 0x81, "next");
    expect(wire, "text fragmented\ntext next\n");
    frame_append_text(wire, 0x01, "");
    frame_append_text(wire, 0x00, "");
    frame_append_text(wire, 0x80, "");
    expect(wire, "text\n");
    frame_append_text(wire, 0x02, "");
    frame_append_text(wire, 0x80, "late");
    expect(wire, "binary late\n");
}

static void
test_control_between_fragments(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_text(wire, 0x01, "frag");
    frame_append_text(wire, 0x89, "p1");
    frame_append_text(wire, 0x00, "men");
    frame_append_text(wire, 0x8A, "");
    frame_append_text(wire, 0x89, "");
    frame_append_text(wire, 0x80, "ted");
    frame_append_text(wire, 0x88, "\x03\xE8");
    expect(wire, "ping p1\npong\nping\ntext fragmented\nclose 1000\n");
}

static void
test_fragments_broken(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_text(wire, 0x80, "x");
    expect(wire, "broken 1002 nothing to continue\n");
    frame_append_text(wire, 0x81, "a");
    frame_append_text(wire, 0x00, "x");
    expect(wire, "text a\nbroken 1002 nothing to continue\n");
    frame_append_text(wire, 0x01, "a");
    frame_append_text(wire, 0x81, "b");
    expect(wire, "broken 1002 the message before is not finished\n");
    frame_append_text(wire, 0x01, "a");
    frame_append_text(wire, 0x02, "b");
    expect(wire, "broken 1002 the message before is not finished\n");
}

static void
test_control_broken(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_autofree char *longest = g_strnfill(125, 'p');
    g_autofree char *longer = g_strnfill(126, 'p');
    frame_append_text(wire, 0x89, longest);
    expect(wire, "ping 125\n");
    frame_append_text(wire, 0x89, longer);
    expect(wire, "broken 1002 control frame too long\n");
    frame_append_text(wire, 0x09, "p");
    expect(wire, "broken 1002 control frame in fragments\n");
}

static void
test_reserved(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    for (guint8 bit = 0x10; bit <= 0x40; bit <<= 1) {
        frame_append_text(wire, 0x81 | bit, "x");
        expect(wire, "broken 1002 reserved bit without an extension\n");
        frame_append_text(wire, 0x89 | bit, "x");
        expect(wire, "broken 1002 reserved bit without an extension\n");
    }
    for (guint8 opcode = 0; opcode < 16; opcode++) {
        if (opcode <= 2 || (opcode >= 8 && opcode <= 10))
            continue;
        frame_append_text(wire, 0x80 | opcode, "x");
        expect(wire, "broken 1002 unknown opcode\n");
    }
}

static void
test_without_mask(void)
{
    static const guint8 BARE[] = { 0x81, 0x01, 'x' };
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_byte_array_append(wire, BARE, sizeof BARE);
    expect(wire, "broken 1002 frame without a mask\n");
}

static void
test_limits(void)
{
    const CfxWsLimits small = { .frame_max = 10, .message_max = 16 };
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_text(wire, 0x81, "0123456789");
    expect_with(wire, &small, "text 0123456789\n");
    frame_append_text(wire, 0x81, "0123456789a");
    expect_with(wire, &small, "broken 1009 frame too big\n");
    frame_append_text(wire, 0x01, "01234567");
    frame_append_text(wire, 0x80, "01234567");
    expect_with(wire, &small, "text 0123456701234567\n");
    frame_append_text(wire, 0x01, "01234567");
    frame_append_text(wire, 0x00, "01234567");
    frame_append_text(wire, 0x80, "8");
    expect_with(wire, &small, "broken 1009 message too big\n");
    /* said at the header, before a byte of it came */
    frame_append_announce(wire, 0x81, (1 << 20) + 1);
    expect(wire, "broken 1009 frame too big\n");
    frame_append_announce(wire, 0x81, G_MAXINT64);
    expect(wire, "broken 1009 frame too big\n");
    frame_append_announce(wire, 0x81, G_MAXUINT64);
    expect(wire, "broken 1002 length out of range\n");
}

static void
test_announced_is_not_allocated(void)
{
    const CfxWsLimits large = { .frame_max = G_MAXSIZE / 4, .message_max = G_MAXSIZE / 4 };
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_announce(wire, 0x81, G_MAXSIZE / 4);
    /* unmasked these are no text; the point is that nothing near that size was asked for */
    g_byte_array_append(wire, (const guint8 *)"abc", 3);
    expect_with(wire, &large, "broken 1007 text is not UTF-8\n");
}

static void
test_close(void)
{
    static const struct {
        guint32 code;
        gboolean is_valid;
    } CODES[] = { { 0, FALSE },    { 999, FALSE },  { 1000, TRUE },  { 1001, TRUE },
                  { 1002, TRUE },  { 1003, TRUE },  { 1004, FALSE }, { 1005, FALSE },
                  { 1006, FALSE }, { 1007, TRUE },  { 1011, TRUE },  { 1014, TRUE },
                  { 1015, FALSE }, { 1016, FALSE }, { 1100, FALSE }, { 2000, FALSE },
                  { 2999, FALSE }, { 3000, TRUE },  { 3999, TRUE },  { 4000, TRUE },
                  { 4999, TRUE },  { 5000, FALSE }, { 65535, FALSE } };
    g_autoptr(GByteArray) wire = g_byte_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(CODES); i++) {
        guint8 bytes[] = { CODES[i].code >> 8, CODES[i].code & 0xFF, 'w', 'h', 'y' };
        g_autofree char *wanted = CODES[i].is_valid
                                      ? g_strdup_printf("close %u why\n", CODES[i].code)
                                      : g_strdup("broken 1002 close frame without a valid code\n");
        frame_append(wire, 0x88, bytes, sizeof bytes);
        expect(wire, wanted);
    }
    frame_append_text(wire, 0x88, "");
    frame_append_text(wire, 0x81, "unheard");
    expect(wire, "close 1005\n");
    frame_append_text(wire, 0x88, "x");
    expect(wire, "broken 1002 close frame without a valid code\n");
    frame_append_text(wire, 0x88, "\x03\xE8\xC3");
    expect(wire, "broken 1007 reason is not UTF-8\n");
}

static void
test_utf8(void)
{
    static const char *const GOOD[] = {
        "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5", /* kosme */
        "\xC2\x80",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBD",
        "\x7F",
    };
    static const char *const BAD[] = {
        "\x80",
        "\xBF",
        "\xC0\xAF",
        "\xC1\xBF",
        "\xC2",
        "\xC2\x41",
        "\xE0\x9F\xBF",
        "\xE0\xA0",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF0\x90\x80",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80",
        "\xFE",
        "\xFF",
        "abc\xC3(",
        "plainplain\xE2\x82",
    };
    g_autoptr(GByteArray) wire = g_byte_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(GOOD); i++) {
        g_autofree char *wanted = g_strdup_printf("text %s\n", GOOD[i]);
        frame_append_text(wire, 0x81, GOOD[i]);
        expect(wire, wanted);
        /* a frame for each byte: characters lie across fragments */
        for (guint byte = 0; GOOD[i][byte] != 0; byte++)
            frame_append(wire, byte == 0 ? 0x01 : 0x00, GOOD[i] + byte, 1);
        frame_append_text(wire, 0x80, "");
        expect(wire, wanted);
    }
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++) {
        frame_append_text(wire, 0x81, BAD[i]);
        g_autofree char *said = decode(wire, 1000, &LIMITS);
        g_assert_true(g_str_has_prefix(said, "broken 1007"));
        g_byte_array_set_size(wire, 0);
        frame_append_text(wire, 0x82, BAD[i]);
        g_autofree char *wanted = g_strdup_printf("binary %s\n", BAD[i]);
        expect(wire, wanted);
    }
    frame_append(wire, 0x81, "a\0b", 3);
    g_autofree char *nul = decode(wire, 1000, &LIMITS);
    g_assert_cmpstr(nul, ==, "text a\n"); /* printed to the NUL; it is three bytes */
}

/* Bad text is refused before the message is whole. */
static void
test_utf8_at_once(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_text(wire, 0x01, "\xCE\xBA\xED\xA0");
    expect(wire, "broken 1007 text is not UTF-8\n");
    frame_append_text(wire, 0x01, "\xCE");
    frame_append_text(wire, 0x80, "x");
    expect(wire, "broken 1007 text is not UTF-8\n");
    frame_append_text(wire, 0x01, "ab");
    frame_append_text(wire, 0x80, "\xCE");
    expect(wire, "broken 1007 text ends inside a character\n");
}

static void
test_partial(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_text(wire, 0x81, "hello");
    CfxWsDecoder decoder;
    cfx_ws_decoder_init(&decoder, &LIMITS);
    CfxWsItem item;
    guint8 *at = wire->data;
    g_assert_false(cfx_ws_decoder_is_partial(&decoder));
    cfx_ws_decoder_next(&decoder, &at, wire->data + 8, &item);
    g_assert_cmpint(item.kind, ==, CFX_WS_MORE);
    g_assert_true(cfx_ws_decoder_is_partial(&decoder));
    cfx_ws_decoder_clear(&decoder);
}

static void
test_header(void)
{
    static const gsize SIZES[] = { 0, 1, 125, 126, 65535, 65536, G_MAXUINT32, (gsize)1 << 40 };
    for (guint i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        guint8 header[CFX_WS_HEADER_MAX] = { 0 };
        gsize used = cfx_ws_header_write(header, CFX_WS_OP_TEXT, SIZES[i]);
        g_assert_cmpint(header[0], ==, 0x81);
        g_assert_cmpint(header[1] & 0x80, ==, 0);
        gsize size = header[1];
        if (size >= 126) {
            gsize bytes = size == 126 ? 2 : 8;
            size = 0;
            for (gsize byte = 0; byte < bytes; byte++)
                size = size << 8 | header[2 + byte];
            g_assert_cmpuint(used, ==, 2 + bytes);
        } else {
            g_assert_cmpuint(used, ==, 2);
        }
        g_assert_cmpuint(size, ==, SIZES[i]);
    }
}

static void
test_close_write(void)
{
    guint8 bytes[CFX_WS_CONTROL_MAX];
    g_assert_cmpuint(cfx_ws_close_write(bytes, CFX_WS_NO_CODE, "x"), ==, 0);
    g_assert_cmpuint(cfx_ws_close_write(bytes, 1001, NULL), ==, 2);
    g_assert_cmpmem(bytes, 2, "\x03\xE9", 2);
    g_assert_cmpuint(cfx_ws_close_write(bytes, 4000, "gone"), ==, 6);
    g_assert_cmpmem(bytes, 6, "\x0F\xA0gone", 6);
    g_autoptr(GString) reason = g_string_new(NULL);
    while (reason->len < 200)
        g_string_append(reason, "\xE2\x82\xAC");
    gsize size = cfx_ws_close_write(bytes, 1000, reason->str);
    g_assert_cmpuint(size, ==, 2 + 123);
    g_string_prepend_c(reason, 'a');
    size = cfx_ws_close_write(bytes, 1000, reason->str);
    g_assert_cmpuint(size, ==, 2 + 121);
    g_assert_true(g_utf8_validate((char *)bytes + 2, size - 2, NULL));
}

static void
test_mask(void)
{
    const guint8 mask[4] = { 1, 2, 3, 4 };
    for (gsize size = 0; size < 40; size++) {
        for (guint8 start = 0; start < 4; start++) {
            guint8 bytes[40] = { 0 };
            guint8 end = cfx_ws_mask(bytes, size, mask, start);
            for (gsize i = 0; i < size; i++)
                g_assert_cmpint(bytes[i], ==, mask[(start + i) & 3]);
            g_assert_cmpint(end, ==, (start + size) & 3);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/ws-frame/messages", test_messages);
    g_test_add_func("/web/ws-frame/lengths", test_lengths);
    g_test_add_func("/web/ws-frame/long-form", test_long_form_of_short_length);
    g_test_add_func("/web/ws-frame/fragments", test_fragments);
    g_test_add_func("/web/ws-frame/control-between-fragments", test_control_between_fragments);
    g_test_add_func("/web/ws-frame/fragments-broken", test_fragments_broken);
    g_test_add_func("/web/ws-frame/control-broken", test_control_broken);
    g_test_add_func("/web/ws-frame/reserved", test_reserved);
    g_test_add_func("/web/ws-frame/without-mask", test_without_mask);
    g_test_add_func("/web/ws-frame/limits", test_limits);
    g_test_add_func("/web/ws-frame/announced-is-not-allocated", test_announced_is_not_allocated);
    g_test_add_func("/web/ws-frame/close", test_close);
    g_test_add_func("/web/ws-frame/utf8", test_utf8);
    g_test_add_func("/web/ws-frame/utf8-at-once", test_utf8_at_once);
    g_test_add_func("/web/ws-frame/partial", test_partial);
    g_test_add_func("/web/ws-frame/header", test_header);
    g_test_add_func("/web/ws-frame/close-write", test_close_write);
    g_test_add_func("/web/ws-frame/mask", test_mask);
    return g_test_run();
}
