/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule-problem.h"

#include <math.h>
#include <string.h>

double
schedule_inflow_share(double keep)
{
    double loss = 1 - keep;
    if (loss == 0)
        return 1;
    /* the quotient cancels near 1 */
    if (fabs(loss) < 1e-6)
        return 1 - loss / 2 - loss * loss / 12;
    return (keep - 1) / log(keep);
}

gboolean
schedule_has_stock(const CfxProblem *problem, guint32 device)
{
    for (guint32 j = 0; j < problem->n_slots; j++) {
        if (isfinite(schedule_cell(&problem->stock_min_kwh, device, j, -INFINITY)) ||
            isfinite(schedule_cell(&problem->stock_max_kwh, device, j, INFINITY)))
            return TRUE;
    }
    return FALSE;
}

double
schedule_change(const CfxProblem *problem, guint32 device, guint32 slot, double power)
{
    double inflow = power >= 0 ? power * schedule_real(&problem->charge_eff, device, 1)
                               : power / schedule_real(&problem->discharge_eff, device, 1);
    inflow += schedule_cell(&problem->gain_kw, device, slot, 0);
    double share = schedule_inflow_share(schedule_cell(&problem->keep, device, slot, 1));
    return share * problem->hours[slot] * inflow;
}

double
schedule_power(const CfxProblem *problem, guint32 device, guint32 slot, double change)
{
    double share = schedule_inflow_share(schedule_cell(&problem->keep, device, slot, 1));
    double inflow = change / (share * problem->hours[slot]);
    inflow -= schedule_cell(&problem->gain_kw, device, slot, 0);
    return inflow >= 0 ? inflow / schedule_real(&problem->charge_eff, device, 1)
                       : inflow * schedule_real(&problem->discharge_eff, device, 1);
}

/* Moves a bound to what can be reached, and remembers the first time. */
static void
soften(guint32 j, double *bound, double reachable, guint32 *slot, double *kwh)
{
    double by = fabs(*bound - reachable);
    if (by > 1e-6 + 1e-9 * fabs(reachable) && *slot == G_MAXUINT32) {
        *slot = j;
        *kwh = by;
    }
    *bound = reachable;
}

void
schedule_reach(const CfxProblem *problem,
               guint32 device,
               const double *low,
               const double *high,
               double *empty,
               double *full,
               guint32 *slot,
               double *kwh)
{
    double least = schedule_real(&problem->stock0_kwh, device, 0), most = least;
    *slot = G_MAXUINT32;
    *kwh = 0;
    for (guint32 j = 0; j < problem->n_slots; j++) {
        double keep = schedule_cell(&problem->keep, device, j, 1);
        least = keep * least + schedule_change(problem, device, j, low[j]);
        most = keep * most + schedule_change(problem, device, j, high[j]);
        if (least > full[j])
            soften(j, &full[j], least, slot, kwh);
        if (most < empty[j])
            soften(j, &empty[j], most, slot, kwh);
        least = empty[j] = MAX(least, empty[j]);
        most = full[j] = MIN(most, full[j]);
    }
    for (guint32 j = problem->n_slots - 1; j > 0; j--) {
        double keep = schedule_cell(&problem->keep, device, j, 1);
        double need = empty[j] - schedule_change(problem, device, j, high[j]);
        double room = full[j] - schedule_change(problem, device, j, low[j]);
        empty[j - 1] = MAX(empty[j - 1], need / keep);
        full[j - 1] = MIN(full[j - 1], room / keep);
        /* rounding */
        full[j - 1] = MAX(full[j - 1], empty[j - 1]);
    }
}

void
schedule_weights(const CfxProblem *problem, double *weights)
{
    guint32 n_devices = problem->n_devices;
    memset(weights, 0, sizeof(double) * n_devices * problem->n_nodes);
    for (guint32 d = 0; d < n_devices; d++) {
        for (gint32 g = (gint32)schedule_device_node(problem, d); g >= 0;
             g = problem->nodes[g]->parent)
            weights[(gsize)g * n_devices + d] = 1;
    }
    for (guint32 i = 0; i < problem->n_weights; i++) {
        const CfxProblemWeight *weight = problem->weights[i];
        weights[(gsize)weight->node * n_devices + weight->device] = weight->weight;
    }
}

G_GNUC_PRINTF(2, 3)
static gboolean
refuse(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, message);
    return FALSE;
}

