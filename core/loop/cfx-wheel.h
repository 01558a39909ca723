/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Timers of one clock: a hierarchical wheel of nine levels with 64 slots each, the finest 1.024 ms
 * wide. Starting and stopping cost the same at any number of timers. Within a slot instants are
 * kept exactly, so a timer never fires early, and timers fire in the order of their instants. Pure:
 * it is told the time.
 */
#pragma once

#include <cariflex/cfx-host.h>

typedef struct _CfxWheel CfxWheel;

CfxWheel *cfx_wheel_new(gint64 now_us);
void cfx_wheel_free(CfxWheel *wheel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxWheel, cfx_wheel_free)

/* owner: (nullable) tag for cfx_wheel_stop_all(). Returns a handle below 2^63, never 0. */
guint64 cfx_wheel_start(CfxWheel *wheel, gint64 at_us, CfxFunc func, gpointer data, gpointer owner);
/* FALSE: it has fired, was stopped, or never was. */
gboolean cfx_wheel_stop(CfxWheel *wheel, guint64 handle);
void cfx_wheel_stop_all(CfxWheel *wheel, gpointer owner);
gsize cfx_wheel_count(const CfxWheel *wheel);

/* The instant at which cfx_wheel_collect() should be called next: never later than the earliest
 * timer, often exactly it. CFX_TIME_MAX: none. */
gint64 cfx_wheel_next(const CfxWheel *wheel);

/* Marks what is due; what is started from now on waits for the next collect. TRUE: something is. */
gboolean cfx_wheel_collect(CfxWheel *wheel, gint64 now_us);
/* Takes the earliest of what was collected. FALSE: no more. */
gboolean cfx_wheel_pop(CfxWheel *wheel, CfxFunc *ret_func, gpointer *ret_data, gpointer *ret_owner);
