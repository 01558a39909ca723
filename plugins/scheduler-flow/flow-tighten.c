/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What limits, levels and least rates leave of the devices' powers: where there is no room for the
 * least rate a device is off, where it cannot be done without a slot it is on. No plan that keeps
 * all of them is lost.
 */
#include "flow-solver.h"

#include <math.h>

#define NOISE 1e-7 /* kW, kWh: what rounding may take from a plan that is there */
#define MAX_ROUNDS 6

typedef struct {
    FlowModel *model;
    double *low, *high; /* kWh at the end of each slot that this device can have and must have */
    gboolean is_changed, is_possible;
} Tight;

static void
lower_ceil(Tight *self, FlowDevice *device, guint32 j, double most)
{
    most += NOISE;
    if (most < device->least[j] && device->floor[j] <= 0)
        most = MIN(most, 0);
    if (most >= device->ceil[j] - 1e-6)
        return;
    if (most < device->floor[j] - 1e-6)
        self->is_possible = FALSE;
    device->ceil[j] = MAX(most, device->floor[j]);
    self->is_changed = TRUE;
}

static void
raise_floor(Tight *self, FlowDevice *device, guint32 j, double least)
{
    least -= NOISE;
    if (least > 0)
        least = MAX(least, device->least[j]);
    if (least <= device->floor[j] + 1e-6)
        return;
    if (least > device->ceil[j] + 1e-6)
        self->is_possible = FALSE;
    device->floor[j] = MIN(least, device->ceil[j]);
    self->is_changed = TRUE;
}

/* A device may draw what a limit leaves when all others draw their least. */
static void
by_limit(Tight *self, const FlowLimit *limit, guint32 j)
{
    FlowModel *model = self->model;
    const double *weights = model->weights + (gsize)limit->node * model->n_devices;
    double room = limit->allowed[j] - limit->sign * model->nodes[limit->node].base[j];
    if (isinf(room))
        return;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        room -= weights[d] * (limit->sign > 0 ? device->floor[j] : -device->ceil[j]);
    }
    if (room < -1e-5)
        self->is_possible = FALSE;
    room = MAX(room, 0);
    for (guint32 d = 0; d < model->n_devices; d++) {
        FlowDevice *device = &model->devices[d];
        if (weights[d] <= 0)
            continue;
        if (limit->sign > 0)
            lower_ceil(self, device, j, device->floor[j] + room / weights[d]);
        else
            raise_floor(self, device, j, device->ceil[j] - room / weights[d]);
    }
}

static double
inflow(const FlowDevice *device, double power)
{
    return power >= 0 ? power * device->charge : power / device->discharge;
}

static double
power_for(const FlowDevice *device, double inflow_kw)
{
    return inflow_kw >= 0 ? inflow_kw / device->charge : inflow_kw * device->discharge;
}

/* What stock bounds and levels need: forward what can be there, backward what must be. */
static void
by_stock(Tight *self, guint32 d, guint32 tiers)
{
    FlowModel *model = self->model;
    FlowDevice *device = &model->devices[d];
    guint32 n_slots = model->n_slots, k = device->first_target + device->n_targets;
    double *least = self->low, *most = self->high, at = device->start, below = device->start;
    for (guint32 j = 0; j < n_slots; j++) {
        double hours = device->share[j] * model->hours[j];
        at = device->keep[j] * at + hours * (inflow(device, device->ceil[j]) + device->gain[j]);
        at = most[j] = MIN(at, device->full[j]);
    }
    for (guint32 j = n_slots; j-- > 0;) {
        double need = device->empty[j];
        while (k > device->first_target && model->targets[k - 1].slot >= j) {
            k--;
            if (model->targets[k].tier < tiers)
                need = MAX(need, model->targets[k].level - FLOW_NONE);
        }
        if (j + 1 < n_slots) {
            double hours = device->share[j + 1] * model->hours[j + 1];
            double comes = inflow(device, device->ceil[j + 1]) + device->gain[j + 1];
            need = MAX(need, (least[j + 1] - hours * comes) / device->keep[j + 1]);
        }
        least[j] = need;
        if (need > most[j] + 1e-5 * (1 + fabs(need)))
            self->is_possible = FALSE;
    }
    for (guint32 j = 0; j < n_slots; j++) {
        double hours = device->share[j] * model->hours[j];
        double before = j > 0 ? most[j - 1] : device->start;
        double need = least[j] - 2 * NOISE - device->keep[j] * before;
        need = need / hours - device->gain[j];
        if (isfinite(need))
            raise_floor(self, device, j, power_for(device, need));
        /* what is there at least, by what is on */
        double room = device->full[j] + 2 * NOISE - device->keep[j] * below;
        room = room / hours - device->gain[j];
        if (isfinite(room))
            lower_ceil(self, device, j, power_for(device, room));
        below =
            device->keep[j] * below + hours * (inflow(device, device->floor[j]) + device->gain[j]);
        below = MAX(below, device->empty[j]);
    }
}

gboolean
flow_tighten(FlowSolver *solver, guint32 tiers)
{
    FlowModel *model = solver->model;
    Tight self = { .model = model, .is_possible = TRUE };
    self.low = solver->trial;
    self.high = solver->spare;
    for (guint round = 0; round < MAX_ROUNDS; round++) {
        self.is_changed = FALSE;
        for (guint32 i = 0; i < model->n_limits && self.is_possible; i++) {
            for (guint32 j = 0; j < model->n_slots; j++)
                by_limit(&self, &model->limits[i], j);
        }
        for (guint32 d = 0; d < model->n_devices && self.is_possible; d++) {
            if (model->devices[d].has_stock)
                by_stock(&self, d, tiers);
        }
        if (!self.is_changed || !self.is_possible)
            break;
    }
    flow_model_ranges(model);
    return self.is_possible;
}
