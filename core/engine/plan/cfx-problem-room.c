/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the limits leave to the planned devices: defaults, what all others may draw, the node. */
#include "plan/cfx-problem.h"

#include "apply/cfx-apply.h"
#include "cfx-unit.h"
#include "hold/cfx-hold.h"

/* For so long an idle device counts with what it may draw now, even if a lower fail-safe power is
 * on its way to it. */
#define NEAR (10 * CFX_MINUTE)
#define KW 1e-3
/* sums that are meant to fit exactly are off by the last bits */
#define SAME_W 1.0

double
cfx_problem_presence(const CfxPlanInputs *inputs, guint j, gint64 leaves_us)
{
    gint64 start_us = inputs->edge_us[j], end_us = inputs->edge_us[j + 1];

    if (leaves_us == 0 || leaves_us >= end_us)
        return 1;
    if (leaves_us <= start_us)
        return 0;
    return (double)(leaves_us - start_us) / (double)(end_us - start_us);
}

/* what a device that is not planned may draw in a slot, at most */
static double
fixed_w(const CfxEngineDevice *device,
        const CfxCurve *counted,
        gint64 now_us,
        gint64 start_us,
        gint64 end_us,
        double fail_safe_w)
{
    double may_w = cfx_curve_max(counted, MAX(start_us, counted->at_us[0]), end_us);
    /* an idle one that follows has its new default by then */
    gboolean follows = device->session == NULL && device->has_allowed && cfx_apply_obeys(device);

    if (!follows || cfx_engine_device_is(device, CFX_DEVICE_BLOCKED))
        return may_w;
    return start_us > now_us + NEAR ? fail_safe_w : MAX(may_w, fail_safe_w);
}

void
cfx_problem_fail_safe(CfxSite *site, double *to_w)
{
    guint n = site->devices->len, n_in_service = 0, n_first = 0;
    double room_w =
        cfx_power_room(MIN(site->flex->consumption_capacity_w, site->flex->power_capacity_w),
                       site->flex->base_load_max_w);

    for (guint i = 0; i < n; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        n_in_service += device->flex.in_service;
    }
    for (guint i = 0; i < n; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        double least_w = cfx_flex_model_least_w(&device->flex, device->flex.phases);
        double per_ampere_w = device->flex.phases * device->flex.voltage_v;
        to_w[i] = device->flex.fail_safe_w;
        if (!device->flex.in_service) {
            to_w[i] = 0;
        } else if (isnan(to_w[i])) {
            /* the equal share; where it is below the least, the first ones get that, others none */
            double share_w = floor(room_w / n_in_service / per_ampere_w * 10) / 10 * per_ampere_w;
            gboolean fits = (n_first + 1) * least_w <= room_w;
            to_w[i] = share_w >= least_w ? share_w : fits ? least_w : 0;
            n_first += to_w[i] > 0;
        }
    }
}

/*
 * Fail-safe powers @own_w of all devices in slot @j, lowered where a known event lowers the limit,
 * and, of those that can be told so, where others do not follow and may draw more than theirs.
 */
static void
fail_safe_of_slot(
    const CfxPlanProblem *self, CfxSite *site, const double *own_w, guint j, double *to_w)
{
    const CfxPlanInputs *inputs = self->inputs;
    guint n = self->n_all, n_told = 0;
    g_autofree double *least_w = g_new0(double, n + 1);
    g_autofree double *told_w = g_new0(double, n + 1);
    g_autofree double *told_least_w = g_new0(double, n + 1);
    double used_w = inputs->cautious_w[j];

    for (guint i = 0; i < n; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        const CfxCurve *counted = &self->counted[i];
        least_w[i] = cfx_flex_model_least_w(&device->flex, device->flex.phases);
        if (cfx_apply_obeys(device)) {
            told_least_w[n_told] = least_w[i];
            told_w[n_told++] = own_w[i];
        } else {
            gint64 start_us = MAX(inputs->edge_us[j], counted->at_us[0]);
            used_w += cfx_curve_max(counted, start_us, inputs->edge_us[j + 1]);
        }
    }
    cfx_limits_fail_safe(
        own_w, least_w, n, cfx_power_room(inputs->limit_w[j], inputs->cautious_w[j]), to_w);
    cfx_limits_fail_safe(
        told_w, told_least_w, n_told, cfx_power_room(inputs->limit_w[j], used_w), told_w);
    for (guint i = 0, k = 0; i < n; i++)
        if (cfx_apply_obeys(g_ptr_array_index(site->devices, i)))
            to_w[i] = told_w[k++];
}

void
cfx_problem_fill_fail_safe(CfxPlanProblem *self, CfxSite *site)
{
    guint n = self->n_all, n_slots = self->inputs->n;
    g_autofree double *own_w = g_new0(double, n + 1);
    g_autofree double *default_w = g_new0(double, n + 1);
    g_autofree double *to_w = g_new0(double, n + 1);

    cfx_problem_fail_safe(site, own_w);
    /* what must not start without us has no default; its plan ends in its fail-safe power even so
     */
    if (site->flex->offline_start)
        memcpy(default_w, own_w, n * sizeof *own_w);
    for (guint j = 0; j < n_slots; j++) {
        fail_safe_of_slot(self, site, default_w, j, to_w);
        for (guint i = 0; i < n; i++)
            self->fail_safe_w[i * n_slots + j] = to_w[i];
    }
    cfx_hold_caps(site, self->inputs->edge_us, n_slots, self->fail_safe_w, self->cap_w);
    fail_safe_of_slot(self, site, own_w, n_slots - 1, self->ends_w);
    for (guint i = 0; i < n; i++) {
        gsize last = (gsize)i * n_slots + n_slots - 1;
        self->ends_w[i] = site->flex->offline_start ? self->fail_safe_w[last]
                                                    : fmin(self->ends_w[i], self->cap_w[last]);
    }
}

