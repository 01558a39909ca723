/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-wheel.h"

#define START (G_GINT64_CONSTANT(1759320000) * 1000000) /* 2025-10-01T12:00:00Z */

static void
never(gpointer data)
{
}

/* takes everything that is due, as numbers */
static GArray *
take(CfxWheel *wheel, gint64 now)
{
    GArray *got = g_array_new(FALSE, FALSE, sizeof(guint));
    CfxFunc func;
    gpointer data, owner;
    cfx_wheel_collect(wheel, now);
    while (cfx_wheel_pop(wheel, &func, &data, &owner)) {
        guint number = GPOINTER_TO_UINT(data);
        g_array_append_val(got, number);
    }
    return got;
}

static void
test_order(void)
{
    g_autoptr(CfxWheel) wheel = cfx_wheel_new(START);
    const gint64 at[] = { 5, 3, 1000000, 4, 3, 86400000000, 2000, 1024, 1025 };
    const guint expected[] = { 1, 4, 3, 0, 7, 8, 6, 2, 5 };
    for (guint i = 0; i < G_N_ELEMENTS(at); i++)
        cfx_wheel_start(wheel, START + at[i], never, GUINT_TO_POINTER(i), NULL);
    g_autoptr(GArray) got = take(wheel, START + 2 * CFX_DAY);
    g_assert_cmpuint(got->len, ==, G_N_ELEMENTS(at));
    g_assert_cmpmem(got->data, got->len * sizeof(guint), expected, sizeof expected);
    g_assert_cmpuint(cfx_wheel_count(wheel), ==, 0);
    g_assert_cmpint(cfx_wheel_next(wheel), ==, CFX_TIME_MAX);
}

/* a simulated clock stands at its ceiling: what is due there fires, what is due later does not */
static void
test_exact(void)
{
    g_autoptr(CfxWheel) wheel = cfx_wheel_new(START);
    cfx_wheel_start(wheel, START + 7, never, GUINT_TO_POINTER(1), NULL);
    cfx_wheel_start(wheel, START + 8, never, GUINT_TO_POINTER(2), NULL);
    g_autoptr(GArray) early = take(wheel, START + 6);
    g_autoptr(GArray) first = take(wheel, START + 7);
    g_assert_cmpuint(early->len, ==, 0);
    g_assert_cmpuint(first->len, ==, 1);
    g_assert_cmpuint(g_array_index(first, guint, 0), ==, 1);
    g_assert_cmpint(cfx_wheel_next(wheel), ==, START + 8);
}

static void
test_stale_handle(void)
{
    g_autoptr(CfxWheel) wheel = cfx_wheel_new(START);
    guint64 old = cfx_wheel_start(wheel, START + 1, never, NULL, NULL);
    g_autoptr(GArray) fired = take(wheel, START + 1);
    guint64 fresh = cfx_wheel_start(wheel, START + 9, never, NULL, NULL);
    g_assert_cmpuint((guint32)old, ==, (guint32)fresh); /* the same place */
    g_assert_cmpint(cfx_wheel_stop(wheel, old), ==, FALSE);
    g_assert_cmpuint(cfx_wheel_count(wheel), ==, 1);
    g_assert_cmpint(cfx_wheel_stop(wheel, fresh), ==, TRUE);
    g_assert_cmpint(cfx_wheel_stop(wheel, fresh), ==, FALSE);
    g_assert_cmpint(cfx_wheel_stop(wheel, 0), ==, FALSE);
    g_assert_cmpint(cfx_wheel_stop(wheel, G_MAXUINT64 >> 1), ==, FALSE);
}

/* stopping what has been collected, from inside a function of the same turn */
static void
test_stop_collected(void)
{
    g_autoptr(CfxWheel) wheel = cfx_wheel_new(START);
    CfxFunc func;
    gpointer data, owner;
    cfx_wheel_start(wheel, START + 1, never, GUINT_TO_POINTER(1), NULL);
    guint64 second = cfx_wheel_start(wheel, START + 2, never, GUINT_TO_POINTER(2), NULL);
    g_assert_cmpint(cfx_wheel_collect(wheel, START + 5), ==, TRUE);
    g_assert_cmpint(cfx_wheel_pop(wheel, &func, &data, &owner), ==, TRUE);
    cfx_wheel_stop(wheel, second);
    cfx_wheel_start(wheel, START + 3, never, GUINT_TO_POINTER(3), NULL); /* next collect */
    g_assert_cmpint(cfx_wheel_pop(wheel, &func, &data, &owner), ==, FALSE);
    g_autoptr(GArray) later = take(wheel, START + 5);
    g_assert_cmpuint(later->len, ==, 1);
}

