/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What outlives the process: the report of a time that was cut in two, the mean of the slot that
 * ran. */
#include "engine-fixture.h"

#include "plan/cfx-inputs.h"
#include "session/cfx-session.h"

#include <json-glib/json-glib.h>

#define F_W 4140.0
#define DRAW_W 10000.0

static Fixture *
fixture(void)
{
    const CfxSchedulerOps *ops = fixture_real_scheduler();
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 2, .scheduler = ops };

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
meter(Fixture *f, double import_wh)
{
    fixture_believe(f, SOURCE_METER, SENSOR_IMPORT, f->site_us, 0, 1, import_wh);
    fixture_believe(f, SOURCE_METER, SENSOR_EXPORT, f->site_us, 0, 1, 0);
}

/* minutes in which the first car draws, and the site's meter tells */
static void
live(Fixture *f, guint minutes, double *import_wh)
{
    meter(f, *import_wh);
    for (guint m = 0; m < minutes; m++) {
        FixtureStation *station = &f->stations[0];
        if (station->device.session != NULL) {
            station->device.power_w = DRAW_W;
            station->device.stock_wh += DRAW_W / 60;
            station->register_wh += DRAW_W / 60;
        }
        *import_wh += (DRAW_W + 15000) / 60;
        fixture_advance(f, CFX_MINUTE);
        meter(f, *import_wh);
        fixture_report(f, 0);
        fixture_run(f);
    }
}

static JsonNode *
report(Fixture *f, gint64 start_us, gint64 end_us)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *json = fixture_report_json(f, start_us, end_us, &error);

    g_assert_no_error(error);
    return json_from_string(json, NULL);
}

static gint64
count_of(JsonNode *report, const char *link)
{
    JsonObject *links = json_object_get_object_member(json_node_get_object(report), "latency_ms");
    JsonObject *one = json_object_get_object_member(links, link);

    if (json_object_get_int_member(one, "count") > 0) {
        g_assert_cmpfloat(json_object_get_double_member(one, "p50"), >=, 0);
        g_assert_cmpfloat(json_object_get_double_member(one, "p99"),
                          >=,
                          json_object_get_double_member(one, "p50"));
    }
    return json_object_get_int_member(one, "count");
}

static gint64
plans_of(JsonNode *report)
{
    return json_object_get_int_member(
        json_object_get_object_member(json_node_get_object(report), "plans"), "count");
}

static JsonObject *
site_of(JsonNode *report)
{
    return json_object_get_object_member(json_node_get_object(report), "site");
}

static double
import_of(JsonNode *report)
{
    return json_object_get_double_member(site_of(report), "import_kwh");
}

/* nothing is known of the meter: that is not nothing */
static void
assert_unknown(JsonNode *report)
{
    static const char *const unknown[] = { "cost", "import_kwh", "export_kwh", "highest_kw" };

    for (gsize i = 0; i < G_N_ELEMENTS(unknown); i++) {
        g_assert_true(json_object_has_member(site_of(report), unknown[i]));
        g_assert_true(json_object_get_null_member(site_of(report), unknown[i]));
    }
    g_assert_true(json_object_get_null_member(site_of(report), "energy_until"));
}

static const char *const links[] = { "event_to_profile",
                                     "received_to_stored",
                                     "stored_to_solved",
                                     "solved_to_wire",
                                     "wire_to_accepted" };

