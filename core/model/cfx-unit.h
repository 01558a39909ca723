/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place that knows a sensor's unit and sign.
 *
 * The store holds each sensor's own ("raw") values; everybody else computes with canonical ones:
 * power in W and energy in Wh, towards the device positive. Other kinds keep their own unit.
 * [any]
 */
#pragma once

#include <cariflex/cfx-model.h>
#include <kit/cfx-quantity.h>

G_BEGIN_DECLS

/* canonical = raw * scale. Returns: "W", "Wh", or the sensor's own unit, which has scale 1. */
const char *cfx_sensor_scale(const CfxSensor *sensor, double *ret_scale);

/*
 * value of a sensor, canonical or raw, in @unit = value * scale + offset
 * @raw: whether the value is in the sensor's own unit and sign; the sign is kept as it is
 */
gboolean cfx_sensor_convert(const CfxSensor *sensor,
                            gboolean raw,
                            const char *unit,
                            double *ret_scale,
                            double *ret_offset,
                            GError **error);

/* CfxModelApi.unit: like cfx_unit_convert() of the kit, but errors are CFX_ERROR_INVALID */
gboolean cfx_unit_between(const char *from,
                          const char *to,
                          gint64 resolution_us,
                          double *ret_scale,
                          double *ret_offset,
                          GError **error);

/* Power that a meter of a site counts as drawn, and the like: sums in which NAN stays NAN and
 * opposite infinities are no number. */
static inline double
cfx_power_add(double a_w, double b_w)
{
    return a_w + b_w; /* IEEE: NAN is kept, +INF + -INF is NAN, overflow saturates */
}

/* What is left of a limit: never negative; NAN on either side gives nothing. */
static inline double
cfx_power_room(double limit_w, double used_w)
{
    double room_w = limit_w - used_w;

    return room_w > 0 ? room_w : 0; /* NAN compares false */
}

/* A power as a permission: NAN and negative ones permit nothing. */
static inline double
cfx_power_permitted(double power_w)
{
    return power_w > 0 ? power_w : 0;
}

G_END_DECLS
