/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks E and J: transactions and meter values. */
#include "ocpp-dispatch.h"

#include "ocpp-records.h"
#include "ocpp-report.h"
#include "ocpp-steer.h"
#include "ocpp-token.h"
#include "ocpp-transaction.h"

#include <math.h>

/* needs that a car tells so long before its transaction begins belong to it */
#define NEEDS_EARLY_US (10 * CFX_MINUTE)

/* --- readings ------------------------------------------------------------------------------- */

/* Two values of one second may come while our clock stands: the later one is the later belief, and
 * replaces nothing. */
static void
believe(OcppRequest *request, OcppEvse *evse, gint64 sensor, gint64 at_us, double value)
{
    evse->belief_us = MAX(request->now_us, evse->belief_us + 1);
    ocpp_store_belief(&request->instance->store, sensor, at_us, evse->belief_us, value);
}

static void
take_reading(OcppRequest *request, OcppEvse *evse, const OcppReading *reading)
{
    if (!isnan(reading->power_w))
        believe(request, evse, evse->power_sensor, reading->at_us, reading->power_w);
    if (!isnan(reading->energy_wh))
        believe(request, evse, evse->energy_sensor, reading->at_us, reading->energy_wh);
    if (reading->at_us < evse->reading_us)
        return;
    evse->reading_us = reading->at_us;
    if (!isnan(reading->power_w)) {
        evse->power_w = reading->power_w;
        ocpp_steer_check(evse, reading->at_us, reading->power_w);
    }
    if (!isnan(reading->energy_wh))
        evse->energy_wh = reading->energy_wh;
    if (!isnan(reading->soc_ratio))
        evse->soc_ratio = reading->soc_ratio;
}

static void
see_phases(OcppEvse *evse, const OcppReading *reading)
{
    gint32 before = ocpp_evse_phases(evse);

    ocpp_phases_see(&evse->phases, reading->phases, reading->at_us);
    if (ocpp_evse_phases(evse) != before)
        ocpp_steer_phases_changed(evse, before);
}

static void
take_meter_values(OcppRequest *request,
                  OcppEvse *evse,
                  OcppTransaction *transaction,
                  const CfxJsonArray *meter_values)
{
    for (gsize i = 0; i < meter_values->n; i++) {
        OcppReading reading;

        ocpp_meter_read(CFX_JSON_ITEM(meter_values, OcppMeterValue, i),
                        evse != NULL ? evse->voltage_v : 230,
                        &reading);
        if (transaction != NULL)
            ocpp_transaction_reading(transaction, &reading);
        if (evse != NULL)
            take_reading(request, evse, &reading);
        if (evse != NULL && evse->transaction != NULL && evse->transaction == transaction)
            see_phases(evse, &reading);
    }
}

/* energy has stopped: the last value said of it must not stand for ever */
static void
stop_power(OcppRequest *request, OcppEvse *evse, gint64 at_us)
{
    if (isnan(evse->power_w) || evse->power_w == 0 || at_us < evse->reading_us)
        return;
    evse->power_w = 0;
    evse->reading_us = at_us;
    believe(request, evse, evse->power_sensor, at_us, 0);
}

/* --- begin and end -------------------------------------------------------------------------- */

static void
note_transaction(OcppRequest *request,
                 const OcppTransaction *transaction,
                 const char *event,
                 gint64 at_us)
{
    OcppEvse *evse = ocpp_station_evse(request->station, transaction->evse_id);
    double energy_wh = ocpp_transaction_energy(transaction);
    gint64 gaps = ocpp_transaction_gaps(transaction);
    CfxJsonWriter *doc =
        ocpp_request_notice(request, "ocpp.transaction", evse != NULL ? evse->asset : 0, at_us);

    cfx_json_member_int(doc, "evse", transaction->evse_id);
    cfx_json_member_text(doc, "transaction", transaction->id);
    cfx_json_member_text(doc, "event", event);
    cfx_json_member_text(doc, "state", ocpp_charging_state_words[transaction->state]);
    if (transaction->token != NULL)
        cfx_json_member_text(doc, "token", transaction->token);
    if (!isnan(energy_wh))
        cfx_json_member_real(doc, "energy_wh", energy_wh);
    if (transaction->stopped_reason >= 0)
        cfx_json_member_text(doc, "reason", ocpp_stopped_reason_words[transaction->stopped_reason]);
    if (gaps > 0)
        cfx_json_member_int(doc, "missing_events", gaps);
    if (transaction->is_incomplete)
        cfx_json_member_bool(doc, "incomplete", TRUE);
    ocpp_store_end(&request->instance->store);
}

static void
forget_car(OcppEvse *evse)
{
    evse->needs_us = evse->needs_hash = evse->departure_us = 0;
    evse->need_wh = evse->car_current_a = evse->car_min_current_a = evse->car_power_w = NAN;
    evse->cable_current_a = evse->soc_ratio = NAN;
    evse->phases = (OcppPhases){ 0 };
}

static void
end_at_evse(OcppRequest *request, OcppEvse *evse, OcppTransaction *transaction)
{
    stop_power(request, evse, transaction->ended_us);
    evse->transaction = NULL;
    evse->ended_is_due = TRUE;
    g_free(evse->ended);
    evse->ended = g_strdup(transaction->id);
    evse->ended_us = transaction->ended_us;
    evse->ended_wh = ocpp_transaction_energy(transaction);
    forget_car(evse);
    ocpp_steer_transaction_ended(evse);
    /* the next car must not be taken for this one after a restart */
    ocpp_records_put_station(request->station);
}

