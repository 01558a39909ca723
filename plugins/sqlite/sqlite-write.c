/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One commit, inside the transaction of its group.
 */
#include <string.h>

#include "sqlite-check.h"
#include "sqlite-keys.h"
#include "sqlite-store.h"

/* --- records ------------------------------------------------------------------------------- */

typedef struct {
    gint64 id, revision; /* revision 0: there is none */
    gboolean same_keys;
} Present;

static gboolean
record_get(SqliteStore *self, const CfxRecord *record, Present *ret, GError **error)
{
    sqlite3_stmt *get = self->statements[STATEMENT_RECORD_GET];
    GError *local = NULL;

    *ret = (Present){ 0 };
    sqlite3_bind_text(get, 1, record->collection, -1, SQLITE_STATIC);
    sqlite3_bind_text(get, 2, record->key, -1, SQLITE_STATIC);
    if (!sqlite_db_row(get, &local)) {
        if (local == NULL)
            return TRUE;
        g_propagate_error(error, local);
        return FALSE;
    }
    ret->id = sqlite3_column_int64(get, 0);
    ret->revision = sqlite3_column_int64(get, 1);
    gsize size = (gsize)sqlite3_column_bytes(get, 2);
    ret->same_keys =
        size == self->packed->len &&
        (size == 0 || memcmp(sqlite3_column_blob(get, 2), self->packed->data, size) == 0);
    sqlite_db_reset(get);
    return TRUE;
}

/* What this very commit wrote already counts as met: it is being repeated. */
static gboolean
record_expected(const CfxRecord *record, const Present *present, gint64 revision, GError **refused)
{
    if (record->expect == CFX_EXPECT_ANY || present->revision == record->expect ||
        present->revision == revision)
        return TRUE;
    if (present->revision == 0)
        g_set_error(refused,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "%s %s: expected revision %" G_GINT64_FORMAT ", but it does not exist",
                    record->collection,
                    record->key,
                    record->expect);
    else if (record->expect == CFX_EXPECT_NEW)
        g_set_error(refused,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "%s %s: exists already, at revision %" G_GINT64_FORMAT,
                    record->collection,
                    record->key,
                    present->revision);
    else
        g_set_error(refused,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "%s %s: expected revision %" G_GINT64_FORMAT ", found %" G_GINT64_FORMAT,
                    record->collection,
                    record->key,
                    record->expect,
                    present->revision);
    return FALSE;
}

