/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>

static void
print_station(JsonObject *station)
{
    JsonArray *list = ctl_json_list(station, "differences");
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonObject *difference = json_array_get_object_element(list, i);
        const char *what = ctl_json_real(difference, "mended") > 0     ? _("mended")
                           : ctl_json_real(difference, "mendable") > 0 ? _("can be mended")
                                                                       : _("for you to decide");
        printf("%s (%s)\n", ctl_json_text(difference, "text"), what);
    }
}

static gboolean
show(const char *json, GError **error)
{
    guint silent = 0;
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    JsonArray *stations = ctl_json_list(answer, "stations");
    guint n = stations != NULL ? json_array_get_length(stations) : 0;
    for (guint i = 0; i < n; i++) {
        JsonObject *station = json_array_get_object_element(stations, i);
        double reported = ctl_json_real(station, "reported_evses");
        silent += reported != reported;
        print_station(station);
    }
    if (silent > 0)
        printf(_("%u of %u stations have not said yet what they are\n"), silent, n);
    double differences = ctl_json_real(answer, "differences");
    double left = differences - ctl_json_real(answer, "mended");
    if (differences == 0)
        printf("%s\n", _("the register and the stations agree"));
    else if (left > 0)
        printf("%s\n", _("\"cariflexctl sync --mend\" mends what can be"));
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    gboolean mend = FALSE;
    const GOptionEntry entries[] = {
        { "mend",
          0,
          0,
          G_OPTION_ARG_NONE,
          &mend,
          N_("Add EVSEs that are missing, lower powers that are too high; nothing is removed"),
          NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_sync, entries, 0, 0, &argc, &argv, &options))
        return 2;
    return ctl_run(&ctl_verb_sync, &options, "Sync", g_variant_new("(b)", mend), show);
}

const CtlVerb ctl_verb_sync = {
    "sync",
    "",
    N_("Compares the register with what the stations report: count and power"),
    "  cariflexctl sync\n"
    "  cariflexctl sync --mend",
    run,
};
