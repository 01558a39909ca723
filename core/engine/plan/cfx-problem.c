/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/cfx-problem.h"

#include "apply/cfx-apply.h"
#include "cfx-unit.h"

/* the grain of currents and of slots must not leave a need short */
#define MARGIN_WH 50.0
#define KW 1e-3

gboolean
cfx_problem_is_planned(const CfxEngineDevice *device)
{
    return device->session != NULL && device->flex.in_service && cfx_apply_obeys(device) &&
           cfx_engine_device_is(device, CFX_DEVICE_STEERABLE) &&
           !cfx_engine_device_is(device, CFX_DEVICE_BLOCKED);
}

/* --- rows ------------------------------------------------------------------------------------ */

static CfxProblemRow
row_of(CfxEngineDevice *device, gint64 now_us)
{
    const CfxDevice *state = &device->state;
    guint known = cfx_engine_device_phases(device);
    guint phases = known != 0 ? known : device->flex.phases;
    double voltage_v = state->voltage_v > 0 ? state->voltage_v : device->flex.voltage_v;
    double max_w = device->flex.power_max_w;
    double max_a = device->flex.max_current_a;

    if (state->power_max_w >= 0)
        max_w = fmin(max_w, state->power_max_w);
    if (device->session->current_max_a >= 0)
        max_a = fmin(max_a, device->session->current_max_a);
    if (isfinite(max_a))
        max_w = fmin(max_w, max_a * phases * device->flex.voltage_v);
    if (state->external_w >= 0)
        max_w = fmin(max_w, state->external_w);
    if (device->clamp_w >= 0)
        max_w = fmin(max_w, device->clamp_w);
    max_w = cfx_power_permitted(max_w);

    CfxProblemRow row = {
        .device = device,
        .session = device->session,
        .need_wh = device->session->need_wh,
        .departure_us = device->session->departure_us,
        .max_w = max_w,
        .least_w = cfx_engine_device_least_w(device),
        .one_phase_w = max_w,
        .spread = 1,
        .leaves_us = cfx_session_leaves_us(device->session, now_us),
    };
    if (known == 0 && device->flex.phases > 1) {
        /* a limit of three phases leaves one of them a third */
        row.one_phase_w = max_w / device->flex.phases;
        if (isfinite(max_a))
            row.one_phase_w = fmin(row.one_phase_w, max_a * voltage_v);
        /* what was stated must come even so: the plan gives it the hours that one phase takes */
        if (row.one_phase_w > 0 && cfx_from_is_stated(device->session->need_wh.from))
            row.spread = max_w / row.one_phase_w;
    }
    return row;
}

/* the slot that holds @us, or the last one */
static guint
slot_of(const CfxPlanInputs *inputs, gint64 us)
{
    for (guint j = 0; j < inputs->n; j++)
        if (us <= inputs->edge_us[j + 1])
            return j;
    return inputs->n - 1;
}

/* The slot by whose end @wh can have come at full power, as far as an equal share of the room lets
 * it; one more for what may come between, and not within less than an hour. */
static guint
soon(const CfxPlanProblem *self, double wh, double max_w)
{
    const CfxPlanInputs *inputs = self->inputs;
    guint j = 0;

    for (double sum_wh = 0; j + 1 < inputs->n && sum_wh < wh; j++)
        sum_wh += fmin(max_w, self->room_w[j] / MAX(self->rows->len, 1)) * inputs->hours[j];
    return MIN(MAX(j + 1, 4), inputs->n - 1);
}

/* what the solver must bring so that @wanted_wh are in the car, whatever its phases are */
static double
spread_wh(const CfxProblemRow *row, double wanted_wh)
{
    double stock_wh = row->device->session->stock_wh;

    return stock_wh + (wanted_wh - stock_wh) * row->spread;
}

static void
add_target(
    CfxPlanProblem *self, guint row, guint slot, guint32 tier, double wanted_wh, double weight)
{
    const CfxProblemRow *of = &g_array_index(self->rows, CfxProblemRow, row);
    const CfxEngineDevice *device = of->device;
    CfxProblemTarget target = {
        .struct_size = sizeof target,
        .device = row,
        .slot = slot,
        .tier = tier,
        .wanted_kwh = spread_wh(of, wanted_wh) * KW,
        .weight = weight,
    };

    /* what is there already is not wanted; the margin alone is not worth a slot */
    if (fmin(wanted_wh, device->session->need_wh.value) <= device->session->stock_wh)
        return;
    g_array_append_val(self->targets, target);
    self->problem.needs |= CFX_NEED_TARGETS;
}

/* older promises weigh more */
static double
age_weight(const GArray *ages, gint64 us)
{
    guint i = 0;

    while (i < ages->len && g_array_index(ages, gint64, i) != us)
        i++;
    return (double)(ages->len - i);
}

