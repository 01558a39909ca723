/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A storage module under test: loaded as the host loads it, with a configuration from the command
 * line, and what it answers as text that a test can compare.
 */
#pragma once

#include <cariflex/cfx.h>

G_BEGIN_DECLS

/* --module FILE [--factory NAME] [--set KEY=VALUE]…; {dir} in a value is the test's own folder. */
gboolean harness_init(int *argc, char ***argv, GError **error);

typedef struct {
    const CfxStorageOps *ops;
    gpointer self, reader;
    char *dir; /* empty at first; removed by storage_remove() */
    CfxHost host;
    CfxConfig config;
    CfxValue *values;
    guint8 *given;
    gint64 revision; /* the last one that commit() below used */
} Storage;

Storage *storage_new(void);        /* a fresh folder, started */
void storage_stop(Storage *self);  /* as at the orderly end of the host */
void storage_start(Storage *self); /* again, on the same folder */
gboolean storage_try_start(Storage *self, GError **error);
void storage_free(Storage *self); /* stops and removes the folder */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Storage, storage_free)
/* As storage_new() and storage_free() around a folder that somebody else keeps. */
Storage *storage_new_in(const char *dir);
void storage_free_keep(Storage *self);

/* Commits a group; errors is (transfer full), NULL-filled where all went well. */
void storage_group(Storage *self,
                   const CfxCommit *const *commits,
                   gsize n,
                   CfxCommitted *results,
                   GError **errors);
/* Commits one with the next revision (or commit->revision if it is not 0), and wants it to work. */
CfxCommitted storage_commit(Storage *self, const CfxCommit *commit);
/* The same, and wants it to be refused; returns "code: message". (transfer full) */
char *storage_refused(Storage *self, const CfxCommit *commit, CfxCommitted *ret);

/* Short ways to commit one thing. */
CfxCommitted storage_belief(Storage *self,
                            guint32 flags,
                            gint64 sensor,
                            gint64 start_us,
                            gint64 source,
                            gint64 belief_us,
                            double value);
gint64 storage_record(Storage *self, const char *key, const char *doc, gint64 expect);
void storage_source(Storage *self, gint64 id, guint32 type);

/* "sensor start source belief value" for each row, joined by " | ". (transfer full) */
char *storage_beliefs(Storage *self, const CfxBeliefQuery *query);
char *storage_latest(Storage *self, gint64 now_us);
/* "key=doc@revision", joined by " | ". With CFX_QUERY_TOTAL followed by " of N". */
char *storage_records(Storage *self, const CfxRecordQuery *query);
/* "sequence>>16.index topic asset at doc" */
char *storage_notices(Storage *self, const CfxNoticeQuery *query);

/* All beliefs of a sensor. */
CfxBeliefQuery storage_query(const gint64 *sensor, guint32 mode);

/* The parts of the suite. */
void test_records_add(void);
void test_beliefs_add(void);
void test_notices_add(void);
void test_groups_add(void);
void test_life_add(void);

G_END_DECLS
