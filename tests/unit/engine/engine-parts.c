/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pure parts: timelines, limits, prices, fail-safe powers, cuts, fields of sessions, promises.
 */
#include "apply/cfx-apply.h"
#include "cfx-day.h"
#include "guard/cfx-guard.h"
#include "plan/cfx-inputs.h"
#include "session/cfx-session.h"
#include "report/cfx-trace.h"

#include <kit/cfx-time.h>

#define ZONE "America/Martinique"

static gint64
at(const char *text)
{
    gint64 us = 0;

    g_assert_true(cfx_time_parse(text, -1, &us));
    return us;
}

/* --- timelines -----------------------------------------------------------------------------------
 */

static void
test_timeline(void)
{
    g_autoptr(CfxTimeline) line = cfx_timeline_new(84, CFX_SLOT, CFX_SOURCE_ANY, 1);
    gint64 t = at("2025-06-01T10:00:00Z");

    cfx_timeline_add(line, t + CFX_SLOT, 1, 5, 20);
    cfx_timeline_add(line, t, 1, 5, 10);
    cfx_timeline_add(line, t, 2, 6, 12);
    g_assert_cmpfloat(cfx_timeline_best(line, t), ==, 12);
    g_assert_cmpfloat(cfx_timeline_lowest(line, t), ==, 10);
    g_assert_cmpfloat(cfx_timeline_highest(line, t + CFX_SLOT - 1), ==, 12);
    g_assert_true(isnan(cfx_timeline_best(line, t - 1)));
    g_assert_true(isnan(cfx_timeline_best(line, t + 2 * CFX_SLOT)));
    g_assert_cmpint(cfx_timeline_next(line, t), ==, t + CFX_SLOT);
    g_assert_cmpint(cfx_timeline_next(line, t + CFX_SLOT), ==, t + 2 * CFX_SLOT);
    g_assert_cmpint(cfx_timeline_next(line, t + 2 * CFX_SLOT), ==, CFX_TIME_MAX);

    /* "no value" withdraws what that source believed, and only that */
    cfx_timeline_add(line, t, 2, 7, NAN);
    g_assert_cmpfloat(cfx_timeline_best(line, t), ==, 10);
    /* an older belief that comes later changes nothing */
    cfx_timeline_add(line, t, 1, 4, 99);
    g_assert_cmpfloat(cfx_timeline_best(line, t), ==, 10);
}

/* what held at the instant before which all is forgotten still holds */
static void
test_forget(void)
{
    gint64 t = at("2025-06-01T10:00:00Z");

    for (int k = 0; k < 2; k++) {
        g_autoptr(CfxTimeline) line =
            cfx_timeline_new(107, k == 0 ? CFX_HOUR : 0, CFX_SOURCE_ANY, 1);
        for (int i = 0; i < 100; i++) {
            cfx_timeline_add(line, t + i * CFX_HOUR, 1, 1, i);
            cfx_timeline_add(line, t + i * CFX_HOUR, 2, 1, i + 1000);
        }
        gint64 before_us = t + 90 * CFX_HOUR + CFX_MINUTE;
        cfx_timeline_trim(line, before_us);
        g_assert_cmpfloat(cfx_timeline_lowest(line, before_us), ==, 90);
        g_assert_cmpfloat(cfx_timeline_highest(line, before_us), ==, 1090);
        g_assert_true(isnan(cfx_timeline_best(line, t + 89 * CFX_HOUR)));
    }
}

