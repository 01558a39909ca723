/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is SQLite's own: migrations, refusals with their remedies, the texts kept beside the tables.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "sqlite-keys.h"
#include "sqlite-outcome.h"
#include "sqlite-reader.h"
#include "sqlite-schema.h"
#include "sqlite-store.h"

typedef struct {
    char *dir;
    SqliteStore store;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    self->dir = g_dir_make_tmp("cfx-sqlite-XXXXXX", NULL);
    self->store.settings = (SqliteSettings){
        .path = g_build_filename(self->dir, "test.db", NULL),
        .cache_mib = 1,
        .busy_us = 0,
    };
    self->store.lock_fd = -1;
    self->store.packed = g_byte_array_new();
    self->store.text = g_string_new(NULL);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    const char *suffixes[] = { "", "-lock", "-wal", "-shm" };

    sqlite_store_close(&self->store);
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(self->store.settings.path, suffixes[i], NULL);
        g_unlink(path);
    }
    g_rmdir(self->dir);
    g_free(self->store.settings.path);
    g_byte_array_unref(self->store.packed);
    g_string_free(self->store.text, TRUE);
    g_free(self->dir);
}

static void
open_store(Fixture *self)
{
    GError *error = NULL;

    sqlite_store_open(&self->store, &error);
    g_assert_no_error(error);
}

/* The message must end so: it begins with the file's path. */
static void
refuses(Fixture *self, CfxError code, const char *end)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(sqlite_store_open(&self->store, &error));
    g_assert_error(error, CFX_ERROR, (int)code);
    g_test_message("%s", error->message);
    g_assert_true(g_str_has_prefix(error->message, self->store.settings.path));
    g_assert_cmpstr(error->message + strlen(self->store.settings.path), ==, end);
    sqlite_store_close(&self->store);
}

static void
prepare_file(Fixture *self, const char *sql)
{
    GError *error = NULL;
    sqlite3 *db = sqlite_db_open(&self->store.settings, FOR_WRITING, &error);

    g_assert_no_error(error);
    sqlite_db_run(db, sql, &error);
    g_assert_no_error(error);
    sqlite3_close(db);
}

static gboolean
commit(Fixture *self, gint64 revision, const char *key, GError **error)
{
    const CfxRecord record = { .struct_size = sizeof(record),
                               .collection = "c",
                               .key = key,
                               .doc = "{}",
                               .doc_size = 2,
                               .expect = CFX_EXPECT_ANY };
    const CfxRecord *one = &record;
    const CfxCommit commit = {
        .struct_size = sizeof(commit), .records = &one, .n_records = 1, .revision = revision
    };
    const CfxCommit *commits = &commit;
    CfxCommitted result = { .struct_size = sizeof(result) };
    CfxCommitted *results = &result;
    GError *refused = NULL;
    gboolean done = sqlite_store_commit(&self->store, &commits, 1, &results, &refused, error);

    g_assert_no_error(refused);
    return done;
}

/* A file of an older version keeps what is in it. */
static void
test_migrate(Fixture *self, gconstpointer data)
{
    GError *error = NULL;
    sqlite3 *db = sqlite_db_open(&self->store.settings, FOR_WRITING, &error);
    gint64 value = 0, views = -1;

    g_assert_no_error(error);
    g_assert_true(sqlite_schema_migrate(db, 1, &error));
    sqlite_db_run(db,
                  "INSERT INTO beliefs VALUES (1, 1000000, 5, 2000000, 0.5, 4.25);"
                  "UPDATE meta SET value = 7 WHERE name = 'last_revision'",
                  &error);
    g_assert_no_error(error);
    g_assert_true(sqlite_db_number(
        db, "SELECT count(*) FROM sqlite_schema WHERE type = 'view'", &views, &error));
    g_assert_cmpint(views, ==, 0);
    sqlite3_close(db);

    open_store(self);
    g_assert_true(sqlite_store_last_revision(&self->store, &value, &error));
    g_assert_cmpint(value, ==, 7);
    g_assert_true(sqlite_db_number(self->store.db, "PRAGMA user_version", &value, &error));
    g_assert_cmpint(value, ==, SQLITE_SCHEMA_VERSION);
    sqlite3_stmt *rows = sqlite_db_prepare(
        self->store.db, "SELECT event_start, belief_time, value FROM v_beliefs", &error);
    g_assert_true(sqlite_db_row(rows, &error));
    g_assert_cmpstr((const char *)sqlite3_column_text(rows, 0), ==, "1970-01-01T00:00:01.000Z");
    g_assert_cmpstr((const char *)sqlite3_column_text(rows, 1), ==, "1970-01-01T00:00:02.000Z");
    g_assert_cmpfloat(sqlite3_column_double(rows, 2), ==, 4.25);
    sqlite3_finalize(rows);
}

