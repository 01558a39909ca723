/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

static const CtlColumn columns[] = {
    { N_("STATION"), "station", CTL_TEXT },
    { N_("ARRIVAL"), "arrival", CTL_TIME },
    { N_("DEPARTURE"), "departure.at", CTL_TIME },
    { N_("NEED kWh"), "need.wh", CTL_KWH },
    { N_("GRADE"), "need.grade", CTL_TEXT },
    { N_("PROMISED kWh"), "promised_wh", CTL_KWH },
    { N_("DELIVERED kWh"), "delivered_wh", CTL_KWH },
    { N_("SHORTFALL kWh"), "shortfall_wh", CTL_KWH },
    { N_("CAUSE"), "cause", CTL_TEXT },
    { N_("ENDED"), "ended", CTL_TIME },
    { NULL, NULL, CTL_TEXT },
};

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    ctl_table_print(ctl_json_list(answer, "sessions"), columns, _("no sessions"));
    return TRUE;
}

static int
set(const CtlOptions *options, const char *where, const char *need, const char *by)
{
    if (need == NULL && by == NULL) {
        fprintf(stderr,
                "cariflexctl session: %s\n",
                _("say what to set: --need 20kWh, --by 07:00, or both"));
        return 2;
    }
    GVariant *arguments =
        g_variant_new("(sss)", where, need != NULL ? need : "", by != NULL ? by : "");
    return ctl_run(&ctl_verb_session, options, "SessionSet", arguments, NULL);
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_autofree char *need = NULL, *by = NULL;
    const GOptionEntry entries[] = {
        { "need",
          0,
          0,
          G_OPTION_ARG_STRING,
          &need,
          N_("Energy that the car needs from plug-in on"),
          N_("ENERGY") },
        { "by",
          0,
          0,
          G_OPTION_ARG_STRING,
          &by,
          N_("When it leaves: a time of the day at the site, or ISO 8601"),
          N_("TIME") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_session, entries, 0, 2, &argc, &argv, &options))
        return 2;
    if (argc == 1 || (argc == 2 && strcmp(argv[1], "list") == 0))
        return ctl_run(&ctl_verb_session, &options, "Sessions", NULL, show);
    if (argc == 3 && strcmp(argv[1], "set") == 0)
        return set(&options, argv[2], need, by);
    fprintf(stderr,
            "cariflexctl session: %s\n",
            _("write \"session\", \"session list\" or \"session set STATION …\""));
    return 2;
}

const CtlVerb ctl_verb_session = {
    "session",
    N_("[list | set STATION]"),
    N_("Lists sessions of cars, or says what a car needs"),
    "  cariflexctl session\n"
    "  cariflexctl session set CP003 --need 20kWh --by 07:00",
    run,
};
