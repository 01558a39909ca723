/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>

static const CtlColumn slots[] = {
    { N_("FROM"), "start", CTL_TIME },       { N_("LIMIT kW"), "limit_w", CTL_KW },
    { N_("DEVICES kW"), "power_w", CTL_KW }, { N_("SITE kW"), "site_w", CTL_KW },
    { N_("PRICE"), "price", CTL_REAL3 },     { NULL, NULL, CTL_TEXT },
};

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) plan = ctl_json_object(json, error);
    if (plan == NULL)
        return FALSE;
    g_autofree char *made = ctl_cell(plan, "made", CTL_TIME);
    g_autofree char *cost = ctl_cell(plan, "cost", CTL_REAL3);
    g_autofree char *gap = ctl_cell(plan, "gap", CTL_NUMBER);
    printf(_("plan %.0f of %s by %s: cost %s, gap %s\n\n"),
           ctl_json_real(plan, "id"),
           made,
           ctl_json_text(plan, "scheduler") != NULL ? ctl_json_text(plan, "scheduler") : "?",
           cost,
           *gap != '\0' ? gap : _("not certified"));
    ctl_table_print(ctl_json_list(plan, "slots"), slots, _("no slots"));
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    gint64 site = 0;
    const GOptionEntry entries[] = {
        { "site", 0, 0, G_OPTION_ARG_INT64, &site, N_("Asset of the site"), N_("ID") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_plan, entries, 0, 0, &argc, &argv, &options))
        return 2;
    return ctl_run(&ctl_verb_plan, &options, "Plan", g_variant_new("(x)", site), show);
}

const CtlVerb ctl_verb_plan = {
    "plan",
    "",
    N_("Shows the plan in force"),
    "  cariflexctl plan\n"
    "  cariflexctl plan --site 1 --json",
    run,
};