static void
test_newer(Fixture *self, gconstpointer data)
{
    open_store(self);
    sqlite_store_close(&self->store);
    prepare_file(self, "PRAGMA user_version = 9000");
    refuses(self,
            CFX_ERROR_CONFIG,
            ": has schema version 9000, this plugin knows versions up to 2; install the newer "
            "plugin again, or restore the backup that was made before it");
}

static void
test_foreign(Fixture *self, gconstpointer data)
{
    prepare_file(self, "CREATE TABLE recipes (id INTEGER)");
    refuses(
        self, CFX_ERROR_CONFIG, ": this SQLite file belongs to another program; name another path");
}

static void
test_no_database(Fixture *self, gconstpointer data)
{
    char text[4096];

    memset(text, 'x', sizeof(text));
    g_assert_true(g_file_set_contents(self->store.settings.path, text, sizeof(text), NULL));
    refuses(self,
            CFX_ERROR_CONFIG,
            ": file is not a database: this is no SQLite file; name another path");
}

static void
test_in_use(Fixture *self, gconstpointer data)
{
    Fixture other = { .dir = self->dir, .store = { .settings = self->store.settings } };

    open_store(self);
    other.store.lock_fd = -1;
    refuses(&other,
            CFX_ERROR_UNAVAILABLE,
            ": in use by another daemon; end that one or name another path");
    sqlite_store_close(&self->store);
    open_store(self);
}

