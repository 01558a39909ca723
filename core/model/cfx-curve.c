/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-curve.h"

#include <math.h>

/* equal as powers are: NAN equals NAN */
static gboolean
is_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

void
cfx_curve_clear(CfxCurve *self)
{
    g_clear_pointer(&self->at_us, g_free);
    g_clear_pointer(&self->w, g_free);
    self->n = self->room = 0;
}

void
cfx_curve_reset(CfxCurve *self)
{
    self->n = 0;
}

static void
reserve(CfxCurve *self, gsize n)
{
    if (n <= self->room)
        return;
    self->room = MAX(n, self->room * 2 + 8);
    self->at_us = g_renew(gint64, self->at_us, self->room);
    self->w = g_renew(double, self->w, self->room);
}

void
cfx_curve_copy(CfxCurve *self, const CfxCurve *from)
{
    reserve(self, from->n);
    for (gsize i = 0; i < from->n; i++) {
        self->at_us[i] = from->at_us[i];
        self->w[i] = from->w[i];
    }
    self->n = from->n;
}

void
cfx_curve_append(CfxCurve *self, gint64 at_us, double w)
{
    while (self->n > 0 && self->at_us[self->n - 1] >= at_us)
        self->n--;
    if (self->n > 0 && is_same(self->w[self->n - 1], w))
        return;
    if (self->n == 0 && isnan(w))
        return; /* unknown is what stands before the first instant anyway */
    reserve(self, self->n + 1);
    self->at_us[self->n] = at_us;
    self->w[self->n] = w;
    self->n++;
}

/* Index of the step that holds at @us; -1: before the first. */
static gssize
find(const CfxCurve *self, gint64 us)
{
    gsize low = 0, high = self->n;

    while (low < high) {
        gsize middle = (low + high) / 2;

        if (self->at_us[middle] <= us)
            low = middle + 1;
        else
            high = middle;
    }
    return (gssize)low - 1;
}

double
cfx_curve_at(const CfxCurve *self, gint64 us)
{
    gssize i = find(self, us);

    return i < 0 ? NAN : self->w[i];
}

gint64
cfx_curve_next(const CfxCurve *self, gint64 us)
{
    gsize i = (gsize)(find(self, us) + 1);

    return i < self->n ? self->at_us[i] : CFX_TIME_MAX;
}

double
cfx_curve_max(const CfxCurve *self, gint64 start_us, gint64 end_us)
{
    double most = cfx_curve_at(self, start_us);

    for (gsize i = (gsize)(find(self, start_us) + 1); i < self->n && self->at_us[i] < end_us; i++)
        if (!isnan(most) && !(self->w[i] <= most))
            most = self->w[i];
    return most;
}

double
cfx_curve_min(const CfxCurve *self, gint64 start_us, gint64 end_us)
{
    double least = cfx_curve_at(self, start_us);

    for (gsize i = (gsize)(find(self, start_us) + 1); i < self->n && self->at_us[i] < end_us; i++)
        if (!isnan(least) && !(self->w[i] >= least))
            least = self->w[i];
    return least;
}

double
cfx_curve_energy_wh(const CfxCurve *self, gint64 start_us, gint64 end_us)
{
    double energy_wh = 0;

    while (start_us < end_us) {
        gint64 next_us = MIN(cfx_curve_next(self, start_us), end_us);

        energy_wh += cfx_curve_at(self, start_us) * (double)(next_us - start_us) / CFX_HOUR;
        start_us = next_us;
    }
    return energy_wh;
}

double
cfx_curve_mean(const CfxCurve *self, gint64 start_us, gint64 end_us)
{
    if (end_us <= start_us)
        return cfx_curve_at(self, start_us);
    if (cfx_curve_next(self, start_us) >= end_us)
        return cfx_curve_at(self, start_us); /* exact where it is constant, infinities too */
    return cfx_curve_energy_wh(self, start_us, end_us) * CFX_HOUR / (double)(end_us - start_us);
}

typedef double (*Join)(double a, double b);

/* Walks both curves from change to change. */
static void
join(CfxCurve *self, const CfxCurve *other, Join func)
{
    g_auto(CfxCurve) old = *self;
    gsize i = 0, j = 0;
    double a = NAN, b = NAN;

    *self = (CfxCurve)CFX_CURVE_INIT;
    while (i < old.n || j < other->n) {
        gint64 us = i < old.n ? old.at_us[i] : CFX_TIME_MAX;

        if (j < other->n && other->at_us[j] < us)
            us = other->at_us[j];
        if (i < old.n && old.at_us[i] == us)
            a = old.w[i++];
        if (j < other->n && other->at_us[j] == us)
            b = other->w[j++];
        cfx_curve_append(self, us, func(a, b));
    }
}

static double
join_add(double a, double b)
{
    return a + b;
}

static double
join_lower(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : MIN(a, b);
}

static double
join_raise(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : MAX(a, b);
}

void
cfx_curve_add(CfxCurve *self, const CfxCurve *other)
{
    join(self, other, join_add);
}

void
cfx_curve_lower(CfxCurve *self, const CfxCurve *other)
{
    join(self, other, join_lower);
}

void
cfx_curve_raise(CfxCurve *self, const CfxCurve *other)
{
    join(self, other, join_raise);
}

void
cfx_curve_trim(CfxCurve *self, gint64 us)
{
    gssize first = find(self, us);

    if (first < 0)
        return;
    for (gsize i = (gsize)first; i < self->n; i++) {
        self->at_us[i - (gsize)first] = self->at_us[i];
        self->w[i - (gsize)first] = self->w[i];
    }
    self->n -= (gsize)first;
    self->at_us[0] = us;
}
