/* SPDX-License-Identifier: MIT */
/* Life of the instance, and time. */
#include "cfx-harness-private.h"

#include <string.h>

#define TURNS_MOST 1000000

typedef struct {
    CfxFunc func;
    gpointer data;
} Later;

void
cfx_harness_later(CfxHarness *self, CfxFunc func, gpointer data)
{
    Later *later = g_new(Later, 1);
    *later = (Later){ func, data };
    g_queue_push_tail(&self->later, later);
}

CfxHost *
cfx_harness_host(CfxHarness *self)
{
    return &self->host;
}

CfxHarness *
cfx_harness_new(const char *instance)
{
    CfxHarness *self = g_new0(CfxHarness, 1);
    self->instance = g_strdup(instance);
    self->host = (CfxHost){ .struct_size = sizeof(CfxHost),
                            .abi = CFX_ABI_VERSION,
                            .instance = self->instance,
                            .base = &cfx_harness_base_api,
                            .data = &cfx_harness_data_api,
                            .model = &cfx_harness_model_api,
                            .web = &cfx_harness_web_api,
                            .devices = &cfx_harness_device_api };
    self->site_us = CFX_HARNESS_START_US;
    self->real_us = CFX_HOUR;
    self->health = CFX_HEALTH_OK;
    g_queue_init(&self->later);
    self->timers = g_array_new(FALSE, FALSE, sizeof(CfxHarnessTimer));
    self->secrets =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    for (guint level = 0; level <= CFX_LOG_CRITICAL; level++)
        self->logged[level] = g_ptr_array_new_with_free_func(g_free);
    self->metrics = g_ptr_array_new_with_free_func(cfx_harness_metric_free);
    self->data = cfx_harness_data_new();
    self->model = cfx_harness_model_new();
    self->devices = cfx_harness_devices_new();
    self->web = cfx_harness_web_new();
    return self;
}

void
cfx_harness_free(CfxHarness *self)
{
    if (self == NULL)
        return;
    cfx_harness_stop(self);
    cfx_harness_run(self);
    g_array_unref(self->timers);
    g_clear_pointer(&self->configs, g_ptr_array_unref);
    g_hash_table_unref(self->secrets);
    for (guint level = 0; level <= CFX_LOG_CRITICAL; level++)
        g_ptr_array_unref(self->logged[level]);
    g_ptr_array_unref(self->metrics);
    cfx_harness_data_free(self->data);
    cfx_harness_model_free(self->model);
    cfx_harness_devices_free(self->devices);
    cfx_harness_web_free(self->web);
    g_free(self->reason);
    g_free(self->instance);
    g_free(self);
}

gpointer
cfx_harness_self(CfxHarness *self)
{
    return self->self;
}

/* --- calls ------------------------------------------------------------------------------------ */

static void
finish(CfxCall *call, GBytes *answer, GError *error)
{
    CfxHarnessCall *mine = (CfxHarnessCall *)call;
    if (mine->is_finished)
        g_critical("a call was finished twice");
    mine->is_finished = TRUE;
    mine->answer = answer;
    mine->error = error;
}

CfxHarnessCall *
cfx_harness_call_new(void)
{
    static const CfxCallOps ops = { sizeof(ops), 0, finish };
    CfxHarnessCall *mine = g_new0(CfxHarnessCall, 1);
    mine->call.ops = &ops;
    mine->call.cancellable = g_cancellable_new();
    return mine;
}

void
cfx_harness_call_free(CfxHarnessCall *mine)
{
    g_cancellable_cancel(mine->call.cancellable);
    if (!mine->is_finished)
        return;
    g_object_unref(mine->call.cancellable);
    g_clear_pointer(&mine->answer, g_bytes_unref);
    g_clear_error(&mine->error);
    g_free(mine);
}

/* --- life ------------------------------------------------------------------------------------- */

static const CfxFactory *
find_factory(const CfxPluginInfo *info, const char *name)
{
    for (gsize i = 0; info->factories[i] != NULL; i++) {
        if (strcmp(info->factories[i]->name, name) == 0)
            return info->factories[i];
    }
    return NULL;
}

static void
destroy(CfxHarness *self)
{
    gpointer instance = g_steal_pointer(&self->self);
    self->is_stopping = TRUE;
    cfx_harness_web_stop(self);
    cfx_harness_data_stop(self);
    cfx_harness_model_stop(self);
    cfx_harness_devices_stop(self);
    cfx_harness_run(self);
    g_array_set_size(self->timers, 0);
    self->factory.destroy(instance);
    self->is_stopping = FALSE;
}

