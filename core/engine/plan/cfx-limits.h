/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which limit holds at the site's connection, and what may be drawn under it. Pure functions over
 * what they are given.
 */
#pragma once

#include "cfx-engine-private.h"

/* where limits come from; a timeline that is NULL says nothing */
typedef struct {
    double physical_w, contracted_w;
    double level_percent[CFX_FLEX_LEVELS];
    CfxTimeline *load_control, *demand_response, *import_limit;
    const CfxCurve *hold; /* of operators; NULL, and INFINITY in it: none */
} CfxLimitSignals;

CfxLimitSignals cfx_limits_signals(CfxSite *site);

/* Per cent of the contract that remains at @us: the smaller of 86 and 87, 0…100. */
double cfx_limits_percent(const CfxLimitSignals *signals, gint64 us);
/* The level of 87 at @us, 0…3: from 2 on only minimum and promised energy is charged. */
int cfx_limits_level(const CfxLimitSignals *signals, gint64 us);
/* What import may be at @us without holds: the lowest of all. NAN where physical or contract is
 * none. */
double cfx_limits_signal_w(const CfxLimitSignals *signals, gint64 us);
/* The same with holds. */
double cfx_limits_effective_w(const CfxLimitSignals *signals, gint64 us);
/* The same over [start, end) as a curve; the contract holds after its end. */
void cfx_limits_curve(const CfxLimitSignals *signals, gint64 start_us, gint64 end_us, CfxCurve *to);

/*
 * The base load that limits count with: the highest that is configured, or a forecast above it; no
 * help from the sun. The one place that says so: planner, guard and apply read it here.
 */
double cfx_limits_base_w(CfxSite *site, gint64 us);
/* The same from @start_us on as a curve; @start_us CFX_TIME_MAX: empty. */
void cfx_limits_base(CfxSite *site, gint64 start_us, CfxCurve *to);

/*
 * Fail-safe powers of @n devices under @room_w in an instant: as they are where they fit; shared
 * equally where each share still reaches its device's least power; else none.
 */
void cfx_limits_fail_safe(
    const double *fail_safe_w, const double *least_w, gsize n, double room_w, double *to_w);
