/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ven-json.h"
#include "ven-signals.h"

#include <math.h>
#include <string.h>

/* 2025-10-01T16:00:00Z, noon on Martinique */
#define NOON (G_GINT64_CONSTANT(1759334400) * CFX_SECOND)

static OadrKnown *
known_of(const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = oadr_json_parse(json, strlen(json), &error);
    OadrKnown *known = g_new0(OadrKnown, 1);

    g_assert_no_error(error);
    known->event = oadr_event_parse(json_node_get_object(node), &error);
    g_assert_no_error(error);
    known->known_us = NOON;
    return known;
}

static GPtrArray *
events_of(const char *first, const char *second)
{
    GPtrArray *known = g_ptr_array_new_with_free_func((GDestroyNotify)oadr_known_free);

    g_ptr_array_add(known, known_of(first));
    if (second != NULL)
        g_ptr_array_add(known, known_of(second));
    return known;
}

/* A grid of @n steps from noon on. */
static OadrGrid
grid_of(GPtrArray *known, OadrOutput output, gsize n, GPtrArray *problems)
{
    OadrRate rate = { "SEK", "EUR", 0.0905, NULL, NULL };
    g_autoptr(GArray) rates = g_array_new(FALSE, FALSE, sizeof(OadrRate));
    OadrRules rules = { "EUR", rates, 1, NULL };
    g_autoptr(GArray) segments = NULL;
    OadrGrid grid;

    g_array_append_val(rates, rate);
    oadr_grid_init(&grid, NOON, oadr_output_step(output), n);
    segments = oadr_segments(
        known, output, &rules, NOON, NOON + (gint64)n * oadr_output_step(output), problems);
    oadr_grid_fill(&grid, output, segments);
    return grid;
}

static void
assert_grid(GPtrArray *known, OadrOutput output, const double *expect, gsize n)
{
    OadrGrid grid = grid_of(known, output, n, NULL);

    for (gsize i = 0; i < n; i++) {
        if (isnan(expect[i])) {
            g_assert_cmpuint(grid.state[i], ==, OADR_NONE);
        } else {
            g_assert_cmpuint(grid.state[i], ==, OADR_VALUE);
            g_assert_cmpfloat_with_epsilon(grid.value[i], expect[i], 1e-9);
        }
    }
    oadr_grid_clear(&grid);
}

#define PAYLOAD(type, value) "\"payloads\":[{\"type\":\"" type "\",\"values\":[" value "]}]"
#define INTERVAL(id, payload) "{\"id\":" id "," payload "}"

static const char prices[] =
    "{\"id\":\"e1\",\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"2025-10-01T16:00:00Z\","
    "\"duration\":\"PT15M\"},\"payloadDescriptors\":[{\"payloadType\":\"PRICE\",\"units\":\"KWH\","
    "\"currency\":\"EUR\"}],\"intervals\":[" INTERVAL("0", PAYLOAD("PRICE", "0.1")) "," INTERVAL(
        "1", PAYLOAD("PRICE", "0.2")) "," INTERVAL("2", PAYLOAD("PRICE", "0.25")) "]}";

static void
test_price(void)
{
    g_autoptr(GPtrArray) known = events_of(prices, NULL);

    assert_grid(known, OADR_PRICE, (double[]){ 100, 200, 250, NAN }, 4);
    assert_grid(known, OADR_LOAD_CONTROL, (double[]){ NAN, NAN }, 2);
}

static void
test_price_mean(void)
{
    /* ten minutes and then five: 100 * 2/3 + 400 / 3 */
    g_autoptr(GPtrArray) known = events_of(
        "{\"programID\":\"p\",\"intervals\":[{\"id\":0,\"intervalPeriod\":{\"start\":"
        "\"2025-10-01T16:00:00Z\",\"duration\":\"PT10M\"}," PAYLOAD(
            "PRICE",
            "0.1") "},{\"id\":1,\"intervalPeriod\":{\"duration\":\"PT15M\"}," PAYLOAD("PRICE",
                                                                                      "0.4") "}]}",
        NULL);

    /* of a slot that is covered in part the part counts */
    assert_grid(known, OADR_PRICE, (double[]){ 200, 400, NAN }, 3);
}

