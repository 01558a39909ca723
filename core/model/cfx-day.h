/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Days of a zone, which have 23 to 25 hours, and clock times in it. [any]
 */
#pragma once

#include <cariflex/cfx-types.h>

G_BEGIN_DECLS

/* Whether it is the name of an IANA zone that this system knows. */
gboolean cfx_zone_is_known(const char *zone);

/* Start of the civil day that holds @us, plus @days days. An unknown zone counts as UTC. */
gint64 cfx_day_start(const char *zone, gint64 us, int days);
/* The first instant after @us at which clocks show @minute (0…1439) of the day. A time that does
 * not exist on that day is the first one after the gap; of a time that comes twice the first
 * counts. */
gint64 cfx_day_next(const char *zone, gint64 us, int minute);
/* Minute of the day that clocks show at @us. */
int cfx_day_minute(const char *zone, gint64 us);
/* "2026-11-23 18:02" as clocks there show it. (transfer full) */
char *cfx_day_text(const char *zone, gint64 us);
/* "07:00" -> 420; -1: it is no clock time. */
int cfx_day_parse_minute(const char *text);

G_END_DECLS
