/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-module.h"

#include "cfx-log.h"
#include "cfx-module-private.h"

#include <gmodule.h>
#include <string.h>

#define NEWER_MAJORS 9 /* entry points of later majors that are looked for, to say so */

static GPtrArray *modules; /* (element-type CfxModule) accepted ones, for ever */

static const CfxModule *
module_known(const char *path)
{
    for (guint i = 0; modules != NULL && i < modules->len; i++) {
        const CfxModule *module = g_ptr_array_index(modules, i);
        if (strcmp(module->path, path) == 0)
            return module;
    }
    return NULL;
}

/* no entry point of ours: say which other it has */
static void
refuse_entry(GModule *handle, const char *path, GError **error)
{
    for (guint major = CFX_ABI_MAJOR + 1; major <= NEWER_MAJORS; major++) {
        gpointer symbol;
        g_autofree char *name = g_strdup_printf("cfx_plugin_query_v%u", major);
        if (!g_module_symbol(handle, name, &symbol))
            continue;
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "%s: built for plugin ABI %u, this host speaks %u",
                    path,
                    major,
                    CFX_ABI_MAJOR);
        return;
    }
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_CONFIG,
                "%s: not a Cariflex plugin: it has no symbol %s",
                path,
                CFX_PLUGIN_ENTRY);
}

static gboolean
check_id_is_free(const char *path, const CfxPluginInfo *info, GError **error)
{
    for (guint i = 0; modules != NULL && i < modules->len; i++) {
        const CfxModule *module = g_ptr_array_index(modules, i);
        if (strcmp(module->info->id, info->id) != 0)
            continue;
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "%s: its id \"%s\" is taken by %s",
                    path,
                    info->id,
                    module->path);
        return FALSE;
    }
    return TRUE;
}

static const CfxPluginInfo *
query(GModule *handle, const char *path, GError **error)
{
    gpointer symbol = NULL;
    if (!g_module_symbol(handle, CFX_PLUGIN_ENTRY, &symbol) || symbol == NULL) {
        refuse_entry(handle, path, error);
        return NULL;
    }
    const CfxPluginInfo *info = ((CfxPluginQuery)symbol)();
    if (info == NULL) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "%s: %s() returned nothing",
                    path,
                    CFX_PLUGIN_ENTRY);
        return NULL;
    }
    return cfx_module_check(path, info, error) && check_id_is_free(path, info, error) ? info : NULL;
}

const CfxModule *
cfx_module_open(const char *path, GError **error)
{
    const CfxModule *known = module_known(path);
    if (known != NULL)
        return known;
    g_autoptr(GError) local = NULL;
    /* no LAZY flag: everything is bound now, so a missing symbol is found here */
    GModule *handle = g_module_open_full(path, G_MODULE_BIND_LOCAL, &local);
    if (handle == NULL) {
        g_set_error(
            error, CFX_ERROR, CFX_ERROR_CONFIG, "%s: cannot be opened: %s", path, local->message);
        return NULL;
    }
    const CfxPluginInfo *info = query(handle, path, error);
    if (info == NULL) {
        g_module_close(handle);
        return NULL;
    }
    g_module_make_resident(handle);
    CfxModule *module = g_new0(CfxModule, 1);
    module->path = g_strdup(path);
    module->file = g_path_get_basename(path);
    module->info = info;
    if (modules == NULL)
        modules = g_ptr_array_new();
    g_ptr_array_add(modules, module);
    cfx_log_say(
        CFX_LOG_INFO, "loader", "%s: %s %s (%s)", path, info->name, info->version, info->license);
    return module;
}

static char *
find_file(const char *const *dirs, const char *name)
{
    for (; *dirs != NULL; dirs++) {
        g_autofree char *file = g_strconcat(name, ".so", NULL);
        g_autofree char *flat = g_build_filename(*dirs, file, NULL);
        if (g_file_test(flat, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&flat);
        g_autofree char *nested = g_build_filename(*dirs, name, file, NULL);
        if (g_file_test(nested, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&nested);
    }
    return NULL;
}

static gboolean
name_is_plain(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != '-' && *c != '_')
            return FALSE;
    }
    return *name != '\0';
}

const CfxModule *
cfx_module_find(const char *const *dirs, const char *plugin, GError **error)
{
    if (!name_is_plain(plugin)) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "\"%s\" is not the name of a plugin: small letters, digits, \"-\" and \"_\"; "
                    "never a path",
                    plugin);
        return NULL;
    }
    g_autofree char *name = g_strdup(plugin);
    for (;;) {
        g_autofree char *path = find_file(dirs, name);
        if (path != NULL)
            return cfx_module_open(path, error);
        char *hyphen = strrchr(name, '-');
        if (hyphen == NULL)
            break;
        *hyphen = '\0';
    }
    g_autofree char *places = g_strjoinv(", ", (char **)(guintptr)dirs);
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_CONFIG,
                "there is no plugin \"%s\" in %s; is the package cariflex-plugin-%s installed?",
                plugin,
                places,
                name);
    return NULL;
}

static char *
factory_names(const CfxModule *module)
{
    GString *names = g_string_new(NULL);
    for (gsize i = 0; module->info->factories[i] != NULL; i++)
        g_string_append_printf(names,
                               "%s\"%s\" (%s)",
                               i > 0 ? ", " : "",
                               module->info->factories[i]->name,
                               module->info->factories[i]->kind);
    return g_string_free(names, FALSE);
}

const CfxFactory *
cfx_module_factory(const CfxModule *module, const char *kind, const char *plugin, GError **error)
{
    const CfxFactory *other = NULL;
    for (gsize i = 0; module->info->factories[i] != NULL; i++) {
        const CfxFactory *factory = module->info->factories[i];
        if (strcmp(factory->name, plugin) != 0)
            continue;
        if (g_strcmp0(cfx_module_kind(factory->kind), kind) == 0)
            return factory;
        other = factory;
    }
    if (other != NULL) {
        const char *has = cfx_module_kind(other->kind);
        if (has != NULL)
            g_set_error(error,
                        CFX_ERROR,
                        CFX_ERROR_CONFIG,
                        "%s: \"%s\" is a plugin of kind %s: it belongs in a group [%s:…], not "
                        "[%s:…]",
                        module->path,
                        plugin,
                        has,
                        has,
                        kind);
        else
            g_set_error(error,
                        CFX_ERROR,
                        CFX_ERROR_CONFIG,
                        "%s: \"%s\" is of kind %s, which this host does not speak",
                        module->path,
                        plugin,
                        other->kind);
        return NULL;
    }
    g_autofree char *names = factory_names(module);
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_CONFIG,
                "%s: has no factory \"%s\"; it has %s",
                module->path,
                plugin,
                names);
    return NULL;
}
