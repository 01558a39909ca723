/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What schedulers share: reading a lent problem, checking it, judging and writing a plan. */
#pragma once

#include <cariflex/cfx-scheduler.h>

/* Cells of columns and grids, with the neutral value of one that is not there. */
static inline double
schedule_real(const CfxReals *column, guint32 i, double neutral)
{
    return column->at != NULL ? column->at[(gint64)i * column->step] : neutral;
}

static inline double
schedule_cell(const CfxGrid *grid, guint32 row, guint32 slot, double neutral)
{
    return grid->at != NULL ? grid->at[(gsize)row * grid->row + (gsize)slot * grid->col] : neutral;
}

static inline guint32
schedule_device_node(const CfxProblem *problem, guint32 device)
{
    return problem->device_node.at != NULL ? (guint32)cfx_int_at(problem->device_node, device) : 0;
}

/* b of the stock recursion: what of a constant inflow is left at the end of the slot. */
double schedule_inflow_share(double keep);

/* Whether the device has a stock that bounds it. */
gboolean schedule_has_stock(const CfxProblem *problem, guint32 device);

/*
 * What of a device's stock can be reached: from the start, and so that the end can still be
 * reached. `low`, `high`: its powers; `empty`, `full`: its stock bounds, tightened in place. A
 * bound that cannot be kept is moved to the nearest that can; *slot (G_MAXUINT32: none) and *kwh
 * tell where first and by how much.
 */
void schedule_reach(const CfxProblem *problem,
                    guint32 device,
                    const double *low,
                    const double *high,
                    double *empty,
                    double *full,
                    guint32 *slot,
                    double *kwh);

/* Stock change of a slot by a power, and the power for a change. */
double schedule_change(const CfxProblem *problem, guint32 device, guint32 slot, double power);
double schedule_power(const CfxProblem *problem, guint32 device, guint32 slot, double change);

/* Weights of all devices in all nodes, n_nodes × n_devices. */
void schedule_weights(const CfxProblem *problem, double *weights);

/* Checks all of a problem against the features of a scheduler. INVALID names the place. */
gboolean schedule_check(const CfxProblem *problem, guint32 features, GError **error);
