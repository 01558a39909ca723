/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A power (or any number) over time, piecewise constant: each value holds from its instant to the
 * next one, the last one for ever. Before the first instant, and in an empty curve, it is NAN:
 * unknown, no permission. Infinities are limits that are not there. A curve belongs to one thread.
 */
#pragma once

#include <cariflex/cfx-types.h>

G_BEGIN_DECLS

typedef struct {
    gsize n, room;
    gint64 *at_us; /* ascending, without repetition */
    double *w;
} CfxCurve;

#define CFX_CURVE_INIT                                                                             \
    {                                                                                              \
        0, 0, NULL, NULL                                                                           \
    }

void cfx_curve_clear(CfxCurve *self); /* frees; it is then empty and may be used again */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CfxCurve, cfx_curve_clear)
void cfx_curve_reset(CfxCurve *self); /* empties and keeps the memory */
void cfx_curve_copy(CfxCurve *self, const CfxCurve *from);

/* Adds a step at the end; an earlier or equal instant than the last replaces from there on. Equal
 * neighbours are merged. */
void cfx_curve_append(CfxCurve *self, gint64 at_us, double w);

double cfx_curve_at(const CfxCurve *self, gint64 us);
/* The instant after @us at which the value next changes; CFX_TIME_MAX: never. */
gint64 cfx_curve_next(const CfxCurve *self, gint64 us);

/* Over [start, end), which is not empty. NAN as soon as a part of it is NAN. */
double cfx_curve_max(const CfxCurve *self, gint64 start_us, gint64 end_us);
double cfx_curve_min(const CfxCurve *self, gint64 start_us, gint64 end_us);
double cfx_curve_mean(const CfxCurve *self, gint64 start_us, gint64 end_us); /* time-weighted */
double cfx_curve_energy_wh(const CfxCurve *self, gint64 start_us, gint64 end_us);

/* Instant by instant; NAN on either side gives NAN (sum) or NAN (the others too). */
void cfx_curve_add(CfxCurve *self, const CfxCurve *other);
void cfx_curve_lower(CfxCurve *self, const CfxCurve *other); /* the lower of both */
void cfx_curve_raise(CfxCurve *self, const CfxCurve *other); /* the higher of both */
/* Forgets what is before @us; the value at @us stays, with the instant @us. */
void cfx_curve_trim(CfxCurve *self, gint64 us);

G_END_DECLS
