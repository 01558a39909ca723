/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nothing unsafe: what all stations may draw together stays under the limit, whoever is away,
 * silent, unknown, out of order or wrong.
 */
#include "engine-fake.h"

#include "apply/cfx-apply.h"
#include "guard/cfx-guard.h"
#include "plan/cfx-limits.h"
#include "plan/cfx-trigger.h"
#include "recover/cfx-recover.h"
#include "session/cfx-session.h"

#include <json-glib/json-glib.h>

#define F_W 4140.0
#define BASE_W 16000.0
#define LIMIT_W 70000.0

static Fixture *
fixture_of(FixtureSetup setup)
{
    setup.fail_safe_w = setup.fail_safe_w > 0 ? setup.fail_safe_w : F_W;
    setup.scheduler = &fake_ops;
    fake_reset();
    return fixture_new(&setup);
}

static Fixture *
fixture(guint stations)
{
    return fixture_of((FixtureSetup){ .stations = stations });
}

static void
plug(Fixture *f, guint i, const char *session, double kw)
{
    fake_wished_kw[i] = kw;
    fixture_plug(f, i, session, 180000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
}

static void
replan(Fixture *f)
{
    fixture_advance(f, CFX_SLOT - f->site_us % CFX_SLOT);
}

static void
start_engine(Fixture *f)
{
    cfx_engine_start(f->engine, NULL, NULL);
    fixture_run(f);
}

static void
comes(Fixture *f, guint i)
{
    fixture_report(f, i);
    fixture_run(f);
}

/* real time passes, and the site's does not */
static void
wait_real(Fixture *f, gint64 us)
{
    for (gint64 end_us = f->real_us + us; f->real_us < end_us;) {
        f->real_us += G_USEC_PER_SEC;
        fixture_run(f);
    }
}

static void
goes_offline(Fixture *f, guint i)
{
    f->stations[i].online = FALSE;
    comes(f, i);
}

/* the highest that may be drawn, with the highest base load, from now to the end of tomorrow */
static void
assert_under(const Fixture *f, double limit_w, double base_w)
{
    for (gint64 us = f->site_us; us < f->site_us + 30 * CFX_HOUR; us += CFX_MINUTE)
        g_assert_cmpfloat(fixture_worst_w(f, us) + base_w, <=, limit_w + 5);
}

static double
counted_w(Fixture *f, guint i, gint64 us)
{
    g_auto(CfxCurve) counted = CFX_CURVE_INIT;

    cfx_apply_counted(fixture_device(f, i), f->site_us, &counted);
    return cfx_curve_at(&counted, us);
}

static void
cut_to(Fixture *f, gint64 start_us, guint minutes, double percent)
{
    fixture_believe(f, SOURCE_SIGNAL, SENSOR_LOAD_CONTROL, start_us, CFX_MINUTE, minutes, percent);
    fixture_run(f);
}

/* --- who has accepted nothing ------------------------------------------------------------------
 */

/* rules 19 and 46: until a station has accepted its default it counts at its rating */
static void
test_never_seen(void)
{
    Fixture *f = fixture(3);

    start_engine(f);
    comes(f, 0);
    plug(f, 0, "a", 22);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 2 * 22, 1e-6);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), <=, 10000);
    comes(f, 1);
    replan(f);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 22 - F_W / 1e3, 1e-6);
    comes(f, 2);
    replan(f);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 2 * F_W / 1e3, 1e-6);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 0, f->site_us), 22000, 70);
    fixture_free(f);
}

/* the ratings of a fresh site are more than its limit: who is there is lowered, down to nothing;
 * the rest is reported, and the site is steered */
static void
test_one_by_one(void)
{
    Fixture *f = fixture(10);

    start_engine(f);
    plug(f, 0, "a", 16.5);
    for (guint i = 0; i < 10; i++) {
        double absent_w = 0;
        comes(f, i);
        for (guint k = i + 1; k < 10; k++)
            absent_w += f->stations[k].device.power_max_w;
        double here_w = 0;
        for (guint k = 0; k <= i; k++)
            here_w += counted_w(f, k, f->site_us);
        g_assert_cmpfloat(here_w, <=, MAX(LIMIT_W - BASE_W - absent_w, 0) + 5);
        g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_READY);
    }
    replan(f);
    for (guint i = 1; i < 10; i++)
        g_assert_cmpfloat(fixture_allowed_w(f, i, f->site_us), ==, F_W);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, 16000);
    assert_under(f, LIMIT_W, BASE_W);
    fixture_free(f);
}

static void
test_unavoidable_is_told(void)
{
    Fixture *f = fixture(10);
    gboolean is_told = FALSE;

    start_engine(f);
    comes(f, 0);
    replan(f);
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, f->records);
    g_assert_cmpfloat(fixture_site(f)->plan->breach_kwh, >, 100);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        is_told = is_told || g_str_has_prefix(key, "cfx.plan ");
    g_assert_true(is_told);
    g_assert_cmpuint(f->logged, ==, 1); /* once, not with every plan */
    replan(f);
    g_assert_cmpuint(f->logged, ==, 1);
    fixture_free(f);
}

