/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "flexmeasures-grid.h"

#define MINUTE G_GINT64_CONSTANT(60000000)

static void
test_spacing(void)
{
    gint64 step = 0;
    const char *problem = NULL;

    g_assert_true(fm_grid_spacing(60 * MINUTE, 4, TRUE, 15 * MINUTE, &step, &problem));
    g_assert_cmpint(step, ==, 15 * MINUTE);
    g_assert_true(fm_grid_spacing(60 * MINUTE, 12, TRUE, 15 * MINUTE, &step, &problem));
    g_assert_true(fm_grid_spacing(60 * MINUTE, 1, TRUE, 15 * MINUTE, &step, &problem));
    g_assert_false(fm_grid_spacing(60 * MINUTE, 6, TRUE, 15 * MINUTE, &step, &problem));
    g_assert_false(fm_grid_spacing(0, 1, FALSE, 15 * MINUTE, &step, &problem));
    g_assert_true(fm_grid_spacing(0, 1, FALSE, 0, &step, &problem));
    g_assert_false(fm_grid_spacing(0, 2, TRUE, 0, &step, &problem));
}

static void
test_post_repeat(void)
{
    const double values[] = { 1, 2 };
    g_auto(FmSeries) series = { 0 };

    fm_grid_post(values, 2, 60 * MINUTE, 60 * MINUTE, 15 * MINUTE, &series);
    g_assert_cmpuint(series.n, ==, 8);
    g_assert_cmpint(series.step_us, ==, 15 * MINUTE);
    g_assert_cmpfloat(series.values[3], ==, 1);
    g_assert_cmpfloat(series.values[4], ==, 2);
}

static void
test_post_average(void)
{
    const double values[] = { 1, 2, 3, NAN, 4, 5, NAN, NAN, NAN };
    g_auto(FmSeries) series = { 0 };

    fm_grid_post(values, 9, 60 * MINUTE, 5 * MINUTE, 15 * MINUTE, &series);
    g_assert_cmpuint(series.n, ==, 3);
    g_assert_cmpfloat(series.values[0], ==, 2);
    g_assert_cmpfloat(series.values[1], ==, 4.5);
    g_assert_true(isnan(series.values[2]));
}

static void
test_post_floors(void)
{
    const double values[] = { 1 };
    g_auto(FmSeries) series = { 0 };

    fm_grid_post(values, 1, 67 * MINUTE, 15 * MINUTE, 15 * MINUTE, &series);
    g_assert_cmpint(series.start_us, ==, 60 * MINUTE);
}

static void
test_read(void)
{
    const gint64 starts[] = { 0, 15 * MINUTE, 45 * MINUTE };
    const double values[] = { 1, 3, 7 };
    double out[12];

    fm_grid_read(starts, values, 3, 15 * MINUTE, 0, 15 * MINUTE, 4, out);
    g_assert_cmpfloat(out[0], ==, 1);
    g_assert_cmpfloat(out[1], ==, 3);
    g_assert_true(isnan(out[2]));
    g_assert_cmpfloat(out[3], ==, 7);
    fm_grid_read(starts, values, 3, 15 * MINUTE, 0, 30 * MINUTE, 2, out);
    g_assert_cmpfloat(out[0], ==, 2);
    g_assert_cmpfloat(out[1], ==, 7);
    fm_grid_read(starts, values, 3, 15 * MINUTE, 0, 5 * MINUTE, 12, out);
    g_assert_cmpfloat(out[2], ==, 1);
    g_assert_cmpfloat(out[3], ==, 3);
    g_assert_true(isnan(out[6]));
    g_assert_cmpfloat(out[11], ==, 7);
}

static void
test_read_instants(void)
{
    const gint64 starts[] = { 0, 4 * MINUTE, 5 * MINUTE };
    const double values[] = { 1, 2, 3 };
    double out[3];

    fm_grid_read(starts, values, 3, 0, 0, 5 * MINUTE, 3, out);
    g_assert_cmpfloat(out[0], ==, 1);
    g_assert_cmpfloat(out[1], ==, 3);
    g_assert_true(isnan(out[2]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flexmeasures/grid/spacing", test_spacing);
    g_test_add_func("/flexmeasures/grid/post-repeat", test_post_repeat);
    g_test_add_func("/flexmeasures/grid/post-average", test_post_average);
    g_test_add_func("/flexmeasures/grid/post-floors", test_post_floors);
    g_test_add_func("/flexmeasures/grid/read", test_read);
    g_test_add_func("/flexmeasures/grid/read-instants", test_read_instants);
    return g_test_run();
}
