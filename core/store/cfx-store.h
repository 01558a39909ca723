/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storing and reading: groups of commits, revisions, readers, newest values, watches.
 *
 * One writer thread takes all commits that have queued up since its last transaction as one group;
 * several readers have a thread each. Everything here is called on the main thread unless a comment
 * says [any]; completions come there too.
 */
#pragma once

#include <cariflex/cfx-data.h>
#include <cariflex/cfx-model.h>
#include <cariflex/cfx-storage.h>

G_BEGIN_DECLS

typedef struct _CfxLoop CfxLoop;
typedef struct _CfxClock CfxClock;
typedef struct _CfxInstance CfxInstance;

typedef struct _CfxStore CfxStore;

/* What `status` and the metrics tell of the store. */
typedef struct {
    guint64 groups;             /* transactions that succeeded */
    guint64 commits;            /* commits done, refused ones included */
    guint64 refused;            /* commits that failed alone */
    guint64 beliefs;            /* beliefs written */
    guint64 repeats;            /* groups tried again because their outcome was unknown */
    guint64 reads;              /* reads answered */
    guint64 queued;             /* commits waiting now */
    guint64 queued_bytes;       /* memory that they hold */
    gint64 last_revision;       /* highest revision given out */
    gint64 stored_revision;     /* highest revision that is durable */
    gint64 last_commit_us;      /* REAL time of the last success; 0: none */
    gint64 last_commit_site_us; /* SITE time of it */
    gint64 last_group_us;       /* how long the last transaction took */
    gboolean pressure;          /* the queue is over its lower bound: slow down */
    gboolean failing;           /* the last try of a group failed */
    char failure[256];          /* why, empty when it works */
} CfxStoreStatus;

/* Bounds of the queue; 0: the default. */
typedef struct {
    guint64 pressure_bytes; /* above: pressure on; below half of it: off (default 16 MiB) */
    guint64 full_bytes;     /* above: commits of plugins are answered FULL (default 64 MiB) */
    guint32 readers;        /* reader threads (default 2) */
} CfxStoreLimits;

/* @storage: (transfer none) instance of kind cariflex.storage/1, not yet created */
CfxStore *cfx_store_new(CfxLoop *main_loop, CfxClock *clock, CfxInstance *storage);
void cfx_store_set_limits(CfxStore *self, const CfxStoreLimits *limits);
/* Creates and starts the storage instance on the writer thread, opens readers, loads what is
 * newest. */
void cfx_store_start(CfxStore *self, CfxDone done, gpointer data);
/* Writes what is queued, then stops the threads and the instance. */
void cfx_store_stop(CfxStore *self, CfxDone done, gpointer data);
/* Only after stop's done, or before start. */
void cfx_store_free(CfxStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxStore, cfx_store_free)

/* The table for instances, the host's own included; works on the one store of this process. [any]
 */
const CfxDataApi *cfx_store_api(void);

/*
 * A store is real or simulated, never both: marks a new one, and refuses with CONFIG one that has
 * the other mark. For the daemon, after start and before anything is written.
 * @host: the core's own instance
 */
void cfx_store_claim_clock(const CfxHost *host, gboolean is_simulated, CfxDone done, gpointer data);

/* A new snapshot is in force: units, signs and sources come from it. Takes a reference. */
void cfx_store_set_model(CfxStore *self, const CfxModel *model);

/*
 * The guard's watch: called inside commit(), before storing, with beliefs of these sensors in W and
 * Wh. The callee only notes them. Returns a handle for cfx_store_unwatch_early().
 */
guint64 cfx_store_watch_early(
    CfxStore *self, const gint64 *sensors, gsize n, CfxBeliefsDone func, gpointer data);
void cfx_store_unwatch_early(CfxStore *self, guint64 watch);
/* Inside an early watch: trace of the commit, and REAL instant at which its cause came in. */
void cfx_store_early_cause(CfxStore *self, gint64 *ret_trace, gint64 *ret_received_us);

/* Called when pressure goes on or off. */
typedef void (*CfxStorePressureFunc)(gpointer data, gboolean on);
void cfx_store_watch_pressure(CfxStore *self, CfxStorePressureFunc func, gpointer data);

/* A consistent snapshot into an empty path, while running. @host: who asks, and is answered.
 * @cancellable: (nullable) ends it early */
void cfx_store_backup(CfxStore *self,
                      const CfxHost *host,
                      const char *path,
                      GCancellable *cancellable,
                      CfxDone done,
                      gpointer data);

void cfx_store_status(CfxStore *self, CfxStoreStatus *to);

G_END_DECLS
