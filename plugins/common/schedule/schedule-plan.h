/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as powers, judged by the definitions of cfx-scheduler.h and written to the host. */
#pragma once

#include "schedule-problem.h"

typedef struct {
    double *power_kw;      /* D × J */
    double *stock_kwh;     /* D × J */
    double *node_kw;       /* G × J */
    double *breach_kw;     /* L × J */
    double *shortfall_kwh; /* n_targets */
    double breach_tier_kwh[CFX_LIMIT_TIERS];
    double shortfall_tier_kwh[CFX_TARGET_TIERS];
    double cost;
    guint32 n_devices, n_slots, n_nodes, n_limits, n_targets;
} SchedulePlan;

SchedulePlan *schedule_plan_new(const CfxProblem *problem);
void schedule_plan_free(SchedulePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchedulePlan, schedule_plan_free)

/* Follows from power_kw all the rest. `weights` as by schedule_weights(). */
void schedule_plan_judge(SchedulePlan *plan, const CfxProblem *problem, const double *weights);

/* Writes powers and what follows from them; prices, values, bound and status are the caller's. */
void
schedule_plan_write(const SchedulePlan *plan, const CfxProblem *problem, CfxSolution *solution);

/*
 * The powers that a session gave last, to tell which rows changed. They follow the problem's rows
 * and slots through its deltas.
 */
typedef struct {
    double *power_kw; /* nullable: all rows count as changed */
    guint32 n_devices, n_slots;
} ScheduleLast;

void schedule_last_clear(ScheduleLast *last);
void schedule_last_follow(ScheduleLast *last,
                          const CfxProblem *problem,
                          const CfxDelta *deltas,
                          gsize n);
/* Fills changed and n_changed, and remembers the powers. */
void schedule_last_write(ScheduleLast *last,
                         const CfxProblem *problem,
                         const double *power_kw,
                         CfxSolution *solution);
