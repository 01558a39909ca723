/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What became of each commit of the last group, kept in the database with the group itself: when
 * the answer to a COMMIT was lost, the host repeats the group and gets the same answers.
 */
#pragma once

#include <cariflex/cfx-storage.h>

G_BEGIN_DECLS

typedef struct {
    gint64 revision;
    guint64 stored, unchanged, conflicting;
    GError *error; /* NULL: it was stored */
} SqliteOutcome;

/* (element-type SqliteOutcome) */
GArray *sqlite_outcomes_new(void);
const SqliteOutcome *sqlite_outcomes_find(GArray *outcomes, gint64 revision);
void sqlite_outcomes_pack(GArray *outcomes, GString *to);
GArray *sqlite_outcomes_unpack(const char *text);

G_END_DECLS
