/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last messages of all stations, in memory, for people who look for what went wrong. One ring
 * of a fixed size for the instance: ten stations have hundreds each, ten thousand only the newest.
 */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

#define OCPP_LOG_COMMAND "StationMessages"

/* Keeps a frame as it went over the wire. Called before it is read: reading changes the text. */
void ocpp_log_add(OcppStation *station, gboolean is_in, const char *text, gsize size);
void ocpp_log_clear(OcppLog *self);

/* {"messages": […]}: those of one station, newest first */
GBytes *ocpp_log_json(OcppInstance *instance, const OcppStation *station);

/* For CfxAdapterOps.commands: answered here, by no station. */
extern const CfxCommandInfo ocpp_log_command_info;
void ocpp_log_command(OcppInstance *instance, gint64 asset, CfxCall *call);

G_END_DECLS
