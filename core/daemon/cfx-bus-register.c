/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-bus-methods.h"
#include "cfx-register.h"

#include <kit/cfx-quantity.h>
#include <math.h>
#include <string.h>

static void
text_done(gpointer data, const char *json, const GError *error)
{
    if (error != NULL)
        cfx_bus_fail(data, error);
    else
        cfx_bus_reply(data, g_strdup(json));
}

static void
import(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    const char *document, *name, *text;
    g_autoptr(GVariantIter) iter = NULL;
    g_autoptr(GArray) secrets = g_array_new(TRUE, FALSE, sizeof(CfxPair));
    g_variant_get(arguments, "(&sa{ss})", &document, &iter);
    while (g_variant_iter_next(iter, "{&s&s}", &name, &text)) {
        CfxPair pair = { name, text };
        g_array_append_val(secrets, pair);
    }
    cfx_register_import(data,
                        document,
                        strlen(document),
                        (const CfxPair *)(gpointer)secrets->data,
                        text_done,
                        call);
}

static void
stations(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    cfx_bus_reply(call, cfx_register_stations_json(data));
}

static void
sensors(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    cfx_bus_reply(call, cfx_register_sensors_json(data));
}

static void
assets(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    cfx_bus_reply(call, cfx_register_assets_json(data));
}

static gboolean
read_quantity(const char *name, GVariant *value, const char *unit, double *to, GError **error)
{
    if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "%s: must be a text", name);
        return FALSE;
    }
    g_autoptr(GError) local = NULL;
    if (cfx_quantity_in(g_variant_get_string(value, NULL), -1, unit, to, &local))
        return TRUE;
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "%s: %s", name, local->message);
    return FALSE;
}

static gboolean
read_how(
    const char *name, GVariant *value, CfxApproveHow *how, const char **instance, GError **error)
{
    if (strcmp(name, "power-max") == 0)
        return read_quantity(name, value, "W", &how->power_max_w, error);
    if (strcmp(name, "fail-safe") == 0)
        return read_quantity(name, value, "W", &how->fail_safe_w, error);
    if (strcmp(name, "max-current") == 0)
        return read_quantity(name, value, "A", &how->max_current_a, error);
    if (strcmp(name, "instance") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
        *instance = g_variant_get_string(value, NULL);
    else if (strcmp(name, "name") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
        how->name = g_variant_get_string(value, NULL);
    else if (strcmp(name, "site") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_INT64))
        how->site = g_variant_get_int64(value);
    else if (strcmp(name, "evses") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
        how->evses = g_variant_get_uint32(value);
    else if (strcmp(name, "phases") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
        how->phases = g_variant_get_uint32(value);
    else {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "%s: is no option of Approve, or of another type",
                    name);
        return FALSE;
    }
    return TRUE;
}

static void
approve(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    CfxApproveHow how = { .power_max_w = NAN, .fail_safe_w = NAN, .max_current_a = NAN };
    const char *identity, *instance = NULL;
    g_autoptr(GVariant) options = NULL;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(&s@a{sv})", &identity, &options);
    for (gsize i = 0; i < g_variant_n_children(options); i++) {
        const char *name;
        g_autoptr(GVariant) value = NULL;
        /* texts live as long as `options` */
        g_variant_get_child(options, i, "{&sv}", &name, &value);
        if (!read_how(name, value, &how, &instance, &error)) {
            cfx_bus_fail(call, error);
            return;
        }
    }
    cfx_register_approve(data, instance, identity, &how, text_done, call);
}

const CfxBusMethod cfx_bus_register_methods[] = {
    { "Import", import },   { "Stations", stations }, { "Approve", approve },
    { "Sensors", sensors }, { "Assets", assets },     { NULL, NULL },
};
