/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-station.h"

#include <math.h>
#include <string.h>

#include "simulator-json.h"
#include "simulator-text.h"

static const char *const state_names[] = {
    "Idle", "EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE"
};

gboolean
sim_station_transaction(const SimStation *self, SimTransaction *ret)
{
    if (self->transaction == NULL)
        return FALSE;
    *ret = (SimTransaction){ self->transaction, self->started_us };
    return TRUE;
}

void
sim_station_log(SimStation *self)
{
    GString *line = sim_world_log(self->world, self->data.name, "note", "evse");
    sim_text_integer(line, "evse", SIM_EVSE);
    sim_text_boolean(line, "plugged", self->car != NULL);
    sim_text_string(line, "transaction", self->transaction);
    sim_text_string(line, "state", state_names[self->state]);
    sim_text_real(line, "power_w", self->power_w);
    sim_text_integer(
        line,
        "phases",
        self->car == NULL || self->power_w <= 0 ? 0 : MIN(self->car->phases, self->data.phases));
    sim_text_real(line, "limit_a", self->limit_a);
    sim_text_boolean(line, "online", sim_link_is_open(self->link));
    sim_text_real(line, "register_wh", self->register_wh);
    sim_text_real(line, "session_wh", self->session_wh);
    sim_world_logged(self->world);
}

void
sim_station_log_profile(SimStation *self, const char *action, const SimProfile *profile)
{
    GString *line = sim_world_log(self->world, self->data.name, "note", "profile");
    sim_text_string(line, "action", action);
    sim_text_integer(line, "evse", profile->evse);
    sim_text_integer(line, "id", profile->id);
    sim_text_string(line, "purpose", sim_purpose_name(profile->purpose));
    sim_text_integer(line, "stack", profile->stack);
    sim_text_string(line, "transaction", profile->transaction);
    if (strcmp(action, "accepted") == 0) {
        g_autofree char *text = sim_json_text(profile->node);
        sim_text_raw(line, "profile", text);
    }
    sim_world_logged(self->world);
}

/* --- what it tells ------------------------------------------------------------------------- */

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

