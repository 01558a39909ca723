/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of core/store share. Nobody else includes it.
 *
 * The way of a commit: commit() copies it as an Entry into the open Batch of its home loop
 * (cfx-store-entry.c) → at the end of the turn the batch goes to the queue → the writer makes one
 * Group of all that waits (cfx-store-writer.c) → the group goes back to each loop
 * (cfx-store-deliver.c), where completions and watches are called.
 */
#pragma once

#include "cfx-chunks.h"
#include "cfx-latest.h"
#include "cfx-store.h"

#include <cfx-instance.h>
#include <cfx-loop.h>

G_BEGIN_DECLS

typedef struct _StoreLoop StoreLoop;
typedef struct _StoreClient StoreClient;
typedef struct _Batch Batch;

/* Something that an instance has asked for and that will be completed: lives in its list. */
typedef struct _Op {
    GList link;          /* data: itself */
    StoreClient *client; /* NULL: not in a list any more */
    guint64 generation;
    /* [home] Tells the instance that it will not come, and forgets its completion. */
    void (*cancel)(struct _Op *op, const GError *error);
} Op;

/* One instance as the store knows it. [its home] */
struct _StoreClient {
    guint64 serial; /* of its store */
    CfxInstance *instance;
    StoreLoop *home;
    GQueue ops;         /* of Op.link */
    GPtrArray *watches; /* (element-type guint64 as pointer) handles */
};

typedef struct {
    Op op; /* first */
    Batch *batch;
    CfxCommit commit;   /* deep copy; beliefs RAW, all columns given */
    CfxCommitDone done; /* [home] */
    gpointer data;
    gsize rows, bytes;
    /* the writer's */
    CfxCommitted result;
    GError *error;
    /* where the next slice of a bulk commit begins; its revisions end with the commit's own */
    gint64 first_revision;
    gsize at_beliefs, at_row;
} Entry;

/* Commits of one turn of one loop, or one bulk commit. */
struct _Batch {
    gint references;
    CfxStore *store;
    StoreLoop *home;
    gboolean is_bulk;
    CfxChunks chunks;
    GPtrArray *entries; /* (element-type Entry) in the chunks */
};

/* One commit of a transaction: a whole entry or a slice of one. */
typedef struct {
    Entry *entry;
    CfxCommit view;
    CfxCommitted result;
    gboolean is_stored, is_final;
} Part;

/* A transaction that is over, on its way back. Immutable from then on. */
typedef struct {
    gint references;
    CfxStore *store;
    GPtrArray *batches; /* (element-type Batch) references */
    GArray *parts;      /* (element-type Part) */
} Group;

/* What the store keeps for one home loop. [that loop], but `queued` */
struct _StoreLoop {
    CfxStore *store;
    CfxLoop *loop;
    Batch *open;           /* (nullable) fills during this turn */
    gint queued;           /* batches of it that the writer has not taken; with the store's lock */
    GHashTable *watches;   /* handle → Watch */
    GHashTable *by_sensor; /* sensor → GPtrArray of Watch */
    GHashTable *early;     /* sensor → GPtrArray of Watch */
    GPtrArray *dirty;      /* (element-type Watch) to be called at the end of the turn */
    GPtrArray *kept;       /* (element-type Group) whose memory dirty ones point into */
    gboolean is_asked;     /* the end of the turn has been asked for */
};

struct _CfxStore {
    guint64 serial; /* among the stores that this process has had */
    CfxLoop *main_loop;
    CfxClock *clock;
    CfxInstance *storage;
    CfxStoreLimits limits;
    CfxChunkPool pool;
    CfxLatest *latest;
    CfxStorePressureFunc pressure_func;
    gpointer pressure_data;
    CfxDone started, stopped;
    gpointer started_data, stopped_data;
    guint64 last_watch;
    gint64 early_trace, early_received_us; /* of the commit that early watches are told of */

    GMutex lock;
    GCond wake;            /* the writer waits */
    GCond readers_wake;    /* the readers wait */
    GPtrArray *loops;      /* (element-type StoreLoop) */
    GQueue queue, bulk;    /* of Batch */
    GQueue requests;       /* of Request, for the readers */
    GArray *sources;       /* (element-type CfxSourceType) not told to the storage yet */
    const CfxModel *model; /* (nullable) in force */
    CfxStoreStatus status;
    gint64 last_revision;
    gboolean is_open;     /* takes commits and reads */
    gboolean is_stopping; /* the writer drains and ends */
    gboolean readers_end;

    struct {
        CfxMetric *beliefs, *commits, *refused, *groups, *repeats, *queued;
    } metrics;

