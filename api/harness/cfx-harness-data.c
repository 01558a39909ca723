/* SPDX-License-Identifier: MIT */
/* Commits, and reading what was committed. */
#include "cfx-harness-private.h"

#include <math.h>
#include <string.h>

typedef struct {
    char *collection, *key, *doc;
    gint64 revision;
} Record;

typedef struct {
    CfxHarness *harness;
    CfxCommitDone done;
    gpointer data;
    CfxCommitted result;
    GError *error;
} Commit;

typedef struct {
    guint64 id;
    char *topic;     /* of notices */
    GArray *sensors; /* of beliefs */
    CfxNoticesDone notices_func;
    CfxBeliefsDone beliefs_func;
    gpointer data;
} Watch;

struct _CfxHarnessData {
    GArray *beliefs;     /* CfxHarnessBelief */
    GHashTable *records; /* "collection\tkey" → Record */
    GPtrArray *notices;  /* CfxHarnessNotice */
    GPtrArray *watches;  /* Watch */
    guint64 last_watch;
    gint64 revision;
    guint n_commits;
    gboolean is_held;
    GQueue held; /* Commit */
    char *failure;
};

static void
record_free(gpointer data)
{
    Record *record = data;
    g_free(record->collection);
    g_free(record->key);
    g_free(record->doc);
    g_free(record);
}

static void
notice_free(gpointer data)
{
    CfxHarnessNotice *notice = data;
    g_free(notice->topic);
    g_free(notice->doc);
    g_free(notice);
}

static void
watch_free(gpointer data)
{
    Watch *watch = data;
    g_free(watch->topic);
    g_clear_pointer(&watch->sensors, g_array_unref);
    g_free(watch);
}

CfxHarnessData *
cfx_harness_data_new(void)
{
    CfxHarnessData *data = g_new0(CfxHarnessData, 1);
    data->beliefs = g_array_new(FALSE, FALSE, sizeof(CfxHarnessBelief));
    data->records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, record_free);
    data->notices = g_ptr_array_new_with_free_func(notice_free);
    data->watches = g_ptr_array_new_with_free_func(watch_free);
    g_queue_init(&data->held);
    return data;
}

void
cfx_harness_data_free(CfxHarnessData *data)
{
    g_array_unref(data->beliefs);
    g_hash_table_unref(data->records);
    g_ptr_array_unref(data->notices);
    g_ptr_array_unref(data->watches);
    g_free(data->failure);
    g_free(data);
}

static void
commit_done(gpointer data)
{
    Commit *commit = data;
    g_autoptr(GError) error = g_steal_pointer(&commit->error);
    if (commit->done != NULL)
        commit->done(commit->data, error == NULL ? &commit->result : NULL, error);
    g_free(commit);
}

static void
release(CfxHarness *self)
{
    for (Commit *commit; (commit = g_queue_pop_head(&self->data->held)) != NULL;) {
        if (self->is_stopping && commit->error == NULL)
            commit->error = g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "it was stopped");
        cfx_harness_later(self, commit_done, commit);
    }
}

void
cfx_harness_data_stop(CfxHarness *self)
{
    release(self);
    g_ptr_array_set_size(self->data->watches, 0);
}

/* --- keeping ---------------------------------------------------------------------------------- */

static void
keep_record(CfxHarness *self, const CfxRecord *record)
{
    char *name = g_strdup_printf("%s\t%s", record->collection, record->key);
    if ((record->flags & CFX_RECORD_DELETE) != 0) {
        g_hash_table_remove(self->data->records, name);
        g_free(name);
        return;
    }
    Record *mine = g_new0(Record, 1);
    mine->collection = g_strdup(record->collection);
    mine->key = g_strdup(record->key);
    mine->doc = g_strndup(record->doc, record->doc_size);
    mine->revision = self->data->revision;
    g_hash_table_replace(self->data->records, name, mine);
}

static gboolean
is_expected(CfxHarness *self, const CfxRecord *record)
{
    g_autofree char *name = g_strdup_printf("%s\t%s", record->collection, record->key);
    const Record *there = g_hash_table_lookup(self->data->records, name);
    gint64 revision = there != NULL ? there->revision : 0;
    return record->expect == CFX_EXPECT_ANY || record->expect == revision;
}

