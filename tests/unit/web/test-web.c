/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listeners, routes, identity, limits and answers, over real sockets. */
#include "fixture.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

static const CfxPair PLAIN[] = { { "Content-Type", "text/plain" }, { NULL, NULL } };

static void
answer_text(const CfxRequest *request, guint status, const char *text)
{
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
    cfx_web_api()->respond(request, status, PLAIN, body);
}

/* says what it sees */
static void
echo_cb(gpointer data, const CfxRequest *request)
{
    g_autofree char *text =
        g_strdup_printf("%s %s ?%s by %s as %s role %u of %" G_GINT64_FORMAT " auth %s: %.*s",
                        request->method,
                        request->path,
                        request->query != NULL ? request->query : "",
                        request->peer,
                        request->identity != NULL ? request->identity : "-",
                        request->role,
                        request->account,
                        request->authorization != NULL ? request->authorization : "-",
                        (int)g_bytes_get_size(request->body),
                        (const char *)g_bytes_get_data(request->body, NULL));
    answer_text(request, 200, text);
}

static void
test_request(void)
{
    Fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/a/", CFX_ROLE_ANY, echo_cb, NULL);
    fixture_route(&fixture, "POST", "/a/", CFX_ROLE_ANY, echo_cb, NULL);
    fixture_route(&fixture, "*", "/a/b", CFX_ROLE_ANY, echo_cb, NULL);
    g_autofree char *head = NULL, *body = NULL, *body2 = NULL, *body3 = NULL, *body4 = NULL;
    g_assert_cmpuint(
        http_get(&fixture, "GET /a/x%2Fy/z?q=%26 HTTP/1.1\r\nHost: h\r\n\r\n", &head, &body),
        ==,
        200);
    g_assert_cmpstr(body, ==, "GET /a/x%2Fy/z ?q=%26 by 127.0.0.1 as - role 0 of 0 auth -: ");
    g_assert_nonnull(strstr(head, "Content-Type: text/plain\r\n"));
    g_assert_nonnull(strstr(head, "Connection: close\r\n"));
    g_assert_cmpuint(http_get(&fixture,
                              "POST /a/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                              NULL,
                              &body2),
                     ==,
                     200);
    g_assert_true(g_str_has_suffix(body2, ": abcde"));
    g_assert_cmpuint(
        http_get(&fixture, "BREW /a/b HTTP/1.1\r\nHost: h\r\n\r\n", NULL, &body3), ==, 200);
    g_assert_true(g_str_has_prefix(body3, "BREW /a/b "));
    g_assert_cmpuint(http_get(&fixture, "GET /a/bc HTTP/1.0\r\n\r\n", NULL, &body4), ==, 200);
    fixture_close(&fixture);
}

