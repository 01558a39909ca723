/* SPDX-License-Identifier: MIT */
#include "cfx-time.h"

#include <string.h>

/* what one part of a duration is worth: an ISO designator or a word that people write */
typedef struct {
    const char *word;
    gint64 us;     /* 0: calendar */
    gint64 months; /* of a calendar part */
} Part;

static const Part iso_date[] = {
    { "Y", 0, 12 },           { "M", 0, 1 },  { "W", 7 * CFX_TIME_DAY, 0 },
    { "D", CFX_TIME_DAY, 0 }, { NULL, 0, 0 },
};

static const Part iso_time[] = {
    { "H", CFX_TIME_HOUR, 0 },
    { "M", CFX_TIME_MINUTE, 0 },
    { "S", CFX_TIME_SECOND, 0 },
    { NULL, 0, 0 },
};

/* from the largest to the smallest, as they follow each other in "1h30min" */
static const Part words[] = {
    { "w", 7 * CFX_TIME_DAY, 0 },
    { "d", CFX_TIME_DAY, 0 },
    { "h", CFX_TIME_HOUR, 0 },
    { "min", CFX_TIME_MINUTE, 0 },
    { "m", CFX_TIME_MINUTE, 0 },
    { "s", CFX_TIME_SECOND, 0 },
    { "ms", CFX_TIME_SECOND / 1000, 0 },
    { "us", 1, 0 },
    { NULL, 0, 0 },
};

/* a number of a duration: whole part, and millionths of one */
typedef struct {
    gint64 whole, millionths;
    gboolean has_fraction;
} Number;

static gboolean
take_number(const char **at, const char *end, Number *ret)
{
    const char *p = *at;
    gint64 whole = 0, millionths = 0;
    int digits = 0;

    for (; p < end && g_ascii_isdigit(*p); p++, digits++) {
        if (digits == 15)
            return FALSE;
        whole = whole * 10 + (*p - '0');
    }
    if (digits == 0)
        return FALSE;
    ret->has_fraction = p < end && (*p == '.' || *p == ',');
    if (ret->has_fraction) {
        gint64 scale = 100000;

        if (++p == end || !g_ascii_isdigit(*p))
            return FALSE;
        for (; p < end && g_ascii_isdigit(*p); p++, scale /= 10)
            millionths += (*p - '0') * scale;
    }
    ret->whole = whole;
    ret->millionths = millionths;
    *at = p;
    return TRUE;
}

static gboolean
add_part(const Part *part, const Number *number, CfxDuration *to)
{
    gint64 us, fraction_us;

    if (part->us == 0) {
        if (number->has_fraction || number->whole > 12 * 9999)
            return FALSE;
        to->months += number->whole * part->months;
        return TRUE;
    }
    if (__builtin_mul_overflow(number->whole, part->us, &us))
        return FALSE;
    /* 604 800 000 000 millionths fit, as the largest part is a week */
    fraction_us = number->millionths * (part->us / 1000000) +
                  number->millionths * (part->us % 1000000) / 1000000;
    return !__builtin_add_overflow(to->us, us, &to->us) &&
           !__builtin_add_overflow(to->us, fraction_us, &to->us);
}

/* the part that @at names, not before @from in its list; sets @at behind it */
static const Part *
take_part(const char **at, const char *end, const Part *from)
{
    const char *p = *at;

    while (p < end && g_ascii_isalpha(*p))
        p++;
    for (const Part *part = from; part->word != NULL; part++) {
        if (strlen(part->word) != (gsize)(p - *at) ||
            memcmp(part->word, *at, (gsize)(p - *at)) != 0)
            continue;
        *at = p;
        return part;
    }
    return NULL;
}

static gboolean
parse_iso(const char *at, const char *end, CfxDuration *ret)
{
    const Part *from = iso_date;
    gboolean is_time = FALSE, is_empty = TRUE, is_last = FALSE;

    while (at < end) {
        Number number;
        const Part *part = NULL;
        const char *word_end;

        if (is_last)
            return FALSE; /* only the smallest part may have a fraction */
        if (*at == 'T' && !is_time) {
            is_time = TRUE;
            is_empty = TRUE;
            from = iso_time;
            at++;
            continue;
        }
        if (!take_number(&at, end, &number) || at == end)
            return FALSE;
        word_end = at + 1;
        part = take_part(&at, word_end, from);
        if (part == NULL || !add_part(part, &number, ret))
            return FALSE;
        from = part + 1;
        is_last = number.has_fraction;
        is_empty = FALSE;
    }
    return !is_empty;
}