static void
test_out_of_service(void)
{
    Fixture *f = fixture_of((FixtureSetup){
        .stations = 3, .station_attributes = { NULL, NULL, "\"in-service\":false" } });

    start_engine(f);
    comes(f, 0);
    comes(f, 1);
    plug(f, 0, "a", 22);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - F_W / 1e3, 1e-6);
    /* it comes even so: it counts like any other, is told to draw nothing, and somebody hears */
    guint logged = f->logged;
    f->stations[2].answers = FALSE;
    plug(f, 2, "x", 22);
    g_assert_cmpuint(f->logged, ==, logged + 1);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 22 - F_W / 1e3, 1e-6);
    fixture_answer(f, 2);
    g_assert_cmpfloat(fixture_allowed_w(f, 2, f->site_us), ==, 0);
    replan(f);
    g_assert_cmpfloat(fixture_allowed_w(f, 2, f->site_us), ==, 0);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - F_W / 1e3, 1e-6);
    fixture_free(f);
}

/* what was out of service when it was last heard may have been switched on since */
static void
test_blocked_and_offline(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    f->stations[1].device.flags |= CFX_DEVICE_BLOCKED;
    comes(f, 1);
    g_assert_cmpfloat(counted_w(f, 1, f->site_us), ==, 0);
    goes_offline(f, 1);
    g_assert_cmpfloat(counted_w(f, 1, f->site_us), ==, F_W);
    plug(f, 0, "a", 22);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - F_W / 1e3, 1e-6);
    fixture_free(f);
}

/* the lower of registered and reported; the car's own bound is none of the station's */
static void
test_rating(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    g_assert_cmpfloat(cfx_engine_device_rating_w(fixture_device(f, 0)), ==, 22000);
    f->stations[0].device.power_max_w = 17000;
    comes(f, 0);
    g_assert_cmpfloat(cfx_engine_device_rating_w(fixture_device(f, 0)), ==, 17000);
    plug(f, 0, "a", 5);
    f->stations[0].device.power_max_w = 3680;
    comes(f, 0);
    g_assert_cmpfloat(cfx_engine_device_rating_w(fixture_device(f, 0)), ==, 17000);
    f->stations[1].device.power_max_w = 50000;
    comes(f, 1);
    g_assert_cmpfloat(cfx_engine_device_rating_w(fixture_device(f, 1)), ==, 22000);
    fixture_free(f);
}

/* the others have no default where one that cannot be told may draw too much beside them */
static void
test_defaults_make_room(void)
{
    Fixture *f = fixture(10);

    fixture_start(f);
    plug(f, 0, "a", 16.7);
    assert_under(f, LIMIT_W, BASE_W);
    f->stations[0].refuses = TRUE;
    fake_wished_kw[0] = 10;
    replan(f);
    g_assert_true(fixture_device(f, 0)->is_refused);
    double others_w = fixture_worst_w(f, f->site_us) - 16700;
    g_assert_cmpfloat(others_w + 22000 + BASE_W, <=, LIMIT_W + 80);
    fixture_free(f);
}

/* --- who leaves early --------------------------------------------------------------------------
 */

static void
test_fall_back_curves(void)
{
    CfxCurve power[3] = { CFX_CURVE_INIT, CFX_CURVE_INIT, CFX_CURVE_INIT };
    CfxCurve fall_back[3] = { CFX_CURVE_INIT, CFX_CURVE_INIT, CFX_CURVE_INIT };
    g_auto(CfxCurve) room = CFX_CURVE_INIT;

    cfx_curve_append(&power[0], 0, 10000);
    cfx_curve_append(&power[0], 200, 0);
    cfx_curve_append(&power[1], 0, 0);
    cfx_curve_append(&power[2], 0, 1000);
    for (int i = 0; i < 3; i++)
        cfx_curve_append(&fall_back[i], 0, 4000);
    cfx_curve_append(&room, 0, 20000);
    cfx_curve_append(&room, 100, 15500);
    cfx_curve_append(&room, 150, 11000);
    cfx_clip_fall_back(power, fall_back, 3, &room, 0, 1000);
    /* all fit; then the last does not; then nobody's but where the plan has as much anyway */
    for (int i = 0; i < 3; i++)
        g_assert_cmpfloat(cfx_curve_at(&fall_back[i], 99), ==, 4000);
    g_assert_cmpfloat(cfx_curve_at(&fall_back[1], 100), ==, 4000);
    g_assert_cmpfloat(cfx_curve_at(&fall_back[2], 100), ==, 0);
    g_assert_cmpfloat(cfx_curve_at(&fall_back[0], 150), ==, 4000);
    g_assert_cmpfloat(cfx_curve_at(&fall_back[1], 150), ==, 0);
    g_assert_cmpfloat(cfx_curve_at(&fall_back[2], 150), ==, 0);
    /* two of them fit beside the third's plan of 1000 */
    g_assert_cmpfloat(cfx_curve_at(&fall_back[0], 200), ==, 4000);
    g_assert_cmpfloat(cfx_curve_at(&fall_back[1], 200), ==, 4000);
    g_assert_cmpfloat(cfx_curve_at(&fall_back[2], 200), ==, 0);
    /* beyond the window it stays */
    g_assert_cmpfloat(cfx_curve_at(&fall_back[2], 1000), ==, 4000);
    for (int i = 0; i < 3; i++) {
        cfx_curve_clear(&power[i]);
        cfx_curve_clear(&fall_back[i]);
    }
}

