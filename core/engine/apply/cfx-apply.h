/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is told what, in which order. The only giver of (epoch, version): what is desired of each
 * device becomes slices, decreases before increases, so that what all devices are allowed together
 * stays under the limit at each instant, whichever of them have answered.
 */
#pragma once

#include "cfx-engine-private.h"

#define CFX_ALLOWED_COLLECTION "cfx.allowed"
#define CFX_SITE_COLLECTION "cfx.site"

/* The next version of the site; what is stored is always ahead of it. */
gint64 cfx_apply_next_version(CfxSite *site);

/* Sends what may be sent: at the end of the turn, or now. */
void cfx_apply_pump(CfxSite *site);
void cfx_apply_pump_now(CfxSite *site);

/* A device has reported. */
void cfx_apply_device(CfxEngineDevice *device, const CfxDevice *before, gboolean is_first);
/* An adapter tells what became of a slice. */
void cfx_apply_answer(CfxEngineDevice *device, const CfxApplied *applied);
/* Sends again what was not answered. */
void cfx_apply_repeat_start(CfxSite *site);

/* What its adapter says, or its record: INFINITY where it is no number. Never reads as less. */
void cfx_apply_set_allowed(CfxEngineDevice *device, CfxInts at_us, CfxReals w, gsize n);
/* Writes what it counts with, if the record says something else. */
void cfx_apply_write_allowed(CfxEngineDevice *device);

/* What a device counts with in limits from @now_us on: the highest that it may draw. */
void cfx_apply_counted(const CfxEngineDevice *device, gint64 now_us, CfxCurve *to);
/* The highest that is desired of it: by its plan, or by its default once its car has left. */
void cfx_apply_desired(const CfxEngineDevice *device, gint64 now_us, CfxCurve *to);
/* What its present car may draw at @us; NAN: not known. */
double cfx_apply_car_w(const CfxEngineDevice *device, gint64 us);
/* Limit minus cautious base load: what all devices together may be allowed. */
void cfx_apply_room(CfxSite *site, CfxCurve *to);
/* Whether it takes what it is sent: others draw what they may, whatever is desired of them. */
gboolean cfx_apply_obeys(const CfxEngineDevice *device);

/* The value of a curve that holds already a moment before it begins. */
double cfx_apply_value_at(const CfxCurve *curve, gint64 us);
/* @from from @us on, complete at its beginning. */
void cfx_apply_copy_from(CfxCurve *to, const CfxCurve *from, gint64 us);
/* The higher of @a and @b from @us on; @to may be one of them. */
void cfx_apply_higher(const CfxCurve *a, const CfxCurve *b, gint64 us, CfxCurve *to);
/* Whether two curves are the same from @us on, within @by_w. */
gboolean cfx_apply_same(const CfxCurve *a, const CfxCurve *b, gint64 us, double by_w);
/* Whether @a is nowhere above @b from @us on, within 1 W. */
gboolean cfx_apply_is_under(const CfxCurve *a, const CfxCurve *b, gint64 us);

/* slices: cfx-slice.c */
typedef struct {
    CfxEngineDevice *device;
    CfxCurve curve, fail_safe; /* what is sent; the slice takes it */
    gint64 flags;
} CfxSliceEntry;

/* Gives the entries (element-type CfxSliceEntry) to their adapters under one new version. */
void cfx_slice_send(CfxSite *site, GArray *entries);
