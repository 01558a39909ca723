/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One device answers to what the others leave of the nodes, at money or at the nodes' prices. */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

/* of the largest price, over the whole horizon: charge sooner where it costs the same */
#define SOONER 1e-6

/* Powers of the device at which the price of a node above it changes. */
static guint32
find_cuts(FlowSolver *solver, guint32 d, guint32 j, double low, double high)
{
    const FlowModel *model = solver->model;
    double *cuts = solver->cuts;
    guint32 n = 0;
    cuts[n++] = low;
    for (guint32 g = 0; g < model->n_nodes; g++) {
        double weight = model->weights[(gsize)g * model->n_devices + d];
        const FlowNode *node = &model->nodes[g];
        if (weight == 0 || node->buy[j] == node->sell[j])
            continue;
        double cut = -solver->node_kw[(gsize)g * model->n_slots + j] / weight;
        if (cut > low && cut < high)
            cuts[n++] = cut;
    }
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        double weight = model->weights[(gsize)limit->node * model->n_devices + d];
        if (weight == 0 || !isfinite(limit->allowed[j]))
            continue;
        double others = solver->node_kw[(gsize)limit->node * model->n_slots + j];
        double cut = (limit->sign * limit->allowed[j] - others) / weight;
        if (cut > low && cut < high)
            cuts[n++] = cut;
    }
    /* few: insertion keeps them in order */
    for (guint32 k = 2; k < n; k++) {
        double cut = cuts[k];
        guint32 at = k;
        for (; at > 1 && cuts[at - 1] > cut; at--)
            cuts[at] = cuts[at - 1];
        cuts[at] = cut;
    }
    cuts[n++] = high;
    return n;
}

static double
price_at(const FlowSolver *solver, guint32 d, guint32 j, double power, FlowManner manner)
{
    const FlowModel *model = solver->model;
    double price = model->devices[d].bias[j];
    for (guint32 g = 0; g < model->n_nodes; g++) {
        double weight = model->weights[(gsize)g * model->n_devices + d];
        if (weight == 0)
            continue;
        double n = solver->node_kw[(gsize)g * model->n_slots + j] + weight * power;
        price += weight * flow_node_slope(solver, g, j, n, (manner & FLOW_BY_PRICES) != 0);
    }
    return price;
}

static void
fill_costs(FlowSolver *solver, guint32 d, FlowManner manner)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    double sooner = SOONER * model->price_scale * (1 + 1e-3 * d / MAX(model->n_devices, 1));
    for (guint32 j = 0; j < model->n_slots; j++) {
        double low = device->floor[j], high = device->ceil[j], room = low;
        double tie = sooner * j / model->n_slots;
        flow_cost_begin(solver->cost, j, low);
        solver->fixed[j] = FLOW_FREE;
        if (high <= low)
            continue;
        guint32 n = find_cuts(solver, d, j, low, high);
        for (guint32 k = 1; k < n; k++) {
            double from = solver->cuts[k - 1], to = solver->cuts[k];
            if (to <= from)
                continue;
            double price = price_at(solver, d, j, (from + to) / 2, manner);
            if (price < solver->over_price / 2)
                room = to;
            flow_cost_add(solver->cost, to - from, price + tie);
        }
        if (device->least[j] > 0 && room < device->least[j] - 1e-9 && low <= 0)
            solver->fixed[j] = FLOW_OFF;
    }
}

static guint32
fill_hinges(FlowSolver *solver, guint32 d, FlowManner manner)
{
    static const double heavier[CFX_TARGET_TIERS] = { 100, 10, 1 };
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    guint32 n = 0;
    for (guint32 k = device->first_target; k < device->first_target + device->n_targets; k++) {
        const FlowTarget *target = &model->targets[k];
        double level = (manner & FLOW_FOR_WANTED) != 0 ? target->reachable : target->level;
        solver->hinges[n++] =
            (FlowHinge){ target->slot, level, solver->lack_price * heavier[target->tier] };
    }
    return n;
}

/* Powers without a stock: slot by slot, the cheapest end of a piece. */
static void
respond_without_stock(FlowSolver *solver, guint32 d, double *power)
{
    const FlowDevice *device = &solver->model->devices[d];
    const FlowCost *cost = solver->cost;
    for (guint32 j = 0; j < cost->n_slots; j++) {
        double at = cost->low[j], sum = 0, least_sum = 0;
        double best = at < 0 || at >= device->least[j] || at == 0 ? 0 : INFINITY;
        power[j] = at;
        for (guint32 i = cost->start[j]; i < cost->start[j + 1]; i++) {
            double before = at;
            at += cost->width[i];
            sum += cost->width[i] * cost->price[i];
            /* the least rate itself may lie inside the piece */
            if (before < device->least[j] && at >= device->least[j] && device->least[j] > 0) {
                least_sum = sum - (at - device->least[j]) * cost->price[i];
                if (least_sum < best) {
                    best = least_sum;
                    power[j] = device->least[j];
                }
            }
            if (sum < best && (at <= 1e-9 || at >= device->least[j])) {
                best = sum;
                power[j] = at;
            }
        }
    }
}

/* Where no plan keeps the hard bounds together with least rates: they become wishes. */
static gboolean
respond_softly(FlowSolver *solver, FlowTask *task, guint32 max_nodes)
{
    const FlowModel *model = solver->model;
    FlowHinge *hinges = solver->hinges;
    guint32 n = 0, target = task->n_hinges;
    FlowHinge *given = g_memdup2(hinges, sizeof(FlowHinge) * MAX(target, 1));
    for (guint32 j = 0, k = 0; j < model->n_slots; j++) {
        solver->empty[j] = -INFINITY;
        for (; k < target && given[k].slot == j; k++)
            hinges[n++] = given[k];
        hinges[n++] =
            (FlowHinge){ j, task->device->empty[j], solver->lack_price * 200 / model->n_slots };
    }
    g_free(given);
    task->n_hinges = n;
    task->empty = solver->empty;
    return flow_branch(solver->work,
                       task,
                       max_nodes,
                       1e-6,
                       flow_clock_is_late,
                       &solver->clock,
                       solver->trial)
        .is_possible;
}

void
flow_respond(FlowSolver *solver, guint32 d, FlowManner manner, guint32 max_nodes)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    double *power = solver->power + (gsize)d * model->n_slots;
    flow_nodes_add(solver, d, -1);
    fill_costs(solver, d, manner);
    if (!device->has_stock) {
        respond_without_stock(solver, d, power);
        flow_nodes_add(solver, d, 1);
        return;
    }
    FlowTask task = { .model = model,
                      .device = device,
                      .cost = solver->cost,
                      .hinges = solver->hinges,
                      .n_hinges = fill_hinges(solver, d, manner),
                      .empty = device->empty,
                      .full = device->full,
                      .end_value = device->end_value,
                      .fixed = solver->fixed };
    double enough = 1e-9 * model->price_scale;
    if (solver->has_best)
        enough += 0.02 * solver->how->gap_acceptable * (1 + fabs(solver->best_score.cost)) /
                  model->n_devices;
    FlowAnswer answer = flow_branch(
        solver->work, &task, max_nodes, enough, flow_clock_is_late, &solver->clock, solver->trial);
    if (answer.is_possible || respond_softly(solver, &task, max_nodes))
        memcpy(power, solver->trial, sizeof(double) * model->n_slots);
    else if (device->is_discrete)
        memset(power, 0, sizeof(double) * model->n_slots);
    for (guint32 j = 0; j < model->n_slots; j++)
        power[j] = CLAMP(power[j], device->low[j], device->high[j]);
    flow_nodes_add(solver, d, 1);
}
