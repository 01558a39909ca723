/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of people to a station: OCPP's own messages by their names, answered by the station. */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

#define OCPP_N_COMMANDS 9
extern const CfxCommandInfo *const ocpp_commands[OCPP_N_COMMANDS];

/* CfxAdapterOps.command */
void
ocpp_command(OcppInstance *instance, gint64 asset, const char *name, GBytes *args, CfxCall *call);

G_END_DECLS