static void
test_price_many(void)
{
    g_autoptr(GPtrArray) known = events_of(
        "{\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"2025-10-01T16:00:00Z\",\"duration\":"
        "\"PT1H\"},\"intervals\":[" INTERVAL("0", PAYLOAD("PRICE", "0.1,0.2,0.3,0.4")) "]}",
        NULL);

    assert_grid(known, OADR_PRICE, (double[]){ 100, 200, 300, 400, NAN }, 5);
}

#define HOUR_PRICE(id, extra, modified, value)                                                     \
    "{\"id\":\"" id "\",\"programID\":\"p\"," extra "\"modificationDateTime\":\"" modified         \
    "\",\"intervalPeriod\":{\"start\":\"2025-10-01T16:00:00Z\",\"duration\":\"PT30M\"},"           \
    "\"intervals\":[" INTERVAL("0", PAYLOAD("PRICE", value)) "]}"

static void
test_priority(void)
{
    /* the smaller number wins, whatever is newer */
    g_autoptr(GPtrArray) one =
        events_of(HOUR_PRICE("a", "\"priority\":1,", "2025-10-01T10:00:00Z", "0.1"),
                  HOUR_PRICE("b", "\"priority\":2,", "2025-10-01T11:00:00Z", "0.2"));
    /* none is the lowest */
    g_autoptr(GPtrArray) two =
        events_of(HOUR_PRICE("a", "", "2025-10-01T11:00:00Z", "0.1"),
                  HOUR_PRICE("b", "\"priority\":9,", "2025-10-01T10:00:00Z", "0.2"));
    /* the same: the newer */
    g_autoptr(GPtrArray) three =
        events_of(HOUR_PRICE("a", "\"priority\":1,", "2025-10-01T10:00:00Z", "0.1"),
                  HOUR_PRICE("b", "\"priority\":1,", "2025-10-01T11:00:00Z", "0.2"));

    assert_grid(one, OADR_PRICE, (double[]){ 100, 100, NAN }, 3);
    assert_grid(two, OADR_PRICE, (double[]){ 200, 200, NAN }, 3);
    assert_grid(three, OADR_PRICE, (double[]){ 200, 200, NAN }, 3);
}

static void
test_currency(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) sek = events_of(prices, NULL);
    g_autoptr(GPtrArray) usd = events_of(prices, NULL);
    OadrDescriptor *about;
    OadrGrid grid;

    about = &g_array_index(((OadrKnown *)sek->pdata[0])->event->descriptors, OadrDescriptor, 0);
    g_free(about->currency);
    about->currency = g_strdup("SEK");
    about = &g_array_index(((OadrKnown *)usd->pdata[0])->event->descriptors, OadrDescriptor, 0);
    g_free(about->currency);
    about->currency = g_strdup("USD");
    assert_grid(sek, OADR_PRICE, (double[]){ 9.05, 18.1, 22.625 }, 3);
    grid = grid_of(usd, OADR_PRICE, 3, problems);
    g_assert_cmpuint(grid.state[0], ==, OADR_NONE);
    g_assert_cmpuint(problems->len, ==, 1);
    g_assert_cmpstr(
        problems->pdata[0],
        ==,
        "event e1: its prices are in USD and there is no rate to EUR: they are refused");
    oadr_grid_clear(&grid);
    g_free(about->units);
    about->units = g_strdup("THERMS");
    g_ptr_array_set_size(problems, 0);
    grid = grid_of(usd, OADR_PRICE, 3, problems);
    g_assert_cmpuint(grid.state[0], ==, OADR_NONE);
    g_assert_cmpuint(problems->len, ==, 1);
    oadr_grid_clear(&grid);
}

#define LOAD(id, start, duration, type, value)                                                     \
    "{\"id\":\"" id "\",\"programID\":\"p\",\"priority\":5,\"intervalPeriod\":{\"start\":\"" start \
    "\",\"duration\":\"" duration "\"},\"intervals\":[" INTERVAL("0", PAYLOAD(type, value)) "]}"