static void
keep_beliefs(CfxHarness *self, const CfxBeliefs *beliefs)
{
    for (gsize i = 0; i < beliefs->n; i++) {
        gint64 belief_us =
            beliefs->belief_us.at != NULL ? cfx_int_at(beliefs->belief_us, i) : CFX_TIME_MIN;
        CfxHarnessBelief belief = {
            .sensor = cfx_int_at(beliefs->sensor, i),
            .source = beliefs->source.at != NULL ? cfx_int_at(beliefs->source, i) : 0,
            .start_us = cfx_int_at(beliefs->start_us, i),
            .belief_us = belief_us != CFX_TIME_MIN ? belief_us : self->site_us,
            .probability =
                beliefs->probability.at != NULL ? cfx_real_at(beliefs->probability, i) : 0.5,
            .value = cfx_real_at(beliefs->value, i),
        };
        g_array_append_val(self->data->beliefs, belief);
    }
}

static void
keep_notice(CfxHarness *self, const CfxNotice *notice)
{
    CfxHarnessNotice *mine = g_new0(CfxHarnessNotice, 1);
    mine->topic = g_strdup(notice->topic);
    mine->doc = g_strndup(notice->doc != NULL ? notice->doc : "", notice->doc_size);
    mine->asset = notice->asset;
    mine->at_us = notice->at_us != CFX_TIME_MIN ? notice->at_us : self->site_us;
    mine->flags = notice->flags;
    g_ptr_array_add(self->data->notices, mine);
}

/* exact, or a prefix that ends in a dot */
static gboolean
topic_fits(const char *wanted, const char *topic)
{
    return wanted == NULL || strcmp(wanted, topic) == 0 ||
           (g_str_has_suffix(wanted, ".") && g_str_has_prefix(topic, wanted));
}

static gboolean
is_among(const GArray *sensors, gint64 sensor)
{
    for (guint i = 0; i < sensors->len; i++) {
        if (g_array_index(sensors, gint64, i) == sensor)
            return TRUE;
    }
    return FALSE;
}

/* with an owner, so that it can be kept: end with cfx_beliefs_drop() */
static CfxBeliefs
columns(const GArray *beliefs)
{
    gint64 step = sizeof(CfxHarnessBelief) / sizeof(gint64);
    CfxBeliefs view = { .struct_size = sizeof(view), .n = beliefs->len };
    view.owner = g_bytes_new(beliefs->data, beliefs->len * sizeof(CfxHarnessBelief));
    const CfxHarnessBelief *first = g_bytes_get_data(view.owner, NULL);
    if (beliefs->len == 0)
        return view;
    view.sensor = (CfxInts){ &first->sensor, step };
    view.source = (CfxInts){ &first->source, step };
    view.start_us = (CfxInts){ &first->start_us, step };
    view.belief_us = (CfxInts){ &first->belief_us, step };
    view.probability = (CfxReals){ &first->probability, step };
    view.value = (CfxReals){ &first->value, step };
    return view;
}

/* What came new goes to who watches it, in one batch each. */
typedef struct {
    CfxHarness *harness;
    guint64 watch;
    GArray *beliefs;    /* CfxHarnessBelief */
    GPtrArray *notices; /* CfxNotice, of the harness's texts */
} News;

static void
tell(gpointer data)
{
    News *news = data;
    for (guint i = 0; i < news->harness->data->watches->len; i++) {
        const Watch *watch = news->harness->data->watches->pdata[i];
        if (watch->id != news->watch)
            continue;
        if (news->beliefs->len > 0) {
            CfxBeliefs view = columns(news->beliefs);
            watch->beliefs_func(watch->data, &view, NULL);
            cfx_beliefs_drop(&view);
        } else {
            CfxNotices view = { .struct_size = sizeof(view),
                                .notices = (const CfxNotice *const *)news->notices->pdata,
                                .n = news->notices->len };
            watch->notices_func(watch->data, &view, NULL);
        }
        break;
    }
    g_array_unref(news->beliefs);
    g_ptr_array_unref(news->notices);
    g_free(news);
}

