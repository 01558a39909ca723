/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-store-private.h"

#include <cfx-metric.h>

#define PRESSURE_BYTES ((guint64)16 << 20)
#define FULL_BYTES ((guint64)64 << 20)
#define READERS 2

static CfxStore *the_store;
static guint64 last_serial;

CfxStore *
cfx_store_default(void)
{
    return the_store;
}

/* --- home loops and instances -------------------------------------------------------------- */

static void
sensor_list_free(gpointer list)
{
    g_ptr_array_unref(list);
}

static StoreLoop *
loop_new(CfxStore *self, CfxLoop *loop)
{
    StoreLoop *home = g_new0(StoreLoop, 1);

    home->store = self;
    home->loop = loop;
    home->watches = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, cfx_watch_free);
    home->by_sensor = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, sensor_list_free);
    home->early = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, sensor_list_free);
    home->dirty = g_ptr_array_new();
    home->kept = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_group_unref);
    g_ptr_array_add(self->loops, home);
    return home;
}

static void
loop_free(gpointer data)
{
    StoreLoop *home = data;

    g_clear_pointer(&home->open, cfx_batch_unref);
    for (guint i = 0; i < home->dirty->len; i++)
        cfx_watch_free(g_ptr_array_index(home->dirty, i));
    g_ptr_array_unref(home->dirty);
    g_ptr_array_unref(home->kept);
    g_hash_table_unref(home->by_sensor);
    g_hash_table_unref(home->early);
    g_hash_table_unref(home->watches);
    g_free(home);
}

static StoreLoop *
loop_of(CfxStore *self, CfxLoop *loop)
{
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);

    for (guint i = 0; i < self->loops->len; i++) {
        StoreLoop *home = g_ptr_array_index(self->loops, i);
        if (home->loop == loop)
            return home;
    }
    return loop_new(self, loop);
}

static void
client_cancel(StoreClient *client, const char *why)
{
    g_autoptr(GError) error = g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, why);

    while (client->ops.length > 0) {
        Op *op = client->ops.head->data;
        cfx_store_op_remove(op);
        op->cancel(op, error);
    }
}

static void
client_free(gpointer data)
{
    StoreClient *client = data;

    while (client->ops.length > 0)
        cfx_store_op_remove(client->ops.head->data);
    g_ptr_array_unref(client->watches);
    g_free(client);
}

StoreClient *
cfx_store_client(CfxStore *self, const CfxHost *host)
{
    CfxInstance *instance = cfx_instance_of(host);
    StoreClient *client = cfx_instance_part(instance, "store");

    /* not the address: a store that is gone may have had the same */
    if (client != NULL && client->serial == self->serial)
        return client;
    client = g_new0(StoreClient, 1);
    client->serial = self->serial;
    client->instance = instance;
    client->home = loop_of(self, instance->home);
    client->watches = g_ptr_array_new();
    g_queue_init(&client->ops);
    cfx_instance_part_set(instance, "store", client, client_free);
    return client;
}

void
cfx_store_op_add(StoreClient *client, Op *op)
{
    op->client = client;
    op->generation = client->instance->generation;
    g_queue_push_tail_link(&client->ops, &op->link);
}

void
cfx_store_op_remove(Op *op)
{
    g_queue_unlink(&op->client->ops, &op->link);
    op->client = NULL;
}

/* [its home] after its stop() and before its destroy() */
static void
instance_stops(gpointer data, CfxInstance *instance)
{
    StoreClient *client = cfx_instance_part(instance, "store");

    if (client == NULL || client->serial != ((CfxStore *)data)->serial)
        return;
    client_cancel(client, "the instance has been stopped");
    cfx_store_unwatch_all(client);
}

/* --- the model ----------------------------------------------------------------------------- */

const CfxModel *
cfx_store_model_ref(CfxStore *self)
{
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);

    if (self->model != NULL && self->model->owner != NULL)
        g_bytes_ref(self->model->owner);
    return self->model;
}

void
cfx_store_model_unref(const CfxModel *model)
{
    if (model != NULL && model->owner != NULL)
        g_bytes_unref(model->owner);
}

static gboolean
is_new_source(const CfxModel *before, const CfxSource *source)
{
    const CfxSource *known = before != NULL ? cfx_model_source(before, source->id) : NULL;

    return known == NULL || known->type != source->type;
}

