/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base table: what every instance may ask of the host. */
#include "cfx-instance.h"

#include "cfx-log.h"
#include "cfx-metric.h"
#include "cfx-pool.h"

#define LABELS_MAX 8

static CfxStatusFunc status_func;
static gpointer status_data;

void
cfx_base_api_set_status(CfxStatusFunc func, gpointer data)
{
    status_func = func;
    status_data = data;
}

static void
base_log(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message)
{
    cfx_log_write(level, host->instance, fields, message);
}

static guint32
base_log_level(const CfxHost *host)
{
    return cfx_log_level();
}

static gint64
base_now(const CfxHost *host, guint32 clock)
{
    return cfx_loop_now(cfx_instance_of(host)->home, clock);
}

static CfxTimer
base_timer_start(const CfxHost *host, guint32 clock, gint64 at_us, CfxFunc func, gpointer data)
{
    CfxInstance *instance = cfx_instance_of(host);
    return cfx_loop_timer_start_for(instance->home, instance, clock, at_us, func, data);
}

static void
base_timer_stop(const CfxHost *host, CfxTimer timer)
{
    cfx_loop_timer_stop(cfx_instance_of(host)->home, timer);
}

static GMainContext *
base_context(const CfxHost *host)
{
    return cfx_loop_context(cfx_instance_of(host)->home);
}

static void
base_post(const CfxHost *host, CfxFunc func, gpointer data)
{
    CfxInstance *instance = cfx_instance_of(host);
    cfx_loop_post_for(instance->home, instance, func, data);
}

/* A function of an instance in the pool. The instance is not destroyed before it has come back, so
 * `done` needs no look at the generation. */
typedef struct {
    CfxInstance *instance;
    CfxFunc func;
    gpointer data;
    CfxDone done;
} Work;

static void
work_run(gpointer data)
{
    Work *work = data;
    work->func(work->data);
}

static void
work_done(gpointer data, const GError *error)
{
    g_autofree Work *work = data;
    CfxInstance *instance = work->instance;
    instance->working--;
    if (work->done == NULL)
        return;
    gint64 entered = cfx_instance_enter(instance);
    work->done(work->data, error);
    cfx_instance_leave(instance, entered, "completion of work");
}

static void
base_work(const CfxHost *host, CfxFunc func, gpointer data, CfxDone done)
{
    Work *work = g_new(Work, 1);
    *work = (Work){ cfx_instance_of(host), func, data, done };
    work->instance->working++;
    cfx_pool_run(work_run, work, work->instance->home, work_done, work);
}

static CfxMetric *
base_metric(
    const CfxHost *host, guint32 type, const char *name, const char *help, const CfxPair *labels)
{
    CfxPair all[LABELS_MAX + 2] = { { "instance", host->instance } };
    for (gsize i = 0; labels != NULL && labels[i].name != NULL; i++) {
        if (i == LABELS_MAX)
            return NULL;
        all[i + 1] = labels[i];
    }
    return cfx_metric_get(type, name, help, all);
}

static void
base_health(const CfxHost *host, guint32 state, const char *reason)
{
    CfxInstance *instance = cfx_instance_of(host);
    /* while it starts or stops, the life cycle decides */
    if (!cfx_instance_is_up(instance))
        return;
    if (state == CFX_HEALTH_OK)
        cfx_instance_set_state(instance, CFX_INSTANCE_RUNNING, NULL);
    else
        cfx_instance_set_state(instance, CFX_INSTANCE_DEGRADED, reason);
}

static GBytes *
base_secret(const CfxHost *host, const char *key, GError **error)
{
    GBytes *secret = g_hash_table_lookup(cfx_instance_of(host)->secrets, key);
    if (secret == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND, "no secret \"%s\" is configured", key);
        return NULL;
    }
    return g_bytes_ref(secret);
}

static GBytes *
base_status(const CfxHost *host)
{
    return status_func != NULL ? status_func(status_data) : g_bytes_new_static("{}", 2);
}

static const CfxBaseApi api = {
    .struct_size = sizeof(CfxBaseApi),
    .log = base_log,
    .log_level = base_log_level,
    .now = base_now,
    .timer_start = base_timer_start,
    .timer_stop = base_timer_stop,
    .context = base_context,
    .post = base_post,
    .work = base_work,
    .metric = base_metric,
    .metric_add = cfx_metric_add,
    .health = base_health,
    .secret = base_secret,
    .status = base_status,
};

const CfxBaseApi *
cfx_base_api(void)
{
    return &api;
}