static void
test_no_route(void)
{
    Fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/a", CFX_ROLE_ANY, echo_cb, NULL);
    fixture_route(&fixture, "PUT", "/a", CFX_ROLE_ANY, echo_cb, NULL);
    g_autofree char *head = NULL, *body = NULL, *head2 = NULL, *head3 = NULL, *body3 = NULL;
    g_assert_cmpuint(
        http_get(&fixture, "GET /ab HTTP/1.1\r\nHost: h\r\n\r\n", NULL, &body), ==, 404);
    g_assert_cmpstr(body, ==, "{\"status\":404,\"message\":\"nothing is served here\"}\n");
    g_assert_cmpuint(
        http_get(&fixture, "GET /a/ HTTP/1.1\r\nHost: h\r\n\r\n", NULL, NULL), ==, 404);
    g_assert_cmpuint(
        http_get(&fixture, "POST /a HTTP/1.1\r\nHost: h\r\n\r\n", &head, NULL), ==, 405);
    g_assert_nonnull(strstr(head, "Allow: GET, HEAD, PUT, OPTIONS\r\n"));
    g_assert_cmpuint(
        http_get(&fixture, "OPTIONS /a HTTP/1.1\r\nHost: h\r\n\r\n", &head2, NULL), ==, 204);
    g_assert_nonnull(strstr(head2, "Allow: GET, HEAD, PUT, OPTIONS\r\n"));
    g_assert_cmpuint(
        http_get(&fixture, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", NULL, NULL), ==, 204);
    /* a HEAD is a GET whose body stays here */
    Peer *peer = peer_new(&fixture);
    guint status;
    peer_write(peer, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", -1);
    g_assert_true(peer_read_answer(peer, &status, &head3, NULL));
    g_assert_cmpuint(status, ==, 200);
    g_assert_null(strstr(head3, "Content-Length: 0\r\n"));
    peer_read_end(peer);
    g_assert_cmpuint(peer->got->len, ==, 0);
    peer_free(peer);
    fixture_close(&fixture);
}

static void
test_route_conflict(void)
{
    Fixture fixture;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) error2 = NULL;
    g_autoptr(GError) error3 = NULL;
    fixture_open(&fixture, NULL);
    CfxRoute route = {
        .struct_size = sizeof route, .method = "GET", .path = "/a", .handle = echo_cb
    };
    g_assert_true(fixture.api->route(fixture.host, "test", &route, NULL, NULL));
    g_assert_false(fixture.api->route(fixture.host, "test", &route, NULL, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFLICT);
    g_assert_cmpstr(error->message,
                    ==,
                    "GET /a of [listener:test] is served by \"depot\" already; give one of them "
                    "another path or listener");
    g_assert_false(fixture.api->route(fixture.host, "other", &route, NULL, &error2));
    g_assert_error(error2, CFX_ERROR, CFX_ERROR_CONFIG);
    route.path = "a";
    g_assert_false(fixture.api->route(fixture.host, "test", &route, NULL, &error3));
    g_assert_error(error3, CFX_ERROR, CFX_ERROR_INVALID);
    fixture_close(&fixture);
}

static guint
get_as(
    Fixture *fixture, const char *path, const char *authorization, char **ret_head, char **ret_body)
{
    g_autofree char *head =
        authorization == NULL
            ? g_strdup_printf("GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path)
            : g_strdup_printf(
                  "GET %s HTTP/1.1\r\nHost: h\r\nAuthorization: %s\r\n\r\n", path, authorization);
    return http_get(fixture, head, ret_head, ret_body);
}

static void
test_roles(void)
{
    static const struct {
        const char *path, *authorization;
        guint status;
        const char *says;
    } CASES[] = {
        { "/any", NULL, 200, "as - role 0 of 0 auth -: " },
        { "/any", "Bearer reader", 200, "as reader role 1 of 7 auth -: " },
        { "/any", "Bearer wrong", 200, "as - role 0 of 0 auth -: " },
        { "/read", NULL, 401, NULL },
        { "/read", "Bearer wrong", 401, NULL },
        { "/read", "Bearer reader", 200, "as reader role 1 of 7 auth -: " },
        { "/read", "bearer  reader", 200, NULL },
        { "/read", "reader", 200, NULL }, /* as clients of FlexMeasures send it */
        { "/read", "Basic cmVhZGVyOnJpZ2h0", 200, "as reader role 1 of 7 auth -: " },
        { "/read", "Basic cmVhZGVyOndyb25n", 401, NULL },
        { "/read", "Basic bm9ib2R5OnJpZ2h0", 401, NULL },
        { "/read", "Basic", 401, NULL },
        { "/read", "Basic !!!", 401, NULL },
        { "/read", "Basic cmVhZGVy", 401, NULL },
        { "/operate", "Bearer reader", 403, NULL },
        { "/operate", "Bearer operator", 200, NULL },
        { "/operate", "Basic YWRtaW46cmlnaHQ=", 200, "as admin role 3 of 7 auth -: " },
        { "/admin", "Bearer operator", 403, NULL },
        { "/admin", "Bearer admin", 200, NULL },
        { "/plugin", NULL, 200, "as - role 0 of 0 auth -: " },
        { "/plugin", "Basic Zm9v", 200, "as - role 0 of 0 auth Basic Zm9v: " },
    };
    Fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/any", CFX_ROLE_ANY, echo_cb, NULL);
    fixture_route(&fixture, "GET", "/read", CFX_ROLE_READ, echo_cb, NULL);
    fixture_route(&fixture, "GET", "/operate", CFX_ROLE_OPERATE, echo_cb, NULL);
    fixture_route(&fixture, "GET", "/admin", CFX_ROLE_ADMIN, echo_cb, NULL);
    fixture_route(&fixture, "GET", "/plugin", CFX_ROLE_PLUGIN, echo_cb, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *head = NULL, *body = NULL;
        g_test_message("%s as %s", CASES[i].path, CASES[i].authorization);
        g_assert_cmpuint(get_as(&fixture, CASES[i].path, CASES[i].authorization, &head, &body),
                         ==,
                         CASES[i].status);
        if (CASES[i].says != NULL)
            g_assert_true(g_str_has_suffix(body, CASES[i].says));
        if (CASES[i].status == 401) {
            g_assert_nonnull(strstr(head, "WWW-Authenticate: Basic realm=\"cariflex\"\r\n"));
            g_assert_nonnull(strstr(head, "WWW-Authenticate: Bearer realm=\"cariflex\"\r\n"));
        }
    }
    g_assert_true(fixture.api->may(fixture.host, 101, CFX_RIGHT_READ, 1));
    g_assert_false(fixture.api->may(fixture.host, 101, CFX_RIGHT_CHANGE, 1));
    fixture_close(&fixture);
}

/* what a plugin keeps to answer later */
typedef struct {
    const CfxRequest *request;
    gboolean is_here;
} Later;

static void
keep_cb(gpointer data, const CfxRequest *request)
{
    Later *later = data;
    later->request = request;
    later->is_here = TRUE;
}

static void
test_answer_later(void)
{
    Fixture fixture;
    Later later = { 0 };
    guint status;
    g_autofree char *body = NULL;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/later", CFX_ROLE_ANY, keep_cb, &later);
    Peer *peer = peer_new(&fixture);
    peer_write(peer, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n", -1);
    fixture_until(&fixture, &later.is_here);
    fixture_settle(&fixture);
    answer_text(later.request, 201, "made");
    g_assert_true(peer_read_answer(peer, &status, NULL, &body));
    g_assert_cmpuint(status, ==, 201);
    g_assert_cmpstr(body, ==, "made");
    peer_free(peer);
    /* the client leaves meanwhile: the answer goes nowhere, and nothing breaks */
    for (guint i = 0; i < 20; i++) {
        later.is_here = FALSE;
        peer = peer_new(&fixture);
        peer_write(peer, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n", -1);
        fixture_until(&fixture, &later.is_here);
        peer_free(peer);
        fixture_settle(&fixture);
        answer_text(later.request, 200, "for nobody");
        fixture_settle(&fixture);
    }
    fixture_close(&fixture);
}

static gpointer
answer_in_thread(gpointer data)
{
    answer_text(data, 202, "from a thread");
    return NULL;
}

static void
test_answer_from_thread(void)
{
    Fixture fixture;
    Later later = { 0 };
    guint status;
    g_autofree char *body = NULL;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/later", CFX_ROLE_ANY, keep_cb, &later);
    Peer *peer = peer_new(&fixture);
    peer_write(peer, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n", -1);
    fixture_until(&fixture, &later.is_here);
    g_thread_join(g_thread_new("answer", answer_in_thread, (gpointer)(guintptr)later.request));
    g_assert_true(peer_read_answer(peer, &status, NULL, &body));
    g_assert_cmpuint(status, ==, 202);
    g_assert_cmpstr(body, ==, "from a thread");
    peer_free(peer);
    fixture_close(&fixture);
}

static void
test_stop(void)
{
    Fixture fixture;
    Later later = { 0 };
    guint status;
    g_autofree char *head = NULL, *body = NULL;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/later", CFX_ROLE_ANY, keep_cb, &later);
    Peer *waiting = peer_new(&fixture);
    peer_write(waiting, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n", -1);
    fixture_until(&fixture, &later.is_here);
    cfx_instance_set_state(fixture.instance, CFX_INSTANCE_STOPPING, NULL);
    g_assert_cmpuint(get_as(&fixture, "/later", NULL, &head, &body), ==, 503);
    g_assert_nonnull(strstr(head, "Retry-After: 1\r\n"));
    g_assert_cmpstr(
        body, ==, "{\"status\":503,\"message\":\"the service stops or has not started yet\"}\n");
    fixture_stop_instance(&fixture);
    g_assert_true(peer_read_answer(waiting, &status, NULL, NULL));
    g_assert_cmpuint(status, ==, 503);
    peer_free(waiting);
    g_assert_cmpuint(get_as(&fixture, "/later", NULL, NULL, NULL), ==, 404);
    fixture_close(&fixture);
}

static GBytes *
refuse_cb(
    gpointer data, const CfxRequest *request, guint32 status, const char *reason, const char **type)
{
    *type = "application/problem+json";
    char *text = g_strdup_printf("{\"title\":\"%s\",\"status\":%u}", reason, status);
    return g_bytes_new_take(text, strlen(text));
}

static void
test_body_limits(void)
{
    Fixture fixture;
    g_autofree char *head = NULL, *body = NULL;
    fixture_open(&fixture, NULL);
    CfxRoute route = { .struct_size = sizeof route,
                       .method = "POST",
                       .path = "/small",
                       .body_max = 100,
                       .handle = echo_cb,
                       .refuse = refuse_cb };
    g_assert_true(fixture.api->route(fixture.host, "test", &route, NULL, NULL));
    fixture_route(&fixture, "POST", "/usual", CFX_ROLE_ANY, echo_cb, NULL);
    g_autofree char *fits = g_strnfill(100, 'x');
    g_autofree char *more = g_strnfill(101, 'x');
    g_autofree char *lot = g_strnfill(300000, 'x');
    const struct {
        const char *path, *body;
        guint status;
    } CASES[] = { { "/small", fits, 200 },
                  { "/small", more, 413 },
                  { "/small", lot, 413 },
                  { "/usual", more, 200 },
                  { "/usual", lot, 413 } };
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        gsize size = strlen(CASES[i].body);
        g_autofree char *whole = g_strdup_printf(
            "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
            CASES[i].path,
            size,
            CASES[i].body);
        g_assert_cmpuint(http_get(&fixture, whole, NULL, NULL), ==, CASES[i].status);
        g_autofree char *chunked = g_strdup_printf(
            "POST %s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%" G_GSIZE_MODIFIER
            "x\r\n%s\r\n0\r\n\r\n",
            CASES[i].path,
            size,
            CASES[i].body);
        g_assert_cmpuint(http_get(&fixture, chunked, NULL, NULL), ==, CASES[i].status);
    }
    /* who asks first is told without a body */
    g_assert_cmpuint(http_get(&fixture,
                              "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n"
                              "Expect: 100-continue\r\n\r\n",
                              &head,
                              &body),
                     ==,
                     413);
    g_assert_nonnull(strstr(head, "Content-Type: application/problem+json\r\n"));
    g_assert_cmpstr(body, ==, "{\"title\":\"the body is too large\",\"status\":413}");
    fixture_close(&fixture);
}

static void
expect_refusal(Fixture *fixture, Peer *peer, guint wanted, const char *type)
{
    guint status = 0;
    g_autofree char *head = NULL, *body = NULL;
    g_assert_true(peer_read_answer(peer, &status, &head, &body));
    g_assert_cmpuint(status, ==, wanted);
    g_assert_nonnull(strstr(head, type));
    g_assert_nonnull(strstr(head, "Connection: close\r\n"));
    peer_read_end(peer);
    g_assert_cmpuint(peer->got->len, ==, 0); /* one answer, and nothing after it */
    peer_free(peer);
    fixture_settle(fixture);
}

/* What is too large is refused when that is known, whether the rest comes or not. */
static void
test_body_without_end(void)
{
    static const char *const LENGTHS[] = { "65537", "99999999999", "999999999999999999" };
    Fixture fixture;
    fixture_open(&fixture, "request-time=5min");
    CfxRoute route = { .struct_size = sizeof route,
                       .method = "POST",
                       .path = "/small",
                       .body_max = 65536,
                       .handle = echo_cb,
                       .refuse = refuse_cb };
    g_assert_true(fixture.api->route(fixture.host, "test", &route, NULL, NULL));
    g_autofree char *block = g_strnfill(1 << 20, 'x');
    for (guint i = 0; i < G_N_ELEMENTS(LENGTHS); i++) {
        Peer *peer = peer_new(&fixture);
        g_autofree char *head = g_strdup_printf(
            "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: %s\r\n\r\n", LENGTHS[i]);
        peer_write(peer, head, -1);
        expect_refusal(&fixture, peer, 413, "Content-Type: application/problem+json\r\n");
    }
    /* the whole of 64 MiB, by a peer that reads only when it has written */
    Peer *peer = peer_new(&fixture);
    peer_write(peer, "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 67108864\r\n\r\n", -1);
    for (guint i = 0; i < 64; i++)
        peer_write(peer, block, 1 << 20);
    expect_refusal(&fixture, peer, 413, "Content-Type: application/problem+json\r\n");
    /* chunks without an end */
    peer = peer_new(&fixture);
    peer_write(peer, "POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", -1);
    for (guint i = 0; i < 3; i++) {
        peer_write(peer, "8000\r\n", -1);
        peer_write(peer, block, 0x8000);
        peer_write(peer, "\r\n", -1);
    }
    expect_refusal(&fixture, peer, 413, "Content-Type: application/problem+json\r\n");
    /* nor is a body waited for that nobody takes */
    peer = peer_new(&fixture);
    peer_write(peer, "POST /none HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n", -1);
    expect_refusal(&fixture, peer, 404, "Content-Type: application/json\r\n");
    peer = peer_new(&fixture);
    peer_write(peer, "PUT /small HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nwhole", -1);
    expect_refusal(&fixture, peer, 405, "Allow: POST, OPTIONS\r\n");
    peer = peer_new(&fixture);
    peer_write(peer, "HEAD /none HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nwhole", -1);
    peer_read_end(peer);
    g_assert_true(g_str_has_prefix(peer->got->str, "HTTP/1.1 404 Not Found\r\n"));
    g_assert_true(g_str_has_suffix(peer->got->str, "\r\n\r\n"));
    peer_free(peer);
    fixture_settle(&fixture);
    g_autofree char *status = cfx_web_status_json(fixture.web);
    g_assert_nonnull(strstr(status, "\"connections\":0,"));
    fixture_close(&fixture);
}

static void
test_header_limits(void)
{
    Fixture fixture;
    fixture_open(&fixture, "headers=20\nheader-size=2048");
    fixture_route(&fixture, "GET", "/a", CFX_ROLE_ANY, echo_cb, NULL);
    g_autoptr(GString) many = g_string_new("GET /a HTTP/1.1\r\nHost: h\r\n");
    for (guint i = 0; i < 19; i++)
        g_string_append_printf(many, "X-%u: 1\r\n", i);
    g_autofree char *fits = g_strconcat(many->str, "\r\n", NULL);
    g_autofree char *over = g_strconcat(many->str, "X: 1\r\n\r\n", NULL);
    g_assert_cmpuint(http_get(&fixture, fits, NULL, NULL), ==, 200);
    g_assert_cmpuint(http_get(&fixture, over, NULL, NULL), ==, 431);
    g_autofree char *fill = g_strnfill(3000, 'x');
    g_autofree char *large = g_strdup_printf("GET /a HTTP/1.1\r\nHost: h\r\nX: %s\r\n\r\n", fill);
    g_autofree char *path = g_strdup_printf("GET /%s HTTP/1.1\r\nHost: h\r\n\r\n", fill);
    g_assert_cmpuint(http_get(&fixture, large, NULL, NULL), ==, 431);
    g_assert_cmpuint(http_get(&fixture, path, NULL, NULL), ==, 431);
    fixture_close(&fixture);
}

static void
test_nonsense(void)
{
    static const char *const CASES[] = {
        "GET\r\n\r\n",
        "\r\n\r\n\r\n",
        "GET /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/9.9\r\nHost: h\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://[::1/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: rot13\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    };
    Fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/b", CFX_ROLE_ANY, echo_cb, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        guint status = 0;
        Peer *peer = peer_new(&fixture);
        peer_write(peer, CASES[i], -1);
        fixture_settle(&fixture);
        shutdown(peer->fd, SHUT_WR);
        g_test_message("%s", CASES[i]);
        if (peer_read_answer(peer, &status, NULL, NULL))
            g_assert_cmpuint(status, >=, 400);
        peer_free(peer);
    }
    g_assert_cmpuint(get_as(&fixture, "/b", NULL, NULL, NULL), ==, 200);
    fixture_close(&fixture);
}

static void
test_slow_request(void)
{
    Fixture fixture;
    fixture_open(&fixture, "request-time=1s");
    Peer *peer = peer_new(&fixture);
    peer_write(peer, "GET /a HTTP/1.1\r\nHost: ", -1);
    peer_read_end(peer); /* it is cut */
    g_assert_cmpuint(peer->got->len, ==, 0);
    peer_free(peer);
    fixture_close(&fixture);
}

static void
test_slow_answer(void)
{
    Fixture fixture;
    Later later = { 0 };
    fixture_open(&fixture, "answer-time=1s");
    fixture_route(&fixture, "GET", "/later", CFX_ROLE_ANY, keep_cb, &later);
    g_autofree char *body = NULL;
    g_assert_cmpuint(get_as(&fixture, "/later", NULL, NULL, &body), ==, 503);
    g_assert_cmpstr(body, ==, "{\"status\":503,\"message\":\"no answer in time\"}\n");
    answer_text(later.request, 200, "too late");
    fixture_close(&fixture);
}

static void
test_rate(void)
{
    Fixture fixture;
    g_autofree char *head = NULL;
    fixture_open(&fixture, "rate=0.001\nburst=3");
    fixture_route(&fixture, "GET", "/a", CFX_ROLE_ANY, echo_cb, NULL);
    for (guint i = 0; i < 3; i++)
        g_assert_cmpuint(get_as(&fixture, "/a", NULL, NULL, NULL), ==, 200);
    g_assert_cmpuint(get_as(&fixture, "/a", NULL, &head, NULL), ==, 429);
    g_assert_nonnull(strstr(head, "Retry-After: "));
    fixture_close(&fixture);
}

static void
test_connections(void)
{
    Fixture fixture;
    Later later = { 0 };
    guint status = 0;
    fixture_open(&fixture, "connections=3\nconnections-per-peer=2");
    fixture_route(&fixture, "GET", "/a", CFX_ROLE_ANY, echo_cb, NULL);
    fixture_route(&fixture, "GET", "/later", CFX_ROLE_ANY, keep_cb, &later);
    Peer *first = peer_new(&fixture);
    Peer *second = peer_new(&fixture);
    fixture_settle(&fixture);
    /* one more than a peer may have is answered so */
    Peer *third = peer_new(&fixture);
    peer_write(third, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", -1);
    g_assert_true(peer_read_answer(third, &status, NULL, NULL));
    g_assert_cmpuint(status, ==, 503);
    peer_read_end(third);
    peer_free(third);
    third = peer_new(&fixture);
    fixture_settle(&fixture);
    /* more than the listener may have waits, and comes in when there is room */
    Peer *fourth = peer_new(&fixture);
    peer_write(fourth, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", -1);
    fixture_settle(&fixture);
    g_autofree char *json = cfx_web_status_json(fixture.web);
    g_assert_nonnull(strstr(json, "\"connections\":3,"));
    peer_free(first);
    peer_free(second);
    g_assert_true(peer_read_answer(fourth, &status, NULL, NULL));
    g_assert_cmpuint(status, ==, 200);
    peer_free(third);
    peer_free(fourth);
    fixture_close(&fixture);
}

static void
test_allow(void)
{
    Fixture fixture;
    fixture_open(&fixture, "allow=10.0.0.0/8;::1");
    Peer *peer = peer_new(&fixture);
    peer_write(peer, "GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n", -1);
    peer_read_end(peer);
    g_assert_cmpuint(peer->got->len, ==, 0);
    peer_free(peer);
    fixture_close(&fixture);
    fixture_open(&fixture, "allow=10.0.0.0/8;127.0.0.0/8");
    g_assert_cmpuint(get_as(&fixture, "/health/live", NULL, NULL, NULL), ==, 200);
    fixture_close(&fixture);
}

static void
test_listener_problems(void)
{
    static const struct {
        const char *keys;
        gboolean is_simulated;
        const char *problem;
    } CASES[] = {
        { "address=127.0.0.1:80", TRUE, NULL },
        { "address=localhost:80", TRUE, NULL },
        { "address=[::1]:0", TRUE, NULL },
        { "address=*:80", FALSE, NULL },
        { "address=0.0.0.0:80", FALSE, NULL },
        { "address=*:80",
          TRUE,
          "address=*:80 can be reached from other machines, and the clock is simulated; listen on "
          "127.0.0.1 or [::1], or remove page= of [clock]" },
        { "address=192.0.2.1:80",
          TRUE,
          "address=192.0.2.1:80 can be reached from other machines, and the clock is simulated; "
          "listen on 127.0.0.1 or [::1], or remove page= of [clock]" },
        { "address=here:80",
          FALSE,
          "address=here:80 is no address with a port; write it as 127.0.0.1:8080, [::1]:8080 or "
          "*:8080" },
        { "address=127.0.0.1",
          FALSE,
          "address=127.0.0.1 is no address with a port; write it as 127.0.0.1:8080, [::1]:8080 or "
          "*:8080" },
        { "address=::1:80",
          FALSE,
          "address=::1:80 is no address with a port; write it as 127.0.0.1:8080, [::1]:8080 or "
          "*:8080" },
        { "address=127.0.0.1:65536",
          FALSE,
          "address=127.0.0.1:65536 is no address with a port; write it as 127.0.0.1:8080, "
          "[::1]:8080 or *:8080" },
        { "address=:\nallow=10.0.0.0/33",
          FALSE,
          "address=: is no address with a port; write it as 127.0.0.1:8080, [::1]:8080 or *:8080\n"
          "allow: \"10.0.0.0/33\" is no network; write it as 192.168.7.0/24, 2001:db8::/32 or "
          "10.1.2.3" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(CfxChecked) checked = fixture_config("test", CASES[i].keys, NULL);
        g_auto(GStrv) problems = cfx_web_listener_problems(&checked->config, CASES[i].is_simulated);
        g_autofree char *text = g_strjoinv("\n", problems);
        g_assert_cmpstr(text, ==, CASES[i].problem != NULL ? CASES[i].problem : "");
    }
}

static void
test_port_taken(void)
{
    Fixture fixture;
    g_autoptr(GError) error = NULL;
    fixture_open(&fixture, NULL);
    g_autofree char *keys = g_strdup_printf("address=127.0.0.1:%u", fixture.port);
    g_autoptr(CfxChecked) checked = fixture_config("second", keys, NULL);
    g_assert_false(cfx_web_listen(fixture.web, "second", &checked->config, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFLICT);
    g_autofree char *wanted = g_strdup_printf(
        "[listener:second] address=127.0.0.1:%u: port %u is taken by another program; end that one "
        "(\"ss -ltnp\" shows it) or choose another port",
        fixture.port,
        fixture.port);
    g_assert_cmpstr(error->message, ==, wanted);
    fixture_close(&fixture);
}

static void
test_simulated_clock(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CfxClock) clock = cfx_clock_new_fake(0, 0);
    g_autoptr(CfxLoop) loop = cfx_loop_new_main(clock);
    CfxWeb *web = cfx_web_new(loop, NULL);
    g_autoptr(CfxChecked) checked = fixture_config("test", "address=*:0", NULL);
    g_assert_false(cfx_web_listen(web, "test", &checked->config, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFIG);
    g_assert_cmpuint(cfx_web_port(web, "test"), ==, 0);
    cfx_web_free(web);
}

static void
test_health(void)
{
    Fixture fixture;
    g_autofree char *body = NULL, *body2 = NULL, *body3 = NULL;
    fixture_open(&fixture, "metrics=yes\nzone=public");
    g_assert_cmpuint(get_as(&fixture, "/health/live", NULL, NULL, &body), ==, 200);
    g_assert_cmpstr(body, ==, "{\"live\":true}\n");
    g_assert_cmpuint(get_as(&fixture, "/health/ready", NULL, NULL, &body2), ==, 200);
    g_assert_cmpstr(body2, ==, "{\"ready\":true}\n");
    g_assert_cmpuint(get_as(&fixture, "/metrics", NULL, NULL, &body3), ==, 200);
    g_assert_nonnull(strstr(body3, "cariflex_web_requests_total{listener=\"test\"} 3\n"));
    fixture_close(&fixture);
    g_autofree char *body4 = NULL;
    fixture_open(&fixture, NULL);
    g_assert_cmpuint(get_as(&fixture, "/health/ready", NULL, NULL, &body4), ==, 200);
    g_assert_cmpstr(body4, ==, "{\"ready\":true,\"inside\":true}\n");
    fixture_close(&fixture);
}

static void
injection_cb(gpointer data, const CfxRequest *request)
{
    const CfxPair headers[] = {
        { "X-Good", "yes" }, { "X-Bad", "a\r\nX-Evil: 1" }, { "X:Bad", "b" }, { NULL, NULL }
    };
    cfx_web_api()->respond(request, 200, headers, NULL);
}

static void
test_header_injection(void)
{
    Fixture fixture;
    g_autofree char *head = NULL;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/a", CFX_ROLE_ANY, injection_cb, NULL);
    g_assert_cmpuint(get_as(&fixture, "/a", NULL, &head, NULL), ==, 200);
    g_assert_nonnull(strstr(head, "X-Good: yes\r\n"));
    g_assert_null(strstr(head, "Evil"));
    g_assert_null(strstr(head, "Bad"));
    fixture_close(&fixture);
}

/* No descriptor is left: the connection waits in the backlog, and is served when there is one. */
static void
test_no_descriptor(void)
{
    Fixture fixture;
    struct rlimit usual, tight;
    guint status = 0;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/a", CFX_ROLE_ANY, echo_cb, NULL);
    Peer *late = peer_new(&fixture);
    getrlimit(RLIMIT_NOFILE, &usual);
    tight = usual;
    tight.rlim_cur = (rlim_t)late->fd + 1; /* the lowest free one would be the next */
    setrlimit(RLIMIT_NOFILE, &tight);
    fixture_settle(&fixture);
    setrlimit(RLIMIT_NOFILE, &usual);
    peer_write(late, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", -1);
    g_assert_true(peer_read_answer(late, &status, NULL, NULL));
    g_assert_cmpuint(status, ==, 200);
    peer_free(late);
    fixture_close(&fixture);
}

static void
test_descriptors(void)
{
    Fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/a", CFX_ROLE_ANY, echo_cb, NULL);
    g_assert_cmpuint(get_as(&fixture, "/a", NULL, NULL, NULL), ==, 200);
    fixture_settle(&fixture);
    guint before = open_descriptors();
    for (guint i = 0; i < 200; i++)
        g_assert_cmpuint(
            get_as(&fixture, i % 2 ? "/a" : "/nowhere", NULL, NULL, NULL), ==, i % 2 ? 200 : 404);
    fixture_settle(&fixture);
    g_assert_cmpuint(open_descriptors(), ==, before);
    fixture_close(&fixture);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/request", test_request);
    g_test_add_func("/web/no-route", test_no_route);
    g_test_add_func("/web/route-conflict", test_route_conflict);
    g_test_add_func("/web/roles", test_roles);
    g_test_add_func("/web/answer-later", test_answer_later);
    g_test_add_func("/web/answer-from-thread", test_answer_from_thread);
    g_test_add_func("/web/stop", test_stop);
    g_test_add_func("/web/body-limits", test_body_limits);
    g_test_add_func("/web/body-without-end", test_body_without_end);
    g_test_add_func("/web/header-limits", test_header_limits);
    g_test_add_func("/web/nonsense", test_nonsense);
    g_test_add_func("/web/slow-request", test_slow_request);
    g_test_add_func("/web/slow-answer", test_slow_answer);
    g_test_add_func("/web/rate", test_rate);
    g_test_add_func("/web/connections", test_connections);
    g_test_add_func("/web/allow", test_allow);
    g_test_add_func("/web/listener-problems", test_listener_problems);
    g_test_add_func("/web/port-taken", test_port_taken);
    g_test_add_func("/web/simulated-clock", test_simulated_clock);
    g_test_add_func("/web/health", test_health);
    g_test_add_func("/web/header-injection", test_header_injection);
    g_test_add_func("/web/no-descriptor", test_no_descriptor);
    g_test_add_func("/web/descriptors", test_descriptors);
    return g_test_run();
}
