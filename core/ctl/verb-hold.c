/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-client.h"
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

static const CtlColumn columns[] = {
    { N_("HOLD"), "hold", CTL_NUMBER },    { N_("WHERE"), "where", CTL_TEXT },
    { N_("MAX kW"), "max_kw", CTL_REAL1 }, { N_("FROM"), "from", CTL_TIME },
    { N_("UNTIL"), "until", CTL_TIME },    { N_("STATE"), "state", CTL_TEXT },
    { N_("BY"), "by", CTL_TEXT },          { N_("ENDED"), "ended", CTL_TIME },
    { N_("REASON"), "reason", CTL_TEXT },  { NULL, NULL, CTL_TEXT },
};

static gboolean
show_list(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    ctl_table_print(ctl_json_list(answer, "holds"), columns, _("nothing is held back"));
    return TRUE;
}

static gboolean
show_set(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    g_autofree char *until = ctl_cell(answer, "until", CTL_TIME);
    JsonArray *unreached = ctl_json_list(answer, "unreached");
    printf(_("hold %.0f: %s draws at most %.1f kW until %s\n"),
           ctl_json_real(answer, "hold"),
           ctl_json_text(answer, "where"),
           ctl_json_real(answer, "max_kw"),
           until);
    if (ctl_json_real(answer, "effective") == 0)
        printf(_("It has no effect now: no more than %.1f kW may be drawn there anyway, and a hold "
                 "never raises.\n"),
               ctl_json_real(answer, "bound_kw"));
    for (guint i = 0; unreached != NULL && i < json_array_get_length(unreached); i++)
        printf(_("It does not reach %s now, which is offline or refuses to be steered.\n"),
               json_array_get_string_element(unreached, i));
    return TRUE;
}

static void
add(GVariantBuilder *options, const char *name, const char *text)
{
    if (text != NULL && *text != '\0')
        g_variant_builder_add(options, "{sv}", name, g_variant_new_string(text));
}

/* whoever became root by sudo is named beside root */
static void
begin_options(GVariantBuilder *options)
{
    g_variant_builder_init(options, G_VARIANT_TYPE_VARDICT);
    add(options, "behalf", g_getenv("SUDO_USER"));
}

static int
end_hold(const CtlOptions *options, const char *number)
{
    GVariantBuilder more;
    gint64 id = 0;
    if (!g_ascii_string_to_signed(number, 10, 1, G_MAXINT64, &id, NULL)) {
        fprintf(stderr,
                _("cariflexctl hold: \"%s\" is no number of a hold; \"hold list\" shows them\n"),
                number);
        return 2;
    }
    begin_options(&more);
    return ctl_run(&ctl_verb_hold, options, "HoldEnd", g_variant_new("(xa{sv})", id, &more), NULL);
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_autofree char *max = NULL, *length = NULL, *until = NULL, *reason = NULL;
    const GOptionEntry entries[] = {
        { "max", 0, 0, G_OPTION_ARG_STRING, &max, N_("The most that is drawn there"), N_("POWER") },
        { "for", 0, 0, G_OPTION_ARG_STRING, &length, N_("How long, as 2h or 30min"), N_("LENGTH") },
        { "until",
          0,
          0,
          G_OPTION_ARG_STRING,
          &until,
          N_("Until when: a time of the day at the site, or ISO 8601"),
          N_("TIME") },
        { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, N_("Why, for who reads it"), N_("TEXT") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_hold, entries, 0, 2, &argc, &argv, &options))
        return 2;
    if (argc == 1 || (argc == 2 && strcmp(argv[1], "list") == 0 && max == NULL))
        return ctl_run(&ctl_verb_hold, &options, "Holds", NULL, show_list);
    if (argc == 3 && strcmp(argv[1], "end") == 0)
        return end_hold(&options, argv[2]);
    if (argc != 2) {
        fprintf(
            stderr,
            "cariflexctl hold: %s\n",
            _("write \"hold SITE|STATION --max POWER --for LENGTH\", \"hold list\" or \"hold end "
              "HOLD\""));
        return 2;
    }
    if (max == NULL || (length == NULL) == (until == NULL)) {
        fprintf(stderr,
                "cariflexctl hold: %s\n",
                _("say how much and how long: --max 20kW and either --for 2h or --until 18:00"));
        return 2;
    }
    GVariantBuilder more;
    begin_options(&more);
    add(&more, "for", length);
    add(&more, "until", until);
    add(&more, "reason", reason);
    return ctl_run(&ctl_verb_hold,
                   &options,
                   "HoldSet",
                   g_variant_new("(ssa{sv})", argv[1], max, &more),
                   show_set);
}

const CtlVerb ctl_verb_hold = {
    "hold",
    N_("[list | SITE|STATION | end HOLD]"),
    N_("Holds power back at a site or a station for a while, lists that, or ends it early"),
    "  cariflexctl hold CP003 --max 7kW --for 2h --reason \"cable is warm\"\n"
    "  cariflexctl hold Martinique --max 20kW --until 18:00\n"
    "  cariflexctl hold list\n"
    "  cariflexctl hold end 3",
    run,
};
