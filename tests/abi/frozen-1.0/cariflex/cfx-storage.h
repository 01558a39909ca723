/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-storage.h
 * The storage kind, "cariflex.storage/1": a WORKER that knows records, beliefs and notices.
 *
 * Everything is synchronous; the host times, cancels and retries. Beliefs are always RAW here: in
 * the sensor's own unit and sign.
 */
#pragma once

#include <cariflex/cfx-data.h>

G_BEGIN_DECLS

/** Takes what a read finds, in batches. The functions copy; FALSE: it has enough. */
typedef struct {
    guint32 struct_size, flags;
    GCancellable *cancellable; /**< look at it now and then */
    gpointer data;             /**< first argument of the functions */
    /** Takes batches of beliefs, RAW. [the reader's thread] */
    gboolean (*beliefs)(gpointer data, const CfxBeliefs *const *beliefs, gsize n);
    /** Takes records. [the reader's thread] */
    gboolean (*records)(gpointer data, const CfxRecord *const *records, gsize n);
    /** Takes notices. [the reader's thread] */
    gboolean (*notices)(gpointer data, const CfxNotice *const *notices, gsize n);
    /** All matches of a record query with CFX_QUERY_TOTAL. */
    void (*total)(gpointer data, guint64 total);
} CfxSink;
CFX_ASSERT_TIGHT(CfxSink, total);

/** A source as storage needs it: queries name types, beliefs name ids. */
typedef struct {
    guint32 struct_size, type; /**< type: one CFX_SOURCE_… bit */
    gint64 id;                 /**< of the source */
} CfxSourceType;
CFX_ASSERT_TIGHT(CfxSourceType, id);

/** What a storage implements. Static data. [writer]: the instance's own thread, its home. */
typedef struct {
    guint32 struct_size, flags;
    /**
     * One transaction for all n commits: first every `expect` is checked, then what passed is
     * written in order. errors[i] (transfer full): entry i alone failed, nothing of it is stored.
     * FALSE with `error`: nothing at all is stored, and the host repeats the group with the same
     * revisions. Idempotent by revision. [writer]
     */
    gboolean (*commit)(gpointer self, const CfxCommit *const *commits, gsize n,
                       CfxCommitted *const *results, GError **errors, GError **error);
    /** Tells the types of new or changed sources, before beliefs of them are committed. [writer] */
    gboolean (*sources)(gpointer self, const CfxSourceType *const *sources, gsize n,
                        GError **error);
    /** (nullable) Moves, aggregates, drops for at most budget_us. TRUE: there is more to do. [writer] */
    gboolean (*maintain)(gpointer self, gint64 now_us, gint64 budget_us, GError **error);
    /** Opens a reader: an object of its own, used by one thread at a time. [writer] */
    gpointer (*reader_open)(gpointer self, GError **error);
    /** Ends a reader; nothing of it is in use any more. [reader] its present thread, as below */
    void (*reader_close)(gpointer reader);
    /** Gives what the query asks to sink->beliefs, in its order. [reader] INVALID names the member */
    gboolean (*read_beliefs)(gpointer reader, const CfxBeliefQuery *query, const CfxSink *sink,
                             GError **error);
    /** The same to sink->records, and sink->total where it was asked. [reader] */
    gboolean (*read_records)(gpointer reader, const CfxRecordQuery *query, const CfxSink *sink,
                             GError **error);
    /** The same to sink->notices. [reader] */
    gboolean (*read_notices)(gpointer reader, const CfxNoticeQuery *query, const CfxSink *sink,
                             GError **error);
    /** The best belief of the newest event of each sensor with a start at or before now_us, once at
     *  the start of the host. [reader] */
    gboolean (*read_latest)(gpointer reader, gint64 now_us, const CfxSink *sink, GError **error);
    /** Highest revision ever committed; 0: an empty store. [writer] */
    gboolean (*last_revision)(gpointer self, gint64 *revision, GError **error);
    /** (nullable) A consistent snapshot into an empty path, while running. [reader] */
    gboolean (*backup)(gpointer reader, const char *path, GCancellable *cancellable,
                       GError **error);
    /** (nullable) Into an empty store; it gets a new epoch. [writer] */
    gboolean (*restore)(gpointer self, const char *path, GCancellable *cancellable,
                        GError **error);
} CfxStorageOps;
CFX_ASSERT_TIGHT(CfxStorageOps, restore);

G_END_DECLS
