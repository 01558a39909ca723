/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole plugin in a fake host: sign-in, rights, the live channel. */
#include <harness/cfx-harness.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define HOST "127.0.0.1:8060"
#define ORIGIN "http://" HOST

typedef struct {
    CfxHarness *harness;
    const char *cookie, *origin;
} Fixture;

static void
add_site(CfxHarness *harness)
{
    const CfxAccount account = { sizeof account, 0, 2, "site", "America/Martinique", "EUR" };
    const CfxAsset site = { .struct_size = sizeof site,
                            .id = 1,
                            .account = 2,
                            .type = "site",
                            .name = "Martinique",
                            .latitude = 14.6,
                            .longitude = -61,
                            .attributes = "{\"sensors\":{\"price\":[84]}}",
                            .flex_model = "{}",
                            .flex_context = "{\"site-power-capacity\":\"100 kW\"}" };
    const CfxAsset station = { .struct_size = sizeof station,
                               .id = 110,
                               .parent = 1,
                               .account = 2,
                               .type = "charging-station",
                               .name = "CP001",
                               .latitude = NAN,
                               .longitude = NAN,
                               .attributes = "{}",
                               .flex_model = "{}",
                               .flex_context = "{}" };
    const CfxAsset evse = { .struct_size = sizeof evse,
                            .id = 111,
                            .parent = 110,
                            .account = 2,
                            .type = "evse",
                            .name = "EVSE 1",
                            .latitude = NAN,
                            .longitude = NAN,
                            .attributes = "{}",
                            .flex_model = "{}",
                            .flex_context = "{}" };
    const CfxSensor price = { .struct_size = sizeof price,
                              .id = 84,
                              .asset = 1,
                              .name = "price",
                              .unit = "EUR/MWh",
                              .resolution_us = 15 * CFX_MINUTE,
                              .zone = "UTC",
                              .attributes = "{}" };
    const CfxBinding binding = { .struct_size = sizeof binding,
                                 .id = 1,
                                 .asset = 111,
                                 .instance = "ocpp",
                                 .identity = "CP001",
                                 .unit = 1 };

    cfx_harness_add_account(harness, &account);
    cfx_harness_add_asset(harness, &site);
    cfx_harness_add_asset(harness, &station);
    cfx_harness_add_asset(harness, &evse);
    cfx_harness_add_sensor(harness, &price);
    cfx_harness_add_binding(harness, &binding);
}

static void
add_person(CfxHarness *harness, const char *name, guint32 role, gint64 principal, const char *token)
{
    const CfxLogin login = { .struct_size = sizeof login,
                             .role = role,
                             .principal = principal,
                             .token = token,
                             .expires_us = G_GINT64_CONSTANT(1800000000) * CFX_SECOND };

    cfx_harness_add_login(harness, name, "secret", &login);
    cfx_harness_set_rights(harness,
                           principal,
                           role >= CFX_ROLE_OPERATE ? CFX_RIGHT_READ | CFX_RIGHT_CONTROL
                           : role == CFX_ROLE_READ  ? CFX_RIGHT_READ
                                                    : 0);
}

/* the harness finds records by their keys alone: what is asked for by terms is all of it */
static CfxRecordQuery without_terms;
static CfxDataApi data_api;
static const CfxDataApi *harness_data;

static void
read_records(const CfxHost *host, const CfxRecordQuery *query, CfxRecordsDone done, gpointer data)
{
    without_terms = *query;
    without_terms.n_terms = 0;
    harness_data->read_records(host, &without_terms, done, data);
}

static void
set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    f->harness = cfx_harness_new("ui");
    f->origin = ORIGIN;
    harness_data = cfx_harness_host(f->harness)->data;
    data_api = *harness_data;
    data_api.read_records = read_records;
    cfx_harness_host(f->harness)->data = &data_api;
    add_site(f->harness);
    add_person(f->harness, "vera", CFX_ROLE_READ, 11, "token-of-vera");
    add_person(f->harness, "otto", CFX_ROLE_OPERATE, 12, "token-of-otto");
    add_person(f->harness, "nora", CFX_ROLE_ANY, 13, "token-of-nora");
    cfx_harness_start(f->harness, cfx_plugin_query_v1(), "ui", "listener=public\n", &error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
    cfx_harness_free(f->harness);
}

