/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock page, written (data/doc/clock-page.md). */
#pragma once

#include <glib.h>

#define SIM_RATE_MAX 1440.0

typedef struct _SimClock SimClock;

/* Makes the page, standing still at site_us, and puts it in place under its name. */
SimClock *sim_clock_new(const char *path, gint64 site_us, gint64 real_us, GError **error);
void sim_clock_free(SimClock *self);

gint64 sim_clock_now(const SimClock *self, gint64 real_us);
/* From now on at this rate, but not beyond the ceiling. Time does not jump and does not run back.
 */
void sim_clock_set(SimClock *self, gint64 real_us, double rate, gint64 ceiling_us);
/* REAL time at which the clock will stand at the ceiling; G_MAXINT64: never at this rate. */
gint64 sim_clock_due(const SimClock *self);
