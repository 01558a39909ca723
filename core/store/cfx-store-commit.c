/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commit(): from an instance to the writer's queue.
 */
#include "cfx-store-private.h"

/* A commit that was refused before it got into a batch. */
typedef struct {
    Op op; /* first */
    CfxCommitDone done;
    gpointer data;
    GError *error;
} Refused;

static void
call_done(StoreClient *client, CfxCommitDone done, gpointer data, const GError *error)
{
    gint64 entered = cfx_instance_enter(client->instance);

    done(data, NULL, error);
    cfx_instance_leave(client->instance, entered, "completion of a commit");
}

static void
refused_cancel(Op *op, const GError *error)
{
    Refused *refused = (Refused *)op;
    CfxCommitDone done = refused->done;

    refused->done = NULL;
    done(refused->data, NULL, error);
}

static void
refused_deliver(gpointer data)
{
    Refused *refused = data;
    StoreClient *client = refused->op.client;

    if (client != NULL)
        cfx_store_op_remove(&refused->op);
    if (refused->done != NULL && cfx_instance_is_alive(client->instance, refused->op.generation))
        call_done(client, refused->done, refused->data, refused->error);
    g_error_free(refused->error);
    g_free(refused);
}

/* No service calls back before it has returned. */
static gint64
refuse(StoreClient *client, CfxCommitDone done, gpointer data, GError *error)
{
    if (done == NULL) {
        g_error_free(error);
        return 0;
    }
    Refused *refused = g_new0(Refused, 1);
    refused->op.link.data = refused;
    refused->op.cancel = refused_cancel;
    refused->done = done;
    refused->data = data;
    refused->error = error;
    cfx_store_op_add(client, &refused->op);
    cfx_loop_post(client->instance->home, refused_deliver, refused);
    return 0;
}

static void
entry_cancel(Op *op, const GError *error)
{
    Entry *entry = (Entry *)op;
    CfxCommitDone done = entry->done;

    entry->done = NULL;
    if (done != NULL)
        done(entry->data, NULL, error);
}

/* --- the queue's bounds -------------------------------------------------------------------- */

static void
tell_pressure(gpointer data)
{
    CfxStore *self = data;

    g_mutex_lock(&self->lock);
    gboolean on = self->status.pressure;
    g_mutex_unlock(&self->lock);
    if (self->pressure_func != NULL)
        self->pressure_func(self->pressure_data, on);
}

void
cfx_store_account(CfxStore *self, gint64 bytes, gint64 commits)
{
    g_mutex_lock(&self->lock);
    CfxStoreStatus *status = &self->status;
    gboolean before = status->pressure;
    status->queued_bytes += (guint64)bytes;
    status->queued += (guint64)commits;
    if (status->queued_bytes > self->limits.pressure_bytes)
        status->pressure = TRUE;
    else if (status->queued_bytes < self->limits.pressure_bytes / 2)
        status->pressure = FALSE;
    gboolean changed = before != status->pressure;
    g_mutex_unlock(&self->lock);
    if (changed)
        cfx_loop_post(self->main_loop, tell_pressure, self);
}

/* Whether there is room, and somebody to write it. */
static gboolean
check_queue(CfxStore *self, const CfxInstance *instance, GError **error)
{
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);

    if (!self->is_open) {
        g_set_error_literal(
            error, CFX_ERROR, CFX_ERROR_UNAVAILABLE, "the store is not open: it starts or stops");
        return FALSE;
    }
    /* the core's own commits are few, and plans and cuts must not be lost to a flood of values */
    if (instance->info == NULL || self->status.queued_bytes <= self->limits.full_bytes)
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_FULL,
                "%" G_GUINT64_FORMAT " commits wait to be stored%s%s: try again later",
                self->status.queued,
                self->status.failing ? ", and storing fails: " : "",
                self->status.failing ? self->status.failure : "");
    return FALSE;
}

/* --- into the batch ------------------------------------------------------------------------ */

static void
queue_batch(CfxStore *self, Batch *batch)
{
    g_mutex_lock(&self->lock);
    if (batch->is_bulk) {
        g_queue_push_tail(&self->bulk, batch);
    } else {
        g_queue_push_tail(&self->queue, batch);
        batch->home->queued++;
    }
    g_cond_signal(&self->wake);
    g_mutex_unlock(&self->lock);
}

/*
 * Hands the open batch to the writer, unless one of this loop waits there already: then it stays
 * open for the turns to come, and goes when the writer comes back. So there are never more than two
 * batches of small commits in memory for each loop, however slow the disk (a bulk commit closes
 * one).
 */
void
cfx_store_push(StoreLoop *home)
{
    CfxStore *self = home->store;

    if (home->open == NULL)
        return;
    g_mutex_lock(&self->lock);
    gboolean wait = home->queued > 0 && self->is_open;
    g_mutex_unlock(&self->lock);
    if (!wait)
        queue_batch(self, g_steal_pointer(&home->open));
}

static void
end_of_turn(gpointer data)
{
    cfx_store_push(data);
}

static gsize
rows_of(const CfxCommit *commit)
{
    gsize rows = 0;

    for (gsize i = 0; i < commit->n_beliefs; i++)
        rows += commit->beliefs[i]->n;
    return rows;
}

static gint64
add(StoreClient *client,
    const CfxModel *model,
    const CfxCommit *commit,
    CfxCommitDone done,
    gpointer data)
{
    StoreLoop *home = client->home;
    /* a bulk commit of one slice may as well go with the others */
    gboolean is_bulk = (commit->flags & CFX_COMMIT_BULK) != 0 && rows_of(commit) > 2000;
    Batch *batch = is_bulk ? cfx_batch_new(home, TRUE) : home->open;

    if (batch == NULL)
        batch = home->open = cfx_batch_new(home, FALSE);
    Entry *entry = cfx_batch_add(batch, client, model, commit);
    gint64 revision = entry->commit.revision;
    entry->done = done;
    entry->data = data;
    entry->op.cancel = entry_cancel;
    cfx_store_op_add(client, &entry->op);
    cfx_store_account(home->store, (gint64)entry->bytes, 1);
    cfx_store_watch_entry(home, model, entry);
    if (is_bulk) {
        /* what was committed before it goes before it */
        if (home->open != NULL)
            queue_batch(home->store, g_steal_pointer(&home->open));
        queue_batch(home->store, batch);
    } else {
        cfx_loop_end_of_turn(home->loop, end_of_turn, home);
    }
    return revision;
}

gint64
cfx_store_commit(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done, gpointer data)
{
    CfxStore *self = cfx_store_default();
    StoreClient *client = cfx_store_client(self, host);
    const CfxModel *model = cfx_store_model_ref(self);
    GError *error = NULL;
    gint64 revision;

    if (check_queue(self, client->instance, &error) &&
        cfx_store_check(client->instance, model, commit, &error))
        revision = add(client, model, commit, done, data);
    else
        revision = refuse(client, done, data, error);
    cfx_store_model_unref(model);
    return revision;
}
