/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The charging profiles that a station holds, and the limit that follows from them (OCPP 2.0.1, K).
 */
#pragma once

#include <json-glib/json-glib.h>

typedef enum { SIM_PURPOSE_MAX, SIM_PURPOSE_TX_DEFAULT, SIM_PURPOSE_TX } SimPurpose;
typedef enum { SIM_KIND_ABSOLUTE, SIM_KIND_RECURRING, SIM_KIND_RELATIVE } SimKind;

typedef struct {
    gint64 offset_us; /* from the schedule's start */
    double limit;     /* A per phase, or W */
    int phases;       /* of the period, 3 where it does not say */
} SimPeriod;

typedef struct {
    gint64 id, stack;
    SimPurpose purpose;
    SimKind kind;
    int evse; /* 0: the station */
    char *transaction;
    gint64 valid_from_us, valid_to_us; /* G_MININT64 and G_MAXINT64: open */
    gint64 recurrence_us;
    gint64 start_us;    /* of absolute and recurring ones */
    gint64 duration_us; /* G_MAXINT64: none */
    gboolean in_watts;
    GArray *periods; /* (element-type SimPeriod) */
    JsonNode *node;  /* as it came */
} SimProfile;

/* What the station can take; texts and numbers of its device model. */
typedef struct {
    int evses;
    gint64 stack_max;
    guint periods_max, profiles_max;
    gboolean takes_watts;
    double voltage_v;
} SimProfileRules;

typedef struct {
    SimProfileRules rules;
    GPtrArray *profiles; /* (element-type SimProfile) */
} SimProfileSet;

typedef struct {
    const char *transaction; /* running on that EVSE; NULL: none */
    gint64 started_us;       /* of it */
} SimTransaction;

SimProfileSet *sim_profile_set_new(const SimProfileRules *rules);
void sim_profile_set_free(SimProfileSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimProfileSet, sim_profile_set_free)

/* Reads, checks and installs a profile. NULL when it is installed, else the reason code (static).
 */
const char *sim_profile_set_put(SimProfileSet *self,
                                int evse,
                                JsonObject *profile,
                                const SimTransaction *transaction);
/* Called for each profile before it goes; data is the caller's. */
typedef void (*SimProfileFunc)(gpointer data, const SimProfile *profile);
/* Removes what ClearChargingProfile names; returns how many. `criteria` (nullable); id 0: none
 * given. */
guint sim_profile_set_clear(
    SimProfileSet *self, gint64 id, JsonObject *criteria, SimProfileFunc gone, gpointer data);
/* Removes the profiles of a transaction that has ended. */
guint sim_profile_set_end(SimProfileSet *self,
                          const char *transaction,
                          SimProfileFunc gone,
                          gpointer data);
/* Whether GetChargingProfiles names it. `evse` -1: any */
gboolean sim_profile_matches(const SimProfile *self, int evse, JsonObject *criterion);
const char *sim_purpose_name(SimPurpose purpose);

/*
 * Limit of an EVSE at an instant in A per phase, INFINITY where nothing limits it. `ret_next_us`:
 * the first instant after which it may be another one, G_MAXINT64: never.
 */
double sim_profile_set_limit(const SimProfileSet *self,
                             int evse,
                             const SimTransaction *transaction,
                             gint64 at_us,
                             gint64 *ret_next_us);
