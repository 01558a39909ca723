/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plan is made from beside devices: slots, prices, limits, base load.
 */
#pragma once

#include "plan/cfx-limits.h"

typedef struct {
    guint n;         /* slots */
    gint64 *edge_us; /* n + 1 */
    double *hours;
    double *buy, *sell; /* currency/kWh; buy is NAN where there is no price */
    guint8 *assumed;    /* the buy price was not published for this slot */
    double *limit_w;    /* strictest effective import limit in the slot */
    double *signal_w;   /* the same without holds */
    double *physical_w, *contracted_w;
    double *cautious_w; /* base load that limits count with */
    double *expected_w; /* net base load that money counts with, PV taken off */
    guint8 *level;      /* highest demand response level in the slot */
} CfxPlanInputs;

/* Edges: the present minute, then quarter hours of UTC, to @until_us or the first edge after it. */
CfxPlanInputs *cfx_plan_inputs_new(gint64 now_us, gint64 until_us);
void cfx_plan_inputs_free(CfxPlanInputs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxPlanInputs, cfx_plan_inputs_free)

/* The end of the horizon: the last departure, at least 24 h, at most 36 h ahead. */
gint64 cfx_plan_horizon(gint64 now_us, gint64 last_departure_us);

/* The price of a slot, never a sum: the first of the timelines that knows it, else the same clock
 * time of the last known day (assumed), else the constant, else NAN: no price, which is not 0.
 * @timelines: @n, elements may be NULL. */
void cfx_plan_inputs_prices(
    CfxPlanInputs *self, CfxTimeline *const *timelines, gsize n, const char *zone, double fallback);
/* Buy price at one instant in currency/kWh, or NAN; @ret_assumed (nullable). */
double cfx_plan_price_at(CfxTimeline *const *timelines,
                         gsize n,
                         const char *zone,
                         double fallback,
                         gint64 us,
                         gboolean *ret_assumed);

/* The first instant from @us on for which no price is published, at most @until_us; CFX_TIME_MAX: a
 * price that holds until the next one comes has no end. */
gint64 cfx_plan_prices_end(CfxTimeline *const *timelines, gsize n, gint64 us, gint64 until_us);

/* All of it from the site. */
CfxPlanInputs *cfx_plan_inputs_of_site(CfxSite *site, gint64 now_us, gint64 until_us);
/* The price that the site pays at @us. */
double cfx_plan_site_price(CfxSite *site, gint64 us, gboolean *ret_assumed);
gint64 cfx_plan_site_prices_end(CfxSite *site, gint64 us, gint64 until_us);
double cfx_plan_site_sell(CfxSite *site, gint64 us);
