/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prices as a certificate (scheduling 4): whatever the node prices are, what each device would pay
 * at least at these prices and what each node would earn at least add up to a lower bound.
 */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

typedef struct {
    double value; /* per hour */
    double n;     /* where */
} Least;

/* Least of f(N) − price·N for low ≤ N ≤ high; of several N the one next to `near`. */
static Least
least_between(const FlowNode *node, guint32 j, double price, double low, double high, double near)
{
    double middle = CLAMP(0, low, high), tolerance = 1e-9 * (1 + high - low);
    double below = low < 0 ? node->sell[j] : node->buy[j];
    double down = (below - price) * (low - middle), up = (node->buy[j] - price) * (high - middle);
    double money = middle > 0 ? node->buy[j] : node->sell[j];
    if (high <= 0)
        up = 0;
    Least least = { (money - price) * middle + MIN(down, 0) + MIN(up, 0), middle };
    if (down < -tolerance)
        least.n = low;
    else if (up < -tolerance)
        least.n = high;
    else
        least.n = CLAMP(
            near, fabs(down) <= tolerance ? low : middle, fabs(up) <= tolerance ? high : middle);
    return least;
}

/*
 * With nothing but devices of least rates below a node, its power is what it is when all rest, or
 * that and at least the smallest of the least rates. 0: something may draw as little as it likes.
 */
static double
smallest_step(const FlowModel *model, guint32 g, guint32 j)
{
    double least = INFINITY;
    for (guint32 d = 0; d < model->n_devices; d++) {
        double weight = model->weights[(gsize)g * model->n_devices + d];
        const FlowDevice *device = &model->devices[d];
        if (weight == 0 || device->ceil[j] <= device->floor[j])
            continue;
        if (device->least[j] <= 0 || device->floor[j] != 0)
            return 0;
        least = MIN(least, weight * device->least[j]);
    }
    return isinf(least) ? 0 : least;
}

/* What the node would earn at its price at most, as a negative cost, N in its domain. */
static Least
node_bound(const FlowSolver *solver, guint32 g, guint32 j)
{
    const FlowModel *model = solver->model;
    const FlowNode *node = &model->nodes[g];
    gsize cell = (gsize)g * model->n_slots + j;
    double low = node->low[j], high = node->high[j], rest = low, price = solver->node_price[cell];
    double plan = solver->best->node_kw[cell], near = solver->draw_kw[cell];
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        if (limit->node != g)
            continue;
        /* the plan's own breach is allowed, and its rounding */
        double max =
            solver->is_deciding ? limit->allowed[j] : MAX(limit->max[j], limit->sign * plan);
        if (limit->sign > 0)
            high = MIN(high, max);
        else
            low = MAX(low, -max);
    }
    if (!solver->is_deciding) {
        low = MIN(low, plan);
        high = MAX(high, plan);
    }
    double step = solver->is_discrete ? smallest_step(model, g, j) : 0;
    if (step <= 0 || low > rest + 1e-9)
        return least_between(node, j, price, low, high, near);
    Least still = least_between(node, j, price, low, low, near);
    double from = rest + step - 1e-9;
    /* what rounding may have left of a plan between the two stays possible */
    if (plan > low + 1e-7 && plan < from)
        from = plan;
    if (from > high)
        return still;
    Least moved = least_between(node, j, price, from, high, near);
    return moved.value < still.value ? moved : still;
}

double
flow_device_price(const FlowSolver *solver, guint32 d, guint32 j)
{
    const FlowModel *model = solver->model;
    double price = model->devices[d].bias[j];
    for (guint32 g = 0; g < model->n_nodes; g++)
        price += model->weights[(gsize)g * model->n_devices + d] *
                 solver->node_price[(gsize)g * model->n_slots + j];
    return price;
}

/* At one price a slot: an end of its range, or the rate at which it begins. */
static double
bound_without_stock(const FlowDevice *device,
                    const FlowCost *cost,
                    const double *hours,
                    double *power)
{
    double sum = 0;
    for (guint32 j = 0; j < cost->n_slots; j++) {
        double low = cost->low[j], high = low, least = 0;
        double price = cost->start[j] < cost->start[j + 1] ? cost->price[cost->start[j]] : 0;
        for (guint32 i = cost->start[j]; i < cost->start[j + 1]; i++)
            high += cost->width[i];
        power[j] = low;
        if (low > 0 && low < device->least[j]) {
            /* it cannot stay at the low end */
            power[j] = device->least[j];
            least = (device->least[j] - low) * price;
        }
        if ((high - low) * price < least) {
            power[j] = high;
            least = (high - low) * price;
        }
        sum += hours[j] * least;
    }
    return sum;
}

/* What the devices would draw at these prices, all together. */
static void
add_draw(FlowSolver *solver, guint32 d, const double *power)
{
    const FlowModel *model = solver->model;
    for (guint32 g = 0; g < model->n_nodes; g++) {
        double weight = model->weights[(gsize)g * model->n_devices + d];
        for (guint32 j = 0; weight != 0 && j < model->n_slots; j++)
            solver->draw_kw[(gsize)g * model->n_slots + j] += weight * power[j];
    }
}

