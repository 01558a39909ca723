/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include "cfx-model-builder.h"
#include "device/cfx-device-table.h"

#include <gmodule.h>

#define SECOND_SITE 2
#define TWIN_ASSET 9

typedef struct {
    CfxFunc func;
    gpointer data;
    CfxDone done; /* set: func is work, done follows */
} Posted;

typedef struct {
    guint64 id;
    guint32 clock;
    gint64 at_us;
    CfxFunc func;
    gpointer data;
} Timer;

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

static Fixture *the_fixture;

/* --- base ------------------------------------------------------------------------------------- */

static void
base_log(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message)
{
    if (level >= CFX_LOG_WARNING)
        the_fixture->logged++;
    if (g_getenv("CFX_TEST_LOG") != NULL)
        g_printerr("# %u %s\n", level, message);
}

static guint32
base_log_level(const CfxHost *host)
{
    return g_getenv("CFX_TEST_LOG") != NULL ? CFX_LOG_DEBUG : CFX_LOG_WARNING;
}

static gint64
base_now(const CfxHost *host, guint32 clock)
{
    return clock == CFX_CLOCK_SITE ? the_fixture->site_us : the_fixture->real_us;
}

static CfxTimer
base_timer_start(const CfxHost *host, guint32 clock, gint64 at_us, CfxFunc func, gpointer data)
{
    Timer timer = { ++the_fixture->last_timer, clock, at_us, func, data };

    g_array_append_val(the_fixture->timers, timer);
    return timer.id;
}

static void
base_timer_stop(const CfxHost *host, CfxTimer handle)
{
    GArray *timers = the_fixture->timers;

    for (guint i = 0; i < timers->len; i++)
        if (g_array_index(timers, Timer, i).id == handle) {
            g_array_remove_index(timers, i);
            return;
        }
}

static void
base_post(const CfxHost *host, CfxFunc func, gpointer data)
{
    Posted *posted = g_new0(Posted, 1);

    *posted = (Posted){ func, data, NULL };
    g_queue_push_tail(&the_fixture->queue, posted);
}

static void
base_work(const CfxHost *host, CfxFunc func, gpointer data, CfxDone done)
{
    Posted *posted = g_new0(Posted, 1);

    *posted = (Posted){ func, data, done };
    g_queue_push_tail(the_fixture->hangs ? &the_fixture->hanging : &the_fixture->queue, posted);
}

/* --- data ------------------------------------------------------------------------------------- */

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
        base_post(NULL, answer_beliefs, answer);
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
    base_post(NULL, answer_commit, answer);
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
    base_post(NULL, answer_beliefs, answer);
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
    base_post(NULL, answer_records, answer);
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
    base_post(NULL, answer_notices, answer);
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

/* --- model ------------------------------------------------------------------------------------ */

static const CfxModel *
model_get(const CfxHost *host)
{
    return cfx_model_ref(the_fixture->model);
}

static guint64
model_watch(const CfxHost *host, CfxModelDone func, gpointer data)
{
    the_fixture->model_changed = func;
    the_fixture->model_data = data;
    return 1;
}

static void
model_unwatch(const CfxHost *host, guint64 watch)
{
    the_fixture->model_changed = NULL;
}

static void
put_sensor(CfxModelBuilder *builder,
           gint64 id,
           gint64 asset,
           const char *unit,
           gint64 minutes,
           guint32 flags)
{
    g_autofree char *name = g_strdup_printf("sensor %" G_GINT64_FORMAT, id);
    CfxSensor sensor = {
        .struct_size = sizeof sensor,
        .flags = flags,
        .id = id,
        .asset = asset,
        .name = name,
        .unit = unit,
        .resolution_us = minutes * CFX_MINUTE,
        .zone = "America/Martinique",
        .attributes = "{}",
    };

    cfx_model_builder_put(builder, CFX_MODEL_SENSOR, &sensor);
}

static void
put_source(CfxModelBuilder *builder, gint64 id, guint32 type, const char *name)
{
    CfxSource source = {
        .struct_size = sizeof source, .type = type, .id = id, .name = name, .instance = NULL
    };

    cfx_model_builder_put(builder, CFX_MODEL_SOURCE, &source);
}

