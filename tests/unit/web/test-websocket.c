/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a request to a WebSocket and to its end, over real sockets. */
#include "fixture.h"
#include "frame-peer.h"

#include <string.h>
#include <sys/socket.h>

/* what the instance sees of its sockets */
typedef struct {
    Fixture *home;
    const CfxRequest *request;
    CfxSocket *socket;
    GString *said; /* one line an event */
    gboolean is_asked, is_closed, is_messaged;
    guint open, drained;
    gboolean is_late;     /* upgrade when the test says so */
    const char *protocol; /* to agree on */
    gsize last_size;
    guint upgraded, failed;
} Station;

static void
message_cb(gpointer data, CfxSocket *socket, char *text, gsize size)
{
    Station *station = data;
    g_assert_cmpint(text[size], ==, 0);
    station->last_size = size;
    station->is_messaged = TRUE;
    if (size < 100)
        g_string_append_printf(station->said, "message %s\n", text);
    else
        g_string_append_printf(station->said, "message of %" G_GSIZE_FORMAT "\n", size);
    if (strcmp(text, "close me") == 0) {
        station->home->api->close(socket, 4001, "as you wish");
        station->home->api->close(socket, 4002, "twice");
        station->home->api->send(socket, "unheard", 7);
        return;
    }
    station->home->api->send(socket, text, size);
    memset(text, 'z', size); /* ours to change */
}

static void
binary_cb(gpointer data, CfxSocket *socket, const guint8 *bytes, gsize size)
{
    Station *station = data;
    g_string_append_printf(station->said, "binary of %" G_GSIZE_FORMAT "\n", size);
}

static void
drained_cb(gpointer data, CfxSocket *socket)
{
    Station *station = data;
    station->drained++;
}

static void
closed_cb(gpointer data, CfxSocket *socket, guint32 code, const char *reason)
{
    Station *station = data;
    station->open--;
    station->is_closed = TRUE;
    g_string_append_printf(station->said, "closed %u %s\n", code, reason != NULL ? reason : "-");
}

static const CfxSocketOps OPS = {
    .struct_size = sizeof OPS, .message = message_cb, .drained = drained_cb, .closed = closed_cb
};
static const CfxSocketOps BINARY_OPS = { .struct_size = sizeof BINARY_OPS,
                                         .message = message_cb,
                                         .closed = closed_cb,
                                         .binary = binary_cb };

static void
upgrade(Station *station, const CfxSocketOps *ops)
{
    station->socket =
        station->home->api->upgrade(station->request, station->protocol, ops, station);
    if (station->socket != NULL) {
        station->open++;
        station->upgraded++;
    } else {
        station->failed++;
    }
}

static void
handshake_cb(gpointer data, const CfxRequest *request)
{
    Station *station = data;
    station->request = request;
    station->is_asked = TRUE;
    if (!station->is_late)
        upgrade(station, &OPS);
}

static void
binary_handshake_cb(gpointer data, const CfxRequest *request)
{
    Station *station = data;
    station->request = request;
    upgrade(station, &BINARY_OPS);
}

static void
refuse_cb(gpointer data, const CfxRequest *request)
{
    static const CfxPair HEADERS[] = { { "WWW-Authenticate", "Basic realm=\"ocpp\"" },
                                       { NULL, NULL } };
    gboolean is_known = g_str_has_suffix(request->path, "/known");
    cfx_web_api()->respond(request, is_known ? 401 : 404, is_known ? HEADERS : NULL, NULL);
}

static void
open_all(Fixture *fixture, Station *station, const char *keys)
{
    memset(station, 0, sizeof *station);
    station->home = fixture;
    station->said = g_string_new(NULL);
    fixture_open(fixture, keys);
    fixture_route(fixture, "GET", "/ocpp/", CFX_ROLE_PLUGIN, handshake_cb, station);
    fixture_route(fixture, "GET", "/binary/", CFX_ROLE_PLUGIN, binary_handshake_cb, station);
    fixture_route(fixture, "GET", "/refused/", CFX_ROLE_PLUGIN, refuse_cb, NULL);
}

