/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The best plan so far: what makes one better, and what is proven about it. */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

/* Interior points may burn, and least rates may leave no way: such a plan is none, if others are.
 */
static void
find_outside(const FlowModel *model, const SchedulePlan *plan, FlowScore *score)
{
    double worst = 0;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        const double *stock = plan->stock_kwh + (gsize)d * model->n_slots;
        for (guint32 j = 0; device->has_stock && j < model->n_slots; j++) {
            double by = MAX(device->empty[j] - stock[j], stock[j] - device->full[j]);
            if (by <= 5e-7 + 1e-9 * fabs(stock[j]))
                continue;
            score->outside += by;
            if (by > worst) {
                worst = by;
                score->device = d;
                score->slot = j;
            }
        }
    }
}

static FlowScore
score_of(const FlowModel *model, const SchedulePlan *plan)
{
    FlowScore score = { .cost = plan->cost };
    find_outside(model, plan, &score);
    memcpy(score.breach, plan->breach_tier_kwh, sizeof(score.breach));
    for (guint32 i = 0; i < model->n_targets; i++) {
        const FlowTarget *target = &model->targets[i];
        double lack = plan->shortfall_kwh[model->target_row[i]];
        double grade = flow_target_grade(model, target);
        score.lack[target->tier] += grade * lack;
        lack = MAX(lack - (target->wanted - target->reachable), 0);
        score.uneven[target->tier] += grade * lack * lack / target->share;
    }
    return score;
}

/*
 * −1: a is better. Differences that only rounding makes do not count; of a shortage that is 1 Wh
 * and a thousandth, as evenness is weighed against amount.
 */
static int
compare_scores(const FlowScore *a, const FlowScore *b)
{
    if (fabs(a->outside - b->outside) > 1e-7)
        return a->outside < b->outside ? -1 : 1;
    for (guint i = 0; i < CFX_LIMIT_TIERS; i++) {
        if (fabs(a->breach[i] - b->breach[i]) > 1e-5)
            return a->breach[i] < b->breach[i] ? -1 : 1;
    }
    for (guint i = 0; i < CFX_TARGET_TIERS; i++) {
        if (fabs(a->lack[i] - b->lack[i]) > 1e-3 * (1 + b->lack[i]))
            return a->lack[i] < b->lack[i] ? -1 : 1;
        if (fabs(a->uneven[i] - b->uneven[i]) > 0.02 * (1 + b->uneven[i]))
            return a->uneven[i] < b->uneven[i] ? -1 : 1;
    }
    double noise = 1e-9 * (1 + fabs(b->cost));
    return a->cost < b->cost - noise ? -1 : a->cost > b->cost + noise ? 1 : 0;
}

void
flow_offer(FlowSolver *solver)
{
    FlowModel *model = solver->model;
    SchedulePlan *plan = solver->judged;
    gsize cells = (gsize)model->n_devices * model->n_slots;
    for (gsize i = 0; i < cells; i++)
        plan->power_kw[i] = fabs(solver->power[i]) < 1e-9 ? 0 : solver->power[i];
    schedule_plan_judge(plan, model->problem, model->weights);
    FlowScore score = score_of(model, plan);
    if (solver->has_best && compare_scores(&score, &solver->best_score) >= 0)
        return;
    solver->judged = solver->best;
    solver->best = plan;
    solver->best_score = score;
    solver->has_best = TRUE;
    solver->n_bests++;
    solver->bound = -INFINITY;
}

double
flow_gap(const FlowSolver *solver)
{
    double cost = solver->best->cost;
    if (solver->bound == -INFINITY)
        return INFINITY;
    return MAX(0, (cost - solver->bound) / (1 + fabs(cost)));
}

void
flow_prove(FlowSolver *solver)
{
    solver->bound = MAX(solver->bound, flow_bound(solver, FLOW_MAX_NODES));
    /* small rests below the least rate make long chains of slots that look alike */
    if (solver->is_unsure && flow_gap(solver) > solver->how->gap_acceptable &&
        !flow_clock_is_late(&solver->clock))
        solver->bound = MAX(solver->bound, flow_bound(solver, 20 * FLOW_MAX_NODES));
}

gboolean
flow_is_good(FlowSolver *solver, double gap)
{
    if (solver->bound == -INFINITY)
        flow_prove(solver);
    return flow_gap(solver) <= gap;
}
