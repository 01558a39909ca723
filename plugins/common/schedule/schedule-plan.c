/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule-plan.h"

#include <math.h>
#include <string.h>

SchedulePlan *
schedule_plan_new(const CfxProblem *problem)
{
    SchedulePlan *plan = g_new0(SchedulePlan, 1);
    plan->n_devices = problem->n_devices;
    plan->n_slots = problem->n_slots;
    plan->n_nodes = problem->n_nodes;
    plan->n_limits = problem->n_limits;
    plan->n_targets = problem->n_targets;
    plan->power_kw = g_new0(double, (gsize)plan->n_devices * plan->n_slots + 1);
    plan->stock_kwh = g_new0(double, (gsize)plan->n_devices * plan->n_slots + 1);
    plan->node_kw = g_new0(double, (gsize)plan->n_nodes * plan->n_slots + 1);
    plan->breach_kw = g_new0(double, (gsize)plan->n_limits * plan->n_slots + 1);
    plan->shortfall_kwh = g_new0(double, plan->n_targets + 1);
    return plan;
}

void
schedule_plan_free(SchedulePlan *plan)
{
    if (plan == NULL)
        return;
    g_free(plan->power_kw);
    g_free(plan->stock_kwh);
    g_free(plan->node_kw);
    g_free(plan->breach_kw);
    g_free(plan->shortfall_kwh);
    g_free(plan);
}

/* Returns the worth of the last stock. */
static double
judge_device(SchedulePlan *plan, const CfxProblem *problem, guint32 d)
{
    const double *power = plan->power_kw + (gsize)d * plan->n_slots;
    double *stock_kwh = plan->stock_kwh + (gsize)d * plan->n_slots;
    if (!schedule_has_stock(problem, d)) {
        for (guint32 j = 0; j < plan->n_slots; j++)
            stock_kwh[j] = NAN;
        return 0;
    }
    double charge = schedule_real(&problem->charge_eff, d, 1);
    double discharge = schedule_real(&problem->discharge_eff, d, 1);
    double stock = schedule_real(&problem->stock0_kwh, d, 0);
    double known_keep = 1, share = 1;
    for (guint32 j = 0; j < plan->n_slots; j++) {
        double keep = schedule_cell(&problem->keep, d, j, 1);
        if (keep != known_keep) {
            known_keep = keep;
            share = schedule_inflow_share(keep);
        }
        double inflow = power[j] >= 0 ? power[j] * charge : power[j] / discharge;
        inflow += schedule_cell(&problem->gain_kw, d, j, 0);
        stock = keep * stock + share * problem->hours[j] * inflow;
        stock_kwh[j] = stock;
    }
    return schedule_real(&problem->end_value, d, 0) * stock;
}

void
schedule_plan_judge(SchedulePlan *plan, const CfxProblem *problem, const double *weights)
{
    guint32 n_slots = plan->n_slots, n_devices = plan->n_devices;
    plan->cost = 0;
    for (guint32 d = 0; d < n_devices; d++) {
        plan->cost -= judge_device(plan, problem, d);
        if (problem->bias.at == NULL)
            continue;
        for (guint32 j = 0; j < n_slots; j++)
            plan->cost += problem->hours[j] * schedule_cell(&problem->bias, d, j, 0) *
                          plan->power_kw[(gsize)d * n_slots + j];
    }
    for (guint32 g = 0; g < plan->n_nodes; g++) {
        const CfxProblemNode *node = problem->nodes[g];
        double *node_kw = plan->node_kw + (gsize)g * n_slots;
        double peak = node->peak_base_kw;
        for (guint32 j = 0; j < n_slots; j++)
            node_kw[j] = cfx_real_at(node->base_kw, j);
        for (guint32 d = 0; d < n_devices; d++) {
            double weight = weights[(gsize)g * n_devices + d];
            for (guint32 j = 0; weight != 0 && j < n_slots; j++)
                node_kw[j] += weight * plan->power_kw[(gsize)d * n_slots + j];
        }
        for (guint32 j = 0; j < n_slots; j++) {
            const CfxReals *price = node_kw[j] > 0 ? &node->buy : &node->sell;
            plan->cost += problem->hours[j] * schedule_real(price, j, 0) * node_kw[j];
            peak = MAX(peak, node_kw[j]);
        }
        if (node->peak_price > 0)
            plan->cost += node->peak_price * (peak - node->peak_base_kw);
    }
    memset(plan->breach_tier_kwh, 0, sizeof(plan->breach_tier_kwh));
    memset(plan->shortfall_tier_kwh, 0, sizeof(plan->shortfall_tier_kwh));
    for (guint32 i = 0; i < plan->n_limits; i++) {
        const CfxProblemLimit *limit = problem->limits[i];
        double sign = limit->flags & CFX_LIMIT_EXPORT ? -1 : 1;
        for (guint32 j = 0; j < n_slots; j++) {
            double max = cfx_real_at(limit->max_kw, j);
            double over = sign * plan->node_kw[(gsize)limit->node * n_slots + j] - max;
            /* what rounding alone can make is no breach */
            over = over > 1e-6 + 1e-9 * max ? over : 0;
            plan->breach_kw[(gsize)i * n_slots + j] = over;
            plan->breach_tier_kwh[limit->tier] += problem->hours[j] * over;
        }
    }
    for (guint32 i = 0; i < plan->n_targets; i++) {
        const CfxProblemTarget *target = problem->targets[i];
        double stock = plan->stock_kwh[(gsize)target->device * n_slots + target->slot];
        double lacking = target->wanted_kwh - stock;
        lacking = lacking > 1e-6 + 1e-9 * fabs(target->wanted_kwh) ? lacking : 0;
        plan->shortfall_kwh[i] = lacking;
        plan->shortfall_tier_kwh[target->tier] += lacking;
    }
}

