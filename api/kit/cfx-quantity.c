/* SPDX-License-Identifier: MIT */
#include "cfx-quantity.h"

#include "cfx-time.h"

#include <math.h>
#include <string.h>

G_DEFINE_QUARK(cfx - kit - error - quark, cfx_kit_error)

/* a word that is a unit by itself, and whether k, M, G and m may stand before it */
typedef struct {
    const char *word;
    double scale, offset;
    gint8 energy, time, current, voltage, length, temperature, apparent;
    gboolean has_prefixes;
} Known;

static const Known known[] = {
    { "Wh", 1, .energy = 1, .has_prefixes = TRUE },
    { "W", 1, .energy = 1, .time = -1, .has_prefixes = TRUE },
    { "J", 1.0 / 3600, .energy = 1, .has_prefixes = TRUE },
    { "VAh", 1, .apparent = 1, .time = 1, .has_prefixes = TRUE },
    { "VA", 1, .apparent = 1, .has_prefixes = TRUE },
    { "varh", 1, .apparent = 1, .time = 1, .has_prefixes = TRUE },
    { "var", 1, .apparent = 1, .has_prefixes = TRUE },
    { "Ah", 1, .current = 1, .time = 1, .has_prefixes = TRUE },
    { "A", 1, .current = 1, .has_prefixes = TRUE },
    { "V", 1, .voltage = 1, .has_prefixes = TRUE },
    { "h", 1, .time = 1 },
    { "min", 1.0 / 60, .time = 1 },
    { "s", 1.0 / 3600, .time = 1 },
    { "d", 24, .time = 1 },
    { "Hz", 3600, .time = -1, .has_prefixes = TRUE },
    { "m", 1, .length = 1 },
    { "km", 1000, .length = 1 },
    { "m²", 1, .length = 2 },
    { "m³", 1, .length = 3 },
    { "K", 1, .temperature = 1 },
    { "°C", 1, 273.15, .temperature = 1 },
    { "degC", 1, 273.15, .temperature = 1 },
    { "Celsius", 1, 273.15, .temperature = 1 },
    { "°F", 5.0 / 9, 459.67 * 5 / 9, .temperature = 1 },
    { "%", 0.01 },
    { "percent", 0.01 },
};

/* the symbols that stand for a currency without doubt */
static const struct {
    const char *word, *currency;
} signs[] = {
    { "€", "EUR" },
    { "£", "GBP" },
};

static const struct {
    const char *word;
    double scale;
} prefixes[] = { { "", 1 }, { "k", 1e3 }, { "M", 1e6 }, { "G", 1e9 }, { "m", 1e-3 } };

static gboolean
is_word(const char *word, const char *text, gsize size)
{
    return strlen(word) == size && memcmp(word, text, size) == 0;
}

/* "EUR", "kEUR", "MEUR", "€" */
static gboolean
parse_money(const char *text, gsize size, CfxUnit *ret)
{
    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (!is_word(signs[i].word, text, size))
            continue;
        g_strlcpy(ret->currency, signs[i].currency, sizeof(ret->currency));
        ret->power[CFX_DIMENSION_MONEY] = 1;
        return TRUE;
    }
    if (size == 4 && (*text == 'k' || *text == 'M')) {
        ret->scale = *text == 'k' ? 1e3 : 1e6;
        text++;
        size--;
    }
    if (size != 3 || !g_ascii_isupper(text[0]) || !g_ascii_isupper(text[1]) ||
        !g_ascii_isupper(text[2]))
        return FALSE;
    memcpy(ret->currency, text, 3);
    ret->power[CFX_DIMENSION_MONEY] = 1;
    return TRUE;
}

static gboolean
parse_known(const char *text, gsize size, CfxUnit *ret)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        const Known *unit = &known[i];

        for (gsize j = 0; j < (unit->has_prefixes ? G_N_ELEMENTS(prefixes) : 1); j++) {
            gsize skip = strlen(prefixes[j].word);

            if (size < skip || memcmp(prefixes[j].word, text, skip) != 0 ||
                !is_word(unit->word, text + skip, size - skip))
                continue;
            ret->scale = unit->scale * prefixes[j].scale;
            ret->offset = unit->offset;
            ret->power[CFX_DIMENSION_ENERGY] = unit->energy;
            ret->power[CFX_DIMENSION_TIME] = unit->time;
            ret->power[CFX_DIMENSION_CURRENT] = unit->current;
            ret->power[CFX_DIMENSION_VOLTAGE] = unit->voltage;
            ret->power[CFX_DIMENSION_LENGTH] = unit->length;
            ret->power[CFX_DIMENSION_TEMPERATURE] = unit->temperature;
            ret->power[CFX_DIMENSION_APPARENT] = unit->apparent;
            return TRUE;
        }
    }
    return FALSE;
}

