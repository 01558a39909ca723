/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-curve.h"

#include <math.h>

static void
test_reading(void)
{
    g_auto(CfxCurve) curve = CFX_CURVE_INIT;

    g_assert_true(isnan(cfx_curve_at(&curve, 0)));
    cfx_curve_append(&curve, 10, 5);
    cfx_curve_append(&curve, 20, 7);
    cfx_curve_append(&curve, 30, 7); /* nothing new */
    cfx_curve_append(&curve, 40, 1);
    g_assert_cmpuint(curve.n, ==, 3);
    g_assert_true(isnan(cfx_curve_at(&curve, 9)));
    g_assert_cmpfloat(cfx_curve_at(&curve, 10), ==, 5);
    g_assert_cmpfloat(cfx_curve_at(&curve, 39), ==, 7);
    g_assert_cmpfloat(cfx_curve_at(&curve, 1000), ==, 1);
    g_assert_cmpint(cfx_curve_next(&curve, 20), ==, 40);
    g_assert_cmpint(cfx_curve_next(&curve, 40), ==, CFX_TIME_MAX);
    g_assert_cmpfloat(cfx_curve_max(&curve, 10, 50), ==, 7);
    g_assert_cmpfloat(cfx_curve_min(&curve, 10, 50), ==, 1);
    g_assert_cmpfloat(cfx_curve_max(&curve, 10, 20), ==, 5); /* half open */
    g_assert_cmpfloat_with_epsilon(cfx_curve_mean(&curve, 10, 40), 190 / 30.0, 1e-12);
    g_assert_true(isnan(cfx_curve_max(&curve, 5, 50))); /* NAN is no permission */
    g_assert_true(isnan(cfx_curve_min(&curve, 5, 50)));
    g_assert_true(isnan(cfx_curve_mean(&curve, 5, 50)));
}

static void
test_unknown_inside(void)
{
    g_auto(CfxCurve) curve = CFX_CURVE_INIT;

    cfx_curve_append(&curve, 0, 5);
    cfx_curve_append(&curve, 10, NAN);
    cfx_curve_append(&curve, 20, 7);
    g_assert_cmpuint(curve.n, ==, 3);
    g_assert_true(isnan(cfx_curve_max(&curve, 0, 30)));
    g_assert_true(isnan(cfx_curve_min(&curve, 0, 30)));
}

static void
test_joins(void)
{
    g_auto(CfxCurve) a = CFX_CURVE_INIT;
    g_auto(CfxCurve) b = CFX_CURVE_INIT;
    g_auto(CfxCurve) sum = CFX_CURVE_INIT;

    cfx_curve_append(&a, 0, 10);
    cfx_curve_append(&a, 20, 2);
    cfx_curve_append(&b, 10, 4);
    cfx_curve_append(&b, 30, INFINITY);
    cfx_curve_copy(&sum, &a);
    cfx_curve_add(&sum, &b);
    g_assert_true(isnan(cfx_curve_at(&sum, 5)));
    g_assert_cmpfloat(cfx_curve_at(&sum, 10), ==, 14);
    g_assert_cmpfloat(cfx_curve_at(&sum, 20), ==, 6);
    g_assert_true(isinf(cfx_curve_at(&sum, 30)));
    cfx_curve_copy(&sum, &a);
    cfx_curve_lower(&sum, &b);
    g_assert_cmpfloat(cfx_curve_at(&sum, 15), ==, 4);
    g_assert_cmpfloat(cfx_curve_at(&sum, 35), ==, 2);
    cfx_curve_copy(&sum, &a);
    cfx_curve_raise(&sum, &b);
    g_assert_cmpfloat(cfx_curve_at(&sum, 15), ==, 10);
}

static void
test_trim(void)
{
    g_auto(CfxCurve) curve = CFX_CURVE_INIT;

    cfx_curve_append(&curve, 0, 10);
    cfx_curve_append(&curve, 20, 3);
    cfx_curve_append(&curve, 30, 4);
    cfx_curve_append(&curve, 50, 10);
    g_assert_cmpfloat(cfx_curve_at(&curve, 19), ==, 10);
    g_assert_cmpfloat(cfx_curve_at(&curve, 20), ==, 3);
    cfx_curve_trim(&curve, 35);
    g_assert_cmpuint(curve.n, ==, 2);
    g_assert_cmpfloat(cfx_curve_at(&curve, 35), ==, 4);
    g_assert_true(isnan(cfx_curve_at(&curve, 34)));
    g_assert_cmpfloat(cfx_curve_at(&curve, 60), ==, 10);
    /* an earlier instant replaces from there on */
    cfx_curve_append(&curve, 45, 1);
    g_assert_cmpfloat(cfx_curve_at(&curve, 60), ==, 1);
}

static void
test_energy(void)
{
    g_auto(CfxCurve) curve = CFX_CURVE_INIT;

    cfx_curve_append(&curve, 0, 1);
    cfx_curve_append(&curve, 10, 2);
    cfx_curve_append(&curve, 20, 3);
    g_assert_cmpfloat(cfx_curve_energy_wh(&curve, 0, CFX_HOUR), >, 2.99);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/curve/reading", test_reading);
    g_test_add_func("/model/curve/unknown", test_unknown_inside);
    g_test_add_func("/model/curve/joins", test_joins);
    g_test_add_func("/model/curve/trim", test_trim);
    g_test_add_func("/model/curve/energy", test_energy);
    return g_test_run();
}
