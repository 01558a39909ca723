/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-commands.h"

#include <string.h>

#include "simulator-json.h"
#include "simulator-text.h"

void
sim_answer_status(SimStation *self, const char *id, const char *status, const char *reason)
{
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    sim_text_string(payload, "status", status);
    if (reason != NULL) {
        sim_text_open(payload, "statusInfo", '{');
        sim_text_string(payload, "reasonCode", reason);
        sim_text_close(payload, '}');
    }
    sim_text_close(payload, '}');
    sim_link_answer(self->link, id, payload->str);
}

static void
refuse_missing(SimStation *self, const char *id, const char *what)
{
    sim_link_refuse(self->link, id, "OccurrenceConstraintViolation", what);
}

/* An EVSE and a connector that a request may name; 0: it names none. */
static gboolean
is_ours(gint64 evse, gint64 connector)
{
    return (evse == 0 || evse == SIM_EVSE) && (connector == 0 || connector == 1);
}

static void
read_evse(JsonObject *payload, gint64 *ret_evse, gint64 *ret_connector)
{
    JsonObject *evse = sim_json_object(payload, "evse");
    *ret_evse = *ret_connector = 0;
    if (evse == NULL)
        return;
    sim_json_integer(evse, "id", ret_evse);
    sim_json_integer(evse, "connectorId", ret_connector);
}

/* --- Reset --------------------------------------------------------------------------------- */

void
sim_command_reset(SimStation *self, const char *id, JsonObject *payload)
{
    const char *type = sim_json_string(payload, "type");
    gint64 evse = 0;
    if (type == NULL) {
        refuse_missing(self, id, "type is required");
        return;
    }
    /* an EVSE of its own has no reset here */
    if (sim_json_integer(payload, "evseId", &evse)) {
        sim_answer_status(self, id, "Rejected", "UnsupportedParam");
        return;
    }
    if (strcmp(type, "OnIdle") == 0 && self->transaction != NULL) {
        self->owes_reset = TRUE;
        sim_answer_status(self, id, "Scheduled", NULL);
        return;
    }
    sim_answer_status(self, id, "Accepted", NULL);
    sim_station_end(self, "ResetCommand", "ImmediateReset");
    sim_station_reset(self, "RemoteReset");
}

/* --- TriggerMessage ------------------------------------------------------------------------ */

void
sim_command_trigger(SimStation *self, const char *id, JsonObject *payload)
{
    const char *message = sim_json_string(payload, "requestedMessage");
    gint64 evse, connector;
    read_evse(payload, &evse, &connector);
    if (message == NULL) {
        refuse_missing(self, id, "requestedMessage is required");
    } else if (!is_ours(evse, connector)) {
        sim_answer_status(self, id, "Rejected", "UnknownEvse");
    } else if (strcmp(message, "BootNotification") == 0) {
        /* F06: one that is accepted does not boot for that */
        sim_answer_status(self, id, self->is_accepted ? "Rejected" : "Accepted", NULL);
        if (!self->is_accepted)
            sim_station_boot(self, "Triggered");
    } else if (strcmp(message, "StatusNotification") == 0) {
        sim_answer_status(self, id, "Accepted", NULL);
        sim_station_status(self);
    } else if (strcmp(message, "Heartbeat") == 0) {
        sim_answer_status(self, id, "Accepted", NULL);
        sim_link_call(self->link, 0, "Heartbeat", "{}", NULL);
    } else if (strcmp(message, "MeterValues") == 0) {
        sim_answer_status(self, id, "Accepted", NULL);
        sim_station_meter(self, "Trigger");
    } else if (strcmp(message, "FirmwareStatusNotification") == 0 ||
               strcmp(message, "LogStatusNotification") == 0) {
        sim_answer_status(self, id, "Accepted", NULL);
        sim_link_call(self->link, 0, message, "{\"status\":\"Idle\"}", NULL);
    } else if (strcmp(message, "TransactionEvent") == 0) {
        sim_answer_status(self, id, self->transaction != NULL ? "Accepted" : "Rejected", NULL);
        if (self->transaction != NULL)
            sim_station_event(self, "Updated", "Trigger", "Trigger");
    } else {
        sim_answer_status(self, id, "NotImplemented", NULL);
    }
}

/* --- transactions -------------------------------------------------------------------------- */

static void
answer_start(SimStation *self, const char *id)
{
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    sim_text_string(payload, "status", "Accepted");
    if (self->transaction != NULL)
        sim_text_string(payload, "transactionId", self->transaction);
    sim_text_close(payload, '}');
    sim_link_answer(self->link, id, payload->str);
}

void
sim_command_start(SimStation *self, const char *id, JsonObject *payload)
{
    JsonObject *token = sim_json_object(payload, "idToken");
    const char *text = sim_json_string(token, "idToken"), *type = sim_json_string(token, "type");
    gint64 remote_id = 0, evse = SIM_EVSE;
    sim_json_integer(payload, "evseId", &evse);
    if (text == NULL || type == NULL || !sim_json_integer(payload, "remoteStartId", &remote_id)) {
        refuse_missing(self, id, "idToken and remoteStartId are required");
    } else if (evse != SIM_EVSE) {
        sim_answer_status(self, id, "Rejected", "UnknownEvse");
    } else if (self->is_inoperative) {
        sim_answer_status(self, id, "Rejected", "EVSEUnavailable");
    } else if (self->is_authorized) {
        sim_answer_status(self, id, "Rejected", "TxInProgress");
    } else {
        answer_start(self, id);
        sim_station_start_remotely(self, text, type, remote_id);
    }
}

void
sim_command_stop(SimStation *self, const char *id, JsonObject *payload)
{
    const char *transaction = sim_json_string(payload, "transactionId");
    if (transaction == NULL) {
        refuse_missing(self, id, "transactionId is required");
        return;
    }
    gboolean is_known = g_strcmp0(transaction, self->transaction) == 0;
    sim_answer_status(self, id, is_known ? "Accepted" : "Rejected", is_known ? NULL : "TxNotFound");
    if (is_known)
        sim_station_end(self, "RemoteStop", "Remote");
}

/* --- connector ----------------------------------------------------------------------------- */

void
sim_command_unlock(SimStation *self, const char *id, JsonObject *payload)
{
    gint64 evse, connector;
    if (!sim_json_integer(payload, "evseId", &evse) ||
        !sim_json_integer(payload, "connectorId", &connector))
        refuse_missing(self, id, "evseId and connectorId are required");
    else if (evse != SIM_EVSE || connector != 1)
        sim_answer_status(self, id, "UnknownConnector", NULL);
    else if (self->is_authorized)
        sim_answer_status(self, id, "OngoingAuthorizedTransaction", NULL);
    else
        sim_answer_status(self, id, "Unlocked", NULL);
}

void
sim_command_availability(SimStation *self, const char *id, JsonObject *payload)
{
    const char *status = sim_json_string(payload, "operationalStatus");
    gint64 evse, connector;
    read_evse(payload, &evse, &connector);
    if (status == NULL) {
        refuse_missing(self, id, "operationalStatus is required");
    } else if (!is_ours(evse, connector)) {
        sim_answer_status(self, id, "Rejected", "UnknownEvse");
    } else {
        sim_answer_status(self, id, "Accepted", NULL);
        sim_station_set_inoperative(self, strcmp(status, "Inoperative") == 0);
    }
}
