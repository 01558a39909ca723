/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ops of the contract: a session holds a lent problem and what it said last. */
#include "flow-session.h"
#include "flow-explain.h"
#include "flow-solver.h"

#include <math.h>
#include <string.h>

#define FEATURES                                                                                   \
    (CFX_NEED_STOCK | CFX_NEED_DISCHARGE | CFX_NEED_TARGETS | CFX_NEED_LEAST_RATE |                \
     CFX_NEED_END_VALUE | CFX_NEED_BIAS | CFX_NEED_SELL | CFX_NEED_TREE | CFX_NEED_WEIGHTS)

typedef struct {
    const CfxProblem *problem; /* lent */
    ScheduleLast last;
    FlowStory story;
} FlowSession;

static gpointer
flow_open(gpointer self, GError **error)
{
    return g_new0(FlowSession, 1);
}

static void
flow_close(gpointer data)
{
    FlowSession *session = data;
    schedule_last_clear(&session->last);
    flow_story_clear(&session->story);
    g_free(session);
}

static gboolean
flow_load(gpointer data, const CfxProblem *problem, GError **error)
{
    FlowSession *session = data;
    session->problem = NULL;
    schedule_last_clear(&session->last);
    flow_story_clear(&session->story);
    if (!schedule_check(problem, FEATURES, error))
        return FALSE;
    session->problem = problem;
    return TRUE;
}

static gboolean
flow_update(gpointer data, const CfxDelta *deltas, gsize n, GError **error)
{
    FlowSession *session = data;
    const CfxProblem *problem = session->problem;
    if (problem == NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CONFLICT, "no problem is loaded");
        return FALSE;
    }
    flow_story_clear(&session->story);
    if (!schedule_check(problem, FEATURES, error)) {
        session->problem = NULL;
        return FALSE;
    }
    schedule_last_follow(&session->last, problem, deltas, n);
    return TRUE;
}

static FlowSolver *
solver_new(const CfxProblem *problem, const CfxSolveHow *how)
{
    FlowSolver *solver = g_new0(FlowSolver, 1);
    FlowModel *model = solver->model = flow_model_new(problem);
    guint32 pieces = model->n_limits + 2;
    for (guint32 g = 0; g < model->n_nodes; g++)
        pieces += model->nodes[g].has_price;
    solver->how = how;
    solver->clock = (FlowClock){ .cancellable = how->cancellable, .deadline_us = how->deadline_us };
    solver->work = flow_work_new(model->n_slots, pieces);
    solver->cost = flow_cost_new(model->n_slots, pieces);
    solver->power = g_new0(double, (gsize)model->n_devices * model->n_slots + 1);
    solver->node_kw = g_new0(double, (gsize)model->n_nodes * model->n_slots + 1);
    solver->node_price = g_new0(double, (gsize)model->n_nodes * model->n_slots + 1);
    solver->draw_kw = g_new0(double, (gsize)model->n_nodes * model->n_slots + 1);
    solver->regret = g_new0(double, model->n_devices + 1);
    solver->trial = g_new0(double, model->n_slots + 1);
    solver->empty = g_new0(double, model->n_slots + 1);
    solver->fixed = g_new0(guint8, model->n_slots + 1);
    solver->cuts = g_new0(double, (gsize)model->n_nodes + model->n_limits + 4);
    solver->hinges = g_new0(FlowHinge, (gsize)model->n_targets + model->n_slots + 1);
    solver->lack_price = 100 * model->price_scale;
    solver->over_price = 1e4 * solver->lack_price;
    solver->best = schedule_plan_new(problem);
    solver->judged = schedule_plan_new(problem);
    solver->bound = -INFINITY;
    for (guint32 d = 0; d < model->n_devices; d++)
        solver->is_discrete = solver->is_discrete || model->devices[d].is_discrete;
    return solver;
}

static void
solver_free(FlowSolver *solver)
{
    flow_model_free(solver->model);
    flow_work_free(solver->work);
    flow_cost_free(solver->cost);
    schedule_plan_free(solver->best);
    schedule_plan_free(solver->judged);
    g_free(solver->power);
    g_free(solver->node_kw);
    g_free(solver->node_price);
    g_free(solver->draw_kw);
    g_free(solver->regret);
    g_free(solver->trial);
    g_free(solver->empty);
    g_free(solver->fixed);
    g_free(solver->cuts);
    g_free(solver->hinges);
    g_free(solver);
}

/* The tariff of what the best plan does: the price of every node where nothing is scarce. */
static void
price_by_tariff(FlowSolver *solver)
{
    const FlowModel *model = solver->model;
    for (guint32 g = 0; g < model->n_nodes; g++) {
        const FlowNode *node = &model->nodes[g];
        for (guint32 j = 0; j < model->n_slots; j++) {
            gsize cell = (gsize)g * model->n_slots + j;
            double n = solver->best->node_kw[cell];
            solver->node_price[cell] = n > 0 ? node->buy[j] : node->sell[j];
        }
    }
}

