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
    cfx_curve_fill_unknown(&curve, 6);
    g_assert_cmpfloat(cfx_curve_max(&curve, 0, 30), ==, 7);
    g_assert_cmpfloat(cfx_curve_min(&curve, -100, 30), ==, 5);
    g_assert_cmpfloat(cfx_curve_at(&curve, -100), ==, 6);
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
    cfx_curve_copy(&sum, &a);
    cfx_curve_lower_where_known(&sum, &b);
    g_assert_cmpfloat(cfx_curve_at(&sum, 5), ==, 10);
    g_assert_cmpfloat(cfx_curve_at(&sum, 15), ==, 4);
}

static void
test_set(void)
{
    g_auto(CfxCurve) curve = CFX_CURVE_INIT;
    g_auto(CfxCurve) same = CFX_CURVE_INIT;

    cfx_curve_set(&curve, 0, CFX_TIME_MAX, 10);
    cfx_curve_set(&curve, 20, 40, 3);
    cfx_curve_set(&curve, 30, 50, 4);
    g_assert_cmpfloat(cfx_curve_at(&curve, 19), ==, 10);
    g_assert_cmpfloat(cfx_curve_at(&curve, 20), ==, 3);
    g_assert_cmpfloat(cfx_curve_at(&curve, 30), ==, 4);
    g_assert_cmpfloat(cfx_curve_at(&curve, 50), ==, 10);
    cfx_curve_copy(&same, &curve);
    g_assert_true(cfx_curve_equal(&same, &curve));
    cfx_curve_trim(&curve, 35);
    g_assert_false(cfx_curve_equal(&same, &curve));
    g_assert_cmpfloat(cfx_curve_at(&curve, 35), ==, 4);
    g_assert_true(isnan(cfx_curve_at(&curve, 34)));
    g_assert_cmpfloat(cfx_curve_at(&curve, 60), ==, 10);
    /* an earlier instant replaces from there on */
    cfx_curve_append(&curve, 45, 1);
    g_assert_cmpfloat(cfx_curve_at(&curve, 60), ==, 1);
}

static void
test_columns(void)
{
    static const gint64 at[] = { 0, 10, 5, 20 };
    static const double w[] = { 1, 2, 99, 3 };
    g_auto(CfxCurve) curve = CFX_CURVE_INIT;

    cfx_curve_set_columns(&curve, (CfxInts){ at, 1 }, (CfxReals){ w, 1 }, 4);
    g_assert_cmpuint(curve.n, ==, 3);
    g_assert_cmpfloat(cfx_curve_at(&curve, 12), ==, 2);
    g_assert_cmpfloat(cfx_curve_energy_wh(&curve, 0, CFX_HOUR), >, 2.99);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/curve/reading", test_reading);
    g_test_add_func("/model/curve/unknown", test_unknown_inside);
    g_test_add_func("/model/curve/joins", test_joins);
    g_test_add_func("/model/curve/set", test_set);
    g_test_add_func("/model/curve/columns", test_columns);
    return g_test_run();
}
