/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingest/cfx-ingest.h"

#include "apply/cfx-apply.h"
#include "guard/cfx-guard.h"
#include "plan/cfx-limits.h"
#include "plan/cfx-trigger.h"
#include "report/cfx-story.h"

#include <kit/cfx-quantity.h>
#include <kit/cfx-time.h>

/* Which voices count: what is measured, planned, forecast and posted may share one sensor. */
#define OF_SIGNALS (CFX_SOURCE_SIGNAL | CFX_SOURCE_USER | CFX_SOURCE_GATEWAY)
#define OF_PRICES (OF_SIGNALS | CFX_SOURCE_FORECASTER | CFX_SOURCE_REPORTER)
#define OF_FORECASTS (CFX_SOURCE_FORECASTER | CFX_SOURCE_USER | CFX_SOURCE_GATEWAY)
#define OF_METERS (CFX_SOURCE_GATEWAY | CFX_SOURCE_USER)
#define OF_MEANS (CFX_SOURCE_GATEWAY | CFX_SOURCE_USER | CFX_SOURCE_REPORTER)

CfxTimeline *
cfx_ingest_timeline(CfxSite *site, gint64 sensor)
{
    return sensor != 0 ? g_hash_table_lookup(site->timelines, &sensor) : NULL;
}

/* currency of the site per MWh for one of the sensor's unit; 1 where it cannot be told */
static double
price_scale(CfxSite *site, const CfxSensor *sensor)
{
    CfxUnit unit;
    double scale = 1, offset = 0;

    if (!cfx_unit_parse(sensor->unit, -1, &unit, NULL) || unit.currency[0] == '\0')
        return 1;
    g_autofree char *wanted = g_strdup_printf("%s/MWh", unit.currency);
    if (!cfx_unit_convert(sensor->unit, wanted, 0, &scale, &offset, NULL))
        return 1;
    if (g_str_equal(unit.currency, site->flex->currency))
        return scale;
    for (gsize i = 0; i < site->flex->n_rates; i++)
        if (g_str_equal(unit.currency, site->flex->rates[i].currency))
            return scale * site->flex->rates[i].rate;

    cfx_log(site->engine->host,
            CFX_LOG_WARNING,
            "site %s: sensor %" G_GINT64_FORMAT
            " has prices in %s, for which the site has no rate: they are not used; add one to "
            "its attribute currency-rates",
            site->name,
            sensor->id,
            unit.currency);
    return NAN;
}

static void
timeline_add(CfxSite *site, GHashTable *old, gint64 sensor_id, guint32 types, gboolean is_price)
{
    const CfxSensor *sensor = cfx_model_sensor(site->engine->model, sensor_id);
    if (sensor_id == 0 || sensor == NULL || cfx_ingest_timeline(site, sensor_id) != NULL)
        return;

    double scale = is_price ? price_scale(site, sensor) : 1;
    /* not g_hash_table_steal_extended(): key and value are the same address here, and GLib 2.74
     * then returns NULL for the second */
    CfxTimeline *timeline = old != NULL ? g_hash_table_lookup(old, &sensor_id) : NULL;
    if (timeline != NULL) {
        g_hash_table_steal(old, &sensor_id);
        timeline->resolution_us = sensor->resolution_us;
        timeline->types = types;
    } else {
        timeline = cfx_timeline_new(sensor_id, sensor->resolution_us, types, scale);
    }
    g_hash_table_insert(site->timelines, &timeline->sensor, timeline);
}

GArray *
cfx_ingest_sensors(CfxSite *site)
{
    GArray *sensors = g_array_new(FALSE, FALSE, sizeof(gint64));
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, site->timelines);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_array_append_vals(sensors, key, 1);
    return sensors;
}

/* --- beliefs ------------------------------------------------------------------------------- */

static guint32
type_of_source(CfxEngine *engine, gint64 id)
{
    const CfxSource *source = cfx_model_source(engine->model, id);
    if (source != NULL)
        return source->type;

    /* made since: look at the newest snapshot */
    const CfxModel *model = engine->host->model->get(engine->host);
    source = cfx_model_source(model, id);
    guint32 type = source != NULL ? source->type : CFX_SOURCE_USER;
    g_bytes_unref(model->owner);
    return type;
}

