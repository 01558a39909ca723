/* SPDX-License-Identifier: MIT */
/* Strings and numbers: the part of the reader that looks at each byte. */
#include "cfx-json-private.h"

#include <string.h>

/* bytes of a string that need a second look: quote, backslash, controls, all that is not ASCII */
static inline gboolean
is_plain(guchar c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Returns: the length of the UTF-8 sequence at @at, 0 if it is not well formed */
static gsize
utf8_length(const guchar *at, const guchar *end)
{
    gsize left = (gsize)(end - at);

    if (at[0] < 0xc2)
        return 0;
    if (at[0] < 0xe0)
        return left >= 2 && (at[1] & 0xc0) == 0x80 ? 2 : 0;
    if (at[0] < 0xf0) {
        if (left < 3 || (at[1] & 0xc0) != 0x80 || (at[2] & 0xc0) != 0x80)
            return 0;
        if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f))
            return 0; /* overlong, surrogate */
        return 3;
    }
    if (at[0] > 0xf4 || left < 4 || (at[1] & 0xc0) != 0x80 || (at[2] & 0xc0) != 0x80 ||
        (at[3] & 0xc0) != 0x80)
        return 0;
    if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return 4;
}

/* four hexadecimal digits at @at */
static gboolean
hex4(const guchar *at, const guchar *end, guint32 *ret)
{
    guint32 value = 0;

    if (end - at < 4)
        return FALSE;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value((char)at[i]);

        if (digit < 0)
            return FALSE;
        value = value << 4 | (guint32)digit;
    }
    *ret = value;
    return TRUE;
}

/* @at: behind the backslash. Returns: the bytes that the escape takes, 0 if it is none */
static gsize
read_escape(const guchar *at, const guchar *end, guint32 *ret)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *found;
    guint32 low;

    if (at == end)
        return 0;
    if (*at != 'u') {
        found = *at != '\0' ? strchr(names, *at) : NULL;
        if (found == NULL)
            return 0;
        *ret = (guchar)values[found - names];
        return 1;
    }
    if (!hex4(at + 1, end, ret))
        return 0;
    if (*ret < 0xd800 || *ret > 0xdfff)
        return 5;
    if (*ret > 0xdbff || end - at < 7 || at[5] != '\\' || at[6] != 'u' ||
        !hex4(at + 7, end, &low) || low < 0xdc00 || low > 0xdfff)
        return 0; /* half of a pair stands for no character */
    *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
    return 11;
}

/* what stops the plain run: a sequence of UTF-8 or an error. Returns: its length, 0: an error */
static gsize
pass_special(CfxJsonReader *self, const guchar *at)
{
    gsize length = *at < 0x80 ? 0 : utf8_length(at, (guchar *)self->end);

    if (length == 0) {
        self->at = (char *)at;
        cfx_json_fail(self,
                      CFX_JSON_ERROR_SYNTAX,
                      *at < 0x20 ? "a control character in a string" : "a string is not UTF-8");
    }
    return length;
}

static gboolean
fail_at(CfxJsonReader *self, const guchar *at, const char *message)
{
    self->at = (char *)at;
    return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, message);
}

gboolean
cfx_json_pass_text(CfxJsonReader *self)
{
    const guchar *at = (guchar *)self->at + 1, *end = (guchar *)self->end;

    for (;;) {
        gsize length;

        while (at < end && is_plain(*at))
            at++;
        if (at == end)
            return fail_at(self, at, "a string does not end");
        if (*at == '"')
            break;
        if (*at == '\\') {
            guint32 c;

            length = read_escape(at + 1, end, &c);
            if (length == 0)
                return fail_at(self, at, "an unknown escape in a string");
            if (c == 0)
                return fail_at(self, at, "the character NUL in a string");
            at += 1 + length;
            continue;
        }
        length = pass_special(self, at);
        if (length == 0)
            return FALSE;
        at += length;
    }
    self->at = (char *)at + 1;
    return TRUE;
}

