/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include <math.h>

static void
check(Storage *storage, const CfxBeliefQuery *query, const char *expected)
{
    g_autofree char *found = storage_beliefs(storage, query);

    g_assert_cmpstr(found, ==, expected);
}

static void
test_upsert(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_ALL);
    CfxCommitted result;

    result = storage_belief(storage, 0, 1, 100, 5, 50, 3.5);
    g_assert_cmpuint(result.stored, ==, 1);
    g_assert_cmpuint(result.unchanged, ==, 0);
    result = storage_belief(storage, 0, 1, 100, 5, 50, 3.5);
    g_assert_cmpuint(result.stored, ==, 0);
    g_assert_cmpuint(result.unchanged, ==, 1);
    result = storage_belief(storage, 0, 1, 100, 5, 50, 4);
    g_assert_cmpuint(result.stored, ==, 1);
    check(storage, &query, "1 100 5 50 4");
    storage_belief(storage, 0, 1, 100, 5, 60, 4);
    check(storage, &query, "1 100 5 50 4 | 1 100 5 60 4");
}

static void
test_exact_values(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_ALL);

    storage_belief(storage, 0, 1, G_MININT64 + 1, 5, G_MAXINT64, 1e300);
    storage_belief(storage, 0, 1, -1, 5, G_MININT64 + 1, -INFINITY);
    storage_belief(storage, 0, 1, 0, 5, 0, 4);
    check(storage,
          &query,
          "1 -9223372036854775807 5 9223372036854775807 1e+300 | "
          "1 -1 5 -9223372036854775807 -inf | 1 0 5 0 4");
}

static void
test_no_replace(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensors[] = { 1, 1, 1 }, starts[] = { 100, 200, 300 }, five = 5, fifty = 50;
    double values[] = { 9, 8, 7 };
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                           .flags = CFX_BELIEFS_RAW,
                           .n = 3,
                           .sensor = { sensors, 1 },
                           .source = { &five, 0 },
                           .start_us = { starts, 1 },
                           .belief_us = { &fifty, 0 },
                           .value = { values, 1 } };
    const CfxBeliefs *one = &beliefs;
    CfxCommit commit = { .flags = CFX_COMMIT_NO_REPLACE, .beliefs = &one, .n_beliefs = 1 };
    CfxBeliefQuery query = storage_query(sensors, CFX_BELIEFS_ALL);
    CfxCommitted result;

    storage_belief(storage, 0, 1, 200, 5, 50, 1);
    storage_belief(storage, 0, 1, 300, 5, 50, 7);
    g_autofree char *answer = storage_refused(storage, &commit, &result);
    g_assert_true(g_str_has_prefix(answer, "6: "));
    g_assert_cmpuint(result.conflicting, ==, 1);
    g_assert_cmpuint(result.stored, ==, 0);
    check(storage, &query, "1 200 5 50 1 | 1 300 5 50 7");

    values[1] = 1;
    result = storage_commit(storage, &commit);
    g_assert_cmpuint(result.stored, ==, 1);
    g_assert_cmpuint(result.unchanged, ==, 2);
    check(storage, &query, "1 100 5 50 9 | 1 200 5 50 1 | 1 300 5 50 7");

    /* two of one commit that contradict each other are a conflict as well */
    starts[0] = starts[1] = starts[2] = 400;
    g_free(storage_refused(storage, &commit, &result));
    g_assert_cmpuint(result.conflicting, ==, 2);
}

static void
test_skip_same(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_ALL);
    CfxCommitted result;

    storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 100, 5, 50, 3);
    result = storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 100, 5, 60, 3);
    g_assert_cmpuint(result.unchanged, ==, 1);
    g_assert_cmpuint(result.stored, ==, 0);
    storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 100, 6, 60, 3); /* another source */
    storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 101, 5, 60, 3); /* another event */
    storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 100, 5, 70, 4);
    storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 100, 5, 80, 3); /* back again */
    check(storage,
          &query,
          "1 100 5 50 3 | 1 100 5 70 4 | 1 100 5 80 3 | 1 100 6 60 3 | 1 101 5 60 3");
    /* an older one is compared with what was believed before it */
    storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 100, 5, 75, 3);
    /* and the same key is replaced although the one before it says the same */
    storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 100, 5, 70, 3);
    check(storage,
          &query,
          "1 100 5 50 3 | 1 100 5 70 3 | 1 100 5 75 3 | 1 100 5 80 3 | "
          "1 100 6 60 3 | 1 101 5 60 3");
    storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 101, 5, 90, NAN);
    result = storage_belief(storage, CFX_COMMIT_SKIP_SAME, 1, 101, 5, 95, NAN);
    g_assert_cmpuint(result.unchanged, ==, 1);
}

