/* SPDX-License-Identifier: MIT */
#include "cfx-json-private.h"

#include <math.h>
#include <string.h>

void
cfx_json_reader_init(
    CfxJsonReader *self, char *text, gsize size, guint max_depth, CfxJsonReadFlags flags)
{
    static char nothing[] = "";

    memset(self, 0, sizeof(*self));
    if (text == NULL)
        text = nothing; /* an empty GBytes has no address */
    self->start = self->at = text;
    self->end = text + size;
    self->max_depth = CLAMP(max_depth, 1, CFX_JSON_MAX_DEPTH);
    self->flags = flags;
}

gboolean
cfx_json_fail(CfxJsonReader *self, CfxJsonErrorCode code, const char *message)
{
    if (self->error.code != CFX_JSON_ERROR_NONE)
        return FALSE;
    self->error.code = code;
    self->error.offset = (gsize)(self->at - self->start);
    g_strlcpy(self->error.message, message, sizeof(self->error.message));
    return FALSE;
}

/* takes the beginning of a character off the end of a text that was cut */
static void
cut_at_character(char *text)
{
    const char *end;

    if (!g_utf8_validate(text, -1, &end))
        text[end - text] = '\0';
}

void
cfx_json_fail_within(CfxJsonReader *self, const char *name, gsize index)
{
    char path[sizeof(self->error.path)], number[24];
    const char *dot = self->error.path[0] != '\0' ? "." : "";

    if (name == NULL) {
        g_snprintf(number, sizeof(number), "%" G_GSIZE_FORMAT, index);
        name = number;
    }
    g_strlcpy(path, name, sizeof(path));
    g_strlcat(path, dot, sizeof(path));
    g_strlcat(path, self->error.path, sizeof(path));
    cut_at_character(path);
    g_strlcpy(self->error.path, path, sizeof(path));
}

static inline void
skip_space(CfxJsonReader *self)
{
    char *at = self->at;

    while (at < self->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    self->at = at;
}

CfxJsonKind
cfx_json_peek(CfxJsonReader *self)
{
    if (self->error.code != CFX_JSON_ERROR_NONE)
        return CFX_JSON_KIND_END;
    skip_space(self);
    if (self->at == self->end)
        return CFX_JSON_KIND_END;
    switch (*self->at) {
    case '{':
        return CFX_JSON_KIND_OBJECT;
    case '[':
        return CFX_JSON_KIND_ARRAY;
    case '"':
        return CFX_JSON_KIND_TEXT;
    case 't':
        return CFX_JSON_KIND_TRUE;
    case 'f':
        return CFX_JSON_KIND_FALSE;
    case 'n':
        return CFX_JSON_KIND_NULL;
    case '-':
        return CFX_JSON_KIND_NUMBER;
    default:
        return g_ascii_isdigit(*self->at) ? CFX_JSON_KIND_NUMBER : CFX_JSON_KIND_BAD;
    }
}

/* says that another type came than was wanted, or no value at all */
static gboolean
fail_kind(CfxJsonReader *self, CfxJsonKind kind, const char *message)
{
    if (kind == CFX_JSON_KIND_END)
        return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "the text ends where a value is due");
    if (kind == CFX_JSON_KIND_BAD)
        return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "no JSON value");
    return cfx_json_fail(self, CFX_JSON_ERROR_TYPE, message);
}

static gboolean
enter(CfxJsonReader *self, gboolean is_object)
{
    guint64 bit;

    if (self->depth == self->max_depth)
        return cfx_json_fail(self, CFX_JSON_ERROR_DEPTH, "nested too deeply");
    bit = G_GUINT64_CONSTANT(1) << self->depth++;
    self->in_object = is_object ? self->in_object | bit : self->in_object & ~bit;
    self->is_first = TRUE;
    self->at++;
    return TRUE;
}

gboolean
cfx_json_enter_object(CfxJsonReader *self)
{
    CfxJsonKind kind = cfx_json_peek(self);

    if (kind != CFX_JSON_KIND_OBJECT)
        return fail_kind(self, kind, "not an object");
    return enter(self, TRUE);
}

gboolean
cfx_json_enter_array(CfxJsonReader *self)
{
    CfxJsonKind kind = cfx_json_peek(self);

    if (kind != CFX_JSON_KIND_ARRAY)
        return fail_kind(self, kind, "not an array");
    return enter(self, FALSE);
}

/* past the comma, or past the closing bracket: then FALSE */
static inline gboolean
next(CfxJsonReader *self, char close)
{
    if (self->error.code != CFX_JSON_ERROR_NONE)
        return FALSE;
    skip_space(self);
    if (self->at == self->end)
        return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "the text ends too early");
    if (*self->at == close) {
        self->at++;
        self->depth--;
        self->is_first = FALSE;
        return FALSE;
    }
    if (!self->is_first) {
        if (*self->at != ',')
            return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "a comma or the end is due");
        self->at++;
        skip_space(self);
    }
    self->is_first = FALSE;
    return TRUE;
}

static gboolean
pass_colon(CfxJsonReader *self)
{
    skip_space(self);
    if (self->at == self->end || *self->at != ':')
        return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "a colon is due");
    self->at++;
    return TRUE;
}

static gboolean
at_name(CfxJsonReader *self)
{
    if (self->at == self->end || *self->at != '"')
        return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "the name of a member is due");
    return TRUE;
}

gboolean
cfx_json_next_member(CfxJsonReader *self, CfxJsonText *ret_name)
{
    if (self->depth == 0 || !next(self, '}'))
        return FALSE;
    return at_name(self) && cfx_json_scan_text(self, ret_name) && pass_colon(self);
}

gboolean
cfx_json_next_element(CfxJsonReader *self)
{
    return self->depth > 0 && next(self, ']');
}