static CfxNotice *
as_notice(const CfxHarnessNotice *notice, gint64 sequence)
{
    CfxNotice *view = g_new0(CfxNotice, 1);
    *view = (CfxNotice){ .struct_size = sizeof(*view),
                         .flags = notice->flags,
                         .topic = notice->topic,
                         .asset = notice->asset,
                         .at_us = notice->at_us,
                         .sequence = sequence,
                         .doc = notice->doc,
                         .doc_size = strlen(notice->doc) };
    return view;
}

static void
tell_watches(CfxHarness *self, guint beliefs_before, guint notices_before)
{
    for (guint w = 0; w < self->data->watches->len; w++) {
        const Watch *watch = self->data->watches->pdata[w];
        News *news = g_new0(News, 1);
        *news = (News){ self,
                        watch->id,
                        g_array_new(FALSE, FALSE, sizeof(CfxHarnessBelief)),
                        g_ptr_array_new_with_free_func(g_free) };
        for (guint i = beliefs_before; watch->sensors != NULL && i < self->data->beliefs->len;
             i++) {
            CfxHarnessBelief belief = g_array_index(self->data->beliefs, CfxHarnessBelief, i);
            if (is_among(watch->sensors, belief.sensor))
                g_array_append_val(news->beliefs, belief);
        }
        for (guint i = notices_before; watch->sensors == NULL && i < self->data->notices->len;
             i++) {
            const CfxHarnessNotice *notice = self->data->notices->pdata[i];
            if (topic_fits(watch->topic, notice->topic))
                g_ptr_array_add(news->notices, as_notice(notice, i + 1));
        }
        if (news->beliefs->len + news->notices->len > 0) {
            cfx_harness_later(self, tell, news);
            continue;
        }
        g_array_unref(news->beliefs);
        g_ptr_array_unref(news->notices);
        g_free(news);
    }
}

/* --- the table -------------------------------------------------------------------------------- */

static void
keep(CfxHarness *self, const CfxCommit *commit)
{
    guint beliefs_before = self->data->beliefs->len, notices_before = self->data->notices->len;
    for (gsize i = 0; i < commit->n_records; i++)
        keep_record(self, commit->records[i]);
    for (gsize i = 0; i < commit->n_beliefs; i++)
        keep_beliefs(self, commit->beliefs[i]);
    for (gsize i = 0; i < commit->n_notices; i++)
        keep_notice(self, commit->notices[i]);
    tell_watches(self, beliefs_before, notices_before);
}

static gint64
data_commit(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done, gpointer data)
{
    CfxHarness *self = cfx_harness_of(host);
    Commit *mine = g_new0(Commit, 1);
    *mine = (Commit){ .harness = self,
                      .done = done,
                      .data = data,
                      .result = { .struct_size = sizeof(CfxCommitted) } };
    if (!cfx_harness_check_commit(self, commit, &mine->error)) {
        /* a mistake of the plugin: say it where a test without a done() sees it too */
        g_ptr_array_add(self->logged[CFX_LOG_CRITICAL],
                        g_strdup_printf("commit refused: %s", mine->error->message));
        cfx_harness_later(self, commit_done, mine);
        return 0;
    }
    self->data->n_commits++;
    mine->result.revision = ++self->data->revision;
    if (self->data->failure != NULL)
        mine->error = g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, self->data->failure);
    for (gsize i = 0; i < commit->n_records && mine->error == NULL; i++) {
        if (!is_expected(self, commit->records[i]))
            mine->error =
                g_error_new(CFX_ERROR,
                            CFX_ERROR_CONFLICT,
                            "records.%" G_GSIZE_FORMAT ".expect: another revision is there",
                            i);
    }
    if (mine->error == NULL) {
        for (gsize i = 0; i < commit->n_beliefs; i++)
            mine->result.stored += commit->beliefs[i]->n;
        keep(self, commit);
    }
    if (self->data->is_held)
        g_queue_push_tail(&self->data->held, mine);
    else
        cfx_harness_later(self, commit_done, mine);
    return mine->result.revision;
}

