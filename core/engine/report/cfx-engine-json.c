/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people ask: state of the sites, devices, sessions, the plan in force. */
#include "cfx-engine-private.h"

#include "apply/cfx-apply.h"
#include "hold/cfx-hold.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-inputs.h"
#include "report/cfx-names.h"
#include "session/cfx-session.h"

#include <kit/cfx-json.h>

#define KILO 1e-3

static int
site_compare(gconstpointer a, gconstpointer b)
{
    const CfxSite *const *x = a, *const *y = b;

    return (*x)->asset < (*y)->asset ? -1 : (*x)->asset > (*y)->asset;
}

/* (element-type CfxSite) by id (transfer container) */
static GPtrArray *
sites_of(CfxEngine *self)
{
    GPtrArray *sites = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(sites, value);
    g_ptr_array_sort(sites, site_compare);
    return sites;
}

/* age of the newest value that has begun, in seconds of the site's clock */
static void
put_age(CfxJsonWriter *to, CfxSite *site, const char *name, gint64 sensor, gint64 now_us)
{
    CfxTimeline *timeline = cfx_ingest_timeline(site, sensor);
    gint64 newest_us = CFX_TIME_MIN;
    gsize n = 0;

    if (timeline == NULL)
        return;
    const CfxTimelineItem *items = cfx_timeline_items(timeline, &n);
    for (gsize i = n; i > 0; i--)
        newest_us = MAX(newest_us, items[i - 1].belief_us);
    cfx_json_member_real(
        to,
        name,
        newest_us == CFX_TIME_MIN ? NAN : (double)(now_us - newest_us) / (double)CFX_SECOND);
}

const char *
cfx_site_state_name(const CfxSite *site)
{
    static const char *const names[] = { "loading", "steered", "refused" };

    return site->state == CFX_SITE_READY && site->devices->len == 0 ? "empty" : names[site->state];
}

/* to where prices are published, and to where they are planned with; only where they have sensors
 */
static void
put_prices_end(CfxJsonWriter *to, CfxSite *site, gint64 now_us)
{
    if (site->flex->n_price_sensors == 0)
        return;
    gint64 horizon_us = site->plan != NULL
                            ? cfx_int_at(site->plan->view.edges_us, site->plan->view.n_slots)
                            : cfx_plan_horizon(now_us, CFX_TIME_MIN);
    gint64 end_us = cfx_plan_site_prices_end(site, now_us, horizon_us);
    if (end_us != CFX_TIME_MAX)
        cfx_json_member_time(to, "prices_end", end_us);
    cfx_json_member_time(to, "horizon_end", horizon_us);
}

static void
put_site(CfxJsonWriter *to, CfxSite *site)
{
    const CfxFlexContext *flex = site->flex;
    gint64 now_us = cfx_now_site(site->engine->host);
    CfxLimitSignals signals = cfx_limits_signals(site);
    CfxTimeline *live = cfx_ingest_timeline(site, flex->live_power);
    gboolean assumed = FALSE;
    double price = flex->zone != NULL ? cfx_plan_site_price(site, now_us, &assumed) : NAN;
    guint n_sessions = 0;

    for (guint i = 0; i < site->devices->len; i++)
        n_sessions += ((CfxEngineDevice *)g_ptr_array_index(site->devices, i))->session != NULL;
    cfx_json_begin_object(to);
    cfx_json_member_int(to, "site", site->asset);
    cfx_json_member_text(to, "name", site->name);
    cfx_json_member_text(to, "state", cfx_site_state_name(site));
    cfx_json_member_text(to, "problem", site->problem);
    cfx_json_member_time(to, "now", now_us);
    cfx_json_member_text(to, "zone", flex->zone);
    cfx_json_member_text(to, "currency", flex->currency);
    cfx_json_member_real(to, "price_per_kwh", price);
    cfx_json_member_bool(to, "price_assumed", assumed);
    put_prices_end(to, site, now_us);
    cfx_json_member_real(to, "signal_percent", cfx_limits_percent(&signals, now_us));
    cfx_json_member_real(to, "contract_kw", flex->consumption_capacity_w * KILO);
    cfx_json_member_real(to, "limit_kw", cfx_limits_effective_w(&signals, now_us) * KILO);
    cfx_hold_put_site(site, to);
    cfx_json_member_real(
        to, "power_kw", live != NULL ? cfx_timeline_best(live, now_us) * KILO : NAN);
    cfx_json_member_int(to, "devices", site->devices->len);
    cfx_json_member_int(to, "sessions", n_sessions);
    cfx_json_member_int(to, "plans", site->n_plans);
    cfx_json_member_int(to, "plan", site->plan != NULL ? site->plan->view.id : 0);
    cfx_json_name(to, "age_s");
    cfx_json_begin_object(to);
    if (flex->n_price_sensors > 0)
        put_age(to, site, "price", flex->price_sensors[0], now_us);
    put_age(to, site, "load_control", flex->load_control, now_us);
    put_age(to, site, "import_register", flex->import_register, now_us);
    put_age(to, site, "live_power", flex->live_power, now_us);
    put_age(to, site, "base_load_forecast", flex->base_load_forecast, now_us);
    put_age(to, site, "pv_forecast", flex->pv_forecast, now_us);
    cfx_json_end_object(to);
    cfx_json_end_object(to);
}

