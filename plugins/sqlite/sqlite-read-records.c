/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records: named ones, or all that meet every term.
 */
#include <string.h>

#include "sqlite-keys.h"
#include "sqlite-reader.h"
#include "sqlite-store.h"

#define QUERY_FLAGS (CFX_QUERY_RAW | CFX_QUERY_DESCENDING | CFX_QUERY_TOTAL)
/* SQLite's bound on the parameters of a statement is 32 766 */
#define MOST_VALUES 30000

static gboolean
check_query(const CfxRecordQuery *query, GError **error)
{
    const char *wrong = NULL;
    gsize values = query->n_keys;

    for (gsize i = 0; query->n_keys == 0 && i < query->n_terms; i++) {
        values += query->terms[i]->texts != NULL ? query->terms[i]->n_texts : 2;
        if (query->terms[i]->name == NULL)
            wrong = "terms: one has no name";
    }
    if ((query->flags & ~QUERY_FLAGS) != 0)
        wrong = "flags: unknown bit";
    else if (query->collection == NULL)
        wrong = "collection: missing";
    else if (query->after != NULL && query->order != NULL)
        wrong = "after: only where the order is by key";
    else if (values > MOST_VALUES)
        wrong = "keys, terms: more than 30000 values";
    if (wrong == NULL)
        return TRUE;
    g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, wrong);
    return FALSE;
}

/* The statement and its parameters grow together, so that they cannot be out of step. */
typedef struct {
    GString *sql;
    GArray *values; /* (element-type CfxKey): text, or NULL and the number */
} Statement;

static void
add(Statement *self, const char *sql)
{
    g_string_append(self->sql, sql);
}

static void
add_text(Statement *self, const char *text)
{
    CfxKey value = { NULL, text, 0 };

    g_string_append_c(self->sql, '?');
    g_array_append_val(self->values, value);
}

static void
add_number(Statement *self, gint64 number)
{
    CfxKey value = { NULL, NULL, number };

    g_string_append_c(self->sql, '?');
    g_array_append_val(self->values, value);
}

static void
add_list(Statement *self, const char *const *texts, gsize n)
{
    add(self, " IN (");
    for (gsize i = 0; i < n; i++) {
        if (i > 0)
            add(self, ",");
        add_text(self, texts[i]);
    }
    add(self, ")");
}

static void
add_term(Statement *self, const CfxRecordQuery *query, const CfxTerm *term)
{
    add(self, " AND id IN (SELECT record FROM record_keys WHERE collection = ");
    add_text(self, query->collection);
    add(self, " AND name = ");
    add_text(self, term->name);
    add(self, " AND value");
    if (term->texts != NULL) {
        add_list(self, term->texts, term->n_texts);
    } else {
        /* texts come after all numbers in SQLite's order, so the upper bound keeps them out */
        add(self, " >= ");
        add_number(self, term->from);
        add(self, " AND value <= ");
        add_number(self, term->to);
    }
    add(self, ")");
}

static void
add_where(Statement *self, const CfxRecordQuery *query)
{
    add(self, " FROM records WHERE collection = ");
    add_text(self, query->collection);
    if (query->n_keys > 0) {
        add(self, " AND key");
        add_list(self, query->keys, query->n_keys);
    }
    for (gsize i = 0; query->n_keys == 0 && i < query->n_terms; i++)
        add_term(self, query, query->terms[i]);
}

/* Records without the key that orders them come last, whatever the direction. */
static void
add_order(Statement *self, const CfxRecordQuery *query)
{
    gboolean down = (query->flags & CFX_QUERY_DESCENDING) != 0;

    if (query->after != NULL) {
        add(self, down ? " AND key < " : " AND key > ");
        add_text(self, query->after);
    }
    add(self, " ORDER BY ");
    if (query->order != NULL) {
        add(self, "(SELECT ");
        add(self, down ? "max" : "min");
        add(self, "(value) FROM record_keys WHERE record = id AND name = ");
        add_text(self, query->order);
        add(self, down ? ") DESC NULLS LAST, " : ") NULLS LAST, ");
    }
    add(self, down ? "key DESC LIMIT " : "key LIMIT ");
    add_number(self, query->limit != 0 ? (gint64)MIN(query->limit, G_MAXINT64) : -1);
    add(self, " OFFSET ");
    add_number(self, (gint64)MIN(query->offset, G_MAXINT64));
}

