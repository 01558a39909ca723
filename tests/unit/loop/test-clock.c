/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-clock.h"

#include <glib/gstdio.h>
#include <kit/cfx-clock-page.h>
#include <unistd.h>

#define START (G_GINT64_CONSTANT(1759320000) * 1000000)

static char *
write_page(const CfxClockPage *page, gsize size)
{
    char *path = NULL;
    int fd = g_file_open_tmp("cfx-clock-XXXXXX", &path, NULL);
    g_assert_cmpint(write(fd, page, size), ==, (gssize)size);
    close(fd);
    return path;
}

static void
test_page(void)
{
    CfxClockPage page = { .version = CFX_CLOCK_PAGE_VERSION };
    cfx_clock_page_write(&page, g_get_monotonic_time(), START, 0, START);
    g_autofree char *path = write_page(&page, sizeof page);
    g_autoptr(GError) error = NULL;
    g_autoptr(CfxClock) clock = cfx_clock_new_page(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(cfx_clock_is_simulated(clock), ==, TRUE);
    g_assert_cmpint(cfx_clock_now(clock, CFX_CLOCK_SITE), ==, START);
    g_unlink(path);
}

/* a writer that was killed between its two stores: time stands still, nobody waits */
static void
test_dead_writer(void)
{
    CfxClockPage page = { .version = CFX_CLOCK_PAGE_VERSION, .sequence = 3, .site_us = START };
    g_autofree char *path = write_page(&page, sizeof page);
    g_autoptr(CfxClock) clock = cfx_clock_new_page(path, NULL);
    g_assert_cmpint(cfx_clock_now(clock, CFX_CLOCK_SITE), ==, 0);
    g_unlink(path);
}

static void
test_refused(void)
{
    CfxClockPage page = { .version = 9 };
    g_autofree char *wrong = write_page(&page, sizeof page);
    g_autofree char *brief = write_page(&page, 20);
    g_autoptr(GError) version = NULL;
    g_autoptr(GError) size = NULL;
    g_autoptr(GError) none = NULL;
    g_assert_null(cfx_clock_new_page(wrong, &version));
    g_assert_error(version, CFX_ERROR, CFX_ERROR_CONFIG);
    g_assert_null(cfx_clock_new_page(brief, &size));
    g_assert_error(size, CFX_ERROR, CFX_ERROR_CONFIG);
    g_assert_null(cfx_clock_new_page("/nonexistent/page", &none));
    g_assert_error(none, CFX_ERROR, CFX_ERROR_UNAVAILABLE);
    g_unlink(wrong);
    g_unlink(brief);
}

static void
test_arithmetic(void)
{
    /* ahead by its rate, never beyond the ceiling, and an anchor in the future counts as now */
    g_assert_cmpint(
        cfx_clock_page_site(START, 100, 1440, START + CFX_DAY, 100 + 1000), ==, START + 1440000);
    g_assert_cmpint(cfx_clock_page_site(START, 100, 1440, START + 5, 100 + 1000), ==, START + 5);
    g_assert_cmpint(cfx_clock_page_site(START, 100, 1440, START + 5, 50), ==, START);
    g_assert_cmpint(
        cfx_clock_page_site(START, 0, 1440, CFX_TIME_MAX, G_MAXINT64), ==, CFX_TIME_MAX);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/page", test_page);
    g_test_add_func("/clock/dead-writer", test_dead_writer);
    g_test_add_func("/clock/refused", test_refused);
    g_test_add_func("/clock/arithmetic", test_arithmetic);
    return g_test_run();
}