static const CfxHarnessReply *
ask_full(Fixture *f, const char *method, const char *path, const char *body, const char *protocol)
{
    const char *const protocols[] = { protocol, NULL };
    CfxPair headers[5] = { { "host", HOST } };
    guint n = 1;

    if (f->origin != NULL)
        headers[n++] = (CfxPair){ "origin", f->origin };
    if (f->cookie != NULL)
        headers[n++] = (CfxPair){ "cookie", f->cookie };
    headers[n++] = (CfxPair){ "accept-encoding", "gzip" };
    headers[n] = (CfxPair){ NULL, NULL };
    g_autoptr(GBytes) bytes = g_bytes_new(body, body != NULL ? strlen(body) : 0);
    const CfxRequest request = { .struct_size = sizeof request,
                                 .method = method,
                                 .path = path,
                                 .listener = "public",
                                 .peer = "127.0.0.1",
                                 .headers = headers,
                                 .body = bytes,
                                 .protocols = protocol != NULL ? protocols : NULL };
    return cfx_harness_request_full(f->harness, &request);
}

static const CfxHarnessReply *
ask(Fixture *f, const char *method, const char *path, const char *body)
{
    return ask_full(f, method, path, body, NULL);
}

static const char *
header(const CfxHarnessReply *reply, const char *name)
{
    for (const CfxPair *pair = reply->headers; pair != NULL && pair->name != NULL; pair++)
        if (g_ascii_strcasecmp(pair->name, name) == 0)
            return pair->value;
    return NULL;
}

static void
assert_error(const CfxHarnessReply *reply, guint status, const char *code)
{
    g_autofree char *begins = g_strdup_printf("{\"error\":{\"code\":\"%s\",\"message\":\"", code);

    g_test_message("%u %s", reply->status, reply->body);
    g_assert_cmpuint(reply->status, ==, status);
    g_assert_true(g_str_has_prefix(reply->body, begins));
}

/* --- sign-in ----------------------------------------------------------------------------------- */

static void
test_sign_in(Fixture *f, gconstpointer data)
{
    const CfxHarnessReply *reply =
        ask(f, "POST", "/ui/api/session", "{\"user\":\"otto\",\"password\":\"secret\"}");

    g_assert_cmpuint(reply->status, ==, 200);
    g_assert_cmpstr(header(reply, "set-cookie"),
                    ==,
                    "cariflex_8060=token-of-otto; Path=/ui/; Max-Age=43200; HttpOnly; "
                    "SameSite=Strict");
    g_assert_cmpstr(reply->body,
                    ==,
                    "{\"session\":{\"user\":\"otto\",\"role\":\"operator\",\"expires\":"
                    "\"2027-01-15T08:00:00Z\",\"commands\":true}}");
    f->cookie = "cariflex_8060=token-of-otto";
    g_assert_cmpuint(ask(f, "GET", "/ui/api/session", NULL)->status, ==, 200);
    reply = ask(f, "DELETE", "/ui/api/session", NULL);
    g_assert_cmpuint(reply->status, ==, 204);
    g_assert_true(g_str_has_prefix(header(reply, "set-cookie"), "cariflex_8060=; Path=/ui/; Max-Age=0"));
    assert_error(ask(f, "GET", "/ui/api/session", NULL), 401, "signed-out");
}