static sqlite3_stmt *
statement_bind(Statement *self, sqlite3 *db, GError **error)
{
    sqlite3_stmt *rows = sqlite_db_prepare(db, self->sql->str, error);

    for (guint i = 0; rows != NULL && i < self->values->len; i++) {
        const CfxKey *value = &g_array_index(self->values, CfxKey, i);
        if (value->text != NULL)
            sqlite3_bind_text(rows, (int)i + 1, value->text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(rows, (int)i + 1, value->number);
    }
    return rows;
}

static void
unpack_keys(sqlite3_stmt *rows, int column, GArray *to)
{
    const guint8 *at = sqlite3_column_blob(rows, column);
    const guint8 *end = at + sqlite3_column_bytes(rows, column);
    CfxKey key;

    g_array_set_size(to, 0);
    while (at != NULL && sqlite_keys_next(&at, end, &key))
        g_array_append_val(to, key);
}

static gboolean
give_rows(sqlite3_stmt *rows, const char *collection, const CfxSink *sink, GError **error)
{
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(CfxKey));
    GError *local = NULL;
    gboolean enough = FALSE;

    while (!enough && sqlite_db_row(rows, &local)) {
        unpack_keys(rows, 3, keys);
        CfxRecord record = {
            .struct_size = sizeof(record),
            .flags = (guint32)sqlite3_column_int64(rows, 2),
            .collection = collection,
            .key = (const char *)sqlite3_column_text(rows, 0),
            .doc = (const char *)sqlite3_column_text(rows, 4),
            .doc_size = (gsize)sqlite3_column_bytes(rows, 4),
            .keys = (const CfxKey *)(gpointer)keys->data,
            .n_keys = keys->len,
            .expect = CFX_EXPECT_ANY,
            .revision = sqlite3_column_int64(rows, 1),
        };
        const CfxRecord *one = &record;
        enough = !sink->records(sink->data, &one, 1);
    }
    if (local != NULL)
        g_propagate_error(error, local);
    return local == NULL;
}

static gboolean
run(SqliteReader *self,
    const CfxRecordQuery *query,
    Statement *statement,
    const CfxSink *sink,
    GError **error)
{
    sqlite3_stmt *rows = statement_bind(statement, self->db, error);

    if (rows == NULL)
        return FALSE;
    gboolean read = give_rows(rows, query->collection, sink, error);
    sqlite3_finalize(rows);
    return read;
}

static gboolean
count(SqliteReader *self, Statement *statement, const CfxSink *sink, GError **error)
{
    sqlite3_stmt *rows = statement_bind(statement, self->db, error);

    if (rows == NULL)
        return FALSE;
    gboolean counted = sqlite_db_row(rows, error);
    if (counted)
        sink->total(sink->data, (guint64)sqlite3_column_int64(rows, 0));
    sqlite3_finalize(rows);
    return counted;
}

static void
statement_start(Statement *self, const char *columns, const CfxRecordQuery *query)
{
    g_string_assign(self->sql, columns);
    g_array_set_size(self->values, 0);
    add_where(self, query);
}

/* The total and the page belong to one state of the database. */
static gboolean
read_page(SqliteReader *self, const CfxRecordQuery *query, const CfxSink *sink, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(CfxKey));
    Statement statement = { sql, values };

    if ((query->flags & CFX_QUERY_TOTAL) != 0 && sink->total != NULL) {
        statement_start(&statement, "SELECT count(*)", query);
        if (!count(self, &statement, sink, error))
            return FALSE;
    }
    statement_start(&statement, "SELECT key, revision, flags, keys, doc", query);
    add_order(&statement, query);
    return run(self, query, &statement, sink, error);
}

gboolean
sqlite_reader_records(gpointer data,
                      const CfxRecordQuery *query,
                      const CfxSink *sink,
                      GError **error)
{
    SqliteReader *self = data;

    if (!check_query(query, error) || !sqlite_db_run(self->db, "BEGIN", error))
        return FALSE;
    sqlite_reader_begin(self, sink->cancellable);
    gboolean read = read_page(self, query, sink, error);
    sqlite_reader_end(self);
    sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL);
    return read;
}
