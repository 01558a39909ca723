/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of people to a station: OCPP's own messages by their names, answered by the station. */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

extern const CfxCommandInfo *const ocpp_commands[];
extern const guint32 ocpp_n_commands;

/* CfxAdapterOps.command */
void
ocpp_command(OcppInstance *instance, gint64 asset, const char *name, GBytes *args, CfxCall *call);

G_END_DECLS
