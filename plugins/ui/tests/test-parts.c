/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pure parts: headers, bodies, days, items, series. */
#include "ui-body.h"
#include "ui-day.h"
#include "ui-items.h"
#include "ui-origin.h"
#include "ui-series.h"

#include <math.h>
#include <string.h>

static void
test_cookie(void)
{
    static const struct {
        const char *host, *name;
    } names[] = {
        { "127.0.0.1:8060", "cariflex_8060" }, { "grid.example", "cariflex" },
        { "[::1]:8060", "cariflex_8060" },     { "[::1]", "cariflex" },
        { "host:", "cariflex" },               { "host:80;x", "cariflex" },
        { "host:999999", "cariflex" },         { NULL, "cariflex" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = ui_cookie_name(names[i].host);
        g_assert_cmpstr(name, ==, names[i].name);
    }
    g_autofree char *a = ui_cookie_find("x=1; cariflex=abc ; y=2", "cariflex");
    g_autofree char *b = ui_cookie_find("cariflex_8060=b;cariflex=a", "cariflex");
    g_assert_cmpstr(a, ==, "abc");
    g_assert_cmpstr(b, ==, "a");
    g_assert_null(ui_cookie_find("xcariflex=1; y", "cariflex"));
    g_assert_null(ui_cookie_find(NULL, "cariflex"));
}

static void
test_origin(void)
{
    static const char *const allowed[] = { "https://grid.example", NULL };

    g_assert_true(ui_origin_is_ours("http://127.0.0.1:8060", "127.0.0.1:8060", NULL));
    g_assert_true(ui_origin_is_ours("http://Site.Example", "site.example:80", NULL));
    g_assert_true(ui_origin_is_ours("https://site.example", "site.example", NULL));
    g_assert_true(ui_origin_is_ours("https://grid.example", "127.0.0.1:8060", allowed));
    g_assert_false(ui_origin_is_ours("https://evil.example", "127.0.0.1:8060", allowed));
    g_assert_false(ui_origin_is_ours("http://127.0.0.1:8061", "127.0.0.1:8060", NULL));
    g_assert_false(ui_origin_is_ours("https://grid.example.evil", "127.0.0.1:8060", allowed));
    g_assert_false(ui_origin_is_ours("null", "null", NULL));
    g_assert_false(ui_origin_is_ours("http://", "", NULL));
    g_assert_false(ui_origin_is_ours(NULL, "127.0.0.1:8060", NULL));
    g_assert_false(ui_origin_is_ours("http://a", NULL, NULL));
}

/* --- bodies ------------------------------------------------------------------------------------ */

static char *
sign_in_problem(const char *body)
{
    g_autofree char *text = g_strdup(body);
    g_auto(UiSignIn) sign_in = { 0 };
    g_autoptr(GError) error = NULL;

    return ui_sign_in_parse(text, strlen(text), &sign_in, &error) ? NULL : g_strdup(error->message);
}

static void
test_sign_in(void)
{
    static const struct {
        const char *body, *problem; /* how it begins; NULL: none */
    } bodies[] = {
        { "{\"user\":\"anne\",\"password\":\"x\"}", NULL },
        { "{\"token\":\"t\"}", NULL },
        { "{\"user\":\"anne\"}", "password: it is missing" },
        { "{\"password\":\"x\"}", "user: it is missing" },
        { "{}", "user: it is missing" },
        { "{\"token\":\"t\",\"user\":\"a\"}", "token: stands alone" },
        { "{\"user\":3,\"password\":\"x\"}", "user: " },
        { "{\"usr\":\"a\"}", "usr: " },
        { "[]", "" },
        { "{", "" },
        { "", "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *problem = sign_in_problem(bodies[i].body);
        g_test_message("%s: %s", bodies[i].body, problem != NULL ? problem : "fine");
        g_assert_true((problem == NULL) == (bodies[i].problem == NULL));
        if (problem != NULL)
            g_assert_true(g_str_has_prefix(problem, bodies[i].problem));
    }
}

static void
test_command(void)
{
    char text[] = "{\"command\":\"Reset\",\"arguments\":{\"type\":\"OnIdle\",\"a\":[1,{}]}}";
    char bare[] = "{\"command\":\"Reset\"}";
    char list[] = "{\"command\":\"Reset\",\"arguments\":[]}";
    g_auto(UiCommand) command = { 0 }, other = { 0 }, none = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_true(ui_command_parse(text, strlen(text), &command, NULL));
    g_assert_cmpstr(command.name, ==, "Reset");
    g_assert_cmpstr(command.arguments, ==, "{\"type\":\"OnIdle\",\"a\":[1,{}]}");
    g_assert_true(ui_command_parse(bare, strlen(bare), &other, NULL));
    g_assert_cmpstr(other.arguments, ==, "{}");
    g_assert_false(ui_command_parse(list, strlen(list), &none, &error));
    g_assert_true(g_str_has_prefix(error->message, "arguments: "));
}

static void
test_message(void)
{
    char ping[] = "{\"type\":\"ping\",\"echo\":17}", plain[] = "{\"type\":\"ping\",\"echo\":null}";
    char site[] = "{\"type\":\"site\",\"site\":2}", less[] = "{\"type\":\"site\"}";
    char other[] = "{\"type\":\"shout\"}";
    UiMessage message;

    g_assert_true(ui_message_parse(ping, strlen(ping), &message, NULL));
    g_assert_cmpint(message.echo, ==, 17);
    g_assert_true(ui_message_parse(plain, strlen(plain), &message, NULL));
    g_assert_cmpint(message.echo, ==, UI_NO_ECHO);
    g_assert_true(ui_message_parse(site, strlen(site), &message, NULL));
    g_assert_cmpint(message.type, ==, UI_MESSAGE_SITE);
    g_assert_cmpint(message.site, ==, 2);
    g_assert_false(ui_message_parse(less, strlen(less), &message, NULL));
    g_assert_false(ui_message_parse(other, strlen(other), &message, NULL));
    g_autofree char *since = ui_query_find("site=1&since=ab.17", "since");
    g_assert_cmpstr(since, ==, "ab.17");
    g_assert_null(ui_query_find("xsite=1&site", "site"));
}

/* --- days -------------------------------------------------------------------------------------- */

static gint64
hours_of(const char *zone, const char *text)
{
    GDate day;
    gint64 start_us, end_us;

    g_assert_true(ui_day_parse(text, &day));
    if (!ui_day_bounds(zone, &day, &start_us, &end_us))
        return 0;
    ui_day_of(zone, start_us, &day);
    g_autofree char *first = ui_day_text(&day);
    g_assert_cmpstr(first, ==, text);
    ui_day_of(zone, end_us - 1, &day);
    g_autofree char *last = ui_day_text(&day);
    g_assert_cmpstr(last, ==, text);
    return (end_us - start_us) / CFX_HOUR;
}

static void
test_day(void)
{
    GDate day;

    g_assert_cmpint(hours_of("America/Martinique", "2025-10-01"), ==, 24);
    g_assert_cmpint(hours_of("Europe/Paris", "2025-03-30"), ==, 23);
    g_assert_cmpint(hours_of("Europe/Paris", "2025-10-26"), ==, 25);
    g_assert_cmpint(hours_of("America/Santiago", "2025-09-07"), ==, 23); /* has no midnight */
    g_assert_cmpint(hours_of("Pacific/Apia", "2011-12-30"), ==, 0);      /* was left out */
    g_assert_cmpint(hours_of("No/Where", "2025-10-01"), ==, 24);
    g_assert_false(ui_day_parse("2025-02-30", &day));
    g_assert_false(ui_day_parse("2025-2-3", &day));
    g_assert_false(ui_day_parse("2025-10-01T", &day));
    g_assert_false(ui_day_parse("", &day));
    g_assert_false(ui_day_parse("-025-10-01", &day));
}

/* --- items ------------------------------------------------------------------------------------- */

static gboolean
put(UiItems *items, const char *id, int value)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    ui_item_begin_text(&json, "thing", id);
    cfx_json_member_int(&json, "value", value);
    cfx_json_end_object(&json);
    return ui_items_put(items, "thing", id, &json);
}

static void
assert_written(const UiItems *items, guint64 since, const char *expected)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_array(&json);
    ui_items_write(items, since, &json);
    cfx_json_end_array(&json);
    g_assert_cmpstr(cfx_json_writer_end(&json), ==, expected);
}