/* What the device would pay at least; −INFINITY if it cannot be said, INFINITY if it cannot be. */
static double
device_bound(FlowSolver *solver, guint32 d, guint32 max_nodes)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    const double *stock = solver->best->stock_kwh + (gsize)d * model->n_slots;
    double fixed = 0;
    for (guint32 j = 0; j < model->n_slots; j++) {
        double price = flow_device_price(solver, d, j);
        flow_cost_begin(solver->cost, j, device->floor[j]);
        flow_cost_add(solver->cost, device->ceil[j] - device->floor[j], price);
        solver->fixed[j] = FLOW_FREE;
        fixed += model->hours[j] * price * device->floor[j];
    }
    if (!device->has_stock) {
        double pays = bound_without_stock(device, solver->cost, model->hours, solver->trial);
        add_draw(solver, d, solver->trial);
        return fixed + pays;
    }
    memcpy(solver->empty, device->empty, sizeof(double) * model->n_slots);
    for (guint32 k = device->first_target; k < device->first_target + device->n_targets; k++) {
        const FlowTarget *target = &model->targets[k];
        double level = solver->is_deciding ? target->level - FLOW_NONE
                                           : MIN(target->wanted, stock[target->slot]);
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
    /* no way at all: the part of all plans that is looked at is empty */
    if (solver->is_deciding && answer.bound == INFINITY)
        return INFINITY;
    if (!isfinite(answer.bound))
        return -INFINITY;
    solver->is_unsure = solver->is_unsure || answer.bound < answer.cost - 2 * enough;
    if (answer.is_possible)
        add_draw(solver, d, solver->trial);
    const double *power = solver->best->power_kw + (gsize)d * model->n_slots;
    double pays = -device->end_value * stock[model->n_slots - 1] - fixed - answer.bound;
    for (guint32 j = 0; j < model->n_slots; j++)
        pays += model->hours[j] * flow_device_price(solver, d, j) * power[j];
    solver->regret[d] = MAX(pays, 0);
    return fixed + answer.bound;
}

double
flow_bound(FlowSolver *solver, guint32 max_nodes)
{
    const FlowModel *model = solver->model;
    double bound = 0;
    solver->is_unsure = FALSE;
    for (guint32 g = 0; g < model->n_nodes; g++)
        memcpy(solver->draw_kw + (gsize)g * model->n_slots,
               model->nodes[g].base,
               sizeof(double) * model->n_slots);
    for (guint32 d = 0; d < model->n_devices; d++)
        bound += solver->device_bound[d] = device_bound(solver, d, max_nodes);
    for (guint32 g = 0; g < model->n_nodes; g++) {
        for (guint32 j = 0; j < model->n_slots; j++) {
            gsize cell = (gsize)g * model->n_slots + j;
            double price = solver->node_price[cell];
            bound += model->hours[j] * price * model->nodes[g].base[j];
            bound += model->hours[j] * node_bound(solver, g, j).value;
        }
    }
    return bound;
}

/*
 * Least rates leave nodes emptier than the linear programme thought, and its prices too high: from
 * there, steps along what the devices would draw more than the nodes would sell (Polyak's).
 */
gboolean
flow_lift(FlowSolver *solver, guint steps)
{
    const FlowModel *model = solver->model;
    gsize cells = (gsize)model->n_nodes * model->n_slots;
    g_autofree double *best = g_memdup2(solver->node_price, sizeof(double) * cells);
    g_autofree double *rise = g_new(double, cells);
    double share = 1;
    guint failed = 0;
    for (guint step = 0; step < steps; step++) {
        double bound = flow_bound(solver, FLOW_MAX_NODES), square = 0;
        if (flow_clock_is_late(&solver->clock))
            break;
        if (bound > solver->bound) {
            solver->bound = bound;
            memcpy(best, solver->node_price, sizeof(double) * cells);
            failed = 0;
        } else if (++failed % 3 == 0) {
            share /= 2;
        }
        if (flow_gap(solver) <= solver->how->gap_wanted)
            break;
        for (guint32 g = 0; g < model->n_nodes; g++) {
            for (guint32 j = 0; j < model->n_slots; j++) {
                gsize cell = (gsize)g * model->n_slots + j;
                double n = node_bound(solver, g, j).n;
                rise[cell] = model->hours[j] * (solver->draw_kw[cell] - n);
                square += rise[cell] * rise[cell];
            }
        }
        if (square <= 1e-18 || !isfinite(bound))
            break;
        double length = share * MAX(solver->best->cost - bound, 0) / square;
        for (gsize cell = 0; cell < cells; cell++)
            solver->node_price[cell] += length * rise[cell];
    }
    memcpy(solver->node_price, best, sizeof(double) * cells);
    return !flow_clock_is_late(&solver->clock);
}
