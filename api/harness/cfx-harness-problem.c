/* SPDX-License-Identifier: MIT */
#include "cfx-harness-problem.h"

#include <math.h>

static double *
reals(CfxHarnessProblem *self, gsize n, double value)
{
    double *row = g_new(double, n + 1);
    for (gsize i = 0; i < n; i++)
        row[i] = value;
    g_ptr_array_add(self->memory, row);
    return row;
}

CfxHarnessProblem *
cfx_harness_problem_new(guint32 n_devices, guint32 n_slots, double hours)
{
    CfxHarnessProblem *self = g_new0(CfxHarnessProblem, 1);
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
    cfx_harness_problem_set_hours(self, 0, hours);
    cfx_harness_problem_node(self, -1);
    cfx_harness_problem_ready(self);
    return self;
}

void
cfx_harness_problem_free(CfxHarnessProblem *self)
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
cfx_harness_problem_set_hours(CfxHarnessProblem *self, guint32 slot, double hours)
{
    self->hours[slot] = hours;
    for (guint32 j = slot; j < self->problem.n_slots; j++)
        self->edge_us[j + 1] = self->edge_us[j] + llround(self->hours[j] * CFX_HOUR);
}

double *
cfx_harness_problem_row(CfxHarnessProblem *self, CfxReals *column, double value)
{
    double *row = reals(self, self->problem.n_slots, value);
    *column = (CfxReals){ row, 1 };
    return row;
}

CfxProblemNode *
cfx_harness_problem_node(CfxHarnessProblem *self, gint32 parent)
{
    CfxProblemNode *node = g_new0(CfxProblemNode, 1);
    node->struct_size = sizeof(*node);
    node->parent = parent;
    cfx_harness_problem_row(self, &node->base_kw, 0);
    g_ptr_array_add(self->nodes, node);
    return node;
}

void
cfx_harness_problem_limit(
    CfxHarnessProblem *self, guint32 node, guint32 tier, gboolean is_export, double max)
{
    CfxProblemLimit *limit = g_new0(CfxProblemLimit, 1);
    limit->struct_size = sizeof(*limit);
    limit->flags = is_export ? CFX_LIMIT_EXPORT : 0;
    limit->node = node;
    limit->tier = tier;
    cfx_harness_problem_row(self, &limit->max_kw, max);
    g_ptr_array_add(self->limits, limit);
}

double *
cfx_harness_problem_limit_row(CfxHarnessProblem *self, guint32 limit)
{
    return (double *)((CfxProblemLimit *)self->limits->pdata[limit])->max_kw.at;
}

void
cfx_harness_problem_target(CfxHarnessProblem *self,
                           guint32 device,
                           guint32 slot,
                           guint32 tier,
                           double wanted,
                           double weight)
{
    CfxProblemTarget *target = g_new0(CfxProblemTarget, 1);
    *target = (CfxProblemTarget){ sizeof(*target), device, slot, tier, wanted, weight };
    g_ptr_array_add(self->targets, target);
}

void
cfx_harness_problem_weight(CfxHarnessProblem *self, guint32 device, guint32 node, double value)
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
cfx_harness_problem_ready(CfxHarnessProblem *self)
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

CfxHarnessSolution *
cfx_harness_solution_new(const CfxProblem *problem)
{
    CfxHarnessSolution *self = g_new0(CfxHarnessSolution, 1);
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
cfx_harness_solution_free(CfxHarnessSolution *self)
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
