/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingest/cfx-ingest.h"

#include "cfx-outbox.h"

#include <kit/cfx-time.h>

/* readings of a register that are further apart say nothing of what was between them */
#define REACH (45 * CFX_MINUTE)

double
cfx_meter_mean_w(CfxSite *site, gint64 start_us, gint64 end_us)
{
    CfxTimeline *import = cfx_ingest_timeline(site, site->flex->import_register);
    CfxTimeline *export = cfx_ingest_timeline(site, site->flex->export_register);
    if (import == NULL || end_us <= start_us)
        return NAN;

    double wh = cfx_timeline_register(import, end_us, REACH) -
                cfx_timeline_register(import, start_us, REACH);
    if (export != NULL)
        wh -= cfx_timeline_register(export, end_us, REACH) -
              cfx_timeline_register(export, start_us, REACH);
    return wh * (double)CFX_HOUR / (double)(end_us - start_us);
}

void
cfx_meter_slots(CfxSite *site)
{
    CfxTimeline *power = cfx_ingest_timeline(site, site->flex->site_power);
    CfxTimeline *import = cfx_ingest_timeline(site, site->flex->import_register);
    if (power == NULL || import == NULL)
        return;

    gsize n;
    const CfxTimelineItem *items = cfx_timeline_items(import, &n);
    if (n == 0)
        return;
    gint64 last_us = cfx_time_floor(items[n - 1].start_us, CFX_SLOT);
    gint64 slot_us = MAX(site->meter_slot_us, cfx_time_floor(items[0].start_us, CFX_SLOT));

    for (; slot_us + CFX_SLOT <= last_us; slot_us += CFX_SLOT) {
        double mean_w = cfx_meter_mean_w(site, slot_us, slot_us + CFX_SLOT);
        if (isfinite(mean_w) && !isfinite(cfx_timeline_best(power, slot_us))) {
            cfx_outbox_belief(site->engine, power->sensor, 0, slot_us, mean_w);
            cfx_timeline_add(power, slot_us, 0, cfx_now_site(site->engine->host), mean_w);
        }
        /* the export register may still be on its way */
        if (isfinite(mean_w) || last_us - slot_us > REACH)
            site->meter_slot_us = slot_us + CFX_SLOT;
        else
            break;
    }
}

double
cfx_meter_base_w(CfxSite *site, gint64 slot_us)
{
    CfxTimeline *power = cfx_ingest_timeline(site, site->flex->site_power);
    if (power == NULL)
        return NAN;

    double base_w = cfx_timeline_best(power, slot_us);
    for (guint i = 0; i < site->devices->len && isfinite(base_w); i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        CfxTimeline *own = cfx_ingest_timeline(site, device->flex.power_sensor);
        double own_w = own != NULL ? cfx_timeline_best(own, slot_us) : NAN;
        if (isfinite(own_w))
            base_w -= own_w;
    }
    return base_w;
}

/* the register's value at an edge between two readings */
static double
between(gint64 from_us, double from_wh, gint64 to_us, double to_wh, gint64 us)
{
    double share = (double)(us - from_us) / (double)(to_us - from_us);

    return from_wh + share * (to_wh - from_wh);
}

void
cfx_ingest_device(CfxEngineDevice *device, const CfxDevice *before, gboolean is_first)
{
    CfxEngine *engine = device->site->engine;
    const CfxDevice *state = &device->state;
    gint64 at_us = state->at_us;

    if (!isfinite(state->energy_wh) || at_us <= device->register_last_us)
        return;

    gint64 slot_us = device->register_slot_us;
    gboolean goes_on = isfinite(device->register_last_wh) &&
                       state->energy_wh >= device->register_last_wh - 1 &&
                       at_us - device->register_last_us <= 4 * CFX_HOUR;
    CfxTimeline *power = cfx_ingest_timeline(device->site, device->flex.power_sensor);
    for (gint64 edge_us = device->register_slot_us + CFX_SLOT; goes_on && edge_us <= at_us;
         edge_us += CFX_SLOT) {
        double wh = between(
            device->register_last_us, device->register_last_wh, at_us, state->energy_wh, edge_us);
        double mean_w = (wh - device->register_wh) * (double)CFX_HOUR / (double)CFX_SLOT;
        if (power != NULL && device->register_at_us == device->register_slot_us) {
            cfx_outbox_belief(engine, power->sensor, 0, device->register_slot_us, mean_w);
            cfx_timeline_add(power, device->register_slot_us, 0, at_us, mean_w);
        }
        device->register_slot_us = device->register_at_us = edge_us;
        device->register_wh = wh;
    }
    if (!goes_on) {
        /* a slot of which the beginning is not known is not written */
        device->register_slot_us = cfx_time_floor(at_us, CFX_SLOT);
        device->register_at_us = at_us;
        device->register_wh = state->energy_wh;
    }
    device->register_last_us = at_us;
    device->register_last_wh = state->energy_wh;
    /* once a slot, and only where its beginning is known */
    if (device->register_slot_us != slot_us && device->register_at_us == device->register_slot_us)
        cfx_register_write(device);
}
