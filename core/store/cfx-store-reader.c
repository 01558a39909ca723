/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads: asked at home, done on a reader's thread, answered at home.
 */
#include "cfx-grid.h"
#include "cfx-store-private.h"

#include <math.h>
#include <string.h>

#include <cfx-unit.h>

#define MOST_STEPS 1000000

typedef enum { READ_BELIEFS, READ_SERIES, READ_RECORDS, READ_NOTICES, READ_BACKUP } Kind;

typedef struct {
    Op op; /* first */
    Kind kind;
    CfxStore *store;
    CfxInstance *instance;
    GCancellable *cancellable;
    CfxChunks memory;      /* query and result */
    const CfxModel *model; /* (nullable) of the moment of the question */
    GError *error;
    gpointer data;
    CfxBeliefQuery beliefs_query;
    CfxSeriesQuery series_query;
    CfxRecordQuery records_query;
    CfxNoticeQuery notices_query;
    double unit_scale, unit_offset; /* from the stored value to what is asked */
    char *path;
    union {
        CfxBeliefsDone beliefs;
        CfxSeriesDone series;
        CfxRecordsDone records;
        CfxNoticesDone notices;
        CfxDone backup;
        gpointer any;
    } done;
    GArray *rows;     /* (element-type BeliefRow) */
    GPtrArray *found; /* (element-type CfxRecord or CfxNotice) in memory */
    guint64 total;
    CfxSeries series;
} Request;

/* --- answering ----------------------------------------------------------------------------- */

static void
request_free(Request *self)
{
    g_object_unref(self->cancellable);
    cfx_chunks_clear(&self->memory);
    cfx_store_model_unref(self->model);
    g_clear_error(&self->error);
    g_clear_pointer(&self->rows, g_array_unref);
    g_clear_pointer(&self->found, g_ptr_array_unref);
    g_clear_pointer(&self->series.owner, g_bytes_unref);
    g_free(self->path);
    g_free(self);
}

static void
answer_beliefs(Request *self)
{
    CfxBeliefs beliefs;

    cfx_belief_rows_view((const BeliefRow *)(gpointer)self->rows->data, self->rows->len, &beliefs);
    if ((self->beliefs_query.flags & CFX_QUERY_RAW) != 0)
        beliefs.flags = CFX_BELIEFS_RAW;
    beliefs.owner = g_bytes_new_with_free_func(self->rows->data,
                                               self->rows->len * sizeof(BeliefRow),
                                               (GDestroyNotify)g_array_unref,
                                               g_array_ref(self->rows));
    self->done.beliefs(self->data, &beliefs, NULL);
    g_bytes_unref(beliefs.owner);
}

static void
call_done(Request *self, const GError *error)
{
    if (self->kind == READ_BACKUP) {
        self->done.backup(self->data, error);
    } else if (error != NULL) {
        /* the same shape for all four: no result */
        self->done.records(self->data, NULL, error);
    } else if (self->kind == READ_BELIEFS) {
        answer_beliefs(self);
    } else if (self->kind == READ_SERIES) {
        self->done.series(self->data, &self->series, NULL);
    } else if (self->kind == READ_RECORDS) {
        const CfxRecords records = { sizeof(records),
                                     0,
                                     (const CfxRecord *const *)self->found->pdata,
                                     self->found->len,
                                     (self->records_query.flags & CFX_QUERY_TOTAL) != 0
                                         ? self->total
                                         : self->found->len };
        self->done.records(self->data, &records, NULL);
    } else {
        const CfxNotices notices = {
            sizeof(notices), 0, (const CfxNotice *const *)self->found->pdata, self->found->len
        };
        self->done.notices(self->data, &notices, NULL);
    }
}

static void
request_cancel(Op *op, const GError *error)
{
    Request *self = (Request *)op;
    gpointer done = self->done.any;

    g_cancellable_cancel(self->cancellable);
    self->done.any = NULL;
    if (done == NULL)
        return;
    if (self->kind == READ_BACKUP)
        ((CfxDone)done)(self->data, error);
    else
        ((CfxRecordsDone)done)(self->data, NULL, error);
}

static void
request_deliver(gpointer data)
{
    Request *self = data;
    StoreClient *client = self->op.client;

    if (client != NULL)
        cfx_store_op_remove(&self->op);
    if (self->done.any != NULL && cfx_instance_is_alive(self->instance, self->op.generation)) {
        gint64 entered = cfx_instance_enter(self->instance);
        call_done(self, self->error);
        cfx_instance_leave(self->instance, entered, "completion of a read");
    }
    request_free(self);
}

