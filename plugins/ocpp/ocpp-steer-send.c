/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile on the wire, and what the station answers. */
#include "ocpp-steer-private.h"

#include "ocpp-onboard.h"
#include "ocpp-records.h"
#include "ocpp-report.h"

#include <math.h>

/* --- on the wire ---------------------------------------------------------------------------- */

static void
encode_profile(OcppEvse *evse,
               guint slot,
               const OcppScheduleText *schedule,
               const OcppLadderShape *shape,
               CfxJsonWriter *to)
{
    const OcppAction *action = ocpp_action_find("SetChargingProfile");
    gint64 id = ocpp_steer_profile_id(evse,
                                      shape->purpose == OCPP_PURPOSE_STATION_MAX ? 1
                                      : slot == OCPP_SLOT_TX                     ? 2
                                                                                 : 3);
    OcppSchedule wire = { .id = id,
                          .start_us = schedule->start_us,
                          .duration_s = CFX_JSON_NO_INT,
                          .rate_unit = schedule->unit,
                          .periods = { schedule->periods, schedule->n },
                          .min_rate = NAN };
    OcppProfile profile = { .id = id,
                            .stack_level = shape->stack_level,
                            .valid_from_us = CFX_JSON_NO_TIME,
                            .valid_to_us = CFX_JSON_NO_TIME,
                            .purpose = shape->purpose,
                            .kind = OCPP_KIND_ABSOLUTE,
                            .recurrency = -1,
                            .schedules = { &wire, 1 } };
    OcppSetProfile set = { .evse_id = shape->purpose == OCPP_PURPOSE_STATION_MAX ? 0 : evse->id,
                           .profile = &profile };

    if (shape->purpose == OCPP_PURPOSE_TX)
        profile.transaction_id = cfx_json_text_of(evse->transaction->id);
    cfx_json_encode(to, action->request, &set);
}

/* in a turn of its own: a handler may be gathering what its message leaves behind */
static void
store_doubt(gpointer data)
{
    OcppStation *station = data;
    OcppInstance *instance = station->instance;

    station->doubt_is_due = FALSE;
    if (!instance->is_stopping) {
        ocpp_store_begin(&instance->store);
        ocpp_records_put_station(station);
        ocpp_store_commit(&instance->store, instance->host, 0, 0, NULL, NULL);
    }
    ocpp_station_unref(station);
}

/* What raises something is stored before its answer: who restarts meanwhile must count it. */
static void
note_raise(OcppEvse *evse, const OcppCurve *curve, gint64 now_us)
{
    OcppStation *station = evse->station;
    const CfxHost *host = station->instance->host;
    g_autofree OcppCurve *allowed = ocpp_steer_allowed(evse, now_us);

    if (allowed == NULL || !ocpp_curve_is_lower_somewhere(allowed, curve, now_us, CFX_TIME_MAX))
        return;
    station->last_change_us = now_us;
    if (station->doubt_is_due)
        return;
    station->doubt_is_due = TRUE;
    host->base->post(host, store_doubt, ocpp_station_ref(station));
}

gboolean
ocpp_steer_build(OcppStation *station, gpointer data, CfxJsonWriter *to)
{
    OcppEvse *evse = data;
    const CfxHost *host = station->instance->host;
    gint64 now_us = cfx_now_site(host);
    gboolean lowers;
    gint slot = ocpp_steer_next_slot(evse, now_us, &lowers);
    g_autoptr(OcppScheduleText) schedule = NULL;
    OcppLadderShape shape;
    OcppProfileSlot *at;

    if (slot < 0) {
        evse->is_busy = FALSE;
        ocpp_steer_mark(evse, FALSE);
        return FALSE;
    }
    at = &evse->slots[slot];
    schedule = ocpp_steer_schedule(evse, (guint)slot, now_us, &shape);
    encode_profile(evse, (guint)slot, schedule, &shape, to);
    note_raise(evse, schedule->curve, now_us);
    evse->sending = (guint)slot;
    g_free(at->sent);
    at->sent = ocpp_curve_copy(schedule->curve);
    at->sent_phases = schedule->n_phases != CFX_JSON_NO_INT ? (gint32)schedule->n_phases : 0;
    if (slot == OCPP_SLOT_TX && !ocpp_steer_has_tx_profile(evse)) {
        g_clear_pointer(&at->installed, g_free);
        g_free(at->transaction);
        at->transaction = g_strdup(evse->transaction->id);
    }
    at->sent_epoch = evse->plan_epoch;
    at->sent_version = evse->plan_version;
    at->sent_trace = evse->plan.trace;
    at->sent_real_us = cfx_now_real(host);
    at->answered_real_us = 0;
    ocpp_steer_tell(evse, NULL, FALSE);
    return TRUE;
}

