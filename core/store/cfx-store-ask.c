/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking and answering, at home.
 */
#include "cfx-store-request.h"

#include <cfx-unit.h>

#define MOST_STEPS 1000000
#define BELIEF_FLAGS (CFX_QUERY_RAW | CFX_QUERY_KEEP_NO_VALUE)
#define RECORD_FLAGS (CFX_QUERY_RAW | CFX_QUERY_DESCENDING | CFX_QUERY_TOTAL)

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

void
cfx_request_deliver(gpointer data)
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

/* --- asking -------------------------------------------------------------------------------- */

static Request *
request_new(const CfxHost *host, RequestKind kind, gpointer data)
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
    cfx_loop_post(self->instance->home, cfx_request_deliver, self);
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
    if (query->struct_size < CFX_SIZE_UPTO(CfxBeliefQuery, limit)) {
        request_fail(self, CFX_ERROR_INVALID, "struct_size: too small");
    } else if ((query->flags & ~BELIEF_FLAGS) != 0) {
        request_fail(self, CFX_ERROR_INVALID, "flags: unknown bit");
    } else if (query->mode < CFX_BELIEFS_NEWEST || query->mode > CFX_BELIEFS_ALL) {
        request_fail(self, CFX_ERROR_INVALID, "mode: not NEWEST, BEST or ALL");
    } else {
        cfx_struct_copy(mine, sizeof *mine, query);
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
    if (query->struct_size < CFX_SIZE_UPTO(CfxSeriesQuery, unit)) {
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
        cfx_struct_copy(&self->series_query, sizeof self->series_query, query);
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
    if (query->struct_size < CFX_SIZE_UPTO(CfxRecordQuery, limit)) {
        request_fail(self, CFX_ERROR_INVALID, "struct_size: too small");
    } else if ((query->flags & ~RECORD_FLAGS) != 0) {
        request_fail(self, CFX_ERROR_INVALID, "flags: unknown bit");
    } else {
        cfx_struct_copy(mine, sizeof *mine, query);
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
    if (query->struct_size < CFX_SIZE_UPTO(CfxNoticeQuery, limit)) {
        request_fail(self, CFX_ERROR_INVALID, "struct_size: too small");
    } else if ((query->flags & ~CFX_QUERY_DESCENDING) != 0) {
        request_fail(self, CFX_ERROR_INVALID, "flags: unknown bit");
    } else {
        cfx_struct_copy(&self->notices_query, sizeof self->notices_query, query);
        self->notices_query.topic = cfx_chunks_string(&self->memory, query->topic);
    }
    request_send(self);
}

/* --- backup -------------------------------------------------------------------------------- */

void
cfx_store_backup(CfxStore *store,
                 const CfxHost *host,
                 const char *path,
                 GCancellable *cancellable,
                 CfxDone done,
                 gpointer data)
{
    Request *self = request_new(host, READ_BACKUP, data);

    self->done.backup = done;
    self->path = g_strdup(path);
    if (cancellable != NULL)
        g_set_object(&self->cancellable, cancellable);
    if (!CFX_HAS(&store->storage->storage, backup))
        request_fail(self, CFX_ERROR_NOT_SUPPORTED, "this storage makes no backups");
    request_send(self);
}
