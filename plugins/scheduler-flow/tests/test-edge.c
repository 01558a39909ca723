/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Targets at the very edge of what can be had, a hair below or beyond it, in every tier: the
 * shortage that rounding makes must neither spoil the certificate nor hide what money can do.
 */
#include "flow-answer.h"
#include "schedule-oracle.h"

#include <math.h>

enum { DAY = 97 };

static double
between(GRand *random, double low, double high)
{
    return g_rand_double_range(random, low, high);
}

/* kWh: from below every tolerance to above it */
static double
slack(GRand *random)
{
    static const double sizes[] = { 0, 1e-9, 1e-8, 1e-7, 1e-6, 2e-6, 1e-5, 1e-4, 1e-3 };
    double size = sizes[g_rand_int_range(random, 0, G_N_ELEMENTS(sizes))];
    return g_rand_boolean(random) ? size : -size;
}

static void
add_car(ScheduleCase *made, GRand *random, guint32 d, gboolean has_rate)
{
    gboolean one_phase = g_rand_double(random) < 0.25;
    double rate = one_phase ? 3.68 : d < 5 ? 22 : 11, least = one_phase ? 1.38 : 4.14;
    guint32 leave = g_rand_int_range(random, 20, 60);
    double wanted = MIN(between(random, 8, 60), 0.9 * 0.25 * leave * rate);
    double promised = wanted * between(random, 0.7, 1);
    made->stock0[d] = g_rand_boolean(random) ? 0 : wanted * between(random, 0, 0.6);
    for (guint32 j = 0; j < DAY; j++) {
        gsize cell = (gsize)d * DAY + j;
        made->high[cell] = j < leave ? rate : 0;
        made->least[cell] = j < leave && has_rate ? least : 0;
        made->full[cell] = wanted + 0.25 * least + 0.1;
    }
    schedule_case_target(made, d, leave - 1, CFX_TARGET_MINIMUM, MIN(5, wanted), 1);
    schedule_case_target(made, d, leave - 1, CFX_TARGET_PROMISED, promised, d + 1);
    schedule_case_target(made, d, leave - 1, CFX_TARGET_ASKED, wanted, 1);
}

/* A day of a site like the demo's: a roof, a load-control event, a contract that binds. */
static ScheduleCase *
site_day(GRand *random, gboolean has_rates)
{
    guint32 n_cars = g_rand_int_range(random, 4, 11);
    ScheduleCase *made = schedule_case_new(n_cars, DAY, 0.25);
    CfxProblemNode *site = made->nodes->pdata[0];
    double *buy = schedule_case_row(made, &site->buy, 0);
    schedule_case_row(made, &site->sell, 0.06);
    schedule_case_set_hours(made, 0, between(random, 0.01, 0.25));
    schedule_case_limit(made, 0, CFX_LIMIT_PHYSICAL, FALSE, 100);
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, FALSE, 42);
    schedule_case_limit(made, 0, CFX_LIMIT_SIGNAL, FALSE, INFINITY);
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, TRUE, 36);
    double *signal = schedule_case_limit_row(made, 2);
    guint32 event = g_rand_int_range(random, 0, DAY), begin = g_rand_int_range(random, 0, 96);
    for (guint32 j = event; j < MIN(event + 8, DAY); j++)
        signal[j] = 35;
    for (guint32 j = 0; j < DAY; j++) {
        double hour = (begin + j) % 96 / 4.0, sun = MAX(sin((hour - 6) / 12 * G_PI), 0);
        ((double *)site->base_kw.at)[j] = 14 + 1.2 * sin(hour) - 18 * sun * between(random, 0.7, 1);
        buy[j] = 0.15 + 0.06 * sin((hour - 14) / 12 * G_PI) + 0.04 * sin(hour / 3);
        buy[j] += 0.005 * (j % 4);
    }
    for (guint32 d = 0; d < n_cars; d++)
        add_car(made, random, d, has_rates);
    schedule_case_ready(made);
    return made;
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

static double
total_lack(const CfxSolution *solution)
{
    double lack = 0;
    for (guint tier = 0; tier < CFX_TARGET_TIERS; tier++)
        lack += solution->shortfall_tier_kwh[tier];
    return lack;
}

#ifdef HAVE_GLPK
/* The least cost of a plan that lacks and exceeds no more than this one; NAN: not in time. */
static double
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
        /* there was a plan that lacked the slack of each target and nothing else; with least
         * rates it need not be found again */
        if (kind->move == to_room && !kind->has_rates)
            g_assert_cmpfloat(lack, <=, made->problem.n_targets * 1.2e-3);
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
