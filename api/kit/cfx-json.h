/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259) as a stream: a strict reader over a length-counted buffer, a writer, a check.
 *
 * Nothing is built in between, depth and size are bounded, and nothing recurses over foreign bytes.
 * For whole messages there are tables: cfx-jsonmsg.h. One thread at a time per reader or writer.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* a piece of text: of the buffer that was read, or a literal; `text` NULL: absent (or null),
 * `size` 0: empty */
typedef struct {
    char *text;
    gsize size;
} CfxJsonText;

typedef enum {
    CFX_JSON_ERROR_NONE,
    CFX_JSON_ERROR_SYNTAX,     /* no JSON, or not UTF-8 */
    CFX_JSON_ERROR_MISSING,    /* a required member is not there */
    CFX_JSON_ERROR_TYPE,       /* of another JSON type than asked for */
    CFX_JSON_ERROR_CONSTRAINT, /* outside a limit, no word of the enumeration, no instant, … */
    CFX_JSON_ERROR_OCCURRENCE, /* too few or too many elements */
    CFX_JSON_ERROR_UNKNOWN,    /* a member that the table does not know */
    CFX_JSON_ERROR_DUPLICATE,  /* a member twice */
    CFX_JSON_ERROR_DEPTH,      /* nested too deeply */
    CFX_JSON_ERROR_SIZE,       /* needs more memory than the arena may give */
} CfxJsonErrorCode;

/* what is wrong with a message; plain memory, nothing to free */
typedef struct {
    CfxJsonErrorCode code;
    gsize offset;      /* in bytes, about where */
    char path[128];    /* "evse.0.id"; "" is the whole */
    char message[128]; /* without the path */
} CfxJsonError;

/* Sets @error (domain CFX_KIT_ERROR) to "PATH: MESSAGE". */
void cfx_json_error_set(GError **error, const CfxJsonError *from);
/* Returns: "syntax", "missing", … */
const char *cfx_json_error_name(CfxJsonErrorCode code);

/* --- reading -------------------------------------------------------------------------------- */

#define CFX_JSON_MAX_DEPTH 64

typedef enum {
    CFX_JSON_KIND_END, /* nothing but white space is left, or an error has been found */
    CFX_JSON_KIND_OBJECT,
    CFX_JSON_KIND_ARRAY,
    CFX_JSON_KIND_TEXT,
    CFX_JSON_KIND_NUMBER,
    CFX_JSON_KIND_TRUE,
    CFX_JSON_KIND_FALSE,
    CFX_JSON_KIND_NULL,
    CFX_JSON_KIND_BAD, /* no value begins here */
} CfxJsonKind;

typedef enum {
    CFX_JSON_READ_STRICT = 0,
    CFX_JSON_READ_SKIP_UNKNOWN = 1 << 0,  /* tables: members that they do not know are skipped */
    CFX_JSON_READ_NULL_ABSENT = 1 << 1,   /* tables: null stands for an absent optional member */
    CFX_JSON_READ_ANY_DUPLICATE = 1 << 2, /* tables: of repeated members the last counts */
} CfxJsonReadFlags;

typedef struct {
    char *at, *end, *start;
    guint depth, max_depth;
    guint64 in_object; /* a bit for each level */
    gboolean is_first; /* no element of the present level was seen */
    CfxJsonReadFlags flags;
    CfxJsonError error; /* code NONE: all is well */
} CfxJsonReader;

/*
 * @text: @size bytes, writable: texts are unescaped in place and end with NUL where their closing
 *   quote was; it needs no NUL at its end
 * @max_depth: 1 to CFX_JSON_MAX_DEPTH
 */
void cfx_json_reader_init(
    CfxJsonReader *self, char *text, gsize size, guint max_depth, CfxJsonReadFlags flags);

/* What comes next. After an error all functions return FALSE, and this one CFX_JSON_KIND_END. */
CfxJsonKind cfx_json_peek(CfxJsonReader *self);

/* Goes into the object or array that comes next. */
gboolean cfx_json_enter_object(CfxJsonReader *self);
gboolean cfx_json_enter_array(CfxJsonReader *self);

