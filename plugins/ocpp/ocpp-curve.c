/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-curve.h"

#include <math.h>

#define TOLERANCE_W 1.0

OcppCurve *
ocpp_curve_new(const OcppStep *steps, gsize n)
{
    OcppCurve *self = g_malloc(sizeof(OcppCurve) + n * sizeof(OcppStep));

    self->n = n;
    memcpy(self->steps, steps, n * sizeof(OcppStep));
    return self;
}

OcppCurve *
ocpp_curve_copy(const OcppCurve *self)
{
    return self != NULL ? ocpp_curve_new(self->steps, self->n) : NULL;
}

/* index of the step that holds at an instant, -1 before the first */
static gssize
step_at(const OcppCurve *self, gint64 at_us)
{
    gssize low = 0, high = (gssize)self->n;

    while (low < high) {
        gssize middle = (low + high) / 2;

        if (self->steps[middle].at_us <= at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

double
ocpp_curve_at(const OcppCurve *self, gint64 at_us)
{
    gssize i = step_at(self, at_us);

    return i < 0 ? NAN : self->steps[i].w;
}

/* the first instant after @at_us at which one of them changes, CFX_TIME_MAX: never */
static gint64
next_change(const OcppCurve *a, const OcppCurve *b, gint64 at_us)
{
    gsize i = (gsize)(step_at(a, at_us) + 1), j = (gsize)(step_at(b, at_us) + 1);
    gint64 next_a = i < a->n ? a->steps[i].at_us : CFX_TIME_MAX;
    gint64 next_b = j < b->n ? b->steps[j].at_us : CFX_TIME_MAX;

    return MIN(next_a, next_b);
}

/* NAN is no permission and no limit: the other one counts */
static double
higher_of(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : MAX(a, b);
}

static double
lower_of(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : MIN(a, b);
}

static OcppCurve *
combine(const OcppCurve *a, const OcppCurve *b, gint64 from_us, double (*choose)(double, double))
{
    g_autofree OcppStep *steps = g_new(OcppStep, a->n + b->n + 1);
    gsize n = 0;

    for (gint64 at = from_us; at != CFX_TIME_MAX; at = next_change(a, b, at)) {
        double w = choose(ocpp_curve_at(a, at), ocpp_curve_at(b, at));

        if (n > 0 && steps[n - 1].w == w)
            continue;
        steps[n++] = (OcppStep){ at, w };
    }
    return ocpp_curve_new(steps, n);
}

OcppCurve *
ocpp_curve_higher(const OcppCurve *a, const OcppCurve *b, gint64 from_us)
{
    return combine(a, b, from_us, higher_of);
}

OcppCurve *
ocpp_curve_lower(const OcppCurve *a, const OcppCurve *b, gint64 from_us)
{
    return combine(a, b, from_us, lower_of);
}

static gboolean
is_near(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= TOLERANCE_W;
}

gboolean
ocpp_curve_is_same(const OcppCurve *a, const OcppCurve *b, gint64 from_us)
{
    for (gint64 at = from_us; at != CFX_TIME_MAX; at = next_change(a, b, at)) {
        if (is_near(ocpp_curve_at(a, at), ocpp_curve_at(b, at)))
            continue;
        /* steps that lie less than a second apart are one step, rounded in two ways */
        if (!is_near(ocpp_curve_at(a, at + CFX_SECOND - 1), ocpp_curve_at(b, at + CFX_SECOND - 1)))
            return FALSE;
    }
    return TRUE;
}

gboolean
ocpp_curve_is_lower_somewhere(const OcppCurve *a, const OcppCurve *b, gint64 from_us, gint64 to_us)
{
    for (gint64 at = from_us; at < to_us; at = next_change(a, b, at)) {
        if (ocpp_curve_at(a, at) < ocpp_curve_at(b, at) - TOLERANCE_W)
            return TRUE;
    }
    return FALSE;
}

OcppCurve *
ocpp_curve_from(const OcppCurve *self, gint64 from_us)
{
    gssize i = MAX(step_at(self, from_us), 0);

    return ocpp_curve_new(self->steps + i, self->n - (gsize)i);
}
