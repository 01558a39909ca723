/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule-checker.h"

#include <math.h>

/* equal within rounding */
#define NEAR(a, b, absolute, relative) (fabs((a) - (b)) <= (absolute) + (relative)*fabs(b))

static double
grid(CfxGrid of, guint32 d, guint32 j, double neutral)
{
    return of.at == NULL ? neutral : of.at[(gsize)d * of.row + (gsize)j * of.col];
}

static double
column(CfxReals of, guint32 i, double neutral)
{
    return of.at == NULL ? neutral : of.at[(gint64)i * of.step];
}

static double
weight_of(const CfxProblem *p, guint32 d, guint32 g)
{
    for (guint32 i = 0; i < p->n_weights; i++) {
        if (p->weights[i]->device == d && p->weights[i]->node == g)
            return p->weights[i]->weight;
    }
    gint32 at = p->device_node.at == NULL ? 0 : (gint32)p->device_node.at[d * p->device_node.step];
    for (; at >= 0; at = p->nodes[at]->parent) {
        if (at == (gint32)g)
            return 1;
    }
    return 0;
}

static char *
check_device(const CfxProblem *p, const CfxSolution *s, guint32 d, double *money)
{
    double stock = column(p->stock0_kwh, d, 0);
    gboolean has_stock = FALSE;
    for (guint32 j = 0; j < p->n_slots; j++)
        has_stock = has_stock || isfinite(grid(p->stock_min_kwh, d, j, -INFINITY)) ||
                    isfinite(grid(p->stock_max_kwh, d, j, INFINITY));
    for (guint32 j = 0; j < p->n_slots; j++) {
        double power = s->power_kw[(gsize)d * p->n_slots + j], hours = p->hours[j];
        if (!(power >= grid(p->power_min_kw, d, j, 0) && power <= grid(p->power_max_kw, d, j, 0)))
            return g_strdup_printf(
                "device %u slot %u: power %.17g outside its bounds", d, j, power);
        if (power > 0 && power < grid(p->least_kw, d, j, 0))
            return g_strdup_printf(
                "device %u slot %u: power %.17g below the least rate", d, j, power);
        *money += hours * grid(p->bias, d, j, 0) * power;
        if (!has_stock)
            continue;
        double keep = grid(p->keep, d, j, 1);
        /* what of a steady inflow is left: the mean of keep^x over the slot */
        double left = keep == 1 ? 1 : expm1(log(keep)) / log(keep);
        double flow = power > 0 ? power * column(p->charge_eff, d, 1)
                                : power / column(p->discharge_eff, d, 1);
        stock = keep * stock + left * hours * (flow + grid(p->gain_kw, d, j, 0));
        if (!NEAR(s->stock_kwh[(gsize)d * p->n_slots + j], stock, 1e-6, 1e-9))
            return g_strdup_printf("device %u slot %u: stock is %.9g, not %.9g",
                                   d,
                                   j,
                                   stock,
                                   s->stock_kwh[(gsize)d * p->n_slots + j]);
        double low = grid(p->stock_min_kwh, d, j, -INFINITY);
        double high = grid(p->stock_max_kwh, d, j, INFINITY);
        double room = 1e-6 + 1e-9 * fabs(stock);
        if (s->status != CFX_SOLVED_SOFTENED && (stock < low - room || stock > high + room))
            return g_strdup_printf(
                "device %u slot %u: stock %.9g outside %.9g…%.9g", d, j, stock, low, high);
    }
    if (has_stock)
        *money -= column(p->end_value, d, 0) * stock;
    return NULL;
}

