/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers of adapters, before anything computes with them: what cannot be true is not known. */
#include "device/cfx-device-table.h"

/* beyond these a number is a slip of the peer's pen */
#define POWER_MAX_W 1e8
#define ENERGY_MAX_WH 1e12
#define NEED_MAX_WH 1e6
#define CURRENT_MAX_A 1e5
#define VOLTAGE_MIN_V 50
#define VOLTAGE_MAX_V 1000
/* a clock may be ahead by so much */
#define AHEAD CFX_MINUTE

static double
between(double value, double low, double high)
{
    return value >= low && value <= high ? value : NAN;
}

void
cfx_device_clean(CfxDevice *device, gint64 now_us)
{
    device->at_us = CLAMP(device->at_us, 0, now_us + AHEAD);
    device->arrival_us = CLAMP(device->arrival_us, 0, now_us);
    device->ended_us = CLAMP(device->ended_us, 0, now_us);
    device->departure_us = MAX(device->departure_us, 0);
    device->power_w = between(device->power_w, -POWER_MAX_W, POWER_MAX_W);
    device->power_min_w = between(device->power_min_w, -POWER_MAX_W, POWER_MAX_W);
    device->power_max_w = between(device->power_max_w, 0, POWER_MAX_W);
    device->power_least_w = between(device->power_least_w, 0, POWER_MAX_W);
    device->energy_wh = between(device->energy_wh, 0, ENERGY_MAX_WH);
    device->stock_wh = between(device->stock_wh, 0, ENERGY_MAX_WH);
    device->ended_wh = between(device->ended_wh, 0, ENERGY_MAX_WH);
    device->need_wh = between(device->need_wh, 0, NEED_MAX_WH);
    device->minimum_wh = between(device->minimum_wh, 0, NEED_MAX_WH);
    device->current_max_a = between(device->current_max_a, 0, CURRENT_MAX_A);
    device->voltage_v = between(device->voltage_v, VOLTAGE_MIN_V, VOLTAGE_MAX_V);
    device->charge_efficiency =
        between(device->charge_efficiency, CFX_EFFICIENCY_MIN, CFX_EFFICIENCY_MAX);
    device->discharge_efficiency = between(device->discharge_efficiency, CFX_EFFICIENCY_MIN, 1);
    device->leakage_per_hour = between(device->leakage_per_hour, 0, 1);
    device->soc_ratio = between(device->soc_ratio, 0, 1);
    /* a limit that is no number is none; a negative one leaves nothing to draw */
    device->external_w = isnan(device->external_w) ? INFINITY : MAX(device->external_w, 0);
    if (device->phases > 3)
        device->phases = 0;
}
