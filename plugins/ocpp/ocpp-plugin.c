/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin "ocpp": charging stations that speak OCPP 2.0.1. */
#include "ocpp-command.h"
#include "ocpp-dispatch.h"
#include "ocpp-door.h"
#include "ocpp-log.h"
#include "ocpp-records.h"
#include "ocpp-report.h"
#include "ocpp-steer.h"

static const CfxConfigKey keys[] = {
    { .name = "listener",
      .type = CFX_KEY_LISTENER,
      .flags = CFX_KEY_REQUIRED,
      .summary = "Where stations connect: ws://…/ocpp/IDENTITY." },
    { .name = "heartbeat",
      .type = CFX_KEY_DURATION,
      .flags = CFX_KEY_LIVE,
      .def = "5min",
      .min = "10s",
      .max = "1d",
      .summary = "How often a station that has nothing to say asks for the time." },
    { .name = "sample-interval",
      .type = CFX_KEY_DURATION,
      .flags = CFX_KEY_LIVE,
      .def = "1min",
      .min = "1s",
      .max = "1h",
      .summary = "How often a station sends meter values while a car charges." },
    { .name = "call-timeout",
      .type = CFX_KEY_DURATION,
      .flags = CFX_KEY_LIVE,
      .def = "30s",
      .min = "1s",
      .max = "10min",
      .summary = "Real time after which a call to a station counts as unanswered." },
    { .name = "change-pause",
      .type = CFX_KEY_DURATION,
      .flags = CFX_KEY_LIVE,
      .def = "10s",
      .min = "0s",
      .max = "10min",
      .summary = "Least time between two profiles of a station that raise its power." },
};

static void
take_config(OcppInstance *self, const CfxConfig *config)
{
    self->heartbeat_us = cfx_config_number(config, "heartbeat");
    self->sample_us = cfx_config_number(config, "sample-interval");
    self->call_timeout_us = cfx_config_number(config, "call-timeout");
    self->change_pause_us = cfx_config_number(config, "change-pause");
}

static void
station_gone(gpointer data)
{
    ocpp_station_unref(data);
}

static gpointer
create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    OcppInstance *self;

    if (host->data == NULL || host->model == NULL || host->devices == NULL || host->web == NULL) {
        g_set_error(
            error, CFX_ERROR, CFX_ERROR_CONFIG, "it needs a storage: add a group [storage:NAME]");
        return NULL;
    }
    self = g_new0(OcppInstance, 1);
    self->host = host;
    self->listener = g_strdup(cfx_config_text(config, "listener"));
    take_config(self, config);
    self->stations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, station_gone);
    self->by_asset = g_hash_table_new(g_int64_hash, g_int64_equal);
    ocpp_ladder_init(&self->ladder);
    ocpp_store_init(&self->store);
    cfx_json_writer_init(&self->out, NULL, 0);
    cfx_arena_init(&self->arena, self->arena_first, sizeof(self->arena_first), 4 * 1024 * 1024);
    self->work[0] = g_ptr_array_new();
    self->work[1] = g_ptr_array_new();
    /* message ids are unique over all connections and restarts */
    self->call_prefix = g_strdup_printf("c%" G_GINT64_MODIFIER "x", g_get_real_time());
    self->next_request_id = g_get_real_time() / G_USEC_PER_SEC % 1000000 * 1000;
    return self;
}

static void
model_changed(gpointer data, const CfxModelChanged *result, const GError *error)
{
    OcppInstance *self = data;
    GHashTableIter iter;
    gpointer value;

    if (self->is_stopping)
        return;
    ocpp_instance_take_model(self);
    g_hash_table_iter_init(&iter, self->stations);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        ocpp_report_station(value);
}

static void
make_metrics(OcppInstance *self)
{
    const CfxHost *host = self->host;
    const CfxPair labels[] = { { "instance", host->instance }, { NULL, NULL } };

    self->connected_metric = host->base->metric(host,
                                                CFX_METRIC_GAUGE,
                                                "cariflex_ocpp_connected",
                                                "Charging stations that are connected",
                                                labels);
    self->messages_metric = host->base->metric(host,
                                               CFX_METRIC_COUNTER,
                                               "cariflex_ocpp_messages",
                                               "Messages that came from charging stations",
                                               labels);
    self->errors_metric = host->base->metric(host,
                                             CFX_METRIC_COUNTER,
                                             "cariflex_ocpp_errors",
                                             "Messages that were answered by an error",
                                             labels);
}

