/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many devices under limits against linear programmes; the order of the steps; the certificate. */
#include "flow-night.h"
#include "flow-oracle.h"
#include "flow-solver.h"

#include <math.h>
#include <string.h>

#ifdef HAVE_GLPK
static double
ask(const CfxProblem *problem, const OracleQuestion *question)
{
    double value;
    gboolean is_exact;
    g_assert_true(schedule_oracle_ask(problem, question, &value, &is_exact));
    return is_exact ? value : NAN;
}

/* Continuous problems: the cost is the linear programme's, and proven to be. */
static void
test_money(gconstpointer data)
{
    guint flags = GPOINTER_TO_UINT(data);
    for (guint32 seed = 0; seed < 60; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        guint32 n_devices = g_rand_int_range(random, 1, 21);
        guint32 n_slots = g_rand_int_range(random, 1, n_devices > 8 ? 16 : 49);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, n_devices, n_slots, flags);
        g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
        const CfxSolution *solution = &answer->solution;
        if (solution->status == CFX_SOLVED_SOFTENED)
            continue;
        double best = least_cost(&made->problem, solution, FALSE);
        double noise = 1e-5 * (1 + fabs(best));
        g_assert_false(isnan(best));
        g_assert_cmpfloat(solution->cost, >=, best - noise);
        if ((flags & CASE_TWO_WAY) == 0) {
            /* with signs the programme is a relaxation */
            g_assert_cmpfloat(solution->cost, <=, best + noise);
            g_assert_cmpfloat(solution->bound, <=, best + noise);
        }
        g_assert_cmpfloat(solution->gap, <=, flags & CASE_TWO_WAY ? 1e-3 : 2e-5);
    }
}

/* The least breach tier by tier, then the least shortfall tier by tier. */
static void
test_steps(gconstpointer data)
{
    guint flags = GPOINTER_TO_UINT(data);
    for (guint32 seed = 0; seed < 80; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        guint32 n_devices = g_rand_int_range(random, 1, 9);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, n_devices, 20, flags);
        /* of one age: with several the total of a tier is not the least, the older come first */
        for (guint i = 0; i < made->targets->len; i++)
            ((CfxProblemTarget *)made->targets->pdata[i])->weight = 1;
        g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
        const CfxSolution *solution = &answer->solution;
        for (guint tier = 0; tier < CFX_LIMIT_TIERS; tier++) {
            OracleQuestion question = { .what = ORACLE_BREACH,
                                        .tier = tier,
                                        .breach_kw = solution->breach_kw };
            g_assert_cmpfloat(
                solution->breach_tier_kwh[tier], <=, ask(&made->problem, &question) + 1e-4);
        }
        for (guint tier = 0; tier < CFX_TARGET_TIERS; tier++) {
            OracleQuestion question = { .what = ORACLE_LACK,
                                        .tier = tier,
                                        .breach_kw = solution->breach_kw,
                                        .shortfall_kwh = solution->shortfall_kwh };
            double least = ask(&made->problem, &question);
            /* evenness may cost a thousandth of the amount */
            g_assert_cmpfloat(solution->shortfall_tier_kwh[tier], <=, least * 1.003 + 2e-3);
        }
    }
}

/* Small ones with least rates: within a thousandth of the integer programme, most of them on it. */
static void
test_rates(void)
{
    guint n_asked = 0, n_on = 0;
    for (guint32 seed = 0; seed < 60; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = schedule_case_random(
            random, 4, 12, CASE_LEAST_RATE | CASE_TIGHT | CASE_CARS_ONLY | CASE_SELL);
        g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
        const CfxSolution *solution = &answer->solution;
        OracleQuestion question = { .what = ORACLE_MONEY,
                                    .is_discrete = TRUE,
                                    .breach_kw = solution->breach_kw,
                                    .shortfall_kwh = solution->shortfall_kwh,
                                    .gap = 1e-7,
                                    .seconds = 5 };
        double best = ask(&made->problem, &question);
        if (isnan(best))
            continue;
        n_asked++;
        n_on += solution->cost <= best + 1e-4 * (1 + fabs(best));
        g_assert_cmpfloat(solution->cost, <=, best + 1e-3 * (1 + fabs(best)));
        g_assert_cmpfloat(solution->bound, <=, best + 1e-6 * (1 + fabs(best)));
    }
    g_test_message("%u of %u on the optimum", n_on, n_asked);
    g_assert_cmpuint(n_asked, >=, 50);
    g_assert_cmpuint(n_on * 10, >=, n_asked * 8);
}