static void
test_limits(void)
{
    /* the strictest counts, whatever its priority; a minute that is touched counts whole */
    g_autoptr(GPtrArray) known = events_of(
        LOAD("a", "2025-10-01T16:01:00Z", "PT3M", "x-loadControlCapacity", "0.5"),
        LOAD("b", "2025-10-01T16:02:30Z", "PT1M", "CONTROL_LEVEL_OFFSET_PERCENT", "-0.7"));
    g_autoptr(GPtrArray) levels =
        events_of(LOAD("a", "2025-10-01T16:01:00Z", "PT3M", "SIMPLE", "1"),
                  LOAD("b", "2025-10-01T16:02:00Z", "PT1M", "SIMPLE", "3"));
    g_autoptr(GPtrArray) limits =
        events_of(LOAD("a", "2025-10-01T16:01:00Z", "PT2M", "IMPORT_CAPACITY_LIMIT", "40"),
                  LOAD("b", "2025-10-01T16:02:00Z", "PT2M", "IMPORT_CAPACITY_LIMIT", "30.5"));

    assert_grid(known, OADR_LOAD_CONTROL, (double[]){ NAN, 50, 30, 30, 100, NAN }, 6);
    assert_grid(levels, OADR_RESPONSE, (double[]){ NAN, 1, 3, 1, 0, NAN }, 6);
    assert_grid(limits, OADR_IMPORT_LIMIT, (double[]){ NAN, 40e3, 30500, 30500, NAN }, 5);
}

static void
test_nonsense(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) clamped =
        events_of(LOAD("a", "2025-10-01T16:00:00Z", "PT1M", "x-loadControlCapacity", "1.7"),
                  LOAD("b", "2025-10-01T16:01:00Z", "PT1M", "x-loadControlCapacity", "-3"));
    g_autoptr(GPtrArray) level =
        events_of(LOAD("a", "2025-10-01T16:00:00Z", "PT1M", "SIMPLE", "7"),
                  LOAD("b", "2025-10-01T16:01:00Z", "PT1M", "SIMPLE", "\"high\""));
    g_autoptr(GPtrArray) limit =
        events_of(LOAD("a", "2025-10-01T16:00:00Z", "PT1M", "IMPORT_CAPACITY_LIMIT", "-1"), NULL);
    OadrGrid grid;

    assert_grid(clamped, OADR_LOAD_CONTROL, (double[]){ 100, 0, 100, NAN }, 4);
    grid = grid_of(level, OADR_RESPONSE, 3, problems);
    g_assert_cmpuint(grid.state[0], ==, OADR_NONE);
    g_assert_cmpuint(grid.state[1], ==, OADR_NONE);
    g_assert_cmpuint(problems->len, ==, 2);
    oadr_grid_clear(&grid);
    grid = grid_of(limit, OADR_IMPORT_LIMIT, 3, problems);
    g_assert_cmpuint(grid.state[0], ==, OADR_NONE);
    oadr_grid_clear(&grid);
}

static GArray *
spans_of(const char *json, gint64 from_us, gint64 until_us, const gint64 *offsets)
{
    OadrKnown *known = known_of(json);
    GArray *spans = oadr_event_spans(known->event, NOON, offsets, from_us, until_us);

    oadr_known_free(known);
    return spans;
}

/* minutes after noon */
static void
assert_span(GArray *spans, guint i, double start, double end, guint interval)
{
    const OadrSpan *span = &g_array_index(spans, OadrSpan, i);

    g_assert_cmpuint(i, <, spans->len);
    g_assert_cmpfloat((double)(span->start_us - NOON) / CFX_MINUTE, ==, start);
    if (isinf(end))
        g_assert_cmpint(span->end_us, ==, OADR_FOREVER);
    else
        g_assert_cmpfloat((double)(span->end_us - NOON) / CFX_MINUTE, ==, end);
    g_assert_cmpuint(span->interval, ==, interval);
}

#define THREE                                                                                      \
    INTERVAL("0", PAYLOAD("PRICE", "1"))                                                           \
    "," INTERVAL("1", PAYLOAD("PRICE", "2")) "," INTERVAL("2", PAYLOAD("PRICE", "3"))

