/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The suite of the contract of cfx-scheduler.h. Runs against any module: contract MODULE.so. What a
 * scheduler does not have among its features is skipped by name.
 */
#include "schedule-case.h"
#include "schedule-checker.h"
#include "schedule-oracle.h"

#include <gmodule.h>
#include <math.h>
#include <string.h>

static const CfxSchedulerOps *ops;

static const CfxSolveHow plainly = { .struct_size = sizeof(CfxSolveHow),
                                     .threads = 1,
                                     .gap_wanted = 1e-6,
                                     .gap_acceptable = 1e-3,
                                     .seed = 1 };

static gpointer
open_session(const CfxProblem *problem)
{
    g_autoptr(GError) error = NULL;
    gpointer session = ops->open(NULL, &error);
    g_assert_no_error(error);
    gboolean is_loaded = ops->load(session, problem, &error);
    g_assert_no_error(error);
    g_assert_true(is_loaded);
    return session;
}

static ScheduleAnswer *
solve_in(gpointer session, const CfxProblem *problem, const CfxSolveHow *how)
{
    g_autoptr(GError) error = NULL;
    ScheduleAnswer *answer = schedule_answer_new(problem);
    gboolean is_solved = ops->solve(session, how, &answer->solution, &error);
    g_assert_no_error(error);
    g_assert_true(is_solved);
    g_autofree char *wrong = schedule_checker_find(problem, &answer->solution);
    g_assert_cmpstr(wrong, ==, NULL);
    return answer;
}

static ScheduleAnswer *
solve_fresh(const CfxProblem *problem)
{
    gpointer session = open_session(problem);
    ScheduleAnswer *answer = solve_in(session, problem, &plainly);
    ops->close(session);
    return answer;
}

static gboolean
knows(const CfxProblem *problem)
{
    return (problem->needs & ~ops->features) == 0;
}

static void
assert_same_powers(const CfxProblem *problem, const ScheduleAnswer *a, const ScheduleAnswer *b)
{
    gsize cells = (gsize)problem->n_devices * problem->n_slots;
    for (gsize i = 0; i < cells; i++)
        g_assert_cmpfloat(a->solution.power_kw[i], ==, b->solution.power_kw[i]);
    g_assert_cmpfloat(a->solution.cost, ==, b->solution.cost);
}

/* Many worlds: what is said about the plan is what the plan is. */
static void
test_checker(gconstpointer data)
{
    guint flags = GPOINTER_TO_UINT(data);
    for (guint32 seed = 0; seed < 60; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        guint32 n_devices = g_rand_int_range(random, 0, 9);
        guint32 n_slots = g_rand_int_range(random, 1, 50);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, n_devices, n_slots, flags);
        if (!knows(&made->problem)) {
            g_test_skip("needs a feature that this scheduler does not have");
            return;
        }
        g_autoptr(ScheduleAnswer) answer = solve_fresh(&made->problem);
        const CfxSolution *solution = &answer->solution;
        g_assert_cmpuint(solution->n_changed, ==, n_devices);
        g_assert_cmpint(solution->time_us, >=, 0);
        if (ops->explain != NULL && n_devices > 0) {
            gpointer session = open_session(&made->problem);
            g_autoptr(ScheduleAnswer) again = solve_in(session, &made->problem, &plainly);
            g_autofree char *text = ops->explain(session, 0, n_slots - 1);
            g_assert_cmpuint(text == NULL || g_utf8_validate(text, -1, NULL), ==, TRUE);
            ops->close(session);
        }
    }
}

/* A limit that can be kept is kept, whatever lacks. */
static void
test_limits(void)
{
    for (guint32 seed = 0; seed < 60; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = schedule_case_random(
            random, 6, 24, CASE_SCARCE | CASE_CARS_ONLY | CASE_LEAST_RATE | CASE_TREE);
        const CfxProblem *problem = &made->problem;
        g_autoptr(ScheduleAnswer) answer = solve_fresh(problem);
        for (guint32 i = 0; i < problem->n_limits; i++) {
            const CfxProblemLimit *limit = problem->limits[i];
            for (guint32 j = 0; j < problem->n_slots; j++) {
                double unavoidable = cfx_real_at(problem->nodes[limit->node]->base_kw, j) -
                                     cfx_real_at(limit->max_kw, j);
                g_assert_cmpfloat(answer->solution.breach_kw[(gsize)i * problem->n_slots + j],
                                  <=,
                                  MAX(unavoidable, 0) + 2e-6);
            }
        }
    }
}

