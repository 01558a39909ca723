/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A solution comes into force: churn, full cars, promises, what each device should do. */
#include "plan/cfx-plan.h"

#include "apply/cfx-apply.h"
#include "cfx-unit.h"

/* a plan that saves less than this is not worth a message to the stations */
#define SAVING_SHARE 1e-3
#define SAVING_MONEY 0.01
/* powers and energies that are the same */
#define SAME_W 1.0
#define SAME_WH 50.0

/* powers of the planned rows, W; rows × slots */
typedef struct {
    const CfxPlanProblem *problem;
    guint n, n_slots;
    double *power_w;  /* what comes into force */
    gboolean *is_old; /* the row keeps its desired curve */
} Take;

static double *
row_at(const Take *take, guint i)
{
    return take->power_w + (gsize)i * take->n_slots;
}

static const CfxProblemRow *
row_of(const Take *take, guint i)
{
    return &g_array_index(take->problem->rows, CfxProblemRow, i);
}

/* --- churn ------------------------------------------------------------------------------------ */

static double
cost_of(const Take *take)
{
    const CfxPlanProblem *problem = take->problem;
    const CfxPlanInputs *inputs = problem->inputs;
    double cost = 0;

    for (guint j = 0; j < take->n_slots; j++) {
        double kw = problem->base_kw[j];
        for (guint i = 0; i < take->n; i++)
            kw += row_at(take, i)[j] * 1e-3;
        cost += inputs->hours[j] * kw * (kw > 0 ? problem->buy[j] : problem->sell[j]);
    }
    return cost;
}

static double
stock_wh(const Take *take, guint i, guint slot)
{
    const CfxPlanInputs *inputs = take->problem->inputs;
    double wh = row_of(take, i)->device->session->stock_wh;

    for (guint j = 0; j <= slot; j++)
        wh += row_at(take, i)[j] * inputs->hours[j];
    return wh;
}

/* powers of the row's desired curve in the problem's slots; FALSE: it is not a plan any more */
static gboolean
old_powers(const Take *take, guint i, const double *new_w, double *to_w)
{
    const CfxPlanProblem *problem = take->problem;
    const CfxPlanInputs *inputs = problem->inputs;
    const CfxEngineDevice *device = row_of(take, i)->device;
    const double *max_kw = problem->power_max_kw + (gsize)i * take->n_slots;
    const double *least_kw = problem->least_kw + (gsize)i * take->n_slots;

    if (!device->has_desired || !device->desires_plan || device->is_urgent)
        return FALSE;
    for (guint j = 0; j < take->n_slots; j++) {
        gint64 start_us = inputs->edge_us[j], end_us = inputs->edge_us[j + 1];
        if (start_us >= device->desired_until_us) {
            to_w[j] = new_w[j];
            if (new_w[j] > SAME_W)
                return FALSE;
            continue;
        }
        to_w[j] = cfx_curve_mean(&device->desired, MAX(start_us, device->desired.at_us[0]), end_us);
        if (!(to_w[j] <= max_kw[j] * 1e3 + SAME_W) ||
            (to_w[j] > SAME_W && to_w[j] < least_kw[j] * 1e3 - SAME_W))
            return FALSE;
    }
    return TRUE;
}

/* under the limits, and as much for everybody as the new plan has */
static gboolean
is_as_good(const Take *mixed, const Take *new)
{
    const CfxPlanProblem *problem = mixed->problem;

    for (guint j = 0; j < mixed->n_slots; j++) {
        double sum_w = 0;
        for (guint i = 0; i < mixed->n; i++)
            sum_w += row_at(mixed, i)[j];
        if (sum_w > problem->room_w[j] + SAME_W)
            return FALSE;
    }
    for (guint i = 0; i < mixed->n; i++) {
        const CfxProblemRow *row = row_of(mixed, i);
        for (guint t = row->first_target; t < row->first_target + row->n_targets; t++) {
            const CfxProblemTarget *target = problem->target_at[t];
            double wanted_wh = target->wanted_kwh * 1e3;
            double now_wh = stock_wh(mixed, i, target->slot),
                   then_wh = stock_wh(new, i, target->slot);
            if (MIN(now_wh, wanted_wh) < MIN(then_wh, wanted_wh) - SAME_WH)
                return FALSE;
        }
    }
    return cost_of(mixed) - cost_of(new) <= MAX(SAVING_SHARE * fabs(cost_of(new)), SAVING_MONEY);
}

/* rows keep what they have where the whole is as good with it */
static void
keep_old(Take *take)
{
    gsize n_cells = (gsize)take->n * take->n_slots;
    g_autofree double *mixed_w = g_memdup2(take->power_w, n_cells * sizeof(double));
    Take mixed = *take;
    gboolean any = FALSE;

    if (n_cells == 0)
        return;
    mixed.power_w = mixed_w;
    g_autofree gboolean *is_old = g_new0(gboolean, take->n);
    g_autofree double *row_w = g_new0(double, take->n_slots);
    for (guint i = 0; i < take->n; i++) {
        is_old[i] = old_powers(take, i, row_at(take, i), row_w);
        if (is_old[i])
            memcpy(row_at(&mixed, i), row_w, take->n_slots * sizeof(double));
        any = any || is_old[i];
    }
    if (!any || !is_as_good(&mixed, take))
        return;
    memcpy(take->power_w, mixed_w, n_cells * sizeof(double));
    memcpy(take->is_old, is_old, take->n * sizeof(gboolean));
}

