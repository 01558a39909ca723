/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-profile.h"

#include <math.h>

/* what floating point leaves of a number that was meant to be a multiple of 0.1 A */
#define ROUNDING 1e-6

void
ocpp_schedule_free(OcppScheduleText *self)
{
    if (self == NULL)
        return;
    g_free(self->periods);
    g_free(self->curve);
    g_free(self);
}

/* the values of a row as steps; an increase at a slot's start comes @raise_delay_us later */
static gsize
row_steps(const CfxPlan *plan, CfxGrid grid, gsize row, gint64 now_us, OcppStep *to)
{
    gsize n = 0;

    for (gsize j = 0; j < plan->n_slots; j++) {
        gint64 at = cfx_int_at(plan->edges_us, j), end = cfx_int_at(plan->edges_us, j + 1);
        double w = cfx_grid_at(grid, row, j);

        /* NAN is no permission */
        w = isfinite(w) && w > 0 ? w : 0;
        if (end <= now_us)
            continue;
        if (n == 0)
            at = MIN(at, now_us);
        else if (w > to[n - 1].w && plan->raise_delay_us.at != NULL)
            at += MAX(cfx_int_at(plan->raise_delay_us, j), 0);
        if (at >= end || (n > 0 && to[n - 1].w == w))
            continue;
        to[n++] = (OcppStep){ at, w };
    }
    return n;
}

static double
last_fail_safe(const CfxPlan *plan, gsize row)
{
    double w = plan->n_slots > 0 ? cfx_grid_at(plan->fail_safe_w, row, plan->n_slots - 1) : 0;

    return isfinite(w) && w > 0 ? w : 0;
}

/* the open last period */
static OcppCurve *
close_curve(const CfxPlan *plan, gsize row, gint64 now_us, OcppStep *steps, gsize n)
{
    gint64 end = plan->n_slots > 0 ? cfx_int_at(plan->edges_us, plan->n_slots) : now_us;
    double w = last_fail_safe(plan, row);

    if (n == 0)
        steps[n++] = (OcppStep){ MIN(end, now_us), w };
    else if (steps[n - 1].w != w)
        steps[n++] = (OcppStep){ end, w };
    return ocpp_curve_new(steps, n);
}

OcppCurve *
ocpp_profile_wanted(const CfxPlan *plan, gsize row, gint64 now_us)
{
    g_autofree OcppStep *steps = g_new(OcppStep, plan->n_slots + 2);
    gsize n = row_steps(plan, plan->power_w, row, now_us, steps);

    return close_curve(plan, row, now_us, steps, n);
}

OcppCurve *
ocpp_profile_fail_safe(const CfxPlan *plan, gsize row, gint64 now_us)
{
    const OcppStep nothing = { now_us, 0 };
    if (plan->flags.at != NULL && (cfx_int_at(plan->flags, row) & CFX_PLAN_NO_DEFAULT) != 0)
        return ocpp_curve_new(&nothing, 1);

    g_autofree OcppStep *steps = g_new(OcppStep, plan->n_slots + 2);
    gsize n = row_steps(plan, plan->fail_safe_w, row, now_us, steps);

    return close_curve(plan, row, now_us, steps, n);
}

static gint64
phases_of(const OcppProfileRules *rules)
{
    return rules->phases >= 1 && rules->phases <= 3 ? rules->phases : 3;
}

/* a power as a limit of the schedule: never more, and 0 where nothing would flow */
static double
limit_of(double w, const OcppProfileRules *rules)
{
    double per_ampere = rules->voltage_v * (double)phases_of(rules);
    double a = MIN(w / per_ampere, rules->max_current_a);
    double tenths = floor(a * 10 + ROUNDING);

    if (tenths < rules->min_current_a * 10 - ROUNDING)
        return 0;
    return rules->unit == OCPP_UNIT_A ? tenths / 10 : floor(tenths / 10 * per_ampere + ROUNDING);
}

double
ocpp_profile_limit_w(double limit, gint32 unit, gint64 n_phases, const OcppProfileRules *rules)
{
    gint64 phases = n_phases >= 1 && n_phases <= 3 ? n_phases : 3;

    return unit == OCPP_UNIT_W ? limit : limit * rules->voltage_v * (double)phases;
}

static gint64
floor_second(gint64 us)
{
    gint64 rest = us % CFX_SECOND;

    return us - (rest < 0 ? rest + CFX_SECOND : rest);
}

/* Seconds of a step since the start: a decrease is rounded down, an increase up. */
static gint64
second_of(gint64 at_us, gint64 start_us, gboolean is_increase)
{
    gint64 second = floor_second(at_us - start_us) / CFX_SECOND;

    return second + (is_increase && (at_us - start_us) % CFX_SECOND != 0);
}

