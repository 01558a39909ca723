/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sqlite-db.h"

#include "sqlite-schema.h"

#include <fcntl.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* a write-ahead log of 40 MB: interleaved sensors are written half as often as at the default */
#define CHECKPOINT_PAGES 10000
#define READER_CACHE_MIB 8

static const struct {
    int rc;
    CfxError code;
    const char *remedy;
} remedies[] = {
    { SQLITE_FULL, CFX_ERROR_FULL, "the disk is full; make room on it, then it goes on by itself" },
    { SQLITE_BUSY, CFX_ERROR_UNAVAILABLE, "another program holds a lock on it; end that program" },
    { SQLITE_LOCKED,
      CFX_ERROR_UNAVAILABLE,
      "another program holds a lock on it; end that program" },
    { SQLITE_CORRUPT,
      CFX_ERROR_FAILED,
      "the file is damaged; stop the daemon and restore the last backup, or save what can be "
      "saved with sqlite3 FILE .recover" },
    { SQLITE_NOTADB, CFX_ERROR_CONFIG, "this is no SQLite file; name another path" },
    { SQLITE_CANTOPEN, CFX_ERROR_CONFIG, "make its folder, and let the daemon's user write there" },
    { SQLITE_PERM, CFX_ERROR_CONFIG, "let the daemon's user write the file and its folder" },
    { SQLITE_READONLY, CFX_ERROR_CONFIG, "let the daemon's user write the file and its folder" },
    { SQLITE_IOERR,
      CFX_ERROR_UNAVAILABLE,
      "the disk does not do its work; look at the kernel's log" },
    { SQLITE_INTERRUPT, CFX_ERROR_CANCELLED, NULL },
    { SQLITE_NOMEM, CFX_ERROR_UNAVAILABLE, NULL },
};

void
sqlite_db_fail(sqlite3 *db, int rc, GError **error)
{
    CfxError code = CFX_ERROR_FAILED;
    const char *remedy = NULL;
    const char *path = db != NULL ? sqlite3_db_filename(db, "main") : NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(remedies); i++) {
        if (remedies[i].rc == (rc & 0xff)) {
            code = remedies[i].code;
            remedy = remedies[i].remedy;
        }
    }
    g_set_error(error,
                CFX_ERROR,
                code,
                "%s%s%s%s%s",
                path != NULL ? path : "",
                path != NULL ? ": " : "",
                db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc),
                remedy != NULL ? ": " : "",
                remedy != NULL ? remedy : "");
}

gboolean
sqlite_db_run(sqlite3 *db, const char *sql, GError **error)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

    if (rc != SQLITE_OK)
        sqlite_db_fail(db, rc, error);
    return rc == SQLITE_OK;
}

sqlite3_stmt *
sqlite_db_prepare(sqlite3 *db, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);

    if (rc != SQLITE_OK)
        sqlite_db_fail(db, rc, error);
    return statement;
}

void
sqlite_db_reset(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
}

gboolean
sqlite_db_step(sqlite3_stmt *statement, GError **error)
{
    int rc = sqlite3_step(statement);

    if (rc != SQLITE_DONE)
        sqlite_db_fail(sqlite3_db_handle(statement), rc, error);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE;
}

gboolean
sqlite_db_row(sqlite3_stmt *statement, GError **error)
{
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_ROW)
        return TRUE;
    if (rc != SQLITE_DONE)
        sqlite_db_fail(sqlite3_db_handle(statement), rc, error);
    sqlite3_reset(statement);
    return FALSE;
}

gboolean
sqlite_db_number(sqlite3 *db, const char *sql, gint64 *ret, GError **error)
{
    sqlite3_stmt *statement = sqlite_db_prepare(db, sql, error);
    GError *local = NULL;

    if (statement == NULL)
        return FALSE;
    if (sqlite_db_row(statement, &local))
        *ret = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (local == NULL)
        return TRUE;
    g_propagate_error(error, local);
    return FALSE;
}

static gboolean
prepare_connection(sqlite3 *db,
                   const SqliteSettings *settings,
                   SqlitePurpose purpose,
                   GError **error)
{
    gint64 cache_kib = 1024 * (purpose == FOR_WRITING ? settings->cache_mib : READER_CACHE_MIB);
    g_autofree char *sql = g_strdup_printf("PRAGMA journal_mode=WAL;"
                                           "PRAGMA synchronous=%s;"
                                           "PRAGMA cache_size=-%" G_GINT64_FORMAT ";"
                                           "PRAGMA temp_store=MEMORY;"
                                           "PRAGMA wal_autocheckpoint=%d;"
                                           "PRAGMA query_only=%d;",
                                           settings->power ? "FULL" : "NORMAL",
                                           cache_kib,
                                           CHECKPOINT_PAGES,
                                           purpose == FOR_READING);

    return sqlite_db_run(db, sql, error);
}

/* Secrets' hashes and who charged when: nobody else's to read, whatever the umask. SQLite gives its
 * other files the same mode, and one that an administrator has changed stays. Why it cannot be made
 * SQLite will say. */
gboolean
sqlite_db_create_file(const char *path)
{
    int fd = g_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

sqlite3 *
sqlite_db_open(const SqliteSettings *settings, SqlitePurpose purpose, GError **error)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

    if (purpose == FOR_WRITING)
        sqlite_db_create_file(settings->path);
    int rc = sqlite3_open_v2(settings->path, &db, flags, NULL);
    if (rc != SQLITE_OK) {
        sqlite_db_fail(db, rc, error);
        if (db == NULL || sqlite3_db_filename(db, "main") == NULL)
            g_prefix_error(error, "%s: ", settings->path);
        sqlite3_close(db);
        return NULL;
    }
    sqlite3_busy_timeout(db, (int)(settings->busy_us / 1000));
    sqlite3_extended_result_codes(db, 1);
    /* a file of another program, or of a newer one, is left as it is */
    if ((purpose == FOR_WRITING && !sqlite_schema_check(db, error)) ||
        !prepare_connection(db, settings, purpose, error)) {
        sqlite3_close(db);
        return NULL;
    }
    return db;
}
