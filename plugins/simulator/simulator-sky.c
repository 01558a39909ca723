/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-sky.h"

#include <math.h>

#include "simulator-random.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
/* mean share that comes through: what sim_sky_through() gives over many days */
#define THROUGH_MEAN 0.78

static double
day_angle(gint64 at_us)
{
    GDateTime *time = g_date_time_new_from_unix_utc(at_us / SECOND);
    double day = g_date_time_get_day_of_year(time) - 1 + g_date_time_get_hour(time) / 24.0;
    g_date_time_unref(time);
    return 2 * G_PI * day / 365;
}

double
sim_sky_sun(const SimSky *self, gint64 at_us)
{
    double g = day_angle(at_us);
    double declination = 0.006918 - 0.399912 * cos(g) + 0.070257 * sin(g) - 0.006758 * cos(2 * g) +
                         0.000907 * sin(2 * g) - 0.002697 * cos(3 * g) + 0.00148 * sin(3 * g);
    double equation_min = 229.18 * (0.000075 + 0.001868 * cos(g) - 0.032077 * sin(g) -
                                    0.014615 * cos(2 * g) - 0.040849 * sin(2 * g));
    double utc_min = (double)(at_us % DAY) / MINUTE;
    double hour_angle = (utc_min + equation_min + 4 * self->longitude - 720) / 4 * G_PI / 180;
    double latitude = self->latitude * G_PI / 180;
    return sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle);
}

double
sim_sky_clear(double cosine)
{
    return cosine <= 0 ? 0 : 1098 * cosine * exp(-0.057 / cosine);
}

double
sim_sky_through(const SimSky *self, gint64 at_us)
{
    /* a slow swing says how cloudy the hours are, a fast one lets single clouds pass */
    double cloudy = 0.5 + 0.5 * sim_noise(self->seed, "sky", at_us, 3 * HOUR);
    double cloud = 0.5 + 0.5 * sim_noise(self->seed, "cloud", at_us, 9 * MINUTE);
    return CLAMP(1 - cloudy * (0.12 + 0.64 * cloud), 0.15, 1);
}

double
sim_sky_irradiance(const SimSky *self, gint64 at_us)
{
    return sim_sky_clear(sim_sky_sun(self, at_us)) * sim_sky_through(self, at_us);
}

double
sim_sky_temperature(const SimSky *self, gint64 at_us)
{
    /* warmest two hours after the sun stands highest */
    double solar_hour = (double)(at_us % DAY) / HOUR + self->longitude / 15;
    return 27 + 2.6 * cos(2 * G_PI * (solar_hour - 14) / 24) +
           0.7 * sim_noise(self->seed, "temperature", at_us, 2 * HOUR);
}

double
sim_sky_pv(double peak_w, double irradiance, double temperature)
{
    /* cell warmer than the air by 30 K at 1000 W/m², -0.4 %/K, 10 % lost on the way, inverter at
     * peak power */
    double cell = temperature + 0.03 * irradiance;
    double power_w = peak_w * irradiance / 1000 * (1 - 0.004 * (cell - 25)) * 0.9;
    return CLAMP(power_w, 0, peak_w);
}

double
sim_sky_pv_expected(const SimSky *self, double peak_w, gint64 at_us)
{
    return sim_sky_pv(peak_w, sim_sky_clear(sim_sky_sun(self, at_us)) * THROUGH_MEAN, 28);
}
