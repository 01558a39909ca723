/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report of a day, from registers, prices, limits, sessions and plans. */
#include "cfx-engine-private.h"

#include "cfx-day.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-inputs.h"
#include "report/cfx-trace.h"
#include "session/cfx-session.h"

#include <kit/cfx-json.h>
#include <kit/cfx-time.h>

#define NOON (12 * 60)
/* minutes count as over the limit beyond this share of it (domain.md, the world) */
#define TOLERANCE 1.05
#define REACH (45 * CFX_MINUTE)
#define KILO 1e-3

typedef struct {
    double cost, import_wh, export_wh, highest_w;
    gint minutes_over;
    guint minutes_unknown;
} Sums;

static double
rise(CfxTimeline *timeline, gint64 start_us, gint64 end_us)
{
    if (timeline == NULL)
        return 0;
    return cfx_timeline_register(timeline, end_us, REACH) -
           cfx_timeline_register(timeline, start_us, REACH);
}

static Sums
sum_up(CfxSite *site, gint64 start_us, gint64 end_us)
{
    CfxTimeline *import = cfx_ingest_timeline(site, site->flex->import_register);
    CfxTimeline *export = cfx_ingest_timeline(site, site->flex->export_register);
    CfxLimitSignals signals = cfx_limits_signals(site);
    Sums sums = { .highest_w = NAN };

    for (gint64 us = start_us; us < end_us;) {
        gint64 next_us = MIN(cfx_time_floor(us, CFX_SLOT) + CFX_SLOT, end_us);
        double in_wh = rise(import, us, next_us), out_wh = rise(export, us, next_us);
        if (isfinite(in_wh) && isfinite(out_wh)) {
            sums.import_wh += in_wh;
            sums.export_wh += out_wh;
            sums.cost += in_wh * KILO * cfx_plan_site_price(site, us, NULL) -
                         out_wh * KILO * cfx_plan_site_sell(site, us);
        }
        us = next_us;
    }
    for (gint64 us = start_us; us + CFX_MINUTE <= end_us; us += CFX_MINUTE) {
        double mean_w = cfx_meter_mean_w(site, us, us + CFX_MINUTE);
        if (!isfinite(mean_w)) {
            sums.minutes_unknown++;
            continue;
        }
        sums.highest_w = fmax(sums.highest_w, mean_w);
        sums.minutes_over += mean_w > TOLERANCE * cfx_limits_effective_w(&signals, us);
    }
    return sums;
}

static void
put_session(CfxJsonWriter *to, const CfxSession *session)
{
    gboolean is_stated = cfx_from_is_stated(session->need_wh.from);
    double got_wh = isfinite(session->delivered_wh) ? session->delivered_wh : session->stock_wh;

    cfx_json_begin_object(to);
    cfx_json_member_text(to, "station", session->label);
    cfx_json_member_text(to, "session", session->id);
    cfx_json_member_text(to, "need", cfx_from_grade(session->need_wh.from));
    cfx_json_member_real(to, "asked_kwh", is_stated ? session->need_wh.value * KILO : NAN);
    cfx_json_member_real(to, "promised_kwh", session->promised_wh * KILO);
    cfx_json_member_real(to, "delivered_kwh", got_wh * KILO);
    cfx_json_member_real(to, "shortfall_kwh", cfx_session_shortfall_wh(session) * KILO);
    cfx_json_member_text(to, "cause", session->cause);
    cfx_json_member_time(to, "arrival", session->arrival_us);
    cfx_json_name(to, "by");
    if (session->departure_us != 0)
        cfx_json_time(to, session->departure_us);
    else
        cfx_json_null(to);
    cfx_json_name(to, "ended");
    if (session->ended_us != 0)
        cfx_json_time(to, session->ended_us);
    else
        cfx_json_null(to);
    cfx_json_end_object(to);
}

static int
by_arrival(gconstpointer a, gconstpointer b)
{
    const CfxSession *const *x = a, *const *y = b;
    int order = g_strcmp0((*x)->label, (*y)->label);

    if (order != 0)
        return order;
    return (*x)->arrival_us < (*y)->arrival_us ? -1 : (*x)->arrival_us > (*y)->arrival_us;
}

