/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session's answer to a problem, solved exactly and checked. */
#pragma once

#include "flow-session.h"
#include "schedule-case.h"
#include "schedule-checker.h"

static const CfxSolveHow exactly = { .struct_size = sizeof(CfxSolveHow),
                                     .threads = 1,
                                     .gap_wanted = 1e-6,
                                     .gap_acceptable = 1e-3,
                                     .seed = 1 };

static ScheduleAnswer *
solve(const CfxProblem *problem)
{
    g_autoptr(GError) error = NULL;
    gpointer session = flow_scheduler_ops.open(NULL, &error);
    ScheduleAnswer *answer = schedule_answer_new(problem);
    flow_scheduler_ops.load(session, problem, &error);
    g_assert_no_error(error);
    flow_scheduler_ops.solve(session, &exactly, &answer->solution, &error);
    g_assert_no_error(error);
    flow_scheduler_ops.close(session);
    g_autofree char *wrong = schedule_checker_find(problem, &answer->solution);
    g_assert_cmpstr(wrong, ==, NULL);
    return answer;
}