static void
put_station(CfxModelBuilder *builder, const FixtureSetup *setup, guint i)
{
    gint64 id = FIXTURE_FIRST_ASSET + i;
    gboolean is_large = i < FIXTURE_STATIONS / 2;
    gboolean is_twin = setup->twins && i < 2;
    g_autofree char *identity = is_twin ? g_strdup("TWIN") : g_strdup_printf("CP%03u", i + 1);
    g_autofree char *name = is_twin ? g_strdup_printf("EVSE %u", i + 1) : g_strdup(identity);
    g_autofree char *attributes =
        g_strdup_printf("{\"sensors\":{\"power\":%d},\"fail-safe-power\":\"%.3f kW\",\"phases\":3,"
                        "\"min-current\":\"6 A\",\"max-current\":\"%d A\",\"voltage\":\"230 V\","
                        "\"default-need\":\"15 kWh\",\"default-minimum\":\"5 kWh\"%s%s}",
                        SENSOR_POWER + (int)i,
                        setup->fail_safe_w / 1e3,
                        is_large ? 32 : 16,
                        setup->station_attributes[i] != NULL ? "," : "",
                        setup->station_attributes[i] != NULL ? setup->station_attributes[i] : "");
    CfxAsset evse = {
        .struct_size = sizeof evse,
        .id = id,
        .parent = is_twin                                ? TWIN_ASSET
                  : i + setup->second >= setup->stations ? SECOND_SITE
                                                         : 1,
        .account = 1,
        .type = "evse",
        .name = name,
        .latitude = NAN,
        .longitude = NAN,
        .attributes = attributes,
        .flex_model =
            is_large ? "{\"power-capacity\":\"22 kW\"}" : "{\"power-capacity\":\"11 kW\"}",
        .flex_context = "{}",
    };
    CfxBinding binding = {
        .struct_size = sizeof binding,
        .id = i + 1,
        .asset = id,
        .instance = "ocpp",
        .identity = identity,
        .unit = is_twin ? i + 1 : 1,
    };

    cfx_model_builder_put(builder, CFX_MODEL_ASSET, &evse);
    cfx_model_builder_put(builder, CFX_MODEL_BINDING, &binding);
    put_sensor(builder, SENSOR_POWER + i, id, "kW", 15, 0);
}

