/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store in memory: what was committed, who watches, what is read. */
#include "engine-fixture-private.h"

typedef struct {
    guint64 id;
    GArray *sensors;
    CfxBeliefsDone func;
    gpointer data;
    gboolean is_gone;
} Watch;

typedef struct {
    gint64 sensor, source, start_us, belief_us;
    double value;
} Belief;

static char *
record_key(const char *collection, const char *key)
{
    return g_strdup_printf("%s %s", collection, key);
}

typedef struct {
    char *collection, *key, *doc;
    GArray *keys;
} Stored;

static void
stored_free(gpointer data)
{
    Stored *stored = data;

    for (guint i = 0; i < stored->keys->len; i++)
        g_free((char *)(guintptr)g_array_index(stored->keys, CfxKey, i).text);
    g_array_free(stored->keys, TRUE);
    g_free(stored->collection);
    g_free(stored->key);
    g_free(stored->doc);
    g_free(stored);
}

GHashTable *
fixture_records_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, stored_free);
}

typedef struct {
    CfxCommitDone done;
    CfxBeliefsDone beliefs_done;
    CfxRecordsDone records_done;
    gpointer data;
    Watch *watch;
    GArray *beliefs;
    GPtrArray *records;
    gint64 revision;
} Answer;

static void
answer_commit(gpointer data)
{
    Answer *answer = data;
    CfxCommitted result = { .struct_size = sizeof result, .revision = answer->revision };

    if (answer->done != NULL)
        answer->done(answer->data, &result, NULL);
    g_free(answer);
}

static CfxBeliefs
view_of(GArray *beliefs)
{
    const Belief *first = (const Belief *)(gpointer)beliefs->data;
    const gint64 step = sizeof(Belief) / sizeof(gint64);

    if (beliefs->len == 0)
        return (CfxBeliefs){ .struct_size = sizeof(CfxBeliefs) };
    return (CfxBeliefs){
        .struct_size = sizeof(CfxBeliefs),
        .n = beliefs->len,
        .sensor = { &first->sensor, step },
        .source = { &first->source, step },
        .start_us = { &first->start_us, step },
        .belief_us = { &first->belief_us, step },
        .value = { &first->value, step },
    };
}

static void
answer_beliefs(gpointer data)
{
    Answer *answer = data;

    if (answer->watch == NULL && the_fixture->read_fails) {
        g_autoptr(GError) error = g_error_new(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "disk I/O error");
        answer->beliefs_done(answer->data, NULL, error);
    } else if (answer->beliefs->len > 0 || answer->watch == NULL) {
        CfxBeliefs view = view_of(answer->beliefs);
        if (answer->watch == NULL || !answer->watch->is_gone)
            answer->beliefs_done(answer->data, &view, NULL);
    }
    g_array_free(answer->beliefs, TRUE);
    g_free(answer);
}

static gboolean
holds(const GArray *sensors, gint64 sensor)
{
    for (guint i = 0; i < sensors->len; i++)
        if (g_array_index(sensors, gint64, i) == sensor)
            return TRUE;
    return FALSE;
}

static void
tell_watches(const Belief *beliefs, gsize n)
{
    for (guint w = 0; w < the_fixture->watches->len; w++) {
        Watch *watch = g_array_index(the_fixture->watches, Watch *, w);
        Answer *answer = g_new0(Answer, 1);
        answer->beliefs = g_array_new(FALSE, FALSE, sizeof(Belief));
        answer->watch = watch;
        answer->beliefs_done = watch->func;
        answer->data = watch->data;
        for (gsize i = 0; i < n; i++)
            if (holds(watch->sensors, beliefs[i].sensor))
                g_array_append_val(answer->beliefs, beliefs[i]);
        fixture_post(answer_beliefs, answer);
    }
}

static void
store_record(const CfxRecord *record)
{
    Stored *stored = g_new0(Stored, 1);
    char *key = record_key(record->collection, record->key);

    g_assert_nonnull(record->doc);
    stored->collection = g_strdup(record->collection);
    stored->key = g_strdup(record->key);
    stored->doc = g_strndup(record->doc, record->doc_size);
    stored->keys = g_array_new(FALSE, FALSE, sizeof(CfxKey));
    for (gsize i = 0; i < record->n_keys; i++) {
        CfxKey copy = record->keys[i];
        copy.text = g_strdup(copy.text);
        g_array_append_val(stored->keys, copy);
    }
    g_hash_table_replace(the_fixture->records, key, stored);
}

