/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon and the instances of plugins as objects on the bus. */
#include "cfx-bus-methods.h"
#include "cfx-daemon.h"
#include "cfx-log.h"
#include "cfx-store.h"

#include <unistd.h>

/* --- the daemon ----------------------------------------------------------------------------- */

typedef struct {
    const char *release, *state, *store_problem;
    guint32 pid;
    gboolean is_simulated;
    gint64 started_us;
    guint64 queued, warnings, criticals;
    char room[256]; /* of store_problem */
} HostView;

static gint64
started_us(const CfxDaemon *daemon)
{
    static gint64 at_us; /* once: the system's clock may be set while it runs */
    if (at_us == 0)
        at_us =
            g_get_real_time() - (cfx_loop_now(daemon->loop, CFX_CLOCK_REAL) - daemon->started_us);
    return at_us;
}

static gboolean
host_read(gpointer data, gint64 key, gpointer view)
{
    CfxDaemon *daemon = data;
    CfxStoreStatus store = { 0 };
    if (daemon->store != NULL)
        cfx_store_status(daemon->store, &store);
    HostView *to = view;
    *to = (HostView){
        .release = CFX_VERSION,
        .state = cfx_daemon_state_name(daemon),
        .store_problem = to->room,
        .pid = (guint32)getpid(),
        .is_simulated = cfx_clock_is_simulated(daemon->clock),
        .started_us = started_us(daemon),
        .queued = store.queued,
        .warnings = cfx_log_count(CFX_LOG_WARNING),
        .criticals = cfx_log_count(CFX_LOG_CRITICAL),
    };
    if (store.failing)
        g_strlcpy(to->room, store.failure, sizeof to->room);
    return TRUE;
}

static void
reload(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) remarks = cfx_daemon_reload(data, &error);
    if (remarks == NULL) {
        cfx_bus_fail(call, error);
        return;
    }
    GVariantBuilder list;
    g_variant_builder_init(&list, G_VARIANT_TYPE_STRING_ARRAY);
    for (guint i = 0; i < remarks->len; i++)
        g_variant_builder_add(&list, "s", g_ptr_array_index(remarks, i));
    cfx_bus_reply_tuple(call, g_variant_new("(as)", &list));
}

static const CfxBusProperty host_properties[] = {
    { "Release", G_STRUCT_OFFSET(HostView, release) },
    { "Pid", G_STRUCT_OFFSET(HostView, pid) },
    { "State", G_STRUCT_OFFSET(HostView, state) },
    { "Simulated", G_STRUCT_OFFSET(HostView, is_simulated) },
    { "Started", G_STRUCT_OFFSET(HostView, started_us) },
    { "StoreProblem", G_STRUCT_OFFSET(HostView, store_problem) },
    { "Queued", G_STRUCT_OFFSET(HostView, queued) },
    { "Warnings", G_STRUCT_OFFSET(HostView, warnings) },
    { "Criticals", G_STRUCT_OFFSET(HostView, criticals) },
    { NULL, 0 },
};
static const CfxBusObjectMethod host_methods[] = { { "Reload", reload }, { NULL, NULL } };
static const CfxBusInterface host = {
    "Host", host_properties, sizeof(HostView), host_read, host_methods
};
static const CfxBusInterface *const host_interfaces[] = { &host, NULL };
const CfxBusKind cfx_bus_host = { "host", host_interfaces, NULL, NULL };

/* --- instances ------------------------------------------------------------------------------ */

typedef struct {
    const char *name, *kind, *plugin, *version, *license, *state, *reason;
    guint64 slow_calls;
    char room[400]; /* of reason */
} InstanceView;

/* all that there are, for as long as the process runs: the key is the place */
static CfxInstance *
instance_at(const CfxDaemon *daemon, gint64 key)
{
    guint i = (guint)key;
    if (daemon->storage != NULL && i-- == 0)
        return daemon->storage;
    if (i < daemon->schedulers->len)
        return g_ptr_array_index(daemon->schedulers, i);
    i -= daemon->schedulers->len;
    return i < daemon->adapters->len ? g_ptr_array_index(daemon->adapters, i) : NULL;
}

static gboolean
instance_read(gpointer data, gint64 key, gpointer view)
{
    CfxInstance *instance = instance_at(data, key);
    g_autofree char *reason = NULL;
    if (instance == NULL)
        return FALSE;
    CfxInstanceState state = cfx_instance_state(instance, &reason);
    InstanceView *to = view;
    *to = (InstanceView){
        .name = instance->name,
        .kind = instance->kind,
        .plugin = instance->factory.name,
        .version = instance->info->version,
        .license = instance->info->license,
        .state = cfx_instance_state_name(state),
        .reason = to->room,
        .slow_calls = instance->slow_calls,
    };
    if (reason != NULL)
        g_strlcpy(to->room, reason, sizeof to->room);
    return TRUE;
}

static void
instance_list(gpointer data, GArray *keys)
{
    for (gint64 key = 0; instance_at(data, key) != NULL; key++)
        g_array_append_val(keys, key);
}

static char *
instance_element(gpointer data, gint64 key)
{
    return g_strdup(instance_at(data, key)->name);
}

static const CfxBusProperty instance_properties[] = {
    { "Name", G_STRUCT_OFFSET(InstanceView, name) },
    { "Kind", G_STRUCT_OFFSET(InstanceView, kind) },
    { "Plugin", G_STRUCT_OFFSET(InstanceView, plugin) },
    { "PluginVersion", G_STRUCT_OFFSET(InstanceView, version) },
    { "License", G_STRUCT_OFFSET(InstanceView, license) },
    { "State", G_STRUCT_OFFSET(InstanceView, state) },
    { "Reason", G_STRUCT_OFFSET(InstanceView, reason) },
    { "SlowCalls", G_STRUCT_OFFSET(InstanceView, slow_calls) },
    { NULL, 0 },
};
static const CfxBusInterface instance = {
    "Instance", instance_properties, sizeof(InstanceView), instance_read, NULL
};
static const CfxBusInterface *const instance_interfaces[] = { &instance, NULL };
const CfxBusKind cfx_bus_instances = {
    "instance", instance_interfaces, instance_list, instance_element
};
