/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-onboard.h"

#include "ocpp-call.h"
#include "ocpp-profile.h"
#include "ocpp-records.h"
#include "ocpp-report.h"
#include "ocpp-steer.h"
#include "ocpp-variables.h"

#include <math.h>

/* real time: how long the first slice of a plan, and reports of profiles, are waited for */
#define SLICE_WAIT_US (2 * CFX_SECOND)
#define PROFILES_WAIT_US (10 * CFX_SECOND)
#define SETTLE_US CFX_SECOND

typedef enum {
    STEP_FAIL_SAFE,
    STEP_PROFILES,
    STEP_LIMITS,
    STEP_SETTINGS,
    STEP_INVENTORY,
    STEP_DONE,
} Step;

/* a profile that the station holds */
typedef struct {
    gint64 evse_id, id, stack_level;
    gint32 purpose;
    char *transaction;
    OcppCurve *curve; /* NULL: not of our making */
    gint32 phases;    /* that it names: 1, 2; 0: none, so three */
} Held;

struct _OcppOnboard {
    Step step;
    guint serial; /* of the station's sequences: answers to an older one do not count */
    gboolean has_booted;
    gboolean is_read_back; /* the profiles, and no more */
    guint at;              /* of the variables */
    CfxTimer timer;
    gint64 request_id;
    GPtrArray *held; /* Held */
};

static void
held_free(gpointer data)
{
    Held *held = data;

    g_free(held->transaction);
    g_free(held->curve);
    g_free(held);
}

void
ocpp_onboard_stop(OcppStation *station)
{
    OcppOnboard *self = station->onboard;

    station->is_reading = FALSE;
    cfx_timer_clear(station->instance->host, &station->settle_timer);
    if (self == NULL)
        return;
    cfx_timer_clear(station->instance->host, &self->timer);
    g_ptr_array_unref(self->held);
    g_free(self);
    station->onboard = NULL;
}

static void begin_step(OcppStation *station);

/* Whether an answer belongs to the sequence that runs; what is lost ends it elsewhere. */
static gboolean
is_ours(const OcppStation *station, gpointer data, const OcppCallResult *result)
{
    return station->onboard != NULL && GPOINTER_TO_UINT(data) == station->onboard->serial &&
           result->state != OCPP_CALL_LOST;
}

static void
next_step(OcppStation *station)
{
    OcppOnboard *self = station->onboard;

    cfx_timer_clear(station->instance->host, &self->timer);
    self->at = 0;
    self->step = self->is_read_back ? STEP_DONE : self->step + 1;
    begin_step(station);
}

/* --- limits and settings -------------------------------------------------------------------- */

static void
limits_answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppGetVariablesAnswer answer;

    if (!is_ours(station, data, result))
        return;
    if (ocpp_call_decode(station,
                         result,
                         ocpp_action_find("GetVariables")->answer,
                         &answer,
                         &station->instance->arena)) {
        for (gsize i = 0; i < answer.results.n; i++) {
            const OcppGetVariableResult *at =
                CFX_JSON_ITEM(&answer.results, OcppGetVariableResult, i);

            if (at->status == OCPP_GET_VARIABLE_ACCEPTED)
                ocpp_variables_take(station, at->component, at->variable, at->value, NULL);
        }
    }
    begin_step(station);
}

static gboolean
ask_limits(OcppStation *station)
{
    g_auto(CfxArena) arena = { 0 };
    OcppGetVariables request;

    cfx_arena_init(&arena, NULL, 0, 0);
    if (!ocpp_variables_ask(station, &station->onboard->at, &request, &arena))
        return FALSE;
    ocpp_call_send(station,
                   OCPP_PRIORITY_LATER,
                   "GetVariables",
                   ocpp_action_find("GetVariables")->request,
                   &request,
                   limits_answered,
                   GUINT_TO_POINTER(station->onboard->serial));
    return TRUE;
}