/* the site is full of plans while some cars wait: one of those leaves, another car comes at once */
static void
test_leaves_early(void)
{
    Fixture *f = fixture(5);

    fixture_start(f);
    plug(f, 0, "a", 0);
    plug(f, 1, "b", 0);
    plug(f, 2, "c", 22);
    plug(f, 3, "d", 22);
    fake_wished_kw[4] = 10;
    plug(f, 4, "e", 10);
    g_assert_cmpfloat_with_epsilon(fixture_sum_w(f, f->site_us), 54000, 200);
    assert_under(f, LIMIT_W, BASE_W);
    /* it leaves; nobody has told the engine; the default of its place is what counts */
    f->stations[0].device.session = NULL;
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
    f->stations[0].device.session = "a";
    fixture_unplug(f, 0);
    fixture_run(f);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
    /* its place has its fail-safe power again, as soon as the others have made room */
    fake_wished_kw[4] = 10 - F_W / 1e3;
    replan(f);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), ==, F_W);
    assert_under(f, LIMIT_W, BASE_W);
    fixture_free(f);
}

/* a plan ends in the fail-safe power, whatever fills the hours before */
static void
test_plan_ends_in_fail_safe(void)
{
    Fixture *f = fixture(3);
    const gint64 far_us = FIXTURE_START + 60 * CFX_HOUR;

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    plug(f, 2, "c", 0);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpfloat(fixture_allowed_w(f, i, far_us), ==, F_W);
        g_assert_cmpfloat(cfx_curve_at(&f->stations[i].fail_safe, far_us), ==, F_W);
    }
    fixture_free(f);
}

/* with a car that waits under its plan of nothing nobody thinks that it is full */
static void
test_waiting_is_not_full(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    plug(f, 0, "a", 0);
    f->stations[0].device.stock_wh = 1000;
    f->stations[0].device.power_w = 0;
    comes(f, 0);
    g_assert_cmpfloat(counted_w(f, 0, f->site_us), ==, F_W);
    fixture_advance(f, 20 * CFX_MINUTE);
    comes(f, 0);
    g_assert_false(fixture_session(f, 0)->is_full);
    fixture_free(f);
}

/* no start without us, and a plan that ends in the fail-safe power even so */
static void
test_no_offline_start(void)
{
    Fixture *f =
        fixture_of((FixtureSetup){ .stations = 3, .site_attributes = "\"offline-start\":false" });
    const gint64 far_us = FIXTURE_START + 60 * CFX_HOUR;

    fixture_start(f);
    for (guint i = 0; i < 3; i++)
        g_assert_cmpfloat(fixture_allowed_w(f, i, f->site_us), ==, 0);
    plug(f, 0, "a", 22);
    /* idle ones count nothing */
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54, 1e-6);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 0, f->site_us), 22000, 70);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, far_us), ==, F_W);
    g_assert_cmpfloat(cfx_curve_at(&f->stations[0].fail_safe, far_us), ==, 0);
    fixture_unplug(f, 0);
    fixture_run(f);
    g_assert_cmpfloat(fixture_worst_w(f, far_us), ==, 0);
    fixture_free(f);

    /* their sum is checked all the same: each of them may be the end of a plan */
    f = fixture_of((FixtureSetup){
        .stations = 10, .fail_safe_w = 6000, .site_attributes = "\"offline-start\":false" });
    fixture_start(f);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    fixture_free(f);
}

/* --- who does not answer -----------------------------------------------------------------------
 */

/* what is unanswered is not free, however long it is */
static void
test_unanswered_counts(void)
{
    Fixture *f = fixture(3);

    fixture_start(f);
    plug(f, 0, "a", 5);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 0, f->site_us), 5000, 70);
    f->stations[0].answers = FALSE;
    fake_wished_kw[0] = 20;
    replan(f);
    g_assert_cmpfloat_with_epsilon(counted_w(f, 0, f->site_us), 20000, 70);
    /* it may have taken the 20 kW; now it is told 5 again, and again, and says nothing */
    fake_wished_kw[0] = 5;
    replan(f);
    wait_real(f, 120 * G_USEC_PER_SEC);
    g_assert_cmpfloat_with_epsilon(counted_w(f, 0, f->site_us), 20000, 70);
    plug(f, 1, "b", 22);
    plug(f, 2, "c", 22);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) - fixture_allowed_w(f, 0, f->site_us) + 20000 +
                          BASE_W,
                      <=,
                      LIMIT_W + 5);
    /* nor does the end of the connection settle it */
    goes_offline(f, 0);
    f->stations[0].online = TRUE;
    comes(f, 0);
    g_assert_cmpfloat_with_epsilon(counted_w(f, 0, f->site_us), 20000, 70);
    fixture_answer(f, 0);
    g_assert_cmpfloat_with_epsilon(counted_w(f, 0, f->site_us), 5000, 70);
    replan(f);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us), >, 48000);
    assert_under(f, LIMIT_W, BASE_W);
    fixture_free(f);
}