/* On to the next member or element, whose value must then be read, entered or skipped.
 * Returns: FALSE behind the last one (the bracket is then closed) and after an error */
gboolean cfx_json_next_member(CfxJsonReader *self, CfxJsonText *ret_name);
gboolean cfx_json_next_element(CfxJsonReader *self);

/* Read the value that comes next; TYPE is the error if it is another one. */
gboolean cfx_json_read_text(CfxJsonReader *self, CfxJsonText *ret);
gboolean cfx_json_read_real(CfxJsonReader *self, double *ret);
gboolean cfx_json_read_int(CfxJsonReader *self, gint64 *ret); /* 1.0 and 1e2 are integers too */
gboolean cfx_json_read_bool(CfxJsonReader *self, gboolean *ret);
gboolean cfx_json_read_null(CfxJsonReader *self);

/* Passes over the value that comes next and checks it. @ret_slice (nullable): its text, untouched.
 */
gboolean cfx_json_skip(CfxJsonReader *self, CfxJsonText *ret_slice);

/* Returns: TRUE if all is read and nothing was wrong */
gboolean cfx_json_finish(CfxJsonReader *self);

/* Notes an error that the caller has found (only the first one counts) and returns FALSE. */
gboolean cfx_json_fail(CfxJsonReader *self, CfxJsonErrorCode code, const char *message);
/* Puts a member's name (or an index) before the path of the error. */
void cfx_json_fail_within(CfxJsonReader *self, const char *name, gsize index);

/*
 * Whether a text is one JSON value that is nested no deeper than @max_depth (at most
 * CFX_JSON_MAX_DEPTH): asked before a parser without limits gets it. The text is not changed.
 */
gboolean cfx_json_check(const char *text, gsize size, guint max_depth, GError **error);

/* --- writing -------------------------------------------------------------------------------- */

typedef struct {
    char *text; /* not yet ended with NUL: see cfx_json_writer_end() */
    gsize size, room;
    char *first; /* the caller's */
    gboolean needs_comma;
} CfxJsonWriter;

/* @first: (nullable) memory that is used as long as it suffices */
void cfx_json_writer_init(CfxJsonWriter *self, char *first, gsize room);
void cfx_json_writer_clear(CfxJsonWriter *self);
/* Empties it and keeps its memory. */
void cfx_json_writer_reset(CfxJsonWriter *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CfxJsonWriter, cfx_json_writer_clear)

void cfx_json_begin_object(CfxJsonWriter *self);
void cfx_json_end_object(CfxJsonWriter *self);
void cfx_json_begin_array(CfxJsonWriter *self);
void cfx_json_end_array(CfxJsonWriter *self);
void cfx_json_name(CfxJsonWriter *self, const char *name); /* of the member that follows */

void cfx_json_text(CfxJsonWriter *self, const char *text); /* NULL: null */
void cfx_json_text_sized(CfxJsonWriter *self, const char *text, gsize size);
void cfx_json_int(CfxJsonWriter *self, gint64 value);
void cfx_json_real(CfxJsonWriter *self, double value); /* shortest form; null unless finite */
void cfx_json_bool(CfxJsonWriter *self, gboolean value);
void cfx_json_null(CfxJsonWriter *self);
void cfx_json_time(CfxJsonWriter *self, gint64 us);                   /* "2025-10-01T12:00:00Z" */
void cfx_json_raw(CfxJsonWriter *self, const char *json, gsize size); /* JSON, as it is */

/* Name and value at once. */
void cfx_json_member_text(CfxJsonWriter *self, const char *name, const char *text);
void cfx_json_member_int(CfxJsonWriter *self, const char *name, gint64 value);
void cfx_json_member_real(CfxJsonWriter *self, const char *name, double value);
void cfx_json_member_bool(CfxJsonWriter *self, const char *name, gboolean value);
void cfx_json_member_time(CfxJsonWriter *self, const char *name, gint64 us);

/* Ends the text with NUL (not counted in @size). Returns: it, the writer's until it is changed */
const char *cfx_json_writer_end(CfxJsonWriter *self);
/* Returns: (transfer full) the same as bytes; the writer is empty afterwards */
GBytes *cfx_json_writer_steal(CfxJsonWriter *self);

G_END_DECLS