static void
note_profile(OcppEvse *evse, guint slot, const char *status, const char *words, gint64 received_us)
{
    static const char *const names[] = { "TxDefaultProfile", "TxProfile" };
    OcppStation *station = evse->station;
    OcppInstance *instance = station->instance;
    const OcppProfileSlot *at = &evse->slots[slot];
    CfxJsonWriter *doc;

    ocpp_store_begin(&instance->store);
    doc = ocpp_store_notice(&instance->store, "ocpp.profile", evse->asset, CFX_TIME_MIN);
    cfx_json_member_text(doc, "station", station->identity);
    cfx_json_member_int(doc, "evse", evse->id);
    cfx_json_member_text(doc, "purpose", names[slot]);
    cfx_json_member_text(doc, "status", status);
    cfx_json_member_text(doc, "rung", ocpp_ladder_rung_name(at->rung));
    if (words != NULL)
        cfx_json_member_text(doc, "words", words);
    cfx_json_member_int(doc, "epoch", at->sent_epoch);
    cfx_json_member_int(doc, "version", at->sent_version);
    cfx_json_member_int(doc, "answered_us", received_us - at->sent_real_us);
    ocpp_store_end(&instance->store);
    ocpp_records_put_station(station);
    ocpp_store_commit(&instance->store, instance->host, at->sent_trace, received_us, NULL, NULL);
}

static void
remember_rung(OcppStation *station, guint slot, guint rung)
{
    OcppInstance *instance = station->instance;
    g_autofree char *model = NULL;

    if (!ocpp_ladder_worked(&instance->ladder, station, slot, rung))
        return;
    model = ocpp_station_model_name(station);
    ocpp_store_begin(&instance->store);
    ocpp_records_put_model(instance, model, ocpp_ladder_rungs(&instance->ladder, model));
    ocpp_store_commit(&instance->store, instance->host, 0, 0, NULL, NULL);
}

/* the default on the last rung has replaced what a plan had put there */
static void
took_place_of_plan(OcppEvse *evse)
{
    OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];

    g_clear_pointer(&evse->substitute, g_free);
    if (tx->rung == OCPP_RUNG_AS_STATION_MAX && ocpp_steer_has_tx_profile(evse))
        tx->must_send = TRUE;
}

static void
accepted(OcppEvse *evse, guint slot, gint64 received_us)
{
    OcppProfileSlot *at = &evse->slots[slot];

    g_free(at->installed);
    at->installed = g_steal_pointer(&at->sent);
    at->phases = at->sent_phases;
    /* it has the place of those before it */
    g_clear_pointer(&at->doubt, g_free);
    at->is_sure = TRUE;
    at->epoch = at->sent_epoch;
    at->version = at->sent_version;
    at->attempts = 0;
    at->must_send = FALSE;
    evse->accepted_us = cfx_now_site(evse->station->instance->host);
    if (slot == OCPP_SLOT_DEFAULT) {
        /* what holds when everything known is over */
        evse->accepted_fail_safe_w = at->installed->steps[at->installed->n - 1].w;
        g_clear_pointer(&evse->words, g_free);
        if (at->rung == OCPP_RUNG_AS_STATION_MAX)
            took_place_of_plan(evse);
    }
    note_profile(evse, slot, "Accepted", NULL, received_us);
    remember_rung(evse->station, slot, at->rung);
}

/* at the end of the ladder */
static void
refuse(OcppEvse *evse, guint slot, const char *words)
{
    OcppProfileSlot *at = &evse->slots[slot];

    at->rung = OCPP_RUNG_REFUSED;
    at->is_refused = TRUE;
    at->must_send = FALSE;
    g_free(evse->words);
    evse->words = g_strdup(words);
    cfx_log(evse->station->instance->host,
            CFX_LOG_WARNING,
            "station %s, EVSE %" G_GINT64_FORMAT
            " takes no charging profile and is not steered; it says: %s",
            evse->station->identity,
            evse->id,
            words);
}

static void
rejected(OcppEvse *evse, guint slot, const char *reason, const char *words, gint64 received_us)
{
    OcppStation *station = evse->station;
    OcppProfileSlot *at = &evse->slots[slot];

    note_profile(evse, slot, "Rejected", words, received_us);
    /* what is refused is not in force; what was sent before it may be */
    g_clear_pointer(&at->sent, g_free);
    at->attempts = 0;
    at->rung = ocpp_ladder_next(station, slot, at->rung, reason);
    if (at->rung == OCPP_RUNG_AS_STATION_MAX && station->max_is == OCPP_MAX_UNREADABLE)
        at->rung = OCPP_RUNG_REFUSED;
    if (at->rung == OCPP_RUNG_REFUSED)
        refuse(evse, slot, words);
}

