/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cfx-guard.h"

#include "cfx-unit.h"

#define SAME_W 1.0

static double
value_at(const CfxCurve *curve, gint64 us)
{
    return curve->n > 0 && us < curve->at_us[0] ? curve->w[0] : cfx_curve_at(curve, us);
}

guint
cfx_clip_curves(CfxCurve *curves,
                const double *least_w,
                gsize n,
                const CfxCurve *room,
                gint64 now_us,
                gint64 until_us,
                gboolean *cut)
{
    g_autofree CfxCurve *clipped = g_new0(CfxCurve, n + 1);
    g_autofree gboolean *is_cut = g_new0(gboolean, n + 1);
    guint n_cut = 0;

    for (gint64 us = now_us; us < until_us;) {
        double sum_w = 0;
        gint64 next_us = cfx_curve_next(room, us);
        for (gsize i = 0; i < n; i++) {
            sum_w += cfx_power_permitted(value_at(&curves[i], us));
            next_us = MIN(next_us, cfx_curve_next(&curves[i], us));
        }
        /* a room that is no number permits nothing */
        double room_w = cfx_power_permitted(cfx_curve_at(room, us));
        double share = sum_w > room_w + SAME_W ? room_w / sum_w : 1;
        for (gsize i = 0; i < n; i++) {
            double before_w = cfx_power_permitted(value_at(&curves[i], us));
            double after_w = before_w * share;
            if (share < 1 && after_w < least_w[i])
                after_w = 0;
            is_cut[i] = is_cut[i] || before_w - after_w > SAME_W;
            cfx_curve_append(&clipped[i], us, after_w);
        }
        us = next_us;
    }
    for (gsize i = 0; i < n; i++) {
        if (is_cut[i]) {
            /* beyond the end it goes on as it was */
            double rest_w = value_at(&curves[i], until_us);
            cfx_curve_append(&clipped[i], until_us, rest_w);
            for (gint64 us = cfx_curve_next(&curves[i], until_us); us != CFX_TIME_MAX;
                 us = cfx_curve_next(&curves[i], us))
                cfx_curve_append(&clipped[i], us, cfx_curve_at(&curves[i], us));
            cfx_curve_copy(&curves[i], &clipped[i]);
            n_cut++;
        }
        if (cut != NULL)
            cut[i] = is_cut[i];
        cfx_curve_clear(&clipped[i]);
    }
    return n_cut;
}