#define A(value) "{\"kind\":\"thing\",\"id\":\"a\",\"value\":" value "}"
#define B(value) "{\"kind\":\"thing\",\"id\":\"b\",\"value\":" value "}"
#define GONE "{\"kind\":\"thing\",\"id\":\"a\",\"gone\":true}"

static void
test_items(void)
{
    g_autoptr(UiItems) items = ui_items_new();

    g_assert_true(put(items, "a", 1));
    g_assert_true(put(items, "b", 1));
    guint64 seen = ui_items_last(items);
    g_assert_false(put(items, "a", 1)); /* nothing new */
    g_assert_cmpuint(ui_items_last(items), ==, seen);
    assert_written(items, seen, "[]");
    g_assert_true(put(items, "a", 2));
    g_assert_true(put(items, "a", 3)); /* a late reader only gets the newest */
    assert_written(items, seen, "[" A("3") "]");
    assert_written(items, 0, "[" B("1") "," A("3") "]");
    ui_items_drop(items, "thing", "a");
    assert_written(items, seen, "[" GONE "]");
    assert_written(items, 0, "[" B("1") "]"); /* whoever is new need not know */
    g_assert_true(put(items, "a", 3));
    assert_written(items, seen, "[" A("3") "]");
    ui_items_sweep_begin(items, "thing");
    put(items, "b", 1);
    ui_items_sweep_end(items, "thing");
    assert_written(items, seen, "[" GONE "]");
}

