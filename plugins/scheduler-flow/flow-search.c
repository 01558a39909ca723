/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From prices to a plan: the devices answer one after another, so that each keeps its least rate
 * and breaks its ties, and what one leaves the next may take. The best plan is kept with its bound.
 */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

#define MAX_NODES 200 /* merges for one device */
#define UNEVEN 1e-2   /* how much more an unequal share of a shortage counts */

static FlowScore
score_of(const FlowModel *model, const SchedulePlan *plan)
{
    FlowScore score = { .cost = plan->cost };
    memcpy(score.breach, plan->breach_tier_kwh, sizeof(score.breach));
    for (guint32 i = 0; i < model->n_targets; i++) {
        const FlowTarget *target = &model->targets[i];
        double lack = plan->shortfall_kwh[model->target_row[i]];
        if (lack > 0)
            score.lack[target->tier] +=
                flow_target_grade(model, target) * lack * (1 + UNEVEN * lack / target->share);
    }
    return score;
}

/* −1: a is better. Differences that only rounding makes do not count. */
static int
compare_scores(const FlowScore *a, const FlowScore *b)
{
    for (guint i = 0; i < CFX_LIMIT_TIERS; i++) {
        if (fabs(a->breach[i] - b->breach[i]) > 1e-5)
            return a->breach[i] < b->breach[i] ? -1 : 1;
    }
    for (guint i = 0; i < CFX_TARGET_TIERS; i++) {
        if (fabs(a->lack[i] - b->lack[i]) > 1e-5)
            return a->lack[i] < b->lack[i] ? -1 : 1;
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

static void
rest_all(FlowSolver *solver)
{
    const FlowModel *model = solver->model;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        for (guint32 j = 0; j < model->n_slots; j++)
            solver->power[(gsize)d * model->n_slots + j] =
                CLAMP(0, device->low[j], device->high[j]);
    }
    flow_nodes_follow(solver);
}

/* How little choice a device has: the share of its possible energy that its levels need. */
static double
tightness(const FlowModel *model, guint32 d)
{
    const FlowDevice *device = &model->devices[d];
    double most = 0, tight = 0;
    guint32 k = device->first_target, last = k + device->n_targets;
    for (guint32 j = 0; j < model->n_slots && k < last; j++) {
        most += model->hours[j] * MAX(device->ceil[j], 0) * device->charge;
        for (; k < last && model->targets[k].slot == j; k++) {
            double need = model->targets[k].level - device->start;
            tight = MAX(tight, need / MAX(most, 1e-9));
        }
    }
    return tight;
}

typedef struct {
    double key;
    guint32 device;
} Turn;

static int
compare_turns(gconstpointer a, gconstpointer b)
{
    const Turn *left = a, *right = b;
    if (left->key != right->key)
        return left->key > right->key ? -1 : 1;
    return left->device < right->device ? -1 : 1;
}

/* xorshift: the same everywhere */
static double
next_random(guint64 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static Turn *
order_devices(const FlowSolver *solver, double noise, guint64 *random)
{
    const FlowModel *model = solver->model;
    Turn *turns = g_new(Turn, model->n_devices + 1);
    for (guint32 d = 0; d < model->n_devices; d++) {
        turns[d].device = d;
        turns[d].key = tightness(model, d);
        if (noise > 0)
            turns[d].key += noise * next_random(random);
    }
    qsort(turns, model->n_devices, sizeof(Turn), compare_turns);
    return turns;
}

static void
pass(FlowSolver *solver, const Turn *turns, FlowManner manner, guint32 max_nodes)
{
    for (guint32 i = 0; i < solver->model->n_devices; i++) {
        if (flow_clock_is_late(&solver->clock))
            return;
        flow_respond(solver, turns[i].device, manner, max_nodes);
    }
}

void
flow_search_first(FlowSolver *solver)
{
    g_autofree Turn *turns = order_devices(solver, 0, NULL);
    rest_all(solver);
    /* whatever the time: this plan is the one there always is */
    for (guint32 i = 0; i < solver->model->n_devices; i++)
        flow_respond(solver, turns[i].device, FLOW_BY_MONEY | FLOW_FOR_WANTED, 64);
    flow_offer(solver);
}

void
flow_prove(FlowSolver *solver)
{
    double bound = flow_bound(solver, MAX_NODES);
    if (bound > solver->bound)
        solver->bound = bound;
}

static gboolean
is_good(FlowSolver *solver, double gap)
{
    if (solver->bound == -INFINITY)
        flow_prove(solver);
    return flow_gap(solver) <= gap;
}

void
flow_search(FlowSolver *solver)
{
    guint64 random =
        solver->how->seed * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) + 88172645463325252u;
    g_autofree Turn *turns = order_devices(solver, 0, NULL);
    /* the prices are new: they may prove more about the plan that is there */
    flow_prove(solver);
    /* from the interior point's plan: real prices, exact answers */
    for (guint i = 0; i < 2; i++) {
        pass(solver, turns, FLOW_BY_MONEY, 64);
        if (flow_clock_is_late(&solver->clock))
            return;
        flow_offer(solver);
    }
    if (is_good(solver, solver->how->gap_wanted) || !solver->is_discrete)
        return;
    for (guint try = 0; try < 12; try++) {
        g_autofree Turn *order = order_devices(solver, try == 0 ? 0 : 0.5, &random);
        rest_all(solver);
        pass(solver, order, FLOW_BY_PRICES, 64);
        pass(solver, order, FLOW_BY_PRICES | FLOW_FOR_WANTED, 64);
        if (flow_clock_is_late(&solver->clock))
            return;
        flow_offer(solver);
        pass(solver, order, FLOW_BY_MONEY | FLOW_FOR_WANTED, 64);
        if (flow_clock_is_late(&solver->clock))
            return;
        flow_offer(solver);
        if (is_good(solver, try < 2 ? solver->how->gap_wanted : solver->how->gap_acceptable))
            return;
    }
}
