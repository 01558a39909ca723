/* SPDX-License-Identifier: MIT */
#include "file-device.h"

#include "file-text.h"

#include <math.h>
#include <string.h>

static void poll_now(gpointer data);
static void write_limit(FileDevice *self);

FileDevice *
file_device_new(const CfxHost *host, const CfxConfig *config)
{
    FileDevice *self = g_new0(FileDevice, 1);
    self->host = host;
    self->identity = cfx_config_text(config, "identity");
    self->power_file = cfx_config_text(config, "power-file");
    self->limit_file = cfx_config_text(config, "limit-file");
    self->power_max_w = cfx_config_real(config, "max-power");
    self->power_w = NAN;
    self->written_w = NAN;
    file_device_set(self, config);
    return self;
}

void
file_device_set(FileDevice *self, const CfxConfig *config)
{
    self->interval_us = cfx_config_number(config, "interval");
}

void
file_device_free(FileDevice *self)
{
    cfx_plan_drop(&self->plan);
    g_free(self);
}

/* --- who it is: the binding of the register, or a knock at its door --- */

static void
find_binding(FileDevice *self)
{
    const CfxModel *model = self->host->model->get(self->host);
    self->asset = self->power_sensor = 0;
    for (gsize i = 0; i < model->n_bindings; i++) {
        const CfxBinding *binding = model->bindings[i];
        if (strcmp(binding->instance, self->host->instance) != 0 ||
            strcmp(binding->identity, self->identity) != 0)
            continue;
        self->asset = binding->asset;
        self->power_sensor = binding->power_sensor;
    }
    g_bytes_unref(model->owner);
    if (self->asset != 0 || self->has_knocked)
        return;
    const CfxKnock knock = { .struct_size = sizeof knock,
                             .kind = "device",
                             .identity = self->identity,
                             .peer = self->power_file };
    self->host->devices->knock(self->host, &knock);
    self->has_knocked = TRUE;
}

/* --- what it says --- */

