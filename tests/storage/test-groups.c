/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups: one transaction for many commits, each refused or stored on its own, and a group that is
 * repeated because its answer was lost.
 */
#include "harness.h"

#include <string.h>

#define N 6

typedef struct {
    CfxRecord records[N];
    const CfxRecord *record_pointers[N];
    CfxNotice notices[N];
    const CfxNotice *notice_pointers[N];
    CfxCommit commits[N];
    const CfxCommit *pointers[N];
    CfxCommitted results[N];
    GError *errors[N];
    gsize n;
} Group;

static void
group_add(Group *group, gint64 revision, const char *key, const char *doc, gint64 expect)
{
    gsize i = group->n++;

    group->records[i] = (CfxRecord){ .struct_size = sizeof(CfxRecord),
                                     .flags = doc == NULL ? CFX_RECORD_DELETE : 0,
                                     .collection = "test.thing",
                                     .key = key,
                                     .doc = doc,
                                     .doc_size = doc != NULL ? strlen(doc) : 0,
                                     .expect = expect };
    group->notices[i] = (CfxNotice){ .struct_size = sizeof(CfxNotice),
                                     .topic = "test.t",
                                     .at_us = revision,
                                     .doc = "{}",
                                     .doc_size = 2 };
    group->record_pointers[i] = &group->records[i];
    group->notice_pointers[i] = &group->notices[i];
    group->commits[i] = (CfxCommit){ .struct_size = sizeof(CfxCommit),
                                     .records = &group->record_pointers[i],
                                     .n_records = 1,
                                     .notices = &group->notice_pointers[i],
                                     .n_notices = 1,
                                     .revision = revision };
    group->pointers[i] = &group->commits[i];
}

static void
group_commit(Storage *storage, Group *group)
{
    for (gsize i = 0; i < group->n; i++)
        g_clear_error(&group->errors[i]);
    storage_group(storage, group->pointers, group->n, group->results, group->errors);
}

