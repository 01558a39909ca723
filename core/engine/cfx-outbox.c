/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-outbox.h"

typedef enum { ITEM_RECORD, ITEM_NOTICE, ITEM_BELIEF } ItemKind;

typedef struct {
    ItemKind kind;
    const char *name; /* collection or topic, static */
    char *key;
    GBytes *doc;
    CfxKey keys[CFX_OUTBOX_KEYS];
    gsize n_keys;
    gint64 asset, at_us, source;
    double value;
} Item;

static void
item_free(gpointer data)
{
    Item *item = data;

    for (gsize i = 0; i < item->n_keys; i++)
        g_free((char *)(guintptr)item->keys[i].text);
    g_free(item->key);
    g_clear_pointer(&item->doc, g_bytes_unref);
    g_free(item);
}

/* one who waits for a commit */
typedef struct {
    CfxDone done;
    gpointer data;
} Wait;

typedef struct {
    CfxEngine *engine;
    GPtrArray *waits; /* (element-type Wait) */
} Commit;

static void
answer(GPtrArray *waits, const GError *error)
{
    for (guint i = 0; waits != NULL && i < waits->len; i++) {
        const Wait *wait = g_ptr_array_index(waits, i);
        wait->done(wait->data, error);
    }
    g_clear_pointer(&waits, g_ptr_array_unref);
}

static void
commit_done(gpointer data, const CfxCommitted *result, const GError *error)
{
    g_autofree Commit *self = data;

    if (error != NULL)
        cfx_log(
            self->engine->host, CFX_LOG_WARNING, "engine: news was not stored: %s", error->message);
    answer(self->waits, error);
}

static void
commit(gpointer data)
{
    CfxEngine *engine = data;
    g_autoptr(GPtrArray) items = engine->outbox;
    gsize n = items->len, n_records = 0, n_notices = 0, n_beliefs = 0;

    engine->outbox = g_ptr_array_new_with_free_func(item_free);
    engine->outbox_posted = FALSE;
    /* an empty commit is answered behind those before it, too */
    if (n == 0 && engine->outbox_waits == NULL)
        return;

    g_autofree CfxRecord *records = g_new0(CfxRecord, n);
    g_autofree CfxNotice *notices = g_new0(CfxNotice, n);
    g_autofree const CfxRecord **record_at = g_new0(const CfxRecord *, n);
    g_autofree const CfxNotice **notice_at = g_new0(const CfxNotice *, n);
    g_autofree gint64 *integers = g_new0(gint64, 3 * n);
    g_autofree double *values = g_new0(double, n);
    gint64 *sensor = integers, *source = integers + n, *start_us = integers + 2 * n;

    for (gsize i = 0; i < n; i++) {
        const Item *item = g_ptr_array_index(items, i);
        gsize size = 0;
        const char *doc = item->doc != NULL ? g_bytes_get_data(item->doc, &size) : NULL;
        if (item->kind == ITEM_RECORD) {
            records[n_records] = (CfxRecord){
                .struct_size = sizeof(CfxRecord),
                .collection = item->name,
                .key = item->key,
                .doc = doc,
                .doc_size = size,
                .keys = item->keys,
                .n_keys = item->n_keys,
                .expect = CFX_EXPECT_ANY,
            };
            record_at[n_records] = &records[n_records];
            n_records++;
        } else if (item->kind == ITEM_NOTICE) {
            notices[n_notices] = (CfxNotice){
                .struct_size = sizeof(CfxNotice),
                .topic = item->name,
                .asset = item->asset,
                .at_us = item->at_us,
                .doc = doc,
                .doc_size = size,
            };
            notice_at[n_notices] = &notices[n_notices];
            n_notices++;
        } else {
            sensor[n_beliefs] = item->asset;
            source[n_beliefs] = item->source;
            start_us[n_beliefs] = item->at_us;
            values[n_beliefs++] = item->value;
        }
    }

    CfxBeliefs beliefs = {
        .struct_size = sizeof beliefs,
        .n = n_beliefs,
        .sensor = { sensor, 1 },
        .source = { source, 1 },
        .start_us = { start_us, 1 },
        .value = { values, 1 },
    };
    const CfxBeliefs *belief_at = &beliefs;
    CfxCommit what = {
        .struct_size = sizeof what,
        .records = record_at,
        .n_records = n_records,
        .beliefs = &belief_at,
        .n_beliefs = n_beliefs > 0,
        .notices = notice_at,
        .n_notices = n_notices,
        .trace = engine->outbox_trace,
    };
    engine->outbox_trace = 0;
    Commit *self = g_new0(Commit, 1);
    self->engine = engine;
    self->waits = g_steal_pointer(&engine->outbox_waits);
    cfx_commit(engine->host, &what, commit_done, self);
}

