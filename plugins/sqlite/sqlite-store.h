/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An instance of the storage, and its operations.
 */
#pragma once

#include "sqlite-db.h"

G_BEGIN_DECLS

enum {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_SAVE,
    STATEMENT_SAVE_BACK,
    STATEMENT_SAVE_DONE,
    STATEMENT_META_GET,
    STATEMENT_META_SET,
    STATEMENT_SOURCE_SET,
    STATEMENT_BELIEF_PUT,
    STATEMENT_BELIEF_NEW,
    STATEMENT_BELIEF_GET,
    STATEMENT_BELIEF_BEFORE,
    STATEMENT_RECORD_GET,
    STATEMENT_RECORD_NEW,
    STATEMENT_RECORD_SET,
    STATEMENT_RECORD_DROP,
    STATEMENT_KEY_NEW,
    STATEMENT_KEYS_DROP,
    STATEMENT_NOTICE_NEW,
    N_STATEMENTS
};

/* Entered by the writer's thread only. */
typedef struct {
    const CfxHost *host;
    SqliteSettings settings;
    int lock_fd; /* of the file beside the database that says it is in use; -1: none */
    sqlite3 *db;
    sqlite3_stmt *statements[N_STATEMENTS];
    /* What the last transaction left; NULL: ask the database (its outcome is not known). */
    GArray *outcomes; /* (element-type SqliteOutcome) */
    gint64 last_revision;
    GByteArray *packed; /* scratch: keys of a record */
    GString *text;      /* scratch: outcomes */
} SqliteStore;

/* sqlite-store.c */
gboolean sqlite_store_open(SqliteStore *self, GError **error);
void sqlite_store_close(SqliteStore *self);
gboolean
sqlite_store_sources(gpointer self, const CfxSourceType *const *sources, gsize n, GError **error);
gboolean sqlite_store_last_revision(gpointer self, gint64 *revision, GError **error);

/* sqlite-commit.c */
gboolean sqlite_store_commit(gpointer self,
                             const CfxCommit *const *commits,
                             gsize n,
                             CfxCommitted *const *results,
                             GError **errors,
                             GError **error);

/* sqlite-write.c: one commit inside an open transaction. FALSE with `refused` set: it alone failed
 * and left nothing; FALSE with `error` set: the transaction is lost. */
gboolean sqlite_store_write(SqliteStore *self,
                            const CfxCommit *commit,
                            CfxCommitted *result,
                            GError **refused,
                            GError **error);

/* sqlite-reader.c and sqlite-read-….c */
gpointer sqlite_reader_open(gpointer self, GError **error);
void sqlite_reader_close(gpointer reader);
gboolean sqlite_reader_beliefs(gpointer reader,
                               const CfxBeliefQuery *query,
                               const CfxSink *sink,
                               GError **error);
gboolean sqlite_reader_latest(gpointer reader, gint64 now_us, const CfxSink *sink, GError **error);
gboolean sqlite_reader_records(gpointer reader,
                               const CfxRecordQuery *query,
                               const CfxSink *sink,
                               GError **error);
gboolean sqlite_reader_notices(gpointer reader,
                               const CfxNoticeQuery *query,
                               const CfxSink *sink,
                               GError **error);
gboolean
sqlite_reader_backup(gpointer reader, const char *path, GCancellable *cancellable, GError **error);

G_END_DECLS
