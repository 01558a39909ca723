/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flow-explain.h"

#include <math.h>
#include <string.h>

enum { STORY_NODE_FULL = 1, STORY_AT_MOST = 2, STORY_AWAY = 4, STORY_STOCK_FULL = 8 };

void
flow_story_clear(FlowStory *story)
{
    g_free(story->power);
    g_free(story->price);
    g_free(story->value);
    g_free(story->lack);
    g_free(story->flags);
    memset(story, 0, sizeof(*story));
}

/*
 * Worth of stock (scheduling 3): inside a run of slots in which the stock touches no bound it is
 * one number but for leakage, between the dearest kWh that is used and the cheapest that is not.
 */
static void
find_values(FlowStory *story, const FlowSolver *solver, guint32 d)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    guint32 n_slots = model->n_slots;
    const double *power = solver->best->power_kw + (gsize)d * n_slots;
    const double *stock = solver->best->stock_kwh + (gsize)d * n_slots;
    const double *price = story->price + (gsize)d * n_slots;
    double *value = story->value + (gsize)d * n_slots;
    guint32 begin = 0, target = device->first_target, last = target + device->n_targets;
    for (guint32 j = 0; j < n_slots && device->has_stock; j++) {
        gboolean touches = j + 1 == n_slots || stock[j] <= device->empty[j] + 1e-6 ||
                           stock[j] >= device->full[j] - 1e-6;
        gboolean is_wanted = FALSE;
        for (; target < last && model->targets[target].slot == j; target++)
            is_wanted = is_wanted || stock[j] <= model->targets[target].wanted + 1e-6;
        if (!touches && !is_wanted)
            continue;
        double factor = 1, used = -INFINITY, unused = INFINITY;
        for (guint32 i = begin; i <= j; i++) {
            factor *= device->keep[i];
            double charge = price[i] / (device->charge * device->share[i]) * factor;
            double discharge = price[i] * device->discharge / device->share[i] * factor;
            if (power[i] > 1e-6)
                used = MAX(used, charge);
            if (power[i] >= -1e-6 && power[i] < device->ceil[i] - 1e-6)
                unused = MIN(unused, charge);
            if (power[i] < -1e-6)
                unused = MIN(unused, discharge);
            if (power[i] <= 1e-6 && power[i] > device->floor[i] + 1e-6)
                used = MAX(used, discharge);
        }
        if (is_wanted && unused == INFINITY)
            unused = solver->lack_price * factor;
        double middle = isfinite(used) && isfinite(unused) ? (used + unused) / 2
                        : isfinite(used)                   ? used
                        : isfinite(unused)                 ? unused
                                                           : device->end_value * factor;
        factor = 1;
        for (guint32 i = begin; i <= j; i++) {
            factor *= device->keep[i];
            value[i] = middle / factor;
        }
        begin = j + 1;
    }
}

static guint8
flags_of(const FlowSolver *solver, guint32 d, guint32 j)
{
    const FlowModel *model = solver->model;
    const FlowDevice *device = &model->devices[d];
    gsize cell = (gsize)d * model->n_slots + j;
    double power = solver->best->power_kw[cell];
    guint8 flags = 0;
    if (device->high[j] <= 0)
        flags |= STORY_AWAY;
    else if (power >= device->high[j] - 1e-6)
        flags |= STORY_AT_MOST;
    if (device->has_stock && solver->best->stock_kwh[cell] >= device->full[j] - 1e-6)
        flags |= STORY_STOCK_FULL;
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        double weight = model->weights[(gsize)limit->node * model->n_devices + d];
        double n = solver->best->node_kw[(gsize)limit->node * model->n_slots + j];
        if (weight > 0 && limit->sign > 0 && n >= limit->allowed[j] - 1e-3)
            flags |= STORY_NODE_FULL;
    }
    return flags;
}

void
flow_story_tell(FlowStory *story, const FlowSolver *solver, CfxSolution *solution)
{
    const FlowModel *model = solver->model;
    gsize cells = (gsize)model->n_devices * model->n_slots;
    flow_story_clear(story);
    story->n_devices = model->n_devices;
    story->n_slots = model->n_slots;
    story->power = g_memdup2(solver->best->power_kw, sizeof(double) * (cells + 1));
    story->price = g_new0(double, cells + 1);
    story->value = g_new(double, cells + 1);
    story->lack = g_new0(double, model->n_devices + 1);
    story->flags = g_new0(guint8, cells + 1);
    for (guint32 i = 0; i < model->n_targets; i++)
        story->lack[model->targets[i].device] += solver->best->shortfall_kwh[model->target_row[i]];
    for (guint32 d = 0; d < model->n_devices; d++) {
        for (guint32 j = 0; j < model->n_slots; j++) {
            gsize cell = (gsize)d * model->n_slots + j;
            story->price[cell] = model->devices[d].bias[j];
            story->value[cell] = NAN;
            story->flags[cell] = flags_of(solver, d, j);
            for (guint32 g = 0; g < model->n_nodes; g++)
                story->price[cell] += model->weights[(gsize)g * model->n_devices + d] *
                                      solver->node_price[(gsize)g * model->n_slots + j];
        }
        find_values(story, solver, d);
    }
    if (solution->node_price != NULL)
        memcpy(solution->node_price,
               solver->node_price,
               sizeof(double) * model->n_nodes * model->n_slots);
    if (solution->stock_value != NULL)
        memcpy(solution->stock_value, story->value, sizeof(double) * cells);
}

char *
flow_story_explain(const FlowStory *story, guint32 device, guint32 slot)
{
    if (story->power == NULL || device >= story->n_devices || slot >= story->n_slots)
        return NULL;
    gsize cell = (gsize)device * story->n_slots + slot;
    double power = story->power[cell], price = story->price[cell], value = story->value[cell];
    guint8 flags = story->flags[cell];
    GString *text = g_string_new(NULL);
    if (flags & STORY_AWAY && power == 0)
        return g_string_free(g_string_append(text, "it may not draw power in this slot"), FALSE);
    g_string_append_printf(text, "%.3g kW at a price of %.4g per kWh", power, price);
    if (isfinite(value))
        g_string_append_printf(text, ", stock being worth %.4g per kWh", value);
    if (flags & STORY_AT_MOST)
        g_string_append(text, "; the device can do no more");
    if (flags & STORY_NODE_FULL)
        g_string_append(text, "; the limit above it is full");
    if (flags & STORY_STOCK_FULL)
        g_string_append(text, "; its stock is full");
    if (story->lack[device] > 0)
        g_string_append_printf(
            text, "; %.3g kWh of what it should get are out of reach", story->lack[device]);
    return g_string_free(text, FALSE);
}