static const CfxModel *
model_new(const FixtureSetup *setup)
{
    g_autoptr(CfxModelBuilder) builder = cfx_model_builder_new(NULL);
    CfxAccount account = { .struct_size = sizeof account,
                           .id = 1,
                           .name = "site",
                           .zone = "America/Martinique",
                           .currency = "EUR" };
    g_autofree char *attributes = g_strdup_printf(
        "{\"zone\":\"America/Martinique\",\"currency\":\"EUR\",\"sensors\":{\"price\":[84,85],"
        "\"load-control\":86,\"demand-response\":87,\"import-limit\":107,\"site-power\":101,"
        "\"live-power\":108,\"effective-limit\":102,\"base-load-forecast\":103,\"pv-forecast\":104,"
        "\"import-register\":105,\"export-register\":106},\"base-load-max\":\"16 kW\","
        "\"base-load-expected\":\"15 kW\",\"price-fallback\":\"180 EUR/MWh\","
        "\"demand-response-table\":[100,100,50,0]%s%s}",
        setup->site_attributes != NULL ? "," : "",
        setup->site_attributes != NULL ? setup->site_attributes : "");
    CfxAsset site = {
        .struct_size = sizeof site,
        .id = 1,
        .account = 1,
        .type = "site",
        .name = "Martinique",
        .latitude = NAN,
        .longitude = NAN,
        .attributes = attributes,
        .flex_model = "{}",
        .flex_context = setup->flex_context != NULL ? setup->flex_context
                                                    : "{\"site-power-capacity\":\"100 kW\","
                                                      "\"site-consumption-capacity\":\"70 kW\","
                                                      "\"site-production-capacity\":\"36 kW\","
                                                      "\"consumption-price\":{\"sensor\":84},"
                                                      "\"production-price\":\"60 EUR/MWh\"}",
    };

    cfx_model_builder_put(builder, CFX_MODEL_ACCOUNT, &account);
    CfxAsset second = {
        .struct_size = sizeof second,
        .id = SECOND_SITE,
        .account = 1,
        .type = "site",
        .name = "Second",
        .latitude = NAN,
        .longitude = NAN,
        .attributes = "{\"base-load-max\":\"10 kW\"}",
        .flex_model = "{}",
        .flex_context =
            "{\"site-power-capacity\":\"80 kW\",\"site-consumption-capacity\":\"60 kW\"}",
    };

    cfx_model_builder_put(builder, CFX_MODEL_ASSET, &site);
    if (setup->second > 0)
        cfx_model_builder_put(builder, CFX_MODEL_ASSET, &second);
    put_sensor(builder, SENSOR_PRICE, 1, "EUR/MWh", 15, 0);
    put_sensor(builder, SENSOR_PRICE_DSO, 1, "EUR/MWh", 15, 0);
    put_sensor(builder, SENSOR_LOAD_CONTROL, 1, "%", 1, 0);
    put_sensor(builder, SENSOR_DEMAND_RESPONSE, 1, "", 1, 0);
    put_sensor(builder, SENSOR_SITE_POWER, 1, "kW", 15, 0);
    put_sensor(builder, SENSOR_LIMIT, 1, "kW", 1, 0);
    put_sensor(builder, SENSOR_BASE, 1, "kW", 15, 0);
    put_sensor(builder, SENSOR_PV, 1, "kW", 15, CFX_SENSOR_PRODUCTION_POSITIVE);
    put_sensor(builder, SENSOR_IMPORT, 1, "kWh", 0, 0);
    put_sensor(builder, SENSOR_EXPORT, 1, "kWh", 0, 0);
    put_sensor(builder, SENSOR_IMPORT_LIMIT, 1, "kW", 1, 0);
    put_sensor(builder, SENSOR_LIVE, 1, "kW", 0, 0);
    put_source(builder, SOURCE_HOST, CFX_SOURCE_REPORTER, "host");
    put_source(builder, SOURCE_SCHEDULER, CFX_SOURCE_SCHEDULER, "scheduler");
    put_source(builder, SOURCE_SIGNAL, CFX_SOURCE_SIGNAL, "ven");
    put_source(builder, SOURCE_METER, CFX_SOURCE_GATEWAY, "gateway");
    put_source(builder, SOURCE_FORECAST, CFX_SOURCE_FORECASTER, "forecaster");
    CfxAsset twin = site;
    twin.id = TWIN_ASSET;
    twin.parent = 1;
    twin.type = "charging-station";
    twin.name = "TWIN";
    twin.attributes = twin.flex_context = "{}";
    if (setup->twins)
        cfx_model_builder_put(builder, CFX_MODEL_ASSET, &twin);
    for (guint i = 0; i < setup->stations; i++)
        put_station(builder, setup, i);
    return cfx_model_builder_end(builder);
}

void
fixture_change(Fixture *self, const FixtureSetup *setup)
{
    cfx_model_unref(self->model);
    self->model = model_new(setup);
    if (self->model_changed != NULL)
        self->model_changed(self->model_data, NULL, NULL);
    fixture_run(self);
}

/* --- stations ----------------------------------------------------------------------------------
 */

static double
value_at(const CfxCurve *curve, gint64 us)
{
    double w = curve->n > 0 && us < curve->at_us[0] ? curve->w[0] : cfx_curve_at(curve, us);

    return isnan(w) ? 0 : w;
}

/* what it may draw whatever happens: its car may leave and another one come */
static double
worst_w(const FixtureStation *station, gint64 us)
{
    double default_w = value_at(&station->fail_safe, us);

    if (station->fail_safe.n == 0)
        return station->device.power_max_w;
    return station->has_tx && station->device.session != NULL
               ? MAX(value_at(&station->tx, us), default_w)
               : default_w;
}

static void
composite(const FixtureStation *station, gint64 now_us, CfxCurve *to)
{
    cfx_curve_reset(to);
    if (station->fail_safe.n == 0)
        return;
    for (gint64 us = now_us; us != CFX_TIME_MAX;
         us = MIN(cfx_curve_next(&station->fail_safe, us), cfx_curve_next(&station->tx, us)))
        cfx_curve_append(to, us, worst_w(station, us));
}

double
fixture_allowed_w(const Fixture *self, guint i, gint64 us)
{
    const FixtureStation *station = &self->stations[i];
    const CfxCurve *from =
        station->has_tx && station->device.session != NULL ? &station->tx : &station->fail_safe;

    return value_at(from, us);
}

