/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

gboolean
flow_clock_is_late(gpointer data)
{
    FlowClock *clock = data;
    if (!clock->is_cancelled && !clock->is_over) {
        clock->is_cancelled = g_cancellable_is_cancelled(clock->cancellable);
        clock->is_over = clock->deadline_us != 0 && g_get_monotonic_time() >= clock->deadline_us;
    }
    return clock->is_cancelled || clock->is_over;
}

void
flow_nodes_add(FlowSolver *solver, guint32 device, double sign)
{
    const FlowModel *model = solver->model;
    const double *power = solver->power + (gsize)device * model->n_slots;
    for (guint32 g = 0; g < model->n_nodes; g++) {
        double weight = sign * model->weights[(gsize)g * model->n_devices + device];
        double *node_kw = solver->node_kw + (gsize)g * model->n_slots;
        for (guint32 j = 0; weight != 0 && j < model->n_slots; j++)
            node_kw[j] += weight * power[j];
    }
}

void
flow_nodes_follow(FlowSolver *solver)
{
    const FlowModel *model = solver->model;
    for (guint32 g = 0; g < model->n_nodes; g++)
        memcpy(solver->node_kw + (gsize)g * model->n_slots,
               model->nodes[g].base,
               sizeof(double) * model->n_slots);
    for (guint32 d = 0; d < model->n_devices; d++)
        flow_nodes_add(solver, d, 1);
}

double
flow_node_slope(const FlowSolver *solver, guint32 g, guint32 j, double n, gboolean lambda)
{
    const FlowModel *model = solver->model;
    const FlowNode *node = &model->nodes[g];
    double slope = n > 0 ? node->buy[j] : node->sell[j];
    if (lambda) {
        double price = solver->node_price[(gsize)g * model->n_slots + j];
        double tolerance = 1e-4 * model->price_scale;
        /* import or export full: what the last kWh is worth to the others */
        if (price > node->buy[j] + tolerance || price < node->sell[j] - tolerance)
            slope = price;
    }
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        if (limit->node == g && limit->sign * n > limit->allowed[j])
            slope += limit->sign * solver->over_price;
    }
    return slope;
}
