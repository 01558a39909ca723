/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches: what was committed, once a turn; and the early watch of the guard, at commit() itself.
 */
#include "cfx-store-private.h"

#include <string.h>

typedef struct {
    guint64 id;
    StoreLoop *home;
    StoreClient *client; /* NULL: an early watch */
    guint64 generation;
    char *topic; /* NULL: it watches beliefs */
    gint64 *sensors;
    gsize n_sensors;
    CfxNoticesDone notices_func;
    CfxBeliefsDone beliefs_func;
    gpointer data;
    GArray *rows;    /* (element-type BeliefRow) canonical, for the end of this turn */
    GArray *notices; /* (element-type CfxNotice) their texts are in the groups that are kept */
    gboolean is_dirty, is_gone;
    gint references; /* the table and the list of dirty ones */
} Watch;

void
cfx_belief_rows_view(const BeliefRow *rows, gsize n, CfxBeliefs *ret)
{
    static const BeliefRow none;
    const gint64 step = sizeof(BeliefRow) / sizeof(gint64);

    if (rows == NULL)
        rows = &none; /* an empty array has no address */
    *ret = (CfxBeliefs){
        .struct_size = sizeof(*ret),
        .n = n,
        .sensor = { &rows->sensor, step },
        .source = { &rows->source, step },
        .start_us = { &rows->start, step },
        .belief_us = { &rows->belief, step },
        .probability = { &rows->probability, step },
        .value = { &rows->value, step },
    };
}

static void
watch_unref(Watch *watch)
{
    if (--watch->references > 0)
        return;
    g_free(watch->topic);
    g_free(watch->sensors);
    g_array_unref(watch->rows);
    g_array_unref(watch->notices);
    g_free(watch);
}

void
cfx_watch_free(gpointer data)
{
    Watch *watch = data;

    watch->is_gone = TRUE;
    watch_unref(watch);
}

/* --- starting and ending ------------------------------------------------------------------- */

static Watch *
watch_new(StoreLoop *home, gpointer data)
{
    Watch *watch = g_new0(Watch, 1);

    g_mutex_lock(&home->store->lock);
    watch->id = ++home->store->last_watch;
    g_mutex_unlock(&home->store->lock);
    watch->home = home;
    watch->references = 1;
    watch->data = data;
    watch->rows = g_array_new(FALSE, FALSE, sizeof(BeliefRow));
    watch->notices = g_array_new(FALSE, FALSE, sizeof(CfxNotice));
    g_hash_table_insert(home->watches, &watch->id, watch);
    return watch;
}

static void
watch_own(Watch *watch, StoreClient *client)
{
    watch->client = client;
    watch->generation = client->instance->generation;
    g_ptr_array_add(client->watches, watch);
}

static void
index_add(GHashTable *index, Watch *watch)
{
    for (gsize i = 0; i < watch->n_sensors; i++) {
        GPtrArray *list = g_hash_table_lookup(index, &watch->sensors[i]);
        if (list == NULL) {
            list = g_ptr_array_new();
            g_hash_table_insert(index, g_memdup2(&watch->sensors[i], sizeof(gint64)), list);
        }
        g_ptr_array_add(list, watch);
    }
}

static void
index_remove(GHashTable *index, Watch *watch)
{
    for (gsize i = 0; i < watch->n_sensors; i++) {
        GPtrArray *list = g_hash_table_lookup(index, &watch->sensors[i]);
        if (list != NULL && g_ptr_array_remove(list, watch) && list->len == 0)
            g_hash_table_remove(index, &watch->sensors[i]);
    }
}

static void
watch_sensors(Watch *watch, GHashTable *index, const gint64 *sensors, gsize n, CfxBeliefsDone func)
{
    GHashTable *seen = g_hash_table_new(g_int64_hash, g_int64_equal);

    watch->beliefs_func = func;
    watch->sensors = g_new(gint64, n);
    for (gsize i = 0; i < n; i++) {
        if (g_hash_table_add(seen, (gpointer)(guintptr)&sensors[i]))
            watch->sensors[watch->n_sensors++] = sensors[i];
    }
    g_hash_table_unref(seen);
    index_add(index, watch);
}

guint64
cfx_store_watch_notices(const CfxHost *host, const char *topic, CfxNoticesDone func, gpointer data)
{
    StoreClient *client = cfx_store_client(cfx_store_default(), host);
    Watch *watch = watch_new(client->home, data);

    watch->topic = g_strdup(topic);
    watch->notices_func = func;
    watch_own(watch, client);
    return watch->id;
}

