/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a CSMS asks of a station, and what the station answers. */
#include <math.h>
#include <string.h>

#include "simulator-commands.h"
#include "simulator-json.h"
#include "simulator-text.h"

typedef void (*Handle)(SimStation *self, const char *id, JsonObject *payload);

static void
log_rejected(SimStation *self, gint64 evse, JsonObject *profile, const char *reason)
{
    gint64 profile_id = 0, stack = 0;
    sim_json_integer(profile, "id", &profile_id);
    sim_json_integer(profile, "stackLevel", &stack);
    GString *line = sim_world_log(self->world, self->data.name, "note", "profile");
    sim_text_string(line, "action", "rejected");
    sim_text_integer(line, "evse", evse);
    sim_text_integer(line, "id", profile_id);
    sim_text_string(line, "purpose", sim_json_string(profile, "chargingProfilePurpose"));
    sim_text_integer(line, "stack", stack);
    sim_text_string(line, "transaction", sim_json_string(profile, "transactionId"));
    sim_text_string(line, "reason", reason);
    sim_world_logged(self->world);
}

static void
set_charging_profile(SimStation *self, const char *id, JsonObject *payload)
{
    SimTransaction transaction;
    gboolean is_running = sim_station_transaction(self, &transaction);
    gint64 evse = -1;
    JsonObject *profile = sim_json_object(payload, "chargingProfile");
    if (profile == NULL || !sim_json_integer(payload, "evseId", &evse)) {
        sim_link_refuse(self->link,
                        id,
                        "OccurrenceConstraintViolation",
                        "evseId and chargingProfile are required");
        return;
    }
    const char *reason =
        evse < 0 || evse > 1000
            ? "UnknownEvse"
            : sim_profile_set_put(
                  self->profiles, (int)evse, profile, is_running ? &transaction : NULL);
    if (reason != NULL) {
        log_rejected(self, evse, profile, reason);
        sim_answer_status(self, id, "Rejected", reason);
        return;
    }
    const SimProfile *last =
        g_ptr_array_index(self->profiles->profiles, self->profiles->profiles->len - 1);
    sim_answer_status(self, id, "Accepted", NULL);
    sim_station_log_profile(self, "accepted", last);
    if (last->purpose == SIM_PURPOSE_TX_DEFAULT && !self->has_fail_safe) {
        self->has_fail_safe = TRUE;
        sim_world_station_changed(self->world);
    }
    sim_station_update(self);
}

static void
cleared_cb(gpointer data, const SimProfile *profile)
{
    sim_station_log_profile(data, "cleared", profile);
}

static void
clear_charging_profile(SimStation *self, const char *id, JsonObject *payload)
{
    gint64 profile_id = 0;
    sim_json_integer(payload, "chargingProfileId", &profile_id);
    guint n = sim_profile_set_clear(self->profiles,
                                    profile_id,
                                    sim_json_object(payload, "chargingProfileCriteria"),
                                    cleared_cb,
                                    self);
    sim_answer_status(self, id, n > 0 ? "Accepted" : "Unknown", NULL);
    sim_station_update(self);
}

/* ReportChargingProfiles for one EVSE; FALSE where nothing matches. */
static GString *
profiles_of(SimStation *self, int evse, gint64 wanted, JsonObject *criterion)
{
    g_autoptr(GString) list = g_string_new("[");
    for (guint i = 0; i < self->profiles->profiles->len; i++) {
        const SimProfile *profile = g_ptr_array_index(self->profiles->profiles, i);
        if (profile->evse != evse || !sim_profile_matches(profile, (int)wanted, criterion))
            continue;
        g_autofree char *text = sim_json_text(profile->node);
        sim_text_raw(list, NULL, text);
    }
    g_string_append_c(list, ']');
    return list->len > 2 ? g_steal_pointer(&list) : NULL;
}

