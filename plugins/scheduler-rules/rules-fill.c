/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules-fill.h"

#include <math.h>

typedef struct {
    gboolean has_stock;
    double stock, start;
    double wanted;           /* kWh, its highest target that is still ahead */
    double *empty, *full;    /* J, reachable */
    double low, high, least; /* kW, now */
    double cap;              /* kW, what it would take now */
    double power;
    gboolean is_out;  /* gets nothing now: it would be less than the least rate */
    gboolean is_full; /* its share grows no more */
} Device;

typedef struct {
    const CfxProblem *problem;
    const double *weights;
    Device *devices;
    double *node_kw, *import_room, *export_room; /* G: of this slot */
} Rules;

static double
weight_of(const Rules *rules, guint32 g, guint32 d)
{
    return rules->weights[(gsize)g * rules->problem->n_devices + d];
}

static void
add_power(Rules *rules, guint32 d, double by)
{
    rules->devices[d].power += by;
    for (guint32 g = 0; g < rules->problem->n_nodes; g++)
        rules->node_kw[g] += weight_of(rules, g, d) * by;
}

static double
rest_of(const Device *device)
{
    /* without a stock, power below 0 is sun or wind: take all of it */
    return !device->has_stock && device->low < 0 ? device->low
                                                 : CLAMP(0, device->low, device->high);
}

/* Its bounds in slot j, so that its stock stays within what can be reached. */
static void
begin_slot(Rules *rules, guint32 d, guint32 j)
{
    const CfxProblem *problem = rules->problem;
    Device *device = &rules->devices[d];
    device->low = schedule_cell(&problem->power_min_kw, d, j, 0);
    device->high = schedule_cell(&problem->power_max_kw, d, j, 0);
    device->least = schedule_cell(&problem->least_kw, d, j, 0);
    device->cap = device->high;
    device->is_out = device->is_full = FALSE;
    if (device->low > 0)
        device->low = MAX(device->low, device->least);
    if (device->has_stock) {
        double left = schedule_cell(&problem->keep, d, j, 1) * device->stock;
        double least = schedule_power(problem, d, j, device->empty[j] - left);
        double most = schedule_power(problem, d, j, device->full[j] - left);
        double wants = schedule_power(problem, d, j, MAX(device->wanted, device->empty[j]) - left);
        /* a last piece that is smaller than the least rate is taken at the least rate */
        if (wants > 1e-6 && wants < device->least)
            wants = device->least;
        double low = device->low, high = device->high;
        device->low = CLAMP(least, low, high);
        device->high = CLAMP(most, device->low, high);
        if (device->low > 0 && device->low < device->least)
            device->low = MIN(device->least, high);
        device->high = MAX(device->high, device->low);
        device->cap = CLAMP(wants, device->low, device->high);
    } else {
        device->cap = rest_of(device);
    }
    if (device->cap > 0 && device->cap < device->least)
        device->cap = MAX(device->low, 0);
    device->power = rest_of(device);
    for (guint32 g = 0; g < problem->n_nodes; g++)
        rules->node_kw[g] += weight_of(rules, g, d) * device->power;
}

static void
find_rooms(Rules *rules, guint32 j)
{
    const CfxProblem *problem = rules->problem;
    for (guint32 g = 0; g < problem->n_nodes; g++) {
        rules->import_room[g] = rules->export_room[g] = INFINITY;
        rules->node_kw[g] = cfx_real_at(problem->nodes[g]->base_kw, j);
    }
    for (guint32 i = 0; i < problem->n_limits; i++) {
        const CfxProblemLimit *limit = problem->limits[i];
        double *room = limit->flags & CFX_LIMIT_EXPORT ? rules->export_room : rules->import_room;
        room[limit->node] = MIN(room[limit->node], cfx_real_at(limit->max_kw, j));
    }
}

/* Rule 2: moves devices from their rest where a node would exceed a limit. */
static void
relieve(Rules *rules)
{
    const CfxProblem *problem = rules->problem;
    for (guint32 g = 0; g < problem->n_nodes; g++) {
        for (guint32 d = 0; d < problem->n_devices; d++) {
            Device *device = &rules->devices[d];
            double weight = weight_of(rules, g, d);
            double over = rules->node_kw[g] - rules->import_room[g];
            double under = -rules->node_kw[g] - rules->export_room[g];
            if (weight > 0 && over > 0 && device->power > device->low)
                add_power(rules, d, -MIN(over / weight, device->power - device->low));
            else if (weight > 0 && under > 0 && device->power < MIN(device->high, 0))
                add_power(rules, d, MIN(under / weight, MIN(device->high, 0) - device->power));
        }
    }
}

/* How fast a node fills while all that still grow grow alike. */
static double
growth_of(const Rules *rules, guint32 g)
{
    double growth = 0;
    for (guint32 d = 0; d < rules->problem->n_devices; d++) {
        const Device *device = &rules->devices[d];
        if (!device->is_full && !device->is_out)
            growth += weight_of(rules, g, d);
    }
    return growth;
}