static void
close_all(Fixture *fixture, Station *station)
{
    fixture_close(fixture);
    g_assert_cmpuint(station->open, ==, 0);
    g_string_free(station->said, TRUE);
}

static void
expect_said(Station *station, const char *said)
{
    g_assert_cmpstr(station->said->str, ==, said);
    g_string_truncate(station->said, 0);
}

static Peer *
connected(Fixture *fixture, const char *path, const char *extra, char **ret_head)
{
    guint status = 0;
    Peer *peer = peer_new(fixture);
    peer_handshake(peer, path, extra);
    g_assert_true(peer_read_answer(peer, &status, ret_head, NULL));
    g_assert_cmpuint(status, ==, 101);
    return peer;
}

static void
write_frame(Peer *peer, guint8 first, const char *text)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    frame_append_text(wire, first, text);
    peer_write(peer, wire->data, wire->len);
}

static void
test_handshake(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    g_autofree char *head = NULL, *head2 = NULL;
    station.protocol = "ocpp2.0.1";
    Peer *peer = connected(&fixture,
                           "/ocpp/CP001",
                           "Sec-WebSocket-Protocol: ocpp2.1, ocpp2.0.1\r\n"
                           "Sec-WebSocket-Protocol: ocpp1.6\r\n"
                           "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                           &head);
    g_assert_nonnull(strstr(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    g_assert_nonnull(strstr(head, "Sec-WebSocket-Protocol: ocpp2.0.1\r\n"));
    g_assert_null(strstr(head, "Extensions"));
    g_assert_null(strstr(head, "Content-Length"));
    write_frame(peer, 0x81, "hello");
    peer_expect_text(peer, "hello");
    write_frame(peer, 0x89, "are you there");
    guint8 first;
    g_autoptr(GBytes) pong = NULL;
    g_assert_true(peer_read_frame(peer, &first, &pong));
    g_assert_cmpint(first, ==, 0x8A);
    g_assert_cmpuint(g_bytes_get_size(pong), ==, 13);
    write_frame(peer,
                0x88,
                "\x03\xE8"
                "bye");
    peer_expect_close(peer, 1000);
    peer_read_end(peer);
    expect_said(&station, "message hello\nclosed 1000 bye\n");
    peer_free(peer);
    station.protocol = NULL;
    peer = connected(&fixture, "/ocpp/CP001", "Sec-WebSocket-Protocol: soap\r\n", &head2);
    g_assert_null(strstr(head2, "Sec-WebSocket-Protocol"));
    peer_free(peer);
    close_all(&fixture, &station);
}

static void
offer_cb(gpointer data, const CfxRequest *request)
{
    g_autofree char *joined = request->protocols != NULL
                                  ? g_strjoinv("|", (char **)request->protocols)
                                  : g_strdup("none");
    g_autoptr(GBytes) body = g_bytes_new(joined, strlen(joined));
    cfx_web_api()->respond(request, 200, NULL, body);
}

static void
test_offer(void)
{
    Fixture fixture;
    Station station;
    guint status;
    open_all(&fixture, &station, NULL);
    fixture_route(&fixture, "GET", "/offer", CFX_ROLE_ANY, offer_cb, NULL);
    static const char *const CASES[][2] = {
        { NULL, "" },
        { "Sec-WebSocket-Protocol: a ,b,\r\nSec-WebSocket-Protocol: c\r\n", "a|b|c" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *body = NULL;
        Peer *peer = peer_new(&fixture);
        peer_handshake(peer, "/offer", CASES[i][0]);
        g_assert_true(peer_read_answer(peer, &status, NULL, &body));
        g_assert_cmpstr(body, ==, CASES[i][1]);
        peer_free(peer);
    }
    g_autofree char *plain = NULL;
    http_get(&fixture, "GET /offer HTTP/1.1\r\nHost: h\r\n\r\n", NULL, &plain);
    g_assert_cmpstr(plain, ==, "none");
    close_all(&fixture, &station);
}

static void
test_wrong_handshake(void)
{
    static const struct {
        const char *lines;
        guint status;
    } CASES[] = {
        { "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
          426 },
        { "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400 },
        { "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: short\r\n",
          400 },
        { "", 400 }, /* the handler upgrades what is no handshake */
    };
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *text =
            g_strdup_printf("GET /ocpp/CP001 HTTP/1.1\r\nHost: h\r\n%s\r\n", CASES[i].lines);
        g_assert_cmpuint(http_get(&fixture, text, NULL, NULL), ==, CASES[i].status);
    }
    g_assert_cmpuint(station.upgraded, ==, 0);
    g_assert_cmpuint(station.failed, ==, 1);
    close_all(&fixture, &station);
}

static void
test_refused(void)
{
    Fixture fixture;
    Station station;
    guint status;
    g_autofree char *head = NULL;
    open_all(&fixture, &station, NULL);
    Peer *peer = peer_new(&fixture);
    peer_handshake(peer, "/refused/known", NULL);
    g_assert_true(peer_read_answer(peer, &status, &head, NULL));
    g_assert_cmpuint(status, ==, 401);
    g_assert_nonnull(strstr(head, "WWW-Authenticate: Basic realm=\"ocpp\"\r\n"));
    peer_free(peer);
    peer = peer_new(&fixture);
    peer_handshake(peer, "/refused/unknown", NULL);
    g_assert_true(peer_read_answer(peer, &status, NULL, NULL));
    g_assert_cmpuint(status, ==, 404);
    peer_free(peer);
    close_all(&fixture, &station);
}

static void
test_late_upgrade(void)
{
    Fixture fixture;
    Station station;
    guint status;
    open_all(&fixture, &station, NULL);
    station.is_late = TRUE;
    Peer *peer = peer_new(&fixture);
    peer_handshake(peer, "/ocpp/CP001", NULL);
    fixture_until(&fixture, &station.is_asked);
    fixture_settle(&fixture);
    upgrade(&station, &OPS);
    g_assert_nonnull(station.socket);
    /* sent before the handshake is over: it waits for it */
    g_assert_cmpuint(fixture.api->send(station.socket, "first", 5), >, 0);
    g_assert_true(peer_read_answer(peer, &status, NULL, NULL));
    g_assert_cmpuint(status, ==, 101);
    peer_expect_text(peer, "first");
    write_frame(peer, 0x81, "second");
    peer_expect_text(peer, "second");
    peer_free(peer);
    fixture_until(&fixture, &station.is_closed);
    expect_said(&station, "message second\nclosed 1006 the peer has gone\n");
    close_all(&fixture, &station);
}

static void
test_peer_gone_before_upgrade(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    station.is_late = TRUE;
    for (guint i = 0; i < 30; i++) {
        station.is_asked = FALSE;
        Peer *peer = peer_new(&fixture);
        peer_handshake(peer, "/ocpp/CP001", NULL);
        fixture_until(&fixture, &station.is_asked);
        peer_free(peer);
        fixture_settle(&fixture);
        upgrade(&station, &OPS);
        g_assert_null(station.socket);
        fixture_settle(&fixture);
    }
    expect_said(&station, "");
    close_all(&fixture, &station);
}

/* The peer leaves between upgrade() and the 101: closed() tells. */
static void
test_peer_gone_during_upgrade(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    station.is_late = TRUE;
    for (guint i = 0; i < 30; i++) {
        station.is_asked = station.is_closed = FALSE;
        Peer *peer = peer_new(&fixture);
        peer_handshake(peer, "/ocpp/CP001", NULL);
        fixture_until(&fixture, &station.is_asked);
        fixture_settle(&fixture);
        upgrade(&station, &OPS);
        g_assert_nonnull(station.socket);
        const struct linger reset = { 1, i % 2 == 0 ? 0 : 1 };
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        peer_free(peer);
        fixture_until(&fixture, &station.is_closed);
        g_assert_true(g_str_has_prefix(station.said->str, "closed 1006 "));
        g_string_truncate(station.said, 0);
    }
    close_all(&fixture, &station);
}

static void
test_early_data(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    for (guint is_late = 0; is_late < 2; is_late++) {
        guint status;
        station.is_late = is_late;
        station.is_asked = FALSE;
        Peer *peer = peer_new(&fixture);
        g_autoptr(GByteArray) wire = g_byte_array_new();
        const char *head = "GET /ocpp/CP001 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        g_byte_array_append(wire, (const guint8 *)head, strlen(head));
        frame_append_text(wire, 0x81, "early one");
        frame_append_text(wire, 0x81, "early two");
        g_autofree char *lot = g_strnfill(100000, 'e');
        frame_append_text(wire, 0x81, lot);
        peer_write(peer, wire->data, wire->len);
        fixture_until(&fixture, &station.is_asked);
        fixture_settle(&fixture);
        if (is_late)
            upgrade(&station, &OPS);
        g_assert_true(peer_read_answer(peer, &status, NULL, NULL));
        g_assert_cmpuint(status, ==, 101);
        peer_expect_text(peer, "early one");
        peer_expect_text(peer, "early two");
        peer_expect_text(peer, lot);
        write_frame(peer, 0x81, "in time");
        peer_expect_text(peer, "in time");
        station.is_closed = FALSE;
        peer_free(peer);
        fixture_until(&fixture, &station.is_closed);
        expect_said(&station,
                    "message early one\nmessage early two\nmessage of 100000\n"
                    "message in time\nclosed 1006 the peer has gone\n");
    }
    close_all(&fixture, &station);
}

static void
test_large_fragmented(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    Peer *peer = connected(&fixture, "/ocpp/CP001", NULL, NULL);
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_autofree char *part = g_strnfill(65536, 'p');
    g_autofree char *whole = g_strnfill(1 << 20, 'p');
    for (guint i = 0; i < 16; i++) {
        frame_append(wire, (i == 0 ? 0x01 : 0x00) | (i == 15 ? 0x80 : 0), part, 65536);
        if (i == 7)
            frame_append_text(wire, 0x89, "");
    }
    peer_write(peer, wire->data, wire->len);
    guint8 first;
    g_autoptr(GBytes) pong = NULL;
    g_assert_true(peer_read_frame(peer, &first, &pong));
    g_assert_cmpint(first, ==, 0x8A);
    peer_expect_text(peer, whole);
    expect_said(&station, "message of 1048576\n");
    peer_free(peer);
    close_all(&fixture, &station);
}

static void
test_broken(void)
{
    static const struct {
        const char *path;
        guint8 first;
        gsize size;
        const char *text;
        guint code;
        const char *said;
    } CASES[] = {
        { "/ocpp/x", 0x81, (1 << 20) + 1, NULL, 1009, "closed 1009 frame too big\n" },
        { "/ocpp/x",
          0x82,
          0,
          "binary",
          1003,
          "closed 1003 binary messages are not understood here\n" },
        { "/ocpp/x", 0x81, 0, "\xC3(", 1007, "closed 1007 text is not UTF-8\n" },
        { "/ocpp/x", 0xC1, 0, "x", 1002, "closed 1002 reserved bit without an extension\n" },
        { "/ocpp/x", 0x88, 0, "\x03\xEE", 1002, "closed 1002 close frame without a valid code\n" },
    };
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        station.is_closed = FALSE;
        Peer *peer = connected(&fixture, CASES[i].path, NULL, NULL);
        g_autofree char *fill = g_strnfill(CASES[i].size, 'x');
        write_frame(peer, CASES[i].first, CASES[i].text != NULL ? CASES[i].text : fill);
        /* the close frame is read although we still write what it refuses */
        peer_expect_close(peer, CASES[i].code);
        fixture_until(&fixture, &station.is_closed);
        expect_said(&station, CASES[i].said);
        peer_read_end(peer);
        peer_free(peer);
    }
    Peer *peer = connected(&fixture, "/binary/x", NULL, NULL);
    write_frame(peer, 0x82, "binary");
    write_frame(peer, 0x81, "text");
    peer_expect_text(peer, "text");
    expect_said(&station, "binary of 6\nmessage text\n");
    peer_free(peer);
    close_all(&fixture, &station);
}

static void
test_close(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    Peer *peer = connected(&fixture, "/ocpp/CP001", NULL, NULL);
    write_frame(peer, 0x81, "close me");
    peer_expect_close(peer, 4001);
    g_assert_false(station.is_closed); /* waits for the peer's answer */
    write_frame(peer, 0x81, "too late");
    write_frame(peer, 0x88, "\x0F\xA1");
    fixture_until(&fixture, &station.is_closed);
    peer_read_end(peer);
    expect_said(&station, "message close me\nclosed 4001 as you wish\n");
    peer_free(peer);
    /* in the very turn of the upgrade */
    station.is_closed = FALSE;
    station.is_late = TRUE;
    station.is_asked = FALSE;
    peer = peer_new(&fixture);
    peer_handshake(peer, "/ocpp/CP001", NULL);
    fixture_until(&fixture, &station.is_asked);
    upgrade(&station, &OPS);
    fixture.api->close(station.socket, 1002, "no common protocol");
    guint status;
    g_assert_true(peer_read_answer(peer, &status, NULL, NULL));
    g_assert_cmpuint(status, ==, 101);
    peer_expect_close(peer, 1002);
    g_assert_false(station.is_closed);
    write_frame(peer, 0x88, "\x03\xEA");
    fixture_until(&fixture, &station.is_closed);
    expect_said(&station, "closed 1002 no common protocol\n");
    peer_free(peer);
    close_all(&fixture, &station);
}

/* A station that comes twice: the plugin takes the new one and closes the old one. */
static void
test_takeover(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    Peer *old = connected(&fixture, "/ocpp/CP001", NULL, NULL);
    CfxSocket *old_socket = station.socket;
    Peer *new = connected(&fixture, "/ocpp/CP001", NULL, NULL);
    fixture.api->close(old_socket, 1008, "connected again");
    peer_expect_close(old, 1008);
    write_frame(new, 0x81, "still here");
    peer_expect_text(new, "still here");
    peer_free(old); /* never answered the close */
    fixture_until(&fixture, &station.is_closed);
    expect_said(&station, "message still here\nclosed 1008 connected again\n");
    peer_free(new);
    close_all(&fixture, &station);
}

static void
test_slow_reader(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, "send-size=1048576");
    Peer *peer = connected(&fixture, "/ocpp/CP001", NULL, NULL);
    g_autofree char *block = g_strnfill(100000, 'b');
    gsize waiting = 0;
    guint sent = 0;
    station.drained = 0;
    /* the kernel takes some megabytes, then it stands */
    while (waiting < 500000 && sent < 2000) {
        waiting = fixture.api->send(station.socket, block, 100000);
        sent++;
        fixture_settle(&fixture);
        if (waiting >= 200000)
            break;
    }
    g_assert_cmpuint(waiting, >=, 200000);
    guint drained = station.drained;
    fixture_settle(&fixture);
    g_assert_cmpuint(station.drained, ==, drained);
    /* it reads on: all arrives, and drained() says so */
    for (guint i = 0; i < sent; i++)
        peer_expect_text(peer, block);
    fixture_settle(&fixture);
    g_assert_cmpuint(station.drained, ==, drained + 1);
    /* it does not read, and there is no end: it is dropped */
    for (guint i = 0; i < 2000 && !station.is_closed; i++) {
        fixture.api->send(station.socket, block, 100000);
        if (i % 20 == 0)
            fixture_settle(&fixture);
    }
    fixture_until(&fixture, &station.is_closed);
    expect_said(&station, "closed 1006 reads too slowly\n");
    peer_free(peer);
    close_all(&fixture, &station);
}

static void
test_ping(void)
{
    Fixture fixture;
    Station station;
    guint8 first;
    open_all(&fixture, &station, "ping=1s\nping-answer=1s");
    Peer *peer = connected(&fixture, "/ocpp/CP001", NULL, NULL);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GBytes) ping = NULL;
        g_assert_true(peer_read_frame(peer, &first, &ping));
        g_assert_cmpint(first, ==, 0x89);
        if (i == 0)
            write_frame(peer, 0x8A, "");
    }
    /* the second one stays without an answer */
    fixture_until(&fixture, &station.is_closed);
    expect_said(&station, "closed 1006 no answer to a ping\n");
    peer_free(peer);
    close_all(&fixture, &station);
}

