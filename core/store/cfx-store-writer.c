/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing: one transaction after the other. All of it on the writer's thread.
 */
#include "cfx-store-private.h"

#include <cfx-error.h>
#include <cfx-metric.h>

#define MOST_COMMITS 1024
#define FIRST_PAUSE_US (50 * 1000)
#define LONGEST_PAUSE_US (10 * CFX_SECOND)
/* at the end of the host a storage that fails gets so long to recover */
#define PATIENCE_AT_END_US (1 * CFX_SECOND)

/* --- what is to be written ----------------------------------------------------------------- */

static Group *
group_new(CfxStore *self)
{
    Group *group = g_new0(Group, 1);

    group->references = 1;
    group->store = self;
    group->batches = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_batch_unref);
    group->parts = g_array_new(FALSE, TRUE, sizeof(Part));
    return group;
}

static void
group_add_batch(Group *group, Batch *batch)
{
    g_ptr_array_add(group->batches, batch);
    for (guint i = 0; i < batch->entries->len; i++) {
        Entry *entry = g_ptr_array_index(batch->entries, i);
        Part part = { .entry = entry, .view = entry->commit, .is_final = TRUE };
        g_array_append_val(group->parts, part);
    }
}

/* Whether a commit of it builds on a record that a bulk commit will write with its last slice.
 * Called with the lock held. */
static gboolean
waits_for_bulk(CfxStore *self, const Batch *batch)
{
    for (guint i = 0; self->bulk.length > 0 && i < batch->entries->len; i++) {
        const CfxCommit *commit = &((Entry *)g_ptr_array_index(batch->entries, i))->commit;
        for (gsize r = 0; r < commit->n_records; r++) {
            for (GList *at = self->bulk.head; at != NULL; at = at->next) {
                const Batch *bulk = at->data;
                const Entry *entry = g_ptr_array_index(bulk->entries, 0);
                if (entry->commit.revision == commit->records[r]->expect)
                    return TRUE;
            }
        }
    }
    return FALSE;
}

/* All that waits of the small ones, in order. With the lock held. */
static Group *
take_small(CfxStore *self)
{
    Group *group = NULL;

    while (self->queue.length > 0 && (group == NULL || group->parts->len < MOST_COMMITS)) {
        Batch *batch = g_queue_peek_head(&self->queue);
        if (waits_for_bulk(self, batch))
            break;
        g_queue_pop_head(&self->queue);
        batch->home->queued--;
        if (group == NULL)
            group = group_new(self);
        group_add_batch(group, batch);
    }
    return group;
}

/* Whether a small commit waits that is older than the bulk commit. With the lock held. */
static gboolean
is_behind_small(CfxStore *self, const Batch *bulk)
{
    const Batch *small = g_queue_peek_head(&self->queue);

    return small != NULL && ((Entry *)g_ptr_array_index(small->entries, 0))->commit.revision <
                                ((Entry *)g_ptr_array_index(bulk->entries, 0))->first_revision;
}

/* One slice of the bulk commit that has waited longest. With the lock held. */
static Group *
take_slice(CfxStore *self, gboolean may_wait)
{
    Batch *batch = g_queue_peek_head(&self->bulk);
    Part part;

    if (batch == NULL || (may_wait && is_behind_small(self, batch)))
        return NULL;
    Group *group = group_new(self);
    cfx_entry_slice(g_ptr_array_index(batch->entries, 0), &part);
    g_array_append_val(group->parts, part);
    g_ptr_array_add(group->batches, cfx_batch_ref(batch));
    return group;
}

/* --- writing ------------------------------------------------------------------------------- */

/* A mistake in the group itself: the same group would fail for ever. */
static gboolean
is_hopeless(const GError *error)
{
    CfxError code = cfx_error_code(error);

    return code == CFX_ERROR_INVALID || code == CFX_ERROR_CONFLICT ||
           code == CFX_ERROR_NOT_SUPPORTED;
}

