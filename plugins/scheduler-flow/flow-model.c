/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flow-model.h"

#include <math.h>

double *
flow_model_reals(FlowModel *model, gsize n)
{
    double *reals = g_new0(double, n + 1);
    g_ptr_array_add(model->arena, reals);
    return reals;
}

static double
stock_change(const FlowModel *model, const FlowDevice *device, guint32 j, double power)
{
    double inflow = power >= 0 ? power * device->charge : power / device->discharge;
    return device->share[j] * model->hours[j] * (inflow + device->gain[j]);
}

void
flow_model_simulate(const FlowModel *model, guint32 d, const double *power, double *stock)
{
    const FlowDevice *device = &model->devices[d];
    double at = device->start;
    for (guint32 j = 0; j < model->n_slots; j++) {
        at = device->keep[j] * at + stock_change(model, device, j, power[j]);
        stock[j] = at;
    }
}

/* scheduling 5.1: stock that can be reached, and the powers that keep it there. */
static void
tighten(FlowModel *model, guint32 d)
{
    FlowDevice *device = &model->devices[d];
    guint32 n_slots = model->n_slots;
    guint32 slot;
    double kwh;
    schedule_reach(
        model->problem, d, device->low, device->high, device->empty, device->full, &slot, &kwh);
    if (slot != G_MAXUINT32 && model->soft_device == G_MAXUINT32) {
        model->soft_device = d;
        model->soft_slot = slot;
        model->soft_kwh = kwh;
    }
    for (guint32 j = 0; j < n_slots; j++) {
        double low0 = j > 0 ? device->empty[j - 1] : device->start;
        double high0 = j > 0 ? device->full[j - 1] : device->start;
        double keep = device->keep[j];
        double least = schedule_power(model->problem, d, j, device->empty[j] - keep * high0);
        double most = schedule_power(model->problem, d, j, device->full[j] - keep * low0);
        device->floor[j] = CLAMP(least, device->low[j], device->high[j]);
        device->ceil[j] = CLAMP(most, device->floor[j], device->high[j]);
    }
}

static void
read_device(FlowModel *model, guint32 d)
{
    const CfxProblem *problem = model->problem;
    FlowDevice *device = &model->devices[d];
    guint32 n_slots = model->n_slots;
    double **columns[] = { &device->low,   &device->high,  &device->floor, &device->ceil,
                           &device->least, &device->empty, &device->full,  &device->keep,
                           &device->share, &device->gain,  &device->bias };
    double *block = flow_model_reals(model, (gsize)n_slots * G_N_ELEMENTS(columns));
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        *columns[i] = block + (gsize)i * n_slots;
    device->has_stock = schedule_has_stock(problem, d);
    device->start = schedule_real(&problem->stock0_kwh, d, 0);
    device->charge = schedule_real(&problem->charge_eff, d, 1);
    device->discharge = schedule_real(&problem->discharge_eff, d, 1);
    device->end_value = schedule_real(&problem->end_value, d, 0);
    model->price_scale = MAX(model->price_scale, fabs(device->end_value));
    double known_keep = 1, share = 1;
    for (guint32 j = 0; j < n_slots; j++) {
        device->low[j] = schedule_cell(&problem->power_min_kw, d, j, 0);
        device->high[j] = schedule_cell(&problem->power_max_kw, d, j, 0);
        device->least[j] = schedule_cell(&problem->least_kw, d, j, 0);
        if (device->high[j] < device->least[j])
            device->high[j] = MIN(device->high[j], 0);
        if (device->low[j] > 0)
            device->low[j] = MAX(device->low[j], device->least[j]);
        if (device->high[j] <= 0 || device->low[j] >= device->least[j])
            device->least[j] = 0;
        device->is_discrete = device->is_discrete || device->least[j] > 0;
        device->empty[j] = schedule_cell(&problem->stock_min_kwh, d, j, -INFINITY);
        device->full[j] = schedule_cell(&problem->stock_max_kwh, d, j, INFINITY);
        device->keep[j] = schedule_cell(&problem->keep, d, j, 1);
        if (device->keep[j] != known_keep) {
            known_keep = device->keep[j];
            share = schedule_inflow_share(known_keep);
        }
        device->share[j] = share;
        device->gain[j] = schedule_cell(&problem->gain_kw, d, j, 0);
        device->bias[j] = schedule_cell(&problem->bias, d, j, 0);
        device->floor[j] = device->low[j];
        device->ceil[j] = device->high[j];
        if (device->low[j] < 0 && device->high[j] > 0 && device->has_stock)
            device->may_burn = TRUE;
        model->price_scale = MAX(model->price_scale, fabs(device->bias[j]));
    }
    if (device->has_stock)
        tighten(model, d);
}

static void
read_node(FlowModel *model, guint32 g)
{
    const CfxProblemNode *given = model->problem->nodes[g];
    FlowNode *node = &model->nodes[g];
    node->base = flow_model_reals(model, model->n_slots);
    node->buy = flow_model_reals(model, model->n_slots);
    node->sell = flow_model_reals(model, model->n_slots);
    node->low = flow_model_reals(model, model->n_slots);
    node->high = flow_model_reals(model, model->n_slots);
    for (guint32 j = 0; j < model->n_slots; j++) {
        node->base[j] = cfx_real_at(given->base_kw, j);
        node->buy[j] = schedule_real(&given->buy, j, 0);
        node->sell[j] = schedule_real(&given->sell, j, 0);
        node->has_price = node->has_price || node->buy[j] != 0 || node->sell[j] != 0;
        model->price_scale = MAX(model->price_scale, fabs(node->buy[j]));
        model->price_scale = MAX(model->price_scale, fabs(node->sell[j]));
    }
}

