/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-host.h"

#include <math.h>
#include <string.h>

FakeHost fake;

typedef struct {
    void (*func)(gpointer data);
    gpointer data;
} Task;

typedef struct {
    CfxTimer id;
    guint32 clock;
    gint64 at_us;
    CfxFunc func;
    gpointer data;
} Timer;

static void
later(CfxFunc func, gpointer data)
{
    Task *task = g_new(Task, 1);

    *task = (Task){ func, data };
    g_queue_push_tail(&fake.tasks, task);
}

void
fake_run(void)
{
    for (Task *task; (task = g_queue_pop_head(&fake.tasks)) != NULL;) {
        task->func(task->data);
        g_free(task);
    }
}

/* --- base ------------------------------------------------------------------------------------- */

static void
fake_log(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message)
{
    g_test_message("%s", message);
}

static guint32
fake_log_level(const CfxHost *host)
{
    return CFX_LOG_DEBUG;
}

static gint64
fake_now(const CfxHost *host, guint32 clock)
{
    return clock == CFX_CLOCK_SITE ? fake.site_us : fake.real_us;
}

static CfxTimer
fake_timer_start(const CfxHost *host, guint32 clock, gint64 at_us, CfxFunc func, gpointer data)
{
    static CfxTimer last;
    Timer *timer = g_new(Timer, 1);

    *timer = (Timer){ ++last, clock, at_us, func, data };
    fake.timers = g_list_append(fake.timers, timer);
    return last;
}

static void
fake_timer_stop(const CfxHost *host, CfxTimer id)
{
    for (GList *link = fake.timers; link != NULL; link = link->next) {
        Timer *timer = link->data;

        if (timer->id != id)
            continue;
        fake.timers = g_list_delete_link(fake.timers, link);
        g_free(timer);
        return;
    }
}

void
fake_pass(gint64 site_us, gint64 real_us)
{
    gboolean is_done = FALSE;

    fake.site_us += site_us;
    fake.real_us += real_us;
    while (!is_done) {
        is_done = TRUE;
        for (GList *link = fake.timers; link != NULL; link = link->next) {
            Timer timer = *(Timer *)link->data;

            if (timer.at_us > fake_now(NULL, timer.clock))
                continue;
            fake_timer_stop(NULL, timer.id);
            timer.func(timer.data);
            is_done = FALSE;
            break;
        }
        fake_run();
    }
}

static void
fake_post(const CfxHost *host, CfxFunc func, gpointer data)
{
    later(func, data);
}

static CfxMetric *
fake_metric(
    const CfxHost *host, guint32 type, const char *name, const char *help, const CfxPair *labels)
{
    return NULL;
}

static void
fake_metric_add(CfxMetric *metric, double value)
{
}

static void
fake_health(const CfxHost *host, guint32 state, const char *reason)
{
    fake.health = state;
    g_free(fake.reason);
    fake.reason = g_strdup(reason);
}

static GBytes *
fake_secret(const CfxHost *host, const char *key, GError **error)
{
    return g_bytes_new_static("s3cret", 6);
}

static const CfxBaseApi base = {
    .struct_size = sizeof(base),
    .log = fake_log,
    .log_level = fake_log_level,
    .now = fake_now,
    .timer_start = fake_timer_start,
    .timer_stop = fake_timer_stop,
    .post = fake_post,
    .metric = fake_metric,
    .metric_add = fake_metric_add,
    .health = fake_health,
    .secret = fake_secret,
};

/* --- data ------------------------------------------------------------------------------------- */

typedef struct {
    CfxCommitDone commit_done;
    CfxRecordsDone records_done;
    CfxBeliefsDone beliefs_done;
    gpointer data;
    char *collection, *failure;
} Answer;

static void
answer_commit(gpointer data)
{
    g_autofree Answer *answer = data;
    CfxCommitted committed = { .struct_size = sizeof(committed) };
    g_autoptr(GError) error = NULL;

    if (answer->failure != NULL)
        error = g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, answer->failure);
    answer->commit_done(answer->data, error == NULL ? &committed : NULL, error);
    g_free(answer->failure);
}

