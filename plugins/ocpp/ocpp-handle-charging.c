/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block K: needs of cars, limits of others, profiles that are reported. */
#include "ocpp-dispatch.h"

#include "ocpp-ladder.h"
#include "ocpp-onboard.h"
#include "ocpp-records.h"
#include "ocpp-report.h"
#include "ocpp-steer.h"
#include "ocpp-transaction.h"

#include <math.h>

/* an EV's plan may round a limit in another way than we do */
#define TOLERANCE_W 100

static double
positive(gint64 value)
{
    return value != CFX_JSON_NO_INT && value > 0 ? (double)value : NAN;
}

/* --- needs ---------------------------------------------------------------------------------- */

static void
take_ac(OcppEvse *evse, const OcppAcNeeds *ac, gint32 transfer)
{
    evse->need_wh = ac->energy_wh >= 0 ? (double)ac->energy_wh : NAN;
    evse->car_current_a = positive(ac->max_current_a);
    evse->car_min_current_a = positive(ac->min_current_a);
    evse->car_power_w = NAN;
    ocpp_phases_state(&evse->phases,
                      transfer == OCPP_TRANSFER_AC1   ? 1
                      : transfer == OCPP_TRANSFER_AC2 ? 2
                      : transfer == OCPP_TRANSFER_AC3 ? 3
                                                      : 0);
}

static void
take_dc(OcppEvse *evse, const OcppDcNeeds *dc)
{
    evse->need_wh = positive(dc->energy_wh);
    evse->car_power_w = positive(dc->max_power_w);
    if (dc->soc != CFX_JSON_NO_INT)
        evse->soc_ratio = (double)dc->soc / 100;
}

static void
note_needs(OcppRequest *request, const OcppEvse *evse)
{
    CfxJsonWriter *doc = ocpp_request_notice(request, "ocpp.needs", evse->asset, request->now_us);

    cfx_json_member_int(doc, "evse", evse->id);
    if (!isnan(evse->need_wh))
        cfx_json_member_real(doc, "need_wh", evse->need_wh);
    if (evse->departure_us != 0)
        cfx_json_member_time(doc, "departure", evse->departure_us);
    if (!isnan(evse->car_current_a))
        cfx_json_member_real(doc, "max_current_a", evse->car_current_a);
    if (evse->phases.n > 0)
        cfx_json_member_int(doc, "phases", evse->phases.n);
    ocpp_store_end(&request->instance->store);
}

/* never 0 */
static gint64
hash_of(const OcppRequest *request, const OcppNotifyNeeds *notify)
{
    g_auto(CfxJsonWriter) text = { 0 };

    cfx_json_writer_init(&text, NULL, 0);
    cfx_json_encode(&text, request->action->request, notify);
    return (gint64)(ocpp_frame_hash(text.text, text.size) >> 1) | 1;
}

static void
take_needs(OcppRequest *request, OcppEvse *evse, const OcppNeeds *needs)
{
    gint32 before = ocpp_evse_phases(evse);

    evse->needs_us = request->now_us;
    evse->departure_us = needs->departure_us != CFX_JSON_NO_TIME ? needs->departure_us : 0;
    if (needs->ac != NULL)
        take_ac(evse, needs->ac, needs->transfer);
    else if (needs->dc != NULL)
        take_dc(evse, needs->dc);
    /* a car that asks anew while it charges counts from now on, the host from plug-in on */
    if (evse->transaction != NULL && !isnan(ocpp_transaction_energy(evse->transaction)))
        evse->need_wh += ocpp_transaction_energy(evse->transaction);
    if (ocpp_evse_phases(evse) != before)
        ocpp_steer_phases_changed(evse, before);
    note_needs(request, evse);
}

/*
 * A car that asks anew asks for less than before by what it has got: word for word the same is the
 * same statement, sent again because its answer got lost, however much was charged meanwhile.
 */