typedef struct {
    const char *message;
    void (*spoil)(ScheduleCase *made);
} Refusal;

static void
spoil_power(ScheduleCase *made)
{
    made->high[1 * 4 + 2] = NAN;
}

static void
spoil_order(ScheduleCase *made)
{
    made->low[1 * 4 + 2] = 50;
}

static void
spoil_stock(ScheduleCase *made)
{
    made->empty[0] = NAN;
}

static void
spoil_keep(ScheduleCase *made)
{
    made->keep[3] = 0;
}

static void
spoil_base(ScheduleCase *made)
{
    ((double *)made->problem.nodes[0]->base_kw.at)[1] = INFINITY;
}

static void
spoil_limit(ScheduleCase *made)
{
    schedule_case_limit_row(made, 0)[3] = NAN;
}

static void
spoil_target(ScheduleCase *made)
{
    schedule_case_target(made, 7, 0, CFX_TARGET_ASKED, 1, 1);
}

static void
spoil_weight(ScheduleCase *made)
{
    schedule_case_weight(made, 1, 0, 1);
    schedule_case_weight(made, 1, 0, 1);
}

static void
spoil_edges(ScheduleCase *made)
{
    made->edge_us[2] = made->edge_us[1];
}

static const Refusal refusals[] = {
    { "device 1 slot 2: power_max_kw is not a finite number", spoil_power },
    { "device 1 slot 2: power_min_kw is above power_max_kw", spoil_order },
    { "device 0 slot 0: stock_min_kwh is not a number", spoil_stock },
    { "device 0 slot 3: keep is not in 0…1", spoil_keep },
    { "node 0 slot 1: base_kw is not a finite number", spoil_base },
    { "limit 0 slot 3: max_kw is not a number ≥ 0", spoil_limit },
    { "target 0: device is not a row of devices", spoil_target },
    { "weights: device 1 and node 0 stand twice", spoil_weight },
    { "slot 1: edge_us does not ascend", spoil_edges },
};

static ScheduleCase *
small_case(void)
{
    ScheduleCase *made = schedule_case_new(2, 4, 0.25);
    CfxProblemNode *site = made->nodes->pdata[0];
    schedule_case_row(made, &site->buy, 0.2);
    schedule_case_row(made, &site->sell, 0.2);
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, FALSE, 15);
    for (guint i = 0; i < 8; i++) {
        made->high[i] = 11;
        made->empty[i] = 0;
        made->full[i] = 20;
    }
    schedule_case_ready(made);
    return made;
}

static void
test_refusals(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ScheduleCase) made = small_case();
        refusals[i].spoil(made);
        schedule_case_ready(made);
        gpointer session = ops->open(NULL, NULL);
        g_assert_false(ops->load(session, &made->problem, &error));
        g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
        g_assert_cmpstr(error->message, ==, refusals[i].message);
        g_clear_error(&error);
        g_autoptr(ScheduleAnswer) answer = schedule_answer_new(&made->problem);
        g_assert_false(ops->solve(session, &plainly, &answer->solution, &error));
        g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFLICT);
        ops->close(session);
    }
}

static void
test_needs(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ScheduleCase) made = small_case();
    made->problem.needs |= 1u << 30;
    gpointer session = ops->open(NULL, NULL);
    g_assert_false(ops->load(session, &made->problem, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_NOT_SUPPORTED);
    ops->close(session);
}

