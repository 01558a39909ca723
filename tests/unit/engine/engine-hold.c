/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds of operators: who may draw what under them, how long, and what is left of them. */
#include "engine-fixture.h"

#include "hold/cfx-hold.h"
#include "plan/cfx-limits.h"
#include "session/cfx-session.h"

#include <json-glib/json-glib.h>

#define F_W 4140.0

/* a site where the next hour is always the cheapest: who is plugged in charges now */
static Fixture *
fixture(guint stations, gboolean twins)
{
    const CfxSchedulerOps *ops = fixture_real_scheduler();
    FixtureSetup setup = {
        .fail_safe_w = F_W, .stations = stations, .twins = twins, .scheduler = ops
    };

    if (ops == NULL) {
        g_test_skip("no scheduler module");
        return NULL;
    }
    Fixture *f = fixture_new(&setup);
    for (gint m = 0; m < 2880; m += 15)
        fixture_believe(f, SOURCE_SIGNAL, SENSOR_PRICE, f->site_us + m * CFX_MINUTE, 0, 1, 100 + m);
    fixture_start(f);
    return f;
}

static void
plug(Fixture *f, guint i, double need_wh, gint64 hours)
{
    static const char *const names[] = { "a", "b", "c", "d" };

    fixture_plug(f, i, names[i], need_wh, f->site_us + hours * CFX_HOUR);
    fixture_run(f);
}

static gboolean
member(const char *json, const char *name, double *ret)
{
    g_autoptr(JsonNode) node = json_from_string(json, NULL);
    JsonObject *object = json_node_get_object(node);

    if (!json_object_has_member(object, name) || json_object_get_null_member(object, name))
        return FALSE;
    *ret = json_node_get_value_type(json_object_get_member(object, name)) == G_TYPE_BOOLEAN
               ? json_object_get_boolean_member(object, name)
               : json_object_get_double_member(object, name);
    return TRUE;
}

static char *
set(Fixture *f, const char *where, const char *max, const char *length, const char *until)
{
    CfxHoldAsk ask = {
        .where = where, .max = max, .length = length, .until = until, .by = "ann", .reason = "test"
    };
    g_autoptr(GError) error = NULL;
    char *json = cfx_engine_hold_set(f->engine, &ask, &error);

    g_assert_no_error(error);
    fixture_run(f);
    return json;
}

static void
noted(gpointer data, const GError *error)
{
    g_assert_no_error(error);
    *(gboolean *)data = TRUE;
}

/* it draws less at once, by the fail-safe power too, and rises again when the hold is over */
static void
test_evse(void)
{
    Fixture *f = fixture(3, FALSE);
    if (f == NULL)
        return;
    gboolean is_stored = FALSE;

    plug(f, 0, 40000, 10);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 20000);
    g_autofree char *json = set(f, "CP001", "7 kW", "2h", NULL);
    cfx_engine_when_stored(f->engine, noted, &is_stored);
    g_assert_false(is_stored);
    fixture_run(f);
    g_assert_true(is_stored);
    for (gint m = 0; m < 120; m += 5) {
        gint64 us = f->site_us + m * CFX_MINUTE;
        g_assert_cmpfloat(fixture_allowed_w(f, 0, us), <=, 7000);
        g_assert_cmpfloat(fixture_allowed_w(f, 0, us), >=, F_W);
    }
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us + 130 * CFX_MINUTE), >, 20000);
    g_assert_nonnull(fixture_record(f, CFX_HOLD_COLLECTION, "000000000001"));
    g_assert_nonnull(strstr(fixture_record(f, CFX_HOLD_COLLECTION, "000000000001"), "\"ann\""));
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.hold "), ==, 1);

    fixture_advance(f, 125 * CFX_MINUTE);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 20000);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.hold-over "), ==, 1);
    g_autofree char *status = cfx_engine_status_json(f->engine);
    g_assert_nonnull(strstr(status, "\"holds\":[]"));
    fixture_free(f);
}

/* what an idle place may draw by itself is held, too, and so is what a car falls back to */
static void
test_idle(void)
{
    Fixture *f = fixture(2, FALSE);
    if (f == NULL)
        return;
    g_free(set(f, "CP002", "0 W", "30min", NULL));
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), ==, 0);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), ==, F_W);
    plug(f, 1, 10000, 10);
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), ==, 0);
    g_assert_cmpfloat(cfx_curve_at(&f->stations[1].fail_safe, f->site_us), ==, 0);
    fixture_advance(f, 31 * CFX_MINUTE);
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), >, F_W);
    g_free(set(f, "CP002", "0 W", "30min", NULL));
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), ==, 0);
    g_assert_cmpfloat(cfx_curve_at(&f->stations[1].fail_safe, f->site_us), ==, 0);
    fixture_free(f);
}

