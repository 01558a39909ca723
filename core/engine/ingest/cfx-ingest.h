/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What comes in: beliefs of a site's sensors into its timelines, registers into the mean power of
 * slots, signals into the effective limit. It marks the site for a plan and wakes the guard.
 */
#pragma once

#include "cfx-engine-private.h"

#include <json-glib/json-glib.h>

/* Makes the timelines of a site's sensors. What was there stays. */
void cfx_ingest_make(CfxSite *site);
/* The same, and watches them. */
void cfx_ingest_open(CfxSite *site);
void cfx_ingest_close(CfxSite *site);
/* The sensors that have a timeline. Returns: (transfer full) (element-type gint64) */
GArray *cfx_ingest_sensors(CfxSite *site);
/* Adds beliefs to the timelines; those that are not the site's are passed over. */
void cfx_ingest_add(CfxSite *site, const CfxBeliefs *beliefs);
/* The timeline of a sensor, or NULL. */
CfxTimeline *cfx_ingest_timeline(CfxSite *site, gint64 sensor);

/* How long ago what still counts of it may have begun: as long as its events last, at least the
 * engine's past, of prices their last known days. */
gint64 cfx_ingest_past_us(const CfxSite *site, const CfxTimeline *timeline);

/* A device has reported: its register goes into the mean power of its slots. */
void cfx_ingest_device(CfxEngineDevice *device, const CfxDevice *before, gboolean is_first);

/* Registers of devices at the beginning of the slot that runs, over a restart. */
#define CFX_REGISTER_COLLECTION "cfx.register"
void cfx_register_write(const CfxEngineDevice *device);
void cfx_register_read(CfxEngine *engine, JsonObject *record);

/* Computes the effective limit from now on anew. Returns: whether it became lower somewhere */
gboolean cfx_ingest_limit(CfxSite *site);
/* Forgets what lies so far back that nobody will ask for it. */
void cfx_ingest_forget(CfxSite *site);

/* Writes what the registers say of slots that have ended since. */
void cfx_meter_slots(CfxSite *site);
/* Mean power at the site's meter over [start, end) by its registers; NAN: they do not say. */
double cfx_meter_mean_w(CfxSite *site, gint64 start_us, gint64 end_us);
/* The net base load of a past slot: the meter's without the devices'. NAN: not known. */
double cfx_meter_base_w(CfxSite *site, gint64 slot_us);
