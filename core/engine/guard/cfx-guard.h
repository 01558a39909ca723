/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What holds right now: the plan in force is valid only as far as today's limits allow. The guard
 * only lowers, needs no solver and waits for nobody. The loop on the site's meter belongs here too.
 */
#pragma once

#include "cfx-engine-private.h"

/*
 * Cuts @curves of @n devices so that their sum stays under @room at each instant from @now_us to
 * @until_us: in proportion, and to nothing what would fall below @least_w of its device.
 * @cut: (nullable) set TRUE for each curve that became another one
 * Returns: how many were cut
 */
guint cfx_clip_curves(CfxCurve *curves,
                      const double *least_w,
                      gsize n,
                      const CfxCurve *room,
                      gint64 now_us,
                      gint64 until_us,
                      gboolean *cut);

/*
 * What @n devices fall back to when their cars leave: @fall_back goes to nothing where the sum of
 * the higher of both curves exceeds @room, the last device first.
 */
void cfx_clip_fall_back(const CfxCurve *power,
                        CfxCurve *fall_back,
                        gsize n,
                        const CfxCurve *room,
                        gint64 now_us,
                        gint64 until_us);

/* Lowers what is desired of the site's devices to what its limit of now leaves, and sends the cuts
 * ahead of everything else. */
void cfx_guard_clip(CfxSite *site, const CfxCause *cause);