static void
row_targets(CfxPlanProblem *self, guint i, const GArray *ages)
{
    CfxProblemRow *row = &g_array_index(self->rows, CfxProblemRow, i);
    const CfxSession *session = row->device->session;
    const CfxPlanInputs *inputs = self->inputs;
    gboolean is_stated = cfx_from_is_stated(session->need_wh.from);
    double need_wh = isfinite(session->need_wh.value) ? session->need_wh.value : 0;
    double minimum_wh = isfinite(session->minimum_wh.value) ? session->minimum_wh.value : 0;
    double left_wh = need_wh - session->stock_wh;

    row->first_target = self->targets->len;
    row->by_slot = row->leaves_us != 0 ? slot_of(inputs, row->leaves_us) : inputs->n - 1;
    row->wanted_wh = need_wh + MARGIN_WH;
    /* what nobody stated is brought early, as far as it is the minimum */
    if (minimum_wh > 0) {
        guint early = soon(self, minimum_wh - session->stock_wh, row->one_phase_w);
        add_target(self,
                   i,
                   is_stated ? row->by_slot : MIN(early, row->by_slot),
                   CFX_TARGET_MINIMUM,
                   minimum_wh,
                   1);
    }
    if (need_wh <= 0)
        return;
    for (guint k = 0; is_stated && k < session->n_promises; k++) {
        const CfxPromise *promise = &session->promises[k];
        add_target(self,
                   i,
                   row->by_slot,
                   CFX_TARGET_PROMISED,
                   promise->wh >= need_wh ? row->wanted_wh : promise->wh,
                   age_weight(ages, promise->us));
    }
    /* nobody knows when it leaves: soon, and if the limits forbid, later */
    if (row->leaves_us == 0)
        add_target(
            self, i, soon(self, left_wh, row->one_phase_w), CFX_TARGET_ASKED, row->wanted_wh, 1);
    add_target(self, i, row->by_slot, CFX_TARGET_ASKED, row->wanted_wh, 1);
}

gboolean
cfx_problem_has_right(const CfxProblemRow *row, guint level)
{
    const CfxSession *session = row->device->session;

    if (level < 2)
        return TRUE;
    return session->stock_wh < session->minimum_wh.value ||
           session->stock_wh < session->promised_wh;
}

static void
row_bounds(CfxPlanProblem *self, guint i)
{
    const CfxProblemRow *row = &g_array_index(self->rows, CfxProblemRow, i);
    const CfxPlanInputs *inputs = self->inputs;
    double *max_kw = self->power_max_kw + (gsize)i * inputs->n;
    double *least_kw = self->least_kw + (gsize)i * inputs->n;
    double stock_wh = row->device->session->stock_wh;

    self->ids[i] = row->device->asset;
    self->stock0_kwh[i] = stock_wh * KW;
    /* a rest smaller than a slot at the least rate brings must be reachable from below */
    self->stock_max_kwh[i] = (MAX(stock_wh, spread_wh(row, row->wanted_wh)) +
                              row->least_w * (double)CFX_SLOT / (double)CFX_HOUR) *
                                 KW +
                             0.1;
    for (guint j = 0; j < inputs->n; j++) {
        double share = cfx_problem_presence(inputs, j, row->leaves_us);
        double max_w = fmin(row->max_w, self->cap_w[(gsize)row->index * inputs->n + j]);
        max_kw[j] = cfx_problem_has_right(row, inputs->level[j]) ? max_w * share * KW : 0;
        least_kw[j] = row->least_w * share * KW;
        if (least_kw[j] > 0)
            self->problem.needs |= CFX_NEED_LEAST_RATE;
    }
}

static int
by_time(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return x < y ? -1 : x > y;
}

/* when promises were made, the oldest first, each instant once: those of one instant are equals */
static GArray *
ages_of(const CfxPlanProblem *self)
{
    GArray *ages = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint n = 0;

    for (guint i = 0; i < self->rows->len; i++) {
        const CfxSession *session = g_array_index(self->rows, CfxProblemRow, i).device->session;
        for (guint k = 0; k < session->n_promises; k++)
            g_array_append_val(ages, session->promises[k].us);
    }
    g_array_sort(ages, by_time);
    gint64 *at = (gint64 *)(gpointer)ages->data;
    for (guint i = 0; i < ages->len; i++)
        if (n == 0 || at[n - 1] != at[i])
            at[n++] = at[i];
    g_array_set_size(ages, n);
    return ages;
}

static void
fill_rows(CfxPlanProblem *self)
{
    guint n = self->rows->len;
    g_autoptr(GArray) ages = ages_of(self);

    for (guint i = 0; i < n; i++) {
        row_targets(self, i, ages);
        row_bounds(self, i);
        CfxProblemRow *row = &g_array_index(self->rows, CfxProblemRow, i);
        row->n_targets = self->targets->len - row->first_target;
    }
    self->target_at = g_new0(const CfxProblemTarget *, self->targets->len + 1);
    for (guint i = 0; i < self->targets->len; i++)
        self->target_at[i] = &g_array_index(self->targets, CfxProblemTarget, i);
}

