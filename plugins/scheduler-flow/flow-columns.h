/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The variables of the interior point method side by side, and what is done to each of them.
 * In a header because clones of a function for several machines would be exported, were it not
 * static.
 */
#pragma once

#include "flow-vector.h"

#include <glib.h>
#include <math.h>

/* Each lies in [0, length] above its lower bound. */
typedef struct {
    guint32 n;
    double *x, *length, *cost, *curve, *low_price, *high_price; /* the last two: zl, zu */
    double *residual, *theta, *xi, *step, *low_step, *high_step, *low_aim, *high_aim;
} FlowColumns;

/* Each loop works on a copy of the pointers: nothing that it writes can change them. */
#define EACH(k) FLOW_INDEPENDENT for (guint32 k = 0; k < c.n; k++)

/* Sums and smallest are taken in four lanes, on any machine. */
#define LANES 4

FLOW_VECTOR static double
sum_of(const double *of, guint32 n)
{
    double sum[LANES] = { 0 };
    guint32 k = 0;
    for (; k + LANES <= n; k += LANES) {
        for (guint l = 0; l < LANES; l++)
            sum[l] += of[k + l];
    }
    for (; k < n; k++)
        sum[0] += of[k];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static inline double
smaller(double a, double b)
{
    return a < b ? a : b;
}

FLOW_VECTOR static double
least_of(const double *of, guint32 n)
{
    double least[LANES] = { INFINITY, INFINITY, INFINITY, INFINITY };
    guint32 k = 0;
    for (; k + LANES <= n; k += LANES) {
        for (guint l = 0; l < LANES; l++)
            least[l] = smaller(of[k + l], least[l]);
    }
    for (; k < n; k++)
        least[0] = smaller(of[k], least[0]);
    return smaller(smaller(least[0], least[1]), smaller(least[2], least[3]));
}

/* c + curve·x − zl + zu; what is left is Aᵀ·y. */
FLOW_VECTOR static void
flow_columns_residual(FlowColumns *columns)
{
    const FlowColumns c = *columns;
    EACH(k)
    c.residual[k] = c.cost[k] + c.curve[k] * c.x[k] - c.low_price[k] + c.high_price[k];
}

/* Σ zl·x + zu·(length − x); as those that follow, it leaves ξ without meaning */
FLOW_VECTOR static double
flow_columns_complement(const FlowColumns *columns)
{
    const FlowColumns c = *columns;
    EACH(k)
    c.xi[k] = c.low_price[k] * c.x[k] + c.high_price[k] * (c.length[k] - c.x[k]);
    return sum_of(c.xi, c.n);
}

/* the same after a step of these lengths */
FLOW_VECTOR static double
flow_columns_complement_after(const FlowColumns *columns, double primal, double dual)
{
    const FlowColumns c = *columns;
    EACH(k)
    {
        double x = c.x[k] + primal * c.step[k];
        c.xi[k] = (c.low_price[k] + dual * c.low_step[k]) * x +
                  (c.high_price[k] + dual * c.high_step[k]) * (c.length[k] - x);
    }
    return sum_of(c.xi, c.n);
}

/* Θ, and the aims of the predictor */
FLOW_VECTOR static void
flow_columns_predict(FlowColumns *columns)
{
    const FlowColumns c = *columns;
    EACH(k)
    {
        double x = c.x[k], room = c.length[k] - x;
        c.theta[k] = 1 / (c.curve[k] + c.low_price[k] / x + c.high_price[k] / room);
        c.low_aim[k] = -c.low_price[k] * x;
        c.high_aim[k] = -c.high_price[k] * room;
    }
}

/* the aims of the corrector, after the predictor's step */
FLOW_VECTOR static void
flow_columns_correct(FlowColumns *columns, double aim)
{
    const FlowColumns c = *columns;
    EACH(k)
    {
        c.low_aim[k] += aim - c.step[k] * c.low_step[k];
        c.high_aim[k] += aim + c.step[k] * c.high_step[k];
    }
}

/* ξ, and −Θ·ξ in `step` */
FLOW_VECTOR static void
flow_columns_weigh(FlowColumns *columns)
{
    const FlowColumns c = *columns;
    EACH(k)
    {
        double x = c.x[k], room = c.length[k] - x;
        double xi = c.residual[k] - c.low_aim[k] / x + c.high_aim[k] / room;
        c.xi[k] = xi;
        c.step[k] = -c.theta[k] * xi;
    }
}

/* dx, dzl, dzu from Aᵀ·dy − ξ in `step` */
FLOW_VECTOR static void
flow_columns_direct(FlowColumns *columns)
{
    const FlowColumns c = *columns;
    EACH(k)
    {
        double x = c.x[k], room = c.length[k] - x, step = c.step[k] * c.theta[k];
        c.step[k] = step;
        c.low_step[k] = (c.low_aim[k] - c.low_price[k] * step) / x;
        c.high_step[k] = (c.high_aim[k] + c.high_price[k] * step) / room;
    }
}

/* How often `by` fits: without end where it is 0 or less. */
static inline double
fits(double in, double by)
{
    return in / (by > 1e-300 ? by : 1e-300);
}

/* how far each may go until the first is at its bound */
FLOW_VECTOR static void
flow_columns_lengths(const FlowColumns *columns, double *primal, double *dual)
{
    const FlowColumns c = *columns;
    EACH(k)
    {
        double step = c.step[k], x = c.x[k], room = c.length[k] - x;
        c.xi[k] = smaller(fits(x, -step), fits(room, step));
    }
    *primal = least_of(c.xi, c.n);
    EACH(k)
    c.xi[k] = smaller(fits(c.low_price[k], -c.low_step[k]), fits(c.high_price[k], -c.high_step[k]));
    *dual = least_of(c.xi, c.n);
}

FLOW_VECTOR static void
flow_columns_advance(FlowColumns *columns, double primal, double dual)
{
    const FlowColumns c = *columns;
    EACH(k)
    {
        c.x[k] += primal * c.step[k];
        c.low_price[k] += dual * c.low_step[k];
        c.high_price[k] += dual * c.high_step[k];
    }
}
