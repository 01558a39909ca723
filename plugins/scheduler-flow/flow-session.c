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
    if (how->struct_size < CFX_SIZE_UPTO(CfxSolveHow, seed) ||
        solution->struct_size < CFX_SIZE_UPTO(CfxSolution, reason_size)) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "how: struct_size is too small");
        return FALSE;
    }
    FlowSolver *solver = flow_solver_new(session->problem, how);
    const FlowModel *model = solver->model;
    flow_solver_run(solver);
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
    flow_solver_free(solver);
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