typedef struct {
    OcppInstance *self;
    CfxCall *call;
} Start;

/* stations are let in when everything that is known of them is there */
static void
loaded(gpointer data, const GError *error)
{
    g_autofree Start *start = data;
    OcppInstance *self = start->self;
    GError *problem = NULL;
    GHashTableIter iter;
    gpointer value;

    if (error != NULL) {
        problem = g_error_copy(error);
    } else if (ocpp_door_open(self, &problem)) {
        g_hash_table_iter_init(&iter, self->stations);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            OcppStation *station = value;

            ocpp_report_station(station);
            for (guint i = 0; i < station->evses->len; i++) {
                ocpp_steer_tell(g_ptr_array_index(station->evses, i), NULL, FALSE);
                ocpp_charging_await_limit(g_ptr_array_index(station->evses, i));
            }
        }
        self->model_watch = self->host->model->watch(self->host, model_changed, self);
    }
    cfx_call_finish(start->call, NULL, problem);
}

static void
start(gpointer data, CfxCall *call)
{
    OcppInstance *self = data;
    Start *starting = g_new0(Start, 1);

    *starting = (Start){ self, call };
    self->started_us = cfx_now_site(self->host);
    make_metrics(self);
    ocpp_instance_take_model(self);
    ocpp_records_load(self, loaded, starting);
}

static void
stop(gpointer data, CfxCall *call)
{
    OcppInstance *self = data;
    GHashTableIter iter;
    gpointer value;

    self->is_stopping = TRUE;
    g_hash_table_iter_init(&iter, self->stations);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        ocpp_door_close(value, 1001, "the system stops");
    if (self->model_watch != 0)
        self->host->model->unwatch(self->host, self->model_watch);
    cfx_call_finish(call, NULL, NULL);
}

static void
destroy(gpointer data)
{
    OcppInstance *self = data;

    g_ptr_array_unref(self->work[0]);
    g_ptr_array_unref(self->work[1]);
    g_hash_table_unref(self->by_asset);
    g_hash_table_unref(self->stations);
    ocpp_ladder_clear(&self->ladder);
    ocpp_log_clear(&self->log);
    ocpp_store_clear(&self->store);
    cfx_json_writer_clear(&self->out);
    cfx_arena_clear(&self->arena);
    g_free(self->call_prefix);
    g_free(self->listener);
    g_free(self);
}

static gboolean
reload(gpointer data, const CfxConfig *config, GError **error)
{
    take_config(data, config);
    return TRUE;
}

static void
apply(gpointer self, const CfxPlan *plan)
{
    ocpp_steer_apply(self, plan);
}

static void
command(gpointer self, gint64 asset, const char *name, GBytes *args, CfxCall *call)
{
    if (strcmp(name, OCPP_LOG_COMMAND) == 0)
        ocpp_log_command(self, asset, call);
    else
        ocpp_command(self, asset, name, args, call);
}

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    static const CfxCommandInfo *commands[OCPP_N_COMMANDS + 1];
    static const CfxAdapterOps ops = {
        .struct_size = sizeof(CfxAdapterOps),
        .n_commands = OCPP_N_COMMANDS + 1,
        .commands = commands,
        .apply = apply,
        .command = command,
    };
    static const CfxFactory factory = {
        .struct_size = sizeof(CfxFactory),
        .threading = CFX_THREAD_LOOP,
        .kind = CFX_KIND_ADAPTER,
        .name = "ocpp",
        .summary = "Charging stations that speak OCPP 2.0.1",
        .keys = keys,
        .n_keys = G_N_ELEMENTS(keys),
        .key_size = sizeof(CfxConfigKey),
        .ops = &ops,
        .create = create,
        .start = start,
        .stop = stop,
        .destroy = destroy,
        .reload = reload,
    };
    static const CfxFactory *const factories[] = { &factory, NULL };
    static const CfxPluginInfo info = {
        .struct_size = sizeof(CfxPluginInfo),
        .abi = CFX_ABI_VERSION,
        .min_host_abi = CFX_ABI_VERSION,
        .id = "ocpp",
        .name = "OCPP",
        .version = "0.1.0",
        .license = "LGPL-2.1-or-later",
        .factories = factories,
    };

    memcpy(commands, ocpp_command_infos(), OCPP_N_COMMANDS * sizeof(commands[0]));
    commands[OCPP_N_COMMANDS] = &ocpp_log_command_info;
    return &info;
}
