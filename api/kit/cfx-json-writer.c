/* SPDX-License-Identifier: MIT */
#include "cfx-json.h"

#include "cfx-time.h"

#include <math.h>
#include <string.h>

void
cfx_json_writer_init(CfxJsonWriter *self, char *first, gsize room)
{
    memset(self, 0, sizeof(*self));
    self->first = self->text = first;
    self->room = first != NULL ? room : 0;
}

void
cfx_json_writer_clear(CfxJsonWriter *self)
{
    if (self->text != self->first)
        g_free(self->text);
    cfx_json_writer_init(self, NULL, 0);
}

void
cfx_json_writer_reset(CfxJsonWriter *self)
{
    self->size = 0;
    self->needs_comma = FALSE;
}

/* room for @more bytes behind what is written */
static inline char *
reserve(CfxJsonWriter *self, gsize more)
{
    if (G_UNLIKELY(self->room - self->size < more)) {
        gsize room = MAX(self->room * 2, self->size + more + 64);

        if (self->text == self->first) {
            char *text = g_malloc(room);

            if (self->size > 0)
                memcpy(text, self->first, self->size);
            self->text = text;
        } else {
            self->text = g_realloc(self->text, room);
        }
        self->room = room;
    }
    return self->text + self->size;
}

static inline void
put(CfxJsonWriter *self, const char *text, gsize size)
{
    memcpy(reserve(self, size), text, size);
    self->size += size;
}

static inline void
put_char(CfxJsonWriter *self, char c)
{
    *reserve(self, 1) = c;
    self->size++;
}

static inline void
before_value(CfxJsonWriter *self)
{
    if (self->needs_comma)
        put_char(self, ',');
    self->needs_comma = TRUE;
}

static void
put_quoted(CfxJsonWriter *self, const char *text, gsize size)
{
    static const char hex[] = "0123456789abcdef";
    char *to = reserve(self, size * 6 + 2), *start = to;

    *to++ = '"';
    for (gsize i = 0; i < size; i++) {
        guchar c = (guchar)text[i];
        const char *named;

        if (G_LIKELY(c >= 0x20 && c != '"' && c != '\\')) {
            *to++ = (char)c;
            continue;
        }
        *to++ = '\\';
        named = c == '"' ? "\"" : c == '\\' ? "\\" : c == '\n' ? "n" : c == '\t' ? "t" : NULL;
        if (named != NULL) {
            *to++ = *named;
            continue;
        }
        memcpy(to, "u00", 3);
        to[3] = hex[c >> 4];
        to[4] = hex[c & 15];
        to += 5;
    }
    *to++ = '"';
    self->size += (gsize)(to - start);
}

void
cfx_json_begin_object(CfxJsonWriter *self)
{
    before_value(self);
    put_char(self, '{');
    self->needs_comma = FALSE;
}

void
cfx_json_end_object(CfxJsonWriter *self)
{
    put_char(self, '}');
    self->needs_comma = TRUE;
}

void
cfx_json_begin_array(CfxJsonWriter *self)
{
    before_value(self);
    put_char(self, '[');
    self->needs_comma = FALSE;
}

void
cfx_json_end_array(CfxJsonWriter *self)
{
    put_char(self, ']');
    self->needs_comma = TRUE;
}

void
cfx_json_name(CfxJsonWriter *self, const char *name)
{
    before_value(self);
    put_quoted(self, name, strlen(name));
    put_char(self, ':');
    self->needs_comma = FALSE;
}

void
cfx_json_text_sized(CfxJsonWriter *self, const char *text, gsize size)
{
    before_value(self);
    if (text == NULL)
        put(self, "null", 4);
    else
        put_quoted(self, text, size);
}

void
cfx_json_text(CfxJsonWriter *self, const char *text)
{
    cfx_json_text_sized(self, text, text != NULL ? strlen(text) : 0);
}