static void
copy_out(double *to, const double *from, gsize n)
{
    if (to != NULL)
        memcpy(to, from, sizeof(double) * n);
}

void
schedule_plan_write(const SchedulePlan *plan, const CfxProblem *problem, CfxSolution *solution)
{
    solution->version = problem->version;
    solution->cost = plan->cost;
    copy_out(solution->power_kw, plan->power_kw, (gsize)plan->n_devices * plan->n_slots);
    copy_out(solution->stock_kwh, plan->stock_kwh, (gsize)plan->n_devices * plan->n_slots);
    copy_out(solution->node_kw, plan->node_kw, (gsize)plan->n_nodes * plan->n_slots);
    copy_out(solution->breach_kw, plan->breach_kw, (gsize)plan->n_limits * plan->n_slots);
    copy_out(solution->shortfall_kwh, plan->shortfall_kwh, plan->n_targets);
    copy_out(solution->breach_tier_kwh, plan->breach_tier_kwh, CFX_LIMIT_TIERS);
    copy_out(solution->shortfall_tier_kwh, plan->shortfall_tier_kwh, CFX_TARGET_TIERS);
}

void
schedule_last_clear(ScheduleLast *last)
{
    g_clear_pointer(&last->power_kw, g_free);
    last->n_devices = last->n_slots = 0;
}

/* NAN marks what has no power yet: it differs from any. */
static void
insert_row(ScheduleLast *last, guint32 row)
{
    gsize width = last->n_slots;
    last->power_kw = g_renew(double, last->power_kw, (last->n_devices + 1) * width + 1);
    memmove(last->power_kw + (row + 1) * width,
            last->power_kw + row * width,
            sizeof(double) * (last->n_devices - row) * width);
    for (gsize j = 0; j < width; j++)
        last->power_kw[row * width + j] = NAN;
    last->n_devices++;
}

static void
remove_row(ScheduleLast *last, guint32 row)
{
    gsize width = last->n_slots;
    last->n_devices--;
    memmove(last->power_kw + row * width,
            last->power_kw + (row + 1) * width,
            sizeof(double) * (last->n_devices - row) * width);
}

/* The slots that came at the end count as 0: a device that stays at rest there did not change. */
static void
advance(ScheduleLast *last, guint32 slots)
{
    guint32 width = last->n_slots;
    slots = MIN(slots, width);
    for (guint32 d = 0; d < last->n_devices; d++) {
        double *row = last->power_kw + (gsize)d * width;
        memmove(row, row + slots, sizeof(double) * (width - slots));
        memset(row + width - slots, 0, sizeof(double) * slots);
    }
}

void
schedule_last_follow(ScheduleLast *last, const CfxProblem *problem, const CfxDelta *deltas, gsize n)
{
    for (gsize i = 0; i < n && last->power_kw != NULL; i++) {
        const CfxDelta *delta = &deltas[i];
        if (delta->what == CFX_DELTA_ADDED && delta->index <= last->n_devices)
            insert_row(last, delta->index);
        else if (delta->what == CFX_DELTA_REMOVED && delta->index < last->n_devices)
            remove_row(last, delta->index);
        else if (delta->what == CFX_DELTA_SLOTS)
            advance(last, delta->index);
    }
    if (last->power_kw != NULL && last->n_devices != problem->n_devices)
        schedule_last_clear(last);
}

static gboolean
row_changed(const ScheduleLast *last, const double *row, guint32 d, guint32 n_slots)
{
    if (last->power_kw == NULL)
        return TRUE;
    const double *old = last->power_kw + (gsize)d * last->n_slots;
    for (guint32 j = 0; j < n_slots; j++) {
        double before = j < last->n_slots ? old[j] : 0;
        if (!(fabs(row[j] - before) <= 1e-6))
            return TRUE;
    }
    return FALSE;
}

void
schedule_last_write(ScheduleLast *last,
                    const CfxProblem *problem,
                    const double *power_kw,
                    CfxSolution *solution)
{
    guint32 n_slots = problem->n_slots;
    solution->n_changed = 0;
    for (guint32 d = 0; d < problem->n_devices; d++) {
        if (!row_changed(last, power_kw + (gsize)d * n_slots, d, n_slots))
            continue;
        if (solution->changed != NULL)
            solution->changed[solution->n_changed] = d;
        solution->n_changed++;
    }
    gsize cells = (gsize)problem->n_devices * n_slots;
    last->power_kw = g_renew(double, last->power_kw, cells + 1);
    memcpy(last->power_kw, power_kw, sizeof(double) * cells);
    last->n_devices = problem->n_devices;
    last->n_slots = n_slots;
}
