/* SPDX-License-Identifier: MIT */
#include "cfx-jsonmsg.h"

#include "cfx-time.h"

#include <math.h>
#include <string.h>

static gsize
item_size(const CfxJsonField *field)
{
    switch (field->type) {
    case CFX_JSON_TYPE_BOOL:
    case CFX_JSON_TYPE_ENUM:
        return sizeof(gint32);
    case CFX_JSON_TYPE_INT:
    case CFX_JSON_TYPE_TIME:
        return sizeof(gint64);
    case CFX_JSON_TYPE_REAL:
        return sizeof(double);
    case CFX_JSON_TYPE_OBJECT:
        return field->table->size;
    default:
        return sizeof(CfxJsonText);
    }
}

static void
set_absent(const CfxJsonField *field, gpointer at)
{
    switch (field->type) {
    case CFX_JSON_TYPE_BOOL:
    case CFX_JSON_TYPE_ENUM:
        *(gint32 *)at = -1;
        break;
    case CFX_JSON_TYPE_INT:
    case CFX_JSON_TYPE_TIME:
        *(gint64 *)at = CFX_JSON_NO_INT;
        break;
    case CFX_JSON_TYPE_REAL:
        *(double *)at = NAN;
        break;
    case CFX_JSON_TYPE_OBJECT:
        *(gpointer *)at = NULL;
        break;
    default:
        *(CfxJsonText *)at = (CfxJsonText){ NULL, 0 };
        break;
    }
}

void
cfx_json_clear(const CfxJsonTable *table, gpointer to)
{
    memset(to, 0, table->size);
    for (guint i = 0; i < table->n_fields; i++) {
        const CfxJsonField *field = &table->fields[i];

        /* an absent array is all zero already */
        if ((field->flags & CFX_JSON_ARRAY) == 0)
            set_absent(field, (char *)to + field->offset);
    }
}

/* like strlen() in code points; @text is UTF-8 */
static gsize
count_points(CfxJsonText text)
{
    gsize n = 0;

    for (gsize i = 0; i < text.size; i++)
        n += ((guchar)text.text[i] & 0xc0) != 0x80;
    return n;
}

static gboolean
decode_text(CfxJsonReader *reader, const CfxJsonField *field, CfxJsonText *to)
{
    if (!cfx_json_read_text(reader, to))
        return FALSE;
    /* a text has at least a quarter as many code points as bytes */
    if (field->max > 0 && (double)to->size > field->max && (double)count_points(*to) > field->max)
        return cfx_json_fail(reader, CFX_JSON_ERROR_CONSTRAINT, "too long a text");
    if (field->min > 0 && (double)count_points(*to) < field->min)
        return cfx_json_fail(reader, CFX_JSON_ERROR_CONSTRAINT, "too short a text");
    return TRUE;
}

static gboolean
decode_enum(CfxJsonReader *reader, const CfxJsonField *field, gint32 *to)
{
    CfxJsonText text;

    if (!cfx_json_read_text(reader, &text))
        return FALSE;
    for (gint32 i = 0; field->words[i] != NULL; i++) {
        if (!cfx_json_text_is(text, field->words[i]))
            continue;
        *to = i;
        return TRUE;
    }
    return cfx_json_fail(reader, CFX_JSON_ERROR_CONSTRAINT, "not a word of the enumeration");
}

static gboolean
decode_time(CfxJsonReader *reader, gint64 *to)
{
    CfxJsonText text;

    if (!cfx_json_read_text(reader, &text))
        return FALSE;
    return cfx_time_parse(text.text, (gssize)text.size, to) ||
           cfx_json_fail(reader, CFX_JSON_ERROR_CONSTRAINT, "not an instant");
}

static gboolean
check_bounds(CfxJsonReader *reader, const CfxJsonField *field, double value)
{
    if (!(field->min < field->max) || (value >= field->min && value <= field->max))
        return TRUE;
    return cfx_json_fail(reader, CFX_JSON_ERROR_CONSTRAINT, "outside its limits");
}

/* one value that is no array; objects are decoded into @at itself */
static gboolean
decode_item(CfxJsonReader *reader, const CfxJsonField *field, gpointer at, CfxArena *arena)
{
    gboolean is_true;

    switch (field->type) {
    case CFX_JSON_TYPE_BOOL:
        if (!cfx_json_read_bool(reader, &is_true))
            return FALSE;
        *(gint32 *)at = is_true ? 1 : 0;
        return TRUE;
    case CFX_JSON_TYPE_INT:
        return cfx_json_read_int(reader, at) && check_bounds(reader, field, (double)*(gint64 *)at);
    case CFX_JSON_TYPE_REAL:
        return cfx_json_read_real(reader, at) && check_bounds(reader, field, *(double *)at);
    case CFX_JSON_TYPE_TEXT:
        return decode_text(reader, field, at);
    case CFX_JSON_TYPE_TIME:
        return decode_time(reader, at);
    case CFX_JSON_TYPE_ENUM:
        return decode_enum(reader, field, at);
    case CFX_JSON_TYPE_OBJECT:
        return cfx_json_decode(reader, field->table, at, arena);
    case CFX_JSON_TYPE_RAW_OBJECT:
        if (cfx_json_peek(reader) != CFX_JSON_KIND_OBJECT)
            return cfx_json_enter_object(reader); /* fails, in its words */
        return cfx_json_skip(reader, at);
    default:
        return cfx_json_skip(reader, at);
    }
}