/* A cancelled or late solve still gives a plan that is what it says. */
static void
test_cut_short(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(4);
    g_autoptr(ScheduleCase) made =
        schedule_case_random(random, 8, 48, CASE_TIGHT | CASE_CARS_ONLY | CASE_LEAST_RATE);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    CfxSolveHow how = plainly;
    how.cancellable = cancellable;
    gpointer session = open_session(&made->problem);
    g_autoptr(ScheduleAnswer) cancelled = solve_in(session, &made->problem, &how);
    how.cancellable = NULL;
    how.deadline_us = 1;
    g_autoptr(ScheduleAnswer) late = solve_in(session, &made->problem, &how);
    g_autoptr(ScheduleAnswer) whole = solve_in(session, &made->problem, &plainly);
    ops->close(session);
    /* whoever is done before looking need not say so, but is then as good */
    if (cancelled->solution.status != CFX_SOLVED_CANCELLED)
        assert_same_powers(&made->problem, cancelled, whole);
    if (late->solution.status != CFX_SOLVED_DEADLINE)
        assert_same_powers(&made->problem, late, whole);
    g_assert_cmpuint(whole->solution.status, !=, CFX_SOLVED_CANCELLED);
    g_assert_cmpuint(whole->solution.status, !=, CFX_SOLVED_DEADLINE);
}

static void
test_repeats(void)
{
    for (guint32 seed = 0; seed < 10; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = schedule_case_random(
            random, 8, 32, CASE_TIGHT | CASE_LEAST_RATE | CASE_TWO_WAY | CASE_UNEVEN);
        g_autoptr(ScheduleAnswer) first = solve_fresh(&made->problem);
        g_autoptr(ScheduleAnswer) second = solve_fresh(&made->problem);
        assert_same_powers(&made->problem, first, second);
        /* the session's past does not matter, and nothing changed */
        gpointer session = open_session(&made->problem);
        g_autoptr(ScheduleAnswer) third = solve_in(session, &made->problem, &plainly);
        g_autoptr(ScheduleAnswer) fourth = solve_in(session, &made->problem, &plainly);
        assert_same_powers(&made->problem, third, fourth);
        g_assert_cmpuint(third->solution.n_changed, ==, 8);
        g_assert_cmpuint(fourth->solution.n_changed, ==, 0);
        ops->close(session);
    }
}

/* After changes that are named, the session answers as a new one would. */
static void
test_updates(void)
{
    for (guint32 seed = 0; seed < 20; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made =
            schedule_case_random(random, 6, 24, CASE_TIGHT | CASE_LEAST_RATE);
        gpointer session = open_session(&made->problem);
        g_autoptr(ScheduleAnswer) before = solve_in(session, &made->problem, &plainly);
        for (guint change = 0; change < 4; change++) {
            CfxDelta deltas[2] = { { CFX_DELTA_DEVICE, 0, 0, 24 }, { CFX_DELTA_NODE, 0, 0, 24 } };
            guint32 device = g_rand_int_range(random, 0, 6);
            deltas[0].index = device;
            for (guint32 j = 12; j < 24; j++)
                made->high[device * 24 + j] *= g_rand_double_range(random, 0.8, 1);
            made->stock0[device] = g_rand_double_range(random, 0, made->full[device * 24]);
            double *limit = schedule_case_limit_row(made, 1);
            for (guint32 j = 6; j < 12; j++)
                limit[j] *= g_rand_double_range(random, 0.9, 1);
            made->problem.version++;
            g_autoptr(GError) error = NULL;
            g_assert_true(ops->update(session, deltas, 2, &error));
            g_assert_no_error(error);
            g_autoptr(ScheduleAnswer) updated = solve_in(session, &made->problem, &plainly);
            g_autoptr(ScheduleAnswer) fresh = solve_fresh(&made->problem);
            assert_same_powers(&made->problem, updated, fresh);
            for (guint32 d = 0, k = 0; d < 6; d++) {
                double most = 0;
                for (guint32 j = 0; j < 24; j++)
                    most = MAX(most,
                               fabs(updated->solution.power_kw[d * 24 + j] -
                                    before->solution.power_kw[d * 24 + j]));
                gboolean is_named =
                    k < updated->solution.n_changed && updated->solution.changed[k] == d;
                g_assert_cmpint(is_named, ==, most > 1e-6);
                k += is_named;
            }
            memcpy(before->solution.power_kw, updated->solution.power_kw, sizeof(double) * 6 * 24);
        }
        ops->close(session);
    }
}