static void
put_sessions(CfxJsonWriter *to, CfxSite *site, gint64 start_us, gint64 end_us)
{
    g_autoptr(GPtrArray) sessions = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, site->ended);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxSession *session = value;
        if (session->arrival_us >= start_us && session->ended_us <= end_us)
            g_ptr_array_add(sessions, value);
    }
    g_ptr_array_sort(sessions, by_arrival);
    cfx_json_name(to, "sessions");
    cfx_json_begin_array(to);
    for (guint i = 0; i < sessions->len; i++)
        put_session(to, g_ptr_array_index(sessions, i));
    cfx_json_end_array(to);

    /* still there: they count in no sum */
    cfx_json_name(to, "open_sessions");
    cfx_json_begin_array(to);
    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (device->session != NULL)
            put_session(to, device->session);
    }
    cfx_json_end_array(to);
}

static void
put_plans(CfxJsonWriter *to, const CfxSite *site, gint64 start_us, gint64 end_us)
{
    guint64 n = 0;
    double worst = NAN;

    for (guint i = 0; i < site->log->len; i++) {
        const CfxPlanNote *note = &g_array_index(site->log, CfxPlanNote, i);
        if (note->made_us < start_us || note->made_us > end_us)
            continue;
        n++;
        worst = fmax(worst, note->gap);
    }
    cfx_json_name(to, "plans");
    cfx_json_begin_object(to);
    cfx_json_member_int(to, "count", (gint64)n);
    cfx_json_member_real(to, "worst_gap", worst);
    cfx_json_end_object(to);
}

static void
put_latencies(CfxJsonWriter *to, CfxTraces *traces)
{
    cfx_json_name(to, "latency_ms");
    cfx_json_begin_object(to);
    for (int i = 0; i < CFX_N_LINKS; i++) {
        cfx_json_name(to, cfx_link_name((CfxLink)i));
        cfx_json_begin_object(to);
        cfx_json_member_real(to, "p50", cfx_traces_quantile(traces, (CfxLink)i, 0.5));
        cfx_json_member_real(to, "p99", cfx_traces_quantile(traces, (CfxLink)i, 0.99));
        cfx_json_member_int(to, "count", (gint64)cfx_traces_count(traces, (CfxLink)i));
        cfx_json_end_object(to);
    }
    cfx_json_end_object(to);
}

/* the day from noon to noon that holds now, or that has just ended */
static void
usual_window(const CfxSite *site, gint64 now_us, gint64 *start_us, gint64 *end_us)
{
    const char *zone = site->flex->zone;
    gint64 first_us = cfx_day_next(zone, cfx_day_start(zone, now_us, -2) - 1, NOON);

    *start_us = first_us;
    for (gint64 us = first_us; us <= now_us - CFX_HOUR; us = cfx_day_next(zone, us, NOON))
        *start_us = us;
    *end_us = MIN(now_us, cfx_day_next(zone, *start_us, NOON));
}

char *
cfx_engine_report_json(
    CfxEngine *self, gint64 site_id, gint64 start_us, gint64 end_us, GError **error)
{
    CfxSite *site = cfx_engine_site(self, site_id);
    g_auto(CfxJsonWriter) to = { 0 };

    if (site == NULL || site->flex->zone == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND, "there is no site yet: import one");
        return NULL;
    }
    if (start_us == 0 && end_us == 0)
        usual_window(site, cfx_now_site(self->host), &start_us, &end_us);
    Sums sums = sum_up(site, start_us, end_us);

    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_member_int(&to, "version", 1);
    cfx_json_name(&to, "day");
    cfx_json_begin_object(&to);
    cfx_json_member_time(&to, "start", start_us);
    cfx_json_member_time(&to, "end", end_us);
    cfx_json_end_object(&to);
    cfx_json_member_text(&to, "scheduler", self->scheduler != NULL ? self->scheduler->name : NULL);
    cfx_json_name(&to, "site");
    cfx_json_begin_object(&to);
    cfx_json_member_text(&to, "name", site->name);
    cfx_json_member_real(&to, "cost", sums.cost);
    cfx_json_member_text(&to, "currency", site->flex->currency);
    cfx_json_member_real(&to, "import_kwh", sums.import_wh * KILO);
    cfx_json_member_real(&to, "export_kwh", sums.export_wh * KILO);
    cfx_json_member_real(&to, "highest_kw", sums.highest_w * KILO);
    cfx_json_member_int(&to, "minutes_over_limit", sums.minutes_over);
    cfx_json_member_int(&to, "minutes_unknown", sums.minutes_unknown);
    cfx_json_member_real(&to, "tolerance", TOLERANCE);
    cfx_json_end_object(&to);
    put_sessions(&to, site, start_us, end_us);
    put_plans(&to, site, start_us, end_us);
    put_latencies(&to, self->traces);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}
