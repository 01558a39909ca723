/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-client.h"
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

static const CtlColumn generated[] = {
    { N_("PRINCIPAL"), "principal", CTL_TEXT },
    { N_("KIND"), "kind", CTL_TEXT },
    { N_("SECRET"), "secret", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static const char *const parts[] = {
    "accounts", "assets", "sensors", "sources", "bindings", "principals", "tokens", NULL,
};

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    for (gsize i = 0; parts[i] != NULL; i++) {
        JsonObject *count = ctl_json_in(answer, parts[i]);
        if (count == NULL)
            continue;
        /* TRANSLATORS: a kind of thing, then three numbers */
        printf(_("%-10s  %3.0f new, %3.0f changed, %3.0f as before\n"),
               parts[i],
               ctl_json_real(count, "new"),
               ctl_json_real(count, "changed"),
               ctl_json_real(count, "same"));
    }
    JsonArray *secrets = ctl_json_list(answer, "generated");
    if (secrets != NULL && json_array_get_length(secrets) > 0) {
        printf("\n%s\n", _("Secrets that were made; they are not shown again:"));
        ctl_table_print(secrets, generated, "");
    }
    return TRUE;
}

/* one file for each secret, named as the document names it */
static GVariant *
read_secrets(const char *folder, GError **error)
{
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
    g_autoptr(GDir) dir = folder != NULL ? g_dir_open(folder, 0, error) : NULL;
    if (folder != NULL && dir == NULL) {
        g_variant_builder_clear(&builder);
        return NULL;
    }
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
            continue;
        if (!g_file_get_contents(path, &text, NULL, error)) {
            g_variant_builder_clear(&builder);
            return NULL;
        }
        g_strchomp(text);
        if (!g_utf8_validate(text, -1, NULL)) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("%s is not text"), path);
            g_variant_builder_clear(&builder);
            return NULL;
        }
        g_variant_builder_add(&builder, "{ss}", name, text);
    }
    return g_variant_builder_end(&builder);
}

static int
import_file(const CtlOptions *options, const char *file, const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size;
    if (!g_file_get_contents(file, &text, &size, &error))
        return ctl_fail(&ctl_verb_import, error);
    if (!g_utf8_validate(text, (gssize)size, NULL)) {
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("%s is not UTF-8"), file);
        return ctl_fail(&ctl_verb_import, error);
    }
    GVariant *secrets = read_secrets(folder, &error);
    if (secrets == NULL)
        return ctl_fail(&ctl_verb_import, error);
    return ctl_run(
        &ctl_verb_import, options, "Import", g_variant_new("(s@a{ss})", text, secrets), show);
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_autofree char *folder = NULL;
    const GOptionEntry entries[] = {
        { "secrets",
          0,
          0,
          G_OPTION_ARG_FILENAME,
          &folder,
          N_("Folder with a file for each secret that FILE names"),
          N_("FOLDER") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_import, entries, 1, 1, &argc, &argv, &options))
        return 2;
    return import_file(&options, argv[1], folder);
}

const CtlVerb ctl_verb_import = {
    "import",
    N_("FILE"),
    N_("Brings a site in: accounts, assets, sensors, stations, people"),
    "  cariflexctl import site.json\n"
    "  cariflexctl import site.json --secrets /etc/cariflex/secrets",
    run,
};
