/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-series.h"

#include <math.h>
#include <string.h>

UiSeries *
ui_series_new(const char *id, const char *unit, gint64 sensor, gint64 device, gint64 step_us)
{
    UiSeries *self = g_new0(UiSeries, 1);

    self->id = g_strdup(id);
    self->unit = g_strdup(unit);
    self->sensor = sensor;
    self->device = device;
    self->step_us = step_us;
    self->scale = 1;
    self->sources = CFX_SOURCE_ANY;
    return self;
}

void
ui_series_free(UiSeries *self)
{
    if (self == NULL)
        return;
    g_free(self->id);
    g_free(self->unit);
    g_free(self->value);
    g_free(self->belief_us);
    g_free(self->seq);
    g_free(self);
}

/* number of the step that holds an instant */
static gint64
step_of(const UiSeries *self, gint64 us)
{
    return us / self->step_us - (us % self->step_us < 0);
}

void
ui_series_window(UiSeries *self, gint64 start_us, gint64 end_us)
{
    gint64 first = step_of(self, start_us);
    gsize n = (gsize)CLAMP(step_of(self, end_us - 1) + 1 - first, 1, UI_SERIES_MAX);

    if (self->value != NULL && first == self->first && n == self->n)
        return;
    double *value = g_new(double, n);
    gint64 *belief_us = g_new(gint64, n);
    guint64 *seq = g_new0(guint64, n);
    for (gsize i = 0; i < n; i++) {
        gint64 old = first + (gint64)i - self->first;
        gboolean is_kept = self->value != NULL && old >= 0 && old < (gint64)self->n;
        value[i] = is_kept ? self->value[old] : NAN;
        belief_us[i] = is_kept ? self->belief_us[old] : CFX_TIME_MIN;
        seq[i] = is_kept ? self->seq[old] : 0;
    }
    g_free(self->value);
    g_free(self->belief_us);
    g_free(self->seq);
    self->value = value;
    self->belief_us = belief_us;
    self->seq = seq;
    self->first = first;
    self->n = n;
}

/* a watt and a thousandth of everything else are as fine as a chart can show */
static double
rounded(double value)
{
    return isfinite(value) ? round(value * 1000) / 1000 : NAN;
}

static gboolean
same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

gboolean
ui_series_take(UiSeries *self, gint64 start_us, gint64 belief_us, double value, guint64 seq)
{
    gint64 i = step_of(self, start_us) - self->first;

    if (i < 0 || i >= (gint64)self->n || belief_us < self->belief_us[i])
        return FALSE;
    double shown = rounded(value * self->scale);
    gboolean is_same = self->belief_us[i] != CFX_TIME_MIN && same(shown, self->value[i]);
    self->belief_us[i] = belief_us;
    if (is_same)
        return FALSE;
    self->value[i] = shown;
    self->seq[i] = seq;
    self->last_seq = MAX(self->last_seq, seq);
    return TRUE;
}

static void
write_run(CfxJsonWriter *to, const UiSeries *self, gsize from, gsize n)
{
    cfx_json_begin_array(to);
    cfx_json_int(to, (self->first + (gint64)from) * self->step_us / G_USEC_PER_SEC);
    cfx_json_int(to, (gint64)n);
    cfx_json_real(to, self->value[from]);
    cfx_json_end_array(to);
}

static gboolean
is_told(const UiSeries *self, gsize i, guint64 since)
{
    return self->belief_us[i] != CFX_TIME_MIN && self->seq[i] > since;
}

void
ui_series_write(const UiSeries *self, guint64 since, CfxJsonWriter *to)
{
    cfx_json_begin_object(to);
    cfx_json_member_text(to, "kind", "series");
    cfx_json_member_text(to, "id", self->id);
    cfx_json_member_text(to, "unit", self->unit);
    cfx_json_member_int(to, "step_s", self->step_us / G_USEC_PER_SEC);
    cfx_json_member_int(to, "sensor", self->sensor);
    cfx_json_name(to, "device");
    if (self->device != 0)
        cfx_json_int(to, self->device);
    else
        cfx_json_null(to);
    cfx_json_member_int(to, "start", self->first * self->step_us / G_USEC_PER_SEC);
    cfx_json_member_int(
        to, "end", (self->first + (gint64)self->n) * self->step_us / G_USEC_PER_SEC);
    cfx_json_name(to, "runs");
    cfx_json_begin_array(to);
    for (gsize i = 0; i < self->n;) {
        gsize from = i;
        if (!is_told(self, i, since)) {
            i++;
            continue;
        }
        while (i < self->n && is_told(self, i, since) && same(self->value[i], self->value[from]))
            i++;
        write_run(to, self, from, i - from);
    }
    cfx_json_end_array(to);
    cfx_json_end_object(to);
}

double
ui_series_energy(const UiSeries *self)
{
    double hours = (double)self->step_us / (double)CFX_HOUR, sum = 0;

    for (gsize i = 0; i < self->n; i++)
        sum += self->value[i] * hours;
    return sum;
}

double
ui_series_at(const UiSeries *self, gint64 us)
{
    gint64 i = step_of(self, us) - self->first;

    return i >= 0 && i < (gint64)self->n ? self->value[i] : NAN;
}
