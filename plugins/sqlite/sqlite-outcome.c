/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sqlite-outcome.h"

#include <stdlib.h>

static void
outcome_clear(gpointer data)
{
    SqliteOutcome *outcome = data;

    g_clear_error(&outcome->error);
}

GArray *
sqlite_outcomes_new(void)
{
    GArray *outcomes = g_array_new(FALSE, TRUE, sizeof(SqliteOutcome));

    g_array_set_clear_func(outcomes, outcome_clear);
    return outcomes;
}

const SqliteOutcome *
sqlite_outcomes_find(GArray *outcomes, gint64 revision)
{
    for (guint i = 0; i < outcomes->len; i++) {
        const SqliteOutcome *outcome = &g_array_index(outcomes, SqliteOutcome, i);
        if (outcome->revision == revision)
            return outcome;
    }
    return NULL;
}

/* a line each: revision stored unchanged conflicting, and for a refused one its code and message */
void
sqlite_outcomes_pack(GArray *outcomes, GString *to)
{
    g_string_truncate(to, 0);
    for (guint i = 0; i < outcomes->len; i++) {
        const SqliteOutcome *outcome = &g_array_index(outcomes, SqliteOutcome, i);
        g_string_append_printf(to,
                               "%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                               " %" G_GUINT64_FORMAT,
                               outcome->revision,
                               outcome->stored,
                               outcome->unchanged,
                               outcome->conflicting);
        if (outcome->error != NULL) {
            g_autofree char *message = g_strescape(outcome->error->message, NULL);
            g_string_append_printf(to, " %d %s", outcome->error->code, message);
        }
        g_string_append_c(to, '\n');
    }
}

GArray *
sqlite_outcomes_unpack(const char *text)
{
    GArray *outcomes = sqlite_outcomes_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        char *at = lines[i];
        SqliteOutcome outcome = { 0 };
        outcome.revision = strtoll(at, &at, 10);
        outcome.stored = strtoull(at, &at, 10);
        outcome.unchanged = strtoull(at, &at, 10);
        outcome.conflicting = strtoull(at, &at, 10);
        if (*at == ' ') {
            int code = (int)strtol(at, &at, 10);
            g_autofree char *message = g_strcompress(*at == ' ' ? at + 1 : at);
            outcome.error = g_error_new_literal(CFX_ERROR, code, message);
        }
        g_array_append_val(outcomes, outcome);
    }
    return outcomes;
}