/* --- reading ------------------------------------------------------------------------------- */

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
        *to = *from;
        to->struct_size = sizeof(*to);
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
        CfxNotice *to = cfx_chunks_copy(&self->memory, notices[i], sizeof(*to));
        to->struct_size = sizeof(*to);
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
        cfx_loop_post(request->instance->home, request_deliver, request);
    }
    return NULL;
}

/* --- asking -------------------------------------------------------------------------------- */

static Request *
request_new(const CfxHost *host, Kind kind, gpointer data)
{
    CfxStore *store = cfx_store_default();
    StoreClient *client = cfx_store_client(store, host);
    Request *self = g_new0(Request, 1);

    self->kind = kind;
    self->store = store;
    self->instance = client->instance;
    self->cancellable = g_cancellable_new();
    self->data = data;
    self->rows = g_array_new(FALSE, FALSE, sizeof(BeliefRow));
    self->found = g_ptr_array_new();
    self->model = cfx_store_model_ref(store);
    self->op.link.data = self;
    self->op.cancel = request_cancel;
    cfx_chunks_init(&self->memory, NULL);
    cfx_store_op_add(client, &self->op);
    return self;
}

static void
request_fail(Request *self, CfxError code, const char *what)
{
    if (self->error == NULL)
        self->error = g_error_new_literal(CFX_ERROR, code, what);
}

static void
request_send(Request *self)
{
    CfxStore *store = self->store;

    /* once it is in the queue, it belongs to a reader until it comes back */
    g_mutex_lock(&store->lock);
    gboolean is_sent = store->is_open && self->error == NULL;
    if (is_sent) {
        g_queue_push_tail(&store->requests, self);
        g_cond_signal(&store->readers_wake);
    }
    g_mutex_unlock(&store->lock);
    if (is_sent)
        return;
    request_fail(self, CFX_ERROR_UNAVAILABLE, "the store is not open: it starts or stops");
    cfx_loop_post(self->instance->home, request_deliver, self);
}

void
cfx_store_read_beliefs(const CfxHost *host,
                       const CfxBeliefQuery *query,
                       CfxBeliefsDone done,
                       gpointer data)
{
    Request *self = request_new(host, READ_BELIEFS, data);
    CfxBeliefQuery *mine = &self->beliefs_query;

    self->done.beliefs = done;
    if (query->struct_size < sizeof(*query)) {
        request_fail(self, CFX_ERROR_INVALID, "struct_size: too small");
    } else {
        *mine = *query;
        mine->sensors = cfx_chunks_copy(
            &self->memory, query->sensors, query->n_sensors * sizeof(*query->sensors));
        if (query->sources != NULL)
            mine->sources = cfx_chunks_copy(
                &self->memory, query->sources, query->n_sources * sizeof(*query->sources));
    }
    request_send(self);
}

/* Finds out how stored values become the unit that is asked. */
static void
prepare_series(Request *self)
{
    CfxSeriesQuery *query = &self->series_query;
    const CfxSensor *sensor =
        self->model != NULL ? cfx_model_sensor(self->model, query->sensor) : NULL;
    gboolean raw = (query->flags & CFX_QUERY_RAW) != 0;
    double scale = 1;

    if (sensor == NULL) {
        self->error = g_error_new(CFX_ERROR,
                                  CFX_ERROR_NOT_FOUND,
                                  "sensor: there is no sensor %" G_GINT64_FORMAT,
                                  query->sensor);
        return;
    }
    const char *unit = raw ? sensor->unit : cfx_sensor_scale(sensor, &scale);
    self->unit_scale = scale;
    if (query->unit != NULL) {
        double more;
        if (!cfx_sensor_convert(
                sensor, raw, query->unit, &more, &self->unit_offset, &self->error)) {
            g_prefix_error(&self->error, "unit: ");
            return;
        }
        self->unit_scale *= more;
        unit = query->unit;
    }
    self->series = (CfxSeries){
        .struct_size = sizeof(CfxSeries),
        .flags = query->flags & CFX_QUERY_RAW,
        .sensor = query->sensor,
        .start_us = query->start_us,
        .step_us = query->step_us,
        .n = query->n,
        .unit = cfx_chunks_string(&self->memory, unit),
    };
}