void
cfx_outbox_flush(CfxEngine *engine)
{
    if (!engine->outbox_posted || engine->outbox->len == 0)
        return;
    /* what was posted finds it empty, or with what came since */
    commit(engine);
    engine->outbox_posted = TRUE;
}

static void
post(CfxEngine *engine)
{
    if (engine->outbox == NULL)
        engine->outbox = g_ptr_array_new_with_free_func(item_free);
    if (engine->outbox_posted)
        return;
    engine->outbox_posted = TRUE;
    engine->host->base->post(engine->host, commit, engine);
}

static Item *
item_add(CfxEngine *engine, ItemKind kind)
{
    Item *item = g_new0(Item, 1);

    item->kind = kind;
    post(engine);
    g_ptr_array_add(engine->outbox, item);
    return item;
}

void
cfx_engine_when_stored(CfxEngine *engine, CfxDone done, gpointer data)
{
    Wait *wait = g_new0(Wait, 1);

    *wait = (Wait){ done, data };
    post(engine);
    if (engine->outbox_waits == NULL)
        engine->outbox_waits = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(engine->outbox_waits, wait);
}

void
cfx_outbox_record(CfxEngine *engine,
                  const char *collection,
                  const char *key,
                  CfxJsonWriter *doc,
                  const CfxKey *keys,
                  gsize n_keys)
{
    /* of a record that changes twice in a turn the last one counts */
    for (guint i = 0; engine->outbox != NULL && i < engine->outbox->len; i++) {
        const Item *old = g_ptr_array_index(engine->outbox, i);
        if (old->kind == ITEM_RECORD && g_str_equal(old->name, collection) &&
            g_str_equal(old->key, key)) {
            g_ptr_array_remove_index(engine->outbox, i);
            break;
        }
    }

    Item *item = item_add(engine, ITEM_RECORD);
    item->name = collection;
    item->key = g_strdup(key);
    item->doc = cfx_json_writer_steal(doc);
    item->n_keys = MIN(n_keys, (gsize)CFX_OUTBOX_KEYS);
    for (gsize i = 0; i < item->n_keys; i++) {
        item->keys[i] = keys[i];
        item->keys[i].text = g_strdup(keys[i].text);
    }
}

void
cfx_outbox_notice(CfxEngine *engine, const char *topic, gint64 asset, CfxJsonWriter *doc)
{
    Item *item = item_add(engine, ITEM_NOTICE);

    item->name = topic;
    item->asset = asset;
    item->at_us = cfx_now_site(engine->host);
    item->doc = cfx_json_writer_steal(doc);
}

void
cfx_outbox_belief(CfxEngine *engine, gint64 sensor, gint64 source, gint64 start_us, double value)
{
    Item *item = item_add(engine, ITEM_BELIEF);

    item->asset = sensor;
    item->source = source;
    item->at_us = start_us;
    item->value = value;
}

void
cfx_outbox_clear(CfxEngine *engine)
{
    g_autoptr(GError) error = g_error_new(CFX_ERROR, CFX_ERROR_CANCELLED, "the engine ends");

    g_clear_pointer(&engine->outbox, g_ptr_array_unref);
    answer(g_steal_pointer(&engine->outbox_waits), error);
}
