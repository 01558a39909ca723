/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device/cfx-device-table.h"

#include "apply/cfx-apply.h"
#include "cfx-tree.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-plan.h"
#include "plan/cfx-trigger.h"
#include "report/cfx-story.h"
#include "session/cfx-session.h"

typedef enum { NEWS_DEVICE, NEWS_GONE, NEWS_APPLIED } NewsKind;

/* one thing that an adapter said, copied */
typedef struct {
    NewsKind kind;
    CfxInstance *from;
    guint64 generation;
    gint64 asset;
    gint64 real_us;
    CfxDevice device;
    CfxApplied applied;
    gint64 *allowed_us;
    double *allowed_w;
} News;

static void
news_free(gpointer data)
{
    News *news = data;

    g_free(news->allowed_us);
    g_free(news->allowed_w);
    g_free(news);
}

static void
take(gpointer data)
{
    cfx_device_table_take(data);
}

/* [any] */
static void
news_add(CfxEngine *engine, const CfxHost *host, News *news)
{
    CfxInstance *from = cfx_instance_of(host);

    news->from = from;
    news->generation = from->generation;
    news->real_us = cfx_now_real(engine->host);

    g_mutex_lock(&engine->lock);
    if (engine->inbox == NULL)
        engine->inbox = g_ptr_array_new_with_free_func(news_free);
    g_ptr_array_add(engine->inbox, news);
    gboolean must_post = !engine->inbox_posted;
    engine->inbox_posted = TRUE;
    g_mutex_unlock(&engine->lock);

    if (must_post)
        engine->host->base->post(engine->host, take, engine);
}

void
cfx_device_table_report(const CfxHost *host, const CfxDevice *const *devices, gsize n)
{
    CfxEngine *engine = cfx_engine_the();
    if (engine == NULL)
        return;

    for (gsize i = 0; i < n; i++) {
        if ((devices[i]->flags & ~CFX_DEVICE_KNOWN) != 0) {
            cfx_log(host, CFX_LOG_CRITICAL, "report.%zu.flags: unknown bit", i);
            continue;
        }
        News *news = g_new0(News, 1);
        CfxDevice *to = &news->device;
        news->kind = NEWS_DEVICE;
        news->asset = devices[i]->asset;
        memcpy(to, devices[i], MIN(devices[i]->struct_size, sizeof *to));
        to->struct_size = sizeof *to;
        to->session = g_intern_string(to->session);
        to->token = g_intern_string(to->token);
        to->car = g_intern_string(to->car);
        to->ended = g_intern_string(to->ended);
        to->words = g_intern_string(to->words);
        news_add(engine, host, news);
    }
}

void
cfx_device_table_gone(const CfxHost *host, const gint64 *assets, gsize n)
{
    CfxEngine *engine = cfx_engine_the();

    for (gsize i = 0; engine != NULL && i < n; i++) {
        News *news = g_new0(News, 1);
        news->kind = NEWS_GONE;
        news->asset = assets[i];
        news_add(engine, host, news);
    }
}

void
cfx_device_table_applied(const CfxHost *host, const CfxApplied *const *applied, gsize n)
{
    CfxEngine *engine = cfx_engine_the();

    for (gsize i = 0; engine != NULL && i < n; i++) {
        News *news = g_new0(News, 1);
        CfxApplied *to = &news->applied;
        news->kind = NEWS_APPLIED;
        news->asset = applied[i]->asset;
        memcpy(to, applied[i], MIN(applied[i]->struct_size, sizeof *to));
        to->struct_size = sizeof *to;
        to->words = g_intern_string(to->words);
        news->allowed_us = g_new(gint64, to->n_allowed);
        news->allowed_w = g_new(double, to->n_allowed);
        for (gsize j = 0; j < to->n_allowed; j++) {
            news->allowed_us[j] = cfx_int_at(to->allowed_us, j);
            news->allowed_w[j] = cfx_real_at(to->allowed_w, j);
        }
        to->allowed_us = (CfxInts){ news->allowed_us, 1 };
        to->allowed_w = (CfxReals){ news->allowed_w, 1 };
        news_add(engine, host, news);
    }
}

void
cfx_device_table_knock(const CfxHost *host, const CfxKnock *knock)
{
    CfxEngine *engine = cfx_engine_the();

    CfxKnock mine;
    cfx_struct_copy(&mine, sizeof mine, knock);
    if (engine != NULL && engine->ports.knock != NULL)
        engine->ports.knock(engine->ports.data, cfx_instance_of(host), &mine);
}