static void
test_kill(void)
{
    Fixture *f = fixture();
    double import_wh = 1000;
    if (f == NULL)
        return;
    gint64 start_us = f->site_us;

    live(f, 0, &import_wh);
    fixture_plug(f, 0, "a", 40000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
    live(f, 20, &import_wh);
    fixture_believe(f, SOURCE_SIGNAL, SENSOR_LOAD_CONTROL, f->site_us, CFX_MINUTE, 60, 50);
    fixture_run(f);
    live(f, 20, &import_wh);
    fixture_unplug(f, 0);
    fixture_run(f);
    live(f, 5, &import_wh);
    gint64 end_us = f->site_us;
    g_autoptr(JsonNode) before = report(f, start_us, end_us);
    for (gsize i = 0; i < G_N_ELEMENTS(links); i++)
        g_assert_cmpint(count_of(before, links[i]), >, 0);
    g_assert_cmpint(plans_of(before), >, 3);
    g_assert_cmpfloat_with_epsilon(import_of(before), 45 * 25 / 60.0, 1e-6);

    /* the same time says the same, whoever is asked, and however late */
    fixture_crash(f);
    fixture_start(f);
    g_autoptr(JsonNode) after = report(f, start_us, end_us);
    g_autofree char *one = json_to_string(before, FALSE), *other = json_to_string(after, FALSE);
    g_assert_cmpstr(one, ==, other);
    fixture_advance(f, 4 * CFX_DAY);
    fixture_crash(f);
    fixture_start(f);
    g_autoptr(JsonNode) late = report(f, start_us, end_us);
    g_autofree char *another = json_to_string(late, FALSE);
    g_assert_cmpstr(one, ==, another);
    JsonArray *sessions = json_object_get_array_member(json_node_get_object(late), "sessions");
    g_assert_cmpuint(json_array_get_length(sessions), ==, 1);
    /* and another time has nothing of it */
    g_autoptr(JsonNode) empty = report(f, end_us + CFX_DAY, end_us + 2 * CFX_DAY);
    g_assert_cmpint(count_of(empty, "event_to_profile"), ==, 0);
    assert_unknown(empty);
    fixture_free(f);
}

static void
test_wrong_times(void)
{
    Fixture *f = fixture();
    if (f == NULL)
        return;
    const gint64 wrong[][2] = {
        { f->site_us + CFX_HOUR, f->site_us + 2 * CFX_HOUR },
        { f->site_us - CFX_HOUR, f->site_us - 2 * CFX_HOUR },
        { f->site_us - 100 * CFX_DAY, f->site_us },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *json = fixture_report_json(f, wrong[i][0], wrong[i][1], &error);
        g_assert_null(json);
        g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
    }
    fixture_free(f);
}

/* mean power of the slot that holds @us by the host's own belief; NAN: there is none */
static double
mean_w(Fixture *f, gint64 slot_us)
{
    return cfx_timeline_best(
        g_hash_table_lookup(fixture_site(f)->timelines, &(gint64){ SENSOR_POWER }), slot_us);
}

static void
test_slot(void)
{
    Fixture *f = fixture();
    double import_wh = 1000;
    if (f == NULL)
        return;
    gint64 slot_us = f->site_us + CFX_SLOT;

    fixture_plug(f, 0, "a", 60000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
    live(f, 22, &import_wh); /* seven minutes into a slot */
    fixture_crash(f);
    fixture_start(f);
    live(f, 10, &import_wh);
    g_assert_cmpfloat_with_epsilon(mean_w(f, slot_us), DRAW_W, 1);
    /* nobody was there at an edge: what the register says of both is shared between them */
    live(f, 10, &import_wh);
    fixture_crash(f);
    for (guint m = 0; m < 6; m++) {
        f->stations[0].register_wh += DRAW_W / 60;
        f->stations[0].device.stock_wh += DRAW_W / 60;
        f->site_us += CFX_MINUTE;
    }
    fixture_start(f);
    g_assert_cmpfloat_with_epsilon(mean_w(f, slot_us + CFX_SLOT), DRAW_W, 1);
    fixture_free(f);
}

/* No price, no known day, no constant: cars charge, early; what it costs is not known, and so it is
 * said. A price of nine days ago is one, after a restart, too. */
static void
test_without_price(void)
{
    const CfxSchedulerOps *ops = fixture_real_scheduler();
    FixtureSetup setup = { .fail_safe_w = F_W,
                           .stations = 2,
                           .site_attributes = "\"price-fallback\":null",
                           .scheduler = ops };
    double import_wh = 1000;

    if (ops == NULL) {
        g_test_skip("no scheduler module");
        return;
    }
    Fixture *f = fixture_new(&setup);
    gint64 start_us = f->site_us;
    fixture_start(f);
    guint logged = f->logged;
    fixture_plug(f, 0, "a", 20000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 20000);
    g_assert_cmpuint(f->logged, ==, logged); /* once, at the start */
    g_assert_true(isnan(fixture_site(f)->plan->view.cost));
    g_assert_true(isnan(fixture_site(f)->plan->view.bound));
    g_assert_true(isnan(fixture_site(f)->plan->buy[0]));
    g_assert_cmpfloat(fixture_site(f)->plan->view.gap, <=, 1e-3);
    live(f, 31, &import_wh);
    g_autoptr(JsonNode) node = report(f, start_us, start_us + 2 * CFX_SLOT);
    JsonObject *site = json_object_get_object_member(json_node_get_object(node), "site");
    g_assert_true(json_object_get_null_member(site, "cost"));
    g_assert_cmpint(json_object_get_int_member(site, "minutes_without_price"), ==, 30);

    for (gint64 us = f->site_us - 9 * CFX_DAY; us < f->site_us - 8 * CFX_DAY; us += CFX_SLOT)
        fixture_believe(f, SOURCE_SIGNAL, SENSOR_PRICE, us - us % CFX_SLOT, 0, 1, 120);
    fixture_run(f);
    for (guint i = 0; i < 2; i++) {
        gboolean assumed = FALSE;
        g_assert_cmpfloat(cfx_plan_site_price(fixture_site(f), f->site_us, &assumed), ==, 0.12);
        g_assert_true(assumed);
        g_assert_true(isfinite(fixture_site(f)->plan->view.cost));
        fixture_crash(f);
        fixture_start(f);
        fixture_advance(f, 90 * CFX_MINUTE);
    }
    /* the report counts with the price that the plan counts with */
    g_autoptr(JsonNode) later = report(f, start_us, start_us + 2 * CFX_SLOT);
    site = json_object_get_object_member(json_node_get_object(later), "site");
    g_assert_cmpint(json_object_get_int_member(site, "minutes_without_price"), ==, 0);
    g_assert_cmpfloat_with_epsilon(
        json_object_get_double_member(site, "cost"), 0.12 * (DRAW_W + 15000) * 1e-3 / 2, 1e-6);
    fixture_free(f);
}

/* a limit may have begun long before the time that is reported, and hold in it */
static void
test_long_limit(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 2, .import_limit_minutes = 4 * 60 };
    Fixture *f = fixture_new(&setup);
    double import_wh = 1000;

    fixture_believe(f, SOURCE_SIGNAL, SENSOR_IMPORT_LIMIT, f->site_us, 0, 1, 10000);
    fixture_start(f);
    fixture_advance(f, 3 * CFX_HOUR);
    gint64 start_us = f->site_us;
    live(f, 10, &import_wh);
    g_autoptr(JsonNode) node = report(f, start_us, f->site_us);
    JsonObject *site = json_object_get_object_member(json_node_get_object(node), "site");
    g_assert_cmpint(json_object_get_int_member(site, "minutes_over_limit"), ==, 10);
    fixture_free(f);
}

static void
test_without_register(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W,
                           .stations = 2,
                           .site_attributes = "\"sensors\":{\"price\":[84]}" };
    Fixture *f = fixture_new(&setup);
    double import_wh = 1000;
    gint64 start_us = f->site_us;

    fixture_start(f);
    live(f, 20, &import_wh);
    g_autoptr(JsonNode) none = report(f, start_us, f->site_us);
    assert_unknown(none);
    g_assert_cmpint(json_object_get_int_member(site_of(none), "minutes_unknown"), ==, 20);

    /* one without the other: what is exported is not known, and counts for nothing */
    setup.site_attributes = "\"sensors\":{\"price\":[84],\"import-register\":105}";
    fixture_change(f, &setup);
    g_autoptr(JsonNode) import = report(f, start_us, f->site_us);
    g_assert_cmpfloat_with_epsilon(import_of(import), 20 * 25 / 60.0, 1e-6);
    g_assert_true(json_object_get_null_member(site_of(import), "export_kwh"));
    g_assert_cmpfloat_with_epsilon(
        json_object_get_double_member(site_of(import), "cost"), 0.18 * 20 * 25 / 60.0, 1e-6);
    fixture_free(f);
}