void
cfx_problem_fill_room(CfxPlanProblem *self, CfxSite *site, gint64 now_us)
{
    const CfxPlanInputs *inputs = self->inputs;

    for (guint i = 0; i < self->n_all; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        const double *fail_safe_w = self->fail_safe_w + (gsize)i * inputs->n;
        gboolean is_planned = cfx_problem_is_planned(device);
        gint64 leaves_us = is_planned ? cfx_session_leaves_us(device->session, now_us) : 0;
        for (guint j = 0; j < inputs->n; j++) {
            if (!is_planned)
                self->fixed_w[j] += fixed_w(device,
                                            &self->counted[i],
                                            now_us,
                                            inputs->edge_us[j],
                                            inputs->edge_us[j + 1],
                                            fail_safe_w[j]);
            else if (cfx_problem_presence(inputs, j, leaves_us) < 1)
                self->fixed_w[j] += fail_safe_w[j]; /* its place is idle then */
        }
    }
    for (guint j = 0; j < inputs->n; j++) {
        double used_w = inputs->cautious_w[j] + self->fixed_w[j];
        self->room_w[j] = cfx_power_room(inputs->limit_w[j], used_w);
        if (used_w > inputs->limit_w[j] + SAME_W)
            self->unavoidable_kwh += (used_w - inputs->limit_w[j]) * inputs->hours[j] * KW;
    }
}

/* a limit of the node: on import as base and what it leaves to the planned devices, on export as it
 * is */
static void
add_limit(CfxPlanProblem *self, guint32 tier, const double *limit_w, gboolean is_import)
{
    const CfxPlanInputs *inputs = self->inputs;
    guint l = self->problem.n_limits++;
    double *max_kw = self->limit_kw + (gsize)l * inputs->n;

    for (guint j = 0; j < inputs->n; j++) {
        double room_w = cfx_power_room(limit_w[j], inputs->cautious_w[j] + self->fixed_w[j]);
        max_kw[j] = is_import ? MAX(self->base_kw[j] + room_w * KW, 0) : limit_w[j] * KW;
    }
    self->limits[l] = (CfxProblemLimit){
        .struct_size = sizeof(CfxProblemLimit),
        .flags = is_import ? 0 : CFX_LIMIT_EXPORT,
        .tier = tier,
        .max_kw = { max_kw, 1 },
    };
    self->limit_at[l] = &self->limits[l];
}

/* What a slot without a price counts with: as dear as the dearest that is known, and never as a
 * gain; where nothing is known, sooner is as good as later. */
static double
price_of_unknown(const CfxPlanInputs *inputs)
{
    double highest = 0;

    for (guint j = 0; j < inputs->n; j++)
        highest = fmax(highest, fmax(inputs->buy[j], inputs->sell[j]));
    return highest;
}

void
cfx_problem_fill_node(CfxPlanProblem *self, const CfxSite *site, guint32 features)
{
    const CfxPlanInputs *inputs = self->inputs;
    gboolean is_signalled = FALSE, is_held = FALSE;
    double unknown = price_of_unknown(inputs);

    for (guint j = 0; j < inputs->n; j++) {
        self->base_kw[j] = MAX(inputs->expected_w[j], -self->room_w[j]) * KW;
        self->buy[j] = isfinite(inputs->buy[j]) ? inputs->buy[j] : unknown;
        self->sell[j] = inputs->sell[j];
        if (self->sell[j] > self->buy[j] && (features & CFX_NEED_SELL_ABOVE_BUY) == 0) {
            self->sell[j] = self->buy[j];
            self->sell_is_clamped = TRUE;
        }
        if (self->sell[j] != self->buy[j])
            self->problem.needs |= CFX_NEED_SELL;
        if (self->sell[j] > self->buy[j])
            self->problem.needs |= CFX_NEED_SELL_ABOVE_BUY;
        is_signalled = is_signalled || inputs->signal_w[j] < inputs->contracted_w[j];
        is_held = is_held || inputs->limit_w[j] < inputs->signal_w[j];
    }
    self->node = (CfxProblemNode){
        .struct_size = sizeof(CfxProblemNode),
        .parent = -1,
        .base_kw = { self->base_kw, 1 },
        .buy = { self->buy, 1 },
        .sell = { self->sell, 1 },
    };
    self->node_at[0] = &self->node;
    add_limit(self, CFX_LIMIT_PHYSICAL, inputs->physical_w, TRUE);
    add_limit(self, CFX_LIMIT_CONTRACTED, inputs->contracted_w, TRUE);
    if (is_signalled)
        add_limit(self, CFX_LIMIT_SIGNAL, inputs->signal_w, TRUE);
    if (is_held)
        add_limit(self, CFX_LIMIT_HOLD, inputs->limit_w, TRUE);
    /* what the sun gives beyond it cars may take; no signal touches it */
    if (site->flex->production_capacity_w >= 0) {
        for (guint j = 0; j < inputs->n; j++)
            self->export_w[j] = site->flex->production_capacity_w;
        add_limit(self, CFX_LIMIT_CONTRACTED, self->export_w, FALSE);
    }
}