/* nor does a kill of the host */
static void
test_doubt_survives(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    plug(f, 0, "a", 5);
    f->stations[0].answers = FALSE;
    fake_wished_kw[0] = 20;
    replan(f);
    fixture_crash(f);
    start_engine(f);
    f->stations[0].online = FALSE;
    g_assert_cmpfloat_with_epsilon(counted_w(f, 0, f->site_us), 20000, 70);
    fixture_free(f);
}

/* who does not answer that it must draw less is not counted on: the others make room */
static void
test_silent(void)
{
    Fixture *f = fixture(3);

    fixture_start(f);
    plug(f, 0, "a", 15);
    plug(f, 1, "b", 20);
    plug(f, 2, "c", 10);
    f->stations[0].answers = FALSE;
    fake_wished_kw[0] = 4.2;
    fake_wished_kw[1] = 11;
    fake_wished_kw[2] = 7;
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 55); /* 22.5 kW are left */
    double silent_w = fixture_allowed_w(f, 0, f->site_us);
    g_assert_cmpfloat(silent_w, >, 14000);
    guint solves = fake_n_solves;
    wait_real(f, 16 * G_USEC_PER_SEC);
    g_assert_true(fixture_device(f, 0)->is_silent);
    g_assert_cmpuint(fake_n_solves, >, solves);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 22.5 - silent_w / 1e3, 0.1);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 38500 + 5);
    /* it answers: it is a device like any other again */
    fixture_answer(f, 0);
    g_assert_false(fixture_device(f, 0)->is_silent);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 22.5, 0.1);
    fixture_free(f);
}

/* a raise that is held back by a station's pause makes nobody silent */
static void
test_waiting_raise_is_no_silence(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    plug(f, 0, "a", 5);
    f->stations[0].answers = FALSE;
    fake_wished_kw[0] = 20;
    replan(f);
    wait_real(f, 60 * G_USEC_PER_SEC);
    g_assert_false(fixture_device(f, 0)->is_silent);
    fixture_free(f);
}

/* --- what falls --------------------------------------------------------------------------------
 */

/* defaults and plans are lowered at once; no scheduler is asked, and a running one not waited for
 */
static void
test_cut_lowers_defaults(void)
{
    Fixture *f = fixture(10);

    fixture_start(f);
    plug(f, 0, "a", 16);
    f->hangs = TRUE;
    fixture_plug(f, 1, "b", 20000, f->site_us + CFX_HOUR);
    fixture_run(f);
    g_assert_nonnull(fixture_site(f)->run);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    fixture_free(f);
}

/* a cut that was announced comes while the scheduler hangs: nobody asks it */
static void
test_edge_while_scheduler_hangs(void)
{
    Fixture *f = fixture(4);
    gint64 start_us = f->site_us + 40 * CFX_MINUTE;

    fixture_start(f);
    plug(f, 0, "a", 20);
    plug(f, 1, "b", 20);
    f->hangs = TRUE;
    cut_to(f, start_us, 30, 50);
    fixture_advance(f, start_us - f->site_us + CFX_SECOND);
    /* nor does it come back before the signal is over */
    for (gint m = 0; m < 29; m++) {
        g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
        fixture_advance(f, CFX_MINUTE);
    }
    fixture_free(f);
}

/* a limit that changes inside a slot */
static void
test_cut_inside_a_slot(void)
{
    Fixture *f = fixture(4);
    gint64 start_us;

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    start_us = f->site_us + 7 * CFX_MINUTE;
    fake_wished_kw[0] = fake_wished_kw[1] = 9;
    cut_to(f, start_us, 3, 50);
    for (gint m = 0; m < 20; m++) {
        gboolean is_cut = f->site_us >= start_us && f->site_us < start_us + 3 * CFX_MINUTE;
        g_assert_cmpfloat(
            fixture_worst_w(f, f->site_us) + BASE_W, <=, (is_cut ? 35000 : LIMIT_W) + 5);
        fixture_advance(f, CFX_MINUTE);
    }
    fixture_free(f);
}