static gboolean
decode_array(CfxJsonReader *reader, const CfxJsonField *field, CfxJsonArray *to, CfxArena *arena)
{
    gsize size = item_size(field), room = 0, n = 0;
    char *items = NULL;

    if (!cfx_json_enter_array(reader))
        return FALSE;
    while (cfx_json_next_element(reader)) {
        gboolean is_null = (field->flags & CFX_JSON_NULLABLE_ITEMS) != 0 &&
                           cfx_json_peek(reader) == CFX_JSON_KIND_NULL;

        if (n == room) {
            gsize more = room == 0 ? 4 : room * 2;

            items = cfx_arena_grow(arena, items, room * size, more * size);
            if (items == NULL)
                return cfx_json_fail(reader, CFX_JSON_ERROR_SIZE, "too large");
            room = more;
        }
        if (is_null)
            set_absent(field, items + n * size);
        if (!(is_null ? cfx_json_read_null(reader)
                      : decode_item(reader, field, items + n * size, arena))) {
            cfx_json_fail_within(reader, NULL, n);
            return FALSE;
        }
        n++;
    }
    if (reader->error.code != CFX_JSON_ERROR_NONE)
        return FALSE;
    if (n < field->min_items)
        return cfx_json_fail(reader, CFX_JSON_ERROR_OCCURRENCE, "too few elements");
    if (field->max_items > 0 && n > field->max_items)
        return cfx_json_fail(reader, CFX_JSON_ERROR_OCCURRENCE, "too many elements");
    if (items == NULL)
        items = cfx_arena_alloc(arena, 1);
    if (items == NULL)
        return cfx_json_fail(reader, CFX_JSON_ERROR_SIZE, "too large");
    to->items = items;
    to->n = n;
    return TRUE;
}

static gboolean
decode_field(CfxJsonReader *reader, const CfxJsonField *field, gpointer to, CfxArena *arena)
{
    gpointer at = (char *)to + field->offset;
    gboolean allows_null = (field->flags & CFX_JSON_NULLABLE) != 0 ||
                           ((reader->flags & CFX_JSON_READ_NULL_ABSENT) != 0 &&
                            (field->flags & CFX_JSON_REQUIRED) == 0);

    if (allows_null && cfx_json_peek(reader) == CFX_JSON_KIND_NULL) {
        if ((field->flags & CFX_JSON_ARRAY) != 0)
            *(CfxJsonArray *)at = (CfxJsonArray){ NULL, 0 };
        else
            set_absent(field, at);
        return cfx_json_read_null(reader);
    }
    if ((field->flags & CFX_JSON_ARRAY) != 0)
        return decode_array(reader, field, at, arena);
    if (field->type == CFX_JSON_TYPE_OBJECT) {
        gpointer object = cfx_arena_alloc(arena, field->table->size);

        if (object == NULL)
            return cfx_json_fail(reader, CFX_JSON_ERROR_SIZE, "too large");
        *(gpointer *)at = object;
        at = object;
    }
    return decode_item(reader, field, at, arena);
}

/* members mostly come in the order of the table: look from where the last one was */
static const CfxJsonField *
find_field(const CfxJsonTable *table, CfxJsonText name, guint *from)
{
    for (guint i = 0; i < table->n_fields; i++) {
        guint k = *from + i < table->n_fields ? *from + i : *from + i - table->n_fields;
        const CfxJsonField *field = &table->fields[k];

        if (field->name_size != name.size || memcmp(field->name, name.text, name.size) != 0)
            continue;
        *from = k + 1;
        return field;
    }
    return NULL;
}

static gboolean
decode_member(CfxJsonReader *reader,
              const CfxJsonTable *table,
              CfxJsonText name,
              gpointer to,
              CfxArena *arena,
              guint *from,
              guint64 *seen)
{
    const CfxJsonField *field = find_field(table, name, from);
    guint64 bit;

    if (field == NULL) {
        if ((table->flags & CFX_JSON_OPEN) != 0 ||
            (reader->flags & CFX_JSON_READ_SKIP_UNKNOWN) != 0)
            return cfx_json_skip(reader, NULL);
        return cfx_json_fail(reader, CFX_JSON_ERROR_UNKNOWN, "an unknown member");
    }
    bit = G_GUINT64_CONSTANT(1) << (field - table->fields);
    if ((*seen & bit) != 0 && (reader->flags & CFX_JSON_READ_ANY_DUPLICATE) == 0)
        return cfx_json_fail(reader, CFX_JSON_ERROR_DUPLICATE, "given twice");
    *seen |= bit;
    return decode_field(reader, field, to, arena);
}

