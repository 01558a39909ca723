/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cfx-guard.h"

#include "apply/cfx-apply.h"
#include "cfx-unit.h"

#define SAME_W 1.0

/* beyond the end it goes on as it was */
static void
go_on(CfxCurve *clipped, const CfxCurve *as, gint64 until_us)
{
    cfx_curve_append(clipped, until_us, cfx_apply_value_at(as, until_us));
    for (gint64 us = cfx_curve_next(as, until_us); us != CFX_TIME_MAX; us = cfx_curve_next(as, us))
        cfx_curve_append(clipped, us, cfx_curve_at(as, us));
}

/* what a curve asks for: no number asks for nothing, and what has no end for all there is */
static double
asked_w(const CfxCurve *curve, gint64 us, double room_w)
{
    double w = cfx_power_permitted(cfx_apply_value_at(curve, us));

    return isinf(w) ? room_w : w;
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
        /* a room that is no number permits nothing */
        double room_w = cfx_power_permitted(cfx_curve_at(room, us));
        double sum_w = 0;
        gint64 next_us = cfx_curve_next(room, us);
        for (gsize i = 0; i < n; i++) {
            sum_w += asked_w(&curves[i], us, room_w);
            next_us = MIN(next_us, cfx_curve_next(&curves[i], us));
        }
        double share = sum_w > room_w + SAME_W ? room_w / sum_w : 1;
        for (gsize i = 0; i < n; i++) {
            double before_w = cfx_power_permitted(cfx_apply_value_at(&curves[i], us));
            double after_w = asked_w(&curves[i], us, room_w) * share;
            if (share < 1 && after_w < least_w[i])
                after_w = 0;
            is_cut[i] = is_cut[i] || before_w - after_w > SAME_W;
            cfx_curve_append(&clipped[i], us, after_w);
        }
        us = next_us;
    }
    for (gsize i = 0; i < n; i++) {
        if (is_cut[i]) {
            go_on(&clipped[i], &curves[i], until_us);
            cfx_curve_copy(&curves[i], &clipped[i]);
            n_cut++;
        }
        if (cut != NULL)
            cut[i] = is_cut[i];
        cfx_curve_clear(&clipped[i]);
    }
    return n_cut;
}

void
cfx_clip_fall_back(const CfxCurve *power,
                   CfxCurve *fall_back,
                   gsize n,
                   const CfxCurve *room,
                   gint64 now_us,
                   gint64 until_us)
{
    g_autofree CfxCurve *clipped = g_new0(CfxCurve, n + 1);

    for (gint64 us = now_us, next_us; us < until_us; us = next_us) {
        double left_w = cfx_power_permitted(cfx_curve_at(room, us));
        next_us = MIN(cfx_curve_next(room, us), until_us);
        for (gsize i = 0; i < n; i++) {
            left_w -= cfx_power_permitted(cfx_apply_value_at(&power[i], us));
            next_us = MIN(next_us, cfx_curve_next(&power[i], us));
            next_us = MIN(next_us, cfx_curve_next(&fall_back[i], us));
        }
        for (gsize i = 0; i < n; i++) {
            double power_w = cfx_power_permitted(cfx_apply_value_at(&power[i], us));
            double wanted_w = cfx_power_permitted(cfx_apply_value_at(&fall_back[i], us));
            double more_w = MAX(wanted_w - power_w, 0);
            gboolean fits = more_w == 0 || more_w <= left_w + SAME_W;
            cfx_curve_append(&clipped[i], us, fits ? wanted_w : 0);
            left_w -= fits ? more_w : 0;
        }
    }
    for (gsize i = 0; i < n; i++) {
        if (clipped[i].n > 0) {
            go_on(&clipped[i], &fall_back[i], until_us);
            cfx_curve_copy(&fall_back[i], &clipped[i]);
        }
        cfx_curve_clear(&clipped[i]);
    }
}
