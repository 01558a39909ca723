/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From slices of plans to profiles on the wire. Each EVSE has two: the default (its fail-safe
 * power, first of all) and, while a transaction runs, the plan. Desired, sent and installed are
 * kept apart; what may be drawn is told to the host with every change of them.
 */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

/* Stable ids of our profiles. */
gint64 ocpp_steer_profile_id(const OcppEvse *evse, gint32 purpose);
/* Returns: whether an id is one of ours */
gboolean ocpp_steer_is_ours(const OcppStation *station, gint64 profile_id);

/* CfxAdapterOps.apply */
void ocpp_steer_apply(OcppInstance *instance, const CfxPlan *plan);

/* Has a look at an EVSE later in this turn. */
void ocpp_steer_mark(OcppEvse *evse, gboolean is_urgent);
void ocpp_steer_forget(OcppEvse *evse); /* takes it out of the list, before it is freed */

/* The transaction has begun or ended. */
void ocpp_steer_transaction_began(OcppEvse *evse);
void ocpp_steer_transaction_ended(OcppEvse *evse);

/* Clears a profile of ours, by the number of its purpose. */
void ocpp_steer_clear(OcppEvse *evse, gint32 purpose);

/* The installer's ceiling was read, or cannot be. */
void ocpp_steer_max_was_read(OcppStation *station);

/* The station is there. When it has booted the default goes first, whatever we believe. */
void ocpp_steer_connected(OcppStation *station, gboolean has_booted);

/* It turns out that the car uses other phases than @before; 0 unknown. What it may draw by the
 * amperes that it has accepted is then another power. */
void ocpp_steer_phases_changed(OcppEvse *evse, gint32 before);

/* A measured power: does it keep to what it has accepted? What is not so is said once. */
void ocpp_steer_check(OcppEvse *evse, gint64 at_us, double power_w);

/* Its clock is off by another amount: what it holds lies at the wrong times. */
void ocpp_steer_clock_changed(OcppStation *station);

/* Whether the fail-safe power of all its EVSEs is accepted, or given up. */
gboolean ocpp_steer_is_safe(const OcppStation *station);

/* What may be drawn now and later. Returns: (transfer full) (nullable) NULL: unknown, the rating */
OcppCurve *ocpp_steer_allowed(const OcppEvse *evse, gint64 now_us);

/* Tells the host. @words: (nullable) the station's own; @is_lost: accepted once, and gone */
void ocpp_steer_tell(OcppEvse *evse, const char *words, gboolean is_lost);

G_END_DECLS
