/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The site's planning problem in kW: who may be planned, what the others may draw meanwhile, what
 * room is left under the limits, what is wanted by when.
 *
 * Base load and limits: the money of a slot counts with the expected base load, limits with the
 * cautious one. The problem has one base per node, so each limit is given as base + room, where
 * room is what the cautious count leaves to the planned devices.
 */
#pragma once

#include "plan/cfx-inputs.h"
#include "session/cfx-session.h"

#define CFX_PROBLEM_LIMITS 5

/* one planned device, that is one car with a need */
typedef struct {
    CfxEngineDevice *device;
    const CfxSession *session; /* only to compare: it may have ended since */
    CfxField need_wh;          /* what it had said when the problem was made */
    gint64 departure_us;
    double max_w; /* while it is there */
    guint index;  /* of the device in the site */
    double least_w;
    double one_phase_w; /* what it draws for certain if its phases are not known */
    double spread;      /* limit per power that it draws for certain, 1: they are the same */
    gint64 leaves_us;   /* 0: unknown */
    guint first_target, n_targets;
    guint by_slot;    /* slot at whose end its need is counted */
    double wanted_wh; /* highest target */
} CfxProblemRow;

typedef struct {
    CfxProblem problem; /* members point into what follows */
    CfxPlanInputs *inputs;
    GArray *rows; /* (element-type CfxProblemRow) */
    GPtrArray
        *full;   /* (element-type CfxEngineDevice) cars that want no more: 6 A if there is room */
    guint n_all; /* devices of the site */
    CfxCurve *counted;      /* n_all: what each may draw from now on */
    double *fail_safe_w;    /* n_all × slots: what it falls back to without its car */
    double *ends_w;         /* n_all: what its plan ends in */
    double *cap_w;          /* n_all × slots: what holds leave; INFINITY: none */
    double *fixed_w;        /* slots: what all others may draw */
    double *export_w;       /* slots: contracted limit of what is given */
    double *room_w;         /* slots: what is left for the planned ones */
    double unavoidable_kwh; /* beyond the limit whatever is planned */
    gboolean sell_is_clamped;

    gint64 *ids;
    double *stock0_kwh, *stock_max_kwh;
    double *power_max_kw, *least_kw; /* rows × slots */
    double *base_kw, *buy, *sell;
    double *limit_kw; /* CFX_PROBLEM_LIMITS × slots */
    CfxProblemNode node;
    const CfxProblemNode *node_at[1];
    CfxProblemLimit limits[CFX_PROBLEM_LIMITS];
    const CfxProblemLimit *limit_at[CFX_PROBLEM_LIMITS];
    GArray *targets; /* (element-type CfxProblemTarget) */
    const CfxProblemTarget **target_at;
} CfxPlanProblem;

/* @features: of the scheduler; what it does not know is planned without, or the device is fixed */
CfxPlanProblem *cfx_plan_problem_new(CfxSite *site, gint64 now_us, guint32 features);
void cfx_plan_problem_free(CfxPlanProblem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxPlanProblem, cfx_plan_problem_free)

/*
 * What changed from @old to @new, as deltas. Returns: FALSE if they differ in more than rows, so
 * that the problem must be loaded anew
 */
gboolean
cfx_plan_problem_deltas(const CfxPlanProblem *old, const CfxPlanProblem *new, GArray *deltas);

/* From demand response level 2 on only minimum and promised energy is charged. */
gboolean cfx_problem_has_right(const CfxProblemRow *row, guint level);
/* Whether the plan may steer this device's car now. */
gboolean cfx_problem_is_planned(const CfxEngineDevice *device);
/* Fail-safe power of each device of the site as configured, or its share where nothing is said;
 * none out of service. */
void cfx_problem_fail_safe(CfxSite *site, double *to_w);

/* parts of cfx_plan_problem_new(): cfx-problem-room.c */
/* Share of a slot in which a car is there that leaves at @leaves_us; 0: it stays. */
double cfx_problem_presence(const CfxPlanInputs *inputs, guint slot, gint64 leaves_us);
/* Fail-safe power of every device in every slot. */
void cfx_problem_fill_fail_safe(CfxPlanProblem *self, CfxSite *site);
void cfx_problem_fill_room(CfxPlanProblem *self, CfxSite *site, gint64 now_us);
void cfx_problem_fill_node(CfxPlanProblem *self, const CfxSite *site, guint32 features);
