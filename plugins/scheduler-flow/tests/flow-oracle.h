/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GLPK says of a plan: could another lack less, or cost less? */
#pragma once

#include "flow-answer.h"
#include "schedule-oracle.h"

#include <math.h>

static inline double
total_lack(const CfxSolution *solution)
{
    double lack = 0;
    for (guint tier = 0; tier < CFX_TARGET_TIERS; tier++)
        lack += solution->shortfall_tier_kwh[tier];
    return lack;
}

#ifdef HAVE_GLPK
/* The least cost of a plan that lacks and exceeds no more than this one; NAN: not in time. */
static inline double
least_cost(const CfxProblem *problem, const CfxSolution *solution, gboolean is_discrete)
{
    g_autofree double *lack = g_new0(double, problem->n_targets + 1);
    for (guint32 i = 0; i < problem->n_targets; i++) {
        const CfxProblemTarget *target = problem->targets[i];
        gsize cell = (gsize)target->device * problem->n_slots + target->slot;
        /* what the plan tells as none may be a millionth */
        lack[i] = MAX(target->wanted_kwh - solution->stock_kwh[cell], 0);
    }
    OracleQuestion question = { .what = ORACLE_MONEY,
                                .is_discrete = is_discrete,
                                .breach_kw = solution->breach_kw,
                                .shortfall_kwh = lack,
                                .gap = 1e-7,
                                .seconds = 5 };
    double value;
    gboolean is_exact;
    return schedule_oracle_ask(problem, &question, &value, &is_exact) && is_exact ? value : NAN;
}

/* The least shortfall of a tier, the stronger ones and all limits as the plan has them. */
static inline double
least_lack(const CfxProblem *problem, const CfxSolution *solution, guint tier, gboolean is_discrete)
{
    g_autofree double *lack = g_new0(double, problem->n_targets + 1);
    for (guint32 i = 0; i < problem->n_targets; i++)
        lack[i] = problem->targets[i]->tier < tier ? solution->shortfall_kwh[i] + 1e-6 : 1e6;
    OracleQuestion question = { .what = ORACLE_LACK,
                                .tier = tier,
                                .is_discrete = is_discrete,
                                .breach_kw = solution->breach_kw,
                                .shortfall_kwh = lack,
                                .gap = 1e-4,
                                .seconds = 5 };
    double value;
    gboolean is_exact;
    return schedule_oracle_ask(problem, &question, &value, &is_exact) && is_exact ? value : NAN;
}
#endif