    GThread *writer;
    GPtrArray *readers; /* (element-type GThread) */
};

/* cfx-store.c */
StoreClient *cfx_store_client(CfxStore *self, const CfxHost *host);
void cfx_store_op_add(StoreClient *client, Op *op);
void cfx_store_op_remove(Op *op);
const CfxModel *cfx_store_model_ref(CfxStore *self);
void cfx_store_model_unref(const CfxModel *model);
/* The one of this process, or NULL. */
CfxStore *cfx_store_default(void);

/* cfx-store-check.c */
gboolean cfx_store_check(CfxInstance *instance,
                         const CfxModel *model,
                         const CfxCommit *commit,
                         GError **error);
gboolean cfx_store_may_read(CfxInstance *instance, const CfxRecord *record);

/* cfx-store-entry.c */
Batch *cfx_batch_new(StoreLoop *home, gboolean is_bulk);
Batch *cfx_batch_ref(Batch *self);
void cfx_batch_unref(Batch *self);
Entry *
cfx_batch_add(Batch *self, StoreClient *client, const CfxModel *model, const CfxCommit *commit);
/* Next slice of a bulk entry as a view of it. */
void cfx_entry_slice(Entry *self, Part *ret);

/* cfx-store-commit.c */
gint64
cfx_store_commit(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done, gpointer data);
void cfx_store_push(StoreLoop *home);
void cfx_store_account(CfxStore *self, gint64 bytes, gint64 commits);

/* cfx-store-writer.c */
/* Until the store stops and nothing waits any more. [writer] */
void cfx_store_write_all(CfxStore *self);

/* cfx-store-life.c */
gpointer cfx_store_writer(gpointer store);
/* [main] Says that the store has stopped. */
void cfx_store_post_stopped(gpointer store);

/* cfx-store-deliver.c */
void cfx_group_unref(Group *self);
/* [writer] Sends it to every loop. */
void cfx_group_send(Group *self);

/* cfx-store-reader.c and cfx-store-ask.c */
typedef struct {
    CfxStore *store;
    gpointer reader;
} ReaderThread;
gpointer cfx_store_reader(gpointer reader_thread);
/* Reads newest values into memory, before anything is asked. [writer] */
gboolean cfx_store_load_latest(CfxStore *self, gpointer reader, GError **error);
void cfx_store_read_beliefs(const CfxHost *host,
                            const CfxBeliefQuery *query,
                            CfxBeliefsDone done,
                            gpointer data);
void cfx_store_read_series(const CfxHost *host,
                           const CfxSeriesQuery *query,
                           CfxSeriesDone done,
                           gpointer data);
void cfx_store_read_records(const CfxHost *host,
                            const CfxRecordQuery *query,
                            CfxRecordsDone done,
                            gpointer data);
void cfx_store_read_notices(const CfxHost *host,
                            const CfxNoticeQuery *query,
                            CfxNoticesDone done,
                            gpointer data);

/* cfx-store-watch.c */
guint64
cfx_store_watch_notices(const CfxHost *host, const char *topic, CfxNoticesDone func, gpointer data);
guint64 cfx_store_watch_beliefs(
    const CfxHost *host, const gint64 *sensors, gsize n, CfxBeliefsDone func, gpointer data);
void cfx_store_unwatch(const CfxHost *host, guint64 watch);
void cfx_store_unwatch_all(StoreClient *client);
/* [home] Notes what of a group concerns the watches there. */
void cfx_store_watch_group(StoreLoop *home, Group *group);
/* [home] Tells early watches of a commit that was just copied. */
void cfx_store_watch_entry(StoreLoop *home, const CfxModel *model, const Entry *entry);
void cfx_watch_free(gpointer watch);

/* One belief as a row: columns of six. */
typedef struct {
    gint64 sensor, source, start, belief;
    double probability, value;
} BeliefRow;

/* A view on rows. */
void cfx_belief_rows_view(const BeliefRow *rows, gsize n, CfxBeliefs *ret);
static inline void
cfx_belief_row_get(const CfxBeliefs *beliefs, gsize i, BeliefRow *ret)
{
    ret->sensor = cfx_int_at(beliefs->sensor, i);
    ret->source = cfx_int_at(beliefs->source, i);
    ret->start = cfx_int_at(beliefs->start_us, i);
    ret->belief = cfx_int_at(beliefs->belief_us, i);
    ret->probability = cfx_real_at(beliefs->probability, i);
    ret->value = cfx_real_at(beliefs->value, i);
}

/* canonical = raw * scale of a sensor; 1 where the model does not know it. */
double cfx_store_scale(const CfxModel *model, gint64 sensor);

G_END_DECLS
