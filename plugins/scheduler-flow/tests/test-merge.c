/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One device exactly: the slope merge, and branch and bound, against linear and integer programmes.
 */
#include "flow-merge.h"
#include "schedule-case.h"
#include "schedule-oracle.h"

#include <math.h>

/* One storage or car under prices, everything in its bounds at random; a third impossible. */
static ScheduleCase *
random_device(GRand *random, gboolean may_burn, gboolean is_rated)
{
    guint32 n_slots = g_rand_int_range(random, 2, g_rand_boolean(random) ? 96 : 16);
    ScheduleCase *made = schedule_case_new(1, n_slots, 0.25);
    CfxProblemNode *site = made->nodes->pdata[0];
    double *buy = schedule_case_row(made, &site->buy, 0);
    double *sell = schedule_case_row(made, &site->sell, 0);
    double capacity = g_rand_double_range(random, 2, 40), rate = g_rand_double_range(random, 1, 12);
    double keep = g_rand_boolean(random) ? 1 : g_rand_double_range(random, 0.9, 1);
    gboolean is_heat = g_rand_int_range(random, 0, 4) == 0;
    made->charge[0] =
        is_heat ? g_rand_double_range(random, 1, 4) : g_rand_double_range(random, 0.6, 1);
    made->discharge[0] = g_rand_double_range(random, 0.6, 1);
    made->stock0[0] = g_rand_double_range(random, 0, capacity);
    made->end_value[0] = g_rand_boolean(random) ? g_rand_double_range(random, -0.1, 0.4) : 0;
    for (guint32 j = 0; j < n_slots; j++) {
        schedule_case_set_hours(made, j, g_rand_int_range(random, 0, 8) == 0 ? 1 : 0.25);
        buy[j] = sell[j] = g_rand_double_range(random, may_burn ? -0.2 : 0.01, 0.5);
        made->keep[j] = keep;
        made->empty[j] = 0;
        made->full[j] = capacity;
        made->high[j] = g_rand_int_range(random, 0, 6) == 0 ? 0 : rate;
        made->low[j] = is_heat || is_rated ? 0 : -rate * g_rand_double(random);
        made->least[j] = is_rated ? 0.4 * rate : 0;
        if (g_rand_int_range(random, 0, 20) == 0)
            made->low[j] = made->high[j] * (is_rated ? 1 : g_rand_double(random));
        if (g_rand_int_range(random, 0, 12) == 0)
            made->gain[j] = g_rand_double_range(random, -rate / 2, rate / 4);
        if (g_rand_int_range(random, 0, 15) == 0)
            made->empty[j] = capacity * g_rand_double_range(random, 0.1, 0.9);
        if (g_rand_int_range(random, 0, 15) == 0)
            made->full[j] = MAX(made->empty[j], capacity * g_rand_double_range(random, 0.5, 1));
        if (g_rand_int_range(random, 0, 30) == 0)
            made->full[j] = made->empty[j];
    }
    schedule_case_ready(made);
    return made;
}

/* The bounds as they are given, not as flow_model tightens them. */
static void
give_bounds(FlowModel *model, const ScheduleCase *made)
{
    FlowDevice *device = &model->devices[0];
    for (guint32 j = 0; j < model->n_slots; j++) {
        device->empty[j] = made->empty[j];
        device->full[j] = made->full[j];
    }
}

static double
fill_cost(const FlowModel *model, const ScheduleCase *made, FlowCost *cost)
{
    const CfxProblemNode *site = made->nodes->pdata[0];
    double fixed = 0;
    for (guint32 j = 0; j < model->n_slots; j++) {
        double price = cfx_real_at(site->buy, j);
        flow_cost_begin(cost, j, model->devices[0].low[j]);
        flow_cost_add(cost, model->devices[0].high[j] - model->devices[0].low[j], price);
        fixed += model->hours[j] * price * model->devices[0].low[j];
    }
    return fixed;
}

static void
check_plan(const FlowModel *model, const double *power)
{
    const FlowDevice *device = &model->devices[0];
    g_autofree double *stock = g_new(double, model->n_slots);
    flow_model_simulate(model, 0, power, stock);
    for (guint32 j = 0; j < model->n_slots; j++) {
        g_assert_cmpfloat(power[j], >=, device->low[j] - 1e-9);
        g_assert_cmpfloat(power[j], <=, device->high[j] + 1e-9);
        g_assert_cmpfloat(stock[j], >=, device->empty[j] - 1e-6);
        g_assert_cmpfloat(stock[j], <=, device->full[j] + 1e-6);
        if (power[j] > 0)
            g_assert_cmpfloat(power[j], >=, device->least[j] - 1e-9);
    }
}

static double
money_of(const FlowModel *model, const ScheduleCase *made, const double *power)
{
    const CfxProblemNode *site = made->nodes->pdata[0];
    g_autofree double *stock = g_new(double, model->n_slots);
    double money = 0;
    flow_model_simulate(model, 0, power, stock);
    for (guint32 j = 0; j < model->n_slots; j++)
        money += model->hours[j] * cfx_real_at(site->buy, j) * power[j];
    return money - made->end_value[0] * stock[model->n_slots - 1];
}

typedef struct {
    guint n_possible, n_impossible;
} Tally;

