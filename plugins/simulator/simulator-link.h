/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OCPP-J of one station: a WebSocket that comes back, and one call at a time over it. */
#pragma once

#include <json-glib/json-glib.h>

#include "simulator-world.h"

typedef struct _SimLink SimLink;

/* How a call ended. */
typedef enum { SIM_CALL_RESULT, SIM_CALL_ERROR, SIM_CALL_LOST } SimCallEnd;

/* `payload`: of a result; NULL otherwise. */
typedef void (*SimCallDone)(gpointer data, SimCallEnd end, JsonObject *payload);

typedef struct {
    /* The socket is open; calls that were kept follow what this one sends. */
    void (*opened)(gpointer data);
    void (*closed)(gpointer data);
    /* The peer's call: answer it by sim_link_answer() or sim_link_refuse(), at once. */
    void (*called)(gpointer data, const char *id, const char *action, JsonObject *payload);
} SimLinkOps;

SimLink *sim_link_new(SimWorld *world,
                      const char *name,
                      const char *url,
                      const char *password,
                      const SimLinkOps *ops,
                      gpointer data);
void sim_link_free(SimLink *self);

/* Connects, and again whenever the socket is gone. */
void sim_link_start(SimLink *self);
/* Loses the network, as a pulled cable does: no close frame. Comes back by sim_link_start(). */
void sim_link_cut(SimLink *self);
/* Closes the socket after what was sent, as a restart does, and connects again. */
void sim_link_restart(SimLink *self);
gboolean sim_link_is_open(SimLink *self);
/* Whether it tries to be open: not while the network is lost. */
gboolean sim_link_is_wanted(SimLink *self);

typedef enum {
    SIM_CALL_KEEP = 1,  /* waits for the next socket where this one is lost */
    SIM_CALL_FIRST = 2, /* before all that waits */
} SimCallFlags;

/* Sends {2, id, action, payload} when its turn comes. `done` may be NULL. Without a socket only
 * calls to keep are taken. */
void sim_link_call(
    SimLink *self, SimCallFlags flags, const char *action, const char *payload, SimCallDone done);
/* Holds back what waits (registration is pending), but for calls marked FIRST. */
void sim_link_hold(SimLink *self, gboolean is_held);
guint sim_link_waiting(SimLink *self);
void sim_link_answer(SimLink *self, const char *id, const char *payload);
void sim_link_refuse(SimLink *self, const char *id, const char *code, const char *description);
guint64 sim_link_frames(SimLink *self);
