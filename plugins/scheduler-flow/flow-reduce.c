/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is dearer than the best plan is left out: with a price for each kWh of stock the slots of a
 * device part from each other, and each says what another power in it would cost at least.
 */
#include "flow-solver.h"

#include <math.h>

/* What the device pays at least when its stock is bought at the stock prices, slot by slot. */
static double
parted_bound(const FlowSolver *solver, guint32 d)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    const double *value = solver->stock_price + (gsize)d * model->n_slots;
    guint32 n_slots = model->n_slots, k = device->first_target;
    guint32 last = k + device->n_targets;
    double sum = -value[0] * device->keep[0] * device->start;
    for (guint32 j = 0; j < n_slots; j++) {
        double next = j + 1 < n_slots ? device->keep[j + 1] * value[j + 1] : device->end_value;
        double worth = value[j] - next, least = device->empty[j];
        for (; k < last && model->targets[k].slot == j; k++)
            least = MAX(least, model->targets[k].level - FLOW_NONE);
        if (worth != 0)
            sum += worth * (worth > 0 ? least : device->full[j]);
        double hours = device->share[j] * model->hours[j];
        double price = flow_reduced_price(solver, d, j);
        sum += price * (price > 0 ? device->floor[j] : device->ceil[j]);
        sum -= hours * value[j] * device->gain[j];
    }
    return sum;
}

double
flow_reduced_price(const FlowSolver *solver, guint32 d, guint32 j)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    double stored = device->share[j] * model->hours[j] * device->charge;
    return model->hours[j] * flow_device_price(solver, d, j) -
           stored * solver->stock_price[(gsize)d * model->n_slots + j];
}

static gboolean
reduce_device(FlowSolver *solver, guint32 d, double slack)
{
    FlowModel *model = solver->model;
    FlowDevice *device = &model->devices[d];
    gboolean is_changed = FALSE;
    for (guint32 j = 0; j < model->n_slots; j++) {
        double low = device->floor[j], high = device->ceil[j];
        double price = flow_reduced_price(solver, d, j);
        if (high - low <= 1e-6 || fabs(price) * (high - low) <= slack)
            continue;
        double part = slack / fabs(price) + 1e-7;
        if (price > 0) {
            high = low + part;
            if (low <= 0 && high < device->least[j])
                high = MIN(high, 0);
        } else {
            low = high - part;
            if (low > 0)
                low = MIN(MAX(low, device->least[j]), high);
        }
        if (high < device->ceil[j] - 1e-3 || low > device->floor[j] + 1e-3) {
            device->ceil[j] = MAX(high, device->floor[j]);
            device->floor[j] = low;
            is_changed = TRUE;
        }
    }
    return is_changed;
}

gboolean
flow_reduce(FlowSolver *solver, double bound, double goal)
{
    FlowModel *model = solver->model;
    gboolean is_changed = FALSE;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        gboolean is_one_way = device->is_discrete && device->has_stock;
        for (guint32 j = 0; is_one_way && j < model->n_slots; j++)
            is_one_way = device->floor[j] >= 0;
        if (!is_one_way)
            continue;
        double slack = goal - bound + solver->device_bound[d] - parted_bound(solver, d);
        if (isfinite(slack) && slack > 0)
            is_changed = reduce_device(solver, d, slack) || is_changed;
    }
    return is_changed;
}
