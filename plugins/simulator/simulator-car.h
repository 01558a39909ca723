/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A car on a cable. Energies count at the EVSE's meter. */
#pragma once

#include <glib.h>

#define SIM_CURRENT_MIN_A 6.0 /* IEC 61851: there is no current below */

typedef enum { SIM_TELLS_NOTHING, SIM_TELLS_TOKEN, SIM_TELLS_NEEDS } SimTells;

typedef struct {
    char *name, *token;
    guint station; /* index in the scene */
    gint64 arrive_us, depart_us;
    SimTells tells;
    double need_wh;  /* what it states; NAN: nothing */
    gint64 by_us;    /* 0: nothing */
    double room_wh;  /* what its battery can take */
    double taper_wh; /* what it has taken when its current begins to fall */
    guint phases;
    double max_current_a;
    double got_wh; /* since plug-in */
} SimCar;

void sim_car_free(SimCar *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimCar, sim_car_free)

gboolean sim_car_is_full(const SimCar *self);
/* Most that it takes now in A per phase, 0 when it is full. */
double sim_car_wish_a(const SimCar *self);
/* What flows in A per phase: under the limit, the cable's and its own current; never between 0 and
 * 6 A. */
double sim_car_current_a(const SimCar *self, double limit_a, double cable_a);
double sim_car_power_w(const SimCar *self, double current_a, guint evse_phases, double voltage_v);
/* Time until it is full or its tapering current should be computed anew, at this power. */
gint64 sim_car_next_us(const SimCar *self, double power_w);