#ifdef HAVE_GLPK
static void
compare(guint32 seed, gboolean may_burn, gboolean is_rated, Tally *tally)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_autoptr(ScheduleCase) made = random_device(random, may_burn, is_rated);
    g_autoptr(FlowModel) model = flow_model_new(&made->problem);
    g_autoptr(FlowCost) cost = flow_cost_new(model->n_slots, 2);
    g_autoptr(FlowWork) work = flow_work_new(model->n_slots, 2);
    g_autofree double *power = g_new(double, model->n_slots);
    give_bounds(model, made);
    double fixed = fill_cost(model, made, cost);
    FlowTask task = { .model = model,
                      .device = &model->devices[0],
                      .cost = cost,
                      .empty = model->devices[0].empty,
                      .full = model->devices[0].full,
                      .end_value = made->end_value[0] };
    FlowAnswer answer;
    if (may_burn || is_rated)
        answer = flow_branch(work, &task, 20000, 1e-9, NULL, NULL, power);
    else
        answer = flow_merge(work, &task, NULL, power, NULL);
    OracleQuestion question = {
        .what = ORACLE_MONEY, .is_discrete = may_burn || is_rated, .gap = 1e-9, .seconds = 3
    };
    double best;
    gboolean is_exact,
        is_possible = schedule_oracle_ask(&made->problem, &question, &best, &is_exact);
    if (!is_exact)
        return;
    g_assert_cmpint(answer.is_possible, ==, is_possible);
    if (!is_possible) {
        tally->n_impossible++;
        return;
    }
    tally->n_possible++;
    double noise = 1e-6 * (1 + fabs(best));
    g_assert_cmpfloat_with_epsilon(answer.cost + fixed, best, noise);
    g_assert_cmpfloat(answer.bound + fixed, <=, best + noise);
    g_assert_cmpfloat_with_epsilon(money_of(model, made, power), answer.cost + fixed, noise);
    check_plan(model, power);
    /* however early it stops, and however little is enough: what it says is a bound */
    for (guint32 nodes = 1; nodes < 40 && (may_burn || is_rated); nodes += 3) {
        double enough = nodes % 2 == 0 ? 1e-9 : 0.1 * (1 + fabs(best));
        answer = flow_branch(work, &task, nodes, enough, NULL, NULL, power);
        g_assert_cmpfloat(answer.bound + fixed, <=, best + noise);
        if (answer.is_possible)
            g_assert_cmpfloat(answer.cost + fixed, >=, best - noise);
    }
}

static void
test_linear(void)
{
    Tally tally = { 0 };
    for (guint32 seed = 0; seed < (g_test_slow() ? 10000 : 1500); seed++)
        compare(seed, FALSE, FALSE, &tally);
    g_test_message("%u possible, %u impossible", tally.n_possible, tally.n_impossible);
    g_assert_cmpuint(tally.n_possible, >, 300);
    g_assert_cmpuint(tally.n_impossible, >, 100);
}

static void
test_signs(void)
{
    Tally tally = { 0 };
    for (guint32 seed = 0; seed < 150; seed++)
        compare(seed, TRUE, FALSE, &tally);
    g_assert_cmpuint(tally.n_possible, >, 20);
}

static void
test_rates(void)
{
    Tally tally = { 0 };
    for (guint32 seed = 0; seed < 150; seed++)
        compare(seed, FALSE, TRUE, &tally);
    g_assert_cmpuint(tally.n_possible, >, 20);
}
#else
static void
test_linear(void)
{
    g_test_skip("needs GLPK");
}
#define test_signs test_linear
#define test_rates test_linear
#endif

/* Two slots, by hand: 3 kWh until the end, the second slot cheaper but small. */
static void
test_by_hand(void)
{
    g_autoptr(ScheduleCase) made = schedule_case_new(1, 2, 0.25);
    CfxProblemNode *site = made->nodes->pdata[0];
    double *buy = schedule_case_row(made, &site->buy, 0.3);
    schedule_case_row(made, &site->sell, 0);
    buy[1] = 0.1;
    for (guint32 j = 0; j < 2; j++) {
        made->high[j] = 8;
        made->empty[j] = 0;
        made->full[j] = 10;
    }
    made->empty[1] = 3;
    schedule_case_ready(made);
    g_autoptr(FlowModel) model = flow_model_new(&made->problem);
    g_autoptr(FlowCost) cost = flow_cost_new(2, 2);
    g_autoptr(FlowWork) work = flow_work_new(2, 2);
    double power[2];
    fill_cost(model, made, cost);
    FlowTask task = { .model = model,
                      .device = &model->devices[0],
                      .cost = cost,
                      .empty = model->devices[0].empty,
                      .full = model->devices[0].full };
    FlowAnswer answer = flow_merge(work, &task, NULL, power, NULL);
    g_assert_true(answer.is_possible);
    g_assert_cmpfloat_with_epsilon(power[0], 4, 1e-12);
    g_assert_cmpfloat_with_epsilon(power[1], 8, 1e-12);
    g_assert_cmpfloat_with_epsilon(answer.cost, 0.3 + 0.2, 1e-12);
    /* a wish instead of a bound: below its price nothing is bought */
    FlowHinge hinge = { .slot = 1, .level = 3, .price = 0.2 };
    model->devices[0].empty[0] = model->devices[0].empty[1] = 0;
    task.hinges = &hinge;
    task.n_hinges = 1;
    answer = flow_merge(work, &task, NULL, power, NULL);
    g_assert_cmpfloat_with_epsilon(power[0], 0, 1e-12);
    g_assert_cmpfloat_with_epsilon(power[1], 8, 1e-12);
    g_assert_cmpfloat_with_epsilon(answer.cost, 0.2 + 0.2, 1e-12);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/merge/by-hand", test_by_hand);
    g_test_add_func("/flow/merge/linear", test_linear);
    g_test_add_func("/flow/merge/signs", test_signs);
    g_test_add_func("/flow/merge/rates", test_rates);
    return g_test_run();
}