/* of a whole site it is a limit as others are: plans, cuts and the published limit keep to it */
static void
test_site(void)
{
    Fixture *f = fixture(4, FALSE);
    if (f == NULL)
        return;
    plug(f, 0, 40000, 10);
    plug(f, 1, 40000, 10);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us), >, 40000);
    g_free(set(f, "Martinique", "36 kW", NULL, "14:00"));
    for (gint m = 0; m < 120; m++)
        g_assert_cmpfloat(fixture_sum_w(f, f->site_us + m * CFX_MINUTE) + 16000, <=, 36001);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us), >, 15000);
    CfxLimitSignals signals = cfx_limits_signals(fixture_site(f));
    g_assert_cmpfloat(cfx_limits_effective_w(&signals, f->site_us), ==, 36000);
    /* 14:00 on Martinique is two hours away */
    g_assert_cmpfloat(cfx_limits_effective_w(&signals, f->site_us + 2 * CFX_HOUR), ==, 70000);
    /* it is no word of the grid */
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.limit"), ==, 0);
    fixture_crash(f);
    fixture_start(f);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 36000);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us) + 16000, <=, 36001);
    fixture_advance(f, 121 * CFX_MINUTE);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us), >, 40000);
    fixture_free(f);
}

/* it ends to the second, inside what limits are known for and beyond */
static void
test_edges(void)
{
    static const char *const lengths[] = { "2h", "72h" };
    static const gint64 hours[] = { 2, 72 };
    Fixture *f = fixture(2, FALSE);
    if (f == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_free(set(f, "Martinique", "36 kW", lengths[i], NULL));
        const CfxCurve *limit = &fixture_site(f)->limit;
        gint64 end_us = f->site_us + hours[i] * CFX_HOUR;
        for (gint64 us = f->site_us; us < end_us; us += CFX_HOUR)
            g_assert_cmpfloat(cfx_curve_at(limit, us), ==, 36000);
        g_assert_cmpfloat(cfx_curve_at(limit, end_us - 1), ==, 36000);
        g_assert_cmpfloat(cfx_curve_at(limit, end_us), ==, 70000);
        g_assert_cmpfloat(cfx_curve_at(limit, end_us + CFX_DAY), ==, 70000);
        g_assert_true(cfx_engine_hold_end(f->engine, (gint64)i + 1, 0, "bob", NULL));
        fixture_run(f);
    }
    /* a stricter one ends before: what the other holds is left */
    g_free(set(f, "Martinique", "36 kW", "72h", NULL));
    g_free(set(f, "Martinique", "30 kW", "60h", NULL));
    const CfxCurve *limit = &fixture_site(f)->limit;
    g_assert_cmpfloat(cfx_curve_at(limit, f->site_us + 60 * CFX_HOUR - 1), ==, 30000);
    g_assert_cmpfloat(cfx_curve_at(limit, f->site_us + 60 * CFX_HOUR), ==, 36000);
    g_assert_cmpfloat(cfx_curve_at(limit, f->site_us + 72 * CFX_HOUR), ==, 70000);
    fixture_free(f);
}

/* what it took is given back when it ends, not when the next slot begins */
static void
test_end_inside_a_slot(void)
{
    Fixture *f = fixture(2, FALSE);
    if (f == NULL)
        return;
    plug(f, 0, 40000, 10);
    g_free(set(f, "CP001", "7 kW", "20min", NULL));
    fixture_advance(f, 19 * CFX_MINUTE);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), <=, 7000);
    fixture_advance(f, 2 * CFX_MINUTE);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 20000);
    fixture_free(f);
}

/* while no plan comes, the guard alone keeps to it: cars, and what they fall back to */
static void
test_without_planner(void)
{
    Fixture *f = fixture(3, TRUE);
    if (f == NULL)
        return;
    plug(f, 0, 40000, 10);
    plug(f, 1, 40000, 10);
    plug(f, 2, 40000, 10);
    f->hangs = TRUE;
    g_free(set(f, "Martinique", "24 kW", "30min", NULL));
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + 16000, <=, 24005);
    g_free(set(f, "CP003", "0 W", "30min", NULL));
    g_assert_cmpfloat(fixture_allowed_w(f, 2, f->site_us), ==, 0);
    g_assert_cmpfloat(cfx_curve_at(&f->stations[2].fail_safe, f->site_us), ==, 0);
    f->hangs = FALSE;
    fixture_free(f);
}

