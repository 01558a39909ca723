/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-car.h"

#include <math.h>

#define FULL_WH 0.5
/* the share of its current that is left at the end of the taper */
#define TAPER_END 0.2
/* a taper is followed in steps of this much energy */
#define TAPER_STEPS 12

void
sim_car_free(SimCar *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_free(self->token);
    g_free(self);
}

gboolean
sim_car_is_full(const SimCar *self)
{
    return self->got_wh >= self->room_wh - FULL_WH;
}

double
sim_car_wish_a(const SimCar *self)
{
    if (sim_car_is_full(self))
        return 0;
    if (self->got_wh < self->taper_wh || self->room_wh <= self->taper_wh)
        return self->max_current_a;
    double done = (self->got_wh - self->taper_wh) / (self->room_wh - self->taper_wh);
    return MAX(SIM_CURRENT_MIN_A, self->max_current_a * (1 - (1 - TAPER_END) * done));
}

double
sim_car_current_a(const SimCar *self, double limit_a, double cable_a)
{
    double current_a = MIN(MIN(limit_a, cable_a), sim_car_wish_a(self));
    return current_a < SIM_CURRENT_MIN_A ? 0 : current_a;
}

double
sim_car_power_w(const SimCar *self, double current_a, guint evse_phases, double voltage_v)
{
    return current_a * voltage_v * MIN(self->phases, evse_phases);
}

gint64
sim_car_next_us(const SimCar *self, double power_w)
{
    if (power_w <= 0)
        return G_MAXINT64;
    double left_wh = self->room_wh - FULL_WH - self->got_wh;
    if (self->got_wh < self->taper_wh)
        left_wh = MIN(left_wh, self->taper_wh - self->got_wh);
    else
        left_wh = MIN(left_wh, (self->room_wh - self->taper_wh) / TAPER_STEPS);
    return (gint64)ceil(MAX(left_wh, 0.01) / power_w * 3600e6);
}
