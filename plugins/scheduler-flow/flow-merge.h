/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One device under given costs of its power, exactly: the slope merge (scheduling 3), and branch
 * and bound around it for what is not convex (6.1: least rates; 6.2: signs under negative prices).
 */
#pragma once

#include "flow-model.h"

/*
 * Costs of one device's power: in each slot a convex piecewise linear function, as pieces from
 * `low` upwards. Pieces do not cross 0 kW. Prices in currency/kWh of power.
 */
typedef struct {
    guint32 n_slots;
    guint32 *start; /* n_slots + 1: pieces of slot j are start[j] … start[j + 1] − 1 */
    double *low;    /* kW at the left end of the first piece of each slot */
    double *price;
    double *width; /* kW */
    guint32 capacity;
    guint32 slot; /* being filled */
    double at;    /* kW at its right end so far */
} FlowCost;

FlowCost *flow_cost_new(guint32 n_slots, guint32 pieces_per_slot);
void flow_cost_free(FlowCost *cost);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowCost, flow_cost_free)
/* Begins slot j (in ascending order), then adds its pieces; one that crosses 0 is split. */
void flow_cost_begin(FlowCost *cost, guint32 slot, double low);
void flow_cost_add(FlowCost *cost, double width, double price);

/* What a slot's power may be, beside its bounds. */
enum { FLOW_FREE, FLOW_OFF /* p ≤ 0 */, FLOW_UP /* p ≥ 0 */, FLOW_ON /* p ≥ least */ };

/* A wish for stock: `price` for each kWh below `level` at the end of `slot`. */
typedef struct {
    guint32 slot;
    double level, price;
} FlowHinge;

typedef struct {
    const FlowModel *model;
    const FlowDevice *device;
    const FlowCost *cost;
    const FlowHinge *hinges; /* by slot */
    guint32 n_hinges;
    const double *empty, *full; /* stock bounds */
    double end_value;
    const guint8 *fixed; /* nullable: what flow_branch() begins with, FLOW_… per slot */
} FlowTask;

typedef struct {
    double cost;  /* relative to all slots at the low end of their costs */
    double bound; /* nothing is cheaper than this */
    gboolean is_possible;
} FlowAnswer;

/* Memory for merges and branches, reused. */
typedef struct _FlowWork FlowWork;
FlowWork *flow_work_new(guint32 n_slots, guint32 pieces_per_slot);
void flow_work_free(FlowWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowWork, flow_work_free)

/*
 * Solves without least rates, where `state` (nullable) says more. Where charging pays before
 * discharging less does (negative prices), the answer burns: it is a bound, and `burns` (nullable)
 * has the smaller of both powers per slot.
 */
FlowAnswer
flow_merge(FlowWork *work, const FlowTask *task, const guint8 *state, double *power, double *burns);

/*
 * Solves with least rates and signs: at most `max_nodes` merges, done when cost − bound ≤ enough.
 * `is_late` (nullable) is asked at each merge and ends it early.
 */
FlowAnswer flow_branch(FlowWork *work,
                       const FlowTask *task,
                       guint32 max_nodes,
                       double enough,
                       gboolean (*is_late)(gpointer data),
                       gpointer data,
                       double *power);
