/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks that look at several groups. */
#include "cfx-host-keys.h"
#include "cfx-setup-private.h"
#include "cfx-web.h"

#include <kit/cfx-suggest.h>
#include <string.h>

/* Sources, records and routes are kept by the name of the instance, whatever its kind. */
static void
check_names(CfxSetup *setup)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < setup->all->len; i++) {
        const CfxSetupGroup *item = g_ptr_array_index(setup->all, i);
        if (item->name == NULL || !cfx_group_kind(item->group->kind)->is_instance)
            continue;
        const CfxSetupGroup *other = g_hash_table_lookup(names, item->name);
        if (other == NULL && strcmp(item->name, "host") != 0) {
            g_hash_table_insert(names, (gpointer)(guintptr)item->name, (gpointer)(guintptr)item);
            continue;
        }
        cfx_problems_add(setup->problems,
                         item->group->file,
                         item->group->line,
                         item->group->group,
                         "the name \"%s\" is %s%s%s; choose another",
                         item->name,
                         other != NULL ? "that of [" : "the host's own",
                         other != NULL ? other->group->group : "",
                         other != NULL ? "] too" : "");
    }
}

static void
check_scheduler(CfxSetup *setup, const char *key)
{
    const CfxSetting *setting = cfx_settings_get(setup->planner->group, key);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    if (setting == NULL || *setting->text == '\0')
        return;
    for (guint i = 0; i < setup->schedulers->len; i++) {
        const CfxSetupGroup *scheduler = g_ptr_array_index(setup->schedulers, i);
        if (strcmp(scheduler->name, setting->text) == 0)
            return;
        g_ptr_array_add(words, (gpointer)(guintptr)scheduler->name);
    }
    g_ptr_array_add(words, NULL);
    const char *meant = cfx_suggest((const char *const *)words->pdata, setting->text);
    cfx_problems_add(setup->problems,
                     setting->file,
                     setting->line,
                     "planner",
                     "%s=%s names no scheduler: there is no group [scheduler:%s]%s%s%s",
                     key,
                     setting->text,
                     setting->text,
                     meant != NULL ? "; did you mean \"" : "",
                     meant != NULL ? meant : "",
                     meant != NULL ? "\"?" : "");
}

static void
check_planner(CfxSetup *setup)
{
    if (setup->planner == NULL)
        return;
    if (setup->storage == NULL)
        cfx_problems_add(setup->problems,
                         setup->planner->group->file,
                         setup->planner->group->line,
                         "planner",
                         "there is no planner without storage: add a group [storage:NAME]");
    check_scheduler(setup, "scheduler");
    check_scheduler(setup, "shadow");
}

/* also: beside a simulated clock nothing but loopback, or somebody else's cars would be steered by
 * a time that is not theirs */
static void
check_listeners(CfxSetup *setup)
{
    gboolean is_simulated = cfx_config_text(&setup->clock->checked->config, "page") != NULL;
    for (guint i = 0; i < setup->listeners->len; i++) {
        const CfxSetupGroup *item = g_ptr_array_index(setup->listeners, i);
        g_auto(GStrv) problems = cfx_web_listener_problems(&item->checked->config, is_simulated);
        for (char **problem = problems; *problem != NULL; problem++) {
            g_autofree char *key = g_strndup(*problem, strcspn(*problem, "=:"));
            const CfxSetting *setting = cfx_settings_get(item->group, key);
            cfx_problems_add(setup->problems,
                             setting != NULL ? setting->file : item->group->file,
                             setting != NULL ? setting->line : item->group->line,
                             item->group->group,
                             "%s",
                             *problem);
        }
    }
}

void
cfx_setup_check_together(CfxSetup *setup)
{
    check_names(setup);
    check_planner(setup);
    check_listeners(setup);
}
