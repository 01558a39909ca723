/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP API in the shape of FlexMeasures v3_0: descriptor, factory, configuration.
 */
#include <cariflex/cfx.h>

#include "flexmeasures-api.h"

static const CfxConfigKey keys[] = {
    { .name = "listener",
      .type = CFX_KEY_LISTENER,
      .flags = CFX_KEY_REQUIRED,
      .summary = "The listener on which /api/ is served." },
    { .name = "token-lifetime",
      .type = CFX_KEY_DURATION,
      .def = "6h",
      .min = "1min",
      .max = "365d",
      .flags = CFX_KEY_LIVE,
      .summary = "How long a token from /api/requestAuthToken is good." },
};

static gpointer
flexmeasures_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    if (host->data == NULL || host->model == NULL || host->web == NULL) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "needs a host with a [storage:…] group: there is nothing to read or write");
        return NULL;
    }
    FmApi *self = g_new0(FmApi, 1);
    self->host = host;
    self->listener = cfx_config_text(config, "listener");
    self->token_lifetime_us = cfx_config_number(config, "token-lifetime");
    return self;
}

static void
flexmeasures_start(gpointer self, CfxCall *call)
{
    GError *error = NULL;

    fm_api_mount(self, &error);
    cfx_call_finish(call, NULL, error);
}

static void
flexmeasures_stop(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static gboolean
flexmeasures_reload(gpointer data, const CfxConfig *config, GError **error)
{
    FmApi *self = data;

    self->token_lifetime_us = cfx_config_number(config, "token-lifetime");
    return TRUE;
}

static const CfxAdapterOps ops = {
    .struct_size = sizeof ops,
};

static const CfxFactory factory = {
    .struct_size = sizeof factory,
    .threading = CFX_THREAD_LOOP,
    .kind = CFX_KIND_ADAPTER,
    .name = "flexmeasures",
    .summary = "Sensor data by HTTP in the shape of FlexMeasures",
    .keys = keys,
    .n_keys = G_N_ELEMENTS(keys),
    .key_size = sizeof(CfxConfigKey),
    .ops = &ops,
    .create = flexmeasures_create,
    .start = flexmeasures_start,
    .stop = flexmeasures_stop,
    .destroy = g_free,
    .reload = flexmeasures_reload,
};

static const CfxFactory *const factories[] = { &factory, NULL };

static const CfxPluginInfo info = {
    .struct_size = sizeof info,
    .abi = CFX_ABI_VERSION,
    .min_host_abi = CFX_ABI_VERSION,
    .id = "flexmeasures",
    .name = "FlexMeasures API",
    .version = "0.1.0",
    .license = "LGPL-2.1-or-later",
    .factories = factories,
};

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
