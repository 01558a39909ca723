/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Promises over time, with the real scheduler: they fall with a cause that is true, the youngest
 * first, and for no other reason. */
#include "engine-fixture.h"

#include "session/cfx-session.h"

#include <json-glib/json-glib.h>

#define F_W 4140.0

static Fixture *
fixture(guint stations, const char *flex_context)
{
    const CfxSchedulerOps *ops = fixture_real_scheduler();
    FixtureSetup setup = {
        .fail_safe_w = 0, .stations = stations, .flex_context = flex_context, .scheduler = ops
    };

    if (ops == NULL) {
        g_test_skip("no scheduler module");
        return NULL;
    }
    Fixture *f = fixture_new(&setup);
    for (gint m = 0; m < 2880; m += 15)
        fixture_believe(f, SOURCE_SIGNAL, SENSOR_PRICE, f->site_us + m * CFX_MINUTE, 0, 1, 100);
    fixture_start(f);
    return f;
}

static void
plug(Fixture *f, guint i, double need_wh, double hours)
{
    static const char *const names[] = { "a", "b", "c", "d", "e", "f" };

    fixture_plug(f, i, names[i], need_wh, f->site_us + (gint64)(hours * 60) * CFX_MINUTE);
    fixture_run(f);
}

static double
promised(Fixture *f, guint i)
{
    return fixture_session(f, i)->promised_wh;
}

static const char *
cause(Fixture *f, guint i)
{
    return fixture_session(f, i)->cause;
}

/* a load-control event over the next @minutes */
static void
signal_percent(Fixture *f, gint minutes, double percent)
{
    gint64 start_us = f->site_us - f->site_us % CFX_MINUTE;

    fixture_believe(
        f, SOURCE_SIGNAL, SENSOR_LOAD_CONTROL, start_us, CFX_MINUTE, (guint)minutes, percent);
    fixture_run(f);
}

/* minutes in which cars draw all that they may */
static void
charge(Fixture *f, guint minutes, double share)
{
    for (guint m = 0; m < minutes; m++) {
        for (guint i = 0; i < f->n_stations; i++) {
            FixtureStation *station = &f->stations[i];
            if (station->device.session == NULL)
                continue;
            station->device.power_w = share * fixture_allowed_w(f, i, f->site_us);
            station->device.stock_wh += station->device.power_w / 60;
            station->register_wh += station->device.power_w / 60;
            if (m % 5 == 0)
                fixture_report(f, i);
        }
        fixture_advance(f, CFX_MINUTE);
    }
}

/* who comes later takes nothing from who was promised before */
static void
test_newcomer(void)
{
    Fixture *f = fixture(4, NULL);
    if (f == NULL)
        return;
    /* 54 kW for two hours: 108 kWh */
    plug(f, 0, 40000, 2);
    fixture_advance(f, CFX_MINUTE);
    plug(f, 1, 40000, 2);
    fixture_advance(f, CFX_MINUTE);
    plug(f, 2, 40000, 2);
    g_assert_cmpfloat(promised(f, 0), ==, 40000);
    g_assert_cmpfloat(promised(f, 1), ==, 40000);
    g_assert_cmpfloat(promised(f, 2), <, 28000);
    g_assert_cmpfloat(promised(f, 2), >, 20000);
    g_assert_cmpstr(cause(f, 2), ==, "site-limit");
    fixture_advance(f, CFX_MINUTE);
    plug(f, 3, 20000, 2);
    g_assert_cmpfloat(promised(f, 0), ==, 40000);
    g_assert_cmpfloat(promised(f, 1), ==, 40000);
    g_assert_cmpfloat(promised(f, 2), >, 20000);
    /* its minimum comes before all promises, and the youngest of them gives it */
    g_assert_cmpfloat(promised(f, 3), <=, 5000);
    fixture_free(f);
}

