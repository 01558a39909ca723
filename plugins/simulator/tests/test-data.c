/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that the world reads: prices and the world file; and that a world repeats by its seed.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include <cariflex/cfx-abi.h>
#include <kit/cfx-clock-page.h>

#include "simulator-clock.h"
#include "simulator-prices.h"
#include "simulator-scene.h"

#define SECOND G_GINT64_CONSTANT(1000000)

static char *
demo_file(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, name, NULL);
}

static void
prices_of(SimPrices *prices, const char *head, const char *(*stamp)(guint, char *), guint n)
{
    g_autoptr(GString) text = g_string_new("# a comment\n");
    g_autoptr(GError) error = NULL;
    char buffer[64];
    g_string_append_printf(text, "time,%s\n", head);
    for (guint i = 0; i < n; i++)
        g_string_append_printf(text, "%s,%u\n", stamp(i, buffer), i);
    sim_prices_parse(prices, text->str, text->len, &error);
    g_assert_no_error(error);
}

static const char *
clock_stamp(guint i, char *to)
{
    g_snprintf(to, 64, "%02u:%02u", i / 4, i % 4 * 15);
    return to;
}

static const char *
utc_quarter(guint i, char *to)
{
    gint64 at = G_GINT64_CONSTANT(1743202800) + i * 900; /* 2025-03-28T23:00Z */
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at);
    g_autofree char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
    g_strlcpy(to, text, 64);
    return to;
}

static const char *
utc_hour(guint i, char *to)
{
    return utc_quarter(i * 4, to);
}

static void
test_prices(void)
{
    SimPrices prices;
    prices_of(&prices, "price_EUR_per_MWh", clock_stamp, 96);
    g_assert_cmpstr(prices.currency, ==, "EUR");
    g_assert_cmpfloat(sim_prices_at(&prices, 12 * 60), ==, 48);
    g_assert_cmpfloat(sim_prices_at(&prices, 24 * 60 - 1), ==, 95);
    prices_of(&prices, "price_SEK_per_kWh", utc_quarter, 96);
    g_assert_cmpstr(prices.currency, ==, "SEK");
    g_assert_cmpfloat(prices.per_mwh[1], ==, 1000);
    /* a day that skips 02:00 to 03:00: that hour takes the price before it */
    prices_of(&prices, "price_EUR_per_MWh", utc_quarter, 92);
    g_assert_cmpfloat(prices.per_mwh[7], ==, 7);
    g_assert_cmpfloat(prices.per_mwh[8], ==, 7);
    g_assert_cmpfloat(prices.per_mwh[11], ==, 7);
    g_assert_cmpfloat(prices.per_mwh[12], ==, 8);
    g_assert_cmpfloat(prices.per_mwh[95], ==, 91);
    /* a day that has 02:00 to 03:00 twice: the mean */
    prices_of(&prices, "price_EUR_per_MWh", utc_quarter, 100);
    g_assert_cmpfloat(prices.per_mwh[8], ==, (8 + 12) / 2.0);
    g_assert_cmpfloat(prices.per_mwh[12], ==, 16);
    g_assert_cmpfloat(prices.per_mwh[95], ==, 99);
    prices_of(&prices, "price_EUR_per_MWh", utc_hour, 25);
    g_assert_cmpfloat(prices.per_mwh[8], ==, 2.5);
    g_assert_cmpfloat(prices.per_mwh[95], ==, 24);
    prices_of(&prices, "price_EUR_per_MWh", utc_hour, 23);
    g_assert_cmpfloat(prices.per_mwh[11], ==, 1);
    g_assert_cmpfloat(prices.per_mwh[12], ==, 2);
}