/* a signal that is announced days ahead, also before a restart */
static void
test_cut_far_ahead(void)
{
    for (int restarts = 0; restarts < 2; restarts++) {
        Fixture *f = fixture(2);
        gint64 start_us = FIXTURE_START + 90 * CFX_HOUR;

        fixture_start(f);
        cut_to(f, start_us, 60, 50);
        if (restarts > 0) {
            fixture_crash(f);
            fixture_start(f);
        }
        plug(f, 0, "a", 20);
        plug(f, 1, "b", 20);
        fixture_advance(f, start_us - f->site_us + CFX_MINUTE);
        g_assert_cmpfloat(fixture_site(f)->limit_now_w, ==, 35000);
        g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
        fixture_free(f);
    }
}

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

/* the limit is known, and too low for the fail-safe powers: no plan any more, but the limit holds
 */
static void
test_refused_keeps_its_limit(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 5, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 15);
    setup.fail_safe_w = 11000;
    fixture_change(f, &setup);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
    guint solves = fake_n_solves;
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpuint(fake_n_solves, ==, solves);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    /* what stations have accepted goes on under the limit; nobody gets more */
    fixture_advance(f, 2 * CFX_HOUR);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
    fixture_free(f);
}

/* --- what is wrong -----------------------------------------------------------------------------
 */

static void
tell_allowed(Fixture *f, guint i, const gint64 *at_us, const double *w, gsize n)
{
    CfxApplied applied = {
        .struct_size = sizeof applied,
        .state = CFX_APPLIED_INSTALLED,
        .asset = FIXTURE_FIRST_ASSET + i,
        .n_allowed = n,
        .allowed_us = { at_us, 1 },
        .allowed_w = { w, 1 },
        .fail_safe_w = NAN,
    };
    const CfxApplied *at = &applied;

    cfx_engine_device_api()->applied(&f->adapter->host, &at, 1);
    fixture_run(f);
}

/* the daemon is killed while a site must not be steered: what it had planned is cut even so */
static void
test_refused_after_crash(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 5, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 15);
    setup.fail_safe_w = 11000;
    fixture_change(f, &setup);
    fixture_crash(f);
    start_engine(f);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    for (guint i = 0; i < 5; i++)
        comes(f, i);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    fixture_advance(f, 2 * CFX_HOUR);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
    fixture_free(f);
}

/* The contract is lowered so far that the site must not be steered, then the daemon is killed: with
 * no signal and no edge of the limit to come, the limit holds for good. */
static void
test_refused_contract(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 5, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 15);
    fixture_crash(f);
    setup.flex_context =
        "{\"site-power-capacity\":\"100 kW\",\"site-consumption-capacity\":\"35 kW\"}";
    fixture_change(f, &setup);
    start_engine(f);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    for (guint i = 0; i < 5; i++)
        comes(f, i);
    for (guint m = 0; m < 180; m++) {
        g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
        fixture_advance(f, CFX_MINUTE);
    }
    fixture_free(f);
}

/* its limit goes missing while a plan is solved: that plan is no permission, and no crash */
static void
test_limit_goes_while_solving(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 4, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    f->hangs = TRUE;
    plug(f, 1, "b", 22);
    g_assert_nonnull(fixture_site(f)->run);
    setup.flex_context = "{\"site-power-capacity\":\"100 kW\"}";
    fixture_change(f, &setup);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    fixture_release(f);
    fixture_run(f);
    g_assert_null(fixture_site(f)->run);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us), ==, 0);
    fixture_advance(f, CFX_HOUR);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us), ==, 0);
    fixture_free(f);
}

/* A cut that leaves the room to one car: another's place must not fall back into it. Three rest,
 * one draws, and the planner fails. */
static void
test_cut_lowers_fall_backs(void)
{
    Fixture *f = fixture(4);

    fixture_start(f);
    plug(f, 0, "a", 0);
    plug(f, 1, "b", 0);
    plug(f, 2, "c", 0);
    plug(f, 3, "d", 22);
    fake_fails = TRUE;
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    g_assert_cmpfloat(fixture_allowed_w(f, 3, f->site_us), >, 15000);
    fixture_free(f);
}

/* a store that cannot be read is no empty one: a hold and a limit of the grid may be in it */
static void
test_store_unreadable(void)
{
    Fixture *f = fixture(3);
    const CfxHoldAsk ask = { .where = "CP001", .max = "5 kW", .length = "2h" };

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_free(cfx_engine_hold_set(f->engine, &ask, NULL));
    fixture_run(f);
    fixture_crash(f);
    f->read_fails = TRUE;
    start_engine(f);
    for (guint i = 0; i < 3; i++)
        comes(f, i);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_LOADING);
    wait_real(f, 20 * G_USEC_PER_SEC);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_LOADING);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    f->read_fails = FALSE;
    wait_real(f, 6 * G_USEC_PER_SEC);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_READY);
    g_assert_cmpuint(fixture_site(f)->holds->len, ==, 1);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 35000);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), <=, 5000);
    fixture_free(f);
}