/* Whatever the prices are, the bound is one. A wrong bound is the worst bug. */
static void
test_any_price(gconstpointer data)
{
    guint flags = GPOINTER_TO_UINT(data);
    for (guint32 seed = 0; seed < 60; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, 3, 10, flags);
        g_autoptr(FlowSolver) solver = flow_solver_new(&made->problem, &exactly);
        if (solver->model->soft_device != G_MAXUINT32)
            continue;
        flow_search_first(solver);
        OracleQuestion question = { .what = ORACLE_MONEY,
                                    .is_discrete = TRUE,
                                    .breach_kw = solver->best->breach_kw,
                                    .shortfall_kwh = solver->best->shortfall_kwh,
                                    .gap = 1e-8,
                                    .seconds = 5 };
        if (solver->best_score.outside > 0)
            continue;
        double best = ask(&made->problem, &question);
        gsize cells = (gsize)made->problem.n_nodes * 10;
        for (guint try = 0; try < 40 && !isnan(best); try++) {
            double spread = try < 20 ? 0.5 : 5;
            for (gsize i = 0; i < cells; i++)
                solver->node_price[i] = g_rand_double_range(random, -0.2 * spread, spread);
            g_assert_cmpfloat(flow_bound(solver, 50), <=, best + 1e-5 * (1 + fabs(best)));
        }
    }
}
#else
static void
test_rates(void)
{
    g_test_skip("needs GLPK");
}

static void
test_money(gconstpointer data)
{
    g_test_skip("needs GLPK");
}
#define test_steps test_money
#define test_any_price test_money
#endif

/* cars() stands below */
static ScheduleCase *cars(guint32 n, guint32 n_slots, double limit, double least);

#ifdef HAVE_GLPK
/* A little sun, and cars that cannot take so little: the bound knows it, and says no more. */
static void
test_steps_of_nodes(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    guint n_higher = 0;
    for (guint case_no = 0; case_no < 30; case_no++) {
        g_autoptr(ScheduleCase) made = cars(2, 6, 30, 4.14);
        CfxProblemNode *site = made->nodes->pdata[0];
        for (guint32 j = 0; j < 6; j++) {
            ((double *)site->base_kw.at)[j] = -g_rand_double_range(random, 0, 9);
            ((double *)site->buy.at)[j] = g_rand_double_range(random, 0.1, 0.3);
            ((double *)site->sell.at)[j] = 0.04;
        }
        for (guint32 d = 0; d < 2; d++)
            schedule_case_target(
                made, d, 5, CFX_TARGET_ASKED, g_rand_double_range(random, 0.5, 6), 1);
        schedule_case_ready(made);
        g_autoptr(FlowSolver) solver = flow_solver_new(&made->problem, &exactly);
        flow_search_first(solver);
        OracleQuestion question = { .what = ORACLE_MONEY,
                                    .is_discrete = TRUE,
                                    .breach_kw = solver->best->breach_kw,
                                    .shortfall_kwh = solver->best->shortfall_kwh,
                                    .gap = 1e-8,
                                    .seconds = 5 };
        double best = ask(&made->problem, &question);
        for (guint try = 0; try < 100; try++) {
            for (guint32 j = 0; j < 6; j++)
                solver->node_price[j] =
                    g_rand_double_range(random, 0.04, cfx_real_at(site->buy, j));
            double bound = flow_bound(solver, 200);
            solver->is_discrete = FALSE;
            n_higher += bound > flow_bound(solver, 200) + 1e-6;
            solver->is_discrete = TRUE;
            g_assert_cmpfloat(bound, <=, best + 1e-6);
        }
        /* the best of prices, found from the best of the linear programme's */
        if (flow_lp_solve(solver, FLOW_STEP_MONEY, 0) && flow_lift(solver, 60))
            g_assert_cmpfloat(flow_bound(solver, 200), <=, best + 1e-6);
    }
    g_assert_cmpuint(n_higher, >, 100);
}
#else
static void
test_steps_of_nodes(void)
{
    g_test_skip("needs GLPK");
}
#endif