/* Rows that come and go, and time that advances. */
static void
test_rows(void)
{
    g_autoptr(ScheduleCase) made = small_case();
    g_autoptr(GError) error = NULL;
    schedule_case_target(made, 1, 3, CFX_TARGET_ASKED, 3, 1);
    schedule_case_ready(made);
    gpointer session = open_session(&made->problem);
    g_autoptr(ScheduleAnswer) both = solve_in(session, &made->problem, &plainly);
    /* device 0, which does nothing, leaves; device 1 becomes row 0 */
    CfxProblem kept = made->problem;
    ((CfxProblemTarget *)made->problem.targets[0])->device = 0;
    made->problem.n_devices = 1;
    made->problem.device_id.at++;
    made->problem.power_max_kw.at += 4;
    CfxDelta removed = { CFX_DELTA_REMOVED, 0, 0, 4 };
    g_assert_true(ops->update(session, &removed, 1, &error));
    g_autoptr(ScheduleAnswer) one = solve_in(session, &made->problem, &plainly);
    g_assert_cmpuint(one->solution.n_changed, ==, 0);
    for (guint32 j = 0; j < 4; j++)
        g_assert_cmpfloat_with_epsilon(
            one->solution.power_kw[j], both->solution.power_kw[4 + j], 1e-9);
    made->problem = kept;
    ((CfxProblemTarget *)made->problem.targets[0])->device = 1;
    CfxDelta added = { CFX_DELTA_ADDED, 0, 0, 4 };
    g_assert_true(ops->update(session, &added, 1, &error));
    g_autoptr(ScheduleAnswer) again = solve_in(session, &made->problem, &plainly);
    g_assert_cmpuint(again->solution.n_changed, ==, 1);
    g_assert_cmpuint(again->solution.changed[0], ==, 0);
    g_assert_no_error(error);
    ops->close(session);
}

static void
test_no_buffers(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ScheduleCase) made = small_case();
    gpointer session = open_session(&made->problem);
    CfxSolution solution = { .struct_size = sizeof(solution) };
    g_assert_true(ops->solve(session, &plainly, &solution, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(solution.n_changed, ==, 2);
    ops->close(session);
}

/* Units and scale: k times the prices are k times the cost, by the same plan. */
static void
test_prices_scale(void)
{
    for (guint32 seed = 0; seed < 20; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, 4, 24, CASE_TIGHT);
        g_autoptr(ScheduleAnswer) before = solve_fresh(&made->problem);
        CfxProblemNode *site = made->nodes->pdata[0];
        for (guint32 j = 0; j < 24; j++) {
            ((double *)site->buy.at)[j] *= 4;
            ((double *)site->sell.at)[j] *= 4;
            for (guint32 d = 0; d < 4; d++)
                made->bias[d * 24 + j] *= 4;
        }
        for (guint32 d = 0; d < 4; d++)
            made->end_value[d] *= 4;
        g_autoptr(ScheduleAnswer) after = solve_fresh(&made->problem);
        double tolerance = 2e-6 * (1 + fabs(after->solution.cost));
        g_assert_cmpfloat_with_epsilon(
            4 * before->solution.cost, after->solution.cost, 4 * tolerance);
    }
}

/* Ids are names, not numbers; a device that can do nothing is not there. */
static void
test_names(void)
{
    for (guint32 seed = 0; seed < 10; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, 5, 24, CASE_TIGHT);
        g_autoptr(ScheduleAnswer) before = solve_fresh(&made->problem);
        for (guint32 d = 0; d < 5; d++)
            made->id[d] += 1000;
        g_autoptr(ScheduleAnswer) after = solve_fresh(&made->problem);
        assert_same_powers(&made->problem, before, after);
    }
}

