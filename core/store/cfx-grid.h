/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events of one sensor, laid on a grid.
 */
#pragma once

#include <cariflex/cfx-data.h>

G_BEGIN_DECLS

typedef struct {
    guint32 how; /* CFX_SERIES_… */
    gint64 start_us, step_us;
    gsize n;
    gint64 resolution_us; /* length of an event; 0: instantaneous */
} CfxGridHow;

/* The window of event starts that can touch the grid; SERIES_LAST also needs the one before it. */
void cfx_grid_window(const CfxGridHow *how, gint64 *ret_start_us, gint64 *ret_end_us);

/*
 * @starts, @values: events ordered by start, each once, no NAN
 * @ret: how->n values; NAN where no event touches the step
 */
void cfx_grid_resample(
    const CfxGridHow *how, const gint64 *starts, const double *values, gsize n_events, double *ret);

G_END_DECLS
