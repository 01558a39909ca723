/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-engine-private.h"

#include "apply/cfx-apply.h"
#include "cfx-model-builder.h"
#include "cfx-outbox.h"
#include "cfx-tree.h"
#include "device/cfx-device-table.h"
#include "guard/cfx-guard.h"
#include "hold/cfx-hold.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-plan.h"
#include "plan/cfx-trigger.h"
#include "recover/cfx-recover.h"
#include "session/cfx-session.h"

static CfxEngine *the_engine;

CfxEngine *
cfx_engine_the(void)
{
    return the_engine;
}

double
cfx_engine_device_rating_w(const CfxEngineDevice *device)
{
    const CfxFlexModel *flex = &device->flex;
    double rating_w = fmin(flex->power_max_w, flex->max_current_a * flex->phases * flex->voltage_v);

    /* the lower of registered and reported; what it says while a car is there is the car's limit */
    rating_w = fmin(rating_w, device->idle_max_w);
    return rating_w >= 0 ? rating_w : INFINITY;
}

guint
cfx_engine_device_phases(const CfxEngineDevice *device)
{
    if (device->state.phases != 0)
        return device->state.phases;
    return device->session != NULL ? device->session->phases : 0;
}

double
cfx_engine_device_least_w(const CfxEngineDevice *device)
{
    guint phases = cfx_engine_device_phases(device);
    double least_w =
        cfx_flex_model_least_w(&device->flex, phases != 0 ? phases : device->flex.phases);

    if (device->state.power_least_w > least_w)
        least_w = device->state.power_least_w;
    return isfinite(least_w) ? least_w : 0;
}

gint64
cfx_engine_next_trace(CfxEngine *self)
{
    /* unique over restarts, and readable: the site's time */
    self->last_trace = MAX(self->last_trace + 1, cfx_now_site(self->host));
    return self->last_trace;
}

CfxSite *
cfx_engine_site(CfxEngine *self, gint64 asset)
{
    GHashTableIter iter;
    gpointer value;
    CfxSite *first = NULL;

    if (asset != 0)
        return g_hash_table_lookup(self->sites, &asset);
    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxSite *site = value;
        gboolean is_better =
            first == NULL || (site->devices->len > 0 && first->devices->len == 0) ||
            (site->asset < first->asset && (site->devices->len > 0) == (first->devices->len > 0));
        if (is_better)
            first = site;
    }
    return first;
}

/* --- sites -------------------------------------------------------------------------------------
 */

static void
hold_free(gpointer hold)
{
    cfx_hold_free(hold);
}

static void
session_free(gpointer session)
{
    cfx_session_free(session);
}

CfxSite *
cfx_site_new(CfxEngine *engine, gint64 asset)
{
    CfxSite *site = g_new0(CfxSite, 1);

    site->engine = engine;
    site->asset = asset;
    site->serial = ++engine->last_serial;
    site->epoch = 1;
    site->devices = g_ptr_array_new();
    site->watches = g_array_new(FALSE, FALSE, sizeof(guint64));
    site->holds = g_ptr_array_new_with_free_func(hold_free);
    site->asks = g_ptr_array_new_with_free_func(g_free);
    site->ended = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, session_free);
    return site;
}

static void
site_halt(CfxSite *site)
{
    const CfxHost *host = site->engine->host;

    cfx_ingest_close(site);
    cfx_timer_clear(host, &site->slot_timer);
    cfx_timer_clear(host, &site->repeat_timer);
    cfx_timer_clear(host, &site->again_timer);
    cfx_timer_clear(host, &site->load_timer);
    cfx_timer_clear(host, &site->hold_timer);
    cfx_plan_close_solver(site);
}

void
cfx_site_free(gpointer data)
{
    CfxSite *site = data;
    CfxEngine *engine = site->engine;

    for (guint i = 0; i < site->devices->len; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (device->site != site)
            continue; /* another site has it now */
        g_mutex_lock(&engine->lock);
        g_hash_table_remove(engine->devices, &device->asset);
        g_mutex_unlock(&engine->lock);
    }
    g_ptr_array_unref(site->devices);
    g_array_free(site->watches, TRUE);
    g_ptr_array_unref(site->holds);
    cfx_curve_clear(&site->hold);
    g_ptr_array_unref(site->asks);
    g_hash_table_unref(site->ended);
    g_clear_pointer(&site->timelines, g_hash_table_unref);
    g_clear_pointer(&site->flex, cfx_flex_context_free);
    g_clear_pointer(&site->plan, cfx_site_plan_free);
    cfx_curve_clear(&site->limit);
    cfx_curve_clear(&site->written_limit);
    g_free(site->name);
    g_free(site->problem);
    g_free(site);
}

