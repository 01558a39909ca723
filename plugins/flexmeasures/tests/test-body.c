/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "flexmeasures-body.h"
#include "flexmeasures-knowledge.h"

#define MINUTE G_GINT64_CONSTANT(60000000)

static gboolean
parse(const char *json, FmBody *body, const char **field, char **message)
{
    g_autofree char *text = g_strdup(json);

    return fm_body_parse(text, strlen(text), body, field, message);
}

static void
test_good(void)
{
    g_auto(FmBody) body = { 0 };
    const char *field;
    g_autofree char *message = NULL;

    g_assert_true(parse("{\"start\":\"2025-10-01T14:00:00+02:00\",\"duration\":\"PT45M\","
                        "\"values\":[1.5,null,-2],\"unit\":\"kW\",\"horizon\":\"-PT10M\"}",
                        &body,
                        &field,
                        &message));
    g_assert_cmpint(body.start_us, ==, G_GINT64_CONSTANT(1759320000000000));
    g_assert_cmpint(body.duration_us, ==, 45 * MINUTE);
    g_assert_cmpuint(body.n_values, ==, 3);
    g_assert_cmpfloat(body.values[0], ==, 1.5);
    g_assert_true(isnan(body.values[1]));
    g_assert_cmpfloat(body.values[2], ==, -2);
    g_assert_cmpstr(body.unit, ==, "kW");
    g_assert_true(body.has_horizon);
    g_assert_cmpint(body.horizon_us, ==, -10 * MINUTE);
}

static void
test_single(void)
{
    g_auto(FmBody) body = { 0 };
    const char *field;
    g_autofree char *message = NULL;

    g_assert_true(parse("{\"start\":\"2025-10-01T14:00:00Z\",\"duration\":\"PT0M\","
                        "\"values\":7,\"unit\":\"\"}",
                        &body,
                        &field,
                        &message));
    g_assert_cmpuint(body.n_values, ==, 1);
    g_assert_false(body.is_list);
}

static const struct {
    const char *json, *field, *message;
} bad[] = {
    { "{\"duration\":\"PT1H\",\"values\":[1],\"unit\":\"kW\"}",
      "start",
      "Missing data for required field." },
    { "{\"start\":\"2025-10-01T14:00:00\",\"duration\":\"PT1H\",\"values\":[1],\"unit\":\"kW\"}",
      "start",
      "Not a valid aware datetime." },
    { "{\"start\":\"2025-10-01T14:00:00Z\",\"duration\":\"PT30S\",\"values\":[1],\"unit\":\"kW\"}",
      "duration",
      "FlexMeasures only support multiples of 1 minute." },
    { "{\"start\":\"2025-10-01T14:00:00Z\",\"duration\":\"1h\",\"values\":[1],\"unit\":\"kW\"}",
      "duration",
      "Not a valid duration." },
    { "{\"start\":\"2025-10-01T14:00:00Z\",\"duration\":\"PT1H\",\"values\":[],\"unit\":\"kW\"}",
      "values",
      "Shorter than minimum length 1." },
    { "{\"start\":\"2025-10-01T14:00:00Z\",\"duration\":\"PT1H\",\"values\":[\"x\"],\"unit\":"
      "\"kW\"}",
      "values",
      "Not a valid number." },
    { "{\"start\":\"2025-10-01T14:00:00Z\",\"duration\":\"PT1H\",\"values\":[1]}",
      "unit",
      "Missing data for required field." },
    { "{\"start\":\"2025-10-01T14:00:00Z\",\"duration\":\"PT1H\",\"values\":[1],\"unit\":\"kW\","
      "\"type\":\"Nonsense\"}",
      "type",
      "Must be a type of request to post sensor data." },
    { "{\"start\":\"2025-10-01T14:00:00Z\",\"colour\":3}", "_schema", "Unknown field." },
};

static void
test_bad(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(FmBody) body = { 0 };
        const char *field = NULL;
        g_autofree char *message = NULL;
        g_assert_false(parse(bad[i].json, &body, &field, &message));
        g_assert_cmpstr(field, ==, bad[i].field);
        g_assert_cmpstr(message, ==, bad[i].message);
    }
}

static void
test_no_json(void)
{
    static const char *const texts[] = {
        "", "[]", "{\"start\":", "null", "{\"values\":[[[[[[[[[["
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(FmBody) body = { 0 };
        const char *field = NULL;
        g_autofree char *message = NULL;
        g_assert_false(parse(texts[i], &body, &field, &message));
        g_assert_cmpuint(strlen(message), >, 0);
    }
}

static void
test_belief_time(void)
{
    const CfxSensor sensor = { .struct_size = sizeof sensor, .resolution_us = 15 * MINUTE };
    FmBody body = { 0 };

    g_assert_cmpint(fm_belief_time(&sensor, &body, 100 * MINUTE, 42), ==, 42);
    body.has_horizon = TRUE;
    body.horizon_us = 60 * MINUTE;
    g_assert_cmpint(fm_belief_time(&sensor, &body, 100 * MINUTE, 42), ==, 55 * MINUTE);
    body.has_prior = TRUE;
    body.prior_us = 50 * MINUTE;
    g_assert_cmpint(fm_belief_time(&sensor, &body, 100 * MINUTE, 42), ==, 50 * MINUTE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flexmeasures/body/good", test_good);
    g_test_add_func("/flexmeasures/body/single", test_single);
    g_test_add_func("/flexmeasures/body/bad", test_bad);
    g_test_add_func("/flexmeasures/body/no-json", test_no_json);
    g_test_add_func("/flexmeasures/body/belief-time", test_belief_time);
    return g_test_run();
}