static void
test_spans(void)
{
    gint64 day = NOON + CFX_DAY;
    /* own starts and durations beside those of the event */
    g_autoptr(GArray) own = spans_of(
        "{\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"2025-10-01T16:00:"
        "00Z\",\"duration\":"
        "\"PT10M\"},\"intervals\":[{\"id\":0," PAYLOAD(
            "PRICE", "1") "},{\"id\":7,\"intervalPeriod\":{\"duration\":\"PT5M\"}"
                          "," PAYLOAD("PRICE", "1") "},{\"id\":-3,\"intervalPeriod\":{"
                                                    "\"start\":\"2025-10-01T17:00:00+00:00\"}"
                                                    "," PAYLOAD("PRICE",
                                                                "1") "},{\"id\":9,"
                                                                     "\"intervalPeriod\":{"
                                                                     "\"start\":\"0001-01-"
                                                                     "01T00:00:00Z\","
                                                                     "\"duration\":\"PT0S\"}"
                                                                     "," PAYLOAD("PRICE",
                                                                                 "1") "}]}",
        NOON,
        day,
        NULL);
    /* endless, from now on */
    g_autoptr(GArray) endless = spans_of(
        "{\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"0001-01-01\",\"duration\":\"P9999Y\"}"
        ",\"intervals\":[" INTERVAL("0", PAYLOAD("SIMPLE", "1")) "]}",
        NOON,
        day,
        NULL);
    /* "now" is when it was changed, at every VEN and after every restart */
    g_autoptr(GArray) now = spans_of(
        "{\"programID\":\"p\",\"modificationDateTime\":\"2025-10-01T15:50:00Z\",\"intervalPeriod\":"
        "{\"start\":\"0000-00-00\",\"duration\":\"PT15M\"},\"intervals\":[" THREE "]}",
        NOON,
        day,
        NULL);
    g_autoptr(GArray) cancelled = spans_of(
        "{\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"0001-01-01T00:00:00Z\",\"duration\":"
        "\"PT0S\"},\"intervals\":[{\"id\":0,\"intervalPeriod\":{\"duration\":\"PT1H\"}," PAYLOAD(
            "SIMPLE", "1") "}]}",
        NOON,
        day,
        NULL);
    g_autoptr(GArray) nothing =
        spans_of("{\"programID\":\"p\",\"intervals\":[" THREE "]}", NOON, day, NULL);

    g_assert_cmpuint(own->len, ==, 4);
    assert_span(own, 0, 0, 10, 0);
    assert_span(own, 1, 10, 15, 1);
    assert_span(own, 2, 60, 70, 2);
    assert_span(own, 3, 70, 80, 3); /* right after the one before, for the event's duration */
    g_assert_cmpuint(endless->len, ==, 1);
    assert_span(endless, 0, 0, INFINITY, 0);
    g_assert_cmpuint(now->len, ==, 3);
    assert_span(now, 0, -10, 5, 0);
    g_assert_cmpuint(cancelled->len, ==, 0);
    g_assert_cmpuint(nothing->len, ==, 0);
}

static void
test_overlap(void)
{
    g_autoptr(GArray) spans =
        spans_of("{\"programID\":\"p\",\"intervals\":[{\"id\":0,\"intervalPeriod\":{\"start\":"
                 "\"2025-10-01T16:00:00Z\",\"duration\":\"PT1H\"}," PAYLOAD(
                     "PRICE", "1") "},{\"id\":1,\"intervalPeriod\":{\"start\":\"2025-10-01T16:30:"
                                   "00Z\",\"duration\":\"PT1H\"}," PAYLOAD("PRICE", "1") "}]}",
                 NOON,
                 NOON + CFX_DAY,
                 NULL);

    g_assert_cmpuint(spans->len, ==, 2);
    assert_span(spans, 0, 0, 30, 0);
    assert_span(spans, 1, 30, 90, 1);
}

static void
test_repeated(void)
{
    static const char loop[] =
        "{\"programID\":\"p\",\"duration\":\"PT70M\",\"intervalPeriod\":{\"start\":"
        "\"2025-10-01T16:00:00Z\",\"duration\":\"PT10M\"},\"intervals\":[" THREE "]}";
    static const char forever[] =
        "{\"programID\":\"p\",\"duration\":\"P9999Y\",\"intervalPeriod\":{\"start\":"
        "\"2020-01-01T00:00:00Z\",\"duration\":\"PT8H\"},\"intervals\":[" THREE "]}";
    static const char cut[] =
        "{\"programID\":\"p\",\"duration\":\"PT15M\",\"intervalPeriod\":{\"start\":"
        "\"2025-10-01T16:00:00Z\",\"duration\":\"PT10M\"},\"intervals\":[" THREE "]}";
    g_autoptr(GArray) looped = spans_of(loop, NOON, NOON + CFX_DAY, NULL);
    g_autoptr(GArray) endless = spans_of(forever, NOON, NOON + CFX_DAY, NULL);
    g_autoptr(GArray) short_one = spans_of(cut, NOON, NOON + CFX_DAY, NULL);

    g_assert_cmpuint(looped->len, ==, 7);
    assert_span(looped, 3, 30, 40, 0);
    assert_span(looped, 6, 60, 70, 0);
    g_assert_cmpuint(endless->len, ==, 3);
    assert_span(endless, 0, 0, 480, 2);
    assert_span(endless, 1, 480, 960, 0);
    g_assert_cmpuint(short_one->len, ==, 2);
    assert_span(short_one, 1, 10, 15, 1);
}