/* a factor: a word with an exponent perhaps ("m2", "m^2") */
static gboolean
parse_factor(const char *text, gsize size, CfxUnit *ret)
{
    int exponent = 1;
    CfxUnit unit = { .scale = 1 };

    if (size > 1 && (text[size - 1] == '2' || text[size - 1] == '3')) {
        exponent = text[--size] - '0';
        if (size > 1 && text[size - 1] == '^')
            size--;
    }
    if (size == 1 && *text == '1') {
        *ret = unit;
        return TRUE;
    }
    if (!parse_known(text, size, &unit) && !parse_money(text, size, &unit))
        return FALSE;
    unit.scale = pow(unit.scale, exponent);
    for (int i = 0; i < CFX_N_DIMENSIONS; i++)
        unit.power[i] = (gint8)(unit.power[i] * exponent);
    *ret = unit;
    return TRUE;
}

/* @to times @by to the power of @sign; FALSE for two currencies */
static gboolean
multiply(CfxUnit *to, const CfxUnit *by, int sign)
{
    if (to->currency[0] != '\0' && by->currency[0] != '\0' && strcmp(to->currency, by->currency))
        return FALSE;
    if (by->currency[0] != '\0')
        g_strlcpy(to->currency, by->currency, sizeof(to->currency));
    to->scale = sign > 0 ? to->scale * by->scale : to->scale / by->scale;
    for (int i = 0; i < CFX_N_DIMENSIONS; i++)
        to->power[i] = (gint8)CLAMP(to->power[i] + sign * by->power[i], -100, 100);
    return TRUE;
}

static gboolean
fail_unit(const char *text, gssize size, GError **error)
{
    g_autofree char *shown = g_utf8_make_valid(text, MIN(size, 40));

    g_set_error(error, CFX_KIT_ERROR, CFX_KIT_ERROR_INVALID, "\"%s\" is not a unit", shown);
    return FALSE;
}

gboolean
cfx_unit_parse(const char *text, gssize size, CfxUnit *ret, GError **error)
{
    gssize length = size < 0 ? (gssize)strlen(text) : size;
    const char *end = text + length, *at = text;
    CfxUnit unit = { .scale = 1 };
    int sign = 1, n_factors = 0;

    if (length == 0) {
        *ret = unit;
        return TRUE;
    }
    for (;;) {
        const char *stop = at;
        CfxUnit factor;

        while (stop < end && *stop != '/' && *stop != '*' && *stop != ' ')
            stop++;
        if (n_factors == 6 || !parse_factor(at, (gsize)(stop - at), &factor) ||
            !multiply(&unit, &factor, sign))
            return fail_unit(text, length, error);
        if (n_factors++ == 0)
            unit.offset = factor.offset;
        else
            unit.offset = 0; /* a product of temperatures is one of differences */
        if (stop == end)
            break;
        sign = *stop == '/' ? -1 : 1;
        at = stop + 1;
    }
    *ret = unit;
    return TRUE;
}

gboolean
cfx_unit_is_same_kind(const CfxUnit *a, const CfxUnit *b)
{
    return memcmp(a->power, b->power, sizeof(a->power)) == 0 &&
           (a->power[CFX_DIMENSION_MONEY] == 0 || strcmp(a->currency, b->currency) == 0);
}

