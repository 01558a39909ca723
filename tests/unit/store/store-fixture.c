/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-fixture.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>
#include <gmodule.h>

static const CfxFactory *factory;
static const CfxStorageOps *real;
static Faults *faults; /* of the store that runs */
static int completions;

void
fixture_init(int *argc, char ***argv)
{
    CfxPluginQuery query = NULL;

    g_assert_cmpint(*argc, ==, 2);
    GModule *module = g_module_open((*argv)[1], G_MODULE_BIND_LOCAL);
    g_assert_nonnull(module);
    g_module_make_resident(module);
    g_assert_true(g_module_symbol(module, CFX_PLUGIN_ENTRY, (gpointer *)&query));
    factory = query()->factories[0];
    real = factory->ops;
}

/* --- faults -------------------------------------------------------------------------------- */

static void
note_group(const CfxCommit *const *commits, gsize n)
{
    GString *log = g_string_new(NULL);
    gint rows = 0;

    for (gsize i = 0; i < n; i++) {
        g_string_append_printf(log, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "", commits[i]->revision);
        for (gsize b = 0; b < commits[i]->n_beliefs; b++)
            rows += (gint)commits[i]->beliefs[b]->n;
    }
    g_mutex_lock(&faults->lock);
    char *all = g_strconcat(faults->log, log->str, ";", NULL);
    g_free(faults->log);
    faults->log = all;
    faults->largest = MAX(faults->largest, rows);
    g_mutex_unlock(&faults->lock);
    g_string_free(log, TRUE);
    g_atomic_int_inc(&faults->groups);
}

static gboolean
faulty_commit(gpointer self,
              const CfxCommit *const *commits,
              gsize n,
              CfxCommitted *const *results,
              GError **errors,
              GError **error)
{
    note_group(commits, n);
    while (g_atomic_int_get(&faults->hold))
        g_usleep(1000);
    if (g_atomic_int_get(&faults->fail_before) > 0) {
        g_atomic_int_add(&faults->fail_before, -1);
        g_set_error(error, CFX_ERROR, faults->code, "the disk is full");
        return FALSE;
    }
    if (!real->commit(self, commits, n, results, errors, error))
        return FALSE;
    if (g_atomic_int_get(&faults->fail_after) == 0)
        return TRUE;
    g_atomic_int_add(&faults->fail_after, -1);
    for (gsize i = 0; i < n; i++)
        g_clear_error(&errors[i]);
    g_set_error(error, CFX_ERROR, faults->code, "the answer was lost");
    return FALSE;
}

/* --- life ---------------------------------------------------------------------------------- */

static const CfxSensor sensors[] = {
    { sizeof(CfxSensor), 0, 1, 1, "power", "kW", 15 * CFX_MINUTE, "UTC", NULL, "{}" },
    { sizeof(CfxSensor),
      CFX_SENSOR_PRODUCTION_POSITIVE,
      2,
      1,
      "pv",
      "kW",
      15 * CFX_MINUTE,
      "UTC",
      NULL,
      "{}" },
    { sizeof(CfxSensor), 0, 3, 1, "temperature", "°C", 0, "UTC", NULL, "{}" },
};
static const CfxSource sources[] = {
    { sizeof(CfxSource), CFX_SOURCE_SCHEDULER, 10, 0, "host", "host" },
    { sizeof(CfxSource), CFX_SOURCE_GATEWAY, 11, 0, "depot", "depot" },
    { sizeof(CfxSource), CFX_SOURCE_USER, 12, 0, "ann", NULL },
    { sizeof(CfxSource), CFX_SOURCE_GATEWAY, 13, 0, "other", "other" },
};
static const CfxSensor *const sensor_list[] = { &sensors[0], &sensors[1], &sensors[2] };
static const CfxSource *const source_list[] = {
    &sources[0], &sources[1], &sources[2], &sources[3]
};
static const CfxPluginInfo info = { .struct_size = sizeof(info), .id = "ocpp" };

static void
make_config(Fixture *self)
{
    CfxConfig *config = g_new0(CfxConfig, 1);
    CfxValue *values = g_new0(CfxValue, factory->n_keys);

    *config = (CfxConfig){
        .struct_size = sizeof(*config),
        .group = "storage:store",
        .keys = factory->keys,
        .key_size = factory->key_size,
        .n_values = factory->n_keys,
        .values = values,
    };
    for (gsize i = 0; i < factory->n_keys; i++) {
        if (strcmp(factory->keys[i].name, "path") == 0)
            values[i].text = g_strdup_printf("%s/store.db", self->dir);
        else if (strcmp(factory->keys[i].name, "durability") == 0)
            values[i].number = 1; /* tests do not lose power */
        else if (strcmp(factory->keys[i].name, "cache") == 0)
            values[i].number = 4;
    }
    self->storage->config = config;
}