/* new sensors of a site that runs: it goes on under the limits that it knows, and asks again */
static void
test_new_sensors_unreadable(void)
{
    const FixtureSetup with = { .fail_safe_w = F_W, .stations = 3, .scheduler = &fake_ops };
    FixtureSetup without = with;
    Fixture *f = fixture_of(with);

    without.site_attributes = "\"sensors\":{\"price\":[84],\"demand-response\":87}";
    fixture_change(f, &without);
    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, >, 50000);
    f->read_fails = TRUE;
    fixture_change(f, &with);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_READY);
    fixture_believe(
        f, SOURCE_SIGNAL, SENSOR_DEMAND_RESPONSE, f->site_us - f->site_us % CFX_MINUTE, 0, 1, 2);
    fixture_run(f);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    fixture_believe(
        f, SOURCE_SIGNAL, SENSOR_DEMAND_RESPONSE, f->site_us - f->site_us % CFX_MINUTE, 0, 1, 0);
    fixture_run(f);
    f->read_fails = FALSE;
    wait_real(f, 6 * G_USEC_PER_SEC);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 35000);
    fixture_free(f);
}

/* a site goes while a turn is posted for it, or while its plan is being solved */
static void
test_site_goes(void)
{
    const FixtureSetup two = {
        .fail_safe_w = F_W, .stations = 5, .second = 2, .scheduler = &fake_ops
    };
    FixtureSetup one = two;
    Fixture *f = fixture_of(two);

    one.second = 0;
    fixture_start(f);
    plug(f, 3, "d", 22);
    cfx_apply_pump(cfx_engine_site(f->engine, 2));
    fixture_change(f, &one);
    g_assert_cmpuint(fixture_site(f)->devices->len, ==, 5);
    g_assert_null(cfx_engine_site(f->engine, 2));

    fixture_change(f, &two);
    fixture_plug(f, 3, "e", 20000, f->site_us + 10 * CFX_HOUR);
    CfxSite *site = cfx_engine_site(f->engine, 2);
    while (site->run == NULL)
        g_assert_true(fixture_turn(f));
    fixture_change(f, &one);
    g_assert_null(cfx_engine_site(f->engine, 2));
    replan(f);
    assert_under(f, LIMIT_W, BASE_W);

    /* its values are being read as well, and come before the plan does */
    fixture_change(f, &two);
    f->hangs = TRUE;
    fixture_plug(f, 3, "f", 20000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
    site = cfx_engine_site(f->engine, 2);
    g_assert_nonnull(site->run);
    cfx_recover_beliefs(site);
    fixture_change(f, &one);
    g_assert_true(cfx_engine_site(f->engine, 2) == site);
    g_assert_cmpuint(site->slot_timer, ==, 0);
    fixture_advance(f, CFX_HOUR);
    /* whatever was started meanwhile goes with it */
    cfx_trigger_clock(site);
    fixture_release(f);
    fixture_run(f);
    g_assert_null(cfx_engine_site(f->engine, 2));
    fixture_advance(f, CFX_HOUR);
    fixture_free(f);
}

/* what is no number permits anything, when it is told and when it is read back */
static void
test_allowed_is_no_number(void)
{
    Fixture *f = fixture(2);
    const gint64 at_us[] = { FIXTURE_START,
                             FIXTURE_START + CFX_HOUR,
                             FIXTURE_START + 2 * CFX_HOUR };
    const double numbers[][3] = {
        { NAN, 1000, 1000 },
        { INFINITY, NAN, 1e300 },
        { 1000, NAN, 2000 },
        { -5000, 1e9, 0 },
    };
    const double wanted[][3] = {
        { 22000, 1000, 1000 },
        { 22000, 22000, 22000 },
        { 1000, 22000, 2000 },
        { 0, 22000, 0 },
    };
    const gint64 disorder_us[] = { FIXTURE_START, FIXTURE_START + CFX_HOUR, FIXTURE_START };

    fixture_start(f);
    goes_offline(f, 0);
    for (gsize k = 0; k < G_N_ELEMENTS(numbers); k++) {
        for (int restarts = 0; restarts < 2; restarts++) {
            tell_allowed(f, 0, at_us, numbers[k], 3);
            if (restarts > 0) {
                fixture_crash(f);
                start_engine(f);
            }
            for (int j = 0; j < 3; j++)
                g_assert_cmpfloat(counted_w(f, 0, at_us[j]), ==, wanted[k][j]);
        }
    }
    tell_allowed(f, 0, disorder_us, numbers[0] + 1, 2);
    tell_allowed(f, 0, disorder_us + 1, numbers[0] + 1, 2);
    g_assert_cmpfloat(counted_w(f, 0, f->site_us), ==, 22000);
    fixture_free(f);
}

static void
test_stored_null(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    fixture_edit(f, CFX_ALLOWED_COLLECTION, FIXTURE_FIRST_ASSET, "\"w\":[4140]", "\"w\":[null]");
    fixture_crash(f);
    start_engine(f);
    g_assert_cmpfloat(counted_w(f, 0, f->site_us), ==, 22000);
    g_assert_cmpfloat(counted_w(f, 1, f->site_us), ==, F_W);
    fixture_free(f);
}

/* numbers of a station that cannot be true reach neither plan nor limit */
static void
test_wild_reports(void)
{
    static const double wild[] = { NAN, INFINITY, -INFINITY, -1, 1e300, -1e300, 0 };
    Fixture *f = fixture(3);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    for (gsize k = 0; k < G_N_ELEMENTS(wild); k++) {
        CfxDevice *device = &f->stations[0].device;
        CfxDevice before = *device;
        device->power_w = device->power_min_w = device->power_max_w = wild[k];
        device->power_least_w = device->stock_wh = device->voltage_v = wild[k];
        device->current_max_a = device->need_wh = device->minimum_wh = wild[k];
        device->soc_ratio = device->external_w = device->ended_wh = wild[k];
        device->departure_us = wild[k] < 0 ? G_MININT64 : G_MAXINT64;
        device->phases = 4000000000u;
        f->stations[0].register_wh = wild[k];
        guint solves = fake_n_solves;
        comes(f, 0);
        replan(f);
        g_assert_cmpuint(fake_n_solves, >, solves);
        assert_under(f, LIMIT_W, BASE_W);
        g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), >, 20000);
        g_assert_false(fixture_session(f, 0)->need_wh.value > 1e6);
        *device = before;
        f->stations[0].register_wh = 1e6;
        comes(f, 0);
    }
    /* a reading from the future does not stop the ones that follow */
    f->stations[0].device.at_us = G_MAXINT64;
    CfxDevice device = f->stations[0].device;
    const CfxDevice *at = &device;
    cfx_engine_device_api()->report(&f->adapter->host, &at, 1);
    fixture_run(f);
    g_assert_cmpint(fixture_device(f, 0)->state.at_us, <=, f->site_us + CFX_MINUTE);
    fixture_free(f);
}

