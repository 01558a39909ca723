/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The simulated outside as an adapter without devices, for a host of its own without storage. */
#include <cariflex/cfx-adapter.h>

#include "simulator-world.h"

#define PLUGIN "simulator"

static const CfxConfigKey keys[] = {
    { "world",
      CFX_KEY_FILE,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "the world file: stations, cars, sun, load" },
    { "prices",
      CFX_KEY_FILE,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "CSV of one civil day's prices" },
    { "page",
      CFX_KEY_FILE,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "the clock page to write; the daemon's [clock] page" },
    { "log", CFX_KEY_FILE, CFX_KEY_REQUIRED, NULL, NULL, NULL, NULL, "the world's log to write" },
    { "secrets",
      CFX_KEY_FILE,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "folder with one file for each secret: CP001 …, gateway-site, gateway-weather, forecaster, "
      "grid-operator" },
    { "ocpp",
      CFX_KEY_TEXT,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "ws:// address to which a station appends its name" },
    { "api",
      CFX_KEY_URL,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "address of the HTTP API, without /api" },
    { "vtn", CFX_KEY_URL, CFX_KEY_REQUIRED, NULL, NULL, NULL, NULL, "address of the OpenADR VTN" },
    { "health",
      CFX_KEY_URL,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "address that answers 200 while the daemon serves" },
    { "start",
      CFX_KEY_TEXT,
      0,
      "2025-10-01",
      NULL,
      NULL,
      NULL,
      "date whose noon is the beginning" },
    { "days",
      CFX_KEY_INTEGER,
      0,
      "1",
      "0",
      "100000",
      NULL,
      "number of days from noon to noon; 0: without end" },
    { "seed", CFX_KEY_INTEGER, 0, "1", "0", NULL, NULL, "another seed, another world" },
    { "rate", CFX_KEY_REAL, 0, "1440", "1", "1440", NULL, "simulated seconds in a real one" },
    { "meter-period",
      CFX_KEY_DURATION,
      0,
      "20s",
      "1s",
      "5min",
      NULL,
      "how often the site meter is read" },
    { "warm-up",
      CFX_KEY_DURATION,
      0,
      "20min",
      "1min",
      "11h",
      NULL,
      "simulated time before the first noon" },
    { "settle",
      CFX_KEY_DURATION,
      0,
      "10min",
      "1s",
      "1h",
      NULL,
      "simulated time after the last noon" },
    { "away-limit",
      CFX_KEY_DURATION,
      0,
      "10s",
      "0s",
      "10min",
      NULL,
      "real time for which the world waits for a daemon that is away" },
    { "faults",
      CFX_KEY_BOOLEAN,
      0,
      "true",
      NULL,
      NULL,
      NULL,
      "whether the world file's faults happen" },
    { "control",
      CFX_KEY_FILE,
      0,
      NULL,
      NULL,
      NULL,
      NULL,
      "socket that takes what a person does to the world while it runs (cariflexctl demo)" },
    { "currency",
      CFX_KEY_TEXT,
      0,
      NULL,
      NULL,
      NULL,
      NULL,
      "currency in which prices are published; default: that of the file" },
    { "currency-rate",
      CFX_KEY_REAL,
      0,
      "0",
      "0",
      NULL,
      NULL,
      "units of that currency for one of the file's" },
    { "story",
      CFX_KEY_BOOLEAN,
      0,
      "false",
      NULL,
      NULL,
      NULL,
      "write the log's lines to standard output too, but for frames, posts and meters" },
};

static SimOptions
read_options(const CfxConfig *config)
{
    return (SimOptions){
        .world = cfx_config_text(config, "world"),
        .prices = cfx_config_text(config, "prices"),
        .page = cfx_config_text(config, "page"),
        .log = cfx_config_text(config, "log"),
        .secrets = cfx_config_text(config, "secrets"),
        .ocpp = cfx_config_text(config, "ocpp"),
        .api = cfx_config_text(config, "api"),
        .vtn = cfx_config_text(config, "vtn"),
        .health = cfx_config_text(config, "health"),
        .start = cfx_config_text(config, "start"),
        .control = cfx_config_text(config, "control"),
        .currency = cfx_config_text(config, "currency"),
        .currency_rate = cfx_config_real(config, "currency-rate"),
        .seed = (guint64)cfx_config_number(config, "seed"),
        .rate = cfx_config_real(config, "rate"),
        .days = (guint)cfx_config_number(config, "days"),
        .meter_us = cfx_config_number(config, "meter-period"),
        .warm_us = cfx_config_number(config, "warm-up"),
        .settle_us = cfx_config_number(config, "settle"),
        .away_us = cfx_config_number(config, "away-limit"),
        .faults = cfx_config_number(config, "faults") != 0,
        .story = cfx_config_number(config, "story") != 0,
    };
}

static gpointer
create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    SimOptions options = read_options(config);
    if (!g_str_has_prefix(options.ocpp, "ws://")) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "ocpp: \"%s\" is not a ws:// address",
                    options.ocpp);
        return NULL;
    }
    return sim_world_new(host, &options, error);
}

static void
start(gpointer self, CfxCall *call)
{
    GError *error = NULL;
    SimWorld *world = self;
    GMainContext *context = sim_world_host(world)->base->context(sim_world_host(world));
    /* libsoup answers in the context that was the thread's default when it was asked */
    g_main_context_push_thread_default(context);
    gboolean started = sim_world_start(world, &error);
    g_main_context_pop_thread_default(context);
    if (!started)
        sim_world_stop(world);
    cfx_call_finish(call, NULL, error);
}

static void
stop(gpointer self, CfxCall *call)
{
    sim_world_stop(self);
    cfx_call_finish(call, NULL, NULL);
}

static void
destroy(gpointer self)
{
    sim_world_free(self);
}

static const CfxAdapterOps ops = { .struct_size = sizeof(CfxAdapterOps) };

static const CfxFactory factory = {
    .struct_size = sizeof(CfxFactory),
    .threading = CFX_THREAD_LOOP,
    .kind = CFX_KIND_ADAPTER,
    .name = PLUGIN,
    .summary = "the simulated outside of a demo site: stations, cars, gateways, grid operator",
    .keys = keys,
    .n_keys = G_N_ELEMENTS(keys),
    .key_size = sizeof(CfxConfigKey),
    .ops = &ops,
    .create = create,
    .start = start,
    .stop = stop,
    .destroy = destroy,
};

static const CfxFactory *const factories[] = { &factory, NULL };

static const CfxPluginInfo info = {
    .struct_size = sizeof(CfxPluginInfo),
    .abi = CFX_ABI_VERSION,
    .min_host_abi = CFX_ABI_VERSION,
    .id = PLUGIN,
    .name = "Simulator",
    .version = CFX_PLUGIN_VERSION,
    .license = "LGPL-2.1-or-later",
    .factories = factories,
};

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
