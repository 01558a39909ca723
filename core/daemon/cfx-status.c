/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON of `cariflexctl status`. */
#include "cfx-daemon.h"
#include "cfx-engine.h"
#include "cfx-life.h"
#include "cfx-log.h"
#include "cfx-store.h"
#include "cfx-web.h"

#include <kit/cfx-json.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static GMutex lock;
static GBytes *last; /* what other threads get: the one of the last turn that asked */
static GThread *main_thread;

static void
write_clock(CfxJsonWriter *json, const CfxDaemon *daemon)
{
    cfx_json_name(json, "clock");
    cfx_json_begin_object(json);
    cfx_json_member_bool(json, "simulated", cfx_clock_is_simulated(daemon->clock));
    cfx_json_member_time(json, "site", cfx_clock_now(daemon->clock, CFX_CLOCK_SITE));
    cfx_json_member_time(json, "system", g_get_real_time());
    cfx_json_end_object(json);
}

static void
write_instance(CfxJsonWriter *json, CfxInstance *instance)
{
    g_autofree char *reason = NULL;
    CfxInstanceState state = cfx_instance_state(instance, &reason);
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "name", instance->name);
    cfx_json_member_text(json, "kind", instance->kind);
    cfx_json_member_text(json, "plugin", instance->factory.name);
    cfx_json_member_text(json, "version", instance->info->version);
    cfx_json_member_text(json, "license", instance->info->license);
    cfx_json_member_text(json, "state", cfx_instance_state_name(state));
    cfx_json_member_text(json, "reason", reason);
    cfx_json_member_int(json, "slow_calls", (gint64)instance->slow_calls);
    cfx_json_end_object(json);
}

static void
write_instances(CfxJsonWriter *json, const CfxDaemon *daemon)
{
    cfx_json_name(json, "instances");
    cfx_json_begin_array(json);
    if (daemon->storage != NULL)
        write_instance(json, daemon->storage);
    for (guint i = 0; i < daemon->schedulers->len; i++)
        write_instance(json, g_ptr_array_index(daemon->schedulers, i));
    for (guint i = 0; i < daemon->adapters->len; i++)
        write_instance(json, g_ptr_array_index(daemon->adapters, i));
    cfx_json_end_array(json);
}

static void
write_store(CfxJsonWriter *json, const CfxDaemon *daemon)
{
    CfxStoreStatus store = { 0 };
    gint64 now = cfx_loop_now(daemon->loop, CFX_CLOCK_REAL);
    cfx_store_status(daemon->store, &store);
    cfx_json_name(json, "store");
    cfx_json_begin_object(json);
    cfx_json_member_int(json, "commits", (gint64)store.commits);
    cfx_json_member_int(json, "refused", (gint64)store.refused);
    cfx_json_member_int(json, "groups", (gint64)store.groups);
    cfx_json_member_int(json, "repeats", (gint64)store.repeats);
    cfx_json_member_int(json, "beliefs", (gint64)store.beliefs);
    cfx_json_member_int(json, "reads", (gint64)store.reads);
    cfx_json_member_int(json, "queued", (gint64)store.queued);
    cfx_json_member_int(json, "queued_bytes", (gint64)store.queued_bytes);
    cfx_json_member_int(json, "revision", store.stored_revision);
    cfx_json_member_real(
        json,
        "last_commit_age_s",
        store.last_commit_us != 0 ? (double)((now - store.last_commit_us) / 1000) / 1000 : NAN);
    cfx_json_member_int(json, "last_group_us", store.last_group_us);
    cfx_json_member_bool(json, "pressure", store.pressure);
    cfx_json_member_text(json, "failure", store.failing ? store.failure : NULL);
    cfx_json_end_object(json);
}

/* an answer that a part has made, under its own name */
static void
write_part(CfxJsonWriter *json, const char *name, char *text)
{
    cfx_json_name(json, name);
    cfx_json_raw(json, text, strlen(text));
    g_free(text);
}

const char *
cfx_daemon_state_name(const CfxDaemon *daemon)
{
    return daemon->is_stopping ? "stopping" : daemon->is_ready ? "ready" : "starting";
}

char *
cfx_daemon_status_json(CfxDaemon *daemon)
{
    g_auto(CfxJsonWriter) json = { 0 };
    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_int(&json, "version", 1);
    cfx_json_member_text(&json, "release", CFX_VERSION);
    cfx_json_member_int(&json, "pid", getpid());
    cfx_json_member_text(&json, "state", cfx_daemon_state_name(daemon));
    cfx_json_member_real(
        &json,
        "uptime_s",
        (double)((cfx_loop_now(daemon->loop, CFX_CLOCK_REAL) - daemon->started_us) / 1000) / 1000);
    write_clock(&json, daemon);
    write_instances(&json, daemon);
    cfx_json_name(&json, "plugin_dirs");
    cfx_json_begin_array(&json);
    for (char **dir = daemon->setup->plugin_dirs; dir != NULL && *dir != NULL; dir++)
        cfx_json_text(&json, *dir);
    cfx_json_end_array(&json);
    if (daemon->web != NULL)
        write_part(&json, "web", cfx_web_status_json(daemon->web));
    if (daemon->store != NULL)
        write_store(&json, daemon);
    if (daemon->engine != NULL)
        write_part(&json, "engine", cfx_engine_status_json(daemon->engine));
    cfx_json_member_int(&json, "warnings", (gint64)cfx_log_count(CFX_LOG_WARNING));
    cfx_json_member_int(&json, "criticals", (gint64)cfx_log_count(CFX_LOG_CRITICAL));
    cfx_json_end_object(&json);
    return g_strdup(cfx_json_writer_end(&json));
}

static GBytes *
serve(gpointer data)
{
    if (g_thread_self() == main_thread) {
        char *text = cfx_daemon_status_json(data);
        g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&lock);
        g_clear_pointer(&last, g_bytes_unref);
        last = g_bytes_new_take(text, strlen(text));
        return g_bytes_ref(last);
    }
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&lock);
    return last != NULL ? g_bytes_ref(last) : g_bytes_new_static("{}", 2);
}

void
cfx_daemon_status_serve(CfxDaemon *daemon)
{
    main_thread = g_thread_self();
    cfx_base_api_set_status(serve, daemon);
}