static double
tier_sum(const double *of, guint n)
{
    double sum = 0;
    for (guint i = 0; i < n; i++)
        sum += of[i];
    return sum;
}

/* More room never costs more, and with nothing lacking never leaves more lacking. */
static void
test_loosening(void)
{
    for (guint32 seed = 0; seed < 30; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, 4, 24, CASE_TIGHT);
        g_autoptr(ScheduleAnswer) before = solve_fresh(&made->problem);
        if (isnan(before->solution.gap)) {
            g_test_skip("says nothing about cost");
            return;
        }
        double *limit = schedule_case_limit_row(made, 1);
        for (guint32 j = 0; j < 24; j++)
            limit[j] += 5;
        g_autoptr(ScheduleAnswer) after = solve_fresh(&made->problem);
        if (tier_sum(before->solution.shortfall_tier_kwh, CFX_TARGET_TIERS) > 0)
            continue;
        g_assert_cmpfloat(tier_sum(after->solution.shortfall_tier_kwh, CFX_TARGET_TIERS), <=, 1e-5);
        g_assert_cmpfloat(after->solution.cost,
                          <=,
                          before->solution.cost + 2e-6 * (1 + fabs(before->solution.cost)));
    }
}

/* Constant, zero and equal prices, devices that are all the same. */
static void
test_degenerate(void)
{
    for (guint kind = 0; kind < 3; kind++) {
        g_autoptr(ScheduleCase) made = schedule_case_new(5, 16, 0.25);
        CfxProblemNode *site = made->nodes->pdata[0];
        schedule_case_row(made, &site->buy, kind == 0 ? 0 : 0.2);
        schedule_case_row(made, &site->sell, kind == 2 ? 0.1 : kind == 0 ? 0 : 0.2);
        schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, FALSE, 30);
        for (guint32 d = 0; d < 5; d++) {
            for (guint32 j = 0; j < 16; j++) {
                made->high[d * 16 + j] = 11;
                made->least[d * 16 + j] = 4.14;
                made->empty[d * 16 + j] = 0;
                made->full[d * 16 + j] = 22;
            }
            schedule_case_target(made, d, 15, CFX_TARGET_PROMISED, 20, 1);
        }
        schedule_case_ready(made);
        g_autoptr(ScheduleAnswer) answer = solve_fresh(&made->problem);
        g_assert_cmpfloat(answer->solution.shortfall_tier_kwh[1], <=, 1e-5);
        g_assert_cmpfloat(answer->solution.breach_tier_kwh[CFX_LIMIT_CONTRACTED], <=, 0);
    }
}

/* Bounds that contradict each other: a plan all the same, and where. */
static void
test_contradiction(void)
{
    g_autoptr(ScheduleCase) made = small_case();
    made->empty[1 * 4 + 1] = 10;
    g_autoptr(ScheduleAnswer) answer = solve_fresh(&made->problem);
    g_assert_cmpuint(answer->solution.status, ==, CFX_SOLVED_SOFTENED);
    g_assert_cmpuint(answer->solution.where_device, ==, 1);
    g_assert_cmpuint(answer->solution.where_slot, ==, 1);
    g_assert_cmpfloat_with_epsilon(answer->solution.where_kwh, 10 - 5.5, 1e-9);
}

#ifdef HAVE_GLPK
static void
test_bound(gconstpointer data)
{
    guint flags = GPOINTER_TO_UINT(data);
    guint n_asked = 0;
    for (guint32 seed = 0; seed < 40; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, 3, 10, flags);
        if (!knows(&made->problem)) {
            g_test_skip("needs a feature that this scheduler does not have");
            return;
        }
        g_autoptr(ScheduleAnswer) answer = solve_fresh(&made->problem);
        const CfxSolution *solution = &answer->solution;
        if (solution->status == CFX_SOLVED_SOFTENED)
            continue;
        OracleQuestion question = { .what = ORACLE_MONEY,
                                    .is_discrete = TRUE,
                                    .breach_kw = solution->breach_kw,
                                    .shortfall_kwh = solution->shortfall_kwh,
                                    .gap = 1e-7,
                                    .seconds = 5 };
        double best;
        gboolean is_exact;
        g_assert_true(schedule_oracle_ask(&made->problem, &question, &best, &is_exact));
        if (!is_exact)
            continue;
        n_asked++;
        double noise = 1e-5 * (1 + fabs(best));
        g_assert_cmpfloat(solution->cost, >=, best - noise);
        g_assert_cmpfloat(solution->bound, <=, best + noise);
    }
    g_assert_cmpuint(n_asked, >=, 20);
}
#else
static void
test_bound(gconstpointer data)
{
    g_test_skip("needs GLPK");
}
#endif

