/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-keyfile.h"

#include <kit/cfx-file.h>
#include <string.h>

/* Editors of other systems put it before UTF-8; it is no part of the first line. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static void
setting_free(gpointer data)
{
    CfxSetting *setting = data;
    g_free(setting->key);
    g_free(setting->text);
    g_free(setting);
}

static void
group_free(gpointer data)
{
    CfxSettingsGroup *group = data;
    g_free(group->group);
    g_free(group->kind);
    g_ptr_array_unref(group->settings);
    g_free(group);
}

CfxSettings *
cfx_settings_new(void)
{
    CfxSettings *settings = g_new(CfxSettings, 1);
    settings->groups = g_ptr_array_new_with_free_func(group_free);
    settings->files = g_ptr_array_new();
    return settings;
}

void
cfx_settings_free(CfxSettings *settings)
{
    if (settings == NULL)
        return;
    g_ptr_array_unref(settings->groups);
    g_ptr_array_unref(settings->files);
    g_free(settings);
}

CfxSettingsGroup *
cfx_settings_group(const CfxSettings *settings, const char *name)
{
    for (guint i = 0; i < settings->groups->len; i++) {
        CfxSettingsGroup *group = g_ptr_array_index(settings->groups, i);
        if (strcmp(group->group, name) == 0)
            return group;
    }
    return NULL;
}

CfxSetting *
cfx_settings_get(const CfxSettingsGroup *group, const char *key)
{
    for (guint i = 0; i < group->settings->len; i++) {
        CfxSetting *setting = g_ptr_array_index(group->settings, i);
        if (strcmp(setting->key, key) == 0)
            return setting;
    }
    return NULL;
}

static gboolean
word_is_valid(const char *word, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        if (!g_ascii_isalnum(word[i]) && strchr("-_.", word[i]) == NULL)
            return FALSE;
    }
    return size > 0;
}

/* "kind" or "kind:name" */
static gboolean
group_name_is_valid(const char *name)
{
    const char *colon = strchr(name, ':');
    if (colon == NULL)
        return word_is_valid(name, strlen(name));
    return word_is_valid(name, (gsize)(colon - name)) &&
           word_is_valid(colon + 1, strlen(colon + 1));
}

static CfxSettingsGroup *
group_begin(CfxSettings *settings, const char *name, const char *file, guint line)
{
    CfxSettingsGroup *group = cfx_settings_group(settings, name);
    if (group != NULL)
        return group;
    group = g_new0(CfxSettingsGroup, 1);
    group->group = g_strdup(name);
    const char *colon = strchr(group->group, ':');
    group->kind = colon != NULL ? g_strndup(group->group, (gsize)(colon - group->group))
                                : g_strdup(group->group);
    group->name = colon != NULL ? colon + 1 : NULL;
    group->file = file;
    group->line = line;
    group->settings = g_ptr_array_new_with_free_func(setting_free);
    g_ptr_array_add(settings->groups, group);
    return group;
}

static void
setting_put(CfxSettingsGroup *group,
            const char *key,
            const char *text,
            const char *file,
            guint line,
            CfxProblems *problems)
{
    CfxSetting *setting = cfx_settings_get(group, key);
    if (setting == NULL) {
        setting = g_new0(CfxSetting, 1);
        setting->key = g_strdup(key);
        g_ptr_array_add(group->settings, setting);
    } else if (setting->file == file) {
        cfx_problems_add(problems,
                         file,
                         line,
                         group->group,
                         "\"%s\" is given again; line %u has it already: remove one of them",
                         key,
                         setting->line);
        return;
    }
    g_free(setting->text);
    setting->text = g_strdup(text);
    setting->file = file;
    setting->line = line;
}

