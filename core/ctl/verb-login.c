/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-json.h"
#include "ctl-options.h"

#include <glib/gi18n-lib.h>
#include <kit/cfx-time.h>
#include <stdio.h>
#include <string.h>

/* port of "http://127.0.0.1:8060/ui/#token=…"; 0: not on this machine's loopback */
static int
loopback_port(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;
    g_autoptr(GInetAddress) address = host != NULL ? g_inet_address_new_from_string(host) : NULL;
    if (address == NULL || !g_inet_address_get_is_loopback(address))
        return 0;
    return g_uri_get_port(uri);
}

/* Over SSH the browser is on another machine: how it gets here. SSH_CONNECTION is "client port
 * server port". */
static void
show_tunnel(int port)
{
    const char *connection = g_getenv("SSH_CONNECTION");
    if (connection == NULL || port <= 0)
        return;
    g_auto(GStrv) words = g_strsplit(connection, " ", 5);
    const char *server = g_strv_length(words) == 4 ? words[2] : g_get_host_name();
    printf(_("\nYou are here over SSH. On your own machine run this first, then open the link "
             "there:\n  ssh -L %d:localhost:%d %s@%s\n"),
           port,
           port,
           g_get_user_name(),
           server);
}

static gboolean
show(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    JsonArray *links = ctl_json_list(answer, "links");
    int port = 0;
    printf(_("Open this once to sign in:\n"));
    for (guint i = 0; links != NULL && i < json_array_get_length(links); i++) {
        JsonObject *link = json_array_get_object_element(links, i);
        const char *url = ctl_json_text(link, "url");
        printf("  %s\n", url);
        if (port == 0)
            port = loopback_port(url);
    }
    show_tunnel(port);
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_autofree char *role = NULL, *lifetime = NULL;
    g_autoptr(GError) error = NULL;
    gint64 us = 10 * CFX_TIME_MINUTE;
    const GOptionEntry entries[] = {
        { "role",
          0,
          0,
          G_OPTION_ARG_STRING,
          &role,
          N_("viewer, operator or admin (default: viewer)"),
          N_("ROLE") },
        { "for",
          0,
          0,
          G_OPTION_ARG_STRING,
          &lifetime,
          N_("How long the link can be opened (default: 10min)"),
          N_("DURATION") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_login, entries, 0, 0, &argc, &argv, &options))
        return 2;
    if (lifetime != NULL && !cfx_duration_parse_us(lifetime, -1, &us)) {
        g_set_error(&error,
                    G_OPTION_ERROR,
                    G_OPTION_ERROR_BAD_VALUE,
                    _("--for: \"%s\" is no time as 10min or 1h"),
                    lifetime);
        ctl_fail(&ctl_verb_login, error);
        return 2;
    }
    return ctl_run(&ctl_verb_login,
                   &options,
                   "SignInLink",
                   g_variant_new("(sx)", role != NULL ? role : "viewer", us / CFX_TIME_SECOND),
                   show);
}

const CtlVerb ctl_verb_login = {
    "login",
    "",
    N_("Makes a link that signs in at the page, once"),
    "  cariflexctl login\n"
    "  cariflexctl login --role operator --for 1h",
    run,
};
