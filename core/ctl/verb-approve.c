/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    JsonArray *evses = ctl_json_list(answer, "evses");
    printf(_("%s is in, as asset %.0f\n"),
           ctl_json_text(answer, "identity"),
           ctl_json_real(answer, "asset"));
    for (guint i = 0; evses != NULL && i < json_array_get_length(evses); i++) {
        JsonObject *evse = json_array_get_object_element(evses, i);
        printf(_("  EVSE %.0f: asset %.0f, power in sensor %.0f\n"),
               ctl_json_real(evse, "unit"),
               ctl_json_real(evse, "asset"),
               ctl_json_real(evse, "power_sensor"));
    }
    const char *password = ctl_json_text(answer, "password");
    if (password != NULL)
        printf(_("Password for the station, shown this once: %s\n"), password);
    return TRUE;
}

static void
add_text(GVariantBuilder *options, const char *name, const char *text)
{
    if (text != NULL)
        g_variant_builder_add(options, "{sv}", name, g_variant_new_string(text));
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_autofree char *instance = NULL, *name = NULL, *power = NULL, *safe = NULL, *current = NULL;
    gint64 site = 0;
    int evses = 0, phases = 0;
    const GOptionEntry entries[] = {
        { "instance",
          0,
          0,
          G_OPTION_ARG_STRING,
          &instance,
          N_("Adapter that it comes in by, for one that has not knocked yet"),
          N_("NAME") },
        { "site", 0, 0, G_OPTION_ARG_INT64, &site, N_("Asset of its site"), N_("ID") },
        { "name", 0, 0, G_OPTION_ARG_STRING, &name, N_("Name of its asset"), N_("NAME") },
        { "evses", 0, 0, G_OPTION_ARG_INT, &evses, N_("Number of EVSEs"), N_("N") },
        { "power-max",
          0,
          0,
          G_OPTION_ARG_STRING,
          &power,
          N_("Most power of each EVSE"),
          N_("POWER") },
        { "fail-safe",
          0,
          0,
          G_OPTION_ARG_STRING,
          &safe,
          N_("Power that each EVSE allows itself without a plan"),
          N_("POWER") },
        { "phases", 0, 0, G_OPTION_ARG_INT, &phases, N_("Wired phases, 1 or 3"), N_("N") },
        { "max-current",
          0,
          0,
          G_OPTION_ARG_STRING,
          &current,
          N_("Most current of each phase"),
          N_("CURRENT") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_approve, entries, 1, 1, &argc, &argv, &options))
        return 2;
    GVariantBuilder how;
    g_variant_builder_init(&how, G_VARIANT_TYPE_VARDICT);
    add_text(&how, "instance", instance);
    add_text(&how, "name", name);
    add_text(&how, "power-max", power);
    add_text(&how, "fail-safe", safe);
    add_text(&how, "max-current", current);
    if (site != 0)
        g_variant_builder_add(&how, "{sv}", "site", g_variant_new_int64(site));
    if (evses > 0)
        g_variant_builder_add(&how, "{sv}", "evses", g_variant_new_uint32((guint32)evses));
    if (phases > 0)
        g_variant_builder_add(&how, "{sv}", "phases", g_variant_new_uint32((guint32)phases));
    return ctl_run(
        &ctl_verb_approve, &options, "Approve", g_variant_new("(sa{sv})", argv[1], &how), show);
}

const CtlVerb ctl_verb_approve = {
    "approve",
    N_("IDENTITY"),
    N_("Lets a station in and shows its password once"),
    "  cariflexctl approve CP011\n"
    "  cariflexctl approve CP011 --power-max \"11 kW\" --fail-safe \"4.1 kW\" --phases 3",
    run,
};
