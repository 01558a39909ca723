/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One charging station: an EVSE with a car or without, an OCPP 2.0.1 client, and the physics
 * between.
 */
#pragma once

#include "simulator-link.h"
#include "simulator-profile.h"
#include "simulator-variables.h"

#define SIM_EVSE 1

typedef enum {
    SIM_STATE_IDLE,
    SIM_STATE_CONNECTED,
    SIM_STATE_CHARGING,
    SIM_STATE_SUSPENDED_EV,
    SIM_STATE_SUSPENDED_EVSE,
} SimState;

typedef struct {
    SimWorld *world;
    SimStationData data;
    SimLink *link;
    SimVariables *variables;
    SimProfileSet *profiles;

    gboolean is_booted, is_accepted, has_fail_safe, owes_status;
    gboolean owes_reset;     /* when the transaction is over */
    gboolean is_inoperative; /* taken out of service */
    const char *boot_reason; /* of the next boot; NULL: an ordinary one */
    gint64 lost_us;          /* SITE time at which the socket was lost; 0: it is there */
    guint64 heartbeat, boot_again, sample, aligned, change; /* on the agenda */

    SimCar *car; /* the scene's; NULL: nobody is there */
    char *transaction, *id_token, *id_type;
    const char *stop_reason; /* of the Ended event */
    gint64 remote_id;        /* remoteStartId; -1: nobody asked from afar */
    guint64 remote_wait;     /* on the agenda: a car is waited for */
    gint64 started_us;
    guint tx_count;
    gint64 sequence;
    gboolean is_authorized, is_token_told;

    SimState state;
    double current_a, power_w, limit_a; /* of a phase, in all, composite */
    double register_wh, session_wh;
    double reported_a; /* last current that a ChargingRateChanged told */
    guint n_reports;
} SimStation;

SimStation *sim_station_new(SimWorld *world, const SimStationData *data, GError **error);
void sim_station_free(SimStation *self);

void sim_station_start(SimStation *self);
void sim_station_plug(SimStation *self, SimCar *car);
void sim_station_unplug(SimStation *self);
/* Lets the energy of a span of time flow at the present power. */
void sim_station_flow(SimStation *self, gint64 span_us);
/* Computes limit, current and state anew, and tells whom it concerns. */
void sim_station_update(SimStation *self);
void sim_station_log(SimStation *self);

/* What the files of the station share: its messages (simulator-messages.c) … */
void sim_station_boot(SimStation *self, const char *reason);
void sim_station_status(SimStation *self);
void
sim_station_event(SimStation *self, const char *type, const char *trigger, const char *context);
void sim_station_meter(SimStation *self, const char *context);
void sim_station_authorize(SimStation *self, SimCallDone done);
void sim_station_needs(SimStation *self);
void sim_station_restart_timers(SimStation *self);
/* … its life … */
const char *sim_station_state_name(SimState state);
/* Takes it out of service, which ends what is charging, or back into it. */
void sim_station_set_inoperative(SimStation *self, gboolean is_inoperative);
/* Restarts: the socket goes, and comes back with a boot. The transaction has been ended. */
void sim_station_reset(SimStation *self, const char *reason);
/* The person of that token may charge: now, or when a car comes soon. */
void
sim_station_start_remotely(SimStation *self, const char *token, const char *type, gint64 remote_id);
/* A car that stands there without a transaction gets one. */
void sim_station_resume(SimStation *self);
void sim_station_end(SimStation *self, const char *trigger, const char *reason);
void sim_station_log_profile(SimStation *self, const char *action, const SimProfile *profile);
gboolean sim_station_transaction(const SimStation *self, SimTransaction *ret);
/* … and its answers to the peer's calls (simulator-requests.c). */
void sim_station_called(gpointer data, const char *id, const char *action, JsonObject *payload);
