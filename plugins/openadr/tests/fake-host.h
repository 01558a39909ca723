/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host in one thread with clocks that stand: what an instance asks for is kept, and comes when
 * the test lets it. For one instance at a time. */
#pragma once

#include <cariflex/cfx-adapter.h>
#include <cariflex/cfx-data.h>
#include <cariflex/cfx-model.h>
#include <cariflex/cfx-web.h>

typedef struct {
    gint64 sensor, start_us, belief_us;
    double value;
} FakeBelief;

typedef struct {
    guint status; /* 0: the connection fails */
    const char *body;
} FakeAnswer;

/* What a server answers. */
typedef FakeAnswer (*FakeServer)(const char *method, const char *url, const char *authorization);

typedef struct {
    CfxHost host;
    gint64 site_us, real_us;
    GQueue tasks;  /* functions that wait */
    GList *timers; /* Timer */
    FakeServer server;
    GPtrArray *asked;    /* utf8: "GET http://…" */
    GArray *beliefs;     /* FakeBelief: all that was committed */
    GHashTable *records; /* "collection key" -> doc */
    GPtrArray *notices;  /* utf8 */
    guint commits;
    gint64 received_us; /* of the last commit */
    char *failure;      /* commits fail while it is set */
    const CfxModel *model;
    CfxModelDone model_func;
    gpointer model_data;
    guint32 source_type; /* that the instance gave its source; 0: none */
    guint32 health;
    char *reason;
    gboolean is_finished; /* a call */
    GError *error;        /* of that call */
} FakeHost;

extern FakeHost fake;

void fake_host_init(FakeServer server);
void fake_host_clear(void);
/* Runs what waits until nothing does. */
void fake_run(void);
/* Lets both clocks go on, with the timers that are due. */
void fake_pass(gint64 site_us, gint64 real_us);
/* A call whose end sets is_finished and error. */
CfxCall *fake_call(void);
/* The newest value of a sensor at that start; INFINITY: there is none. */
double fake_value(gint64 sensor, gint64 start_us);
