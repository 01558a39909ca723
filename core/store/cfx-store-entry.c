/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copying commits into the memory of their batch: every column given, values in the sensor's own
 * unit and sign.
 */
#include "cfx-store-private.h"

#include <string.h>

#include <cfx-unit.h>

#define SLICE_ROWS 2000

/* --- batches ------------------------------------------------------------------------------- */

Batch *
cfx_batch_new(StoreLoop *home, gboolean is_bulk)
{
    Batch *self = g_new0(Batch, 1);

    self->references = 1;
    self->store = home->store;
    self->home = home;
    self->is_bulk = is_bulk;
    self->entries = g_ptr_array_new();
    cfx_chunks_init(&self->chunks, &home->store->pool);
    return self;
}

Batch *
cfx_batch_ref(Batch *self)
{
    g_atomic_int_inc(&self->references);
    return self;
}

void
cfx_batch_unref(Batch *self)
{
    if (!g_atomic_int_dec_and_test(&self->references))
        return;
    for (guint i = 0; i < self->entries->len; i++) {
        Entry *entry = g_ptr_array_index(self->entries, i);
        g_clear_error(&entry->error);
    }
    g_ptr_array_unref(self->entries);
    cfx_chunks_clear(&self->chunks);
    g_free(self);
}

/* --- copying ------------------------------------------------------------------------------- */

double
cfx_store_scale(const CfxModel *model, gint64 sensor)
{
    const CfxSensor *known = model != NULL ? cfx_model_sensor(model, sensor) : NULL;
    double scale = 1;

    if (known != NULL)
        cfx_sensor_scale(known, &scale);
    return scale;
}

/* How each batch of beliefs is made whole. */
typedef struct {
    CfxChunks *chunks;
    const CfxModel *model;
    gint64 own_source, now_us;
    gsize bytes;
} Copy;

static gpointer
take(Copy *copy, gsize size)
{
    copy->bytes += size;
    return cfx_chunks_alloc(copy->chunks, size);
}

/* @absent, @instead: what stands for "not given" and what is put there */
static CfxInts
copy_ints(Copy *copy, CfxInts from, gsize n, gint64 absent, gint64 instead)
{
    gsize count = from.at == NULL || from.step == 0 ? 1 : n;
    gint64 *to = take(copy, count * sizeof(*to));

    for (gsize i = 0; i < count; i++) {
        to[i] = from.at == NULL ? instead : cfx_int_at(from, i);
        if (to[i] == absent)
            to[i] = instead;
    }
    return (CfxInts){ to, count == 1 && n != 1 ? 0 : 1 };
}

static CfxReals
copy_reals(Copy *copy, CfxReals from, gsize n, double instead)
{
    gsize count = from.at == NULL || from.step == 0 ? 1 : n;
    double *to = take(copy, count * sizeof(*to));

    for (gsize i = 0; i < count; i++)
        to[i] = from.at == NULL ? instead : cfx_real_at(from, i);
    return (CfxReals){ to, count == 1 && n != 1 ? 0 : 1 };
}

/* The one border where W and Wh towards the device become what the sensor stores. */
static CfxReals
copy_values(Copy *copy, const CfxBeliefs *from)
{
    double *to = take(copy, from->n * sizeof(*to));
    gint64 last = 0;
    double scale = 1;

    for (gsize i = 0; i < from->n; i++) {
        gint64 sensor = cfx_int_at(from->sensor, i);
        if ((from->flags & CFX_BELIEFS_RAW) == 0 && (i == 0 || sensor != last))
            scale = cfx_store_scale(copy->model, sensor);
        to[i] = cfx_real_at(from->value, i) / scale;
        last = sensor;
    }
    return (CfxReals){ to, 1 };
}

static CfxBeliefs *
copy_beliefs(Copy *copy, const CfxBeliefs *from)
{
    CfxBeliefs *to = take(copy, sizeof(*to));

    *to = (CfxBeliefs){ .struct_size = sizeof(*to), .flags = CFX_BELIEFS_RAW, .n = from->n };
    if (from->n == 0)
        return to;
    to->sensor = copy_ints(copy, from->sensor, from->n, G_MININT64, G_MININT64);
    to->source = copy_ints(copy, from->source, from->n, 0, copy->own_source);
    to->start_us = copy_ints(copy, from->start_us, from->n, G_MININT64, G_MININT64);
    to->belief_us = copy_ints(copy, from->belief_us, from->n, CFX_TIME_MIN, copy->now_us);
    to->probability = copy_reals(copy, from->probability, from->n, 0.5);
    to->value = copy_values(copy, from);
    return to;
}

static char *
copy_text(Copy *copy, const char *from, gsize size)
{
    copy->bytes += size;
    return cfx_chunks_text(copy->chunks, from, size);
}

static char *
copy_string(Copy *copy, const char *from)
{
    return copy_text(copy, from, from != NULL ? strlen(from) : 0);
}

static CfxRecord *
copy_record(Copy *copy, const CfxRecord *from)
{
    CfxRecord *to = take(copy, sizeof(*to));
    CfxKey *keys = take(copy, from->n_keys * sizeof(*keys));

    cfx_struct_copy(to, sizeof(*to), from);
    to->collection = copy_string(copy, from->collection);
    to->key = copy_string(copy, from->key);
    to->doc = copy_text(copy, from->doc, from->doc_size);
    to->keys = keys;
    for (gsize i = 0; i < from->n_keys; i++) {
        keys[i].name = copy_string(copy, from->keys[i].name);
        keys[i].text = copy_string(copy, from->keys[i].text);
        keys[i].number = from->keys[i].number;
    }
    return to;
}