void
cfx_ingest_add(CfxSite *site, const CfxBeliefs *beliefs)
{
    CfxEngine *engine = site->engine;
    gint64 now_us = cfx_now_site(engine->host);
    gint64 last_source = -1;
    guint32 type = 0;

    for (gsize i = 0; i < beliefs->n; i++) {
        CfxTimeline *timeline = cfx_ingest_timeline(site, cfx_int_at(beliefs->sensor, i));
        if (timeline == NULL)
            continue;
        gint64 source = beliefs->source.at != NULL ? cfx_int_at(beliefs->source, i) : 0;
        gint64 belief_us =
            beliefs->belief_us.at != NULL ? cfx_int_at(beliefs->belief_us, i) : CFX_TIME_MIN;
        if (source != last_source) {
            /* the host's own are means of slots, but for plans, which have the scheduler's */
            type = source == 0 || source == engine->self->source ? CFX_SOURCE_REPORTER
                                                                 : type_of_source(engine, source);
            last_source = source;
        }
        if ((timeline->types & type) == 0)
            continue;
        cfx_timeline_add(timeline,
                         cfx_int_at(beliefs->start_us, i),
                         source,
                         belief_us == CFX_TIME_MIN ? now_us : belief_us,
                         cfx_real_at(beliefs->value, i));
    }
}

static gboolean
touches(const CfxBeliefs *beliefs, gint64 sensor)
{
    for (gsize i = 0; sensor != 0 && i < beliefs->n; i++)
        if (cfx_int_at(beliefs->sensor, i) == sensor)
            return TRUE;
    return FALSE;
}

static gboolean
touches_signals(CfxSite *site, const CfxBeliefs *beliefs)
{
    const CfxFlexContext *flex = site->flex;

    return touches(beliefs, flex->load_control) || touches(beliefs, flex->demand_response) ||
           touches(beliefs, flex->import_limit);
}

static gboolean
touches_prices(CfxSite *site, const CfxBeliefs *beliefs)
{
    for (gsize i = 0; i < site->flex->n_price_sensors; i++)
        if (touches(beliefs, site->flex->price_sensors[i]))
            return TRUE;
    return touches(beliefs, site->flex->production_price.sensor);
}

static CfxCause
cause_of(CfxSite *site, const char *text)
{
    CfxEngine *engine = site->engine;
    CfxCause cause = {
        .trace = site->early_trace,
        .received_us = site->early_us,
        .stored_us = cfx_now_real(engine->host),
        .cause = text,
        .is_event = TRUE,
    };

    if (cause.received_us == 0)
        cause.received_us = cause.stored_us;
    return cause;
}

/* committed beliefs of the site's sensors */
static void
beliefs_came(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    CfxSite *site = data;
    const CfxFlexContext *flex = site->flex;

    if (beliefs == NULL || beliefs->n == 0)
        return;
    cfx_ingest_add(site, beliefs);
    if (site->state == CFX_SITE_LOADING)
        return;

    if (touches_signals(site, beliefs)) {
        CfxCause cause = cause_of(site, "load-control");
        if (cfx_ingest_limit(site))
            cfx_guard_clip(site, &cause);
        cfx_trigger(site, &cause, TRUE);
        site->early_us = site->early_trace = 0;
    }
    if (touches_prices(site, beliefs)) {
        CfxCause cause = cause_of(site, "price");
        cfx_trigger(site, &cause, FALSE);
        site->early_us = site->early_trace = 0;
    }
    if (touches(beliefs, flex->base_load_forecast) || touches(beliefs, flex->pv_forecast)) {
        /* a base load above the highest that is configured leaves less to everybody, at once */
        CfxCause cause = { .cause = "forecast" };
        if (touches(beliefs, flex->base_load_forecast))
            cfx_guard_clip(site, &cause);
        cfx_trigger(site, &cause, FALSE);
    }
    if (touches(beliefs, flex->import_register) || touches(beliefs, flex->export_register))
        cfx_meter_slots(site);
}

/* --- the guard's way, before anything is stored ---------------------------------------------- */

typedef struct {
    CfxSiteHandle site;
    CfxBeliefs beliefs;
    gint64 *integers;
    double *values;
} Early;

