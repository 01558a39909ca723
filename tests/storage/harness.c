/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gmodule.h>

#include <kit/cfx-time.h>

static const CfxFactory *factory;
static char *module_path, *factory_name;
static char **settings; /* "key=value" */

/* --- the host, as far as a storage sees it ------------------------------------------------- */

static void
host_log(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message)
{
    g_test_message("%s", message);
}

static guint32
host_log_level(const CfxHost *host)
{
    return CFX_LOG_DEBUG;
}

static gint64
host_now(const CfxHost *host, guint32 clock)
{
    return clock == CFX_CLOCK_SITE ? g_get_real_time() : g_get_monotonic_time();
}

static void
host_health(const CfxHost *host, guint32 state, const char *reason)
{
    g_test_message("health %u: %s", state, reason);
}

static const CfxBaseApi base = {
    .struct_size = sizeof(base),
    .log = host_log,
    .log_level = host_log_level,
    .now = host_now,
    .health = host_health,
};

/* --- loading ------------------------------------------------------------------------------- */

static gboolean
find_factory(GModule *module, GError **error)
{
    CfxPluginQuery query = NULL;

    if (!g_module_symbol(module, CFX_PLUGIN_ENTRY, (gpointer *)&query)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_FAILED, "%s", g_module_error());
        return FALSE;
    }
    const CfxPluginInfo *info = query();
    for (gsize i = 0; info->factories[i] != NULL; i++) {
        const CfxFactory *one = info->factories[i];
        if (strcmp(one->kind, CFX_KIND_STORAGE) == 0 &&
            (factory_name == NULL || strcmp(factory_name, one->name) == 0))
            factory = one;
    }
    if (factory == NULL)
        g_set_error(error, CFX_ERROR, CFX_ERROR_FAILED, "%s: no such storage", module_path);
    return factory != NULL;
}

gboolean
harness_init(int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "module", 0, 0, G_OPTION_ARG_FILENAME, &module_path, "The plugin", "FILE" },
        { "factory", 0, 0, G_OPTION_ARG_STRING, &factory_name, "Its storage", "NAME" },
        { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &settings, "Configuration", "KEY=VALUE" },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- the contract of storage");

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (module_path == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "--module is missing");
        return FALSE;
    }
    GModule *module = g_module_open_full(module_path, G_MODULE_BIND_LOCAL, error);
    if (module == NULL)
        return FALSE;
    g_module_make_resident(module);
    return find_factory(module, error);
}

static void
read_value(const CfxConfigKey *key, const char *text, CfxValue *to)
{
    to->real = NAN;
    to->text = text;
    if (text == NULL)
        return;
    if (key->type == CFX_KEY_CHOICE) {
        g_auto(GStrv) choices = g_strsplit(key->choices, "|", -1);
        while (choices[to->number] != NULL && strcmp(choices[to->number], text) != 0)
            to->number++;
        g_assert_nonnull(choices[to->number]);
    } else if (key->type == CFX_KEY_DURATION) {
        g_autofree char *iso = g_strdup_printf("PT%s", text);
        g_autofree char *upper = g_ascii_strup(iso, -1);
        g_assert_true(cfx_duration_parse_us(upper, -1, &to->number));
    } else if (key->type == CFX_KEY_BOOLEAN) {
        to->number = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
    } else {
        to->number = strtoll(text, NULL, 10);
        to->real = g_ascii_strtod(text, NULL);
    }
}

static const char *
setting(const char *key, const char *dir)
{
    gsize size = strlen(key);

    for (gsize i = 0; settings != NULL && settings[i] != NULL; i++) {
        if (strncmp(settings[i], key, size) != 0 || settings[i][size] != '=')
            continue;
        g_auto(GStrv) parts = g_strsplit(settings[i] + size + 1, "{dir}", -1);
        g_autofree char *text = g_strjoinv(dir, parts);
        return g_intern_string(text);
    }
    return NULL;
}