guint64
cfx_store_watch_beliefs(
    const CfxHost *host, const gint64 *sensors, gsize n, CfxBeliefsDone func, gpointer data)
{
    StoreClient *client = cfx_store_client(cfx_store_default(), host);
    Watch *watch = watch_new(client->home, data);

    watch_sensors(watch, client->home->by_sensor, sensors, n, func);
    watch_own(watch, client);
    return watch->id;
}

static void
end_watch(StoreLoop *home, guint64 id)
{
    Watch *watch = g_hash_table_lookup(home->watches, &id);

    if (watch == NULL)
        return;
    index_remove(watch->client != NULL ? home->by_sensor : home->early, watch);
    if (watch->client != NULL)
        g_ptr_array_remove(watch->client->watches, watch);
    g_hash_table_remove(home->watches, &id);
}

void
cfx_store_unwatch(const CfxHost *host, guint64 watch)
{
    end_watch(cfx_store_client(cfx_store_default(), host)->home, watch);
}

void
cfx_store_unwatch_all(StoreClient *client)
{
    while (client->watches->len > 0) {
        const Watch *watch = g_ptr_array_index(client->watches, 0);
        end_watch(client->home, watch->id);
    }
}

/* --- what was committed -------------------------------------------------------------------- */

static void
call_beliefs(const Watch *watch, const GArray *rows)
{
    CfxBeliefs beliefs;

    cfx_belief_rows_view((const BeliefRow *)(gpointer)rows->data, rows->len, &beliefs);
    watch->beliefs_func(watch->data, &beliefs, NULL);
}

static void
call(Watch *watch)
{
    if (watch->topic == NULL) {
        call_beliefs(watch, watch->rows);
        return;
    }
    g_autofree const CfxNotice **pointers = g_new(const CfxNotice *, watch->notices->len);
    for (guint i = 0; i < watch->notices->len; i++)
        pointers[i] = &g_array_index(watch->notices, CfxNotice, i);
    const CfxNotices notices = { sizeof(notices), 0, pointers, watch->notices->len };
    watch->notices_func(watch->data, &notices, NULL);
}

static void
end_of_turn(gpointer data)
{
    StoreLoop *home = data;
    g_autoptr(GPtrArray) dirty = g_steal_pointer(&home->dirty);
    g_autoptr(GPtrArray) G_GNUC_UNUSED kept = g_steal_pointer(&home->kept);

    home->dirty = g_ptr_array_new();
    home->kept = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_group_unref);
    home->is_asked = FALSE;
    for (guint i = 0; i < dirty->len; i++) {
        Watch *watch = g_ptr_array_index(dirty, i);
        watch->is_dirty = FALSE;
        if (!watch->is_gone && cfx_instance_is_alive(watch->client->instance, watch->generation)) {
            gint64 entered = cfx_instance_enter(watch->client->instance);
            CfxInstance *instance = watch->client->instance;
            call(watch);
            cfx_instance_leave(instance, entered, "watch of the store");
        }
        g_array_set_size(watch->rows, 0);
        g_array_set_size(watch->notices, 0);
        watch_unref(watch);
    }
}

static void
touch(StoreLoop *home, Watch *watch)
{
    if (!watch->is_dirty) {
        watch->is_dirty = TRUE;
        watch->references++;
        g_ptr_array_add(home->dirty, watch);
    }
    if (!home->is_asked)
        cfx_loop_end_of_turn(home->loop, end_of_turn, home);
    home->is_asked = TRUE;
}

static gboolean
topic_fits(const char *wanted, const char *topic)
{
    gsize size = strlen(wanted);

    if (size > 0 && wanted[size - 1] == '.')
        return strncmp(wanted, topic, size) == 0;
    return strcmp(wanted, topic) == 0;
}

/* Returns whether memory of the group is now pointed into. */
static gboolean
note_notices(StoreLoop *home, const CfxCommit *commit)
{
    gboolean noted = FALSE;
    GHashTableIter iter;
    gpointer value;

    if (commit->n_notices == 0)
        return FALSE;
    g_hash_table_iter_init(&iter, home->watches);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Watch *watch = value;
        for (gsize i = 0; watch->topic != NULL && i < commit->n_notices; i++) {
            if (!topic_fits(watch->topic, commit->notices[i]->topic))
                continue;
            g_array_append_val(watch->notices, *commit->notices[i]);
            touch(home, watch);
            noted = TRUE;
        }
    }
    return noted;
}

