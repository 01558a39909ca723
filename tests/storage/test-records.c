/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include <string.h>

static CfxRecordQuery
all_records(void)
{
    return (CfxRecordQuery){ .struct_size = sizeof(CfxRecordQuery), .collection = "test.thing" };
}

static void
check(Storage *storage, const CfxRecordQuery *query, const char *expected)
{
    g_autofree char *found = storage_records(storage, query);

    g_assert_cmpstr(found, ==, expected);
}

static void
put(Storage *storage, const char *key, const CfxKey *keys, gsize n_keys)
{
    CfxRecord record = {
        .struct_size = sizeof(record),
        .collection = "test.thing",
        .key = key,
        .doc = "{}",
        .doc_size = 2,
        .keys = keys,
        .n_keys = n_keys,
        .expect = CFX_EXPECT_ANY,
    };
    const CfxRecord *one = &record;

    storage_commit(storage, &(CfxCommit){ .records = &one, .n_records = 1 });
}

static void
test_put_change_delete(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxRecordQuery query = all_records();

    check(storage, &query, "");
    storage_record(storage, "a", "{\"x\":1}", CFX_EXPECT_NEW);
    storage_record(storage, "b", "{\"x\":\"ü\"}", CFX_EXPECT_ANY);
    check(storage, &query, "a={\"x\":1}@1 | b={\"x\":\"ü\"}@2");
    storage_record(storage, "a", "{\"x\":2}", 1);
    check(storage, &query, "a={\"x\":2}@3 | b={\"x\":\"ü\"}@2");
    storage_record(storage, "a", NULL, 3);
    check(storage, &query, "b={\"x\":\"ü\"}@2");
    storage_record(storage, "a", NULL, CFX_EXPECT_ANY); /* nothing there, nothing to do */
    storage_record(storage, "a", "{}", CFX_EXPECT_NEW);
    check(storage, &query, "a={}@6 | b={\"x\":\"ü\"}@2");
    query.collection = "test.thin";
    check(storage, &query, "");
}

static void
refused(Storage *storage, const char *key, const char *doc, gint64 expect, int code)
{
    CfxRecord record = {
        .struct_size = sizeof(record),
        .flags = doc == NULL ? CFX_RECORD_DELETE : 0,
        .collection = "test.thing",
        .key = key,
        .doc = doc,
        .doc_size = doc != NULL ? strlen(doc) : 0,
        .expect = expect,
    };
    const CfxRecord *one = &record;
    g_autofree char *prefix = g_strdup_printf("%d: records.0", code);
    g_autofree char *answer =
        storage_refused(storage, &(CfxCommit){ .records = &one, .n_records = 1 }, NULL);

    g_test_message("%s", answer);
    g_assert_true(g_str_has_prefix(answer, prefix));
}

static void
test_expect(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxRecordQuery query = all_records();

    refused(storage, "a", "{}", 1, CFX_ERROR_CONFLICT);
    storage_record(storage, "a", "{}", CFX_EXPECT_NEW);
    refused(storage, "a", "{\"no\":1}", CFX_EXPECT_NEW, CFX_ERROR_CONFLICT);
    refused(storage, "a", "{\"no\":1}", 1, CFX_ERROR_CONFLICT);
    refused(storage, "a", NULL, 1, CFX_ERROR_CONFLICT);
    check(storage, &query, "a={}@2");
    refused(storage, "", "{}", CFX_EXPECT_ANY, CFX_ERROR_INVALID);
    refused(storage, "b", "{}", -7, CFX_ERROR_INVALID);
}

/* What one record of a commit breaks, breaks the commit. */
static void
test_all_or_nothing(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxRecordQuery query = all_records();
    gint64 sensor = 7;
    CfxBeliefQuery beliefs = storage_query(&sensor, CFX_BELIEFS_ALL);
    CfxNoticeQuery notices = { .struct_size = sizeof(notices) };
    CfxCommitted result;
    const CfxInts ones = { &sensor, 0 };
    const double value = 1;
    CfxRecord good = { .struct_size = sizeof(good),
                       .collection = "test.thing",
                       .key = "good",
                       .doc = "{}",
                       .doc_size = 2,
                       .expect = CFX_EXPECT_ANY };
    CfxRecord bad = { .struct_size = sizeof(bad),
                      .collection = "test.thing",
                      .key = "bad",
                      .doc = "{}",
                      .doc_size = 2,
                      .expect = 99 };
    CfxBeliefs belief = { sizeof(belief), CFX_BELIEFS_RAW, 1,   ones, ones, ones, ones,
                          { NULL, 0 },    { &value, 0 },   NULL };
    CfxNotice notice = {
        .struct_size = sizeof(notice), .topic = "test.t", .doc = "{}", .doc_size = 2
    };
    const CfxRecord *records[] = { &good, &bad };
    const CfxBeliefs *batches[] = { &belief };
    const CfxNotice *news[] = { &notice };
    g_autofree char *answer = storage_refused(storage,
                                              &(CfxCommit){ .records = records,
                                                            .n_records = 2,
                                                            .beliefs = batches,
                                                            .n_beliefs = 1,
                                                            .notices = news,
                                                            .n_notices = 1 },
                                              &result);

    g_assert_true(g_str_has_prefix(answer, "6: records.1"));
    g_assert_cmpuint(result.stored, ==, 0);
    g_assert_cmpuint(result.conflicting, ==, 1);
    check(storage, &query, "");
    g_autofree char *no_beliefs = storage_beliefs(storage, &beliefs);
    g_assert_cmpstr(no_beliefs, ==, "");
    g_autofree char *no_notices = storage_notices(storage, &notices);
    g_assert_cmpstr(no_notices, ==, "");
}