static void
settings_answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppSetVariablesAnswer answer;

    if (!is_ours(station, data, result))
        return;
    if (ocpp_call_decode(station,
                         result,
                         ocpp_action_find("SetVariables")->answer,
                         &answer,
                         &station->instance->arena)) {
        for (gsize i = 0; i < answer.results.n; i++) {
            const OcppSetVariableResult *at =
                CFX_JSON_ITEM(&answer.results, OcppSetVariableResult, i);

            if (at->status != OCPP_SET_VARIABLE_ACCEPTED)
                cfx_log(station->instance->host,
                        CFX_LOG_INFO,
                        "station %s does not take %s.%s as it is (answer %d)",
                        station->identity,
                        at->component->name.text,
                        at->variable->name.text,
                        at->status);
        }
    }
    begin_step(station);
}

static gboolean
send_settings(OcppStation *station)
{
    g_auto(CfxArena) arena = { 0 };
    OcppSetVariables request;

    cfx_arena_init(&arena, NULL, 0, 0);
    if (!ocpp_variables_set(station, &station->onboard->at, &request, &arena))
        return FALSE;
    ocpp_call_send(station,
                   OCPP_PRIORITY_LATER,
                   "SetVariables",
                   ocpp_action_find("SetVariables")->request,
                   &request,
                   settings_answered,
                   GUINT_TO_POINTER(station->onboard->serial));
    return TRUE;
}

/* --- profiles ------------------------------------------------------------------------------- */

static void
cleared(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppStatusAnswer answer;

    ocpp_call_decode(station,
                     result,
                     ocpp_action_find("ClearChargingProfile")->answer,
                     &answer,
                     &station->instance->arena);
}

/* somebody's profile of a kind that is ours to set: it may override what we send */
static void
clear_foreign(OcppStation *station, const Held *held)
{
    OcppClearProfile clear = { .profile_id = held->id };

    cfx_log(station->instance->host,
            CFX_LOG_MESSAGE,
            "station %s holds charging profile %" G_GINT64_FORMAT " that is not ours; cleared",
            station->identity,
            held->id);
    ocpp_call_send(station,
                   OCPP_PRIORITY_NORMAL,
                   "ClearChargingProfile",
                   ocpp_action_find("ClearChargingProfile")->request,
                   &clear,
                   cleared,
                   NULL);
}

static void
take_station_max(OcppStation *station, const Held *held)
{
    OcppCurve *lower;

    if (held->curve == NULL) {
        station->max_is = OCPP_MAX_UNREADABLE;
        return;
    }
    if (station->installer_max == NULL) {
        station->installer_max = ocpp_curve_copy(held->curve);
        return;
    }
    lower = ocpp_curve_lower(station->installer_max, held->curve, held->curve->steps[0].at_us);
    g_free(station->installer_max);
    station->installer_max = lower;
}

static const Held *
find_held(const OcppOnboard *self, gint64 id, const char *transaction)
{
    for (guint i = 0; i < self->held->len; i++) {
        const Held *held = g_ptr_array_index(self->held, i);

        if (held->id == id &&
            (transaction == NULL || g_strcmp0(held->transaction, transaction) == 0))
            return held;
    }
    return NULL;
}

/* Puts what was read in the place of what we believed. Returns: whether something is gone */
static gboolean
take_slot(OcppEvse *evse, guint slot, const Held *held)
{
    OcppProfileSlot *at = &evse->slots[slot];
    gboolean was_there = at->installed != NULL;

    /* `sent` stays: a call that is on the wire now was not in what was read */
    g_clear_pointer(&at->doubt, g_free);
    g_free(at->installed);
    at->installed = held != NULL ? ocpp_curve_copy(held->curve) : NULL;
    at->phases = held != NULL ? held->phases : 0;
    at->is_sure = TRUE;
    at->attempts = 0;
    return was_there && at->installed == NULL;
}

