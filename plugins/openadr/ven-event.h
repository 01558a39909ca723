/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An event of OpenADR 3.1 as plain structs, and when its intervals are. Microseconds UTC. */
#pragma once

#include <cariflex/cfx-types.h>
#include <json-glib/json-glib.h>
#include <kit/cfx-time.h>

/* "P9999Y": its own value, never added to anything */
#define OADR_FOREVER G_MAXINT64
#define OADR_SPANS_MAX 20000

typedef struct {
    gboolean is_given; /* PT0S counts as not given */
    gboolean is_forever;
    CfxDuration length;
} OadrDuration;

typedef struct {
    gboolean has_start;
    gboolean is_now; /* one of the sentinels: "do it now", "right after the one before" */
    gint64 start_us;
    gboolean is_zero; /* a duration that says PT0S */
    OadrDuration duration;
    OadrDuration random; /* randomizeStart */
} OadrPeriod;

typedef struct {
    char *type;
    double *values; /* NAN where a value is no number */
    guint n;
} OadrPayload;

typedef struct {
    gint64 id;
    gboolean has_period;
    OadrPeriod period;
    GArray *payloads; /* OadrPayload */
} OadrInterval;

typedef struct {
    char *type, *units, *currency;
} OadrDescriptor;

typedef struct {
    char *id, *program, *name;      /* id and name nullable */
    gint64 priority;                /* OADR_FOREVER: none, the lowest */
    gint64 created_us, modified_us; /* 0: not told */
    OadrDuration duration;
    gboolean has_period;
    OadrPeriod period;
    GArray *intervals;   /* OadrInterval */
    GArray *descriptors; /* OadrDescriptor */
} OadrEvent;

/* one interval in time; the end of an endless one is OADR_FOREVER */
typedef struct {
    gint64 start_us, end_us;
    guint interval; /* index */
} OadrSpan;

/* Reads a start: a time (UTC without an offset) or a sentinel. */
gboolean oadr_start_parse(const char *text, gboolean *ret_is_now, gint64 *ret_us);
gboolean oadr_duration_parse(const char *text, OadrDuration *ret);

/* INVALID names the member. (transfer full) */
OadrEvent *oadr_event_parse(JsonObject *object, GError **error);
void oadr_event_free(OadrEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OadrEvent, oadr_event_free)

/* Payload descriptors of an event or a program; absent: empty. (transfer full) */
GArray *oadr_descriptors_parse(JsonObject *object, GError **error);
const OadrDescriptor *oadr_descriptor_find(const GArray *descriptors, const char *type);

/* How many random offsets the event wants, and the bound of each: -bound … bound. */
guint oadr_event_n_random(const OadrEvent *self);
gint64 oadr_event_random_bound(const OadrEvent *self, guint i);

/*
 * When its intervals are, in order, those that touch [from, until). Two that overlap: the later
 * start wins. A longer event.duration repeats them.
 * @known_us: when it was learned: what "now" means where the event does not say when it was changed
 * @offsets: random offsets, oadr_event_n_random() of them; NULL: none
 * Returns: (element-type OadrSpan) (transfer full); at most OADR_SPANS_MAX
 */
GArray *oadr_event_spans(
    const OadrEvent *self, gint64 known_us, const gint64 *offsets, gint64 from_us, gint64 until_us);
/* The end of its last interval; OADR_FOREVER: none. CFX_TIME_MIN: it has no interval in time. */
gint64 oadr_event_end(const OadrEvent *self, gint64 known_us, const gint64 *offsets);
