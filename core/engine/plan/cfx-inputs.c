/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/cfx-inputs.h"

#include "cfx-day.h"
#include "ingest/cfx-ingest.h"

#include <kit/cfx-time.h>

#define PER_KWH 1e-3 /* currency/MWh to currency/kWh */

gint64
cfx_plan_horizon(gint64 now_us, gint64 last_departure_us)
{
    gint64 until_us = CLAMP(last_departure_us, now_us + 24 * CFX_HOUR, now_us + 36 * CFX_HOUR);

    return cfx_time_floor(until_us + CFX_SLOT - 1, CFX_SLOT);
}

CfxPlanInputs *
cfx_plan_inputs_new(gint64 now_us, gint64 until_us)
{
    CfxPlanInputs *self = g_new0(CfxPlanInputs, 1);
    gint64 start_us = cfx_time_floor(now_us, CFX_MINUTE);
    gint64 first_us = cfx_time_floor(start_us, CFX_SLOT) + CFX_SLOT;
    gint64 n = 1 + MAX(0, (until_us - first_us + CFX_SLOT - 1) / CFX_SLOT);

    self->n = (guint)n;
    self->edge_us = g_new(gint64, self->n + 1);
    self->edge_us[0] = start_us;
    for (guint j = 0; j < self->n; j++)
        self->edge_us[j + 1] = first_us + j * CFX_SLOT;

    self->hours = g_new0(double, self->n);
    for (guint j = 0; j < self->n; j++)
        self->hours[j] = (double)(self->edge_us[j + 1] - self->edge_us[j]) / (double)CFX_HOUR;
    self->buy = g_new0(double, self->n);
    self->sell = g_new0(double, self->n);
    self->assumed = g_new0(guint8, self->n);
    self->limit_w = g_new0(double, self->n);
    self->signal_w = g_new0(double, self->n);
    self->physical_w = g_new0(double, self->n);
    self->contracted_w = g_new0(double, self->n);
    self->cautious_w = g_new0(double, self->n);
    self->expected_w = g_new0(double, self->n);
    self->level = g_new0(guint8, self->n);
    return self;
}

void
cfx_plan_inputs_free(CfxPlanInputs *self)
{
    g_free(self->edge_us);
    g_free(self->hours);
    g_free(self->buy);
    g_free(self->sell);
    g_free(self->assumed);
    g_free(self->limit_w);
    g_free(self->signal_w);
    g_free(self->physical_w);
    g_free(self->contracted_w);
    g_free(self->cautious_w);
    g_free(self->expected_w);
    g_free(self->level);
    g_free(self);
}

/* --- prices ---------------------------------------------------------------------------------- */

static double
published(CfxTimeline *const *timelines, gsize n, gint64 us)
{
    for (gsize i = 0; i < n; i++) {
        double price = timelines[i] != NULL ? cfx_timeline_best(timelines[i], us) : NAN;
        if (isfinite(price))
            return price;
    }
    return NAN;
}

static gboolean
is_any_known(CfxTimeline *const *timelines, gsize n)
{
    gsize n_items = 0;

    for (gsize i = 0; i < n && n_items == 0; i++)
        if (timelines[i] != NULL)
            cfx_timeline_items(timelines[i], &n_items);
    return n_items > 0;
}

double
cfx_plan_price_at(CfxTimeline *const *timelines,
                  gsize n,
                  const char *zone,
                  double fallback,
                  gint64 us,
                  gboolean *ret_assumed)
{
    double price = published(timelines, n, us);
    gboolean is_published = isfinite(price);

    /* the same clock time of the last day that is known */
    int days = isfinite(price) || !is_any_known(timelines, n) ? 0 : CFX_PRICE_DAYS;
    int minute = days > 0 ? cfx_day_minute(zone, us) : 0;
    for (int back = 1; !isfinite(price) && back <= days; back++) {
        gint64 then_us = cfx_day_next(zone, cfx_day_start(zone, us, -back) - 1, minute);
        price = published(timelines, n, then_us);
    }
    if (!isfinite(price))
        price = fallback;
    if (ret_assumed != NULL)
        *ret_assumed = !is_published && isfinite(price);
    return price * PER_KWH;
}

gint64
cfx_plan_prices_end(CfxTimeline *const *timelines, gsize n, gint64 us, gint64 until_us)
{
    for (gsize i = 0; i < n; i++)
        if (timelines[i] != NULL && timelines[i]->resolution_us == 0)
            return CFX_TIME_MAX;
    while (us < until_us && isfinite(published(timelines, n, us))) {
        gint64 next_us = CFX_TIME_MAX;
        for (gsize i = 0; i < n; i++)
            if (timelines[i] != NULL)
                next_us = MIN(next_us, cfx_timeline_next(timelines[i], us));
        us = next_us;
    }
    return MIN(us, until_us);
}

