/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of the simulated outside share: its time, its agenda, its log, and the answers
 * that it is owed. Time stands still at the next thing on the agenda until that is done, and while
 * somebody is owed an answer it goes on for five simulated seconds at most
 * (data/doc/clock-page.md).
 */
#pragma once

#include <cariflex/cfx-host.h>
#include <libsoup/soup.h>

#include "simulator-log.h"
#include "simulator-scene.h"

typedef struct _SimWorld SimWorld;

/* What the keyfile says; texts live as long as the instance. */
typedef struct {
    const char *world, *prices, *page, *log, *secrets; /* files and a folder */
    const char *ocpp, *api, *vtn, *health;             /* addresses */
    const char *start;                                 /* date of the first noon */
    const char *control;  /* socket that takes a person's wishes; NULL: none */
    const char *currency; /* in which prices are published; NULL: that of the file */
    guint64 seed;
    double rate, currency_rate;
    guint days; /* 0: without end */
    gint64 meter_us, warm_us, settle_us, away_us;
    gboolean faults, story;
} SimOptions;

SimWorld *sim_world_new(const CfxHost *host, const SimOptions *options, GError **error);
gboolean sim_world_start(SimWorld *self, GError **error);
void sim_world_stop(SimWorld *self);
void sim_world_free(SimWorld *self);

const CfxHost *sim_world_host(SimWorld *self);
const SimOptions *sim_world_options(SimWorld *self);
const SimScene *sim_world_scene(SimWorld *self);
SoupSession *sim_world_session(SimWorld *self);
/* Triggered when the world stops: nothing that comes later may touch it. */
GCancellable *sim_world_stopped(SimWorld *self);
/* 1, 2, 3 … */
guint64 sim_world_number(SimWorld *self);
/* Content of a file of the secrets' folder. (transfer full) */
char *sim_world_secret(SimWorld *self, const char *name, GError **error);

/* SITE time. While something on the agenda is done: exactly its instant. */
gint64 sim_world_now(SimWorld *self);
/* Puts something on the agenda, once; equal instants keep their order. 0 is no handle. */
guint64 sim_world_at(SimWorld *self, gint64 at_us, CfxFunc func, gpointer data);
void sim_world_cancel(SimWorld *self, guint64 *handle);

/* Time waits (bounded) from now on until the debt is paid. `who` lives longer. */
guint64 sim_world_owe(SimWorld *self, const char *who);
void sim_world_paid(SimWorld *self, guint64 *debt);

/* To be called first when something comes in from outside: the world catches up with the clock. */
void sim_world_catch_up(SimWorld *self);
/* To be called by who cannot reach the daemon: time waits (bounded) until it is back. */
void sim_world_missed(SimWorld *self);
/* Lets time stand still where it is, or run. */
void sim_world_hold(SimWorld *self, gboolean is_held);
void sim_world_pace(SimWorld *self, double rate);
/* What the options say of the day's pace from now on. */
void sim_world_set_rate(SimWorld *self, double rate);
/* A person's own pause, beside the world's. */
void sim_world_pause(SimWorld *self, gboolean is_paused);
gboolean sim_world_is_paused(const SimWorld *self);
/* How often time went on though an answer was owed. */
guint64 sim_world_given_up(SimWorld *self);
/* Called by a station whose registration or connection changed. */
void sim_world_station_changed(SimWorld *self);

GString *sim_world_log(SimWorld *self, const char *who, const char *dir, const char *what);
void sim_world_logged(SimWorld *self);
/* Nothing is written after this. */
void sim_world_close_log(SimWorld *self);