static void
handle_needs(OcppRequest *request, gconstpointer payload)
{
    const OcppNotifyNeeds *notify = payload;
    OcppEvse *evse = ocpp_station_evse(request->station, notify->evse_id);
    OcppStatusAnswer answer = { .status = OCPP_NEEDS_ACCEPTED };
    gint64 hash;

    if (evse == NULL) {
        answer.status = OCPP_NEEDS_REJECTED;
        ocpp_answer_result(request->answer, request->action->answer, &answer);
        return;
    }
    hash = hash_of(request, notify);
    if (hash != evse->needs_hash)
        take_needs(request, evse, notify->needs);
    evse->needs_hash = hash;
    ocpp_records_put_station(request->station);
    ocpp_report_evse(evse);
    ocpp_answer_result(request->answer, request->action->answer, &answer);
}

/* --- the EV's own plan ---------------------------------------------------------------------- */

static void
rules_of(OcppEvse *evse, OcppProfileRules *ret)
{
    OcppLadderShape shape;

    ocpp_ladder_shape(evse, OCPP_SLOT_DEFAULT, OCPP_RUNG_PLAIN, &shape);
    *ret = shape.rules;
}

static gboolean
is_within(OcppEvse *evse, const OcppNotifySchedule *notify, gint64 now_us)
{
    const OcppSchedule *schedule = notify->schedule;
    g_autofree OcppCurve *allowed = ocpp_steer_allowed(evse, now_us);
    OcppProfileRules rules;

    if (allowed == NULL)
        return TRUE; /* nothing was said that it could exceed */
    rules_of(evse, &rules);
    for (gsize i = 0; i < schedule->periods.n; i++) {
        const OcppSchedulePeriod *period = CFX_JSON_ITEM(&schedule->periods, OcppSchedulePeriod, i);
        gint64 start_s = CLAMP(period->start_s, 0, 366 * 86400);
        gint64 at_us = MAX(notify->time_base_us + start_s * CFX_SECOND, now_us);
        gint64 phases = period->n_phases != CFX_JSON_NO_INT ? period->n_phases
                        : evse->phases.n > 0                ? evse->phases.n
                                                            : 3;
        double w = ocpp_profile_limit_w(period->limit, schedule->rate_unit, phases, &rules);

        if (w > ocpp_curve_at(allowed, at_us) + TOLERANCE_W)
            return FALSE;
    }
    return TRUE;
}

static void
handle_schedule(OcppRequest *request, gconstpointer payload)
{
    const OcppNotifySchedule *notify = payload;
    OcppEvse *evse = ocpp_station_evse(request->station, notify->evse_id);
    OcppStatusAnswer answer = { .status = OCPP_STATUS_REJECTED };

    if (evse != NULL && is_within(evse, notify, request->now_us))
        answer.status = OCPP_STATUS_ACCEPTED;
    /* it did not take what we sent: send that once more */
    if (evse != NULL && answer.status == OCPP_STATUS_REJECTED) {
        evse->slots[OCPP_SLOT_TX].must_send = TRUE;
        ocpp_steer_mark(evse, FALSE);
    }
    ocpp_answer_result(request->answer, request->action->answer, &answer);
}

/* --- limits of others ----------------------------------------------------------------------- */

static void limit_changes(gpointer data);

/* reports again when the limit takes its next value */
void
ocpp_charging_await_limit(OcppEvse *evse)
{
    const CfxHost *host = evse->station->instance->host;
    gint64 now_us = cfx_now_site(host);

    cfx_timer_clear(host, &evse->external_timer);
    for (gsize i = 0; evse->external != NULL && i < evse->external->n; i++) {
        if (evse->external->steps[i].at_us <= now_us)
            continue;
        evse->external_timer = host->base->timer_start(
            host, CFX_CLOCK_SITE, evse->external->steps[i].at_us, limit_changes, evse);
        return;
    }
}

static void
limit_changes(gpointer data)
{
    OcppEvse *evse = data;

    evse->external_timer = 0;
    ocpp_report_evse(evse);
    ocpp_charging_await_limit(evse);
}

