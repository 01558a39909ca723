/* SPDX-License-Identifier: MIT */
/* Commits, and reading what was committed. */
#include "cfx-harness-data.h"

#include <math.h>
#include <string.h>

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

static void
record_free(gpointer data)
{
    CfxHarnessRecord *record = data;
    g_free(record->collection);
    g_free(record->key);
    g_free(record->doc);
    g_array_unref(record->keys);
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
    CfxHarnessRecord *mine = g_new0(CfxHarnessRecord, 1);
    mine->collection = g_strdup(record->collection);
    mine->key = g_strdup(record->key);
    mine->doc = g_strndup(record->doc, record->doc_size);
    mine->keys = g_array_new(FALSE, FALSE, sizeof(CfxKey));
    for (gsize i = 0; i < record->n_keys; i++) {
        CfxKey key = { cfx_harness_text(record->keys[i].name),
                       cfx_harness_text(record->keys[i].text),
                       record->keys[i].number };
        g_array_append_val(mine->keys, key);
    }
    mine->revision = self->data->revision;
    g_hash_table_replace(self->data->records, name, mine);
}

static gboolean
is_expected(CfxHarness *self, const CfxRecord *record)
{
    g_autofree char *name = g_strdup_printf("%s\t%s", record->collection, record->key);
    const CfxHarnessRecord *there = g_hash_table_lookup(self->data->records, name);
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

gboolean
cfx_harness_topic_fits(const char *wanted, const char *topic)
{
    return wanted == NULL || strcmp(wanted, topic) == 0 ||
           (g_str_has_suffix(wanted, ".") && g_str_has_prefix(topic, wanted));
}

gboolean
cfx_harness_is_among(const GArray *sensors, gint64 sensor)
{
    for (guint i = 0; i < sensors->len; i++) {
        if (g_array_index(sensors, gint64, i) == sensor)
            return TRUE;
    }
    return FALSE;
}

CfxBeliefs
cfx_harness_columns(const GArray *beliefs)
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
            CfxBeliefs view = cfx_harness_columns(news->beliefs);
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

CfxNotice *
cfx_harness_as_notice(const CfxHarnessNotice *notice, gint64 sequence)
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
            if (cfx_harness_is_among(watch->sensors, belief.sensor))
                g_array_append_val(news->beliefs, belief);
        }
        for (guint i = notices_before; watch->sensors == NULL && i < self->data->notices->len;
             i++) {
            const CfxHarnessNotice *notice = self->data->notices->pdata[i];
            if (cfx_harness_topic_fits(watch->topic, notice->topic))
                g_ptr_array_add(news->notices, cfx_harness_as_notice(notice, i + 1));
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
    self->data->trace = commit->trace;
    self->data->received_us = commit->received_us;
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
    .read_beliefs = cfx_harness_read_beliefs,
    .read_series = cfx_harness_read_series,
    .read_records = cfx_harness_read_records,
    .read_notices = cfx_harness_read_notices,
    .latest = cfx_harness_latest,
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
    const CfxHarnessRecord *record = g_hash_table_lookup(self->data->records, name);
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
        if (!cfx_harness_topic_fits(topic, notice->topic))
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
cfx_harness_last_commit(CfxHarness *self, gint64 *trace, gint64 *received_us)
{
    if (trace != NULL)
        *trace = self->data->trace;
    if (received_us != NULL)
        *received_us = self->data->received_us;
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