static gboolean
check_device(const CfxProblem *problem, guint32 d, GError **error)
{
    if (schedule_device_node(problem, d) >= problem->n_nodes)
        return refuse(error, "device %u: device_node is not a row of nodes", d);
    double charge = schedule_real(&problem->charge_eff, d, 1);
    double discharge = schedule_real(&problem->discharge_eff, d, 1);
    if (!isfinite(schedule_real(&problem->stock0_kwh, d, 0)))
        return refuse(error, "device %u: stock0_kwh is not a finite number", d);
    if (!(charge > 0 && isfinite(charge)))
        return refuse(error, "device %u: charge_eff is not above 0", d);
    if (!(discharge > 0 && discharge <= 1))
        return refuse(error, "device %u: discharge_eff is not in 0…1", d);
    if (!isfinite(schedule_real(&problem->end_value, d, 0)))
        return refuse(error, "device %u: end_value is not a finite number", d);
    if (schedule_real(&problem->end_value, d, 0) != 0 && !schedule_has_stock(problem, d))
        return refuse(error, "device %u: end_value without a stock", d);
    for (guint32 j = 0; j < problem->n_slots; j++) {
        double keep = schedule_cell(&problem->keep, d, j, 1);
        double least = schedule_cell(&problem->least_kw, d, j, 0);
        double low = schedule_cell(&problem->power_min_kw, d, j, 0);
        double high = schedule_cell(&problem->power_max_kw, d, j, 0);
        double empty = schedule_cell(&problem->stock_min_kwh, d, j, -INFINITY);
        double full = schedule_cell(&problem->stock_max_kwh, d, j, INFINITY);
        if (!(keep > 0 && keep <= 1))
            return refuse(error, "device %u slot %u: keep is not in 0…1", d, j);
        if (!(least >= 0 && isfinite(least)))
            return refuse(error, "device %u slot %u: least_kw is not a finite number ≥ 0", d, j);
        if (!isfinite(low))
            return refuse(error, "device %u slot %u: power_min_kw is not a finite number", d, j);
        if (!isfinite(high))
            return refuse(error, "device %u slot %u: power_max_kw is not a finite number", d, j);
        if (low > high)
            return refuse(error, "device %u slot %u: power_min_kw is above power_max_kw", d, j);
        if (low > 0 && high < least)
            return refuse(error,
                          "device %u slot %u: power_max_kw is below least_kw, and 0 is not allowed",
                          d,
                          j);
        if (isnan(empty) || empty == INFINITY)
            return refuse(error, "device %u slot %u: stock_min_kwh is not a number", d, j);
        if (isnan(full) || full == -INFINITY)
            return refuse(error, "device %u slot %u: stock_max_kwh is not a number", d, j);
        if (empty > full)
            return refuse(error, "device %u slot %u: stock_min_kwh is above stock_max_kwh", d, j);
        if (!isfinite(schedule_cell(&problem->gain_kw, d, j, 0)))
            return refuse(error, "device %u slot %u: gain_kw is not a finite number", d, j);
        if (!isfinite(schedule_cell(&problem->bias, d, j, 0)))
            return refuse(error, "device %u slot %u: bias is not a finite number", d, j);
    }
    return TRUE;
}

static gboolean
check_node(const CfxProblem *problem, guint32 g, guint32 features, GError **error)
{
    const CfxProblemNode *node = problem->nodes[g];
    if (node->parent < -1 || node->parent >= (gint32)g)
        return refuse(error, "node %u: parent is not a row before it", g);
    if (g == 0 && node->parent != -1)
        return refuse(error, "node 0: the site has no parent");
    if (!(node->peak_price >= 0 && isfinite(node->peak_price)))
        return refuse(error, "node %u: peak_price is not a finite number ≥ 0", g);
    if (node->peak_price > 0 && (features & CFX_NEED_PEAK) == 0)
        return refuse(error, "node %u: peak_price is not among the problem's needs", g);
    for (guint32 j = 0; j < problem->n_slots; j++) {
        double buy = schedule_real(&node->buy, j, 0);
        double sell = schedule_real(&node->sell, j, 0);
        if (node->base_kw.at == NULL || !isfinite(cfx_real_at(node->base_kw, j)))
            return refuse(error, "node %u slot %u: base_kw is not a finite number", g, j);
        if (!isfinite(buy))
            return refuse(error, "node %u slot %u: buy is not a finite number", g, j);
        if (!isfinite(sell))
            return refuse(error, "node %u slot %u: sell is not a finite number", g, j);
        if (sell > buy && (features & CFX_NEED_SELL_ABOVE_BUY) == 0)
            return refuse(error, "node %u slot %u: sell is above buy", g, j);
    }
    return TRUE;
}

