/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a module says of itself, checked before anything else of it is used. */
#include "cfx-log.h"
#include "cfx-module-private.h"

#include <string.h>

/* sizes of ABI 1.0, the least that a plugin can have; later members are appended behind them */
#define INFO_1_0 (G_STRUCT_OFFSET(CfxPluginInfo, build) + sizeof(gpointer))
#define FACTORY_1_0 (G_STRUCT_OFFSET(CfxFactory, reload) + sizeof(gpointer))
#define KEY_1_0 (G_STRUCT_OFFSET(CfxConfigKey, summary) + sizeof(gpointer))

#define KEY_TYPES CFX_KEY_TIME
#define KEY_FLAGS (CFX_KEY_REQUIRED | CFX_KEY_LIVE)

/* Members of a table that must be there. */
typedef struct {
    const char *name;
    gsize offset;
} Member;

typedef struct {
    const char *kind; /* "cariflex.adapter/1" */
    const char *name; /* "adapter" */
    gsize size_1_0;
    const Member *required; /* (nullable) ended by a NULL name */
    guint32 known_flags;    /* of the second word, where that is flags */
    gboolean has_flags;
} Kind;

#define MEMBER(type, member)                                                                       \
    {                                                                                              \
#member, G_STRUCT_OFFSET(type, member)                                                     \
    }

static const Member storage_members[] = {
    MEMBER(CfxStorageOps, commit),        MEMBER(CfxStorageOps, sources),
    MEMBER(CfxStorageOps, reader_open),   MEMBER(CfxStorageOps, reader_close),
    MEMBER(CfxStorageOps, read_beliefs),  MEMBER(CfxStorageOps, read_records),
    MEMBER(CfxStorageOps, read_notices),  MEMBER(CfxStorageOps, read_latest),
    MEMBER(CfxStorageOps, last_revision), { NULL, 0 },
};

static const Member scheduler_members[] = {
    MEMBER(CfxSchedulerOps, open),   MEMBER(CfxSchedulerOps, close), MEMBER(CfxSchedulerOps, load),
    MEMBER(CfxSchedulerOps, update), MEMBER(CfxSchedulerOps, solve), { NULL, 0 },
};

static const Member factory_members[] = {
    MEMBER(CfxFactory, create),
    MEMBER(CfxFactory, start),
    MEMBER(CfxFactory, stop),
    MEMBER(CfxFactory, destroy),
    { NULL, 0 },
};

static const Kind kinds[] = {
    { CFX_KIND_ADAPTER,
      "adapter",
      G_STRUCT_OFFSET(CfxAdapterOps, command) + sizeof(gpointer),
      NULL,
      0,
      FALSE },
    { CFX_KIND_STORAGE,
      "storage",
      G_STRUCT_OFFSET(CfxStorageOps, restore) + sizeof(gpointer),
      storage_members,
      0,
      TRUE },
    { CFX_KIND_SCHEDULER,
      "scheduler",
      G_STRUCT_OFFSET(CfxSchedulerOps, solve) + sizeof(gpointer),
      scheduler_members,
      0,
      FALSE },
};

static const Kind *
kind_find(const char *kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].kind, kind) == 0)
            return &kinds[i];
    }
    return NULL;
}

const char *
cfx_module_kind(const char *kind)
{
    const Kind *found = kind_find(kind);
    return found != NULL ? found->name : NULL;
}

static gboolean G_GNUC_PRINTF(3, 4)
    refuse(const char *path, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CFX_ERROR, CFX_ERROR_CONFIG, "%s: %s", path, text);
    return FALSE;
}

static gboolean
check_size(const char *path, const char *what, gsize size, gsize least, GError **error)
{
    if (size >= least)
        return TRUE;
    return refuse(
        path, error, "%s has %zu bytes, ABI %u.0 needs %zu", what, size, CFX_ABI_MAJOR, least);
}

static gboolean
check_members(
    const char *path, const char *what, gconstpointer table, const Member *members, GError **error)
{
    for (; members != NULL && members->name != NULL; members++) {
        gpointer function;
        memcpy(&function, (const char *)table + members->offset, sizeof function);
        if (function == NULL)
            return refuse(path, error, "%s has no %s()", what, members->name);
    }
    return TRUE;
}

static gboolean
check_keys(const char *path, const CfxFactory *factory, GError **error)
{
    g_autofree char *what = g_strdup_printf("a configuration key of \"%s\"", factory->name);
    if (factory->n_keys == 0)
        return TRUE;
    if (factory->keys == NULL)
        return refuse(path, error, "factory \"%s\" has keys and no schema", factory->name);
    if (!check_size(path, what, factory->key_size, KEY_1_0, error))
        return FALSE;
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (gsize i = 0; i < factory->n_keys; i++) {
        CfxConfigKey key;
        memcpy(&key, (const char *)factory->keys + i * factory->key_size, KEY_1_0);
        if (key.name == NULL || *key.name == '\0')
            return refuse(path, error, "key %zu of \"%s\" has no name", i, factory->name);
        if (key.type == 0 || key.type > KEY_TYPES)
            return refuse(path,
                          error,
                          "key \"%s\" of \"%s\" has type %u, which this host does not know",
                          key.name,
                          factory->name,
                          key.type);
        if ((key.flags & ~KEY_FLAGS) != 0)
            return refuse(path,
                          error,
                          "key \"%s\" of \"%s\" has unknown flags 0x%x",
                          key.name,
                          factory->name,
                          key.flags & ~KEY_FLAGS);
        if (!g_hash_table_add(names, (gpointer)(guintptr)key.name))
            return refuse(
                path, error, "key \"%s\" of \"%s\" is there twice", key.name, factory->name);
    }
    return TRUE;
}

