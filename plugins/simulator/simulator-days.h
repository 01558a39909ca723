/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The course of the simulated outside: it waits for the daemon, warms up, plays days, and ends. */
#pragma once

#include "simulator-operator.h"
#include "simulator-station.h"
#include "simulator-world.h"

typedef struct _SimDays SimDays;

SimDays *sim_days_new(SimWorld *world, gint64 noon_us, GError **error);
gboolean sim_days_start(SimDays *self, GError **error);
void sim_days_free(SimDays *self);

/* Energy of a span of time; self may be NULL. */
void sim_days_flow(SimDays *self, gint64 span_us);
void sim_days_missed(SimDays *self);
/* Whether the stations are there and time may run. */
gboolean sim_days_are_running(const SimDays *self);
/* NULL: there is none of that name. */
SimStation *sim_days_station(SimDays *self, const char *name);
SimOperator *sim_days_operator(SimDays *self);
/* The pace of the day; before it begins and after its end time is never faster than calm. */
void sim_days_set_rate(SimDays *self, double rate);

/* What a person does to the day (simulator-touch.c): the car tells another need … */
void sim_days_state_need(SimDays *self, SimStation *station, double need_wh, gint64 by_us);
/* … another car comes, and leaves by itself; the car is the day's … */
const SimCar *sim_days_visit(SimDays *self, SimStation *station, double need_wh, gint64 by_us);
/* … a station loses its network for a while. */
void sim_days_silence(SimDays *self, SimStation *station, gint64 until_us);
/* Keeps what is on the agenda to the end of the world. */
gpointer sim_days_keep(SimDays *self, gpointer data, GDestroyNotify free_func);
void sim_days_log_plan(SimDays *self, const SimCar *car);
void sim_days_log_fault(SimDays *self, SimStation *station, gint64 until_us);
SimWorld *sim_days_world(SimDays *self);
void sim_days_station_changed(SimDays *self);