static void
report_profiles(SimStation *self, gint64 request, int evse, const char *list, gboolean more)
{
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    sim_text_integer(payload, "requestId", request);
    sim_text_string(payload, "chargingLimitSource", "CSO");
    sim_text_raw(payload, "chargingProfile", list);
    sim_text_boolean(payload, "tbc", more);
    sim_text_integer(payload, "evseId", evse);
    sim_text_close(payload, '}');
    sim_link_call(self->link, 0, "ReportChargingProfiles", payload->str, NULL);
}

static void
get_charging_profiles(SimStation *self, const char *id, JsonObject *payload)
{
    gint64 request = 0, wanted = -1;
    JsonObject *criterion = sim_json_object(payload, "chargingProfile");
    sim_json_integer(payload, "evseId", &wanted);
    if (criterion == NULL || !sim_json_integer(payload, "requestId", &request)) {
        sim_link_refuse(self->link,
                        id,
                        "OccurrenceConstraintViolation",
                        "requestId and chargingProfile are required");
        return;
    }
    wanted = CLAMP(wanted, -1, 1000);
    g_autoptr(GString) station = profiles_of(self, 0, wanted, criterion);
    g_autoptr(GString) evse = profiles_of(self, SIM_EVSE, wanted, criterion);
    sim_answer_status(self, id, station != NULL || evse != NULL ? "Accepted" : "NoProfiles", NULL);
    if (station != NULL)
        report_profiles(self, request, 0, station->str, evse != NULL);
    if (evse != NULL)
        report_profiles(self, request, SIM_EVSE, evse->str, FALSE);
}

static void
get_composite_schedule(SimStation *self, const char *id, JsonObject *payload)
{
    SimTransaction transaction;
    gboolean is_running = sim_station_transaction(self, &transaction);
    gint64 evse = -1, duration_s = 0, now_us = sim_world_now(self->world), next_us;
    const char *unit = sim_json_string(payload, "chargingRateUnit");
    sim_json_integer(payload, "evseId", &evse);
    sim_json_integer(payload, "duration", &duration_s);
    duration_s = CLAMP(duration_s, 0, 7 * 86400);
    /* the station as a whole is its one EVSE */
    if (evse != 0 && evse != SIM_EVSE) {
        sim_answer_status(self, id, "Rejected", "UnknownEvse");
        return;
    }
    double scale = g_strcmp0(unit, "W") == 0 ? self->data.voltage_v * self->data.phases : 1;
    g_autoptr(GString) answer = g_string_new(NULL);
    sim_text_open(answer, NULL, '{');
    sim_text_string(answer, "status", "Accepted");
    sim_text_open(answer, "schedule", '{');
    sim_text_integer(answer, "evseId", evse);
    sim_text_integer(answer, "duration", duration_s);
    sim_text_stamp(answer, "scheduleStart", now_us);
    sim_text_string(answer, "chargingRateUnit", scale > 1 ? "W" : "A");
    sim_text_open(answer, "chargingSchedulePeriod", '[');
    gint64 at_us = now_us;
    for (guint n = 0; n == 0 || (n < 1024 && at_us < now_us + duration_s * CFX_SECOND); n++) {
        double limit_a = sim_profile_set_limit(
            self->profiles, SIM_EVSE, is_running ? &transaction : NULL, at_us, &next_us);
        sim_text_open(answer, NULL, '{');
        sim_text_integer(answer, "startPeriod", (at_us - now_us) / CFX_SECOND);
        sim_text_real(answer, "limit", scale * MIN(limit_a, self->data.max_current_a));
        sim_text_integer(answer, "numberPhases", self->data.phases);
        sim_text_close(answer, '}');
        at_us = next_us;
    }
    sim_text_close(answer, ']');
    sim_text_close(answer, '}');
    sim_text_close(answer, '}');
    sim_link_answer(self->link, id, answer->str);
}

