/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIGHUP, or Reload on the bus: what may change while it runs is taken over, the rest is named in
 * the log. */
#include "cfx-daemon.h"

#include "cfx-log.h"

#include <math.h>
#include <string.h>

static const CfxSetupGroup *
group_like(const CfxSetup *setup, const CfxSetupGroup *old)
{
    for (guint i = 0; i < setup->all->len; i++) {
        const CfxSetupGroup *group = g_ptr_array_index(setup->all, i);
        if (strcmp(group->checked->config.group, old->checked->config.group) == 0)
            return group;
    }
    return NULL;
}

static CfxConfigKey
key_at(const CfxConfig *config, gsize i)
{
    CfxConfigKey key = { 0 };
    memcpy(
        &key, (const char *)config->keys + i * config->key_size, MIN(config->key_size, sizeof key));
    return key;
}

static gboolean
is_same(const CfxSetupGroup *old, const CfxSetupGroup *fresh, gsize i)
{
    const CfxValue *a = &old->checked->values[i], *b = &fresh->checked->values[i];
    CfxConfigKey key = key_at(&old->checked->config, i);
    if (key.type == CFX_KEY_SECRET_FILE) {
        GBytes *was = g_hash_table_lookup(old->checked->secrets, key.name);
        GBytes *is = g_hash_table_lookup(fresh->checked->secrets, key.name);
        return was == is || (was != NULL && is != NULL && g_bytes_equal(was, is));
    }
    return g_strcmp0(a->text, b->text) == 0 && a->number == b->number &&
           (a->real == b->real || (isnan(a->real) && isnan(b->real)));
}

/* TRUE: something changed; *ret_needs_restart names a key that may not change while it runs */
static gboolean
compare(const CfxSetupGroup *old, const CfxSetupGroup *fresh, const char **ret_needs_restart)
{
    gboolean is_changed = FALSE;
    *ret_needs_restart = NULL;
    if (old->factory != fresh->factory || old->source_type != fresh->source_type) {
        *ret_needs_restart = old->factory != fresh->factory ? "plugin" : "source-type";
        return TRUE;
    }
    for (gsize i = 0; i < old->checked->config.n_values; i++) {
        CfxConfigKey key = key_at(&old->checked->config, i);
        if (is_same(old, fresh, i))
            continue;
        is_changed = TRUE;
        if (!(key.flags & CFX_KEY_LIVE))
            *ret_needs_restart = key.name;
    }
    return is_changed;
}

static void
say_restart(GPtrArray *remarks, const CfxSetupGroup *old, const char *what)
{
    char *text = g_strdup_printf("[%s] %s has changed: this needs a restart of the daemon",
                                 old->checked->config.group,
                                 what);
    cfx_log_write(CFX_LOG_WARNING, "host", NULL, text);
    g_ptr_array_add(remarks, text);
}

static void
reload_instance(GPtrArray *remarks,
                CfxInstance *instance,
                const CfxSetupGroup *old,
                const CfxSetupGroup *fresh)
{
    g_autoptr(GError) error = NULL;
    const char *restart;
    if (!compare(old, fresh, &restart))
        return;
    if (restart != NULL || instance->factory.reload == NULL || instance->self == NULL) {
        say_restart(remarks, old, restart != NULL ? restart : "a key");
        return;
    }
    gint64 entered = cfx_instance_enter(instance);
    gboolean is_taken = instance->factory.reload(instance->self, &fresh->checked->config, &error);
    cfx_instance_leave(instance, entered, "reload()");
    if (is_taken) {
        instance->config = &fresh->checked->config;
        cfx_log_write(CFX_LOG_MESSAGE, instance->name, NULL, "has new values of its configuration");
    } else {
        say_restart(remarks, old, error != NULL ? error->message : "a key");
    }
}

static CfxInstance *
instance_of(const CfxDaemon *daemon, const CfxSetupGroup *group)
{
    GPtrArray *lists[] = { daemon->adapters, daemon->schedulers };
    for (gsize l = 0; l < G_N_ELEMENTS(lists); l++) {
        for (guint i = 0; i < lists[l]->len; i++) {
            CfxInstance *instance = g_ptr_array_index(lists[l], i);
            if (strcmp(instance->group, group->checked->config.group) == 0)
                return instance;
        }
    }
    return NULL;
}

static void
reload_group(CfxDaemon *daemon, const CfxSetup *fresh, const CfxSetupGroup *old, GPtrArray *remarks)
{
    const CfxSetupGroup *now = group_like(fresh, old);
    CfxInstance *instance = instance_of(daemon, old);
    const char *restart;
    if (now == NULL)
        say_restart(remarks, old, "it is gone: the group");
    else if (instance != NULL)
        reload_instance(remarks, instance, old, now);
    else if (compare(old, now, &restart) && restart != NULL)
        say_restart(remarks, old, restart);
}

static void
say_new_groups(const CfxSetup *old, const CfxSetup *fresh, GPtrArray *remarks)
{
    for (guint i = 0; i < fresh->all->len; i++) {
        const CfxSetupGroup *group = g_ptr_array_index(fresh->all, i);
        if (group_like(old, group) == NULL)
            say_restart(remarks, group, "is new: it");
    }
}

GPtrArray *
cfx_daemon_reload(CfxDaemon *daemon, GError **error)
{
    GPtrArray *remarks = g_ptr_array_new_with_free_func(g_free);
    CfxSetup *fresh =
        cfx_setup_read(daemon->setup->file, (const char *const *)daemon->setup->plugin_dirs);
    for (guint i = 0; i < fresh->problems->texts->len; i++)
        cfx_log_write(CFX_LOG_WARNING, "host", NULL, g_ptr_array_index(fresh->problems->texts, i));
    if (fresh->problems->texts->len > 0) {
        g_autofree char *text = cfx_problems_text(fresh->problems);
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CONFIG, text);
        cfx_log_write(CFX_LOG_WARNING, "host", NULL, "the configuration stays as it was");
        cfx_setup_free(fresh);
        g_ptr_array_unref(remarks);
        return NULL;
    }
    for (guint i = 0; i < daemon->setup->all->len; i++)
        reload_group(daemon, fresh, g_ptr_array_index(daemon->setup->all, i), remarks);
    say_new_groups(daemon->setup, fresh, remarks);
    cfx_log_set_level((guint32)cfx_config_number(&fresh->host->checked->config, "log-level") +
                      CFX_LOG_DEBUG);
    /* instances hold values of both: kept until the end */
    g_ptr_array_add(daemon->setups, daemon->setup);
    daemon->setup = fresh;
    cfx_log_write(CFX_LOG_MESSAGE, "host", NULL, "the configuration was read again");
    return remarks;
}