static void
test_instance_stops(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    Peer *peer = connected(&fixture, "/ocpp/CP001", NULL, NULL);
    Peer *silent = connected(&fixture, "/ocpp/CP002", NULL, NULL);
    fixture.api->send(station.socket, "last words", 10);
    fixture_stop_instance(&fixture);
    expect_said(&station, "closed 1001 the service stops\nclosed 1001 the service stops\n");
    peer_expect_text(silent, "last words");
    peer_expect_close(silent, 1001);
    peer_expect_close(peer, 1001);
    peer_free(peer);
    peer_free(silent);
    close_all(&fixture, &station);
}

static void
test_pressure(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    Peer *peer = connected(&fixture, "/ocpp/CP001", NULL, NULL);
    fixture_settle(&fixture);
    cfx_web_set_pressure(fixture.web, TRUE);
    write_frame(peer, 0x81, "waits");
    fixture_settle(&fixture);
    expect_said(&station, "");
    cfx_web_set_pressure(fixture.web, FALSE);
    peer_expect_text(peer, "waits");
    peer_free(peer);
    close_all(&fixture, &station);
}

static gsize
resident_kb(void)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    const char *space = strchr(text, ' ');
    return g_ascii_strtoull(space + 1, NULL, 10) * 4;
}

static void
test_flat(void)
{
    Fixture fixture;
    Station station;
    open_all(&fixture, &station, NULL);
    guint before = 0;
    gsize resident = 0;
    for (guint i = 0; i < 400; i++) {
        if (i == 100) {
            fixture_settle(&fixture);
            before = open_descriptors();
            resident = resident_kb();
        }
        station.is_closed = FALSE;
        Peer *peer = connected(&fixture, "/ocpp/CP001", NULL, NULL);
        write_frame(peer, 0x81, "x");
        peer_expect_text(peer, "x");
        if (i % 3 == 0) {
            write_frame(peer, 0x88, "\x03\xE8");
            peer_read_end(peer);
        }
        peer_free(peer);
        fixture_until(&fixture, &station.is_closed);
    }
    fixture_settle(&fixture);
    g_assert_cmpuint(open_descriptors(), ==, before);
    g_test_message(
        "resident: %" G_GSIZE_FORMAT " kB, then %" G_GSIZE_FORMAT " kB", resident, resident_kb());
#ifndef __SANITIZE_ADDRESS__ /* keeps what was freed for a while */
    g_assert_cmpuint(resident_kb(), <, resident + 1024);
#endif
    close_all(&fixture, &station);
}

