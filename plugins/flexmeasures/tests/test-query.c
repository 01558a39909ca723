/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cariflex/cfx-types.h>

#include "flexmeasures-query.h"

static void
test_good(void)
{
    g_auto(FmQuery) query = { 0 };
    const char *field = NULL, *problem = NULL;

    g_assert_true(
        fm_query_parse("start=2025-10-01T14%3A00%3A00%2B02%3A00&duration=PT24H&unit=EUR%2FMWh"
                       "&resolution=PT15M&source-type=market&prior=2025-10-01T14:00:00Z",
                       &query,
                       &field,
                       &problem));
    g_assert_cmpint(query.start_us, ==, G_GINT64_CONSTANT(1759320000000000));
    g_assert_cmpint(query.offset_us, ==, 2 * CFX_HOUR);
    g_assert_cmpint(query.duration_us, ==, 24 * CFX_HOUR);
    g_assert_cmpstr(query.unit, ==, "EUR/MWh");
    g_assert_cmpint(query.resolution_us, ==, 15 * CFX_MINUTE);
    g_assert_cmpuint(query.source_types, ==, CFX_SOURCE_SIGNAL);
    g_assert_true(query.has_prior);
}

static void
test_plus_not_encoded(void)
{
    g_auto(FmQuery) query = { 0 };
    const char *field = NULL, *problem = NULL;

    g_assert_true(fm_query_parse(
        "start=2025-10-01T14:00:00+02:00&duration=PT1H&unit=kW", &query, &field, &problem));
    g_assert_cmpint(query.offset_us, ==, 2 * CFX_HOUR);
}

static void
test_bad(void)
{
    static const struct {
        const char *query, *field;
    } bad[] = {
        { NULL, "start" },
        { "start=2025-10-01T14:00:00Z&unit=kW", "duration" },
        { "start=2025-10-01T14:00:00Z&duration=PT1H", "unit" },
        { "start=2025-10-01T14:00:00&duration=PT1H&unit=kW", "start" },
        { "start=2025-10-01T14:00:00Z&duration=PT90S&unit=kW", "duration" },
        { "start=2025-10-01T14:00:00Z&duration=PT1H&unit=kW&source=x", "source" },
        { "start=2025-10-01T14:00:00Z&duration=PT1H&unit=kW&source-type=oracle", "source-type" },
        { "start=2025-10-01T14:00:00Z&duration=PT1H&unit=%zz", "_schema" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(FmQuery) query = { 0 };
        const char *field = NULL, *problem = NULL;
        g_assert_false(fm_query_parse(bad[i].query, &query, &field, &problem));
        g_assert_cmpstr(field, ==, bad[i].field);
        g_assert_nonnull(problem);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flexmeasures/query/good", test_good);
    g_test_add_func("/flexmeasures/query/plus-not-encoded", test_plus_not_encoded);
    g_test_add_func("/flexmeasures/query/bad", test_bad);
    return g_test_run();
}