/* --- what devices should do --------------------------------------------------------------------
 */

static void
set_desired(
    CfxSite *site, CfxPlanRun *run, CfxEngineDevice *device, const CfxCurve *curve, gint64 plan)
{
    const CfxPlanInputs *inputs = run->problem->inputs;

    cfx_curve_copy(&device->desired, curve);
    device->has_desired = TRUE;
    device->desires_plan = TRUE;
    device->is_urgent = FALSE;
    device->desired_until_us = inputs->edge_us[inputs->n];
    device->desired_cause = run->cause;
    device->desired_plan = plan;
    device->desired_solved_us = run->solved_us;
}

/* the real rate up to the real minute of departure, then nothing, at the end the fail-safe power */
static void
row_curve(const Take *take, guint i, double fail_safe_w, CfxCurve *to)
{
    const CfxPlanInputs *inputs = take->problem->inputs;
    const CfxProblemRow *row = row_of(take, i);

    for (guint j = 0; j < inputs->n; j++) {
        double power_w = row_at(take, i)[j];
        gint64 start_us = inputs->edge_us[j], end_us = inputs->edge_us[j + 1];
        gboolean leaves = row->leaves_us > start_us && row->leaves_us < end_us;
        if (leaves && power_w > SAME_W) {
            double share = (double)(row->leaves_us - start_us) / (double)(end_us - start_us);
            cfx_curve_append(to, start_us, MIN(power_w / share, row->max_w));
            cfx_curve_append(to, row->leaves_us, 0);
        } else {
            cfx_curve_append(to, start_us, power_w);
        }
    }
    cfx_curve_append(to, inputs->edge_us[inputs->n], fail_safe_w);
}

static guint
set_rows(CfxSite *site, CfxPlanRun *run, const Take *take, gint64 plan)
{
    guint changed = 0;

    for (guint i = 0; i < take->n; i++) {
        CfxEngineDevice *device = row_of(take, i)->device;
        device->planned_stock_wh = device->session->stock_wh;
        device->planned_at_us = MAX(run->now_us, device->state.at_us);
        if (take->is_old[i])
            continue;
        g_auto(CfxCurve) curve = CFX_CURVE_INIT;
        row_curve(take, i, device->ends_w, &curve);
        set_desired(site, run, device, &curve, plan);
        changed++;
    }
    return changed;
}

/* a full car keeps its least power while there is room */
static guint
set_full(CfxSite *site, CfxPlanRun *run, const Take *take, gint64 plan)
{
    const CfxPlanInputs *inputs = run->problem->inputs;
    g_autofree double *left_w = g_new0(double, inputs->n);
    guint changed = 0;

    for (guint j = 0; j < inputs->n; j++) {
        left_w[j] = run->problem->room_w[j];
        for (guint i = 0; i < take->n; i++)
            left_w[j] -= row_at(take, i)[j];
    }
    for (guint k = 0; k < run->problem->full->len; k++) {
        CfxEngineDevice *device = g_ptr_array_index(run->problem->full, k);
        double least_w = cfx_engine_device_least_w(device);
        guint index = cfx_plan_index_of(site, device);
        g_auto(CfxCurve) curve = CFX_CURVE_INIT;
        for (guint j = 0; j < inputs->n; j++) {
            double cap_w = run->problem->cap_w[(gsize)index * inputs->n + j];
            gboolean fits = least_w <= fmin(left_w[j], cap_w) + SAME_W && inputs->level[j] < 2;
            cfx_curve_append(&curve, inputs->edge_us[j], fits ? least_w : 0);
            left_w[j] -= fits ? least_w : 0;
        }
        cfx_curve_append(&curve, inputs->edge_us[inputs->n], device->ends_w);
        set_desired(site, run, device, &curve, plan);
        changed++;
    }
    return changed;
}

/* --- the plan --------------------------------------------------------------------------------- */

static void
columns_copy(CfxSitePlan *plan, const CfxPlanInputs *inputs)
{
    gsize size = inputs->n * sizeof(double);

    plan->base_w = g_memdup2(inputs->expected_w, size);
    plan->limit_w = g_memdup2(inputs->limit_w, size);
    plan->buy = g_memdup2(inputs->buy, size);
    plan->sell = g_memdup2(inputs->sell, size);
    plan->assumed = g_memdup2(inputs->assumed, inputs->n);
}

