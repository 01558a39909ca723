/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>

static const CtlColumn columns[] = {
    { N_("STATION"), "station", CTL_TEXT },
    { N_("ASSET"), "asset", CTL_NUMBER },
    { N_("CONNECTED"), "connected", CTL_FLAG },
    { N_("PLUGGED"), "plugged", CTL_FLAG },
    { N_("STEERABLE"), "steerable", CTL_FLAG },
    { N_("MEASURED kW"), "measured_kw", CTL_REAL3 },
    { N_("DESIRED kW"), "desired_kw", CTL_REAL3 },
    { N_("SENT kW"), "sent_kw", CTL_REAL3 },
    { N_("ALLOWED kW"), "allowed_kw", CTL_REAL3 },
    { N_("INSTALLED"), "installed", CTL_TEXT },
    { N_("WORDS"), "words", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    ctl_table_print(ctl_json_list(answer, "devices"), columns, _("no devices"));
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    if (!ctl_options_parse(&ctl_verb_devices, NULL, 0, 0, &argc, &argv, &options))
        return 2;
    return ctl_run(&ctl_verb_devices, &options, "Devices", NULL, show);
}

const CtlVerb ctl_verb_devices = {
    "devices", "", N_("Shows what devices should do, may do and do"), "  cariflexctl devices", run,
};