gboolean
cfx_json_decode(CfxJsonReader *reader, const CfxJsonTable *table, gpointer to, CfxArena *arena)
{
    CfxJsonText name;
    guint64 seen = 0;
    guint from = 0;

    cfx_json_clear(table, to);
    if (!cfx_json_enter_object(reader))
        return FALSE;
    while (cfx_json_next_member(reader, &name)) {
        if (decode_member(reader, table, name, to, arena, &from, &seen))
            continue;
        cfx_json_fail_within(reader, name.text, 0);
        return FALSE;
    }
    if (reader->error.code != CFX_JSON_ERROR_NONE)
        return FALSE;
    for (guint i = 0; i < table->n_fields; i++) {
        if ((table->fields[i].flags & CFX_JSON_REQUIRED) == 0 || (seen >> i & 1) != 0)
            continue;
        cfx_json_fail(reader, CFX_JSON_ERROR_MISSING, "missing");
        cfx_json_fail_within(reader, table->fields[i].name, 0);
        return FALSE;
    }
    if ((table->flags & CFX_JSON_HAS) != 0)
        *(guint64 *)((char *)to + table->has_offset) = seen;
    return TRUE;
}

gboolean
cfx_json_decode_text(char *text,
                     gsize size,
                     CfxJsonReadFlags flags,
                     const CfxJsonTable *table,
                     gpointer to,
                     CfxArena *arena,
                     CfxJsonError *ret_error)
{
    CfxJsonReader reader;

    cfx_json_reader_init(&reader, text, size, CFX_JSON_MAX_DEPTH, flags);
    if (cfx_json_decode(&reader, table, to, arena) && cfx_json_finish(&reader))
        return TRUE;
    *ret_error = reader.error;
    return FALSE;
}

static gboolean
is_absent(const CfxJsonField *field, gconstpointer at)
{
    switch (field->type) {
    case CFX_JSON_TYPE_BOOL:
    case CFX_JSON_TYPE_ENUM:
        return *(const gint32 *)at < 0;
    case CFX_JSON_TYPE_INT:
    case CFX_JSON_TYPE_TIME:
        return *(const gint64 *)at == CFX_JSON_NO_INT;
    case CFX_JSON_TYPE_REAL:
        return !isfinite(*(const double *)at);
    case CFX_JSON_TYPE_OBJECT:
        return *(gconstpointer const *)at == NULL;
    default:
        return ((const CfxJsonText *)at)->text == NULL;
    }
}

static void
encode_item(CfxJsonWriter *writer, const CfxJsonField *field, gconstpointer at)
{
    const CfxJsonText *text = at;

    /* an object lies in an array by value and is there */
    if (field->type != CFX_JSON_TYPE_OBJECT && is_absent(field, at)) {
        cfx_json_null(writer);
        return;
    }
    switch (field->type) {
    case CFX_JSON_TYPE_BOOL:
        cfx_json_bool(writer, *(const gint32 *)at != 0);
        break;
    case CFX_JSON_TYPE_INT:
        cfx_json_int(writer, *(const gint64 *)at);
        break;
    case CFX_JSON_TYPE_REAL:
        cfx_json_real(writer, *(const double *)at);
        break;
    case CFX_JSON_TYPE_TEXT:
        cfx_json_text_sized(writer, text->text, text->size);
        break;
    case CFX_JSON_TYPE_TIME:
        cfx_json_time(writer, *(const gint64 *)at);
        break;
    case CFX_JSON_TYPE_ENUM:
        cfx_json_text(writer, field->words[*(const gint32 *)at]);
        break;
    case CFX_JSON_TYPE_OBJECT:
        cfx_json_encode(writer, field->table, at);
        break;
    default:
        cfx_json_raw(writer, text->text, text->size);
        break;
    }
}

void
cfx_json_encode(CfxJsonWriter *writer, const CfxJsonTable *table, gconstpointer from)
{
    cfx_json_begin_object(writer);
    for (guint i = 0; i < table->n_fields; i++) {
        const CfxJsonField *field = &table->fields[i];
        gconstpointer at = (const char *)from + field->offset;
        const CfxJsonArray *array = at;
        gsize size;

        if ((field->flags & CFX_JSON_ARRAY) != 0) {
            if (array->items == NULL)
                continue;
            size = item_size(field);
            cfx_json_name(writer, field->name);
            cfx_json_begin_array(writer);
            for (gsize k = 0; k < array->n; k++)
                encode_item(writer, field, (const char *)array->items + k * size);
            cfx_json_end_array(writer);
            continue;
        }
        if (is_absent(field, at))
            continue;
        cfx_json_name(writer, field->name);
        if (field->type == CFX_JSON_TYPE_OBJECT)
            at = *(gconstpointer const *)at;
        encode_item(writer, field, at);
    }
    cfx_json_end_object(writer);
}
