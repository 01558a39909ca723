/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-daemon.h"

#include "cfx-log.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>

typedef struct {
    char *config;
    char **plugin_dirs;
    gboolean check, version, verbose;
} Options;

static gboolean
parse(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        { "config",
          'c',
          0,
          G_OPTION_ARG_FILENAME,
          &options->config,
          "Read FILE and FILE.d/*.conf instead of the system's",
          "FILE" },
        { "check-config",
          0,
          0,
          G_OPTION_ARG_NONE,
          &options->check,
          "Check the configuration, print all mistakes, exit",
          NULL },
        { "plugin-dir",
          0,
          0,
          G_OPTION_ARG_FILENAME_ARRAY,
          &options->plugin_dirs,
          "Look for plugins in DIR first (also $CARIFLEX_PLUGIN_DIR)",
          "DIR" },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, "Log more", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version, exit", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- energy flexibility of a site");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (*argc > 1) {
        g_set_error(error,
                    G_OPTION_ERROR,
                    G_OPTION_ERROR_UNKNOWN_OPTION,
                    "unexpected argument \"%s\"",
                    (*argv)[1]);
        return FALSE;
    }
    return TRUE;
}

static char **
plugin_dirs(const Options *options)
{
    g_autoptr(GStrvBuilder) dirs = g_strv_builder_new();
    const char *given = g_getenv("CARIFLEX_PLUGIN_DIR");
    if (options->plugin_dirs != NULL)
        g_strv_builder_addv(dirs, (const char **)options->plugin_dirs);
    if (given != NULL && *given != '\0') {
        g_auto(GStrv) split = g_strsplit(given, ":", -1);
        g_strv_builder_addv(dirs, (const char **)split);
    }
    g_strv_builder_add(dirs, CFX_PLUGIN_DIR);
    return g_strv_builder_end(dirs);
}

/* Prints what is wrong. Returns: TRUE if nothing is. */
static gboolean
report(const CfxSetup *setup)
{
    g_autofree char *text = cfx_problems_text(setup->problems);
    if (text == NULL)
        return TRUE;
    fprintf(stderr, "%s\n", text);
    if (setup->problems->texts->len > 1)
        fprintf(
            stderr, "cariflexd: %u mistakes in the configuration\n", setup->problems->texts->len);
    else
        fprintf(stderr, "cariflexd: a mistake in the configuration\n");
    return FALSE;
}

int
main(int argc, char **argv)
{
    Options options = { 0 };
    g_autoptr(GError) error = NULL;
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers of protocols and files */
    if (!parse(&argc, &argv, &options, &error)) {
        fprintf(stderr, "cariflexd: %s; try --help\n", error->message);
        return 2;
    }
    if (options.version) {
        printf("cariflexd %s, plugin ABI %d.%d\n", CFX_VERSION, CFX_ABI_MAJOR, CFX_ABI_MINOR);
        return 0;
    }
    signal(SIGPIPE, SIG_IGN);
    cfx_log_init(options.check ? CFX_LOG_WARNING : CFX_LOG_MESSAGE);
    g_auto(GStrv) dirs = plugin_dirs(&options);
    g_autofree char *config = g_steal_pointer(&options.config);
    g_auto(GStrv) G_GNUC_UNUSED given_dirs = g_steal_pointer(&options.plugin_dirs);
    g_autoptr(CfxSetup) setup = cfx_setup_read(config, (const char *const *)dirs);
    if (!report(setup))
        return 1;
    if (options.check) {
        printf("the configuration is right: %u files\n", setup->settings->files->len);
        return 0;
    }
    guint32 level =
        (guint32)cfx_config_number(&setup->host->checked->config, "log-level") + CFX_LOG_DEBUG;
    cfx_log_set_level(options.verbose ? MIN(level, CFX_LOG_INFO) : level);
    return cfx_daemon_run(g_steal_pointer(&setup));
}
