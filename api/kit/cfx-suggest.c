/* SPDX-License-Identifier: MIT */
#include <kit/cfx-suggest.h>

#include <string.h>

#define LONGEST 64

/* Edits between two words: insert, delete, replace, swap of neighbours. */
static guint
distance(const char *a, const char *b)
{
    gsize n = strlen(a), m = strlen(b);
    guint rows[3][LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return G_MAXUINT;
    for (gsize j = 0; j <= m; j++)
        rows[0][j] = (guint)j;
    for (gsize i = 1; i <= n; i++) {
        guint *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (guint)i;
        for (gsize j = 1; j <= m; j++) {
            guint cost = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = MIN(MIN(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *
cfx_suggest(const char *const *words, const char *wrong)
{
    const char *best = NULL;
    /* a third of the letters may be wrong: enough for slips, too few for other words */
    guint limit = MAX(1, (guint)strlen(wrong) / 3);
    for (; *words != NULL; words++) {
        guint edits = distance(*words, wrong);
        if (edits <= limit) {
            best = *words;
            if (edits == 0)
                break;
            limit = edits - 1;
        }
    }
    return best;
}