static CfxNotice *
copy_notice(Copy *copy, const CfxNotice *from, gint64 revision, gsize index)
{
    CfxNotice *to = take(copy, sizeof(*to));

    cfx_struct_copy(to, sizeof(*to), from);
    to->topic = copy_string(copy, from->topic);
    to->doc = from->doc != NULL ? copy_text(copy, from->doc, from->doc_size) : "{}";
    to->doc_size = from->doc != NULL ? from->doc_size : 2;
    to->at_us = from->at_us != CFX_TIME_MIN ? from->at_us : copy->now_us;
    to->sequence = revision << 16 | (gint64)index;
    return to;
}

static guint
slices_of(gsize rows, gboolean is_bulk)
{
    return is_bulk && rows > SLICE_ROWS ? (guint)((rows + SLICE_ROWS - 1) / SLICE_ROWS) : 1;
}

/* A bulk commit takes a revision for each of its slices; its own is the last one. */
static void
number(Entry *entry, CfxStore *store)
{
    guint slices = slices_of(entry->rows, (entry->commit.flags & CFX_COMMIT_BULK) != 0);

    g_mutex_lock(&store->lock);
    entry->first_revision = store->last_revision + 1;
    store->last_revision += slices;
    entry->commit.revision = store->last_revision;
    store->status.last_revision = store->last_revision;
    g_mutex_unlock(&store->lock);
}

static void
copy_lists(Copy *copy, Entry *entry, const CfxCommit *from)
{
    const CfxBeliefs **beliefs = take(copy, from->n_beliefs * sizeof(*beliefs));
    const CfxRecord **records = take(copy, from->n_records * sizeof(*records));
    const CfxNotice **notices = take(copy, from->n_notices * sizeof(*notices));

    for (gsize i = 0; i < from->n_beliefs; i++)
        beliefs[i] = copy_beliefs(copy, from->beliefs[i]);
    for (gsize i = 0; i < from->n_records; i++)
        records[i] = copy_record(copy, from->records[i]);
    for (gsize i = 0; i < from->n_notices; i++)
        notices[i] = copy_notice(copy, from->notices[i], entry->commit.revision, i);
    entry->commit.beliefs = beliefs;
    entry->commit.records = records;
    entry->commit.notices = notices;
}

Entry *
cfx_batch_add(Batch *self, StoreClient *client, const CfxModel *model, const CfxCommit *commit)
{
    CfxStore *store = self->store;
    Copy copy = {
        .chunks = &self->chunks,
        .model = model,
        .own_source = client->instance->source,
        .now_us = cfx_loop_now(client->instance->home, CFX_CLOCK_SITE),
    };
    Entry *entry = take(&copy, sizeof(*entry));

    memset(entry, 0, sizeof(*entry));
    entry->op.link.data = entry;
    entry->batch = self;
    cfx_struct_copy(&entry->commit, sizeof(entry->commit), commit);
    entry->result.struct_size = sizeof(entry->result);
    for (gsize i = 0; i < commit->n_beliefs; i++)
        entry->rows += commit->beliefs[i]->n;
    number(entry, store);
    copy_lists(&copy, entry, commit);
    if (commit->trace == 0)
        entry->commit.trace = entry->commit.revision;
    if (commit->received_us == 0)
        entry->commit.received_us = cfx_loop_now(client->instance->home, CFX_CLOCK_REAL);
    entry->result.revision = entry->commit.revision;
    entry->bytes = copy.bytes;
    g_ptr_array_add(self->entries, entry);
    return entry;
}

/* --- slices -------------------------------------------------------------------------------- */

/* Rows from..from+n of a batch, without copying them. */
static CfxBeliefs *
beliefs_slice(Batch *batch, const CfxBeliefs *from, gsize first, gsize n)
{
    CfxBeliefs *to = cfx_chunks_alloc(&batch->chunks, sizeof(*to));

    *to = *from;
    to->n = n;
    to->sensor.at += (gint64)first * from->sensor.step;
    to->source.at += (gint64)first * from->source.step;
    to->start_us.at += (gint64)first * from->start_us.step;
    to->belief_us.at += (gint64)first * from->belief_us.step;
    to->probability.at += (gint64)first * from->probability.step;
    to->value.at += (gint64)first * from->value.step;
    return to;
}

void
cfx_entry_slice(Entry *self, Part *ret)
{
    const CfxCommit *commit = &self->commit;
    const CfxBeliefs **beliefs =
        cfx_chunks_alloc(&self->batch->chunks, commit->n_beliefs * sizeof(*beliefs));
    gsize n = 0, rows = 0;

    while (self->at_beliefs < commit->n_beliefs && rows < SLICE_ROWS) {
        const CfxBeliefs *from = commit->beliefs[self->at_beliefs];
        gsize take_rows = MIN(from->n - self->at_row, SLICE_ROWS - rows);
        if (take_rows > 0)
            beliefs[n++] = beliefs_slice(self->batch, from, self->at_row, take_rows);
        rows += take_rows;
        self->at_row += take_rows;
        if (self->at_row == from->n) {
            self->at_beliefs++;
            self->at_row = 0;
        }
    }
    *ret = (Part){ .entry = self, .view = *commit };
    ret->view.beliefs = beliefs;
    ret->view.n_beliefs = n;
    ret->view.revision = self->first_revision++;
    ret->is_final = ret->view.revision == commit->revision;
    if (!ret->is_final)
        ret->view.n_records = ret->view.n_notices = 0;
}
