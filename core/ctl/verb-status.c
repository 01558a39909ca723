/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>

static const CtlColumn instances[] = {
    { N_("INSTANCE"), "name", CTL_TEXT }, { N_("KIND"), "kind", CTL_TEXT },
    { N_("PLUGIN"), "plugin", CTL_TEXT }, { N_("STATE"), "state", CTL_TEXT },
    { N_("REASON"), "reason", CTL_TEXT }, { NULL, NULL, CTL_TEXT },
};

static const CtlColumn sites[] = {
    { N_("SITE"), "name", CTL_TEXT },
    { N_("STATE"), "state", CTL_TEXT },
    { N_("POWER kW"), "power_kw", CTL_REAL3 },
    { N_("LIMIT kW"), "limit_kw", CTL_REAL3 },
    { N_("SIGNAL %"), "signal_percent", CTL_NUMBER },
    { N_("PRICE/kWh"), "price_per_kwh", CTL_REAL3 },
    { N_("DEVICES"), "devices", CTL_NUMBER },
    { N_("SESSIONS"), "sessions", CTL_NUMBER },
    { N_("PLANS"), "plans", CTL_NUMBER },
    { N_("PROBLEM"), "problem", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static const CtlColumn holds[] = {
    { N_("HOLD"), "hold", CTL_NUMBER },
    { N_("WHERE"), "where", CTL_TEXT },
    { N_("MAX kW"), "max_kw", CTL_REAL1 },
    { N_("UNTIL"), "until", CTL_TIME },
    { N_("BY"), "by", CTL_TEXT },
    { N_("REASON"), "reason", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static const CtlColumn listeners[] = {
    { N_("LISTENER"), "name", CTL_TEXT },     { N_("ZONE"), "zone", CTL_TEXT },
    { N_("ADDRESS"), "address", CTL_TEXT },   { N_("CONNECTIONS"), "connections", CTL_NUMBER },
    { N_("REFUSED"), "refused", CTL_NUMBER }, { NULL, NULL, CTL_TEXT },
};

/* a table behind an empty line, when there is something to show */
static void
show_list(JsonObject *part, const char *name, const CtlColumn *columns)
{
    JsonArray *rows = ctl_json_list(part, name);
    if (rows == NULL || json_array_get_length(rows) == 0)
        return;
    printf("\n");
    ctl_table_print(rows, columns, "");
}

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) status = ctl_json_object(json, error);
    if (status == NULL)
        return FALSE;
    JsonObject *clock = ctl_json_in(status, "clock");
    g_autofree char *site = ctl_cell(clock, "site", CTL_TIME);
    printf(_("cariflexd %s: %s, up for %.0f s\n"),
           ctl_json_text(status, "release"),
           ctl_json_text(status, "state"),
           ctl_json_real(status, "uptime_s"));
    if (ctl_json_real(clock, "simulated") > 0)
        printf(_("site time: %s (simulated)\n"), site);
    else
        printf(_("site time: %s\n"), site);
    printf("\n");
    ctl_table_print(ctl_json_list(status, "instances"), instances, _("no instances"));
    show_list(ctl_json_in(status, "web"), "listeners", listeners);
    show_list(ctl_json_in(status, "engine"), "sites", sites);
    JsonArray *of_sites = ctl_json_list(ctl_json_in(status, "engine"), "sites");
    for (guint i = 0; of_sites != NULL && i < json_array_get_length(of_sites); i++)
        show_list(json_array_get_object_element(of_sites, i), "holds", holds);
    const char *failure = ctl_json_text(ctl_json_in(status, "store"), "failure");
    if (failure != NULL)
        printf(_("\nthe store fails: %s\n"), failure);
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    if (!ctl_options_parse(&ctl_verb_status, NULL, 0, 0, &argc, &argv, &options))
        return 2;
    return ctl_run(&ctl_verb_status, &options, "Status", NULL, show);
}

const CtlVerb ctl_verb_status = {
    "status",
    "",
    N_("Shows how the daemon, its instances and its sites are"),
    "  cariflexctl status\n"
    "  cariflexctl status --json",
    run,
};
