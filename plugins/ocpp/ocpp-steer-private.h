/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of steering share. */
#pragma once

#include "ocpp-call.h"
#include "ocpp-steer.h"

G_BEGIN_DECLS

/* calls without an answer before the station is asked what it holds */
#define OCPP_STEER_ATTEMPTS 3

gboolean ocpp_steer_has_plan(const OcppEvse *evse);
gint64 ocpp_steer_plan_flags(const OcppEvse *evse);
/* Whether the TX slot belongs to the transaction that runs. */
gboolean ocpp_steer_has_tx_profile(const OcppEvse *evse);

/* Makes a curve the higher of both. @by NULL: nothing; @curve NULL: a copy */
void ocpp_steer_raise(OcppCurve **curve, const OcppCurve *by, gint64 now_us);

/* The schedule that a slot should have now. (transfer full) */
OcppScheduleText *
ocpp_steer_schedule(OcppEvse *evse, guint slot, gint64 now_us, OcppLadderShape *shape);
/* Whether the station must be told something about a slot. @ret_lowers: (nullable) soon less */
gboolean ocpp_steer_needs(OcppEvse *evse, guint slot, gint64 now_us, gboolean *ret_lowers);

/* The slot to send now, -1: none. */
gint ocpp_steer_next_slot(OcppEvse *evse, gint64 now_us, gboolean *ret_lowers);

/* OcppCallBuild and OcppCallDone of SetChargingProfile; data: the EVSE */
gboolean ocpp_steer_build(OcppStation *station, gpointer data, CfxJsonWriter *to);
void ocpp_steer_answered(OcppStation *station, gpointer data, const OcppCallResult *result);

G_END_DECLS