/* Two sources whose events begin at different instants: what holds longest is not hidden. */
static void
test_overlap(void)
{
    g_autoptr(CfxTimeline) line = cfx_timeline_new(86, 15 * CFX_MINUTE, CFX_SOURCE_ANY, 1);
    gint64 t = at("2025-06-01T10:00:00Z");

    cfx_timeline_add(line, t, 1, 1, 50);
    cfx_timeline_add(line, t + 5 * CFX_MINUTE, 2, 1, 80);
    g_assert_cmpfloat(cfx_timeline_lowest(line, t + 4 * CFX_MINUTE), ==, 50);
    g_assert_cmpfloat(cfx_timeline_lowest(line, t + 14 * CFX_MINUTE), ==, 50);
    g_assert_cmpfloat(cfx_timeline_highest(line, t + 14 * CFX_MINUTE), ==, 80);
    g_assert_cmpfloat(cfx_timeline_lowest(line, t + 15 * CFX_MINUTE), ==, 80);
    g_assert_true(isnan(cfx_timeline_lowest(line, t + 20 * CFX_MINUTE)));
    g_assert_cmpint(cfx_timeline_next(line, t), ==, t + 5 * CFX_MINUTE);
    g_assert_cmpint(cfx_timeline_next(line, t + 5 * CFX_MINUTE), ==, t + 15 * CFX_MINUTE);
    g_assert_cmpint(cfx_timeline_next(line, t + 15 * CFX_MINUTE), ==, t + 20 * CFX_MINUTE);
    g_assert_cmpint(cfx_timeline_next(line, t + 20 * CFX_MINUTE), ==, CFX_TIME_MAX);
}

static void
test_register(void)
{
    g_autoptr(CfxTimeline) line = cfx_timeline_new(105, 0, CFX_SOURCE_ANY, 1);
    gint64 t = at("2025-06-01T10:00:00Z");

    cfx_timeline_add(line, t - CFX_MINUTE, 1, 1, 1000);
    cfx_timeline_add(line, t + CFX_MINUTE, 1, 1, 1200);
    g_assert_cmpfloat(cfx_timeline_register(line, t, 5 * CFX_MINUTE), ==, 1100);
    g_assert_cmpfloat(cfx_timeline_register(line, t + CFX_MINUTE, CFX_MINUTE), ==, 1200);
    g_assert_true(isnan(cfx_timeline_register(line, t, CFX_MINUTE)));
    g_assert_true(isnan(cfx_timeline_register(line, t + 2 * CFX_MINUTE, CFX_HOUR)));
}

/* --- limits --------------------------------------------------------------------------------------
 */

typedef struct {
    const char *what;
    double physical_w, contracted_w;
    double percent, percent_other; /* of 86, by two sources; NAN: none */
    double level;
    double absolute_w;
    double wanted_w;
} LimitCase;

static const LimitCase limit_cases[] = {
    { "the contract", 100e3, 70e3, NAN, NAN, NAN, NAN, 70e3 },
    { "copper below the contract", 60e3, 70e3, NAN, NAN, NAN, NAN, 60e3 },
    { "half of the contract", 100e3, 70e3, 50, NAN, NAN, NAN, 35e3 },
    { "a signal never raises", 100e3, 70e3, 140, NAN, NAN, NAN, 70e3 },
    { "a signal is never negative", 100e3, 70e3, -20, NAN, NAN, NAN, 0 },
    { "of two sources the strictest", 100e3, 70e3, 80, 40, NAN, NAN, 28e3 },
    { "level by the table", 100e3, 70e3, NAN, NAN, 2, NAN, 35e3 },
    { "level 3 leaves nothing", 100e3, 70e3, NAN, NAN, 3, NAN, 0 },
    { "the smaller of 86 and 87", 100e3, 70e3, 80, NAN, 2, NAN, 35e3 },
    { "a level above the table is its strictest", 100e3, 70e3, NAN, NAN, 7, NAN, 0 },
    { "an absolute limit", 100e3, 70e3, NAN, NAN, NAN, 20e3, 20e3 },
    { "the lowest of all", 100e3, 70e3, 50, NAN, NAN, 40e3, 35e3 },
    { "an absolute limit does not raise", 100e3, 70e3, NAN, NAN, NAN, 90e3, 70e3 },
    { "a negative absolute limit is none at all to draw", 100e3, 70e3, NAN, NAN, NAN, -5e3, 0 },
    { "the signal is of the contract, not of copper", 60e3, 70e3, 90, NAN, NAN, NAN, 60e3 },
};

