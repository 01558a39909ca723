/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-options.h"

#include <glib/gi18n-lib.h>
#include <kit/cfx-suggest.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static void
help(FILE *to)
{
    fprintf(to, _("Usage: cariflexctl VERB [OPTION…] [ARGUMENT…]\n\n"));
    fprintf(to, _("Steers a running cariflexd.\n\n"));
    for (const CtlVerb *const *verb = ctl_verbs_all(); *verb != NULL; verb++)
        fprintf(to, "  %-10s %s\n", (*verb)->name, _((*verb)->summary));
    fprintf(to,
            _("\nEach verb takes --help, which shows examples, --json, --socket PATH and --bus BUS.\n"
              "cariflexctl --version prints the version.\n"));
}

/* options before the verb belong to it, so that "cariflexctl --json status" works too */
static int
verb_index(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--socket") == 0 || strcmp(argv[i], "--bus") == 0)
            i++;
        else if (argv[i][0] != '-')
            return i;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    bindtextdomain(GETTEXT_PACKAGE, CFX_LOCALE_DIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    int at = verb_index(argc, argv);
    if (at == 0) {
        gboolean wants_help =
            argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
        if (argc > 1 && strcmp(argv[1], "--version") == 0) {
            printf("cariflexctl %s\n", CFX_VERSION);
            return 0;
        }
        help(wants_help ? stdout : stderr);
        return wants_help ? 0 : 2;
    }
    const CtlVerb *verb = ctl_verb_find(argv[at]);
    if (verb == NULL) {
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        for (const CtlVerb *const *known = ctl_verbs_all(); *known != NULL; known++)
            g_ptr_array_add(words, (gpointer)(guintptr)(*known)->name);
        g_ptr_array_add(words, NULL);
        const char *meant = cfx_suggest((const char *const *)words->pdata, argv[at]);
        if (meant != NULL)
            fprintf(stderr,
                    _("cariflexctl: there is no verb \"%s\"; did you mean \"%s\"?\n"),
                    argv[at],
                    meant);
        else
            fprintf(stderr,
                    _("cariflexctl: there is no verb \"%s\"; try \"cariflexctl --help\"\n"),
                    argv[at]);
        return 2;
    }
    /* the verb takes the program's place, options before it stay */
    for (int i = at; i > 1; i--)
        argv[i] = argv[i - 1];
    return verb->run(argc - 1, argv + 1);
}
