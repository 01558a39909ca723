/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers that repeat by their seed, whatever the C library. */
#pragma once

#include <glib.h>

typedef struct {
    guint64 state[4];
} SimRandom;

/* A stream of its own for each name, so that one more draw here shifts nothing there. */
void sim_random_init(SimRandom *self, guint64 seed, const char *stream);
/* 0 <= x < 1 */
double sim_random_unit(SimRandom *self);
/* low <= x < high */
double sim_random_between(SimRandom *self, double low, double high);
/* 0 <= x < n; n > 0 */
guint sim_random_below(SimRandom *self, guint n);

/* Smooth noise of time, -1 … 1: a function of its arguments alone, so it can be asked in any order.
 */
double sim_noise(guint64 seed, const char *stream, gint64 at_us, gint64 period_us);
