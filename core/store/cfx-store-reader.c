/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The readers' threads.
 */
#include "cfx-grid.h"
#include "cfx-store-request.h"

/* --- what is found -------------------------------------------------------------------------------
 */

static gboolean
take_beliefs(gpointer data, const CfxBeliefs *const *beliefs, gsize n)
{
    Request *self = data;
    gboolean raw = (self->beliefs_query.flags & CFX_QUERY_RAW) != 0;
    gint64 last = 0;
    double scale = 1;
    gboolean is_first = TRUE;
    BeliefRow row;

    for (gsize b = 0; b < n; b++) {
        for (gsize i = 0; i < beliefs[b]->n; i++) {
            cfx_belief_row_get(beliefs[b], i, &row);
            if (!raw && (is_first || row.sensor != last))
                scale = cfx_store_scale(self->model, row.sensor);
            is_first = FALSE;
            last = row.sensor;
            row.value *= scale;
            g_array_append_val(self->rows, row);
        }
    }
    return !g_cancellable_is_cancelled(self->cancellable);
}

static gboolean
take_records(gpointer data, const CfxRecord *const *records, gsize n)
{
    Request *self = data;

    for (gsize i = 0; i < n; i++) {
        const CfxRecord *from = records[i];
        if (!cfx_store_may_read(self->instance, from))
            continue;
        CfxRecord *to = cfx_chunks_alloc(&self->memory, sizeof(*to));
        CfxKey *keys = cfx_chunks_alloc(&self->memory, from->n_keys * sizeof(*keys));
        cfx_struct_copy(to, sizeof(*to), from);
        to->collection = cfx_chunks_string(&self->memory, from->collection);
        to->key = cfx_chunks_string(&self->memory, from->key);
        to->doc = cfx_chunks_text(&self->memory, from->doc, from->doc_size);
        to->keys = keys;
        for (gsize k = 0; k < from->n_keys; k++) {
            keys[k].name = cfx_chunks_string(&self->memory, from->keys[k].name);
            keys[k].text = cfx_chunks_string(&self->memory, from->keys[k].text);
            keys[k].number = from->keys[k].number;
        }
        g_ptr_array_add(self->found, to);
    }
    return !g_cancellable_is_cancelled(self->cancellable);
}

static gboolean
take_notices(gpointer data, const CfxNotice *const *notices, gsize n)
{
    Request *self = data;

    for (gsize i = 0; i < n; i++) {
        CfxNotice *to = cfx_chunks_alloc(&self->memory, sizeof(*to));
        cfx_struct_copy(to, sizeof(*to), notices[i]);
        to->topic = cfx_chunks_string(&self->memory, notices[i]->topic);
        to->doc = cfx_chunks_text(&self->memory, notices[i]->doc, notices[i]->doc_size);
        g_ptr_array_add(self->found, to);
    }
    return !g_cancellable_is_cancelled(self->cancellable);
}

static void
take_total(gpointer data, guint64 total)
{
    ((Request *)data)->total = total;
}

/* The newest event at or before an instant: looks back in growing steps. */
static gboolean
read_before(Request *self,
            gpointer reader,
            const CfxSink *sink,
            const CfxBeliefQuery *query,
            GError **error)
{
    static const gint64 steps[] = { CFX_HOUR, CFX_DAY, 31 * CFX_DAY, CFX_TIME_MAX };
    CfxBeliefQuery back = *query;

    for (gsize i = 0; i < G_N_ELEMENTS(steps) && self->rows->len == 0; i++) {
        back.end_us = query->start_us;
        if (__builtin_sub_overflow(query->start_us, steps[i], &back.start_us) ||
            steps[i] == CFX_TIME_MAX)
            back.start_us = CFX_TIME_MIN;
        if (!self->store->storage->storage.read_beliefs(reader, &back, sink, error))
            return FALSE;
    }
    /* only the last one counts */
    if (self->rows->len > 1)
        g_array_remove_range(self->rows, 0, self->rows->len - 1);
    return TRUE;
}

static void
make_series(Request *self, const CfxGridHow *how)
{
    guint n = self->rows->len;
    g_autofree gint64 *starts = g_new(gint64, n);
    g_autofree double *values = g_new(double, n);
    double *grid = g_new(double, how->n);

    for (guint i = 0; i < n; i++) {
        const BeliefRow *row = &g_array_index(self->rows, BeliefRow, i);
        starts[i] = row->start;
        values[i] = row->value * self->unit_scale + self->unit_offset;
    }
    cfx_grid_resample(how, starts, values, n, grid);
    self->series.value = (CfxReals){ grid, 1 };
    self->series.owner = g_bytes_new_take(grid, how->n * sizeof(*grid));
}

