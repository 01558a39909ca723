/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cfx-guard.h"

#include "apply/cfx-apply.h"
#include "hold/cfx-hold.h"
#include "plan/cfx-plan.h"

/* A limit that falls later than this is the next plan's business: a cut now would only be one more
 * message to each station. */
#define SOON (20 * CFX_MINUTE) /* it looks again at each edge of a slot */

/* Whether a cut of its plan reaches it now; others draw what they may, whatever is desired. */
static gboolean
is_steered(const CfxEngineDevice *device)
{
    return device->has_desired && device->desires_plan && cfx_apply_obeys(device);
}

/* what is left for the steered devices beside what the others may draw */
static void
room_of(CfxSite *site, gint64 now_us, CfxCurve *room)
{
    cfx_apply_room(site, room);
    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        g_auto(CfxCurve) counted = CFX_CURVE_INIT;
        if (is_steered(device))
            continue;
        /* an idle place that has accepted a default counts with that of now */
        if (device->has_desired && device->has_allowed && device->session == NULL &&
            cfx_apply_obeys(device))
            cfx_apply_higher(
                &device->desired_fail_safe, &device->desired_fail_safe, now_us, &counted);
        else
            cfx_apply_counted(device, now_us, &counted);
        for (gsize j = 0; j < counted.n; j++)
            counted.w[j] = -counted.w[j];
        cfx_curve_add(room, &counted);
    }
}

/* what steered devices fall back to when their cars leave */
static void
clip_fall_backs(
    GPtrArray *steered, const CfxCurve *power, const CfxCurve *room, gint64 now_us, gint64 until_us)
{
    guint n = steered->len;
    g_autofree CfxCurve *fall_back = g_new0(CfxCurve, n + 1);

    for (guint i = 0; i < n; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(steered, i);
        cfx_curve_copy(&fall_back[i], &device->desired_fail_safe);
    }
    cfx_clip_fall_back(power, fall_back, n, room, now_us, until_us);
    for (guint i = 0; i < n; i++) {
        CfxEngineDevice *device = g_ptr_array_index(steered, i);
        cfx_curve_copy(&device->desired_fail_safe, &fall_back[i]);
        cfx_curve_clear(&fall_back[i]);
    }
}

/* A site that was steered and must not be any more, because its limit is missing or too low for its
 * fail-safe powers, is not left with the plans that it has: they are cut, and nothing rises. That a
 * process before this one steered it its record tells: only what is sent takes a version. */
static gboolean
is_guarded(const CfxSite *site)
{
    return site->state == CFX_SITE_READY || (site->state == CFX_SITE_REFUSED && site->version > 0);
}

/* a device that has accepted nothing, or of which no one knows how much it may draw */
static gboolean
is_unknown(const CfxEngineDevice *device, const CfxCurve *counted)
{
    for (gsize i = 0; i < counted->n; i++)
        if (!isfinite(counted->w[i]))
            return TRUE;
    return !device->has_allowed;
}

/* Where no plan will come, what a car got by one of a process before this one is taken over: only
 * what is desired of it can be cut. What is not known is no permission: whatever plan is left at
 * the station is replaced by its fail-safe power. */
static void
take_over(CfxSite *site, gint64 now_us)
{
    for (guint i = 0; i < site->devices->len && site->state == CFX_SITE_REFUSED; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        g_auto(CfxCurve) counted = CFX_CURVE_INIT;
        if (device->session == NULL || device->desires_plan || !cfx_apply_obeys(device))
            continue;
        cfx_apply_counted(device, now_us, &counted);
        if (cfx_apply_is_under(&counted, &device->desired_fail_safe, now_us))
            continue;
        cfx_curve_copy(&device->desired,
                       is_unknown(device, &counted) ? &device->desired_fail_safe : &counted);
        device->desires_plan = TRUE;
    }
}

void
cfx_guard_clip(CfxSite *site, const CfxCause *cause)
{
    const CfxHost *host = site->engine->host;
    gint64 now_us = cfx_now_site(host);
    guint n = 0;
    g_autofree CfxCurve *curves = g_new0(CfxCurve, site->devices->len + 1);
    g_autofree double *least_w = g_new0(double, site->devices->len + 1);
    g_autofree gboolean *cut = g_new0(gboolean, site->devices->len + 1);
    g_autoptr(GPtrArray) steered = g_ptr_array_new();
    g_auto(CfxCurve) room = CFX_CURVE_INIT;

    if (!is_guarded(site))
        return;
    cfx_plan_fail_safe(site, cause);
    take_over(site, now_us);
    room_of(site, now_us, &room);
    for (guint i = 0; i < site->devices->len; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (!is_steered(device))
            continue;
        cfx_curve_copy(&curves[n], &device->desired);
        least_w[n++] = cfx_engine_device_least_w(device);
        g_ptr_array_add(steered, device);
    }

    g_autofree gboolean *held = g_new0(gboolean, n + 1);
    guint n_cut = 0;
    cfx_hold_clip(site, steered, curves, least_w, now_us, now_us + SOON, held);
    cfx_clip_curves(curves, least_w, n, &room, now_us, now_us + SOON, cut);
    clip_fall_backs(steered, curves, &room, now_us, now_us + SOON);
    for (guint i = 0; i < n; i++) {
        CfxEngineDevice *device = g_ptr_array_index(steered, i);
        if (cut[i] || held[i]) {
            n_cut++;
            cfx_curve_copy(&device->desired, &curves[i]);
            device->is_urgent = TRUE;
            device->desired_cause = *cause;
            if (device->desired_cause.trace == 0)
                device->desired_cause.trace = cfx_engine_next_trace(site->engine);
            device->desired_solved_us = 0;
        }
        cfx_curve_clear(&curves[i]);
    }
    if (n_cut > 0)
        cfx_log(host,
                CFX_LOG_INFO,
                "site %s: the limit fell: %u devices cut at once",
                site->name,
                n_cut);
    cfx_apply_pump_now(site);
}