static gint64
data_commit(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done, gpointer data)
{
    Fixture *self = the_fixture;
    guint first = self->beliefs->len;

    for (gsize i = 0; i < commit->n_records; i++)
        store_record(commit->records[i]);
    for (gsize b = 0; b < commit->n_beliefs; b++) {
        const CfxBeliefs *beliefs = commit->beliefs[b];
        for (gsize i = 0; i < beliefs->n; i++) {
            Belief belief = {
                cfx_int_at(beliefs->sensor, i),
                beliefs->source.at != NULL ? cfx_int_at(beliefs->source, i) : 0,
                cfx_int_at(beliefs->start_us, i),
                self->site_us,
                cfx_real_at(beliefs->value, i),
            };
            if (belief.source == 0)
                belief.source = SOURCE_HOST;
            g_assert_nonnull(cfx_model_sensor(self->model, belief.sensor));
            g_array_append_val(self->beliefs, belief);
        }
    }
    for (gsize i = 0; i < commit->n_notices; i++) {
        g_array_append_val(self->noticed_us, commit->notices[i]->at_us);
        g_ptr_array_add(self->notices,
                        g_strdup_printf("%s %.*s",
                                        commit->notices[i]->topic,
                                        (int)commit->notices[i]->doc_size,
                                        commit->notices[i]->doc));
    }
    if (self->beliefs->len > first)
        tell_watches(&g_array_index(self->beliefs, Belief, first), self->beliefs->len - first);
    Answer *answer = g_new0(Answer, 1);
    answer->done = done;
    answer->data = data;
    answer->revision = ++self->revision;
    fixture_post(answer_commit, answer);
    return answer->revision;
}

static void
data_read_beliefs(const CfxHost *host,
                  const CfxBeliefQuery *query,
                  CfxBeliefsDone done,
                  gpointer data)
{
    Answer *answer = g_new0(Answer, 1);

    answer->beliefs = g_array_new(FALSE, FALSE, sizeof(Belief));
    answer->beliefs_done = done;
    answer->data = data;
    for (guint i = 0; i < the_fixture->beliefs->len; i++) {
        const Belief *belief = &g_array_index(the_fixture->beliefs, Belief, i);
        if (belief->start_us < query->start_us || belief->start_us >= query->end_us)
            continue;
        for (gsize s = 0; s < query->n_sensors; s++)
            if (query->sensors[s] == belief->sensor)
                g_array_append_val(answer->beliefs, *belief);
    }
    fixture_post(answer_beliefs, answer);
}

