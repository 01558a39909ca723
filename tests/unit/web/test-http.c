/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to another server: here the same web, or a bare socket that misbehaves. */
#include "fixture.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    gboolean is_done;
    guint done, status;
    char *body, *location;
    GError *error;
} Answer;

static void
done_cb(gpointer data, const CfxHttpAnswer *result, const GError *error)
{
    Answer *answer = data;
    answer->is_done = TRUE;
    answer->done++;
    g_assert_true((result == NULL) == (error != NULL));
    if (error != NULL) {
        answer->error = g_error_copy(error);
        return;
    }
    answer->status = result->status;
    answer->body = g_strndup(g_bytes_get_data(result->body, NULL), g_bytes_get_size(result->body));
    for (const CfxPair *pair = result->headers; pair->name != NULL; pair++) {
        if (strcmp(pair->name, "location") == 0)
            answer->location = g_strdup(pair->value);
    }
}

static void
answer_clear(Answer *answer)
{
    g_free(answer->body);
    g_free(answer->location);
    g_clear_error(&answer->error);
    memset(answer, 0, sizeof *answer);
}

static void
call(Fixture *fixture, CfxHttpCall *call_, Answer *answer)
{
    call_->struct_size = sizeof *call_;
    memset(answer, 0, sizeof *answer);
    fixture->api->http(fixture->host, call_, done_cb, answer);
    g_assert_false(answer->is_done); /* never inside */
    fixture_until(fixture, &answer->is_done);
    fixture_settle(fixture);
    g_assert_cmpuint(answer->done, ==, 1);
}

static void
echo_cb(gpointer data, const CfxRequest *request)
{
    const char *type = "-", *extra = "-";
    for (const CfxPair *pair = request->headers; pair->name != NULL; pair++) {
        if (strcmp(pair->name, "content-type") == 0)
            type = pair->value;
        if (strcmp(pair->name, "x-extra") == 0)
            extra = pair->value;
    }
    g_autofree char *text = g_strdup_printf("%s %s %s: %.*s",
                                            request->method,
                                            type,
                                            extra,
                                            (int)g_bytes_get_size(request->body),
                                            (const char *)g_bytes_get_data(request->body, NULL));
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
    cfx_web_api()->respond(request, 201, NULL, body);
}

static void
redirect_cb(gpointer data, const CfxRequest *request)
{
    const CfxPair headers[] = { { "Location", "/echo" }, { NULL, NULL } };
    cfx_web_api()->respond(request, 302, headers, NULL);
}

static void
large_cb(gpointer data, const CfxRequest *request)
{
    g_autofree char *text = g_strnfill(200000, 'l');
    g_autoptr(GBytes) body = g_bytes_new(text, 200000);
    cfx_web_api()->respond(request, 200, NULL, body);
}

static void
never_cb(gpointer data, const CfxRequest *request)
{
}

static void
test_calls(void)
{
    Fixture fixture;
    Answer answer;
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "*", "/echo", CFX_ROLE_ANY, echo_cb, NULL);
    fixture_route(&fixture, "GET", "/redirect", CFX_ROLE_ANY, redirect_cb, NULL);
    fixture_route(&fixture, "GET", "/large", CFX_ROLE_ANY, large_cb, NULL);
    fixture_route(&fixture, "GET", "/never", CFX_ROLE_ANY, never_cb, NULL);
    g_autofree char *base = g_strdup_printf("http://127.0.0.1:%u", fixture.port);
    g_autofree char *echo = g_strconcat(base, "/echo", NULL);
    g_autofree char *redirect = g_strconcat(base, "/redirect", NULL);
    g_autofree char *large = g_strconcat(base, "/large", NULL);
    g_autofree char *never = g_strconcat(base, "/never", NULL);
    const CfxPair extra[] = { { "X-Extra", "yes" }, { NULL, NULL } };
    const CfxPair evil[] = { { "X-Extra", "yes\r\nHost: evil" }, { NULL, NULL } };
    g_autoptr(GBytes) body = g_bytes_new_static("{}", 2);

    call(&fixture,
         &(CfxHttpCall){ .method = "POST",
                         .url = echo,
                         .headers = extra,
                         .body = body,
                         .body_type = "application/json" },
         &answer);
    g_assert_no_error(answer.error);
    g_assert_cmpuint(answer.status, ==, 201);
    g_assert_cmpstr(answer.body, ==, "POST application/json yes: {}");
    answer_clear(&answer);

    call(&fixture, &(CfxHttpCall){ .url = redirect }, &answer);
    g_assert_cmpuint(answer.status, ==, 302);
    g_assert_cmpstr(answer.location, ==, "/echo");
    answer_clear(&answer);

    call(&fixture, &(CfxHttpCall){ .url = large }, &answer);
    g_assert_cmpuint(strlen(answer.body), ==, 200000);
    answer_clear(&answer);
    call(&fixture, &(CfxHttpCall){ .url = large, .answer_max = 100000 }, &answer);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_FULL);
    answer_clear(&answer);

    call(&fixture, &(CfxHttpCall){ .url = never, .timeout_us = 50000 }, &answer);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_UNAVAILABLE);
    answer_clear(&answer);

    call(&fixture, &(CfxHttpCall){ .url = echo, .flags = CFX_HTTP_PUBLIC_ONLY }, &answer);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_INVALID);
    answer_clear(&answer);
    call(&fixture,
         &(CfxHttpCall){ .url = "http://localhost:1/", .flags = CFX_HTTP_PUBLIC_ONLY },
         &answer);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_INVALID);
    answer_clear(&answer);
    call(&fixture, &(CfxHttpCall){ .url = echo, .flags = 64 }, &answer);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_INVALID);
    g_assert_cmpstr(answer.error->message, ==, "flags: unknown bit");
    answer_clear(&answer);

    static const char *const BAD[] = { "", "nothing", "ftp://127.0.0.1/", "http://", "http:///x" };
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++) {
        call(&fixture, &(CfxHttpCall){ .url = BAD[i] }, &answer);
        g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_INVALID);
        answer_clear(&answer);
    }
    call(&fixture, &(CfxHttpCall){ .url = echo, .headers = evil }, &answer);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_INVALID);
    answer_clear(&answer);
    call(&fixture, &(CfxHttpCall){ .url = echo, .tls = "grid" }, &answer);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_NOT_SUPPORTED);
    answer_clear(&answer);
    fixture_close(&fixture);
}