static void
test_keys(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxRecordQuery query = all_records();
    const char *wanted[] = { "c", "a", "zz" };
    const CfxKey one[] = {
        { "owner", "ann", 0 }, { "size", NULL, 5 }, { "tag", "x", 0 }, { "tag", "y", 0 }
    };
    const CfxKey two[] = { { "owner", "bob", 0 }, { "size", NULL, -3 }, { "tag", "y", 0 } };

    put(storage, "a", one, 4);
    put(storage, "b", two, 3);
    put(storage, "c", NULL, 0);
    query.keys = wanted;
    query.n_keys = 3;
    check(storage, &query, "a={}@1 owner:ann size:5 tag:x tag:y | c={}@3");

    const char *y[] = { "y", "q" };
    const CfxTerm tag = { .name = "tag", .texts = y, .n_texts = 2 };
    const CfxTerm size = { .name = "size", .from = -3, .to = 4 };
    const CfxTerm *terms[] = { &tag, &size };
    query = all_records();
    query.terms = terms;
    query.n_terms = 1;
    check(storage, &query, "a={}@1 owner:ann size:5 tag:x tag:y | b={}@2 owner:bob size:-3 tag:y");
    query.n_terms = 2;
    check(storage, &query, "b={}@2 owner:bob size:-3 tag:y");

    /* the keys of a change replace all older ones */
    put(storage, "b", one, 1);
    check(storage, &query, "");
    const char *ann[] = { "ann" };
    const CfxTerm owner = { .name = "owner", .texts = ann, .n_texts = 1 };
    const CfxTerm *owned[] = { &owner };
    query.terms = owned;
    query.n_terms = 1;
    check(storage, &query, "a={}@1 owner:ann size:5 tag:x tag:y | b={}@4 owner:ann");
    storage_record(storage, "a", NULL, CFX_EXPECT_ANY);
    check(storage, &query, "b={}@4 owner:ann");
}

static void
test_number_is_no_text(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxRecordQuery query = all_records();
    const CfxKey text[] = { { "n", "5", 0 } }, number[] = { { "n", NULL, 5 } };
    const char *five[] = { "5" };
    const CfxTerm as_text = { .name = "n", .texts = five, .n_texts = 1 };
    const CfxTerm as_number = { .name = "n", .from = G_MININT64, .to = G_MAXINT64 };
    const CfxTerm *term = &as_text;

    put(storage, "t", text, 1);
    put(storage, "n", number, 1);
    query.terms = &term;
    query.n_terms = 1;
    check(storage, &query, "t={}@1 n:5");
    term = &as_number;
    check(storage, &query, "n={}@2 n:5");
}

static void
test_order_and_pages(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxRecordQuery query = all_records();
    const gint64 ranks[] = { 2, 30, 2, 1 };

    for (gsize i = 0; i < 4; i++) {
        const char key[] = { (char)('a' + i), 0 };
        const CfxKey rank = { "rank", NULL, ranks[i] };
        put(storage, key, &rank, 1);
    }
    put(storage, "Z", NULL, 0);
    query.flags = CFX_QUERY_TOTAL;
    query.limit = 2;
    check(storage, &query, "(5) Z={}@5 | a={}@1 rank:2");
    query.after = "a";
    query.flags = 0;
    check(storage, &query, "b={}@2 rank:30 | c={}@3 rank:2");
    query.flags = CFX_QUERY_DESCENDING;
    query.after = "c";
    check(storage, &query, "b={}@2 rank:30 | a={}@1 rank:2");
    query.after = NULL;
    query.flags = 0;
    query.order = "rank";
    check(storage, &query, "d={}@4 rank:1 | a={}@1 rank:2");
    query.offset = 2;
    check(storage, &query, "c={}@3 rank:2 | b={}@2 rank:30");
    query.offset = 4;
    check(storage, &query, "Z={}@5"); /* without the key: last */
    query.flags = CFX_QUERY_DESCENDING | CFX_QUERY_TOTAL;
    query.offset = 0;
    query.limit = 0;
    check(storage,
          &query,
          "(5) b={}@2 rank:30 | c={}@3 rank:2 | a={}@1 rank:2 | d={}@4 rank:1 | Z={}@5");
}

static void
test_private_flag(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxRecordQuery query = all_records();
    CfxRecord record = { .struct_size = sizeof(record),
                         .flags = CFX_RECORD_PRIVATE,
                         .collection = "test.thing",
                         .key = "secret",
                         .doc = "{}",
                         .doc_size = 2,
                         .expect = CFX_EXPECT_ANY };
    const CfxRecord *one = &record;

    storage_commit(storage, &(CfxCommit){ .records = &one, .n_records = 1 });
    check(storage, &query, "secret={}@1 private");
}

static void
test_bad_queries(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxSink sink = { .struct_size = sizeof(sink) };
    CfxRecordQuery query = all_records();
    g_autoptr(GError) error = NULL;

    query.flags = 1u << 30;
    g_assert_false(storage->ops->read_records(storage->reader, &query, &sink, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
    g_clear_error(&error);
    query = all_records();
    query.collection = NULL;
    g_assert_false(storage->ops->read_records(storage->reader, &query, &sink, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
}

void
test_records_add(void)
{
    g_test_add_func("/storage/records/put-change-delete", test_put_change_delete);
    g_test_add_func("/storage/records/expect", test_expect);
    g_test_add_func("/storage/records/all-or-nothing", test_all_or_nothing);
    g_test_add_func("/storage/records/keys", test_keys);
    g_test_add_func("/storage/records/number-is-no-text", test_number_is_no_text);
    g_test_add_func("/storage/records/order-and-pages", test_order_and_pages);
    g_test_add_func("/storage/records/private-flag", test_private_flag);
    g_test_add_func("/storage/records/bad-queries", test_bad_queries);
}