static void
test_refused(Fixture *f, gconstpointer data)
{
    static const char wrong[] = "{\"user\":\"otto\",\"password\":\"no\"}";

    /* the same for a wrong password and for nobody */
    assert_error(ask(f, "POST", "/ui/api/session", wrong), 401, "wrong-password");
    assert_error(ask(f, "POST", "/ui/api/session", "{\"user\":\"x\",\"password\":\"y\"}"),
                 401,
                 "wrong-password");
    assert_error(ask(f, "POST", "/ui/api/session", "{\"token\":\"forged\"}"), 401, "wrong-token");
    assert_error(ask(f, "POST", "/ui/api/session", "{}"), 400, "syntax");
    assert_error(ask(f, "POST", "/ui/api/session", "{\"user\":\"nora\",\"password\":\"secret\"}"),
                 403,
                 "role");
    f->origin = "http://evil.example";
    assert_error(ask(f, "POST", "/ui/api/session", wrong), 403, "origin");
    f->origin = NULL;
    assert_error(ask(f, "POST", "/ui/api/session", wrong), 403, "origin");
    f->origin = ORIGIN;
    for (int i = 0; i < 17; i++)
        assert_error(ask(f, "POST", "/ui/api/session", wrong), 401, "wrong-password");
    assert_error(ask(f, "POST", "/ui/api/session", wrong), 429, "too-many");
    assert_error(ask(f, "POST", "/ui/api/session", "{\"user\":\"otto\",\"password\":\"secret\"}"),
                 429,
                 "too-many");
    cfx_harness_advance_clock(f->harness, CFX_CLOCK_REAL, 61 * CFX_SECOND);
    g_assert_cmpuint(
        ask(f, "POST", "/ui/api/session", "{\"user\":\"otto\",\"password\":\"secret\"}")->status,
        ==,
        200);
}

static void
test_rights(Fixture *f, gconstpointer data)
{
    static const char reset[] = "{\"command\":\"Reset\"}";

    assert_error(ask(f, "GET", "/ui/api/sites", NULL), 401, "signed-out");
    f->cookie = "cariflex_8060=forged";
    assert_error(ask(f, "GET", "/ui/api/sites", NULL), 401, "signed-out");
    f->cookie = "cariflex=token-of-vera"; /* of another daemon */
    assert_error(ask(f, "GET", "/ui/api/sites", NULL), 401, "signed-out");
    f->cookie = "cariflex_8060=token-of-vera";
    g_assert_cmpuint(ask(f, "GET", "/ui/api/sites", NULL)->status, ==, 200);
    assert_error(ask(f, "GET", "/ui/api/devices/111/commands", NULL), 403, "role");
    assert_error(ask(f, "GET", "/ui/api/devices/111/messages", NULL), 403, "role");
    assert_error(ask(f, "POST", "/ui/api/devices/111/command", reset), 403, "role");
    /* the role is asked for before the right is, and the right beside the role */
    cfx_harness_set_rights(f->harness, 11, CFX_RIGHT_READ | CFX_RIGHT_CONTROL);
    assert_error(ask(f, "POST", "/ui/api/devices/111/command", reset), 403, "role");
    f->cookie = "cariflex_8060=token-of-otto";
    cfx_harness_set_rights(f->harness, 12, CFX_RIGHT_READ);
    assert_error(ask(f, "POST", "/ui/api/devices/111/command", reset), 403, "role");
    cfx_harness_set_rights(f->harness, 12, CFX_RIGHT_READ | CFX_RIGHT_CONTROL);
    g_assert_cmpuint(ask(f, "GET", "/ui/api/devices/111/commands", NULL)->status, ==, 200);
    /* the harness has no other adapters: as far as it goes */
    assert_error(ask(f, "POST", "/ui/api/devices/111/command", reset), 404, "not-found");
    assert_error(ask(f, "POST", "/ui/api/devices/111/command", "{\"command\":3}"), 400, "syntax");
    f->origin = "http://evil.example";
    assert_error(ask(f, "POST", "/ui/api/devices/111/command", reset), 403, "origin");
    f->origin = ORIGIN;
    assert_error(ask(f, "PUT", "/ui/api/sites", NULL), 405, "method");
    assert_error(ask(f, "GET", "/ui/api/nothing", NULL), 404, "not-found");
    assert_error(ask(f, "GET", "/ui/api/devices/99999999999999999999", NULL), 404, "not-found");
    assert_error(ask(f, "GET", "/ui/nothing.html", NULL), 404, "not-found");
    assert_error(ask(f, "GET", "/ui/api/sites/1/history?day=2025-02-30", NULL), 400, "syntax");
    cfx_harness_set_rights(f->harness, 12, 0);
    assert_error(ask(f, "GET", "/ui/api/sites/1/snapshot", NULL), 404, "not-found");
    assert_error(ask(f, "GET", "/ui/api/devices/111", NULL), 404, "not-found");
}