static void
test_limits(void)
{
    gint64 t = at("2025-06-01T18:30:00Z");

    for (gsize i = 0; i < G_N_ELEMENTS(limit_cases); i++) {
        const LimitCase *c = &limit_cases[i];
        g_autoptr(CfxTimeline) percent = cfx_timeline_new(86, CFX_MINUTE, CFX_SOURCE_ANY, 1);
        g_autoptr(CfxTimeline) level = cfx_timeline_new(87, CFX_MINUTE, CFX_SOURCE_ANY, 1);
        g_autoptr(CfxTimeline) absolute = cfx_timeline_new(107, CFX_MINUTE, CFX_SOURCE_ANY, 1);
        CfxLimitSignals signals = {
            .physical_w = c->physical_w,
            .contracted_w = c->contracted_w,
            .level_percent = { 100, 100, 50, 0 },
            .load_control = percent,
            .demand_response = level,
            .import_limit = absolute,
        };
        g_auto(CfxCurve) curve = CFX_CURVE_INIT;

        cfx_timeline_add(percent, t, 1, 1, c->percent);
        cfx_timeline_add(percent, t, 2, 1, c->percent_other);
        cfx_timeline_add(level, t, 1, 1, c->level);
        cfx_timeline_add(absolute, t, 1, 1, c->absolute_w);
        g_test_message("%s", c->what);
        g_assert_cmpfloat(cfx_limits_effective_w(&signals, t), ==, c->wanted_w);
        cfx_limits_curve(&signals, t - CFX_HOUR, t + CFX_HOUR, &curve);
        double plain_w = MIN(c->physical_w, c->contracted_w);
        g_assert_cmpfloat(cfx_curve_at(&curve, t - 1), ==, plain_w);
        g_assert_cmpfloat(cfx_curve_at(&curve, t), ==, c->wanted_w);
        g_assert_cmpfloat(cfx_curve_at(&curve, t + CFX_MINUTE - 1), ==, c->wanted_w);
        g_assert_cmpfloat(cfx_curve_at(&curve, t + CFX_MINUTE), ==, plain_w);
    }
}

static void
test_limit_missing(void)
{
    CfxLimitSignals signals = { .physical_w = NAN,
                                .contracted_w = 70e3,
                                .level_percent = { 100, 100, 50, 0 } };
    g_auto(CfxCurve) curve = CFX_CURVE_INIT;

    g_assert_true(isnan(cfx_limits_effective_w(&signals, 0)));
    cfx_limits_curve(&signals, 0, CFX_HOUR, &curve);
    g_assert_true(isnan(cfx_curve_at(&curve, 2 * CFX_HOUR)));
    signals.physical_w = 100e3;
    signals.contracted_w = NAN;
    g_assert_true(isnan(cfx_limits_effective_w(&signals, 0)));
    cfx_limits_curve(&signals, 0, CFX_HOUR, &curve);
    g_assert_true(isnan(cfx_curve_at(&curve, 2 * CFX_HOUR)));
}

static void
test_fail_safe(void)
{
    const double own_w[] = { 4140, 4140, 4140, NAN };
    const double least_w[] = { 4140, 1380, 4140, 4140 };
    double to_w[4];

    cfx_limits_fail_safe(own_w, least_w, 4, 20000, to_w);
    g_assert_cmpfloat(to_w[0], ==, 4140);
    g_assert_cmpfloat(to_w[3], ==, 0); /* NAN is no permission */
    /* 9 kW for three: 3 kW each, which is enough for one phase only */
    cfx_limits_fail_safe(own_w, least_w, 4, 9000, to_w);
    g_assert_cmpfloat(to_w[0], ==, 0);
    g_assert_cmpfloat(to_w[1], ==, 3000);
    cfx_limits_fail_safe(own_w, least_w, 4, -5, to_w);
    g_assert_cmpfloat(to_w[1], ==, 0);
    cfx_limits_fail_safe(own_w, least_w, 4, NAN, to_w);
    g_assert_cmpfloat(to_w[0] + to_w[1] + to_w[2], ==, 0);
}

