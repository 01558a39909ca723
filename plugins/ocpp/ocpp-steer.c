/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-steer.h"

#include "ocpp-call.h"
#include "ocpp-onboard.h"
#include "ocpp-records.h"
#include "ocpp-report.h"

#include <math.h>

#define STEPS_A_TURN 256
#define ATTEMPTS_MAX 3
/* a profile that lowers nothing in this time may wait */
#define SOON_US CFX_MINUTE
#define RETRY_US (10 * CFX_SECOND)
/* a car may take so long to follow, and meters differ so much */
#define OBEY_US CFX_MINUTE
#define OBEY_W 300
#define OBEY_SHARE 1.05

/* --- ids ------------------------------------------------------------------------------------ */

gint64
ocpp_steer_profile_id(const OcppEvse *evse, gint32 purpose)
{
    return 100 * evse->id + 10 * purpose;
}

gboolean
ocpp_steer_is_ours(const OcppStation *station, gint64 profile_id)
{
    for (guint i = 0; i < station->evses->len; i++) {
        const OcppEvse *evse = g_ptr_array_index(station->evses, i);

        if (profile_id / 100 == evse->id && profile_id % 100 % 10 == 0 && profile_id % 100 >= 10 &&
            profile_id % 100 <= 30)
            return TRUE;
    }
    return FALSE;
}

/* --- what is wanted, and what is allowed ---------------------------------------------------- */

static gboolean
has_plan(const OcppEvse *evse)
{
    return evse->plan.owner != NULL;
}

static gint64
plan_flags(const OcppEvse *evse)
{
    return evse->plan.flags.at != NULL ? cfx_int_at(evse->plan.flags, evse->plan_row) : 0;
}

static gboolean
has_tx_profile(const OcppEvse *evse)
{
    const OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];

    return evse->transaction != NULL && tx->transaction != NULL &&
           strcmp(tx->transaction, evse->transaction->id) == 0;
}

OcppCurve *
ocpp_steer_allowed(const OcppEvse *evse, gint64 now_us)
{
    const OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];
    const OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];
    g_autofree OcppCurve *idle = NULL, *base = NULL;

    if (standard->installed != NULL)
        idle = standard->sent != NULL
                   ? ocpp_curve_higher(standard->installed, standard->sent, now_us)
                   : ocpp_curve_from(standard->installed, now_us);
    if (!has_tx_profile(evse))
        return g_steal_pointer(&idle);
    if (tx->installed != NULL)
        base = ocpp_curve_from(tx->installed, now_us);
    else
        base = g_steal_pointer(&idle);
    if (base == NULL || tx->sent == NULL)
        return g_steal_pointer(&base);
    return ocpp_curve_higher(base, tx->sent, now_us);
}

/* the schedule that a slot should have now */
static OcppScheduleText *
wanted_schedule(OcppEvse *evse, guint slot, gint64 now_us, OcppLadderShape *shape)
{
    OcppStation *station = evse->station;
    g_autofree OcppCurve *wanted =
        slot == OCPP_SLOT_TX ? ocpp_profile_wanted(&evse->plan, evse->plan_row, now_us)
                             : ocpp_profile_fail_safe(&evse->plan, evse->plan_row, now_us);

    ocpp_ladder_shape(evse, slot, evse->slots[slot].rung, shape);
    if (shape->purpose == OCPP_PURPOSE_STATION_MAX && station->installer_max != NULL) {
        OcppCurve *capped = ocpp_curve_lower(wanted, station->installer_max, now_us);

        g_free(wanted);
        wanted = capped;
    }
    return ocpp_profile_schedule(wanted, &shape->rules, now_us);
}

static gboolean
may_have(const OcppEvse *evse, guint slot)
{
    if (!has_plan(evse) || evse->slots[OCPP_SLOT_DEFAULT].is_refused ||
        evse->slots[slot].is_refused)
        return FALSE;
    if (slot == OCPP_SLOT_DEFAULT)
        return TRUE;
    return evse->transaction != NULL && evse->plan_is_for_tx &&
           (plan_flags(evse) & CFX_PLAN_FAIL_SAFE_ONLY) == 0;
}