static gboolean
parse_words(const char *at, const char *end, CfxDuration *ret)
{
    const Part *from = words;

    if (at == end)
        return FALSE;
    while (at < end) {
        Number number;
        const Part *part;

        if (!take_number(&at, end, &number))
            return FALSE;
        while (at < end && *at == ' ')
            at++;
        part = take_part(&at, end, from);
        if (part == NULL || !add_part(part, &number, ret))
            return FALSE;
        from = part + 1;
        while (at < end && *at == ' ')
            at++;
    }
    return TRUE;
}

gboolean
cfx_duration_parse(const char *text, gssize size, CfxDuration *ret)
{
    const char *at = text, *end = text + (size < 0 ? (gssize)strlen(text) : size);
    CfxDuration duration = { 0 };
    gboolean is_negative = FALSE, is_good;

    if (at < end && (*at == '-' || *at == '+'))
        is_negative = *at++ == '-';
    if (at < end && *at == 'P')
        is_good = parse_iso(at + 1, end, &duration);
    else
        is_good = parse_words(at, end, &duration);
    if (!is_good)
        return FALSE;
    ret->us = is_negative ? -duration.us : duration.us;
    ret->months = is_negative ? -duration.months : duration.months;
    return TRUE;
}

gboolean
cfx_duration_parse_us(const char *text, gssize size, gint64 *ret_us)
{
    CfxDuration duration;

    if (!cfx_duration_parse(text, size, &duration) || duration.months != 0)
        return FALSE;
    *ret_us = duration.us;
    return TRUE;
}

static int
put_part(char *to, gint64 value, const char *word)
{
    return value == 0 ? 0 : g_snprintf(to, 24, "%" G_GINT64_FORMAT "%s", value, word);
}

gsize
cfx_duration_format(const CfxDuration *duration, char *to)
{
    gboolean is_negative = duration->us < 0 || duration->months < 0;
    /* the magnitude of the least number fits only without a sign */
    guint64 us = duration->us < 0 ? -(guint64)duration->us : (guint64)duration->us;
    gint64 months = ABS(duration->months);
    gint64 rest = (gint64)(us % (guint64)CFX_TIME_DAY);
    gint64 fraction = rest % CFX_TIME_SECOND;
    char *at = to;

    if (is_negative)
        *at++ = '-';
    *at++ = 'P';
    at += put_part(at, months / 12, "Y");
    at += put_part(at, months % 12, "M");
    at += put_part(at, (gint64)(us / (guint64)CFX_TIME_DAY), "D");
    if (rest != 0 || (us == 0 && months == 0))
        *at++ = 'T';
    at += put_part(at, rest / CFX_TIME_HOUR, "H");
    at += put_part(at, rest / CFX_TIME_MINUTE % 60, "M");
    if (fraction != 0) {
        at += g_snprintf(at, 24, "%d.%06d", (int)(rest / CFX_TIME_SECOND % 60), (int)fraction);
        while (at[-1] == '0')
            at--;
        *at++ = 'S';
    } else {
        at += put_part(at, rest / CFX_TIME_SECOND % 60, "S");
    }
    if (us == 0 && months == 0) {
        *at++ = '0';
        *at++ = 'S';
    }
    *at = '\0';
    return (gsize)(at - to);
}

gint64
cfx_duration_add(gint64 us, const CfxDuration *duration, gint64 times)
{
    gint64 sum = CLAMP(us, CFX_TIME_FIRST, CFX_TIME_LAST), months, exact_us;
    gboolean is_forward = (duration->months > 0 || duration->us > 0) == (times > 0);

    if (__builtin_mul_overflow(duration->months, times, &months) ||
        __builtin_mul_overflow(duration->us, times, &exact_us) || months > 12 * 10000 ||
        months < -12 * 10000)
        return is_forward ? CFX_TIME_LAST : CFX_TIME_FIRST;
    if (months != 0) {
        CfxCivil civil;
        gint64 month;

        cfx_civil_from_us(sum, &civil);
        month = (gint64)civil.year * 12 + civil.month - 1 + months;
        if (month < 12 || month >= 12 * 10000)
            return month < 12 ? CFX_TIME_FIRST : CFX_TIME_LAST;
        civil.year = (gint32)(month / 12);
        civil.month = (gint32)(month % 12) + 1;
        civil.day = MIN(civil.day, cfx_civil_month_days(civil.year, civil.month));
        if (!cfx_civil_to_us(&civil, &sum))
            return sum;
    }
    if (__builtin_add_overflow(sum, exact_us, &sum))
        return is_forward ? CFX_TIME_LAST : CFX_TIME_FIRST;
    return CLAMP(sum, CFX_TIME_FIRST, CFX_TIME_LAST);
}
