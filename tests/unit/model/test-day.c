/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-day.h"

#include <kit/cfx-time.h>

static gint64
at(const char *text)
{
    gint64 us = 0;

    g_assert_true(cfx_time_parse(text, -1, &us));
    return us;
}

static gint64
day_length(const char *zone, gint64 us)
{
    return cfx_day_start(zone, us, 1) - cfx_day_start(zone, us, 0);
}

static void
test_lengths(void)
{
    g_assert_cmpint(day_length("Europe/Stockholm", at("2025-03-30T10:00:00Z")), ==, 23 * CFX_HOUR);
    g_assert_cmpint(day_length("Europe/Stockholm", at("2025-10-26T10:00:00Z")), ==, 25 * CFX_HOUR);
    g_assert_cmpint(day_length("America/Martinique", at("2025-10-26T10:00:00Z")), ==, CFX_DAY);
    g_assert_cmpint(cfx_day_start("America/Martinique", at("2025-10-01T03:00:00Z"), 0),
                    ==,
                    at("2025-09-30T04:00:00Z"));
    g_assert_cmpint(cfx_day_start("Europe/Stockholm", at("2025-10-26T10:00:00Z"), 1),
                    ==,
                    at("2025-10-26T23:00:00Z"));
    g_assert_cmpint(day_length("no/where", at("2025-10-26T10:00:00Z")), ==, CFX_DAY);
}

static void
test_next(void)
{
    const char *martinique = "America/Martinique", *stockholm = "Europe/Stockholm";

    g_assert_cmpint(cfx_day_next(martinique, at("2025-10-01T22:00:00Z"), 7 * 60),
                    ==,
                    at("2025-10-02T11:00:00Z"));
    g_assert_cmpint(cfx_day_next(martinique, at("2025-10-02T11:00:00Z"), 7 * 60),
                    ==,
                    at("2025-10-03T11:00:00Z"));
    /* 02:30 does not exist on that day: the first instant after the gap */
    g_assert_cmpint(
        cfx_day_next(stockholm, at("2025-03-30T00:00:00Z"), 150), ==, at("2025-03-30T01:00:00Z"));
    /* 02:30 comes twice: the first */
    g_assert_cmpint(
        cfx_day_next(stockholm, at("2025-10-25T22:00:00Z"), 150), ==, at("2025-10-26T00:30:00Z"));
    g_assert_cmpint(
        cfx_day_next(stockholm, at("2025-10-26T00:45:00Z"), 150), ==, at("2025-10-27T01:30:00Z"));
}

static void
test_texts(void)
{
    g_autofree char *text = cfx_day_text("America/Martinique", at("2025-10-01T22:02:59Z"));

    g_assert_cmpstr(text, ==, "2025-10-01 18:02");
    g_assert_cmpint(cfx_day_minute("America/Martinique", at("2025-10-01T22:02:59Z")), ==, 1082);
    g_assert_cmpint(cfx_day_parse_minute("07:00"), ==, 420);
    g_assert_cmpint(cfx_day_parse_minute("24:00"), ==, -1);
    g_assert_cmpint(cfx_day_parse_minute("7:00"), ==, -1);
    g_assert_cmpint(cfx_day_parse_minute("07:60"), ==, -1);
    g_assert_true(cfx_zone_is_known("Europe/Paris"));
    g_assert_true(cfx_zone_is_known("UTC"));
    g_assert_false(cfx_zone_is_known("+02:00"));
    g_assert_false(cfx_zone_is_known("Europe/Pariss"));
    g_assert_false(cfx_zone_is_known(NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/day/lengths", test_lengths);
    g_test_add_func("/model/day/next", test_next);
    g_test_add_func("/model/day/texts", test_texts);
    return g_test_run();
}
