/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sqlite-reader.h"
#include "sqlite-store.h"

#define DEFAULT_LIMIT 1000

static gboolean
give_rows(sqlite3_stmt *rows, const CfxSink *sink, GError **error)
{
    GError *local = NULL;
    gboolean enough = FALSE;

    while (!enough && sqlite_db_row(rows, &local)) {
        CfxNotice notice = {
            .struct_size = sizeof(notice),
            .sequence = sqlite3_column_int64(rows, 0),
            .topic = (const char *)sqlite3_column_text(rows, 1),
            .asset = sqlite3_column_int64(rows, 2),
            .at_us = sqlite3_column_int64(rows, 3),
            .doc = (const char *)sqlite3_column_text(rows, 4),
            .doc_size = (gsize)sqlite3_column_bytes(rows, 4),
        };
        const CfxNotice *one = &notice;
        enough = !sink->notices(sink->data, &one, 1);
    }
    if (local != NULL)
        g_propagate_error(error, local);
    return local == NULL;
}

/* "ocpp." means all topics that begin so; '/' is the character after '.'. */
static void
bind_topic(sqlite3_stmt *rows, const char *topic)
{
    g_autofree char *end = g_strdup(topic);
    gsize size = strlen(topic);

    sqlite3_bind_text(rows, 2, topic, -1, SQLITE_TRANSIENT);
    if (size == 0 || topic[size - 1] != '.')
        return;
    end[size - 1] = '/';
    sqlite3_bind_text(rows, 3, end, -1, SQLITE_TRANSIENT);
}

static char *
statement_of(const CfxNoticeQuery *query)
{
    GString *sql = g_string_new("SELECT sequence, topic, asset, at_us, doc FROM notices"
                                " WHERE sequence > ?1");
    gboolean prefix = query->topic != NULL && g_str_has_suffix(query->topic, ".");

    if (query->topic != NULL)
        g_string_append(sql, prefix ? " AND topic >= ?2 AND topic < ?3" : " AND topic = ?2");
    if (query->asset != 0)
        g_string_append(sql, " AND asset = ?4");
    if (query->start_us != 0 || query->end_us != 0)
        g_string_append(sql, " AND at_us >= ?5 AND at_us < ?6");
    g_string_append(sql, " ORDER BY sequence");
    if ((query->flags & CFX_QUERY_DESCENDING) != 0)
        g_string_append(sql, " DESC");
    g_string_append(sql, " LIMIT ?7");
    return g_string_free(sql, FALSE);
}

gboolean
sqlite_reader_notices(gpointer data,
                      const CfxNoticeQuery *query,
                      const CfxSink *sink,
                      GError **error)
{
    SqliteReader *self = data;
    g_autofree char *sql = statement_of(query);

    if ((query->flags & ~CFX_QUERY_DESCENDING) != 0) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "flags: unknown bit");
        return FALSE;
    }
    sqlite3_stmt *rows = sqlite_db_prepare(self->db, sql, error);
    if (rows == NULL)
        return FALSE;
    sqlite3_bind_int64(rows, 1, query->after);
    if (query->topic != NULL)
        bind_topic(rows, query->topic);
    sqlite3_bind_int64(rows, 4, query->asset);
    sqlite3_bind_int64(rows, 5, query->start_us);
    sqlite3_bind_int64(rows, 6, query->end_us);
    sqlite3_bind_int64(
        rows, 7, (gint64)MIN(query->limit != 0 ? query->limit : DEFAULT_LIMIT, G_MAXINT64));
    sqlite_reader_begin(self, sink->cancellable);
    gboolean read = give_rows(rows, sink, error);
    sqlite_reader_end(self);
    sqlite3_finalize(rows);
    return read;
}
