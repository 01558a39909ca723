/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An instance: its stations by identity, its configuration, what it shares among them. The tables
 * of the host are reached through `host`. All on the home thread.
 */
#pragma once

#include "ocpp-ladder.h"
#include "ocpp-station.h"
#include "ocpp-store.h"

G_BEGIN_DECLS

#define OCPP_LOG_SIZE 2000

/* a frame that went over a wire; see ocpp-log.h */
typedef struct {
    const char *station; /* identity, interned */
    char *text;          /* NULL: nothing there */
    gsize size;
    gint64 at_us; /* SITE */
    gboolean is_in, is_cut;
} OcppLogged;

typedef struct {
    OcppLogged ring[OCPP_LOG_SIZE];
    guint next; /* the oldest, overwritten next */
} OcppLog;

struct _OcppInstance {
    const CfxHost *host;
    char *listener;
    /* live */
    gint64 heartbeat_us, sample_us, call_timeout_us, change_pause_us;
    GHashTable *stations; /* identity -> OcppStation, owned */
    GHashTable *by_asset; /* gint64 -> OcppEvse */
    OcppLadder ladder;
    OcppStore store;
    CfxJsonWriter out; /* a frame that is sent at once */
    CfxArena arena;    /* of the message that is being handled */
    char arena_first[8192];
    GPtrArray *work[2]; /* OcppEvse whose profiles want a look: urgent ones, others */
    gboolean work_is_posted;
    guint64 model_watch;
    gboolean is_stopping;
    gint64 started_us; /* SITE */
    gint64 next_request_id;
    char *call_prefix; /* of message ids */
    guint64 next_call;
    OcppLog log;
    CfxMetric *connected_metric, *messages_metric, *errors_metric;
    guint n_connected;
};

/* Takes bindings out of the model: new stations and EVSEs appear, others go. */
void ocpp_instance_take_model(OcppInstance *self);

OcppStation *ocpp_instance_station(OcppInstance *self, const char *identity); /* NULL: not bound */
OcppEvse *ocpp_instance_evse(OcppInstance *self, gint64 asset);

/* The key of a record: "INSTANCE/IDENTITY" and, where @last is given, "/LAST". (transfer full) */
char *ocpp_instance_key(const OcppInstance *self, const char *identity, const char *last);

G_END_DECLS
