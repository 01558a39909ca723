/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods and objects on the bus, by the part that answers for them. */
#pragma once

#include "cfx-bus.h"
#include "cfx-engine.h"

/* Answers when what the engine was told is durable; with an error if it could not be stored. json
 * (transfer full, nullable) */
void cfx_bus_reply_when_stored(CfxEngine *engine, CfxBusCall *call, char *json);

extern const CfxBusMethod cfx_bus_register_methods[]; /* data: CfxRegister */
extern const CfxBusMethod cfx_bus_backup_methods[];   /* data: CfxDaemon */
extern const CfxBusMethod cfx_bus_login_methods[];    /* data: CfxDaemon */
extern const CfxBusMethod cfx_bus_engine_methods[];   /* data: CfxEngine */
extern const CfxBusMethod cfx_bus_data_methods[];     /* data: the host's own CfxHost */
extern const CfxBusMethod cfx_bus_sync_methods[];     /* data: CfxDaemon */
extern const CfxBusMethod cfx_bus_hold_methods[];     /* data: CfxEngine */

/* Methods Hold and ReleaseHold of sites and devices; data: CfxEngine */
void cfx_bus_hold_object(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call);
void cfx_bus_release_object(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call);

extern const CfxBusKind cfx_bus_host, cfx_bus_instances; /* data: CfxDaemon */
extern const CfxBusKind cfx_bus_sites, cfx_bus_devices;  /* data: CfxEngine */