void
flow_model_ranges(FlowModel *model)
{
    for (guint32 g = 0; g < model->n_nodes; g++) {
        FlowNode *node = &model->nodes[g];
        for (guint32 j = 0; j < model->n_slots; j++)
            node->low[j] = node->high[j] = node->base[j];
        for (guint32 d = 0; d < model->n_devices; d++) {
            double weight = model->weights[(gsize)g * model->n_devices + d];
            const FlowDevice *device = &model->devices[d];
            for (guint32 j = 0; weight != 0 && j < model->n_slots; j++) {
                node->low[j] += weight * device->floor[j];
                node->high[j] += weight * device->ceil[j];
            }
        }
    }
}

/* A limit that even all devices at their least break is taken as broken by so much. */
static void
read_limit(FlowModel *model, guint32 i)
{
    const CfxProblemLimit *given = model->problem->limits[i];
    FlowLimit *limit = &model->limits[i];
    const FlowNode *node = &model->nodes[given->node];
    limit->node = given->node;
    limit->tier = given->tier;
    limit->sign = given->flags & CFX_LIMIT_EXPORT ? -1 : 1;
    limit->max = flow_model_reals(model, model->n_slots);
    limit->allowed = flow_model_reals(model, model->n_slots);
    for (guint32 j = 0; j < model->n_slots; j++) {
        limit->max[j] = cfx_real_at(given->max_kw, j);
        double least = limit->sign > 0 ? node->low[j] : -node->high[j];
        limit->allowed[j] = MAX(limit->max[j], least);
    }
}

typedef struct {
    FlowTarget target;
    guint32 row;
} SortedTarget;

static int
compare_targets(gconstpointer a, gconstpointer b)
{
    const SortedTarget *left = a, *right = b;
    if (left->target.device != right->target.device)
        return left->target.device < right->target.device ? -1 : 1;
    if (left->target.slot != right->target.slot)
        return left->target.slot < right->target.slot ? -1 : 1;
    if (left->target.wanted != right->target.wanted)
        return left->target.wanted < right->target.wanted ? -1 : 1;
    return left->row < right->row ? -1 : 1;
}

static void
read_targets(FlowModel *model)
{
    g_autofree SortedTarget *sorted = g_new0(SortedTarget, model->n_targets + 1);
    for (guint32 i = 0; i < model->n_targets; i++) {
        const CfxProblemTarget *given = model->problem->targets[i];
        const FlowDevice *device = &model->devices[given->device];
        FlowTarget *target = &sorted[i].target;
        target->device = given->device;
        target->slot = given->slot;
        target->tier = given->tier;
        target->weight = given->weight;
        target->wanted = given->wanted_kwh;
        target->reachable = MIN(target->wanted, device->full[given->slot]);
        target->level = target->reachable;
        sorted[i].row = i;
    }
    qsort(sorted, model->n_targets, sizeof(SortedTarget), compare_targets);
    for (guint32 i = 0; i < model->n_targets; i++) {
        FlowTarget *target = &model->targets[i];
        *target = sorted[i].target;
        model->target_row[i] = sorted[i].row;
        FlowDevice *device = &model->devices[target->device];
        if (device->n_targets++ == 0)
            device->first_target = i;
        /* its own share: above the stock that is there anyhow and the levels of stronger tiers */
        double ground = MAX(device->empty[target->slot], MIN(device->start, target->wanted));
        for (guint32 k = device->first_target; k < i; k++) {
            if (model->targets[k].tier < target->tier)
                ground = MAX(ground, MIN(model->targets[k].wanted, target->wanted));
        }
        target->share = MAX(target->reachable - ground, 0.05 * fabs(target->wanted) + 1e-3);
    }
}

FlowModel *
flow_model_new(const CfxProblem *problem)
{
    FlowModel *model = g_new0(FlowModel, 1);
    model->arena = g_ptr_array_new_with_free_func(g_free);
    model->problem = problem;
    model->n_devices = problem->n_devices;
    model->n_slots = problem->n_slots;
    model->n_nodes = problem->n_nodes;
    model->n_limits = problem->n_limits;
    model->n_targets = problem->n_targets;
    model->soft_device = G_MAXUINT32;
    model->devices = g_new0(FlowDevice, model->n_devices + 1);
    model->nodes = g_new0(FlowNode, model->n_nodes + 1);
    model->limits = g_new0(FlowLimit, model->n_limits + 1);
    model->targets = g_new0(FlowTarget, model->n_targets + 1);
    model->target_row = g_new0(guint32, model->n_targets + 1);
    model->hours = flow_model_reals(model, model->n_slots);
    model->weights = flow_model_reals(model, (gsize)model->n_nodes * model->n_devices);
    for (guint32 j = 0; j < model->n_slots; j++)
        model->hours[j] = problem->hours[j];
    schedule_weights(problem, model->weights);
    for (guint32 d = 0; d < model->n_devices; d++)
        read_device(model, d);
    for (guint32 g = 0; g < model->n_nodes; g++)
        read_node(model, g);
    flow_model_ranges(model);
    for (guint32 i = 0; i < model->n_limits; i++)
        read_limit(model, i);
    read_targets(model);
    if (model->price_scale <= 0)
        model->price_scale = 1;
    return model;
}

void
flow_model_free(FlowModel *model)
{
    if (model == NULL)
        return;
    g_ptr_array_unref(model->arena);
    g_free(model->devices);
    g_free(model->nodes);
    g_free(model->limits);
    g_free(model->targets);
    g_free(model->target_row);
    g_free(model);
}
