/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Targets at the very edge of what can be had, a hair below or beyond it, in every tier: the
 * shortage that rounding makes must neither spoil the certificate nor hide what money can do.
 */
#include "flow-oracle.h"
#include "flow-site.h"

#include <math.h>

/* kWh: from below every tolerance to above it */
static double
slack(GRand *random)
{
    static const double sizes[] = { 0, 1e-9, 1e-8, 1e-7, 1e-6, 2e-6, 1e-5, 1e-4, 1e-3 };
    double size = sizes[g_rand_int_range(random, 0, G_N_ELEMENTS(sizes))];
    return g_rand_boolean(random) ? size : -size;
}

/* Some want what their socket can just give until then. */
static void
to_reach(ScheduleCase *made, GRand *random)
{
    guint32 n_slots = made->problem.n_slots;
    for (guint i = 0; i < made->targets->len; i++) {
        CfxProblemTarget *target = made->targets->pdata[i];
        gsize row = (gsize)target->device * n_slots;
        double kwh = made->stock0[target->device];
        for (guint32 j = 0; j <= target->slot; j++)
            kwh += made->hours[j] * made->charge[target->device] * made->high[row + j];
        if (g_rand_double(random) < 0.4)
            target->wanted_kwh = MIN(kwh, made->full[row + target->slot]) + slack(random);
    }
    schedule_case_ready(made);
}

/* Who lacks something wants what the limits have just left. */
static void
to_room(ScheduleCase *made, GRand *random)
{
    g_autoptr(ScheduleAnswer) first = solve(&made->problem);
    for (guint i = 0; i < made->targets->len; i++) {
        CfxProblemTarget *target = made->targets->pdata[i];
        double lack = first->solution.shortfall_kwh[i];
        if (lack > 0)
            target->wanted_kwh += slack(random) - lack;
    }
    schedule_case_ready(made);
}

#ifdef HAVE_GLPK
/* The linear programme lies below every plan: it confirms the cost without the certificate. */
static void
confirm(const CfxProblem *problem, const CfxSolution *solution, double within)
{
    double least = least_cost(problem, solution, FALSE), scale = 1 + fabs(least);
    g_assert_false(isnan(least));
    g_assert_cmpfloat(solution->cost, >=, least - 1e-5 * scale);
    g_assert_cmpfloat(solution->cost, <=, least + within * scale);
}

/* Few cars that lack room, with least rates: no plan is cheaper than the bound. */
static void
test_bound(void)
{
    guint n_asked = 0, n_lacking = 0;
    for (guint32 seed = 0; seed < 100; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made =
            schedule_case_random(random, 4, 12, CASE_SCARCE | CASE_LEAST_RATE | CASE_CARS_ONLY);
        to_room(made, random);
        g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
        const CfxSolution *solution = &answer->solution;
        double least = least_cost(&made->problem, solution, TRUE);
        if (isnan(least))
            continue;
        n_asked++;
        n_lacking += total_lack(solution) > 0;
        g_assert_cmpfloat(solution->bound, <=, least + 1e-6 * (1 + fabs(least)));
    }
    g_test_message("%u asked, %u lack something", n_asked, n_lacking);
    g_assert_cmpuint(n_asked, >=, 80);
    g_assert_cmpuint(n_lacking, >=, 20);
}
#else
static void
confirm(const CfxProblem *problem, const CfxSolution *solution, double within)
{
}

static void
test_bound(void)
{
    g_test_skip("needs GLPK");
}
#endif

typedef struct {
    const char *name;
    void (*move)(ScheduleCase *made, GRand *random);
    gboolean has_rates;
    guint32 first; /* seed; among them days whose cost passes 0 on the way to the answer */
} Kind;

static void
test_day(gconstpointer data)
{
    const Kind *kind = data;
    guint n_lacking = 0;
    for (guint32 seed = kind->first; seed < kind->first + 40; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = site_day(random, kind->has_rates);
        kind->move(made, random);
        g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
        const CfxSolution *solution = &answer->solution;
        double lack = total_lack(solution), gap = kind->has_rates ? 1e-3 : 2e-5;
        n_lacking += lack > 0;
        g_test_message("seed %u: gap %.2g, %.2g kWh lack", seed, solution->gap, lack);
        g_assert_cmpfloat(solution->gap, <=, gap);
        confirm(&made->problem, solution, gap + 1e-4);
        /* there was a plan that lacked the slack of each target and nothing else */
        if (kind->move == to_room)
            g_assert_cmpfloat(
                lack, <=, made->problem.n_targets * 1.2e-3 + (kind->has_rates ? 0.05 : 0));
    }
    g_test_message("%u lack something", n_lacking);
    g_assert_cmpuint(n_lacking, >, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const Kind kinds[] = {
        { "/flow/edge/reach", to_reach, TRUE, 110 },
        { "/flow/edge/room", to_room, TRUE, 780 },
        { "/flow/edge/reach-any-rate", to_reach, FALSE, 110 },
        { "/flow/edge/room-any-rate", to_room, FALSE, 780 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        g_test_add_data_func(kinds[i].name, &kinds[i], test_day);
    g_test_add_func("/flow/edge/bound", test_bound);
    return g_test_run();
}