/* --- needs, knocks ------------------------------------------------------------------------------ */

static void
test_need(Fixture *f, gconstpointer data)
{
    static const char both[] = "{\"need_kwh\":20,\"by\":\"07:00\"}", path[] = "/ui/api/devices/111/need";
    guint n = 0;

    assert_error(ask(f, "POST", path, both), 401, "signed-out");
    f->cookie = "cariflex_8060=token-of-vera";
    assert_error(ask(f, "POST", path, both), 403, "role");
    cfx_harness_set_rights(f->harness, 11, CFX_RIGHT_READ | CFX_RIGHT_CONTROL);
    assert_error(ask(f, "POST", path, both), 403, "role");
    f->cookie = "cariflex_8060=token-of-otto";
    cfx_harness_set_rights(f->harness, 12, CFX_RIGHT_READ);
    assert_error(ask(f, "POST", path, both), 403, "role");
    cfx_harness_set_rights(f->harness, 12, CFX_RIGHT_READ | CFX_RIGHT_CONTROL);
    f->origin = "http://evil.example";
    assert_error(ask(f, "POST", path, both), 403, "origin");
    f->origin = ORIGIN;
    assert_error(ask(f, "POST", path, "{}"), 400, "syntax");
    assert_error(ask(f, "POST", path, "{\"need_kwh\":\"20\"}"), 400, "syntax");
    assert_error(ask(f, "POST", path, "{\"by\":7}"), 400, "syntax");
    g_assert_null(cfx_harness_need(f->harness, &n)); /* nothing of all that came through */
    g_assert_cmpuint(ask(f, "POST", path, both)->status, ==, 204);
    const CfxNeedAsk *need = cfx_harness_need(f->harness, &n);
    g_assert_cmpuint(n, ==, 1);
    g_assert_cmpint(need->asset, ==, 111);
    g_assert_cmpuint(need->role, ==, CFX_ROLE_OPERATE);
    g_assert_cmpfloat(need->need_wh, ==, 20000);
    g_assert_cmpstr(need->by, ==, "07:00");
    g_assert_cmpuint(ask(f, "POST", path, "{\"need_kwh\":null,\"by\":\"08:00\"}")->status, ==, 204);
    need = cfx_harness_need(f->harness, &n);
    g_assert_true(isnan(need->need_wh));
    g_assert_cmpstr(need->by, ==, "08:00");
}

static void
test_knocks(Fixture *f, gconstpointer data)
{
    cfx_harness_put_record(f->harness,
                           "cfx.knock",
                           "ocpp/CP777",
                           "{\"instance\":\"ocpp\",\"identity\":\"CP777\",\"vendor\":\"V\",\"count\":3}");
    assert_error(ask(f, "GET", "/ui/api/knocks", NULL), 401, "signed-out");
    f->cookie = "cariflex_8060=token-of-vera";
    assert_error(ask(f, "GET", "/ui/api/knocks", NULL), 403, "role");
    f->cookie = "cariflex_8060=token-of-otto";
    const CfxHarnessReply *reply = ask(f, "GET", "/ui/api/knocks", NULL);
    g_assert_cmpuint(reply->status, ==, 200);
    g_assert_nonnull(strstr(reply->body,
                            "\"knocks\":[{\"identity\":\"CP777\",\"instance\":\"ocpp\",\"vendor\":"
                            "\"V\",\"model\":null,"));
    g_assert_nonnull(strstr(reply->body, "\"count\":3"));
}

/* --- live -------------------------------------------------------------------------------------- */

static CfxSocket *
open_page(Fixture *f, const char *path)
{
    const CfxHarnessReply *reply = ask_full(f, "GET", path, NULL, "cariflex.ui.1");

    g_test_message("%u %s", reply->status, reply->body);
    g_assert_cmpuint(reply->status, ==, 101);
    g_assert_cmpstr(reply->protocol, ==, "cariflex.ui.1");
    return reply->socket;
}

static JsonObject *
message_of(CfxSocket *socket)
{
    const char *text = cfx_harness_socket_sent(socket);

    if (text == NULL)
        return NULL;
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    g_assert_nonnull(root);
    return json_node_dup_object(root);
}

