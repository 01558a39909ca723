/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-harness-problem.h
 * Problems for unit tests of a scheduler, with all their memory, and buffers for its answer.
 *
 * A new problem is neutral: no device may draw, there is one node without price or limit. Fill the
 * arrays, add limits and targets, call cfx_harness_problem_ready(), and give `problem` to load().
 */
#pragma once

#include <cariflex/cfx-scheduler.h>

G_BEGIN_DECLS

/** Arrays to write to. D × J means one row of n_slots numbers for each device. */
typedef struct {
    CfxProblem problem;                              /**< what a session is lent */
    gint64 *edge_us;                                 /**< J + 1; follow from the hours */
    double *hours;                                   /**< J; see cfx_harness_problem_set_hours() */
    gint64 *id, *home;                               /**< D: asset, and row of the node */
    double *stock0, *charge, *discharge, *end_value; /**< D: stock0_kwh, efficiencies, end value */
    double *keep, *least;                            /**< D × J: keep, least_kw */
    double *low, *high;                              /**< D × J: power_min_kw, power_max_kw */
    double *empty, *full;                            /**< D × J: stock_min_kwh, stock_max_kwh */
    double *gain, *bias;                             /**< D × J: gain_kw, bias */
    GPtrArray *nodes, *limits, *targets, *weights;   /**< as they were added */
    GPtrArray *memory;
} CfxHarnessProblem;

/** All neutral. Devices have the ids 61, 62, …; every slot is so many hours long. */
CfxHarnessProblem *cfx_harness_problem_new(guint32 n_devices, guint32 n_slots, double hours);
void cfx_harness_problem_free(CfxHarnessProblem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxHarnessProblem, cfx_harness_problem_free)

/** Sets the length of one slot; the edges follow. */
void cfx_harness_problem_set_hours(CfxHarnessProblem *self, guint32 slot, double hours);
/** Adds a node below another. Its base is a row of 0; prices: cfx_harness_problem_row(). */
CfxProblemNode *cfx_harness_problem_node(CfxHarnessProblem *self, gint32 parent);
/** Gives a column of a node n_slots numbers of its own, all `value`, and returns them. */
double *cfx_harness_problem_row(CfxHarnessProblem *self, CfxReals *column, double value);
/** Adds a limit of that much in all slots. */
void cfx_harness_problem_limit(
    CfxHarnessProblem *self, guint32 node, guint32 tier, gboolean is_export, double max);
/** The n_slots numbers of a limit that was added, by its number. */
double *cfx_harness_problem_limit_row(CfxHarnessProblem *self, guint32 limit);
/** Adds a target: so many kWh at the end of a slot. */
void cfx_harness_problem_target(CfxHarnessProblem *self,
                                guint32 device,
                                guint32 slot,
                                guint32 tier,
                                double wanted,
                                double weight);
/** Adds the weight of a device in a node. */
void
cfx_harness_problem_weight(CfxHarnessProblem *self, guint32 device, guint32 node, double weight);
/** Sets needs, counts and pointers after anything was changed. */
void cfx_harness_problem_ready(CfxHarnessProblem *self);

/** Buffers of a solution, all of them. */
typedef struct {
    CfxSolution solution;
    char reason[256];
} CfxHarnessSolution;

/** For a problem that is ready. */
CfxHarnessSolution *cfx_harness_solution_new(const CfxProblem *problem);
void cfx_harness_solution_free(CfxHarnessSolution *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxHarnessSolution, cfx_harness_solution_free)

G_END_DECLS