static gint64
last_departure(CfxSite *site, gint64 now_us)
{
    gint64 last_us = 0;

    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (device->session != NULL)
            last_us = MAX(last_us, cfx_session_leaves_us(device->session, now_us));
    }
    return last_us;
}

CfxPlanProblem *
cfx_plan_problem_new(CfxSite *site, gint64 now_us, guint32 features)
{
    CfxPlanProblem *self = g_new0(CfxPlanProblem, 1);
    gint64 until_us = cfx_plan_horizon(now_us, last_departure(site, now_us));
    guint32 of_devices = CFX_NEED_STOCK | CFX_NEED_TARGETS;

    self->inputs = cfx_plan_inputs_of_site(site, now_us, until_us);
    guint n_slots = self->inputs->n;
    self->rows = g_array_new(FALSE, TRUE, sizeof(CfxProblemRow));
    self->targets = g_array_new(FALSE, TRUE, sizeof(CfxProblemTarget));
    self->full = g_ptr_array_new();
    self->n_all = site->devices->len;
    self->fail_safe_w = g_new0(double, (gsize)(self->n_all + 1) * n_slots);
    self->cap_w = g_new0(double, (gsize)(self->n_all + 1) * n_slots);
    self->fixed_w = g_new0(double, n_slots);
    self->room_w = g_new0(double, n_slots);
    self->export_w = g_new0(double, n_slots);
    self->ends_w = g_new0(double, self->n_all + 1);
    self->counted = g_new0(CfxCurve, self->n_all + 1);
    for (guint i = 0; i < self->n_all; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        cfx_apply_counted(device, now_us, &self->counted[i]);
        if (!cfx_problem_is_planned(device))
            continue;
        /* a solver that knows no stock gets no cars: they keep what is left, as full ones do */
        if (device->session->is_full || (features & of_devices) != of_devices) {
            g_ptr_array_add(self->full, device);
            continue;
        }
        CfxProblemRow row = row_of(device, now_us);
        row.index = i;
        if ((features & CFX_NEED_LEAST_RATE) == 0)
            row.least_w = 0;
        g_array_append_val(self->rows, row);
    }

    guint n = self->rows->len;
    self->ids = g_new0(gint64, n + 1);
    self->stock0_kwh = g_new0(double, n + 1);
    self->stock_max_kwh = g_new0(double, n + 1);
    self->power_max_kw = g_new0(double, (gsize)(n + 1) * n_slots);
    self->least_kw = g_new0(double, (gsize)(n + 1) * n_slots);
    self->base_kw = g_new0(double, n_slots);
    self->buy = g_new0(double, n_slots);
    self->sell = g_new0(double, n_slots);
    self->limit_kw = g_new0(double, (gsize)CFX_PROBLEM_LIMITS *n_slots);

    cfx_problem_fill_fail_safe(self, site);
    cfx_problem_fill_room(self, site, now_us);
    cfx_problem_fill_node(self, site, features);
    fill_rows(self);
    if (n > 0)
        self->problem.needs |= CFX_NEED_STOCK;
    self->problem.struct_size = sizeof self->problem;
    self->problem.n_devices = n;
    self->problem.n_slots = n_slots;
    self->problem.n_nodes = 1;
    self->problem.n_targets = self->targets->len;
    self->problem.edge_us = self->inputs->edge_us;
    self->problem.hours = self->inputs->hours;
    self->problem.device_id = (CfxInts){ self->ids, 1 };
    self->problem.stock0_kwh = (CfxReals){ self->stock0_kwh, 1 };
    self->problem.least_kw = (CfxGrid){ self->least_kw, n_slots, 1 };
    self->problem.power_max_kw = (CfxGrid){ self->power_max_kw, n_slots, 1 };
    self->problem.stock_max_kwh = (CfxGrid){ self->stock_max_kwh, 1, 0 };
    self->problem.targets = self->target_at;
    self->problem.nodes = self->node_at;
    self->problem.limits = self->limit_at;
    return self;
}

void
cfx_plan_problem_free(CfxPlanProblem *self)
{
    cfx_plan_inputs_free(self->inputs);
    g_array_free(self->rows, TRUE);
    g_array_free(self->targets, TRUE);
    g_ptr_array_unref(self->full);
    for (guint i = 0; i < self->n_all; i++)
        cfx_curve_clear(&self->counted[i]);
    g_free(self->counted);
    g_free(self->target_at);
    g_free(self->fail_safe_w);
    g_free(self->ends_w);
    g_free(self->export_w);
    g_free(self->cap_w);
    g_free(self->fixed_w);
    g_free(self->room_w);
    g_free(self->ids);
    g_free(self->stock0_kwh);
    g_free(self->stock_max_kwh);
    g_free(self->power_max_kw);
    g_free(self->least_kw);
    g_free(self->base_kw);
    g_free(self->buy);
    g_free(self->sell);
    g_free(self->limit_kw);
    g_free(self);
}
