/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-engine-view.h"

#include "cfx-engine-private.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-inputs.h"
#include "report/cfx-names.h"
#include "session/cfx-session.h"

static const char *
text(const char *text)
{
    return text != NULL ? text : "";
}

static void
list_keys(GHashTable *table, GArray *to)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_array_append_vals(to, key, 1);
}

void
cfx_engine_list_sites(CfxEngine *self, GArray *to)
{
    list_keys(self->sites, to);
}

void
cfx_engine_list_devices(CfxEngine *self, GArray *to)
{
    list_keys(self->devices, to);
}

gboolean
cfx_engine_view_site(CfxEngine *self, gint64 asset, CfxSiteView *to)
{
    CfxSite *site = g_hash_table_lookup(self->sites, &asset);
    if (site == NULL)
        return FALSE;

    gint64 now_us = cfx_now_site(self->host);
    CfxLimitSignals signals = cfx_limits_signals(site);
    CfxTimeline *live = cfx_ingest_timeline(site, site->flex->live_power);
    gboolean assumed = FALSE;
    double price =
        site->flex->zone != NULL ? cfx_plan_site_price(site, now_us, &assumed) : (double)NAN;
    guint32 n_sessions = 0;

    for (guint i = 0; i < site->devices->len; i++)
        n_sessions += ((CfxEngineDevice *)g_ptr_array_index(site->devices, i))->session != NULL;
    *to = (CfxSiteView){
        .asset = asset,
        .name = text(site->name),
        .state = cfx_site_state_name(site),
        .problem = text(site->problem),
        .zone = text(site->flex->zone),
        .currency = text(site->flex->currency),
        .power_w = live != NULL ? cfx_timeline_best(live, now_us) : (double)NAN,
        .limit_w = cfx_limits_effective_w(&signals, now_us),
        .contract_w = site->flex->consumption_capacity_w,
        .signal_percent = cfx_limits_percent(&signals, now_us),
        .price = price,
        .price_is_assumed = assumed,
        .n_devices = site->devices->len,
        .n_sessions = n_sessions,
    };
    return TRUE;
}

gboolean
cfx_engine_view_plan(CfxEngine *self, gint64 site_id, CfxPlanView *to)
{
    const CfxSite *site = g_hash_table_lookup(self->sites, &site_id);
    if (site == NULL)
        return FALSE;

    *to = (CfxPlanView){
        .scheduler = "",
        .cause = "",
        .cost = NAN,
        .bound = NAN,
        .gap = NAN,
        .breach_wh = NAN,
        .shortfall_wh = NAN,
    };
    if (site->plan == NULL)
        return TRUE;
    const CfxPlan *view = &site->plan->view;
    to->plan = view->id;
    to->version = view->version;
    to->made_us = view->made_us;
    to->start_us = cfx_int_at(view->edges_us, 0);
    to->end_us = cfx_int_at(view->edges_us, view->n_slots);
    to->scheduler = text(site->plan->scheduler);
    to->cause = text(site->plan->cause);
    to->cost = view->cost;
    to->bound = view->bound;
    to->gap = view->gap;
    to->breach_wh = site->plan->breach_kwh * 1000;
    to->shortfall_wh = site->plan->shortfall_kwh * 1000;
    to->solve_us = site->plan->time_us;
    return TRUE;
}

static void
view_session(const CfxSession *session, CfxDeviceView *to)
{
    to->session = text(session->id);
    to->is_full = session->is_full;
    to->need_wh = session->need_wh.value;
    to->need_grade = cfx_from_grade(session->need_wh.from);
    to->promised_wh = session->promised_wh;
    to->stock_wh = session->stock_wh;
    to->departure_us = session->departure_us;
}

gboolean
cfx_engine_view_device(CfxEngine *self, gint64 asset, CfxDeviceView *to)
{
    const CfxEngineDevice *device = cfx_engine_device(self, asset);
    if (device == NULL || device->site == NULL)
        return FALSE;

    gint64 now_us = cfx_now_site(self->host);
    const CfxDevice *state = &device->state;
    gboolean has_voice = device->instance != NULL;
    *to = (CfxDeviceView){
        .asset = asset,
        .site = device->site->asset,
        .unit = device->unit,
        .station = text(device->label),
        .identity = text(device->identity),
        .instance = has_voice ? device->instance->name : "",
        .is_connected = cfx_engine_device_is(device, CFX_DEVICE_CONNECTED),
        .is_plugged = cfx_engine_device_is(device, CFX_DEVICE_PLUGGED),
        .is_charging = cfx_engine_device_is(device, CFX_DEVICE_CHARGING),
        .is_steerable = cfx_engine_device_is(device, CFX_DEVICE_STEERABLE) && !device->is_refused,
        .is_faulted = cfx_engine_device_is(device, CFX_DEVICE_FAULTED),
        .measured_w = has_voice ? state->power_w : (double)NAN,
        .desired_w = device->has_desired ? cfx_curve_at(&device->desired, now_us) : (double)NAN,
        .sent_w = device->is_sent ? cfx_curve_at(&device->sent, now_us) : (double)NAN,
        .allowed_w = device->has_allowed ? cfx_curve_at(&device->allowed, now_us) : (double)NAN,
        .fail_safe_w = device->fail_safe_accepted_w,
        .installed = cfx_applied_name(device),
        .words = text(device->words != NULL ? device->words : state->words),
        .phases = state->phases,
        .session = "",
        .need_wh = NAN,
        .promised_wh = NAN,
        .stock_wh = NAN,
        .need_grade = "",
        .reported_us = device->reported_us,
    };
    if (device->session != NULL)
        view_session(device->session, to);
    return TRUE;
}
