/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-station.h"

#include <math.h>
#include <string.h>

#include "simulator-json.h"
#include "simulator-text.h"

const char *
sim_station_state_name(SimState state)
{
    static const char *const names[] = {
        "Idle", "EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE"
    };
    return names[state];
}

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
    sim_text_string(line, "state", sim_station_state_name(self->state));
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

/* The driver is known, or a person lets him charge from afar. */
static void
set_token(SimStation *self, const char *token, const char *type)
{
    char *copy = g_strdup(token);
    g_free(self->id_token);
    self->id_token = copy;
    g_free(self->id_type);
    self->id_type = g_strdup(type);
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
admit(SimStation *self, const char *trigger)
{
    self->is_authorized = TRUE;
    sim_world_cancel(self->world, &self->remote_wait);
    if (self->transaction == NULL) {
        begin_transaction(self);
        self->state = SIM_STATE_CONNECTED;
        sim_station_event(self, "Started", trigger, "Transaction.Begin");
        log_car(self, "plugged");
    } else {
        sim_station_event(self, "Updated", trigger, NULL);
    }
    if (self->car->tells == SIM_TELLS_NEEDS)
        sim_station_needs(self);
    sim_station_update(self);
}

static void
authorize_done(gpointer data, SimCallEnd end, JsonObject *payload)
{
    SimStation *self = data;
    const char *status = sim_json_string(sim_json_object(payload, "idTokenInfo"), "status");
    if (self->car == NULL || self->is_authorized || self->is_inoperative)
        return;
    if (end == SIM_CALL_RESULT ? g_strcmp0(status, "Accepted") == 0 : may_start_offline(self))
        admit(self, "Authorized");
    else
        log_car(self, "refused");
}

void
sim_station_resume(SimStation *self)
{
    if (self->car == NULL || self->transaction != NULL || self->is_inoperative)
        return;
    if (self->remote_wait != 0) {
        admit(self, "RemoteStart");
        sim_station_log(self);
        return;
    }
    self->remote_id = -1;
    set_token(self, self->car->token, "ISO14443");
    if (self->car->tells == SIM_TELLS_NEEDS) {
        /* a car that can tell what it needs is seen before its driver is */
        begin_transaction(self);
        self->state = SIM_STATE_CONNECTED;
        sim_station_event(self, "Started", "CablePluggedIn", "Transaction.Begin");
        log_car(self, "plugged");
    }
    sim_station_log(self);
    if (sim_link_is_open(self->link))
        sim_station_authorize(self, authorize_done);
    else
        authorize_done(self, SIM_CALL_LOST, NULL);
}

void
sim_station_plug(SimStation *self, SimCar *car)
{
    self->car = car;
    self->session_wh = 0;
    sim_station_status(self);
    sim_station_resume(self);
}

static void
remote_late(gpointer data)
{
    SimStation *self = data;
    self->remote_wait = 0;
    self->remote_id = -1;
}

void
sim_station_start_remotely(SimStation *self, const char *token, const char *type, gint64 remote_id)
{
    gint64 wait_s = sim_variables_number(self->variables, "TxCtrlr", "EVConnectionTimeOut", 120);
    self->remote_id = remote_id;
    set_token(self, token, type);
    sim_world_cancel(self->world, &self->remote_wait);
    if (self->car != NULL)
        admit(self, "RemoteStart");
    else
        self->remote_wait = sim_world_at(
            self->world, sim_world_now(self->world) + wait_s * CFX_SECOND, remote_late, self);
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
    self->stop_reason = reason;
    sim_station_event(self, "Ended", trigger, "Transaction.End");
    self->remote_id = -1;
    sim_profile_set_end(self->profiles, self->transaction, ended_cb, self);
    sim_world_cancel(self->world, &self->sample);
    g_clear_pointer(&self->transaction, g_free);
    sim_station_update(self);
    if (self->owes_reset)
        sim_station_reset(self, "ScheduledReset");
}

void
sim_station_set_inoperative(SimStation *self, gboolean is_inoperative)
{
    if (is_inoperative == self->is_inoperative)
        return;
    self->is_inoperative = is_inoperative;
    if (is_inoperative)
        sim_station_end(self, "AbnormalCondition", "Other");
    sim_station_status(self);
    sim_station_resume(self);
    sim_station_log(self);
}

void
sim_station_reset(SimStation *self, const char *reason)
{
    self->owes_reset = FALSE;
    self->is_accepted = FALSE;
    self->boot_reason = reason;
    sim_link_restart(self->link);
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
        sim_station_boot(self,
                         self->boot_reason != NULL ? self->boot_reason
                         : self->is_booted         ? "Unknown"
                                                   : "PowerUp");
    else if (self->owes_status || away_us > threshold_s * CFX_SECOND)
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
    self->remote_id = -1;
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
    g_free(self->id_type);
    g_free(self);
}

void
sim_station_start(SimStation *self)
{
    sim_station_log(self);
    sim_link_start(self->link);
}
