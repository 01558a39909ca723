/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listeners, and what /health and /metrics say. */
#include "cfx-daemon.h"

#include "cfx-web.h"

static gboolean
is_ready(gpointer data, char **ret_json)
{
    CfxDaemon *daemon = data;
    *ret_json = cfx_daemon_status_json(daemon);
    return daemon->is_ready && !daemon->is_stopping;
}

static void
web_start(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    g_autoptr(GError) error = NULL;
    const CfxWebMonitor monitor = { daemon, is_ready, NULL };
    CfxWebAuth auth = { 0 };
    if (daemon->reg != NULL)
        auth = cfx_web_auth_of_register(daemon->reg);
    daemon->web = cfx_web_new(daemon->loop, daemon->reg != NULL ? &auth : NULL);
    cfx_web_set_monitor(daemon->web, &monitor);
    for (guint i = 0; i < daemon->setup->listeners->len && error == NULL; i++) {
        const CfxSetupGroup *group = g_ptr_array_index(daemon->setup->listeners, i);
        cfx_web_listen(daemon->web, group->name, &group->checked->config, &error);
    }
    for (guint i = 0; i < daemon->adapters->len; i++) {
        CfxInstance *instance = g_ptr_array_index(daemon->adapters, i);
        instance->host.web = cfx_web_api();
    }
    done(data, error);
}

static void
web_stop(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    if (daemon->web != NULL)
        cfx_web_stop_listening(daemon->web);
    done(data, NULL);
}

static void
web_release(CfxDaemon *daemon)
{
    g_clear_pointer(&daemon->web, cfx_web_free);
}

const CfxStep cfx_step_web = { "web", web_start, web_stop, web_release };