static const CfxSchedulerOps *
load_module(const char *path)
{
    GModule *module = g_module_open(path, G_MODULE_BIND_LOCAL);
    g_assert_cmpstr(module != NULL ? "opened" : g_module_error(), ==, "opened");
    gpointer symbol = NULL;
    g_assert_true(g_module_symbol(module, CFX_PLUGIN_ENTRY, &symbol));
    CfxPluginQuery query = (CfxPluginQuery)symbol;
    const CfxPluginInfo *info = query();
    for (guint i = 0; info->factories[i] != NULL; i++) {
        if (g_strcmp0(info->factories[i]->kind, CFX_KIND_SCHEDULER) == 0)
            return info->factories[i]->ops;
    }
    return NULL;
}

static const struct {
    const char *name;
    guint flags;
} kinds[] = {
    { "cars", CASE_CARS_ONLY },
    { "storages", CASE_TWO_WAY | CASE_LEAKAGE | CASE_UNEVEN },
    { "hard", CASE_TWO_WAY | CASE_LEAKAGE | CASE_HARD | CASE_NEGATIVE_PRICES },
    { "rated", CASE_CARS_ONLY | CASE_LEAST_RATE | CASE_TIGHT | CASE_UNEVEN },
    { "scarce", CASE_CARS_ONLY | CASE_LEAST_RATE | CASE_SCARCE },
    { "site", CASE_TWO_WAY | CASE_SELL | CASE_TIGHT | CASE_LEAST_RATE },
    { "negative", CASE_TWO_WAY | CASE_SELL | CASE_TIGHT | CASE_NEGATIVE_PRICES },
    { "tree", CASE_TREE | CASE_TIGHT | CASE_LEAST_RATE },
    { "phases", CASE_TREE | CASE_PHASES | CASE_SCARCE | CASE_LEAST_RATE | CASE_TWO_WAY },
    { "all", 0x7ff },
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (argc < 2)
        g_error("usage: contract MODULE.so");
    ops = load_module(argv[1]);
    g_assert_nonnull(ops);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *checker = g_strconcat("/scheduler/checker/", kinds[i].name, NULL);
        g_autofree char *bound = g_strconcat("/scheduler/bound/", kinds[i].name, NULL);
        g_test_add_data_func(checker, GUINT_TO_POINTER(kinds[i].flags), test_checker);
        g_test_add_data_func(bound, GUINT_TO_POINTER(kinds[i].flags), test_bound);
    }
    g_test_add_func("/scheduler/limits", test_limits);
    g_test_add_func("/scheduler/refusals", test_refusals);
    g_test_add_func("/scheduler/needs", test_needs);
    g_test_add_func("/scheduler/cut-short", test_cut_short);
    g_test_add_func("/scheduler/repeats", test_repeats);
    g_test_add_func("/scheduler/updates", test_updates);
    g_test_add_func("/scheduler/rows", test_rows);
    g_test_add_func("/scheduler/no-buffers", test_no_buffers);
    g_test_add_func("/scheduler/prices-scale", test_prices_scale);
    g_test_add_func("/scheduler/names", test_names);
    g_test_add_func("/scheduler/loosening", test_loosening);
    g_test_add_func("/scheduler/degenerate", test_degenerate);
    g_test_add_func("/scheduler/contradiction", test_contradiction);
    return g_test_run();
}