/* From the far end two neighbours become one at the lower value; the open last period stays. */
static gsize
merge(OcppSchedulePeriod *periods, gsize n, gsize max)
{
    if (max == 1 && n > 1) {
        for (gsize i = 1; i < n; i++)
            periods[0].limit = MIN(periods[0].limit, periods[i].limit);
        return 1;
    }
    while (n > max && n >= 3) {
        periods[n - 3].limit = MIN(periods[n - 3].limit, periods[n - 2].limit);
        periods[n - 2] = periods[n - 1];
        n--;
        /* equal neighbours are one period */
        while (n >= 2 && periods[n - 2].limit == periods[n - 1].limit)
            n--;
    }
    return n;
}

static gsize
fill_periods(const OcppCurve *wanted,
             const OcppProfileRules *rules,
             gint64 start_us,
             gint64 n_phases,
             OcppSchedulePeriod *to)
{
    gsize n = 0;

    for (gsize i = 0; i < wanted->n; i++) {
        double limit = limit_of(wanted->steps[i].w, rules);
        gint64 at =
            i == 0 ? 0
                   : second_of(wanted->steps[i].at_us, start_us, n > 0 && limit > to[n - 1].limit);

        if (n > 0 && to[n - 1].limit == limit)
            continue;
        /* of steps within one second the last counts, where it is not higher */
        if (n > 0 && at <= to[n - 1].start_s) {
            to[n - 1].limit = MIN(to[n - 1].limit, limit);
            continue;
        }
        to[n++] = (OcppSchedulePeriod){ .start_s = MAX(at, 0),
                                        .limit = limit,
                                        .n_phases = n_phases,
                                        .phase_to_use = CFX_JSON_NO_INT };
    }
    return merge(to, n, rules->max_periods > 0 ? rules->max_periods : n);
}

OcppScheduleText *
ocpp_profile_schedule(const OcppCurve *wanted, const OcppProfileRules *rules, gint64 now_us)
{
    OcppScheduleText *self = g_new0(OcppScheduleText, 1);
    gint64 start_us = floor_second(MIN(wanted->steps[0].at_us, now_us - rules->start_past_us));
    g_autofree OcppStep *steps = NULL;

    self->unit = rules->unit;
    /* three is what a station assumes */
    self->n_phases = rules->phases == 1 || rules->phases == 2 ? rules->phases : CFX_JSON_NO_INT;
    self->periods = g_new0(OcppSchedulePeriod, wanted->n);
    self->n = fill_periods(wanted, rules, start_us, self->n_phases, self->periods);
    self->start_us = start_us + floor_second(rules->clock_off_us);
    steps = g_new(OcppStep, self->n);
    for (gsize i = 0; i < self->n; i++)
        steps[i] = (OcppStep){ start_us + self->periods[i].start_s * CFX_SECOND,
                               ocpp_profile_limit_w(
                                   self->periods[i].limit, self->unit, self->n_phases, rules) };
    self->curve = ocpp_curve_new(steps, self->n);
    return self;
}

OcppCurve *
ocpp_profile_read(const OcppProfile *profile, const OcppProfileRules *rules, gint32 *ret_phases)
{
    const OcppSchedule *schedule = CFX_JSON_ITEM(&profile->schedules, OcppSchedule, 0);
    g_autofree OcppStep *steps = NULL;

    *ret_phases = 0;
    if (profile->kind != OCPP_KIND_ABSOLUTE || profile->schedules.n != 1 ||
        schedule->start_us == CFX_JSON_NO_TIME || schedule->duration_s != CFX_JSON_NO_INT ||
        profile->valid_from_us != CFX_JSON_NO_TIME || profile->valid_to_us != CFX_JSON_NO_TIME)
        return NULL;
    steps = g_new(OcppStep, schedule->periods.n);
    for (gsize i = 0; i < schedule->periods.n; i++) {
        const OcppSchedulePeriod *period = CFX_JSON_ITEM(&schedule->periods, OcppSchedulePeriod, i);
        if (i == 0 && (period->n_phases == 1 || period->n_phases == 2))
            *ret_phases = (gint32)period->n_phases;
        gint64 start_s = period->start_s;

        if (start_s < 0 || start_s > 366 * 86400 ||
            (i > 0 &&
             start_s <= CFX_JSON_ITEM(&schedule->periods, OcppSchedulePeriod, i - 1)->start_s))
            return NULL;
        steps[i] = (OcppStep){
            schedule->start_us - floor_second(rules->clock_off_us) + start_s * CFX_SECOND,
            ocpp_profile_limit_w(period->limit, schedule->rate_unit, period->n_phases, rules)
        };
    }
    return ocpp_curve_new(steps, schedule->periods.n);
}
