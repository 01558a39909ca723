/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule-case.h"

#include <math.h>

static double *
reals(ScheduleCase *self, gsize n, double value)
{
    double *row = g_new(double, n + 1);
    for (gsize i = 0; i < n; i++)
        row[i] = value;
    g_ptr_array_add(self->memory, row);
    return row;
}

ScheduleCase *
schedule_case_new(guint32 n_devices, guint32 n_slots, double hours)
{
    ScheduleCase *self = g_new0(ScheduleCase, 1);
    gsize cells = (gsize)n_devices * n_slots;
    self->memory = g_ptr_array_new_with_free_func(g_free);
    self->nodes = g_ptr_array_new_with_free_func(g_free);
    self->limits = g_ptr_array_new_with_free_func(g_free);
    self->targets = g_ptr_array_new_with_free_func(g_free);
    self->weights = g_ptr_array_new_with_free_func(g_free);
    self->problem.struct_size = sizeof(CfxProblem);
    self->problem.version = 1;
    self->problem.n_devices = n_devices;
    self->problem.n_slots = n_slots;
    self->edge_us = g_new0(gint64, n_slots + 1);
    self->hours = reals(self, n_slots, hours);
    self->id = g_new0(gint64, n_devices + 1);
    self->home = g_new0(gint64, n_devices + 1);
    g_ptr_array_add(self->memory, self->edge_us);
    g_ptr_array_add(self->memory, self->id);
    g_ptr_array_add(self->memory, self->home);
    self->stock0 = reals(self, n_devices, 0);
    self->charge = reals(self, n_devices, 1);
    self->discharge = reals(self, n_devices, 1);
    self->end_value = reals(self, n_devices, 0);
    self->keep = reals(self, cells, 1);
    self->least = reals(self, cells, 0);
    self->low = reals(self, cells, 0);
    self->high = reals(self, cells, 0);
    self->empty = reals(self, cells, -INFINITY);
    self->full = reals(self, cells, INFINITY);
    self->gain = reals(self, cells, 0);
    self->bias = reals(self, cells, 0);
    for (guint32 d = 0; d < n_devices; d++)
        self->id[d] = 61 + d;
    self->edge_us[0] = G_GINT64_CONSTANT(1795442400000000);
    schedule_case_set_hours(self, 0, hours);
    schedule_case_node(self, -1);
    schedule_case_ready(self);
    return self;
}

void
schedule_case_free(ScheduleCase *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->nodes);
    g_ptr_array_unref(self->limits);
    g_ptr_array_unref(self->targets);
    g_ptr_array_unref(self->weights);
    g_ptr_array_unref(self->memory);
    g_free(self);
}

void
schedule_case_set_hours(ScheduleCase *self, guint32 slot, double hours)
{
    self->hours[slot] = hours;
    for (guint32 j = slot; j < self->problem.n_slots; j++)
        self->edge_us[j + 1] = self->edge_us[j] + llround(self->hours[j] * CFX_HOUR);
}

double *
schedule_case_row(ScheduleCase *self, CfxReals *column, double value)
{
    double *row = reals(self, self->problem.n_slots, value);
    *column = (CfxReals){ row, 1 };
    return row;
}

CfxProblemNode *
schedule_case_node(ScheduleCase *self, gint32 parent)
{
    CfxProblemNode *node = g_new0(CfxProblemNode, 1);
    node->struct_size = sizeof(*node);
    node->parent = parent;
    schedule_case_row(self, &node->base_kw, 0);
    g_ptr_array_add(self->nodes, node);
    return node;
}

void
schedule_case_limit(ScheduleCase *self, guint32 node, guint32 tier, gboolean is_export, double max)
{
    CfxProblemLimit *limit = g_new0(CfxProblemLimit, 1);
    limit->struct_size = sizeof(*limit);
    limit->flags = is_export ? CFX_LIMIT_EXPORT : 0;
    limit->node = node;
    limit->tier = tier;
    schedule_case_row(self, &limit->max_kw, max);
    g_ptr_array_add(self->limits, limit);
}