static gboolean
check_ops(const char *path, const CfxFactory *factory, const Kind *kind, GError **error)
{
    if (factory->ops == NULL)
        return refuse(path, error, "factory \"%s\" has no ops", factory->name);
    g_autofree char *what = g_strdup_printf("the %s table of \"%s\"", kind->name, factory->name);
    guint32 words[2];
    memcpy(words, factory->ops, sizeof words);
    if (!check_size(path, what, words[0], kind->size_1_0, error))
        return FALSE;
    if (kind->has_flags && (words[1] & ~kind->known_flags) != 0)
        return refuse(
            path, error, "%s has unknown flags 0x%x", what, words[1] & ~kind->known_flags);
    return check_members(path, what, factory->ops, kind->required, error);
}

static gboolean
check_threading(const char *path, const CfxFactory *factory, const Kind *kind, GError **error)
{
    if (factory->threading != CFX_THREAD_LOOP && factory->threading != CFX_THREAD_WORKER)
        return refuse(path,
                      error,
                      "factory \"%s\" has threading %u, which this host does not know",
                      factory->name,
                      factory->threading);
    guint32 wanted = strcmp(kind->name, "storage") == 0 ? CFX_THREAD_WORKER : CFX_THREAD_LOOP;
    if (factory->threading != wanted)
        return refuse(path,
                      error,
                      "factory \"%s\" must be a %s: it is of kind %s",
                      factory->name,
                      wanted == CFX_THREAD_WORKER ? "WORKER" : "LOOP",
                      kind->name);
    return TRUE;
}

static gboolean
check_factory(const char *path, const CfxFactory *factory, gsize index, GError **error)
{
    g_autofree char *what = g_strdup_printf("factory %zu", index);
    if (!check_size(path, what, factory->struct_size, FACTORY_1_0, error))
        return FALSE;
    if (factory->name == NULL || *factory->name == '\0')
        return refuse(path, error, "factory %zu has no name", index);
    if (factory->kind == NULL || strchr(factory->kind, '/') == NULL)
        return refuse(path, error, "factory \"%s\" has no kind", factory->name);
    const Kind *kind = kind_find(factory->kind);
    if (kind == NULL) {
        /* kinds age independently: one that we do not know does not spoil the others */
        cfx_log_say(CFX_LOG_INFO,
                    "loader",
                    "%s: factory \"%s\" is of kind %s, which this host does not speak: skipped",
                    path,
                    factory->name,
                    factory->kind);
        return TRUE;
    }
    g_autofree char *named = g_strdup_printf("factory \"%s\"", factory->name);
    return check_threading(path, factory, kind, error) &&
           check_members(path, named, factory, factory_members, error) &&
           check_ops(path, factory, kind, error) && check_keys(path, factory, error);
}

static gboolean
id_is_valid(const char *id)
{
    if (!g_ascii_islower(id[0]))
        return FALSE;
    for (const char *c = id; *c != '\0'; c++) {
        if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != '-')
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_texts(const char *path, const CfxPluginInfo *info, GError **error)
{
    const struct {
        const char *name, *text;
    } texts[] = {
        { "id", info->id },
        { "name", info->name },
        { "version", info->version },
        { "license", info->license },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (texts[i].text == NULL || *texts[i].text == '\0')
            return refuse(path, error, "its descriptor has no %s", texts[i].name);
    }
    if (!id_is_valid(info->id) || strcmp(info->id, "cfx") == 0)
        return refuse(path,
                      error,
                      "its id \"%s\" is not a word of small letters, digits and \"-\", or is the "
                      "host's own",
                      info->id);
    return TRUE;
}

static gboolean
check_versions(const char *path, const CfxPluginInfo *info, GError **error)
{
    if (info->abi >> 16 != CFX_ABI_MAJOR)
        return refuse(path,
                      error,
                      "built for plugin ABI %u, this host speaks %u",
                      info->abi >> 16,
                      CFX_ABI_MAJOR);
    if (info->min_host_abi > CFX_ABI_VERSION)
        return refuse(path,
                      error,
                      "needs a host with plugin ABI %u.%u, this one has %u.%u: update cariflex",
                      info->min_host_abi >> 16,
                      info->min_host_abi & 0xffff,
                      CFX_ABI_MAJOR,
                      CFX_ABI_MINOR);
    return TRUE;
}

gboolean
cfx_module_check(const char *path, const CfxPluginInfo *info, GError **error)
{
    /* struct_size, abi and min_host_abi are the first three words of every minor of this major */
    if (!check_versions(path, info, error) ||
        !check_size(path, "its descriptor", info->struct_size, INFO_1_0, error))
        return FALSE;
    if (info->flags != 0)
        return refuse(path, error, "its descriptor has unknown flags 0x%x", info->flags);
    if (!check_texts(path, info, error))
        return FALSE;
    if (info->factories == NULL || info->factories[0] == NULL)
        return refuse(path, error, "it has no factories");
    for (gsize i = 0; info->factories[i] != NULL; i++) {
        if (!check_factory(path, info->factories[i], i, error))
            return FALSE;
        for (gsize j = 0; j < i; j++) {
            if (strcmp(info->factories[i]->name, info->factories[j]->name) == 0 &&
                strcmp(info->factories[i]->kind, info->factories[j]->kind) == 0)
                return refuse(
                    path, error, "factory \"%s\" is there twice", info->factories[i]->name);
        }
    }
    return TRUE;
}
