/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log: lines on stderr, with the journal's level prefix when the journal reads them. Every line
 * carries REAL (wall) time; with a simulated clock also SITE time. All functions [any].
 */
#pragma once

#include <cariflex/cfx-host.h>

typedef gint64 (*CfxLogClock)(gpointer data);

/* Sets the lowest level that is written (CFX_LOG_…) and takes over GLib's own messages. */
void cfx_log_init(guint32 level);
void cfx_log_set_level(guint32 level);
guint32 cfx_log_level(void);

/* SITE time of each line; NULL: lines carry wall time only. */
void cfx_log_set_site_clock(CfxLogClock clock, gpointer data);

/* `who`: name of the instance, or of the part of the core ("store"). fields (nullable): pairs ended
 * by one whose name is NULL. */
void cfx_log_write(guint32 level, const char *who, const CfxPair *fields, const char *message);

/* The same with a format. */
void cfx_log_say(guint32 level, const char *who, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* How many lines of that level were written since the start. */
guint64 cfx_log_count(guint32 level);
