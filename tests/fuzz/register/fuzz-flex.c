/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The free JSON of a site and of a device, as clients of the HTTP API may write it. */
#include "cfx-flex.h"
#include "cfx-model-builder.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = g_strndup((const char *)data, size);
    const CfxModel *model = cfx_model_empty();
    CfxAsset asset = { .struct_size = sizeof(asset),
                       .id = 1,
                       .type = "site",
                       .name = "site",
                       .attributes = text,
                       .flex_model = text,
                       .flex_context = text };
    CfxFlexModel device;

    cfx_flex_context_free(cfx_flex_context_parse(model, &asset, problems));
    cfx_flex_model_parse(model, &asset, &device, problems);
    g_assert_true(device.charge_efficiency >= CFX_EFFICIENCY_MIN &&
                  device.charge_efficiency <= CFX_EFFICIENCY_MAX);
    g_assert_true(device.discharge_efficiency >= CFX_EFFICIENCY_MIN &&
                  device.discharge_efficiency <= 1);
    cfx_model_unref(model);
    return 0;
}
