/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What no device can improve alone, several may together: with the others held, the interior point
 * says what a few could save and at which prices, and they answer anew.
 */
#include "flow-solver.h"

#include <string.h>

#define MAX_TRIES 60
#define MAX_IN_VAIN 15

/* Which slots charge stays as it is; how much is the interior point's. */
static gboolean
polish(FlowSolver *solver)
{
    FlowModel *model = solver->model;
    FlowKept kept;
    flow_keep(solver, &kept);
    for (guint32 d = 0; d < model->n_devices; d++) {
        FlowDevice *device = &model->devices[d];
        const double *power = solver->best->power_kw + (gsize)d * model->n_slots;
        for (guint32 j = 0; j < model->n_slots; j++) {
            if (device->least[j] > 0 && power[j] <= 0)
                device->ceil[j] = MIN(device->ceil[j], 0);
            else if (device->least[j] > 0)
                device->floor[j] = MAX(device->floor[j], device->least[j]);
        }
    }
    flow_model_ranges(model);
    gboolean in_time = flow_lp_solve(solver, FLOW_STEP_MONEY, 0);
    flow_restore_bounds(solver, &kept);
    flow_restore_prices(solver, &kept);
    flow_kept_clear(&kept);
    if (in_time)
        flow_offer(solver);
    return in_time && flow_descend(solver);
}

/* Those that pay the most above what they would pay alone come first. */
static guint32
choose(FlowSolver *solver, guint64 *random, guint32 *chosen, guint32 n)
{
    const FlowModel *model = solver->model;
    double sum = 0, mean = 0;
    guint32 n_chosen = 0;
    for (guint32 d = 0; d < model->n_devices; d++)
        mean += solver->regret[d] / model->n_devices;
    g_autofree double *share = g_new(double, model->n_devices);
    for (guint32 d = 0; d < model->n_devices; d++) {
        share[d] = model->devices[d].has_stock ? solver->regret[d] + 0.5 * mean + 1e-12 : 0;
        sum += share[d];
    }
    while (n_chosen < n && sum > 1e-13) {
        double at = flow_random(random) * sum;
        guint32 d = 0;
        for (; d + 1 < model->n_devices && at >= share[d]; d++)
            at -= share[d];
        if (share[d] <= 0)
            break;
        chosen[n_chosen++] = d;
        sum -= share[d];
        share[d] = 0;
    }
    return n_chosen;
}

/* Decides the slots in which a few devices draw less than they may; FALSE: none is left. */
static gboolean
decide_some(FlowSolver *solver, const guint32 *chosen, guint32 n)
{
    FlowModel *model = solver->model;
    double most = 0;
    gboolean is_left = FALSE;
    for (guint pass = 0; pass < 2; pass++) {
        for (guint32 i = 0; i < n; i++) {
            FlowDevice *device = &model->devices[chosen[i]];
            const double *power = solver->power + (gsize)chosen[i] * model->n_slots;
            for (guint32 j = 0; j < model->n_slots; j++) {
                if (device->least[j] <= 0 || device->floor[j] >= device->least[j] ||
                    device->ceil[j] < device->least[j])
                    continue;
                double part = power[j] / device->least[j];
                if (part <= 1e-4 || part >= 1 - 1e-6)
                    continue;
                is_left = TRUE;
                if (pass == 0)
                    most = MAX(most, part);
                else if (part >= most * 0.999)
                    device->floor[j] = device->least[j];
                else if (part < 0.2)
                    device->ceil[j] = MIN(device->ceil[j], 0);
            }
        }
    }
    return is_left;
}

/* Decides slot after slot, the rest by the interior point each time: when answers one by one fail.
 */
static gboolean
dive(FlowSolver *solver, const guint32 *chosen, guint32 n)
{
    for (guint depth = 0; depth < 24; depth++) {
        if (!decide_some(solver, chosen, n))
            return TRUE;
        flow_model_ranges(solver->model);
        if (!flow_lp_solve(solver, FLOW_STEP_MONEY, 0))
            return FALSE;
    }
    return TRUE;
}

/* FALSE: late. */
static gboolean
retry_few(FlowSolver *solver, guint64 *random, gboolean dives)
{
    FlowModel *model = solver->model;
    guint32 chosen[5], n = 2 + (guint32)(flow_random(random) * 4);
    n = choose(solver, random, chosen, MIN(n, G_N_ELEMENTS(chosen)));
    if (n == 0)
        return TRUE;
    FlowKept kept;
    flow_keep(solver, &kept);
    for (guint32 d = 0; d < model->n_devices; d++) {
        FlowDevice *device = &model->devices[d];
        const double *power = solver->best->power_kw + (gsize)d * model->n_slots;
        gboolean is_held = TRUE;
        for (guint32 i = 0; i < n; i++)
            is_held = is_held && chosen[i] != d;
        for (guint32 j = 0; is_held && j < model->n_slots; j++)
            device->floor[j] = device->ceil[j] = power[j];
    }
    flow_tighten(solver, 0);
    gboolean in_time = flow_lp_solve(solver, FLOW_STEP_MONEY, 0);
    if (dives && in_time)
        in_time = dive(solver, chosen, n);
    flow_restore_bounds(solver, &kept);
    if (dives && in_time) {
        /* what is left between 0 and the least rate is noise: the answers clean it */
        for (guint32 i = 0; i < 2 * n; i++)
            flow_respond(solver, chosen[i % n], FLOW_BY_MONEY, FLOW_MAX_NODES);
        flow_offer(solver);
    }
    for (guint order = 0; order < 2 && in_time && !dives; order++) {
        flow_take_best(solver);
        for (guint32 i = 0; i < n; i++) {
            flow_nodes_add(solver, chosen[i], -1);
            flow_rest(solver, chosen[i]);
            flow_nodes_add(solver, chosen[i], 1);
        }
        for (guint32 i = 0; i < n; i++)
            flow_respond(
                solver, chosen[order == 0 ? i : n - 1 - i], FLOW_BY_PRICES, FLOW_MAX_NODES);
        for (guint32 i = 0; i < 2 * n; i++)
            flow_respond(solver, chosen[i % n], FLOW_BY_MONEY | FLOW_FOR_WANTED, FLOW_MAX_NODES);
        in_time = !flow_clock_is_late(&solver->clock);
        if (in_time)
            flow_offer(solver);
    }
    flow_restore_prices(solver, &kept);
    flow_kept_clear(&kept);
    return in_time;
}

gboolean
flow_improve(FlowSolver *solver, guint64 *random)
{
    double acceptable = solver->how->gap_acceptable;
    if (!flow_lift(solver, 30))
        return FALSE;
    for (guint try = 0, in_vain = 0; try < MAX_TRIES && in_vain < MAX_IN_VAIN; try++, in_vain++) {
        FlowScore before = solver->best_score;
        if (flow_is_good(solver, acceptable))
            return TRUE;
        if (try % 20 == 0 && !polish(solver))
            return FALSE;
        if (!retry_few(solver, random, try % 3 == 2))
            return FALSE;
        if (memcmp(&before, &solver->best_score, sizeof(before)) != 0)
            in_vain = 0;
    }
    return TRUE;
}