static const Held *
held_for(OcppEvse *evse, guint slot)
{
    const OcppOnboard *self = evse->station->onboard;
    guint rung = evse->slots[slot].rung;
    /* only a TxProfile names its transaction */
    const char *transaction =
        slot == OCPP_SLOT_TX && rung < OCPP_RUNG_AS_DEFAULT ? evse->transaction->id : NULL;

    if (rung == OCPP_RUNG_AS_STATION_MAX)
        return find_held(self, ocpp_steer_profile_id(evse, 1), NULL);
    return find_held(self, ocpp_steer_profile_id(evse, slot == OCPP_SLOT_TX ? 2 : 3), transaction);
}

static void
take_evse(OcppEvse *evse)
{
    OcppOnboard *self = evse->station->onboard;
    OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];
    gint64 now_us = cfx_now_site(evse->station->instance->host);
    gboolean is_lost;

    is_lost = take_slot(evse, OCPP_SLOT_DEFAULT, held_for(evse, OCPP_SLOT_DEFAULT));
    g_clear_pointer(&evse->substitute, g_free);
    if (evse->transaction == NULL && find_held(self, ocpp_steer_profile_id(evse, 2), NULL) != NULL)
        ocpp_steer_clear(evse, 2); /* it outlived its transaction */
    if (standard->installed == NULL)
        evse->accepted_fail_safe_w = NAN;
    else
        evse->accepted_fail_safe_w = standard->installed->steps[standard->installed->n - 1].w;
    if (evse->transaction != NULL) {
        OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];
        const Held *held = held_for(evse, OCPP_SLOT_TX);

        if (held != NULL) {
            g_free(tx->transaction);
            tx->transaction = g_strdup(evse->transaction->id);
        }
        /* a profile whose periods lie before now is as good as gone; it shows its last period */
        is_lost |= take_slot(evse, OCPP_SLOT_TX, held);
    }
    cfx_log(evse->station->instance->host,
            CFX_LOG_DEBUG,
            "station %s, EVSE %" G_GINT64_FORMAT ": read back, default %g W%s",
            evse->station->identity,
            evse->id,
            standard->installed != NULL ? ocpp_curve_at(standard->installed, now_us) : NAN,
            is_lost ? ", something is gone" : "");
    ocpp_steer_tell(evse, is_lost ? "a profile that was accepted is gone" : NULL, is_lost);
}

static void
profiles_complete(OcppStation *station)
{
    OcppOnboard *self = station->onboard;

    station->is_reading = FALSE;
    g_clear_pointer(&station->installer_max, g_free);
    station->max_is = OCPP_MAX_KNOWN;
    for (guint i = 0; i < self->held->len; i++) {
        const Held *held = g_ptr_array_index(self->held, i);

        if (ocpp_steer_is_ours(station, held->id))
            continue;
        if (held->purpose == OCPP_PURPOSE_STATION_MAX)
            take_station_max(station, held);
        else if (held->purpose != OCPP_PURPOSE_EXTERNAL)
            clear_foreign(station, held);
    }
    ocpp_steer_max_was_read(station);
    for (guint i = 0; i < station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(station->evses, i);

        take_evse(evse);
        ocpp_steer_mark(evse, FALSE);
    }
    ocpp_store_begin(&station->instance->store);
    ocpp_records_put_station(station);
    ocpp_store_commit(&station->instance->store, station->instance->host, 0, 0, NULL, NULL);
    ocpp_report_station(station);
}

/* without an answer we keep what we believe; what is outstanding is sent again */
static void
profiles_unknown(OcppStation *station)
{
    station->is_reading = FALSE;
    station->max_is = OCPP_MAX_UNREADABLE;
    ocpp_steer_max_was_read(station);
    for (guint i = 0; i < station->evses->len; i++)
        ocpp_steer_mark(g_ptr_array_index(station->evses, i), FALSE);
}

static void
profiles_late(gpointer data)
{
    OcppStation *station = data;

    station->onboard->timer = 0;
    station->onboard->request_id = -1;
    profiles_unknown(station);
    next_step(station);
}