CfxSiteHandle
cfx_site_handle(const CfxSite *site)
{
    return (CfxSiteHandle){ site->engine, site->asset, site->serial };
}

CfxSite *
cfx_site_of_handle(CfxSiteHandle handle)
{
    CfxSite *site = g_hash_table_lookup(handle.engine->sites, &handle.asset);

    return site != NULL && site->serial == handle.serial ? site : NULL;
}

typedef struct {
    CfxSiteHandle site;
    void (*func)(CfxSite *site);
} Posted;

static void
posted_came(gpointer data)
{
    g_autofree Posted *posted = data;
    CfxSite *site = cfx_site_of_handle(posted->site);

    if (site != NULL)
        posted->func(site);
}

void
cfx_engine_post(CfxSite *site, void (*func)(CfxSite *site))
{
    CfxEngine *engine = site->engine;
    Posted *posted = g_new0(Posted, 1);

    *posted = (Posted){ cfx_site_handle(site), func };
    engine->host->base->post(engine->host, posted_came, posted);
}

/* reads what the model says of the site; TRUE: it has sensors that it did not have */
static gboolean
site_read(CfxSite *site, const CfxAsset *asset)
{
    CfxEngine *engine = site->engine;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    guint n_before = site->timelines != NULL ? g_hash_table_size(site->timelines) : 0;

    g_free(site->name);
    site->name = g_strdup(asset->name);
    g_clear_pointer(&site->flex, cfx_flex_context_free);
    site->flex = cfx_flex_context_parse(engine->model, asset, problems);
    for (guint i = 0; i < problems->len; i++)
        cfx_log(engine->host,
                CFX_LOG_WARNING,
                "site %s: %s",
                site->name,
                (const char *)g_ptr_array_index(problems, i));
    cfx_device_table_bind(site);
    cfx_ingest_open(site);
    return g_hash_table_size(site->timelines) != n_before;
}

static void
site_update(CfxSite *site, const CfxAsset *asset)
{
    CfxCause cause = { .cause = "model" };
    gboolean has_more = site_read(site, asset);

    /* what is being read was asked for before it had these */
    if (site->state == CFX_SITE_LOADING && has_more)
        cfx_recover_beliefs(site);
    if (site->state == CFX_SITE_LOADING)
        return;
    if (has_more) {
        site->state = CFX_SITE_LOADING;
        cfx_recover_beliefs(site);
        return; /* its end plans */
    }
    gboolean was_ready = site->state == CFX_SITE_READY;
    cfx_recover_check(site);
    gboolean is_lower = cfx_ingest_limit(site);
    if (is_lower || (was_ready && site->state != CFX_SITE_READY))
        cfx_guard_clip(site, &cause);
    /* it may be ready long before its first station is approved */
    if (site->state == CFX_SITE_READY && site->devices->len > 0 &&
        (!was_ready || site->slot_timer == 0)) {
        cfx_apply_next_version(site);
        cfx_trigger_clock(site);
        cfx_apply_repeat_start(site);
    }
    cfx_trigger(site, &cause, FALSE);
}

static void settle(CfxEngine *self);

/* a new snapshot: sites come, change and go */
static void
take_model(CfxEngine *self)
{
    const CfxModel *model = self->host->model->get(self->host);
    const CfxModel *old = self->model;

    self->model = model;
    for (gsize i = 0; i < model->n_assets; i++) {
        const CfxAsset *asset = model->assets[i];
        if (g_strcmp0(asset->type, "site") != 0)
            continue;
        CfxSite *site = g_hash_table_lookup(self->sites, &asset->id);
        if (site != NULL) {
            site_update(site, asset);
            continue;
        }
        site = cfx_site_new(self, asset->id);
        g_hash_table_insert(self->sites, &site->asset, site);
        site_read(site, asset);
        cfx_recover_site(site);
    }
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxSite *site = value;
        if (cfx_model_asset(model, site->asset) != NULL)
            continue;
        site_halt(site);
        if (site->run == NULL)
            g_hash_table_iter_remove(&iter);
    }
    if (old != NULL)
        cfx_model_unref(old);
    settle(self); /* the last site that was read may have gone */
}

static void
model_changed(gpointer data, const CfxModelChanged *result, const GError *error)
{
    CfxEngine *self = data;

    if (self->is_running && !self->is_stopping)
        take_model(self);
}

/* --- life --------------------------------------------------------------------------------------
 */