static gboolean
keys_new(SqliteStore *self, const CfxRecord *record, gint64 id, GError **error)
{
    sqlite3_stmt *put = self->statements[STATEMENT_KEY_NEW];

    for (gsize i = 0; i < record->n_keys; i++) {
        const CfxKey *key = &record->keys[i];
        sqlite3_bind_text(put, 1, record->collection, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 2, key->name, -1, SQLITE_STATIC);
        if (key->text != NULL)
            sqlite3_bind_text(put, 3, key->text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(put, 3, key->number);
        sqlite3_bind_int64(put, 4, id);
        if (!sqlite_db_step(put, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
drop(SqliteStore *self, int which, gint64 id, GError **error)
{
    sqlite3_stmt *statement = self->statements[which];

    sqlite3_bind_int64(statement, 1, id);
    return sqlite_db_step(statement, error);
}

static gboolean
record_put(SqliteStore *self,
           const CfxRecord *record,
           const CfxCommit *commit,
           const Present *present,
           GError **error)
{
    gboolean is_new = present->revision == 0;
    sqlite3_stmt *put = self->statements[is_new ? STATEMENT_RECORD_NEW : STATEMENT_RECORD_SET];

    if (is_new) {
        sqlite3_bind_text(put, 1, record->collection, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 2, record->key, -1, SQLITE_STATIC);
    } else {
        sqlite3_bind_int64(put, 8, present->id);
    }
    sqlite3_bind_int64(put, 3, commit->revision);
    sqlite3_bind_int64(put, 4, record->flags);
    sqlite3_bind_int64(put, 5, commit->trace);
    sqlite3_bind_blob64(put, 6, self->packed->data, self->packed->len, SQLITE_STATIC);
    sqlite3_bind_text64(put, 7, record->doc, record->doc_size, SQLITE_STATIC, SQLITE_UTF8);
    if (!sqlite_db_step(put, error))
        return FALSE;
    if (is_new)
        return keys_new(self, record, sqlite3_last_insert_rowid(self->db), error);
    if (present->same_keys)
        return TRUE;
    return drop(self, STATEMENT_KEYS_DROP, present->id, error) &&
           keys_new(self, record, present->id, error);
}

static gboolean
record_write(SqliteStore *self, const CfxRecord *record, const CfxCommit *commit, GError **error)
{
    Present present;

    sqlite_keys_pack(record->keys, record->n_keys, self->packed);
    if (!record_get(self, record, &present, error))
        return FALSE;
    /* a slice of a bulk commit may come after younger commits: what is younger stays */
    if (present.revision > commit->revision)
        return TRUE;
    if ((record->flags & CFX_RECORD_DELETE) == 0)
        return record_put(self, record, commit, &present, error);
    return present.revision == 0 || (drop(self, STATEMENT_KEYS_DROP, present.id, error) &&
                                     drop(self, STATEMENT_RECORD_DROP, present.id, error));
}

/* Both outputs NULL: all as expected. */
static gboolean
records_expected(SqliteStore *self, const CfxCommit *commit, GError **refused, GError **error)
{
    Present present;

    for (gsize i = 0; i < commit->n_records; i++) {
        const CfxRecord *record = commit->records[i];
        if (record->expect == CFX_EXPECT_ANY)
            continue;
        if (!record_get(self, record, &present, error))
            return FALSE;
        if (!record_expected(record, &present, commit->revision, refused)) {
            g_prefix_error(refused, "records.%" G_GSIZE_FORMAT ": ", i);
            return FALSE;
        }
    }
    return TRUE;
}

/* --- beliefs ------------------------------------------------------------------------------- */

static void
belief_bind(sqlite3_stmt *statement, const CfxBeliefs *beliefs, gsize i)
{
    sqlite3_bind_int64(statement, 1, cfx_int_at(beliefs->sensor, i));
    sqlite3_bind_int64(statement, 2, cfx_int_at(beliefs->start_us, i));
    sqlite3_bind_int64(statement, 3, cfx_int_at(beliefs->source, i));
    sqlite3_bind_int64(statement, 4, cfx_int_at(beliefs->belief_us, i));
    sqlite3_bind_double(
        statement, 5, beliefs->probability.at != NULL ? cfx_real_at(beliefs->probability, i) : 0.5);
}

static gboolean
same_value(double a, double b)
{
    return a == b || (a != a && b != b);
}

/* TRUE: it says what its source said last, and need not be stored. */
static gboolean
belief_is_old_news(SqliteStore *self, const CfxBeliefs *beliefs, gsize i, GError **error)
{
    sqlite3_stmt *before = self->statements[STATEMENT_BELIEF_BEFORE];

    belief_bind(before, beliefs, i);
    if (!sqlite_db_row(before, error))
        return FALSE;
    /* the very same key with another value must replace it, whatever was believed before */
    gboolean same = same_value(sqlite_db_real(before, 0), cfx_real_at(beliefs->value, i));
    sqlite_db_reset(before);
    return same;
}

/* FALSE without error: the key is there with another value. */
static gboolean
belief_is_there(SqliteStore *self, const CfxBeliefs *beliefs, gsize i, GError **error)
{
    sqlite3_stmt *get = self->statements[STATEMENT_BELIEF_GET];

    belief_bind(get, beliefs, i);
    if (!sqlite_db_row(get, error))
        return FALSE;
    gboolean same = same_value(sqlite_db_real(get, 0), cfx_real_at(beliefs->value, i));
    sqlite_db_reset(get);
    return same;
}

static gboolean
pass_on(GError **error, GError *local)
{
    g_propagate_error(error, local);
    return FALSE;
}

static gboolean
belief_write(SqliteStore *self,
             const CfxBeliefs *beliefs,
             gsize i,
             guint32 flags,
             CfxCommitted *result,
             GError **error)
{
    gboolean replace = (flags & CFX_COMMIT_NO_REPLACE) == 0;
    sqlite3_stmt *put = self->statements[replace ? STATEMENT_BELIEF_PUT : STATEMENT_BELIEF_NEW];
    GError *local = NULL;

    if ((flags & CFX_COMMIT_SKIP_SAME) != 0) {
        gboolean skip = belief_is_old_news(self, beliefs, i, &local);
        result->unchanged += skip;
        if (skip)
            return TRUE;
        if (local != NULL)
            return pass_on(error, local);
    }
    belief_bind(put, beliefs, i);
    sqlite_db_bind_real(put, 6, cfx_real_at(beliefs->value, i));
    if (!sqlite_db_step(put, error))
        return FALSE;
    if (sqlite3_changes(self->db) > 0)
        result->stored++;
    else if (replace || belief_is_there(self, beliefs, i, &local))
        result->unchanged++;
    else if (local != NULL)
        return pass_on(error, local);
    else
        result->conflicting++;
    return TRUE;
}

static gboolean
beliefs_write(SqliteStore *self, const CfxCommit *commit, CfxCommitted *result, GError **error)
{
    for (gsize b = 0; b < commit->n_beliefs; b++) {
        const CfxBeliefs *beliefs = commit->beliefs[b];
        for (gsize i = 0; i < beliefs->n; i++) {
            if (!belief_write(self, beliefs, i, commit->flags, result, error))
                return FALSE;
        }
    }
    return TRUE;
}

/* --- the whole ----------------------------------------------------------------------------- */

static gboolean
notices_write(SqliteStore *self, const CfxCommit *commit, GError **error)
{
    sqlite3_stmt *put = self->statements[STATEMENT_NOTICE_NEW];

    for (gsize i = 0; i < commit->n_notices; i++) {
        const CfxNotice *notice = commit->notices[i];
        if ((notice->flags & CFX_NOTICE_TRANSIENT) != 0)
            continue;
        sqlite3_bind_int64(put, 1, commit->revision << 16 | (gint64)i);
        sqlite3_bind_text(put, 2, notice->topic, -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 3, notice->asset);
        sqlite3_bind_int64(put, 4, notice->at_us);
        sqlite3_bind_int64(put, 5, commit->trace);
        sqlite3_bind_text64(put,
                            6,
                            notice->doc != NULL ? notice->doc : "{}",
                            notice->doc != NULL ? notice->doc_size : 2,
                            SQLITE_STATIC,
                            SQLITE_UTF8);
        if (!sqlite_db_step(put, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
write_all(SqliteStore *self, const CfxCommit *commit, CfxCommitted *result, GError **error)
{
    if (!beliefs_write(self, commit, result, error))
        return FALSE;
    if (result->conflicting > 0)
        return TRUE; /* all of it is taken back */
    for (gsize i = 0; i < commit->n_records; i++) {
        if (!record_write(self, commit->records[i], commit, error))
            return FALSE;
    }
    return notices_write(self, commit, error);
}

/* Only NO_REPLACE can find out in the middle that the commit must not be. */
static gboolean
write_or_take_back(SqliteStore *self,
                   const CfxCommit *commit,
                   CfxCommitted *result,
                   GError **refused,
                   GError **error)
{
    if (!sqlite_db_step(self->statements[STATEMENT_SAVE], error) ||
        !write_all(self, commit, result, error))
        return FALSE;
    if (result->conflicting > 0) {
        if (!sqlite_db_step(self->statements[STATEMENT_SAVE_BACK], error))
            return FALSE;
        g_set_error(refused,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "%" G_GUINT64_FORMAT " belief%s would replace another value",
                    result->conflicting,
                    result->conflicting == 1 ? "" : "s");
    }
    return sqlite_db_step(self->statements[STATEMENT_SAVE_DONE], error) && result->conflicting == 0;
}

static guint64
count_beliefs(const CfxCommit *commit)
{
    guint64 n = 0;

    for (gsize i = 0; i < commit->n_beliefs; i++)
        n += commit->beliefs[i]->n;
    return n;
}

gboolean
sqlite_store_write(SqliteStore *self,
                   const CfxCommit *commit,
                   CfxCommitted *result,
                   GError **refused,
                   GError **error)
{
    if (!sqlite_check_commit(commit, refused))
        return FALSE;
    if (!records_expected(self, commit, refused, error)) {
        result->conflicting = count_beliefs(commit);
        return FALSE;
    }
    if ((commit->flags & CFX_COMMIT_NO_REPLACE) != 0)
        return write_or_take_back(self, commit, result, refused, error);
    return write_all(self, commit, result, error);
}