static void
profiles_answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppOnboard *self = station->onboard;
    OcppStatusAnswer answer;

    if (!is_ours(station, data, result) || self->step != STEP_PROFILES)
        return;
    if (!ocpp_call_decode(station,
                          result,
                          ocpp_action_find("GetChargingProfiles")->answer,
                          &answer,
                          &station->instance->arena)) {
        profiles_unknown(station);
    } else if (answer.status != OCPP_STATUS_ACCEPTED) {
        profiles_complete(station); /* it holds none */
    } else {
        if (self->request_id >= 0)
            self->timer = cfx_timer_after(
                station->instance->host, CFX_CLOCK_REAL, PROFILES_WAIT_US, profiles_late, station);
        return;
    }
    next_step(station);
}

static void
ask_profiles(OcppStation *station)
{
    static gint32 sources[] = { OCPP_SOURCE_CSO };
    OcppProfileCriterion criterion = { .purpose = -1,
                                       .stack_level = CFX_JSON_NO_INT,
                                       .source = { sources, 1 } };
    OcppGetProfiles request = { .request_id = station->instance->next_request_id++,
                                .evse_id = CFX_JSON_NO_INT,
                                .criterion = &criterion };

    station->onboard->request_id = request.request_id;
    g_ptr_array_set_size(station->onboard->held, 0);
    station->is_reading = TRUE;
    ocpp_call_send(station,
                   OCPP_PRIORITY_NORMAL,
                   "GetChargingProfiles",
                   ocpp_action_find("GetChargingProfiles")->request,
                   &request,
                   profiles_answered,
                   GUINT_TO_POINTER(station->onboard->serial));
}

void
ocpp_onboard_profiles(OcppStation *station, const OcppReportProfiles *report)
{
    OcppOnboard *self = station->onboard;
    OcppLadderShape shape;

    if (self == NULL || self->step != STEP_PROFILES || report->request_id != self->request_id)
        return;
    for (gsize i = 0; i < report->profiles.n; i++) {
        const OcppProfile *profile = CFX_JSON_ITEM(&report->profiles, OcppProfile, i);
        OcppEvse *evse = ocpp_station_evse(station, report->evse_id);
        Held *held = g_new0(Held, 1);

        if (evse == NULL && station->evses->len > 0)
            evse = g_ptr_array_index(station->evses, 0);
        *held = (Held){ .evse_id = report->evse_id,
                        .id = profile->id,
                        .stack_level = profile->stack_level,
                        .purpose = profile->purpose,
                        .transaction = cfx_json_text_dup(profile->transaction_id) };
        if (evse != NULL) {
            ocpp_ladder_shape(evse, OCPP_SLOT_DEFAULT, OCPP_RUNG_PLAIN, &shape);
            held->curve = ocpp_profile_read(profile, &shape.rules, &held->phases);
        }
        g_ptr_array_add(self->held, held);
    }
    if (report->is_to_be_continued == 1)
        return;
    /* a station may send it before its answer: the step ends here, the answer then changes nothing
     */
    self->request_id = -1;
    profiles_complete(station);
    next_step(station);
}

/* --- device model --------------------------------------------------------------------------- */

static void
inventory_answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppStatusAnswer answer;

    if (!is_ours(station, data, result))
        return;
    ocpp_call_decode(station,
                     result,
                     ocpp_action_find("GetBaseReport")->answer,
                     &answer,
                     &station->instance->arena);
    next_step(station);
}

static void
ask_inventory(OcppStation *station)
{
    OcppGetBaseReport request = { .request_id = station->instance->next_request_id++,
                                  .report_base = OCPP_REPORT_FULL };

    ocpp_call_send(station,
                   OCPP_PRIORITY_LATER,
                   "GetBaseReport",
                   ocpp_action_find("GetBaseReport")->request,
                   &request,
                   inventory_answered,
                   GUINT_TO_POINTER(station->onboard->serial));
}