/* n cars that all want the same by the end, under one limit. */
static ScheduleCase *
cars(guint32 n, guint32 n_slots, double limit, double least)
{
    ScheduleCase *made = schedule_case_new(n, n_slots, 0.25);
    CfxProblemNode *site = made->nodes->pdata[0];
    double *buy = schedule_case_row(made, &site->buy, 0);
    schedule_case_row(made, &site->sell, 0);
    for (guint32 j = 0; j < n_slots; j++)
        buy[j] = 0.1 + 0.01 * (j % 5);
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, FALSE, limit);
    for (guint32 i = 0; i < n * n_slots; i++) {
        made->high[i] = 11;
        made->least[i] = least;
        made->empty[i] = 0;
        made->full[i] = 40;
    }
    return made;
}

/* 10 kW for two hours are 20 kWh; three want 6, 12 and 18: each lacks four ninths. */
static void
test_shares(void)
{
    g_autoptr(ScheduleCase) made = cars(3, 8, 10, 0);
    for (guint32 d = 0; d < 3; d++)
        schedule_case_target(made, d, 7, CFX_TARGET_ASKED, 6 * (d + 1), 1);
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    for (guint32 d = 0; d < 3; d++)
        g_assert_cmpfloat_with_epsilon(
            answer->solution.shortfall_kwh[d], 6 * (d + 1) * 4.0 / 9, 0.02);
    g_assert_cmpfloat_with_epsilon(answer->solution.shortfall_tier_kwh[2], 16, 1e-3);
}

/* The minimum of the last comes before the promise of the first, that before what others ask. */
static void
test_tiers(void)
{
    g_autoptr(ScheduleCase) made = cars(3, 8, 10, 0);
    schedule_case_target(made, 0, 7, CFX_TARGET_PROMISED, 12, 1);
    schedule_case_target(made, 1, 7, CFX_TARGET_ASKED, 12, 1);
    schedule_case_target(made, 2, 7, CFX_TARGET_MINIMUM, 5, 1);
    schedule_case_target(made, 2, 7, CFX_TARGET_ASKED, 9, 1);
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    g_assert_cmpfloat_with_epsilon(answer->solution.shortfall_kwh[0], 0, 1e-5);
    g_assert_cmpfloat_with_epsilon(answer->solution.shortfall_kwh[2], 0, 1e-5);
    g_assert_cmpfloat_with_epsilon(answer->solution.shortfall_tier_kwh[2], 13, 1e-3);
    g_assert_cmpuint(answer->solution.status, ==, CFX_SOLVED_OPTIMAL);
}

/* The older promise is kept whole, the younger gets the rest. */
static void
test_ages(void)
{
    g_autoptr(ScheduleCase) made = cars(2, 8, 10, 0);
    schedule_case_target(made, 0, 7, CFX_TARGET_PROMISED, 15, 1);
    schedule_case_target(made, 1, 7, CFX_TARGET_PROMISED, 15, 2);
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    g_assert_cmpfloat_with_epsilon(answer->solution.shortfall_kwh[0], 10, 0.02);
    g_assert_cmpfloat_with_epsilon(answer->solution.shortfall_kwh[1], 0, 0.02);
}

/* 7 kW for two hours at 6 A: one at a time, all that there is, 14 kWh. */
static void
test_scarce_rates(void)
{
    g_autoptr(ScheduleCase) made = cars(4, 8, 7, 4.14);
    for (guint32 d = 0; d < 4; d++)
        schedule_case_target(made, d, 7, CFX_TARGET_PROMISED, 5, 1);
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    g_assert_cmpfloat_with_epsilon(answer->solution.shortfall_tier_kwh[1], 6, 0.1);
    g_assert_cmpfloat(answer->solution.gap, <=, 1e-3);
}