void
cfx_plan_inputs_prices(
    CfxPlanInputs *self, CfxTimeline *const *timelines, gsize n, const char *zone, double fallback)
{
    for (guint j = 0; j < self->n; j++) {
        gboolean assumed;
        self->buy[j] = cfx_plan_price_at(timelines, n, zone, fallback, self->edge_us[j], &assumed);
        self->assumed[j] = assumed;
    }
}

static GPtrArray *
price_timelines(CfxSite *site)
{
    GPtrArray *timelines = g_ptr_array_new();

    for (gsize i = 0; i < site->flex->n_price_sensors; i++)
        g_ptr_array_add(timelines, cfx_ingest_timeline(site, site->flex->price_sensors[i]));
    return timelines;
}

double
cfx_plan_site_price(CfxSite *site, gint64 us, gboolean *ret_assumed)
{
    g_autoptr(GPtrArray) timelines = price_timelines(site);

    return cfx_plan_price_at((CfxTimeline *const *)timelines->pdata,
                             timelines->len,
                             site->flex->zone,
                             site->flex->price_fallback,
                             us,
                             ret_assumed);
}

gint64
cfx_plan_site_prices_end(CfxSite *site, gint64 us, gint64 until_us)
{
    g_autoptr(GPtrArray) timelines = price_timelines(site);

    return cfx_plan_prices_end(
        (CfxTimeline *const *)timelines->pdata, timelines->len, us, until_us);
}

double
cfx_plan_site_sell(CfxSite *site, gint64 us)
{
    CfxTimeline *timeline = cfx_ingest_timeline(site, site->flex->production_price.sensor);
    double price =
        timeline != NULL ? cfx_timeline_best(timeline, us) : site->flex->production_price.value;

    return isfinite(price) ? price * PER_KWH : 0;
}

/* --- base load ------------------------------------------------------------------------------- */

/* net base load that is likely in a slot: forecasts, else yesterday, else what is configured */
static double
expected_base_w(CfxSite *site, gint64 us)
{
    CfxTimeline *base = cfx_ingest_timeline(site, site->flex->base_load_forecast);
    CfxTimeline *pv = cfx_ingest_timeline(site, site->flex->pv_forecast);
    double pv_w = pv != NULL ? cfx_timeline_best(pv, us) : NAN;
    double base_w = base != NULL ? cfx_timeline_best(base, us) : NAN;

    if (!isfinite(base_w)) {
        base_w = cfx_meter_base_w(site, cfx_time_floor(us - CFX_DAY, CFX_SLOT));
        if (isfinite(base_w))
            return base_w; /* yesterday's sun is in it */
        base_w = isfinite(site->flex->base_load_expected_w) ? site->flex->base_load_expected_w
                                                            : site->flex->base_load_max_w;
    }
    return base_w + (isfinite(pv_w) ? pv_w : 0);
}

CfxPlanInputs *
cfx_plan_inputs_of_site(CfxSite *site, gint64 now_us, gint64 until_us)
{
    CfxPlanInputs *self = cfx_plan_inputs_new(now_us, until_us);
    CfxLimitSignals signals = cfx_limits_signals(site);
    g_autoptr(GPtrArray) timelines = price_timelines(site);
    CfxLimitSignals unheld = signals;
    g_auto(CfxCurve) limit = CFX_CURVE_INIT, signal = CFX_CURVE_INIT, base = CFX_CURVE_INIT;

    cfx_plan_inputs_prices(self,
                           (CfxTimeline *const *)timelines->pdata,
                           timelines->len,
                           site->flex->zone,
                           site->flex->price_fallback);
    unheld.hold = NULL;
    cfx_limits_curve(&signals, self->edge_us[0], self->edge_us[self->n], &limit);
    cfx_limits_curve(&unheld, self->edge_us[0], self->edge_us[self->n], &signal);
    cfx_limits_base(site, self->edge_us[0], &base);
    for (guint j = 0; j < self->n; j++) {
        gint64 start_us = self->edge_us[j], end_us = self->edge_us[j + 1];
        self->sell[j] = cfx_plan_site_sell(site, start_us);
        self->limit_w[j] = cfx_curve_min(&limit, start_us, end_us);
        self->signal_w[j] = cfx_curve_min(&signal, start_us, end_us);
        self->physical_w[j] = signals.physical_w;
        self->contracted_w[j] = signals.contracted_w;
        self->cautious_w[j] = cfx_curve_max(&base, start_us, end_us);
        self->expected_w[j] = expected_base_w(site, start_us);
        for (gint64 us = start_us; us < end_us && signals.demand_response != NULL;
             us = cfx_timeline_next(signals.demand_response, us))
            self->level[j] = (guint8)MAX(self->level[j], cfx_limits_level(&signals, us));
    }
    return self;
}
