/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store on a real storage module in a folder of its own, with faults that a test can ask for, a
 * small model, the host's instance and one of a plugin.
 */
#pragma once

#include <cfx-instance.h>
#include <cfx-store.h>

G_BEGIN_DECLS

/* What the storage does wrong from now on; changed between commits only. */
typedef struct {
    gint fail_before; /* so many commits fail and store nothing */
    gint fail_after;  /* so many are stored, and their answer is lost */
    gint code;        /* of these errors */
    gint hold;        /* 1: commits wait until it is 0 again */
    gint groups;      /* commits asked for */
    gint largest;     /* rows of the largest group */
    char *log;        /* revisions of each group: "1,2;3;" */
    GMutex lock;      /* of log */
} Faults;

typedef struct {
    char *dir;
    CfxClock *clock;
    CfxLoop *loop;
    CfxInstance *storage, *host, *depot;
    CfxStore *store;
    CfxModel model;
    Faults faults;
} Fixture;

#define SITE_START (G_GINT64_CONSTANT(1700000000) * CFX_SECOND)

/* Path of the module: first argument of the test program. */
void fixture_init(int *argc, char ***argv);

Fixture *fixture_new(void); /* started */
void fixture_free(Fixture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)
/* For a benchmark: func with the storage's own operations, without a store around it. */
typedef double (*FixtureAloneFunc)(gsize total,
                                   gsize rows,
                                   const CfxStorageOps *ops,
                                   gpointer self);
double fixture_alone(gsize total, gsize rows, FixtureAloneFunc func);
/* Ends the store in order and opens it again. */
void fixture_restart(Fixture *self);
void fixture_now(Fixture *self, gint64 site_us);

/* Runs the loop until *flag is not 0. */
void fixture_wait(const int *flag);

/* What a commit came to. */
typedef struct {
    int done;  /* times that it was told */
    int order; /* place among all completions */
    CfxCommitted result;
    int code; /* of the error; -1: none */
    char *message;
} Outcome;

void outcome_done(gpointer outcome, const CfxCommitted *result, const GError *error);
void outcome_clear(Outcome *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

/* One belief of `value` at SITE_START + at. */
gint64 put_belief(CfxInstance *instance,
                  gint64 sensor,
                  gint64 source,
                  gint64 at_us,
                  double value,
                  Outcome *outcome);
gint64 put_record(CfxInstance *instance,
                  const char *collection,
                  const char *key,
                  gint64 expect,
                  Outcome *outcome);
gint64 put_notice(CfxInstance *instance, const char *topic, guint32 flags, Outcome *outcome);
/* rows beliefs of one sensor, one a minute, as one commit */
gint64 put_many(CfxInstance *instance, guint32 flags, gint64 sensor, gsize rows, Outcome *outcome);

/* "sensor source start value" with start relative to SITE_START in s. (transfer full) */
char *get_beliefs(CfxInstance *instance, gint64 sensor, guint32 flags);
char *beliefs_text(const CfxBeliefs *beliefs);
char *get_records(CfxInstance *instance, const char *collection);

G_END_DECLS
