/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sun, clouds, temperature, photovoltaics. */
#pragma once

#include <glib.h>

typedef struct {
    double latitude, longitude; /* degrees */
    guint64 seed;
} SimSky;

/* Cosine of the sun's zenith angle; below 0 at night. Declination and equation of time after
 * Spencer (1971). */
double sim_sky_sun(const SimSky *self, gint64 at_us);
/* Global horizontal irradiance of a clear sky, W/m², by Haurwitz (1945). */
double sim_sky_clear(double cosine);
/* Share of the clear sky's irradiance that comes through the clouds, 0 … 1. */
double sim_sky_through(const SimSky *self, gint64 at_us);
double sim_sky_irradiance(const SimSky *self, gint64 at_us);
double sim_sky_temperature(const SimSky *self, gint64 at_us);
/* AC power of modules lying flat, W. */
double sim_sky_pv(double peak_w, double irradiance, double temperature);
/* What a forecaster without knowledge of the clouds expects of the same modules. */
double sim_sky_pv_expected(const SimSky *self, double peak_w, gint64 at_us);
