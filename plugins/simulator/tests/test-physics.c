/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "simulator-car.h"
#include "simulator-random.h"
#include "simulator-sky.h"
#include "simulator-text.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define HOUR (3600 * SECOND)
/* 2025-10-01T00:00:00Z */
#define MIDNIGHT (G_GINT64_CONSTANT(1759276800) * SECOND)

static SimCar
car_of(guint phases, double max_a, double room_wh, double taper_wh)
{
    return (SimCar){
        .phases = phases, .max_current_a = max_a, .room_wh = room_wh, .taper_wh = taper_wh
    };
}

static void
test_car_limits(void)
{
    SimCar car = car_of(3, 16, 20000, 18000);
    g_assert_cmpfloat(sim_car_current_a(&car, INFINITY, 32), ==, 16);
    g_assert_cmpfloat(sim_car_current_a(&car, 10.5, 32), ==, 10.5);
    g_assert_cmpfloat(sim_car_current_a(&car, 32, 13), ==, 13);
    g_assert_cmpfloat(sim_car_current_a(&car, 5.9, 32), ==, 0);
    g_assert_cmpfloat(sim_car_current_a(&car, 6, 32), ==, 6);
    g_assert_cmpfloat(sim_car_power_w(&car, 16, 3, 230), ==, 11040);
    SimCar single = car_of(1, 32, 20000, 18000);
    g_assert_cmpfloat(sim_car_power_w(&single, 32, 3, 230), ==, 7360);
    g_assert_cmpfloat(sim_car_power_w(&car, 16, 1, 230), ==, 3680);
}

static void
test_car_taper(void)
{
    SimCar car = car_of(3, 32, 20000, 16000);
    double before = 32;
    gint64 spent_us = 0;
    for (guint steps = 0; !sim_car_is_full(&car); steps++) {
        double current = sim_car_current_a(&car, INFINITY, 32);
        double power = sim_car_power_w(&car, current, 3, 230);
        g_assert_cmpuint(steps, <, 40);
        g_assert_cmpfloat(current, >=, SIM_CURRENT_MIN_A);
        g_assert_cmpfloat(current, <=, before);
        before = current;
        gint64 span_us = sim_car_next_us(&car, power);
        g_assert_cmpint(span_us, >, 0);
        car.got_wh += power * (double)span_us / 3600e6;
        spent_us += span_us;
    }
    /* the last fifth takes longer than its share */
    g_assert_cmpfloat(car.got_wh, <=, 20000.1);
    g_assert_cmpint(spent_us, >, (gint64)(20000.0 / 22080 * 3600e6));
    g_assert_cmpfloat(before, <, 10);
    g_assert_cmpfloat(sim_car_current_a(&car, INFINITY, 32), ==, 0);
    g_assert_cmpint(sim_car_next_us(&car, 0), ==, G_MAXINT64);
}

static void
test_sun(void)
{
    SimSky sky = { 14.6137, -60.999, 1 };
    /* solar noon of Martinique on this day is near 11:54 local time, 15:54 UTC */
    double best = 0;
    gint64 best_us = 0;
    for (gint64 t = MIDNIGHT; t < MIDNIGHT + 24 * HOUR; t += 60 * SECOND)
        if (sim_sky_sun(&sky, t) > best) {
            best = sim_sky_sun(&sky, t);
            best_us = t;
        }
    g_assert_cmpint(ABS(best_us - (MIDNIGHT + 15 * HOUR + 54 * 60 * SECOND)), <=, 180 * SECOND);
    /* declination -3.1°: zenith angle 17.7° */
    g_assert_cmpfloat_with_epsilon(acos(best) * 180 / G_PI, 17.7, 0.5);
    g_assert_cmpfloat(sim_sky_sun(&sky, MIDNIGHT + 4 * HOUR), <, 0);
    g_assert_cmpfloat(sim_sky_clear(-0.1), ==, 0);
    g_assert_cmpfloat_with_epsilon(sim_sky_clear(1), 1098 * exp(-0.057), 1e-9);
    g_assert_cmpfloat_with_epsilon(sim_sky_clear(0.5), 549 * exp(-0.114), 1e-9);
}

