/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-register.h"

#include "cfx-store.h"

static void
tell_store(gpointer data, const CfxModel *model)
{
    if (data != NULL)
        cfx_store_set_model(data, model);
}

CfxRegister *
cfx_register_new(CfxInstance *host_self, CfxStore *store)
{
    return cfx_register_new_full(host_self, tell_store, store);
}
