/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-schema.h"

#include <kit/cfx-config-value.h>
#include <kit/cfx-suggest.h>

#include <math.h>
#include <string.h>

/* The schema of a plugin may have larger or smaller keys than ours. */
static CfxConfigKey
key_at(const CfxSchema *schema, gsize i)
{
    CfxConfigKey key = { 0 };
    memcpy(
        &key, (const char *)schema->keys + i * schema->key_size, MIN(schema->key_size, sizeof key));
    return key;
}

static void
check_listener(const CfxSettings *settings,
               const CfxSettingsGroup *group,
               const CfxSetting *setting,
               CfxProblems *problems)
{
    g_autofree char *wanted = g_strdup_printf("listener:%s", setting->text);
    if (cfx_settings_group(settings, wanted) != NULL)
        return;
    GString *there = g_string_new(NULL);
    for (guint i = 0; i < settings->groups->len; i++) {
        const CfxSettingsGroup *other = g_ptr_array_index(settings->groups, i);
        if (strcmp(other->kind, "listener") == 0 && other->name != NULL)
            g_string_append_printf(there, "%s\"%s\"", there->len > 0 ? ", " : "", other->name);
    }
    cfx_problems_add(problems,
                     setting->file,
                     setting->line,
                     group->group,
                     "%s=%s names no listener: there is no group [%s]; there %s %s",
                     setting->key,
                     setting->text,
                     wanted,
                     there->len > 0 ? "is" : "are",
                     there->len > 0 ? there->str : "no listeners");
    g_string_free(there, TRUE);
}

static void
check_setting(CfxChecked *checked,
              const CfxSettings *settings,
              const CfxSettingsGroup *group,
              const CfxSetting *setting,
              const CfxConfigKey *key,
              const CfxSchema *schema,
              CfxValue *value,
              CfxProblems *problems)
{
    g_autofree char *base = g_path_get_dirname(setting->file);
    g_autofree char *problem = NULL;
    if (key->type == CFX_KEY_SECRET_FILE) {
        GBytes *secret = cfx_config_read_secret(setting->text, base, &problem);
        if (secret != NULL)
            g_hash_table_insert(checked->secrets, g_strdup(key->name), secret);
        else
            cfx_problems_add(
                problems, setting->file, setting->line, group->group, "%s %s", key->name, problem);
        return;
    }
    problem = cfx_config_read_value(key, setting->text, base, value);
    if (problem == NULL)
        problem = cfx_config_check_bounds(key, value, schema->who);
    if (value->text != NULL) {
        char *made = (char *)(guintptr)value->text;
        value->text = g_string_chunk_insert(checked->texts, made);
        g_free(made);
    }
    if (problem != NULL)
        cfx_problems_add(problems,
                         setting->file,
                         setting->line,
                         group->group,
                         "%s=%s %s",
                         key->name,
                         setting->text,
                         problem);
    else if (key->type == CFX_KEY_LISTENER)
        check_listener(settings, group, setting, problems);
}

static void
check_key(CfxChecked *checked,
          const CfxSettings *settings,
          const CfxSettingsGroup *group,
          const char *name,
          const CfxSchema *schema,
          gsize i,
          CfxProblems *problems)
{
    CfxConfigKey key = key_at(schema, i);
    CfxValue *value = &checked->values[i];
    const CfxSetting *setting = group != NULL ? cfx_settings_get(group, key.name) : NULL;
    *value = (CfxValue){ NULL, 0, NAN };
    if (setting != NULL && *setting->text != '\0') {
        checked->given[i] = 1;
        check_setting(checked, settings, group, setting, &key, schema, value, problems);
        return;
    }
    if (key.flags & CFX_KEY_REQUIRED) {
        cfx_problems_add(problems,
                         group != NULL ? group->file : NULL,
                         group != NULL ? group->line : 0,
                         name,
                         "\"%s\" is missing, which %s requires%s%s",
                         key.name,
                         schema->who,
                         key.summary != NULL ? ": " : "",
                         key.summary != NULL ? key.summary : "");
        return;
    }
    if (key.def == NULL || key.type == CFX_KEY_SECRET_FILE)
        return;
    g_autofree char *problem = cfx_config_read_value(&key, key.def, NULL, value);
    if (value->text != NULL) {
        char *made = (char *)(guintptr)value->text;
        value->text = g_string_chunk_insert(checked->texts, made);
        g_free(made);
    }
    if (problem != NULL)
        cfx_problems_add(problems,
                         NULL,
                         0,
                         name,
                         "the default %s=%s of %s %s",
                         key.name,
                         key.def,
                         schema->who,
                         problem);
}

static void
check_unknown(const CfxSettingsGroup *group, const CfxSchema *schema, CfxProblems *problems)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (gsize i = 0; i < schema->n_keys; i++)
        g_ptr_array_add(known, (gpointer)(guintptr)key_at(schema, i).name);
    for (gsize i = 0; schema->also != NULL && schema->also[i] != NULL; i++)
        g_ptr_array_add(known, (gpointer)(guintptr)schema->also[i]);
    g_ptr_array_add(known, NULL);
    const char *const *words = (const char *const *)known->pdata;
    for (guint i = 0; i < group->settings->len; i++) {
        const CfxSetting *setting = g_ptr_array_index(group->settings, i);
        if (g_strv_contains(words, setting->key))
            continue;
        const char *meant = cfx_suggest(words, setting->key);
        if (meant != NULL)
            cfx_problems_add(problems,
                             setting->file,
                             setting->line,
                             group->group,
                             "unknown key \"%s\"; did you mean \"%s\"?",
                             setting->key,
                             meant);
        else
            cfx_problems_add(problems,
                             setting->file,
                             setting->line,
                             group->group,
                             "unknown key \"%s\"; %s has no such key",
                             setting->key,
                             schema->who);
    }
}

CfxChecked *
cfx_schema_check(const CfxSettings *settings,
                 const CfxSettingsGroup *group,
                 const char *name,
                 const CfxSchema *schema,
                 CfxProblems *problems)
{
    CfxChecked *checked = g_new0(CfxChecked, 1);
    checked->texts = g_string_chunk_new(256);
    checked->secrets =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    checked->values = g_new0(CfxValue, MAX(1, schema->n_keys));
    checked->given = g_new0(guint8, MAX(1, schema->n_keys));
    for (gsize i = 0; i < schema->n_keys; i++)
        check_key(checked, settings, group, name, schema, i, problems);
    if (group != NULL)
        check_unknown(group, schema, problems);
    checked->config = (CfxConfig){ .struct_size = sizeof(CfxConfig),
                                   .group = g_string_chunk_insert(checked->texts, name),
                                   .keys = schema->keys,
                                   .key_size = schema->key_size,
                                   .n_values = schema->n_keys,
                                   .values = checked->values,
                                   .given = checked->given };
    return checked;
}

void
cfx_checked_free(CfxChecked *checked)
{
    if (checked == NULL)
        return;
    g_hash_table_unref(checked->secrets);
    g_string_chunk_free(checked->texts);
    g_free(checked->values);
    g_free(checked->given);
    g_free(checked);
}