/* the neighbour is away and keeps its default: what the hold leaves beside it is less by that */
static void
test_neighbour(void)
{
    Fixture *f = fixture(3, TRUE);
    if (f == NULL)
        return;
    plug(f, 0, 40000, 10);
    f->stations[1].online = FALSE;
    fixture_report(f, 1);
    fixture_run(f);
    f->hangs = TRUE;
    g_free(set(f, "TWIN", "11 kW", "30min", NULL));
    double sum_w = fixture_allowed_w(f, 0, f->site_us) + fixture_allowed_w(f, 1, f->site_us);
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), >, 4000);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, F_W);
    g_assert_cmpfloat(sum_w, <=, 11001);
    f->hangs = FALSE;
    fixture_free(f);
}

/* the EVSEs of a station share what it is held to, whoever is plugged in */
static void
test_station(void)
{
    Fixture *f = fixture(3, TRUE);
    if (f == NULL)
        return;
    plug(f, 0, 40000, 10);
    g_free(set(f, "TWIN", "11 kW", "5h", NULL));
    g_assert_cmpfloat(
        fixture_allowed_w(f, 0, f->site_us) + fixture_allowed_w(f, 1, f->site_us), <=, 11001);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 6000);
    /* the first one hears slowly: the second waits for it */
    f->stations[0].answers = FALSE;
    plug(f, 1, 40000, 10);
    g_assert_cmpfloat(
        fixture_allowed_w(f, 0, f->site_us) + fixture_allowed_w(f, 1, f->site_us), <=, 11001);
    f->stations[0].answers = TRUE;
    fixture_answer(f, 0);
    g_assert_cmpfloat(
        fixture_allowed_w(f, 0, f->site_us) + fixture_allowed_w(f, 1, f->site_us), <=, 11001);
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), >, 5000);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 5000);
    /* 5 kW are enough for one car only, and one there is */
    g_free(set(f, "TWIN", "5 kW", "5h", NULL));
    double sum_w = fixture_allowed_w(f, 0, f->site_us) + fixture_allowed_w(f, 1, f->site_us);
    g_assert_cmpfloat(sum_w, <=, 5001);
    g_assert_cmpfloat(sum_w, >=, F_W);
    fixture_free(f);
}

static void
test_never_raises(void)
{
    static const struct {
        const char *where, *max;
        gboolean effective;
    } cases[] = {
        { "Martinique", "500 kW", FALSE },
        { "Martinique", "70 kW", FALSE },
        { "1", "69 kW", TRUE },
        { "CP001", "22 kW", FALSE },
        { "CP001", "21 kW", TRUE },
        { "CP001/1", "21.5 kW", FALSE },
    };
    Fixture *f = fixture(2, FALSE);
    if (f == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        double effective = NAN;
        g_autofree char *json = set(f, cases[i].where, cases[i].max, "1h", NULL);
        g_test_message("%s %s: %s", cases[i].where, cases[i].max, json);
        g_assert_true(member(json, "effective", &effective));
        g_assert_cmpint(effective > 0, ==, cases[i].effective);
    }
    CfxLimitSignals signals = cfx_limits_signals(fixture_site(f));
    g_assert_cmpfloat(cfx_limits_effective_w(&signals, f->site_us), ==, 69000);
    fixture_free(f);
}

/* it outlives the process, ends by the site's clock even while nobody is there, and its number is
 * not given again */
static void
test_crash(void)
{
    Fixture *f = fixture(2, FALSE);
    if (f == NULL)
        return;
    double id = 0;

    plug(f, 0, 40000, 10);
    g_free(set(f, "CP001", "7 kW", "2h", NULL));
    g_free(set(f, "Martinique", "30 kW", "10min", NULL));
    g_free(set(f, "Martinique", "60 kW", "1h", NULL));
    fixture_crash(f);
    f->site_us += 30 * CFX_MINUTE;
    fixture_start(f);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), <=, 7000);
    CfxLimitSignals signals = cfx_limits_signals(fixture_site(f));
    g_assert_cmpfloat(cfx_limits_effective_w(&signals, f->site_us), ==, 60000);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 60000);
    g_assert_nonnull(
        strstr(fixture_record(f, CFX_HOLD_COLLECTION, "000000000002"), "\"ended_us\":1"));
    fixture_advance(f, 91 * CFX_MINUTE);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 20000);

    fixture_crash(f);
    f->site_us += 5 * CFX_DAY;
    fixture_start(f);
    g_autofree char *json = set(f, "CP001", "7 kW", "2h", NULL);
    g_assert_true(member(json, "hold", &id));
    g_assert_cmpfloat(id, ==, 4);
    fixture_free(f);
}