static gboolean
check_limit(const CfxProblem *problem, guint32 i, GError **error)
{
    const CfxProblemLimit *limit = problem->limits[i];
    if (limit->node >= problem->n_nodes)
        return refuse(error, "limit %u: node is not a row of nodes", i);
    if (limit->tier >= CFX_LIMIT_TIERS)
        return refuse(error, "limit %u: tier %u is unknown", i, limit->tier);
    if ((limit->flags & ~CFX_LIMIT_EXPORT) != 0)
        return refuse(error, "limit %u: flags 0x%x are unknown", i, limit->flags);
    for (guint32 j = 0; j < problem->n_slots; j++) {
        double max = limit->max_kw.at != NULL ? cfx_real_at(limit->max_kw, j) : NAN;
        if (!(max >= 0))
            return refuse(error, "limit %u slot %u: max_kw is not a number ≥ 0", i, j);
    }
    return TRUE;
}

static gboolean
check_target(const CfxProblem *problem, guint32 i, GError **error)
{
    const CfxProblemTarget *target = problem->targets[i];
    if (target->device >= problem->n_devices)
        return refuse(error, "target %u: device is not a row of devices", i);
    if (target->slot >= problem->n_slots)
        return refuse(error, "target %u: slot is beyond the last", i);
    if (target->tier >= CFX_TARGET_TIERS)
        return refuse(error, "target %u: tier %u is unknown", i, target->tier);
    if (!isfinite(target->wanted_kwh))
        return refuse(error, "target %u: wanted_kwh is not a finite number", i);
    if (!(target->weight > 0 && isfinite(target->weight)))
        return refuse(error, "target %u: weight is not a finite number above 0", i);
    if (!schedule_has_stock(problem, target->device))
        return refuse(error, "target %u: device %u has no stock", i, target->device);
    return TRUE;
}

static int
compare_pairs(gconstpointer a, gconstpointer b)
{
    guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;
    return (left > right) - (left < right);
}

static gboolean
check_weights(const CfxProblem *problem, GError **error)
{
    g_autofree guint64 *pairs = g_new(guint64, problem->n_weights + 1);
    for (guint32 i = 0; i < problem->n_weights; i++) {
        const CfxProblemWeight *weight = problem->weights[i];
        if (weight->device >= problem->n_devices || weight->node >= problem->n_nodes)
            return refuse(error, "weight %u: device or node is not a row", i);
        if (!(weight->weight >= 0 && isfinite(weight->weight)))
            return refuse(error, "weight %u: weight is not a finite number ≥ 0", i);
        pairs[i] = (guint64)weight->device << 32 | weight->node;
    }
    qsort(pairs, problem->n_weights, sizeof(guint64), compare_pairs);
    for (guint32 i = 1; i < problem->n_weights; i++) {
        if (pairs[i] == pairs[i - 1])
            return refuse(error,
                          "weights: device %u and node %u stand twice",
                          (guint32)(pairs[i] >> 32),
                          (guint32)pairs[i]);
    }
    return TRUE;
}

gboolean
schedule_check(const CfxProblem *problem, guint32 features, GError **error)
{
    if (problem->struct_size < CFX_SIZE_UPTO(CfxProblem, weights))
        return refuse(error, "problem: struct_size %u is too small", problem->struct_size);
    if ((problem->needs & ~features) != 0) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_SUPPORTED,
                    "needs: this scheduler does not know the parts 0x%x",
                    problem->needs & ~features);
        return FALSE;
    }
    if (problem->n_slots == 0 || problem->n_nodes == 0)
        return refuse(error, "problem: there must be a slot and a node");
    for (guint32 j = 0; j < problem->n_slots; j++) {
        if (problem->edge_us[j + 1] <= problem->edge_us[j])
            return refuse(error, "slot %u: edge_us does not ascend", j);
        double hours = (double)(problem->edge_us[j + 1] - problem->edge_us[j]) / CFX_HOUR;
        if (!(fabs(problem->hours[j] - hours) <= 1e-6 * hours))
            return refuse(error, "slot %u: hours is not the difference of the edges", j);
    }
    for (guint32 g = 0; g < problem->n_nodes; g++) {
        if (!check_node(problem, g, features, error))
            return FALSE;
    }
    for (guint32 d = 0; d < problem->n_devices; d++) {
        if (!check_device(problem, d, error))
            return FALSE;
    }
    for (guint32 i = 0; i < problem->n_limits; i++) {
        if (!check_limit(problem, i, error))
            return FALSE;
    }
    for (guint32 i = 0; i < problem->n_targets; i++) {
        if (!check_target(problem, i, error))
            return FALSE;
    }
    return check_weights(problem, error);
}