static void
keep(const CfxCommit *commit)
{
    for (gsize i = 0; i < commit->n_beliefs; i++) {
        const CfxBeliefs *batch = commit->beliefs[i];

        for (gsize j = 0; j < batch->n; j++) {
            FakeBelief belief = { cfx_int_at(batch->sensor, j),
                                  cfx_int_at(batch->start_us, j),
                                  cfx_int_at(batch->belief_us, j),
                                  cfx_real_at(batch->value, j) };

            g_array_append_val(fake.beliefs, belief);
        }
    }
    for (gsize i = 0; i < commit->n_records; i++) {
        const CfxRecord *record = commit->records[i];
        char *key = g_strdup_printf("%s %s", record->collection, record->key);

        if ((record->flags & CFX_RECORD_DELETE) != 0) {
            g_hash_table_remove(fake.records, key);
            g_free(key);
        } else {
            g_hash_table_replace(fake.records, key, g_strndup(record->doc, record->doc_size));
        }
    }
    for (gsize i = 0; i < commit->n_notices; i++)
        g_ptr_array_add(fake.notices,
                        g_strndup(commit->notices[i]->doc, commit->notices[i]->doc_size));
}

static gint64
fake_commit(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done, gpointer data)
{
    Answer *answer = g_new0(Answer, 1);

    fake.commits++;
    fake.received_us = commit->received_us;
    *answer = (Answer){ .commit_done = done, .data = data, .failure = g_strdup(fake.failure) };
    if (fake.failure == NULL)
        keep(commit);
    later(answer_commit, answer);
    return fake.commits;
}

static void
answer_records(gpointer data)
{
    g_autofree Answer *answer = data;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *prefix = g_strdup_printf("%s ", answer->collection);
    CfxRecords records = { .struct_size = sizeof(records) };
    GHashTableIter iter;
    gpointer key, doc;

    g_hash_table_iter_init(&iter, fake.records);
    while (g_hash_table_iter_next(&iter, &key, &doc)) {
        CfxRecord *record;

        if (!g_str_has_prefix(key, prefix))
            continue;
        record = g_new0(CfxRecord, 1);
        *record = (CfxRecord){ .struct_size = sizeof(*record),
                               .collection = answer->collection,
                               .key = (char *)key + strlen(prefix),
                               .doc = doc,
                               .doc_size = strlen(doc) };
        g_ptr_array_add(found, record);
    }
    records.records = (const CfxRecord *const *)found->pdata;
    records.n = found->len;
    answer->records_done(answer->data, &records, NULL);
    g_free(answer->collection);
}

static void
fake_read_records(const CfxHost *host,
                  const CfxRecordQuery *query,
                  CfxRecordsDone done,
                  gpointer data)
{
    Answer *answer = g_new0(Answer, 1);

    *answer =
        (Answer){ .records_done = done, .data = data, .collection = g_strdup(query->collection) };
    later(answer_records, answer);
}

static void
answer_beliefs(gpointer data)
{
    g_autofree Answer *answer = data;
    const FakeBelief *first = (const FakeBelief *)(gpointer)fake.beliefs->data;
    gint64 step = sizeof(FakeBelief) / sizeof(gint64);
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs), .n = fake.beliefs->len };

    if (first == NULL) {
        answer->beliefs_done(answer->data, &beliefs, NULL);
        return;
    }
    /* older ones first: the newest is the last to be taken over */
    beliefs.sensor = (CfxInts){ &first->sensor, step };
    beliefs.start_us = (CfxInts){ &first->start_us, step };
    beliefs.belief_us = (CfxInts){ &first->belief_us, step };
    beliefs.value = (CfxReals){ &first->value, step };
    answer->beliefs_done(answer->data, &beliefs, NULL);
}

static void
fake_read_beliefs(const CfxHost *host,
                  const CfxBeliefQuery *query,
                  CfxBeliefsDone done,
                  gpointer data)
{
    Answer *answer = g_new0(Answer, 1);

    *answer = (Answer){ .beliefs_done = done, .data = data };
    later(answer_beliefs, answer);
}

static const CfxDataApi data_api = {
    .struct_size = sizeof(data_api),
    .commit = fake_commit,
    .read_records = fake_read_records,
    .read_beliefs = fake_read_beliefs,
};

