/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data table.
 */
#include "cfx-store-private.h"

static void
api_latest(const CfxHost *host, const gint64 *sensors, gsize n, double *value, gint64 *start_us)
{
    CfxStore *self = cfx_store_default();
    const CfxModel *model = cfx_store_model_ref(self);

    cfx_latest_get(
        self->latest, sensors, n, cfx_clock_now(self->clock, CFX_CLOCK_SITE), value, start_us);
    for (gsize i = 0; value != NULL && i < n; i++)
        value[i] *= cfx_store_scale(model, sensors[i]);
    cfx_store_model_unref(model);
}

static const CfxDataApi api = {
    .struct_size = sizeof(api),
    .commit = cfx_store_commit,
    .read_beliefs = cfx_store_read_beliefs,
    .read_series = cfx_store_read_series,
    .read_records = cfx_store_read_records,
    .read_notices = cfx_store_read_notices,
    .latest = api_latest,
    .watch_notices = cfx_store_watch_notices,
    .watch_beliefs = cfx_store_watch_beliefs,
    .unwatch = cfx_store_unwatch,
};

const CfxDataApi *
cfx_store_api(void)
{
    return &api;
}