double
fixture_sum_w(const Fixture *self, gint64 us)
{
    double sum_w = 0;

    for (guint i = 0; i < self->n_stations; i++)
        sum_w += fixture_allowed_w(self, i, us);
    return sum_w;
}

double
fixture_worst_w(const Fixture *self, gint64 us)
{
    double sum_w = 0;

    for (guint i = 0; i < self->n_stations; i++)
        sum_w += worst_w(&self->stations[i], us);
    return sum_w;
}

static void
tell_applied(Fixture *self, FixtureStation *station, guint32 state)
{
    g_auto(CfxCurve) allowed = CFX_CURVE_INIT;
    CfxApplied applied = {
        .struct_size = sizeof applied,
        .state = state,
        .asset = station->asset,
        .epoch = station->epoch,
        .version = station->version,
        .sent_real_us = self->real_us,
        .answered_real_us = state == CFX_APPLIED_WAITING ? 0 : self->real_us,
        .fail_safe_w =
            station->fail_safe.n > 0 ? value_at(&station->fail_safe, CFX_TIME_MAX - 1) : NAN,
    };
    const CfxApplied *at = &applied;

    composite(station, self->site_us, &allowed);
    applied.n_allowed = state == CFX_APPLIED_REFUSED ? 0 : allowed.n;
    applied.allowed_us = (CfxInts){ allowed.at_us, 1 };
    applied.allowed_w = (CfxReals){ allowed.w, 1 };
    cfx_engine_device_api()->applied(&self->adapter->host, &at, 1);
}

static void
install(Fixture *self, FixtureStation *station, const CfxPlan *plan)
{
    gssize row = cfx_plan_row(plan, station->asset);
    gint64 flags = cfx_int_at(plan->flags, (gsize)row);
    gint64 end_us = cfx_int_at(plan->edges_us, plan->n_slots);
    double last_w = cfx_grid_at(plan->fail_safe_w, (gsize)row, plan->n_slots - 1);
    g_auto(CfxCurve) power = CFX_CURVE_INIT;

    cfx_curve_reset(&station->fail_safe);
    for (gsize j = 0; j < plan->n_slots; j++) {
        gint64 us = cfx_int_at(plan->edges_us, j);
        double w = cfx_grid_at(plan->power_w, (gsize)row, j);
        /* increases come later where the plan says so, and currents are rounded down */
        gboolean rises = power.n > 0 && w > power.w[power.n - 1];
        cfx_curve_append(
            &power, us + (rises ? cfx_int_at(plan->raise_delay_us, j) : 0), floor(w / 69) * 69);
        double default_w = cfx_grid_at(plan->fail_safe_w, (gsize)row, j);
        cfx_curve_append(
            &station->fail_safe, us, (flags & CFX_PLAN_NO_DEFAULT) != 0 ? 0 : default_w);
    }
    cfx_curve_append(&power, end_us, last_w);
    if ((flags & CFX_PLAN_FAIL_SAFE_ONLY) == 0) {
        cfx_curve_copy(&station->tx, &power);
        station->has_tx = TRUE;
    }
    station->device.flags |= CFX_DEVICE_STEERABLE;
}

static void
adapter_apply(gpointer data, const CfxPlan *plan)
{
    Fixture *self = data;

    for (gsize row = 0; row < plan->n_devices; row++) {
        gint64 asset = cfx_int_at(plan->asset, row);
        FixtureStation *station = &self->stations[asset - FIXTURE_FIRST_ASSET];
        g_assert_cmpint(plan->version, >, station->version);
        gboolean was_steerable = (station->device.flags & CFX_DEVICE_STEERABLE) != 0;
        station->epoch = plan->epoch;
        station->version = plan->version;
        station->flags = cfx_int_at(plan->flags, row);
        station->all_flags |= station->flags;
        station->slices++;
        for (gsize j = 0; j < plan->n_slots; j++)
            g_assert_false(isnan(cfx_grid_at(plan->power_w, row, j)));
        cfx_plan_drop(&station->waiting);
        if (!station->answers || !station->online) {
            cfx_plan_keep(&station->waiting, plan);
        } else if (station->refuses) {
            tell_applied(self, station, CFX_APPLIED_REFUSED);
        } else {
            install(self, station, plan);
            tell_applied(self, station, CFX_APPLIED_INSTALLED);
            if (!was_steerable)
                fixture_report(self, (guint)(asset - FIXTURE_FIRST_ASSET));
        }
    }
}