static void
make_config(Storage *self)
{
    self->values = g_new0(CfxValue, factory->n_keys);
    self->given = g_new0(guint8, factory->n_keys);
    for (gsize i = 0; i < factory->n_keys; i++) {
        const CfxConfigKey *key = (const CfxConfigKey *)(const void *)((const char *)factory->keys +
                                                                       i * factory->key_size);
        const char *text = setting(key->name, self->dir);
        self->given[i] = text != NULL;
        read_value(key, text != NULL ? text : key->def, &self->values[i]);
    }
    self->config = (CfxConfig){
        .struct_size = sizeof(self->config),
        .group = "storage:test",
        .keys = factory->keys,
        .key_size = factory->key_size,
        .n_values = factory->n_keys,
        .values = self->values,
        .given = self->given,
    };
}

/* --- life ---------------------------------------------------------------------------------- */

typedef struct {
    CfxCall call;
    GAsyncQueue *done;
} Call;

static void
call_finish(CfxCall *call, GBytes *answer, GError *error)
{
    Call *self = (Call *)call;

    if (answer != NULL)
        g_bytes_unref(answer);
    g_async_queue_push(self->done, error != NULL ? (gpointer)error : (gpointer)self);
}

static gboolean
run_call(void (*func)(gpointer, CfxCall *), gpointer data, GError **error)
{
    static const CfxCallOps call_ops = { sizeof(call_ops), 0, call_finish };
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Call call = { { &call_ops, cancellable, 0 }, g_async_queue_new() };

    func(data, &call.call);
    gpointer answer = g_async_queue_pop(call.done);
    g_async_queue_unref(call.done);
    if (answer == &call)
        return TRUE;
    g_propagate_error(error, answer);
    return FALSE;
}

gboolean
storage_try_start(Storage *self, GError **error)
{
    self->self = factory->create(&self->host, &self->config, error);
    if (self->self == NULL)
        return FALSE;
    if (!run_call(factory->start, self->self, error)) {
        factory->destroy(self->self);
        self->self = NULL;
        return FALSE;
    }
    self->reader = self->ops->reader_open(self->self, error);
    g_assert_nonnull(self->reader);
    return TRUE;
}

void
storage_start(Storage *self)
{
    GError *error = NULL;

    storage_try_start(self, &error);
    g_assert_no_error(error);
    g_assert_true(self->ops->last_revision(self->self, &self->revision, &error));
    g_assert_no_error(error);
}

void
storage_stop(Storage *self)
{
    GError *error = NULL;

    if (self->self == NULL)
        return;
    self->ops->reader_close(self->reader);
    run_call(factory->stop, self->self, &error);
    g_assert_no_error(error);
    factory->destroy(self->self);
    self->self = self->reader = NULL;
}

Storage *
storage_new_in(const char *dir)
{
    Storage *self = g_new0(Storage, 1);

    self->ops = factory->ops;
    self->dir = g_strdup(dir);
    self->host = (CfxHost){
        .struct_size = sizeof(CfxHost),
        .abi = CFX_ABI_VERSION,
        .instance = "test",
        .base = &base,
    };
    make_config(self);
    storage_start(self);
    return self;
}

Storage *
storage_new(void)
{
    g_autofree char *dir = g_dir_make_tmp("cfx-storage-XXXXXX", NULL);

    return storage_new_in(dir);
}

void
storage_free_keep(Storage *self)
{
    storage_stop(self);
    g_free(self->values);
    g_free(self->given);
    g_free(self->dir);
    g_free(self);
}

static void
remove_folder(const char *dir)
{
    GDir *open = g_dir_open(dir, 0, NULL);
    const char *name;

    while (open != NULL && (name = g_dir_read_name(open)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_unlink(path) != 0)
            remove_folder(path);
    }
    if (open != NULL)
        g_dir_close(open);
    g_rmdir(dir);
}

void
storage_free(Storage *self)
{
    storage_stop(self);
    remove_folder(self->dir);
    storage_free_keep(self);
}

/* --- committing ---------------------------------------------------------------------------- */

void
storage_group(
    Storage *self, const CfxCommit *const *commits, gsize n, CfxCommitted *results, GError **errors)
{
    g_autofree CfxCommitted **pointers = g_new0(CfxCommitted *, n);
    GError *error = NULL;

    for (gsize i = 0; i < n; i++) {
        results[i] = (CfxCommitted){ .struct_size = sizeof(results[i]) };
        pointers[i] = &results[i];
        errors[i] = NULL;
    }
    self->ops->commit(self->self, commits, n, pointers, errors, &error);
    g_assert_no_error(error);
}

