/* SPDX-License-Identifier: MIT */
/* Descriptor, factory, configuration: what the host reads before anything runs. */
#include "file-device.h"

#include <string.h>

static const CfxConfigKey keys[] = {
    { .name = "power-file",
      .type = CFX_KEY_FILE,
      .flags = CFX_KEY_REQUIRED,
      .summary = "File in which the device's power stands, in W." },
    { .name = "limit-file",
      .type = CFX_KEY_FILE,
      .summary =
          "File into which the power that it may draw is written, in W. Without it the device "
          "is measured and not steered." },
    { .name = "interval",
      .type = CFX_KEY_DURATION,
      .def = "10s",
      .min = "100ms",
      .max = "1h",
      .flags = CFX_KEY_LIVE,
      .summary = "How often the power is read." },
    { .name = "max-power",
      .type = CFX_KEY_POWER,
      .def = "11 kW",
      .min = "1 W",
      .summary = "The most that the device can draw." },
    { .name = "identity",
      .type = CFX_KEY_TEXT,
      .def = "device",
      .summary = "Name of the device in the bindings of the register." },
};

static const CfxCommandInfo read_command = {
    .struct_size = sizeof read_command,
    .role = CFX_ROLE_READ,
    .name = "Read",
    .title = "What the files say",
    .schema = "{\"type\":\"object\",\"additionalProperties\":false}",
};
static const CfxCommandInfo *const commands[] = { &read_command };

static gpointer
plugin_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    if (host->data == NULL || host->model == NULL || host->devices == NULL) {
        g_set_error_literal(error,
                            CFX_ERROR,
                            CFX_ERROR_CONFIG,
                            "needs a host with a [storage:…] group: there is nowhere to write");
        return NULL;
    }
    return file_device_new(host, config);
}

static void
plugin_start(gpointer self, CfxCall *call)
{
    file_device_start(self);
    cfx_call_finish(call, NULL, NULL);
}

static void
plugin_stop(gpointer self, CfxCall *call)
{
    file_device_stop(self);
    cfx_call_finish(call, NULL, NULL);
}

static void
plugin_destroy(gpointer self)
{
    file_device_free(self);
}

static gboolean
plugin_reload(gpointer self, const CfxConfig *config, GError **error)
{
    file_device_set(self, config);
    return TRUE;
}

static void
plugin_apply(gpointer self, const CfxPlan *plan)
{
    file_device_apply(self, plan);
}

static void
plugin_command(gpointer self, gint64 asset, const char *name, GBytes *args, CfxCall *call)
{
    if (strcmp(name, "Read") == 0)
        cfx_call_finish(call, file_device_describe(self), NULL);
    else
        cfx_call_finish(
            call,
            NULL,
            g_error_new(CFX_ERROR, CFX_ERROR_NOT_SUPPORTED, "there is no command \"%s\"", name));
}

static const CfxAdapterOps ops = {
    .struct_size = sizeof ops,
    .n_commands = G_N_ELEMENTS(commands),
    .commands = commands,
    .apply = plugin_apply,
    .command = plugin_command,
};

static const CfxFactory factory = {
    .struct_size = sizeof factory,
    .threading = CFX_THREAD_LOOP,
    .kind = CFX_KIND_ADAPTER,
    .name = "file-device",
    .summary = "A device behind two files: its power in one, its limit in the other",
    .keys = keys,
    .n_keys = G_N_ELEMENTS(keys),
    .key_size = sizeof(CfxConfigKey),
    .ops = &ops,
    .create = plugin_create,
    .start = plugin_start,
    .stop = plugin_stop,
    .destroy = plugin_destroy,
    .reload = plugin_reload,
};
static const CfxFactory *const factories[] = { &factory, NULL };

static const CfxPluginInfo info = {
    .struct_size = sizeof info,
    .abi = CFX_ABI_VERSION,
    .min_host_abi = CFX_ABI_MAJOR << 16, /* nothing newer than 1.0 is used */
    .id = "file-device",
    .name = "File device",
    .version = "0.1.0",
    .license = "MIT",
    .factories = factories,
};

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