static gboolean
try_group(CfxStore *self, Group *group, GError **error)
{
    guint n = group->parts->len;
    g_autofree const CfxCommit **commits = g_new(const CfxCommit *, n);
    g_autofree CfxCommitted **results = g_new(CfxCommitted *, n);
    g_autofree GError **errors = g_new0(GError *, n);

    for (guint i = 0; i < n; i++) {
        Part *part = &g_array_index(group->parts, Part, i);
        part->result = (CfxCommitted){ .struct_size = sizeof(part->result) };
        commits[i] = &part->view;
        results[i] = &part->result;
    }
    if (!self->storage->storage.commit(self->storage->self, commits, n, results, errors, error))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        Part *part = &g_array_index(group->parts, Part, i);
        part->is_stored = errors[i] == NULL;
        part->entry->error = errors[i];
    }
    return TRUE;
}

static void
note_failure(CfxStore *self, const GError *error)
{
    g_mutex_lock(&self->lock);
    gboolean is_news = g_strcmp0(self->status.failure, error->message) != 0;
    self->status.failing = TRUE;
    self->status.repeats++;
    g_strlcpy(self->status.failure, error->message, sizeof(self->status.failure));
    g_mutex_unlock(&self->lock);
    cfx_metric_add(self->metrics.repeats, 1);
    if (is_news)
        cfx_instance_set_state(self->storage, CFX_INSTANCE_DEGRADED, error->message);
}

static void
note_success(CfxStore *self, const Group *group, gint64 began_us)
{
    g_mutex_lock(&self->lock);
    CfxStoreStatus *status = &self->status;
    gboolean recovered = status->failing;
    guint64 beliefs = status->beliefs;
    status->failing = FALSE;
    status->failure[0] = '\0';
    status->groups++;
    status->last_commit_us = cfx_clock_now(self->clock, CFX_CLOCK_REAL);
    status->last_commit_site_us = cfx_clock_now(self->clock, CFX_CLOCK_SITE);
    status->last_group_us = g_get_monotonic_time() - began_us;
    for (guint i = 0; i < group->parts->len; i++) {
        const Part *part = &g_array_index(group->parts, Part, i);
        status->beliefs += part->result.stored;
        status->stored_revision = MAX(status->stored_revision, part->view.revision);
    }
    beliefs = status->beliefs - beliefs;
    g_mutex_unlock(&self->lock);
    cfx_metric_add(self->metrics.groups, 1);
    cfx_metric_add(self->metrics.beliefs, (double)beliefs);
    if (recovered)
        cfx_instance_set_state(self->storage, CFX_INSTANCE_RUNNING, NULL);
}

/* Waits before the next try; wakes early when the host wants to end. FALSE: give up. */
static gboolean
pause_us(CfxStore *self, gint64 length_us, gint64 *give_up_us)
{
    gint64 until_us = g_get_monotonic_time() + length_us;

    g_mutex_lock(&self->lock);
    while (!self->is_stopping && g_cond_wait_until(&self->wake, &self->lock, until_us))
        ;
    gboolean stopping = self->is_stopping;
    g_mutex_unlock(&self->lock);
    if (!stopping)
        return TRUE;
    if (*give_up_us == 0)
        *give_up_us = g_get_monotonic_time() + PATIENCE_AT_END_US;
    g_usleep(20 * 1000);
    return g_get_monotonic_time() < *give_up_us;
}

static void
fail_group(Group *group, const GError *error)
{
    for (guint i = 0; i < group->parts->len; i++) {
        Part *part = &g_array_index(group->parts, Part, i);
        part->is_stored = FALSE;
        part->entry->error = g_error_copy(error);
    }
}

/* Tries until it is stored: what failed without a word may have been stored, and the storage knows
 * a repeated group by its revisions. */
static void
write_group(CfxStore *self, Group *group)
{
    gint64 pause = FIRST_PAUSE_US, give_up_us = 0;

    for (;;) {
        g_autoptr(GError) error = NULL;
        gint64 began_us = g_get_monotonic_time();
        if (try_group(self, group, &error)) {
            note_success(self, group, began_us);
            return;
        }
        note_failure(self, error);
        if (is_hopeless(error) || !pause_us(self, pause, &give_up_us)) {
            fail_group(group, error);
            return;
        }
        pause = MIN(2 * pause, LONGEST_PAUSE_US);
    }
}

