/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-day.h"

#include <stdio.h>
#include <string.h>

#define MINUTE ((gint64)60 * G_USEC_PER_SEC)

static GTimeZone *
zone_of(const char *zone)
{
    GTimeZone *found = zone != NULL ? g_time_zone_new_identifier(zone) : NULL;

    return found != NULL ? found : g_time_zone_new_utc();
}

gboolean
ui_day_parse(const char *text, GDate *ret)
{
    static const char shape[] = "dddd-dd-dd";
    guint year = 0, month = 0, day = 0;

    for (gsize i = 0; i < sizeof shape; i++) {
        if (shape[i] == 'd' ? !g_ascii_isdigit(text[i]) : text[i] != shape[i])
            return FALSE;
    }
    if (sscanf(text, "%4u-%2u-%2u", &year, &month, &day) != 3 || year < 1 ||
        !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
        return FALSE;
    g_date_clear(ret, 1);
    g_date_set_dmy(ret, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
    return TRUE;
}

void
ui_day_of(const char *zone, gint64 us, GDate *ret)
{
    g_autoptr(GTimeZone) where = zone_of(zone);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, where);
    int year, month, day;

    g_date_time_get_ymd(local, &year, &month, &day);
    g_date_clear(ret, 1);
    g_date_set_dmy(ret, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
}

static gint
compare(const char *zone, gint64 us, const GDate *day)
{
    GDate there;

    ui_day_of(zone, us, &there);
    return g_date_compare(&there, day);
}

/* The first instant of a day. Midnight may not exist, or exist twice, so it is looked for by
 * halves: days do not go back. */
static gint64
first_instant(const char *zone, const GDate *day)
{
    g_autoptr(GDateTime) midnight = g_date_time_new_utc(
        g_date_get_year(day), (int)g_date_get_month(day), g_date_get_day(day), 0, 0, 0);
    gint64 middle_us = g_date_time_to_unix(midnight) * G_USEC_PER_SEC;
    gint64 low_us = middle_us - 48 * 60 * MINUTE, high_us = middle_us + 48 * 60 * MINUTE;

    while (high_us - low_us > MINUTE) {
        gint64 us = low_us + (high_us - low_us) / 2 / MINUTE * MINUTE;
        if (compare(zone, us, day) < 0)
            low_us = us;
        else
            high_us = us;
    }
    return high_us;
}

gboolean
ui_day_bounds(const char *zone, const GDate *day, gint64 *ret_start_us, gint64 *ret_end_us)
{
    GDate next = *day;

    g_date_add_days(&next, 1);
    *ret_start_us = first_instant(zone, day);
    *ret_end_us = first_instant(zone, &next);
    return *ret_end_us > *ret_start_us;
}

char *
ui_day_text(const GDate *day)
{
    return g_strdup_printf("%04u-%02u-%02u",
                           g_date_get_year(day),
                           (guint)g_date_get_month(day),
                           g_date_get_day(day));
}
