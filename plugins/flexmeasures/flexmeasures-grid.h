/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the spacing of what was posted to that of the sensor, and back to what was asked for. */
#pragma once

#include <glib.h>

/*
 * Values that a sensor of a resolution gets from a posted series: each repeated, or means of
 * several. @repeated_us: length of an event while units are converted (see the API's rules).
 */
typedef struct {
    gint64 start_us, step_us; /* of the result; step 0: one instant */
    double *values;           /* NAN: nothing known */
    gsize n;
} FmSeries;

void fm_series_clear(FmSeries *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FmSeries, fm_series_clear)

/* How the posted spacing meets the sensor's; FALSE with a static @ret_problem. */
gboolean fm_grid_spacing(gint64 duration_us,
                         gsize n_values,
                         gboolean is_list,
                         gint64 resolution_us,
                         gint64 *ret_step_us,
                         const char **ret_problem);

/* Brings posted values (already in the sensor's unit) to its resolution. */
void fm_grid_post(const double *values,
                  gsize n_values,
                  gint64 start_us,
                  gint64 step_us,
                  gint64 resolution_us,
                  FmSeries *ret);

/* Events with their starts, ascending, to the grid that a reader asked for. @resolution_us 0:
 * instantaneous readings: only those that lie exactly on the grid. */
void fm_grid_read(const gint64 *starts,
                  const double *values,
                  gsize n_events,
                  gint64 resolution_us,
                  gint64 start_us,
                  gint64 step_us,
                  gsize n,
                  double *ret);

/* Grid of instantaneous sensors where the reader names none. */
gint64 fm_grid_default(gint64 window_us);
