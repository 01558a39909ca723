/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two clocks. SITE is civil time and may be simulated: then it follows a page that the world
 * writes (data/doc/clock-page.md). REAL is monotonic and never simulated.
 */
#pragma once

#include <cariflex/cfx-types.h>

typedef struct _CfxClock CfxClock;

CfxClock *cfx_clock_new_real(void);
/* Maps the page. NULL with `error`: no such file, too short, another version. */
CfxClock *cfx_clock_new_page(const char *path, GError **error);
/* For tests: both clocks stand until they are set. Counts as simulated. */
CfxClock *cfx_clock_new_fake(gint64 site_us, gint64 real_us);
void cfx_clock_fake_set(CfxClock *clock, gint64 site_us, gint64 real_us);
void cfx_clock_free(CfxClock *clock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxClock, cfx_clock_free)

/* Microseconds of CFX_CLOCK_SITE (since 1970 UTC) or CFX_CLOCK_REAL (monotonic). [any] */
gint64 cfx_clock_now(const CfxClock *clock, guint32 which);
/* Whether SITE time is not the system's. [any] */
gboolean cfx_clock_is_simulated(const CfxClock *clock);