static void
test_end(void)
{
    Fixture *f = fixture(2, FALSE);
    if (f == NULL)
        return;
    g_autoptr(GError) error = NULL;

    plug(f, 0, 40000, 10);
    g_free(set(f, "CP001", "7 kW", "8h", NULL));
    g_assert_false(cfx_engine_hold_end(f->engine, 2, 0, "bob", &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_true(cfx_engine_hold_end(f->engine, 1, 0, "bob", &error));
    g_assert_no_error(error);
    fixture_run(f);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 20000);
    g_assert_false(cfx_engine_hold_end(f->engine, 1, 0, "bob", NULL));
    g_autofree char *list = cfx_engine_holds_json(f->engine);
    g_assert_nonnull(strstr(list, "\"ended_by\":\"bob\""));
    fixture_crash(f);
    fixture_start(f);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 20000);
    fixture_free(f);
}

/* what it takes from a car is said to be the hold's doing, and only that */
static void
test_cause(void)
{
    Fixture *f = fixture(2, FALSE);
    if (f == NULL)
        return;

    plug(f, 0, 40000, 3);
    g_assert_cmpfloat(fixture_session(f, 0)->promised_wh, ==, 40000);
    plug(f, 1, 20000, 8);
    g_free(set(f, "CP001", "7 kW", "2h", NULL));
    g_assert_cmpfloat(fixture_session(f, 0)->promised_wh, <, 39000);
    g_assert_cmpstr(fixture_session(f, 0)->cause, ==, "hold");
    g_assert_cmpfloat(fixture_session(f, 1)->promised_wh, ==, 20000);
    g_assert_null(fixture_session(f, 1)->cause);
    fixture_free(f);
}

static void
test_wrong(void)
{
    static const CfxHoldAsk wrong[] = {
        { .where = "CP009", .max = "5 kW", .length = "1h" },
        { .where = "", .max = "5 kW", .length = "1h" },
        { .where = "CP001", .max = "5", .length = "1h" },
        { .where = "CP001", .max = "-1 kW", .length = "1h" },
        { .where = "CP001", .max = "nan kW", .length = "1h" },
        { .where = "CP001", .max = "5 kWh", .length = "1h" },
        { .where = "CP001", .max = "5 kW" },
        { .where = "CP001", .max = "5 kW", .length = "1h", .until = "18:00" },
        { .where = "CP001", .max = "5 kW", .length = "0min" },
        { .where = "CP001", .max = "5 kW", .length = "-1h" },
        { .where = "CP001", .max = "5 kW", .length = "400d" },
        { .where = "CP001", .max = "5 kW", .length = "soon" },
        { .where = "CP001", .max = "5 kW", .until = "25:00" },
        { .where = "CP001", .max = "5 kW", .until = "2020-01-01T00:00:00Z" },
        { .where = "CP001", .max = "5 kW", .until = "2099-01-01T00:00:00Z" },
        { .where = "CP001", .max = "5 kW", .length = "1h", .reason = "\xff" },
    };
    Fixture *f = fixture(2, FALSE);
    if (f == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(cfx_engine_hold_set(f->engine, &wrong[i], &error));
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
    }
    g_assert_cmpuint(fixture_site(f)->holds->len, ==, 0);
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/hold/evse", test_evse);
    g_test_add_func("/engine/hold/idle", test_idle);
    g_test_add_func("/engine/hold/site", test_site);
    g_test_add_func("/engine/hold/edges", test_edges);
    g_test_add_func("/engine/hold/end-inside-a-slot", test_end_inside_a_slot);
    g_test_add_func("/engine/hold/without-planner", test_without_planner);
    g_test_add_func("/engine/hold/neighbour", test_neighbour);
    g_test_add_func("/engine/hold/station", test_station);
    g_test_add_func("/engine/hold/never-raises", test_never_raises);
    g_test_add_func("/engine/hold/crash", test_crash);
    g_test_add_func("/engine/hold/end", test_end);
    g_test_add_func("/engine/hold/cause", test_cause);
    g_test_add_func("/engine/hold/wrong", test_wrong);
    return g_test_run();
}
