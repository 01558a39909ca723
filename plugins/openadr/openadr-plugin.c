/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenADR 3.1: what the module offers. */
#include <cariflex/cfx.h>

#include "ven-factory.h"
#include "vtn-factory.h"

static const CfxFactory *const factories[] = { &openadr_vtn_factory, &openadr_ven_factory, NULL };

static const CfxPluginInfo info = {
    .struct_size = sizeof info,
    .abi = CFX_ABI_VERSION,
    .min_host_abi = CFX_ABI_VERSION,
    .id = "openadr",
    .name = "OpenADR",
    .version = "0.1.0",
    .license = "LGPL-2.1-or-later",
    .factories = factories,
};

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
