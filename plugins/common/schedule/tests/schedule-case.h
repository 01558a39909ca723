/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Problems for tests of schedulers: built by hand or at random, with all their memory. */
#pragma once

#include <cariflex/cfx-scheduler.h>

typedef struct {
    CfxProblem problem;
    gint64 *edge_us;
    double *hours;
    gint64 *id, *home;
    double *stock0, *charge, *discharge, *end_value;
    double *keep, *least, *low, *high, *empty, *full, *gain, *bias; /* D × J */
    GPtrArray *nodes, *limits, *targets, *weights;
    GPtrArray *memory;
} ScheduleCase;

/* All neutral: no device may draw, one node without price or limit. */
ScheduleCase *schedule_case_new(guint32 n_devices, guint32 n_slots, double hours);
void schedule_case_free(ScheduleCase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScheduleCase, schedule_case_free)

/* Sets the length of one slot; the edges follow. */
void schedule_case_set_hours(ScheduleCase *self, guint32 slot, double hours);
/* Rows of nodes: base, buy, sell are n_slots numbers that the caller may fill. */
CfxProblemNode *schedule_case_node(ScheduleCase *self, gint32 parent);
double *schedule_case_row(ScheduleCase *self, CfxReals *column, double value);
void
schedule_case_limit(ScheduleCase *self, guint32 node, guint32 tier, gboolean is_export, double max);
double *schedule_case_limit_row(ScheduleCase *self, guint32 limit);
void schedule_case_target(
    ScheduleCase *self, guint32 device, guint32 slot, guint32 tier, double wanted, double weight);
void schedule_case_weight(ScheduleCase *self, guint32 device, guint32 node, double weight);
/* Sets needs, counts and pointers after anything was changed. */
void schedule_case_ready(ScheduleCase *self);

/* What may occur in a random problem. */
enum {
    CASE_TWO_WAY = 1 << 0,
    CASE_LEAKAGE = 1 << 1,
    CASE_NEGATIVE_PRICES = 1 << 2,
    CASE_LEAST_RATE = 1 << 3,
    CASE_TIGHT = 1 << 4,  /* limits that bind */
    CASE_SCARCE = 1 << 5, /* limits and needs that cannot all be kept */
    CASE_HARD = 1 << 6,   /* stock bounds of all kinds, forced power */
    CASE_TREE = 1 << 7,
    CASE_PHASES = 1 << 8,
    CASE_UNEVEN = 1 << 9, /* slots of different lengths */
    CASE_SELL = 1 << 10,  /* export has a price of its own, and there is some */
    CASE_CARS_ONLY = 1 << 11,
    CASE_STORAGES_ONLY = 1 << 12
};
ScheduleCase *schedule_case_random(GRand *random, guint32 n_devices, guint32 n_slots, guint flags);

/* Buffers of a solution, all of them. */
typedef struct {
    CfxSolution solution;
    char reason[256];
} ScheduleAnswer;

ScheduleAnswer *schedule_answer_new(const CfxProblem *problem);
void schedule_answer_free(ScheduleAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScheduleAnswer, schedule_answer_free)
