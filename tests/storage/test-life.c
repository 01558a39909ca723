/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What outlives the process: restarts, kill -9 in the middle, backups; and readers beside a writer.
 */
#include "harness.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

static void
test_restart(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_BEST);
    CfxRecordQuery records = { .struct_size = sizeof(records), .collection = "test.thing" };

    g_assert_cmpint(storage->revision, ==, 0);
    storage_source(storage, 5, CFX_SOURCE_GATEWAY);
    storage_belief(storage, 0, 1, 100, 5, 50, 1);
    storage_record(storage, "a", "{}", CFX_EXPECT_NEW);
    storage_stop(storage);
    storage_start(storage);
    g_assert_cmpint(storage->revision, ==, 2);
    query.source_types = CFX_SOURCE_GATEWAY;
    g_autofree char *beliefs = storage_beliefs(storage, &query);
    g_assert_cmpstr(beliefs, ==, "1 100 5 50 1");
    g_autofree char *found = storage_records(storage, &records);
    g_assert_cmpstr(found, ==, "a={}@2");
}

/* Commits for ever: record "last" and a notice and three beliefs with each revision; says on `out`
 * which revision was acknowledged. */
static void
write_until_killed(const char *dir, int out)
{
    Storage *storage = storage_new_in(dir);

    for (;;) {
        g_autofree char *doc = NULL;
        gint64 revision = storage->revision + 1, source = 5, sensors[] = { 1, 2, 3 };
        double value = (double)revision;
        CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                               .flags = CFX_BELIEFS_RAW,
                               .n = 3,
                               .sensor = { sensors, 1 },
                               .source = { &source, 0 },
                               .start_us = { &revision, 0 },
                               .belief_us = { &revision, 0 },
                               .value = { &value, 0 } };
        doc = g_strdup_printf("{\"v\":%" G_GINT64_FORMAT "}", revision);
        CfxRecord record = { .struct_size = sizeof(record),
                             .collection = "test.thing",
                             .key = "last",
                             .doc = doc,
                             .doc_size = strlen(doc),
                             .expect = revision - 1 };
        CfxNotice notice = {
            .struct_size = sizeof(notice), .topic = "test.t", .doc = "{}", .doc_size = 2
        };
        const CfxBeliefs *batch = &beliefs;
        const CfxRecord *one = &record;
        const CfxNotice *news = &notice;
        storage_commit(storage,
                       &(CfxCommit){ .records = &one,
                                     .n_records = 1,
                                     .beliefs = &batch,
                                     .n_beliefs = 1,
                                     .notices = &news,
                                     .n_notices = 1 });
        if (write(out, &revision, sizeof(revision)) != sizeof(revision))
            _exit(1);
    }
}

static void
check_after_kill(const char *dir, gint64 acknowledged)
{
    Storage *storage = storage_new_in(dir);
    gint64 sensors[] = { 1, 2, 3 };
    CfxBeliefQuery query = storage_query(sensors, CFX_BELIEFS_ALL);
    CfxRecordQuery records = { .struct_size = sizeof(records), .collection = "test.thing" };
    gint64 stored = storage->revision;
    CfxNoticeQuery notices = { .struct_size = sizeof(notices), .limit = (gsize)stored + 1 };

    /* the one that was being committed is there wholly or not at all */
    g_assert_cmpint(stored, >=, acknowledged);
    g_assert_cmpint(stored, <=, acknowledged + 1);
    g_autofree char *expected =
        g_strdup_printf("last={\"v\":%" G_GINT64_FORMAT "}@%" G_GINT64_FORMAT, stored, stored);
    g_autofree char *found = storage_records(storage, &records);
    g_assert_cmpstr(found, ==, expected);
    query.n_sensors = 3;
    g_autofree char *beliefs = storage_beliefs(storage, &query);
    g_auto(GStrv) rows = g_strsplit(beliefs, " | ", -1);
    g_assert_cmpint(g_strv_length(rows), ==, 3 * stored);
    g_autofree char *told = storage_notices(storage, &notices);
    g_auto(GStrv) news = g_strsplit(told, " | ", -1);
    g_assert_cmpint(g_strv_length(news), ==, stored);
    storage_free_keep(storage);
}

