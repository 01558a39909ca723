/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sqlite-reader.h"

#include <glib/gstdio.h>
#include <sys/statvfs.h>

#include "sqlite-store.h"

/* some 50 µs of work */
#define STEPS_BETWEEN_LOOKS 4000
#define BACKUP_PAGES 256
/* what a copy leaves free: the store itself must be able to go on */
#define ROOM_LEFT ((guint64)64 << 20)

static int
look(void *data)
{
    SqliteReader *self = data;

    return g_cancellable_is_cancelled(self->cancellable);
}

void
sqlite_reader_begin(SqliteReader *self, GCancellable *cancellable)
{
    self->cancellable = cancellable;
    sqlite3_progress_handler(
        self->db, STEPS_BETWEEN_LOOKS, cancellable != NULL ? look : NULL, self);
}

void
sqlite_reader_end(SqliteReader *self)
{
    self->cancellable = NULL;
    sqlite3_progress_handler(self->db, 0, NULL, NULL);
}

static gboolean
prepare(SqliteReader *self, GError **error)
{
    self->scan = sqlite_db_prepare(self->db,
                                   "SELECT start, source, belief, probability, value FROM beliefs"
                                   " WHERE sensor = ?1 AND start >= ?2 AND start < ?3"
                                   " AND belief <= ?4 AND (?5 IS NULL OR belief <= start - ?5)"
                                   " ORDER BY start, source, belief, probability",
                                   error);
    if (self->scan == NULL)
        return FALSE;
    self->next_sensor =
        sqlite_db_prepare(self->db, "SELECT min(sensor) FROM beliefs WHERE sensor > ?1", error);
    if (self->next_sensor == NULL)
        return FALSE;
    self->newest_start = sqlite_db_prepare(
        self->db, "SELECT max(start) FROM beliefs WHERE sensor = ?1 AND start <= ?2", error);
    if (self->newest_start == NULL)
        return FALSE;
    self->source_types = sqlite_db_prepare(self->db, "SELECT id, type FROM sources", error);
    return self->source_types != NULL;
}

gpointer
sqlite_reader_open(gpointer data, GError **error)
{
    const SqliteStore *store = data;
    SqliteReader *self = g_new0(SqliteReader, 1);

    self->settings = store->settings;
    self->db = sqlite_db_open(&store->settings, FOR_READING, error);
    if (self->db != NULL && prepare(self, error))
        return self;
    sqlite_reader_close(self);
    return NULL;
}

void
sqlite_reader_close(gpointer data)
{
    SqliteReader *self = data;

    sqlite3_finalize(self->scan);
    sqlite3_finalize(self->next_sensor);
    sqlite3_finalize(self->newest_start);
    sqlite3_finalize(self->source_types);
    sqlite3_close(self->db);
    g_free(self);
}

gboolean
sqlite_reader_check_room(const char *path, guint64 bytes, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    struct statvfs disk;

    if (statvfs(folder, &disk) != 0)
        return TRUE; /* what is wrong there SQLite will speak of */
    guint64 free_bytes = (guint64)disk.f_bavail * disk.f_frsize;
    if (free_bytes >= ROOM_LEFT && bytes <= free_bytes - ROOM_LEFT)
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_FULL,
                "%s: the copy takes %.0f MB and must leave %.0f MB free, but only %.0f MB are free",
                folder,
                (double)bytes / 1e6,
                (double)ROOM_LEFT / 1e6,
                (double)free_bytes / 1e6);
    return FALSE;
}

static gboolean
has_room(sqlite3 *db, const char *path, GError **error)
{
    gint64 pages, page_size;

    return sqlite_db_number(db, "PRAGMA page_count", &pages, error) &&
           sqlite_db_number(db, "PRAGMA page_size", &page_size, error) &&
           sqlite_reader_check_room(path, (guint64)pages * (guint64)page_size, error);
}

static gboolean
copy_pages(sqlite3 *from, sqlite3 *to, GCancellable *cancellable, GError **error)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int rc = SQLITE_OK;

    if (backup == NULL) {
        sqlite_db_fail(to, sqlite3_errcode(to), error);
        return FALSE;
    }
    /* one transaction over all steps: else each commit of the writer would start it anew */
    while (rc == SQLITE_OK && !g_cancellable_is_cancelled(cancellable))
        rc = sqlite3_backup_step(backup, BACKUP_PAGES);
    sqlite3_backup_finish(backup);
    if (rc == SQLITE_DONE)
        return TRUE;
    if (rc == SQLITE_OK)
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CANCELLED, "cancelled");
    else
        sqlite_db_fail(to, rc, error);
    return FALSE;
}

gboolean
sqlite_reader_backup(gpointer data, const char *path, GCancellable *cancellable, GError **error)
{
    SqliteReader *self = data;
    sqlite3 *to = NULL;

    /* private as the store itself; a path that cannot be made SQLite will speak of */
    if (!sqlite_db_create_file(path) && g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "%s: exists already; name a path where nothing is",
                    path);
        return FALSE;
    }
    if (!has_room(self->db, path, error)) {
        g_unlink(path);
        return FALSE;
    }
    int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    gboolean done = rc == SQLITE_OK;
    if (!done)
        sqlite_db_fail(to, rc, error);
    done = done && sqlite_db_run(self->db, "BEGIN; SELECT count(*) FROM meta", error) &&
           copy_pages(self->db, to, cancellable, error);
    if (!sqlite3_get_autocommit(self->db))
        sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL);
    /* one file, without a write-ahead log beside it */
    done = done && sqlite_db_run(to, "PRAGMA journal_mode=DELETE", error);
    sqlite3_close(to);
    if (!done)
        g_unlink(path);
    return done;
}
