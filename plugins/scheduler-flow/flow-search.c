/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From prices to a plan: the devices answer one after another, so that each keeps its least rate
 * and breaks its ties, and what one leaves the next may take. The best plan is kept with its bound.
 */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

#define MAX_ROUNDS 3

/* Nodes of a tree in the first round: as much work whatever the size of its linear programmes. */
static guint
nodes_of_tree(const FlowSolver *solver)
{
    double rows = solver->n_rows, cells = (double)solver->model->n_devices * solver->model->n_slots;
    double one = rows * rows * rows / 3 + cells * (rows + 600);
    return (guint)CLAMP(6e7 / one, 4, 600);
}

void
flow_rest(FlowSolver *solver, guint32 d)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    for (guint32 j = 0; j < model->n_slots; j++)
        solver->power[(gsize)d * model->n_slots + j] = CLAMP(0, device->low[j], device->high[j]);
}

static void
rest_all(FlowSolver *solver)
{
    for (guint32 d = 0; d < solver->model->n_devices; d++)
        flow_rest(solver, d);
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
double
flow_random(guint64 *state)
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
            turns[d].key += noise * flow_random(random);
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

/* Real prices, exact answers, from the plan that is there. */
gboolean
flow_descend(FlowSolver *solver)
{
    g_autofree Turn *turns = order_devices(solver, 0, NULL);
    for (guint i = 0; i < 2; i++) {
        pass(solver, turns, FLOW_BY_MONEY, FLOW_MAX_NODES);
        if (flow_clock_is_late(&solver->clock))
            return FALSE;
        flow_offer(solver);
    }
    return TRUE;
}

/*
 * One device after another into empty nodes, at prices that say where the others will need room;
 * those with the least choice first, then in orders that chance has shaken.
 */
static gboolean
pack(FlowSolver *solver, guint try, guint64 *random)
{
    g_autofree Turn *turns = order_devices(solver, try == 0 ? 0 : 0.5, random);
    rest_all(solver);
    pass(solver, turns, FLOW_BY_PRICES, FLOW_MAX_NODES);
    pass(solver, turns, FLOW_BY_PRICES | FLOW_FOR_WANTED, FLOW_MAX_NODES);
    if (flow_clock_is_late(&solver->clock))
        return FALSE;
    flow_offer(solver);
    pass(solver, turns, FLOW_BY_MONEY | FLOW_FOR_WANTED, FLOW_MAX_NODES);
    if (flow_clock_is_late(&solver->clock))
        return FALSE;
    flow_offer(solver);
    return TRUE;
}

/* Prices for the breach and shortfall that least rates have left the best plan with. */
static gboolean
price_best(FlowSolver *solver)
{
    FlowModel *model = solver->model;
    const SchedulePlan *best = solver->best;
    for (guint32 i = 0; i < model->n_limits; i++) {
        FlowLimit *limit = &model->limits[i];
        const double *node_kw = best->node_kw + (gsize)limit->node * model->n_slots;
        for (guint32 j = 0; j < model->n_slots; j++)
            limit->allowed[j] = MAX(limit->max[j], limit->sign * node_kw[j]);
    }
    for (guint32 k = 0; k < model->n_targets; k++) {
        FlowTarget *target = &model->targets[k];
        double stock = best->stock_kwh[(gsize)target->device * model->n_slots + target->slot];
        target->level = MIN(target->reachable, stock);
    }
    return flow_lp_solve(solver, FLOW_STEP_MONEY, 0);
}

/* Nothing is left to be done about the best plan. */
static gboolean
is_done(FlowSolver *solver, double gap)
{
    return flow_is_good(solver, gap) && !flow_lacks_more(solver);
}

void
flow_search(FlowSolver *solver)
{
    const CfxSolveHow *how = solver->how;
    double wanted = how->gap_wanted, acceptable = how->gap_acceptable;
    guint64 random = how->seed * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) + 88172645463325252u;
    for (guint round = 0; round < MAX_ROUNDS; round++) {
        /* the prices are new: they may prove more about the plan that is there */
        flow_prove(solver);
        if (!flow_descend(solver) || is_done(solver, wanted))
            return;
        for (guint try = 0; try < 6 && solver->is_discrete; try++) {
            if (!pack(solver, try, &random))
                return;
            if (is_done(solver, try < 2 ? wanted : acceptable))
                return;
        }
        if (round == 0 && flow_lacks_more(solver) &&
            !flow_settle(solver, nodes_of_tree(solver)))
            return;
        if (!price_best(solver))
            return;
        if (!solver->is_discrete)
            continue;
        /* what needs no branching comes first */
        if (!flow_decide(solver, CFX_TARGET_TIERS, 1) || flow_is_good(solver, acceptable))
            return;
        if (!flow_improve(solver, &random) || flow_is_good(solver, acceptable) ||
            !price_best(solver))
            return;
        if (!flow_decide(solver, CFX_TARGET_TIERS, nodes_of_tree(solver) << round) ||
            flow_is_good(solver, acceptable) || !price_best(solver))
            return;
    }
    flow_prove(solver);
}
