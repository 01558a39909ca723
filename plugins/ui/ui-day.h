/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Days of a zone, which have 23 to 25 hours. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "2025-10-01". FALSE: no such day. */
gboolean ui_day_parse(const char *text, GDate *ret);
/* The day that holds an instant, in a zone of the tz database (UTC where it is not known). */
void ui_day_of(const char *zone, gint64 us, GDate *ret);
/* [start, end) of a day. FALSE: that day is not in the zone's calendar. */
gboolean ui_day_bounds(const char *zone, const GDate *day, gint64 *ret_start_us, gint64 *ret_end_us);
/* "2025-10-01" (transfer full) */
char *ui_day_text(const GDate *day);

G_END_DECLS
