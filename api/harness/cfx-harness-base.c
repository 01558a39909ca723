/* SPDX-License-Identifier: MIT */
#include "cfx-harness-private.h"

#include <math.h>
#include <string.h>

struct _CfxMetric {
    char *name;
    guint32 type;
    double value;
};

void
cfx_harness_metric_free(gpointer data)
{
    CfxMetric *metric = data;
    g_free(metric->name);
    g_free(metric);
}

static void
base_log(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message)
{
    g_return_if_fail(level >= CFX_LOG_DEBUG && level <= CFX_LOG_CRITICAL);
    g_ptr_array_add(cfx_harness_of(host)->logged[level], g_strdup(message));
    g_debug("%s: %s", host->instance, message);
}

static guint32
base_log_level(const CfxHost *host)
{
    return CFX_LOG_DEBUG;
}

static gint64
base_now(const CfxHost *host, guint32 clock)
{
    CfxHarness *self = cfx_harness_of(host);
    g_return_val_if_fail(clock == CFX_CLOCK_SITE || clock == CFX_CLOCK_REAL, 0);
    return clock == CFX_CLOCK_SITE ? self->site_us : self->real_us;
}

static CfxTimer
base_timer_start(const CfxHost *host, guint32 clock, gint64 at_us, CfxFunc func, gpointer data)
{
    CfxHarness *self = cfx_harness_of(host);
    g_return_val_if_fail(clock == CFX_CLOCK_SITE || clock == CFX_CLOCK_REAL, 0);
    CfxHarnessTimer timer = { ++self->last_timer, clock, at_us, func, data };
    g_array_append_val(self->timers, timer);
    return timer.id;
}

static void
base_timer_stop(const CfxHost *host, CfxTimer timer)
{
    GArray *timers = cfx_harness_of(host)->timers;
    for (guint i = 0; i < timers->len; i++) {
        if (g_array_index(timers, CfxHarnessTimer, i).id != timer)
            continue;
        g_array_remove_index(timers, i);
        return;
    }
}

static GMainContext *
base_context(const CfxHost *host)
{
    return g_main_context_default();
}

static void
base_post(const CfxHost *host, CfxFunc func, gpointer data)
{
    cfx_harness_later(cfx_harness_of(host), func, data);
}

typedef struct {
    CfxFunc func;
    gpointer data;
    CfxDone done;
} Work;

/* no pool here: a test wants the same order each time */
static void
work_run(gpointer data)
{
    g_autofree Work *work = data;
    work->func(work->data);
    if (work->done != NULL)
        work->done(work->data, NULL);
}

static void
base_work(const CfxHost *host, CfxFunc func, gpointer data, CfxDone done)
{
    Work *work = g_new(Work, 1);
    *work = (Work){ func, data, done };
    cfx_harness_later(cfx_harness_of(host), work_run, work);
}

static CfxMetric *
find_metric(CfxHarness *self, const char *name)
{
    for (guint i = 0; i < self->metrics->len; i++) {
        CfxMetric *metric = self->metrics->pdata[i];
        if (strcmp(metric->name, name) == 0)
            return metric;
    }
    return NULL;
}

static CfxMetric *
base_metric(
    const CfxHost *host, guint32 type, const char *name, const char *help, const CfxPair *labels)
{
    CfxHarness *self = cfx_harness_of(host);
    CfxMetric *metric = find_metric(self, name);
    if (metric != NULL)
        return metric;
    metric = g_new0(CfxMetric, 1);
    metric->name = g_strdup(name);
    metric->type = type;
    g_ptr_array_add(self->metrics, metric);
    return metric;
}

static void
base_metric_add(CfxMetric *metric, double value)
{
    metric->value = metric->type == CFX_METRIC_GAUGE ? value : metric->value + value;
}

static void
base_health(const CfxHost *host, guint32 state, const char *reason)
{
    CfxHarness *self = cfx_harness_of(host);
    self->health = state;
    g_free(self->reason);
    self->reason = state == CFX_HEALTH_OK ? NULL : g_strdup(reason);
}

static GBytes *
base_secret(const CfxHost *host, const char *key, GError **error)
{
    GBytes *secret = g_hash_table_lookup(cfx_harness_of(host)->secrets, key);
    if (secret == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND, "no secret \"%s\" is configured", key);
        return NULL;
    }
    return g_bytes_ref(secret);
}

static GBytes *
base_status(const CfxHost *host)
{
    return g_bytes_new_static("{}", 2);
}

const CfxBaseApi cfx_harness_base_api = {
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
    .metric_add = base_metric_add,
    .health = base_health,
    .secret = base_secret,
    .status = base_status,
};

/* --- for tests -------------------------------------------------------------------------------- */

guint32
cfx_harness_health(CfxHarness *self, const char **reason)
{
    if (reason != NULL)
        *reason = self->reason;
    return self->health;
}

const char *
cfx_harness_logged(CfxHarness *self, guint32 level, guint *n)
{
    const GPtrArray *logged = self->logged[MIN(level, CFX_LOG_CRITICAL)];
    if (n != NULL)
        *n = logged->len;
    return logged->len > 0 ? logged->pdata[logged->len - 1] : NULL;
}

double
cfx_harness_metric(CfxHarness *self, const char *name)
{
    const CfxMetric *metric = find_metric(self, name);
    return metric != NULL ? metric->value : NAN;
}

void
cfx_harness_set_secret(CfxHarness *self, const char *key, const char *secret)
{
    g_hash_table_replace(self->secrets, g_strdup(key), g_bytes_new(secret, strlen(secret)));
}