/* --- prices and slots
 * ------------------------------------------------------------------------------ */

static void
test_prices(void)
{
    g_autoptr(CfxTimeline) first = cfx_timeline_new(84, CFX_SLOT, CFX_SOURCE_ANY, 1);
    g_autoptr(CfxTimeline) second = cfx_timeline_new(85, CFX_SLOT, CFX_SOURCE_ANY, 1);
    CfxTimeline *both[] = { first, second };
    gint64 t = at("2025-06-02T10:00:00Z");
    gboolean assumed;

    /* nothing is known: the constant, and without one no price */
    g_assert_cmpfloat(cfx_plan_price_at(both, 2, ZONE, 180, t, &assumed), ==, 0.18);
    g_assert_true(assumed);
    g_assert_true(isnan(cfx_plan_price_at(both, 2, ZONE, NAN, t, &assumed)));
    g_assert_false(assumed);
    cfx_timeline_add(second, t - 14 * CFX_DAY, 1, 1, 60);
    g_assert_cmpfloat(cfx_plan_price_at(both, 2, ZONE, 180, t, &assumed), ==, 0.06);
    /* the same clock time of the last known day */
    cfx_timeline_add(second, t - CFX_DAY, 1, 1, 90);
    g_assert_cmpfloat(cfx_plan_price_at(both, 2, ZONE, 180, t, &assumed), ==, 0.09);
    g_assert_true(assumed);
    /* the second sensor, then the first; never a sum */
    cfx_timeline_add(second, t, 1, 1, 120);
    g_assert_cmpfloat(cfx_plan_price_at(both, 2, ZONE, 180, t, &assumed), ==, 0.12);
    g_assert_false(assumed);
    cfx_timeline_add(first, t, 1, 1, 100);
    g_assert_cmpfloat(cfx_plan_price_at(both, 2, ZONE, 180, t, &assumed), ==, 0.1);
    /* a negative price is a price */
    cfx_timeline_add(first, t, 1, 2, -20);
    g_assert_cmpfloat(cfx_plan_price_at(both, 2, ZONE, 180, t, &assumed), ==, -0.02);
}

static void
test_prices_end(void)
{
    g_autoptr(CfxTimeline) first = cfx_timeline_new(84, CFX_SLOT, CFX_SOURCE_ANY, 1);
    g_autoptr(CfxTimeline) second = cfx_timeline_new(85, 4 * CFX_SLOT, CFX_SOURCE_ANY, 1);
    g_autoptr(CfxTimeline) spot = cfx_timeline_new(86, 0, CFX_SOURCE_ANY, 1);
    CfxTimeline *both[] = { first, second }, *none[] = { NULL }, *one[] = { spot };
    gint64 t = at("2025-06-02T10:00:00Z"), until = t + CFX_DAY;

    g_assert_cmpint(cfx_plan_prices_end(both, 2, t, until), ==, t);
    g_assert_cmpint(cfx_plan_prices_end(none, 1, t, until), ==, t);
    cfx_timeline_add(first, t, 1, 1, 100);
    cfx_timeline_add(first, t + CFX_SLOT, 1, 1, 100);
    g_assert_cmpint(cfx_plan_prices_end(both, 2, t + 1, until), ==, t + 2 * CFX_SLOT);
    /* the second goes on where the first has no price; what lies behind a gap does not count */
    cfx_timeline_add(second, t, 1, 1, 100);
    cfx_timeline_add(first, t + 5 * CFX_SLOT, 1, 1, 100);
    g_assert_cmpint(cfx_plan_prices_end(both, 2, t, until), ==, t + 4 * CFX_SLOT);
    cfx_timeline_add(first, t + 4 * CFX_SLOT, 1, 1, 100);
    g_assert_cmpint(cfx_plan_prices_end(both, 2, t, until), ==, t + 6 * CFX_SLOT);
    /* withdrawn */
    cfx_timeline_add(first, t + 4 * CFX_SLOT, 1, 2, NAN);
    g_assert_cmpint(cfx_plan_prices_end(both, 2, t, until), ==, t + 4 * CFX_SLOT);
    g_assert_cmpint(cfx_plan_prices_end(both, 2, t, t + CFX_SLOT), ==, t + CFX_SLOT);
    cfx_timeline_add(spot, t - CFX_DAY, 1, 1, 100);
    g_assert_cmpint(cfx_plan_prices_end(one, 1, t, until), ==, CFX_TIME_MAX);
}

