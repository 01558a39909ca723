/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What follows a boot or a reconnect, step by step: fail-safe power, limits, settings, profiles
 * read back and repaired, device model.
 */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

/* Begins, or begins again. @has_booted: after BootNotification, else after a mere reconnect */
void ocpp_onboard_start(OcppStation *station, gboolean has_booted);
/* It has connected, and was accepted before: begins when it turns out that it does not boot. */
void ocpp_onboard_connected(OcppStation *station);
/* A call of another kind than BootNotification was handled. */
void ocpp_onboard_heard(OcppStation *station);

/* Whether calls beside its profiles may go to a station: its fail-safe power comes first, and what
 * was changed meanwhile. */
gboolean ocpp_onboard_is_settled(const OcppStation *station);

/* Reads the station's profiles back, unless a sequence is running that does. */
void ocpp_onboard_read_back(OcppStation *station);

/* The connection has gone. */
void ocpp_onboard_stop(OcppStation *station);
/* Something was accepted or given up: go on if that was awaited. */
void ocpp_onboard_poke(OcppStation *station);

/* A part of the profiles that the station holds. */
void ocpp_onboard_profiles(OcppStation *station, const OcppReportProfiles *report);

G_END_DECLS
