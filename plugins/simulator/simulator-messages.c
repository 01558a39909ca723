/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a station tells a CSMS of its own accord. */
#include <string.h>

#include "simulator-json.h"
#include "simulator-station.h"
#include "simulator-text.h"

static void
heartbeat_cb(gpointer data)
{
    SimStation *self = data;
    self->heartbeat = 0;
    sim_link_call(self->link, 0, "Heartbeat", "{}", NULL);
    gint64 interval_s =
        sim_variables_number(self->variables, "OCPPCommCtrlr", "HeartbeatInterval", 300);
    self->heartbeat = sim_world_at(
        self->world, sim_world_now(self->world) + interval_s * CFX_SECOND, heartbeat_cb, self);
}

static void
status_done(gpointer data, SimCallEnd end, JsonObject *payload)
{
    SimStation *self = data;
    if (end == SIM_CALL_LOST)
        self->owes_status = TRUE;
}

static const char *
connector_status(const SimStation *self)
{
    return self->is_inoperative ? "Unavailable" : self->car != NULL ? "Occupied" : "Available";
}

void
sim_station_status(SimStation *self)
{
    static const char *const components[] = { "ChargingStation", "EVSE", "Connector" };
    for (guint i = 0; i < G_N_ELEMENTS(components); i++)
        sim_variables_put(
            self->variables, components[i], "AvailabilityState", connector_status(self));
    self->owes_status = !sim_link_is_open(self->link);
    if (self->owes_status)
        return; /* told when the socket is back */
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    sim_text_stamp(payload, "timestamp", sim_world_now(self->world));
    sim_text_string(payload, "connectorStatus", connector_status(self));
    sim_text_integer(payload, "evseId", SIM_EVSE);
    sim_text_integer(payload, "connectorId", 1);
    sim_text_close(payload, '}');
    sim_link_call(self->link, 0, "StatusNotification", payload->str, status_done);
}

static void boot_again_cb(gpointer data);

static void
boot_done(gpointer data, SimCallEnd end, JsonObject *payload)
{
    SimStation *self = data;
    const char *status = sim_json_string(payload, "status");
    gint64 interval_s = 60;
    sim_json_integer(payload, "interval", &interval_s);
    if (end == SIM_CALL_LOST && !sim_link_is_open(self->link))
        return; /* the next socket begins with it again */
    self->is_booted = TRUE;
    self->is_accepted = end == SIM_CALL_RESULT && g_strcmp0(status, "Accepted") == 0;
    if (!self->is_accepted) {
        self->boot_again =
            sim_world_at(self->world,
                         sim_world_now(self->world) + MAX(interval_s, 5) * CFX_SECOND,
                         boot_again_cb,
                         self);
        sim_world_station_changed(self->world);
        return;
    }
    if (interval_s > 0) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, interval_s);
        sim_variables_put(self->variables, "OCPPCommCtrlr", "HeartbeatInterval", text);
    }
    self->boot_reason = NULL;
    sim_station_restart_timers(self);
    sim_link_hold(self->link, FALSE);
    sim_station_status(self);
    sim_station_resume(self);
    sim_world_station_changed(self->world);
}

void
sim_station_boot(SimStation *self, const char *reason)
{
    g_autoptr(GString) payload = g_string_new(NULL);
    g_autofree char *serial = g_strdup_printf("MQ-2025-%s", self->data.name);
    self->is_accepted = FALSE;
    sim_link_hold(self->link, TRUE);
    sim_text_open(payload, NULL, '{');
    sim_text_open(payload, "chargingStation", '{');
    sim_text_string(
        payload, "model", sim_variables_get(self->variables, "ChargingStation", "Model"));
    sim_text_string(
        payload, "vendorName", sim_variables_get(self->variables, "ChargingStation", "VendorName"));
    sim_text_string(payload, "serialNumber", serial);
    sim_text_string(payload, "firmwareVersion", "1.4.2");
    sim_text_close(payload, '}');
    sim_text_string(payload, "reason", reason);
    sim_text_close(payload, '}');
    sim_link_call(self->link, SIM_CALL_FIRST, "BootNotification", payload->str, boot_done);
}

static void
boot_again_cb(gpointer data)
{
    SimStation *self = data;
    self->boot_again = 0;
    if (sim_link_is_open(self->link))
        sim_station_boot(self, "Unknown");
}

