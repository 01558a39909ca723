/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture-private.h"

#include "cfx-model-builder.h"
#include "device/cfx-device-table.h"

#include <gmodule.h>

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

Fixture *the_fixture;

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

void
fixture_post(CfxFunc func, gpointer data)
{
    base_post(NULL, func, data);
}

static void
base_work(const CfxHost *host, CfxFunc func, gpointer data, CfxDone done)
{
    Posted *posted = g_new0(Posted, 1);

    *posted = (Posted){ func, data, done };
    g_queue_push_tail(the_fixture->hangs ? &the_fixture->hanging : &the_fixture->queue, posted);
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
    fixture_store_init(self);
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
    fixture_model_init(self, setup);
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
    self->records = fixture_records_new();
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
    CfxInstance *instances[] = { self->host, self->adapter, self->scheduler };
    for (gsize i = 0; i < G_N_ELEMENTS(instances); i++) {
        if (instances[i] != NULL)
            g_free(instances[i]->name);
        g_free(instances[i]);
    }
    g_array_free(self->timers, TRUE);
    fixture_store_clear(self);
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

CfxSession *
fixture_session(Fixture *self, guint i)
{
    return cfx_engine_device(self->engine, FIXTURE_FIRST_ASSET + i)->session;
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
