/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A group of commits as one transaction.
 */
#include "sqlite-outcome.h"
#include "sqlite-store.h"

static gboolean
meta_get(SqliteStore *self, const char *name, gint64 *ret_number, char **ret_text, GError **error)
{
    sqlite3_stmt *get = self->statements[STATEMENT_META_GET];
    GError *local = NULL;

    sqlite3_bind_text(get, 1, name, -1, SQLITE_STATIC);
    if (!sqlite_db_row(get, &local)) {
        if (local == NULL)
            local = g_error_new(CFX_ERROR,
                                CFX_ERROR_FAILED,
                                "%s: table meta has no \"%s\": restore the last backup",
                                self->settings.path,
                                name);
        g_propagate_error(error, local);
        return FALSE;
    }
    if (ret_text != NULL)
        *ret_text = g_strdup((const char *)sqlite3_column_text(get, 0));
    else
        *ret_number = sqlite3_column_int64(get, 0);
    sqlite_db_reset(get);
    return TRUE;
}

/* Finds out what the last transaction left, at the start and after one whose outcome is unknown. */
static gboolean
remember(SqliteStore *self, GError **error)
{
    g_autofree char *text = NULL;

    if (self->outcomes != NULL)
        return TRUE;
    if (!meta_get(self, "last_revision", &self->last_revision, NULL, error) ||
        !meta_get(self, "last_group", NULL, &text, error))
        return FALSE;
    self->outcomes = sqlite_outcomes_unpack(text != NULL ? text : "");
    return TRUE;
}

static gboolean
meta_set(SqliteStore *self, GArray *outcomes, gint64 last_revision, GError **error)
{
    sqlite3_stmt *set = self->statements[STATEMENT_META_SET];

    sqlite_outcomes_pack(outcomes, self->text);
    sqlite3_bind_text(set, 1, "last_group", -1, SQLITE_STATIC);
    sqlite3_bind_text(set, 2, self->text->str, (int)self->text->len, SQLITE_STATIC);
    if (!sqlite_db_step(set, error))
        return FALSE;
    if (last_revision == self->last_revision)
        return TRUE;
    sqlite3_bind_text(set, 1, "last_revision", -1, SQLITE_STATIC);
    sqlite3_bind_int64(set, 2, last_revision);
    return sqlite_db_step(set, error);
}

/* One commit of the group. FALSE: the transaction is lost. */
static gboolean
write_one(SqliteStore *self, const CfxCommit *commit, SqliteOutcome *outcome, GError **error)
{
    CfxCommitted result = { .struct_size = sizeof(result) };
    GError *local = NULL;

    outcome->revision = commit->revision;
    gboolean stored = sqlite_store_write(self, commit, &result, &outcome->error, &local);
    outcome->stored = stored ? result.stored : 0;
    outcome->unchanged = stored ? result.unchanged : 0;
    outcome->conflicting = result.conflicting;
    if (local == NULL)
        return TRUE;
    g_propagate_error(error, local);
    return FALSE;
}

static gboolean
write_group(
    SqliteStore *self, const CfxCommit *const *commits, gsize n, GArray *outcomes, GError **error)
{
    gint64 last_revision = self->last_revision;
    gboolean anything_new = FALSE;

    for (gsize i = 0; i < n; i++) {
        SqliteOutcome *outcome = &g_array_index(outcomes, SqliteOutcome, i);
        const SqliteOutcome *before = NULL;
        if (commits[i]->revision <= self->last_revision)
            before = sqlite_outcomes_find(self->outcomes, commits[i]->revision);
        if (before != NULL) {
            *outcome = *before;
            outcome->error = before->error != NULL ? g_error_copy(before->error) : NULL;
            continue;
        }
        anything_new = TRUE;
        if (!write_one(self, commits[i], outcome, error))
            return FALSE;
        last_revision = MAX(last_revision, commits[i]->revision);
    }
    if (!anything_new)
        return sqlite_db_step(self->statements[STATEMENT_ROLLBACK], error);
    if (!meta_set(self, outcomes, last_revision, error) ||
        !sqlite_db_step(self->statements[STATEMENT_COMMIT], error))
        return FALSE;
    self->last_revision = last_revision;
    return TRUE;
}

static void
tell(const SqliteOutcome *outcome, CfxCommitted *result, GError **ret_error)
{
    result->stored = outcome->stored;
    result->unchanged = outcome->unchanged;
    result->conflicting = outcome->conflicting;
    result->revision = outcome->revision;
    *ret_error = outcome->error != NULL ? g_error_copy(outcome->error) : NULL;
}

gboolean
sqlite_store_commit(gpointer data,
                    const CfxCommit *const *commits,
                    gsize n,
                    CfxCommitted *const *results,
                    GError **errors,
                    GError **error)
{
    SqliteStore *self = data;

    if (!sqlite_db_step(self->statements[STATEMENT_BEGIN], error))
        return FALSE;
    GArray *outcomes = sqlite_outcomes_new();
    g_array_set_size(outcomes, (guint)n);
    if (!remember(self, error) || !write_group(self, commits, n, outcomes, error)) {
        /* a COMMIT that failed may have reached the disk: the next call looks */
        g_array_unref(outcomes);
        g_clear_pointer(&self->outcomes, g_array_unref);
        if (!sqlite3_get_autocommit(self->db))
            sqlite_db_step(self->statements[STATEMENT_ROLLBACK], NULL);
        return FALSE;
    }
    for (gsize i = 0; i < n; i++)
        tell(&g_array_index(outcomes, SqliteOutcome, i), results[i], &errors[i]);
    g_array_unref(self->outcomes);
    self->outcomes = outcomes;
    return TRUE;
}
