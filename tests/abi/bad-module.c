/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module that breaks one promise, chosen by -DBAD_…; none: it is right. */
#include <cariflex/cfx.h>

#if defined(BAD_UNDEFINED)
void cfx_nobody_has_this(void);
#endif

#if defined(BAD_CONSTRUCTOR)
__attribute__((constructor)) static void
runs_at_once(void)
{
    g_printerr("a constructor has run\n");
}
#elif defined(BAD_EXPORT)
CFX_EXPORT int something_else(void);
int
something_else(void)
{
    return 1;
}
#endif

static gpointer
bad_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
#if defined(BAD_UNDEFINED)
    cfx_nobody_has_this();
#endif
    return g_malloc(1);
}

static void
bad_call(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static const CfxConfigKey keys[] = {
#if defined(BAD_KEY_TYPE)
    { .name = "a", .type = 99 },
#elif defined(BAD_KEY_FLAGS)
    { .name = "a", .type = CFX_KEY_TEXT, .flags = 64 },
#elif defined(BAD_KEY_TWICE)
    { .name = "a", .type = CFX_KEY_TEXT },
#elif defined(BAD_KEY_NAME)
    { .type = CFX_KEY_TEXT },
#else
    { .name = "b", .type = CFX_KEY_TEXT },
#endif
    { .name = "a", .type = CFX_KEY_TEXT },
};

static const CfxAdapterOps adapter_ops = {
#if defined(BAD_OPS_SIZE)
    .struct_size = 8,
#else
    .struct_size = sizeof(CfxAdapterOps),
#endif
};

static const CfxStorageOps storage_ops = {
    .struct_size = sizeof(CfxStorageOps),
#if defined(BAD_OPS_FLAGS)
    .flags = 4,
#endif
};

static const CfxFactory adapter = {
#if defined(BAD_FACTORY_SIZE)
    .struct_size = 16,
#else
    .struct_size = sizeof(CfxFactory),
#endif
#if defined(BAD_THREADING)
    .threading = 7,
#elif defined(BAD_WORKER)
    .threading = CFX_THREAD_WORKER,
#elif defined(BAD_STORAGE) || defined(BAD_OPS_FLAGS)
    .threading = CFX_THREAD_WORKER,
#else
    .threading = CFX_THREAD_LOOP,
#endif
#if defined(BAD_STORAGE) || defined(BAD_OPS_FLAGS)
    .kind = CFX_KIND_STORAGE,
    .ops = &storage_ops,
#elif defined(BAD_KIND)
    .kind = "cariflex.teapot/3",
#elif defined(BAD_NO_KIND)
    .kind = "adapter",
#elif defined(BAD_NO_OPS)
    .kind = CFX_KIND_ADAPTER,
#else
    .kind = CFX_KIND_ADAPTER,
    .ops = &adapter_ops,
#endif
#if !defined(BAD_FACTORY_NAME)
    .name = "thing",
#endif
#if defined(BAD_NO_KEYS)
    .n_keys = 2,
    .key_size = sizeof(CfxConfigKey),
#else
    .keys = keys,
    .n_keys = 2,
#if defined(BAD_KEY_SIZE)
    .key_size = 8,
#else
    .key_size = sizeof(CfxConfigKey),
#endif
#endif
    .create = bad_create,
#if !defined(BAD_NO_START)
    .start = bad_call,
#endif
    .stop = bad_call,
    .destroy = g_free,
};

static const CfxFactory *const factories[] = {
#if !defined(BAD_NO_FACTORIES)
    &adapter,
#endif
#if defined(BAD_FACTORY_TWICE)
    &adapter,
#endif
    NULL,
};

static const CfxPluginInfo info = {
#if defined(BAD_INFO_SIZE)
    .struct_size = 24,
#else
    .struct_size = sizeof(CfxPluginInfo),
#endif
#if defined(BAD_MAJOR)
    .abi = 3 << 16,
#else
    .abi = CFX_ABI_VERSION,
#endif
#if defined(BAD_MIN_HOST)
    .min_host_abi = CFX_ABI_VERSION + 5,
#else
    .min_host_abi = CFX_ABI_VERSION,
#endif
#if defined(BAD_FLAGS)
    .flags = 32,
#endif
#if defined(BAD_ID)
    .id = "Thing!",
#elif defined(BAD_NO_ID)
    .id = NULL,
#elif defined(GOOD) || defined(BAD_SAME_ID)
    .id = "thing",
#else
    .id = "bad",
#endif
    .name = "A thing",
    .version = "1",
    .license = "MIT",
    .factories = factories,
};

#if defined(BAD_SYMBOL_V2)
CFX_EXPORT const CfxPluginInfo *cfx_plugin_query_v2(void);
const CfxPluginInfo *
cfx_plugin_query_v2(void)
{
    return &info;
}
#elif defined(BAD_NO_SYMBOL)
CFX_EXPORT const void *cfx_something(void);
const void *
cfx_something(void)
{
    return &info;
}
#else
const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
#if defined(BAD_NULL)
    return NULL;
#else
    return &info;
#endif
}
#endif