/* whatever a scheduler answers: it is not what the limit rests on */
static void
test_wild_scheduler(void)
{
    static const double wild[] = { NAN, INFINITY, -INFINITY, 1e300, -1e300, 1e6, 22 };
    Fixture *f = fixture(5);

    fake_is_wild = TRUE;
    fixture_start(f);
    for (guint i = 0; i < 5; i++)
        plug(f, i, "a", 1e9);
    for (gsize k = 0; k < G_N_ELEMENTS(wild); k++) {
        for (guint i = 0; i < 5; i++)
            fake_wished_kw[i] = wild[(k + i) % G_N_ELEMENTS(wild)];
        replan(f);
        assert_under(f, LIMIT_W, BASE_W);
    }
    fixture_free(f);
}

/* --- sites -------------------------------------------------------------------------------------
 */

static double
sum_of(const Fixture *f, guint first, guint end)
{
    double sum_w = 0;

    for (guint i = first; i < end; i++)
        sum_w += fixture_allowed_w(f, i, f->site_us);
    return sum_w;
}

static void
test_two_sites(void)
{
    const FixtureSetup setup = {
        .fail_safe_w = F_W, .stations = 5, .second = 2, .scheduler = &fake_ops
    };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    plug(f, 3, "d", 22);
    plug(f, 4, "e", 22);
    g_assert_cmpfloat_with_epsilon(sum_of(f, 0, 3), 44000 + F_W, 150);
    g_assert_cmpfloat_with_epsilon(sum_of(f, 3, 5), 44000, 150);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpfloat(sum_of(f, 0, 3) + BASE_W, <=, 35005);
    g_assert_cmpfloat_with_epsilon(sum_of(f, 3, 5), 44000, 150);

    /* a station moves to the other site with what it has */
    FixtureSetup moved = setup;
    moved.second = 3;
    fixture_change(f, &moved);
    CfxSite *second = cfx_engine_site(f->engine, 2);
    g_assert_cmpuint(second->devices->len, ==, 3);
    g_assert_cmpuint(fixture_site(f)->devices->len, ==, 2);
    g_assert_true(fixture_device(f, 2)->site == second);
    g_assert_true(fixture_device(f, 2)->has_allowed);
    moved.second = 1;
    fixture_change(f, &moved);
    g_assert_cmpuint(second->devices->len, ==, 1);
    g_assert_cmpuint(fixture_site(f)->devices->len, ==, 4);
    g_assert_true(fixture_device(f, 3)->site == fixture_site(f));
    g_assert_cmpstr(fixture_session(f, 3)->id, ==, "d");
    replan(f);
    fixture_free(f);
}