static gboolean
meets(const Stored *stored, const CfxTerm *term)
{
    for (guint i = 0; i < stored->keys->len; i++) {
        const CfxKey *key = &g_array_index(stored->keys, CfxKey, i);
        if (g_str_equal(key->name, term->name) && key->number >= term->from &&
            key->number <= term->to)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_asked(const Stored *stored, const CfxRecordQuery *query)
{
    if (!g_str_equal(stored->collection, query->collection))
        return FALSE;
    for (gsize i = 0; i < query->n_keys; i++)
        if (g_str_equal(stored->key, query->keys[i]))
            return TRUE;
    if (query->n_keys > 0)
        return FALSE;
    for (gsize i = 0; i < query->n_terms; i++)
        if (!meets(stored, query->terms[i]))
            return FALSE;
    return TRUE;
}

static void
answer_records(gpointer data)
{
    Answer *answer = data;
    gsize n = answer->records->len;
    g_autofree CfxRecord *records = g_new0(CfxRecord, n + 1);
    g_autofree const CfxRecord **at = g_new0(const CfxRecord *, n + 1);

    for (gsize i = 0; i < n; i++) {
        const Stored *stored = g_ptr_array_index(answer->records, i);
        records[i] = (CfxRecord){
            .struct_size = sizeof(CfxRecord),
            .collection = stored->collection,
            .key = stored->key,
            .doc = stored->doc,
            .doc_size = strlen(stored->doc),
            .keys = (const CfxKey *)(gpointer)stored->keys->data,
            .n_keys = stored->keys->len,
        };
        at[i] = &records[i];
    }
    CfxRecords result = { .struct_size = sizeof result, .records = at, .n = n, .total = n };
    g_autoptr(GError) error = g_error_new(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "disk I/O error");
    gboolean fails = the_fixture->read_fails;
    answer->records_done(answer->data, fails ? NULL : &result, fails ? error : NULL);
    g_ptr_array_unref(answer->records);
    g_free(answer);
}

static void
data_read_records(const CfxHost *host,
                  const CfxRecordQuery *query,
                  CfxRecordsDone done,
                  gpointer data)
{
    Answer *answer = g_new0(Answer, 1);
    GHashTableIter iter;
    gpointer value;

    answer->records = g_ptr_array_new();
    answer->records_done = done;
    answer->data = data;
    g_hash_table_iter_init(&iter, the_fixture->records);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (is_asked(value, query))
            g_ptr_array_add(answer->records, value);
    fixture_post(answer_records, answer);
}

typedef struct {
    CfxNoticesDone done;
    gpointer data;
    GArray *found; /* (element-type guint) */
} NoticesAnswer;

static void
answer_notices(gpointer data)
{
    g_autofree NoticesAnswer *answer = data;
    guint n = answer->found->len;
    g_autofree CfxNotice *notices = g_new0(CfxNotice, n + 1);
    g_autofree const CfxNotice **at = g_new0(const CfxNotice *, n + 1);

    for (guint i = 0; i < n; i++) {
        guint k = g_array_index(answer->found, guint, i);
        const char *doc = strchr(g_ptr_array_index(the_fixture->notices, k), ' ') + 1;
        notices[i] = (CfxNotice){ .struct_size = sizeof(CfxNotice),
                                  .at_us = g_array_index(the_fixture->noticed_us, gint64, k),
                                  .sequence = k + 1,
                                  .doc = doc,
                                  .doc_size = strlen(doc) };
        at[i] = &notices[i];
    }
    CfxNotices result = { .struct_size = sizeof result, .notices = at, .n = n };
    answer->done(answer->data, &result, NULL);
    g_array_free(answer->found, TRUE);
}

static void
data_read_notices(const CfxHost *host,
                  const CfxNoticeQuery *query,
                  CfxNoticesDone done,
                  gpointer data)
{
    NoticesAnswer *answer = g_new0(NoticesAnswer, 1);
    g_autofree char *begin = g_strdup_printf("%s ", query->topic);

    answer->done = done;
    answer->data = data;
    answer->found = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = (guint)query->after;
         i < the_fixture->notices->len && answer->found->len < query->limit;
         i++) {
        gint64 us = g_array_index(the_fixture->noticed_us, gint64, i);
        if (g_str_has_prefix(g_ptr_array_index(the_fixture->notices, i), begin) &&
            us >= query->start_us && us < query->end_us)
            g_array_append_val(answer->found, i);
    }
    fixture_post(answer_notices, answer);
}

static guint64
data_watch_beliefs(
    const CfxHost *host, const gint64 *sensors, gsize n, CfxBeliefsDone func, gpointer data)
{
    Watch *watch = g_new0(Watch, 1);

    watch->id = ++the_fixture->last_timer;
    watch->sensors = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_array_append_vals(watch->sensors, sensors, (guint)n);
    watch->func = func;
    watch->data = data;
    g_array_append_val(the_fixture->watches, watch);
    return watch->id;
}

static void
data_unwatch(const CfxHost *host, guint64 handle)
{
    for (guint i = 0; i < the_fixture->watches->len; i++) {
        Watch *watch = g_array_index(the_fixture->watches, Watch *, i);
        if (watch->id == handle)
            watch->is_gone = TRUE;
    }
}

void
fixture_store_init(Fixture *self)
{
    self->records = fixture_records_new();
    self->beliefs = g_array_new(FALSE, FALSE, sizeof(Belief));
    self->notices = g_ptr_array_new_with_free_func(g_free);
    self->noticed_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->watches = g_array_new(FALSE, FALSE, sizeof(Watch *));
    self->data = (CfxDataApi){
        .struct_size = sizeof(CfxDataApi),
        .commit = data_commit,
        .read_beliefs = data_read_beliefs,
        .read_records = data_read_records,
        .read_notices = data_read_notices,
        .watch_beliefs = data_watch_beliefs,
        .unwatch = data_unwatch,
    };
}

void
fixture_store_clear(Fixture *self)
{
    for (guint i = 0; i < self->watches->len; i++) {
        Watch *watch = g_array_index(self->watches, Watch *, i);
        g_array_free(watch->sensors, TRUE);
        g_free(watch);
    }
    g_array_free(self->watches, TRUE);
    g_array_free(self->beliefs, TRUE);
    g_hash_table_unref(self->records);
    g_ptr_array_unref(self->notices);
    g_array_free(self->noticed_us, TRUE);
}

/* --- what tests ask --------------------------------------------------------------------------- */

void
fixture_believe(Fixture *self,
                gint64 source,
                gint64 sensor,
                gint64 start_us,
                gint64 step_us,
                guint n,
                double value)
{
    g_autofree gint64 *start = g_new(gint64, n);
    CfxBeliefs beliefs = {
        .struct_size = sizeof beliefs,
        .n = n,
        .sensor = { &sensor, 0 },
        .source = { &source, 0 },
        .start_us = { start, 1 },
        .value = { &value, 0 },
    };
    const CfxBeliefs *at = &beliefs;
    CfxCommit commit = { .struct_size = sizeof commit, .beliefs = &at, .n_beliefs = 1 };

    for (guint i = 0; i < n; i++)
        start[i] = start_us + i * step_us;
    data_commit(&self->host->host, &commit, NULL, NULL);
}

void
fixture_edit(Fixture *self, const char *collection, gint64 key, const char *from, const char *to)
{
    g_autofree char *name = g_strdup_printf("%s %" G_GINT64_FORMAT, collection, key);
    Stored *stored = g_hash_table_lookup(self->records, name);
    g_assert_nonnull(stored);
    g_auto(GStrv) parts = g_strsplit(stored->doc, from, -1);

    g_assert_cmpuint(g_strv_length(parts), ==, 2);
    g_free(stored->doc);
    stored->doc = g_strjoinv(to, parts);
}

const char *
fixture_record(const Fixture *self, const char *collection, const char *key)
{
    g_autofree char *both = record_key(collection, key);
    const Stored *stored = g_hash_table_lookup(self->records, both);

    return stored != NULL ? stored->doc : NULL;
}

guint
fixture_count_notices(const Fixture *self, const char *topic)
{
    guint n = 0;

    for (guint i = 0; i < self->notices->len; i++)
        n += g_str_has_prefix(g_ptr_array_index(self->notices, i), topic);
    return n;
}