/* A question that is answered with the next run. */
typedef struct {
    CfxHarness *harness;
    CfxBeliefsDone beliefs_done;
    CfxSeriesDone series_done;
    CfxRecordsDone records_done;
    CfxNoticesDone notices_done;
    gpointer data;
    GArray *sensors; /* gint64 */
    GPtrArray *keys; /* utf8 */
    char *name;      /* collection or topic */
    gint64 start_us, end_us, step_us, after;
    gsize n, limit;
} Question;

static Question *
question_new(const CfxHost *host, gpointer data)
{
    Question *question = g_new0(Question, 1);
    question->harness = cfx_harness_of(host);
    question->data = data;
    question->sensors = g_array_new(FALSE, FALSE, sizeof(gint64));
    question->keys = g_ptr_array_new_with_free_func(g_free);
    return question;
}

static void
question_free(Question *question)
{
    g_array_unref(question->sensors);
    g_ptr_array_unref(question->keys);
    g_free(question->name);
    g_free(question);
}

static void
answer_beliefs(gpointer data)
{
    Question *question = data;
    const GArray *all = question->harness->data->beliefs;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(CfxHarnessBelief));
    for (guint i = 0; i < all->len; i++) {
        CfxHarnessBelief belief = g_array_index(all, CfxHarnessBelief, i);
        if ((question->sensors->len == 0 || is_among(question->sensors, belief.sensor)) &&
            belief.start_us >= question->start_us && belief.start_us < question->end_us)
            g_array_append_val(found, belief);
    }
    CfxBeliefs view = columns(found);
    question->beliefs_done(question->data, &view, NULL);
    cfx_beliefs_drop(&view);
    question_free(question);
}

static void
data_read_beliefs(const CfxHost *host,
                  const CfxBeliefQuery *query,
                  CfxBeliefsDone done,
                  gpointer data)
{
    Question *question = question_new(host, data);
    question->beliefs_done = done;
    g_array_append_vals(question->sensors, query->sensors, (guint)query->n_sensors);
    question->start_us = query->start_us;
    question->end_us = query->end_us;
    cfx_harness_later(question->harness, answer_beliefs, question);
}

/* the last value at or before the beginning of each step */
static void
answer_series(gpointer data)
{
    Question *question = data;
    gint64 sensor = g_array_index(question->sensors, gint64, 0);
    const GArray *all = question->harness->data->beliefs;
    double *values = g_new(double, MAX(1, question->n));
    for (gsize k = 0; k < question->n; k++) {
        gint64 at_us = question->start_us + (gint64)k * question->step_us, newest = CFX_TIME_MIN;
        values[k] = NAN;
        for (guint i = 0; i < all->len; i++) {
            const CfxHarnessBelief *belief = &g_array_index(all, CfxHarnessBelief, i);
            if (belief->sensor != sensor || belief->start_us > at_us || belief->start_us < newest)
                continue;
            newest = belief->start_us;
            values[k] = belief->value;
        }
    }
    CfxSeries view = { .struct_size = sizeof(view),
                       .sensor = sensor,
                       .start_us = question->start_us,
                       .step_us = question->step_us,
                       .n = question->n,
                       .value = { values, 1 },
                       .owner = g_bytes_new_take(values, question->n * sizeof(double)) };
    question->series_done(question->data, &view, NULL);
    cfx_series_drop(&view);
    question_free(question);
}

static void
data_read_series(const CfxHost *host,
                 const CfxSeriesQuery *query,
                 CfxSeriesDone done,
                 gpointer data)
{
    Question *question = question_new(host, data);
    question->series_done = done;
    g_array_append_val(question->sensors, query->sensor);
    question->start_us = query->start_us;
    question->step_us = query->step_us;
    question->n = query->n;
    cfx_harness_later(question->harness, answer_series, question);
}

static gint
by_key(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const CfxRecord *const *)a)->key, (*(const CfxRecord *const *)b)->key);
}

