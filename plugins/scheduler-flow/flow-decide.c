/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Branch and bound over the least rates of all devices together: a car is on or off in a slot, what
 * follows from it is drawn, and the prices of what is left prove or find more. Best first, but for
 * dives to the bottom, which find plans.
 */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

#define MAX_NARROWINGS 3
#define DIVE_EACH 30
#define TILT 1e-4   /* of the largest price: ties of slots that cost the same are broken */
#define ENOUGH 2e-2 /* kWh: less shortfall than by so much is worth no more work */

/* A part of all plans: what is left of the devices' powers. */
typedef struct {
    double bound;   /* of all plans in it */
    double *narrow; /* 2 × D × J: floors, then ceils */
} Part;

typedef struct {
    guint32 device, slot;
    gboolean is_on; /* what the linear programme is nearer to */
} Choice;

typedef struct {
    FlowSolver *solver;
    guint32 tier; /* of needs; CFX_TARGET_TIERS: money */
    FlowKept before;
    GArray *open;  /* Part */
    double closed; /* least bound of what needs no more work */
    gboolean dives;
    double lack;   /* of the best plan, of the tier */
    guint lack_of; /* which best plan that was */
    double *power; /* D × J, while another is looked at */
} Tree;

static double
lack_of_best(Tree *self)
{
    FlowSolver *solver = self->solver;
    gsize size = sizeof(double) * solver->model->n_devices * solver->model->n_slots;
    if (self->lack_of != solver->n_bests) {
        memcpy(self->power, solver->power, size);
        self->lack = flow_missing_of_best(solver, self->tier);
        self->lack_of = solver->n_bests;
        memcpy(solver->power, self->power, size);
        flow_nodes_follow(solver);
    }
    return self->lack;
}

/* A bound from which on nothing more is to be done. */
static double
goal(Tree *self)
{
    if (self->tier < CFX_TARGET_TIERS)
        return lack_of_best(self) * (1 - 1e-3) - ENOUGH;
    double cost = self->solver->best->cost;
    return cost - 0.999 * self->solver->how->gap_acceptable * (1 + fabs(cost));
}

/* The devices' powers as an array of a part, and back. */
static double *
write_narrow(const FlowModel *model)
{
    guint32 n_slots = model->n_slots;
    gsize cells = (gsize)model->n_devices * n_slots;
    double *narrow = g_new(double, 2 * cells + 1);
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        gsize first = (gsize)d * n_slots;
        memcpy(narrow + first, device->floor, sizeof(double) * n_slots);
        memcpy(narrow + cells + first, device->ceil, sizeof(double) * n_slots);
    }
    return narrow;
}

static void
read_narrow(FlowModel *model, const double *narrow)
{
    guint32 n_slots = model->n_slots;
    gsize cells = (gsize)model->n_devices * n_slots;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        gsize first = (gsize)d * n_slots;
        memcpy(device->floor, narrow + first, sizeof(double) * n_slots);
        memcpy(device->ceil, narrow + cells + first, sizeof(double) * n_slots);
    }
}

/* A slot whose least rate the linear programme breaks; FALSE: it keeps all. */
static gboolean
choose(const FlowSolver *solver, Choice *chosen)
{
    const FlowModel *model = solver->model;
    double most = 0;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        const double *power = solver->power + (gsize)d * model->n_slots;
        for (guint32 j = 0; j < model->n_slots; j++) {
            double least = device->least[j], part = power[j] / least;
            if (least <= 0 || device->floor[j] >= least - 1e-6 || device->ceil[j] < least - 1e-6 ||
                part <= 1e-6 || part >= 1 - 1e-6)
                continue;
            /* what is on leaves others no room: the dearest that is nearest to it says the most */
            double score = model->hours[j] * power[j] *
                           (fabs(flow_device_price(solver, d, j)) + 1e-3 * model->price_scale);
            if (score > most) {
                most = score;
                *chosen = (Choice){ d, j, part >= 0.5 };
            }
        }
    }
    return most > 0;
}

/* The least cost of what a step of needs has found: it has fewer slots that break their rule than
 * an answer to which all slots are the same. FALSE: late. */
