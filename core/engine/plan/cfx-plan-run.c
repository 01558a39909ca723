/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the problem to the solution: the lent problem and the scheduler's session. */
#include "plan/cfx-plan.h"

#include "apply/cfx-apply.h"
#include "guard/cfx-guard.h"
#include "plan/cfx-trigger.h"

#define GAP_WANTED 1e-4
#define GAP_ACCEPTABLE 1e-3
#define DEADLINE (2 * G_USEC_PER_SEC)
/* after a failure the site is planned again so much later (REAL) */
#define AGAIN (5 * G_USEC_PER_SEC)

static void
run_free(CfxPlanRun *run)
{
    g_array_free(run->deltas, TRUE);
    g_object_unref(run->cancellable);
    g_clear_pointer(&run->old, cfx_plan_problem_free);
    g_free(run->powers);
    g_free(run->stocks);
    g_free(run->prices);
    g_free(run->values);
    g_free(run->breaches);
    g_free(run->shortfalls);
    g_clear_error(&run->error);
    if (run->asks != NULL)
        g_ptr_array_unref(run->asks);
    g_free(run);
}

void
cfx_plan_cancel(CfxSite *site)
{
    if (site->run != NULL)
        g_cancellable_cancel(site->run->cancellable);
}

/* --- the scheduler's session ------------------------------------------------------------------ */

typedef struct {
    gpointer session;
    const CfxSchedulerOps *ops;
    CfxProblem *lent;
    CfxPlanProblem *problem;
} Solver;

static void
solver_free(Solver *solver)
{
    if (solver->session != NULL)
        solver->ops->close(solver->session);
    g_clear_pointer(&solver->problem, cfx_plan_problem_free);
    g_free(solver->lent);
    g_free(solver);
}

void
cfx_plan_close_solver(CfxSite *site)
{
    if (site->run != NULL) {
        /* the pool is in the session: its end takes it along */
        site->run->is_taken_back = TRUE;
        cfx_plan_cancel(site);
        return;
    }
    g_clear_pointer((Solver **)&site->solver, solver_free);
    site->solver_of = NULL;
}

static Solver *
solver_of(CfxSite *site, GError **error)
{
    CfxInstance *scheduler = site->engine->scheduler;

    if (site->solver != NULL && site->solver_of == scheduler)
        return site->solver;
    cfx_plan_close_solver(site);

    Solver *solver = g_new0(Solver, 1);
    solver->ops = scheduler->scheduler_ops;
    solver->lent = g_new0(CfxProblem, 1);
    solver->session = solver->ops->open(scheduler->self, error);
    if (solver->session == NULL) {
        solver_free(solver);
        return NULL;
    }
    site->solver = solver;
    site->solver_of = scheduler;
    site->solver_broken = TRUE;
    return solver;
}

/* --- the solve -------------------------------------------------------------------------------- */

/* in the pool */
static void
solve(gpointer data)
{
    CfxPlanRun *run = data;
    const CfxSchedulerOps *ops = run->ops;
    CfxSolveHow how = {
        .struct_size = sizeof how,
        .threads = 1,
        .cancellable = run->cancellable,
        .deadline_us = g_get_monotonic_time() + DEADLINE,
        .gap_wanted = GAP_WANTED,
        .gap_acceptable = GAP_ACCEPTABLE,
        .seed = 1,
    };
    gboolean works = TRUE;

    if (!run->must_load && run->deltas->len > 0 && CFX_HAS(ops, update)) {
        works = ops->update(run->session,
                            (const CfxDelta *)(gpointer)run->deltas->data,
                            run->deltas->len,
                            &run->error);
        run->must_load = !works;
        if (!works)
            g_clear_error(&run->error);
    }
    if (run->must_load)
        works = ops->load(run->session, run->lent, &run->error);
    if (works)
        ops->solve(run->session, &how, &run->solution, &run->error);
    run->solved_us = cfx_now_real(run->site->engine->host);
}

static void
again(gpointer data)
{
    CfxSite *site = data;
    CfxCause cause = { .cause = "again" };

    site->again_timer = 0;
    cfx_trigger(site, &cause, FALSE);
}