/* The types of sources come before beliefs of them. */
static void
tell_sources(CfxStore *self)
{
    gint64 pause = FIRST_PAUSE_US, give_up_us = 0;

    g_mutex_lock(&self->lock);
    g_autoptr(GArray) sources = g_steal_pointer(&self->sources);
    self->sources = g_array_new(FALSE, FALSE, sizeof(CfxSourceType));
    g_mutex_unlock(&self->lock);
    if (sources->len == 0)
        return;
    g_autofree const CfxSourceType **pointers = g_new(const CfxSourceType *, sources->len);
    for (guint i = 0; i < sources->len; i++)
        pointers[i] = &g_array_index(sources, CfxSourceType, i);
    for (;;) {
        g_autoptr(GError) error = NULL;
        if (self->storage->storage.sources(self->storage->self, pointers, sources->len, &error))
            return;
        note_failure(self, error);
        if (is_hopeless(error) || !pause_us(self, pause, &give_up_us))
            return;
        pause = MIN(2 * pause, LONGEST_PAUSE_US);
    }
}

/* --- after writing ------------------------------------------------------------------------- */

static void
remember_newest(CfxStore *self, const Group *group)
{
    gint64 now_us = cfx_clock_now(self->clock, CFX_CLOCK_SITE);

    for (guint i = 0; i < group->parts->len; i++) {
        const Part *part = &g_array_index(group->parts, Part, i);
        if (part->is_stored && part->view.n_beliefs > 0)
            cfx_latest_add(self->latest, part->view.beliefs, part->view.n_beliefs, now_us);
    }
}

/* Adds the slice to what its entry has come to; takes the entry off the queue at its end. */
static void
end_slice(CfxStore *self, Part *part)
{
    Entry *entry = part->entry;

    entry->result.stored += part->result.stored;
    entry->result.unchanged += part->result.unchanged;
    entry->result.conflicting += part->result.conflicting;
    part->is_final = part->is_final || !part->is_stored;
    if (!part->is_final)
        return;
    g_mutex_lock(&self->lock);
    Batch *batch = g_queue_pop_head(&self->bulk);
    g_mutex_unlock(&self->lock);
    cfx_batch_unref(batch);
}

static void
end_group(CfxStore *self, Group *group, gboolean is_slice)
{
    guint64 refused = 0, done = 0;

    for (guint i = 0; i < group->parts->len; i++) {
        Part *part = &g_array_index(group->parts, Part, i);
        if (is_slice) {
            end_slice(self, part);
        } else {
            part->entry->result.stored = part->result.stored;
            part->entry->result.unchanged = part->result.unchanged;
            part->entry->result.conflicting = part->result.conflicting;
        }
        done += part->is_final;
        refused += !part->is_stored;
    }
    g_mutex_lock(&self->lock);
    self->status.commits += done;
    self->status.refused += refused;
    guint64 queued = self->status.queued;
    g_mutex_unlock(&self->lock);
    cfx_metric_add(self->metrics.commits, (double)done);
    cfx_metric_add(self->metrics.refused, (double)refused);
    cfx_metric_add(self->metrics.queued, (double)(queued - MIN(queued, done)));
    cfx_group_send(group);
}

static void
process(CfxStore *self, Group *group, gboolean is_slice)
{
    if (group == NULL)
        return;
    tell_sources(self);
    write_group(self, group);
    remember_newest(self, group);
    end_group(self, group, is_slice);
}

/* Small commits first, then one slice, and so on: neither waits for the other for long. */
void
cfx_store_write_all(CfxStore *self)
{
    for (;;) {
        g_mutex_lock(&self->lock);
        while (self->queue.length == 0 && self->bulk.length == 0 && self->sources->len == 0 &&
               !self->is_stopping)
            g_cond_wait(&self->wake, &self->lock);
        gboolean is_over = self->queue.length == 0 && self->bulk.length == 0 && self->is_stopping;
        Group *small = take_small(self);
        gboolean took_small = small != NULL;
        g_mutex_unlock(&self->lock);
        if (is_over)
            return;
        if (small == NULL)
            tell_sources(self);
        process(self, small, FALSE);
        g_mutex_lock(&self->lock);
        Group *slice = take_slice(self, took_small);
        g_mutex_unlock(&self->lock);
        process(self, slice, TRUE);
    }
}
