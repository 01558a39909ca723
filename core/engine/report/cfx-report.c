/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report of a day, from registers, prices, limits, sessions and plans. */
#include "report/cfx-report.h"

#include "ingest/cfx-ingest.h"
#include "plan/cfx-inputs.h"
#include "session/cfx-session.h"

#include <kit/cfx-json.h>
#include <kit/cfx-time.h>

/* minutes count as over the limit beyond this share of it: a reaction takes longer on a fast clock */
#define TOLERANCE 1.05
#define REACH (45 * CFX_MINUTE)
#define KILO 1e-3

static double
rise(CfxTimeline *timeline, gint64 start_us, gint64 end_us)
{
    return cfx_timeline_register(timeline, end_us, REACH) -
           cfx_timeline_register(timeline, start_us, REACH);
}

/* Until when a register tells. The slot that runs has no reading at its end, and counts up to the
 * last one that it has. */
static gint64
told_until(CfxTimeline *timeline, gint64 end_us)
{
    gsize n;
    const CfxTimelineItem *items = cfx_timeline_items(timeline, &n);

    while (n > 0 && !isfinite(items[n - 1].value))
        n--;
    return n > 0 ? MIN(items[n - 1].start_us, end_us) : CFX_TIME_MIN;
}

/* a sum of nothing is not known */
static void
add(double *sum, double value)
{
    *sum = isnan(*sum) ? value : *sum + value;
}

static void
sum_energy(CfxReport *self)
{
    CfxSite *site = self->site;
    CfxReportSums *sums = &self->sums;
    CfxTimeline *import = cfx_ingest_timeline(site, site->flex->import_register);
    CfxTimeline *export = cfx_ingest_timeline(site, site->flex->export_register);

    sums->cost = sums->import_wh = sums->export_wh = NAN;
    sums->energy_until_us = CFX_TIME_MIN;
    if (import == NULL)
        return;
    gint64 until_us = told_until(import, self->end_us);
    if (export != NULL)
        until_us = told_until(export, until_us);
    gboolean has_price = TRUE;
    for (gint64 us = self->start_us, next_us; us < until_us; us = next_us) {
        next_us = MIN(cfx_time_floor(us, CFX_SLOT) + CFX_SLOT, until_us);
        double in_wh = rise(import, us, next_us);
        double out_wh = export != NULL ? rise(export, us, next_us) : 0;
        if (!isfinite(in_wh) || !isfinite(out_wh))
            continue;
        sums->energy_until_us = next_us;
        add(&sums->import_wh, in_wh);
        if (export != NULL)
            add(&sums->export_wh, out_wh);
        double price = cfx_plan_site_price(site, us, NULL);
        if (in_wh > 0 && !isfinite(price)) {
            sums->minutes_without_price += (guint)((next_us - us + CFX_MINUTE - 1) / CFX_MINUTE);
            has_price = FALSE;
        }
        add(&sums->cost,
            (in_wh > 0 && isfinite(price) ? in_wh * KILO * price : 0) -
                out_wh * KILO * cfx_plan_site_sell(site, us));
    }
    if (!has_price)
        sums->cost = NAN;
}

void
cfx_report_sum(CfxReport *self)
{
    CfxSite *site = self->site;
    CfxReportSums *sums = &self->sums;
    CfxLimitSignals signals = cfx_limits_signals(site);

    sum_energy(self);
    sums->highest_w = NAN;
    for (gint64 us = self->start_us; us + CFX_MINUTE <= self->end_us; us += CFX_MINUTE) {
        double mean_w = cfx_meter_mean_w(site, us, us + CFX_MINUTE);
        double limit_w = cfx_limits_effective_w(&signals, us);
        sums->highest_w = fmax(sums->highest_w, mean_w);
        if (isnan(mean_w) || isnan(limit_w))
            sums->minutes_unknown++;
        else
            sums->minutes_over += mean_w > TOLERANCE * limit_w;
    }
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
put_sessions(CfxJsonWriter *to, const CfxReport *self)
{
    g_autoptr(GPtrArray) sessions = g_ptr_array_new();
    const CfxSite *live = g_hash_table_lookup(self->engine->sites, &self->site->asset);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->site->ended);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxSession *session = value;
        if (session->arrival_us >= self->start_us)
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
    for (guint i = 0; live != NULL && i < live->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(live->devices, i);
        if (device->session != NULL && device->session->arrival_us < self->end_us)
            put_session(to, device->session);
    }
    cfx_json_end_array(to);
}

static void
put_latencies(CfxJsonWriter *to, const CfxReport *self)
{
    cfx_json_name(to, "latency_ms");
    cfx_json_begin_object(to);
    for (guint i = 0; i < CFX_N_LINKS; i++) {
        GArray *ms = self->links_ms[i];
        cfx_json_name(to, cfx_link_name((CfxLink)i));
        cfx_json_begin_object(to);
        cfx_json_member_real(to, "p50", cfx_link_quantile(ms, 0.5));
        cfx_json_member_real(to, "p99", cfx_link_quantile(ms, 0.99));
        cfx_json_member_int(to, "count", ms->len);
        cfx_json_end_object(to);
    }
    cfx_json_end_object(to);
}

char *
cfx_report_write(const CfxReport *self)
{
    const CfxSite *site = self->site;
    const CfxReportSums *sums = &self->sums;
    const CfxInstance *scheduler = self->engine->scheduler;
    g_auto(CfxJsonWriter) to = { 0 };

    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_member_int(&to, "version", 1);
    cfx_json_name(&to, "day");
    cfx_json_begin_object(&to);
    cfx_json_member_time(&to, "start", self->start_us);
    cfx_json_member_time(&to, "end", self->end_us);
    cfx_json_end_object(&to);
    cfx_json_member_text(&to, "scheduler", scheduler != NULL ? scheduler->name : NULL);
    cfx_json_name(&to, "site");
    cfx_json_begin_object(&to);
    cfx_json_member_text(&to, "name", site->name);
    cfx_json_member_real(&to, "cost", sums->cost);
    cfx_json_member_int(&to, "minutes_without_price", sums->minutes_without_price);
    cfx_json_member_text(&to, "currency", site->flex->currency);
    cfx_json_member_real(&to, "import_kwh", sums->import_wh * KILO);
    cfx_json_member_real(&to, "export_kwh", sums->export_wh * KILO);
    cfx_json_name(&to, "energy_until");
    if (sums->energy_until_us != CFX_TIME_MIN)
        cfx_json_time(&to, sums->energy_until_us);
    else
        cfx_json_null(&to);
    cfx_json_member_real(&to, "highest_kw", sums->highest_w * KILO);
    cfx_json_member_int(&to, "minutes_over_limit", sums->minutes_over);
    cfx_json_member_int(&to, "minutes_unknown", sums->minutes_unknown);
    cfx_json_member_real(&to, "tolerance", TOLERANCE);
    cfx_json_end_object(&to);
    put_sessions(&to, self);
    cfx_json_name(&to, "plans");
    cfx_json_begin_object(&to);
    cfx_json_member_int(&to, "count", self->n_plans);
    cfx_json_member_real(&to, "worst_gap", self->worst_gap);
    cfx_json_end_object(&to);
    put_latencies(&to, self);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}
