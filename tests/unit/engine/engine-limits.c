/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which limit counts when: by forecast, import and export, over nights of 23 and 25 hours. */
#include "engine-scene.h"

#include "plan/cfx-limits.h"
#include "session/cfx-session.h"

/* one cautious base load for planner, guard and apply: the highest configured, or a forecast above
 */
static void
test_forecast_above_maximum(void)
{
    Fixture *f = fixture(3);
    gint64 slot_us = f->site_us;

    fixture_believe(f, SOURCE_FORECAST, SENSOR_BASE, slot_us, CFX_SLOT, 200, 40000);
    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22); /* this scheduler does not care; who sends it does */
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 30 - F_W / 1e3, 1e-6);
    assert_under(f, LIMIT_W, 40000);
    fixture_free(f);

    /* it comes while they charge: cut at once, without a scheduler */
    f = fixture(3);
    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    f->hangs = TRUE;
    fixture_believe(f, SOURCE_FORECAST, SENSOR_BASE, slot_us, CFX_SLOT, 8, 40000);
    fixture_run(f);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + 40000, <=, LIMIT_W + 5);
    /* lower ones, and what is no number, change nothing */
    g_assert_cmpfloat(cfx_limits_base_w(fixture_site(f), slot_us + 3 * CFX_HOUR), ==, BASE_W);
    fixture_believe(f, SOURCE_FORECAST, SENSOR_BASE, slot_us, CFX_SLOT, 8, INFINITY);
    fixture_believe(f, SOURCE_FORECAST, SENSOR_BASE, slot_us + CFX_SLOT, CFX_SLOT, 8, -5000);
    fixture_run(f);
    g_assert_cmpfloat(cfx_limits_base_w(fixture_site(f), slot_us), ==, BASE_W);
    g_assert_cmpfloat(cfx_limits_base_w(fixture_site(f), slot_us + CFX_SLOT), ==, BASE_W);
    fixture_free(f);
}

/* an import that lowers the contract cuts at once; one that takes it away leaves nothing */
static void
test_limit_by_import(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 4, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    f->hangs = TRUE;
    setup.flex_context =
        "{\"site-power-capacity\":\"100 kW\",\"site-consumption-capacity\":\"40 kW\"}";
    fixture_change(f, &setup);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 40005);
    /* what does not fit later is not sent again and again */
    for (guint i = 0; i < 4; i++)
        g_assert_cmpuint(f->stations[i].slices, <, 8);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us), >, 12000);
    setup.flex_context = "{\"site-power-capacity\":\"100 kW\"}";
    fixture_change(f, &setup);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us), ==, 0);
    /* it is mended */
    setup.flex_context = NULL;
    fixture_change(f, &setup);
    f->hangs = FALSE;
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_READY);
    fixture_free(f);
}

/* nights of 23 and 25 hours: a departure on the site's clock, and a cut in the hour that there is
 * twice or not at all */
static void
test_clock_change(void)
{
    static const struct {
        const char *start, *by, *cut;
    } nights[] = {
        { "2025-03-29T18:02:00Z", "2025-03-30T05:00:00Z", "2025-03-30T01:00:00Z" },
        { "2025-10-25T18:02:00Z", "2025-10-26T06:00:00Z", "2025-10-26T00:30:00Z" },
    };

    for (gsize k = 0; k < G_N_ELEMENTS(nights); k++) {
        Fixture *f = fixture_of(
            (FixtureSetup){ .stations = 4, .site_attributes = "\"zone\":\"Europe/Stockholm\"" });
        gint64 by_us = 0, cut_us = 0;

        g_assert_true(cfx_time_parse(nights[k].start, -1, &f->site_us));
        g_assert_true(cfx_time_parse(nights[k].by, -1, &by_us));
        g_assert_true(cfx_time_parse(nights[k].cut, -1, &cut_us));
        f->preferred_token = "ISO14443:S-1";
        f->preference = (CfxEnginePreference){ 90000, NAN, 7 * 60 };
        f->stations[0].device.token = f->preferred_token;
        fixture_start(f);
        fake_wished_kw[0] = 9.2;
        fixture_plug(f, 0, "a", NAN, 0);
        plug(f, 1, "b", 9.2);
        g_assert_cmpint(fixture_session(f, 0)->departure_us, ==, by_us);
        cut_to(f, cut_us, 60, 50);
        while (f->site_us < by_us) {
            gboolean is_cut = f->site_us >= cut_us && f->site_us < cut_us + CFX_HOUR;
            g_assert_cmpfloat(
                fixture_worst_w(f, f->site_us) + BASE_W, <=, (is_cut ? 35000 : LIMIT_W) + 5);
            fixture_advance(f, 5 * CFX_MINUTE);
        }
        fixture_free(f);
    }
}

