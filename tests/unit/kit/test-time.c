/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kit/cfx-time.h>

#include <string.h>

#define S CFX_TIME_SECOND

static void
test_parse(void)
{
    static const struct {
        const char *text;
        gint64 us;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2025-10-01T12:00:00Z", 1759320000 * S },
        { "2025-10-01T14:00:00+02:00", 1759320000 * S },
        { "2025-10-01T14:00:00+0200", 1759320000 * S },
        { "2025-10-01T14:00:00+02", 1759320000 * S },
        { "2025-10-01t08:30:00.25-03:30", 1759320000 * S + 250000 },
        { "2025-10-01 12:00:00.1234567Z", 1759320000 * S + 123456 },
        { "2025-10-01T12:00Z", 1759320000 * S },
        { "2024-02-29T00:00:00Z", 1709164800 * S },
        { "2016-12-31T23:59:60Z", 1483228800 * S },
        { "1969-12-31T23:59:59.5Z", -500000 },
        { "0001-01-01T00:00:00Z", CFX_TIME_FIRST },
        { "9999-12-31T23:59:59.999999Z", CFX_TIME_LAST },
    };
    static const char *const bad[] = {
        "",
        "2025-10-01",
        "2025-10-01T12:00:00",
        "2025-13-01T12:00:00Z",
        "2025-02-29T12:00:00Z",
        "2025-10-01T24:00:00Z",
        "2025-10-01T12:60:00Z",
        "2025-10-01T12:00:00.Z",
        "2025-10-01T12:00:00Zx",
        "2025-10-01T12:00:00+2:00",
        "2025-10-01T12:00:00+24:00",
        "2025-10-01T12:00:00+02:",
        "2025-10-1T12:00:00Z",
        "+2025-10-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "2025-10-01T12Z",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        gint64 us = 1;

        g_test_message("%s", good[i].text);
        g_assert_true(cfx_time_parse(good[i].text, -1, &us));
        g_assert_cmpint(us, ==, good[i].us);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        gint64 us = 7;

        g_test_message("%s", bad[i]);
        g_assert_false(cfx_time_parse(bad[i], -1, &us));
        g_assert_cmpint(us, ==, 7);
    }
}

static void
test_parse_sized(void)
{
    const char *text = "2025-10-01T12:00:00Z\",\"more";
    gboolean has_offset = TRUE;
    gint64 us = 0;

    g_assert_true(cfx_time_parse(text, 20, &us));
    g_assert_cmpint(us, ==, 1759320000 * S);
    g_assert_false(cfx_time_parse(text, 19, &us));
    g_assert_true(cfx_time_parse_local(text, 19, &us, &has_offset));
    g_assert_false(has_offset);
}

static void
test_format(void)
{
    char text[CFX_TIME_TEXT_SIZE];

    g_assert_cmpuint(cfx_time_format(1759320000 * S, text), ==, 20);
    g_assert_cmpstr(text, ==, "2025-10-01T12:00:00Z");
    cfx_time_format(1759320000 * S + 250000, text);
    g_assert_cmpstr(text, ==, "2025-10-01T12:00:00.250Z");
    cfx_time_format(-1, text);
    g_assert_cmpstr(text, ==, "1969-12-31T23:59:59.999999Z");
    cfx_time_format(G_MAXINT64, text);
    g_assert_cmpstr(text, ==, "9999-12-31T23:59:59.999999Z");
    cfx_time_format(G_MININT64, text);
    g_assert_cmpstr(text, ==, "0001-01-01T00:00:00Z");
}

static void
test_civil(void)
{
    /* every day of eight centuries, there and back */
    gint64 days = cfx_civil_days(1600, 1, 1);

    for (gint32 year = 1600; year < 2400; year++) {
        for (gint32 month = 1; month <= 12; month++) {
            for (gint32 day = 1; day <= cfx_civil_month_days(year, month); day++, days++) {
                CfxCivil civil;
                gint64 us = 0;

                g_assert_cmpint(cfx_civil_days(year, month, day), ==, days);
                cfx_civil_from_us(days * CFX_TIME_DAY + 3723 * S + 5, &civil);
                g_assert_true(civil.year == year && civil.month == month && civil.day == day);
                g_assert_true(cfx_civil_to_us(&civil, &us));
                g_assert_cmpint(us, ==, days * CFX_TIME_DAY + 3723 * S + 5);
            }
        }
    }
}

static void
test_weekday(void)
{
    CfxCivil civil;

    cfx_civil_from_us(0, &civil);
    g_assert_cmpint(civil.weekday, ==, 4);
    cfx_civil_from_us(1759320000 * S, &civil);
    g_assert_cmpint(civil.weekday, ==, 3);
    cfx_civil_from_us(-CFX_TIME_DAY * 4, &civil);
    g_assert_cmpint(civil.weekday, ==, 7);
}

