/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-instance.h"

#include "cfx-log.h"
#include "cfx-metric.h"

#include <string.h>

typedef struct {
    gpointer data;
    GDestroyNotify destroy;
} Part;

typedef struct {
    CfxInstanceStopFunc func;
    gpointer data;
} Hook;

static GArray *hooks; /* (element-type Hook) */

static const char *const state_names[] = {
    [CFX_INSTANCE_LOADED] = "loaded",   [CFX_INSTANCE_STARTING] = "starting",
    [CFX_INSTANCE_RUNNING] = "running", [CFX_INSTANCE_DEGRADED] = "degraded",
    [CFX_INSTANCE_FAILED] = "failed",   [CFX_INSTANCE_STOPPING] = "stopping",
    [CFX_INSTANCE_STOPPED] = "stopped", [CFX_INSTANCE_LEFT_BEHIND] = "left-behind",
};

static void
part_free(gpointer data)
{
    Part *part = data;
    if (part->destroy != NULL)
        part->destroy(part->data);
    g_free(part);
}

CfxInstance *
cfx_instance_new(const char *kind, const char *name, CfxLoop *home)
{
    CfxInstance *instance = g_new0(CfxInstance, 1);
    instance->name = g_strdup(name);
    instance->group = g_strdup_printf("%s:%s", kind, name);
    instance->kind = kind;
    instance->home = home;
    instance->host.struct_size = sizeof instance->host;
    instance->host.abi = CFX_ABI_VERSION;
    instance->host.instance = instance->name;
    instance->host.base = cfx_base_api();
    instance->parts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, part_free);
    instance->secrets =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    g_mutex_init(&instance->lock);
    return instance;
}

CfxInstance *
cfx_instance_new_internal(const char *name, CfxLoop *home)
{
    CfxInstance *instance = cfx_instance_new("host", name, home);
    instance->self = instance;
    instance->generation = 1;
    instance->state = CFX_INSTANCE_RUNNING;
    return instance;
}

void
cfx_instance_free(CfxInstance *instance)
{
    if (instance == NULL)
        return;
    g_hash_table_unref(instance->parts);
    g_hash_table_unref(instance->secrets);
    g_mutex_clear(&instance->lock);
    g_free(instance->reason);
    g_free(instance->name);
    g_free(instance->group);
    g_free(instance);
}

void
cfx_instance_part_set(CfxInstance *instance,
                      const char *part,
                      gpointer data,
                      GDestroyNotify destroy)
{
    Part *value = g_new(Part, 1);
    *value = (Part){ data, destroy };
    g_hash_table_insert(instance->parts, (gpointer)(guintptr)part, value);
}

gpointer
cfx_instance_part(CfxInstance *instance, const char *part)
{
    const Part *value = g_hash_table_lookup(instance->parts, part);
    return value != NULL ? value->data : NULL;
}

void
cfx_instance_add_stop_hook(CfxInstanceStopFunc func, gpointer data)
{
    if (hooks == NULL)
        hooks = g_array_new(FALSE, FALSE, sizeof(Hook));
    Hook hook = { func, data };
    g_array_append_val(hooks, hook);
}

void
cfx_instance_remove_stop_hooks(gpointer data)
{
    for (guint i = hooks != NULL ? hooks->len : 0; i > 0; i--) {
        if (g_array_index(hooks, Hook, i - 1).data == data)
            g_array_remove_index(hooks, i - 1);
    }
}

void
cfx_instance_run_stop_hooks(CfxInstance *instance)
{
    for (guint i = 0; hooks != NULL && i < hooks->len; i++) {
        Hook hook = g_array_index(hooks, Hook, i);
        hook.func(hook.data, instance);
    }
    cfx_loop_timer_stop_all(instance->home, instance);
}

const char *
cfx_instance_state_name(CfxInstanceState state)
{
    return state_names[state];
}

void
cfx_instance_set_state(CfxInstance *instance, CfxInstanceState state, const char *reason)
{
    g_mutex_lock(&instance->lock);
    gboolean is_same =
        instance->state == (guint32)state && g_strcmp0(instance->reason, reason) == 0;
    if (!is_same) {
        instance->state = state;
        g_free(instance->reason);
        instance->reason = g_strdup(reason);
    }
    g_mutex_unlock(&instance->lock);
    if (is_same)
        return;
    guint32 level = CFX_LOG_INFO;
    if (state == CFX_INSTANCE_DEGRADED || state == CFX_INSTANCE_FAILED ||
        state == CFX_INSTANCE_LEFT_BEHIND)
        level = CFX_LOG_WARNING;
    cfx_log_say(level,
                instance->name,
                "%s%s%s",
                cfx_instance_state_name(state),
                reason != NULL ? ": " : "",
                reason != NULL ? reason : "");
}

CfxInstanceState
cfx_instance_state(CfxInstance *instance, char **ret_reason)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&instance->lock);
    if (ret_reason != NULL)
        *ret_reason = g_strdup(instance->reason);
    return (CfxInstanceState)instance->state;
}

gboolean
cfx_instance_is_up(CfxInstance *instance)
{
    CfxInstanceState state = cfx_instance_state(instance, NULL);
    return state == CFX_INSTANCE_RUNNING || state == CFX_INSTANCE_DEGRADED;
}

gboolean
cfx_instance_is_alive(const CfxInstance *instance, guint64 generation)
{
    return instance->self != NULL && instance->generation == generation;
}

gint64
cfx_instance_enter(CfxInstance *instance)
{
    return g_get_monotonic_time();
}

void
cfx_instance_leave(CfxInstance *instance, gint64 entered_us, const char *what)
{
    gint64 took_us = g_get_monotonic_time() - entered_us;
    if (G_LIKELY(took_us <= CFX_INSTANCE_SLOW_US))
        return;
    instance->slow_calls++;
    if (instance->slow_metric == NULL) {
        const CfxPair labels[] = { { "instance", instance->name }, { NULL, NULL } };
        instance->slow_metric = cfx_metric_get(CFX_METRIC_COUNTER,
                                               "cariflex_slow_calls_total",
                                               "Calls that held a loop for more than 50 ms",
                                               labels);
    }
    cfx_metric_add(instance->slow_metric, 1);
    cfx_log_say(CFX_LOG_WARNING,
                instance->name,
                "%s held its loop for %" G_GINT64_FORMAT " ms",
                what,
                took_us / 1000);
}

void
cfx_instance_set_secret(CfxInstance *instance, const char *key, GBytes *secret)
{
    g_hash_table_insert(instance->secrets, g_strdup(key), g_bytes_ref(secret));
}