static void
note_beliefs(StoreLoop *home, const CfxModel *model, const CfxCommit *commit)
{
    double scale = 1;
    gint64 last = 0;
    gboolean is_first = TRUE;
    BeliefRow row;

    for (gsize b = 0; b < commit->n_beliefs; b++) {
        for (gsize i = 0; i < commit->beliefs[b]->n; i++) {
            gint64 sensor = cfx_int_at(commit->beliefs[b]->sensor, i);
            GPtrArray *list = g_hash_table_lookup(home->by_sensor, &sensor);
            if (list == NULL)
                continue;
            if (is_first || sensor != last)
                scale = cfx_store_scale(model, sensor);
            is_first = FALSE;
            last = sensor;
            cfx_belief_row_get(commit->beliefs[b], i, &row);
            row.value *= scale;
            for (guint w = 0; w < list->len; w++) {
                Watch *watch = g_ptr_array_index(list, w);
                g_array_append_val(watch->rows, row);
                touch(home, watch);
            }
        }
    }
}

void
cfx_store_watch_group(StoreLoop *home, Group *group)
{
    const CfxModel *model = cfx_store_model_ref(home->store);
    gboolean keep = FALSE;

    for (guint i = 0; g_hash_table_size(home->watches) > 0 && i < group->parts->len; i++) {
        const Part *part = &g_array_index(group->parts, Part, i);
        if (!part->is_stored)
            continue;
        if (g_hash_table_size(home->by_sensor) > 0)
            note_beliefs(home, model, &part->view);
        keep |= note_notices(home, &part->view);
    }
    if (keep) {
        g_atomic_int_inc(&group->references);
        g_ptr_array_add(home->kept, group);
    }
    cfx_store_model_unref(model);
}

/* --- the early watch ----------------------------------------------------------------------- */

static StoreLoop *
main_home(CfxStore *self)
{
    return g_ptr_array_index(self->loops, 0); /* made with the store */
}

guint64
cfx_store_watch_early(
    CfxStore *self, const gint64 *sensors, gsize n, CfxBeliefsDone func, gpointer data)
{
    StoreLoop *home = main_home(self);
    Watch *watch = watch_new(home, data);

    watch_sensors(watch, home->early, sensors, n, func);
    return watch->id;
}

void
cfx_store_unwatch_early(CfxStore *self, guint64 watch)
{
    end_watch(main_home(self), watch);
}

/* Rows of an entry for one early watch; called once for each of them. */
static void
gather_early(Watch *watch, const CfxModel *model, const CfxCommit *commit, GArray *rows)
{
    BeliefRow row;

    for (gsize b = 0; b < commit->n_beliefs; b++) {
        for (gsize i = 0; i < commit->beliefs[b]->n; i++) {
            gint64 sensor = cfx_int_at(commit->beliefs[b]->sensor, i);
            GPtrArray *list = g_hash_table_lookup(watch->home->early, &sensor);
            if (list == NULL || !g_ptr_array_find(list, watch, NULL))
                continue;
            cfx_belief_row_get(commit->beliefs[b], i, &row);
            row.value *= cfx_store_scale(model, sensor);
            g_array_append_val(rows, row);
        }
    }
}

static void
tell_early(StoreLoop *home, const CfxModel *model, const CfxCommit *commit)
{
    g_autoptr(GPtrArray) early = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, home->watches);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Watch *watch = value;
        if (watch->client == NULL) {
            watch->references++;
            g_ptr_array_add(early, watch);
        }
    }
    for (guint i = 0; i < early->len; i++) {
        Watch *watch = g_ptr_array_index(early, i);
        /* not the watch's own: what is called may commit, which comes here again */
        g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(BeliefRow));
        if (!watch->is_gone)
            gather_early(watch, model, commit, rows);
        home->store->early_trace = commit->trace;
        home->store->early_received_us = commit->received_us;
        if (rows->len > 0)
            call_beliefs(watch, rows);
        watch_unref(watch);
    }
}

void
cfx_store_early_cause(CfxStore *self, gint64 *ret_trace, gint64 *ret_received_us)
{
    *ret_trace = self->early_trace;
    *ret_received_us = self->early_received_us;
}

/* A commit of another loop tells the main loop as soon as that comes around. */
typedef struct {
    Batch *batch;
    const Entry *entry;
} Early;

static void
tell_early_on_main(gpointer data)
{
    g_autofree Early *early = data;
    CfxStore *store = early->batch->store;
    const CfxModel *model = cfx_store_model_ref(store);

    tell_early(main_home(store), model, &early->entry->commit);
    cfx_store_model_unref(model);
    cfx_batch_unref(early->batch);
}

void
cfx_store_watch_entry(StoreLoop *home, const CfxModel *model, const Entry *entry)
{
    StoreLoop *main_loop = main_home(home->store);

    if (entry->commit.n_beliefs == 0)
        return;
    if (home != main_loop) {
        Early *early = g_new(Early, 1);
        early->batch = cfx_batch_ref(entry->batch);
        early->entry = entry;
        cfx_loop_post(main_loop->loop, tell_early_on_main, early);
    } else if (g_hash_table_size(home->early) > 0) {
        tell_early(home, model, &entry->commit);
    }
}