CfxEngine *
cfx_engine_new_with(CfxInstance *host_self, const CfxEnginePorts *ports)
{
    CfxEngine *self = g_new0(CfxEngine, 1);

    self->self = host_self;
    self->host = &host_self->host;
    if (ports != NULL)
        self->ports = *ports;
    self->sites = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, cfx_site_free);
    self->devices = g_hash_table_new_full(
        g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)cfx_engine_device_free);
    self->plan_watches = g_array_new(FALSE, TRUE, sizeof(CfxAsk));
    g_mutex_init(&self->lock);
    the_engine = self;
    return self;
}

void
cfx_engine_free(CfxEngine *self)
{
    if (the_engine == self)
        the_engine = NULL;
    g_hash_table_unref(self->sites);
    g_hash_table_unref(self->devices);
    g_array_free(self->plan_watches, TRUE);
    cfx_device_table_clear_inbox(self);
    cfx_outbox_clear(self);
    g_clear_pointer(&self->model, cfx_model_unref);
    if (self->ports.free != NULL)
        self->ports.free(self->ports.data);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void
cfx_engine_set_schedulers(CfxEngine *self, CfxInstance *applied, CfxInstance *shadow)
{
    CfxCause cause = { .cause = "scheduler" };
    GHashTableIter iter;
    gpointer value;

    self->shadow = shadow;
    if (self->scheduler == applied)
        return;
    self->scheduler = applied;
    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        cfx_plan_close_solver(value);
        if (applied != NULL)
            cfx_trigger(value, &cause, FALSE);
    }
}

static gboolean
is_busy(CfxEngine *self)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxSite *site = value;
        gboolean is_loading = site->state == CFX_SITE_LOADING && site->load_timer == 0;
        if (self->is_stopping ? site->run != NULL : is_loading)
            return TRUE;
    }
    return FALSE;
}

static void
start_done(gpointer data)
{
    CfxEngine *self = data;
    CfxDone done = g_steal_pointer(&self->start_done);

    if (done != NULL)
        done(self->start_data, NULL);
}

static void
stop_done(gpointer data)
{
    CfxEngine *self = data;
    CfxDone done = g_steal_pointer(&self->stop_done);

    if (done != NULL)
        done(self->stop_data, NULL);
}

/* tells who waits for the engine's start or stop, when nothing keeps it any more */
static void
settle(CfxEngine *self)
{
    if (is_busy(self))
        return;
    if (self->is_stopping && self->stop_done != NULL)
        self->host->base->post(self->host, stop_done, self);
    else if (self->start_done != NULL)
        self->host->base->post(self->host, start_done, self);
}

gboolean
cfx_engine_site_ended(CfxSite *site)
{
    CfxEngine *self = site->engine;
    /* values may be read while a plan is solved: what ends first leaves the site to the other */
    gboolean is_gone = !self->is_stopping && site->run == NULL &&
                       cfx_model_asset(self->model, site->asset) == NULL;

    if (is_gone) {
        site_halt(site);
        g_hash_table_remove(self->sites, &site->asset);
    }
    settle(self);
    return !is_gone;
}

void
cfx_engine_start(CfxEngine *self, CfxDone done, gpointer data)
{
    self->is_running = TRUE;
    self->start_done = done;
    self->start_data = data;
    self->model_watch = self->host->model->watch(self->host, model_changed, self);
    take_model(self);
}

void
cfx_engine_stop(CfxEngine *self, CfxDone done, gpointer data)
{
    GHashTableIter iter;
    gpointer value;

    self->stop_done = done;
    self->stop_data = data;
    self->is_stopping = TRUE;
    if (self->is_running)
        self->host->model->unwatch(self->host, self->model_watch);
    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxSite *site = value;
        g_autoptr(GError) cancelled =
            g_error_new(CFX_ERROR, CFX_ERROR_CANCELLED, "the planner was stopped");
        cfx_ask_answer(site->asks, NULL, cancelled);
        g_ptr_array_set_size(site->asks, 0);
        for (guint i = 0; i < site->devices->len; i++) {
            CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
            if (device->session != NULL)
                cfx_session_write(device->session, self);
        }
        site_halt(site);
    }
    cfx_outbox_flush(self);
    settle(self);
}

void
cfx_engine_instance_stopped(CfxEngine *self, CfxInstance *instance)
{
    cfx_device_table_drop(self, instance);
    for (guint i = self->plan_watches->len; i > 0; i--)
        if (g_array_index(self->plan_watches, CfxAsk, i - 1).instance == instance)
            g_array_remove_index(self->plan_watches, i - 1);
    if (self->scheduler == instance)
        cfx_engine_set_schedulers(self, NULL, self->shadow);
}
