/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A problem made ready for solving: dense columns, bounds tightened to what can be reached, limits
 * and targets as the steps before have fixed them.
 */
#pragma once

#include "schedule-problem.h"

#define FLOW_NONE 1e-6 /* kWh: what lacks no more than this is told as no shortfall */

/* A level of stock that is wanted at the end of a slot. */
typedef struct {
    guint32 device, slot, tier;
    double weight;
    double wanted;    /* kWh, as the host asks */
    double reachable; /* what of it the device could have alone in the world */
    double level;     /* what of it the steps so far have left: the money step keeps it */
    double share;     /* kWh that it wants above its weaker brothers: equals lack in proportion */
} FlowTarget;

typedef struct {
    gboolean has_stock;
    double start, charge, discharge, end_value;
    double *low, *high;   /* kW; what the host allows */
    double *floor, *ceil; /* kW; what of it the stock's bounds leave */
    double *least;        /* kW; 0: none */
    double *empty, *full; /* kWh; reachable from before and towards the end */
    double *keep, *share; /* a and b of the recursion */
    double *gain, *bias;
    guint32 first_target, n_targets; /* in FlowModel.targets, by slot */
    gboolean is_discrete;            /* a least rate that can matter */
    gboolean may_burn;               /* a convex cost in u and v may use both */
} FlowDevice;

typedef struct {
    guint32 node, tier;
    double sign;     /* 1: import, −1: export */
    double *max;     /* kW */
    double *allowed; /* kW, max plus the breach that the first step could not avoid */
} FlowLimit;

typedef struct {
    double *base, *buy, *sell;
    double *low, *high; /* kW that the node can have at all */
    gboolean has_price;
} FlowNode;

typedef struct {
    const CfxProblem *problem;
    guint32 n_devices, n_slots, n_nodes, n_limits, n_targets;
    double *hours;
    double *weights; /* G × D */
    FlowDevice *devices;
    FlowNode *nodes;
    FlowLimit *limits;
    FlowTarget *targets; /* by device, then slot, then level */
    guint32 *target_row; /* their rows in the problem */
    double price_scale;  /* largest price in it */
    guint32 soft_device, soft_slot;
    double soft_kwh; /* a device that contradicts itself; soft_device G_MAXUINT32: none */
    GPtrArray *arena;
} FlowModel;

FlowModel *flow_model_new(const CfxProblem *problem);
void flow_model_free(FlowModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowModel, flow_model_free)

/* What the nodes can have at all, after floor or ceil of a device changed. */
void flow_model_ranges(FlowModel *model);

/* Stock at the end of each slot under these powers. */
void flow_model_simulate(const FlowModel *model, guint32 d, const double *power, double *stock);

/* Memory that lives as long as the model, zeroed. */
double *flow_model_reals(FlowModel *model, gsize n);