static void
sampled(GString *to,
        const char *measurand,
        const char *context,
        const char *phase,
        const char *unit,
        double value)
{
    sim_text_open(to, NULL, '{');
    sim_text_real(to, "value", value);
    sim_text_string(to, "context", context);
    sim_text_string(to, "measurand", measurand);
    if (phase != NULL)
        sim_text_string(to, "phase", phase);
    sim_text_open(to, "unitOfMeasure", '{');
    sim_text_string(to, "unit", unit);
    sim_text_close(to, '}');
    sim_text_close(to, '}');
}

/* meterValue with the measurands that the CSMS has configured; nothing where there are none. */
static void
add_meter_value(
    SimStation *self, GString *to, const char *component, const char *variable, const char *context)
{
    static const char *const phases[] = { "L1", "L2", "L3" };
    SimVariables *variables = self->variables;
    gboolean energy =
        sim_variables_lists(variables, component, variable, "Energy.Active.Import.Register");
    gboolean power = sim_variables_lists(variables, component, variable, "Power.Active.Import");
    gboolean current = sim_variables_lists(variables, component, variable, "Current.Import");
    gboolean voltage = sim_variables_lists(variables, component, variable, "Voltage");
    if (!energy && !power && !current && !voltage)
        return;
    guint used = self->car == NULL ? 0 : MIN(self->car->phases, self->data.phases);
    sim_text_open(to, "meterValue", '[');
    sim_text_open(to, NULL, '{');
    sim_text_stamp(to, "timestamp", sim_world_now(self->world));
    sim_text_open(to, "sampledValue", '[');
    if (energy)
        sampled(to, "Energy.Active.Import.Register", context, NULL, "Wh", self->register_wh);
    if (power)
        sampled(to, "Power.Active.Import", context, NULL, "W", self->power_w);
    for (guint i = 0; current && i < self->data.phases; i++)
        sampled(to, "Current.Import", context, phases[i], "A", i < used ? self->current_a : 0);
    for (guint i = 0; voltage && i < self->data.phases; i++)
        sampled(to, "Voltage", context, phases[i], "V", self->data.voltage_v);
    sim_text_close(to, ']');
    sim_text_close(to, '}');
    sim_text_close(to, ']');
}

static void
event_done(gpointer data, SimCallEnd end, JsonObject *payload)
{
    SimStation *self = data;
    JsonObject *info = sim_json_object(payload, "idTokenInfo");
    const char *status = sim_json_string(info, "status");
    if (end != SIM_CALL_RESULT || status == NULL || strcmp(status, "Accepted") == 0)
        return;
    if (self->transaction == NULL || !self->is_authorized)
        return;
    self->is_authorized = FALSE;
    sim_station_update(self);
    if (g_strcmp0(sim_variables_get(self->variables, "TxCtrlr", "StopTxOnInvalidId"), "true") == 0)
        sim_station_end(self, "Deauthorized", "DeAuthorized");
}

static void
add_token(const SimStation *self, GString *to)
{
    sim_text_open(to, "idToken", '{');
    sim_text_string(to, "idToken", self->id_token);
    sim_text_string(to, "type", self->id_type);
    sim_text_close(to, '}');
}

void
sim_station_event(SimStation *self, const char *type, const char *trigger, const char *context)
{
    g_autoptr(GString) payload = g_string_new(NULL);
    const char *measurands = strcmp(type, "Started") == 0 ? "TxStartedMeasurands"
                             : strcmp(type, "Ended") == 0 ? "TxEndedMeasurands"
                                                          : "TxUpdatedMeasurands";
    gboolean is_ended = strcmp(type, "Ended") == 0;
    sim_text_open(payload, NULL, '{');
    sim_text_string(payload, "eventType", type);
    if (context != NULL)
        add_meter_value(self, payload, "SampledDataCtrlr", measurands, context);
    sim_text_stamp(payload, "timestamp", sim_world_now(self->world));
    sim_text_string(payload, "triggerReason", trigger);
    sim_text_integer(payload, "seqNo", self->sequence++);
    sim_text_boolean(payload, "offline", !sim_link_is_open(self->link));
    if (self->car != NULL && self->power_w > 0)
        sim_text_integer(payload, "numberOfPhasesUsed", MIN(self->car->phases, self->data.phases));
    sim_text_open(payload, "transactionInfo", '{');
    sim_text_string(payload, "transactionId", self->transaction);
    sim_text_string(
        payload, "chargingState", sim_station_state_name(is_ended ? SIM_STATE_IDLE : self->state));
    if (is_ended)
        sim_text_string(payload, "stoppedReason", self->stop_reason);
    if (self->remote_id >= 0)
        sim_text_integer(payload, "remoteStartId", self->remote_id);
    sim_text_close(payload, '}');
    if (self->is_authorized && !self->is_token_told) {
        add_token(self, payload);
        self->is_token_told = TRUE;
    }
    if (strcmp(type, "Started") == 0) {
        sim_text_open(payload, "evse", '{');
        sim_text_integer(payload, "id", SIM_EVSE);
        sim_text_integer(payload, "connectorId", 1);
        sim_text_close(payload, '}');
    }
    sim_text_close(payload, '}');
    sim_link_call(self->link, SIM_CALL_KEEP, "TransactionEvent", payload->str, event_done);
}

