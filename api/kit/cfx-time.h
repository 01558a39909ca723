/* SPDX-License-Identifier: MIT */
/*
 * Instants and durations as text.
 *
 * An instant is UTC microseconds since 1970-01-01T00:00:00Z, without leap seconds. A duration has
 * a calendar part (months) and an exact part (microseconds); a day is always 24 hours, as OpenADR
 * and FlexMeasures count it. Nothing here allocates or looks at a clock, a locale or a time zone.
 * All functions may be called from any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CFX_TIME_SECOND G_GINT64_CONSTANT(1000000)
#define CFX_TIME_MINUTE (60 * CFX_TIME_SECOND)
#define CFX_TIME_HOUR (60 * CFX_TIME_MINUTE)
#define CFX_TIME_DAY (24 * CFX_TIME_HOUR)

/* room that cfx_time_format() and cfx_duration_format() need, the final NUL included */
#define CFX_TIME_TEXT_SIZE 32
#define CFX_DURATION_TEXT_SIZE 64

/* the instants that have a text: year 0001 to the end of year 9999 */
#define CFX_TIME_FIRST G_GINT64_CONSTANT(-62135596800000000)
#define CFX_TIME_LAST G_GINT64_CONSTANT(253402300799999999)

/* parts of an instant in UTC, or of the wall clock of whoever says so */
typedef struct {
    gint32 year;
    gint32 month; /* 1 to 12 */
    gint32 day;   /* 1 to 31 */
    gint32 hour, minute, second;
    gint32 us;
    gint32 weekday; /* 1 Monday to 7 Sunday; not read by cfx_civil_to_us() */
} CfxCivil;

typedef struct {
    gint64 us;     /* the exact part */
    gint64 months; /* the calendar part; years count twelve */
} CfxDuration;

/*
 * Reads "2025-10-01T12:00:00Z", "2025-10-01T14:00:00.25+02:00" and the like: RFC 3339, and of
 * ISO 8601 also offsets written +02 and +0200 and times without seconds. An offset is required.
 * Digits behind the microsecond are cut off; a leap second is the first second of the next minute.
 * @size: bytes of @text, or -1 if it ends with NUL
 * Returns: FALSE if the whole text is not such an instant; @ret_us is then untouched
 */
gboolean cfx_time_parse(const char *text, gssize size, gint64 *ret_us);

/* The same, and "2025-10-01T12:00:00" without an offset is taken as UTC; @ret_has_offset (nullable)
 * says whether there was one, so that the caller can apply a zone. */
gboolean
cfx_time_parse_local(const char *text, gssize size, gint64 *ret_us, gboolean *ret_has_offset);

/*
 * Writes "2025-10-01T12:00:00Z", with three or six digits of a fraction only where they are not 0.
 * @to: CFX_TIME_TEXT_SIZE bytes
 * Returns: the length without the NUL; instants beyond the years 0001 to 9999 are clamped
 */
gsize cfx_time_format(gint64 us, char *to);

/* The parts of an instant in UTC, and back. cfx_civil_to_us() returns FALSE for a date or time that
 * does not exist. */
void cfx_civil_from_us(gint64 us, CfxCivil *ret);
gboolean cfx_civil_to_us(const CfxCivil *civil, gint64 *ret_us);

/* Days from 1970-01-01 to a date of the Gregorian calendar; month 1 to 12. */
gint64 cfx_civil_days(gint64 year, gint64 month, gint64 day);
gint32 cfx_civil_month_days(gint64 year, gint32 month);

/* Largest multiple of @step_us (counted from 1970) that is not after @us; the steps of UTC. */
gint64 cfx_time_floor(gint64 us, gint64 step_us);

/*
 * Reads ISO 8601 ("PT15M", "P1M", "P1DT12H", "-PT5S", "P2W") and what people write: "15min", "2 h",
 * "5s", "1d", "500ms", "1h30min". Decimal fractions are allowed for weeks and below.
 * Returns: FALSE if the text is no duration or does not fit; @ret is then untouched
 */
gboolean cfx_duration_parse(const char *text, gssize size, CfxDuration *ret);

/* The same for where only an exact duration makes sense: months and years are refused. */
gboolean cfx_duration_parse_us(const char *text, gssize size, gint64 *ret_us);

/* Writes "PT15M". @to: CFX_DURATION_TEXT_SIZE bytes. Returns: the length without the NUL. */
gsize cfx_duration_format(const CfxDuration *duration, char *to);

/* @us plus @times durations: months first (31 January + P1M is the last of February), in UTC. The
 * sum saturates at CFX_TIME_FIRST and CFX_TIME_LAST. */
gint64 cfx_duration_add(gint64 us, const CfxDuration *duration, gint64 times);

G_END_DECLS
