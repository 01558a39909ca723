/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changed between two problems of a site, as a scheduler wants to be told. */
#include "plan/cfx-problem.h"

static gboolean
same_targets(const CfxPlanProblem *a, const CfxPlanProblem *b, const CfxProblemRow *row)
{
    for (guint i = row->first_target; i < row->first_target + row->n_targets; i++) {
        const CfxProblemTarget *x = a->target_at[i], *y = b->target_at[i];
        if (x->wanted_kwh != y->wanted_kwh || x->weight != y->weight)
            return FALSE;
    }
    return TRUE;
}

/* the targets stand at the same places: device, slot and tier */
static gboolean
same_shape(const CfxPlanProblem *a, const CfxPlanProblem *b)
{
    const CfxProblem *p = &a->problem, *q = &b->problem;

    if (p->n_devices != q->n_devices || p->n_slots != q->n_slots || p->n_limits != q->n_limits ||
        p->n_targets != q->n_targets || p->needs != q->needs ||
        memcmp(p->edge_us, q->edge_us, (q->n_slots + 1) * sizeof *q->edge_us) != 0 ||
        memcmp(a->ids, b->ids, q->n_devices * sizeof *b->ids) != 0)
        return FALSE;
    for (guint i = 0; i < q->n_targets; i++) {
        const CfxProblemTarget *x = a->target_at[i], *y = b->target_at[i];
        if (x->device != y->device || x->slot != y->slot || x->tier != y->tier)
            return FALSE;
    }
    return TRUE;
}

static gboolean
same_columns(const double *a, const double *b, gsize n)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

gboolean
cfx_plan_problem_deltas(const CfxPlanProblem *old, const CfxPlanProblem *new, GArray *deltas)
{
    guint n_slots = new->inputs->n;

    g_array_set_size(deltas, 0);
    if (!same_shape(old, new))
        return FALSE;

    for (guint i = 0; i < new->rows->len; i++) {
        const CfxProblemRow *row = &g_array_index(new->rows, CfxProblemRow, i);
        gsize at = (gsize)i * n_slots;
        CfxDelta delta = { CFX_DELTA_DEVICE, i, 0, n_slots };
        if (old->stock0_kwh[i] != new->stock0_kwh[i] ||
            old->stock_max_kwh[i] != new->stock_max_kwh[i] ||
            !same_columns(old->power_max_kw + at, new->power_max_kw + at, n_slots) ||
            !same_columns(old->least_kw + at, new->least_kw + at, n_slots) ||
            !same_targets(old, new, row))
            g_array_append_val(deltas, delta);
    }
    if (!same_columns(old->base_kw, new->base_kw, n_slots) ||
        !same_columns(old->buy, new->buy, n_slots) ||
        !same_columns(old->sell, new->sell, n_slots) ||
        !same_columns(old->limit_kw, new->limit_kw, (gsize)CFX_PROBLEM_LIMITS * n_slots)) {
        CfxDelta delta = { CFX_DELTA_NODE, 0, 0, n_slots };
        g_array_append_val(deltas, delta);
    }
    return TRUE;
}
