/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joins the engine with the store and the register of the same process. */
#include "cfx-engine-private.h"

#include "cfx-register.h"
#include "cfx-store.h"

typedef struct {
    CfxStore *store;
    CfxRegister *reg;
} Wire;

static gboolean
wire_preference(gpointer data, const char *token, CfxEnginePreference *ret)
{
    Wire *wire = data;
    CfxToken known;

    if (!cfx_register_token(wire->reg, token, &known))
        return FALSE;
    *ret = (CfxEnginePreference){ known.need_wh, known.minimum_wh, known.departure_minute };
    return TRUE;
}

static void
wire_knock(gpointer data, CfxInstance *from, const CfxKnock *knock)
{
    Wire *wire = data;

    cfx_register_knock(wire->reg, from->name, knock);
}

static guint64
wire_watch_early(
    gpointer data, const gint64 *sensors, gsize n, CfxBeliefsDone func, gpointer func_data)
{
    Wire *wire = data;

    return cfx_store_watch_early(wire->store, sensors, n, func, func_data);
}

static void
wire_unwatch_early(gpointer data, guint64 watch)
{
    Wire *wire = data;

    cfx_store_unwatch_early(wire->store, watch);
}

static void
wire_early_cause(gpointer data, gint64 *ret_trace, gint64 *ret_received_us)
{
    Wire *wire = data;

    cfx_store_early_cause(wire->store, ret_trace, ret_received_us);
}

CfxEngine *
cfx_engine_new(CfxInstance *host_self, CfxStore *store, CfxRegister *reg)
{
    Wire *wire = g_new0(Wire, 1);
    CfxEnginePorts ports = {
        .data = wire,
        .free = g_free,
        .preference = wire_preference,
        .knock = wire_knock,
        .watch_early = wire_watch_early,
        .unwatch_early = wire_unwatch_early,
        .early_cause = wire_early_cause,
    };

    wire->store = store;
    wire->reg = reg;
    return cfx_engine_new_with(host_self, &ports);
}
