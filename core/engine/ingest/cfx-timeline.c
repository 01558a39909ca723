/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-timeline.h"

#include <math.h>

CfxTimeline *
cfx_timeline_new(gint64 sensor, gint64 resolution_us, guint32 types, double scale)
{
    CfxTimeline *self = g_new0(CfxTimeline, 1);

    self->sensor = sensor;
    self->resolution_us = resolution_us;
    self->types = types;
    self->scale = scale;
    self->items = g_array_new(FALSE, FALSE, sizeof(CfxTimelineItem));
    return self;
}

void
cfx_timeline_free(CfxTimeline *self)
{
    g_array_free(self->items, TRUE);
    g_free(self);
}

static int
item_compare(gconstpointer a, gconstpointer b)
{
    const CfxTimelineItem *x = a, *y = b;

    if (x->start_us != y->start_us)
        return x->start_us < y->start_us ? -1 : 1;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return x->belief_us < y->belief_us ? -1 : x->belief_us > y->belief_us;
}

/* sorts what was appended; of one event and source the newest belief stays, the later added of
 * equals */
static void
settle(CfxTimeline *self)
{
    if (!self->is_dirty)
        return;
    self->is_dirty = FALSE;
    g_array_sort(self->items, item_compare); /* a merge sort: stable */

    CfxTimelineItem *items = (CfxTimelineItem *)(gpointer)self->items->data;
    guint n = 0;
    for (guint i = 0; i < self->items->len; i++) {
        if (n > 0 && items[n - 1].start_us == items[i].start_us &&
            items[n - 1].source == items[i].source)
            n--;
        items[n++] = items[i];
    }
    g_array_set_size(self->items, n);
}

void
cfx_timeline_add(CfxTimeline *self, gint64 start_us, gint64 source, gint64 belief_us, double value)
{
    CfxTimelineItem item = { start_us, source, belief_us, value * self->scale };

    if (self->items->len > 0 && !self->is_dirty) {
        const CfxTimelineItem *last =
            &g_array_index(self->items, CfxTimelineItem, self->items->len - 1);
        self->is_dirty = start_us <= last->start_us;
    }
    g_array_append_val(self->items, item);
}

/* index of the first item that begins at @us or later */
static guint
first_from(CfxTimeline *self, gint64 us)
{
    guint low = 0, high = self->items->len;

    while (low < high) {
        guint middle = (low + high) / 2;
        if (g_array_index(self->items, CfxTimelineItem, middle).start_us < us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const CfxTimelineItem *
cfx_timeline_items(CfxTimeline *self, gsize *ret_n)
{
    settle(self);
    *ret_n = self->items->len;
    return (const CfxTimelineItem *)(gconstpointer)self->items->data;
}

/* items of the event that holds @us: [first, end) */
static void
event_at(CfxTimeline *self, gint64 us, guint *ret_first, guint *ret_end)
{
    settle(self);
    *ret_end = us == CFX_TIME_MAX ? self->items->len : first_from(self, us + 1);
    *ret_first = *ret_end;
    if (*ret_end == 0)
        return;

    gint64 start_us = g_array_index(self->items, CfxTimelineItem, *ret_end - 1).start_us;
    if (self->resolution_us > 0 && start_us + self->resolution_us <= us)
        return;
    *ret_first = first_from(self, start_us);
}

/* items of all events that hold @us: sources need not begin theirs at the same instants */
static void
events_at(CfxTimeline *self, gint64 us, guint *ret_first, guint *ret_end)
{
    event_at(self, us, ret_first, ret_end);
    if (*ret_first < *ret_end && self->resolution_us > 0)
        *ret_first = first_from(self, us - self->resolution_us + 1);
}

void
cfx_timeline_trim(CfxTimeline *self, gint64 before_us)
{
    guint n, end;

    events_at(self, before_us, &n, &end);
    /* seldom, a good part at a time */
    if (n > 64)
        g_array_remove_range(self->items, 0, n);
}

double
cfx_timeline_best(CfxTimeline *self, gint64 us)
{
    guint first, end;
    event_at(self, us, &first, &end);

    double best = NAN;
    gint64 belief_us = CFX_TIME_MIN;
    for (guint i = first; i < end; i++) {
        const CfxTimelineItem *item = &g_array_index(self->items, CfxTimelineItem, i);
        if (isnan(item->value) || item->belief_us < belief_us)
            continue;
        best = item->value;
        belief_us = item->belief_us;
    }
    return best;
}

double
cfx_timeline_lowest(CfxTimeline *self, gint64 us)
{
    guint first, end;
    events_at(self, us, &first, &end);

    double lowest = NAN;
    for (guint i = first; i < end; i++)
        lowest = fmin(lowest, g_array_index(self->items, CfxTimelineItem, i).value);
    return lowest;
}

double
cfx_timeline_highest(CfxTimeline *self, gint64 us)
{
    guint first, end;
    events_at(self, us, &first, &end);

    double highest = NAN;
    for (guint i = first; i < end; i++)
        highest = fmax(highest, g_array_index(self->items, CfxTimelineItem, i).value);
    return highest;
}

gint64
cfx_timeline_next(CfxTimeline *self, gint64 us)
{
    settle(self);

    guint first, i;
    events_at(self, us, &first, &i);
    gint64 next = i < self->items->len ? g_array_index(self->items, CfxTimelineItem, i).start_us
                                       : CFX_TIME_MAX;
    if (first < i && self->resolution_us > 0) /* the first that began is the first that ends */
        next =
            MIN(next,
                g_array_index(self->items, CfxTimelineItem, first).start_us + self->resolution_us);
    return next;
}

double
cfx_timeline_register(CfxTimeline *self, gint64 us, gint64 reach_us)
{
    settle(self);

    guint end = first_from(self, us);
    const CfxTimelineItem *after = NULL, *before = NULL;
    for (guint i = end; i < self->items->len && after == NULL; i++) {
        const CfxTimelineItem *item = &g_array_index(self->items, CfxTimelineItem, i);
        after = isfinite(item->value) ? item : NULL;
    }
    if (after != NULL && after->start_us == us)
        return after->value;
    for (guint i = end; i > 0 && before == NULL; i--) {
        const CfxTimelineItem *item = &g_array_index(self->items, CfxTimelineItem, i - 1);
        before = isfinite(item->value) ? item : NULL;
    }
    if (after == NULL || before == NULL || after->start_us - before->start_us > reach_us)
        return NAN;

    double share = (double)(us - before->start_us) / (double)(after->start_us - before->start_us);
    return before->value + share * (after->value - before->value);
}