/* --- libsoup's own client as the peer ------------------------------------------------------------
 */

typedef struct {
    SoupWebsocketConnection *connection;
    gboolean is_here, is_answered, is_closed;
    GString *text;
} SoupPeer;

static void
soup_connected_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    SoupPeer *peer = data;
    g_autoptr(GError) error = NULL;
    peer->connection = soup_session_websocket_connect_finish(SOUP_SESSION(source), result, &error);
    g_assert_no_error(error);
    peer->is_here = TRUE;
}

static void
soup_message_cb(SoupWebsocketConnection *connection, int type, GBytes *bytes, gpointer data)
{
    SoupPeer *peer = data;
    g_string_append_len(peer->text, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    peer->is_answered = TRUE;
}

static void
soup_closed_cb(SoupWebsocketConnection *connection, gpointer data)
{
    SoupPeer *peer = data;
    peer->is_closed = TRUE;
}

static void
test_soup_client(void)
{
    Fixture fixture;
    Station station;
    SoupPeer peer = { .text = g_string_new(NULL) };
    open_all(&fixture, &station, NULL);
    station.protocol = "ocpp2.0.1";
    g_autoptr(SoupSession) session = soup_session_new_with_options("proxy-resolver", NULL, NULL);
    g_autofree char *url = g_strdup_printf("ws://127.0.0.1:%u/ocpp/CP001", fixture.port);
    g_autoptr(SoupMessage) msg = soup_message_new("GET", url);
    char *protocols[] = { (char *)"ocpp2.0.1", NULL };
    soup_session_websocket_connect_async(
        session, msg, NULL, protocols, G_PRIORITY_DEFAULT, NULL, soup_connected_cb, &peer);
    fixture_until(&fixture, &peer.is_here);
    g_assert_cmpstr(soup_websocket_connection_get_protocol(peer.connection), ==, "ocpp2.0.1");
    g_signal_connect(peer.connection, "message", G_CALLBACK(soup_message_cb), &peer);
    g_signal_connect(peer.connection, "closed", G_CALLBACK(soup_closed_cb), &peer);
    soup_websocket_connection_send_text(peer.connection, "from soup");
    fixture_until(&fixture, &peer.is_answered);
    g_assert_cmpstr(peer.text->str, ==, "from soup");
    soup_websocket_connection_close(peer.connection, 1000, "done");
    fixture_until(&fixture, &peer.is_closed);
    g_assert_cmpuint(soup_websocket_connection_get_close_code(peer.connection), ==, 1000);
    fixture_until(&fixture, &station.is_closed);
    expect_said(&station, "message from soup\nclosed 1000 done\n");
    g_object_unref(peer.connection);
    g_string_free(peer.text, TRUE);
    close_all(&fixture, &station);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/socket/handshake", test_handshake);
    g_test_add_func("/web/socket/offer", test_offer);
    g_test_add_func("/web/socket/wrong-handshake", test_wrong_handshake);
    g_test_add_func("/web/socket/refused", test_refused);
    g_test_add_func("/web/socket/late-upgrade", test_late_upgrade);
    g_test_add_func("/web/socket/gone-before-upgrade", test_peer_gone_before_upgrade);
    g_test_add_func("/web/socket/gone-during-upgrade", test_peer_gone_during_upgrade);
    g_test_add_func("/web/socket/early-data", test_early_data);
    g_test_add_func("/web/socket/large-fragmented", test_large_fragmented);
    g_test_add_func("/web/socket/broken", test_broken);
    g_test_add_func("/web/socket/close", test_close);
    g_test_add_func("/web/socket/takeover", test_takeover);
    g_test_add_func("/web/socket/slow-reader", test_slow_reader);
    g_test_add_func("/web/socket/ping", test_ping);
    g_test_add_func("/web/socket/instance-stops", test_instance_stops);
    g_test_add_func("/web/socket/pressure", test_pressure);
    g_test_add_func("/web/socket/flat", test_flat);
    g_test_add_func("/web/socket/soup-client", test_soup_client);
    return g_test_run();
}
