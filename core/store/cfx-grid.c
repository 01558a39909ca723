/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-grid.h"

#include <math.h>

static gint64
plus(gint64 a, gint64 b)
{
    gint64 sum;

    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? CFX_TIME_MAX : CFX_TIME_MIN;
    return sum;
}

static gint64
grid_end(const CfxGridHow *how)
{
    gint64 length;

    if (__builtin_mul_overflow((gint64)how->n, how->step_us, &length))
        return CFX_TIME_MAX;
    return plus(how->start_us, length);
}

void
cfx_grid_window(const CfxGridHow *how, gint64 *ret_start_us, gint64 *ret_end_us)
{
    /* an event of length R that began less than R before the grid reaches into it */
    *ret_start_us =
        how->resolution_us > 0 ? plus(how->start_us, 1 - how->resolution_us) : how->start_us;
    *ret_end_us = grid_end(how);
    if (how->how == CFX_SERIES_LAST && *ret_end_us > CFX_TIME_MIN)
        *ret_end_us -= how->step_us - 1; /* nothing after the last step's start counts */
}

static void
resample_last(
    const CfxGridHow *how, const gint64 *starts, const double *values, gsize n_events, double *ret)
{
    gsize next = 0;

    for (gsize i = 0; i < how->n; i++) {
        gint64 at = how->start_us + (gint64)i * how->step_us;
        while (next < n_events && starts[next] <= at)
            next++;
        ret[i] = next > 0 ? values[next - 1] : (double)NAN;
    }
}

typedef struct {
    double sum, weight, min, max;
} Step;

static void
step_add(Step *step, double value, double weight)
{
    step->sum += value * weight;
    step->weight += weight;
    step->min = fmin(step->min, value);
    step->max = fmax(step->max, value);
}

static double
step_value(const Step *step, guint32 how)
{
    if (!(step->weight > 0))
        return NAN;
    if (how == CFX_SERIES_MIN)
        return step->min;
    return how == CFX_SERIES_MAX ? step->max : step->sum / step->weight;
}

void
cfx_grid_resample(
    const CfxGridHow *how, const gint64 *starts, const double *values, gsize n_events, double *ret)
{
    gsize first = 0;

    if (how->how == CFX_SERIES_LAST) {
        resample_last(how, starts, values, n_events, ret);
        return;
    }
    for (gsize i = 0; i < how->n; i++) {
        gint64 from = how->start_us + (gint64)i * how->step_us;
        gint64 to = plus(from, how->step_us);
        Step step = { 0, 0, INFINITY, -INFINITY };
        if (how->resolution_us == 0) {
            while (first < n_events && starts[first] < from)
                first++;
        } else {
            while (first < n_events && plus(starts[first], how->resolution_us) <= from)
                first++;
        }
        for (gsize e = first; e < n_events && starts[e] < to; e++) {
            gint64 end = plus(starts[e], how->resolution_us);
            gint64 overlap = MIN(end, to) - MAX(starts[e], from);
            step_add(&step, values[e], how->resolution_us == 0 ? 1 : (double)overlap);
        }
        ret[i] = step_value(&step, how->how);
    }
}
