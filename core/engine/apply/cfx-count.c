/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device counts with: the highest that it may draw, whoever has answered what. */
#include "apply/cfx-apply.h"

#include "plan/cfx-limits.h"

#define SAME_W 1.0

/* --- curves ----------------------------------------------------------------------------------- */

double
cfx_apply_value_at(const CfxCurve *curve, gint64 us)
{
    /* a plan that begins a moment later holds already now */
    return curve->n > 0 && us < curve->at_us[0] ? curve->w[0] : cfx_curve_at(curve, us);
}

gboolean
cfx_apply_same(const CfxCurve *a, const CfxCurve *b, gint64 us, double by_w)
{
    while (us != CFX_TIME_MAX) {
        double x_w = cfx_apply_value_at(a, us), y_w = cfx_apply_value_at(b, us);
        /* the same infinity is the same */
        if (x_w != y_w && !(fabs(x_w - y_w) <= by_w) && !(isnan(x_w) && isnan(y_w)))
            return FALSE;
        us = MIN(cfx_curve_next(a, us), cfx_curve_next(b, us));
    }
    return TRUE;
}

gboolean
cfx_apply_is_under(const CfxCurve *a, const CfxCurve *b, gint64 us)
{
    while (us != CFX_TIME_MAX) {
        if (!(cfx_apply_value_at(a, us) <= cfx_apply_value_at(b, us) + SAME_W))
            return FALSE;
        us = MIN(cfx_curve_next(a, us), cfx_curve_next(b, us));
    }
    return TRUE;
}

static void
constant(CfxCurve *to, gint64 us, double w)
{
    cfx_curve_reset(to);
    cfx_curve_append(to, us, w);
}

void
cfx_apply_copy_from(CfxCurve *to, const CfxCurve *from, gint64 us)
{
    cfx_curve_reset(to);
    cfx_curve_append(to, us, cfx_apply_value_at(from, us));
    for (gint64 next_us = cfx_curve_next(from, us); next_us != CFX_TIME_MAX;
         next_us = cfx_curve_next(from, next_us))
        cfx_curve_append(to, next_us, cfx_curve_at(from, next_us));
}

void
cfx_apply_higher(const CfxCurve *a, const CfxCurve *b, gint64 us, CfxCurve *to)
{
    g_auto(CfxCurve) other = CFX_CURVE_INIT, higher = CFX_CURVE_INIT;

    cfx_apply_copy_from(&higher, a, us);
    cfx_apply_copy_from(&other, b, us);
    cfx_curve_raise(&higher, &other);
    cfx_curve_copy(to, &higher);
}

static gboolean
is_out(const CfxEngineDevice *device)
{
    gboolean is_connected = cfx_engine_device_is(device, CFX_DEVICE_CONNECTED);

    /* what was out of service when it was last heard may have been switched on since */
    return is_connected ? cfx_engine_device_is(device, CFX_DEVICE_BLOCKED)
                        : !device->flex.in_service;
}

void
cfx_apply_counted(const CfxEngineDevice *device, gint64 now_us, CfxCurve *to)
{
    double rating_w = cfx_engine_device_rating_w(device);

    if (is_out(device)) {
        constant(to, now_us, 0);
        return;
    }
    if (device->is_refused || !device->has_allowed) {
        constant(to, now_us, rating_w);
        return;
    }
    if (device->doubt.n > 0)
        cfx_apply_higher(&device->allowed, &device->doubt, now_us, to);
    else
        cfx_apply_copy_from(to, &device->allowed, now_us);
    for (gsize i = 0; i < to->n; i++)
        to->w[i] = MIN(to->w[i], rating_w);
}

void
cfx_apply_desired(const CfxEngineDevice *device, gint64 now_us, CfxCurve *to)
{
    cfx_apply_higher(&device->desired, &device->desired_fail_safe, now_us, to);
}

double
cfx_apply_car_w(const CfxEngineDevice *device, gint64 us)
{
    if (!device->has_allowed)
        return NAN;

    double allowed_w = cfx_curve_at(&device->allowed, us);
    gboolean has_plan = device->session != NULL && device->is_sent && device->sent_plan;
    return has_plan ? MIN(allowed_w, cfx_apply_value_at(&device->sent, us)) : allowed_w;
}

void
cfx_apply_room(CfxSite *site, CfxCurve *to)
{
    gint64 start_us = site->limit.n > 0 ? site->limit.at_us[0] : CFX_TIME_MAX;
    g_auto(CfxCurve) base = CFX_CURVE_INIT;

    cfx_curve_reset(to);
    cfx_limits_base(site, start_us, &base);
    for (gint64 us = start_us; us != CFX_TIME_MAX;
         us = MIN(cfx_curve_next(&site->limit, us), cfx_curve_next(&base, us)))
        cfx_curve_append(to, us, cfx_curve_at(&site->limit, us) - cfx_curve_at(&base, us));
}

gboolean
cfx_apply_obeys(const CfxEngineDevice *device)
{
    return cfx_engine_device_is(device, CFX_DEVICE_CONNECTED) && !device->is_refused &&
           !device->is_silent;
}