/* Rule 3: all grow alike until each is at its cap or below a full node. */
static void
share_room(Rules *rules)
{
    const CfxProblem *problem = rules->problem;
    for (guint32 d = 0; d < problem->n_devices; d++) {
        Device *device = &rules->devices[d];
        device->is_full = device->power >= device->cap;
    }
    for (;;) {
        double step = INFINITY;
        for (guint32 g = 0; g < problem->n_nodes; g++) {
            double growth = growth_of(rules, g);
            if (growth > 0)
                step = MIN(step, MAX(0, rules->import_room[g] - rules->node_kw[g]) / growth);
        }
        for (guint32 d = 0; d < problem->n_devices; d++) {
            const Device *device = &rules->devices[d];
            if (!device->is_full && !device->is_out)
                step = MIN(step, device->cap - device->power);
        }
        if (isinf(step))
            return;
        for (guint32 d = 0; d < problem->n_devices; d++) {
            Device *device = &rules->devices[d];
            if (!device->is_full && !device->is_out)
                add_power(rules, d, step);
        }
        for (guint32 d = 0; d < problem->n_devices; d++) {
            Device *device = &rules->devices[d];
            device->is_full = device->is_full || device->power >= device->cap - 1e-9;
            for (guint32 g = 0; g < problem->n_nodes; g++) {
                if (weight_of(rules, g, d) > 0 && rules->node_kw[g] >= rules->import_room[g] - 1e-9)
                    device->is_full = TRUE;
            }
        }
    }
}

/* What part of its wish a device has got; who has got the least is served first. */
static double
served(const Device *device)
{
    double wish = device->wanted - device->start;
    return wish > 0 ? (device->stock - device->start) / wish : 1;
}

/* Rule 4: the one below its least rate that has been served best waits; FALSE: none is below. */
static gboolean
send_one_out(Rules *rules)
{
    guint32 out = G_MAXUINT32;
    for (guint32 d = 0; d < rules->problem->n_devices; d++) {
        const Device *device = &rules->devices[d];
        if (device->power > 1e-9 && device->power < device->least - 1e-9 &&
            (out == G_MAXUINT32 || served(device) >= served(&rules->devices[out])))
            out = d;
    }
    if (out == G_MAXUINT32)
        return FALSE;
    rules->devices[out].is_out = TRUE;
    return TRUE;
}

static void
return_to(Rules *rules, const double *rest)
{
    for (guint32 d = 0; d < rules->problem->n_devices; d++)
        add_power(rules, d, rest[d] - rules->devices[d].power);
}

static void
fill_slot(Rules *rules, guint32 j, double *rest)
{
    const CfxProblem *problem = rules->problem;
    find_rooms(rules, j);
    for (guint32 d = 0; d < problem->n_devices; d++)
        begin_slot(rules, d, j);
    relieve(rules);
    for (guint32 d = 0; d < problem->n_devices; d++)
        rest[d] = rules->devices[d].power;
    do {
        return_to(rules, rest);
        share_room(rules);
    } while (send_one_out(rules));
}

guint32
rules_fill(
    const CfxProblem *problem, const double *weights, double *power_kw, guint32 *slot, double *kwh)
{
    guint32 n_devices = problem->n_devices, n_slots = problem->n_slots, soft = G_MAXUINT32;
    Rules rules = { .problem = problem, .weights = weights };
    g_autofree Device *devices = rules.devices = g_new0(Device, n_devices + 1);
    g_autofree double *nodes = g_new0(double, 3 * (gsize)problem->n_nodes);
    g_autofree double *bounds = g_new0(double, 2 * (gsize)n_devices * n_slots + 1);
    g_autofree double *low = g_new0(double, n_slots);
    g_autofree double *high = g_new0(double, n_slots);
    g_autofree double *rest = g_new0(double, n_devices + 1);
    rules.node_kw = nodes;
    rules.import_room = nodes + problem->n_nodes;
    rules.export_room = nodes + 2 * (gsize)problem->n_nodes;
    *slot = 0;
    *kwh = 0;
    for (guint32 d = 0; d < n_devices; d++) {
        Device *device = &devices[d];
        device->has_stock = schedule_has_stock(problem, d);
        device->stock = device->start = schedule_real(&problem->stock0_kwh, d, 0);
        device->empty = bounds + 2 * (gsize)d * n_slots;
        device->full = device->empty + n_slots;
        guint32 at = G_MAXUINT32;
        double by = 0;
        for (guint32 j = 0; j < n_slots; j++) {
            device->empty[j] = schedule_cell(&problem->stock_min_kwh, d, j, -INFINITY);
            device->full[j] = schedule_cell(&problem->stock_max_kwh, d, j, INFINITY);
            low[j] = schedule_cell(&problem->power_min_kw, d, j, 0);
            high[j] = schedule_cell(&problem->power_max_kw, d, j, 0);
        }
        if (device->has_stock)
            schedule_reach(problem, d, low, high, device->empty, device->full, &at, &by);
        if (at != G_MAXUINT32 && soft == G_MAXUINT32) {
            soft = d;
            *slot = at;
            *kwh = by;
        }
    }
    for (guint32 j = 0; j < n_slots; j++) {
        for (guint32 d = 0; d < n_devices; d++)
            devices[d].wanted = -INFINITY;
        for (guint32 i = 0; i < problem->n_targets; i++) {
            const CfxProblemTarget *target = problem->targets[i];
            Device *device = &devices[target->device];
            if (target->slot >= j)
                device->wanted = MAX(device->wanted, target->wanted_kwh);
        }
        fill_slot(&rules, j, rest);
        for (guint32 d = 0; d < n_devices; d++) {
            Device *device = &devices[d];
            double power = fabs(device->power) < 1e-9 ? 0 : device->power;
            if (power > 0 && power < device->least)
                power = device->least;
            power = CLAMP(power,
                          schedule_cell(&problem->power_min_kw, d, j, 0),
                          schedule_cell(&problem->power_max_kw, d, j, 0));
            power_kw[(gsize)d * n_slots + j] = power;
            device->stock = schedule_cell(&problem->keep, d, j, 1) * device->stock +
                            schedule_change(problem, d, j, power);
        }
    }
    return soft;
}