/* the item of a kind in a message, or NULL */
static JsonObject *
item_of(JsonObject *message, const char *kind)
{
    JsonArray *items = json_object_get_array_member(message, "items");

    for (guint i = 0; i < json_array_get_length(items); i++) {
        JsonObject *item = json_array_get_object_element(items, i);
        if (strcmp(json_object_get_string_member(item, "kind"), kind) == 0)
            return item;
    }
    return NULL;
}

static void
tick(Fixture *f)
{
    cfx_harness_advance_clock(f->harness, CFX_CLOCK_REAL, CFX_SECOND / 2);
}

/* what a device reports, as the harness lets only its own instance do */
static void
report(Fixture *f, double power_w)
{
    const CfxHost *host = cfx_harness_host(f->harness);
    CfxDevice device = { .struct_size = sizeof device,
                         .flags = CFX_DEVICE_CONNECTED | CFX_DEVICE_PLUGGED | CFX_DEVICE_CHARGING,
                         .asset = 111,
                         .power_w = power_w };
    const CfxDevice *const devices[] = { &device };

    host->devices->report(host, devices, 1);
    cfx_harness_run(f->harness);
}

static void
test_live(Fixture *f, gconstpointer data)
{
    f->cookie = "cariflex_8060=token-of-vera";
    CfxSocket *socket = open_page(f, "/ui/api/live?site=1");
    g_autoptr(JsonObject) snapshot = message_of(socket);
    JsonObject *device = item_of(snapshot, "device");

    g_assert_cmpstr(json_object_get_string_member(snapshot, "type"), ==, "snapshot");
    g_assert_cmpstr(json_object_get_string_member(device, "state"), ==, "unknown");
    g_assert_cmpstr(json_object_get_string_member(device, "station_name"), ==, "CP001");
    g_autofree char *at = g_strdup(json_object_get_string_member(snapshot, "at"));
    for (int i = 0; i < 20; i++) /* the first reads settle */
        tick(f);
    while (cfx_harness_socket_sent(socket) != NULL) {}

    report(f, 7360);
    cfx_harness_put_belief(f->harness, 84, 0, CFX_HARNESS_START_US, 215.5);
    tick(f);
    g_autoptr(JsonObject) delta = message_of(socket);
    g_assert_nonnull(delta);
    g_assert_cmpstr(json_object_get_string_member(delta, "type"), ==, "delta");
    g_assert_cmpfloat(
        json_object_get_double_member(item_of(delta, "device"), "power_kw"), ==, 7.36);
    g_assert_cmpstr(
        json_object_get_string_member(item_of(delta, "device"), "state"), ==, "charging");
    JsonArray *runs = json_object_get_array_member(item_of(delta, "series"), "runs");
    g_assert_cmpuint(json_array_get_length(runs), ==, 1);
    g_assert_cmpfloat(
        json_array_get_double_element(json_array_get_array_element(runs, 0), 2), ==, 215.5);

    /* a page that comes back is told what it missed, and another nothing of old */
    g_autofree char *path = g_strconcat("/ui/api/live?site=1&since=", at, NULL);
    g_autoptr(JsonObject) missed = message_of(open_page(f, path));
    g_assert_cmpstr(json_object_get_string_member(missed, "type"), ==, "delta");
    g_assert_nonnull(item_of(missed, "device"));
    g_assert_null(item_of(missed, "clock"));
    g_autoptr(JsonObject) other = message_of(open_page(f, "/ui/api/live?since=elsewhere.3"));
    g_assert_cmpstr(json_object_get_string_member(other, "type"), ==, "snapshot");
}