static CfxCommit
numbered(Storage *self, const CfxCommit *commit)
{
    CfxCommit mine = *commit;

    mine.struct_size = sizeof(mine);
    if (mine.revision == 0)
        mine.revision = ++self->revision;
    return mine;
}

CfxCommitted
storage_commit(Storage *self, const CfxCommit *commit)
{
    CfxCommit mine = numbered(self, commit);
    const CfxCommit *one = &mine;
    CfxCommitted result;
    GError *error;

    storage_group(self, &one, 1, &result, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result.revision, ==, mine.revision);
    return result;
}

char *
storage_refused(Storage *self, const CfxCommit *commit, CfxCommitted *ret)
{
    CfxCommit mine = numbered(self, commit);
    const CfxCommit *one = &mine;
    CfxCommitted result;
    GError *error;

    storage_group(self, &one, 1, &result, &error);
    g_assert_nonnull(error);
    g_assert_cmpstr(g_quark_to_string(error->domain), ==, "cfx-error-quark");
    char *text = g_strdup_printf("%d: %s", error->code, error->message);
    g_error_free(error);
    if (ret != NULL)
        *ret = result;
    return text;
}

CfxCommitted
storage_belief(Storage *self,
               guint32 flags,
               gint64 sensor,
               gint64 start_us,
               gint64 source,
               gint64 belief_us,
               double value)
{
    CfxBeliefs beliefs = {
        .struct_size = sizeof(beliefs),
        .flags = CFX_BELIEFS_RAW,
        .n = 1,
        .sensor = { &sensor, 0 },
        .source = { &source, 0 },
        .start_us = { &start_us, 0 },
        .belief_us = { &belief_us, 0 },
        .value = { &value, 0 },
    };
    const CfxBeliefs *one = &beliefs;

    return storage_commit(self, &(CfxCommit){ .flags = flags, .beliefs = &one, .n_beliefs = 1 });
}

gint64
storage_record(Storage *self, const char *key, const char *doc, gint64 expect)
{
    CfxRecord record = {
        .struct_size = sizeof(record),
        .flags = doc == NULL ? CFX_RECORD_DELETE : 0,
        .collection = "test.thing",
        .key = key,
        .doc = doc,
        .doc_size = doc != NULL ? strlen(doc) : 0,
        .expect = expect,
    };
    const CfxRecord *one = &record;

    return storage_commit(self, &(CfxCommit){ .records = &one, .n_records = 1 }).revision;
}

void
storage_source(Storage *self, gint64 id, guint32 type)
{
    const CfxSourceType source = { sizeof(source), type, id };
    const CfxSourceType *one = &source;
    GError *error = NULL;

    self->ops->sources(self->self, &one, 1, &error);
    g_assert_no_error(error);
}

/* --- reading ------------------------------------------------------------------------------- */

typedef struct {
    GString *text;
    gsize rows;
} Taken;

static void
separate(Taken *taken)
{
    if (taken->rows++ > 0)
        g_string_append(taken->text, " | ");
}

/* printf writes "-nan" for some of them */
static double
without_sign_of_nan(double value)
{
    return isnan(value) ? copysign(value, 1) : value;
}

static gboolean
take_beliefs(gpointer data, const CfxBeliefs *const *beliefs, gsize n)
{
    Taken *taken = data;

    for (gsize b = 0; b < n; b++) {
        for (gsize i = 0; i < beliefs[b]->n; i++) {
            separate(taken);
            g_string_append_printf(taken->text,
                                   "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                                   " %" G_GINT64_FORMAT " %g",
                                   cfx_int_at(beliefs[b]->sensor, i),
                                   cfx_int_at(beliefs[b]->start_us, i),
                                   cfx_int_at(beliefs[b]->source, i),
                                   cfx_int_at(beliefs[b]->belief_us, i),
                                   without_sign_of_nan(cfx_real_at(beliefs[b]->value, i)));
            double probability = cfx_real_at(beliefs[b]->probability, i);
            if (probability != 0.5)
                g_string_append_printf(taken->text, " p%g", probability);
        }
    }
    return TRUE;
}

