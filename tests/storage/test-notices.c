/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

static void
check(Storage *storage, const CfxNoticeQuery *query, const char *expected)
{
    g_autofree char *found = storage_notices(storage, query);

    g_assert_cmpstr(found, ==, expected);
}

static void
tell(Storage *storage, const CfxNotice *notices, gsize n)
{
    const CfxNotice *pointers[8];

    for (gsize i = 0; i < n; i++)
        pointers[i] = &notices[i];
    storage_commit(storage, &(CfxCommit){ .notices = pointers, .n_notices = n });
}

static const CfxNotice news[] = {
    { sizeof(CfxNotice), 0, "test.plug", 7, 1000, 0, "{\"n\":1}", 7 },
    { sizeof(CfxNotice), CFX_NOTICE_TRANSIENT, "test.plug", 7, 1000, 0, "{\"n\":2}", 7 },
    { sizeof(CfxNotice), 0, "test.plug.in", 8, 1500, 0, "{\"n\":3}", 7 },
    { sizeof(CfxNotice), 0, "testing", 7, 2000, 0, NULL, 0 },
};

static void
test_read(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxNoticeQuery query = { .struct_size = sizeof(query) };

    check(storage, &query, "");
    tell(storage, news, 4);
    /* a transient one need not be kept, and the others keep their places */
    g_autofree char *kept = storage_notices(storage, &query);
    if (g_strstr_len(kept, -1, "\"n\":2") == NULL)
        g_assert_cmpstr(kept,
                        ==,
                        "1.0 test.plug 7 1000 {\"n\":1} | 1.2 test.plug.in 8 1500 {\"n\":3} | "
                        "1.3 testing 7 2000 {}");
    query.topic = "testing";
    check(storage, &query, "1.3 testing 7 2000 {}");
    query.topic = "test";
    check(storage, &query, "");
    query.topic = "test.plug.";
    check(storage, &query, "1.2 test.plug.in 8 1500 {\"n\":3}");
    query.topic = "test.";
    query.asset = 8;
    check(storage, &query, "1.2 test.plug.in 8 1500 {\"n\":3}");
}

static void
test_after_limit_window(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxNoticeQuery query = { .struct_size = sizeof(query), .topic = "testing" };
    CfxNotice notice = news[3];

    for (gint64 i = 0; i < 5; i++) {
        notice.at_us = 10 * i;
        tell(storage, &notice, 1);
    }
    query.after = (gint64)2 << 16;
    query.limit = 2;
    check(storage, &query, "3.0 testing 7 20 {} | 4.0 testing 7 30 {}");
    query.after = 0;
    query.flags = CFX_QUERY_DESCENDING;
    check(storage, &query, "5.0 testing 7 40 {} | 4.0 testing 7 30 {}");
    query.flags = 0;
    query.limit = 0;
    query.start_us = 10;
    query.end_us = 30;
    check(storage, &query, "2.0 testing 7 10 {} | 3.0 testing 7 20 {}");
}

static void
test_default_limit(void)
{
    g_autoptr(Storage) storage = storage_new();
    CfxNoticeQuery query = { .struct_size = sizeof(query) };
    g_autofree const CfxNotice **many = g_new(const CfxNotice *, 65536);

    for (gsize i = 0; i < 65536; i++)
        many[i] = &news[0];
    storage_commit(storage, &(CfxCommit){ .notices = many, .n_notices = 65535 });
    g_autofree char *first = storage_notices(storage, &query);
    g_auto(GStrv) rows = g_strsplit(first, " | ", -1);
    g_assert_cmpuint(g_strv_length(rows), ==, 1000);
    query.flags = CFX_QUERY_DESCENDING;
    query.limit = 1;
    check(storage, &query, "1.65534 test.plug 7 1000 {\"n\":1}");
    g_autofree char *answer =
        storage_refused(storage, &(CfxCommit){ .notices = many, .n_notices = 65536 }, NULL);
    g_assert_true(g_str_has_prefix(answer, "5: notices"));
}

void
test_notices_add(void)
{
    g_test_add_func("/storage/notices/read", test_read);
    g_test_add_func("/storage/notices/after-limit-window", test_after_limit_window);
    g_test_add_func("/storage/notices/default-limit", test_default_limit);
}
