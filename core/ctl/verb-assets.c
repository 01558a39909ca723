/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>

#define DEPTH_MAX 32

static void
print_asset(JsonObject *asset, guint depth)
{
    const char *name = ctl_json_text(asset, "name"), *type = ctl_json_text(asset, "type");
    double latitude = ctl_json_real(asset, "latitude"),
           longitude = ctl_json_real(asset, "longitude");
    g_autofree char *label =
        g_strdup_printf("%*s%s", (int)(2 * depth), "", name != NULL ? name : "");
    glong missing = 36 - g_utf8_strlen(label, -1);
    printf("%6.0f  %s%*s %-18s",
           ctl_json_real(asset, "id"),
           label,
           (int)MAX(0, missing),
           "",
           type != NULL ? type : "");
    if (latitude == latitude && longitude == longitude)
        printf(" %.4f, %.4f", latitude, longitude);
    printf("\n");
}

/* Children stand below their parent; what has a parent that is not there is printed as a root. */
static void
print_below(JsonArray *assets, double parent, guint depth)
{
    for (guint i = 0; depth < DEPTH_MAX && i < json_array_get_length(assets); i++) {
        JsonObject *asset = json_array_get_object_element(assets, i);
        double above = ctl_json_real(asset, "parent");
        if (above != above)
            above = 0;
        if (above != parent)
            continue;
        print_asset(asset, depth);
        print_below(assets, ctl_json_real(asset, "id"), depth + 1);
    }
}

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    JsonArray *assets = ctl_json_list(answer, "assets");
    if (assets == NULL || json_array_get_length(assets) == 0)
        printf("%s\n", _("no assets; bring a site in with \"cariflexctl import FILE\""));
    else
        print_below(assets, 0, 0);
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    if (!ctl_options_parse(&ctl_verb_assets, NULL, 0, 0, &argc, &argv, &options))
        return 2;
    return ctl_run(&ctl_verb_assets, &options, "Assets", NULL, show);
}

const CtlVerb ctl_verb_assets = {
    "assets",
    "",
    N_("Shows the tree of assets: sites, stations, EVSEs, meters"),
    "  cariflexctl assets\n"
    "  cariflexctl assets --json",
    run,
};