gboolean
cfx_unit_convert(const char *from,
                 const char *to,
                 gint64 resolution_us,
                 double *ret_scale,
                 double *ret_offset,
                 GError **error)
{
    CfxUnit a, b, over_time;
    double hours = (double)resolution_us / (double)CFX_TIME_HOUR;

    if (!cfx_unit_parse(from, -1, &a, error) || !cfx_unit_parse(to, -1, &b, error))
        return FALSE;
    if (cfx_unit_is_same_kind(&a, &b)) {
        *ret_scale = a.scale / b.scale;
        *ret_offset = (a.offset - b.offset) / b.scale;
        return TRUE;
    }
    if (resolution_us > 0) {
        over_time = a;
        over_time.power[CFX_DIMENSION_TIME]--;
        if (cfx_unit_is_same_kind(&over_time, &b)) {
            *ret_scale = a.scale / b.scale / hours;
            *ret_offset = 0;
            return TRUE;
        }
        over_time.power[CFX_DIMENSION_TIME] = (gint8)(a.power[CFX_DIMENSION_TIME] + 1);
        if (cfx_unit_is_same_kind(&over_time, &b)) {
            *ret_scale = a.scale / b.scale * hours;
            *ret_offset = 0;
            return TRUE;
        }
    }
    g_set_error(
        error, CFX_KIT_ERROR, CFX_KIT_ERROR_UNIT, "\"%s\" does not convert to \"%s\"", from, to);
    return FALSE;
}

/* the length of a decimal number at the start of a text, 0 if there is none */
static gsize
number_length(const char *text, gsize size)
{
    gsize i = 0, digits = 0;

    if (i < size && (text[i] == '-' || text[i] == '+'))
        i++;
    for (; i < size && g_ascii_isdigit(text[i]); i++)
        digits++;
    if (i < size && text[i] == '.') {
        for (i++; i < size && g_ascii_isdigit(text[i]); i++)
            digits++;
    }
    if (digits == 0)
        return 0;
    if (i < size && (text[i] == 'e' || text[i] == 'E')) {
        gsize mark = i++;

        if (i < size && (text[i] == '-' || text[i] == '+'))
            i++;
        if (i == size || !g_ascii_isdigit(text[i]))
            return mark;
        while (i < size && g_ascii_isdigit(text[i]))
            i++;
    }
    return i;
}

gboolean
cfx_quantity_parse(const char *text, gssize size, CfxQuantity *ret, GError **error)
{
    gsize length = size < 0 ? strlen(text) : (gsize)size, digits;
    char number[64];
    double value;

    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    digits = number_length(text, length);
    if (digits == 0 || digits >= sizeof(number)) {
        g_autofree char *shown = g_utf8_make_valid(text, MIN((gssize)length, 40));

        g_set_error(error,
                    CFX_KIT_ERROR,
                    CFX_KIT_ERROR_INVALID,
                    "\"%s\" does not begin with a number",
                    shown);
        return FALSE;
    }
    memcpy(number, text, digits);
    number[digits] = '\0';
    value = g_ascii_strtod(number, NULL);
    if (!isfinite(value)) {
        g_set_error(error, CFX_KIT_ERROR, CFX_KIT_ERROR_INVALID, "%s is too large", number);
        return FALSE;
    }
    while (digits < length && text[digits] == ' ')
        digits++;
    if (!cfx_unit_parse(text + digits, (gssize)(length - digits), &ret->unit, error))
        return FALSE;
    ret->value = value;
    return TRUE;
}

gboolean
cfx_quantity_in(const char *text, gssize size, const char *unit, double *ret, GError **error)
{
    CfxQuantity quantity;
    CfxUnit wanted;
    gsize length = size < 0 ? strlen(text) : (gsize)size;

    if (!cfx_unit_parse(unit, -1, &wanted, error) ||
        !cfx_quantity_parse(text, (gssize)length, &quantity, error))
        return FALSE;
    if (!cfx_unit_is_same_kind(&quantity.unit, &wanted)) {
        g_autofree char *shown = g_utf8_make_valid(text, MIN((gssize)length, 60));

        g_set_error(error,
                    CFX_KIT_ERROR,
                    CFX_KIT_ERROR_UNIT,
                    "\"%s\" is not a quantity in \"%s\"",
                    shown,
                    unit);
        return FALSE;
    }
    if (quantity.unit.scale == wanted.scale && quantity.unit.offset == wanted.offset)
        *ret = quantity.value;
    else
        *ret = (quantity.value * quantity.unit.scale + quantity.unit.offset - wanted.offset) /
               wanted.scale;
    return TRUE;
}
