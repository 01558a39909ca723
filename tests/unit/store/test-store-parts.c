/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-chunks.h"
#include "cfx-grid.h"
#include "cfx-latest.h"

#include <math.h>
#include <string.h>

static void
check(CfxGridHow how,
      const gint64 *starts,
      const double *values,
      gsize n_events,
      const char *expected)
{
    g_autofree double *grid = g_new(double, how.n);
    g_autoptr(GString) text = g_string_new(NULL);

    cfx_grid_resample(&how, starts, values, n_events, grid);
    for (gsize i = 0; i < how.n; i++)
        g_string_append_printf(text, "%s%g", i > 0 ? " " : "", grid[i]);
    g_assert_cmpstr(text->str, ==, expected);
}

static const gint64 starts[] = { 0, 10, 20, 40 };
static const double values[] = { 1, 2, 4, 8 };

static void
test_mean(void)
{
    check((CfxGridHow){ CFX_SERIES_MEAN, 0, 20, 3, 10 }, starts, values, 4, "1.5 4 8");
    check((CfxGridHow){ CFX_SERIES_MEAN, 0, 5, 4, 10 }, starts, values, 4, "1 1 2 2");
    check((CfxGridHow){ CFX_SERIES_MEAN, -20, 10, 2, 10 }, starts, values, 4, "nan nan");
    /* parts of events that the grid cuts count by their length */
    check((CfxGridHow){ CFX_SERIES_MEAN, 8, 10, 2, 10 }, starts, values, 4, "1.8 3.6");
    /* a gap inside a step leaves what is there */
    check((CfxGridHow){ CFX_SERIES_MEAN, 20, 30, 1, 10 }, starts, values, 4, "6");
    /* instantaneous: the mean of what falls into the step */
    check((CfxGridHow){ CFX_SERIES_MEAN, 0, 15, 3, 0 }, starts, values, 4, "1.5 4 8");
    check((CfxGridHow){ CFX_SERIES_MEAN, 0, 15, 2, 10 }, starts, values, 0, "nan nan");
}

static void
test_min_max_last(void)
{
    check((CfxGridHow){ CFX_SERIES_MIN, 0, 20, 3, 10 }, starts, values, 4, "1 4 8");
    check((CfxGridHow){ CFX_SERIES_MAX, 0, 20, 3, 10 }, starts, values, 4, "2 4 8");
    check((CfxGridHow){ CFX_SERIES_MAX, 5, 30, 1, 0 }, starts, values, 4, "4");
    check((CfxGridHow){ CFX_SERIES_LAST, -5, 10, 6, 0 }, starts, values, 4, "nan 1 2 4 4 8");
}

static void
test_window(void)
{
    gint64 start, end;

    cfx_grid_window(&(CfxGridHow){ CFX_SERIES_MEAN, 100, 10, 3, 15 }, &start, &end);
    g_assert_cmpint(start, ==, 86);
    g_assert_cmpint(end, ==, 130);
    cfx_grid_window(&(CfxGridHow){ CFX_SERIES_LAST, 100, 10, 3, 0 }, &start, &end);
    g_assert_cmpint(start, ==, 100);
    g_assert_cmpint(end, ==, 121);
    cfx_grid_window(&(CfxGridHow){ CFX_SERIES_MEAN, G_MAXINT64 - 5, 10, 3, 15 }, &start, &end);
    g_assert_cmpint(end, ==, G_MAXINT64);
}

static void
add(CfxLatest *latest, gint64 start, gint64 source, gint64 belief, double value, gint64 now)
{
    const gint64 sensor = 1;
    const CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                                 .n = 1,
                                 .sensor = { &sensor, 0 },
                                 .source = { &source, 0 },
                                 .start_us = { &start, 0 },
                                 .belief_us = { &belief, 0 },
                                 .value = { &value, 0 } };
    const CfxBeliefs *one = &beliefs;

    cfx_latest_add(latest, &one, 1, now);
}

static void
expect(CfxLatest *latest, gint64 now, double value, gint64 start)
{
    const gint64 sensors[] = { 1, 2 };
    double found[2];
    gint64 at[2];

    cfx_latest_get(latest, sensors, 2, now, found, at);
    if (isnan(value))
        g_assert_true(isnan(found[0]));
    else
        g_assert_cmpfloat(found[0], ==, value);
    g_assert_cmpint(at[0], ==, start);
    g_assert_true(isnan(found[1]));
}

static void
test_latest(void)
{
    g_autoptr(CfxLatest) latest = cfx_latest_new();

    expect(latest, 1000, NAN, CFX_TIME_MIN);
    add(latest, 100, 5, 50, 1, 100);
    add(latest, 200, 5, 50, 2, 100);
    add(latest, 200, 6, 40, 3, 100);
    expect(latest, 99, NAN, CFX_TIME_MIN);
    expect(latest, 199, 1, 100);
    expect(latest, 200, 2, 200);
    add(latest, 200, 5, 45, 9, 100); /* older than what is known */
    expect(latest, 200, 2, 200);
    add(latest, 200, 6, 50, 4, 100); /* a tie: the higher source */
    expect(latest, 200, 4, 200);
    add(latest, 200, 6, 60, NAN, 100);
    expect(latest, 200, 2, 200); /* the other source still has a value */
    add(latest, 200, 5, 60, NAN, 100);
    expect(latest, 200, 1, 100);
    add(latest, 200, 5, 61, 7, 100);
    expect(latest, 200, 7, 200);
}

/* Memory is bounded by what is to come, not by what has been. */
static void
test_latest_trims(void)
{
    g_autoptr(CfxLatest) latest = cfx_latest_new();

    for (gint64 i = 0; i < 5000; i++)
        add(latest, i, 5, i, (double)i, i);
    expect(latest, 4999, 4999, 4999);
    expect(latest, 10, NAN, CFX_TIME_MIN);
    add(latest, 10, 5, 6000, 1, 5000); /* long past: forgotten at once */
    expect(latest, 10, NAN, CFX_TIME_MIN);
    add(latest, 4999, 5, 6000, NAN, 5000);
    expect(latest, 4999, 4998, 4998);
}

static void
test_chunks(void)
{
    CfxChunkPool pool;
    CfxChunks chunks;

    cfx_chunk_pool_init(&pool);
    for (int round = 0; round < 3; round++) {
        cfx_chunks_init(&chunks, &pool);
        for (gsize size = 1; size < 3000; size += 7)
            memset(cfx_chunks_alloc(&chunks, size), 0x11, size);
        memset(cfx_chunks_alloc(&chunks, 1000000), 0x22, 1000000);
        g_assert_cmpstr(cfx_chunks_string(&chunks, "text"), ==, "text");
        g_assert_null(cfx_chunks_string(&chunks, NULL));
        cfx_chunks_clear(&chunks);
    }
    g_assert_cmpuint(pool.n_free, >, 0);
    cfx_chunk_pool_clear(&pool);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/grid/mean", test_mean);
    g_test_add_func("/store/grid/min-max-last", test_min_max_last);
    g_test_add_func("/store/grid/window", test_window);
    g_test_add_func("/store/latest/best", test_latest);
    g_test_add_func("/store/latest/trims", test_latest_trims);
    g_test_add_func("/store/chunks", test_chunks);
    return g_test_run();
}