static void
test_newest_and_best(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1;
    CfxBeliefQuery newest = storage_query(&sensor, CFX_BELIEFS_NEWEST);
    CfxBeliefQuery best = storage_query(&sensor, CFX_BELIEFS_BEST);

    storage_belief(storage, 0, 1, 100, 5, 50, 1);
    storage_belief(storage, 0, 1, 100, 5, 70, 2);
    storage_belief(storage, 0, 1, 100, 6, 60, 3);
    storage_belief(storage, 0, 1, 100, 4, 65, 4);
    storage_belief(storage, 0, 1, 200, 6, 60, 5);
    storage_belief(storage, 0, 1, 200, 5, 60, 6); /* a tie: the higher source */
    check(storage,
          &newest,
          "1 100 4 65 4 | 1 100 5 70 2 | 1 100 6 60 3 | 1 200 5 60 6 | 1 200 6 60 5");
    check(storage, &best, "1 100 5 70 2 | 1 200 6 60 5");
}

static void
test_no_value(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1;
    CfxBeliefQuery best = storage_query(&sensor, CFX_BELIEFS_BEST);
    CfxBeliefQuery all = storage_query(&sensor, CFX_BELIEFS_ALL);

    storage_belief(storage, 0, 1, 100, 5, 50, 1);
    storage_belief(storage, 0, 1, 200, 5, 50, 2);
    storage_belief(storage, 0, 1, 200, 6, 40, 9);
    storage_belief(storage, 0, 1, 100, 5, 60, NAN);
    storage_belief(storage, 0, 1, 200, 5, 60, NAN);
    /* what a source withdrew is gone; what others said stays */
    check(storage, &best, "1 200 6 40 9");
    check(storage, &all, "1 100 5 50 1 | 1 200 5 50 2 | 1 200 6 40 9");
    best.flags = all.flags = CFX_QUERY_KEEP_NO_VALUE;
    check(storage, &best, "1 100 5 60 nan | 1 200 6 40 9");
    check(storage,
          &all,
          "1 100 5 50 1 | 1 100 5 60 nan | 1 200 5 50 2 | 1 200 5 60 nan | 1 200 6 40 9");
    best.flags = 0;
    best.known_until_us = 55;
    check(storage, &best, "1 100 5 50 1 | 1 200 5 50 2");
    best.known_until_us = 0;
    storage_belief(storage, 0, 1, 100, 5, 70, 3);
    check(storage, &best, "1 100 5 70 3 | 1 200 6 40 9");
}

static void
test_as_of_and_horizon(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_NEWEST);

    storage_belief(storage, 0, 1, 100, 5, 50, 1);
    storage_belief(storage, 0, 1, 100, 5, 90, 2);
    storage_belief(storage, 0, 1, 100, 5, 130, 3); /* after the fact */
    storage_belief(storage, 0, 1, 200, 5, 130, 4);
    check(storage, &query, "1 100 5 130 3 | 1 200 5 130 4");
    query.known_until_us = 129;
    check(storage, &query, "1 100 5 90 2");
    query.known_until_us = 90;
    check(storage, &query, "1 100 5 90 2");
    query.known_until_us = 49;
    check(storage, &query, "");
    query.known_until_us = CFX_TIME_MAX;
    query.horizon_us = 0;
    check(storage, &query, "1 100 5 90 2 | 1 200 5 130 4");
    query.horizon_us = 50;
    check(storage, &query, "1 100 5 50 1 | 1 200 5 130 4");
    query.horizon_us = 51;
    check(storage, &query, "1 200 5 130 4");
    query.horizon_us = -30;
    check(storage, &query, "1 100 5 130 3 | 1 200 5 130 4");
}

