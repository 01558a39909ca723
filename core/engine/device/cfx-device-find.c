/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices as people name them. */
#include "device/cfx-device-table.h"

static gboolean
is_named(const CfxEngine *engine, const CfxEngineDevice *device, const char *where)
{
    const CfxAsset *asset = cfx_model_asset(engine->model, device->asset);
    g_autofree char *by_unit =
        g_strdup_printf("%s/%" G_GINT64_FORMAT, device->identity, device->unit);
    g_autofree char *by_name =
        g_strdup_printf("%s/%s", device->identity, asset != NULL ? asset->name : "");
    g_autofree char *by_asset = g_strdup_printf("%" G_GINT64_FORMAT, device->asset);

    return g_str_equal(where, by_unit) || g_str_equal(where, by_name) ||
           g_str_equal(where, by_asset);
}

CfxEngineDevice *
cfx_device_find(CfxEngine *engine, const char *where, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    CfxEngineDevice *of_station = NULL;
    guint n_of_station = 0;

    g_hash_table_iter_init(&iter, engine->devices);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxEngineDevice *device = value;
        if (is_named(engine, device, where))
            return device;
        if (g_str_equal(where, device->identity)) {
            of_station = device;
            n_of_station++;
        }
    }
    if (n_of_station == 1)
        return of_station;
    if (n_of_station > 1)
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_FOUND,
                    "%s has several EVSEs: name one of them, as in %s/1",
                    where,
                    where);
    else
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_FOUND,
                    "%s: no such station; `cariflexctl stations` lists them",
                    where);
    return NULL;
}
