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

gboolean
ocpp_steer_build(OcppStation *station, gpointer data, CfxJsonWriter *to)
{
    OcppEvse *evse = data;
    const CfxHost *host = station->instance->host;
    gint64 now_us = cfx_now_site(host);
    gboolean lowers;
    gint slot = ocpp_steer_next_slot(evse, now_us, &lowers);
    g_autoptr(OcppScheduleText) schedule = NULL;
    g_autofree OcppCurve *allowed = NULL;
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
    allowed = ocpp_steer_allowed(evse, now_us);
    if (allowed != NULL &&
        ocpp_curve_is_lower_somewhere(allowed, schedule->curve, now_us, CFX_TIME_MAX))
        station->last_change_us = now_us;
    evse->sending = (guint)slot;
    /* one that was not answered may be in force as well as this one will be */
    if (at->sent != NULL) {
        OcppCurve *both = ocpp_curve_higher(at->sent, schedule->curve, now_us);

        g_free(at->sent);
        at->sent = both;
    } else {
        at->sent = ocpp_curve_copy(schedule->curve);
    }
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
    g_free(evse->wire);
    evse->wire = ocpp_curve_copy(schedule->curve);
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

static void
accepted(OcppEvse *evse, guint slot, gint64 received_us)
{
    OcppProfileSlot *at = &evse->slots[slot];

    g_free(at->installed);
    at->installed = g_steal_pointer(&evse->wire);
    g_clear_pointer(&at->sent, g_free);
    at->epoch = at->sent_epoch;
    at->version = at->sent_version;
    at->attempts = 0;
    at->must_send = FALSE;
    evse->accepted_us = cfx_now_site(evse->station->instance->host);
    if (slot == OCPP_SLOT_DEFAULT) {
        /* what holds when everything known is over */
        evse->accepted_fail_safe_w = at->installed->steps[at->installed->n - 1].w;
        g_clear_pointer(&evse->words, g_free);
    }
    note_profile(evse, slot, "Accepted", NULL, received_us);
    remember_rung(evse->station, slot, at->rung);
}

static void
rejected(OcppEvse *evse, guint slot, const char *reason, const char *words, gint64 received_us)
{
    OcppStation *station = evse->station;
    OcppProfileSlot *at = &evse->slots[slot];
    gboolean may_use_max = station->installer_max == NULL ? !station->has_other_max : TRUE;

    note_profile(evse, slot, "Rejected", words, received_us);
    /* what is refused is not in force */
    g_clear_pointer(&at->sent, g_free);
    at->attempts = 0;
    at->rung = ocpp_ladder_next(station, slot, at->rung, reason);
    if (at->rung == OCPP_RUNG_AS_STATION_MAX && !may_use_max)
        at->rung = OCPP_RUNG_REFUSED;
    at->is_refused = at->rung == OCPP_RUNG_REFUSED;
    if (!at->is_refused)
        return;
    at->must_send = FALSE;
    g_free(evse->words);
    evse->words = g_strdup(words);
    cfx_log(station->instance->host,
            CFX_LOG_WARNING,
            "station %s, EVSE %" G_GINT64_FORMAT
            " takes no charging profile and is not steered; it says: %s",
            station->identity,
            evse->id,
            words);
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
        evse->plan_is_for_tx = FALSE;
        return;
    }
    rejected(evse, slot, reason, words, received_us);
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

    if (g_strv_contains(again, code) && ++at->attempts < OCPP_STEER_ATTEMPTS) {
        g_clear_pointer(&at->sent, g_free);
        return;
    }
    if (g_strv_contains(never, code))
        at->rung = OCPP_RUNG_REFUSED - 1;
    rejected(evse, slot, NULL, words, result->received_real_us);
}

void
ocpp_steer_answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppEvse *evse = data;
    OcppInstance *instance = station->instance;
    guint slot = evse->sending;
    OcppProfileSlot *at = &evse->slots[slot];
    OcppStatusAnswer answer;

    evse->is_busy = FALSE;
    at->answered_real_us = result->received_real_us;
    /* the transaction may have ended meanwhile */
    if (slot == OCPP_SLOT_TX && !ocpp_steer_has_tx_profile(evse)) {
        g_clear_pointer(&evse->wire, g_free);
    } else if (ocpp_call_decode(station,
                                result,
                                ocpp_action_find("SetChargingProfile")->answer,
                                &answer,
                                &instance->arena)) {
        answer_decoded(evse, slot, &answer, result->received_real_us);
    } else if (result->state == OCPP_CALL_REFUSED) {
        call_refused(evse, slot, result);
    } else {
        at->attempts++; /* `sent` stays: it may be in force */
    }
    if (instance->is_stopping)
        return;
    ocpp_steer_tell(evse, evse->words, FALSE);
    ocpp_report_evse(evse);
    ocpp_steer_mark(evse, FALSE);
    ocpp_onboard_poke(station);
}
