/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one solve() carries from step to step. */
#pragma once

#include "flow-interior.h"
#include "schedule-plan.h"

/* Looks at cancellable and deadline; once late, always late. */
typedef struct {
    GCancellable *cancellable;
    gint64 deadline_us;
    gboolean is_cancelled, is_over;
} FlowClock;

/* `clock` is a FlowClock. */
gboolean flow_clock_is_late(gpointer clock);

/* What makes one plan better than another, strongest first; the money comes last. */
typedef struct {
    double outside;       /* kWh beyond hard bounds of stock; only least rates can force it */
    guint32 device, slot; /* the worst of it */
    double breach[CFX_LIMIT_TIERS];
    double lack[CFX_TARGET_TIERS];   /* by weight */
    double uneven[CFX_TARGET_TIERS]; /* least where equals lack in proportion */
    double cost;
} FlowScore;

typedef struct {
    FlowModel *model;
    const CfxSolveHow *how;
    FlowClock clock;
    FlowWork *work;
    FlowCost *cost;
    double *power;        /* D × J, the plan being worked at */
    double *node_kw;      /* G × J, what it makes of the nodes */
    double *node_price;   /* G × J, currency/kWh */
    double *draw_kw;      /* G × J, what the nodes would have if all went by node_price */
    double *trial;        /* J */
    double *spare;        /* J */
    double *tilt;         /* D × J, currency/kWh; nullable: breaks ties of the linear programme */
    guint8 *fixed;        /* J */
    double *cuts;         /* n_nodes + n_limits + 4 */
    FlowHinge *hinges;    /* n_targets + J + 1 */
    double *empty;        /* J */
    double over_price;    /* of a kWh beyond a limit, far above any other */
    double lack_price;    /* of a kWh below a level of the weakest tier */
    double *stock_price;  /* D × J, currency/kWh of stock, by the last linear programme */
    double *device_bound; /* D: what each pays at least, by the last bound */
    double *regret;       /* D: what the best plan pays more than the device would alone */
    SchedulePlan *best;   /* the best plan so far, judged */
    SchedulePlan *judged;
    FlowScore best_score;
    guint32 n_rows; /* of the last linear programme */
    gboolean has_best, is_discrete;
    guint n_bests; /* how many there were */
    gboolean
        is_deciding; /* the bound is about limits and levels as they are, not as the best plan's */
    gboolean is_unsure; /* the last bound stopped at its number of nodes */
    double bound;       /* of the best plan's breach and shortfall; −INFINITY: none yet */
} FlowSolver;

/* flow-solver.c: for a checked problem; `how` and the problem must outlive it. */
FlowSolver *flow_solver_new(const CfxProblem *problem, const CfxSolveHow *how);
void flow_solver_free(FlowSolver *solver);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowSolver, flow_solver_free)
void flow_solver_run(FlowSolver *solver);

/* Steps of the order; a FlowLp is built for one of them. */
typedef enum { FLOW_STEP_BREACH, FLOW_STEP_NEED, FLOW_STEP_MONEY } FlowStep;

/* How much heavier a target counts than one of weight rank 0 of its tier. */
double flow_target_grade(const FlowModel *model, const FlowTarget *target);

/* flow-lp.c: solves a step as a linear programme, devices without least rates. Leaves the plan in
 * `power` and, in the money step, the prices in node_price. FALSE: late. */
gboolean flow_lp_solve(FlowSolver *solver, FlowStep step, guint32 tier);

/* flow-nodes.c: powers of all nodes from `power`; what a step asks for N in a slot. */
void flow_nodes_follow(FlowSolver *solver);
void flow_nodes_add(FlowSolver *solver, guint32 device, double sign);
/* currency/kWh of node g at N. `lambda`: as the node's price has it where that means scarcity. */
double flow_node_slope(const FlowSolver *solver, guint32 g, guint32 j, double n, gboolean lambda);

