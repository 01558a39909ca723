/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devices fall back to without a plan or without their car. */
#include "plan/cfx-plan.h"

#include "apply/cfx-apply.h"
#include "guard/cfx-guard.h"

guint
cfx_plan_index_of(const CfxSite *site, const CfxEngineDevice *device)
{
    guint index = 0;

    g_ptr_array_find(site->devices, device, &index);
    return index;
}

static void
fail_safe_curve(const CfxPlanProblem *problem, guint device, CfxCurve *to)
{
    const CfxPlanInputs *inputs = problem->inputs;

    cfx_curve_reset(to);
    for (guint j = 0; j < inputs->n; j++)
        cfx_curve_append(
            to, inputs->edge_us[j], problem->fail_safe_w[(gsize)device * inputs->n + j]);
}

/* where @by is known */
static void
lower_from(CfxCurve *curve, const CfxCurve *by)
{
    g_auto(CfxCurve) rest = CFX_CURVE_INIT;

    cfx_curve_copy(&rest, curve);
    cfx_curve_trim(&rest, by->at_us[0]);
    cfx_curve_lower(&rest, by);
    cfx_curve_copy(curve, &rest);
}

void
cfx_plan_take_fail_safe(CfxSite *site, const CfxPlanProblem *problem, const CfxCause *cause)
{
    for (guint i = 0; i < site->devices->len; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        g_auto(CfxCurve) curve = CFX_CURVE_INIT;

        fail_safe_curve(problem, i, &curve);
        device->ends_w = problem->ends_w[i];
        if (device->session != NULL && device->has_desired && device->desires_plan) {
            /* it may fall at once; whether there is room for more the plan will say */
            lower_from(&device->desired_fail_safe, &curve);
            continue;
        }
        /* nobody is there, or no plan knows the car yet */
        cfx_curve_copy(&device->desired_fail_safe, &curve);
        cfx_curve_copy(&device->desired, &curve);
        device->desires_plan = FALSE;
        device->has_desired = TRUE;
        device->desired_until_us = problem->inputs->edge_us[problem->inputs->n];
        device->desired_cause = *cause;
        device->desired_solved_us = 0;
    }
    cfx_apply_pump(site);
}

static gboolean *
planned_of(const CfxSite *site, const CfxPlanProblem *problem)
{
    gboolean *is_planned = g_new0(gboolean, site->devices->len + 1);

    for (guint i = 0; i < problem->rows->len; i++)
        is_planned[cfx_plan_index_of(site, g_array_index(problem->rows, CfxProblemRow, i).device)] =
            TRUE;
    for (guint i = 0; i < problem->full->len; i++)
        is_planned[cfx_plan_index_of(site, g_ptr_array_index(problem->full, i))] = TRUE;
    return is_planned;
}

/* The room of planned devices; where one leaves, what its place then counts with is theirs, too. */
static void
room_curve(const CfxSite *site,
           const CfxPlanProblem *problem,
           const gboolean *is_planned,
           gint64 now_us,
           CfxCurve *to)
{
    const CfxPlanInputs *inputs = problem->inputs;

    for (guint j = 0; j < inputs->n; j++) {
        double room_w = problem->room_w[j];
        for (guint i = 0; i < site->devices->len; i++) {
            const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
            gint64 leaves_us = is_planned[i] ? cfx_session_leaves_us(device->session, now_us) : 0;
            if (leaves_us != 0 && leaves_us < inputs->edge_us[j + 1])
                room_w += problem->fail_safe_w[(gsize)i * inputs->n + j];
        }
        cfx_curve_append(to, inputs->edge_us[j], room_w);
    }
    cfx_curve_append(to, inputs->edge_us[inputs->n], INFINITY);
}

void
cfx_plan_take_fall_backs(CfxSite *site, const CfxPlanProblem *problem, gint64 now_us)
{
    const CfxPlanInputs *inputs = problem->inputs;
    gint64 end_us = inputs->edge_us[inputs->n];
    guint n = site->devices->len, n_planned = 0;
    g_autofree gboolean *is_planned = planned_of(site, problem);
    g_autofree CfxCurve *power = g_new0(CfxCurve, n + 1);
    g_autofree CfxCurve *fall_back = g_new0(CfxCurve, n + 1);
    g_auto(CfxCurve) room = CFX_CURVE_INIT;

    for (guint i = 0; i < n; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (!is_planned[i])
            continue;
        cfx_curve_copy(&power[n_planned], &device->desired);
        fail_safe_curve(problem, i, &fall_back[n_planned]);
        cfx_curve_append(
            &fall_back[n_planned++], end_us, site->flex->offline_start ? device->ends_w : 0);
    }
    room_curve(site, problem, is_planned, now_us, &room);
    cfx_clip_fall_back(power, fall_back, n_planned, &room, inputs->edge_us[0], end_us);
    for (guint i = 0, k = 0; i < n; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (!is_planned[i])
            continue;
        cfx_curve_copy(&device->desired_fail_safe, &fall_back[k]);
        cfx_curve_clear(&power[k]);
        cfx_curve_clear(&fall_back[k++]);
    }
}