static gboolean
is_wanted(const Question *question, const Record *record)
{
    if (strcmp(record->collection, question->name) != 0)
        return FALSE;
    for (guint i = 0; i < question->keys->len; i++) {
        if (strcmp(question->keys->pdata[i], record->key) == 0)
            return TRUE;
    }
    return question->keys->len == 0;
}

static void
answer_records(gpointer data)
{
    Question *question = data;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, question->harness->data->records);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Record *record = value;
        if (!is_wanted(question, record))
            continue;
        CfxRecord *view = g_new0(CfxRecord, 1);
        *view = (CfxRecord){ .struct_size = sizeof(*view),
                             .collection = record->collection,
                             .key = record->key,
                             .doc = record->doc,
                             .doc_size = strlen(record->doc),
                             .revision = record->revision };
        g_ptr_array_add(found, view);
    }
    g_ptr_array_sort(found, by_key);
    CfxRecords view = { .struct_size = sizeof(view),
                        .records = (const CfxRecord *const *)found->pdata,
                        .n = found->len,
                        .total = found->len };
    if (question->limit > 0)
        view.n = MIN(view.n, question->limit);
    question->records_done(question->data, &view, NULL);
    question_free(question);
}

static void
data_read_records(const CfxHost *host,
                  const CfxRecordQuery *query,
                  CfxRecordsDone done,
                  gpointer data)
{
    Question *question = question_new(host, data);
    question->records_done = done;
    question->name = g_strdup(query->collection);
    question->limit = query->limit;
    for (gsize i = 0; i < query->n_keys; i++)
        g_ptr_array_add(question->keys, g_strdup(query->keys[i]));
    if (query->n_terms > 0)
        g_critical("the harness does not search by terms: ask for keys or for all");
    cfx_harness_later(question->harness, answer_records, question);
}

static void
answer_notices(gpointer data)
{
    Question *question = data;
    const GPtrArray *all = question->harness->data->notices;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < all->len && found->len < question->limit; i++) {
        if ((gint64)i + 1 > question->after &&
            topic_fits(question->name, ((CfxHarnessNotice *)all->pdata[i])->topic))
            g_ptr_array_add(found, as_notice(all->pdata[i], i + 1));
    }
    CfxNotices view = { .struct_size = sizeof(view),
                        .notices = (const CfxNotice *const *)found->pdata,
                        .n = found->len };
    question->notices_done(question->data, &view, NULL);
    question_free(question);
}

static void
data_read_notices(const CfxHost *host,
                  const CfxNoticeQuery *query,
                  CfxNoticesDone done,
                  gpointer data)
{
    Question *question = question_new(host, data);
    question->notices_done = done;
    question->name = g_strdup(query->topic);
    question->after = query->after;
    question->limit = query->limit > 0 ? query->limit : 1000;
    cfx_harness_later(question->harness, answer_notices, question);
}

static void
data_latest(const CfxHost *host, const gint64 *sensors, gsize n, double *value, gint64 *start_us)
{
    CfxHarness *self = cfx_harness_of(host);
    for (gsize k = 0; k < n; k++) {
        value[k] = NAN;
        start_us[k] = CFX_TIME_MIN;
        for (guint i = 0; i < self->data->beliefs->len; i++) {
            const CfxHarnessBelief *belief =
                &g_array_index(self->data->beliefs, CfxHarnessBelief, i);
            if (belief->sensor != sensors[k] || belief->start_us > self->site_us ||
                belief->start_us < start_us[k])
                continue;
            value[k] = belief->value;
            start_us[k] = belief->start_us;
        }
    }
}

static Watch *
watch_new(const CfxHost *host, gpointer data)
{
    CfxHarness *self = cfx_harness_of(host);
    Watch *watch = g_new0(Watch, 1);
    watch->id = ++self->data->last_watch;
    watch->data = data;
    g_ptr_array_add(self->data->watches, watch);
    return watch;
}

static guint64
data_watch_notices(const CfxHost *host, const char *topic, CfxNoticesDone func, gpointer data)
{
    Watch *watch = watch_new(host, data);
    watch->topic = g_strdup(topic);
    watch->notices_func = func;
    return watch->id;
}