/* --- the steps ------------------------------------------------------------------------------ */

static void
slice_late(gpointer data)
{
    OcppStation *station = data;

    station->onboard->timer = 0;
    next_step(station);
}

static void
begin_step(OcppStation *station)
{
    OcppOnboard *self = station->onboard;

    switch (self->step) {
    case STEP_FAIL_SAFE:
        if (!self->has_booted || ocpp_steer_is_safe(station)) {
            next_step(station);
            return;
        }
        self->timer = cfx_timer_after(
            station->instance->host, CFX_CLOCK_REAL, SLICE_WAIT_US, slice_late, station);
        return;
    case STEP_PROFILES:
        ask_profiles(station);
        return;
    case STEP_LIMITS:
        /* a mere reconnect has not changed what we know already */
        if ((self->at == 0 && !self->has_booted && station->limits.get_items > 0) ||
            !ask_limits(station))
            next_step(station);
        return;
    case STEP_SETTINGS:
        if (!self->has_booted || !send_settings(station))
            next_step(station);
        return;
    case STEP_INVENTORY:
        if (self->has_booted)
            ask_inventory(station);
        else
            next_step(station);
        return;
    case STEP_DONE:
    default:
        ocpp_store_begin(&station->instance->store);
        ocpp_records_put_station(station);
        ocpp_store_commit(&station->instance->store, station->instance->host, 0, 0, NULL, NULL);
        ocpp_onboard_stop(station);
        /* limits may ask for another shape of the profiles */
        for (guint i = 0; i < station->evses->len; i++)
            ocpp_steer_mark(g_ptr_array_index(station->evses, i), FALSE);
        ocpp_report_station(station);
        ocpp_calls_pump(station);
        return;
    }
}

static OcppOnboard *
onboard_new(OcppStation *station)
{
    OcppOnboard *self = g_new0(OcppOnboard, 1);

    self->serial = ++station->n_onboards;
    self->request_id = -1;
    self->held = g_ptr_array_new_with_free_func(held_free);
    return self;
}

void
ocpp_onboard_start(OcppStation *station, gboolean has_booted)
{
    ocpp_onboard_stop(station);
    station->onboard = onboard_new(station);
    station->onboard->has_booted = has_booted;
    ocpp_steer_connected(station, has_booted);
    begin_step(station);
}

gboolean
ocpp_onboard_is_settled(const OcppStation *station)
{
    /* a profile may be due, and goes first */
    for (guint i = 0; i < station->evses->len; i++) {
        if (((const OcppEvse *)g_ptr_array_index(station->evses, i))->is_queued)
            return FALSE;
    }
    return station->is_accepted && !station->is_booting && station->settle_timer == 0 &&
           (station->onboard == NULL || station->onboard->step > STEP_FAIL_SAFE);
}

void
ocpp_onboard_read_back(OcppStation *station)
{
    if (station->onboard != NULL || station->socket == NULL)
        return;
    station->onboard = onboard_new(station);
    station->onboard->step = STEP_PROFILES;
    station->onboard->is_read_back = TRUE;
    begin_step(station);
}

void
ocpp_onboard_poke(OcppStation *station)
{
    OcppOnboard *self = station->onboard;

    if (self != NULL && self->step == STEP_FAIL_SAFE && ocpp_steer_is_safe(station))
        next_step(station);
}

static void
settled(gpointer data)
{
    OcppStation *station = data;

    station->settle_timer = 0;
    ocpp_onboard_start(station, FALSE);
}

void
ocpp_onboard_connected(OcppStation *station)
{
    ocpp_onboard_stop(station);
    station->settle_timer =
        cfx_timer_after(station->instance->host, CFX_CLOCK_REAL, SETTLE_US, settled, station);
}

void
ocpp_onboard_heard(OcppStation *station)
{
    if (station->settle_timer == 0)
        return;
    cfx_timer_clear(station->instance->host, &station->settle_timer);
    ocpp_onboard_start(station, FALSE);
}