void
sim_station_status(SimStation *self)
{
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    sim_text_stamp(payload, "timestamp", sim_world_now(self->world));
    sim_text_string(payload, "connectorStatus", self->car != NULL ? "Occupied" : "Available");
    sim_text_integer(payload, "evseId", SIM_EVSE);
    sim_text_integer(payload, "connectorId", 1);
    sim_text_close(payload, '}');
    sim_link_call(self->link, 0, "StatusNotification", payload->str, NULL);
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
    sim_station_restart_timers(self);
    sim_link_hold(self->link, FALSE);
    sim_station_status(self);
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
add_token(GString *to, const char *token)
{
    sim_text_open(to, "idToken", '{');
    sim_text_string(to, "idToken", token);
    sim_text_string(to, "type", "ISO14443");
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
    sim_text_string(payload, "chargingState", state_names[is_ended ? SIM_STATE_IDLE : self->state]);
    if (is_ended)
        sim_text_string(payload,
                        "stoppedReason",
                        strcmp(trigger, "Deauthorized") == 0 ? "DeAuthorized"
                        : strcmp(trigger, "RemoteStop") == 0 ? "Remote"
                                                             : "EVDisconnected");
    sim_text_close(payload, '}');
    if (self->is_authorized && !self->is_token_told) {
        add_token(payload, self->id_token);
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

/* --- physics ------------------------------------------------------------------------------- */

void
sim_station_flow(SimStation *self, gint64 span_us)
{
    double energy_wh = self->power_w * (double)span_us / 3600e6;
    self->register_wh += energy_wh;
    self->session_wh += energy_wh;
    if (self->car != NULL)
        self->car->got_wh += energy_wh;
}

static void
change_cb(gpointer data)
{
    SimStation *self = data;
    self->change = 0;
    sim_station_update(self);
}

static SimState
state_now(const SimStation *self)
{
    if (self->car == NULL)
        return SIM_STATE_IDLE;
    if (!self->is_authorized)
        return SIM_STATE_CONNECTED;
    if (self->power_w > 0)
        return SIM_STATE_CHARGING;
    return sim_car_is_full(self->car) ? SIM_STATE_SUSPENDED_EV : SIM_STATE_SUSPENDED_EVSE;
}

static gboolean
is_significant(const SimStation *self)
{
    double percent = (double)sim_variables_number(
        self->variables, "SmartChargingCtrlr", "LimitChangeSignificance", 1);
    return fabs(self->current_a - self->reported_a) > MAX(0.05, self->reported_a * percent / 100);
}

void
sim_station_update(SimStation *self)
{
    SimTransaction transaction;
    gboolean is_running = sim_station_transaction(self, &transaction);
    gint64 now_us = sim_world_now(self->world), next_us = G_MAXINT64;
    double power_w = self->power_w, limit_a = self->limit_a;
    SimState state = self->state;
    self->limit_a = sim_profile_set_limit(
        self->profiles, SIM_EVSE, is_running ? &transaction : NULL, now_us, &next_us);
    self->current_a = 0;
    if (self->car != NULL && self->is_authorized && is_running)
        self->current_a = sim_car_current_a(self->car, self->limit_a, self->data.max_current_a);
    self->power_w = 0;
    if (self->current_a > 0) {
        self->power_w =
            sim_car_power_w(self->car, self->current_a, self->data.phases, self->data.voltage_v);
        gint64 span_us = sim_car_next_us(self->car, self->power_w);
        if (span_us < CFX_DAY * 30)
            next_us = MIN(next_us, now_us + span_us);
    }
    self->state = state_now(self);
    sim_world_cancel(self->world, &self->change);
    if (next_us < G_MAXINT64)
        self->change = sim_world_at(self->world, MAX(next_us, now_us + 1), change_cb, self);
    /* INFINITY equals itself; NAN does not occur */
    if (power_w != self->power_w || limit_a != self->limit_a || state != self->state)
        sim_station_log(self);
    if (!is_running)
        return;
    if (state != self->state)
        sim_station_event(self, "Updated", "ChargingStateChanged", "Sample.Periodic");
    else if (is_significant(self))
        sim_station_event(self, "Updated", "ChargingRateChanged", "Sample.Periodic");
    else
        return;
    self->reported_a = self->current_a;
}

/* --- a car comes and goes ------------------------------------------------------------------ */

static void
log_car(SimStation *self, const char *event)
{
    GString *line = sim_world_log(self->world, self->data.name, "note", "car");
    sim_text_string(line, "event", event);
    sim_text_string(line, "car", self->car->name);
    sim_text_integer(line, "evse", SIM_EVSE);
    sim_text_string(line, "transaction", self->transaction);
    if (strcmp(event, "unplugged") == 0)
        sim_text_real(line, "delivered_wh", self->car->got_wh);
    sim_world_logged(self->world);
}

static void
begin_transaction(SimStation *self)
{
    gint64 now_us = sim_world_now(self->world);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now_us / CFX_SECOND);
    g_autofree char *stamp = g_date_time_format(time, "%Y%m%dT%H%M%S");
    g_free(self->transaction);
    self->transaction = g_strdup_printf("%s-%s-%u", self->data.name, stamp, ++self->tx_count);
    self->started_us = now_us;
    self->sequence = 0;
    self->reported_a = 0;
    self->is_token_told = FALSE;
    sim_station_restart_timers(self);
}

static void
needs_done(gpointer data, SimCallEnd end, JsonObject *payload)
{
}

static void
tell_needs(SimStation *self)
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
    sim_link_call(self->link, 0, "NotifyEVChargingNeeds", payload->str, needs_done);
}

static gboolean
may_start_offline(const SimStation *self)
{
    return g_strcmp0(
               sim_variables_get(self->variables, "AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
               "true") == 0;
}

/* The driver may charge: the transaction begins, or learns who it is. */
static void
admit(SimStation *self)
{
    self->is_authorized = TRUE;
    if (self->transaction == NULL) {
        begin_transaction(self);
        self->state = SIM_STATE_CONNECTED;
        sim_station_event(self, "Started", "Authorized", "Transaction.Begin");
        log_car(self, "plugged");
    } else {
        sim_station_event(self, "Updated", "Authorized", NULL);
    }
    if (self->car->tells == SIM_TELLS_NEEDS)
        tell_needs(self);
    sim_station_update(self);
}

static void
authorize_done(gpointer data, SimCallEnd end, JsonObject *payload)
{
    SimStation *self = data;
    const char *status = sim_json_string(sim_json_object(payload, "idTokenInfo"), "status");
    if (self->car == NULL || self->is_authorized)
        return;
    if (end == SIM_CALL_RESULT ? g_strcmp0(status, "Accepted") == 0 : may_start_offline(self))
        admit(self);
    else
        log_car(self, "refused");
}

void
sim_station_plug(SimStation *self, SimCar *car)
{
    self->car = car;
    self->session_wh = 0;
    g_free(self->id_token);
    self->id_token = g_strdup(car->token);
    sim_station_status(self);
    if (car->tells == SIM_TELLS_NEEDS) {
        /* a car that can tell what it needs is seen before its driver is */
        begin_transaction(self);
        self->state = SIM_STATE_CONNECTED;
        sim_station_event(self, "Started", "CablePluggedIn", "Transaction.Begin");
        log_car(self, "plugged");
    }
    sim_station_log(self);
    g_autoptr(GString) payload = g_string_new(NULL);
    sim_text_open(payload, NULL, '{');
    add_token(payload, self->id_token);
    sim_text_close(payload, '}');
    if (sim_link_is_open(self->link))
        sim_link_call(self->link, 0, "Authorize", payload->str, authorize_done);
    else
        authorize_done(self, SIM_CALL_LOST, NULL);
}

static void
ended_cb(gpointer data, const SimProfile *profile)
{
    sim_station_log_profile(data, "ended", profile);
}

void
sim_station_end(SimStation *self, const char *trigger, const char *reason)
{
    if (self->transaction == NULL)
        return;
    self->is_authorized = FALSE;
    self->current_a = self->power_w = 0;
    sim_station_event(self, "Ended", trigger, "Transaction.End");
    sim_profile_set_end(self->profiles, self->transaction, ended_cb, self);
    sim_world_cancel(self->world, &self->sample);
    g_clear_pointer(&self->transaction, g_free);
    sim_station_update(self);
}

void
sim_station_unplug(SimStation *self)
{
    if (self->car == NULL)
        return;
    self->current_a = self->power_w = 0;
    log_car(self, "unplugged");
    sim_station_end(self, "EVDeparted", "EVDisconnected");
    self->car = NULL;
    self->is_authorized = FALSE;
    sim_station_update(self);
    sim_station_status(self);
}

/* --- life ---------------------------------------------------------------------------------- */

static void
opened(gpointer data)
{
    SimStation *self = data;
    gint64 away_us = self->lost_us == 0 ? 0 : sim_world_now(self->world) - self->lost_us;
    gint64 threshold_s =
        sim_variables_number(self->variables, "OCPPCommCtrlr", "OfflineThreshold", 120);
    self->lost_us = 0;
    sim_station_log(self);
    if (!self->is_accepted)
        sim_station_boot(self, self->is_booted ? "Unknown" : "PowerUp");
    else if (away_us > threshold_s * CFX_SECOND)
        sim_station_status(self);
}

static void
closed(gpointer data)
{
    SimStation *self = data;
    self->lost_us = sim_world_now(self->world);
    sim_station_log(self);
}

static const SimLinkOps link_ops = { opened, closed, sim_station_called };

SimStation *
sim_station_new(SimWorld *world, const SimStationData *data, GError **error)
{
    g_autofree char *password = sim_world_secret(world, data->name, error);
    if (password == NULL)
        return NULL;
    g_autofree char *url = g_strdup_printf("%s/%s", sim_world_options(world)->ocpp, data->name);
    SimProfileRules rules = {
        .evses = 1,
        .stack_max = 8,
        .periods_max = data->periods,
        .profiles_max = 16,
        .takes_watts = data->takes_watts,
        .voltage_v = data->voltage_v,
    };
    SimStation *self = g_new0(SimStation, 1);
    self->world = world;
    self->data = *data; /* the scene lives longer */
    self->register_wh = data->register_wh;
    self->limit_a = INFINITY;
    self->variables = sim_variables_new(data);
    self->profiles = sim_profile_set_new(&rules);
    self->link = sim_link_new(world, data->name, url, password, &link_ops, self);
    return self;
}

void
sim_station_free(SimStation *self)
{
    if (self == NULL)
        return;
    sim_link_free(self->link);
    sim_variables_free(self->variables);
    sim_profile_set_free(self->profiles);
    g_free(self->transaction);
    g_free(self->id_token);
    g_free(self);
}

void
sim_station_start(SimStation *self)
{
    sim_station_log(self);
    sim_link_start(self->link);
}

gboolean
sim_station_is_ready(SimStation *self)
{
    return self->is_accepted && self->has_fail_safe && sim_link_is_open(self->link);
}