/* the youngest pays first, and what comes back is given back; the word is the signal's */
static void
test_signal(void)
{
    Fixture *f = fixture(3, NULL);
    if (f == NULL)
        return;
    plug(f, 0, 36000, 2);
    fixture_advance(f, CFX_MINUTE);
    plug(f, 1, 40000, 2);
    fixture_advance(f, CFX_MINUTE);
    plug(f, 2, 20000, 2);
    g_assert_cmpfloat(promised(f, 2), ==, 20000);
    signal_percent(f, 60, 50);
    g_assert_cmpfloat(promised(f, 0), ==, 36000);
    g_assert_cmpfloat(promised(f, 1), <, 40000);
    g_assert_cmpfloat(promised(f, 2), <, 15000);
    g_assert_cmpstr(cause(f, 1), ==, "load-control");
    g_assert_cmpstr(cause(f, 2), ==, "load-control");
    signal_percent(f, 60, 100);
    g_assert_cmpfloat(promised(f, 1), ==, 40000);
    g_assert_cmpfloat(promised(f, 2), ==, 20000);
    g_assert_null(cause(f, 2));
    fixture_free(f);
}

/* what was added to a promise later is younger than what others were promised before that */
static void
test_age_of_parts(void)
{
    Fixture *f = fixture(3, NULL);
    if (f == NULL)
        return;
    signal_percent(f, 120, 40);
    /* 12 kW for two hours */
    plug(f, 0, 40000, 2);
    g_assert_cmpfloat(promised(f, 0), <, 25000);
    g_assert_cmpstr(cause(f, 0), ==, "load-control");
    double first_wh = promised(f, 0);
    signal_percent(f, 120, 100);
    g_assert_cmpfloat(promised(f, 0), ==, 40000);
    g_assert_cmpuint(fixture_session(f, 0)->n_promises, ==, 2);
    /* before the raise, and after it */
    fixture_session(f, 0)->promises[1].us += 10 * CFX_MINUTE;
    plug(f, 1, 40000, 2);
    signal_percent(f, 120, 70);
    /* 33 kW: 66 kWh. The first part of the first, the second car, then the rest of the first */
    g_assert_cmpfloat(promised(f, 1), ==, 40000);
    g_assert_cmpfloat(promised(f, 0), <, 30000);
    g_assert_cmpfloat(promised(f, 0), >=, first_wh - 200);
    /* the parts survive */
    fixture_crash(f);
    fixture_start(f);
    g_assert_cmpuint(fixture_session(f, 0)->n_promises, ==, 2);
    g_assert_cmpfloat(promised(f, 1), ==, 40000);
    fixture_free(f);
}

/* phases that were seen are not unsaid by who does not see them now */
static void
test_phases_after_crash(void)
{
    Fixture *f = fixture(2, NULL);
    if (f == NULL)
        return;
    plug(f, 0, 40000, 2.5);
    g_assert_cmpfloat(promised(f, 0), ==, 40000);
    guint n = fixture_count_notices(f, "cfx.story.promised");
    fixture_crash(f);
    f->stations[0].device.phases = 0;
    fixture_start(f);
    charge(f, 20, 1);
    g_assert_cmpfloat(promised(f, 0), ==, 40000);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.promised"), ==, n);
    fixture_free(f);
}

/* a car whose phases nobody has seen is promised what one brings, and that is the word for it */
static void
test_phases_unknown(void)
{
    Fixture *f = fixture(2, NULL);
    if (f == NULL)
        return;
    f->car_phases = 0;
    plug(f, 0, 30000, 2);
    g_assert_cmpfloat(promised(f, 0), <, 15000);
    g_assert_cmpstr(cause(f, 0), ==, "phases-unknown");
    f->stations[0].device.phases = 3;
    fixture_report(f, 0);
    fixture_run(f);
    g_assert_cmpfloat(promised(f, 0), ==, 30000);
    g_assert_null(cause(f, 0));
    fixture_free(f);
}

/* it could have drawn more, and now there is no time left */
static void
test_draws_less(void)
{
    Fixture *f = fixture(1, NULL);
    if (f == NULL)
        return;
    plug(f, 0, 40000, 2);
    g_assert_cmpfloat(promised(f, 0), ==, 40000);
    charge(f, 60, 0.4);
    g_assert_cmpfloat(promised(f, 0), <, 38000);
    g_assert_cmpstr(cause(f, 0), ==, "car-draws-less");
    fixture_free(f);
}

