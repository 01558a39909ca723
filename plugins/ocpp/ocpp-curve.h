/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Power over time in steps: what a device should draw, was sent, may draw. Each step's value holds
 * from its instant to the next one's, the last one's for ever; before the first there is none.
 */
#pragma once

#include <cariflex/cfx-types.h>

G_BEGIN_DECLS

typedef struct {
    gint64 at_us;
    double w;
} OcppStep;

typedef struct {
    gsize n;
    OcppStep steps[];
} OcppCurve;

/* @steps: ascending; copied. Returns: (transfer full), end with g_free() */
OcppCurve *ocpp_curve_new(const OcppStep *steps, gsize n);
OcppCurve *ocpp_curve_copy(const OcppCurve *self); /* NULL: NULL */

/* Value at an instant, NAN before the first step. */
double ocpp_curve_at(const OcppCurve *self, gint64 at_us);

/* The higher one at each instant, from @from_us on. Returns: (transfer full) */
OcppCurve *ocpp_curve_higher(const OcppCurve *a, const OcppCurve *b, gint64 from_us);

/* The lower one at each instant. (transfer full) */
OcppCurve *ocpp_curve_lower(const OcppCurve *a, const OcppCurve *b, gint64 from_us);

/* Whether both have the same values from @from_us on, to a watt, and steps within a second. */
gboolean ocpp_curve_is_same(const OcppCurve *a, const OcppCurve *b, gint64 from_us);

/* Whether @a is below @b by more than a watt anywhere in [from, to). */
gboolean
ocpp_curve_is_lower_somewhere(const OcppCurve *a, const OcppCurve *b, gint64 from_us, gint64 to_us);

/* What holds from @from_us on: its first step lies at or before that. (transfer full) */
OcppCurve *ocpp_curve_from(const OcppCurve *self, gint64 from_us);

G_END_DECLS