static gboolean
take_records(gpointer data, const CfxRecord *const *records, gsize n)
{
    Taken *taken = data;

    for (gsize i = 0; i < n; i++) {
        separate(taken);
        g_assert_cmpstr(records[i]->collection, ==, "test.thing");
        g_assert_cmpuint(strlen(records[i]->doc), ==, records[i]->doc_size);
        g_string_append_printf(taken->text,
                               "%s=%s@%" G_GINT64_FORMAT,
                               records[i]->key,
                               records[i]->doc,
                               records[i]->revision);
        for (gsize k = 0; k < records[i]->n_keys; k++) {
            const CfxKey *key = &records[i]->keys[k];
            if (key->text != NULL)
                g_string_append_printf(taken->text, " %s:%s", key->name, key->text);
            else
                g_string_append_printf(
                    taken->text, " %s:%" G_GINT64_FORMAT, key->name, key->number);
        }
        if ((records[i]->flags & CFX_RECORD_PRIVATE) != 0)
            g_string_append(taken->text, " private");
    }
    return TRUE;
}

static gboolean
take_notices(gpointer data, const CfxNotice *const *notices, gsize n)
{
    Taken *taken = data;

    for (gsize i = 0; i < n; i++) {
        separate(taken);
        g_string_append_printf(taken->text,
                               "%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT
                               " %" G_GINT64_FORMAT " %s",
                               notices[i]->sequence >> 16,
                               notices[i]->sequence & 0xffff,
                               notices[i]->topic,
                               notices[i]->asset,
                               notices[i]->at_us,
                               notices[i]->doc);
    }
    return TRUE;
}

static void
take_total(gpointer data, guint64 total)
{
    Taken *taken = data;

    g_string_append_printf(taken->text, "(%" G_GUINT64_FORMAT ") ", total);
}

static CfxSink
sink_of(Taken *taken)
{
    taken->text = g_string_new(NULL);
    taken->rows = 0;
    return (CfxSink){
        .struct_size = sizeof(CfxSink),
        .data = taken,
        .beliefs = take_beliefs,
        .records = take_records,
        .notices = take_notices,
        .total = take_total,
    };
}

char *
storage_beliefs(Storage *self, const CfxBeliefQuery *query)
{
    Taken taken;
    CfxSink sink = sink_of(&taken);
    GError *error = NULL;

    self->ops->read_beliefs(self->reader, query, &sink, &error);
    g_assert_no_error(error);
    return g_string_free(taken.text, FALSE);
}

char *
storage_latest(Storage *self, gint64 now_us)
{
    Taken taken;
    CfxSink sink = sink_of(&taken);
    GError *error = NULL;

    self->ops->read_latest(self->reader, now_us, &sink, &error);
    g_assert_no_error(error);
    return g_string_free(taken.text, FALSE);
}

char *
storage_records(Storage *self, const CfxRecordQuery *query)
{
    Taken taken;
    CfxSink sink = sink_of(&taken);
    GError *error = NULL;

    self->ops->read_records(self->reader, query, &sink, &error);
    g_assert_no_error(error);
    return g_string_free(taken.text, FALSE);
}

char *
storage_notices(Storage *self, const CfxNoticeQuery *query)
{
    Taken taken;
    CfxSink sink = sink_of(&taken);
    GError *error = NULL;

    self->ops->read_notices(self->reader, query, &sink, &error);
    g_assert_no_error(error);
    return g_string_free(taken.text, FALSE);
}

CfxBeliefQuery
storage_query(const gint64 *sensor, guint32 mode)
{
    return (CfxBeliefQuery){
        .struct_size = sizeof(CfxBeliefQuery),
        .mode = mode,
        .sensors = sensor,
        .n_sensors = sensor != NULL,
        .start_us = CFX_TIME_MIN,
        .end_us = CFX_TIME_MAX,
        .horizon_us = CFX_TIME_MIN,
    };
}