static void
test_prices_over_clock_change(void)
{
    g_autoptr(CfxTimeline) line = cfx_timeline_new(84, CFX_SLOT, CFX_SOURCE_ANY, 1);
    CfxTimeline *one[] = { line };
    gboolean assumed;

    /* Stockholm, 30 March 2025 has 23 hours: 18:00 is 17:00Z the day before and 16:00Z that day */
    cfx_timeline_add(line, at("2025-03-29T17:00:00Z"), 1, 1, 50);
    cfx_timeline_add(line, at("2025-03-29T16:00:00Z"), 1, 1, 70);
    g_assert_cmpfloat(
        cfx_plan_price_at(one, 1, "Europe/Stockholm", 180, at("2025-03-30T16:00:00Z"), &assumed),
        ==,
        0.05);
    /* 26 October has 25 hours: 18:00 is 16:00Z the day before and 17:00Z that day */
    cfx_timeline_add(line, at("2025-10-25T16:00:00Z"), 1, 1, 30);
    g_assert_cmpfloat(
        cfx_plan_price_at(one, 1, "Europe/Stockholm", 180, at("2025-10-26T17:00:00Z"), &assumed),
        ==,
        0.03);
}

static void
test_slots(void)
{
    gint64 now = at("2025-06-02T18:04:37Z");
    gint64 until = cfx_plan_horizon(now, 0);
    g_autoptr(CfxPlanInputs) inputs = cfx_plan_inputs_new(now, until);

    g_assert_cmpint(until, ==, at("2025-06-03T18:15:00Z"));
    g_assert_cmpint(inputs->edge_us[0], ==, at("2025-06-02T18:04:00Z"));
    g_assert_cmpint(inputs->edge_us[1], ==, at("2025-06-02T18:15:00Z"));
    g_assert_cmpint(inputs->edge_us[inputs->n], ==, until);
    g_assert_cmpfloat_with_epsilon(inputs->hours[0], 11.0 / 60, 1e-12);
    g_assert_cmpfloat(inputs->hours[1], ==, 0.25);
    /* to the last departure, 36 h at most */
    g_assert_cmpint(cfx_plan_horizon(now, now + 30 * CFX_HOUR), ==, at("2025-06-04T00:15:00Z"));
    g_assert_cmpint(cfx_plan_horizon(now, now + 90 * CFX_HOUR), ==, at("2025-06-04T06:15:00Z"));
    /* on an edge the first slot is whole */
    g_autoptr(CfxPlanInputs) whole =
        cfx_plan_inputs_new(at("2025-06-02T18:15:00Z"), at("2025-06-02T19:00:00Z"));
    g_assert_cmpuint(whole->n, ==, 3);
    g_assert_cmpfloat(whole->hours[0], ==, 0.25);
}

/* --- cuts
 * ------------------------------------------------------------------------------------------ */

/* a power that is not known is the same as itself: what is told once is not told for ever */
static void
test_same(void)
{
    static const double values[] = { 1000, INFINITY, NAN };
    g_auto(CfxCurve) a = CFX_CURVE_INIT, b = CFX_CURVE_INIT;

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(values); j++) {
            cfx_curve_reset(&a);
            cfx_curve_reset(&b);
            cfx_curve_append(&a, 0, values[i]);
            cfx_curve_append(&b, 0, values[j]);
            g_assert_true(cfx_apply_same(&a, &b, 0, 1) == (i == j));
        }
    }
}