static void
test_too_little_time(void)
{
    Fixture *f = fixture(1, NULL);
    if (f == NULL)
        return;
    plug(f, 0, 40000, 1);
    g_assert_cmpfloat(promised(f, 0), <, 23000);
    g_assert_cmpstr(cause(f, 0), ==, "too-little-time");
    fixture_free(f);
}

/* a quiet night under a full site: nothing of what was promised moves while time goes on */
static void
test_steady(void)
{
    Fixture *f = fixture(5, NULL);
    const double needs_wh[] = { 30000, 25000, 20000, 18000, 9000 };
    if (f == NULL)
        return;
    for (guint i = 0; i < 5; i++) {
        plug(f, i, needs_wh[i], 2.2);
        g_assert_cmpfloat(promised(f, i), ==, needs_wh[i]);
        charge(f, 1, 1);
    }
    guint n = fixture_count_notices(f, "cfx.story.promised");
    charge(f, 120, 1);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.promised"), ==, n);
    for (guint i = 0; i < 5; i++)
        g_assert_cmpfloat(f->stations[i].device.stock_wh, >=, needs_wh[i] - 100);
    fixture_free(f);
}

/* A car says what it needs while the plan for what was assumed of it is being solved: that plan
 * says nothing of the need. */
static void
test_need_while_solving(void)
{
    Fixture *f = fixture(2, NULL);
    if (f == NULL)
        return;
    f->hangs = TRUE;
    plug(f, 0, 15000, 6);
    f->stations[0].device.need_wh = 18300;
    fixture_report(f, 0);
    fixture_run(f);
    fixture_release(f);
    fixture_run(f);
    g_assert_cmpfloat(promised(f, 0), ==, 18300);
    g_assert_cmpuint(fixture_session(f, 0)->n_promises, ==, 1);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.plugged"), ==, 1);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.promised"), ==, 0);

    /* it goes earlier than the plan thought */
    f->hangs = TRUE;
    plug(f, 1, 40000, 8);
    f->stations[1].device.departure_us = f->site_us + CFX_HOUR;
    fixture_report(f, 1);
    fixture_run(f);
    fixture_release(f);
    fixture_run(f);
    g_assert_cmpfloat(promised(f, 1), <, 23000);
    g_assert_cmpuint(fixture_session(f, 1)->n_promises, ==, 1);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.promised"), ==, 0);
    fixture_free(f);
}

/* the next car comes while the plan for the last one is being solved */
static void
test_car_while_solving(void)
{
    Fixture *f = fixture(1, NULL);
    if (f == NULL)
        return;
    gint64 departure_us = f->site_us + 8 * CFX_HOUR;
    plug(f, 0, 20000, 8);
    f->stations[0].device.stock_wh = 12000;
    fixture_report(f, 0);
    f->hangs = TRUE;
    fixture_advance(f, CFX_SLOT);
    g_assert_nonnull(fixture_site(f)->run);
    fixture_unplug(f, 0);
    fixture_run(f);
    fixture_plug(f, 0, "next", 20000, departure_us);
    fixture_run(f);
    fixture_release(f);
    fixture_run(f);
    g_assert_cmpfloat(promised(f, 0), ==, 20000);
    g_assert_cmpuint(fixture_session(f, 0)->n_promises, ==, 1);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.promised"), ==, 0);
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/promise/newcomer", test_newcomer);
    g_test_add_func("/engine/promise/signal", test_signal);
    g_test_add_func("/engine/promise/age-of-parts", test_age_of_parts);
    g_test_add_func("/engine/promise/phases-after-crash", test_phases_after_crash);
    g_test_add_func("/engine/promise/phases-unknown", test_phases_unknown);
    g_test_add_func("/engine/promise/draws-less", test_draws_less);
    g_test_add_func("/engine/promise/too-little-time", test_too_little_time);
    g_test_add_func("/engine/promise/steady", test_steady);
    g_test_add_func("/engine/promise/need-while-solving", test_need_while_solving);
    g_test_add_func("/engine/promise/car-while-solving", test_car_while_solving);
    return g_test_run();
}
