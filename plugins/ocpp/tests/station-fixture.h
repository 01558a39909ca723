/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole adapter with one station, CP001, and a host of tests around it. */
#pragma once

#include "fake-host.h"

#include <math.h>

G_BEGIN_DECLS

#define AT "2025-10-01T12:00:00Z"
#define ACCEPTED "{\"status\":\"Accepted\"}"
#define UNKNOWN_VARIABLE                                                                           \
    "{\"attributeStatus\":\"UnknownVariable\",\"component\":{\"name\":\"x\"},\"variable\":"        \
    "{\"name\":\"y\"}}"

typedef struct {
    FakeHost *fake;
    const CfxFactory *factory;
    const CfxAdapterOps *ops;
    gpointer instance;
    CfxValue values[8];
    CfxConfig config;
    double power[8], fail_safe[8], fail_safe_w;
    gint64 edges[9], asset, flags, not_before, delay[8];
    guint next_id;
} Fixture;

void start_instance(Fixture *fixture);

void stop_instance(Fixture *fixture);

void send_call(Fixture *fixture, const char *action, const char *payload);

/* the next frame must answer the last call with this payload */
void expect_result(Fixture *fixture, const char *payload);

void expect_error(Fixture *fixture, const char *id, const char *code);

/* The next frame must be a call of that action; answers it. Returns: its text */
const char *answer_call(Fixture *fixture, const char *action, const char *payload);

void expect_nothing(Fixture *fixture);

void boot(Fixture *fixture);

/* a slice of the host: two slots of a quarter hour from now on */
void apply(Fixture *fixture, gint64 version, double first_w, double second_w, gint64 flags);

/* Answers what is asked until nothing more comes; profiles that are read back are not supported. */
void answer_all(Fixture *fixture);

/* a station that is ready, and silence */
void onboard(Fixture *fixture);

void begin_transaction(Fixture *fixture);

/* what is allowed now, by the last word to the host */
double allowed_now_w(Fixture *fixture);

typedef struct {
    const char *name;
    void (*test)(Fixture *fixture, gconstpointer data);
} FixtureTest;

/* Runs each with a fixture of its own. Returns: the exit status */
int fixture_run_tests(
    int argc, char **argv, const char *prefix, const FixtureTest *tests, gsize n_tests);

G_END_DECLS
