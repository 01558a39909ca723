/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table for plugins: who asks for plans and sends commands. */
#include "cfx-engine-private.h"

#include "command/cfx-command.h"
#include "device/cfx-device-table.h"
#include "plan/cfx-plan.h"
#include "plan/cfx-trigger.h"
#include "session/cfx-session.h"

/* --- plans for others ---------------------------------------------------------------------------
 */

static void
ask_add(
    CfxEngine *self, CfxInstance *caller, const CfxPlanAsk *ask, CfxPlanDone done, gpointer data)
{
    CfxSite *site = cfx_engine_site(self, ask->site);
    g_autoptr(GError) error = NULL;

    if (site == NULL)
        error = g_error_new(
            CFX_ERROR, CFX_ERROR_INVALID, "site: %" G_GINT64_FORMAT " is no site", ask->site);
    else if (ask->kind != CFX_PLAN_APPLIED)
        error =
            g_error_new(CFX_ERROR, CFX_ERROR_NOT_SUPPORTED, "kind: advisory plans are not offered");
    else if (ask->start_us != 0 || ask->end_us != 0)
        error = g_error_new(
            CFX_ERROR, CFX_ERROR_INVALID, "start: an applied plan has the site's own horizon");
    else if (site->state != CFX_SITE_READY)
        error = g_error_new(CFX_ERROR,
                            CFX_ERROR_UNAVAILABLE,
                            "site %s is not steered: %s",
                            site->name,
                            site->problem != NULL ? site->problem : "loading");
    CfxAsk *mine = g_new0(CfxAsk, 1);
    *mine = (CfxAsk){ caller, caller != NULL ? caller->generation : 0, ask->site, 0, done, data };
    if (error != NULL) {
        g_autoptr(GPtrArray) asks = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(asks, mine);
        cfx_ask_later(self, asks, NULL, error);
        return;
    }
    CfxCause cause = { .trace = ask->trace, .cause = g_intern_string(ask->cause) };
    if (cause.cause == NULL)
        cause.cause = "asked";
    g_ptr_array_add(site->asks, mine);
    cfx_trigger(site, &cause, FALSE);
}

void
cfx_engine_ask(CfxEngine *self, const CfxPlanAsk *ask, CfxPlanDone done, gpointer data)
{
    ask_add(self, NULL, ask, done, data);
}

static void
api_ask(const CfxHost *host, const CfxPlanAsk *ask, CfxPlanDone done, gpointer data)
{
    CfxPlanAsk mine;
    cfx_struct_copy(&mine, sizeof mine, ask);
    ask_add(cfx_engine_the(), cfx_instance_of(host), &mine, done, data);
}

static void
api_current(const CfxHost *host, gint64 site_id, CfxPlanDone done, gpointer data)
{
    CfxSite *site = cfx_engine_site(cfx_engine_the(), site_id);
    CfxInstance *caller = cfx_instance_of(host);
    g_autoptr(GPtrArray) asks = g_ptr_array_new_with_free_func(g_free);
    CfxAsk *mine = g_new0(CfxAsk, 1);
    g_autoptr(GError) error = NULL;

    *mine = (CfxAsk){ caller, caller->generation, site_id, 0, done, data };
    g_ptr_array_add(asks, mine);
    if (site == NULL || site->plan == NULL)
        error = g_error_new(CFX_ERROR, CFX_ERROR_NOT_FOUND, "there is no plan yet");
    cfx_ask_later(cfx_engine_the(), asks, error == NULL ? &site->plan->view : NULL, error);
}

static guint64
api_watch(const CfxHost *host, gint64 site, CfxPlanDone func, gpointer data)
{
    CfxInstance *caller = cfx_instance_of(host);
    CfxAsk watch = { caller, caller->generation, site, ++cfx_engine_the()->next_watch, func, data };

    g_array_append_val(cfx_engine_the()->plan_watches, watch);
    return watch.handle;
}

static void
api_unwatch(const CfxHost *host, guint64 handle)
{
    GArray *watches = cfx_engine_the()->plan_watches;

    for (guint i = 0; i < watches->len; i++)
        if (g_array_index(watches, CfxAsk, i).handle == handle) {
            g_array_remove_index(watches, i);
            return;
        }
}

/* --- commands ------------------------------------------------------------------------------------
 */

void
cfx_engine_command(CfxEngine *self,
                   guint32 role,
                   const char *where,
                   const char *name,
                   GBytes *args,
                   CfxAnswerDone done,
                   gpointer data)
{
    g_autoptr(GError) error = NULL;
    const CfxEngineDevice *device = cfx_device_find(self, where, &error);

    if (device != NULL)
        cfx_command_send(self, NULL, role, device->asset, name, args, done, data);
    else
        done(data, NULL, error);
}

/* an instance asks for somebody whom it has checked with may(CONTROL): an operator */
static void
api_command(const CfxHost *host,
            gint64 asset,
            const char *name,
            GBytes *args,
            CfxAnswerDone done,
            gpointer data)
{
    cfx_command_send(
        cfx_engine_the(), cfx_instance_of(host), CFX_ROLE_OPERATE, asset, name, args, done, data);
}

static void
api_command_as(const CfxHost *host,
               guint32 role,
               gint64 asset,
               const char *name,
               GBytes *args,
               CfxAnswerDone done,
               gpointer data)
{
    cfx_command_send(
        cfx_engine_the(), cfx_instance_of(host), role, asset, name, args, done, data);
}

static const CfxDeviceApi device_api = {
    .struct_size = sizeof device_api,
    .report = cfx_device_table_report,
    .gone = cfx_device_table_gone,
    .knock = cfx_device_table_knock,
    .applied = cfx_device_table_applied,
    .state = cfx_device_table_state,
    .commands = cfx_command_list,
    .command = api_command,
    .ask = api_ask,
    .current = api_current,
    .watch = api_watch,
    .unwatch = api_unwatch,
    .command_as = api_command_as,
    .session_set = cfx_session_api_set,
};

const CfxDeviceApi *
cfx_engine_device_api(void)
{
    return &device_api;
}