static void
put_int(CfxJsonWriter *self, gint64 value)
{
    char digits[24], *at = digits + sizeof(digits);
    guint64 rest = value < 0 ? -(guint64)value : (guint64)value;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        *--at = '-';
    put(self, at, (gsize)(digits + sizeof(digits) - at));
}

void
cfx_json_int(CfxJsonWriter *self, gint64 value)
{
    before_value(self);
    put_int(self, value);
}

/* "230.25": a number with at most six decimals, as most are. FALSE if it is none */
static gboolean
put_decimal(CfxJsonWriter *self, double value)
{
    double magnitude = fabs(value), scale = 10;

    for (int n = 1; n <= 6; n++, scale *= 10) {
        double scaled = nearbyint(magnitude * scale);
        guint64 digits;
        char *to;

        if (scaled > 9007199254740992.0)
            return FALSE;
        if (scaled / scale != magnitude)
            continue;
        digits = (guint64)scaled;
        if (value < 0)
            put_char(self, '-');
        put_int(self, (gint64)(digits / (guint64)scale));
        to = reserve(self, (gsize)n + 1);
        digits %= (guint64)scale;
        to[0] = '.';
        for (int i = n; i > 0; i--, digits /= 10)
            to[i] = (char)('0' + digits % 10);
        self->size += (gsize)n + 1;
        return TRUE;
    }
    return FALSE;
}

void
cfx_json_real(CfxJsonWriter *self, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    before_value(self);
    if (!isfinite(value)) {
        put(self, "null", 4);
        return;
    }
    if (value == floor(value) && fabs(value) < 1e15) {
        put_int(self, (gint64)value);
        return;
    }
    if (put_decimal(self, value))
        return;
    g_ascii_formatd(text, sizeof(text), "%.15g", value);
    if (g_ascii_strtod(text, NULL) != value)
        g_ascii_formatd(text, sizeof(text), "%.17g", value);
    put(self, text, strlen(text));
}

void
cfx_json_bool(CfxJsonWriter *self, gboolean value)
{
    before_value(self);
    put(self, value ? "true" : "false", value ? 4 : 5);
}

void
cfx_json_null(CfxJsonWriter *self)
{
    before_value(self);
    put(self, "null", 4);
}

void
cfx_json_time(CfxJsonWriter *self, gint64 us)
{
    char *to;

    before_value(self);
    put_char(self, '"');
    to = reserve(self, CFX_TIME_TEXT_SIZE);
    self->size += cfx_time_format(us, to);
    put_char(self, '"');
}

void
cfx_json_raw(CfxJsonWriter *self, const char *json, gsize size)
{
    before_value(self);
    put(self, json, size);
}

void
cfx_json_member_text(CfxJsonWriter *self, const char *name, const char *text)
{
    cfx_json_name(self, name);
    cfx_json_text(self, text);
}

void
cfx_json_member_int(CfxJsonWriter *self, const char *name, gint64 value)
{
    cfx_json_name(self, name);
    cfx_json_int(self, value);
}

void
cfx_json_member_real(CfxJsonWriter *self, const char *name, double value)
{
    cfx_json_name(self, name);
    cfx_json_real(self, value);
}

void
cfx_json_member_bool(CfxJsonWriter *self, const char *name, gboolean value)
{
    cfx_json_name(self, name);
    cfx_json_bool(self, value);
}

void
cfx_json_member_time(CfxJsonWriter *self, const char *name, gint64 us)
{
    cfx_json_name(self, name);
    cfx_json_time(self, us);
}

const char *
cfx_json_writer_end(CfxJsonWriter *self)
{
    *reserve(self, 1) = '\0';
    return self->text;
}

GBytes *
cfx_json_writer_steal(CfxJsonWriter *self)
{
    GBytes *bytes;

    if (self->text == self->first) {
        bytes = g_bytes_new(self->text, self->size);
        cfx_json_writer_reset(self);
        return bytes;
    }
    bytes = g_bytes_new_take(g_steal_pointer(&self->text), self->size);
    cfx_json_writer_init(self, NULL, 0);
    return bytes;
}