static void
set_flag(gpointer data, const GError *error)
{
    g_assert_no_error(error);
    *(int *)data = 1;
}

static void
start(Fixture *self)
{
    int started = 0;

    self->store = cfx_store_new(self->loop, self->clock, self->storage);
    cfx_store_start(self->store, set_flag, &started);
    fixture_wait(&started);
    cfx_store_set_model(self->store, &self->model);
}

static void
stop(Fixture *self)
{
    int stopped = 0;

    cfx_store_stop(self->store, set_flag, &stopped);
    fixture_wait(&stopped);
    cfx_store_free(self->store);
    self->store = NULL;
}

Fixture *
fixture_new(void)
{
    Fixture *self = g_new0(Fixture, 1);

    faults = &self->faults;
    faults->log = g_strdup("");
    faults->code = CFX_ERROR_UNAVAILABLE;
    g_mutex_init(&faults->lock);
    self->dir = g_dir_make_tmp("cfx-store-XXXXXX", NULL);
    self->clock = cfx_clock_new_fake(SITE_START, 0);
    self->loop = cfx_loop_new_main(self->clock);
    self->storage = cfx_instance_new("storage", "store", self->loop);
    self->storage->factory = *factory;
    self->storage->storage = *real;
    self->storage->storage.commit = faulty_commit;
    make_config(self);
    self->host = cfx_instance_new_internal("host", self->loop);
    self->host->host.data = cfx_store_api();
    self->host->source = 10;
    self->depot = cfx_instance_new_internal("depot", self->loop);
    self->depot->kind = "adapter";
    self->depot->info = &info;
    self->depot->host.data = cfx_store_api();
    self->depot->source = 11;
    self->model = (CfxModel){
        .struct_size = sizeof(CfxModel),
        .version = 1,
        .sensors = sensor_list,
        .n_sensors = G_N_ELEMENTS(sensor_list),
        .sources = source_list,
        .n_sources = G_N_ELEMENTS(source_list),
        .owner = g_bytes_new_static("", 0),
    };
    completions = 0;
    start(self);
    return self;
}

void
fixture_restart(Fixture *self)
{
    stop(self);
    start(self);
}

static void
remove_folder(const char *dir)
{
    GDir *open = g_dir_open(dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(open)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_unlink(path);
    }
    g_dir_close(open);
    g_rmdir(dir);
}

void
fixture_free(Fixture *self)
{
    stop(self);
    cfx_instance_free(self->host);
    cfx_instance_free(self->depot);
    g_free((gpointer)self->storage->config->values[0].text);
    g_free((gpointer)self->storage->config->values);
    g_free(self->storage->config);
    cfx_instance_free(self->storage);
    cfx_loop_free(self->loop);
    cfx_clock_free(self->clock);
    g_bytes_unref(self->model.owner);
    remove_folder(self->dir);
    g_free(self->dir);
    g_free(self->faults.log);
    g_mutex_clear(&self->faults.lock);
    g_free(self);
}

static void
alone_finish(CfxCall *call, GBytes *answer, GError *error)
{
    g_assert_no_error(error);
}

double
fixture_alone(gsize total, gsize rows, FixtureAloneFunc func)
{
    static const CfxCallOps ops = { sizeof(ops), 0, alone_finish };
    g_autoptr(Fixture) fixture = fixture_new();
    CfxCall call = { &ops, NULL, 0 };
    GError *error = NULL;

    stop(fixture);
    gpointer self = factory->create(&fixture->storage->host, fixture->storage->config, &error);
    g_assert_no_error(error);
    factory->start(self, &call);
    double result = func(total, rows, real, self);
    factory->stop(self, &call);
    factory->destroy(self);
    start(fixture);
    return result;
}

void
fixture_now(Fixture *self, gint64 site_us)
{
    cfx_clock_fake_set(self->clock, site_us, 0);
}

void
fixture_wait(const int *flag)
{
    while (*flag == 0)
        g_main_context_iteration(NULL, TRUE);
}

/* --- short ways ---------------------------------------------------------------------------- */

void
outcome_done(gpointer data, const CfxCommitted *result, const GError *error)
{
    Outcome *self = data;

    self->done++;
    self->order = ++completions;
    self->code = error != NULL ? error->code : -1;
    g_free(self->message);
    self->message = error != NULL ? g_strdup(error->message) : NULL;
    if (result != NULL)
        self->result = *result;
}

void
outcome_clear(Outcome *self)
{
    g_clear_pointer(&self->message, g_free);
}

static gint64
commit(CfxInstance *instance, CfxCommit *commit, Outcome *outcome)
{
    commit->struct_size = sizeof(*commit);
    return cfx_commit(&instance->host, commit, outcome != NULL ? outcome_done : NULL, outcome);
}