static gboolean
read_series(Request *self, gpointer reader, const CfxSink *sink, GError **error)
{
    const CfxSeriesQuery *asked = &self->series_query;
    const CfxSensor *sensor = cfx_model_sensor(self->model, asked->sensor);
    CfxGridHow how = {
        asked->how, asked->start_us, asked->step_us, asked->n, sensor->resolution_us
    };
    CfxBeliefQuery query = {
        .struct_size = sizeof(query),
        .flags = CFX_QUERY_RAW,
        .mode = CFX_BELIEFS_BEST,
        .source_types = asked->source_types,
        .sensors = &asked->sensor,
        .n_sensors = 1,
        .known_until_us = asked->known_until_us,
        .horizon_us = CFX_TIME_MIN,
    };

    self->beliefs_query = query;
    cfx_grid_window(&how, &query.start_us, &query.end_us);
    if (asked->how == CFX_SERIES_LAST && !read_before(self, reader, sink, &query, error))
        return FALSE;
    if (!self->store->storage->storage.read_beliefs(reader, &query, sink, error))
        return FALSE;
    make_series(self, &how);
    return TRUE;
}

static gboolean
read_one(Request *self, gpointer reader, GError **error)
{
    const CfxStorageOps *ops = &self->store->storage->storage;
    const CfxSink sink = {
        .struct_size = sizeof(sink),
        .cancellable = self->cancellable,
        .data = self,
        .beliefs = take_beliefs,
        .records = take_records,
        .notices = take_notices,
        .total = take_total,
    };

    switch (self->kind) {
    case READ_BELIEFS:
        return ops->read_beliefs(reader, &self->beliefs_query, &sink, error);
    case READ_SERIES:
        return read_series(self, reader, &sink, error);
    case READ_RECORDS:
        return ops->read_records(reader, &self->records_query, &sink, error);
    case READ_NOTICES:
        return ops->read_notices(reader, &self->notices_query, &sink, error);
    case READ_BACKUP:
    default:
        return ops->backup(reader, self->path, self->cancellable, error);
    }
}

static Request *
next_request(CfxStore *self)
{
    g_mutex_lock(&self->lock);
    while (self->requests.length == 0 && !self->readers_end)
        g_cond_wait(&self->readers_wake, &self->lock);
    Request *request = g_queue_pop_head(&self->requests);
    self->status.reads += request != NULL;
    g_mutex_unlock(&self->lock);
    return request;
}

gpointer
cfx_store_reader(gpointer data)
{
    g_autofree ReaderThread *self = data;
    Request *request;

    while ((request = next_request(self->store)) != NULL) {
        if (g_cancellable_is_cancelled(request->cancellable))
            request->error = g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "cancelled");
        else
            read_one(request, self->reader, &request->error);
        cfx_loop_post(request->instance->home, cfx_request_deliver, request);
    }
    return NULL;
}

/* --- at the start -------------------------------------------------------------------------- */

typedef struct {
    CfxLatest *latest;
    gint64 now_us;
} Loading;

static gboolean
load_beliefs(gpointer data, const CfxBeliefs *const *beliefs, gsize n)
{
    Loading *loading = data;

    cfx_latest_add(loading->latest, beliefs, n, loading->now_us);
    return TRUE;
}

gboolean
cfx_store_load_latest(CfxStore *self, gpointer reader, GError **error)
{
    Loading loading = { self->latest, cfx_clock_now(self->clock, CFX_CLOCK_SITE) };
    const CfxSink sink = { .struct_size = sizeof(sink), .data = &loading, .beliefs = load_beliefs };
    const CfxBeliefQuery coming = {
        .struct_size = sizeof(coming),
        .flags = CFX_QUERY_RAW | CFX_QUERY_KEEP_NO_VALUE,
        .mode = CFX_BELIEFS_NEWEST,
        .start_us = loading.now_us + 1,
        .end_us = CFX_TIME_MAX,
        .horizon_us = CFX_TIME_MIN,
    };

    return self->storage->storage.read_latest(reader, loading.now_us, &sink, error) &&
           self->storage->storage.read_beliefs(reader, &coming, &sink, error);
}
