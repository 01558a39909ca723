/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds of operators over the bus. What is answered is stored. */
#include "cfx-bus-methods.h"
#include "cfx-bus-options.h"
#include "cfx-engine.h"

#include <string.h>

/* "root", or "root for alice" where a person says so (transfer full) */
static char *
who(const CfxBusCall *call, GVariant *options)
{
    g_autofree char *caller = cfx_bus_caller(call);
    const char *behalf = NULL;

    g_variant_lookup(options, "behalf", "&s", &behalf);
    if (behalf == NULL || *behalf == '\0' || strcmp(behalf, caller) == 0)
        return g_steal_pointer(&caller);
    return g_strdup_printf("%s for %.64s", caller, behalf);
}

static void
hold_set(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    static const CfxBusOption known[] = {
        { "for", "s" }, { "until", "s" }, { "reason", "s" }, { "behalf", "s" }, { NULL, NULL }
    };
    g_autoptr(GVariant) options = NULL;
    g_autoptr(GError) error = NULL;
    CfxHoldAsk ask = { 0 };
    char *json = NULL;

    g_variant_get(arguments, "(&s&s@a{sv})", &ask.where, &ask.max, &options);
    g_autofree char *by = who(call, options);
    ask.by = by;
    g_variant_lookup(options, "for", "&s", &ask.length);
    g_variant_lookup(options, "until", "&s", &ask.until);
    g_variant_lookup(options, "reason", "&s", &ask.reason);
    if (cfx_bus_options_check(options, "HoldSet", known, &error))
        json = cfx_engine_hold_set(data, &ask, &error);
    if (json != NULL)
        cfx_bus_reply_when_stored(data, call, json);
    else
        cfx_bus_fail(call, error);
}

static void
holds(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    cfx_bus_reply(call, cfx_engine_holds_json(data));
}

static void
hold_end(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    static const CfxBusOption known[] = { { "behalf", "s" }, { NULL, NULL } };
    g_autoptr(GVariant) options = NULL;
    g_autoptr(GError) error = NULL;
    gint64 id;

    g_variant_get(arguments, "(x@a{sv})", &id, &options);
    g_autofree char *by = who(call, options);
    if (cfx_bus_options_check(options, "HoldEnd", known, &error) &&
        cfx_engine_hold_end(data, id, by, &error))
        cfx_bus_reply_when_stored(data, call, NULL);
    else
        cfx_bus_fail(call, error);
}

const CfxBusMethod cfx_bus_hold_methods[] = {
    { "HoldSet", hold_set },
    { "Holds", holds },
    { "HoldEnd", hold_end },
    { NULL, NULL },
};