static void
get_variables(SimStation *self, const char *id, JsonObject *payload)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    sim_variables_answer_get(self->variables, payload, answer);
    sim_link_answer(self->link, id, answer->str);
}

static void
set_variables(SimStation *self, const char *id, JsonObject *payload)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    sim_variables_answer_set(self->variables, payload, answer);
    sim_link_answer(self->link, id, answer->str);
    sim_station_restart_timers(self);
}

static void
get_base_report(SimStation *self, const char *id, JsonObject *payload)
{
    gint64 request = 0;
    const char *base = sim_json_string(payload, "reportBase");
    if (base == NULL || !sim_json_integer(payload, "requestId", &request)) {
        sim_link_refuse(self->link,
                        id,
                        "OccurrenceConstraintViolation",
                        "requestId and reportBase are required");
        return;
    }
    gboolean all = strcmp(base, "FullInventory") == 0;
    if (!all && strcmp(base, "ConfigurationInventory") != 0) {
        sim_answer_status(self, id, "NotSupported", NULL);
        return;
    }
    sim_answer_status(self, id, "Accepted", NULL);
    guint n = sim_variables_count(self->variables);
    for (guint first = 0, part = 0; first < n; part++) {
        g_autoptr(GString) report = g_string_new(NULL);
        sim_text_open(report, NULL, '{');
        sim_text_integer(report, "requestId", request);
        sim_text_stamp(report, "generatedAt", sim_world_now(self->world));
        sim_text_integer(report, "seqNo", part);
        first = sim_variables_report(self->variables, first, all, report);
        sim_text_boolean(report, "tbc", first < n);
        sim_text_close(report, '}');
        sim_link_call(self->link, 0, "NotifyReport", report->str, NULL);
    }
}

static void
get_transaction_status(SimStation *self, const char *id, JsonObject *payload)
{
    const char *transaction = sim_json_string(payload, "transactionId");
    g_autoptr(GString) answer = g_string_new(NULL);
    sim_text_open(answer, NULL, '{');
    if (transaction != NULL)
        sim_text_boolean(
            answer, "ongoingIndicator", g_strcmp0(transaction, self->transaction) == 0);
    sim_text_boolean(answer, "messagesInQueue", sim_link_waiting(self->link) > 0);
    sim_text_close(answer, '}');
    sim_link_answer(self->link, id, answer->str);
}

static void
reject(SimStation *self, const char *id, JsonObject *payload)
{
    sim_answer_status(self, id, "Rejected", "UnsupportedRequest");
}

static void
data_transfer(SimStation *self, const char *id, JsonObject *payload)
{
    sim_answer_status(self, id, "UnknownVendorId", NULL);
}

static const struct {
    const char *action;
    Handle handle;
} handlers[] = {
    { "ChangeAvailability", sim_command_availability },
    { "ClearCache", reject },
    { "ClearChargingProfile", clear_charging_profile },
    { "DataTransfer", data_transfer },
    { "GetBaseReport", get_base_report },
    { "GetChargingProfiles", get_charging_profiles },
    { "GetCompositeSchedule", get_composite_schedule },
    { "GetTransactionStatus", get_transaction_status },
    { "GetVariables", get_variables },
    { "RequestStartTransaction", sim_command_start },
    { "RequestStopTransaction", sim_command_stop },
    { "Reset", sim_command_reset },
    { "SetChargingProfile", set_charging_profile },
    { "SetVariables", set_variables },
    { "TriggerMessage", sim_command_trigger },
    { "UnlockConnector", sim_command_unlock },
};

void
sim_station_called(gpointer data, const char *id, const char *action, JsonObject *payload)
{
    SimStation *self = data;
    for (guint i = 0; i < G_N_ELEMENTS(handlers); i++)
        if (strcmp(handlers[i].action, action) == 0) {
            handlers[i].handle(self, id, payload);
            return;
        }
    sim_link_refuse(self->link, id, "NotImplemented", "this station does not know that action");
}
