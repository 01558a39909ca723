/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>

static const CtlColumn columns[] = {
    { N_("ID"), "id", CTL_NUMBER },
    { N_("NAME"), "name", CTL_TEXT },
    { N_("ASSET"), "path", CTL_TEXT },
    { N_("UNIT"), "unit", CTL_TEXT },
    { N_("RESOLUTION"), "resolution", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    ctl_table_print(ctl_json_list(answer, "sensors"), columns, _("no sensors"));
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    if (!ctl_options_parse(&ctl_verb_sensors, NULL, 0, 0, &argc, &argv, &options))
        return 2;
    return ctl_run(&ctl_verb_sensors, &options, "Sensors", NULL, show);
}

const CtlVerb ctl_verb_sensors = {
    "sensors",
    "",
    N_("Lists all sensors with unit and resolution"),
    "  cariflexctl sensors\n"
    "  cariflexctl sensors --json",
    run,
};
