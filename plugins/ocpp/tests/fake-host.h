/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host for tests: its tables keep what they are given in memory, clocks stand until they are
 * moved, and nothing happens between two calls of fake_host_run().
 */
#pragma once

#include <cariflex/cfx-adapter.h>
#include <cariflex/cfx-data.h>
#include <cariflex/cfx-model.h>
#include <cariflex/cfx-web.h>

G_BEGIN_DECLS

typedef struct {
    char *collection, *key, *doc;
} FakeRecord;

typedef struct {
    char *topic, *doc;
    gint64 asset;
} FakeNotice;

typedef struct {
    gint64 sensor, start_us;
    double value;
} FakeBelief;

typedef struct {
    CfxApplied head; /* its texts and columns are not kept */
    GArray *at_us, *w;
    char *words;
} FakeApplied;

typedef struct {
    CfxHost host; /* first: tables find us by it */
    gint64 site_us, real_us;
    GQueue posted; /* calls to make */
    GArray *timers;
    guint64 next_timer;
    GHashTable *records; /* "collection key" -> FakeRecord */
    GPtrArray *notices;  /* FakeNotice */
    GArray *beliefs;     /* FakeBelief */
    gint64 revision;
    guint n_commits;
    gboolean holds_commits; /* they stay undone until fake_host_release() */
    GQueue held;
    GError *commit_error; /* all commits fail with it */
    GHashTable *devices;  /* asset -> CfxDevice, texts not kept beyond the next report */
    GPtrArray *applied;   /* FakeApplied */
    GPtrArray *knocks;    /* char */
    /* web */
    CfxRoute route;
    gpointer route_data;
    GPtrArray *sent; /* char: frames sent to the station, in order */
    guint n_read;    /* of these by fake_host_next() */
    const CfxSocketOps *socket_ops;
    gpointer socket_data;
    guint32 last_status; /* of respond() */
    char *last_protocol; /* of upgrade(); "" none */
    guint close_code;    /* of the last close() */
    guint login_code;    /* 0 accepts; else code + 1 */
    GPtrArray *bindings; /* CfxBinding */
    GPtrArray *assets;   /* CfxAsset */
    guint n_logged[8];
} FakeHost;

FakeHost *fake_host_new(void);
void fake_host_free(FakeHost *self);

/* A site with one charging station of one EVSE: assets 1, 10, 11; live power sensor 111. */
void fake_host_add_station(FakeHost *self, const char *identity);

/* Does everything that is due now. */
void fake_host_run(FakeHost *self);
/* Moves both clocks. */
void fake_host_advance(FakeHost *self, gint64 us);
void fake_host_release(FakeHost *self);

/* A handshake with Basic authentication. Returns: the status, 101 for one that was let in */
guint fake_host_connect(FakeHost *self, const char *identity, const char *protocol);
void fake_host_disconnect(FakeHost *self);

/* A frame from the station. */
void fake_host_receive(FakeHost *self, const char *frame);
/* The next frame that was sent to it, NULL: none. */
const char *fake_host_next(FakeHost *self);

const char *fake_host_record(FakeHost *self, const char *collection, const char *key);
const FakeNotice *fake_host_notice(FakeHost *self, const char *topic); /* the last one */
const CfxDevice *fake_host_device(FakeHost *self, gint64 asset);
const FakeApplied *fake_host_applied(FakeHost *self); /* the last one */

G_END_DECLS
