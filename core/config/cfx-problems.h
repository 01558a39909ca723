/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mistakes of a configuration, collected so that all are told at once. */
#pragma once

#include <glib.h>

typedef struct {
    GPtrArray *texts; /* (element-type utf8) in the order of finding, of a file by line */
    GArray *places;   /* where each of them is */
} CfxProblems;

CfxProblems *cfx_problems_new(void);
void cfx_problems_free(CfxProblems *problems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxProblems, cfx_problems_free)

/* "FILE:LINE: [GROUP] " before the text, as far as they are known (NULL, 0: not). */
void cfx_problems_add(
    CfxProblems *problems, const char *file, guint line, const char *group, const char *format, ...)
    G_GNUC_PRINTF(5, 6);

/* One per line; NULL when there is none. (transfer full) */
char *cfx_problems_text(const CfxProblems *problems);