static void
read_header(CfxSettings *settings,
            CfxSettingsGroup **group,
            char *line_text,
            const char *file,
            guint line,
            CfxProblems *problems)
{
    *group = NULL;
    gsize size = strlen(line_text);
    if (line_text[size - 1] != ']') {
        cfx_problems_add(problems, file, line, NULL, "the group's name does not end with \"]\"");
        return;
    }
    line_text[size - 1] = '\0';
    char *name = g_strstrip(line_text + 1);
    if (!group_name_is_valid(name)) {
        cfx_problems_add(problems,
                         file,
                         line,
                         NULL,
                         "a group is named [kind] or [kind:name], with letters, digits, \"-\", "
                         "\"_\" and \".\"");
        return;
    }
    *group = group_begin(settings, name, file, line);
}

static void
read_setting(
    CfxSettingsGroup *group, char *line_text, const char *file, guint line, CfxProblems *problems)
{
    const char *name = group != NULL ? group->group : NULL;
    char *equals = strchr(line_text, '=');
    if (equals == NULL) {
        /* the line is not shown: it may be the rest of a secret */
        cfx_problems_add(problems,
                         file,
                         line,
                         name,
                         "neither a group, a key=value nor a comment (which begins with \"#\")");
        return;
    }
    *equals = '\0';
    char *key = g_strstrip(line_text), *text = g_strstrip(equals + 1);
    if (!word_is_valid(key, strlen(key)))
        cfx_problems_add(
            problems, file, line, name, "what stands before \"=\" is no name of a key");
    else if (group != NULL)
        setting_put(group, key, text, file, line, problems);
}

void
cfx_settings_read_text(
    CfxSettings *settings, const char *file, const char *text, gsize size, CfxProblems *problems)
{
    const char *end = NULL;
    guint line = 0;
    gboolean has_group = FALSE;
    CfxSettingsGroup *group = NULL;
    file = g_intern_string(file);
    g_ptr_array_add(settings->files, (gpointer)(guintptr)file);
    if (size > CFX_KEYFILE_MAX) {
        cfx_problems_add(problems, file, 0, NULL, "is larger than 1 MiB: not a keyfile");
        return;
    }
    if (size >= strlen(BYTE_ORDER_MARK) &&
        memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
        text += strlen(BYTE_ORDER_MARK);
        size -= strlen(BYTE_ORDER_MARK);
    }
    if (size == 0)
        return;
    if (!g_utf8_validate(text, (gssize)size, &end)) {
        for (const char *c = text; c < end; c++)
            line += *c == '\n';
        cfx_problems_add(problems, file, line + 1, NULL, "is not UTF-8; save it as UTF-8");
        return;
    }
    g_autofree char *copy = g_strndup(text, size);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    for (line = 1; lines[line - 1] != NULL; line++) {
        char *line_text = g_strstrip(lines[line - 1]);
        if (line_text[0] == '\0' || line_text[0] == '#' || line_text[0] == ';')
            continue;
        if (line_text[0] == '[') {
            has_group = TRUE;
            read_header(settings, &group, line_text, file, line, problems);
        } else if (!has_group) {
            cfx_problems_add(problems, file, line, NULL, "stands before the first [group]");
        } else {
            read_setting(group, line_text, file, line, problems);
        }
    }
}

void
cfx_settings_read_file(CfxSettings *settings, const char *path, CfxProblems *problems)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size;
    if (!cfx_file_read(path, CFX_KEYFILE_MAX, &text, &size, &error)) {
        cfx_problems_add(problems, NULL, 0, NULL, "%s; write it, or name another", error->message);
        return;
    }
    cfx_settings_read_text(settings, path, text, size, problems);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
cfx_settings_read_dir(CfxSettings *settings, const char *path, CfxProblems *problems)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    if (dir == NULL) {
        /* where nothing is, there is nothing to read; else what it says would be lost unseen */
        if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            cfx_problems_add(problems,
                             path,
                             0,
                             NULL,
                             "%s; let the daemon's user read it, or remove it",
                             error->message);
        return;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(name, ".conf") && name[0] != '.')
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, g_ptr_array_index(names, i), NULL);
        cfx_settings_read_file(settings, file, problems);
    }
}
