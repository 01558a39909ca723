/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ops of the contract. Rules prove nothing: no bound, no gap, no prices. */
#include "rules-session.h"
#include "rules-fill.h"
#include "schedule-plan.h"

#include <math.h>

#define FEATURES (CFX_NEED_KNOWN & ~CFX_NEED_PEAK)

typedef struct {
    const CfxProblem *problem; /* lent */
    ScheduleLast last;
} RulesSession;

static gpointer
rules_open(gpointer self, GError **error)
{
    return g_new0(RulesSession, 1);
}

static void
rules_close(gpointer data)
{
    RulesSession *session = data;
    schedule_last_clear(&session->last);
    g_free(session);
}

static gboolean
rules_load(gpointer data, const CfxProblem *problem, GError **error)
{
    RulesSession *session = data;
    session->problem = NULL;
    schedule_last_clear(&session->last);
    if (!schedule_check(problem, FEATURES, error))
        return FALSE;
    session->problem = problem;
    return TRUE;
}

static gboolean
rules_update(gpointer data, const CfxDelta *deltas, gsize n, GError **error)
{
    RulesSession *session = data;
    const CfxProblem *problem = session->problem;
    if (problem == NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CONFLICT, "no problem is loaded");
        return FALSE;
    }
    if (!schedule_check(problem, FEATURES, error)) {
        session->problem = NULL;
        return FALSE;
    }
    schedule_last_follow(&session->last, problem, deltas, n);
    return TRUE;
}

static void
fill_nan(double *cells, gsize n)
{
    for (gsize i = 0; cells != NULL && i < n; i++)
        cells[i] = NAN;
}

static void
write_reason(const SchedulePlan *plan, CfxSolution *solution)
{
    if (solution->reason == NULL || solution->reason_size == 0)
        return;
    double breach = 0, lack = 0;
    for (guint i = 0; i < CFX_LIMIT_TIERS; i++)
        breach += plan->breach_tier_kwh[i];
    for (guint i = 0; i < CFX_TARGET_TIERS; i++)
        lack += plan->shortfall_tier_kwh[i];
    g_autoptr(GString) text = g_string_new("charging when plugged in, equal shares");
    if (breach > 0)
        g_string_append_printf(text, "; limits exceeded by %.3f kWh", breach);
    if (lack > 0)
        g_string_append_printf(text, "; %.3f kWh of targets are not met", lack);
    g_strlcpy(solution->reason, text->str, solution->reason_size);
}

static gboolean
rules_solve(gpointer data, const CfxSolveHow *how, CfxSolution *solution, GError **error)
{
    RulesSession *session = data;
    const CfxProblem *problem = session->problem;
    gint64 begin_us = g_get_monotonic_time();
    if (problem == NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CONFLICT, "no problem is loaded");
        return FALSE;
    }
    if (how->struct_size < CFX_SIZE_UPTO(CfxSolveHow, seed) ||
        solution->struct_size < CFX_SIZE_UPTO(CfxSolution, reason_size)) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "how: struct_size is too small");
        return FALSE;
    }
    g_autoptr(SchedulePlan) plan = schedule_plan_new(problem);
    g_autofree double *weights = g_new(double, (gsize)problem->n_devices * problem->n_nodes + 1);
    schedule_weights(problem, weights);
    solution->where_device =
        rules_fill(problem, weights, plan->power_kw, &solution->where_slot, &solution->where_kwh);
    schedule_plan_judge(plan, problem, weights);
    schedule_plan_write(plan, problem, solution);
    solution->bound = -INFINITY;
    solution->gap = NAN;
    solution->status =
        solution->where_device != G_MAXUINT32 ? CFX_SOLVED_SOFTENED : CFX_SOLVED_FEASIBLE;
    fill_nan(solution->node_price, (gsize)problem->n_nodes * problem->n_slots);
    fill_nan(solution->stock_value, (gsize)problem->n_devices * problem->n_slots);
    schedule_last_write(&session->last, problem, plan->power_kw, solution);
    write_reason(plan, solution);
    solution->time_us = g_get_monotonic_time() - begin_us;
    return TRUE;
}

const CfxSchedulerOps rules_scheduler_ops = {
    .struct_size = sizeof(CfxSchedulerOps),
    .features = FEATURES,
    .open = rules_open,
    .close = rules_close,
    .load = rules_load,
    .update = rules_update,
    .solve = rules_solve,
};