static OcppCurve *
read_limit(OcppEvse *evse, const OcppSchedule *schedule, gint64 now_us)
{
    gint64 start_us = schedule->start_us != CFX_JSON_NO_TIME ? schedule->start_us : now_us;
    g_autofree OcppStep *steps = g_new(OcppStep, schedule->periods.n + 1);
    OcppProfileRules rules;
    gsize n = 0;

    rules_of(evse, &rules);
    for (gsize i = 0; i < schedule->periods.n; i++) {
        const OcppSchedulePeriod *period = CFX_JSON_ITEM(&schedule->periods, OcppSchedulePeriod, i);
        gint64 start_s = CLAMP(period->start_s, 0, 366 * 86400);
        gint64 at_us = start_us + start_s * CFX_SECOND;

        if (n > 0 && at_us <= steps[n - 1].at_us)
            continue;
        steps[n++] = (OcppStep){
            at_us,
            ocpp_profile_limit_w(period->limit, schedule->rate_unit, period->n_phases, &rules)
        };
    }
    if (schedule->duration_s != CFX_JSON_NO_INT && schedule->duration_s > 0 &&
        schedule->duration_s < 366 * 86400)
        steps[n++] = (OcppStep){ start_us + schedule->duration_s * CFX_SECOND, INFINITY };
    return ocpp_curve_new(steps, n);
}

static void
note_limit(
    OcppRequest *request, gint64 evse_id, gint32 source, gboolean is_critical, gboolean is_on)
{
    OcppEvse *evse = ocpp_station_evse(request->station, evse_id);
    CfxJsonWriter *doc =
        ocpp_request_notice(request, "ocpp.limit", evse != NULL ? evse->asset : 0, request->now_us);

    cfx_json_member_int(doc, "evse", evse_id);
    cfx_json_member_text(doc, "source", ocpp_limit_source_words[source]);
    cfx_json_member_bool(doc, "active", is_on);
    if (is_critical)
        cfx_json_member_bool(doc, "grid_critical", TRUE);
    ocpp_store_end(&request->instance->store);
}

/* @schedule NULL: none, or a limit whose value nobody tells */
static void
set_limit(OcppRequest *request, gint64 evse_id, const OcppSchedule *schedule, gint32 source)
{
    for (guint i = 0; i < request->station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(request->station->evses, i);

        if (evse_id > 0 && evse->id != evse_id)
            continue;
        g_clear_pointer(&evse->external, g_free);
        if (schedule != NULL)
            evse->external = read_limit(evse, schedule, request->now_us);
        evse->external_source = source;
        ocpp_charging_await_limit(evse);
        ocpp_report_evse(evse);
    }
    ocpp_records_put_station(request->station);
}

static void
handle_limit(OcppRequest *request, gconstpointer payload)
{
    const OcppNotifyLimit *notify = payload;
    gint64 evse_id = notify->evse_id != CFX_JSON_NO_INT ? notify->evse_id : 0;

    note_limit(request, evse_id, notify->limit->source, notify->limit->is_grid_critical == 1, TRUE);
    if (notify->schedules.n > 0)
        set_limit(request,
                  evse_id,
                  CFX_JSON_ITEM(&notify->schedules, OcppSchedule, 0),
                  notify->limit->source);
    ocpp_request_empty_answer(request);
}

static void
handle_cleared_limit(OcppRequest *request, gconstpointer payload)
{
    const OcppClearedLimit *cleared = payload;
    gint64 evse_id = cleared->evse_id != CFX_JSON_NO_INT ? cleared->evse_id : 0;

    note_limit(request, evse_id, cleared->source, FALSE, FALSE);
    set_limit(request, evse_id, NULL, cleared->source);
    ocpp_request_empty_answer(request);
}

static void
handle_profiles(OcppRequest *request, gconstpointer payload)
{
    /* the answer first: what follows may send calls, and gathers commits of its own */
    ocpp_request_empty_answer(request);
    ocpp_onboard_profiles(request->station, payload);
}

const OcppHandler ocpp_charging_handlers[] = {
    { "NotifyEVChargingNeeds", handle_needs, sizeof(OcppNotifyNeeds) },
    { "NotifyEVChargingSchedule", handle_schedule, sizeof(OcppNotifySchedule) },
    { "NotifyChargingLimit", handle_limit, sizeof(OcppNotifyLimit) },
    { "ClearedChargingLimit", handle_cleared_limit, sizeof(OcppClearedLimit) },
    { "ReportChargingProfiles", handle_profiles, sizeof(OcppReportProfiles) },
    { NULL, NULL, 0 },
};
