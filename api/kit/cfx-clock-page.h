/* SPDX-License-Identifier: MIT */
/*
 * Layout of the clock page (data/doc/clock-page.md): a simulated SITE clock as one mapped file that
 * the world writes and every host follows. Header-only; reading needs no lock and no system call
 * but the monotonic clock.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CFX_CLOCK_PAGE_VERSION 1u
#define CFX_CLOCK_PAGE_TRIES 1000

typedef struct {
    guint32 version;     /* CFX_CLOCK_PAGE_VERSION */
    guint32 reserved;    /* 0 */
    guint64 sequence;    /* even: at rest; odd: being written */
    gint64 monotonic_us; /* REAL anchor */
    gint64 site_us;      /* SITE anchor, UTC */
    double rate;         /* SITE microseconds per REAL microsecond */
    gint64 ceiling_us;   /* SITE time that must not be passed */
} CfxClockPage;
G_STATIC_ASSERT(sizeof(CfxClockPage) == 48);

/* SITE time of these anchors at a REAL instant. An anchor in the future counts as now. */
static inline gint64
cfx_clock_page_site(
    gint64 site_us, gint64 anchor_us, double rate, gint64 ceiling_us, gint64 real_us)
{
    gint64 elapsed = real_us > anchor_us ? real_us - anchor_us : 0;
    double ahead = rate * (double)elapsed;
    /* compare as reals first: a rate and a pause of days must not overflow the sum */
    if (ahead >= (double)ceiling_us - (double)site_us)
        return ceiling_us;
    return MIN(site_us + (gint64)ahead, ceiling_us);
}

/* SITE time now, by a REAL instant. FALSE: the writer died between its two stores. [any] */
static inline gboolean
cfx_clock_page_read(const CfxClockPage *page, gint64 real_us, gint64 *ret_site_us)
{
    for (guint i = 0; i < CFX_CLOCK_PAGE_TRIES; i++) {
        guint64 before = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
        if (before & 1)
            continue;
        gint64 anchor = __atomic_load_n(&page->monotonic_us, __ATOMIC_RELAXED);
        gint64 site = __atomic_load_n(&page->site_us, __ATOMIC_RELAXED);
        gint64 ceiling = __atomic_load_n(&page->ceiling_us, __ATOMIC_RELAXED);
        double rate;
        __atomic_load(&page->rate, &rate, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&page->sequence, __ATOMIC_RELAXED) != before)
            continue;
        *ret_site_us = cfx_clock_page_site(site, anchor, rate, ceiling, real_us);
        return TRUE;
    }
    return FALSE;
}

/* New anchors; one writer only. Re-anchor with the present instant, or time would jump. */
static inline void
cfx_clock_page_write(
    CfxClockPage *page, gint64 real_us, gint64 site_us, double rate, gint64 ceiling_us)
{
    guint64 sequence = __atomic_load_n(&page->sequence, __ATOMIC_RELAXED);
    __atomic_store_n(&page->sequence, sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&page->monotonic_us, real_us, __ATOMIC_RELAXED);
    __atomic_store_n(&page->site_us, site_us, __ATOMIC_RELAXED);
    __atomic_store(&page->rate, &rate, __ATOMIC_RELAXED);
    __atomic_store_n(&page->ceiling_us, ceiling_us, __ATOMIC_RELAXED);
    __atomic_store_n(&page->sequence, sequence + 2, __ATOMIC_RELEASE);
}

G_END_DECLS