/* the model changes while a solve runs on the devices of before */
static void
test_change_under_a_solve(void)
{
    const FixtureSetup all = { .fail_safe_w = F_W, .stations = 3, .scheduler = &fake_ops };
    FixtureSetup fewer = all;
    Fixture *f = fixture_of(all);

    fewer.stations = 2;
    fixture_start(f);
    plug(f, 2, "c", 10);
    plug(f, 0, "a", 10);
    for (int k = 0; k < 4; k++) {
        static const char *const names[] = { "v", "x", "y", "z" };
        fixture_plug(f, 0, names[k], 20000, f->site_us + 10 * CFX_HOUR);
        /* the report is taken in, the plan starts; its solve is still in the queue */
        while (fixture_site(f)->run == NULL)
            g_assert_true(fixture_turn(f));
        fixture_change(f, k % 2 == 0 ? &fewer : &all);
        g_assert_cmpuint(fixture_site(f)->devices->len, ==, k % 2 == 0 ? 2 : 3);
    }
    replan(f);
    fixture_free(f);
}

/* a site may be ready long before its first station is approved */
static void
test_first_station_later(void)
{
    /* without sensors: nothing has to be read for it */
    const FixtureSetup with = { .fail_safe_w = F_W,
                                .stations = 1,
                                .station_attributes = { "\"sensors\":{}" },
                                .scheduler = &fake_ops };
    FixtureSetup without = with;
    Fixture *f = fixture_of(with);

    without.stations = 0;
    fixture_change(f, &without);
    start_engine(f);
    fixture_advance(f, CFX_HOUR);
    fixture_change(f, &with);
    comes(f, 0);
    guint solves = fake_n_solves;
    fixture_advance(f, CFX_HOUR);
    g_assert_cmpuint(fake_n_solves, >=, solves + 4);
    g_assert_cmpint(fixture_site(f)->repeat_timer, !=, 0);
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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/safety/never-seen", test_never_seen);
    g_test_add_func("/engine/safety/one-by-one", test_one_by_one);
    g_test_add_func("/engine/safety/unavoidable-is-told", test_unavoidable_is_told);
    g_test_add_func("/engine/safety/out-of-service", test_out_of_service);
    g_test_add_func("/engine/safety/blocked-and-offline", test_blocked_and_offline);
    g_test_add_func("/engine/safety/rating", test_rating);
    g_test_add_func("/engine/safety/defaults-make-room", test_defaults_make_room);
    g_test_add_func("/engine/safety/fall-back-curves", test_fall_back_curves);
    g_test_add_func("/engine/safety/leaves-early", test_leaves_early);
    g_test_add_func("/engine/safety/plan-ends-in-fail-safe", test_plan_ends_in_fail_safe);
    g_test_add_func("/engine/safety/waiting-is-not-full", test_waiting_is_not_full);
    g_test_add_func("/engine/safety/no-offline-start", test_no_offline_start);
    g_test_add_func("/engine/safety/unanswered-counts", test_unanswered_counts);
    g_test_add_func("/engine/safety/doubt-survives", test_doubt_survives);
    g_test_add_func("/engine/safety/silent", test_silent);
    g_test_add_func("/engine/safety/waiting-raise", test_waiting_raise_is_no_silence);
    g_test_add_func("/engine/safety/cut-lowers-defaults", test_cut_lowers_defaults);
    g_test_add_func("/engine/safety/edge-while-hanging", test_edge_while_scheduler_hangs);
    g_test_add_func("/engine/safety/cut-inside-a-slot", test_cut_inside_a_slot);
    g_test_add_func("/engine/safety/cut-far-ahead", test_cut_far_ahead);
    g_test_add_func("/engine/safety/forecast-above-maximum", test_forecast_above_maximum);
    g_test_add_func("/engine/safety/limit-by-import", test_limit_by_import);
    g_test_add_func("/engine/safety/refused-keeps-its-limit", test_refused_keeps_its_limit);
    g_test_add_func("/engine/safety/refused-after-crash", test_refused_after_crash);
    g_test_add_func("/engine/safety/refused-contract", test_refused_contract);
    g_test_add_func("/engine/safety/limit-goes-while-solving", test_limit_goes_while_solving);
    g_test_add_func("/engine/safety/cut-lowers-fall-backs", test_cut_lowers_fall_backs);
    g_test_add_func("/engine/safety/store-unreadable", test_store_unreadable);
    g_test_add_func("/engine/safety/new-sensors-unreadable", test_new_sensors_unreadable);
    g_test_add_func("/engine/safety/site-goes", test_site_goes);
    g_test_add_func("/engine/safety/allowed-is-no-number", test_allowed_is_no_number);
    g_test_add_func("/engine/safety/stored-null", test_stored_null);
    g_test_add_func("/engine/safety/wild-reports", test_wild_reports);
    g_test_add_func("/engine/safety/wild-scheduler", test_wild_scheduler);
    g_test_add_func("/engine/safety/two-sites", test_two_sites);
    g_test_add_func("/engine/safety/change-under-a-solve", test_change_under_a_solve);
    g_test_add_func("/engine/safety/first-station-later", test_first_station_later);
    g_test_add_func("/engine/safety/clock-change", test_clock_change);
    g_test_add_func("/engine/safety/both-limits", test_both_limits);
    g_test_add_func("/engine/safety/export-limit", test_export_limit);
    return g_test_run();
}