void
fixture_answer(Fixture *self, guint i)
{
    FixtureStation *station = &self->stations[i];

    g_assert_nonnull(station->waiting.owner);
    install(self, station, &station->waiting);
    cfx_plan_drop(&station->waiting);
    tell_applied(self, station, CFX_APPLIED_INSTALLED);
    fixture_run(self);
}

void
fixture_report(Fixture *self, guint i)
{
    FixtureStation *station = &self->stations[i];
    const CfxDevice *at = &station->device;

    station->device.at_us = self->site_us;
    station->device.energy_wh = station->register_wh;
    if (station->online)
        station->device.flags |= CFX_DEVICE_CONNECTED;
    else
        station->device.flags &= ~(guint32)CFX_DEVICE_CONNECTED;
    cfx_engine_device_api()->report(&self->adapter->host, &at, 1);
    station->device.ended = NULL;
}

void
fixture_plug(Fixture *self, guint i, const char *session, double need_wh, gint64 departure_us)
{
    FixtureStation *station = &self->stations[i];

    station->device.flags |= CFX_DEVICE_PLUGGED;
    station->device.session = session;
    station->device.arrival_us = self->site_us;
    station->device.need_wh = need_wh;
    station->device.departure_us = departure_us;
    station->device.stock_wh = 0;
    station->device.phases = self->car_phases;
    station->has_tx = FALSE;
    fixture_report(self, i);
}

void
fixture_unplug(Fixture *self, guint i)
{
    FixtureStation *station = &self->stations[i];

    station->device.flags &= ~(guint32)(CFX_DEVICE_PLUGGED | CFX_DEVICE_CHARGING | CFX_DEVICE_FULL);
    station->device.ended = station->device.session;
    station->device.ended_us = self->site_us;
    station->device.ended_wh = station->device.stock_wh;
    station->device.session = NULL;
    station->device.token = NULL;
    station->device.stock_wh = NAN;
    station->device.need_wh = NAN;
    station->device.departure_us = 0;
    station->device.phases = 0;
    station->device.power_w = 0;
    station->has_tx = FALSE;
    fixture_report(self, i);
    tell_applied(self, station, CFX_APPLIED_INSTALLED);
}

/* --- life --------------------------------------------------------------------------------------
 */

static gboolean
preference(gpointer data, const char *token, CfxEnginePreference *ret)
{
    Fixture *self = data;

    if (g_strcmp0(token, self->preferred_token) != 0)
        return FALSE;
    *ret = self->preference;
    return TRUE;
}

static CfxInstance *
instance_new(Fixture *self, const char *kind, const char *name, gint64 source)
{
    CfxInstance *instance = g_new0(CfxInstance, 1);

    instance->host = (CfxHost){
        .struct_size = sizeof(CfxHost),
        .instance = name,
        .base = &self->base,
        .data = &self->data,
        .model = &self->model_api,
        .devices = cfx_engine_device_api(),
    };
    instance->name = g_strdup(name);
    instance->kind = kind;
    instance->self = self;
    instance->generation = 1;
    instance->source = source;
    return instance;
}

static void
engine_make(Fixture *self)
{
    CfxEnginePorts ports = { .data = self, .preference = preference };

    self->engine = cfx_engine_new_with(self->host, &ports);
    if (self->scheduler != NULL)
        cfx_engine_set_schedulers(self->engine, self->scheduler, NULL);
}