static guint64
data_watch_beliefs(
    const CfxHost *host, const gint64 *sensors, gsize n, CfxBeliefsDone func, gpointer data)
{
    Watch *watch = watch_new(host, data);
    watch->sensors = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_array_append_vals(watch->sensors, sensors, (guint)n);
    watch->beliefs_func = func;
    return watch->id;
}

static void
data_unwatch(const CfxHost *host, guint64 id)
{
    GPtrArray *watches = cfx_harness_of(host)->data->watches;
    for (guint i = 0; i < watches->len; i++) {
        if (((Watch *)watches->pdata[i])->id == id)
            g_ptr_array_remove_index(watches, i--);
    }
}

const CfxDataApi cfx_harness_data_api = {
    .struct_size = sizeof(CfxDataApi),
    .commit = data_commit,
    .read_beliefs = data_read_beliefs,
    .read_series = data_read_series,
    .read_records = data_read_records,
    .read_notices = data_read_notices,
    .latest = data_latest,
    .watch_notices = data_watch_notices,
    .watch_beliefs = data_watch_beliefs,
    .unwatch = data_unwatch,
};

/* --- for tests -------------------------------------------------------------------------------- */

const CfxHarnessBelief *
cfx_harness_beliefs(CfxHarness *self, guint *n)
{
    *n = self->data->beliefs->len;
    return (const CfxHarnessBelief *)(const void *)self->data->beliefs->data;
}

const CfxHarnessBelief *
cfx_harness_belief(CfxHarness *self, gint64 sensor, gint64 start_us)
{
    for (guint i = self->data->beliefs->len; i-- > 0;) {
        const CfxHarnessBelief *belief = &g_array_index(self->data->beliefs, CfxHarnessBelief, i);
        if (belief->sensor == sensor && (start_us == CFX_TIME_MIN || belief->start_us == start_us))
            return belief;
    }
    return NULL;
}

const char *
cfx_harness_record(CfxHarness *self, const char *collection, const char *key)
{
    g_autofree char *name = g_strdup_printf("%s\t%s", collection, key);
    const Record *record = g_hash_table_lookup(self->data->records, name);
    return record != NULL ? record->doc : NULL;
}

void
cfx_harness_put_record(CfxHarness *self, const char *collection, const char *key, const char *doc)
{
    const CfxRecord record = { .struct_size = sizeof(record),
                               .collection = collection,
                               .key = key,
                               .doc = doc,
                               .doc_size = strlen(doc) };
    self->data->revision++;
    keep_record(self, &record);
}

void
cfx_harness_put_belief(
    CfxHarness *self, gint64 sensor, gint64 source, gint64 start_us, double value)
{
    const CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                                 .n = 1,
                                 .sensor = { &sensor, 0 },
                                 .source = { &source, 0 },
                                 .start_us = { &start_us, 0 },
                                 .value = { &value, 0 } };
    const CfxBeliefs *const batches[] = { &beliefs };
    const CfxCommit commit = { .struct_size = sizeof(commit), .beliefs = batches, .n_beliefs = 1 };
    keep(self, &commit);
}

const CfxHarnessNotice *
cfx_harness_notice(CfxHarness *self, const char *topic, guint *n)
{
    const CfxHarnessNotice *last = NULL;
    guint count = 0;
    for (guint i = 0; i < self->data->notices->len; i++) {
        const CfxHarnessNotice *notice = self->data->notices->pdata[i];
        if (!topic_fits(topic, notice->topic))
            continue;
        last = notice;
        count++;
    }
    if (n != NULL)
        *n = count;
    return last;
}

guint
cfx_harness_n_commits(CfxHarness *self)
{
    return self->data->n_commits;
}

void
cfx_harness_hold_commits(CfxHarness *self, gboolean hold)
{
    self->data->is_held = hold;
    if (!hold)
        release(self);
}

void
cfx_harness_fail_commits(CfxHarness *self, const char *message)
{
    g_free(self->data->failure);
    self->data->failure = g_strdup(message);
}
