/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scheduler-flow: exact plans with a certificate. Descriptor and factory. */
#include "flow-session.h"

#include <cariflex/cfx-host.h>

/* An instance holds nothing: all state is the sessions'. */
typedef struct {
    const CfxHost *host;
} FlowInstance;

static gpointer
flow_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    FlowInstance *instance = g_new0(FlowInstance, 1);
    instance->host = host;
    return instance;
}

static void
flow_start(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static void
flow_stop(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static void
flow_destroy(gpointer self)
{
    g_free(self);
}

static const CfxFactory flow_factory = {
    .struct_size = sizeof(CfxFactory),
    .threading = CFX_THREAD_LOOP,
    .kind = CFX_KIND_SCHEDULER,
    .name = "scheduler-flow",
    .summary = "exact plans, each with a proof of how near the least cost it is",
    .ops = &flow_scheduler_ops,
    .create = flow_create,
    .start = flow_start,
    .stop = flow_stop,
    .destroy = flow_destroy,
};

static const CfxFactory *const factories[] = { &flow_factory, NULL };

static const CfxPluginInfo info = {
    .struct_size = sizeof(CfxPluginInfo),
    .abi = CFX_ABI_VERSION,
    .min_host_abi = CFX_ABI_VERSION,
    .id = "scheduler-flow",
    .name = "Flow scheduler",
    .version = "0.1.0",
    .license = "LGPL-2.1-or-later",
    .factories = factories,
};

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
