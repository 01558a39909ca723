/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-clock.h"

#include "cfx-log.h"

#include <kit/cfx-clock-page.h>

struct _CfxClock {
    GMappedFile *file; /* of the page */
    const CfxClockPage *page;
    gboolean is_fake;
    gint64 last_site_us; /* page: the newest that was read; fake: what was set */
    gint64 real_us;      /* fake */
    gint is_dead;        /* the writer died between its two stores, and that was said */
};

CfxClock *
cfx_clock_new_real(void)
{
    return g_new0(CfxClock, 1);
}

CfxClock *
cfx_clock_new_page(const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &local);
    if (file == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_UNAVAILABLE, "clock page: %s", local->message);
        return NULL;
    }
    const CfxClockPage *page = (const CfxClockPage *)(const void *)g_mapped_file_get_contents(file);
    gsize size = g_mapped_file_get_length(file);
    if (size < sizeof *page) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "clock page %s has %zu bytes, a page has %zu",
                    path,
                    size,
                    sizeof *page);
        return NULL;
    }
    if (page->version != CFX_CLOCK_PAGE_VERSION) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "clock page %s has version %u, this host reads %u",
                    path,
                    page->version,
                    CFX_CLOCK_PAGE_VERSION);
        return NULL;
    }
    CfxClock *clock = g_new0(CfxClock, 1);
    clock->page = page;
    clock->file = g_steal_pointer(&file);
    return clock;
}

CfxClock *
cfx_clock_new_fake(gint64 site_us, gint64 real_us)
{
    CfxClock *clock = g_new0(CfxClock, 1);
    clock->is_fake = TRUE;
    cfx_clock_fake_set(clock, site_us, real_us);
    return clock;
}

void
cfx_clock_fake_set(CfxClock *clock, gint64 site_us, gint64 real_us)
{
    __atomic_store_n(&clock->last_site_us, site_us, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->real_us, real_us, __ATOMIC_RELAXED);
}

void
cfx_clock_free(CfxClock *clock)
{
    if (clock == NULL)
        return;
    g_clear_pointer(&clock->file, g_mapped_file_unref);
    g_free(clock);
}

/* a page that stays odd: its writer was killed while it wrote; time stands still */
static gint64
dead_page(CfxClock *clock)
{
    if (g_atomic_int_compare_and_exchange(&clock->is_dead, 0, 1))
        cfx_log_write(CFX_LOG_WARNING,
                      "clock",
                      NULL,
                      "the clock page is half written: its world has died, SITE time stands still");
    return __atomic_load_n(&clock->last_site_us, __ATOMIC_RELAXED);
}

gint64
cfx_clock_now(const CfxClock *clock, guint32 which)
{
    CfxClock *self = (CfxClock *)(gpointer)(guintptr)clock;
    if (clock->is_fake)
        return __atomic_load_n(which == CFX_CLOCK_REAL ? &clock->real_us : &clock->last_site_us,
                               __ATOMIC_RELAXED);
    if (which == CFX_CLOCK_REAL)
        return g_get_monotonic_time();
    if (clock->page == NULL)
        return g_get_real_time();
    gint64 site;
    if (!cfx_clock_page_read(clock->page, g_get_monotonic_time(), &site))
        return dead_page(self);
    __atomic_store_n(&self->last_site_us, site, __ATOMIC_RELAXED);
    return site;
}

gboolean
cfx_clock_is_simulated(const CfxClock *clock)
{
    return clock->page != NULL || clock->is_fake;
}
