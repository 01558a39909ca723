/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-options.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

void
ctl_options_clear(CtlOptions *options)
{
    g_clear_pointer(&options->where.socket, g_free);
    g_clear_pointer(&options->where.bus, g_free);
}

static gboolean
refuse(const CtlVerb *verb, const char *text)
{
    fprintf(stderr, "cariflexctl %s: %s\n", verb->name, text);
    fprintf(stderr, _("Try \"cariflexctl %s --help\".\n"), verb->name);
    return FALSE;
}

gboolean
ctl_options_parse(const CtlVerb *verb,
                  const GOptionEntry *entries,
                  int least,
                  int most,
                  int *argc,
                  char ***argv,
                  CtlOptions *options)
{
    const GOptionEntry shared[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_("Print JSON, for programs"), NULL },
        { "socket",
          0,
          0,
          G_OPTION_ARG_FILENAME,
          &options->where.socket,
          N_("Control socket of the daemon (else $CARIFLEX_SOCKET, else /run/cariflex/bus, else "
             "the "
             "system bus)"),
          N_("PATH") },
        { "bus",
          0,
          0,
          G_OPTION_ARG_STRING,
          &options->where.bus,
          N_("Ask over a message bus: system or session"),
          N_("BUS") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context =
        g_option_context_new(*verb->arguments != '\0' ? _(verb->arguments) : NULL);
    g_autofree char *examples = g_strdup_printf("%s\n%s", _("Examples:"), verb->examples);
    g_autofree char *program = g_strdup_printf("cariflexctl %s", verb->name);
    g_set_prgname(program);
    g_option_context_set_summary(context, _(verb->summary));
    g_option_context_set_description(context, examples);
    g_option_context_set_translation_domain(context, GETTEXT_PACKAGE);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
    g_option_context_add_main_entries(context, shared, GETTEXT_PACKAGE);
    if (!g_option_context_parse(context, argc, argv, &error))
        return refuse(verb, error->message);
    const char *bus = options->where.bus;
    if (bus != NULL && strcmp(bus, "system") != 0 && strcmp(bus, "session") != 0)
        return refuse(verb, _("--bus is either \"system\" or \"session\""));
    if (bus != NULL && options->where.socket != NULL)
        return refuse(verb, _("give either --socket or --bus"));
    if (*argc - 1 < least)
        return refuse(verb, _("an argument is missing"));
    if (*argc - 1 > most)
        return refuse(verb, _("there are too many arguments"));
    return TRUE;
}

int
ctl_fail(const CtlVerb *verb, const GError *error)
{
    fprintf(stderr, "cariflexctl %s: %s\n", verb->name, error->message);
    return 1;
}

int
ctl_run(const CtlVerb *verb,
        const CtlOptions *options,
        const char *method,
        GVariant *arguments,
        CtlShow show)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *json = ctl_call(&options->where, method, arguments, &error);
    if (json == NULL)
        return ctl_fail(verb, error);
    if (options->json)
        printf("%s\n", *json != '\0' ? json : "{}");
    else if (show != NULL && !show(json, &error))
        return ctl_fail(verb, error);
    return 0;
}
