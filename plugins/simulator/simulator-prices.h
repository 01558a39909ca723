/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of one civil day's prices. */
#pragma once

#include <glib.h>

#define SIM_QUARTERS 96

typedef struct {
    char currency[4];
    double per_mwh[SIM_QUARTERS]; /* by the quarter hour of the local clock, 00:00 first */
    guint rows;                   /* as they stood in the file */
} SimPrices;

/*
 * CSV with a head line of two columns, the second named price_CUR_per_MWh or price_CUR_per_kWh;
 * lines that begin with # are comments. Rows: 92 … 100 quarter hours or 23 … 25 hours of one civil
 * day. The time is a clock time (07:15), a local time (2025-10-01T07:15) or an instant with its
 * offset (…+02:00), which name their clock time; or an instant in UTC (…Z), where the first row is
 * midnight and days of 23 and 25 hours change at 02:00. A clock time that the day skips takes the
 * price before it, one that comes twice the mean.
 */
gboolean sim_prices_parse(SimPrices *self, const char *text, gsize size, GError **error);
gboolean sim_prices_load(SimPrices *self, const char *path, GError **error);

/* Price at a local clock time, in minutes after midnight. */
double sim_prices_at(const SimPrices *self, int minute);