static void
test_price_files(void)
{
    SimPrices prices;
    g_autoptr(GError) error = NULL;
    g_autofree char *own = demo_file("prices.csv");
    g_autofree char *se3 = demo_file("day-ahead-se3-2025-10-01.csv");
    g_assert_true(sim_prices_load(&prices, own, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(prices.currency, ==, "EUR");
    g_assert_true(sim_prices_load(&prices, se3, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(prices.currency, ==, "SEK");
    g_assert_cmpuint(prices.rows, ==, 96);
    g_assert_cmpfloat(sim_prices_at(&prices, 0), ==, 556.68);
    g_assert_cmpfloat(sim_prices_at(&prices, 19 * 60), ==, 3828.03);
    g_assert_cmpfloat(sim_prices_at(&prices, 23 * 60 + 45), ==, 785.68);
}

static void
refused(const char *text, const char *message)
{
    SimPrices prices;
    g_autoptr(GError) error = NULL;
    g_assert_false(sim_prices_parse(&prices, text, strlen(text), &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
    g_assert_cmpstr(error->message, ==, message);
}

static void
test_price_refusals(void)
{
    refused(
        "t,price_EUR_per_MWh\n00:00,1\n",
        "1 rows are neither the 92, 96 or 100 quarter hours nor the 23, 24 or 25 hours of a day");
    refused("t,price\n",
            "line 1: the second column must be named price_CUR_per_MWh or price_CUR_per_kWh");
    refused("t,price_EUR_per_MWh\n24:00,1\n", "line 2: not a clock time or an instant");
    refused("t,price_EUR_per_MWh\n00:00,nan\n", "line 2: not a price");
    refused("t,price_EUR_per_MWh\n00:00,1e99\n", "line 2: not a price");
    refused("t,price_EUR_per_MWh\n00:00;1\n", "line 2: two columns are expected");
    g_autoptr(GString) text = g_string_new("t,price_EUR_per_MWh\n");
    for (guint i = 0; i < 24; i++)
        g_string_append(text, "05:00,1\n");
    refused(text->str, "the day does not begin at midnight");
}

static SimScene *
scene(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = demo_file("world.json");
    SimScene *self = sim_scene_load(path, &error);
    g_assert_no_error(error);
    return self;
}

static void
test_day(void)
{
    gint64 noon_us;
    g_autoptr(GError) error = NULL;
    g_autoptr(SimScene) self = scene();
    g_assert_true(sim_scene_noon(self, "2025-10-01", &noon_us));
    g_assert_cmpint(noon_us, ==, G_GINT64_CONSTANT(1759334400) * SECOND);
    g_autoptr(SimDay) one = sim_scene_day(self, 1, noon_us, &error);
    g_assert_no_error(error);
    g_autoptr(SimDay) again = sim_scene_day(self, 1, noon_us, &error);
    g_autoptr(SimDay) other = sim_scene_day(self, 2, noon_us, &error);
    g_assert_cmpint(one->end_us - one->start_us, ==, 86400 * SECOND);
    g_assert_cmpuint(one->cars->len, ==, 10);
    guint differ = 0, tells[3] = { 0 };
    for (guint i = 0; i < one->cars->len; i++) {
        const SimCar *a = g_ptr_array_index(one->cars, i), *b = g_ptr_array_index(again->cars, i),
                     *c = g_ptr_array_index(other->cars, i);
        g_assert_cmpint(a->arrive_us, ==, b->arrive_us);
        g_assert_cmpint(a->depart_us, ==, b->depart_us);
        g_assert_cmpfloat(a->room_wh, ==, b->room_wh);
        differ += a->arrive_us != c->arrive_us;
        tells[a->tells]++;
        g_assert_cmpint(a->arrive_us, >=, one->start_us);
        g_assert_cmpint(a->depart_us, <, one->end_us);
        if (a->tells == SIM_TELLS_NOTHING)
            continue;
        g_assert_cmpint(a->by_us, <=, a->depart_us);
        g_assert_cmpfloat(a->need_wh, <=, a->taper_wh);
        g_assert_cmpfloat(a->taper_wh, <=, a->room_wh);
    }
    g_assert_cmpuint(differ, >=, 8);
    g_assert_cmpuint(tells[SIM_TELLS_NEEDS], ==, 5);
    g_assert_cmpuint(tells[SIM_TELLS_TOKEN], ==, 3);
    g_assert_cmpuint(tells[SIM_TELLS_NOTHING], ==, 2);
    g_assert_cmpint(one->faults->len, ==, 1);
    g_assert_cmpint(g_array_index(one->faults, SimFault, 0).start_us,
                    ==,
                    g_array_index(again->faults, SimFault, 0).start_us);
    const SimControl *control = g_ptr_array_index(one->controls, 0);
    g_assert_cmpint(control->start_us, ==, noon_us + 23400 * SECOND); /* 18:30 */
}

static void
test_base(void)
{
    gint64 noon_us;
    g_autoptr(SimScene) self = scene();
    sim_scene_noon(self, "2025-10-01", &noon_us);
    for (guint64 seed = 1; seed < 6; seed++)
        for (gint64 t = noon_us; t < noon_us + 86400 * SECOND; t += 20 * SECOND) {
            double base_w = sim_scene_base(self, seed, t);
            g_assert_cmpfloat(base_w, <=, self->base_max_w);
            g_assert_cmpfloat(base_w, >, 12000);
        }
    g_assert_cmpfloat(sim_scene_base(self, 3, noon_us), ==, sim_scene_base(self, 3, noon_us));
    g_assert_cmpfloat(sim_scene_base(self, 3, noon_us), !=, sim_scene_base(self, 4, noon_us));
}

/* What a follower sees, by its own reader. */
static gint64
page_now(const char *path, gint64 real_us)
{
    gint64 site_us = 0;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    g_assert_cmpuint(g_mapped_file_get_length(file), ==, 48);
    g_assert_true(cfx_clock_page_read(
        (const CfxClockPage *)(const void *)g_mapped_file_get_contents(file), real_us, &site_us));
    return site_us;
}

static void
test_clock(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("cariflex-world-XXXXXX", &error);
    g_autofree char *path = g_build_filename(folder, "clock", NULL);
    SimClock *clock = sim_clock_new(path, 1000000, 50, &error);
    g_assert_no_error(error);
    g_assert_cmpint(page_now(path, 1000000000), ==, 1000000);
    sim_clock_set(clock, 100, 10, 1000500);
    g_assert_cmpint(page_now(path, 90), ==, 1000000);
    g_assert_cmpint(page_now(path, 110), ==, 1000100);
    g_assert_cmpint(page_now(path, 1000), ==, 1000500);
    g_assert_cmpint(sim_clock_due(clock), ==, 150);
    /* a ceiling that is raised late does not let time jump */
    sim_clock_set(clock, 1000, 10, 2000000);
    g_assert_cmpint(page_now(path, 1001), ==, 1000510);
    /* a ceiling below the present holds time, but does not turn it back */
    sim_clock_set(clock, 1010, 10, 5);
    g_assert_cmpint(page_now(path, 5000), ==, 1000600);
    g_assert_cmpint(sim_clock_now(clock, 5000), ==, 1000600);
    /* the next world takes over a page at rest: who has mapped it goes on following */
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(path, FALSE, NULL);
    sim_clock_set(clock, 6000, 0, 5);
    sim_clock_free(clock);
    clock = sim_clock_new(path, 3000000, 7000, &error);
    g_assert_no_error(error);
    gint64 seen_us = 0;
    g_assert_true(cfx_clock_page_read(
        (const CfxClockPage *)(const void *)g_mapped_file_get_contents(mapped), 8000, &seen_us));
    g_assert_cmpint(seen_us, ==, 3000000);
    sim_clock_free(clock);
    g_unlink(path);
    g_rmdir(folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/simulator/prices/rows", test_prices);
    g_test_add_func("/simulator/prices/files", test_price_files);
    g_test_add_func("/simulator/prices/refusals", test_price_refusals);
    g_test_add_func("/simulator/scene/day", test_day);
    g_test_add_func("/simulator/scene/base", test_base);
    g_test_add_func("/simulator/clock", test_clock);
    return g_test_run();
}