void
sim_station_meter(SimStation *self, const char *context)
{
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    sim_text_integer(payload, "evseId", SIM_EVSE);
    gsize before = payload->len;
    add_meter_value(self, payload, "AlignedDataCtrlr", "Measurands", context);
    gboolean is_empty = payload->len == before;
    sim_text_close(payload, '}');
    if (!is_empty)
        sim_link_call(self->link, 0, "MeterValues", payload->str, NULL);
}

static void
aligned_cb(gpointer data)
{
    SimStation *self = data;
    self->aligned = 0;
    if (self->transaction != NULL ||
        g_strcmp0(sim_variables_get(self->variables, "AlignedDataCtrlr", "SendDuringIdle"),
                  "true") != 0)
        sim_station_meter(self, "Sample.Clock");
    sim_station_restart_timers(self);
}

static void
sample_cb(gpointer data)
{
    SimStation *self = data;
    self->sample = 0;
    if (self->transaction != NULL)
        sim_station_event(self, "Updated", "MeterValuePeriodic", "Sample.Periodic");
    sim_station_restart_timers(self);
}

/* The next instant on a grid that begins at `from_us`. */
static gint64
next_on_grid(gint64 now_us, gint64 from_us, gint64 step_us)
{
    return from_us + ((now_us - from_us) / step_us + 1) * step_us;
}

void
sim_station_restart_timers(SimStation *self)
{
    gint64 now_us = sim_world_now(self->world);
    gint64 heartbeat_s =
        sim_variables_number(self->variables, "OCPPCommCtrlr", "HeartbeatInterval", 300);
    gint64 aligned_s = sim_variables_number(self->variables, "AlignedDataCtrlr", "Interval", 0);
    gint64 sample_s =
        sim_variables_number(self->variables, "SampledDataCtrlr", "TxUpdatedInterval", 60);
    sim_world_cancel(self->world, &self->sample);
    sim_world_cancel(self->world, &self->aligned);
    if (self->heartbeat == 0)
        self->heartbeat =
            sim_world_at(self->world, now_us + heartbeat_s * CFX_SECOND, heartbeat_cb, self);
    if (aligned_s > 0)
        self->aligned = sim_world_at(
            self->world, next_on_grid(now_us, 0, aligned_s * CFX_SECOND), aligned_cb, self);
    if (self->transaction != NULL && sample_s > 0)
        self->sample = sim_world_at(self->world,
                                    next_on_grid(now_us, self->started_us, sample_s * CFX_SECOND),
                                    sample_cb,
                                    self);
}

void
sim_station_authorize(SimStation *self, SimCallDone done)
{
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    add_token(self, payload);
    sim_text_close(payload, '}');
    sim_link_call(self->link, 0, "Authorize", payload->str, done);
}

void
sim_station_needs(SimStation *self)
{
    const SimCar *car = self->car;
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    sim_text_integer(payload, "evseId", SIM_EVSE);
    sim_text_integer(payload, "maxScheduleTuples", MIN(self->data.periods, 1024));
    sim_text_open(payload, "chargingNeeds", '{');
    sim_text_string(payload,
                    "requestedEnergyTransfer",
                    car->phases == 1 ? "AC_single_phase" : "AC_three_phase");
    sim_text_stamp(payload, "departureTime", car->by_us);
    sim_text_open(payload, "acChargingParameters", '{');
    sim_text_integer(payload, "energyAmount", (gint64)(car->need_wh - car->got_wh));
    sim_text_integer(payload, "evMinCurrent", 6);
    sim_text_integer(payload, "evMaxCurrent", (gint64)car->max_current_a);
    sim_text_integer(payload, "evMaxVoltage", 400);
    sim_text_close(payload, '}');
    sim_text_close(payload, '}');
    sim_text_close(payload, '}');
    sim_link_call(self->link, SIM_CALL_KEEP, "NotifyEVChargingNeeds", payload->str, NULL);
}