char *
cfx_engine_status_json(CfxEngine *self)
{
    g_auto(CfxJsonWriter) to = { 0 };
    g_autoptr(GPtrArray) sites = sites_of(self);

    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_member_text(&to, "scheduler", self->scheduler != NULL ? self->scheduler->name : NULL);
    cfx_json_name(&to, "sites");
    cfx_json_begin_array(&to);
    for (guint i = 0; i < sites->len; i++)
        put_site(&to, g_ptr_array_index(sites, i));
    cfx_json_end_array(&to);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}

/* --- devices ------------------------------------------------------------------------------------
 */

const char *
cfx_applied_name(const CfxEngineDevice *device)
{
    static const char *const names[] = { "unknown", "waiting", "installed",
                                         "clamped", "refused", "lost" };

    return device->applied_state < G_N_ELEMENTS(names) ? names[device->applied_state] : "unknown";
}

static void
put_device(CfxJsonWriter *to, CfxEngineDevice *device)
{
    CfxSite *site = device->site;
    const CfxDevice *state = &device->state;
    gint64 now_us = cfx_now_site(site->engine->host);
    g_auto(CfxCurve) counted = CFX_CURVE_INIT;

    cfx_apply_counted(device, now_us, &counted);
    cfx_json_begin_object(to);
    cfx_json_member_int(to, "asset", device->asset);
    cfx_json_member_int(to, "site", site->asset);
    cfx_json_member_text(to, "station", device->label);
    cfx_json_member_int(to, "evse", device->unit);
    cfx_json_member_bool(to, "connected", cfx_engine_device_is(device, CFX_DEVICE_CONNECTED));
    cfx_json_member_bool(to, "plugged", cfx_engine_device_is(device, CFX_DEVICE_PLUGGED));
    cfx_json_member_bool(to, "charging", cfx_engine_device_is(device, CFX_DEVICE_CHARGING));
    cfx_json_member_bool(to, "full", device->session != NULL && device->session->is_full);
    cfx_json_member_bool(
        to, "steerable", cfx_engine_device_is(device, CFX_DEVICE_STEERABLE) && !device->is_refused);
    cfx_json_member_bool(to, "faulted", cfx_engine_device_is(device, CFX_DEVICE_FAULTED));
    cfx_json_member_bool(to, "planned", device->desires_plan);
    cfx_json_member_real(to, "measured_kw", device->instance != NULL ? state->power_w * KILO : NAN);
    cfx_json_member_real(to,
                         "desired_kw",
                         device->has_desired ? cfx_curve_at(&device->desired, now_us) * KILO : NAN);
    cfx_json_member_real(
        to, "sent_kw", device->is_sent ? cfx_curve_at(&device->sent, now_us) * KILO : NAN);
    cfx_json_member_real(to, "allowed_kw", cfx_apply_car_w(device, now_us) * KILO);
    cfx_json_member_real(to, "counted_kw", cfx_curve_at(&counted, now_us) * KILO);
    cfx_json_member_real(to, "fail_safe_kw", device->fail_safe_accepted_w * KILO);
    cfx_json_member_text(to, "installed", cfx_applied_name(device));
    cfx_json_member_int(to, "version_sent", device->sent_version);
    cfx_json_member_int(to, "version_installed", device->applied_version);
    cfx_json_member_text(to, "words", device->words != NULL ? device->words : state->words);
    cfx_json_member_text(to, "session", device->session != NULL ? device->session->id : NULL);
    cfx_json_member_real(
        to, "stock_kwh", device->session != NULL ? device->session->stock_wh * KILO : NAN);
    cfx_json_member_int(to, "phases", state->phases);
    cfx_json_name(to, "reported");
    if (device->reported_us != 0)
        cfx_json_time(to, device->reported_us);
    else
        cfx_json_null(to);
    cfx_json_end_object(to);
}