static void
solve_failed(CfxSite *site, CfxPlanRun *run)
{
    const CfxHost *host = site->engine->host;

    cfx_log(host,
            CFX_LOG_WARNING,
            "site %s: no plan: scheduler %s: %s",
            site->name,
            run->scheduler->name,
            run->error->message);
    site->solver_broken = TRUE;
    /* the last plan stays in force as far as the limits of now allow */
    cfx_guard_clip(site, &run->cause);
    if (run->asks != NULL)
        cfx_ask_answer(run->asks, NULL, run->error);
    cfx_timer_clear(host, &site->again_timer);
    site->again_timer = cfx_timer_after(host, CFX_CLOCK_REAL, AGAIN, again, site);
}

static void
solve_done(gpointer data, const GError *error)
{
    CfxPlanRun *run = data;
    CfxSite *site = run->site;
    CfxEngine *engine = site->engine;

    site->run = NULL;
    if (error != NULL && run->error == NULL)
        run->error = g_error_copy(error);
    if (run->is_taken_back || engine->is_stopping) {
        if (run->asks != NULL) {
            g_autoptr(GError) cancelled =
                g_error_new(CFX_ERROR, CFX_ERROR_CANCELLED, "the planner was stopped");
            cfx_ask_answer(run->asks, NULL, cancelled);
        }
        cfx_plan_close_solver(site);
    } else if (run->error != NULL) {
        solve_failed(site, run);
    } else if (site->is_dirty && run->solution.status == CFX_SOLVED_CANCELLED) {
        /* cut short by news that the next plan knows */
        while (run->asks->len > 0)
            g_ptr_array_add(site->asks, g_ptr_array_steal_index(run->asks, 0));
    } else {
        cfx_plan_take(site, run);
    }
    run_free(run);

    if (cfx_engine_site_ended(site) && site->is_dirty && !engine->is_stopping)
        cfx_plan_start(site);
}

static void
give_buffers(CfxPlanRun *run)
{
    const CfxProblem *problem = &run->problem->problem;
    gsize n_cells = (gsize)problem->n_devices * problem->n_slots;

    run->powers = g_new0(double, n_cells + 1);
    run->stocks = g_new0(double, n_cells + 1);
    run->prices = g_new0(double, problem->n_slots);
    run->values = g_new0(double, n_cells + 1);
    run->breaches = g_new0(double, (gsize)problem->n_limits * problem->n_slots + 1);
    run->shortfalls = g_new0(double, problem->n_targets + 1);
    run->solution = (CfxSolution){
        .struct_size = sizeof(CfxSolution),
        .cost = NAN,
        .bound = NAN,
        .gap = NAN,
        .power_kw = run->powers,
        .stock_kwh = run->stocks,
        .node_price = run->prices,
        .stock_value = run->values,
        .breach_kw = run->breaches,
        .breach_tier_kwh = run->breach_tiers,
        .shortfall_kwh = run->shortfalls,
        .shortfall_tier_kwh = run->shortfall_tiers,
        .reason = run->reason,
        .reason_size = sizeof run->reason,
    };
}

void
cfx_plan_fail_safe(CfxSite *site, const CfxCause *cause)
{
    g_autoptr(CfxPlanProblem) problem =
        cfx_plan_problem_new(site, cfx_now_site(site->engine->host), 0);

    cfx_plan_take_fail_safe(site, problem, cause);
}

static const char *
why_not_told(const CfxEngineDevice *device)
{
    if (device->is_refused)
        return "it refuses profiles";
    if (device->is_silent)
        return "it does not answer";
    return device->was_reported || device->has_allowed ? "it is offline" : "it never connected";
}