static void
test_clip(void)
{
    CfxCurve curves[3] = { CFX_CURVE_INIT, CFX_CURVE_INIT, CFX_CURVE_INIT };
    const double least_w[] = { 4140, 1380, 4140 };
    g_auto(CfxCurve) room = CFX_CURVE_INIT;
    gboolean cut[3];

    cfx_curve_append(&curves[0], 0, 20000);
    cfx_curve_append(&curves[0], 200, 1000);
    cfx_curve_append(&curves[1], 0, 10000);
    cfx_curve_append(&curves[2], 0, 0);
    cfx_curve_append(&room, 0, 40000);
    cfx_curve_append(&room, 100, 15000);
    cfx_curve_append(&room, 150, 5000);
    g_assert_cmpuint(cfx_clip_curves(curves, least_w, 3, &room, 0, 1000, cut), ==, 2);
    g_assert_true(cut[0] && cut[1] && !cut[2]);
    g_assert_cmpfloat(cfx_curve_at(&curves[0], 99), ==, 20000);
    g_assert_cmpfloat(cfx_curve_at(&curves[0], 100), ==, 10000);
    g_assert_cmpfloat(cfx_curve_at(&curves[1], 100), ==, 5000);
    /* a share below the least power is nothing */
    g_assert_cmpfloat(cfx_curve_at(&curves[0], 150), ==, 0);
    g_assert_cmpfloat_with_epsilon(cfx_curve_at(&curves[1], 150), 5000.0 / 3, 1e-9);
    /* beyond the window it stays */
    g_assert_cmpfloat(cfx_curve_at(&curves[1], 1000), ==, 10000);

    /* a room that is no number permits nothing */
    cfx_curve_reset(&room);
    cfx_curve_append(&room, 0, NAN);
    g_assert_cmpuint(cfx_clip_curves(curves, least_w, 3, &room, 0, 100, cut), ==, 2);
    g_assert_cmpfloat(cfx_curve_at(&curves[1], 0), ==, 0);

    /* nor does a power that is none, or without end: at most all the room is its */
    cfx_curve_reset(&room);
    cfx_curve_append(&room, 0, 15000);
    cfx_curve_append(&room, 50, -INFINITY);
    for (int i = 0; i < 3; i++)
        cfx_curve_reset(&curves[i]);
    cfx_curve_append(&curves[0], 0, INFINITY);
    cfx_curve_append(&curves[1], 0, 10000);
    cfx_curve_append(&curves[2], 0, NAN);
    g_assert_cmpuint(cfx_clip_curves(curves, least_w, 3, &room, 0, 100, cut), ==, 2);
    g_assert_cmpfloat_with_epsilon(cfx_curve_at(&curves[0], 0), 9000, 1e-9);
    g_assert_cmpfloat_with_epsilon(cfx_curve_at(&curves[1], 0), 6000, 1e-9);
    g_assert_cmpfloat(cfx_curve_at(&curves[0], 50), ==, 0);
    g_assert_cmpfloat(cfx_curve_at(&curves[1], 50), ==, 0);
    cfx_curve_reset(&curves[0]);
    cfx_curve_append(&curves[0], 0, INFINITY);
    g_assert_cmpuint(cfx_clip_curves(curves, least_w, 1, &room, 0, 50, cut), ==, 1);
    g_assert_cmpfloat(cfx_curve_at(&curves[0], 0), ==, 15000);
    for (int i = 0; i < 3; i++)
        cfx_curve_clear(&curves[i]);
}

/* --- sessions
 * -------------------------------------------------------------------------------------- */

