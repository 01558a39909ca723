/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks at a solution with nothing but the text of cfx-scheduler.h in hand: shares no code with
 * any scheduler.
 */
#pragma once

#include <cariflex/cfx-scheduler.h>

/* NULL if the solution is what the contract says, else what is wrong. (transfer full) */
char *schedule_checker_find(const CfxProblem *problem, const CfxSolution *solution);
