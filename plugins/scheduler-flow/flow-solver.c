/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One solve from beginning to end: the plan there always is, then proof, steps, prices, search. */
#include "flow-solver.h"

#include <math.h>
#include <string.h>

FlowSolver *
flow_solver_new(const CfxProblem *problem, const CfxSolveHow *how)
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
    solver->device_bound = g_new0(double, model->n_devices + 1);
    solver->stock_price = g_new0(double, (gsize)model->n_devices * model->n_slots + 1);
    solver->trial = g_new0(double, model->n_slots + 1);
    solver->spare = g_new0(double, model->n_slots + 1);
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

void
flow_solver_free(FlowSolver *solver)
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
    g_free(solver->device_bound);
    g_free(solver->stock_price);
    g_free(solver->trial);
    g_free(solver->spare);
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

void
flow_solver_run(FlowSolver *solver)
{
    flow_search_first(solver);
    flow_take_best(solver);
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