static gboolean
by_money(FlowSolver *solver)
{
    FlowModel *model = solver->model;
    g_autofree double *level = g_new(double, model->n_targets + 1);
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        if (device->n_targets == 0)
            continue;
        flow_model_simulate(model, d, solver->power + (gsize)d * model->n_slots, solver->trial);
        for (guint32 k = device->first_target; k < device->first_target + device->n_targets; k++) {
            FlowTarget *target = &model->targets[k];
            level[k] = target->level;
            target->level = MIN(target->level, solver->trial[target->slot]);
        }
    }
    gboolean in_time = flow_lp_solve(solver, FLOW_STEP_MONEY, 0);
    for (guint32 k = 0; k < model->n_targets; k++)
        model->targets[k].level = level[k];
    return in_time;
}

/* The part that is left when the chosen slot is on, or off. */
static void
push(Tree *self, const Choice *chosen, gboolean is_on, double bound)
{
    FlowModel *model = self->solver->model;
    FlowDevice *device = &model->devices[chosen->device];
    guint32 j = chosen->slot;
    double floor = device->floor[j], ceil = device->ceil[j];
    if (is_on)
        device->floor[j] = device->least[j];
    else
        device->ceil[j] = 0;
    Part part = { bound, write_narrow(model) };
    device->floor[j] = floor;
    device->ceil[j] = ceil;
    g_array_append_val(self->open, part);
}

static guint
find_lowest(const Tree *self)
{
    guint lowest = 0;
    for (guint i = 1; i < self->open->len; i++) {
        if (g_array_index(self->open, Part, i).bound <
            g_array_index(self->open, Part, lowest).bound)
            lowest = i;
    }
    return lowest;
}

/*
 * A plan that keeps least rates, from the linear programme's. For money alone only what keeps the
 * levels counts: the bound is about such plans. FALSE: late.
 */
static gboolean
answer(Tree *self)
{
    FlowSolver *solver = self->solver;
    gboolean is_money = self->tier == CFX_TARGET_TIERS;
    FlowManner manner = FLOW_BY_MONEY | (is_money ? 0 : FLOW_FOR_WANTED);
    for (guint i = 0; i < 2; i++) {
        for (guint32 d = 0; d < solver->model->n_devices; d++)
            flow_respond(solver, d, manner, FLOW_MAX_NODES);
        if (flow_clock_is_late(&solver->clock))
            return FALSE;
        if (!is_money || flow_missing(solver, self->tier) <= 0)
            flow_offer(solver);
    }
    return TRUE;
}

/* Leaves out what cannot be or cannot be better, again and again. FALSE: nothing is left. */
static gboolean
narrow(Tree *self, double *bound, gboolean *in_time)
{
    FlowSolver *solver = self->solver;
    gboolean is_money = self->tier == CFX_TARGET_TIERS;
    FlowStep step = is_money ? FLOW_STEP_MONEY : FLOW_STEP_NEED;
    for (guint round = 0;; round++) {
        if (!flow_tighten(solver, self->tier))
            return FALSE;
        *in_time = flow_lp_solve(solver, step, self->tier);
        if (!*in_time)
            return TRUE;
        double proven =
            is_money ? flow_bound(solver, FLOW_MAX_NODES) : flow_missing(solver, self->tier);
        double end = goal(self);
        *bound = MAX(*bound, proven);
        if (!is_money || *bound >= end || !flow_reduce(solver, proven, end))
            return TRUE;
        self->closed = MIN(self->closed, end);
        if (round == MAX_NARROWINGS)
            return flow_tighten(solver, self->tier);
    }
}

/* Works at a part; leaves the two that it is split into at the end of `open`. FALSE: late. */
static gboolean
work_at(Tree *self, Part *part, gboolean *is_split)
{
    FlowSolver *solver = self->solver;
    Choice chosen = { 0 };
    gboolean in_time = TRUE;
    *is_split = FALSE;
    read_narrow(solver->model, part->narrow);
    if (!narrow(self, &part->bound, &in_time))
        return TRUE;
    if (!in_time)
        return FALSE;
    if (self->tier < CFX_TARGET_TIERS && part->bound < goal(self) && !by_money(solver))
        return FALSE;
    gboolean is_left = choose(solver, &chosen);
    if (part->bound < goal(self) && (self->dives || !is_left) && !answer(self))
        return FALSE;
    if (!is_left || part->bound >= goal(self)) {
        self->closed = MIN(self->closed, part->bound);
        return TRUE;
    }
    *is_split = TRUE;
    push(self, &chosen, !chosen.is_on, part->bound);
    push(self, &chosen, chosen.is_on, part->bound);
    return TRUE;
}

