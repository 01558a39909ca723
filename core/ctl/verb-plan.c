/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdio.h>

static const CtlColumn columns[] = {
    { N_("FROM"), "from", CTL_TIME },
    { N_("PRICE/kWh"), "price", CTL_REAL3 },
    { N_("LIMIT kW"), "limit", CTL_REAL1 },
    { N_("BASE kW"), "base", CTL_REAL1 },
    { N_("DEVICES kW"), "power", CTL_REAL1 },
    { N_("WHO"), "who", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static double
real_at(JsonObject *object, const char *name, guint slot)
{
    JsonArray *values = ctl_json_list(object, name);
    if (values == NULL || slot >= json_array_get_length(values) ||
        json_array_get_null_element(values, slot))
        return NAN;
    return json_array_get_double_element(values, slot);
}

static void
put_real(JsonObject *row, const char *name, double value)
{
    if (!isnan(value))
        json_object_set_double_member(row, name, value);
}

/* a row for a slot: what each device gets that gets something */
static JsonObject *
slot_row(JsonObject *plan, guint slot)
{
    JsonObject *row = json_object_new();
    JsonArray *devices = ctl_json_list(plan, "devices");
    g_autoptr(GString) who = g_string_new(NULL);
    double sum = 0;
    for (guint d = 0; devices != NULL && d < json_array_get_length(devices); d++) {
        JsonObject *device = json_array_get_object_element(devices, d);
        const char *station = ctl_json_text(device, "station");
        double power = real_at(device, "power_kw", slot);
        if (isnan(power) || fabs(power) < 0.01)
            continue;
        sum += power;
        g_string_append_printf(
            who, "%s%s %.1f", who->len > 0 ? ", " : "", station != NULL ? station : "?", power);
    }
    json_object_set_string_member(
        row, "from", json_array_get_string_element(ctl_json_list(plan, "edges"), slot));
    put_real(row, "price", real_at(plan, "price_per_kwh", slot));
    put_real(row, "limit", real_at(plan, "limit_kw", slot));
    put_real(row, "base", real_at(plan, "base_kw", slot));
    put_real(row, "power", sum);
    json_object_set_string_member(row, "who", who->str);
    return row;
}

static void
show_slots(JsonObject *plan)
{
    JsonArray *edges = ctl_json_list(plan, "edges");
    g_autoptr(JsonArray) rows = json_array_new();
    for (guint j = 0; edges != NULL && j + 1 < json_array_get_length(edges); j++)
        json_array_add_object_element(rows, slot_row(plan, j));
    ctl_table_print(rows, columns, _("no slots"));
}

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
           ctl_json_real(plan, "plan"),
           made,
           ctl_json_text(plan, "scheduler") != NULL ? ctl_json_text(plan, "scheduler") : "?",
           *cost != '\0' ? cost : _("not known"),
           *gap != '\0' ? gap : _("not certified"));
    JsonArray *holds = ctl_json_list(plan, "holds");
    for (guint i = 0; holds != NULL && i < json_array_get_length(holds); i++) {
        JsonObject *hold = json_array_get_object_element(holds, i);
        g_autofree char *until = ctl_cell(hold, "until", CTL_TIME);
        printf(_("hold %.0f: %s draws at most %.1f kW until %s\n"),
               ctl_json_real(hold, "hold"),
               ctl_json_text(hold, "where"),
               ctl_json_real(hold, "max_kw"),
               until);
    }
    if (holds != NULL && json_array_get_length(holds) > 0)
        printf("\n");
    show_slots(plan);
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
