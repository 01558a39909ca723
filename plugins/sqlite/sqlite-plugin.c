/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storage in one file by SQLite: descriptor, factory, configuration.
 */
#include <cariflex/cfx.h>

#include "sqlite-store.h"

static const CfxConfigKey keys[] = {
    { .name = "path",
      .type = CFX_KEY_FILE,
      .def = "/var/lib/cariflex/cariflex.db",
      .summary = "The database file. It is made when it is missing; its folder must be there." },
    { .name = "durability",
      .type = CFX_KEY_CHOICE,
      .def = "power",
      .choices = "power|process",
      .summary = "What an acknowledged commit survives: the loss of power, or the end of the "
                 "process only, which is faster on slow disks." },
    { .name = "cache",
      .type = CFX_KEY_INTEGER,
      .def = "64",
      .min = "1",
      .max = "65536",
      .summary = "Memory for pages of the database, in MiB." },
    { .name = "busy-timeout",
      .type = CFX_KEY_DURATION,
      .def = "2s",
      .min = "0s",
      .max = "60s",
      .summary = "How long to wait for a lock that another program holds on the file." },
};

static gpointer
sqlite_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    SqliteStore *self = g_new0(SqliteStore, 1);

    self->host = host;
    self->lock_fd = -1;
    self->settings.path = g_strdup(cfx_config_text(config, "path"));
    self->settings.power = cfx_config_number(config, "durability") == 0;
    self->settings.cache_mib = cfx_config_number(config, "cache");
    self->settings.busy_us = cfx_config_number(config, "busy-timeout");
    self->packed = g_byte_array_new();
    self->text = g_string_new(NULL);
    return self;
}

static void
sqlite_start(gpointer data, CfxCall *call)
{
    SqliteStore *self = data;
    GError *error = NULL;

    if (!sqlite_store_open(self, &error))
        sqlite_store_close(self);
    cfx_call_finish(call, NULL, error);
}

static void
sqlite_stop(gpointer data, CfxCall *call)
{
    sqlite_store_close(data);
    cfx_call_finish(call, NULL, NULL);
}

static void
sqlite_destroy(gpointer data)
{
    SqliteStore *self = data;

    sqlite_store_close(self);
    g_byte_array_unref(self->packed);
    g_string_free(self->text, TRUE);
    g_free(self->settings.path);
    g_free(self);
}

static const CfxStorageOps ops = {
    .struct_size = sizeof(ops),
    .commit = sqlite_store_commit,
    .sources = sqlite_store_sources,
    .reader_open = sqlite_reader_open,
    .reader_close = sqlite_reader_close,
    .read_beliefs = sqlite_reader_beliefs,
    .read_records = sqlite_reader_records,
    .read_notices = sqlite_reader_notices,
    .read_latest = sqlite_reader_latest,
    .last_revision = sqlite_store_last_revision,
    .backup = sqlite_reader_backup,
};

static const CfxFactory factory = {
    .struct_size = sizeof(factory),
    .threading = CFX_THREAD_WORKER,
    .kind = CFX_KIND_STORAGE,
    .name = "sqlite",
    .summary = "Keeps everything in one file, by SQLite",
    .keys = keys,
    .n_keys = G_N_ELEMENTS(keys),
    .key_size = sizeof(CfxConfigKey),
    .ops = &ops,
    .create = sqlite_create,
    .start = sqlite_start,
    .stop = sqlite_stop,
    .destroy = sqlite_destroy,
};

static const CfxFactory *const factories[] = { &factory, NULL };

static const CfxPluginInfo info = {
    .struct_size = sizeof(info),
    .abi = CFX_ABI_VERSION,
    .min_host_abi = CFX_ABI_VERSION,
    .id = "sqlite",
    .name = "SQLite storage",
    .version = "0.1.0",
    .license = "LGPL-2.1-or-later",
    .factories = factories,
};

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