/* flow-respond.c: one device answers what the others leave. */
typedef enum {
    FLOW_BY_MONEY = 0,       /* at real prices */
    FLOW_BY_PRICES = 1 << 0, /* full slots cost what the node prices say */
    FLOW_FOR_WANTED = 1 << 1 /* up to what is wanted, not to what the steps have left */
} FlowManner;
void flow_respond(FlowSolver *solver, guint32 device, FlowManner manner, guint32 max_nodes);

/* flow-steps.c: least breach, then least shortfall, into `allowed` and `level`. FALSE: late. */
gboolean flow_steps(FlowSolver *solver);
/* Whether `power` breaks more than allowed or misses a level. */
gboolean flow_has_slack(FlowSolver *solver);

/* flow-bound.c: currency/kWh of a device's power by node_price; a bound for the breach and
 * shortfall of the best plan, by node_price. */
double flow_device_price(const FlowSolver *solver, guint32 device, guint32 slot);
double flow_bound(FlowSolver *solver, guint32 max_nodes);
/* Better prices for the bound; the best stay in node_price. FALSE: late. */
gboolean flow_lift(FlowSolver *solver, guint steps);

/* flow-best.c: takes `power` as the best plan if it is; proves what node_price can prove. */
void flow_offer(FlowSolver *solver);
void flow_prove(FlowSolver *solver);
double flow_gap(const FlowSolver *solver);
gboolean flow_is_good(FlowSolver *solver, double gap);

/* flow-search.c: from prices to a plan that keeps least rates and breaks ties. */
#define FLOW_MAX_NODES 200 /* merges for one device */
void flow_search_first(FlowSolver *solver);
void flow_search(FlowSolver *solver);
gboolean flow_descend(FlowSolver *solver);
void flow_rest(FlowSolver *solver, guint32 device);
double flow_random(guint64 *state);

/* flow-keep.c: floor and ceil of all devices and the node prices, to be put back. */
typedef struct {
    double *floor, *ceil; /* D × J */
    double *price;        /* G × J */
} FlowKept;
void flow_keep(FlowSolver *solver, FlowKept *kept);
void flow_restore_bounds(FlowSolver *solver, const FlowKept *kept);
void flow_restore_prices(FlowSolver *solver, const FlowKept *kept);
void flow_kept_clear(FlowKept *kept);

/* flow-tighten.c: narrows floor and ceil of all devices to what limits and the levels of the
 * strongest tiers leave of them. FALSE: no plan keeps all. */
gboolean flow_tighten(FlowSolver *solver, guint32 tiers);

/* flow-reduce.c: after a linear programme and its bound: leaves out of floor and ceil of all
 * devices what costs at least `goal`. Whether it left out something. */
gboolean flow_reduce(FlowSolver *solver, double bound, double goal);
double flow_reduced_price(const FlowSolver *solver, guint32 device, guint32 slot);

/* flow-missing.c: what `power` lacks of a tier, graded kWh; a kWh that it takes from stronger
 * tiers, which are settled, counts FLOW_SETTLED, from limits more. CFX_TARGET_TIERS: all are
 * settled. */
#define FLOW_SETTLED 1e3
double flow_missing(FlowSolver *solver, guint32 tier);
double flow_missing_of_best(FlowSolver *solver, guint32 tier);
/* The best plan into `power`. */
void flow_take_best(FlowSolver *solver);

/* flow-decide.c: least rates of all devices together, for less shortfall of a tier or, with
 * CFX_TARGET_TIERS, for less money and a better bound. FALSE: late. */
gboolean flow_decide(FlowSolver *solver, guint32 tier, guint max_nodes);
/* Less shortfall, tier by tier; leaves levels that are to be set anew. FALSE: late. */
gboolean flow_settle(FlowSolver *solver, guint max_nodes);
/* Whether the best plan lacks noticeably more, or exceeds more, than the steps have found. */
gboolean flow_lacks_more(FlowSolver *solver);

/* flow-improve.c: a few devices at a time, until the gap is acceptable. FALSE: late. */
gboolean flow_improve(FlowSolver *solver, guint64 *random);