/* A server of bare bytes: accepts, says what it is told, and closes. */
typedef struct {
    int fd;
    guint16 port;
    const char *says;
    GThread *thread;
} Bare;

static gpointer
bare_thread(gpointer data)
{
    Bare *bare = data;
    char scratch[4096];
    int fd = accept(bare->fd, NULL, NULL);
    (void)!recv(fd, scratch, sizeof scratch, 0);
    (void)!send(fd, bare->says, strlen(bare->says), MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

static void
test_nonsense(void)
{
    static const struct {
        const char *says;
        gboolean is_error;
    } CASES[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", FALSE },
        { "HTTP/1.1 204 No Content\r\n\r\n", FALSE },
        { "", TRUE },
        { "hello\r\n\r\n", TRUE },
        { "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", TRUE },
    };
    Fixture fixture;
    Answer answer;
    fixture_open(&fixture, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = g_htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        Bare bare = { .fd = socket(AF_INET, SOCK_STREAM, 0), .says = CASES[i].says };
        g_assert_cmpint(bind(bare.fd, (struct sockaddr *)&address, sizeof address), ==, 0);
        g_assert_cmpint(listen(bare.fd, 1), ==, 0);
        getsockname(bare.fd, (struct sockaddr *)&address, &size);
        bare.thread = g_thread_new("bare", bare_thread, &bare);
        g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", g_ntohs(address.sin_port));
        g_test_message("%s", CASES[i].says);
        call(&fixture, &(CfxHttpCall){ .url = url, .timeout_us = 5 * G_USEC_PER_SEC }, &answer);
        g_assert_cmpint(answer.error != NULL, ==, CASES[i].is_error);
        if (answer.error != NULL)
            g_test_message("-> %s", answer.error->message);
        answer_clear(&answer);
        close(bare.fd); /* a retry is refused */
        g_thread_join(bare.thread);
    }
    /* nobody listens there any more */
    call(&fixture, &(CfxHttpCall){ .url = "http://127.0.0.1:1/" }, &answer);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_UNAVAILABLE);
    answer_clear(&answer);
    fixture_close(&fixture);
}

static void
test_stop(void)
{
    Fixture fixture;
    Answer answer = { 0 };
    fixture_open(&fixture, NULL);
    fixture_route(&fixture, "GET", "/never", CFX_ROLE_ANY, never_cb, NULL);
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/never", fixture.port);
    CfxHttpCall never = { .struct_size = sizeof never, .url = url };
    fixture.api->http(fixture.host, &never, done_cb, &answer);
    fixture_settle(&fixture);
    fixture_stop_instance(&fixture);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_CANCELLED);
    fixture_settle(&fixture);
    g_assert_cmpuint(answer.done, ==, 1);
    answer_clear(&answer);
    fixture_close(&fixture);
}

static void
login_cb(gpointer data, const CfxLogin *result, const GError *error)
{
    Answer *answer = data;
    answer->is_done = TRUE;
    answer->done++;
    answer->status = result != NULL ? (guint)result->principal : 0;
    answer->error = error != NULL ? g_error_copy(error) : NULL;
}

static void
test_login(void)
{
    Fixture fixture;
    Answer answer = { 0 };
    fixture_open(&fixture, NULL);
    fixture.api->login(fixture.host, "reader", "right", 0, login_cb, &answer);
    g_assert_false(answer.is_done);
    fixture_until(&fixture, &answer.is_done);
    g_assert_cmpuint(answer.status, ==, 101);
    answer_clear(&answer);
    fixture.api->login(fixture.host, "reader", "wrong", 0, login_cb, &answer);
    fixture_until(&fixture, &answer.is_done);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_AUTH);
    answer_clear(&answer);
    fixture.api->login(fixture.host, "reader", "right", 0, login_cb, &answer);
    fixture_stop_instance(&fixture);
    g_assert_error(answer.error, CFX_ERROR, CFX_ERROR_CANCELLED);
    fixture_settle(&fixture);
    g_assert_cmpuint(answer.done, ==, 1);
    answer_clear(&answer);
    fixture_close(&fixture);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/http/calls", test_calls);
    g_test_add_func("/web/http/nonsense", test_nonsense);
    g_test_add_func("/web/http/stop", test_stop);
    g_test_add_func("/web/http/login", test_login);
    return g_test_run();
}
