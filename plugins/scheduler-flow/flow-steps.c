/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits, then needs: what cannot be kept is found step by step and then held fixed. */
#include "flow-solver.h"

#include <math.h>

#define NOTICEABLE 1e-5 /* kW, kWh: below it is the noise of an interior point */

static gboolean
breaks_limits(const FlowSolver *solver)
{
    const FlowModel *model = solver->model;
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        const double *node_kw = solver->node_kw + (gsize)limit->node * model->n_slots;
        for (guint32 j = 0; j < model->n_slots; j++) {
            if (limit->sign * node_kw[j] - limit->allowed[j] > NOTICEABLE)
                return TRUE;
        }
    }
    return FALSE;
}

static gboolean
misses_levels(FlowSolver *solver)
{
    const FlowModel *model = solver->model;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        if (device->n_targets == 0)
            continue;
        flow_model_simulate(model, d, solver->power + (gsize)d * model->n_slots, solver->trial);
        for (guint32 k = device->first_target; k < device->first_target + device->n_targets; k++) {
            const FlowTarget *target = &model->targets[k];
            if (target->level - solver->trial[target->slot] > NOTICEABLE)
                return TRUE;
        }
    }
    return FALSE;
}

gboolean
flow_has_slack(FlowSolver *solver)
{
    return breaks_limits(solver) || misses_levels(solver);
}

static gboolean
settle_limits(FlowSolver *solver, guint32 tier)
{
    FlowModel *model = solver->model;
    gboolean is_used = FALSE;
    for (guint32 i = 0; i < model->n_limits; i++)
        is_used = is_used || model->limits[i].tier == tier;
    if (!is_used)
        return TRUE;
    if (!flow_lp_solve(solver, FLOW_STEP_BREACH, tier))
        return FALSE;
    for (guint32 i = 0; i < model->n_limits; i++) {
        FlowLimit *limit = &model->limits[i];
        const double *node_kw = solver->node_kw + (gsize)limit->node * model->n_slots;
        for (guint32 j = 0; limit->tier == tier && j < model->n_slots; j++) {
            double over = limit->sign * node_kw[j];
            if (over > limit->allowed[j] + 1e-7)
                limit->allowed[j] = over;
        }
    }
    return TRUE;
}

static gboolean
settle_targets(FlowSolver *solver, guint32 tier)
{
    FlowModel *model = solver->model;
    gboolean is_used = FALSE;
    for (guint32 i = 0; i < model->n_targets; i++)
        is_used = is_used || model->targets[i].tier == tier;
    if (!is_used)
        return TRUE;
    if (!flow_lp_solve(solver, FLOW_STEP_NEED, tier))
        return FALSE;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        if (device->n_targets == 0)
            continue;
        flow_model_simulate(model, d, solver->power + (gsize)d * model->n_slots, solver->trial);
        for (guint32 k = device->first_target; k < device->first_target + device->n_targets; k++) {
            FlowTarget *target = &model->targets[k];
            double stock = solver->trial[target->slot];
            if (target->tier == tier && target->level - stock > FLOW_NONE)
                target->level = stock;
        }
    }
    return TRUE;
}

gboolean
flow_steps(FlowSolver *solver)
{
    /* what the priced solution kept, the step would find to be kept */
    gboolean breaks = breaks_limits(solver);
    for (guint32 tier = 0; breaks && tier < CFX_LIMIT_TIERS; tier++) {
        if (!settle_limits(solver, tier))
            return FALSE;
    }
    for (guint32 tier = 0; tier < CFX_TARGET_TIERS; tier++) {
        if (!settle_targets(solver, tier))
            return FALSE;
    }
    return TRUE;
}