static void
test_floor(void)
{
    g_assert_cmpint(cfx_time_floor(1799 * S, 900 * S), ==, 900 * S);
    g_assert_cmpint(cfx_time_floor(1800 * S, 900 * S), ==, 1800 * S);
    g_assert_cmpint(cfx_time_floor(-1, 900 * S), ==, -900 * S);
}

static void
test_duration(void)
{
    static const struct {
        const char *text;
        gint64 us, months;
        const char *written;
    } good[] = {
        { "PT15M", 900 * S, 0, "PT15M" },
        { "P1D", 86400 * S, 0, "P1D" },
        { "P1M", 0, 1, "P1M" },
        { "P1Y2M10DT2H30M", 873000 * S, 14, "P1Y2M10DT2H30M" },
        { "P2W", 14 * 86400 * S, 0, "P14D" },
        { "PT0.5H", 1800 * S, 0, "PT30M" },
        { "PT1.25S", 1250000, 0, "PT1.25S" },
        { "-PT5S", -5 * S, 0, "-PT5S" },
        { "PT0S", 0, 0, "PT0S" },
        { "15min", 900 * S, 0, "PT15M" },
        { "2 h", 7200 * S, 0, "PT2H" },
        { "1h30min", 5400 * S, 0, "PT1H30M" },
        { "5s", 5 * S, 0, "PT5S" },
        { "1d", 86400 * S, 0, "P1D" },
        { "500ms", 500000, 0, "PT0.5S" },
        { "1w", 7 * 86400 * S, 0, "P7D" },
    };
    static const char *const bad[] = {
        "",       "P",     "PT",   "P1",     "PT15",     "15",    "min",
        "P1H",    "PT1D",  "P1DT", "PT1M1H", "PT1.5M2S", "P0.5M", "5 parsecs",
        "1min1h", "P1D1D", "PTS",  "PT1.S",  "--PT5S",   "1e3s",  "PT999999999999999H",
        "5s ,",   "PT15m", "pt5m",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        CfxDuration duration = { 1, 1 };
        char text[CFX_DURATION_TEXT_SIZE];

        g_test_message("%s", good[i].text);
        g_assert_true(cfx_duration_parse(good[i].text, -1, &duration));
        g_assert_cmpint(duration.us, ==, good[i].us);
        g_assert_cmpint(duration.months, ==, good[i].months);
        g_assert_cmpuint(cfx_duration_format(&duration, text), ==, strlen(good[i].written));
        g_assert_cmpstr(text, ==, good[i].written);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        CfxDuration duration;

        g_test_message("%s", bad[i]);
        g_assert_false(cfx_duration_parse(bad[i], -1, &duration));
    }
}

static void
test_duration_us(void)
{
    gint64 us = 0;

    g_assert_true(cfx_duration_parse_us("PT15M", 5, &us));
    g_assert_cmpint(us, ==, 900 * S);
    g_assert_false(cfx_duration_parse_us("P1M", -1, &us));
}

static void
test_duration_add(void)
{
    const CfxDuration month = { 0, 1 }, mixed = { CFX_TIME_DAY, 12 }, huge = { G_MAXINT64, 0 };
    gint64 us = 0;
    char text[CFX_TIME_TEXT_SIZE];

    cfx_time_parse("2025-01-31T10:00:00Z", -1, &us);
    cfx_time_format(cfx_duration_add(us, &month, 1), text);
    g_assert_cmpstr(text, ==, "2025-02-28T10:00:00Z");
    cfx_time_format(cfx_duration_add(us, &month, 2), text);
    g_assert_cmpstr(text, ==, "2025-03-31T10:00:00Z");
    cfx_time_format(cfx_duration_add(us, &month, -1), text);
    g_assert_cmpstr(text, ==, "2024-12-31T10:00:00Z");
    cfx_time_format(cfx_duration_add(us, &mixed, 1), text);
    g_assert_cmpstr(text, ==, "2026-02-01T10:00:00Z");
    g_assert_cmpint(cfx_duration_add(us, &huge, 3), ==, CFX_TIME_LAST);
    g_assert_cmpint(cfx_duration_add(us, &huge, -3), ==, CFX_TIME_FIRST);
    g_assert_cmpint(cfx_duration_add(us, &month, G_MAXINT64), ==, CFX_TIME_LAST);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kit/time/parse", test_parse);
    g_test_add_func("/kit/time/parse-sized", test_parse_sized);
    g_test_add_func("/kit/time/format", test_format);
    g_test_add_func("/kit/time/civil", test_civil);
    g_test_add_func("/kit/time/weekday", test_weekday);
    g_test_add_func("/kit/time/floor", test_floor);
    g_test_add_func("/kit/duration/parse", test_duration);
    g_test_add_func("/kit/duration/parse-us", test_duration_us);
    g_test_add_func("/kit/duration/add", test_duration_add);
    return g_test_run();
}
