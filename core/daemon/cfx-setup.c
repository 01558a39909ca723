/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-setup.h"

#include "cfx-host-keys.h"
#include "cfx-setup-private.h"

#include <kit/cfx-suggest.h>
#include <string.h>

static void
setup_group_free(gpointer data)
{
    CfxSetupGroup *group = data;
    cfx_checked_free(group->checked);
    g_free(group);
}

static void
read_files(CfxSetup *setup, const char *file)
{
    if (file == NULL) {
        /* what packages bring lies under what the operator writes */
        cfx_settings_read_dir(setup->settings, CFX_VENDOR_DIR "/conf.d", setup->problems);
        cfx_settings_read_file(setup->settings, CFX_CONFIG_DIR "/cariflex.conf", setup->problems);
        cfx_settings_read_dir(setup->settings, CFX_CONFIG_DIR "/conf.d", setup->problems);
        return;
    }
    g_autofree char *absolute = g_canonicalize_filename(file, NULL);
    g_autofree char *dir = g_strconcat(absolute, ".d", NULL);
    cfx_settings_read_file(setup->settings, absolute, setup->problems);
    cfx_settings_read_dir(setup->settings, dir, setup->problems);
}

static void
unknown_kind(CfxSetup *setup, const CfxSettingsGroup *group)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autofree char *list = NULL;
    for (const CfxGroupKind *kind = cfx_group_kinds(); kind->kind != NULL; kind++)
        g_ptr_array_add(words, (gpointer)(guintptr)kind->kind);
    g_ptr_array_add(words, NULL);
    const char *meant = cfx_suggest((const char *const *)words->pdata, group->kind);
    list = g_strjoinv(", ", (char **)words->pdata);
    if (meant != NULL)
        cfx_problems_add(setup->problems,
                         group->file,
                         group->line,
                         group->group,
                         "unknown kind of group \"%s\"; did you mean \"%s\"?",
                         group->kind,
                         meant);
    else
        cfx_problems_add(setup->problems,
                         group->file,
                         group->line,
                         group->group,
                         "unknown kind of group \"%s\"; there are %s",
                         group->kind,
                         list);
}

static gboolean
check_name(CfxSetup *setup, const CfxSettingsGroup *group, const CfxGroupKind *kind)
{
    if (kind->is_named && group->name == NULL)
        cfx_problems_add(setup->problems,
                         group->file,
                         group->line,
                         group->group,
                         "needs a name: write [%s:NAME]",
                         kind->kind);
    else if (!kind->is_named && group->name != NULL)
        cfx_problems_add(setup->problems,
                         group->file,
                         group->line,
                         group->group,
                         "takes no name: write [%s]",
                         kind->kind);
    else
        return TRUE;
    return FALSE;
}

static CfxSetupGroup *
group_new(CfxSetup *setup, const CfxSettingsGroup *group)
{
    CfxSetupGroup *item = g_new0(CfxSetupGroup, 1);
    item->group = group;
    item->name = group != NULL ? group->name : NULL;
    g_ptr_array_add(setup->all, item);
    return item;
}

static CfxSetupGroup *
check_own(CfxSetup *setup, const CfxSettingsGroup *group, const CfxGroupKind *kind)
{
    CfxSchema schema = { kind->keys, kind->n_keys, sizeof(CfxConfigKey), "the host", NULL };
    CfxSetupGroup *item = group_new(setup, group);
    item->checked = cfx_schema_check(setup->settings,
                                     group,
                                     group != NULL ? group->group : kind->kind,
                                     &schema,
                                     setup->problems);
    return item;
}

/* the factory that `plugin=` names, and the schema that it brings */
static CfxSetupGroup *
check_instance(CfxSetup *setup, const CfxSettingsGroup *group, const char *const *plugin_dirs)
{
    g_autoptr(GError) error = NULL;
    const CfxSetting *plugin = cfx_settings_get(group, "plugin");
    if (plugin == NULL || *plugin->text == '\0') {
        cfx_problems_add(setup->problems,
                         group->file,
                         group->line,
                         group->group,
                         "\"plugin\" is missing: which plugin is it?");
        return NULL;
    }
    CfxSetupGroup *item = group_new(setup, group);
    item->module = cfx_module_find(plugin_dirs, plugin->text, &error);
    if (item->module != NULL)
        item->factory = cfx_module_factory(item->module, group->kind, plugin->text, &error);
    if (item->factory == NULL) {
        cfx_problems_add(setup->problems,
                         plugin->file,
                         plugin->line,
                         group->group,
                         "plugin=%s: %s",
                         plugin->text,
                         error->message);
        return item;
    }
    g_autofree char *who = g_strdup_printf("plugin \"%s\"", plugin->text);
    CfxSchema schema = { item->factory->keys,
                         item->factory->n_keys,
                         item->factory->key_size,
                         who,
                         cfx_instance_keys() };
    item->checked =
        cfx_schema_check(setup->settings, group, group->group, &schema, setup->problems);
    return item;
}