/* both limits of the connection hold, whichever is the lower; a signal is of the contract */
static void
test_both_limits(void)
{
    static const struct {
        const char *context;
        double percent, room_kw;
    } cases[] = {
        { "{\"site-power-capacity\":\"60 kW\",\"site-consumption-capacity\":\"70 kW\"}", 100, 44 },
        { "{\"site-power-capacity\":\"60 kW\",\"site-consumption-capacity\":\"70 kW\"}", 80, 40 },
        { "{\"site-power-capacity\":\"100 kW\",\"site-consumption-capacity\":\"50 kW\"}", 100, 34 },
        { "{\"site-power-capacity\":\"30 kW\",\"site-consumption-capacity\":\"70 kW\"}", 50, 14 },
    };

    for (gsize k = 0; k < G_N_ELEMENTS(cases); k++) {
        Fixture *f = fixture_of((FixtureSetup){ .stations = 2, .flex_context = cases[k].context });
        double limit_w = cases[k].room_kw * 1e3 + BASE_W;

        fixture_start(f);
        cut_to(f, f->site_us, 24 * 60, cases[k].percent);
        plug(f, 0, "a", 22);
        plug(f, 1, "b", 22);
        g_assert_cmpfloat_with_epsilon(fake_room_kw, cases[k].room_kw, 1e-6);
        g_assert_cmpuint(fake_tiers & (1u << CFX_LIMIT_PHYSICAL), !=, 0);
        g_assert_cmpuint(fake_tiers & (1u << CFX_LIMIT_CONTRACTED), !=, 0);
        g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, limit_w + 5);
        fixture_free(f);
    }
}

/* what may be given is a limit of its own, which no signal touches */
static void
test_export_limit(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    plug(f, 0, "a", 22);
    g_assert_cmpfloat(fake_export_kw, ==, 36);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 0);
    g_assert_cmpfloat(fake_export_kw, ==, 36);
    g_assert_cmpfloat(fake_room_kw, ==, 0);
    fixture_free(f);

    f = fixture_of((FixtureSetup){
        .stations = 2,
        .flex_context =
            "{\"site-power-capacity\":\"60 kW\",\"site-consumption-capacity\":\"70 kW\"}" });
    fixture_start(f);
    plug(f, 0, "a", 22);
    g_assert_true(isinf(fake_export_kw));
    fixture_free(f);
}

/* A limit of a week that began days ago holds, however long the host has been up, and after a
 * restart. The sensor is posted to by two voices, so that there is something to forget. */
static void
test_long_limit(void)
{
    Fixture *f = fixture_of((FixtureSetup){ .stations = 3, .import_limit_minutes = 7 * 24 * 60 });
    gint64 week_us = f->site_us;

    fixture_start(f);
    for (int k = 0; k < 40; k++) {
        fixture_believe(
            f, SOURCE_SIGNAL, SENSOR_IMPORT_LIMIT, week_us - k * 7 * CFX_DAY, 0, 1, 40000);
        fixture_believe(
            f, SOURCE_METER, SENSOR_IMPORT_LIMIT, week_us - k * 7 * CFX_DAY, 0, 1, 30000);
    }
    fixture_run(f);
    plug(f, 0, "a", 22);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 30000);
    fixture_advance(f, 4 * CFX_DAY);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 30000);
    fixture_crash(f);
    fixture_start(f);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 30000);
    fixture_advance(f, 3 * CFX_DAY);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, LIMIT_W);
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/limits/forecast-above-maximum", test_forecast_above_maximum);
    g_test_add_func("/engine/limits/limit-by-import", test_limit_by_import);
    g_test_add_func("/engine/limits/clock-change", test_clock_change);
    g_test_add_func("/engine/limits/both-limits", test_both_limits);
    g_test_add_func("/engine/limits/export-limit", test_export_limit);
    g_test_add_func("/engine/limits/long-limit", test_long_limit);
    return g_test_run();
}