static void
test_source_types(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1, sources[] = { 7, 5 };
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_BEST);

    storage_source(storage, 5, CFX_SOURCE_GATEWAY);
    storage_source(storage, 6, CFX_SOURCE_SCHEDULER);
    storage_belief(storage, 0, 1, 100, 5, 50, 1);
    storage_belief(storage, 0, 1, 100, 6, 60, 2);
    storage_belief(storage, 0, 1, 100, 7, 70, 3); /* its type was not told yet */
    query.source_types = CFX_SOURCE_GATEWAY;
    check(storage, &query, "1 100 5 50 1");
    query.source_types = CFX_SOURCE_GATEWAY | CFX_SOURCE_SCHEDULER;
    check(storage, &query, "1 100 6 60 2");
    query.source_types = CFX_SOURCE_ANY;
    check(storage, &query, "1 100 7 70 3");
    storage_source(storage, 7, CFX_SOURCE_GATEWAY);
    storage_source(storage, 6, CFX_SOURCE_USER); /* a source may be told anew */
    query.source_types = CFX_SOURCE_GATEWAY;
    check(storage, &query, "1 100 7 70 3");
    query.source_types = CFX_SOURCE_SCHEDULER;
    check(storage, &query, "");
    query.source_types = 0;
    query.sources = sources;
    query.n_sources = 1;
    query.mode = CFX_BELIEFS_NEWEST;
    check(storage, &query, "1 100 7 70 3");
    query.n_sources = 2;
    check(storage, &query, "1 100 5 50 1 | 1 100 7 70 3");
    query.n_sources = 0; /* none of them: nothing, not everything */
    check(storage, &query, "");
}

static void
test_probability(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1, start = 100, source = 5, beliefs_us[] = { 50, 50, 50, 60 };
    double probabilities[] = { 0.1, 0.5, 0.9, 0.8 }, values[] = { 1, 5, 9, 8 };
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                           .flags = CFX_BELIEFS_RAW,
                           .n = 3,
                           .sensor = { &sensor, 0 },
                           .source = { &source, 0 },
                           .start_us = { &start, 0 },
                           .belief_us = { beliefs_us, 1 },
                           .probability = { probabilities, 1 },
                           .value = { values, 1 } };
    const CfxBeliefs *one = &beliefs;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_BEST);

    storage_commit(storage, &(CfxCommit){ .beliefs = &one, .n_beliefs = 1 });
    check(storage, &query, "1 100 5 50 5");
    query.mode = CFX_BELIEFS_ALL;
    check(storage, &query, "1 100 5 50 1 p0.1 | 1 100 5 50 5 | 1 100 5 50 9 p0.9");
    beliefs.n = 4;
    storage_commit(storage, &(CfxCommit){ .beliefs = &one, .n_beliefs = 1 });
    query.mode = CFX_BELIEFS_NEWEST;
    check(storage, &query, "1 100 5 60 8 p0.8");
    probabilities[0] = 1.5;
    g_autofree char *answer =
        storage_refused(storage, &(CfxCommit){ .beliefs = &one, .n_beliefs = 1 }, NULL);
    g_assert_true(g_str_has_prefix(answer, "5: beliefs.0.probability"));
}

static void
test_windows_sensors_limit(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensors[] = { 3, 1, 3, 9 };
    CfxBeliefQuery query = storage_query(sensors, CFX_BELIEFS_BEST);

    for (gint64 sensor = 1; sensor <= 3; sensor++) {
        for (gint64 start = 100; start <= 300; start += 100)
            storage_belief(storage, 0, sensor, start, 5, 50, (double)(sensor * start));
    }
    query.n_sensors = 4;
    query.start_us = 100;
    query.end_us = 300;
    check(storage, &query, "1 100 5 50 100 | 1 200 5 50 200 | 3 100 5 50 300 | 3 200 5 50 600");
    query.limit = 3;
    check(storage, &query, "1 100 5 50 100 | 1 200 5 50 200 | 3 100 5 50 300");
    query.limit = 0;
    query.n_sensors = 0; /* all */
    query.start_us = 300;
    query.end_us = 301;
    check(storage, &query, "1 300 5 50 300 | 2 300 5 50 600 | 3 300 5 50 900");
    query.end_us = 300;
    check(storage, &query, "");
}

