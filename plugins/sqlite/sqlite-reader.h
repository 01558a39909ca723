/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection for reading: an object of its own, used by one thread at a time.
 */
#pragma once

#include "sqlite-db.h"

G_BEGIN_DECLS

typedef struct {
    sqlite3 *db;
    SqliteSettings settings;
    sqlite3_stmt *scan;         /* beliefs of one sensor in a window */
    sqlite3_stmt *next_sensor;  /* the next id that has beliefs */
    sqlite3_stmt *newest_start; /* of a sensor, at or before an instant */
    sqlite3_stmt *source_types;
    GCancellable *cancellable; /* of the read that runs; (nullable) */
} SqliteReader;

/* Between these two, a cancelled read ends within some thousand steps of the database. */
void sqlite_reader_begin(SqliteReader *self, GCancellable *cancellable);
void sqlite_reader_end(SqliteReader *self);

/* Whether a copy of so many bytes has room at `path` and leaves the store some; FULL. */
gboolean sqlite_reader_check_room(const char *path, guint64 bytes, GError **error);

G_END_DECLS