/* all devices of the site, with what is desired of them now */
static CfxSitePlan *
plan_new(CfxSite *site, CfxPlanRun *run, gint64 id)
{
    const CfxPlanInputs *inputs = run->problem->inputs;
    CfxSitePlan *plan = g_new0(CfxSitePlan, 1);
    CfxPlanBlock block;
    guint n = site->devices->len;

    cfx_plan_block_init(&block, n, inputs->n);
    memcpy(block.edges_us, inputs->edge_us, (inputs->n + 1) * sizeof(gint64));
    for (guint i = 0; i < n; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        block.asset[i] = device->asset;
        for (guint j = 0; j < inputs->n; j++) {
            gsize at = (gsize)i * inputs->n + j;
            gint64 start_us = inputs->edge_us[j], end_us = inputs->edge_us[j + 1];
            /* an idle place draws nothing: its fail-safe power is a permission, not a plan */
            double mean_w = device->session == NULL
                                ? 0
                                : cfx_curve_mean(&device->desired,
                                                 MAX(start_us, device->desired.at_us[0]),
                                                 end_us);
            block.power_w[at] = cfx_power_permitted(mean_w);
            block.fail_safe_w[at] = run->problem->fail_safe_w[at];
            block.marginal[at] = NAN;
        }
    }
    for (guint i = 0; i < run->problem->rows->len; i++) {
        const CfxProblemRow *row = &g_array_index(run->problem->rows, CfxProblemRow, i);
        gsize at = (gsize)cfx_plan_index_of(site, row->device) * inputs->n;
        for (guint j = 0; j < inputs->n; j++)
            block.marginal[at + j] = run->values[(gsize)i * inputs->n + j] * 1e3;
    }
    plan->view = block.view;
    plan->view.kind = CFX_PLAN_APPLIED;
    plan->view.id = id;
    plan->view.epoch = site->epoch;
    plan->view.version = id;
    plan->view.site = site->asset;
    plan->view.trace = run->cause.trace;
    plan->view.made_us = run->now_us;
    plan->view.cost = cfx_plan_unpriced(inputs) > 0 ? NAN : run->solution.cost;
    plan->view.bound = isnan(plan->view.cost) ? NAN : run->solution.bound;
    plan->view.gap = run->solution.gap;
    plan->breach_kwh = run->problem->unavoidable_kwh;
    for (guint t = 0; t < CFX_LIMIT_TIERS; t++)
        plan->breach_kwh += run->breach_tiers[t];
    for (guint t = 0; t < CFX_TARGET_TIERS; t++)
        plan->shortfall_kwh += run->shortfall_tiers[t];
    plan->cause = run->cause.cause;
    plan->scheduler = g_strdup(run->scheduler->name);
    plan->solved_us = run->solved_us;
    plan->time_us = run->solution.time_us;
    columns_copy(plan, inputs);
    return plan;
}

static void
tell_watches(CfxSite *site)
{
    GArray *watches = site->engine->plan_watches;

    for (guint i = 0; i < watches->len; i++) {
        const CfxAsk *watch = &g_array_index(watches, CfxAsk, i);
        if ((watch->site == 0 || watch->site == site->asset) &&
            (watch->instance == NULL || cfx_instance_is_alive(watch->instance, watch->generation)))
            watch->done(watch->data, &site->plan->view, NULL);
    }
}

/* whether every row's device is still as the problem took it: its session may have ended meanwhile
 */
static gboolean
is_stale(const CfxPlanProblem *problem)
{
    for (guint i = 0; i < problem->rows->len; i++) {
        const CfxProblemRow *row = &g_array_index(problem->rows, CfxProblemRow, i);
        if (row->device->session != row->session)
            return TRUE;
    }
    for (guint i = 0; i < problem->full->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(problem->full, i);
        if (device->session == NULL)
            return TRUE;
    }
    return FALSE;
}

void
cfx_plan_take(CfxSite *site, CfxPlanRun *run)
{
    const CfxPlanProblem *problem = run->problem;
    gsize n_cells = (gsize)problem->rows->len * problem->inputs->n;
    Take take = { .problem = problem, .n = problem->rows->len, .n_slots = problem->inputs->n };

    if (run->is_outdated || is_stale(problem)) {
        /* what changed it has marked the site: the next plan is on its way */
        while (run->asks->len > 0)
            g_ptr_array_add(site->asks, g_ptr_array_steal_index(run->asks, 0));
        return;
    }
    g_autofree double *power_w = g_new0(double, n_cells + 1);
    g_autofree gboolean *is_old = g_new0(gboolean, take.n + 1);
    take.power_w = power_w;
    take.is_old = is_old;
    /* whatever a scheduler says: no number is no permission, and a device has its bounds */
    for (gsize k = 0; k < n_cells; k++)
        power_w[k] = cfx_power_permitted(MIN(run->powers[k], problem->power_max_kw[k]) * 1e3);
    keep_old(&take);

    gint64 id = cfx_apply_next_version(site);
    cfx_plan_promise(site, run, power_w);
    guint changed = set_rows(site, run, &take, id) + set_full(site, run, &take, id);
    cfx_plan_take_fall_backs(site, problem, run->now_us);
    CfxSitePlan *plan = plan_new(site, run, id);
    g_clear_pointer(&site->plan, cfx_site_plan_free);
    site->plan = plan;
    site->n_plans++;

    cfx_apply_pump_now(site);
    cfx_plan_store(site, run, changed);
    tell_watches(site);
}