gboolean
cfx_json_read_text(CfxJsonReader *self, CfxJsonText *ret)
{
    CfxJsonKind kind = cfx_json_peek(self);

    if (kind != CFX_JSON_KIND_TEXT)
        return fail_kind(self, kind, "not a string");
    return cfx_json_scan_text(self, ret);
}

gboolean
cfx_json_read_real(CfxJsonReader *self, double *ret)
{
    CfxJsonKind kind = cfx_json_peek(self);
    CfxJsonNumber number;

    if (kind != CFX_JSON_KIND_NUMBER)
        return fail_kind(self, kind, "not a number");
    if (!cfx_json_scan_number(self, &number))
        return FALSE;
    *ret = cfx_json_number_real(&number);
    return isfinite(*ret) || cfx_json_fail(self, CFX_JSON_ERROR_CONSTRAINT, "too large a number");
}

gboolean
cfx_json_read_int(CfxJsonReader *self, gint64 *ret)
{
    CfxJsonKind kind = cfx_json_peek(self);
    CfxJsonNumber number;
    double real;

    if (kind != CFX_JSON_KIND_NUMBER)
        return fail_kind(self, kind, "not an integer");
    if (!cfx_json_scan_number(self, &number))
        return FALSE;
    if (number.is_integer) {
        *ret = number.is_negative ? -(gint64)number.mantissa : (gint64)number.mantissa;
        return TRUE;
    }
    real = cfx_json_number_real(&number);
    if (!(fabs(real) <= 9007199254740992.0))
        return cfx_json_fail(self, CFX_JSON_ERROR_CONSTRAINT, "too large an integer");
    if (real != floor(real))
        return cfx_json_fail(self, CFX_JSON_ERROR_TYPE, "not an integer");
    *ret = (gint64)real;
    return TRUE;
}

static gboolean
scan_word(CfxJsonReader *self, const char *word)
{
    gsize size = strlen(word);

    if ((gsize)(self->end - self->at) < size || memcmp(self->at, word, size) != 0)
        return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "no JSON value");
    self->at += size;
    return TRUE;
}

gboolean
cfx_json_read_bool(CfxJsonReader *self, gboolean *ret)
{
    CfxJsonKind kind = cfx_json_peek(self);

    if (kind != CFX_JSON_KIND_TRUE && kind != CFX_JSON_KIND_FALSE)
        return fail_kind(self, kind, "not a boolean");
    *ret = kind == CFX_JSON_KIND_TRUE;
    return scan_word(self, *ret ? "true" : "false");
}

gboolean
cfx_json_read_null(CfxJsonReader *self)
{
    CfxJsonKind kind = cfx_json_peek(self);

    if (kind != CFX_JSON_KIND_NULL)
        return fail_kind(self, kind, "not null");
    return scan_word(self, "null");
}

/* one value without what is inside; containers are entered */
static gboolean
pass_start(CfxJsonReader *self)
{
    CfxJsonKind kind = cfx_json_peek(self);
    CfxJsonNumber number;

    switch (kind) {
    case CFX_JSON_KIND_OBJECT:
    case CFX_JSON_KIND_ARRAY:
        return enter(self, kind == CFX_JSON_KIND_OBJECT);
    case CFX_JSON_KIND_TEXT:
        return cfx_json_pass_text(self);
    case CFX_JSON_KIND_NUMBER:
        return cfx_json_scan_number(self, &number);
    case CFX_JSON_KIND_TRUE:
        return scan_word(self, "true");
    case CFX_JSON_KIND_FALSE:
        return scan_word(self, "false");
    case CFX_JSON_KIND_NULL:
        return scan_word(self, "null");
    case CFX_JSON_KIND_END:
    case CFX_JSON_KIND_BAD:
    default:
        return fail_kind(self, kind, "");
    }
}

/* to the next value of the container that we are in; names are passed untouched */
static gboolean
pass_next(CfxJsonReader *self)
{
    if ((self->in_object >> (self->depth - 1) & 1) == 0)
        return next(self, ']');
    return next(self, '}') && at_name(self) && cfx_json_pass_text(self) && pass_colon(self);
}

gboolean
cfx_json_skip(CfxJsonReader *self, CfxJsonText *ret_slice)
{
    guint base = self->depth;
    char *start;

    cfx_json_peek(self); /* past the white space */
    start = self->at;
    while (pass_start(self)) {
        while (self->depth > base && !pass_next(self)) {
            if (self->error.code != CFX_JSON_ERROR_NONE)
                return FALSE;
        }
        if (self->error.code != CFX_JSON_ERROR_NONE)
            return FALSE;
        if (self->depth > base)
            continue;
        if (ret_slice != NULL) {
            ret_slice->text = start;
            ret_slice->size = (gsize)(self->at - start);
        }
        return TRUE;
    }
    return FALSE;
}

gboolean
cfx_json_finish(CfxJsonReader *self)
{
    if (self->error.code != CFX_JSON_ERROR_NONE)
        return FALSE;
    skip_space(self);
    if (self->depth != 0 || self->at != self->end)
        return cfx_json_fail(self, CFX_JSON_ERROR_SYNTAX, "the text goes on behind its value");
    return TRUE;
}

gboolean
cfx_json_check(const char *text, gsize size, guint max_depth, GError **error)
{
    CfxJsonReader reader;

    /* skipping writes nothing */
    cfx_json_reader_init(&reader, (char *)text, size, max_depth, CFX_JSON_READ_STRICT);
    if (cfx_json_skip(&reader, NULL) && cfx_json_finish(&reader))
        return TRUE;
    cfx_json_error_set(error, &reader.error);
    return FALSE;
}
