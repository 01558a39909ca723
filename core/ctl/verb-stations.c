/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>

static const CtlColumn unknown[] = {
    { N_("IDENTITY"), "identity", CTL_TEXT }, { N_("AT"), "instance", CTL_TEXT },
    { N_("VENDOR"), "vendor", CTL_TEXT },     { N_("MODEL"), "model", CTL_TEXT },
    { N_("SERIAL"), "serial", CTL_TEXT },     { N_("EVSES"), "evses", CTL_NUMBER },
    { N_("FROM"), "peer", CTL_TEXT },         { N_("LAST SEEN"), "last", CTL_TIME },
    { N_("TIMES"), "count", CTL_NUMBER },     { NULL, NULL, CTL_TEXT },
};

/* a line for each EVSE of each station */
static void
show_known(JsonArray *stations)
{
    guint n = stations != NULL ? json_array_get_length(stations) : 0;
    if (n == 0)
        printf("%s\n", _("no stations"));
    for (guint i = 0; i < n; i++) {
        JsonObject *station = json_array_get_object_element(stations, i);
        JsonArray *evses = ctl_json_list(station, "evses");
        printf("%s (%s)\n", ctl_json_text(station, "identity"), ctl_json_text(station, "instance"));
        for (guint j = 0; evses != NULL && j < json_array_get_length(evses); j++) {
            JsonObject *evse = json_array_get_object_element(evses, j);
            const char *path = ctl_json_text(evse, "path");
            printf(_("  EVSE %.0f: asset %.0f, %s\n"),
                   ctl_json_real(evse, "unit"),
                   ctl_json_real(evse, "asset"),
                   path != NULL ? path : "");
        }
    }
}

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    JsonArray *knocked = ctl_json_list(answer, "unknown");
    show_known(ctl_json_list(answer, "stations"));
    if (knocked != NULL && json_array_get_length(knocked) > 0) {
        printf("\n%s\n", _("Unknown; \"cariflexctl approve IDENTITY\" lets one in:"));
        ctl_table_print(knocked, unknown, "");
    }
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    if (!ctl_options_parse(&ctl_verb_stations, NULL, 0, 0, &argc, &argv, &options))
        return 2;
    return ctl_run(&ctl_verb_stations, &options, "Stations", NULL, show);
}

const CtlVerb ctl_verb_stations = {
    "stations",
    "",
    N_("Lists charging stations, and unknown ones that have knocked"),
    "  cariflexctl stations",
    run,
};
