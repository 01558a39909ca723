/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devices say of themselves, for the comparison with the register. */
#include "cfx-engine-private.h"
#include "cfx-register.h"

/* CfxSyncReport of each device that has reported. (transfer full) */
GArray *
cfx_engine_reported(CfxEngine *self)
{
    GArray *reports = g_array_new(FALSE, FALSE, sizeof(CfxSyncReport));
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxSite *site = value;
        for (guint k = 0; k < site->devices->len; k++) {
            const CfxEngineDevice *device = g_ptr_array_index(site->devices, k);
            /* with a car its power is the lower of both */
            gboolean is_alone = !cfx_engine_device_is(device, CFX_DEVICE_PLUGGED);
            CfxSyncReport report = { device->asset,
                                     device->state.evses,
                                     is_alone ? device->state.power_max_w : NAN };
            if (device->reported_us != 0)
                g_array_append_val(reports, report);
        }
    }
    return reports;
}
