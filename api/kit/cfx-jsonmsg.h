/* SPDX-License-Identifier: MIT */
/*
 * Messages as tables: described once, decoded in one pass into plain structs, checked, encoded.
 *
 *     typedef struct { CfxJsonText id_token; gint32 type; } IdToken;
 *
 *     static const char *const id_token_types[] = { "Central", "eMAID", "ISO14443", NULL };
 *     static const CfxJsonField id_token_fields[] = {
 *         CFX_JSON_FIELD("idToken", TEXT, REQUIRED, IdToken, id_token, .max = 36),
 *         CFX_JSON_FIELD("type", ENUM, REQUIRED, IdToken, type, .words = id_token_types),
 *     };
 *     const CfxJsonTable id_token_table = CFX_JSON_TABLE(IdToken, id_token_fields, 0);
 *
 * How a member of a table lies in the struct, and what says that it is absent there:
 *
 *     BOOL         gint32         -1
 *     INT          gint64         CFX_JSON_NO_INT
 *     REAL         double         NAN
 *     TEXT         CfxJsonText    text NULL
 *     TIME         gint64         CFX_JSON_NO_TIME (UTC microseconds)
 *     ENUM         gint32         -1 (else the index in `words`)
 *     OBJECT       T *            NULL (else in the arena, described by `table`)
 *     RAW          CfxJsonText    text NULL (else JSON of any kind, untouched)
 *     RAW_OBJECT   CfxJsonText    the same, of an object
 *     with ARRAY   CfxJsonArray   items NULL (n is 0 and items is not NULL for [])
 *
 * Elements of arrays are of the types above, objects by value. Where null must be told from absent,
 * the table names a `guint64` of the struct in which bit i says that member i was there at all.
 */
#pragma once

#include <kit/cfx-arena.h>
#include <kit/cfx-json.h>

G_BEGIN_DECLS

#define CFX_JSON_NO_INT G_MININT64
#define CFX_JSON_NO_TIME G_MININT64

typedef struct {
    gpointer items;
    gsize n;
} CfxJsonArray;

/* the element i of an array of T: CFX_JSON_ITEM(&msg.meter_value, MeterValue, i) */
#define CFX_JSON_ITEM(array, T, i) (&((T *)(array)->items)[i])

typedef enum {
    CFX_JSON_TYPE_BOOL,
    CFX_JSON_TYPE_INT,
    CFX_JSON_TYPE_REAL,
    CFX_JSON_TYPE_TEXT,
    CFX_JSON_TYPE_TIME,
    CFX_JSON_TYPE_ENUM,
    CFX_JSON_TYPE_OBJECT,
    CFX_JSON_TYPE_RAW,
    CFX_JSON_TYPE_RAW_OBJECT,
} CfxJsonType;

/* flags of a field */
#define CFX_JSON_OPTIONAL 0u
#define CFX_JSON_REQUIRED (1u << 0)
#define CFX_JSON_ARRAY (1u << 1)
#define CFX_JSON_NULLABLE (1u << 2) /* null is allowed and reads as absent */
#define CFX_JSON_REQUIRED_NULLABLE (CFX_JSON_REQUIRED | CFX_JSON_NULLABLE)
#define CFX_JSON_NULLABLE_ITEMS (1u << 3) /* the same for elements that are no objects */

typedef struct _CfxJsonTable CfxJsonTable;

typedef struct {
    const char *name;
    guint16 name_size, offset;
    guint16 type, flags;
    double min, max;              /* numbers: the value, if min < max (one of them may be INFINITY);
                                   * TEXT: length in code points, max 0: any */
    guint32 min_items, max_items; /* ARRAY; max_items 0: any number */
    const char *const *words;     /* ENUM: ended by NULL */
    const CfxJsonTable *table;    /* OBJECT */
} CfxJsonField;

/* flags of a table */
#define CFX_JSON_OPEN (1u << 0) /* unknown members are allowed and skipped */
#define CFX_JSON_HAS (1u << 1)  /* `has_offset` names a guint64 */

struct _CfxJsonTable {
    const char *name; /* of the struct, for messages */
    const CfxJsonField *fields;
    guint16 n_fields; /* at most 64 */
    guint16 flags;
    guint32 size; /* of the struct */
    guint32 has_offset;
};

#define CFX_JSON_FIELD(json_name, kind, field_flags, T, member, ...)                               \
    {                                                                                              \
        .name = json_name, .name_size = sizeof(json_name) - 1,                                     \
        .offset = G_STRUCT_OFFSET(T, member), .type = CFX_JSON_TYPE_##kind,                        \
        .flags = CFX_JSON_##field_flags, __VA_ARGS__                                               \
    }

/* an array; @field_flags as above */
#define CFX_JSON_LIST(json_name, kind, field_flags, T, member, ...)                                \
    {                                                                                              \
        .name = json_name, .name_size = sizeof(json_name) - 1,                                     \
        .offset = G_STRUCT_OFFSET(T, member), .type = CFX_JSON_TYPE_##kind,                        \
        .flags = CFX_JSON_##field_flags | CFX_JSON_ARRAY, __VA_ARGS__                              \
    }

#define CFX_JSON_TABLE(T, its_fields, its_flags)                                                   \
    {                                                                                              \
        .name = #T, .fields = its_fields, .n_fields = G_N_ELEMENTS(its_fields),                    \
        .flags = its_flags, .size = sizeof(T)                                                      \
    }

/* Makes the struct of @table empty: everything absent. Do this before filling one for encoding. */
void cfx_json_clear(const CfxJsonTable *table, gpointer to);

/*
 * Decodes the value that comes next in @reader. Texts are slices of the reader's buffer, nested
 * objects and arrays lie in @arena.
 * @to: a struct of the table's size; need not be cleared
 * Returns: FALSE with reader->error set; @to is then in an undefined state
 */
gboolean
cfx_json_decode(CfxJsonReader *reader, const CfxJsonTable *table, gpointer to, CfxArena *arena);

/* The same for a text that is one message and nothing else. */
gboolean cfx_json_decode_text(char *text,
                              gsize size,
                              CfxJsonReadFlags flags,
                              const CfxJsonTable *table,
                              gpointer to,
                              CfxArena *arena,
                              CfxJsonError *ret_error);

/* Writes the struct as an object, absent members left out. Limits are not checked. */
void cfx_json_encode(CfxJsonWriter *writer, const CfxJsonTable *table, gconstpointer from);

/* Whether a slice is this text. */
static inline gboolean
cfx_json_text_is(CfxJsonText slice, const char *text)
{
    gsize i = 0;

    if (slice.text == NULL)
        return FALSE;
    for (; i < slice.size && text[i] != '\0'; i++) {
        if (slice.text[i] != text[i])
            return FALSE;
    }
    return i == slice.size && text[i] == '\0';
}

/* A slice of a text that lives long enough. NULL: absent. */
static inline CfxJsonText
cfx_json_text_of(const char *text)
{
    gsize size = 0;

    while (text != NULL && text[size] != '\0')
        size++;
    return (CfxJsonText){ (char *)text, size };
}

/* Returns: (transfer full) (nullable) a copy that ends with NUL */
static inline char *
cfx_json_text_dup(CfxJsonText slice)
{
    return slice.text != NULL ? g_strndup(slice.text, slice.size) : NULL;
}

G_END_DECLS