static void
test_stop_all(void)
{
    g_autoptr(CfxWheel) wheel = cfx_wheel_new(START);
    int a, b;
    for (guint i = 0; i < 10; i++)
        cfx_wheel_start(wheel, START + i * CFX_HOUR, never, NULL, i % 2 == 0 ? &a : &b);
    cfx_wheel_stop_all(wheel, &a);
    g_assert_cmpuint(cfx_wheel_count(wheel), ==, 5);
}

/* far ends, the past, and a clock that is set back */
static void
test_extremes(void)
{
    g_autoptr(CfxWheel) wheel = cfx_wheel_new(START);
    cfx_wheel_start(wheel, CFX_TIME_MAX, never, GUINT_TO_POINTER(1), NULL);
    cfx_wheel_start(wheel, CFX_TIME_MIN, never, GUINT_TO_POINTER(2), NULL);
    cfx_wheel_start(wheel, 0, never, GUINT_TO_POINTER(3), NULL);
    g_autoptr(GArray) past = take(wheel, START);
    g_assert_cmpuint(past->len, ==, 2);
    g_assert_cmpuint(g_array_index(past, guint, 0), ==, 2);
    cfx_wheel_start(wheel, START - CFX_HOUR, never, GUINT_TO_POINTER(4), NULL);
    g_autoptr(GArray) back = take(wheel, START - 2 * CFX_HOUR);
    g_assert_cmpuint(back->len, ==, 0);
    g_autoptr(GArray) again = take(wheel, START - CFX_HOUR);
    g_assert_cmpuint(again->len, ==, 1);
    g_autoptr(GArray) end = take(wheel, CFX_TIME_MAX);
    g_assert_cmpuint(end->len, ==, 1);
}

typedef struct {
    gint64 at;
    guint64 handle;
    gboolean is_live;
} Model;

/* thousands of timers, starts and stops, clocks of any pace: nothing early, nothing late, nothing
 * lost, all in order */
static void
test_random(void)
{
    g_autoptr(CfxWheel) wheel = cfx_wheel_new(START);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autoptr(GArray) model = g_array_new(FALSE, FALSE, sizeof(Model));
    gint64 now = START;
    for (guint turn = 0; turn < 3000; turn++) {
        for (guint i = 0; i < 5; i++) {
            gint64 ahead = g_rand_int_range(rand, 0, 1 << g_rand_int_range(rand, 1, 31));
            Model item = { now + ahead * (turn % 7 == 0 ? 1000 : 1), 0, TRUE };
            item.handle =
                cfx_wheel_start(wheel, item.at, never, GUINT_TO_POINTER(model->len), NULL);
            g_array_append_val(model, item);
        }
        Model *any = &g_array_index(model, Model, g_rand_int_range(rand, 0, (gint)model->len));
        g_assert_cmpint(cfx_wheel_stop(wheel, any->handle), ==, any->is_live);
        any->is_live = FALSE;
        now += g_rand_int_range(rand, 0, 1 << g_rand_int_range(rand, 1, 28));
        gint64 last = CFX_TIME_MIN;
        g_autoptr(GArray) got = take(wheel, now);
        for (guint i = 0; i < got->len; i++) {
            Model *fired = &g_array_index(model, Model, g_array_index(got, guint, i));
            g_assert_cmpint(fired->is_live, ==, TRUE);
            g_assert_cmpint(fired->at, <=, now);
            g_assert_cmpint(fired->at, >=, last);
            last = fired->at;
            fired->is_live = FALSE;
        }
        gint64 earliest = CFX_TIME_MAX;
        for (guint i = 0; i < model->len; i++) {
            const Model *item = &g_array_index(model, Model, i);
            if (item->is_live)
                earliest = MIN(earliest, item->at);
        }
        g_assert_cmpint(earliest, >, now);
        g_assert_cmpint(cfx_wheel_next(wheel), <=, earliest);
        g_assert_cmpint(cfx_wheel_next(wheel), >, now);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wheel/order", test_order);
    g_test_add_func("/wheel/exact", test_exact);
    g_test_add_func("/wheel/stale-handle", test_stale_handle);
    g_test_add_func("/wheel/stop-collected", test_stop_collected);
    g_test_add_func("/wheel/stop-all", test_stop_all);
    g_test_add_func("/wheel/extremes", test_extremes);
    g_test_add_func("/wheel/random", test_random);
    return g_test_run();
}
