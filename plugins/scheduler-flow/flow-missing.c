/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a plan is from limits and levels, by what the steps so far have settled. */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

#define NOISE 1e-7 /* kW */
#define LIMITS 1e5

static double
beyond_limits(const FlowSolver *solver)
{
    const FlowModel *model = solver->model;
    double over = 0;
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        const double *node_kw = solver->node_kw + (gsize)limit->node * model->n_slots;
        for (guint32 j = 0; j < model->n_slots; j++)
            over += model->hours[j] * MAX(limit->sign * node_kw[j] - limit->allowed[j] - NOISE, 0);
    }
    return over;
}

double
flow_missing(FlowSolver *solver, guint32 tier)
{
    const FlowModel *model = solver->model;
    double lack = 0, settled = 0;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        if (device->n_targets == 0)
            continue;
        flow_model_simulate(model, d, solver->power + (gsize)d * model->n_slots, solver->trial);
        for (guint32 k = device->first_target; k < device->first_target + device->n_targets; k++) {
            const FlowTarget *target = &model->targets[k];
            double below = MAX(target->level - solver->trial[target->slot], 0);
            if (target->tier < tier)
                settled += MAX(below - FLOW_NONE, 0);
            else if (target->tier == tier)
                lack += flow_target_grade(model, target) * below;
        }
    }
    return lack + FLOW_SETTLED * settled + LIMITS * beyond_limits(solver);
}

void
flow_take_best(FlowSolver *solver)
{
    const FlowModel *model = solver->model;
    gsize cells = (gsize)model->n_devices * model->n_slots;
    memcpy(solver->power, solver->best->power_kw, sizeof(double) * cells);
    flow_nodes_follow(solver);
}

double
flow_missing_of_best(FlowSolver *solver, guint32 tier)
{
    flow_take_best(solver);
    return flow_missing(solver, tier);
}
