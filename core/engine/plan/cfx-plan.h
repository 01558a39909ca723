/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan's life: build the problem, let it be solved in the pool, take the solution into force,
 * store it.
 */
#pragma once

#include "plan/cfx-problem.h"

#define CFX_PLAN_COLLECTION "cfx.plan"

/* one solve under way; it is the pool's between start and done */
struct _CfxPlanRun {
    CfxSite *site;
    CfxCause cause;
    gint64 started_us, solved_us; /* REAL */
    gint64 now_us;                /* SITE */
    CfxInstance *scheduler;
    const CfxSchedulerOps *ops;
    gpointer session;
    CfxProblem *lent; /* the struct that the session knows */
    CfxPlanProblem *problem, *old;
    GArray *deltas;
    gboolean must_load;
    GCancellable *cancellable;
    gboolean is_outdated;   /* the site has other devices now: its rows are not theirs */
    gboolean is_taken_back; /* the result is of no use: the engine stops or the scheduler went */
    CfxSolution solution;
    double *powers, *stocks, *prices, *values, *breaches, *shortfalls;
    double breach_tiers[CFX_LIMIT_TIERS], shortfall_tiers[CFX_TARGET_TIERS];
    char reason[160];
    GError *error;
    GPtrArray *asks; /* who waits for this plan */
};

/* Builds the problem and gives it to the pool. Fail-safe powers go out at once. */
void cfx_plan_start(CfxSite *site);
void cfx_plan_cancel(CfxSite *site);
/* Ends the solver session; waits for nobody: a running solve ends it when it returns. */
void cfx_plan_close_solver(CfxSite *site);

/* Takes a solution into force: cfx-plan-take.c */
void cfx_plan_take(CfxSite *site, CfxPlanRun *run);
/* Sends what every device falls back to as the limits of now leave it. Asks no scheduler. */
void cfx_plan_fail_safe(CfxSite *site, const CfxCause *cause);
/* What every device falls back to, from the problem's fail-safe grid. */
void cfx_plan_take_fail_safe(CfxSite *site, const CfxPlanProblem *problem, const CfxCause *cause);
/* Promises of the cars that are planned, by what comes into force: cfx-plan-promise.c. @power_w: W,
 * rows × slots; before devices desire it */
void cfx_plan_promise(CfxSite *site, CfxPlanRun *run, const double *power_w);
/* The word for what keeps row @i short of @short_wh; NULL: nothing does. (static) */
const char *cfx_plan_cause_of_shortage(const CfxPlanProblem *problem,
                                       const double *power_w,
                                       guint i,
                                       double short_wh);
/*
 * A car may leave long before it said, and the next one starts by itself at the default of the
 * place. So the default of a planned place is its fail-safe power where that fits beside all plans,
 * and nothing in the hours that plans fill: at no instant do plans and defaults exceed the limit.
 */
void cfx_plan_take_fall_backs(CfxSite *site, const CfxPlanProblem *problem, gint64 now_us);
guint cfx_plan_index_of(const CfxSite *site, const CfxEngineDevice *device);
/* Stores it: cfx-plan-store.c. @changed: rows whose desired power became another one */
void cfx_plan_store(CfxSite *site, CfxPlanRun *run, guint changed);
/* Slots without a price. */
guint cfx_plan_unpriced(const CfxPlanInputs *inputs);

void cfx_site_plan_free(CfxSitePlan *self);

/* one who asked for a plan, or watches */
typedef struct {
    CfxInstance *instance; /* NULL: the core itself */
    guint64 generation;
    gint64 site;
    guint64 handle;
    CfxPlanDone done;
    gpointer data;
} CfxAsk;

void cfx_ask_answer(GPtrArray *asks, const CfxPlan *plan, const GError *error);
/* The same in the next turn; all is copied, the asks are taken over. */
void cfx_ask_later(CfxEngine *engine, GPtrArray *asks, const CfxPlan *plan, const GError *error);

/* Memory of a plan view whose columns can be written. */
typedef struct {
    CfxPlan view;
    gint64 *edges_us, *raise_delay_us, *asset, *not_before_us, *flags;
    double *power_w, *fail_safe_w, *marginal;
} CfxPlanBlock;
void cfx_plan_block_init(CfxPlanBlock *self, gsize n_devices, gsize n_slots);
