/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The world's log, written (data/doc/world-log.md). */
#pragma once

#include <glib.h>

typedef struct _SimLog SimLog;

SimLog *sim_log_new(const char *path, gboolean story, GError **error);
void sim_log_free(SimLog *self);
/* Begins a line; add members with sim_text_…() and end it. One line at a time. */
GString *sim_log_begin(SimLog *self,
                       gint64 site_us,
                       gint64 real_us,
                       const char *who,
                       const char *dir,
                       const char *what);
void sim_log_end(SimLog *self);
/* What is ended later is not written. */
void sim_log_close(SimLog *self);