void
cfx_store_set_model(CfxStore *self, const CfxModel *model)
{
    if (model->owner != NULL)
        g_bytes_ref(model->owner);
    g_mutex_lock(&self->lock);
    const CfxModel *before = self->model;
    for (gsize i = 0; i < model->n_sources; i++) {
        if (!is_new_source(before, model->sources[i]))
            continue;
        const CfxSourceType type = { sizeof(type), model->sources[i]->type, model->sources[i]->id };
        g_array_append_val(self->sources, type);
    }
    self->model = model;
    g_cond_signal(&self->wake);
    g_mutex_unlock(&self->lock);
    cfx_store_model_unref(before);
}

/* --- life ---------------------------------------------------------------------------------- */

static CfxMetric *
counter(const char *name, const char *help)
{
    return cfx_metric_get(CFX_METRIC_COUNTER, name, help, NULL);
}

static void
make_metrics(CfxStore *self)
{
    self->metrics.beliefs = counter("cariflex_store_beliefs_total", "Beliefs written");
    self->metrics.commits = counter("cariflex_store_commits_total", "Commits that are done");
    self->metrics.refused = counter("cariflex_store_refused_total", "Commits that were refused");
    self->metrics.groups = counter("cariflex_store_groups_total", "Transactions");
    self->metrics.repeats = counter("cariflex_store_repeats_total", "Transactions tried again");
    self->metrics.queued = cfx_metric_get(
        CFX_METRIC_GAUGE, "cariflex_store_queued", "Commits that wait to be stored", NULL);
}

CfxStore *
cfx_store_new(CfxLoop *main_loop, CfxClock *clock, CfxInstance *storage)
{
    CfxStore *self = g_new0(CfxStore, 1);

    self->serial = ++last_serial;
    self->main_loop = main_loop;
    self->clock = clock;
    self->storage = storage;
    self->limits = (CfxStoreLimits){ PRESSURE_BYTES, FULL_BYTES, READERS };
    self->latest = cfx_latest_new();
    cfx_chunk_pool_init(&self->pool);
    g_mutex_init(&self->lock);
    g_cond_init(&self->wake);
    g_cond_init(&self->readers_wake);
    self->loops = g_ptr_array_new_with_free_func(loop_free);
    self->readers = g_ptr_array_new();
    self->sources = g_array_new(FALSE, FALSE, sizeof(CfxSourceType));
    g_queue_init(&self->queue);
    g_queue_init(&self->bulk);
    g_queue_init(&self->requests);
    loop_new(self, main_loop);
    make_metrics(self);
    cfx_instance_add_stop_hook(instance_stops, self);
    the_store = self;
    return self;
}

void
cfx_store_set_limits(CfxStore *self, const CfxStoreLimits *limits)
{
    self->limits.pressure_bytes =
        limits->pressure_bytes != 0 ? limits->pressure_bytes : PRESSURE_BYTES;
    self->limits.full_bytes = limits->full_bytes != 0 ? limits->full_bytes : FULL_BYTES;
    self->limits.readers = limits->readers != 0 ? limits->readers : READERS;
}

void
cfx_store_start(CfxStore *self, CfxDone done, gpointer data)
{
    self->started = done;
    self->started_data = data;
    self->is_stopping = self->readers_end = FALSE;
    self->writer = g_thread_new("cfx-writer", cfx_store_writer, self);
}

void
cfx_store_stop(CfxStore *self, CfxDone done, gpointer data)
{
    self->stopped = done;
    self->stopped_data = data;
    if (self->writer == NULL) {
        cfx_loop_post(self->main_loop, cfx_store_post_stopped, self);
        return;
    }
    g_mutex_lock(&self->lock);
    self->is_open = FALSE;
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < self->loops->len; i++)
        cfx_store_push(g_ptr_array_index(self->loops, i));
    g_mutex_lock(&self->lock);
    self->is_stopping = TRUE;
    g_cond_signal(&self->wake);
    g_mutex_unlock(&self->lock);
}

void
cfx_store_free(CfxStore *self)
{
    if (self == NULL)
        return;
    cfx_instance_remove_stop_hooks(self);
    g_ptr_array_unref(self->loops);
    g_ptr_array_unref(self->readers);
    g_array_unref(self->sources);
    cfx_store_model_unref(self->model);
    cfx_latest_free(self->latest);
    cfx_chunk_pool_clear(&self->pool);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->wake);
    g_cond_clear(&self->readers_wake);
    if (the_store == self)
        the_store = NULL;
    g_free(self);
}

void
cfx_store_watch_pressure(CfxStore *self, CfxStorePressureFunc func, gpointer data)
{
    self->pressure_func = func;
    self->pressure_data = data;
}

void
cfx_store_status(CfxStore *self, CfxStoreStatus *to)
{
    g_mutex_lock(&self->lock);
    *to = self->status;
    g_mutex_unlock(&self->lock);
}