/* What the base load alone exceeds is exceeded by that and no more. */
static void
test_unavoidable(void)
{
    g_autoptr(ScheduleCase) made = cars(2, 8, 10, 4.14);
    CfxProblemNode *site = made->nodes->pdata[0];
    ((double *)site->base_kw.at)[2] = 13;
    schedule_case_target(made, 0, 7, CFX_TARGET_MINIMUM, 10, 1);
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    g_assert_cmpfloat_with_epsilon(
        answer->solution.breach_tier_kwh[CFX_LIMIT_CONTRACTED], 0.75, 1e-9);
    g_assert_cmpfloat_with_epsilon(answer->solution.shortfall_kwh[0], 0, 1e-5);
    g_assert_cmpfloat(answer->solution.gap, <=, 1e-3);
}

/* A storage that can serve one of two: the stronger limit, though the other would save more. */
static void
test_limit_tiers(void)
{
    g_autoptr(ScheduleCase) made = schedule_case_new(1, 2, 0.25);
    CfxProblemNode *site = made->nodes->pdata[0], *board = schedule_case_node(made, 0);
    double *buy = schedule_case_row(made, &site->buy, 0.1);
    schedule_case_row(made, &site->sell, 0.05);
    buy[1] = 0.5;
    ((double *)site->base_kw.at)[0] = 6;
    ((double *)site->base_kw.at)[1] = 20;
    ((double *)board->base_kw.at)[0] = 6;
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, FALSE, 10);
    schedule_case_limit(made, 1, CFX_LIMIT_PHYSICAL, FALSE, 5);
    made->home[0] = 1;
    made->stock0[0] = 0.25;
    for (guint32 j = 0; j < 2; j++) {
        made->low[j] = -4;
        made->empty[j] = 0;
        made->full[j] = 1;
    }
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    g_assert_cmpfloat_with_epsilon(answer->solution.breach_tier_kwh[CFX_LIMIT_PHYSICAL], 0, 1e-6);
    g_assert_cmpfloat_with_epsilon(
        answer->solution.breach_tier_kwh[CFX_LIMIT_CONTRACTED], 2.5, 1e-5);
    g_assert_cmpfloat(answer->solution.gap, <=, 1e-3);
}

/* Where it costs the same, sooner; lower rows first. */
static void
test_ties(void)
{
    g_autoptr(ScheduleCase) made = cars(2, 8, 11, 4.14);
    CfxProblemNode *site = made->nodes->pdata[0];
    for (guint32 j = 0; j < 8; j++)
        ((double *)site->buy.at)[j] = 0.2;
    for (guint32 d = 0; d < 2; d++)
        schedule_case_target(made, d, 7, CFX_TARGET_ASKED, 5.5, 1);
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    for (guint32 j = 0; j < 4; j++)
        g_assert_cmpfloat_with_epsilon(answer->solution.node_kw[j], 11, 1e-6);
    for (guint32 j = 4; j < 8; j++)
        g_assert_cmpfloat_with_epsilon(answer->solution.node_kw[j], 0, 1e-6);
    g_assert_cmpfloat_with_epsilon(answer->solution.power_kw[0], 11, 1e-6);
}

/* A full limit costs more than the tariff; stock is worth at least what is paid for it. */
static void
test_values(void)
{
    g_autoptr(ScheduleCase) made = cars(2, 8, 11, 0);
    for (guint32 d = 0; d < 2; d++)
        schedule_case_target(made, d, 7, CFX_TARGET_ASKED, 9, 1);
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    const CfxSolution *solution = &answer->solution;
    const CfxProblemNode *site = made->problem.nodes[0];
    g_assert_cmpfloat(solution->node_price[0], >, cfx_real_at(site->buy, 0) + 0.01);
    for (guint32 j = 0; j < 8; j++) {
        g_assert_cmpfloat(solution->node_price[j], >=, cfx_real_at(site->buy, j) - 1e-9);
        for (guint32 d = 0; d < 2; d++) {
            if (solution->power_kw[d * 8 + j] > 1e-6)
                g_assert_cmpfloat(
                    solution->stock_value[d * 8 + j], >=, solution->node_price[j] - 1e-6);
        }
    }
}

/*
 * On the way to the answer the cost passes 0, and with it what the gap is relative to: no reason
 * to take the first point for the best. The prices must prove the cost.
 */
