/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Curves become slices: one for each adapter instance and cause, with its changed devices. */
#include "apply/cfx-apply.h"

#include "cfx-unit.h"
#include "plan/cfx-limits.h"
#include "plan/cfx-plan.h"

#include <kit/cfx-time.h>

/* stations' clocks differ: where the site is fuller than this, increases come later */
#define NEARLY_FULL 0.9
#define RAISE_DELAY (10 * CFX_SECOND)

typedef struct {
    CfxInstance *instance;
    guint64 generation;
    CfxPlan plan;
} Delivery;

static void
deliver(gpointer data)
{
    Delivery *delivery = data;
    CfxInstance *instance = delivery->instance;

    if (instance->self != NULL && instance->generation == delivery->generation &&
        instance->adapter.apply != NULL) {
        gint64 entered_us = cfx_instance_enter(instance);
        instance->adapter.apply(instance->self, &delivery->plan);
        cfx_instance_leave(instance, entered_us, "apply");
    }
    cfx_plan_drop(&delivery->plan);
    g_free(delivery);
}

static int
by_time(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return x < y ? -1 : x > y;
}

static void
add_edges(GArray *edges, const CfxCurve *curve, gint64 start_us)
{
    for (gsize i = 0; i < curve->n; i++)
        if (curve->at_us[i] > start_us)
            g_array_append_val(edges, curve->at_us[i]);
}

/* every instant at which one of the curves changes, and the slice's end */
static GArray *
edges_of(CfxSliceEntry *const *entries, gsize n, gint64 start_us)
{
    GArray *edges = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint kept = 0;

    g_array_append_val(edges, start_us);
    for (gsize i = 0; i < n; i++) {
        add_edges(edges, &entries[i]->curve, start_us);
        add_edges(edges, &entries[i]->fail_safe, start_us);
    }
    g_array_sort(edges, by_time);
    gint64 *at = (gint64 *)(gpointer)edges->data;
    for (guint i = 0; i < edges->len; i++)
        if (kept == 0 || at[kept - 1] != at[i])
            at[kept++] = at[i];
    g_array_set_size(edges, kept);
    /* the last step has a slot of its own: its fail-safe power is the one that stays */
    gint64 end_us = at[kept - 1] + CFX_SLOT;
    g_array_append_val(edges, end_us);
    return edges;
}

/* what each device may draw by what is desired of it; of those that do not obey, what they may */
static CfxCurve *
tops_of(CfxSite *site, gint64 now_us)
{
    CfxCurve *tops = g_new0(CfxCurve, site->devices->len + 1);

    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (device->has_desired && cfx_apply_obeys(device))
            cfx_apply_desired(device, now_us, &tops[i]);
        else
            cfx_apply_counted(device, now_us, &tops[i]);
    }
    return tops;
}

/* whether the site is nearly full just after @us */
static gboolean
is_nearly_full(CfxSite *site, const CfxCurve *tops, gint64 us)
{
    double sum_w = cfx_limits_base_w(site, us);

    for (guint i = 0; i < site->devices->len; i++) {
        double before_w = cfx_apply_value_at(&tops[i], us - 1),
               after_w = cfx_apply_value_at(&tops[i], us);
        sum_w += fmax(cfx_power_permitted(before_w), cfx_power_permitted(after_w));
    }
    return sum_w > NEARLY_FULL * cfx_curve_at(&site->limit, us);
}

static CfxPlan
slice_of(CfxSite *site, CfxSliceEntry *const *entries, gsize n, gint64 version, gint64 trace)
{
    gint64 now_us = cfx_now_site(site->engine->host);
    gint64 start_us = cfx_time_floor(now_us, CFX_MINUTE);
    g_autoptr(GArray) edges = edges_of(entries, n, start_us);
    gsize n_slots = edges->len - 1;
    CfxPlanBlock block;
    CfxCurve *tops = tops_of(site, now_us);

    cfx_plan_block_init(&block, n, n_slots);
    memcpy(block.edges_us, edges->data, edges->len * sizeof(gint64));
    for (gsize j = 1; j < n_slots; j++)
        block.raise_delay_us[j] = is_nearly_full(site, tops, block.edges_us[j]) ? RAISE_DELAY : 0;
    for (guint i = 0; i < site->devices->len; i++)
        cfx_curve_clear(&tops[i]);
    g_free(tops);
    for (gsize i = 0; i < n; i++) {
        const CfxEngineDevice *device = entries[i]->device;
        block.asset[i] = device->asset;
        block.flags[i] = entries[i]->flags;
        for (gsize j = 0; j < n_slots; j++) {
            gint64 us = block.edges_us[j];
            block.power_w[i * n_slots + j] =
                cfx_power_permitted(cfx_apply_value_at(&entries[i]->curve, us));
            block.fail_safe_w[i * n_slots + j] =
                cfx_power_permitted(cfx_apply_value_at(&entries[i]->fail_safe, us));
            block.marginal[i * n_slots + j] = NAN;
        }
        /* a default of nothing does not end a plan */
        if ((entries[i]->flags & CFX_PLAN_NO_DEFAULT) != 0)
            block.fail_safe_w[(i + 1) * n_slots - 1] = device->ends_w;
    }
    block.view.kind = CFX_PLAN_APPLIED;
    block.view.id = site->plan != NULL ? site->plan->view.id : 0;
    block.view.epoch = site->epoch;
    block.view.version = version;
    block.view.site = site->asset;
    block.view.trace = trace;
    block.view.made_us = now_us;
    if (site->plan != NULL) {
        block.view.cost = site->plan->view.cost;
        block.view.bound = site->plan->view.bound;
        block.view.gap = site->plan->view.gap;
    }
    return block.view;
}