static void
test_latest(void)
{
    g_autoptr(Storage) storage = storage_new();
    g_autofree char *none = storage_latest(storage, 1000);

    g_assert_cmpstr(none, ==, "");
    storage_belief(storage, 0, 1, 100, 5, 50, 1);
    storage_belief(storage, 0, 1, 200, 5, 50, 2);
    storage_belief(storage, 0, 1, 200, 6, 70, 3);
    storage_belief(storage, 0, 1, 300, 5, 50, 4);
    storage_belief(storage, 0, 2, 500, 5, 50, 5); /* has not begun */
    storage_belief(storage, 0, 3, 100, 5, 50, 6);
    storage_belief(storage, 0, 3, 200, 5, 50, 7);
    storage_belief(storage, 0, 3, 200, 5, 60, NAN); /* withdrawn: the event before counts */
    storage_belief(storage, 0, 4, 100, 5, 60, NAN);
    g_autofree char *latest = storage_latest(storage, 299);
    g_assert_cmpstr(latest, ==, "1 200 6 70 3 | 3 100 5 50 6");
    g_autofree char *later = storage_latest(storage, 300);
    g_assert_cmpstr(later, ==, "1 300 5 50 4 | 3 100 5 50 6");
}

static gboolean
stop_at_once(gpointer data, const CfxBeliefs *const *beliefs, gsize n)
{
    gsize *calls = data;

    (*calls)++;
    return FALSE;
}

static void
fill(Storage *storage, gsize rows)
{
    g_autofree gint64 *starts = g_new(gint64, rows);
    g_autofree double *values = g_new(double, rows);
    gint64 sensor = 1, source = 5, belief = 50;
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                           .flags = CFX_BELIEFS_RAW,
                           .n = rows,
                           .sensor = { &sensor, 0 },
                           .source = { &source, 0 },
                           .start_us = { starts, 1 },
                           .belief_us = { &belief, 0 },
                           .value = { values, 1 } };
    const CfxBeliefs *one = &beliefs;

    for (gsize i = 0; i < rows; i++) {
        starts[i] = (gint64)i;
        values[i] = (double)i;
    }
    storage_commit(storage, &(CfxCommit){ .beliefs = &one, .n_beliefs = 1 });
}

static void
test_enough_and_cancel(void)
{
    g_autoptr(Storage) storage = storage_new();
    gint64 sensor = 1;
    CfxBeliefQuery query = storage_query(&sensor, CFX_BELIEFS_ALL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    gsize calls = 0;
    CfxSink sink = { .struct_size = sizeof(sink), .data = &calls, .beliefs = stop_at_once };
    g_autoptr(GError) error = NULL;

    fill(storage, 20000);
    storage->ops->read_beliefs(storage->reader, &query, &sink, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(calls, ==, 1);
    sink.cancellable = cancellable;
    g_cancellable_cancel(cancellable);
    g_assert_false(storage->ops->read_beliefs(storage->reader, &query, &sink, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CANCELLED);
    /* the reader goes on to work */
    query.limit = 1;
    check(storage, &query, "1 0 5 50 0");
}

static void
test_bad_queries(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxBeliefQuery query = storage_query(NULL, 0);
    CfxSink sink = { .struct_size = sizeof(sink) };
    g_autoptr(GError) error = NULL;

    g_assert_false(storage->ops->read_beliefs(storage->reader, &query, &sink, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
    g_clear_error(&error);
    query.mode = CFX_BELIEFS_ALL;
    query.flags = 1u << 30;
    g_assert_false(storage->ops->read_beliefs(storage->reader, &query, &sink, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
}

void
test_beliefs_add(void)
{
    g_test_add_func("/storage/beliefs/upsert", test_upsert);
    g_test_add_func("/storage/beliefs/exact-values", test_exact_values);
    g_test_add_func("/storage/beliefs/no-replace", test_no_replace);
    g_test_add_func("/storage/beliefs/skip-same", test_skip_same);
    g_test_add_func("/storage/beliefs/newest-and-best", test_newest_and_best);
    g_test_add_func("/storage/beliefs/no-value", test_no_value);
    g_test_add_func("/storage/beliefs/as-of-and-horizon", test_as_of_and_horizon);
    g_test_add_func("/storage/beliefs/source-types", test_source_types);
    g_test_add_func("/storage/beliefs/probability", test_probability);
    g_test_add_func("/storage/beliefs/windows-sensors-limit", test_windows_sensors_limit);
    g_test_add_func("/storage/beliefs/latest", test_latest);
    g_test_add_func("/storage/beliefs/enough-and-cancel", test_enough_and_cancel);
    g_test_add_func("/storage/beliefs/bad-queries", test_bad_queries);
}