static char *
check_nodes(const CfxProblem *p, const CfxSolution *s, double *money)
{
    double tiers[CFX_LIMIT_TIERS] = { 0 };
    for (guint32 g = 0; g < p->n_nodes; g++) {
        for (guint32 j = 0; j < p->n_slots; j++) {
            double n = column(p->nodes[g]->base_kw, j, 0);
            for (guint32 d = 0; d < p->n_devices; d++)
                n += weight_of(p, d, g) * s->power_kw[(gsize)d * p->n_slots + j];
            *money += p->hours[j] * column(p->nodes[g]->buy, j, 0) * MAX(n, 0);
            *money -= p->hours[j] * column(p->nodes[g]->sell, j, 0) * MAX(-n, 0);
            if (!NEAR(s->node_kw[(gsize)g * p->n_slots + j], n, 1e-7, 1e-9))
                return g_strdup_printf("node %u slot %u: power is %.9g", g, j, n);
            for (guint32 i = 0; i < p->n_limits; i++) {
                if (p->limits[i]->node != g)
                    continue;
                double max = column(p->limits[i]->max_kw, j, INFINITY);
                double over = (p->limits[i]->flags & CFX_LIMIT_EXPORT ? -n : n) - max;
                double told = s->breach_kw[(gsize)i * p->n_slots + j];
                tiers[p->limits[i]->tier] += p->hours[j] * told;
                if (!NEAR(told, MAX(over, 0), 1.1e-6, 2e-9 * (1 + (isfinite(max) ? max : 0))))
                    return g_strdup_printf(
                        "limit %u slot %u: breach is %.9g, not %.9g", i, j, over, told);
            }
        }
    }
    for (guint t = 0; t < CFX_LIMIT_TIERS; t++) {
        if (!NEAR(s->breach_tier_kwh[t], tiers[t], 1e-9, 1e-9))
            return g_strdup_printf("limits of tier %u: breach adds up to %.9g", t, tiers[t]);
    }
    return NULL;
}

char *
schedule_checker_find(const CfxProblem *p, const CfxSolution *s)
{
    double money = 0, tiers[CFX_TARGET_TIERS] = { 0 };
    if (s->status == CFX_SOLVED_NOTHING || s->status > CFX_SOLVED_DEADLINE)
        return g_strdup_printf("status %u", s->status);
    for (guint32 d = 0; d < p->n_devices; d++) {
        char *wrong = check_device(p, s, d, &money);
        if (wrong != NULL)
            return wrong;
    }
    char *wrong = check_nodes(p, s, &money);
    if (wrong != NULL)
        return wrong;
    for (guint32 i = 0; i < p->n_targets; i++) {
        const CfxProblemTarget *t = p->targets[i];
        double lack = t->wanted_kwh - s->stock_kwh[(gsize)t->device * p->n_slots + t->slot];
        /* a hair is told as none, by the size of what is wanted */
        double none = 1.1e-6 + 1.1e-9 * fabs(t->wanted_kwh);
        if (!NEAR(s->shortfall_kwh[i], MAX(lack, 0), none, 1e-8))
            return g_strdup_printf(
                "target %u: shortfall is %.9g, not %.9g", i, lack, s->shortfall_kwh[i]);
        tiers[t->tier] += s->shortfall_kwh[i];
    }
    for (guint t = 0; t < CFX_TARGET_TIERS; t++) {
        if (!NEAR(s->shortfall_tier_kwh[t], tiers[t], 1e-9, 1e-9))
            return g_strdup_printf("targets of tier %u: shortfall adds up to %.9g", t, tiers[t]);
    }
    if (!NEAR(s->cost, money, 1e-9, 1e-9))
        return g_strdup_printf("cost is %.12g, not %.12g", money, s->cost);
    if (s->bound != -INFINITY) {
        double gap = (s->cost - s->bound) / (1 + fabs(s->cost));
        if (!NEAR(s->gap, MAX(gap, 0), 1e-9, 1e-9))
            return g_strdup_printf("gap is %.9g, not %.9g", gap, s->gap);
        if (gap < -1e-7)
            return g_strdup_printf("the bound %.12g lies above the cost %.12g", s->bound, s->cost);
    } else if (!isnan(s->gap)) {
        return g_strdup("a gap without a bound");
    }
    if (s->version != p->version)
        return g_strdup("another version");
    return NULL;
}