static void
early_free(Early *early)
{
    g_free(early->integers);
    g_free(early->values);
    g_free(early);
}

static void
early_take(gpointer data)
{
    Early *early = data;
    CfxSite *site = cfx_site_of_handle(early->site);

    if (site != NULL && site->state == CFX_SITE_READY) {
        cfx_ingest_add(site, &early->beliefs);
        if (cfx_ingest_limit(site)) {
            CfxCause cause = { .cause = "load-control",
                               .trace = site->early_trace,
                               .received_us = site->early_us,
                               .is_event = TRUE };
            cfx_guard_clip(site, &cause);
        }
    }
    early_free(early);
}

static void
early_came(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    CfxSite *site = data;

    if (beliefs == NULL || beliefs->n == 0)
        return;
    site->early_us = cfx_now_real(site->engine->host);
    if (site->engine->ports.early_cause != NULL)
        site->engine->ports.early_cause(
            site->engine->ports.data, &site->early_trace, &site->early_us);
    if (!touches_signals(site, beliefs))
        return;

    gsize n = beliefs->n;
    Early *early = g_new0(Early, 1);
    early->site = cfx_site_handle(site);
    early->integers = g_new(gint64, 4 * n);
    early->values = g_new(double, n);
    for (gsize i = 0; i < n; i++) {
        early->integers[i] = cfx_int_at(beliefs->sensor, i);
        early->integers[n + i] = beliefs->source.at != NULL ? cfx_int_at(beliefs->source, i) : 0;
        early->integers[2 * n + i] = cfx_int_at(beliefs->start_us, i);
        early->integers[3 * n + i] =
            beliefs->belief_us.at != NULL ? cfx_int_at(beliefs->belief_us, i) : CFX_TIME_MIN;
        early->values[i] = cfx_real_at(beliefs->value, i);
    }
    early->beliefs = (CfxBeliefs){
        .struct_size = sizeof(CfxBeliefs),
        .n = n,
        .sensor = { early->integers, 1 },
        .source = { early->integers + n, 1 },
        .start_us = { early->integers + 2 * n, 1 },
        .belief_us = { early->integers + 3 * n, 1 },
        .value = { early->values, 1 },
    };
    site->engine->host->base->post(site->engine->host, early_take, early);
}

/* --- the effective limit --------------------------------------------------------------------- */

static void
limit_edge(gpointer data)
{
    CfxSite *site = data;

    CfxCause cause = { .cause = "limit" };

    /* the plan knows of it; if there is none the limit holds even so */
    site->minute_timer = 0;
    cfx_ingest_limit(site);
    cfx_guard_clip(site, &cause);
}

/* whether @now is below @before anywhere from @us on */
static gboolean
is_lower(const CfxCurve *now, const CfxCurve *before, gint64 us)
{
    if (before->n == 0)
        return FALSE;
    while (us != CFX_TIME_MAX) {
        double a_w = cfx_curve_at(now, us), b_w = cfx_curve_at(before, us);
        if (a_w < b_w - 1 || (isnan(a_w) && !isnan(b_w)))
            return TRUE;
        us = MIN(cfx_curve_next(now, us), cfx_curve_next(before, us));
    }
    return FALSE;
}

gboolean
cfx_ingest_limit(CfxSite *site)
{
    CfxEngine *engine = site->engine;
    gint64 now_us = cfx_now_site(engine->host);
    g_auto(CfxCurve) before = site->limit;
    double was_w = site->signal_now_w;

    site->limit = (CfxCurve)CFX_CURVE_INIT;
    CfxLimitSignals signals = cfx_limits_signals(site);
    cfx_limits_curve(&signals, now_us, now_us + 48 * CFX_HOUR, &site->limit);
    site->limit_now_w = cfx_curve_at(&site->limit, now_us);
    site->signal_now_w = cfx_limits_signal_w(&signals, now_us);
    if (was_w > 0 && fabs(site->signal_now_w - was_w) > 1)
        cfx_story_limit(site, was_w, cfx_limits_percent(&signals, now_us));

    cfx_timer_clear(engine->host, &site->minute_timer);
    gint64 next_us = cfx_curve_next(&site->limit, now_us);
    if (next_us != CFX_TIME_MAX && !engine->is_stopping)
        site->minute_timer = engine->host->base->timer_start(
            engine->host, CFX_CLOCK_SITE, next_us, limit_edge, site);
    return is_lower(&site->limit, &before, now_us);
}