static void
group_clear(Group *group)
{
    for (gsize i = 0; i < group->n; i++)
        g_clear_error(&group->errors[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Group, group_clear)

static void
check(Storage *storage, const char *records, const char *notices)
{
    CfxRecordQuery query = { .struct_size = sizeof(query), .collection = "test.thing" };
    CfxNoticeQuery news = { .struct_size = sizeof(news) };
    g_autofree char *found = storage_records(storage, &query);
    g_autofree char *told = storage_notices(storage, &news);

    g_assert_cmpstr(found, ==, records);
    g_assert_cmpstr(told, ==, notices);
}

/* An `expect` may name the revision of an entry before it in the same group. */
static void
test_in_flight(void)
{
    g_autoptr(Storage) storage = storage_new();
    g_auto(Group) group = { .n = 0 };

    group_add(&group, 1, "a", "{\"v\":1}", CFX_EXPECT_NEW);
    group_add(&group, 2, "a", "{\"v\":2}", 1);
    group_add(&group, 3, "a", "{\"v\":3}", 1); /* too late */
    group_add(&group, 4, "a", "{\"v\":4}", 3); /* builds on what was refused */
    group_add(&group, 5, "a", NULL, 2);
    group_add(&group, 6, "a", "{\"v\":6}", CFX_EXPECT_NEW);
    group_commit(storage, &group);
    g_assert_no_error(group.errors[0]);
    g_assert_no_error(group.errors[1]);
    g_assert_error(group.errors[2], CFX_ERROR, CFX_ERROR_CONFLICT);
    g_assert_error(group.errors[3], CFX_ERROR, CFX_ERROR_CONFLICT);
    g_assert_no_error(group.errors[4]);
    g_assert_no_error(group.errors[5]);
    check(storage,
          "a={\"v\":6}@6",
          "1.0 test.t 0 1 {} | 2.0 test.t 0 2 {} | 5.0 test.t 0 5 {} | 6.0 test.t 0 6 {}");
}

static void
test_repeat(gconstpointer restart)
{
    g_autoptr(Storage) storage = storage_new();
    g_auto(Group) group = { .n = 0 };

    storage_record(storage, "old", "{}", CFX_EXPECT_NEW);
    group_add(&group, 2, "a", "{\"v\":1}", CFX_EXPECT_NEW);
    group_add(&group, 3, "a", "{\"v\":2}", 2);
    group_add(&group, 4, "old", NULL, 1);
    group_add(&group, 5, "b", "{}", 99);
    group_add(&group, 6, "old", "{\"again\":1}", CFX_EXPECT_NEW);
    for (int round = 0; round < 3; round++) {
        group_commit(storage, &group);
        g_assert_no_error(group.errors[0]);
        g_assert_no_error(group.errors[1]);
        g_assert_no_error(group.errors[2]);
        g_assert_error(group.errors[3], CFX_ERROR, CFX_ERROR_CONFLICT);
        g_assert_no_error(group.errors[4]);
        g_assert_cmpint(group.results[1].revision, ==, 3);
        check(storage,
              "a={\"v\":2}@3 | old={\"again\":1}@6",
              "2.0 test.t 0 2 {} | 3.0 test.t 0 3 {} | 4.0 test.t 0 4 {} | 6.0 test.t 0 6 {}");
        if (restart != NULL) {
            storage_stop(storage);
            storage_start(storage);
        }
    }
}

/* The answer of NO_REPLACE and the counts are the same the second time. */
static void
test_repeat_beliefs(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1, start = 100, source = 5, belief = 50;
    double value = 2;
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                           .flags = CFX_BELIEFS_RAW,
                           .n = 1,
                           .sensor = { &sensor, 0 },
                           .source = { &source, 0 },
                           .start_us = { &start, 0 },
                           .belief_us = { &belief, 0 },
                           .value = { &value, 0 } };
    const CfxBeliefs *one = &beliefs;
    CfxCommit commit = { .beliefs = &one, .n_beliefs = 1, .revision = 1 };

    g_assert_cmpuint(storage_commit(storage, &commit).stored, ==, 1);
    g_assert_cmpuint(storage_commit(storage, &commit).stored, ==, 1);
    commit.revision = 2;
    g_assert_cmpuint(storage_commit(storage, &commit).unchanged, ==, 1);
}

/* Slices of a bulk commit come between younger commits and must not undo them. */
static void
test_bulk_is_older(void)
{
    g_autoptr(Storage) storage = storage_new();
    g_auto(Group) young = { .n = 0 };
    g_auto(Group) old = { .n = 0 };
    gint64 revision = 0;
    GError *error = NULL;

    group_add(&young, 9, "a", "{\"v\":9}", CFX_EXPECT_ANY);
    group_add(&old, 5, "a", "{\"v\":5}", CFX_EXPECT_ANY);
    group_add(&old, 6, "b", "{\"v\":6}", CFX_EXPECT_ANY);
    group_commit(storage, &young);
    group_commit(storage, &old);
    g_assert_no_error(old.errors[0]);
    g_assert_no_error(old.errors[1]);
    check(storage,
          "a={\"v\":9}@9 | b={\"v\":6}@6",
          "5.0 test.t 0 5 {} | 6.0 test.t 0 6 {} | 9.0 test.t 0 9 {}");
    g_assert_true(storage->ops->last_revision(storage->self, &revision, &error));
    g_assert_no_error(error);
    g_assert_cmpint(revision, ==, 9);
}

static void
test_bad_commits(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs), .n = 1 };
    const CfxBeliefs *one = &beliefs;
    g_autofree char *flags = storage_refused(storage, &(CfxCommit){ .flags = 1u << 30 }, NULL);
    g_autofree char *column =
        storage_refused(storage, &(CfxCommit){ .beliefs = &one, .n_beliefs = 1 }, NULL);

    g_assert_true(g_str_has_prefix(flags, "5: flags"));
    g_assert_true(g_str_has_prefix(column, "5: beliefs.0."));
    storage_commit(storage, &(CfxCommit){ .flags = 0 }); /* nothing to store is no mistake */
}

void
test_groups_add(void)
{
    g_test_add_func("/storage/groups/in-flight", test_in_flight);
    g_test_add_data_func("/storage/groups/repeat", NULL, test_repeat);
    g_test_add_data_func("/storage/groups/repeat-after-restart", "restart", test_repeat);
    g_test_add_func("/storage/groups/repeat-beliefs", test_repeat_beliefs);
    g_test_add_func("/storage/groups/bulk-is-older", test_bulk_is_older);
    g_test_add_func("/storage/groups/bad-commits", test_bad_commits);
}
