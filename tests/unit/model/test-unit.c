/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-unit.h"

#include <math.h>

static double
scale_of(const char *unit, guint32 flags, const char *expect)
{
    CfxSensor sensor = { .struct_size = sizeof(sensor), .unit = unit, .flags = flags };
    double scale = 0;

    g_assert_cmpstr(cfx_sensor_scale(&sensor, &scale), ==, expect);
    return scale;
}

static void
test_scale(void)
{
    g_assert_cmpfloat(scale_of("kW", 0, "W"), ==, 1000);
    g_assert_cmpfloat(scale_of("MW", CFX_SENSOR_PRODUCTION_POSITIVE, "W"), ==, -1e6);
    g_assert_cmpfloat(scale_of("kWh", 0, "Wh"), ==, 1000);
    g_assert_cmpfloat(scale_of("EUR/MWh", CFX_SENSOR_PRODUCTION_POSITIVE, "EUR/MWh"), ==, 1);
    g_assert_cmpfloat(scale_of("W/m²", 0, "W/m²"), ==, 1);
    g_assert_cmpfloat(scale_of("°C", 0, "°C"), ==, 1);
    g_assert_cmpfloat(scale_of("%", 0, "%"), ==, 1);
    g_assert_cmpfloat(scale_of("", 0, ""), ==, 1);
}

static void
test_convert(void)
{
    CfxSensor power = { .struct_size = sizeof(power),
                        .unit = "kW",
                        .flags = CFX_SENSOR_PRODUCTION_POSITIVE,
                        .resolution_us = 15 * CFX_MINUTE };
    g_autoptr(GError) error = NULL;
    double scale, offset;

    g_assert_true(cfx_sensor_convert(&power, TRUE, "MW", &scale, &offset, &error));
    g_assert_cmpfloat_with_epsilon(scale, 1e-3, 1e-12);
    g_assert_true(cfx_sensor_convert(&power, FALSE, "kW", &scale, &offset, &error));
    g_assert_cmpfloat_with_epsilon(scale, 1e-3, 1e-12);
    /* energy of an event from mean power over it */
    g_assert_true(cfx_sensor_convert(&power, TRUE, "kWh", &scale, &offset, &error));
    g_assert_cmpfloat_with_epsilon(scale, 0.25, 1e-12);
    g_assert_false(cfx_sensor_convert(&power, TRUE, "EUR/MWh", &scale, &offset, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
}

static void
test_powers(void)
{
    g_assert_cmpfloat(cfx_power_room(10, 20), ==, 0);
    g_assert_cmpfloat(cfx_power_room(10, 4), ==, 6);
    g_assert_cmpfloat(cfx_power_room(NAN, 4), ==, 0);
    g_assert_cmpfloat(cfx_power_room(10, NAN), ==, 0);
    g_assert_cmpfloat(cfx_power_room(INFINITY, INFINITY), ==, 0);
    g_assert_cmpfloat(cfx_power_permitted(NAN), ==, 0);
    g_assert_cmpfloat(cfx_power_permitted(-1), ==, 0);
    g_assert_true(isnan(cfx_power_add(NAN, 1)));
    g_assert_true(isinf(cfx_power_add(1e308, 1e308)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/unit/scale", test_scale);
    g_test_add_func("/model/unit/convert", test_convert);
    g_test_add_func("/model/unit/powers", test_powers);
    return g_test_run();
}
