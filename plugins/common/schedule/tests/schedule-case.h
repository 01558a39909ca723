/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random problems for tests of schedulers, on top of the harness's builder of problems. */
#pragma once

#include <harness/cfx-harness-problem.h>

#define ScheduleCase CfxHarnessProblem
#define schedule_case_new cfx_harness_problem_new
#define schedule_case_free cfx_harness_problem_free
#define schedule_case_set_hours cfx_harness_problem_set_hours
#define schedule_case_node cfx_harness_problem_node
#define schedule_case_row cfx_harness_problem_row
#define schedule_case_limit cfx_harness_problem_limit
#define schedule_case_limit_row cfx_harness_problem_limit_row
#define schedule_case_target cfx_harness_problem_target
#define schedule_case_weight cfx_harness_problem_weight
#define schedule_case_ready cfx_harness_problem_ready
#define ScheduleAnswer CfxHarnessSolution
#define schedule_answer_new cfx_harness_solution_new
#define schedule_answer_free cfx_harness_solution_free

/* What may occur in a random problem. */
enum {
    CASE_TWO_WAY = 1 << 0,
    CASE_LEAKAGE = 1 << 1,
    CASE_NEGATIVE_PRICES = 1 << 2,
    CASE_LEAST_RATE = 1 << 3,
    CASE_TIGHT = 1 << 4,  /* limits that bind */
    CASE_SCARCE = 1 << 5, /* limits and needs that cannot all be kept */
    CASE_HARD = 1 << 6,   /* stock bounds of all kinds, forced power */
    CASE_TREE = 1 << 7,
    CASE_PHASES = 1 << 8,
    CASE_UNEVEN = 1 << 9, /* slots of different lengths */
    CASE_SELL = 1 << 10,  /* export has a price of its own, and there is some */
    CASE_CARS_ONLY = 1 << 11,
    CASE_STORAGES_ONLY = 1 << 12
};
ScheduleCase *schedule_case_random(GRand *random, guint32 n_devices, guint32 n_slots, guint flags);
