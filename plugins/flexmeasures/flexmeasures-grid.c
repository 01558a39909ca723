/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flexmeasures-grid.h"

#include <math.h>

#include <kit/cfx-time.h>

void
fm_series_clear(FmSeries *self)
{
    g_clear_pointer(&self->values, g_free);
}

gboolean
fm_grid_spacing(gint64 duration_us,
                gsize n_values,
                gboolean is_list,
                gint64 resolution_us,
                gint64 *ret_step_us,
                const char **ret_problem)
{
    gint64 step_us = duration_us / (gint64)n_values;

    *ret_step_us = step_us;
    if (resolution_us == 0) {
        if (n_values > 1 && step_us == 0) {
            *ret_problem =
                "Cannot save several values over a zero duration: the spacing is unknown.";
            return FALSE;
        }
        return TRUE;
    }
    if (step_us == 0) {
        *ret_problem = "Cannot save a single instantaneous value to a sensor with a non-zero "
                       "resolution.";
        return FALSE;
    }
    if (duration_us % (gint64)n_values != 0 ||
        (step_us % resolution_us != 0 && resolution_us % step_us != 0)) {
        *ret_problem = "The resolution of the posted values (duration / number of values) must be "
                       "a multiple or a fraction of the sensor's resolution.";
        return FALSE;
    }
    return TRUE;
}

static void
repeat(const double *values, gsize n_values, gsize times, FmSeries *ret)
{
    ret->n = n_values * times;
    ret->values = g_new(double, ret->n);
    for (gsize i = 0; i < ret->n; i++)
        ret->values[i] = values[i / times];
}

/* Means over buckets of the sensor's resolution, nulls left out; buckets lie on its own grid. */
static void
average(const double *values, gsize n_values, gint64 start_us, gint64 step_us, FmSeries *ret)
{
    gint64 first = cfx_time_floor(start_us, ret->step_us);
    gint64 last = cfx_time_floor(start_us + step_us * (gint64)(n_values - 1), ret->step_us);

    ret->start_us = first;
    ret->n = (gsize)((last - first) / ret->step_us) + 1;
    ret->values = g_new0(double, ret->n);
    g_autofree guint32 *counts = g_new0(guint32, ret->n);
    for (gsize i = 0; i < n_values; i++) {
        gsize bucket = (gsize)((start_us + step_us * (gint64)i - first) / ret->step_us);
        if (isnan(values[i]))
            continue;
        ret->values[bucket] += values[i];
        counts[bucket]++;
    }
    for (gsize i = 0; i < ret->n; i++)
        ret->values[i] = counts[i] > 0 ? ret->values[i] / counts[i] : NAN;
}

void
fm_grid_post(const double *values,
             gsize n_values,
             gint64 start_us,
             gint64 step_us,
             gint64 resolution_us,
             FmSeries *ret)
{
    ret->step_us = resolution_us > 0 ? resolution_us : step_us;
    ret->start_us = resolution_us > 0 ? cfx_time_floor(start_us, resolution_us) : start_us;
    if (resolution_us > 0 && step_us < resolution_us)
        average(values, n_values, start_us, step_us, ret);
    else
        repeat(values, n_values, resolution_us > 0 ? (gsize)(step_us / resolution_us) : 1, ret);
}

/* Mean of the events that begin in a step; where steps are finer, the event that covers it. */
static void
read_events(const gint64 *starts,
            const double *values,
            gsize n_events,
            gint64 resolution_us,
            gint64 start_us,
            gint64 step_us,
            gsize n,
            double *ret)
{
    gsize next = 0;

    for (gsize i = 0; i < n; i++) {
        gint64 begin = start_us + step_us * (gint64)i;
        gint64 from = step_us < resolution_us ? begin - resolution_us + 1 : begin;
        gint64 until = step_us < resolution_us ? begin + 1 : begin + step_us;
        double sum = 0;
        guint count = 0;
        while (next < n_events && starts[next] < from)
            next++;
        for (gsize k = next; k < n_events && starts[k] < until; k++) {
            if (!isnan(values[k])) {
                sum += values[k];
                count++;
            }
        }
        ret[i] = count > 0 ? sum / count : NAN;
    }
}

void
fm_grid_read(const gint64 *starts,
             const double *values,
             gsize n_events,
             gint64 resolution_us,
             gint64 start_us,
             gint64 step_us,
             gsize n,
             double *ret)
{
    if (resolution_us > 0) {
        read_events(starts, values, n_events, resolution_us, start_us, step_us, n, ret);
        return;
    }
    for (gsize i = 0; i < n; i++)
        ret[i] = NAN;
    for (gsize k = 0; k < n_events; k++) {
        gint64 offset = starts[k] - start_us;
        if (offset >= 0 && offset % step_us == 0 && (gsize)(offset / step_us) < n)
            ret[offset / step_us] = values[k];
    }
}

gint64
fm_grid_default(gint64 window_us)
{
    if (window_us <= 8 * CFX_TIME_HOUR)
        return 5 * CFX_TIME_MINUTE;
    if (window_us <= 48 * CFX_TIME_HOUR)
        return 15 * CFX_TIME_MINUTE;
    if (window_us <= 14 * CFX_TIME_DAY)
        return CFX_TIME_HOUR;
    if (window_us <= 112 * CFX_TIME_DAY)
        return CFX_TIME_DAY;
    return 7 * CFX_TIME_DAY;
}