gboolean
cfx_json_scan_text(CfxJsonReader *self, CfxJsonText *ret)
{
    guchar *at = (guchar *)self->at + 1, *to = at, *start = at, *end = (guchar *)self->end;

    for (;;) {
        guchar *run = at;
        gsize length;

        while (at < end && is_plain(*at))
            at++;
        if (to != run)
            memmove(to, run, (gsize)(at - run));
        to += at - run;
        if (at == end)
            return fail_at(self, at, "a string does not end");
        if (*at == '"')
            break;
        if (*at == '\\') {
            guint32 c;

            length = read_escape(at + 1, end, &c);
            if (length == 0)
                return fail_at(self, at, "an unknown escape in a string");
            if (c == 0)
                return fail_at(self, at, "the character NUL in a string");
            at += 1 + length;
            to += g_unichar_to_utf8(c, (char *)to); /* never longer than its escape */
            continue;
        }
        length = pass_special(self, at);
        if (length == 0)
            return FALSE;
        if (to != at)
            memmove(to, at, length);
        at += length;
        to += length;
    }
    *to = '\0';
    self->at = (char *)at + 1;
    ret->text = (char *)start;
    ret->size = (gsize)(to - start);
    return TRUE;
}

static char *
scan_digits(char *at, const char *end, CfxJsonNumber *number, gboolean is_fraction)
{
    for (; at < end && g_ascii_isdigit(*at); at++) {
        if (number->mantissa > (G_MAXINT64 - 9) / 10) {
            number->is_exact = FALSE;
            number->exponent += !is_fraction;
            continue;
        }
        number->mantissa = number->mantissa * 10 + (guint64)(*at - '0');
        number->exponent -= is_fraction;
    }
    return at;
}

gboolean
cfx_json_scan_number(CfxJsonReader *self, CfxJsonNumber *ret)
{
    char *at = self->at, *digits, *end = self->end;
    CfxJsonNumber number = { .text = at, .is_exact = TRUE, .is_integer = TRUE };

    if (*at == '-') {
        number.is_negative = TRUE;
        at++;
    }
    digits = at;
    at = scan_digits(at, end, &number, FALSE);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "not a number");
    if (at < end && *at == '.') {
        digits = ++at;
        at = scan_digits(at, end, &number, TRUE);
        if (at == digits)
            return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "a digit is due behind the point");
        number.is_integer = FALSE;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        gboolean is_negative = ++at < end && *at == '-';
        gint32 exponent = 0;

        if (at < end && (*at == '-' || *at == '+'))
            at++;
        digits = at;
        for (; at < end && g_ascii_isdigit(*at); at++)
            exponent = MIN(exponent * 10 + (*at - '0'), 100000);
        if (at == digits)
            return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "a digit is due in the exponent");
        number.exponent += is_negative ? -exponent : exponent;
        number.is_integer = FALSE;
    }
    number.is_integer = number.is_integer && number.is_exact;
    number.size = (gsize)(at - self->at);
    self->at = at;
    *ret = number;
    return TRUE;
}

double
cfx_json_number_real(const CfxJsonNumber *number)
{
    static const double tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    g_autofree char *large = NULL;
    char small[128], *text = small;

    /* both factors are exact, so that the one rounding is the right one */
    if (number->is_exact && number->mantissa <= G_GUINT64_CONSTANT(1) << 53 &&
        number->exponent >= -22 && number->exponent <= 22) {
        double value = (double)number->mantissa;

        value =
            number->exponent < 0 ? value / tens[-number->exponent] : value * tens[number->exponent];
        return number->is_negative ? -value : value;
    }
    if (number->size < sizeof(small)) {
        memcpy(small, number->text, number->size);
        small[number->size] = '\0';
    } else {
        text = large = g_strndup(number->text, number->size);
    }
    return g_ascii_strtod(text, NULL);
}