Fixture *
fixture_new(const FixtureSetup *setup)
{
    Fixture *self = g_new0(Fixture, 1);

    the_fixture = self;
    self->site_us = FIXTURE_START;
    self->real_us = 1000 * G_USEC_PER_SEC;
    self->car_phases = 3;
    g_queue_init(&self->queue);
    g_queue_init(&self->hanging);
    self->timers = g_array_new(FALSE, FALSE, sizeof(Timer));
    self->records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, stored_free);
    self->beliefs = g_array_new(FALSE, FALSE, sizeof(Belief));
    self->notices = g_ptr_array_new_with_free_func(g_free);
    self->noticed_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->watches = g_array_new(FALSE, FALSE, sizeof(Watch *));
    self->base = (CfxBaseApi){
        .struct_size = sizeof(CfxBaseApi),
        .log = base_log,
        .log_level = base_log_level,
        .now = base_now,
        .timer_start = base_timer_start,
        .timer_stop = base_timer_stop,
        .post = base_post,
        .work = base_work,
    };
    self->data = (CfxDataApi){
        .struct_size = sizeof(CfxDataApi),
        .commit = data_commit,
        .read_beliefs = data_read_beliefs,
        .read_records = data_read_records,
        .read_notices = data_read_notices,
        .watch_beliefs = data_watch_beliefs,
        .unwatch = data_unwatch,
    };
    self->model_api = (CfxModelApi){
        .struct_size = sizeof(CfxModelApi),
        .get = model_get,
        .watch = model_watch,
        .unwatch = model_unwatch,
    };
    self->model = model_new(setup);
    self->host = instance_new(self, "host", "host", SOURCE_HOST);
    self->adapter = instance_new(self, "adapter", "ocpp", 0);
    self->adapter->adapter.struct_size = sizeof(CfxAdapterOps);
    self->adapter->adapter.apply = adapter_apply;
    if (setup->scheduler != NULL) {
        self->scheduler = instance_new(self, "scheduler", "flow", SOURCE_SCHEDULER);
        self->scheduler->scheduler_ops = setup->scheduler;
    }
    self->n_stations = setup->stations;
    for (guint i = 0; i < self->n_stations; i++) {
        FixtureStation *station = &self->stations[i];
        station->asset = FIXTURE_FIRST_ASSET + i;
        station->online = station->answers = TRUE;
        station->register_wh = 1e6 * (i + 1);
        station->device = (CfxDevice){
            .struct_size = sizeof(CfxDevice),
            .asset = station->asset,
            .power_w = 0,
            .power_min_w = 0,
            .power_max_w = i < FIXTURE_STATIONS / 2 ? 22000 : 11000,
            .power_least_w = NAN,
            .stock_wh = NAN,
            .stock_min_wh = NAN,
            .stock_max_wh = NAN,
            .charge_efficiency = NAN,
            .discharge_efficiency = NAN,
            .leakage_per_hour = NAN,
            .external_w = INFINITY,
            .voltage_v = NAN,
            .current_max_a = NAN,
            .need_wh = NAN,
            .minimum_wh = NAN,
            .soc_ratio = NAN,
            .ended_wh = NAN,
        };
    }
    engine_make(self);
    return self;
}

static void
noted(gpointer data, const GError *error)
{
    *(gboolean *)data = TRUE;
}

void
fixture_start(Fixture *self)
{
    gboolean is_done = FALSE;

    cfx_engine_start(self->engine, noted, &is_done);
    fixture_run(self);
    g_assert_true(is_done);
    for (guint i = 0; i < self->n_stations; i++)
        fixture_report(self, i);
    fixture_run(self);
}

void
fixture_release(Fixture *self)
{
    self->hangs = FALSE;
    while (!g_queue_is_empty(&self->hanging))
        g_queue_push_tail(&self->queue, g_queue_pop_head(&self->hanging));
}

static void
engine_end(Fixture *self)
{
    gboolean is_done = FALSE;

    fixture_release(self);
    cfx_engine_stop(self->engine, noted, &is_done);
    fixture_run(self);
    g_assert_true(is_done);
    cfx_engine_free(self->engine);
}

void
fixture_crash(Fixture *self)
{
    GHashTable *records = self->records;
    guint n_beliefs = self->beliefs->len, n_notices = self->notices->len;

    /* what a dying process still says is not stored */
    self->records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, stored_free);
    engine_end(self);
    g_hash_table_unref(self->records);
    self->records = records;
    g_array_set_size(self->beliefs, n_beliefs);
    g_ptr_array_set_size(self->notices, (gint)n_notices);
    g_array_set_size(self->noticed_us, n_notices);
    self->adapter->generation++;
    engine_make(self);
}

void
fixture_free(Fixture *self)
{
    engine_end(self);
    for (guint i = 0; i < self->n_stations; i++) {
        cfx_curve_clear(&self->stations[i].tx);
        cfx_curve_clear(&self->stations[i].fail_safe);
        cfx_plan_drop(&self->stations[i].waiting);
    }
    for (guint i = 0; i < self->watches->len; i++) {
        Watch *watch = g_array_index(self->watches, Watch *, i);
        g_array_free(watch->sensors, TRUE);
        g_free(watch);
    }
    CfxInstance *instances[] = { self->host, self->adapter, self->scheduler };
    for (gsize i = 0; i < G_N_ELEMENTS(instances); i++) {
        if (instances[i] != NULL)
            g_free(instances[i]->name);
        g_free(instances[i]);
    }
    g_array_free(self->watches, TRUE);
    g_array_free(self->timers, TRUE);
    g_array_free(self->beliefs, TRUE);
    g_hash_table_unref(self->records);
    g_ptr_array_unref(self->notices);
    g_array_free(self->noticed_us, TRUE);
    cfx_model_unref(self->model);
    g_free(self);
    the_fixture = NULL;
}