static void
test_quiet(Fixture *f, gconstpointer data)
{
    guint n = 0;

    f->cookie = "cariflex_8060=token-of-vera";
    CfxSocket *socket = open_page(f, "/ui/api/live");
    for (int i = 0; i < 20; i++)
        tick(f);
    while (cfx_harness_socket_sent(socket) != NULL) {}
    for (int i = 0; i < 120; i++) {
        tick(f);
        n += cfx_harness_socket_sent(socket) != NULL;
    }
    /* a minute: at least one in 5 s, at most two in a second */
    g_assert_cmpuint(n, >=, 11);
    g_assert_cmpuint(n, <=, 120);
    cfx_harness_socket_message(socket, "{\"type\":\"ping\",\"echo\":17}");
    g_assert_true(g_str_has_suffix(cfx_harness_socket_sent(socket), "\"echo\":17}"));
    cfx_harness_socket_message(socket, "{\"type\":\"site\",\"site\":1}");
    g_autoptr(JsonObject) again = message_of(socket);
    g_assert_cmpstr(json_object_get_string_member(again, "type"), ==, "snapshot");
    cfx_harness_socket_message(socket, "{\"type\":\"site\",\"site\":7}");
    g_assert_cmpuint(cfx_harness_socket_code(socket), ==, 4404);
}

static void
test_closed(Fixture *f, gconstpointer data)
{
    f->cookie = "cariflex_8060=token-of-vera";
    CfxSocket *senseless = open_page(f, "/ui/api/live");
    cfx_harness_socket_message(senseless, "{\"type\":\"shout\"}");
    g_assert_cmpuint(cfx_harness_socket_code(senseless), ==, 1008);
    CfxSocket *huge = open_page(f, "/ui/api/live");
    g_autofree char *text = g_strnfill(5000, ' ');
    cfx_harness_socket_message(huge, text);
    g_assert_cmpuint(cfx_harness_socket_code(huge), ==, 1009);

    CfxSocket *signed_out = open_page(f, "/ui/api/live");
    CfxSocket *goes = open_page(f, "/ui/api/live");
    cfx_harness_socket_gone(goes, 1006, "away");
    g_assert_cmpuint(ask(f, "DELETE", "/ui/api/session", NULL)->status, ==, 204);
    g_assert_cmpuint(cfx_harness_socket_code(signed_out), ==, 4401);

    /* a sign-in that ends elsewhere is noticed */
    f->cookie = "cariflex_8060=token-of-otto";
    CfxSocket *expires = open_page(f, "/ui/api/live");
    const CfxHost *host = cfx_harness_host(f->harness);
    host->web->logout(host, "token-of-otto");
    for (int i = 0; i < 62; i++)
        tick(f);
    g_assert_cmpuint(cfx_harness_socket_code(expires), ==, 4401);
    assert_error(ask_full(f, "GET", "/ui/api/live", NULL, "cariflex.ui.1"), 401, "signed-out");
}

static void
test_upgrade(Fixture *f, gconstpointer data)
{
    f->cookie = "cariflex_8060=token-of-vera";
    assert_error(ask(f, "GET", "/ui/api/live", NULL), 400, "syntax");
    assert_error(ask_full(f, "GET", "/ui/api/live", NULL, "chat"), 400, "syntax");
    assert_error(ask_full(f, "GET", "/ui/api/live?site=7", NULL, "cariflex.ui.1"), 404, "not-found");
    assert_error(ask_full(f, "GET", "/ui/api/live?site=110", NULL, "cariflex.ui.1"), 404, "not-found");
    f->origin = "http://evil.example";
    assert_error(ask_full(f, "GET", "/ui/api/live", NULL, "cariflex.ui.1"), 403, "origin");
}

static void
test_stop(Fixture *f, gconstpointer data)
{
    f->cookie = "cariflex_8060=token-of-vera";
    CfxSocket *socket = open_page(f, "/ui/api/live");

    ask(f, "GET", "/ui/api/sites/1/snapshot", NULL);
    cfx_harness_stop(f->harness);
    g_assert_cmpuint(cfx_harness_socket_code(socket), ==, 1001);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add("/ui/" name, Fixture, NULL, set_up, func, tear_down)
    ADD("sign-in", test_sign_in);
    ADD("refused", test_refused);
    ADD("rights", test_rights);
    ADD("need", test_need);
    ADD("knocks", test_knocks);
    ADD("live", test_live);
    ADD("quiet", test_quiet);
    ADD("closed", test_closed);
    ADD("upgrade", test_upgrade);
    ADD("stop", test_stop);
    return g_test_run();
}