static void
test_random(void)
{
    static const char random[] =
        "{\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"2025-10-01T16:00:00Z\",\"duration\":"
        "\"PT10M\",\"randomizeStart\":\"PT5M\"},\"intervals\":[" INTERVAL(
            "0", PAYLOAD("PRICE", "1")) ",{\"id\":1,\"intervalPeriod\":{\"randomizeStart\":"
                                        "\"PT1M\"}," PAYLOAD("PRICE", "1") "}]}";
    OadrKnown *known = known_of(random);
    gint64 offsets[] = { 3 * CFX_MINUTE, -CFX_MINUTE };
    g_autoptr(GArray) spans =
        oadr_event_spans(known->event, NOON, offsets, NOON - CFX_DAY, NOON + CFX_DAY);

    g_assert_cmpuint(oadr_event_n_random(known->event), ==, 2);
    g_assert_cmpint(oadr_event_random_bound(known->event, 0), ==, 5 * CFX_MINUTE);
    g_assert_cmpint(oadr_event_random_bound(known->event, 1), ==, CFX_MINUTE);
    g_assert_cmpuint(spans->len, ==, 2);
    assert_span(spans, 0, 3, 9, 0); /* the second begins a minute early, and wins */
    assert_span(spans, 1, 9, 19, 1);
    oadr_known_free(known);
}

static void
assert_change(GArray *changes, guint i, gint64 start_us, double value)
{
    const OadrChange *change = &g_array_index(changes, OadrChange, i);

    g_assert_cmpuint(i, <, changes->len);
    g_assert_cmpint(change->start_us, ==, start_us);
    if (isnan(value))
        g_assert_true(isnan(change->value));
    else
        g_assert_cmpfloat(change->value, ==, value);
}

static void
test_changes(void)
{
    OadrGrid wanted, written;
    g_autoptr(GArray) price = NULL;
    g_autoptr(GArray) load = NULL;

    /* price: 0 past and written, 1 past and missing, 2 present and other, 3 gone, 4 same, 5 new */
    oadr_grid_init(&wanted, NOON, 15 * CFX_MINUTE, 6);
    oadr_grid_init(&written, NOON, 15 * CFX_MINUTE, 6);
    for (int i = 0; i < 6; i++)
        if (i != 3)
            oadr_grid_set(&wanted, NOON + i * 15 * CFX_MINUTE, 100 + i);
    oadr_grid_set(&written, NOON, 7);
    oadr_grid_set(&written, NOON + 30 * CFX_MINUTE, 7);
    oadr_grid_set(&written, NOON + 45 * CFX_MINUTE, 7);
    oadr_grid_set(&written, NOON + 60 * CFX_MINUTE, 104);
    price = oadr_changes(OADR_PRICE, &wanted, &written, NOON + 35 * CFX_MINUTE);
    g_assert_cmpuint(price->len, ==, 4);
    assert_change(price, 0, NOON + 15 * CFX_MINUTE, 101);
    assert_change(price, 1, NOON + 30 * CFX_MINUTE, 102);
    assert_change(price, 2, NOON + 45 * CFX_MINUTE, NAN); /* withdrawn */
    assert_change(price, 3, NOON + 75 * CFX_MINUTE, 105);
    oadr_grid_clear(&wanted);
    oadr_grid_clear(&written);

    /* a cancelled event: neutral from this minute on; the past stays */
    oadr_grid_init(&wanted, NOON, CFX_MINUTE, 5);
    oadr_grid_init(&written, NOON, CFX_MINUTE, 5);
    for (int i = 0; i < 4; i++)
        oadr_grid_set(&written, NOON + i * CFX_MINUTE, 50);
    oadr_grid_set(&written, NOON + 4 * CFX_MINUTE, 100);
    load = oadr_changes(OADR_LOAD_CONTROL, &wanted, &written, NOON + 2 * CFX_MINUTE + 1);
    g_assert_cmpuint(load->len, ==, 2);
    assert_change(load, 0, NOON + 2 * CFX_MINUTE, 100);
    assert_change(load, 1, NOON + 3 * CFX_MINUTE, 100);
    oadr_grid_clear(&wanted);
    oadr_grid_clear(&written);
}

