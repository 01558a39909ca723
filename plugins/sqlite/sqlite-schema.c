/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sqlite-schema.h"

/* "Cfx1" in the file's header: file(1) and we recognise it by that */
#define APPLICATION_ID 0x43667831

/*
 * Beliefs lie sensor after sensor, so that a day of one sensor is a few pages. An installation with
 * thousands of sensors that report one by one will want a time-major table before it, emptied into
 * this one in sorted slices; readers then take the union. It would be one more migration, and the
 * scan in sqlite-beliefs.c is the only reader.
 */
static const char *const migrations[] = {
    /* 1 */
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('epoch', 1), ('last_revision', 0), ('last_group', NULL);"
    "CREATE TABLE sources (id INTEGER PRIMARY KEY, type INTEGER NOT NULL) STRICT;"
    "CREATE TABLE beliefs ("
    "  sensor INTEGER NOT NULL, start INTEGER NOT NULL, source INTEGER NOT NULL,"
    "  belief INTEGER NOT NULL, probability REAL NOT NULL, value REAL,"
    "  PRIMARY KEY (sensor, start, source, belief, probability)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE records ("
    "  id INTEGER PRIMARY KEY, collection TEXT NOT NULL, key TEXT NOT NULL,"
    "  revision INTEGER NOT NULL, flags INTEGER NOT NULL, trace INTEGER NOT NULL,"
    "  keys BLOB, doc TEXT NOT NULL, UNIQUE (collection, key)) STRICT;"
    "CREATE TABLE record_keys ("
    "  collection TEXT NOT NULL, name TEXT NOT NULL, value ANY NOT NULL, record INTEGER NOT NULL,"
    "  PRIMARY KEY (collection, name, value, record)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX record_keys_of ON record_keys (record, name, value);"
    "CREATE TABLE notices ("
    "  sequence INTEGER PRIMARY KEY, topic TEXT NOT NULL, asset INTEGER NOT NULL,"
    "  at_us INTEGER NOT NULL, trace INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;"
    "CREATE INDEX notices_by_topic ON notices (topic, sequence);"
    "CREATE INDEX notices_by_asset ON notices (asset, sequence) WHERE asset <> 0;",
    /* 2: for people with a SQL prompt, and for Grafana */
    "CREATE VIEW v_beliefs AS SELECT sensor, source,"
    "  strftime('%Y-%m-%dT%H:%M:%fZ', start / 1000000.0, 'unixepoch') AS event_start,"
    "  strftime('%Y-%m-%dT%H:%M:%fZ', belief / 1000000.0, 'unixepoch') AS belief_time,"
    "  start / 1000000.0 AS event_start_unix, probability, value FROM beliefs;"
    "CREATE VIEW v_records AS SELECT collection, key, revision, doc FROM records"
    "  WHERE (flags & 2) = 0;"
    "CREATE VIEW v_notices AS SELECT sequence >> 16 AS revision, topic, asset,"
    "  strftime('%Y-%m-%dT%H:%M:%fZ', at_us / 1000000.0, 'unixepoch') AS at, doc FROM notices;",
};
G_STATIC_ASSERT(G_N_ELEMENTS(migrations) == SQLITE_SCHEMA_VERSION);

static gboolean
check_ours(sqlite3 *db, gint64 *ret_version, GError **error)
{
    gint64 application = 0, tables = 0;

    if (!sqlite_db_number(db, "PRAGMA user_version", ret_version, error) ||
        !sqlite_db_number(db, "PRAGMA application_id", &application, error) ||
        !sqlite_db_number(db, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return FALSE;
    if (application != APPLICATION_ID && (tables > 0 || application != 0)) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "%s: this SQLite file belongs to another program; name another path",
                    sqlite3_db_filename(db, "main"));
        return FALSE;
    }
    if (*ret_version > SQLITE_SCHEMA_VERSION) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "%s: has schema version %" G_GINT64_FORMAT
                    ", this plugin knows versions up to %d; install the newer plugin again, or "
                    "restore the backup that was made before it",
                    sqlite3_db_filename(db, "main"),
                    *ret_version,
                    SQLITE_SCHEMA_VERSION);
        return FALSE;
    }
    return TRUE;
}

static gboolean
apply(sqlite3 *db, int version, GError **error)
{
    g_autofree char *sql =
        g_strdup_printf("BEGIN IMMEDIATE; %s"
                        " PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
                        migrations[version - 1],
                        APPLICATION_ID,
                        version);

    if (sqlite_db_run(db, sql, error))
        return TRUE;
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    g_prefix_error(error, "migration to schema version %d: ", version);
    return FALSE;
}

gboolean
sqlite_schema_check(sqlite3 *db, GError **error)
{
    gint64 version = 0;

    return check_ours(db, &version, error);
}

gboolean
sqlite_schema_migrate(sqlite3 *db, int version, GError **error)
{
    gint64 present = 0;

    if (!check_ours(db, &present, error))
        return FALSE;
    for (int next = (int)present + 1; next <= version; next++) {
        if (!apply(db, next, error))
            return FALSE;
    }
    return TRUE;
}
