/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdio.h>

static const CtlColumn sessions[] = {
    { N_("STATION"), "station", CTL_TEXT },
    { N_("NEED"), "need", CTL_TEXT },
    { N_("ASKED kWh"), "asked_kwh", CTL_REAL1 },
    { N_("PROMISED kWh"), "promised_kwh", CTL_REAL1 },
    { N_("DELIVERED kWh"), "delivered_kwh", CTL_REAL1 },
    { N_("SHORTFALL kWh"), "shortfall_kwh", CTL_REAL1 },
    { N_("CAUSE"), "cause", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static void
show_latencies(JsonObject *report)
{
    JsonObject *links = ctl_json_in(report, "latency_ms");
    if (links == NULL)
        return;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    json_object_iter_init(&iter, links);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (!JSON_NODE_HOLDS_OBJECT(node))
            continue;
        JsonObject *link = json_node_get_object(node);
        g_autofree char *p50 = ctl_cell(link, "p50", CTL_REAL1);
        g_autofree char *p99 = ctl_cell(link, "p99", CTL_REAL1);
        if (*p50 == '\0')
            continue; /* nothing came this way */
        /* TRANSLATORS: name of a link, then half of all and nearly all were faster than this */
        printf(_("%s: p50 %s ms, p99 %s ms\n"), name, p50, p99);
    }
}

/* what the numbers above do not say, because it is not known */
static void
show_unknown(JsonObject *site)
{
    double without_price = ctl_json_real(site, "minutes_without_price");
    double unknown = ctl_json_real(site, "minutes_unknown");

    if (isnan(ctl_json_real(site, "import_kwh")))
        printf(
            _("energy and cost are not known: no import register tells of this time; see whether "
              "the meter reports, and whether the site names its register (attribute sensors, "
              "member import-register)\n"));
    if (without_price > 0)
        printf(
            _("the cost is not known: in %.0f minutes energy was drawn and there was no price\n"),
            without_price);
    if (unknown > 0)
        printf(_("in %.0f minutes power or limit is not known\n"), unknown);
}

/* a number, or a dash (transfer full) */
static char *
known(JsonObject *object, const char *member, CtlFormat format)
{
    char *text = ctl_cell(object, member, format);

    if (*text != '\0')
        return text;
    g_free(text);
    return g_strdup("–");
}

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) report = ctl_json_object(json, error);
    if (report == NULL)
        return FALSE;
    JsonObject *site = ctl_json_in(report, "site");
    JsonObject *plans = ctl_json_in(report, "plans");
    g_autofree char *start = ctl_cell(report, "day.start", CTL_TIME);
    g_autofree char *end = ctl_cell(report, "day.end", CTL_TIME);
    g_autofree char *cost = known(site, "cost", CTL_REAL3);
    g_autofree char *import = known(site, "import_kwh", CTL_REAL1);
    g_autofree char *highest = known(site, "highest_kw", CTL_REAL1);
    g_autofree char *gap = ctl_cell(plans, "worst_gap", CTL_NUMBER);
    printf(_("from %s to %s\n"), start, end);
    printf(_("cost %s %s, imported %s kWh, highest power %s kW, %.0f minutes over the limit\n"),
           cost,
           ctl_json_text(site, "currency") != NULL ? ctl_json_text(site, "currency") : "",
           import,
           highest,
           ctl_json_real(site, "minutes_over_limit"));
    show_unknown(site);
    printf(_("plans: %.0f, worst gap %s\n\n"),
           ctl_json_real(plans, "count"),
           *gap != '\0' ? gap : _("not certified"));
    ctl_table_print(ctl_json_list(report, "sessions"), sessions, _("no sessions"));
    printf("\n");
    show_latencies(report);
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_autofree char *start = NULL, *end = NULL;
    gint64 site = 0;
    const GOptionEntry entries[] = {
        { "site", 0, 0, G_OPTION_ARG_INT64, &site, N_("Asset of the site"), N_("ID") },
        { "start", 0, 0, G_OPTION_ARG_STRING, &start, N_("From then, ISO 8601"), N_("TIME") },
        { "end", 0, 0, G_OPTION_ARG_STRING, &end, N_("Until then, ISO 8601"), N_("TIME") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_report, entries, 0, 0, &argc, &argv, &options))
        return 2;
    GVariantBuilder how;
    g_variant_builder_init(&how, G_VARIANT_TYPE_VARDICT);
    if (site != 0)
        g_variant_builder_add(&how, "{sv}", "site", g_variant_new_int64(site));
    if (start != NULL)
        g_variant_builder_add(&how, "{sv}", "start", g_variant_new_string(start));
    if (end != NULL)
        g_variant_builder_add(&how, "{sv}", "end", g_variant_new_string(end));
    return ctl_run(&ctl_verb_report, &options, "Report", g_variant_new("(a{sv})", &how), show);
}

const CtlVerb ctl_verb_report = {
    "report",
    "",
    N_("Reports energy, cost, sessions and plans of a day"),
    "  cariflexctl report\n"
    "  cariflexctl report --start 2025-10-01T16:00:00Z --end 2025-10-02T16:00:00Z --json",
    run,
};
