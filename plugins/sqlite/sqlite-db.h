/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to the database file: opening, errors with remedies, statements.
 */
#pragma once

#include <math.h>
#include <sqlite3.h>

#include <cariflex/cfx-storage.h>

G_BEGIN_DECLS

/* What the configuration says. */
typedef struct {
    char *path;
    gboolean power;   /* an acknowledged commit survives the loss of power */
    gint64 cache_mib; /* page cache of the writer */
    gint64 busy_us;   /* how long to wait for a lock of another program */
} SqliteSettings;

typedef enum { FOR_WRITING, FOR_READING } SqlitePurpose;

/* Opens a connection with our settings; the file is made when it is missing and @purpose writes. */
sqlite3 *sqlite_db_open(const SqliteSettings *settings, SqlitePurpose purpose, GError **error);

/* Makes an empty file that is nobody else's to read. FALSE: it is there already, or cannot be made. */
gboolean sqlite_db_create_file(const char *path);

/* Turns the last error of @db (nullable) and @rc into a GError that says what to do. */
void sqlite_db_fail(sqlite3 *db, int rc, GError **error);

gboolean sqlite_db_run(sqlite3 *db, const char *sql, GError **error);
gboolean sqlite_db_number(sqlite3 *db, const char *sql, gint64 *ret, GError **error);
sqlite3_stmt *sqlite_db_prepare(sqlite3 *db, const char *sql, GError **error);

/* Steps a statement that returns no row, and resets it. */
gboolean sqlite_db_step(sqlite3_stmt *statement, GError **error);

/* Steps to the next row. FALSE: no more row, or `error` is set; the statement is reset then. */
gboolean sqlite_db_row(sqlite3_stmt *statement, GError **error);

/* Lets go of what a SELECT holds; for auto cleanup of rows that were not read to their end. */
void sqlite_db_reset(sqlite3_stmt *statement);

static inline void
sqlite_db_bind_real(sqlite3_stmt *statement, int at, double value)
{
    if (value != value) /* NAN: no value */
        sqlite3_bind_null(statement, at);
    else
        sqlite3_bind_double(statement, at, value);
}

static inline double
sqlite_db_real(sqlite3_stmt *statement, int at)
{
    return sqlite3_column_type(statement, at) == SQLITE_NULL ? (double)NAN
                                                             : sqlite3_column_double(statement, at);
}

G_END_DECLS
