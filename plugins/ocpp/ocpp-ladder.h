/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder: what is tried, one after the other, when a station rejects a profile. The rung that
 * worked is remembered for each model and firmware.
 */
#pragma once

#include "ocpp-profile.h"
#include "ocpp-station.h"

G_BEGIN_DECLS

enum {
    OCPP_RUNG_PLAIN,
    OCPP_RUNG_OTHER_UNIT,
    OCPP_RUNG_FEWER_PERIODS,
    OCPP_RUNG_PAST_START,
    OCPP_RUNG_STACK_LEVEL,
    OCPP_RUNG_AS_DEFAULT,     /* the plan as TxDefaultProfile of the EVSE */
    OCPP_RUNG_AS_STATION_MAX, /* one EVSE only */
    OCPP_RUNG_REFUSED,        /* not steerable */
};

typedef struct {
    GHashTable *models; /* name -> guint[OCPP_N_SLOTS] */
} OcppLadder;

void ocpp_ladder_init(OcppLadder *self);
void ocpp_ladder_clear(OcppLadder *self);
void ocpp_ladder_load(OcppLadder *self, const char *model, const guint rungs[]);

/* The rung to begin with. */
guint ocpp_ladder_first(const OcppLadder *self, OcppStation *station, guint slot);
/* The rung after @rung. @reason: the station's reasonCode, or NULL */
guint ocpp_ladder_next(OcppStation *station, guint slot, guint rung, const char *reason);
/* This rung was accepted. Returns: TRUE if that is news; then it is to be stored */
gboolean ocpp_ladder_worked(OcppLadder *self, OcppStation *station, guint slot, guint rung);
const guint *ocpp_ladder_rungs(const OcppLadder *self, const char *model); /* NULL: none */

/* How a profile looks on a rung. */
typedef struct {
    OcppProfileRules rules;
    gint64 stack_level;
    gint32 purpose;
} OcppLadderShape;
void ocpp_ladder_shape(OcppEvse *evse, guint slot, guint rung, OcppLadderShape *ret);

/* "other unit", … for people */
const char *ocpp_ladder_rung_name(guint rung);

G_END_DECLS
