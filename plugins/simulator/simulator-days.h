/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The course of the simulated outside: it waits for the daemon, warms up, plays days, and ends. */
#pragma once

#include "simulator-world.h"

typedef struct _SimDays SimDays;

SimDays *sim_days_new(SimWorld *world, gint64 noon_us, GError **error);
gboolean sim_days_start(SimDays *self, GError **error);
void sim_days_free(SimDays *self);

/* Energy of a span of time; self may be NULL. */
void sim_days_flow(SimDays *self, gint64 span_us);
void sim_days_missed(SimDays *self);
void sim_days_station_changed(SimDays *self);