static void
test_night(void)
{
    g_autoptr(ScheduleCase) made = schedule_case_new(NIGHT_CARS, NIGHT_SLOTS, 0.25);
    CfxProblemNode *site = made->nodes->pdata[0];
    double *buy = schedule_case_row(made, &site->buy, 0);
    schedule_case_row(made, &site->sell, 0.06);
    schedule_case_set_hours(made, 0, 1.0 / 6);
    schedule_case_limit(made, 0, CFX_LIMIT_PHYSICAL, FALSE, 0);
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, FALSE, 0);
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, TRUE, 36);
    for (guint32 j = 0; j < NIGHT_SLOTS; j++) {
        double room = 45.72; /* a socket that is left keeps the room of what may come to it */
        ((double *)site->base_kw.at)[j] = night_base_kw[j];
        buy[j] = night_buy[j];
        for (guint32 d = 0; d < NIGHT_CARS; d++)
            room -= j >= night_cars[d].slots ? 4.14 : 0;
        schedule_case_limit_row(made, 0)[j] = night_base_kw[j] + room + 30;
        schedule_case_limit_row(made, 1)[j] = night_base_kw[j] + room;
    }
    for (guint32 d = 0; d < NIGHT_CARS; d++) {
        made->stock0[d] = night_cars[d].stock;
        for (guint32 j = 0; j < NIGHT_SLOTS; j++) {
            gsize cell = (gsize)d * NIGHT_SLOTS + j;
            made->high[cell] = j < night_cars[d].slots ? night_cars[d].rate : 0;
            made->least[cell] = j < night_cars[d].slots ? night_cars[d].least : 0;
            made->full[cell] = night_cars[d].full;
        }
    }
    for (guint i = 0; i < NIGHT_TARGETS; i++)
        schedule_case_target(made,
                             night_targets[i].car,
                             night_targets[i].slot,
                             night_targets[i].tier,
                             night_targets[i].wanted,
                             night_targets[i].weight);
    schedule_case_ready(made);
    g_autoptr(ScheduleAnswer) answer = solve(&made->problem);
    g_assert_cmpfloat(answer->solution.gap, <=, 2e-4);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *name;
        guint flags;
    } kinds[] = {
        { "tight", CASE_TIGHT | CASE_CARS_ONLY },
        { "sell", CASE_TIGHT | CASE_SELL | CASE_LEAKAGE | CASE_UNEVEN },
        { "scarce", CASE_SCARCE | CASE_CARS_ONLY },
        { "tree", CASE_TIGHT | CASE_TREE },
        { "phases", CASE_SCARCE | CASE_PHASES | CASE_TREE | CASE_CARS_ONLY },
        { "two-way", CASE_TIGHT | CASE_TWO_WAY | CASE_LEAKAGE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *name = g_strconcat("/flow/solver/money/", kinds[i].name, NULL);
        g_test_add_data_func(name, GUINT_TO_POINTER(kinds[i].flags), test_money);
    }
    g_test_add_data_func(
        "/flow/solver/steps/cars", GUINT_TO_POINTER(CASE_SCARCE | CASE_CARS_ONLY), test_steps);
    g_test_add_data_func("/flow/solver/steps/tree",
                         GUINT_TO_POINTER(CASE_SCARCE | CASE_CARS_ONLY | CASE_TREE),
                         test_steps);
    g_test_add_data_func("/flow/solver/any-price/rated",
                         GUINT_TO_POINTER(CASE_TIGHT | CASE_LEAST_RATE | CASE_SELL),
                         test_any_price);
    g_test_add_data_func("/flow/solver/any-price/all", GUINT_TO_POINTER(0x7ff), test_any_price);
    g_test_add_func("/flow/solver/rates", test_rates);
    g_test_add_func("/flow/solver/shares", test_shares);
    g_test_add_func("/flow/solver/tiers", test_tiers);
    g_test_add_func("/flow/solver/ages", test_ages);
    g_test_add_func("/flow/solver/scarce-rates", test_scarce_rates);
    g_test_add_func("/flow/solver/unavoidable", test_unavoidable);
    g_test_add_func("/flow/solver/limit-tiers", test_limit_tiers);
    g_test_add_func("/flow/solver/steps-of-nodes", test_steps_of_nodes);
    g_test_add_func("/flow/solver/ties", test_ties);
    g_test_add_func("/flow/solver/values", test_values);
    g_test_add_func("/flow/solver/night", test_night);
    return g_test_run();
}