/* What cannot be kept is no failure of the plan: a person must hear whose it is. */
static void
tell_unavoidable(CfxSite *site, const CfxPlanProblem *problem)
{
    g_autoptr(GString) names = g_string_new(NULL);
    gboolean is_over = problem->unavoidable_kwh > 0, is_new = is_over && !site->told_unavoidable;
    gboolean any_unseen = FALSE;

    site->told_unavoidable = is_over;
    if (!is_new)
        return;
    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        const CfxCurve *counted = &problem->counted[i];
        double w = cfx_curve_max(counted, counted->at_us[0], CFX_TIME_MAX);
        if (!(w > 0) || cfx_apply_obeys(device))
            continue;
        any_unseen = any_unseen || (!device->was_reported && !device->has_allowed);
        g_string_append(names, names->len > 0 ? ", " : "");
        if (isfinite(w))
            g_string_append_printf(
                names, "%s may draw %.1f kW (%s)", device->label, w / 1e3, why_not_told(device));
        else
            g_string_append_printf(names,
                                   "%s may draw anything, its power-capacity is missing (%s)",
                                   device->label,
                                   why_not_told(device));
    }
    cfx_log(site->engine->host,
            CFX_LOG_WARNING,
            "site %s: the limit cannot be kept for certain, whatever is planned: %s%s",
            site->name,
            names->len > 0 ? names->str : "the base load alone may exceed it",
            any_unseen ? "; what is not installed needs the attribute \"in-service\": false" : "");
}

static void
tell_unpriced(CfxSite *site, const CfxPlanInputs *inputs)
{
    guint n = cfx_plan_unpriced(inputs);
    gboolean is_new = n > 0 && !site->told_unpriced;

    site->told_unpriced = n > 0;
    if (is_new)
        cfx_log(site->engine->host,
                CFX_LOG_WARNING,
                "site %s: %u of %u slots of the plan have no price, nor has any of the last %d "
                "days: who is plugged in charges early, and what it costs is not known; post "
                "prices to the price sensor, or set price-fallback at the site",
                site->name,
                n,
                inputs->n,
                CFX_PRICE_DAYS);
}

void
cfx_plan_start(CfxSite *site)
{
    CfxEngine *engine = site->engine;
    const CfxHost *host = engine->host;
    gint64 now_us = cfx_now_site(host);
    CfxInstance *scheduler = engine->scheduler;
    const CfxSchedulerOps *ops = scheduler != NULL ? scheduler->scheduler_ops : NULL;
    CfxCause cause = site->dirty_cause;

    g_return_if_fail(site->run == NULL);
    site->is_dirty = FALSE;
    site->dirty_cause = (CfxCause){ 0 };
    g_autoptr(CfxPlanProblem) problem =
        cfx_plan_problem_new(site, now_us, ops != NULL ? ops->features : 0);
    cfx_plan_take_fail_safe(site, problem, &cause);
    tell_unavoidable(site, problem);
    tell_unpriced(site, problem->inputs);
    if (ops == NULL || scheduler->self == NULL) {
        g_autoptr(GError) error =
            g_error_new(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "no scheduler is running");
        g_autoptr(GPtrArray) asks = g_steal_pointer(&site->asks);
        site->asks = g_ptr_array_new_with_free_func(g_free);
        cfx_guard_clip(site, &cause);
        cfx_ask_answer(asks, NULL, error);
        return;
    }

    g_autoptr(GError) error = NULL;
    Solver *solver = solver_of(site, &error);
    CfxPlanRun *run = g_new0(CfxPlanRun, 1);
    run->site = site;
    run->cause = cause;
    run->now_us = now_us;
    run->started_us = cfx_now_real(host);
    run->scheduler = scheduler;
    run->ops = ops;
    run->deltas = g_array_new(FALSE, FALSE, sizeof(CfxDelta));
    run->cancellable = g_cancellable_new();
    run->asks = g_steal_pointer(&site->asks);
    site->asks = g_ptr_array_new_with_free_func(g_free);
    run->problem = problem;
    if (solver == NULL) {
        run->error = g_steal_pointer(&error);
        solve_failed(site, run);
        run_free(run);
        return;
    }

    /* nobody is in the session now: the lent problem may change */
    run->session = solver->session;
    run->lent = solver->lent;
    run->must_load = site->solver_broken || solver->problem == NULL ||
                     !cfx_plan_problem_deltas(solver->problem, problem, run->deltas);
    problem->problem.version = ++site->problem_version;
    run->old = solver->problem;
    solver->problem = g_steal_pointer(&problem);
    *solver->lent = solver->problem->problem;
    site->solver_broken = FALSE;
    give_buffers(run);
    site->run = run;
    host->base->work(host, solve, run, solve_done);
}