static gboolean
grid_fits(const CfxSeriesQuery *query)
{
    gint64 length, end;

    return !__builtin_mul_overflow((gint64)query->n, query->step_us, &length) &&
           !__builtin_add_overflow(query->start_us, length, &end);
}

void
cfx_store_read_series(const CfxHost *host,
                      const CfxSeriesQuery *query,
                      CfxSeriesDone done,
                      gpointer data)
{
    Request *self = request_new(host, READ_SERIES, data);

    self->done.series = done;
    if (query->struct_size < sizeof(*query)) {
        request_fail(self, CFX_ERROR_INVALID, "struct_size: too small");
    } else if ((query->flags & ~CFX_QUERY_RAW) != 0) {
        request_fail(self, CFX_ERROR_INVALID, "flags: unknown bit");
    } else if (query->how > CFX_SERIES_MAX) {
        request_fail(self, CFX_ERROR_INVALID, "how: not MEAN, LAST, MIN or MAX");
    } else if (query->step_us <= 0) {
        request_fail(self, CFX_ERROR_INVALID, "step_us: not above 0");
    } else if (query->n > MOST_STEPS) {
        request_fail(self, CFX_ERROR_INVALID, "n: above 1000000");
    } else if (!grid_fits(query)) {
        request_fail(self, CFX_ERROR_INVALID, "n: the grid is longer than time");
    } else {
        self->series_query = *query;
        self->series_query.unit = NULL;
        if (query->unit != NULL)
            self->series_query.unit = cfx_chunks_string(&self->memory, query->unit);
        prepare_series(self);
    }
    request_send(self);
}

static const char *const *
copy_texts(Request *self, const char *const *texts, gsize n)
{
    const char **to = cfx_chunks_alloc(&self->memory, n * sizeof(*to));

    for (gsize i = 0; i < n; i++)
        to[i] = cfx_chunks_string(&self->memory, texts[i]);
    return to;
}

static const CfxTerm *const *
copy_terms(Request *self, const CfxTerm *const *terms, gsize n)
{
    const CfxTerm **to = cfx_chunks_alloc(&self->memory, n * sizeof(*to));

    for (gsize i = 0; i < n; i++) {
        CfxTerm *term = cfx_chunks_copy(&self->memory, terms[i], sizeof(*term));
        term->name = cfx_chunks_string(&self->memory, term->name);
        if (term->texts != NULL)
            term->texts = copy_texts(self, term->texts, term->n_texts);
        to[i] = term;
    }
    return to;
}

void
cfx_store_read_records(const CfxHost *host,
                       const CfxRecordQuery *query,
                       CfxRecordsDone done,
                       gpointer data)
{
    Request *self = request_new(host, READ_RECORDS, data);
    CfxRecordQuery *mine = &self->records_query;

    self->done.records = done;
    if (query->struct_size < sizeof(*query)) {
        request_fail(self, CFX_ERROR_INVALID, "struct_size: too small");
    } else {
        *mine = *query;
        mine->collection = cfx_chunks_string(&self->memory, query->collection);
        mine->keys = copy_texts(self, query->keys, query->n_keys);
        mine->terms = copy_terms(self, query->terms, query->n_terms);
        mine->order = cfx_chunks_string(&self->memory, query->order);
        mine->after = cfx_chunks_string(&self->memory, query->after);
    }
    request_send(self);
}

void
cfx_store_read_notices(const CfxHost *host,
                       const CfxNoticeQuery *query,
                       CfxNoticesDone done,
                       gpointer data)
{
    Request *self = request_new(host, READ_NOTICES, data);

    self->done.notices = done;
    if (query->struct_size < sizeof(*query)) {
        request_fail(self, CFX_ERROR_INVALID, "struct_size: too small");
    } else {
        self->notices_query = *query;
        self->notices_query.topic = cfx_chunks_string(&self->memory, query->topic);
    }
    request_send(self);
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

/* --- backup -------------------------------------------------------------------------------- */

void
cfx_store_backup(
    CfxStore *store, const CfxHost *host, const char *path, CfxDone done, gpointer data)
{
    Request *self = request_new(host, READ_BACKUP, data);

    self->done.backup = done;
    self->path = g_strdup(path);
    if (!CFX_HAS(&store->storage->storage, backup))
        request_fail(self, CFX_ERROR_NOT_SUPPORTED, "this storage makes no backups");
    request_send(self);
}
