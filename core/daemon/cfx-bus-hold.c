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

/* ask: on what and how much */
static void
set(CfxEngine *engine, CfxHoldAsk *ask, GVariant *options, const char *method, CfxBusCall *call)
{
    static const CfxBusOption known[] = {
        { "for", "s" }, { "until", "s" }, { "reason", "s" }, { "behalf", "s" }, { NULL, NULL }
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *by = who(call, options);
    char *json = NULL;

    ask->by = by;
    g_variant_lookup(options, "for", "&s", &ask->length);
    g_variant_lookup(options, "until", "&s", &ask->until);
    g_variant_lookup(options, "reason", "&s", &ask->reason);
    if (cfx_bus_options_check(options, method, known, &error))
        json = cfx_engine_hold_set(engine, ask, &error);
    if (json != NULL)
        cfx_bus_reply_when_stored(engine, call, json);
    else
        cfx_bus_fail(call, error);
}

/* asset: 0: a hold of whatever */
static void
end(CfxEngine *engine, gint64 asset, GVariant *arguments, const char *method, CfxBusCall *call)
{
    static const CfxBusOption known[] = { { "behalf", "s" }, { NULL, NULL } };
    g_autoptr(GVariant) options = NULL;
    g_autoptr(GError) error = NULL;
    gint64 id;

    g_variant_get(arguments, "(x@a{sv})", &id, &options);
    g_autofree char *by = who(call, options);
    if (cfx_bus_options_check(options, method, known, &error) &&
        cfx_engine_hold_end(engine, id, asset, by, &error))
        cfx_bus_reply_when_stored(engine, call, NULL);
    else
        cfx_bus_fail(call, error);
}

/* --- of whatever is named -------------------------------------------------------------------- */

static void
hold_set(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    g_autoptr(GVariant) options = NULL;
    CfxHoldAsk ask = { 0 };

    g_variant_get(arguments, "(&s&s@a{sv})", &ask.where, &ask.max, &options);
    set(data, &ask, options, "HoldSet", call);
}

static void
holds(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    cfx_bus_reply(call, cfx_engine_holds_json(data));
}

static void
hold_end(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    end(data, 0, arguments, "HoldEnd", call);
}

const CfxBusMethod cfx_bus_hold_methods[] = {
    { "HoldSet", hold_set },
    { "Holds", holds },
    { "HoldEnd", hold_end },
    { NULL, NULL },
};

/* --- of the site or the device that is the object -------------------------------------------- */

void
cfx_bus_hold_object(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call)
{
    g_autoptr(GVariant) options = NULL;
    CfxHoldAsk ask = { .asset = key };

    g_variant_get(arguments, "(&s@a{sv})", &ask.max, &options);
    set(data, &ask, options, "Hold", call);
}

void
cfx_bus_release_object(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call)
{
    end(data, key, arguments, "ReleaseHold", call);
}
