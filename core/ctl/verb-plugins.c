/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is loaded, from the daemon; what lies beside it unused, from the folders. Nothing is opened
 * here: a module's constructors would run. */
#include "ctl-client.h"
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

static const CtlColumn columns[] = {
    { N_("NAME"), "name", CTL_TEXT },       { N_("KIND"), "kind", CTL_TEXT },
    { N_("PLUGIN"), "plugin", CTL_TEXT },   { N_("VERSION"), "version", CTL_TEXT },
    { N_("LICENCE"), "license", CTL_TEXT }, { N_("STATE"), "state", CTL_TEXT },
    { N_("REASON"), "reason", CTL_TEXT },   { NULL, NULL, CTL_TEXT },
};

/* DIR/NAME.so, and DIR/NAME/NAME.so as in a build folder */
static void
add_modules(GHashTable *found, const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        if (g_str_has_suffix(name, ".so")) {
            g_hash_table_add(found, g_strndup(name, strlen(name) - 3));
            continue;
        }
        g_autofree char *file = g_strconcat(name, ".so", NULL);
        g_autofree char *path = g_build_filename(folder, name, file, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_hash_table_add(found, g_strdup(name));
    }
}

/* A plugin "openadr-ven" lives in the module openadr: names are cut at hyphens. */
static void
remove_used(GHashTable *found, JsonArray *instances)
{
    for (guint i = 0; instances != NULL && i < json_array_get_length(instances); i++) {
        JsonObject *instance = json_array_get_object_element(instances, i);
        g_autofree char *name = g_strdup(ctl_json_text(instance, "plugin"));
        while (name != NULL && !g_hash_table_remove(found, name)) {
            char *hyphen = strrchr(name, '-');
            if (hyphen == NULL)
                break;
            *hyphen = '\0';
        }
    }
}

static void
print_unused(JsonObject *status)
{
    JsonArray *dirs = ctl_json_list(status, "plugin_dirs");
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; dirs != NULL && i < json_array_get_length(dirs); i++)
        add_modules(found, json_array_get_string_element(dirs, i));
    remove_used(found, ctl_json_list(status, "instances"));
    if (g_hash_table_size(found) == 0)
        return;
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(found), (GCompareFunc)strcmp);
    printf("%s", _("\nInstalled and not used:"));
    for (GList *l = names; l != NULL; l = l->next)
        printf(" %s", (const char *)l->data);
    printf("%s",
           _("\nA group [adapter:NAME], [storage:NAME] or [scheduler:NAME] with plugin=… puts "
             "one to use; \"cariflex-plugin-inspect\" shows what a plugin takes.\n"));
}

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) status = ctl_json_object(json, error);
    if (status == NULL)
        return FALSE;
    ctl_table_print(ctl_json_list(status, "instances"), columns, _("no instances"));
    print_unused(status);
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    if (!ctl_options_parse(&ctl_verb_plugins, NULL, 0, 0, &argc, &argv, &options))
        return 2;
    if (!options.json)
        return ctl_run(&ctl_verb_plugins, &options, "Status", NULL, show);
    g_autoptr(GError) error = NULL;
    g_autofree char *json = ctl_call(&options.where, "Status", NULL, &error);
    g_autoptr(JsonObject) status = json != NULL ? ctl_json_object(json, &error) : NULL;
    if (status == NULL)
        return ctl_fail(&ctl_verb_plugins, error);
    g_autoptr(JsonObject) answer = json_object_new();
    for (const char *const *name = (const char *const[]){ "instances", "plugin_dirs", NULL };
         *name != NULL;
         name++)
        if (json_object_has_member(status, *name))
            json_object_set_member(answer, *name, json_object_dup_member(status, *name));
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), answer);
    g_autofree char *text = json_to_string(node, FALSE);
    printf("%s\n", text);
    return 0;
}

const CtlVerb ctl_verb_plugins = {
    "plugins",
    "",
    N_("Shows instances of plugins, their state, and plugins that are not used"),
    "  cariflexctl plugins\n"
    "  cariflexctl plugins --json",
    run,
};