static void
test_precedence(void)
{
    g_autoptr(CfxSession) session = cfx_session_new(1, 11, "tx", 1000);

    g_assert_cmpint(session->need_wh.from, ==, CFX_FROM_NOBODY);
    g_assert_cmpint(session->departure_us, ==, 0);
    session->said[CFX_FROM_EVSE] = (CfxStatement){ 15000, 5000, 0 };
    cfx_session_choose(session);
    g_assert_cmpfloat(session->need_wh.value, ==, 15000);
    g_assert_cmpstr(cfx_from_grade(session->need_wh.from), ==, "assumed");
    session->said[CFX_FROM_HISTORY] = (CfxStatement){ 11000, NAN, 9000 };
    cfx_session_choose(session);
    g_assert_cmpfloat(session->need_wh.value, ==, 11000);
    g_assert_cmpstr(cfx_from_grade(session->need_wh.from), ==, "learned");
    /* each field by itself: the token says when, the car how much */
    session->said[CFX_FROM_TOKEN] = (CfxStatement){ 18000, 6000, 7000 };
    session->said[CFX_FROM_CAR] = (CfxStatement){ 22000, NAN, 0 };
    cfx_session_choose(session);
    g_assert_cmpfloat(session->need_wh.value, ==, 22000);
    g_assert_cmpint(session->need_wh.from, ==, CFX_FROM_CAR);
    g_assert_cmpfloat(session->minimum_wh.value, ==, 6000);
    g_assert_cmpint(session->minimum_wh.from, ==, CFX_FROM_TOKEN);
    g_assert_cmpint(session->departure_us, ==, 7000);
    g_assert_cmpstr(cfx_from_grade(session->departure_from), ==, "stated");
    /* a person's entry is first; 0 is a number; the minimum is a part of the need */
    session->said[CFX_FROM_ENTRY] = (CfxStatement){ 0, NAN, 8000 };
    cfx_session_choose(session);
    g_assert_cmpfloat(session->need_wh.value, ==, 0);
    g_assert_cmpfloat(session->minimum_wh.value, ==, 0);
    g_assert_cmpint(session->departure_us, ==, 8000);
    /* a departure before the arrival was never meant */
    session->said[CFX_FROM_ENTRY].departure_us = 900;
    cfx_session_choose(session);
    g_assert_cmpint(session->departure_us, ==, 7000);
}

static void
test_promise(void)
{
    g_autoptr(CfxSession) session = cfx_session_new(1, 11, "tx", 1000);

    /* nobody stated anything: nothing is promised */
    session->said[CFX_FROM_EVSE].need_wh = 15000;
    cfx_session_choose(session);
    g_assert_false(cfx_session_promise(session, 15000, 1, "x"));
    g_assert_true(isnan(session->promised_wh));
    g_assert_true(isnan(cfx_session_shortfall_wh(session)));

    session->said[CFX_FROM_CAR].need_wh = 20000;
    cfx_session_choose(session);
    g_assert_true(cfx_session_promise(session, 21000, 2, "load-control"));
    g_assert_cmpfloat(session->promised_wh, ==, 20000);
    g_assert_null(session->cause);
    /* it falls with a named cause only */
    g_assert_false(cfx_session_promise(session, 12000, 3, NULL));
    g_assert_cmpfloat(session->promised_wh, ==, 20000);
    g_assert_true(cfx_session_promise(session, 12000, 3, "load-control"));
    g_assert_cmpfloat(session->promised_wh, ==, 12000);
    g_assert_cmpstr(session->cause, ==, "load-control");
    /* a change within the tolerance is none */
    g_assert_false(cfx_session_promise(session, 11950, 4, "site-limit"));
    g_assert_cmpfloat(session->promised_wh, ==, 12000);
    /* and it may rise again */
    g_assert_true(cfx_session_promise(session, 19950, 5, "load-control"));
    g_assert_cmpfloat(session->promised_wh, ==, 20000);
    g_assert_null(session->cause);
    session->delivered_wh = 18500;
    g_assert_cmpfloat(cfx_session_shortfall_wh(session), ==, 1500);
}