void
ocpp_steer_max_was_read(OcppStation *station)
{
    if (station->max_is != OCPP_MAX_UNREADABLE)
        return;
    for (guint i = 0; i < station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(station->evses, i);

        for (guint slot = 0; slot < OCPP_N_SLOTS; slot++) {
            if (evse->slots[slot].rung == OCPP_RUNG_AS_STATION_MAX)
                refuse(evse, slot, "its ChargingStationMaxProfile cannot be read");
        }
        ocpp_steer_tell(evse, evse->words, FALSE);
    }
}

static gboolean
is_about_transaction(const char *reason)
{
    return reason != NULL && (g_ascii_strcasecmp(reason, "TxNotFound") == 0 ||
                              g_ascii_strcasecmp(reason, "UnknownTxId") == 0);
}

static void
answer_decoded(OcppEvse *evse, guint slot, const OcppStatusAnswer *answer, gint64 received_us)
{
    const OcppStatusInfo *info = answer->status_info;
    const char *reason = info != NULL ? info->reason_code.text : NULL;
    g_autofree char *words = NULL;

    if (answer->status == OCPP_STATUS_ACCEPTED) {
        accepted(evse, slot, received_us);
        return;
    }
    words = g_strdup_printf(
        "Rejected%s%s%s%s",
        reason != NULL ? ", " : "",
        reason != NULL ? reason : "",
        info != NULL && info->additional_info.text != NULL ? ": " : "",
        info != NULL && info->additional_info.text != NULL ? info->additional_info.text : "");
    /* its end is on the way to us: no profile is wrong then */
    if (slot == OCPP_SLOT_TX && is_about_transaction(reason)) {
        g_clear_pointer(&evse->slots[slot].sent, g_free);
        g_clear_pointer(&evse->slots[slot].doubt, g_free);
        evse->plan_is_for_tx = FALSE;
        return;
    }
    rejected(evse, slot, reason, words, received_us);
}

static void
doubt(OcppEvse *evse, guint slot)
{
    OcppProfileSlot *at = &evse->slots[slot];

    ocpp_steer_raise(&at->doubt, at->sent, cfx_now_site(evse->station->instance->host));
    g_clear_pointer(&at->sent, g_free);
}

/* A CALLERROR: some say that profiles are not for this station, some that it is busy. */
static void
call_refused(OcppEvse *evse, guint slot, const OcppCallResult *result)
{
    static const char *const never[] = { "NotImplemented", "NotSupported", NULL };
    static const char *const again[] = { "InternalError", "GenericError", "SecurityError", NULL };
    OcppProfileSlot *at = &evse->slots[slot];
    const char *code = result->frame->error_code.text;
    g_autofree char *words = ocpp_call_words(result);

    /* one that failed inside may have done it all the same */
    if (g_strv_contains(again, code)) {
        doubt(evse, slot);
        if (++at->attempts < OCPP_STEER_ATTEMPTS)
            return;
    }
    if (g_strv_contains(never, code))
        at->rung = OCPP_RUNG_REFUSED - 1;
    rejected(evse, slot, NULL, words, result->received_real_us);
}

/* what the answer of a slot's call settles */
static void
settle(OcppEvse *evse, guint slot, const OcppCallResult *result)
{
    OcppStation *station = evse->station;
    OcppProfileSlot *at = &evse->slots[slot];
    OcppStatusAnswer answer;

    if (ocpp_call_decode(station,
                         result,
                         ocpp_action_find("SetChargingProfile")->answer,
                         &answer,
                         &station->instance->arena)) {
        answer_decoded(evse, slot, &answer, result->received_real_us);
    } else if (result->state == OCPP_CALL_REFUSED) {
        call_refused(evse, slot, result);
    } else {
        doubt(evse, slot);
        at->attempts++;
    }
}

void
ocpp_steer_answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppEvse *evse = data;
    guint slot = evse->sending;
    OcppProfileSlot *at = &evse->slots[slot];
    gboolean is_there = result->state == OCPP_CALL_ANSWERED || result->state == OCPP_CALL_REFUSED;

    evse->is_busy = FALSE;
    at->answered_real_us = result->received_real_us;
    /* the transaction may have ended meanwhile */
    if (at->sent != NULL)
        settle(evse, slot, result);
    if (station->instance->is_stopping)
        return;
    /* it has booted, and does not take again what it had */
    if (slot == OCPP_SLOT_DEFAULT && at->must_send && !at->is_sure)
        g_clear_pointer(&at->installed, g_free);
    /* what may be in force, and no next call is sure to settle, is asked for */
    if (at->doubt != NULL && (is_there || at->attempts >= OCPP_STEER_ATTEMPTS))
        ocpp_onboard_read_back(station);
    ocpp_steer_tell(evse, evse->words, FALSE);
    ocpp_report_evse(evse);
    ocpp_steer_mark(evse, FALSE);
    ocpp_onboard_poke(station);
}
