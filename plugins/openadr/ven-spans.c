/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the intervals of an event are. */
#include "ven-event.h"

/* an interval of the first pass; without random offsets the times by which the others follow */
typedef struct {
    gint64 start_us, end_us, offset_us;
} Place;

guint
oadr_event_n_random(const OadrEvent *self)
{
    guint n = self->has_period && self->period.random.is_given;

    for (guint i = 0; i < self->intervals->len; i++) {
        const OadrInterval *interval = &g_array_index(self->intervals, OadrInterval, i);

        n += interval->has_period && interval->period.random.is_given;
    }
    return n;
}

gint64
oadr_event_random_bound(const OadrEvent *self, guint wanted)
{
    guint n = 0;
    const OadrDuration *random = NULL;

    if (self->has_period && self->period.random.is_given && n++ == wanted)
        random = &self->period.random;
    for (guint i = 0; random == NULL && i < self->intervals->len; i++) {
        const OadrInterval *interval = &g_array_index(self->intervals, OadrInterval, i);

        if (interval->has_period && interval->period.random.is_given && n++ == wanted)
            random = &interval->period.random;
    }
    if (random == NULL || random->is_forever || random->length.months != 0)
        return 0; /* nobody shifts a start by months */
    return CLAMP(ABS(random->length.us), 0, CFX_DAY);
}

/* @start plus a duration; saturates. */
static gint64
end_of(gint64 start_us, const OadrDuration *duration)
{
    gint64 end_us;

    if (duration->is_forever)
        return OADR_FOREVER;
    end_us = cfx_duration_add(start_us, &duration->length, 1);
    return MAX(end_us, start_us); /* a negative duration has no meaning */
}

/* What "now" means: the same at every VEN and after every restart. */
static gint64
now_of(const OadrEvent *self, gint64 known_us)
{
    return self->modified_us != 0 ? MIN(self->modified_us, known_us) : known_us;
}

static void
place_intervals(const OadrEvent *self, gint64 known_us, const gint64 *offsets, Place *places)
{
    gint64 offset_us = 0, next_us = now_of(self, known_us);
    guint drawn = 0;

    if (self->has_period && self->period.has_start && !self->period.is_now)
        next_us = self->period.start_us;
    if (self->has_period && self->period.random.is_given && offsets != NULL)
        offset_us = offsets[drawn++];
    for (guint i = 0; i < self->intervals->len; i++) {
        const OadrInterval *interval = &g_array_index(self->intervals, OadrInterval, i);
        const OadrDuration *duration = &self->period.duration;

        if (interval->has_period && interval->period.has_start && !interval->period.is_now)
            next_us = interval->period.start_us;
        if (interval->has_period && interval->period.random.is_given && offsets != NULL)
            offset_us = offsets[drawn++];
        if (interval->has_period && interval->period.duration.is_given)
            duration = &interval->period.duration;
        places[i].start_us = next_us;
        places[i].end_us = duration->is_given ? end_of(next_us, duration) : next_us;
        places[i].offset_us = offset_us;
        next_us = places[i].end_us;
        if (next_us == OADR_FOREVER) {
            /* nothing follows an endless interval, unless it has a start of its own */
            next_us = CFX_TIME_LAST;
        }
    }
}

static gint
by_start(gconstpointer a, gconstpointer b)
{
    const OadrSpan *one = a, *other = b;

    if (one->start_us != other->start_us)
        return one->start_us < other->start_us ? -1 : 1;
    return one->interval < other->interval ? -1 : one->interval > other->interval;
}

static gint64
shifted(gint64 us, gint64 by_us)
{
    return us == OADR_FOREVER ? us : us + by_us;
}