/* Kills the writer as soon as it has acknowledged `commits` more. Returns the last one heard of. */
static gint64
run_and_kill(const char *dir, int commits)
{
    gint64 acknowledged = 0, revision;
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        close(ends[0]);
        write_until_killed(dir, ends[1]);
    }
    close(ends[1]);
    for (int i = 0; i < commits; i++) {
        g_assert_cmpint(read(ends[0], &revision, sizeof(revision)), ==, sizeof(revision));
        acknowledged = revision;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(ends[0], &revision, sizeof(revision)) == sizeof(revision))
        acknowledged = revision;
    close(ends[0]);
    return acknowledged;
}

static void
test_kill(void)
{
    Storage *storage = storage_new();
    g_autofree char *dir = g_strdup(storage->dir);

    storage_free_keep(storage);
    for (int round = 0; round < 12; round++)
        check_after_kill(dir, run_and_kill(dir, 1 + 7 * round));
    storage_free(storage_new_in(dir));
}

static void
test_backup(void)
{
    g_autoptr(Storage) storage = storage_new();
    g_autofree char *path = g_build_filename(storage->dir, "backup", NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GError *error = NULL;
    GStatBuf file;

    if (!CFX_HAS(storage->ops, backup)) {
        g_test_skip("this storage makes no backups");
        return;
    }
    storage_record(storage, "a", "{}", CFX_EXPECT_NEW);
    storage->ops->backup(storage->reader, path, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    /* secrets' hashes are in it: nobody else's to read */
    g_assert_cmpint(g_stat(path, &file), ==, 0);
    g_assert_cmpint(file.st_mode & 0077, ==, 0);
    g_assert_false(storage->ops->backup(storage->reader, path, NULL, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFLICT);
    g_clear_error(&error);
    g_unlink(path);
    g_cancellable_cancel(cancellable);
    g_assert_false(storage->ops->backup(storage->reader, path, cancellable, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CANCELLED);
    g_clear_error(&error);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    storage_record(storage, "b", "{}", CFX_EXPECT_NEW);
}

/* A second reader on a thread of its own, while the writer goes on. */
typedef struct {
    Storage *storage;
    gpointer reader;
    gint stop;
    gsize reads;
} Side;

static gboolean
count_rows(gpointer data, const CfxBeliefs *const *beliefs, gsize n)
{
    gsize *rows = data;

    for (gsize i = 0; i < n; i++)
        *rows += beliefs[i]->n;
    return TRUE;
}

/* Each commit writes two beliefs, so that every state that a reader may see has an even number. */
static gpointer
read_on(gpointer data)
{
    Side *side = data;
    gint64 sensor = 1;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_ALL);

    while (!g_atomic_int_get(&side->stop)) {
        gsize rows = 0;
        CfxSink sink = { .struct_size = sizeof(sink), .data = &rows, .beliefs = count_rows };
        GError *error = NULL;
        side->storage->ops->read_beliefs(side->reader, &query, &sink, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(rows % 2, ==, 0);
        side->reads++;
    }
    return NULL;
}

static void
test_reader_beside_writer(void)
{
    g_autoptr(Storage) storage = storage_new();
    GError *error = NULL;
    Side side = { .storage = storage, .reader = storage->ops->reader_open(storage->self, &error) };
    gint64 sensor = 1, source = 5, starts[2], beliefs_us = 50;
    double value = 1;
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                           .flags = CFX_BELIEFS_RAW,
                           .n = 2,
                           .sensor = { &sensor, 0 },
                           .source = { &source, 0 },
                           .start_us = { starts, 1 },
                           .belief_us = { &beliefs_us, 0 },
                           .value = { &value, 0 } };
    const CfxBeliefs *one = &beliefs;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_ALL);

    g_assert_no_error(error);
    GThread *thread = g_thread_new("reader", read_on, &side);
    for (gint64 i = 0; i < 200; i++) {
        starts[0] = 2 * i;
        starts[1] = 2 * i + 1;
        storage_commit(storage, &(CfxCommit){ .beliefs = &one, .n_beliefs = 1 });
        /* what is committed is seen by whoever asks after it */
        query.start_us = 2 * i + 1;
        query.end_us = 2 * i + 2;
        g_autofree char *seen = storage_beliefs(storage, &query);
        g_assert_cmpstr(seen, !=, "");
    }
    g_atomic_int_set(&side.stop, 1);
    g_thread_join(thread);
    storage->ops->reader_close(side.reader);
    g_assert_cmpuint(side.reads, >, 0);
}

void
test_life_add(void)
{
    g_test_add_func("/storage/life/restart", test_restart);
    g_test_add_func("/storage/life/kill", test_kill);
    g_test_add_func("/storage/life/backup", test_backup);
    g_test_add_func("/storage/life/reader-beside-writer", test_reader_beside_writer);
}
