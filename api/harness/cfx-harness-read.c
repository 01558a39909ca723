/* SPDX-License-Identifier: MIT */
/* Reading what was committed. */
#include "cfx-harness-data.h"

#include <math.h>
#include <string.h>

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
    GArray *terms;   /* CfxTerm */
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
    question->terms = g_array_new(FALSE, FALSE, sizeof(CfxTerm));
    return question;
}

static void
question_free(Question *question)
{
    g_array_unref(question->sensors);
    g_ptr_array_unref(question->keys);
    for (guint i = 0; i < question->terms->len; i++)
        g_free((gpointer)(guintptr)g_array_index(question->terms, CfxTerm, i).texts);
    g_array_unref(question->terms);
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
        if ((question->sensors->len == 0 ||
             cfx_harness_is_among(question->sensors, belief.sensor)) &&
            belief.start_us >= question->start_us && belief.start_us < question->end_us)
            g_array_append_val(found, belief);
    }
    CfxBeliefs view = cfx_harness_columns(found);
    question->beliefs_done(question->data, &view, NULL);
    cfx_beliefs_drop(&view);
    question_free(question);
}

void
cfx_harness_read_beliefs(const CfxHost *host,
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

void
cfx_harness_read_series(const CfxHost *host,
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

static void
term_add(Question *question, const CfxTerm *term)
{
    CfxTerm mine = *term;
    mine.name = cfx_harness_text(term->name);
    if (term->texts != NULL) {
        const char **texts = g_new0(const char *, MAX(1, term->n_texts));
        for (gsize i = 0; i < term->n_texts; i++)
            texts[i] = cfx_harness_text(term->texts[i]);
        mine.texts = texts;
    }
    g_array_append_val(question->terms, mine);
}

/* any key of that name, with any of the texts or a number in the range */
static gboolean
meets(const CfxHarnessRecord *record, const CfxTerm *term)
{
    for (guint i = 0; i < record->keys->len; i++) {
        const CfxKey *key = &g_array_index(record->keys, CfxKey, i);
        if (strcmp(key->name, term->name) != 0)
            continue;
        if (term->texts == NULL && key->number >= term->from && key->number <= term->to)
            return TRUE;
        for (gsize k = 0; term->texts != NULL && k < term->n_texts; k++) {
            if (g_strcmp0(key->text, term->texts[k]) == 0)
                return TRUE;
        }
    }
    return FALSE;
}

static gboolean
is_wanted(const Question *question, const CfxHarnessRecord *record)
{
    if (strcmp(record->collection, question->name) != 0)
        return FALSE;
    for (guint i = 0; i < question->keys->len; i++) {
        if (strcmp(question->keys->pdata[i], record->key) == 0)
            return TRUE;
    }
    for (guint i = 0; question->keys->len == 0 && i < question->terms->len; i++) {
        if (!meets(record, &g_array_index(question->terms, CfxTerm, i)))
            return FALSE;
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
        const CfxHarnessRecord *record = value;
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

void
cfx_harness_read_records(const CfxHost *host,
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
    for (gsize i = 0; i < query->n_terms; i++)
        term_add(question, query->terms[i]);
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
            cfx_harness_topic_fits(question->name, ((CfxHarnessNotice *)all->pdata[i])->topic))
            g_ptr_array_add(found, cfx_harness_as_notice(all->pdata[i], i + 1));
    }
    CfxNotices view = { .struct_size = sizeof(view),
                        .notices = (const CfxNotice *const *)found->pdata,
                        .n = found->len };
    question->notices_done(question->data, &view, NULL);
    question_free(question);
}

void
cfx_harness_read_notices(const CfxHost *host,
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

void
cfx_harness_latest(
    const CfxHost *host, const gint64 *sensors, gsize n, double *value, gint64 *start_us)
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
