/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prices as a certificate (scheduling 4): whatever the node prices are, what each device would pay
 * at least at these prices and what each node would earn at least add up to a lower bound.
 */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

/* Least of f(N) − price·N in a slot of a node, N in its domain; per hour. */
static double
node_bound(const FlowSolver *solver, guint32 g, guint32 j)
{
    const FlowModel *model = solver->model;
    const FlowNode *node = &model->nodes[g];
    double low = node->low[j], high = node->high[j];
    double price = solver->node_price[(gsize)g * model->n_slots + j];
    double plan = solver->best->node_kw[(gsize)g * model->n_slots + j];
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        if (limit->node != g)
            continue;
        /* the plan's own breach is allowed, and its rounding */
        double max = MAX(limit->max[j], limit->sign * plan);
        if (limit->sign > 0)
            high = MIN(high, max);
        else
            low = MAX(low, -max);
    }
    low = MIN(low, plan);
    high = MAX(high, plan);
    double ends[] = { low, high, 0 }, least = INFINITY;
    for (guint k = 0; k < (low < 0 && high > 0 ? 3 : 2); k++) {
        double n = ends[k];
        double money = n > 0 ? node->buy[j] : node->sell[j];
        least = MIN(least, (money - price) * n);
    }
    return least;
}

static double
device_price(const FlowSolver *solver, guint32 d, guint32 j)
{
    const FlowModel *model = solver->model;
    double price = model->devices[d].bias[j];
    for (guint32 g = 0; g < model->n_nodes; g++)
        price += model->weights[(gsize)g * model->n_devices + d] *
                 solver->node_price[(gsize)g * model->n_slots + j];
    return price;
}

static double
bound_without_stock(const FlowDevice *device, const FlowCost *cost, const double *hours)
{
    double sum = 0;
    for (guint32 j = 0; j < cost->n_slots; j++) {
        if (cost->start[j] == cost->start[j + 1])
            continue;
        double price = cost->price[cost->start[j]];
        /* one price: an end, or the rate at which it begins */
        double most = 0, at = 0;
        for (guint32 i = cost->start[j]; i < cost->start[j + 1]; i++)
            at += cost->width[i];
        most = MIN(0, at * price);
        if (device->least[j] > 0 && cost->low[j] > 0)
            most = MIN(most, (device->least[j] - cost->low[j]) * price);
        sum += hours[j] * most;
    }
    return sum;
}

/* What the device would pay at least; −INFINITY if it cannot be said. */
static double
device_bound(FlowSolver *solver, guint32 d, guint32 max_nodes)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    const double *stock = solver->best->stock_kwh + (gsize)d * model->n_slots;
    double fixed = 0;
    for (guint32 j = 0; j < model->n_slots; j++) {
        double price = device_price(solver, d, j);
        flow_cost_begin(solver->cost, j, device->floor[j]);
        flow_cost_add(solver->cost, device->ceil[j] - device->floor[j], price);
        solver->fixed[j] = FLOW_FREE;
        fixed += model->hours[j] * price * device->floor[j];
    }
    if (!device->has_stock)
        return fixed + bound_without_stock(device, solver->cost, model->hours);
    memcpy(solver->empty, device->empty, sizeof(double) * model->n_slots);
    for (guint32 k = device->first_target; k < device->first_target + device->n_targets; k++) {
        const FlowTarget *target = &model->targets[k];
        double level = MIN(target->wanted, stock[target->slot]);
        level -= 1e-9 * (1 + fabs(level));
        solver->empty[target->slot] = MAX(solver->empty[target->slot], level);
    }
    for (guint32 j = 0; j < model->n_slots; j++)
        solver->empty[j] = MIN(solver->empty[j], stock[j]);
    FlowTask task = { .model = model,
                      .device = device,
                      .cost = solver->cost,
                      .empty = solver->empty,
                      .full = device->full,
                      .end_value = device->end_value,
                      .fixed = solver->fixed };
    double enough = 1e-9 * model->price_scale;
    enough +=
        0.02 * solver->how->gap_acceptable * (1 + fabs(solver->best_score.cost)) / model->n_devices;
    FlowAnswer answer = flow_branch(
        solver->work, &task, max_nodes, enough, flow_clock_is_late, &solver->clock, solver->trial);
    return isfinite(answer.bound) ? fixed + answer.bound : -INFINITY;
}

double
flow_bound(FlowSolver *solver, guint32 max_nodes)
{
    const FlowModel *model = solver->model;
    double bound = 0;
    for (guint32 g = 0; g < model->n_nodes; g++) {
        for (guint32 j = 0; j < model->n_slots; j++) {
            double price = solver->node_price[(gsize)g * model->n_slots + j];
            bound += model->hours[j] * (price * model->nodes[g].base[j] + node_bound(solver, g, j));
        }
    }
    for (guint32 d = 0; d < model->n_devices; d++)
        bound += device_bound(solver, d, max_nodes);
    return bound;
}