/* Whether the station must be told something about a slot. @ret_lowers: (nullable) soon less */
static gboolean
needs(OcppEvse *evse, guint slot, gint64 now_us, gboolean *ret_lowers)
{
    const OcppProfileSlot *at = &evse->slots[slot];
    g_autoptr(OcppScheduleText) schedule = NULL;
    g_autofree OcppCurve *allowed = NULL;
    OcppLadderShape shape;
    gboolean is_installed;

    if (!may_have(evse, slot))
        return FALSE;
    schedule = wanted_schedule(evse, slot, now_us, &shape);
    is_installed = at->installed != NULL && (slot == OCPP_SLOT_DEFAULT || has_tx_profile(evse)) &&
                   ocpp_curve_is_same(schedule->curve, at->installed, now_us);
    if (is_installed && at->sent == NULL && !at->must_send)
        return FALSE;
    allowed = ocpp_steer_allowed(evse, now_us);
    if (ret_lowers != NULL)
        *ret_lowers =
            allowed == NULL || at->must_send ||
            ocpp_curve_is_lower_somewhere(schedule->curve, allowed, now_us, now_us + SOON_US);
    return TRUE;
}

/* While a transaction runs its own profile is what counts, but the fail-safe power comes first. */
static guint
slot_at(const OcppEvse *evse, guint i)
{
    const OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];
    gboolean is_default_first = standard->installed == NULL || standard->must_send;

    return (i == 0) == is_default_first ? OCPP_SLOT_DEFAULT : OCPP_SLOT_TX;
}

static gboolean
needs_any(OcppEvse *evse, gint64 now_us)
{
    return needs(evse, OCPP_SLOT_DEFAULT, now_us, NULL) || needs(evse, OCPP_SLOT_TX, now_us, NULL);
}

/* --- telling the host ----------------------------------------------------------------------- */

static guint32
state_of(OcppEvse *evse, gint64 now_us, gboolean is_lost)
{
    if (is_lost)
        return CFX_APPLIED_LOST;
    if (evse->slots[OCPP_SLOT_DEFAULT].is_refused ||
        (evse->slots[OCPP_SLOT_TX].is_refused && evse->transaction != NULL))
        return CFX_APPLIED_REFUSED;
    if (!has_plan(evse))
        return evse->slots[OCPP_SLOT_DEFAULT].installed != NULL ? CFX_APPLIED_INSTALLED
                                                                : CFX_APPLIED_WAITING;
    return evse->is_busy || needs_any(evse, now_us) ? CFX_APPLIED_WAITING : CFX_APPLIED_INSTALLED;
}

void
ocpp_steer_tell(OcppEvse *evse, const char *words, gboolean is_lost)
{
    const CfxHost *host = evse->station->instance->host;
    gint64 now_us = cfx_now_site(host);
    g_autofree OcppCurve *allowed = ocpp_steer_allowed(evse, now_us);
    const OcppProfileSlot *slot = &evse->slots[evse->sending];
    CfxApplied applied = {
        .struct_size = sizeof(applied),
        .state = state_of(evse, now_us, is_lost),
        .asset = evse->asset,
        .words = words,
        .fail_safe_w = evse->accepted_fail_safe_w,
    };
    const CfxApplied *list = &applied;

    if (evse->asset == 0)
        return;
    if (has_plan(evse)) {
        applied.epoch = evse->plan_epoch;
        applied.version = evse->plan_version;
        applied.trace = evse->plan.trace;
    }
    if (slot->sent_version == evse->plan_version && slot->sent_epoch == evse->plan_epoch) {
        applied.sent_real_us = slot->sent_real_us;
        applied.answered_real_us = slot->answered_real_us;
    }
    /* one that refuses counts at its rating */
    if (allowed != NULL && applied.state != CFX_APPLIED_REFUSED) {
        applied.n_allowed = allowed->n;
        applied.allowed_us =
            (CfxInts){ &allowed->steps[0].at_us, sizeof(OcppStep) / sizeof(gint64) };
        applied.allowed_w = (CfxReals){ &allowed->steps[0].w, sizeof(OcppStep) / sizeof(double) };
    }
    host->devices->applied(host, &list, 1);
}

/* --- on the wire ---------------------------------------------------------------------------- */

static void profile_answered(OcppStation *station, gpointer data, const OcppCallResult *result);
static gint next_slot(OcppEvse *evse, gint64 now_us, gboolean *ret_lowers);

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