static void
test_move(void)
{
    OadrGrid grid;

    oadr_grid_init(&grid, NOON, CFX_MINUTE, 4);
    for (int i = 0; i < 4; i++)
        oadr_grid_set(&grid, NOON + i * CFX_MINUTE, i);
    oadr_grid_set(&grid, NOON - 1, 99);
    oadr_grid_set(&grid, NOON + 4 * CFX_MINUTE, 99);
    oadr_grid_move(&grid, NOON + 3 * CFX_MINUTE);
    g_assert_cmpuint(grid.state[0], ==, OADR_VALUE);
    g_assert_cmpfloat(grid.value[0], ==, 3);
    g_assert_cmpuint(grid.state[1], ==, OADR_NONE);
    oadr_grid_move(&grid, NOON + CFX_DAY);
    g_assert_cmpuint(grid.state[0], ==, OADR_NONE);
    oadr_grid_clear(&grid);
}

static void
assert_refused(const char *json, const char *expect)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = oadr_json_parse(json, strlen(json), NULL);

    g_assert_null(oadr_event_parse(json_node_get_object(node), &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
    g_assert_cmpstr(error->message, ==, expect);
}

static void
test_refused(void)
{
    assert_refused("{}", "programID: it is required");
    assert_refused("{\"programID\":1}", "programID: it is no string");
    assert_refused("{\"programID\":\"p\",\"priority\":-1}", "priority: it is an integer from 0 on");
    assert_refused("{\"programID\":\"p\",\"duration\":\"15 min\"}",
                   "duration: \"15 min\" is no duration");
    assert_refused("{\"programID\":\"p\",\"intervals\":[{\"id\":0}]}",
                   "intervals.0: payloads are required");
    assert_refused("{\"programID\":\"p\",\"intervals\":[{\"payloads\":[]}]}",
                   "intervals.0: id is required, an integer of 32 bits");
    assert_refused(
        "{\"programID\":\"p\",\"intervals\":[{\"id\":0,\"payloads\":[{\"type\":\"X\"}]}]}",
        "intervals.0.payloads.0: values are required");
    assert_refused("{\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"noon\"}}",
                   "intervalPeriod: start \"noon\" is no time");
    /* unset members as null are no members */
    oadr_known_free(known_of("{\"programID\":\"p\",\"priority\":null,\"intervals\":null,"
                             "\"intervalPeriod\":null,\"payloadDescriptors\":null}"));
}

static void
test_rates(void)
{
    g_autoptr(GError) error = NULL;
    OadrRate rate;

    g_assert_true(oadr_rate_parse("SEK:EUR:0.0905:2025-10-01:bank: daily", &rate, &error));
    g_assert_cmpstr(rate.from, ==, "SEK");
    g_assert_cmpfloat(rate.rate, ==, 0.0905);
    g_assert_cmpstr(rate.source, ==, "bank: daily");
    oadr_rate_clear(&rate);
    g_assert_false(oadr_rate_parse("SEK:EUR:0:2025-10-01:bank", &rate, NULL));
    g_assert_false(oadr_rate_parse("SEK:EUR:0.09", &rate, NULL));
    g_assert_false(oadr_rate_parse("SEK:EUR:x:2025-10-01:bank", &rate, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFIG);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openadr/ven/price", test_price);
    g_test_add_func("/openadr/ven/price-mean", test_price_mean);
    g_test_add_func("/openadr/ven/price-many", test_price_many);
    g_test_add_func("/openadr/ven/priority", test_priority);
    g_test_add_func("/openadr/ven/currency", test_currency);
    g_test_add_func("/openadr/ven/limits", test_limits);
    g_test_add_func("/openadr/ven/nonsense", test_nonsense);
    g_test_add_func("/openadr/ven/spans", test_spans);
    g_test_add_func("/openadr/ven/overlap", test_overlap);
    g_test_add_func("/openadr/ven/repeated", test_repeated);
    g_test_add_func("/openadr/ven/random", test_random);
    g_test_add_func("/openadr/ven/changes", test_changes);
    g_test_add_func("/openadr/ven/move", test_move);
    g_test_add_func("/openadr/ven/refused", test_refused);
    g_test_add_func("/openadr/ven/rates", test_rates);
    return g_test_run();
}
