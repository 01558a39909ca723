/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is believed of one sensor, in memory: for each event and source the newest belief. The plan
 * reads from here, so that no storage waits in its chain.
 */
#pragma once

#include <cariflex/cfx-types.h>

G_BEGIN_DECLS

typedef struct {
    gint64 start_us, source, belief_us;
    double value; /* NAN: withdrawn */
} CfxTimelineItem;

typedef struct {
    gint64 sensor, resolution_us;
    guint32 types; /* CFX_SOURCE_… that count here */
    double scale;  /* what is added is multiplied by it */
    GArray *items; /* (element-type CfxTimelineItem) by start, source */
    gboolean is_dirty;
} CfxTimeline;

CfxTimeline *cfx_timeline_new(gint64 sensor, gint64 resolution_us, guint32 types, double scale);
void cfx_timeline_free(CfxTimeline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxTimeline, cfx_timeline_free)

void
cfx_timeline_add(CfxTimeline *self, gint64 start_us, gint64 source, gint64 belief_us, double value);
/* Forgets events that were over before, and of an instantaneous sensor what no longer held. */
void cfx_timeline_trim(CfxTimeline *self, gint64 before_us);

/* The newest belief of the event that holds @us, withdrawn ones left out; of an instantaneous
 * sensor the last value at or before. NAN: nothing is known. */
double cfx_timeline_best(CfxTimeline *self, gint64 us);
/* The lowest of all events that hold @us, of any source: they may overlap. NAN: nothing is known.
 */
double cfx_timeline_lowest(CfxTimeline *self, gint64 us);
double cfx_timeline_highest(CfxTimeline *self, gint64 us);
/* The next instant after @us at which an event begins or ends; CFX_TIME_MAX: none. */
gint64 cfx_timeline_next(CfxTimeline *self, gint64 us);

/* Items in order, for who walks them. */
const CfxTimelineItem *cfx_timeline_items(CfxTimeline *self, gsize *ret_n);

/*
 * Value of a rising register at @us, interpolated between the readings around it; NAN where they
 * are further apart than @reach_us.
 */
double cfx_timeline_register(CfxTimeline *self, gint64 us, gint64 reach_us);

G_END_DECLS