/* A commit that fails for want of room stores nothing, and works when there is room. */
static void
test_full(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 pages = 0, rows = -1;
    char key[3000];

    open_store(self);
    g_assert_true(sqlite_db_number(self->store.db, "PRAGMA page_count", &pages, &error));
    g_autofree char *small = g_strdup_printf("PRAGMA max_page_count = %d", (int)pages);
    g_assert_true(sqlite_db_run(self->store.db, small, &error));
    memset(key, 'k', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    g_assert_true(commit(self, 1, "small", &error));
    g_assert_false(commit(self, 2, key, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_FULL);
    g_assert_true(g_str_has_suffix(error->message,
                                   ": database or disk is full: the disk is full; make room on it, "
                                   "then it goes on by itself"));
    g_clear_error(&error);
    g_assert_true(sqlite_db_run(self->store.db, "PRAGMA max_page_count = 100000", &error));
    g_assert_true(commit(self, 2, key, &error));
    g_assert_true(commit(self, 2, key, &error));
    g_assert_true(sqlite_db_number(self->store.db, "SELECT count(*) FROM records", &rows, &error));
    g_assert_cmpint(rows, ==, 2);
}

/* a copy for which there is no room is not begun: it would stop the store that it is a copy of */
static void
test_room(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(sqlite_reader_check_room(self->store.settings.path, 4096, &error));
    g_assert_no_error(error);
    g_assert_false(sqlite_reader_check_room(self->store.settings.path, G_MAXUINT64 / 2, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_FULL);
    g_assert_nonnull(strstr(error->message, "must leave 67 MB free, but only"));
}

static void
test_locked(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    open_store(self);
    sqlite3 *other = sqlite_db_open(&self->store.settings, FOR_WRITING, &error);
    g_assert_true(sqlite_db_run(other, "BEGIN IMMEDIATE", &error));
    g_assert_false(commit(self, 1, "a", &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_UNAVAILABLE);
    g_assert_true(g_str_has_suffix(
        error->message,
        ": database is locked: another program holds a lock on it; end that program"));
    g_clear_error(&error);
    sqlite3_close(other);
    g_assert_true(commit(self, 1, "a", &error));
}

/* A page in the middle is overwritten: reading says what to do, and does not crash. */
static void
test_damaged(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    char junk[4096];
    gint64 rows = 0;

    open_store(self);
    for (gint64 i = 1; i < 200; i++) {
        g_autofree char *key = g_strdup_printf("key %d %0200d", (int)i, (int)i);
        g_assert_true(commit(self, i, key, &error));
    }
    sqlite_store_close(&self->store);
    memset(junk, 0x5a, sizeof(junk));
    int fd = g_open(self->store.settings.path, O_WRONLY, 0);
    for (int page = 12; page < 20; page++)
        g_assert_cmpint(pwrite(fd, junk, sizeof(junk), page * 4096), ==, sizeof(junk));
    close(fd);
    open_store(self);
    g_assert_false(
        sqlite_db_number(self->store.db, "SELECT sum(length(doc)) FROM records", &rows, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "the file is damaged; stop the daemon and restore"));
}

static void
test_keys(Fixture *self, gconstpointer data)
{
    const CfxKey keys[] = { { "a", "text", 0 }, { "b", NULL, -5 }, { "", "", 0 } };
    GByteArray *blob = self->store.packed;
    CfxKey key;

    sqlite_keys_pack(keys, G_N_ELEMENTS(keys), blob);
    const guint8 *at = blob->data, *end = blob->data + blob->len;
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_assert_true(sqlite_keys_next(&at, end, &key));
        g_assert_cmpstr(key.name, ==, keys[i].name);
        g_assert_cmpstr(key.text, ==, keys[i].text);
        g_assert_cmpint(key.number, ==, keys[i].number);
    }
    g_assert_false(sqlite_keys_next(&at, end, &key));
    /* whatever is cut off, nothing is read beyond the end */
    for (guint size = 0; size < blob->len; size++) {
        g_autofree guint8 *cut = g_memdup2(blob->data, size);
        at = cut;
        while (sqlite_keys_next(&at, cut + size, &key))
            ;
        g_assert_cmpint(at - cut, <=, size);
    }
}

static void
test_outcomes(Fixture *self, gconstpointer data)
{
    g_autoptr(GArray) before = sqlite_outcomes_new();
    SqliteOutcome good = { .revision = 5, .stored = 1, .unchanged = 2, .conflicting = 3 };
    SqliteOutcome bad = { .revision = 6 };

    bad.error = g_error_new_literal(CFX_ERROR, CFX_ERROR_CONFLICT, "é \"x\"\nline two 7 8");
    g_array_append_val(before, good);
    g_array_append_val(before, bad);
    sqlite_outcomes_pack(before, self->store.text);
    g_autoptr(GArray) after = sqlite_outcomes_unpack(self->store.text->str);
    g_assert_cmpuint(after->len, ==, 2);
    const SqliteOutcome *found = sqlite_outcomes_find(after, 5);
    g_assert_cmpuint(found->stored, ==, 1);
    g_assert_cmpuint(found->unchanged, ==, 2);
    g_assert_cmpuint(found->conflicting, ==, 3);
    g_assert_no_error(found->error);
    found = sqlite_outcomes_find(after, 6);
    g_assert_error(found->error, CFX_ERROR, CFX_ERROR_CONFLICT);
    g_assert_cmpstr(found->error->message, ==, "é \"x\"\nline two 7 8");
    g_assert_null(sqlite_outcomes_find(after, 7));
}

#define ADD(path, func) g_test_add("/sqlite/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("migrate", test_migrate);
    ADD("newer", test_newer);
    ADD("foreign", test_foreign);
    ADD("no-database", test_no_database);
    ADD("in-use", test_in_use);
    ADD("full", test_full);
    ADD("room", test_room);
    ADD("locked", test_locked);
    ADD("damaged", test_damaged);
    ADD("keys", test_keys);
    ADD("outcomes", test_outcomes);
    return g_test_run();
}
