/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sites and their plans as objects on the bus. */
#include "cfx-bus-methods.h"
#include "cfx-engine-view.h"

/* --- the plan in force ---------------------------------------------------------------------- */

static gboolean
plan_read(gpointer data, gint64 key, gpointer view)
{
    return cfx_engine_view_plan(data, key, view);
}

static void
plan_get(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call)
{
    g_autoptr(GError) error = NULL;
    char *json = cfx_engine_plan_json(data, key, &error);
    if (json != NULL)
        cfx_bus_reply(call, json);
    else
        cfx_bus_fail(call, error);
}

static void
planned(gpointer data, const CfxPlan *plan, const GError *error)
{
    if (error != NULL)
        cfx_bus_fail(data, error);
    else
        cfx_bus_reply_tuple(data, g_variant_new("(x)", plan->id));
}

static void
replan(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call)
{
    const CfxPlanAsk ask = {
        .struct_size = sizeof ask, .kind = CFX_PLAN_APPLIED, .site = key, .cause = "asked"
    };
    cfx_engine_ask(data, &ask, planned, call);
}

#define PLAN(name, member)                                                                         \
    {                                                                                              \
        name, G_STRUCT_OFFSET(CfxPlanView, member)                                                 \
    }
static const CfxBusProperty plan_properties[] = {
    PLAN("Number", plan),        PLAN("Version", version),
    PLAN("Made", made_us),       PLAN("Start", start_us),
    PLAN("End", end_us),         PLAN("Scheduler", scheduler),
    PLAN("Cause", cause),        PLAN("Cost", cost),
    PLAN("Bound", bound),        PLAN("Gap", gap),
    PLAN("Breach", breach_wh),   PLAN("Shortfall", shortfall_wh),
    PLAN("SolveTime", solve_us), { NULL, 0 },
};
static const CfxBusObjectMethod plan_methods[] = {
    { "Get", plan_get },
    { "Replan", replan },
    { NULL, NULL },
};
static const CfxBusInterface plan = {
    "Plan", plan_properties, sizeof(CfxPlanView), plan_read, plan_methods
};

/* --- the site ------------------------------------------------------------------------------- */

static gboolean
site_read(gpointer data, gint64 key, gpointer view)
{
    return cfx_engine_view_site(data, key, view);
}

static void
site_list(gpointer data, GArray *keys)
{
    cfx_engine_list_sites(data, keys);
}

#define SITE(name, member)                                                                         \
    {                                                                                              \
        name, G_STRUCT_OFFSET(CfxSiteView, member)                                                 \
    }
static const CfxBusProperty site_properties[] = {
    SITE("Asset", asset),
    SITE("Name", name),
    SITE("State", state),
    SITE("Problem", problem),
    SITE("Zone", zone),
    SITE("Currency", currency),
    SITE("Power", power_w),
    SITE("Limit", limit_w),
    SITE("Contract", contract_w),
    SITE("Signal", signal_percent),
    SITE("Price", price),
    SITE("PriceAssumed", price_is_assumed),
    SITE("Devices", n_devices),
    SITE("Sessions", n_sessions),
    { NULL, 0 },
};
static const CfxBusObjectMethod site_methods[] = {
    { "Hold", cfx_bus_hold_object },
    { "ReleaseHold", cfx_bus_release_object },
    { NULL, NULL },
};
static const CfxBusInterface site = {
    "Site", site_properties, sizeof(CfxSiteView), site_read, site_methods
};
static const CfxBusInterface *const interfaces[] = { &site, &plan, NULL };
const CfxBusKind cfx_bus_sites = { "site", interfaces, site_list, NULL };