char *
cfx_engine_devices_json(CfxEngine *self)
{
    g_auto(CfxJsonWriter) to = { 0 };
    g_autoptr(GPtrArray) sites = sites_of(self);

    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_name(&to, "devices");
    cfx_json_begin_array(&to);
    for (guint i = 0; i < sites->len; i++) {
        CfxSite *site = g_ptr_array_index(sites, i);
        for (guint k = 0; k < site->devices->len; k++)
            put_device(&to, g_ptr_array_index(site->devices, k));
    }
    cfx_json_end_array(&to);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}

/* --- sessions and plan --------------------------------------------------------------------------
 */

static void
put_session(CfxJsonWriter *to, const CfxSession *session)
{
    g_autofree char *json = cfx_session_json(session);

    cfx_json_raw(to, json, strlen(json));
}

char *
cfx_engine_sessions_json(CfxEngine *self)
{
    g_auto(CfxJsonWriter) to = { 0 };
    g_autoptr(GPtrArray) sites = sites_of(self);

    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_name(&to, "sessions");
    cfx_json_begin_array(&to);
    for (guint i = 0; i < sites->len; i++) {
        CfxSite *site = g_ptr_array_index(sites, i);
        GHashTableIter iter;
        gpointer value;
        for (guint k = 0; k < site->devices->len; k++) {
            const CfxEngineDevice *device = g_ptr_array_index(site->devices, k);
            if (device->session != NULL)
                put_session(&to, device->session);
        }
        g_hash_table_iter_init(&iter, site->ended);
        while (g_hash_table_iter_next(&iter, NULL, &value))
            put_session(&to, value);
    }
    cfx_json_end_array(&to);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}

static void
put_reals(CfxJsonWriter *to, const char *name, const double *values, gsize n, double scale)
{
    cfx_json_name(to, name);
    cfx_json_begin_array(to);
    for (gsize j = 0; j < n; j++)
        cfx_json_real(to, values[j] * scale);
    cfx_json_end_array(to);
}

char *
cfx_engine_plan_json(CfxEngine *self, gint64 site_id, GError **error)
{
    CfxSite *site = cfx_engine_site(self, site_id);
    g_auto(CfxJsonWriter) to = { 0 };

    if (site == NULL || site->plan == NULL) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_FOUND,
                    "%s",
                    site == NULL            ? "there is no such site"
                    : site->problem != NULL ? site->problem
                                            : "there is no plan yet");
        return NULL;
    }
    const CfxSitePlan *plan = site->plan;
    const CfxPlan *view = &plan->view;
    gsize n = view->n_slots;
    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_member_int(&to, "site", site->asset);
    cfx_json_member_text(&to, "name", site->name);
    cfx_json_member_int(&to, "plan", view->id);
    cfx_json_member_text(&to, "kind", "applied");
    cfx_json_member_int(&to, "version", view->version);
    cfx_json_member_time(&to, "made", view->made_us);
    cfx_json_member_text(&to, "scheduler", plan->scheduler);
    cfx_json_member_text(&to, "cause", plan->cause);
    cfx_json_member_real(&to, "cost", view->cost);
    cfx_json_member_real(&to, "bound", view->bound);
    cfx_json_member_real(&to, "gap", view->gap);
    cfx_json_member_text(&to, "currency", site->flex->currency);
    cfx_json_member_real(&to, "breach_kwh", plan->breach_kwh);
    cfx_json_member_real(&to, "shortfall_kwh", plan->shortfall_kwh);
    cfx_json_member_int(&to, "solve_us", plan->time_us);
    cfx_json_name(&to, "edges");
    cfx_json_begin_array(&to);
    for (gsize j = 0; j <= n; j++)
        cfx_json_time(&to, cfx_int_at(view->edges_us, j));
    cfx_json_end_array(&to);
    put_reals(&to, "price_per_kwh", plan->buy, n, 1);
    cfx_hold_put_site(site, &to);
    put_reals(&to, "limit_kw", plan->limit_w, n, KILO);
    put_reals(&to, "base_kw", plan->base_w, n, KILO);
    cfx_json_name(&to, "devices");
    cfx_json_begin_array(&to);
    for (gsize i = 0; i < view->n_devices; i++) {
        const CfxEngineDevice *device = cfx_engine_device(self, cfx_int_at(view->asset, i));
        cfx_json_begin_object(&to);
        cfx_json_member_int(&to, "asset", cfx_int_at(view->asset, i));
        cfx_json_member_text(&to, "station", device != NULL ? device->label : NULL);
        put_reals(&to, "power_kw", view->power_w.at + i * view->power_w.row, n, KILO);
        put_reals(&to, "fail_safe_kw", view->fail_safe_w.at + i * view->fail_safe_w.row, n, KILO);
        cfx_json_end_object(&to);
    }
    cfx_json_end_array(&to);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}
