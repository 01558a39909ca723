/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules, slot by slot from the first to the last:
 *  1. a device rests: a car at 0, a roof at all it has;
 *  2. where a limit would be exceeded, storages give and roofs are curtailed;
 *  3. who is plugged in and lacks something charges; all get the same, until the limit is full;
 *  4. who would get less than the least rate gets nothing, and goes before the others next time:
 *     whoever has got the smallest share of what it wants is served first.
 */
#pragma once

#include "schedule-problem.h"

/* Fills `power_kw` (D × J). Returns the first device whose own bounds contradict each other. */
guint32 rules_fill(
    const CfxProblem *problem, const double *weights, double *power_kw, guint32 *slot, double *kwh);
