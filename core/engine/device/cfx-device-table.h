/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is there: the devices bound below each site, what their adapters report, and the table that
 * adapters call. Reports are collected and taken in at the end of the turn, on the main thread.
 */
#pragma once

#include "cfx-engine-private.h"

/* Makes the devices of a site from the model's bindings; those that stay keep their state. */
void cfx_device_table_bind(CfxSite *site);
void cfx_engine_device_free(CfxEngineDevice *device);

/* "CP003", "CP003/1" (station and EVSE id), "CP003/EVSE 1" (and name of the asset), or the asset's
 * number. NULL with NOT_FOUND */
CfxEngineDevice *cfx_device_find(CfxEngine *engine, const char *where, GError **error);

/* What cannot be true becomes unknown: no number of a peer reaches a plan or a limit unseen. */
void cfx_device_clean(CfxDevice *device, gint64 now_us);

/* Takes in what adapters have said since. */
void cfx_device_table_take(CfxEngine *engine);
/* For a stopping instance: its devices have nobody who speaks for them. */
void cfx_device_table_drop(CfxEngine *engine, CfxInstance *instance);
void cfx_device_table_clear_inbox(CfxEngine *engine);

/* The CfxDeviceApi functions that belong here. */
void cfx_device_table_report(const CfxHost *host, const CfxDevice *const *devices, gsize n);
void cfx_device_table_gone(const CfxHost *host, const gint64 *assets, gsize n);
void cfx_device_table_knock(const CfxHost *host, const CfxKnock *knock);
void cfx_device_table_applied(const CfxHost *host, const CfxApplied *const *applied, gsize n);
gboolean
cfx_device_table_state(const CfxHost *host, const gint64 *assets, gsize n, CfxDevice *const *to);

/* The one engine of this process; NULL before cfx_engine_new() and after its end. [any] */
CfxEngine *cfx_engine_the(void);