static void
report(FileDevice *self)
{
    if (self->asset == 0)
        return;
    const CfxDevice device = {
        .struct_size = sizeof device,
        .flags = (self->is_lost ? 0 : CFX_DEVICE_CONNECTED | CFX_DEVICE_PLUGGED) |
                 (self->power_w > 0 ? CFX_DEVICE_CHARGING : 0) |
                 (self->is_steerable ? CFX_DEVICE_STEERABLE : 0),
        .asset = self->asset,
        .at_us = cfx_now_site(self->host),
        .power_w = self->power_w,
        .power_min_w = 0,
        .power_max_w = self->power_max_w,
        .power_least_w = 0,
        .energy_wh = NAN,
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
    const CfxDevice *const devices[] = { &device };
    self->host->devices->report(self->host, devices, 1);
}

/* One commit for the belief and the notice: both are stored, or neither. */
static void
commit(FileDevice *self, gboolean is_measured, const char *topic, const char *doc)
{
    gint64 now_us = cfx_now_site(self->host);
    const CfxBeliefs beliefs = { .struct_size = sizeof beliefs,
                                 .n = 1,
                                 .sensor = { &self->power_sensor, 0 },
                                 .start_us = { &now_us, 0 },
                                 .value = { &self->power_w, 0 } };
    const CfxNotice notice = { .struct_size = sizeof notice,
                               .topic = topic,
                               .asset = self->asset,
                               .at_us = now_us,
                               .doc = doc,
                               .doc_size = doc != NULL ? strlen(doc) : 0 };
    const CfxBeliefs *const batches[] = { &beliefs };
    const CfxNotice *const notices[] = { &notice };
    const CfxCommit all = { .struct_size = sizeof all,
                            .beliefs = batches,
                            .n_beliefs = is_measured && self->power_sensor != 0 ? 1 : 0,
                            .notices = notices,
                            .n_notices = topic != NULL ? 1 : 0 };
    cfx_commit(self->host, &all, NULL, NULL);
}

static void
was_read(FileDevice *self, double power_w)
{
    gboolean is_back = self->is_lost;
    self->is_lost = FALSE;
    self->power_w = power_w;
    if (is_back)
        self->host->base->health(self->host, CFX_HEALTH_OK, NULL);
    commit(self, TRUE, is_back ? "file-device.found" : NULL, is_back ? "{}" : NULL);
    report(self);
}

static void
was_not_read(FileDevice *self, const GError *error)
{
    self->power_w = NAN;
    self->host->base->health(self->host, CFX_HEALTH_DEGRADED, error->message);
    if (self->is_lost)
        return; /* it was said once */
    self->is_lost = TRUE;
    cfx_log(self->host, CFX_LOG_WARNING, "%s", error->message);
    commit(self, FALSE, "file-device.lost", "{}");
    report(self);
}

/* --- reading: the pool reads, home takes what came --- */

typedef struct {
    FileDevice *device;
    const char *path;
    double value;
    GError *error;
} Job;

static void
read_in_pool(gpointer data)
{
    Job *job = data;
    file_text_read(job->path, &job->value, &job->error);
}

static void
read_done(gpointer data, const GError *error)
{
    g_autofree Job *job = data;
    FileDevice *self = job->device;
    g_autoptr(GError) failure = g_steal_pointer(&job->error);
    self->is_reading = FALSE;
    if (failure == NULL)
        was_read(self, job->value);
    else
        was_not_read(self, failure);
}

static void
poll_now(gpointer data)
{
    FileDevice *self = data;
    self->poll = cfx_timer_after(self->host, CFX_CLOCK_SITE, self->interval_us, poll_now, self);
    if (self->is_reading)
        return; /* a slow disk: the next time will do */
    self->is_reading = TRUE;
    Job *job = g_new0(Job, 1);
    *job = (Job){ .device = self, .path = self->power_file };
    self->host->base->work(self->host, read_in_pool, job, read_done);
}

/* --- steering: the plan's power of now stands in the limit file --- */

/* what the plan says of now, and when that ends (CFX_TIME_MAX: open-ended) */
static double
wanted_w(const FileDevice *self, gint64 *ret_end_us)
{
    const CfxPlan *plan = &self->plan;
    gssize row = cfx_plan_row(plan, self->asset);
    gint64 now_us = cfx_now_site(self->host);
    gboolean has_plan = (cfx_int_at(plan->flags, (gsize)row) & CFX_PLAN_FAIL_SAFE_ONLY) == 0;
    for (gsize j = 0; has_plan && j < plan->n_slots; j++) {
        *ret_end_us = cfx_int_at(plan->edges_us, j + 1);
        if (now_us < *ret_end_us)
            return cfx_grid_at(plan->power_w, (gsize)row, j);
    }
    *ret_end_us = CFX_TIME_MAX;
    return cfx_grid_at(plan->fail_safe_w, (gsize)row, plan->n_slots - 1);
}

static void
tell(FileDevice *self, guint32 state, const char *words)
{
    gint64 now_us = cfx_now_site(self->host);
    gssize row = cfx_plan_row(&self->plan, self->asset);
    const CfxApplied applied = {
        .struct_size = sizeof applied,
        .state = state,
        .asset = self->asset,
        .epoch = self->plan.epoch,
        .version = self->plan.version,
        .trace = self->plan.trace,
        .words = words,
        /* it obeys the file and nothing else: what stands there holds until we write again */
        .n_allowed = isnan(self->written_w) ? 0 : 1,
        .allowed_us = { &now_us, 0 },
        .allowed_w = { &self->written_w, 0 },
        .answered_real_us = cfx_now_real(self->host),
        .fail_safe_w = cfx_grid_at(self->plan.fail_safe_w, (gsize)row, self->plan.n_slots - 1),
    };
    const CfxApplied *const all[] = { &applied };
    self->host->devices->applied(self->host, all, 1);
}

static void
write_in_pool(gpointer data)
{
    Job *job = data;
    file_text_write(job->path, job->value, &job->error);
}

static void
write_done(gpointer data, const GError *error)
{
    g_autofree Job *job = data;
    FileDevice *self = job->device;
    g_autoptr(GError) failure = g_steal_pointer(&job->error);
    self->is_writing = FALSE;
    if (failure != NULL) {
        self->is_steerable = FALSE;
        tell(self, CFX_APPLIED_REFUSED, failure->message);
        report(self);
        return;
    }
    self->written_w = job->value;
    self->is_steerable = TRUE;
    tell(self, CFX_APPLIED_INSTALLED, NULL);
    report(self);
    write_limit(self); /* a newer plan may have come meanwhile */
}

static void
edge_cb(gpointer data)
{
    FileDevice *self = data;
    self->edge = 0;
    write_limit(self);
}

static void
write_limit(FileDevice *self)
{
    gint64 end_us;
    if (self->plan.owner == NULL || self->is_writing || cfx_plan_row(&self->plan, self->asset) < 0)
        return;
    double power_w = MAX(0, wanted_w(self, &end_us));
    cfx_timer_clear(self->host, &self->edge);
    if (end_us != CFX_TIME_MAX)
        self->edge =
            self->host->base->timer_start(self->host, CFX_CLOCK_SITE, end_us, edge_cb, self);
    if (power_w == self->written_w)
        return;
    self->is_writing = TRUE;
    Job *job = g_new0(Job, 1);
    *job = (Job){ .device = self, .path = self->limit_file, .value = power_w };
    self->host->base->work(self->host, write_in_pool, job, write_done);
}

void
file_device_apply(FileDevice *self, const CfxPlan *plan)
{
    if (cfx_plan_row(plan, self->asset) < 0)
        return;
    if (self->plan.owner != NULL &&
        (plan->epoch < self->plan.epoch ||
         (plan->epoch == self->plan.epoch && plan->version < self->plan.version)))
        return; /* it has overtaken a newer one */
    cfx_plan_drop(&self->plan);
    cfx_plan_keep(&self->plan, plan);
    if (self->limit_file == NULL) {
        tell(self, CFX_APPLIED_REFUSED, "no limit-file is configured");
        return;
    }
    double before_w = self->written_w;
    write_limit(self);
    if (!self->is_writing && before_w == self->written_w)
        tell(self, CFX_APPLIED_INSTALLED, NULL); /* the file says it already */
}

GBytes *
file_device_describe(const FileDevice *self)
{
    char power[G_ASCII_DTOSTR_BUF_SIZE] = "null", limit[G_ASCII_DTOSTR_BUF_SIZE] = "null";
    if (!isnan(self->power_w))
        g_ascii_formatd(power, sizeof power, "%.1f", self->power_w);
    if (!isnan(self->written_w))
        g_ascii_formatd(limit, sizeof limit, "%.0f", self->written_w);
    char *text = g_strdup_printf("{\"power_w\":%s,\"limit_w\":%s}", power, limit);
    return g_bytes_new_take(text, strlen(text));
}

/* --- life --- */

static void
model_cb(gpointer data, const CfxModelChanged *changed, const GError *error)
{
    FileDevice *self = data;
    gint64 before = self->asset;
    find_binding(self);
    if (before == self->asset)
        return;
    if (before != 0)
        self->host->devices->gone(self->host, &before, 1);
    report(self);
}

void
file_device_start(FileDevice *self)
{
    self->watch = self->host->model->watch(self->host, model_cb, self);
    find_binding(self);
    poll_now(self);
}

void
file_device_stop(FileDevice *self)
{
    self->host->model->unwatch(self->host, self->watch);
    cfx_timer_clear(self->host, &self->poll);
    cfx_timer_clear(self->host, &self->edge);
}
