/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is narrowed for a while and then put back: powers of devices, prices of nodes. */
#include "flow-solver.h"

#include <string.h>

void
flow_keep(FlowSolver *solver, FlowKept *kept)
{
    const FlowModel *model = solver->model;
    guint32 n_slots = model->n_slots;
    gsize cells = (gsize)model->n_devices * n_slots;
    kept->floor = g_new(double, cells + 1);
    kept->ceil = g_new(double, cells + 1);
    kept->price = g_memdup2(solver->node_price, sizeof(double) * model->n_nodes * n_slots);
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        memcpy(kept->floor + (gsize)d * n_slots, device->floor, sizeof(double) * n_slots);
        memcpy(kept->ceil + (gsize)d * n_slots, device->ceil, sizeof(double) * n_slots);
    }
}

void
flow_restore_bounds(FlowSolver *solver, const FlowKept *kept)
{
    FlowModel *model = solver->model;
    guint32 n_slots = model->n_slots;
    for (guint32 d = 0; d < model->n_devices; d++) {
        FlowDevice *device = &model->devices[d];
        memcpy(device->floor, kept->floor + (gsize)d * n_slots, sizeof(double) * n_slots);
        memcpy(device->ceil, kept->ceil + (gsize)d * n_slots, sizeof(double) * n_slots);
    }
    flow_model_ranges(model);
}

void
flow_restore_prices(FlowSolver *solver, const FlowKept *kept)
{
    const FlowModel *model = solver->model;
    memcpy(solver->node_price, kept->price, sizeof(double) * model->n_nodes * model->n_slots);
}

void
flow_kept_clear(FlowKept *kept)
{
    g_clear_pointer(&kept->floor, g_free);
    g_clear_pointer(&kept->ceil, g_free);
    g_clear_pointer(&kept->price, g_free);
}
