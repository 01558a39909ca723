/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sqlite-store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "sqlite-outcome.h"
#include "sqlite-schema.h"

#define BELIEF_KEY "sensor = ?1 AND start = ?2 AND source = ?3"

static const char *const texts[N_STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SAVE] = "SAVEPOINT one",
    [STATEMENT_SAVE_BACK] = "ROLLBACK TO one",
    [STATEMENT_SAVE_DONE] = "RELEASE one",
    [STATEMENT_META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [STATEMENT_META_SET] = "UPDATE meta SET value = ?2 WHERE name = ?1",
    [STATEMENT_SOURCE_SET] = "INSERT INTO sources VALUES (?1, ?2)"
                             " ON CONFLICT DO UPDATE SET type = excluded.type",
    [STATEMENT_BELIEF_PUT] = "INSERT INTO beliefs VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                             " ON CONFLICT DO UPDATE SET value = excluded.value"
                             " WHERE value IS NOT excluded.value",
    [STATEMENT_BELIEF_NEW] = "INSERT OR IGNORE INTO beliefs VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STATEMENT_BELIEF_GET] =
        "SELECT value FROM beliefs WHERE " BELIEF_KEY " AND belief = ?4 AND probability = ?5",
    [STATEMENT_BELIEF_BEFORE] =
        "SELECT value, belief FROM beliefs WHERE " BELIEF_KEY
        " AND belief <= ?4 AND probability = ?5 ORDER BY belief DESC LIMIT 1",
    [STATEMENT_RECORD_GET] = "SELECT id, revision, keys FROM records"
                             " WHERE collection = ?1 AND key = ?2",
    [STATEMENT_RECORD_NEW] =
        "INSERT INTO records (collection, key, revision, flags, trace, keys, doc)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STATEMENT_RECORD_SET] = "UPDATE records SET revision = ?3, flags = ?4, trace = ?5, keys = ?6,"
                             " doc = ?7 WHERE id = ?8",
    [STATEMENT_RECORD_DROP] = "DELETE FROM records WHERE id = ?1",
    [STATEMENT_KEY_NEW] = "INSERT OR IGNORE INTO record_keys VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_KEYS_DROP] = "DELETE FROM record_keys WHERE record = ?1",
    [STATEMENT_NOTICE_NEW] = "INSERT OR IGNORE INTO notices VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
};

/*
 * Revisions are counted by the host in memory, so two hosts on one file would give out the same
 * ones. The lock lies beside the database: closing a second descriptor of the database itself would
 * drop SQLite's own locks. The kernel lets go of it when the process ends, however it ends.
 */
static gboolean
take_lock(SqliteStore *self, GError **error)
{
    g_autofree char *path = g_strconcat(self->settings.path, "-lock", NULL);

    self->lock_fd = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self->lock_fd < 0) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "%s: %s: make its folder, and let the daemon's user write there",
                    path,
                    g_strerror(errno));
        return FALSE;
    }
    if (flock(self->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_UNAVAILABLE,
                "%s: in use by another daemon; end that one or name another path",
                self->settings.path);
    return FALSE;
}

gboolean
sqlite_store_open(SqliteStore *self, GError **error)
{
    if (!take_lock(self, error))
        return FALSE;
    self->db = sqlite_db_open(&self->settings, FOR_WRITING, error);
    if (self->db == NULL || !sqlite_schema_migrate(self->db, SQLITE_SCHEMA_VERSION, error))
        return FALSE;
    for (gsize i = 0; i < N_STATEMENTS; i++) {
        self->statements[i] = sqlite_db_prepare(self->db, texts[i], error);
        if (self->statements[i] == NULL)
            return FALSE;
    }
    return TRUE;
}

void
sqlite_store_close(SqliteStore *self)
{
    for (gsize i = 0; i < N_STATEMENTS; i++)
        g_clear_pointer(&self->statements[i], sqlite3_finalize);
    g_clear_pointer(&self->outcomes, g_array_unref);
    g_clear_pointer(&self->db, sqlite3_close);
    if (self->lock_fd >= 0)
        close(self->lock_fd);
    self->lock_fd = -1;
}

static gboolean
put_sources(SqliteStore *self, const CfxSourceType *const *sources, gsize n, GError **error)
{
    sqlite3_stmt *put = self->statements[STATEMENT_SOURCE_SET];

    for (gsize i = 0; i < n; i++) {
        sqlite3_bind_int64(put, 1, sources[i]->id);
        sqlite3_bind_int64(put, 2, sources[i]->type);
        if (!sqlite_db_step(put, error))
            return FALSE;
    }
    return sqlite_db_step(self->statements[STATEMENT_COMMIT], error);
}

gboolean
sqlite_store_sources(gpointer data, const CfxSourceType *const *sources, gsize n, GError **error)
{
    SqliteStore *self = data;

    if (!sqlite_db_step(self->statements[STATEMENT_BEGIN], error))
        return FALSE;
    if (put_sources(self, sources, n, error))
        return TRUE;
    if (!sqlite3_get_autocommit(self->db))
        sqlite_db_step(self->statements[STATEMENT_ROLLBACK], NULL);
    return FALSE;
}

gboolean
sqlite_store_last_revision(gpointer data, gint64 *revision, GError **error)
{
    SqliteStore *self = data;

    return sqlite_db_number(
        self->db, "SELECT value FROM meta WHERE name = 'last_revision'", revision, error);
}