static double
least_bound(const Tree *self)
{
    double least = self->closed;
    for (guint i = 0; i < self->open->len; i++)
        least = MIN(least, g_array_index(self->open, Part, i).bound);
    return least;
}

/* Until the goal or the number of nodes is reached; `least`: what holds for all plans. FALSE: late.
 */
static gboolean
grow(Tree *self, guint max_nodes, double *least)
{
    gboolean is_split = FALSE;
    for (guint node = 0; node < max_nodes && self->open->len > 0; node++) {
        guint at = self->open->len - 1;
        self->dives = node % DIVE_EACH == 0 || (self->dives && is_split);
        if (!is_split || !self->dives)
            at = find_lowest(self);
        Part part = g_array_index(self->open, Part, at);
        if (part.bound >= goal(self))
            break;
        /* in place until it is worked at: late, it bounds what is left */
        gboolean in_time = work_at(self, &part, &is_split);
        if (!in_time)
            return FALSE;
        g_array_remove_index(self->open, at);
        *least = least_bound(self);
    }
    return TRUE;
}

static void
clear_part(gpointer part)
{
    g_free(((Part *)part)->narrow);
}

/*
 * What is proven is about plans that keep limits and levels as they are. The best is one of them:
 * a bound above it were the work of rounding and proves nothing.
 */
static void
claim(FlowSolver *solver, double least)
{
    double cost = solver->best->cost;
    if (least <= cost + 1e-7 * (1 + fabs(cost)) &&
        flow_missing_of_best(solver, CFX_TARGET_TIERS) <= 0)
        solver->bound = MAX(solver->bound, MIN(least, cost));
}

gboolean
flow_decide(FlowSolver *solver, guint32 tier, guint max_nodes)
{
    FlowModel *model = solver->model;
    gsize cells = (gsize)model->n_devices * model->n_slots;
    guint64 random = 88172645463325252u;
    if (solver->best_score.outside > 0)
        return TRUE; /* hard bounds that no plan keeps leave nothing to decide */
    Tree self = { .solver = solver, .tier = tier, .closed = INFINITY };
    flow_keep(solver, &self.before);
    self.open = g_array_new(FALSE, FALSE, sizeof(Part));
    g_array_set_clear_func(self.open, clear_part);
    self.power = g_new(double, cells + 1);
    solver->tilt = g_new(double, cells + 1);
    for (gsize i = 0; i < cells; i++)
        solver->tilt[i] = TILT * model->price_scale * flow_random(&random);
    solver->is_deciding = TRUE;
    Part all = { tier < CFX_TARGET_TIERS ? 0 : solver->bound, write_narrow(model) };
    double least = all.bound;
    g_array_append_val(self.open, all);
    gboolean in_time = grow(&self, max_nodes, &least);
    solver->is_deciding = FALSE;
    g_clear_pointer(&solver->tilt, g_free);
    flow_restore_bounds(solver, &self.before);
    flow_restore_prices(solver, &self.before);
    if (tier == CFX_TARGET_TIERS)
        claim(solver, least);
    flow_kept_clear(&self.before);
    g_array_unref(self.open);
    g_free(self.power);
    return in_time;
}

/* Levels of stronger tiers as the best plan has them, the others as wanted. */
static void
set_levels(FlowSolver *solver, guint32 tier)
{
    FlowModel *model = solver->model;
    for (guint32 k = 0; k < model->n_targets; k++) {
        FlowTarget *target = &model->targets[k];
        gsize cell = (gsize)target->device * model->n_slots + target->slot;
        target->level = target->reachable;
        if (target->tier < tier)
            target->level = MIN(target->level, solver->best->stock_kwh[cell]);
    }
}

gboolean
flow_settle(FlowSolver *solver, guint max_nodes)
{
    for (guint32 tier = 0; tier < CFX_TARGET_TIERS; tier++) {
        set_levels(solver, tier);
        if (flow_missing_of_best(solver, tier) > ENOUGH && !flow_decide(solver, tier, max_nodes))
            return FALSE;
    }
    return TRUE;
}

gboolean
flow_lacks_more(FlowSolver *solver)
{
    return solver->is_discrete &&
           flow_missing_of_best(solver, CFX_TARGET_TIERS) > FLOW_SETTLED * ENOUGH;
}
