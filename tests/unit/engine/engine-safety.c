/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nothing unsafe: what all stations may draw together stays under the limit, whoever is away,
 * silent, unknown, out of order or wrong.
 */
#include "engine-scene.h"

#include "apply/cfx-apply.h"
#include "guard/cfx-guard.h"
#include "session/cfx-session.h"

static double
counted_w(Fixture *f, guint i, gint64 us)
{
    g_auto(CfxCurve) counted = CFX_CURVE_INIT;

    cfx_apply_counted(fixture_device(f, i), f->site_us, &counted);
    return cfx_curve_at(&counted, us);
}

/* --- who has accepted nothing ------------------------------------------------------------------
 */

/* until a station has accepted its default it counts at its rating */
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
        device->charge_efficiency = device->discharge_efficiency = wild[k];
        device->leakage_per_hour = wild[k];
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
        const CfxDevice *state = &fixture_device(f, 0)->state;
        g_assert_true(isnan(state->charge_efficiency) && isnan(state->discharge_efficiency));
        g_assert_true(isnan(state->leakage_per_hour) || state->leakage_per_hour == 0);
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
    g_test_add_func("/engine/safety/cut-lowers-fall-backs", test_cut_lowers_fall_backs);
    g_test_add_func("/engine/safety/allowed-is-no-number", test_allowed_is_no_number);
    g_test_add_func("/engine/safety/stored-null", test_stored_null);
    g_test_add_func("/engine/safety/wild-reports", test_wild_reports);
    g_test_add_func("/engine/safety/wild-scheduler", test_wild_scheduler);
    return g_test_run();
}