static gboolean
run_timer(Fixture *self)
{
    for (guint i = 0; i < self->timers->len; i++) {
        Timer timer = g_array_index(self->timers, Timer, i);
        if (timer.at_us > base_now(NULL, timer.clock))
            continue;
        g_array_remove_index(self->timers, i);
        timer.func(timer.data);
        return TRUE;
    }
    return FALSE;
}

gboolean
fixture_turn(Fixture *self)
{
    Posted *posted = g_queue_pop_head(&self->queue);

    if (posted == NULL)
        return FALSE;
    posted->func(posted->data);
    if (posted->done != NULL)
        posted->done(posted->data, NULL);
    g_free(posted);
    return TRUE;
}

void
fixture_run(Fixture *self)
{
    guint turns = 0;

    do {
        while (fixture_turn(self))
            g_assert_cmpuint(turns++, <, 100000);
    } while (run_timer(self));
}

void
fixture_advance(Fixture *self, gint64 us)
{
    gint64 end_us = self->site_us + us;

    fixture_run(self);
    while (self->site_us < end_us) {
        gint64 next_us = end_us;
        for (guint i = 0; i < self->timers->len; i++) {
            const Timer *timer = &g_array_index(self->timers, Timer, i);
            if (timer->clock == CFX_CLOCK_SITE && timer->at_us > self->site_us)
                next_us = MIN(next_us, timer->at_us);
        }
        /* a thousand times as fast as real */
        self->real_us += (next_us - self->site_us) / 1000;
        self->site_us = next_us;
        fixture_run(self);
    }
}

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

CfxSite *
fixture_site(Fixture *self)
{
    return cfx_engine_site(self->engine, 1);
}

CfxEngineDevice *
fixture_device(Fixture *self, guint i)
{
    return cfx_engine_device(self->engine, FIXTURE_FIRST_ASSET + i);
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

CfxSession *
fixture_session(Fixture *self, guint i)
{
    return cfx_engine_device(self->engine, FIXTURE_FIRST_ASSET + i)->session;
}

const char *
fixture_record(const Fixture *self, const char *collection, const char *key)
{
    g_autofree char *both = record_key(collection, key);
    const Stored *stored = g_hash_table_lookup(self->records, both);

    return stored != NULL ? stored->doc : NULL;
}

typedef struct {
    char *json;
    GError *error;
} Report;

static void
reported(gpointer data, const char *json, const GError *error)
{
    Report *report = data;

    report->json = g_strdup(json);
    report->error = error != NULL ? g_error_copy(error) : NULL;
}

char *
fixture_report_json(Fixture *self, gint64 start_us, gint64 end_us, GError **error)
{
    Report report = { NULL, NULL };

    cfx_engine_report(self->engine, 0, start_us, end_us, reported, &report);
    fixture_run(self);
    if (report.error != NULL)
        g_propagate_error(error, report.error);
    return report.json;
}

guint
fixture_count_notices(const Fixture *self, const char *topic)
{
    guint n = 0;

    for (guint i = 0; i < self->notices->len; i++)
        n += g_str_has_prefix(g_ptr_array_index(self->notices, i), topic);
    return n;
}

const CfxSchedulerOps *
fixture_real_scheduler(void)
{
    const char *path = g_getenv("CFX_TEST_SCHEDULER");
    CfxPluginQuery query = NULL;

    GModule *module = path != NULL ? g_module_open(path, G_MODULE_BIND_LOCAL) : NULL;
    if (path == NULL)
        return NULL;
    if (module == NULL || !g_module_symbol(module, CFX_PLUGIN_ENTRY, (gpointer *)&query))
        g_error("CFX_TEST_SCHEDULER: %s", g_module_error());
    g_module_make_resident(module);
    return query()->factories[0]->ops;
}
