/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer's thread from its start to its end, and with it the life of the storage instance: that
 * is a WORKER, and is called on this thread only.
 */
#include "cfx-store-private.h"

#include <cfx-log.h>

/* --- calls that may take time, waited for -------------------------------------------------- */

typedef struct {
    CfxCall call; /* first */
    gint references;
    GMutex lock;
    GCond cond;
    gboolean is_done;
    GError *error;
} Wait;

static void
wait_unref(Wait *wait)
{
    if (!g_atomic_int_dec_and_test(&wait->references))
        return;
    g_object_unref(wait->call.cancellable);
    g_clear_error(&wait->error);
    g_mutex_clear(&wait->lock);
    g_cond_clear(&wait->cond);
    g_free(wait);
}

static void
wait_finish(CfxCall *call, GBytes *answer, GError *error)
{
    Wait *wait = (Wait *)call;

    g_clear_pointer(&answer, g_bytes_unref);
    g_mutex_lock(&wait->lock);
    wait->is_done = TRUE;
    wait->error = error;
    g_cond_signal(&wait->cond);
    g_mutex_unlock(&wait->lock);
    wait_unref(wait);
}

static gboolean
call_and_wait(void (*func)(gpointer, CfxCall *), gpointer self, GError **error)
{
    static const CfxCallOps ops = { sizeof(ops), 0, wait_finish };
    Wait *wait = g_new0(Wait, 1);

    wait->call.ops = &ops;
    wait->call.cancellable = g_cancellable_new();
    wait->references = 2;
    g_mutex_init(&wait->lock);
    g_cond_init(&wait->cond);
    func(self, &wait->call);
    g_mutex_lock(&wait->lock);
    while (!wait->is_done)
        g_cond_wait(&wait->cond, &wait->lock);
    g_mutex_unlock(&wait->lock);
    GError *local = g_steal_pointer(&wait->error);
    wait_unref(wait);
    if (local == NULL)
        return TRUE;
    g_propagate_error(error, local);
    return FALSE;
}

/* --- start and end ------------------------------------------------------------------------- */

static void
post_started(gpointer data)
{
    CfxStore *self = data;
    CfxDone done = self->started;

    self->started = NULL;
    if (done != NULL)
        done(self->started_data, NULL);
}

void
cfx_store_post_stopped(gpointer data)
{
    CfxStore *self = data;
    CfxDone done = self->stopped;

    if (self->writer != NULL)
        g_thread_join(g_steal_pointer(&self->writer));
    if (done != NULL)
        done(self->stopped_data, NULL);
}

typedef struct {
    CfxStore *store;
    GError *error;
} Failure;

static void
post_failed(gpointer data)
{
    Failure *failure = data;
    CfxStore *self = failure->store;
    CfxDone done = self->started;

    g_thread_join(g_steal_pointer(&self->writer));
    self->started = NULL;
    if (done != NULL)
        done(self->started_data, failure->error);
    g_error_free(failure->error);
    g_free(failure);
}

static gboolean
open_readers(CfxStore *self, GPtrArray *readers, GError **error)
{
    CfxInstance *storage = self->storage;

    for (guint i = 0; i < self->limits.readers; i++) {
        gpointer reader = storage->storage.reader_open(storage->self, error);
        if (reader == NULL) {
            g_prefix_error(error, "opening reader %u: ", i + 1);
            return FALSE;
        }
        g_ptr_array_add(readers, reader);
    }
    return cfx_store_load_latest(self, g_ptr_array_index(readers, 0), error);
}

static gboolean
open_storage(CfxStore *self, GPtrArray *readers, GError **error)
{
    CfxInstance *storage = self->storage;

    cfx_instance_set_state(storage, CFX_INSTANCE_STARTING, NULL);
    storage->generation++;
    storage->self = storage->factory.create(&storage->host, storage->config, error);
    if (storage->self == NULL)
        return FALSE;
    return call_and_wait(storage->factory.start, storage->self, error) &&
           storage->storage.last_revision(storage->self, &self->last_revision, error) &&
           open_readers(self, readers, error);
}

static void
close_storage(CfxStore *self, GPtrArray *readers)
{
    CfxInstance *storage = self->storage;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < readers->len; i++)
        storage->storage.reader_close(g_ptr_array_index(readers, i));
    if (storage->self == NULL)
        return;
    if (!call_and_wait(storage->factory.stop, storage->self, &error))
        cfx_log_say(CFX_LOG_WARNING, storage->name, "while it stopped: %s", error->message);
    storage->generation++;
    storage->factory.destroy(g_steal_pointer(&storage->self));
}

static void
start_readers(CfxStore *self, GPtrArray *readers)
{
    for (guint i = 0; i < readers->len; i++) {
        ReaderThread *thread = g_new(ReaderThread, 1);
        thread->store = self;
        thread->reader = g_ptr_array_index(readers, i);
        g_ptr_array_add(self->readers, g_thread_new("cfx-reader", cfx_store_reader, thread));
    }
}

static void
end_readers(CfxStore *self)
{
    g_mutex_lock(&self->lock);
    self->readers_end = TRUE;
    g_cond_broadcast(&self->readers_wake);
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < self->readers->len; i++)
        g_thread_join(g_ptr_array_index(self->readers, i));
    g_ptr_array_set_size(self->readers, 0);
}

/* --- the thread -------------------------------------------------------------------------- */

gpointer
cfx_store_writer(gpointer data)
{
    CfxStore *self = data;
    g_autoptr(GPtrArray) readers = g_ptr_array_new();
    GError *error = NULL;

    if (!open_storage(self, readers, &error)) {
        close_storage(self, readers);
        cfx_instance_set_state(self->storage, CFX_INSTANCE_FAILED, error->message);
        Failure *failure = g_new(Failure, 1);
        *failure = (Failure){ self, error };
        cfx_loop_post(self->main_loop, post_failed, failure);
        return NULL;
    }
    g_mutex_lock(&self->lock);
    self->status.last_revision = self->status.stored_revision = self->last_revision;
    self->is_open = TRUE;
    g_mutex_unlock(&self->lock);
    cfx_instance_set_state(self->storage, CFX_INSTANCE_RUNNING, NULL);
    start_readers(self, readers);
    cfx_loop_post(self->main_loop, post_started, self);
    cfx_store_write_all(self);
    cfx_instance_set_state(self->storage, CFX_INSTANCE_STOPPING, NULL);
    end_readers(self);
    close_storage(self, readers);
    cfx_instance_set_state(self->storage, CFX_INSTANCE_STOPPED, NULL);
    cfx_loop_post(self->main_loop, cfx_store_post_stopped, self);
    return NULL;
}