gint64
put_belief(CfxInstance *instance,
           gint64 sensor,
           gint64 source,
           gint64 at_us,
           double value,
           Outcome *outcome)
{
    gint64 start = SITE_START + at_us;
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                           .n = 1,
                           .sensor = { &sensor, 0 },
                           .source = { &source, 0 },
                           .start_us = { &start, 0 },
                           .value = { &value, 0 } };
    const CfxBeliefs *one = &beliefs;

    return commit(instance, &(CfxCommit){ .beliefs = &one, .n_beliefs = 1 }, outcome);
}

gint64
put_many(CfxInstance *instance, guint32 flags, gint64 sensor, gsize rows, Outcome *outcome)
{
    g_autofree gint64 *starts = g_new(gint64, rows);
    g_autofree double *values = g_new(double, rows);
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                           .n = rows,
                           .sensor = { &sensor, 0 },
                           .start_us = { starts, 1 },
                           .value = { values, 1 } };
    const CfxBeliefs *one = &beliefs;
    CfxRecord record = { .struct_size = sizeof(record),
                         .collection = "test.bulk",
                         .key = "end",
                         .doc = "{}",
                         .doc_size = 2,
                         .expect = CFX_EXPECT_ANY };
    const CfxRecord *last = &record;

    for (gsize i = 0; i < rows; i++) {
        starts[i] = SITE_START + (gint64)i * CFX_MINUTE;
        values[i] = (double)i;
    }
    return commit(
        instance,
        &(CfxCommit){
            .flags = flags, .beliefs = &one, .n_beliefs = 1, .records = &last, .n_records = 1 },
        outcome);
}

gint64
put_record(
    CfxInstance *instance, const char *collection, const char *key, gint64 expect, Outcome *outcome)
{
    CfxRecord record = { .struct_size = sizeof(record),
                         .flags = g_str_has_suffix(collection, "secret") ? CFX_RECORD_PRIVATE : 0,
                         .collection = collection,
                         .key = key,
                         .doc = "{}",
                         .doc_size = 2,
                         .expect = expect };
    const CfxRecord *one = &record;

    return commit(instance, &(CfxCommit){ .records = &one, .n_records = 1 }, outcome);
}

gint64
put_notice(CfxInstance *instance, const char *topic, guint32 flags, Outcome *outcome)
{
    CfxNotice notice = { .struct_size = sizeof(notice),
                         .flags = flags,
                         .topic = topic,
                         .at_us = CFX_TIME_MIN,
                         .doc = "{}",
                         .doc_size = 2 };
    const CfxNotice *one = &notice;

    return commit(instance, &(CfxCommit){ .notices = &one, .n_notices = 1 }, outcome);
}

typedef struct {
    int done;
    char *text;
} Answer;

char *
beliefs_text(const CfxBeliefs *beliefs)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < beliefs->n; i++)
        g_string_append_printf(text,
                               "%s%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                               " %g",
                               i > 0 ? " | " : "",
                               cfx_int_at(beliefs->sensor, i),
                               cfx_int_at(beliefs->source, i),
                               (cfx_int_at(beliefs->start_us, i) - SITE_START) / CFX_SECOND,
                               cfx_real_at(beliefs->value, i));
    return g_string_free(text, FALSE);
}

static void
got_beliefs(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    Answer *answer = data;

    answer->done++;
    answer->text = error != NULL ? g_strdup(error->message) : beliefs_text(beliefs);
}

char *
get_beliefs(CfxInstance *instance, gint64 sensor, guint32 flags)
{
    Answer answer = { 0 };
    const CfxBeliefQuery query = {
        .struct_size = sizeof(query),
        .flags = flags,
        .mode = CFX_BELIEFS_BEST,
        .sensors = &sensor,
        .n_sensors = 1,
        .start_us = CFX_TIME_MIN,
        .end_us = CFX_TIME_MAX,
        .horizon_us = CFX_TIME_MIN,
    };

    instance->host.data->read_beliefs(&instance->host, &query, got_beliefs, &answer);
    g_assert_cmpint(answer.done, ==, 0);
    fixture_wait(&answer.done);
    return answer.text;
}

static void
got_records(gpointer data, const CfxRecords *records, const GError *error)
{
    Answer *answer = data;
    GString *text = g_string_new(NULL);

    answer->done++;
    if (error != NULL)
        g_string_append(text, error->message);
    for (gsize i = 0; error == NULL && i < records->n; i++)
        g_string_append_printf(text,
                               "%s%s@%" G_GINT64_FORMAT,
                               i > 0 ? " | " : "",
                               records->records[i]->key,
                               records->records[i]->revision);
    answer->text = g_string_free(text, FALSE);
}

char *
get_records(CfxInstance *instance, const char *collection)
{
    Answer answer = { 0 };
    const CfxRecordQuery query = { .struct_size = sizeof(query), .collection = collection };

    instance->host.data->read_records(&instance->host, &query, got_records, &answer);
    fixture_wait(&answer.done);
    return answer.text;
}