gint64
cfx_ingest_past_us(const CfxSite *site, const CfxTimeline *timeline)
{
    gint64 past_us = CFX_ENGINE_PAST;

    for (gsize i = 0; i < site->flex->n_price_sensors; i++)
        if (site->flex->price_sensors[i] == timeline->sensor)
            past_us = CFX_PRICE_PAST;
    return MAX(past_us, timeline->resolution_us);
}

void
cfx_ingest_forget(CfxSite *site)
{
    gint64 now_us = cfx_now_site(site->engine->host);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, site->timelines);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxTimeline *timeline = value;
        cfx_timeline_trim(timeline, now_us - cfx_ingest_past_us(site, timeline));
    }
}

/* --- life ------------------------------------------------------------------------------------ */

static void
unwatch_all(CfxSite *site)
{
    const CfxHost *host = site->engine->host;

    for (guint i = 0; i < site->watches->len; i++)
        host->data->unwatch(host, g_array_index(site->watches, guint64, i));
    g_array_set_size(site->watches, 0);
    if (site->early_watch != 0)
        site->engine->ports.unwatch_early(site->engine->ports.data, site->early_watch);
    site->early_watch = 0;
}

void
cfx_ingest_make(CfxSite *site)
{
    const CfxFlexContext *flex = site->flex;
    g_autoptr(GHashTable) old = site->timelines;

    site->timelines =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)cfx_timeline_free);
    for (gsize i = 0; i < flex->n_price_sensors; i++)
        timeline_add(site, old, flex->price_sensors[i], OF_PRICES, TRUE);
    timeline_add(site, old, flex->production_price.sensor, OF_PRICES, TRUE);
    timeline_add(site, old, flex->load_control, OF_SIGNALS, FALSE);
    timeline_add(site, old, flex->demand_response, OF_SIGNALS, FALSE);
    timeline_add(site, old, flex->import_limit, OF_SIGNALS, FALSE);
    timeline_add(site, old, flex->base_load_forecast, OF_FORECASTS, FALSE);
    timeline_add(site, old, flex->pv_forecast, OF_FORECASTS, FALSE);
    timeline_add(site, old, flex->import_register, OF_METERS, FALSE);
    timeline_add(site, old, flex->export_register, OF_METERS, FALSE);
    timeline_add(site, old, flex->live_power, OF_METERS, FALSE);
    timeline_add(site, old, flex->site_power, OF_MEANS, FALSE);
    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        timeline_add(site, old, device->flex.power_sensor, OF_MEANS, FALSE);
    }
}

void
cfx_ingest_open(CfxSite *site)
{
    CfxEngine *engine = site->engine;
    const CfxFlexContext *flex = site->flex;

    cfx_ingest_make(site);
    unwatch_all(site);
    g_autoptr(GArray) sensors = cfx_ingest_sensors(site);
    if (sensors->len == 0)
        return;
    guint64 watch = engine->host->data->watch_beliefs(
        engine->host, (const gint64 *)(gpointer)sensors->data, sensors->len, beliefs_came, site);
    g_array_append_val(site->watches, watch);

    g_autoptr(GArray) early = g_array_new(FALSE, FALSE, sizeof(gint64));
    const gint64 signals[] = { flex->load_control, flex->demand_response, flex->import_limit };
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        if (cfx_ingest_timeline(site, signals[i]) != NULL)
            g_array_append_val(early, signals[i]);
    for (gsize i = 0; i < flex->n_price_sensors; i++)
        g_array_append_val(early, flex->price_sensors[i]);
    if (engine->ports.watch_early != NULL && early->len > 0)
        site->early_watch = engine->ports.watch_early(engine->ports.data,
                                                      (const gint64 *)(gpointer)early->data,
                                                      early->len,
                                                      early_came,
                                                      site);
}

void
cfx_ingest_close(CfxSite *site)
{
    unwatch_all(site);
    cfx_timer_clear(site->engine->host, &site->minute_timer);
}