static void
test_gone(void)
{
    g_autoptr(UiItems) items = ui_items_new();

    put(items, "a", 1);
    guint64 seen = ui_items_last(items);
    for (int i = 0; i < 1000; i++) {
        g_autofree char *id = g_strdup_printf("x%d", i);
        put(items, id, 1);
        ui_items_drop(items, "thing", id);
    }
    /* too much is forgotten: that page needs a snapshot, a younger one does not */
    g_assert_false(ui_items_reaches(items, seen));
    g_assert_true(ui_items_reaches(items, ui_items_last(items) - 100));
    g_assert_false(ui_items_reaches(items, ui_items_last(items) + 1));
    assert_written(items, 0, "[" A("1") "]");
}

/* --- series ------------------------------------------------------------------------------------ */

#define STEP (15 * CFX_MINUTE)
#define START (G_GINT64_CONSTANT(1759320000) * CFX_SECOND)

static void
assert_runs(const UiSeries *series, guint64 since, const char *expected)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    ui_series_write(series, since, &json);
    const char *runs = strstr(cfx_json_writer_end(&json), "\"runs\":");
    g_assert_cmpstr(runs, ==, expected);
}

static void
test_series(void)
{
    UiSeries *series = ui_series_new("power/1", "kW", 61, 1, STEP);

    series->scale = 1e-3;
    ui_series_window(series, START, START + CFX_HOUR);
    g_assert_cmpuint(series->n, ==, 4);
    g_assert_true(ui_series_take(series, START, 10, 7000, 1));
    g_assert_true(ui_series_take(series, START + STEP, 10, 7000.2, 1));
    assert_runs(series, 0, "\"runs\":[[1759320000,2,7]]}");
    /* an older belief has nothing to say, the same value is no news, a newer one is */
    g_assert_false(ui_series_take(series, START, 9, 1, 2));
    g_assert_false(ui_series_take(series, START, 11, 7000, 2));
    g_assert_true(ui_series_take(series, START, 12, 3000, 2));
    assert_runs(series, 1, "\"runs\":[[1759320000,1,3]]}");
    assert_runs(series, 2, "\"runs\":[]}");
    /* "no value" withdraws */
    g_assert_true(ui_series_take(series, START + STEP, 12, NAN, 3));
    assert_runs(series, 2, "\"runs\":[[1759320900,1,null]]}");
    g_assert_false(ui_series_take(series, START - 1, 12, 1, 4));
    g_assert_false(ui_series_take(series, START + CFX_HOUR, 12, 1, 4));
    /* the window moves: what stays is kept */
    ui_series_window(series, START + STEP, START + CFX_HOUR + STEP);
    assert_runs(series, 0, "\"runs\":[[1759320900,1,null]]}");
    g_assert_true(ui_series_take(series, START + CFX_HOUR, 12, 1000, 4));
    assert_runs(series, 3, "\"runs\":[[1759323600,1,1]]}");
    g_assert_true(isnan(ui_series_energy(series)));
    ui_series_free(series);
}

static void
test_energy(void)
{
    UiSeries *series = ui_series_new("site-power", "kW", 101, 0, STEP);

    ui_series_window(series, START, START + CFX_HOUR);
    for (int i = 0; i < 4; i++)
        ui_series_take(series, START + i * STEP, 1, i, 1);
    g_assert_cmpfloat(ui_series_energy(series), ==, 1.5);
    g_assert_cmpfloat(ui_series_at(series, START + STEP + 1), ==, 1);
    g_assert_true(isnan(ui_series_at(series, START - 1)));
    ui_series_free(series);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ui/cookie", test_cookie);
    g_test_add_func("/ui/origin", test_origin);
    g_test_add_func("/ui/sign-in", test_sign_in);
    g_test_add_func("/ui/command", test_command);
    g_test_add_func("/ui/message", test_message);
    g_test_add_func("/ui/day", test_day);
    g_test_add_func("/ui/items", test_items);
    g_test_add_func("/ui/gone", test_gone);
    g_test_add_func("/ui/series", test_series);
    g_test_add_func("/ui/energy", test_energy);
    return g_test_run();
}