double
fake_value(gint64 sensor, gint64 start_us)
{
    for (guint i = fake.beliefs->len; i-- > 0;) {
        const FakeBelief *belief = &g_array_index(fake.beliefs, FakeBelief, i);

        if (belief->sensor == sensor && belief->start_us == start_us)
            return belief->value;
    }
    return INFINITY;
}

/* --- model ------------------------------------------------------------------------------------ */

static const CfxModel *
fake_get(const CfxHost *host)
{
    g_bytes_ref(fake.model->owner);
    return fake.model;
}

static void
fake_change(const CfxHost *host,
            const CfxModelChange *const *changes,
            gsize n,
            CfxModelDone done,
            gpointer data)
{
    if (changes[0]->kind == CFX_MODEL_SOURCE)
        fake.source_type = ((const CfxSource *)changes[0]->item)->type;
}

static guint64
fake_watch(const CfxHost *host, CfxModelDone func, gpointer data)
{
    fake.model_func = func;
    fake.model_data = data;
    return 1;
}

static void
fake_unwatch(const CfxHost *host, guint64 watch)
{
    fake.model_func = NULL;
}

static const CfxModelApi model_api = {
    .struct_size = sizeof(model_api),
    .get = fake_get,
    .change = fake_change,
    .watch = fake_watch,
    .unwatch = fake_unwatch,
};

/* --- web -------------------------------------------------------------------------------------- */

typedef struct {
    FakeAnswer answer;
    CfxHttpDone done;
    gpointer data;
} Call;

static void
answer_http(gpointer data)
{
    g_autofree Call *call = data;
    const char *text = call->answer.body != NULL ? call->answer.body : "";
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
    CfxHttpAnswer answer = { sizeof(answer), call->answer.status, NULL, body };
    g_autoptr(GError) error = NULL;

    if (call->answer.status == 0)
        error = g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "connection refused");
    call->done(call->data, error == NULL ? &answer : NULL, error);
}

static void
fake_http(const CfxHost *host, const CfxHttpCall *http, CfxHttpDone done, gpointer data)
{
    const char *authorization = NULL;
    Call *call = g_new(Call, 1);

    for (const CfxPair *pair = http->headers; pair != NULL && pair->name != NULL; pair++)
        if (g_ascii_strcasecmp(pair->name, "authorization") == 0)
            authorization = pair->value;
    g_ptr_array_add(fake.asked, g_strdup_printf("%s %s", http->method, http->url));
    *call = (Call){ fake.server(http->method, http->url, authorization), done, data };
    later(answer_http, call);
}

static const CfxWebApi web = { .struct_size = sizeof(web), .http = fake_http };

/* --- life ------------------------------------------------------------------------------------- */

void
fake_host_init(FakeServer server)
{
    memset(&fake, 0, sizeof(fake));
    fake.host = (CfxHost){ sizeof(fake.host), CFX_ABI_VERSION, "ven", &base,
                           &data_api,         &model_api,      &web,  NULL };
    fake.server = server;
    fake.real_us = CFX_HOUR;
    g_queue_init(&fake.tasks);
    fake.asked = g_ptr_array_new_with_free_func(g_free);
    fake.beliefs = g_array_new(FALSE, FALSE, sizeof(FakeBelief));
    fake.records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    fake.notices = g_ptr_array_new_with_free_func(g_free);
}

void
fake_host_clear(void)
{
    fake_run();
    g_list_free_full(fake.timers, g_free);
    g_ptr_array_unref(fake.asked);
    g_array_unref(fake.beliefs);
    g_hash_table_unref(fake.records);
    g_ptr_array_unref(fake.notices);
    g_free(fake.failure);
    g_free(fake.reason);
    g_clear_error(&fake.error);
}

static void
finish(CfxCall *call, GBytes *answer, GError *error)
{
    fake.is_finished = TRUE;
    g_clear_error(&fake.error);
    fake.error = error;
    g_clear_pointer(&answer, g_bytes_unref);
    g_free(call);
}

CfxCall *
fake_call(void)
{
    static const CfxCallOps ops = { .struct_size = sizeof(ops), .finish = finish };
    CfxCall *call = g_new0(CfxCall, 1);

    call->ops = &ops;
    fake.is_finished = FALSE;
    return call;
}