static void
test_sliding(void)
{
    g_autoptr(CfxSession) session = cfx_session_new(1, 11, "tx", 1000);
    gint64 by = at("2025-06-02T07:00:00Z");

    session->said[CFX_FROM_CAR].departure_us = by;
    cfx_session_choose(session);
    g_assert_cmpint(cfx_session_leaves_us(session, by - 1), ==, by);
    g_assert_cmpint(cfx_session_leaves_us(session, by), ==, by + 30 * CFX_MINUTE);
    g_assert_cmpint(cfx_session_leaves_us(session, by + 31 * CFX_MINUTE), ==, by + CFX_HOUR);
}

static void
test_record(void)
{
    g_autoptr(CfxSession) session = cfx_session_new(1, 11, "tx \"1\"", at("2025-06-02T07:00:00Z"));
    g_autoptr(GError) error = NULL;

    session->token = g_strdup("ISO14443:MQ-1");
    session->said[CFX_FROM_ENTRY] = (CfxStatement){ 20000, NAN, at("2025-06-02T17:00:00Z") };
    session->said[CFX_FROM_EVSE] = (CfxStatement){ 15000, 5000, 0 };
    session->stock_wh = 1234.5;
    cfx_session_choose(session);
    cfx_session_promise(session, 17000, 77, "load-control");
    g_autofree char *json = cfx_session_json(session);
    g_autoptr(CfxSession) back = cfx_session_parse(json, strlen(json), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(back->key, ==, session->key);
    g_assert_cmpstr(back->token, ==, "ISO14443:MQ-1");
    g_assert_cmpfloat(back->need_wh.value, ==, 20000);
    g_assert_cmpint(back->need_wh.from, ==, CFX_FROM_ENTRY);
    g_assert_cmpfloat(back->minimum_wh.value, ==, 5000);
    g_assert_cmpint(back->departure_us, ==, session->departure_us);
    g_assert_cmpfloat(back->promised_wh, ==, 17000);
    g_assert_cmpint(back->promised_us, ==, 77);
    g_assert_cmpstr(back->cause, ==, "load-control");
    g_assert_cmpfloat(back->stock_wh, ==, 1234.5);
    g_assert_true(isnan(back->delivered_wh));
    g_assert_null(cfx_session_parse("[1]", 3, NULL));
    g_assert_null(cfx_session_parse("{", 1, NULL));
    g_assert_null(cfx_session_parse("{}", 2, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
}

static void
test_quantiles(void)
{
    g_autoptr(GArray) ms = g_array_new(FALSE, FALSE, sizeof(double));

    g_assert_true(isnan(cfx_link_quantile(ms, 0.5)));
    for (double x = 100; x >= 1; x--)
        g_array_append_val(ms, x);
    g_assert_cmpfloat(cfx_link_quantile(ms, 0.5), ==, 50);
    g_assert_cmpfloat(cfx_link_quantile(ms, 0.99), ==, 99);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/timeline/events", test_timeline);
    g_test_add_func("/engine/timeline/forget", test_forget);
    g_test_add_func("/engine/timeline/overlap", test_overlap);
    g_test_add_func("/engine/timeline/register", test_register);
    g_test_add_func("/engine/limits/table", test_limits);
    g_test_add_func("/engine/limits/missing", test_limit_missing);
    g_test_add_func("/engine/limits/fail-safe", test_fail_safe);
    g_test_add_func("/engine/prices/order", test_prices);
    g_test_add_func("/engine/prices/end", test_prices_end);
    g_test_add_func("/engine/prices/clock-change", test_prices_over_clock_change);
    g_test_add_func("/engine/plan/slots", test_slots);
    g_test_add_func("/engine/apply/same", test_same);
    g_test_add_func("/engine/guard/clip", test_clip);
    g_test_add_func("/engine/session/precedence", test_precedence);
    g_test_add_func("/engine/session/promise", test_promise);
    g_test_add_func("/engine/session/sliding", test_sliding);
    g_test_add_func("/engine/session/record", test_record);
    g_test_add_func("/engine/report/quantiles", test_quantiles);
    return g_test_run();
}
