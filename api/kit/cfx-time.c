/* SPDX-License-Identifier: MIT */
#include "cfx-time.h"

#include <string.h>

gint64
cfx_civil_days(gint64 year, gint64 month, gint64 day)
{
    /* count years from March, so that the leap day is the last day of a year */
    gint64 y = month <= 2 ? year - 1 : year;
    gint64 era = (y >= 0 ? y : y - 399) / 400;
    gint64 of_era = y - era * 400;
    gint64 of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

gint32
cfx_civil_month_days(gint64 year, gint32 month)
{
    static const gint8 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

gint64
cfx_time_floor(gint64 us, gint64 step_us)
{
    gint64 rest = us % step_us;

    return us - (rest < 0 ? rest + step_us : rest);
}

void
cfx_civil_from_us(gint64 us, CfxCivil *ret)
{
    gint64 at = CLAMP(us, CFX_TIME_FIRST, CFX_TIME_LAST);
    gint64 midnight = cfx_time_floor(at, CFX_TIME_DAY);
    gint64 days = midnight / CFX_TIME_DAY;
    gint64 shifted = days + 719468;
    gint64 era = shifted / 146097;
    gint64 of_era = shifted - era * 146097;
    gint64 year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    gint64 of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    gint64 month = (5 * of_year + 2) / 153; /* 0 is March */
    gint64 rest = at - midnight;

    ret->day = (gint32)(of_year - (153 * month + 2) / 5 + 1);
    ret->month = (gint32)(month < 10 ? month + 3 : month - 9);
    ret->year = (gint32)(year_of_era + era * 400 + (ret->month <= 2));
    ret->hour = (gint32)(rest / CFX_TIME_HOUR);
    ret->minute = (gint32)(rest / CFX_TIME_MINUTE % 60);
    ret->second = (gint32)(rest / CFX_TIME_SECOND % 60);
    ret->us = (gint32)(rest % CFX_TIME_SECOND);
    ret->weekday = (gint32)(((days + 3) % 7 + 7) % 7 + 1);
}

gboolean
cfx_civil_to_us(const CfxCivil *civil, gint64 *ret_us)
{
    if (civil->year < 1 || civil->year > 9999 || civil->month < 1 || civil->month > 12 ||
        civil->day < 1 || civil->day > cfx_civil_month_days(civil->year, civil->month) ||
        civil->hour < 0 || civil->hour > 23 || civil->minute < 0 || civil->minute > 59 ||
        civil->second < 0 || civil->second > 60 || civil->us < 0 || civil->us > 999999)
        return FALSE;
    *ret_us = cfx_civil_days(civil->year, civil->month, civil->day) * CFX_TIME_DAY +
              civil->hour * CFX_TIME_HOUR + civil->minute * CFX_TIME_MINUTE +
              civil->second * CFX_TIME_SECOND + civil->us;
    return TRUE;
}

/* a text that is read from the left */
typedef struct {
    const char *at, *end;
} Text;

static gboolean
take(Text *text, char c)
{
    if (text->at == text->end || *text->at != c)
        return FALSE;
    text->at++;
    return TRUE;
}

static gboolean
take_digits(Text *text, int n, gint32 *ret)
{
    gint32 value = 0;

    if (text->end - text->at < n)
        return FALSE;
    for (int i = 0; i < n; i++) {
        if (!g_ascii_isdigit(text->at[i]))
            return FALSE;
        value = value * 10 + (text->at[i] - '0');
    }
    text->at += n;
    *ret = value;
    return TRUE;
}

/* ".25": microseconds; at least one digit */
static gboolean
take_fraction(Text *text, gint32 *ret_us)
{
    gint32 value = 0, scale = 100000;

    if (text->at == text->end || !g_ascii_isdigit(*text->at))
        return FALSE;
    while (text->at < text->end && g_ascii_isdigit(*text->at)) {
        value += (*text->at++ - '0') * scale;
        scale /= 10;
    }
    *ret_us = value;
    return TRUE;
}

/* "Z", "+02:00", "+0200", "+02" */
static gboolean
take_offset(Text *text, gint64 *ret_us)
{
    gint32 hours = 0, minutes = 0;
    gint64 sign = 1;

    if (take(text, 'Z') || take(text, 'z')) {
        *ret_us = 0;
        return TRUE;
    }
    if (take(text, '-'))
        sign = -1;
    else if (!take(text, '+'))
        return FALSE;
    if (!take_digits(text, 2, &hours))
        return FALSE;
    if (take(text, ':') || text->at < text->end) {
        if (!take_digits(text, 2, &minutes))
            return FALSE;
    }
    if (hours > 23 || minutes > 59)
        return FALSE;
    *ret_us = sign * (hours * CFX_TIME_HOUR + minutes * CFX_TIME_MINUTE);
    return TRUE;
}

static gboolean
take_date(Text *text, CfxCivil *civil)
{
    return take_digits(text, 4, &civil->year) && take(text, '-') &&
           take_digits(text, 2, &civil->month) && take(text, '-') &&
           take_digits(text, 2, &civil->day);
}

static gboolean
take_clock(Text *text, CfxCivil *civil)
{
    if (!take_digits(text, 2, &civil->hour) || !take(text, ':') ||
        !take_digits(text, 2, &civil->minute))
        return FALSE;
    if (!take(text, ':'))
        return TRUE;
    if (!take_digits(text, 2, &civil->second))
        return FALSE;
    return !take(text, '.') || take_fraction(text, &civil->us);
}

gboolean
cfx_time_parse_local(const char *text, gssize size, gint64 *ret_us, gboolean *ret_has_offset)
{
    Text in = { text, text + (size < 0 ? (gssize)strlen(text) : size) };
    CfxCivil civil = { 0 };
    gint64 us, offset_us = 0;
    gboolean has_offset;

    if (!take_date(&in, &civil))
        return FALSE;
    if (!take(&in, 'T') && !take(&in, 't') && !take(&in, ' '))
        return FALSE;
    if (!take_clock(&in, &civil) || !cfx_civil_to_us(&civil, &us))
        return FALSE;
    has_offset = in.at < in.end;
    if (has_offset && (!take_offset(&in, &offset_us) || in.at != in.end))
        return FALSE;
    us -= offset_us;
    if (us < CFX_TIME_FIRST || us > CFX_TIME_LAST)
        return FALSE;
    *ret_us = us;
    if (ret_has_offset != NULL)
        *ret_has_offset = has_offset;
    return TRUE;
}

gboolean
cfx_time_parse(const char *text, gssize size, gint64 *ret_us)
{
    gboolean has_offset;
    gint64 us;

    if (!cfx_time_parse_local(text, size, &us, &has_offset) || !has_offset)
        return FALSE;
    *ret_us = us;
    return TRUE;
}

static char *
put_digits(char *to, gint32 value, int n)
{
    for (int i = n - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + n;
}

gsize
cfx_time_format(gint64 us, char *to)
{
    CfxCivil civil;
    char *at = to;

    cfx_civil_from_us(us, &civil);
    at = put_digits(at, civil.year, 4);
    *at++ = '-';
    at = put_digits(at, civil.month, 2);
    *at++ = '-';
    at = put_digits(at, civil.day, 2);
    *at++ = 'T';
    at = put_digits(at, civil.hour, 2);
    *at++ = ':';
    at = put_digits(at, civil.minute, 2);
    *at++ = ':';
    at = put_digits(at, civil.second, 2);
    if (civil.us != 0) {
        gboolean fine = civil.us % 1000 != 0;

        *at++ = '.';
        at = fine ? put_digits(at, civil.us, 6) : put_digits(at, civil.us / 1000, 3);
    }
    *at++ = 'Z';
    *at = '\0';
    return (gsize)(at - to);
}