static gboolean
build_profile(OcppStation *station, gpointer data, CfxJsonWriter *to)
{
    OcppEvse *evse = data;
    const CfxHost *host = station->instance->host;
    gint64 now_us = cfx_now_site(host);
    gboolean lowers;
    gint slot = next_slot(evse, now_us, &lowers);
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
    schedule = wanted_schedule(evse, (guint)slot, now_us, &shape);
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
    if (slot == OCPP_SLOT_TX && !has_tx_profile(evse)) {
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

    if (g_strv_contains(again, code) && ++at->attempts < ATTEMPTS_MAX) {
        g_clear_pointer(&at->sent, g_free);
        return;
    }
    if (g_strv_contains(never, code))
        at->rung = OCPP_RUNG_REFUSED - 1;
    rejected(evse, slot, NULL, words, result->received_real_us);
}

static void
profile_answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppEvse *evse = data;
    OcppInstance *instance = station->instance;
    guint slot = evse->sending;
    OcppProfileSlot *at = &evse->slots[slot];
    OcppStatusAnswer answer;

    evse->is_busy = FALSE;
    at->answered_real_us = result->received_real_us;
    /* the transaction may have ended meanwhile */
    if (slot == OCPP_SLOT_TX && !has_tx_profile(evse)) {
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

/* --- whose turn it is ----------------------------------------------------------------------- */

static void
look_again(gpointer data)
{
    OcppEvse *evse = data;

    evse->steer_timer = 0;
    ocpp_steer_mark(evse, FALSE);
}

static void
wait_until(OcppEvse *evse, guint32 clock, gint64 at_us)
{
    const CfxHost *host = evse->station->instance->host;

    cfx_timer_clear(host, &evse->steer_timer);
    evse->steer_timer = host->base->timer_start(host, clock, at_us, look_again, evse);
}

/* FALSE: not now; a timer looks again */
static gboolean
may_send(OcppEvse *evse, guint slot, gboolean lowers)
{
    const CfxHost *host = evse->station->instance->host;
    gint64 pause_us = evse->station->instance->change_pause_us;
    gint64 since = evse->station->last_change_us + pause_us;
    gint64 not_before = evse->plan.not_before_us.at != NULL
                            ? cfx_int_at(evse->plan.not_before_us, evse->plan_row)
                            : 0;

    if (evse->slots[slot].attempts > 0 && !evse->slots[slot].must_send) {
        if (evse->slots[slot].attempts >= ATTEMPTS_MAX)
            return FALSE; /* until it reconnects, or a new slice comes */
        if (cfx_now_real(host) < evse->slots[slot].sent_real_us + RETRY_US) {
            wait_until(evse, CFX_CLOCK_REAL, evse->slots[slot].sent_real_us + RETRY_US);
            return FALSE;
        }
    }
    if (lowers || (plan_flags(evse) & CFX_PLAN_URGENT) != 0)
        return TRUE;
    if (not_before > cfx_now_real(host)) {
        wait_until(evse, CFX_CLOCK_REAL, not_before);
        return FALSE;
    }
    /* time that went backwards is a new clock */
    if (cfx_now_site(host) < since && cfx_now_site(host) >= evse->station->last_change_us) {
        wait_until(evse, CFX_CLOCK_SITE, since);
        return FALSE;
    }
    return TRUE;
}

/* The slot to send now, -1: none. */
static gint
next_slot(OcppEvse *evse, gint64 now_us, gboolean *ret_lowers)
{
    for (guint i = 0; i < OCPP_N_SLOTS; i++) {
        guint slot = slot_at(evse, i);

        *ret_lowers = FALSE;
        if (needs(evse, slot, now_us, ret_lowers) && may_send(evse, slot, *ret_lowers))
            return (gint)slot;
    }
    return -1;
}

static void
look(OcppEvse *evse)
{
    OcppStation *station = evse->station;
    gboolean lowers = FALSE, is_urgent;
    gint slot;

    if (evse->is_busy || station->socket == NULL || !station->is_accepted || station->is_booting ||
        station->settle_timer != 0 || !has_plan(evse))
        return;
    is_urgent = (plan_flags(evse) & CFX_PLAN_URGENT) != 0;
    if (station->is_reading && !is_urgent)
        return;
    slot = next_slot(evse, cfx_now_site(station->instance->host), &lowers);
    if (slot < 0)
        return;
    cfx_timer_clear(station->instance->host, &evse->steer_timer);
    evse->is_busy = TRUE;
    ocpp_call_build(station,
                    is_urgent ? OCPP_PRIORITY_URGENT
                    : lowers  ? OCPP_PRIORITY_LOWER
                              : OCPP_PRIORITY_NORMAL,
                    "SetChargingProfile",
                    build_profile,
                    profile_answered,
                    evse);
}

static void
work(gpointer data)
{
    OcppInstance *instance = data;
    guint n = 0;

    instance->work_is_posted = FALSE;
    if (instance->is_stopping)
        return;
    for (int i = 0; i < 2; i++) {
        while (instance->work[i]->len > 0 && n++ < STEPS_A_TURN) {
            OcppEvse *evse = g_ptr_array_remove_index(instance->work[i], 0);

            evse->is_queued = FALSE;
            look(evse);
        }
    }
    if (instance->work[0]->len + instance->work[1]->len > 0 && !instance->work_is_posted) {
        instance->work_is_posted = TRUE;
        instance->host->base->post(instance->host, work, instance);
    }
}

void
ocpp_steer_mark(OcppEvse *evse, gboolean is_urgent)
{
    OcppInstance *instance = evse->station->instance;

    if (evse->is_queued && is_urgent)
        g_ptr_array_remove(instance->work[1], evse);
    if (evse->is_queued && !is_urgent)
        return;
    if (!g_ptr_array_find(instance->work[0], evse, NULL))
        g_ptr_array_add(instance->work[is_urgent ? 0 : 1], evse);
    evse->is_queued = TRUE;
    if (instance->work_is_posted || instance->is_stopping)
        return;
    instance->work_is_posted = TRUE;
    instance->host->base->post(instance->host, work, instance);
}

void
ocpp_steer_forget(OcppEvse *evse)
{
    OcppInstance *instance = evse->station->instance;

    g_ptr_array_remove(instance->work[0], evse);
    g_ptr_array_remove(instance->work[1], evse);
    cfx_timer_clear(instance->host, &evse->steer_timer);
}

/* --- what happens --------------------------------------------------------------------------- */

static void
take_row(OcppEvse *evse, const CfxPlan *plan, gsize row)
{
    gboolean is_older = plan->epoch < evse->plan_epoch ||
                        (plan->epoch == evse->plan_epoch && plan->version < evse->plan_version);

    if (has_plan(evse) && is_older)
        return;
    cfx_plan_drop(&evse->plan);
    cfx_plan_keep(&evse->plan, plan);
    evse->plan_row = row;
    evse->plan_epoch = plan->epoch;
    evse->plan_version = plan->version;
    evse->plan_is_for_tx = evse->transaction != NULL;
    for (guint i = 0; i < OCPP_N_SLOTS; i++) {
        if (evse->slots[i].attempts >= ATTEMPTS_MAX)
            evse->slots[i].attempts = 0;
    }
    ocpp_steer_tell(evse, NULL, FALSE);
    ocpp_steer_mark(evse, (plan_flags(evse) & CFX_PLAN_URGENT) != 0);
}

void
ocpp_steer_apply(OcppInstance *instance, const CfxPlan *plan)
{
    for (gsize row = 0; row < plan->n_devices; row++) {
        OcppEvse *evse = ocpp_instance_evse(instance, cfx_int_at(plan->asset, row));

        if (evse != NULL)
            take_row(evse, plan, row);
    }
}

void
ocpp_steer_transaction_began(OcppEvse *evse)
{
    evse->plan_is_for_tx = FALSE;
    evse->slots[OCPP_SLOT_TX].attempts = 0;
    evse->slots[OCPP_SLOT_TX].is_refused = FALSE;
    evse->slots[OCPP_SLOT_TX].rung =
        ocpp_ladder_first(&evse->station->instance->ladder, evse->station, OCPP_SLOT_TX);
    ocpp_steer_tell(evse, NULL, FALSE);
}

static void
cleared(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppStatusAnswer answer;

    /* Unknown says that it is gone as well; the rest is found when profiles are read back */
    ocpp_call_decode(station,
                     result,
                     ocpp_action_find("ClearChargingProfile")->answer,
                     &answer,
                     &station->instance->arena);
}

/* A TxProfile goes with its transaction; what stood for one on the ladder does not. */
static void
clear_substitute(OcppEvse *evse)
{
    guint rung = evse->slots[OCPP_SLOT_TX].rung;
    OcppClearProfile clear = {
        .profile_id = ocpp_steer_profile_id(evse, rung == OCPP_RUNG_AS_STATION_MAX ? 1 : 2),
    };

    if (evse->slots[OCPP_SLOT_TX].installed == NULL || rung < OCPP_RUNG_AS_DEFAULT)
        return;
    ocpp_call_send(evse->station,
                   OCPP_PRIORITY_LOWER,
                   "ClearChargingProfile",
                   ocpp_action_find("ClearChargingProfile")->request,
                   &clear,
                   cleared,
                   NULL);
    if (rung == OCPP_RUNG_AS_STATION_MAX && evse->slots[OCPP_SLOT_DEFAULT].rung == rung)
        evse->slots[OCPP_SLOT_DEFAULT].must_send = TRUE;
}

void
ocpp_steer_transaction_ended(OcppEvse *evse)
{
    OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];

    clear_substitute(evse);
    g_clear_pointer(&tx->installed, g_free);
    g_clear_pointer(&tx->sent, g_free);
    g_clear_pointer(&tx->transaction, g_free);
    tx->is_refused = FALSE;
    evse->plan_is_for_tx = FALSE;
    ocpp_steer_tell(evse, NULL, FALSE);
    ocpp_steer_mark(evse, FALSE);
}

void
ocpp_steer_connected(OcppStation *station, gboolean has_booted)
{
    for (guint i = 0; i < station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(station->evses, i);

        for (guint slot = 0; slot < OCPP_N_SLOTS; slot++) {
            evse->slots[slot].attempts = 0;
            evse->slots[slot].is_refused = FALSE;
            evse->slots[slot].rung = ocpp_ladder_first(&station->instance->ladder, station, slot);
        }
        evse->slots[OCPP_SLOT_DEFAULT].must_send |= has_booted;
        ocpp_steer_mark(evse, FALSE);
    }
}

/* The highest power that it was allowed in the last minute, NAN unknown. */
static double
allowed_lately(const OcppEvse *evse, gint64 at_us)
{
    g_autofree OcppCurve *allowed = ocpp_steer_allowed(evse, at_us - OBEY_US);
    double w = NAN;

    for (gsize i = 0; allowed != NULL && i < allowed->n && allowed->steps[i].at_us <= at_us; i++)
        w = isnan(w) ? allowed->steps[i].w : MAX(w, allowed->steps[i].w);
    return w;
}

void
ocpp_steer_check(OcppEvse *evse, gint64 at_us, double power_w)
{
    OcppStation *station = evse->station;
    double w = allowed_lately(evse, at_us);
    gboolean was_so = evse->disobeys;

    if (isnan(w) || at_us < evse->accepted_us + OBEY_US)
        return;
    evse->disobeys = power_w > w * OBEY_SHARE + OBEY_W;
    if (!evse->disobeys || was_so)
        return;
    cfx_log(station->instance->host,
            CFX_LOG_WARNING,
            "station %s, EVSE %" G_GINT64_FORMAT " draws %.1f kW and has accepted %.1f kW",
            station->identity,
            evse->id,
            power_w / 1000,
            w / 1000);
}

void
ocpp_steer_clock_changed(OcppStation *station)
{
    for (guint i = 0; i < station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(station->evses, i);

        for (guint slot = 0; slot < OCPP_N_SLOTS; slot++)
            evse->slots[slot].must_send |= evse->slots[slot].installed != NULL;
        ocpp_steer_mark(evse, FALSE);
    }
}

gboolean
ocpp_steer_is_safe(const OcppStation *station)
{
    for (guint i = 0; i < station->evses->len; i++) {
        const OcppEvse *evse = g_ptr_array_index(station->evses, i);
        const OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];

        if (standard->must_send || (standard->installed == NULL && !standard->is_refused))
            return FALSE;
    }
    return TRUE;
}
