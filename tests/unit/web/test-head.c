/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-head.h"

#include <string.h>

static const CfxHeadLimits LIMITS = { .size = 1000, .lines = 5 };

static guint
check(const char *head)
{
    gsize size = strlen(head);
    g_assert_cmpuint(cfx_head_end(head, size), ==, size);
    for (gsize less = 0; less < size; less++)
        g_assert_cmpuint(cfx_head_end(head, less), ==, 0);
    return cfx_head_check(head, size, &LIMITS);
}

static void
test_good(void)
{
    static const char *const CASES[] = {
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\n\n",
        "BREW /a?b=c%20d HTTP/1.1\nHost:h\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nTRANSFER-ENCODING:  Chunked \r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX: \xC3\xA9\ttab\r\n\r\n",
        "GET / HTTP/1.1\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n\r\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_test_message("%s", CASES[i]);
        g_assert_cmpuint(check(CASES[i]), ==, 0);
    }
}

static void
test_bad(void)
{
    static const struct {
        const char *head;
        guint status;
    } CASES[] = {
        { "\r\n\r\n", 400 },
        { "GET /\r\n\r\n", 400 },
        { "GET  / HTTP/1.1\r\n\r\n", 400 },
        { "GET / HTTP/1.1 \r\n\r\n", 400 },
        { "GET / HTTP/2.0\r\n\r\n", 400 },
        { "GET / http/1.1\r\n\r\n", 400 },
        { "G(T / HTTP/1.1\r\n\r\n", 400 },
        { "GET /\x01 HTTP/1.1\r\n\r\n", 400 },
        { "GET /%zz HTTP/1.1\r\n\r\n", 400 },
        { "GET /a?b=%4 HTTP/1.1\r\n\r\n", 400 },
        { "GET /% HTTP/1.1\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\n: x\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nA: x\r\n folded\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nA: x\rB: y\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nTransfer-Encoding: rot13\r\n\r\n", 501 },
        { "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501 },
        { "GET / HTTP/1.1\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\n\r\n", 431 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_test_message("%s", CASES[i].head);
        g_assert_cmpuint(check(CASES[i].head), ==, CASES[i].status);
    }
    g_autofree char *fill = g_strnfill(1000, 'x');
    g_autofree char *large = g_strdup_printf("GET /%s HTTP/1.1\r\n\r\n", fill);
    g_assert_cmpuint(check(large), ==, 431);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/head/good", test_good);
    g_test_add_func("/web/head/bad", test_bad);
    return g_test_run();
}
