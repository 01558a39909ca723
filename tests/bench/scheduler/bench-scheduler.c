/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CPU times of a scheduler through the plugin interface, beside the budgets and, where GLPK is
 * there, beside one linear programme of the same problem in the same run.
 */
#include "schedule-case.h"
#include "schedule-oracle.h"

#include <gmodule.h>
#include <math.h>
#include <time.h>

/* CPU time: what else the machine does is no part of it. */
static double
cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
compare_times(gconstpointer a, gconstpointer b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double
oracle_time(const CfxProblem *problem, const CfxSolution *solution)
{
#ifdef HAVE_GLPK
    OracleQuestion question = { .what = ORACLE_MONEY,
                                .breach_kw = solution->breach_kw,
                                .shortfall_kwh = solution->shortfall_kwh };
    double value;
    gboolean is_exact;
    double begin_us = cpu_us();
    schedule_oracle_ask(problem, &question, &value, &is_exact);
    return cpu_us() - begin_us;
#else
    return NAN;
#endif
}

static void
run(const CfxSchedulerOps *ops,
    const char *name,
    guint32 n_devices,
    guint32 n_slots,
    guint flags,
    guint n_cases,
    guint repeats,
    double budget_us)
{
    g_autofree double *times = g_new(double, n_cases);
    double worst_gap = 0, oracle_us = 0, sum = 0;
    for (guint i = 0; i < n_cases; i++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(i);
        g_autoptr(ScheduleCase) made = schedule_case_random(random, n_devices, n_slots, flags);
        g_autoptr(ScheduleAnswer) answer = schedule_answer_new(&made->problem);
        CfxSolveHow how = {
            .struct_size = sizeof(how), .gap_wanted = 1e-6, .gap_acceptable = 1e-3, .seed = 1
        };
        gpointer session = ops->open(NULL, NULL);
        ops->load(session, &made->problem, NULL);
        double begin_us = cpu_us();
        for (guint k = 0; k < repeats; k++)
            ops->solve(session, &how, &answer->solution, NULL);
        times[i] = (cpu_us() - begin_us) / repeats;
        sum += times[i];
        worst_gap = MAX(worst_gap, answer->solution.gap);
        oracle_us += oracle_time(&made->problem, &answer->solution);
        ops->close(session);
    }
    qsort(times, n_cases, sizeof(double), compare_times);
    g_print("%-34s median %9.1f us  p90 %9.1f us  budget %8.0f us  GLPK/ours %8.1f  gap %.1e\n",
            name,
            times[n_cases / 2],
            times[n_cases * 9 / 10],
            budget_us,
            oracle_us / sum,
            worst_gap);
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        g_printerr("usage: %s MODULE.so\n", argv[0]);
        return 2;
    }
    GModule *module = g_module_open(argv[1], G_MODULE_BIND_LOCAL);
    gpointer symbol = NULL;
    if (module == NULL || !g_module_symbol(module, CFX_PLUGIN_ENTRY, &symbol)) {
        g_printerr("%s\n", g_module_error());
        return 1;
    }
    const CfxSchedulerOps *ops = ((CfxPluginQuery)symbol)()->factories[0]->ops;
    guint storage = CASE_TWO_WAY | CASE_STORAGES_ONLY;
    run(ops, "one storage, 96 slots", 1, 96, storage, 40, 20, 10);
    run(ops, "one storage, 192 slots", 1, 192, storage, 40, 20, 20);
    run(ops, "one storage, 576 slots", 1, 576, storage, 20, 10, 60);
    run(ops, "10 devices, 96 slots, coupled", 10, 96, CASE_TIGHT | CASE_SELL, 20, 2, 4000);
    run(ops, "10 devices, 144 slots, coupled", 10, 144, CASE_TIGHT | CASE_SELL, 10, 2, 6000);
    run(ops,
        "10 cars, 96 slots, least rates",
        10,
        96,
        CASE_TIGHT | CASE_CARS_ONLY | CASE_LEAST_RATE,
        20,
        2,
        10000);
    run(ops,
        "10 cars, 144 slots, least rates",
        10,
        144,
        CASE_TIGHT | CASE_CARS_ONLY | CASE_LEAST_RATE,
        10,
        2,
        10000);
    run(ops,
        "10 cars, 96 slots, too little room",
        10,
        96,
        CASE_SCARCE | CASE_CARS_ONLY,
        10,
        2,
        20000);
    run(ops,
        "the same with least rates",
        10,
        96,
        CASE_SCARCE | CASE_CARS_ONLY | CASE_LEAST_RATE,
        20,
        1,
        2000000);
    run(ops, "100 devices, 96 slots, coupled", 100, 96, CASE_TIGHT, 3, 1, 30000);
    return 0;
}