/* Bounds of the first pass and of the event; FALSE: it has no interval in time. */
static gboolean
bounds(const OadrEvent *self,
       const Place *places,
       gint64 *ret_first_us,
       gint64 *ret_last_us,
       gint64 *ret_until_us)
{
    gint64 first_us = CFX_TIME_MAX, last_us = CFX_TIME_MIN;

    if (self->has_period && self->period.is_now && self->period.is_zero)
        return FALSE; /* one of the two ways to cancel */
    for (guint i = 0; i < self->intervals->len; i++) {
        if (places[i].end_us <= places[i].start_us)
            continue;
        first_us = MIN(first_us, places[i].start_us);
        last_us = MAX(last_us, places[i].end_us);
    }
    if (first_us == CFX_TIME_MAX)
        return FALSE;
    *ret_first_us = first_us;
    *ret_last_us = last_us;
    *ret_until_us = self->duration.is_given ? end_of(first_us, &self->duration) : last_us;
    return TRUE;
}

static void
add_pass(const OadrEvent *self,
         const Place *places,
         gint64 shift_us,
         gint64 cut_us,
         gint64 from_us,
         gint64 until_us,
         GArray *spans)
{
    for (guint i = 0; i < self->intervals->len && spans->len < OADR_SPANS_MAX; i++) {
        gint64 end_us = MIN(shifted(places[i].end_us, shift_us), cut_us);
        OadrSpan span = { places[i].start_us + shift_us + places[i].offset_us,
                          shifted(end_us, places[i].offset_us),
                          i };

        if (span.end_us > span.start_us && span.end_us > from_us && span.start_us < until_us)
            g_array_append_val(spans, span);
    }
}

/* Of two that overlap the later start wins. */
static void
cut_overlaps(GArray *spans)
{
    guint to = 0;

    g_array_sort(spans, by_start);
    for (guint i = 0; i < spans->len; i++) {
        OadrSpan *span = &g_array_index(spans, OadrSpan, i);

        if (i + 1 < spans->len)
            span->end_us = MIN(span->end_us, g_array_index(spans, OadrSpan, i + 1).start_us);
        if (span->end_us > span->start_us)
            g_array_index(spans, OadrSpan, to++) = *span;
    }
    g_array_set_size(spans, to);
}

GArray *
oadr_event_spans(
    const OadrEvent *self, gint64 known_us, const gint64 *offsets, gint64 from_us, gint64 until_us)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(OadrSpan));
    g_autofree Place *places = g_new0(Place, MAX(self->intervals->len, 1));
    gint64 first_us, last_us, cut_us, cycle_us, pass = 0;

    place_intervals(self, known_us, offsets, places);
    if (!bounds(self, places, &first_us, &last_us, &cut_us))
        return spans;
    if (last_us == OADR_FOREVER || cut_us <= last_us) {
        add_pass(self, places, 0, cut_us, from_us, until_us, spans);
        cut_overlaps(spans);
        return spans;
    }
    /* a longer duration: the list begins again; offsets move an interval by a day at the most */
    cycle_us = last_us - first_us;
    if (from_us - CFX_DAY > last_us)
        pass = (from_us - CFX_DAY - first_us) / cycle_us - 1;
    for (pass = MAX(pass, 0); spans->len < OADR_SPANS_MAX; pass++) {
        gint64 shift_us = pass * cycle_us;

        if (first_us + shift_us >= cut_us || first_us + shift_us - CFX_DAY >= until_us)
            break;
        if (pass > 0 && cycle_us < CFX_SECOND)
            break; /* no signal changes by the microsecond */
        add_pass(self, places, shift_us, cut_us, from_us, until_us, spans);
    }
    cut_overlaps(spans);
    return spans;
}

gint64
oadr_event_end(const OadrEvent *self, gint64 known_us, const gint64 *offsets)
{
    g_autofree Place *places = g_new0(Place, MAX(self->intervals->len, 1));
    gint64 first_us, last_us, cut_us, most_us = 0;

    place_intervals(self, known_us, offsets, places);
    if (!bounds(self, places, &first_us, &last_us, &cut_us))
        return CFX_TIME_MIN;
    for (guint i = 0; i < self->intervals->len; i++)
        most_us = MAX(most_us, places[i].offset_us);
    return shifted(cut_us, most_us);
}
