/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scheduler-rules: charge when plugged in, equal shares. Descriptor and factory. */
#include "rules-session.h"

#include <cariflex/cfx-host.h>

/* An instance holds nothing: all state is the sessions'. */
typedef struct {
    const CfxHost *host;
} RulesInstance;

static gpointer
rules_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    RulesInstance *instance = g_new0(RulesInstance, 1);
    instance->host = host;
    return instance;
}

static void
rules_start(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static void
rules_stop(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static void
rules_destroy(gpointer self)
{
    g_free(self);
}

static const CfxFactory rules_factory = {
    .struct_size = sizeof(CfxFactory),
    .threading = CFX_THREAD_LOOP,
    .kind = CFX_KIND_SCHEDULER,
    .name = "scheduler-rules",
    .summary = "charges when plugged in and shares the limit equally",
    .ops = &rules_scheduler_ops,
    .create = rules_create,
    .start = rules_start,
    .stop = rules_stop,
    .destroy = rules_destroy,
};

static const CfxFactory *const factories[] = { &rules_factory, NULL };

static const CfxPluginInfo info = {
    .struct_size = sizeof(CfxPluginInfo),
    .abi = CFX_ABI_VERSION,
    .min_host_abi = CFX_ABI_VERSION,
    .id = "scheduler-rules",
    .name = "Rules scheduler",
    .version = "0.1.0",
    .license = "LGPL-2.1-or-later",
    .factories = factories,
};

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
