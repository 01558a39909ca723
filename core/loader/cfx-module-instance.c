/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-module.h"

#include <string.h>

CfxInstance *
cfx_module_instance(const CfxModule *module,
                    const CfxFactory *factory,
                    const char *name,
                    CfxLoop *home,
                    const CfxConfig *config,
                    GHashTable *secrets)
{
    const char *kind = cfx_module_kind(factory->kind);
    CfxInstance *instance = cfx_instance_new(kind, name, home);
    instance->info = module->info;
    /* copies of what the plugin has of it; what it has not is NULL */
    memcpy(&instance->factory, factory, MIN(factory->struct_size, sizeof instance->factory));
    if (strcmp(kind, "adapter") == 0) {
        const CfxAdapterOps *ops = factory->ops;
        memcpy(&instance->adapter, ops, MIN(ops->struct_size, sizeof instance->adapter));
    } else if (strcmp(kind, "storage") == 0) {
        const CfxStorageOps *ops = factory->ops;
        memcpy(&instance->storage, ops, MIN(ops->struct_size, sizeof instance->storage));
    } else {
        const CfxSchedulerOps *ops = factory->ops;
        memcpy(&instance->scheduler, ops, MIN(ops->struct_size, sizeof instance->scheduler));
        instance->scheduler_ops = &instance->scheduler;
    }
    instance->config = (CfxConfig *)(gpointer)(guintptr)config;
    if (secrets != NULL) {
        GHashTableIter iter;
        gpointer key, secret;
        g_hash_table_iter_init(&iter, secrets);
        while (g_hash_table_iter_next(&iter, &key, &secret))
            cfx_instance_set_secret(instance, key, secret);
    }
    return instance;
}