static void
run(FlowSolver *solver)
{
    flow_search_first(solver);
    memcpy(solver->power,
           solver->best->power_kw,
           sizeof(double) * solver->model->n_devices * solver->model->n_slots);
    flow_nodes_follow(solver);
    price_by_tariff(solver);
    flow_prove(solver);
    /* nothing more than unavoidable is broken or lacks, and the tariff proves the cost */
    if (!flow_has_slack(solver) && flow_gap(solver) <= solver->how->gap_wanted)
        return;
    if (flow_clock_is_late(&solver->clock) || !flow_lp_solve(solver, FLOW_STEP_MONEY, 0))
        return;
    if (flow_has_slack(solver)) {
        if (!flow_steps(solver) || !flow_lp_solve(solver, FLOW_STEP_MONEY, 0))
            return;
    }
    flow_search(solver);
}

static void
write_reason(const FlowSolver *solver, CfxSolution *solution)
{
    const SchedulePlan *plan = solver->best;
    if (solution->reason == NULL || solution->reason_size == 0)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    double breach = 0, lack = 0;
    for (guint i = 0; i < CFX_LIMIT_TIERS; i++)
        breach += plan->breach_tier_kwh[i];
    for (guint i = 0; i < CFX_TARGET_TIERS; i++)
        lack += plan->shortfall_tier_kwh[i];
    static const char *const words[] = { "nothing solved",
                                         "optimal",
                                         "feasible",
                                         "a device's own bounds contradict each other",
                                         "cancelled, best plan so far",
                                         "out of time, best plan so far" };
    g_string_append(text, words[MIN(solution->status, CFX_SOLVED_DEADLINE)]);
    if (isfinite(solution->gap))
        g_string_append_printf(text, ", gap %.2g", solution->gap);
    if (breach > 0)
        g_string_append_printf(text, "; limits exceeded by %.3f kWh", breach);
    if (lack > 0)
        g_string_append_printf(text, "; %.3f kWh of targets cannot be met", lack);
    g_strlcpy(solution->reason, text->str, solution->reason_size);
}

static guint32
status_of(const FlowSolver *solver, double gap)
{
    if (solver->clock.is_cancelled)
        return CFX_SOLVED_CANCELLED;
    if (solver->clock.is_over)
        return CFX_SOLVED_DEADLINE;
    if (solver->model->soft_device != G_MAXUINT32 || solver->best_score.outside > 0)
        return CFX_SOLVED_SOFTENED;
    return gap <= solver->how->gap_wanted ? CFX_SOLVED_OPTIMAL : CFX_SOLVED_FEASIBLE;
}

static gboolean
flow_solve(gpointer data, const CfxSolveHow *how, CfxSolution *solution, GError **error)
{
    FlowSession *session = data;
    gint64 begin_us = g_get_monotonic_time();
    if (session->problem == NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CONFLICT, "no problem is loaded");
        return FALSE;
    }
    if (how->struct_size < sizeof(CfxSolveHow) || solution->struct_size < sizeof(CfxSolution)) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "how: struct_size is too small");
        return FALSE;
    }
    FlowSolver *solver = solver_new(session->problem, how);
    const FlowModel *model = solver->model;
    run(solver);
    if (solver->bound == -INFINITY)
        solver->bound = flow_bound(solver, 1);
    double gap = flow_gap(solver);
    schedule_plan_write(solver->best, session->problem, solution);
    solution->bound = solver->bound;
    solution->gap = isfinite(gap) ? gap : NAN;
    solution->status = status_of(solver, gap);
    solution->where_device = model->soft_device;
    solution->where_slot = model->soft_slot;
    solution->where_kwh = model->soft_kwh;
    if (model->soft_device == G_MAXUINT32 && solver->best_score.outside > 0) {
        solution->where_device = solver->best_score.device;
        solution->where_slot = solver->best_score.slot;
        solution->where_kwh = solver->best_score.outside;
    }
    schedule_last_write(&session->last, session->problem, solver->best->power_kw, solution);
    flow_story_tell(&session->story, solver, solution);
    write_reason(solver, solution);
    solver_free(solver);
    solution->time_us = g_get_monotonic_time() - begin_us;
    return TRUE;
}

static char *
flow_explain(gpointer data, guint32 device, guint32 slot)
{
    FlowSession *session = data;
    return flow_story_explain(&session->story, device, slot);
}

const CfxSchedulerOps flow_scheduler_ops = {
    .struct_size = sizeof(CfxSchedulerOps),
    .features = FEATURES,
    .open = flow_open,
    .close = flow_close,
    .load = flow_load,
    .update = flow_update,
    .solve = flow_solve,
    .explain = flow_explain,
};
