/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds below the site leave to their devices: in the plan, in the cut, in what is sent. */
#include "hold/cfx-hold.h"

#include "apply/cfx-apply.h"
#include "cfx-unit.h"
#include "guard/cfx-guard.h"
#include "plan/cfx-problem.h"

#define SAME_W 1.0

/* indices of the site's devices that a hold covers */
static GArray *
members_of(const CfxSite *site, const CfxHold *hold)
{
    GArray *members = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < site->devices->len; i++)
        if (cfx_hold_covers(site, hold, g_ptr_array_index(site->devices, i)))
            g_array_append_val(members, i);
    return members;
}

/* --- the plan ---------------------------------------------------------------------------------
 */

/* one slot of one hold */
static void
share(const CfxSite *site,
      const GArray *members,
      double left_w,
      guint n_slots,
      guint slot,
      double *fail_safe_w,
      double *cap_w)
{
    guint n_cars = 0;

    for (guint k = 0; k < members->len; k++) {
        guint i = g_array_index(members, guint, k);
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        double *cap = &cap_w[(gsize)i * n_slots + slot];
        double least_w = cfx_engine_device_least_w(device);
        if (!cfx_problem_is_planned(device))
            continue;
        if (*cap < least_w || left_w < least_w) {
            *cap = 0;
            continue;
        }
        left_w -= least_w;
        n_cars++;
    }
    for (guint k = 0; k < members->len; k++) {
        guint i = g_array_index(members, guint, k);
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        double *fail_safe = &fail_safe_w[(gsize)i * n_slots + slot];
        if (cfx_problem_is_planned(device))
            continue;
        *fail_safe = *fail_safe <= left_w ? *fail_safe : 0;
        left_w -= *fail_safe;
    }
    for (guint k = 0; k < members->len; k++) {
        guint i = g_array_index(members, guint, k);
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        double *cap = &cap_w[(gsize)i * n_slots + slot];
        double *fail_safe = &fail_safe_w[(gsize)i * n_slots + slot];
        double least_w = cfx_engine_device_least_w(device);
        if (!cfx_problem_is_planned(device))
            continue;
        if (*cap > 0)
            *cap = fmin(*cap, least_w + left_w / n_cars);
        /* what it falls back to, and what counts for its place when it has left */
        *fail_safe = *fail_safe <= *cap ? *fail_safe : *cap >= least_w ? fmin(*cap, least_w) : 0;
    }
}

void
cfx_hold_caps(
    const CfxSite *site, const gint64 *edge_us, guint n_slots, double *fail_safe_w, double *cap_w)
{
    for (gsize k = 0; k < (gsize)site->devices->len * n_slots; k++)
        cap_w[k] = INFINITY;
    for (guint h = 0; h < site->holds->len; h++) {
        const CfxHold *hold = g_ptr_array_index(site->holds, h);
        gint64 over_us = cfx_hold_over_us(hold);
        g_autoptr(GArray) members = members_of(site, hold);
        for (guint j = 0; j < n_slots; j++)
            if (edge_us[j] < over_us && edge_us[j + 1] > hold->from_us)
                share(site, members, hold->max_w, n_slots, j, fail_safe_w, cap_w);
    }
}

/* --- the cut ----------------------------------------------------------------------------------
 */

/* the hold's bound, without what members that are not cut may draw */
static void
room_of(const CfxSite *site,
        const CfxHold *hold,
        const GArray *members,
        GPtrArray *devices,
        gint64 now_us,
        CfxCurve *room)
{
    cfx_curve_reset(room);
    cfx_curve_append(room, now_us, hold->max_w);
    for (guint k = 0; k < members->len; k++) {
        const CfxEngineDevice *device =
            g_ptr_array_index(site->devices, g_array_index(members, guint, k));
        g_auto(CfxCurve) counted = CFX_CURVE_INIT;
        if (g_ptr_array_find(devices, device, NULL))
            continue;
        cfx_apply_counted(device, now_us, &counted);
        for (gsize j = 0; j < counted.n; j++)
            counted.w[j] = -counted.w[j];
        cfx_curve_add(room, &counted);
    }
    cfx_curve_append(room, cfx_hold_over_us(hold), INFINITY);
}

void
cfx_hold_clip(CfxSite *site,
              GPtrArray *devices,
              CfxCurve *curves,
              const double *least_w,
              gint64 now_us,
              gint64 until_us,
              gboolean *cut)
{
    for (guint h = 0; h < site->holds->len; h++) {
        const CfxHold *hold = g_ptr_array_index(site->holds, h);
        g_auto(CfxCurve) room = CFX_CURVE_INIT;
        if (!cfx_hold_is_on(hold, now_us))
            continue;
        g_autoptr(GArray) members = members_of(site, hold);
        g_autofree CfxCurve *of_hold = g_new0(CfxCurve, members->len + 1);
        g_autofree double *least_of_w = g_new0(double, members->len + 1);
        g_autofree gboolean *is_cut = g_new0(gboolean, members->len + 1);
        g_autofree guint *at = g_new0(guint, members->len + 1);
        guint n = 0;
        for (guint k = 0; k < members->len; k++) {
            const CfxEngineDevice *device =
                g_ptr_array_index(site->devices, g_array_index(members, guint, k));
            if (!g_ptr_array_find(devices, device, &at[n]))
                continue;
            of_hold[n] = curves[at[n]];
            least_of_w[n] = least_w[at[n]];
            n++;
        }
        room_of(site, hold, members, devices, now_us, &room);
        cfx_clip_curves(
            of_hold, least_of_w, n, &room, now_us, MIN(until_us, cfx_hold_over_us(hold)), is_cut);
        for (guint k = 0; k < n; k++) {
            curves[at[k]] = of_hold[k];
            cut[at[k]] = cut[at[k]] || is_cut[k];
        }
    }
}

/* --- what is sent ------------------------------------------------------------------------------
 */

gboolean
cfx_hold_fits(const CfxSite *site, const CfxCurve *counted, guint i, gint64 us, double wanted_w)
{
    const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);

    for (guint h = 0; h < site->holds->len; h++) {
        const CfxHold *hold = g_ptr_array_index(site->holds, h);
        double sum_w = wanted_w;
        if (!cfx_hold_is_on(hold, us) || !cfx_hold_covers(site, hold, device))
            continue;
        for (guint k = 0; k < site->devices->len; k++)
            if (k != i && cfx_hold_covers(site, hold, g_ptr_array_index(site->devices, k)))
                sum_w += cfx_power_permitted(cfx_curve_at(&counted[k], us));
        if (!(sum_w <= hold->max_w + SAME_W))
            return FALSE;
    }
    return TRUE;
}