static void
test_pv(void)
{
    SimSky sky = { 14.6137, -60.999, 7 };
    double energy_wh = 0;
    for (gint64 t = MIDNIGHT; t < MIDNIGHT + 24 * HOUR; t += 60 * SECOND) {
        double through = sim_sky_through(&sky, t);
        g_assert_cmpfloat(through, >=, 0.15);
        g_assert_cmpfloat(through, <=, 1);
        double power = sim_sky_pv(3000, sim_sky_irradiance(&sky, t), sim_sky_temperature(&sky, t));
        g_assert_cmpfloat(power, >=, 0);
        g_assert_cmpfloat(power, <=, 3000);
        energy_wh += power / 60;
    }
    /* some 3 to 5.5 hours of full power in a day of the tropics */
    g_assert_cmpfloat(energy_wh, >, 9000);
    g_assert_cmpfloat(energy_wh, <, 16500);
    g_assert_cmpfloat(sim_sky_pv(3000, 1000, 30), <, 3000 * 0.9);
    g_assert_cmpfloat(sim_sky_pv_expected(&sky, 3000, MIDNIGHT + 4 * HOUR), ==, 0);
}

static void
test_random(void)
{
    SimRandom a, b, c;
    double sum = 0;
    sim_random_init(&a, 1, "car");
    sim_random_init(&b, 1, "car");
    sim_random_init(&c, 2, "car");
    guint differ = 0;
    for (guint i = 0; i < 1000; i++) {
        double x = sim_random_unit(&a);
        g_assert_cmpfloat(x, ==, sim_random_unit(&b));
        differ += x != sim_random_unit(&c);
        g_assert_cmpfloat(x, >=, 0);
        g_assert_cmpfloat(x, <, 1);
        sum += x;
    }
    g_assert_cmpuint(differ, >, 990);
    g_assert_cmpfloat_with_epsilon(sum / 1000, 0.5, 0.05);
    /* noise does not jump */
    double before = sim_noise(3, "x", -5 * HOUR, HOUR);
    for (gint64 t = -5 * HOUR; t < 5 * HOUR; t += HOUR / 100) {
        double x = sim_noise(3, "x", t, HOUR);
        g_assert_cmpfloat(fabs(x - before), <, 0.05);
        g_assert_cmpfloat(fabs(x), <=, 1);
        before = x;
    }
}

static void
test_text(void)
{
    g_autoptr(GString) to = g_string_new(NULL);
    sim_text_open(to, NULL, '{');
    sim_text_string(to, "a", "x\"\n\\é");
    sim_text_real(to, "b", -0.0000001);
    sim_text_real(to, "c", 1759.25);
    sim_text_real(to, "d", INFINITY);
    sim_text_open(to, "e", '[');
    sim_text_integer(to, NULL, -3);
    sim_text_raw(to, NULL, "{\n}");
    sim_text_close(to, ']');
    sim_text_boolean(to, "f", TRUE);
    sim_text_null(to, "g");
    sim_text_stamp(to, "h", MIDNIGHT + 1500000);
    sim_text_close(to, '}');
    g_assert_cmpstr(
        to->str,
        ==,
        "{\"a\":\"x\\\"\\u000a\\\\é\",\"b\":0.0,\"c\":1759.25,\"d\":null,\"e\":[-3,{ }],"
        "\"f\":true,\"g\":null,\"h\":\"2025-10-01T00:00:01.500Z\"}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/simulator/car/limits", test_car_limits);
    g_test_add_func("/simulator/car/taper", test_car_taper);
    g_test_add_func("/simulator/sky/sun", test_sun);
    g_test_add_func("/simulator/sky/pv", test_pv);
    g_test_add_func("/simulator/random", test_random);
    g_test_add_func("/simulator/text", test_text);
    return g_test_run();
}
