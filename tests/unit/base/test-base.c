/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-error.h"
#include "cfx-log.h"
#include "cfx-metric.h"

#include <kit/cfx-suggest.h>
#include <math.h>
#include <string.h>

static void
test_suggest(void)
{
    const char *const words[] = { "listener", "heartbeat", "path", NULL };
    g_assert_cmpstr(cfx_suggest(words, "listner"), ==, "listener");
    g_assert_cmpstr(cfx_suggest(words, "hearbteat"), ==, "heartbeat");
    g_assert_cmpstr(cfx_suggest(words, "paht"), ==, "path"); /* swapped neighbours are one slip */
    g_assert_cmpstr(cfx_suggest(words, "port"), ==, NULL);
    g_assert_cmpstr(cfx_suggest(words, ""), ==, NULL);
    g_autofree char *huge = g_strnfill(10000, 'a');
    g_assert_cmpstr(cfx_suggest(words, huge), ==, NULL);
}

static void
test_error_names(void)
{
    g_autoptr(GError) full = g_error_new_literal(CFX_ERROR, CFX_ERROR_FULL, "x");
    g_autoptr(GError) config = g_error_new_literal(CFX_ERROR, CFX_ERROR_CONFIG, "x");
    g_autoptr(GError) other = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_ACCES, "x");
    g_assert_cmpstr(cfx_error_name(CFX_ERROR_NOT_FOUND), ==, "not-found");
    g_assert_cmpstr(cfx_error_name(4711), ==, "failed");
    g_assert_cmpint(cfx_error_code(full), ==, CFX_ERROR_FULL);
    g_assert_cmpint(cfx_error_code(other), ==, CFX_ERROR_FAILED);
    g_assert_cmpint(cfx_error_may_retry(full), ==, TRUE);
    g_assert_cmpint(cfx_error_may_retry(other), ==, TRUE);
    g_assert_cmpint(cfx_error_may_retry(config), ==, FALSE);
}

static void
test_metrics(void)
{
    const CfxPair labels[] = { { "who", "a\"b\\c\nd" }, { NULL, NULL } };
    CfxMetric *counter = cfx_metric_get(CFX_METRIC_COUNTER, "x_total", "Things", labels);
    CfxMetric *gauge = cfx_metric_get(CFX_METRIC_GAUGE, "x_now", "Level\nnow", NULL);
    cfx_metric_add(counter, 2);
    cfx_metric_add(counter, 0.5);
    cfx_metric_add(gauge, 7);
    cfx_metric_add(gauge, INFINITY);
    g_assert_true(cfx_metric_get(CFX_METRIC_COUNTER, "x_total", "Things", labels) == counter);
    /* a name has one type, and only letters that Prometheus reads */
    g_assert_null(cfx_metric_get(CFX_METRIC_GAUGE, "x_total", "Things", labels));
    g_assert_null(cfx_metric_get(CFX_METRIC_GAUGE, "x total", "Things", NULL));
    g_assert_null(cfx_metric_get(CFX_METRIC_GAUGE, "1x", "Things", NULL));
    g_autofree char *text = cfx_metric_text();
    g_assert_cmpstr(text,
                    ==,
                    "# HELP x_total Things\n"
                    "# TYPE x_total counter\n"
                    "x_total{who=\"a\\\"b\\\\c\\nd\"} 2.5\n"
                    "# HELP x_now Level\\nnow\n"
                    "# TYPE x_now gauge\n"
                    "x_now +Inf\n");
}

static gpointer
add_many(gpointer data)
{
    for (int i = 0; i < 100000; i++)
        cfx_metric_add(data, 1);
    return NULL;
}

static void
test_metric_threads(void)
{
    CfxMetric *counter = cfx_metric_get(CFX_METRIC_COUNTER, "many_total", "Many", NULL);
    GThread *threads[4];
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("adder", add_many, counter);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpfloat(cfx_metric_value(counter), ==, 400000);
}

static gint64
noon(gpointer data)
{
    return G_GINT64_CONSTANT(1759320000) * 1000000;
}

/* both clocks, fields, and no control characters of peers */
static void
test_log_line(void)
{
    if (g_test_subprocess()) {
        const CfxPair fields[] = { { "peer", "10.0.0.1" }, { NULL, NULL } };
        g_unsetenv("JOURNAL_STREAM");
        cfx_log_init(CFX_LOG_MESSAGE);
        cfx_log_set_site_clock(noon, NULL);
        cfx_log_say(CFX_LOG_INFO, "quiet", "%s", "not shown");
        cfx_log_write(CFX_LOG_WARNING, "depot", fields, "says \033[31mred\nand more");
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "*Z ?2025-10-01T12:00:00Z] warning: depot: says  ?31mred and more "
        "peer=10.0.0.1\n*");
    g_test_trap_assert_stderr_unmatched("*not shown*");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/suggest", test_suggest);
    g_test_add_func("/base/error-names", test_error_names);
    g_test_add_func("/base/metrics", test_metrics);
    g_test_add_func("/base/metric-threads", test_metric_threads);
    g_test_add_func("/base/log-line", test_log_line);
    return g_test_run();
}
