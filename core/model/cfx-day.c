/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-day.h"

#include <glib.h>
#include <kit/cfx-time.h>
#include <string.h>

static GMutex lock;
static GHashTable *zones; /* name -> GTimeZone, never dropped: a host knows few zones */

static GTimeZone *
zone_find(const char *name)
{
    GTimeZone *zone;

    g_mutex_lock(&lock);
    if (zones == NULL)
        zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    zone = g_hash_table_lookup(zones, name);
    if (zone == NULL) {
        zone = g_time_zone_new_identifier(name);
        if (zone != NULL)
            g_hash_table_insert(zones, g_strdup(name), zone);
    }
    g_mutex_unlock(&lock);
    return zone;
}

gboolean
cfx_zone_is_known(const char *zone)
{
    /* GLib also takes "+02:00" and the like, which are no zones with days of 23 hours */
    if (zone == NULL || !(g_ascii_isalpha(*zone)) || strlen(zone) > 64)
        return FALSE;
    return zone_find(zone) != NULL;
}

/* Seconds that clocks of the zone are ahead of UTC at that instant. */
static gint64
offset_us(GTimeZone *zone, gint64 us)
{
    gint64 seconds = cfx_time_floor(us, CFX_SECOND) / CFX_SECOND;
    int interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, seconds);

    return interval < 0 ? 0 : g_time_zone_get_offset(zone, interval) * CFX_SECOND;
}

static GTimeZone *
zone_or_utc(const char *name)
{
    GTimeZone *zone = name != NULL ? zone_find(name) : NULL;

    return zone != NULL ? zone : zone_find("UTC");
}

/* The first instant at which clocks show that wall time; in a gap the first after it. */
static gint64
instant_of(GTimeZone *zone, gint64 wall_us)
{
    /* the offset before and after any change within a day */
    gint64 early = offset_us(zone, wall_us - CFX_DAY), late = offset_us(zone, wall_us + CFX_DAY);
    gint64 first = wall_us - MAX(early, late), second = wall_us - MIN(early, late);
    gint64 low, high;

    if (first + offset_us(zone, first) == wall_us)
        return first;
    if (second + offset_us(zone, second) == wall_us)
        return second;
    /* in a gap: the change lies between both, and clocks jump over the wall time there */
    low = first;
    high = second;
    while (high - low > CFX_SECOND) {
        gint64 middle = low + cfx_time_floor((high - low) / 2, CFX_SECOND);

        if (middle <= low)
            middle = low + CFX_SECOND;
        if (middle + offset_us(zone, middle) > wall_us)
            high = middle;
        else
            low = middle;
    }
    return high;
}

gint64
cfx_day_start(const char *zone_name, gint64 us, int days)
{
    GTimeZone *zone = zone_or_utc(zone_name);
    gint64 wall_us = cfx_time_floor(us + offset_us(zone, us), CFX_DAY);

    return instant_of(zone, wall_us + days * CFX_DAY);
}

gint64
cfx_day_next(const char *zone_name, gint64 us, int minute)
{
    GTimeZone *zone = zone_or_utc(zone_name);
    gint64 wall_us = cfx_time_floor(us + offset_us(zone, us), CFX_DAY) + minute * CFX_MINUTE;

    for (int days = -1; days <= 2; days++) {
        gint64 next_us = instant_of(zone, wall_us + days * CFX_DAY);

        if (next_us > us)
            return next_us;
    }
    return us + CFX_DAY;
}

int
cfx_day_minute(const char *zone_name, gint64 us)
{
    gint64 wall_us = us + offset_us(zone_or_utc(zone_name), us);

    return (int)((wall_us - cfx_time_floor(wall_us, CFX_DAY)) / CFX_MINUTE);
}

char *
cfx_day_text(const char *zone_name, gint64 us)
{
    CfxCivil civil;

    cfx_civil_from_us(us + offset_us(zone_or_utc(zone_name), us), &civil);
    return g_strdup_printf(
        "%04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day, civil.hour, civil.minute);
}

int
cfx_day_parse_minute(const char *text)
{
    int hour, minute;

    if (strlen(text) != 5 || text[2] != ':' || !g_ascii_isdigit(text[0]) ||
        !g_ascii_isdigit(text[1]) || !g_ascii_isdigit(text[3]) || !g_ascii_isdigit(text[4]))
        return -1;
    hour = (text[0] - '0') * 10 + text[1] - '0';
    minute = (text[3] - '0') * 10 + text[4] - '0';
    return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}