gboolean
cfx_device_table_state(const CfxHost *host, const gint64 *assets, gsize n, CfxDevice *const *to)
{
    CfxEngine *engine = cfx_engine_the();
    gboolean is_known = TRUE;

    for (gsize i = 0; i < n; i++) {
        guint32 size = to[i]->struct_size;
        CfxDevice state = { 0 };
        if (engine != NULL) {
            g_mutex_lock(&engine->lock);
            const CfxEngineDevice *device = cfx_engine_device(engine, assets[i]);
            if (device != NULL)
                state = device->state;
            g_mutex_unlock(&engine->lock);
        }
        is_known = is_known && state.asset != 0;
        memcpy(to[i], &state, MIN(size, sizeof state));
        to[i]->struct_size = size;
    }
    return is_known;
}

/* a person has said that it is not there, and there it is */
static void
warn_out_of_service(const CfxEngineDevice *device, gboolean was_there)
{
    if (device->flex.in_service || was_there || (device->state.flags & CFX_DEVICE_CONNECTED) == 0)
        return;
    cfx_log(device->site->engine->host,
            CFX_LOG_WARNING,
            "site %s: %s has connected and is out of service by its attribute in-service: it is "
            "allowed nothing",
            device->site->name,
            device->label);
}

static void
take_device(CfxEngine *engine, const News *news)
{
    CfxEngineDevice *device = cfx_engine_device(engine, news->asset);
    if (device == NULL) {
        cfx_log(engine->host,
                CFX_LOG_WARNING,
                "adapter %s: report of asset %" G_GINT64_FORMAT ", which is not bound below a site",
                news->from->name,
                news->asset);
        return;
    }

    CfxDevice before = device->state;
    gboolean is_first = !device->was_reported || device->instance != news->from ||
                        device->generation != news->generation;

    CfxDevice state = news->device;
    cfx_device_clean(&state, cfx_now_site(engine->host));
    g_mutex_lock(&engine->lock);
    device->state = state;
    g_mutex_unlock(&engine->lock);
    if (state.session == NULL && state.power_max_w > 0)
        device->idle_max_w = state.power_max_w;
    device->instance = news->from;
    device->generation = news->generation;
    device->was_reported = TRUE;
    device->reported_us = cfx_now_site(engine->host);

    gboolean was_there = (before.flags & CFX_DEVICE_CONNECTED) != 0;
    warn_out_of_service(device, was_there);
    gboolean is_there = (device->state.flags & CFX_DEVICE_CONNECTED) != 0;
    if (was_there && !is_there)
        cfx_story_lost(device, FALSE);
    else if (is_there && device->is_lost)
        cfx_story_lost(device, TRUE);
    device->is_lost = !is_there && (device->is_lost || was_there);
    cfx_ingest_device(device, &before, is_first);
    cfx_session_device(device, &before);
    cfx_apply_device(device, &before, is_first);
    cfx_trigger_device(device, &before, is_first, news->real_us);
}

static void
device_is_gone(CfxEngineDevice *device)
{
    CfxDevice before = device->state;

    if (device->instance == NULL)
        return;
    g_mutex_lock(&device->site->engine->lock);
    device->state.flags &= ~(CFX_DEVICE_CONNECTED | CFX_DEVICE_STEERABLE);
    g_mutex_unlock(&device->site->engine->lock);
    cfx_trigger_device(device, &before, FALSE, 0);
    device->instance = NULL;
}

void
cfx_device_table_take(CfxEngine *engine)
{
    g_mutex_lock(&engine->lock);
    g_autoptr(GPtrArray) inbox = g_steal_pointer(&engine->inbox);
    engine->inbox_posted = FALSE;
    g_mutex_unlock(&engine->lock);

    for (guint i = 0; inbox != NULL && i < inbox->len && !engine->is_stopping; i++) {
        const News *news = g_ptr_array_index(inbox, i);
        if (news->generation != news->from->generation)
            continue; /* said by somebody who has been stopped since */
        CfxEngineDevice *device = cfx_engine_device(engine, news->asset);
        if (news->kind == NEWS_DEVICE)
            take_device(engine, news);
        else if (device != NULL && news->kind == NEWS_APPLIED)
            cfx_apply_answer(device, &news->applied);
        else if (device != NULL && device->instance == news->from)
            device_is_gone(device);
    }
}

void
cfx_device_table_drop(CfxEngine *engine, CfxInstance *instance)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, engine->devices);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxEngineDevice *device = value;
        if (device->instance == instance)
            device_is_gone(device);
    }
}

void
cfx_device_table_clear_inbox(CfxEngine *engine)
{
    g_mutex_lock(&engine->lock);
    g_clear_pointer(&engine->inbox, g_ptr_array_unref);
    g_mutex_unlock(&engine->lock);
}

