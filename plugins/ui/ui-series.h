/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of a chart: a sensor's values over a window, each with the number of its last change.
 * Pure. */
#pragma once

#include <cariflex/cfx-types.h>
#include <kit/cfx-json.h>

G_BEGIN_DECLS

/* steps that a window may have: two and a half days of minutes, and some */
#define UI_SERIES_MAX 8192

typedef struct {
    char *id;            /* "power/111" */
    char *unit;          /* as it is shown */
    gint64 sensor, device; /* device 0: none */
    gint64 step_us;
    double scale;        /* from the host's unit to the one that is shown */
    guint32 sources;     /* CFX_SOURCE_… bits that have a say */
    gint64 first;        /* step number of value[0]: start / step_us */
    gsize n;
    double *value;       /* as it is shown; NAN: withdrawn */
    gint64 *belief_us;   /* CFX_TIME_MIN: nothing known */
    guint64 *seq;
    guint64 last_seq;
} UiSeries;

UiSeries *ui_series_new(const char *id, const char *unit, gint64 sensor, gint64 device, gint64 step_us);
void ui_series_free(UiSeries *self);

/* Moves the window; what stays in it is kept. Both are rounded outwards to whole steps. */
void ui_series_window(UiSeries *self, gint64 start_us, gint64 end_us);

/* Takes a belief over unless a newer one is there already.
 * Returns: whether what is shown has changed; the caller then gives it a number */
gboolean ui_series_take(UiSeries *self, gint64 start_us, gint64 belief_us, double value, guint64 seq);

/* Whether a delta since then has anything of it. */
static inline gboolean
ui_series_is_new(const UiSeries *self, guint64 since)
{
    return self->last_seq > since;
}

/* The item, with the runs that changed after `since` (0: all). */
void ui_series_write(const UiSeries *self, guint64 since, CfxJsonWriter *to);

/* Sum of value × hours over the window; NAN where a step is not known. */
double ui_series_energy(const UiSeries *self);
/* Value of the step that holds an instant; NAN: not known. */
double ui_series_at(const UiSeries *self, gint64 us);

G_END_DECLS