gboolean
cfx_harness_start(CfxHarness *self,
                  const CfxPluginInfo *info,
                  const char *name,
                  const char *keyfile,
                  GError **error)
{
    const CfxFactory *factory = find_factory(info, name);
    g_return_val_if_fail(self->self == NULL, FALSE);
    if (factory == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "has no factory \"%s\"", name);
        return FALSE;
    }
    self->info = info;
    memset(&self->factory, 0, sizeof self->factory);
    memcpy(&self->factory, factory, MIN(factory->struct_size, sizeof self->factory));
    memset(&self->adapter, 0, sizeof self->adapter);
    if (strcmp(factory->kind, CFX_KIND_ADAPTER) == 0)
        memcpy(&self->adapter,
               factory->ops,
               MIN(((const CfxAdapterOps *)factory->ops)->struct_size, sizeof self->adapter));
    self->config = cfx_harness_config(self, factory, keyfile, error);
    if (self->config == NULL)
        return FALSE;
    g_autoptr(GError) local = NULL;
    self->self = factory->create(&self->host, self->config, &local);
    if (self->self == NULL) {
        if (local == NULL)
            g_set_error_literal(
                &local, CFX_ERROR, CFX_ERROR_FAILED, "create() gave nothing and set no error");
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    CfxHarnessCall *call = cfx_harness_call_new();
    factory->start(self->self, &call->call);
    cfx_harness_run(self);
    if (call->is_finished)
        local = g_steal_pointer(&call->error);
    else
        local = g_error_new_literal(CFX_ERROR,
                                    CFX_ERROR_UNAVAILABLE,
                                    "start() has not been finished, with nothing to wait for");
    cfx_harness_call_free(call);
    if (local == NULL)
        return TRUE;
    destroy(self);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

void
cfx_harness_stop(CfxHarness *self)
{
    if (self->self == NULL)
        return;
    CfxHarnessCall *call = cfx_harness_call_new();
    self->factory.stop(self->self, &call->call);
    cfx_harness_run(self);
    /* its own timers may stand between */
    if (!call->is_finished)
        cfx_harness_advance(self, CFX_SECOND);
    if (!call->is_finished)
        g_critical("stop() was not finished within a second");
    destroy(self);
    cfx_harness_call_free(call);
}

static gboolean
is_same(const CfxValue *a, const CfxValue *b)
{
    return g_strcmp0(a->text, b->text) == 0 && a->number == b->number &&
           (a->real == b->real || (a->real != a->real && b->real != b->real));
}

gboolean
cfx_harness_reload(CfxHarness *self, const char *keyfile, GError **error)
{
    g_return_val_if_fail(self->self != NULL, FALSE);
    const CfxConfig *config = cfx_harness_config(self, &self->factory, keyfile, error);
    if (config == NULL)
        return FALSE;
    for (gsize i = 0; i < config->n_values; i++) {
        const CfxConfigKey *key =
            (const CfxConfigKey *)(const void *)((const char *)config->keys + i * config->key_size);
        if ((key->flags & CFX_KEY_LIVE) != 0 ||
            is_same(&config->values[i], &self->config->values[i]))
            continue;
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_SUPPORTED,
                    "\"%s\" may not change without a restart",
                    key->name);
        return FALSE;
    }
    if (self->factory.reload == NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_NOT_SUPPORTED, "it has no reload()");
        return FALSE;
    }
    if (!self->factory.reload(self->self, config, error))
        return FALSE;
    self->config = config;
    cfx_harness_run(self);
    return TRUE;
}

/* --- time ------------------------------------------------------------------------------------- */

static gint64 *
clock_of(CfxHarness *self, guint32 clock)
{
    return clock == CFX_CLOCK_SITE ? &self->site_us : &self->real_us;
}

/* index of the timer that is due first; -1: none is due */
static gint
due(CfxHarness *self)
{
    gint first = -1;
    gint64 longest = -1;
    for (guint i = 0; i < self->timers->len; i++) {
        const CfxHarnessTimer *timer = &g_array_index(self->timers, CfxHarnessTimer, i);
        gint64 late = *clock_of(self, timer->clock) - timer->at_us;
        if (late <= longest)
            continue;
        longest = late;
        first = (gint)i;
    }
    return first;
}

void
cfx_harness_run(CfxHarness *self)
{
    for (guint turns = 0; turns < TURNS_MOST; turns++) {
        Later *later = g_queue_pop_head(&self->later);
        if (later != NULL) {
            later->func(later->data);
            g_free(later);
            continue;
        }
        gint first = self->is_stopping ? -1 : due(self);
        if (first < 0)
            return;
        CfxHarnessTimer timer = g_array_index(self->timers, CfxHarnessTimer, first);
        g_array_remove_index(self->timers, (guint)first);
        timer.func(timer.data);
    }
    g_critical("it always asks for more: a timer or a post() at this instant starts itself again");
}

/* how long until the next timer of a clock; at most `most` */
static gint64
until_next(CfxHarness *self, guint32 clocks, gint64 most)
{
    for (guint i = 0; i < self->timers->len; i++) {
        const CfxHarnessTimer *timer = &g_array_index(self->timers, CfxHarnessTimer, i);
        if ((timer->clock & clocks) != 0)
            most = MIN(most, MAX(0, timer->at_us - *clock_of(self, timer->clock)));
    }
    return most;
}

static void
advance(CfxHarness *self, guint32 clocks, gint64 us)
{
    cfx_harness_run(self);
    while (us > 0) {
        gint64 step = until_next(self, clocks, us);
        if ((clocks & CFX_CLOCK_SITE) != 0)
            self->site_us += step;
        if ((clocks & CFX_CLOCK_REAL) != 0)
            self->real_us += step;
        us -= step;
        cfx_harness_run(self);
    }
}

void
cfx_harness_advance(CfxHarness *self, gint64 us)
{
    advance(self, CFX_CLOCK_SITE | CFX_CLOCK_REAL, us);
}

void
cfx_harness_advance_clock(CfxHarness *self, guint32 clock, gint64 us)
{
    advance(self, clock, us);
}

void
cfx_harness_jump(CfxHarness *self, gint64 site_us, gint64 real_us)
{
    self->site_us += site_us;
    self->real_us += real_us;
    cfx_harness_run(self);
}

void
cfx_harness_set_site_us(CfxHarness *self, gint64 us)
{
    self->site_us = us;
}

guint
cfx_harness_n_timers(CfxHarness *self)
{
    return self->timers->len;
}