double *
schedule_case_limit_row(ScheduleCase *self, guint32 limit)
{
    return (double *)((CfxProblemLimit *)self->limits->pdata[limit])->max_kw.at;
}

void
schedule_case_target(
    ScheduleCase *self, guint32 device, guint32 slot, guint32 tier, double wanted, double weight)
{
    CfxProblemTarget *target = g_new0(CfxProblemTarget, 1);
    *target = (CfxProblemTarget){ sizeof(*target), device, slot, tier, wanted, weight };
    g_ptr_array_add(self->targets, target);
}

void
schedule_case_weight(ScheduleCase *self, guint32 device, guint32 node, double value)
{
    CfxProblemWeight *weight = g_new0(CfxProblemWeight, 1);
    *weight = (CfxProblemWeight){ sizeof(*weight), device, node, 0, value };
    g_ptr_array_add(self->weights, weight);
}

static gboolean
any(const double *of, gsize n, gboolean (*is_so)(double))
{
    for (gsize i = 0; i < n; i++) {
        if (is_so(of[i]))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_positive(double x)
{
    return x > 0;
}

static gboolean
is_negative(double x)
{
    return x < 0;
}

static gboolean
is_not_zero(double x)
{
    return x != 0;
}

static gboolean
is_finite(double x)
{
    return isfinite(x);
}

void
schedule_case_ready(ScheduleCase *self)
{
    CfxProblem *problem = &self->problem;
    guint32 n_slots = problem->n_slots;
    gsize cells = (gsize)problem->n_devices * n_slots;
    problem->edge_us = self->edge_us;
    problem->hours = self->hours;
    problem->n_nodes = self->nodes->len;
    problem->n_limits = self->limits->len;
    problem->n_targets = self->targets->len;
    problem->n_weights = self->weights->len;
    problem->nodes = (const CfxProblemNode *const *)self->nodes->pdata;
    problem->limits = (const CfxProblemLimit *const *)self->limits->pdata;
    problem->targets = (const CfxProblemTarget *const *)self->targets->pdata;
    problem->weights = (const CfxProblemWeight *const *)self->weights->pdata;
    problem->device_id = (CfxInts){ self->id, 1 };
    problem->device_node = (CfxInts){ self->home, 1 };
    problem->stock0_kwh = (CfxReals){ self->stock0, 1 };
    problem->charge_eff = (CfxReals){ self->charge, 1 };
    problem->discharge_eff = (CfxReals){ self->discharge, 1 };
    problem->end_value = (CfxReals){ self->end_value, 1 };
    problem->keep = (CfxGrid){ self->keep, n_slots, 1 };
    problem->least_kw = (CfxGrid){ self->least, n_slots, 1 };
    problem->power_min_kw = (CfxGrid){ self->low, n_slots, 1 };
    problem->power_max_kw = (CfxGrid){ self->high, n_slots, 1 };
    problem->stock_min_kwh = (CfxGrid){ self->empty, n_slots, 1 };
    problem->stock_max_kwh = (CfxGrid){ self->full, n_slots, 1 };
    problem->gain_kw = (CfxGrid){ self->gain, n_slots, 1 };
    problem->bias = (CfxGrid){ self->bias, n_slots, 1 };
    guint32 needs = 0;
    if (any(self->empty, cells, is_finite) || any(self->full, cells, is_finite))
        needs |= CFX_NEED_STOCK;
    if (any(self->low, cells, is_negative))
        needs |= CFX_NEED_DISCHARGE;
    if (problem->n_targets > 0)
        needs |= CFX_NEED_TARGETS;
    if (any(self->least, cells, is_positive))
        needs |= CFX_NEED_LEAST_RATE;
    if (any(self->end_value, problem->n_devices, is_not_zero))
        needs |= CFX_NEED_END_VALUE;
    if (any(self->bias, cells, is_not_zero))
        needs |= CFX_NEED_BIAS;
    for (guint32 g = 0; g < problem->n_nodes; g++) {
        if (problem->nodes[g]->buy.at != NULL || problem->nodes[g]->sell.at != NULL)
            needs |= CFX_NEED_SELL;
    }
    if (problem->n_nodes > 1)
        needs |= CFX_NEED_TREE;
    if (problem->n_weights > 0)
        needs |= CFX_NEED_WEIGHTS;
    problem->needs = needs;
}

static double
between(GRand *random, double low, double high)
{
    return g_rand_double_range(random, low, high);
}

static gboolean
chance(GRand *random, double of)
{
    return g_rand_double(random) < of;
}

/* A car: present for a while, one way, with nested targets. */
static void
random_car(ScheduleCase *self, GRand *random, guint32 d, guint flags)
{
    guint32 n_slots = self->problem.n_slots;
    guint32 arrive = g_rand_int_range(random, 0, MAX(n_slots * 2 / 3, 1));
    guint32 leave = g_rand_int_range(random, arrive + 1, n_slots + 1);
    gboolean three = chance(random, 0.6);
    double rate = three ? (chance(random, 0.5) ? 22 : 11) : 7.36;
    double least = three ? 4.14 : 1.38, hours = 0;
    self->charge[d] = chance(random, 0.5) ? 1 : between(random, 0.85, 0.98);
    for (guint32 j = 0; j < n_slots; j++) {
        gsize cell = (gsize)d * n_slots + j;
        gboolean here = j >= arrive && j < leave;
        self->high[cell] = here ? rate : 0;
        self->least[cell] = flags & CASE_LEAST_RATE ? least : 0;
        hours += here ? self->hours[j] : 0;
    }
    double most = hours * rate * self->charge[d];
    double share = flags & CASE_SCARCE ? between(random, 0.3, 1.2) : between(random, 0.02, 0.6);
    double wanted = most * share;
    double room = flags & CASE_LEAST_RATE ? 0.3 * least + 0.5 : 0;
    for (guint32 j = 0; j < n_slots; j++) {
        self->empty[(gsize)d * n_slots + j] = 0;
        self->full[(gsize)d * n_slots + j] = wanted * between(random, 1, 1.01) + room;
    }
    double full = self->full[(gsize)d * n_slots];
    for (guint32 j = 0; j < n_slots; j++)
        self->full[(gsize)d * n_slots + j] = full;
    if (chance(random, 0.5))
        schedule_case_target(self,
                             d,
                             g_rand_int_range(random, arrive, leave),
                             CFX_TARGET_MINIMUM,
                             wanted * between(random, 0.1, 0.3),
                             1);
    if (chance(random, 0.6))
        schedule_case_target(self,
                             d,
                             leave - 1,
                             CFX_TARGET_PROMISED,
                             wanted * between(random, 0.5, 1),
                             flags & CASE_SCARCE ? g_rand_int_range(random, 1, 4) : 1);
    schedule_case_target(self, d, leave - 1, CFX_TARGET_ASKED, wanted, 1);
}

static void
random_storage(ScheduleCase *self, GRand *random, guint32 d, guint flags)
{
    guint32 n_slots = self->problem.n_slots;
    double capacity = between(random, 3, 30), rate = between(random, 1, 10);
    double keep = flags & CASE_LEAKAGE ? between(random, 0.9, 1) : 1;
    gboolean is_heat = chance(random, 0.3) && flags & CASE_HARD;
    self->charge[d] = is_heat ? between(random, 2, 4) : between(random, 0.7, 1);
    self->discharge[d] = chance(random, 0.3) ? 1 : between(random, 0.6, 1);
    self->stock0[d] = capacity * between(random, 0.1, 0.9);
    self->end_value[d] = chance(random, 0.5) ? between(random, 0, 0.2) : 0;
    for (guint32 j = 0; j < n_slots; j++) {
        gsize cell = (gsize)d * n_slots + j;
        self->keep[cell] = keep;
        self->high[cell] = chance(random, 0.1) ? 0 : rate;
        self->low[cell] = flags & CASE_TWO_WAY && !is_heat ? -rate * between(random, 0.3, 1) : 0;
        self->empty[cell] = 0;
        self->full[cell] = capacity;
        if ((flags & CASE_HARD) == 0)
            continue;
        if (chance(random, 0.03))
            self->low[cell] = self->high[cell] * between(random, 0, 1);
        self->gain[cell] = is_heat || chance(random, 0.2) ? -between(random, 0, rate / 2) : 0;
        if (chance(random, 0.03))
            self->empty[cell] = capacity * between(random, 0.2, 0.9);
        if (chance(random, 0.03))
            self->full[cell] = capacity * between(random, 0.9, 1);
        self->bias[cell] = chance(random, 0.2) ? between(random, -0.02, 0.02) : 0;
    }
}

/* A roof that may be curtailed. */
static void
random_roof(ScheduleCase *self, GRand *random, guint32 d)
{
    guint32 n_slots = self->problem.n_slots;
    double most = between(random, 3, 20);
    for (guint32 j = 0; j < n_slots; j++) {
        double sun = sin(G_PI * (j + 0.5) / n_slots * 2 - 0.7);
        self->low[(gsize)d * n_slots + j] = -most * MAX(sun, 0);
    }
}

static void
random_prices(ScheduleCase *self, GRand *random, guint flags)
{
    guint32 n_slots = self->problem.n_slots;
    CfxProblemNode *site = self->nodes->pdata[0];
    double *buy = schedule_case_row(self, &site->buy, 0);
    double *sell = schedule_case_row(self, &site->sell, 0);
    double *base = (double *)site->base_kw.at;
    double load = between(random, 0, 15), price = 0.2;
    guint32 hold = chance(random, 0.5) ? 4 : 1;
    for (guint32 j = 0; j < n_slots; j++) {
        if (j % hold == 0)
            price = between(random, flags & CASE_NEGATIVE_PRICES ? -0.1 : 0.03, 0.4);
        buy[j] = price;
        sell[j] = flags & CASE_SELL ? price - between(random, 0, 0.1) : price;
        base[j] = load * between(random, 0.8, 1.2);
        if (flags & CASE_SELL && chance(random, 0.3))
            base[j] -= between(random, 0, 25);
    }
}

static void
random_limits(ScheduleCase *self, GRand *random, guint flags)
{
    guint32 n_slots = self->problem.n_slots;
    const CfxProblemNode *site = self->nodes->pdata[0];
    double rating = 0;
    for (guint32 d = 0; d < self->problem.n_devices; d++) {
        double most = 0;
        for (guint32 j = 0; j < n_slots; j++)
            most = MAX(most, self->high[(gsize)d * n_slots + j]);
        rating += most;
    }
    schedule_case_limit(self, 0, CFX_LIMIT_PHYSICAL, FALSE, rating + 60);
    double share = flags & CASE_SCARCE  ? between(random, 0.05, 0.4)
                   : flags & CASE_TIGHT ? between(random, 0.3, 0.8)
                                        : 2;
    schedule_case_limit(self, 0, CFX_LIMIT_CONTRACTED, FALSE, 20 + share * rating);
    if (flags & (CASE_TIGHT | CASE_SCARCE)) {
        schedule_case_limit(self, 0, CFX_LIMIT_SIGNAL, FALSE, INFINITY);
        double *signal = schedule_case_limit_row(self, 2);
        guint32 from = g_rand_int_range(random, 0, n_slots);
        double cut = (20 + share * rating) * between(random, 0.4, 0.8);
        for (guint32 j = from; j < MIN(from + n_slots / 8 + 1, n_slots); j++)
            signal[j] = flags & CASE_SCARCE ? cut : MAX(cut, cfx_real_at(site->base_kw, j) + 5);
    }
    if (flags & CASE_SELL && flags & CASE_SCARCE)
        schedule_case_limit(self, 0, CFX_LIMIT_CONTRACTED, TRUE, between(random, 0, 10));
}

static void
random_tree(ScheduleCase *self, GRand *random, guint flags)
{
    guint32 n_devices = self->problem.n_devices, first = self->nodes->len;
    double load = between(random, 5, 30);
    if (flags & CASE_TREE) {
        for (guint i = 0; i < 2; i++) {
            schedule_case_node(self, 0);
            schedule_case_limit(self, first + i, CFX_LIMIT_PHYSICAL, FALSE, load);
        }
        for (guint32 d = 0; d < n_devices; d++)
            self->home[d] = g_rand_int_range(random, 0, 3) == 0 ? 0 : first + d % 2;
    }
    if (flags & CASE_PHASES) {
        guint32 phase = self->nodes->len;
        for (guint i = 0; i < 3; i++) {
            schedule_case_node(self, 0);
            schedule_case_limit(self, phase + i, CFX_LIMIT_PHYSICAL, FALSE, load / 2);
        }
        for (guint32 d = 0; d < n_devices; d++) {
            gint32 only = g_rand_int_range(random, 0, 6);
            for (gint32 i = 0; i < 3; i++) {
                if (only >= 3 || only == i)
                    schedule_case_weight(self, d, phase + i, only >= 3 ? 1.0 / 3 : 1);
            }
        }
    }
}

ScheduleCase *
schedule_case_random(GRand *random, guint32 n_devices, guint32 n_slots, guint flags)
{
    ScheduleCase *self = schedule_case_new(n_devices, n_slots, 0.25);
    if (flags & CASE_UNEVEN) {
        schedule_case_set_hours(self, 0, between(random, 0.02, 0.25));
        for (guint32 j = 1; j < n_slots; j++)
            schedule_case_set_hours(self, j, chance(random, 0.2) ? 1 : 0.25);
    }
    for (guint32 d = 0; d < n_devices; d++) {
        double kind = flags & CASE_CARS_ONLY ? 0 : g_rand_double(random);
        if (flags & CASE_STORAGES_ONLY)
            kind = 0.7;
        if (kind < 0.6)
            random_car(self, random, d, flags);
        else if (kind < 0.9 || (flags & CASE_SELL) == 0)
            random_storage(self, random, d, flags);
        else
            random_roof(self, random, d);
    }
    random_prices(self, random, flags);
    random_limits(self, random, flags);
    if (flags & (CASE_TREE | CASE_PHASES))
        random_tree(self, random, flags);
    schedule_case_ready(self);
    return self;
}

ScheduleAnswer *
schedule_answer_new(const CfxProblem *problem)
{
    ScheduleAnswer *self = g_new0(ScheduleAnswer, 1);
    gsize cells = (gsize)problem->n_devices * problem->n_slots + 1;
    gsize nodes = (gsize)problem->n_nodes * problem->n_slots;
    self->solution = (CfxSolution){
        .struct_size = sizeof(CfxSolution),
        .power_kw = g_new0(double, cells),
        .stock_kwh = g_new0(double, cells),
        .node_kw = g_new0(double, nodes),
        .node_price = g_new0(double, nodes),
        .stock_value = g_new0(double, cells),
        .breach_kw = g_new0(double, (gsize)problem->n_limits * problem->n_slots + 1),
        .breach_tier_kwh = g_new0(double, CFX_LIMIT_TIERS),
        .shortfall_kwh = g_new0(double, problem->n_targets + 1),
        .shortfall_tier_kwh = g_new0(double, CFX_TARGET_TIERS),
        .changed = g_new0(guint32, problem->n_devices + 1),
        .reason = self->reason,
        .reason_size = sizeof(self->reason),
    };
    return self;
}

void
schedule_answer_free(ScheduleAnswer *self)
{
    if (self == NULL)
        return;
    g_free(self->solution.power_kw);
    g_free(self->solution.stock_kwh);
    g_free(self->solution.node_kw);
    g_free(self->solution.node_price);
    g_free(self->solution.stock_value);
    g_free(self->solution.breach_kw);
    g_free(self->solution.breach_tier_kwh);
    g_free(self->solution.shortfall_kwh);
    g_free(self->solution.shortfall_tier_kwh);
    g_free(self->solution.changed);
    g_free(self);
}