/* a new one on the same EVSE: the end of the old one got lost */
static void
abandon(OcppRequest *request, OcppEvse *evse, gint64 at_us)
{
    OcppTransaction *old = evse->transaction;

    if (old == NULL)
        return;
    ocpp_transaction_abandon(old, MAX(at_us, old->last_us));
    end_at_evse(request, evse, old);
    note_transaction(request, old, "abandoned", at_us);
    ocpp_records_put_transaction(request->station, old);
    ocpp_report_evse(evse);
}

static void
begin_at_evse(OcppRequest *request, OcppEvse *evse, OcppTransaction *transaction)
{
    if (evse->transaction == transaction)
        return;
    abandon(request, evse, transaction->started_us);
    if (evse->needs_us != 0 && evse->needs_us < transaction->started_us - NEEDS_EARLY_US)
        forget_car(evse);
    evse->transaction = transaction;
    ocpp_steer_transaction_began(evse);
}

/* --- TransactionEvent ----------------------------------------------------------------------- */

static void
finish_event(OcppAnswer *answer, CfxJsonWriter *to)
{
    OcppIdTokenInfo info;
    OcppTransactionAnswer payload = { .total_cost = NAN, .charging_priority = CFX_JSON_NO_INT };

    if (answer->token_status >= 0) {
        cfx_json_clear(&ocpp_id_token_info_table, &info);
        info.status = answer->token_status;
        payload.id_token_info = &info;
    }
    ocpp_frame_write_result(
        to, cfx_json_text_of(answer->id), ocpp_action_find("TransactionEvent")->answer, &payload);
}

static void
checked(gpointer data, gint32 status, const GError *error)
{
    OcppAnswer *answer = data;

    answer->token_status = status;
    answer->is_failed |= error != NULL;
    ocpp_answer_done(answer);
}

static void
take_car(OcppEvse *evse, const OcppTransactionEvent *event)
{
    gint32 before = ocpp_evse_phases(evse);

    if (event->n_phases >= 1 && event->n_phases <= 3 && event->n_phases != evse->phases.n)
        ocpp_phases_state(&evse->phases, (gint32)event->n_phases);
    if (ocpp_evse_phases(evse) != before)
        ocpp_steer_phases_changed(evse, before);
    if (event->cable_max_current > 0)
        evse->cable_current_a = (double)event->cable_max_current;
}

/* what the event means for its EVSE */
static void
take_at_evse(OcppRequest *request,
             OcppEvse *evse,
             OcppTransaction *transaction,
             const OcppTransactionEvent *event,
             gboolean was_open)
{
    if (ocpp_transaction_is_open(transaction)) {
        begin_at_evse(request, evse, transaction);
        take_car(evse, event);
        if (transaction->state != OCPP_CHARGING_CHARGING && event->meter_value.n == 0)
            stop_power(request, evse, event->timestamp_us);
    } else if (evse->transaction == transaction) {
        end_at_evse(request, evse, transaction);
    } else if (was_open) {
        /* it began and ended while nobody listened: its end is told all the same */
        evse->ended_is_due = TRUE;
        g_free(evse->ended);
        evse->ended = g_strdup(transaction->id);
        evse->ended_us = transaction->ended_us;
        evse->ended_wh = ocpp_transaction_energy(transaction);
    }
}

static void
take_event(OcppRequest *request, OcppTransaction *transaction, const OcppTransactionEvent *event)
{
    static const char *const names[] = { "ended", "started", "updated" };
    gboolean was_open = ocpp_transaction_is_open(transaction);
    gboolean is_first = transaction->last_seq < 0;
    gboolean is_changed = ocpp_transaction_event(transaction, event);
    OcppEvse *evse = ocpp_station_evse(request->station, transaction->evse_id);

    /* registers first: the end needs the last one */
    take_meter_values(request, evse, transaction, &event->meter_value);
    if (evse != NULL)
        take_at_evse(request, evse, transaction, event, was_open);
    if (is_changed)
        note_transaction(request,
                         transaction,
                         is_first && event->event_type == OCPP_EVENT_UPDATED
                             ? "found"
                             : names[event->event_type],
                         event->timestamp_us);
    ocpp_records_put_transaction(request->station, transaction);
    if (evse != NULL)
        ocpp_report_evse(evse);
}

static void
handle_transaction_event(OcppRequest *request, gconstpointer payload)
{
    const OcppTransactionEvent *event = payload;
    OcppStation *station = request->station;
    OcppTransaction *transaction = ocpp_transaction_find(station, event->info->id);

    request->answer->finish = finish_event;
    if (event->id_token != NULL) {
        ocpp_answer_wait(request->answer);
        ocpp_token_check(station, event->id_token, checked, request->answer);
    }
    if (event->is_offline != 1)
        ocpp_request_saw_clock(request, event->timestamp_us);
    if (transaction == NULL) {
        transaction = ocpp_transaction_new(event->info->id.text);
        ocpp_transaction_add(station, transaction);
    }
    /* one that was sent again is answered again and changes nothing */
    if (ocpp_transaction_note(transaction, event->seq_no))
        take_event(request, transaction, event);
}

static void
handle_meter_values(OcppRequest *request, gconstpointer payload)
{
    const OcppMeterValues *values = payload;
    OcppEvse *evse = ocpp_station_evse(request->station, values->evse_id);

    /* EVSE 0 is the station's own meter; nothing is bound to it */
    if (evse != NULL) {
        take_meter_values(request, evse, evse->transaction, &values->meter_value);
        ocpp_report_evse(evse);
    }
    ocpp_request_empty_answer(request);
}

const OcppHandler ocpp_transaction_handlers[] = {
    { "TransactionEvent", handle_transaction_event, sizeof(OcppTransactionEvent) },
    { "MeterValues", handle_meter_values, sizeof(OcppMeterValues) },
    { NULL, NULL, 0 },
};
