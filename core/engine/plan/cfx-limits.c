/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/cfx-limits.h"

#include "cfx-unit.h"
#include "ingest/cfx-ingest.h"

#define SAME_W 1.0

CfxLimitSignals
cfx_limits_signals(CfxSite *site)
{
    CfxLimitSignals signals = {
        .physical_w = site->flex->power_capacity_w,
        .contracted_w = site->flex->consumption_capacity_w,
        .load_control = cfx_ingest_timeline(site, site->flex->load_control),
        .demand_response = cfx_ingest_timeline(site, site->flex->demand_response),
        .import_limit = cfx_ingest_timeline(site, site->flex->import_limit),
        .hold = site->hold.n > 0 ? &site->hold : NULL,
    };

    memcpy(signals.level_percent, site->flex->level_percent, sizeof signals.level_percent);
    return signals;
}

int
cfx_limits_level(const CfxLimitSignals *signals, gint64 us)
{
    double level =
        signals->demand_response != NULL ? cfx_timeline_highest(signals->demand_response, us) : NAN;

    if (!(level > 0))
        return 0;
    /* a level above the table is the strictest that it knows */
    return level >= CFX_FLEX_LEVELS - 1 ? CFX_FLEX_LEVELS - 1 : (int)ceil(level);
}

double
cfx_limits_percent(const CfxLimitSignals *signals, gint64 us)
{
    double percent =
        signals->load_control != NULL ? cfx_timeline_lowest(signals->load_control, us) : NAN;
    double of_level = signals->level_percent[cfx_limits_level(signals, us)];

    if (isnan(percent))
        percent = 100;
    if (isfinite(of_level))
        percent = MIN(percent, of_level);
    return CLAMP(percent, 0, 100);
}

double
cfx_limits_signal_w(const CfxLimitSignals *signals, gint64 us)
{
    if (isnan(signals->physical_w) || isnan(signals->contracted_w))
        return NAN;

    double limit_w =
        MIN(signals->physical_w, signals->contracted_w * cfx_limits_percent(signals, us) / 100);
    double absolute_w =
        signals->import_limit != NULL ? cfx_timeline_lowest(signals->import_limit, us) : NAN;
    if (!isnan(absolute_w))
        limit_w = MIN(limit_w, absolute_w);
    return MAX(limit_w, 0);
}

/* what is held never raises; NAN of a limit stays NAN */
static double
held_w(const CfxLimitSignals *signals, gint64 us, double limit_w)
{
    double hold_w = signals->hold != NULL ? cfx_curve_at(signals->hold, us) : INFINITY;

    return hold_w < limit_w ? hold_w : limit_w;
}

double
cfx_limits_effective_w(const CfxLimitSignals *signals, gint64 us)
{
    return held_w(signals, us, cfx_limits_signal_w(signals, us));
}

void
cfx_limits_curve(const CfxLimitSignals *signals, gint64 start_us, gint64 end_us, CfxCurve *to)
{
    CfxTimeline *const timelines[] = { signals->load_control,
                                       signals->demand_response,
                                       signals->import_limit };

    cfx_curve_reset(to);
    for (gint64 us = start_us; us < end_us;) {
        cfx_curve_append(to, us, cfx_limits_effective_w(signals, us));
        gint64 next_us = end_us;
        for (gsize i = 0; i < G_N_ELEMENTS(timelines); i++)
            if (timelines[i] != NULL)
                next_us = MIN(next_us, cfx_timeline_next(timelines[i], us));
        if (signals->hold != NULL)
            next_us = MIN(next_us, cfx_curve_next(signals->hold, us));
        us = next_us;
    }
    /* no news is known from there on; NAN of either stays NAN */
    double rest_w =
        signals->contracted_w < signals->physical_w ? signals->contracted_w : signals->physical_w;
    rest_w = isnan(signals->contracted_w) ? NAN : rest_w;
    cfx_curve_append(to, end_us, held_w(signals, end_us, rest_w));
    for (gint64 us = end_us;
         signals->hold != NULL && (us = cfx_curve_next(signals->hold, us)) != CFX_TIME_MAX;)
        cfx_curve_append(to, us, held_w(signals, us, rest_w));
}

double
cfx_limits_base_w(CfxSite *site, gint64 us)
{
    CfxTimeline *forecast = cfx_ingest_timeline(site, site->flex->base_load_forecast);
    double max_w = site->flex->base_load_max_w;
    double forecast_w = forecast != NULL ? cfx_timeline_best(forecast, us) : NAN;

    return isfinite(forecast_w) && forecast_w > max_w ? forecast_w : max_w;
}

void
cfx_limits_base(CfxSite *site, gint64 start_us, CfxCurve *to)
{
    CfxTimeline *forecast = cfx_ingest_timeline(site, site->flex->base_load_forecast);

    cfx_curve_reset(to);
    for (gint64 us = start_us; us != CFX_TIME_MAX;
         us = forecast != NULL ? cfx_timeline_next(forecast, us) : CFX_TIME_MAX)
        cfx_curve_append(to, us, cfx_limits_base_w(site, us));
}

void
cfx_limits_fail_safe(
    const double *fail_safe_w, const double *least_w, gsize n, double room_w, double *to_w)
{
    double sum_w = 0;
    gsize n_wanting = 0;

    for (gsize i = 0; i < n; i++) {
        to_w[i] = cfx_power_permitted(fail_safe_w[i]);
        sum_w += to_w[i];
        n_wanting += to_w[i] > 0;
    }
    /* sums of what was planned to fit exactly are off by the last bits */
    if (sum_w <= room_w + SAME_W || n_wanting == 0)
        return;

    double share_w = cfx_power_permitted(room_w) / (double)n_wanting;
    for (gsize i = 0; i < n; i++) {
        to_w[i] = MIN(to_w[i], share_w);
        if (to_w[i] < least_w[i])
            to_w[i] = 0;
    }
}
