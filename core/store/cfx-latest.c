/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-latest.h"

#include <math.h>
#include <string.h>

/* so many begun events stay, for the case that the newest ones are withdrawn */
#define BEGUN_KEPT 4
/* what has passed is dropped when so many have come in since the last time */
#define SLACK 64

typedef struct {
    gint64 start, source, belief;
    double distance; /* of the probability from the median */
    double value;
} Event;

typedef struct {
    gint64 id;
    GArray *events;   /* (element-type Event) ordered by start and source */
    guint trimmed_at; /* length after the last trimming */
    gint64 floor;     /* events before it have been dropped */
} Sensor;

struct _CfxLatest {
    GRWLock lock;
    GHashTable *sensors; /* id → Sensor */
};

static void
sensor_free(gpointer data)
{
    Sensor *sensor = data;

    g_array_unref(sensor->events);
    g_free(sensor);
}

CfxLatest *
cfx_latest_new(void)
{
    CfxLatest *self = g_new0(CfxLatest, 1);

    g_rw_lock_init(&self->lock);
    self->sensors = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, sensor_free);
    return self;
}

void
cfx_latest_free(CfxLatest *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->sensors);
    g_rw_lock_clear(&self->lock);
    g_free(self);
}

static Sensor *
sensor_of(CfxLatest *self, gint64 id)
{
    Sensor *sensor = g_hash_table_lookup(self->sensors, &id);

    if (sensor == NULL) {
        sensor = g_new0(Sensor, 1);
        sensor->id = id;
        sensor->floor = CFX_TIME_MIN;
        sensor->events = g_array_new(FALSE, FALSE, sizeof(Event));
        g_hash_table_insert(self->sensors, &sensor->id, sensor);
    }
    return sensor;
}

/* Index of the first event at or after (start, source). */
static guint
lower_bound(const Sensor *sensor, gint64 start, gint64 source)
{
    guint low = 0, high = sensor->events->len;

    while (low < high) {
        guint middle = (low + high) / 2;
        const Event *event = &g_array_index(sensor->events, Event, middle);
        if (event->start < start || (event->start == start && event->source < source))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Drops what is older than the last few events that have begun. */
static void
trim(Sensor *sensor, gint64 now_us)
{
    guint at =
        now_us < CFX_TIME_MAX ? lower_bound(sensor, now_us + 1, G_MININT64) : sensor->events->len;

    for (guint kept = 0; kept < BEGUN_KEPT && at > 0; kept++)
        at = lower_bound(sensor, g_array_index(sensor->events, Event, at - 1).start, G_MININT64);
    if (at > 0) {
        sensor->floor = g_array_index(sensor->events, Event, at).start;
        g_array_remove_range(sensor->events, 0, at);
    }
    sensor->trimmed_at = sensor->events->len;
}

static gboolean
is_newer(const Event *a, const Event *b)
{
    return a->belief > b->belief || (a->belief == b->belief && a->distance <= b->distance);
}

static void
add_event(Sensor *sensor, const Event *event, gint64 now_us)
{
    guint at = lower_bound(sensor, event->start, event->source);
    Event *there = at < sensor->events->len ? &g_array_index(sensor->events, Event, at) : NULL;

    if (event->start < sensor->floor)
        return;
    if (there != NULL && there->start == event->start && there->source == event->source) {
        if (is_newer(event, there))
            *there = *event;
        return;
    }
    g_array_insert_vals(sensor->events, at, event, 1);
    if (sensor->events->len > sensor->trimmed_at + SLACK)
        trim(sensor, now_us);
}

void
cfx_latest_add(CfxLatest *self, const CfxBeliefs *const *beliefs, gsize n, gint64 now_us)
{
    Sensor *sensor = NULL;

    g_rw_lock_writer_lock(&self->lock);
    for (gsize b = 0; b < n; b++) {
        for (gsize i = 0; i < beliefs[b]->n; i++) {
            gint64 id = cfx_int_at(beliefs[b]->sensor, i);
            double probability =
                beliefs[b]->probability.at != NULL ? cfx_real_at(beliefs[b]->probability, i) : 0.5;
            Event event = {
                .start = cfx_int_at(beliefs[b]->start_us, i),
                .source = cfx_int_at(beliefs[b]->source, i),
                .belief = cfx_int_at(beliefs[b]->belief_us, i),
                .distance = fabs(probability - 0.5),
                .value = cfx_real_at(beliefs[b]->value, i),
            };
            if (sensor == NULL || sensor->id != id)
                sensor = sensor_of(self, id);
            add_event(sensor, &event, now_us);
        }
    }
    g_rw_lock_writer_unlock(&self->lock);
}

/* The best of those that begin together: the newest with a value; ties: the higher source. */
static const Event *
best_of(const Sensor *sensor, guint first, guint end)
{
    const Event *best = NULL;

    for (guint i = first; i < end; i++) {
        const Event *event = &g_array_index(sensor->events, Event, i);
        if (!isnan(event->value) && (best == NULL || event->belief >= best->belief))
            best = event;
    }
    return best;
}

static const Event *
newest_of(const Sensor *sensor, gint64 now_us)
{
    guint end =
        now_us < CFX_TIME_MAX ? lower_bound(sensor, now_us + 1, G_MININT64) : sensor->events->len;

    while (end > 0) {
        gint64 start = g_array_index(sensor->events, Event, end - 1).start;
        guint first = lower_bound(sensor, start, G_MININT64);
        const Event *best = best_of(sensor, first, end);
        if (best != NULL)
            return best;
        end = first;
    }
    return NULL;
}

void
cfx_latest_get(CfxLatest *self,
               const gint64 *sensors,
               gsize n,
               gint64 now_us,
               double *ret_value,
               gint64 *ret_start_us)
{
    g_rw_lock_reader_lock(&self->lock);
    for (gsize i = 0; i < n; i++) {
        const Sensor *sensor = g_hash_table_lookup(self->sensors, &sensors[i]);
        const Event *event = sensor != NULL ? newest_of(sensor, now_us) : NULL;
        if (ret_value != NULL)
            ret_value[i] = event != NULL ? event->value : (double)NAN;
        if (ret_start_us != NULL)
            ret_start_us[i] = event != NULL ? event->start : CFX_TIME_MIN;
    }
    g_rw_lock_reader_unlock(&self->lock);
}