/* gateway, unless the keyfile says otherwise: the host knows no plugin by name */
static void
read_source_type(CfxSetup *setup, CfxSetupGroup *item)
{
    static const struct {
        const char *name;
        guint32 type;
    } types[] = { { "gateway", CFX_SOURCE_GATEWAY },
                  { "signal", CFX_SOURCE_SIGNAL },
                  { "forecaster", CFX_SOURCE_FORECASTER },
                  { "reporter", CFX_SOURCE_REPORTER },
                  { "user", CFX_SOURCE_USER } };
    const CfxSetting *setting = cfx_settings_get(item->group, CFX_SOURCE_TYPE_KEY);
    item->source_type = CFX_SOURCE_GATEWAY;
    for (gsize i = 0; setting != NULL && i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i].name, setting->text) == 0) {
            item->source_type = types[i].type;
            return;
        }
    }
    if (setting != NULL)
        cfx_problems_add(setup->problems,
                         setting->file,
                         setting->line,
                         item->group->group,
                         "%s=%s is none of: gateway, signal, forecaster, reporter, user",
                         setting->key,
                         setting->text);
}

static void
place(CfxSetup *setup, CfxSetupGroup *item, const CfxSettingsGroup *group)
{
    if (strcmp(group->kind, "host") == 0)
        setup->host = item;
    else if (strcmp(group->kind, "clock") == 0)
        setup->clock = item;
    else if (strcmp(group->kind, "dbus") == 0)
        setup->dbus = item;
    else if (strcmp(group->kind, "planner") == 0)
        setup->planner = item;
    else if (strcmp(group->kind, "listener") == 0)
        g_ptr_array_add(setup->listeners, item);
    else if (strcmp(group->kind, "adapter") == 0)
        g_ptr_array_add(setup->adapters, item);
    else if (strcmp(group->kind, "scheduler") == 0)
        g_ptr_array_add(setup->schedulers, item);
    else if (setup->storage == NULL)
        setup->storage = item;
    else
        cfx_problems_add(setup->problems,
                         group->file,
                         group->line,
                         group->group,
                         "there is one storage: [%s] is there already",
                         setup->storage->group->group);
}

static void
check_group(CfxSetup *setup, const CfxSettingsGroup *group, const char *const *plugin_dirs)
{
    const CfxGroupKind *kind = cfx_group_kind(group->kind);
    if (kind == NULL) {
        unknown_kind(setup, group);
        return;
    }
    if (!check_name(setup, group, kind))
        return;
    CfxSetupGroup *item = kind->is_instance ? check_instance(setup, group, plugin_dirs)
                                            : check_own(setup, group, kind);
    if (item != NULL && kind->is_instance)
        read_source_type(setup, item);
    if (item != NULL)
        place(setup, item, group);
}

CfxSetup *
cfx_setup_read(const char *file, const char *const *plugin_dirs)
{
    CfxSetup *setup = g_new0(CfxSetup, 1);
    setup->file = g_strdup(file);
    setup->plugin_dirs = g_strdupv((char **)(guintptr)plugin_dirs);
    setup->problems = cfx_problems_new();
    setup->settings = cfx_settings_new();
    setup->listeners = g_ptr_array_new();
    setup->adapters = g_ptr_array_new();
    setup->schedulers = g_ptr_array_new();
    setup->all = g_ptr_array_new_with_free_func(setup_group_free);
    read_files(setup, file);
    for (guint i = 0; i < setup->settings->groups->len; i++)
        check_group(setup, g_ptr_array_index(setup->settings->groups, i), plugin_dirs);
    if (setup->host == NULL)
        setup->host = check_own(setup, NULL, cfx_group_kind("host"));
    if (setup->clock == NULL)
        setup->clock = check_own(setup, NULL, cfx_group_kind("clock"));
    if (setup->dbus == NULL)
        setup->dbus = check_own(setup, NULL, cfx_group_kind("dbus"));
    cfx_setup_check_together(setup);
    return setup;
}

void
cfx_setup_free(CfxSetup *setup)
{
    if (setup == NULL)
        return;
    g_ptr_array_unref(setup->listeners);
    g_ptr_array_unref(setup->adapters);
    g_ptr_array_unref(setup->schedulers);
    g_ptr_array_unref(setup->all);
    cfx_settings_free(setup->settings);
    cfx_problems_free(setup->problems);
    g_strfreev(setup->plugin_dirs);
    g_free(setup->file);
    g_free(setup);
}