void
cfx_engine_device_free(CfxEngineDevice *device)
{
    g_clear_pointer(&device->session, cfx_session_free);
    cfx_curve_clear(&device->allowed);
    cfx_curve_clear(&device->written_allowed);
    cfx_curve_clear(&device->desired);
    cfx_curve_clear(&device->desired_fail_safe);
    cfx_curve_clear(&device->sent);
    cfx_curve_clear(&device->sent_fail_safe);
    cfx_curve_clear(&device->doubt);
    g_clear_pointer(&device->written, g_hash_table_unref);
    g_free(device->label);
    g_free(device->identity);
    g_free(device);
}

static int
device_compare(gconstpointer a, gconstpointer b)
{
    const CfxEngineDevice *const *x = a, *const *y = b;

    return (*x)->asset < (*y)->asset ? -1 : (*x)->asset > (*y)->asset;
}

static CfxEngineDevice *
device_new(gint64 asset)
{
    CfxEngineDevice *device = g_new0(CfxEngineDevice, 1);

    device->asset = asset;
    device->clamp_w = NAN;
    device->idle_max_w = NAN;
    device->written_known = -1;
    device->fail_safe_accepted_w = NAN;
    device->register_wh = NAN;
    device->register_last_wh = NAN;
    device->planned_stock_wh = NAN;
    device->written = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return device;
}

/* "CP003", or "CP003/2" where the station has more than one EVSE */
static char *
make_label(const CfxModel *model, const CfxBinding *binding)
{
    guint same = 0;

    for (gsize i = 0; i < model->n_bindings; i++)
        same += g_str_equal(model->bindings[i]->instance, binding->instance) &&
                g_str_equal(model->bindings[i]->identity, binding->identity);
    if (same <= 1)
        return g_strdup(binding->identity);
    return g_strdup_printf("%s/%" G_GINT64_FORMAT, binding->identity, binding->unit);
}

/* a site below a site has its own devices; 0: none */
static gint64
site_of(const CfxModel *model, gint64 asset)
{
    const CfxAsset *site = cfx_asset_site(model, asset);

    return site != NULL ? site->id : 0;
}

static gboolean
is_bound_elsewhere(const CfxModel *model, gint64 asset, gint64 site)
{
    gint64 other = cfx_model_asset(model, asset) != NULL ? site_of(model, asset) : 0;

    for (gsize i = 0; other != 0 && other != site && i < model->n_bindings; i++)
        if (model->bindings[i]->asset == asset)
            return TRUE;
    return FALSE;
}

static gboolean
same_devices(const GPtrArray *a, const GPtrArray *b)
{
    return a->len == b->len && memcmp(a->pdata, b->pdata, a->len * sizeof *a->pdata) == 0;
}

void
cfx_device_table_bind(CfxSite *site)
{
    CfxEngine *engine = site->engine;
    const CfxModel *model = engine->model;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) old = site->devices;

    site->devices = g_ptr_array_new();
    for (gsize i = 0; i < model->n_bindings; i++) {
        const CfxBinding *binding = model->bindings[i];
        const CfxAsset *asset = cfx_model_asset(model, binding->asset);
        if (asset == NULL || site_of(model, binding->asset) != site->asset)
            continue;

        CfxEngineDevice *device = cfx_engine_device(engine, binding->asset);
        if (device == NULL) {
            device = device_new(binding->asset);
            g_mutex_lock(&engine->lock);
            g_hash_table_insert(engine->devices, &device->asset, device);
            g_mutex_unlock(&engine->lock);
        } else if (g_ptr_array_find(site->devices, device, NULL)) {
            continue; /* bound twice: the first binding counts */
        }
        /* its adapter takes nothing older than what the site that it comes from has sent */
        if (device->site != NULL)
            site->version = MAX(site->version, device->site->version);
        device->site = site;
        device->unit = binding->unit;
        g_free(device->identity);
        device->identity = g_strdup(binding->identity);
        g_free(device->label);
        device->label = make_label(model, binding);
        cfx_flex_model_parse(model, asset, &device->flex, problems);
        g_ptr_array_add(site->devices, device);
    }
    g_ptr_array_sort(site->devices, device_compare);
    if (site->run != NULL && !same_devices(old, site->devices))
        site->run->is_outdated = TRUE;

    for (guint i = 0; old != NULL && i < old->len; i++) {
        CfxEngineDevice *device = g_ptr_array_index(old, i);
        if (g_ptr_array_find(site->devices, device, NULL))
            continue;
        /* another site has it now, or will have it in this turn: it takes its state along */
        if (device->site != site || is_bound_elsewhere(model, device->asset, site->asset))
            continue;
        g_mutex_lock(&engine->lock);
        g_hash_table_remove(engine->devices, &device->asset);
        g_mutex_unlock(&engine->lock);
    }
    for (guint i = 0; i < problems->len; i++)
        cfx_log(engine->host,
                CFX_LOG_WARNING,
                "site %s: %s",
                site->name,
                (const char *)g_ptr_array_index(problems, i));
}
