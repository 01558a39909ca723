/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sampled values in our units: Wh, W, V, A, 0 to 1. Pure computation. */
#pragma once

#include "ocpp-messages.h"

G_BEGIN_DECLS

/* what one instant's samples say; NAN: nothing */
typedef struct {
    gint64 at_us;
    double energy_wh; /* import register */
    double power_w;   /* import minus export; derived from currents where no power is sampled */
    double soc_ratio;
    double voltage_v; /* phase to neutral, mean */
    double current_a[3];
    gint32 phases;     /* that carry current, 0 unknown */
    gboolean is_begin; /* the register at the start of the transaction */
    gboolean is_end;
} OcppReading;

/* @voltage_v: assumed where none is sampled */
void ocpp_meter_read(const OcppMeterValue *meter, double voltage_v, OcppReading *ret);

G_END_DECLS