static void
note_sent(CfxSliceEntry *entry, gint64 version, gint64 site_us, gint64 real_us)
{
    CfxEngineDevice *device = entry->device;
    g_auto(CfxCurve) counted = CFX_CURVE_INIT, top = CFX_CURVE_INIT;

    /* until an answer settles it both may be in force: the plan, and the default without its car */
    cfx_apply_counted(device, site_us, &counted);
    cfx_apply_higher(&entry->curve, &entry->fail_safe, site_us, &top);
    if (device->lowering_us == 0 && !cfx_apply_is_under(&counted, &top, site_us))
        device->lowering_us = real_us;
    if (device->doubt.n > 0)
        cfx_apply_higher(&device->doubt, &top, site_us, &device->doubt);
    else
        cfx_curve_copy(&device->doubt, &top);
    cfx_curve_copy(&device->sent, &entry->curve);
    cfx_curve_copy(&device->sent_fail_safe, &entry->fail_safe);
    device->sent_plan = device->desires_plan;
    device->sent_version = version;
    device->sent_us = real_us;
    device->sent_cause = device->desired_cause;
    device->sent_solved_us = device->desired_solved_us;
    device->is_sent = TRUE;
    device->is_answered = FALSE;
    device->answer_counted = FALSE;
    device->is_urgent = FALSE;
    /* it is on its way to the store before it can be in force */
    cfx_apply_write_allowed(device);
}

static int
by_instance(gconstpointer a, gconstpointer b)
{
    const CfxSliceEntry *const *x = a, *const *y = b;

    if ((*x)->device->instance != (*y)->device->instance)
        return (*x)->device->instance < (*y)->device->instance ? -1 : 1;
    if ((*x)->device->desired_cause.trace != (*y)->device->desired_cause.trace)
        return (*x)->device->desired_cause.trace < (*y)->device->desired_cause.trace ? -1 : 1;
    return (*x)->device->asset < (*y)->device->asset ? -1 : 1;
}

void
cfx_slice_send(CfxSite *site, GArray *entries)
{
    CfxEngine *engine = site->engine;
    g_autofree CfxSliceEntry **sorted = g_new0(CfxSliceEntry *, entries->len + 1);
    gint64 version = cfx_apply_next_version(site);
    gint64 real_us = cfx_now_real(engine->host);

    for (guint i = 0; i < entries->len; i++)
        sorted[i] = &g_array_index(entries, CfxSliceEntry, i);
    qsort(sorted, entries->len, sizeof *sorted, by_instance);

    for (guint first = 0, end; first < entries->len; first = end) {
        CfxInstance *instance = sorted[first]->device->instance;
        gint64 trace = sorted[first]->device->desired_cause.trace;
        for (end = first + 1; end < entries->len && sorted[end]->device->instance == instance &&
                              sorted[end]->device->desired_cause.trace == trace;
             end++)
            ;
        Delivery *delivery = g_new0(Delivery, 1);
        delivery->instance = instance;
        delivery->generation = sorted[first]->device->generation;
        delivery->plan = slice_of(site, sorted + first, end - first, version, trace);
        for (guint i = first; i < end; i++)
            note_sent(sorted[i], version, cfx_now_site(engine->host), real_us);
        /* never inside a call of the adapter: everything here runs from the engine's own turn */
        if (instance->home == engine->self->home)
            deliver(delivery);
        else
            instance->host.base->post(&instance->host, deliver, delivery);
    }
}