/* a report until now tells of the slot that runs as much as the registers say */
static void
test_until_now(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 2 };
    Fixture *f = fixture_new(&setup);
    double import_wh = 1000;
    gint64 start_us = f->site_us;

    fixture_start(f);
    live(f, 22, &import_wh);
    gint64 read_us = f->site_us;
    fixture_advance(f, 20 * CFX_SECOND);
    g_autoptr(JsonNode) node = report(f, start_us, f->site_us);
    g_assert_cmpfloat_with_epsilon(import_of(node), 22 * 25 / 60.0, 1e-6);
    gint64 until_us = 0;
    g_assert_true(cfx_time_parse(
        json_object_get_string_member(site_of(node), "energy_until"), -1, &until_us));
    g_assert_cmpint(until_us, ==, read_us);
    /* what both say counts: the export register's may be on its way */
    fixture_advance(f, 40 * CFX_SECOND);
    fixture_believe(f, SOURCE_METER, SENSOR_IMPORT, f->site_us, 0, 1, import_wh + 25000 / 60);
    fixture_run(f);
    g_autoptr(JsonNode) later = report(f, start_us, f->site_us);
    g_assert_cmpfloat_with_epsilon(import_of(later), 22 * 25 / 60.0, 1e-6);
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/report/kill", test_kill);
    g_test_add_func("/engine/report/wrong-times", test_wrong_times);
    g_test_add_func("/engine/report/slot", test_slot);
    g_test_add_func("/engine/report/without-price", test_without_price);
    g_test_add_func("/engine/report/long-limit", test_long_limit);
    g_test_add_func("/engine/report/without-register", test_without_register);
    g_test_add_func("/engine/report/until-now", test_until_now);
    return g_test_run();
}
