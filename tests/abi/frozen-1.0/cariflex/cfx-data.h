/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-data.h
 * Storing and reading: one commit for records, beliefs and notices, and queries for each.
 */
#pragma once

#include <cariflex/cfx-host.h>

G_BEGIN_DECLS

/** @name CfxCommit.flags @{ */
#define CFX_COMMIT_BULK 1u       /**< cut into slices of at most 2 000 rows; atomic per slice only */
#define CFX_COMMIT_SKIP_SAME 2u  /**< a belief equal to its source's newest one before it is not stored */
#define CFX_COMMIT_NO_REPLACE 4u /**< a belief whose key exists with another value: CONFLICT */
/** @} */

/**
 * The only way to store. All or nothing (per slice with CFX_COMMIT_BULK: records last). Idempotent:
 * what is already there at this revision is stored nothing twice.
 */
typedef struct {
    guint32 struct_size, flags;       /**< flags: CFX_COMMIT_… */
    const CfxRecord *const *records;  /**< written in this order */
    gsize n_records;                  /**< number of records */
    const CfxBeliefs *const *beliefs; /**< batches of them */
    gsize n_beliefs;                  /**< number of batches */
    const CfxNotice *const *notices;  /**< told in this order */
    gsize n_notices;    /**< at most 65 535 */
    gint64 revision;    /**< the host's; ignored from plugins */
    gint64 trace;       /**< trace id of the cause; 0: this commit starts one, its revision */
    gint64 received_us; /**< REAL instant at which the cause came in; 0: now */
} CfxCommit;
CFX_ASSERT_TIGHT(CfxCommit, received_us);

/** What became of a commit. */
typedef struct {
    guint32 struct_size, flags;
    guint64 stored;      /**< beliefs written */
    guint64 unchanged;   /**< beliefs skipped or already there with this value */
    guint64 conflicting; /**< beliefs that NO_REPLACE or an expected revision refused */
    gint64 revision;     /**< the commit's revision */
} CfxCommitted;
CFX_ASSERT_TIGHT(CfxCommitted, revision);

/** @name CfxBeliefQuery.mode @{ */
/** For each event and source the newest belief; of one belief time, the probability nearest 0.5. */
#define CFX_BELIEFS_NEWEST 1u
/** For each event the newest belief of all sources; ties: higher source id. A source whose newest
 *  belief is "no value" has nothing to say about the event, the others still have. */
#define CFX_BELIEFS_BEST 2u
#define CFX_BELIEFS_ALL 3u    /**< every belief */
/** @} */

/** @name Flags of queries @{ */
#define CFX_QUERY_RAW 1u        /**< values in the sensor's own unit and sign */
#define CFX_QUERY_DESCENDING 2u /**< newest or highest first */
#define CFX_QUERY_TOTAL 4u      /**< records: count all matches beside the page */
#define CFX_QUERY_KEEP_NO_VALUE 8u /**< beliefs: report withdrawn events too, as NAN */
/** @} */

/** Which beliefs. Results are ordered by sensor, start, source, belief time. */
typedef struct {
    guint32 struct_size, flags;   /**< CFX_QUERY_RAW, KEEP_NO_VALUE */
    guint32 mode, source_types;   /**< source_types: CFX_SOURCE_… bits; 0: any */
    const gint64 *sensors;        /**< ids */
    gsize n_sensors;              /**< 0: all sensors that have beliefs */
    const gint64 *sources;        /**< NULL: any */
    gsize n_sources;              /**< number of sources */
    gint64 start_us, end_us;      /**< events with start in [start, end) */
    gint64 known_until_us;        /**< only beliefs of that time or before; CFX_TIME_MAX or 0: any */
    gint64 horizon_us;            /**< only beliefs at least this long before the event's start;
                                       CFX_TIME_MIN: any */
    gsize limit;                  /**< at most so many; 0: no limit */
} CfxBeliefQuery;
CFX_ASSERT_TIGHT(CfxBeliefQuery, limit);

/** @name CfxSeriesQuery.how: what stands for a grid step that several events touch @{ */
#define CFX_SERIES_MEAN 0u /**< time-weighted mean; instantaneous sensors: mean of the values */
#define CFX_SERIES_LAST 1u /**< the last value at or before the step's start */
#define CFX_SERIES_MIN 2u
#define CFX_SERIES_MAX 3u
/** @} */

/** One sensor on a grid, best belief for each event. */
typedef struct {
    guint32 struct_size, flags; /**< CFX_QUERY_RAW: the sensor's own unit and sign */
    guint32 how, source_types;  /**< source_types: CFX_SOURCE_… bits; 0: any */
    gint64 sensor;              /**< its id */
    gint64 start_us, step_us;   /**< grid; step > 0 */
    gsize n;                    /**< number of steps, at most 1 000 000 */
    gint64 known_until_us;      /**< CFX_TIME_MAX or 0: any */
    const char *unit;           /**< (nullable) wanted unit; NULL: W, Wh or the sensor's own */
} CfxSeriesQuery;
CFX_ASSERT_TIGHT(CfxSeriesQuery, unit);

/** A series on a grid. */
typedef struct {
    guint32 struct_size, flags;
    gint64 sensor, start_us, step_us; /**< as asked */
    gsize n;          /**< number of steps */
    CfxReals value;   /**< NAN for gaps */
    const char *unit; /**< that the values are in */
    GBytes *owner; /**< keeps the column alive: see cfx_series_keep() */
} CfxSeries;
CFX_ASSERT_TIGHT(CfxSeries, owner);

/** Keeps a series beyond the call: FALSE when it has no owner, because it was only lent. [any] */
static inline gboolean
cfx_series_keep(CfxSeries *mine, const CfxSeries *series)
{
    cfx_struct_copy(mine, sizeof *mine, series);
    mine->unit = g_intern_string(mine->unit);
    if (mine->owner != NULL)
        g_bytes_ref(mine->owner);
    return mine->owner != NULL;
}

/** Drops a kept series. [any] */
static inline void
cfx_series_drop(CfxSeries *mine)
{
    g_clear_pointer(&mine->owner, g_bytes_unref);
}

/** One condition on a secondary key. Frozen: it never grows. */
typedef struct {
    const char *name;         /**< of the secondary key */
    const char *const *texts; /**< any of these; NULL: the number range counts */
    gsize n_texts;            /**< number of texts */
    gint64 from, to;          /**< of the number, inclusive */
} CfxTerm;
CFX_ASSERT_TIGHT(CfxTerm, to);

/** Which records: those keys, or all that meet every term. */
typedef struct {
    guint32 struct_size, flags;
    const char *collection;      /**< "ocpp.station" */
    const char *const *keys;     /**< exactly these, where n_keys > 0 */
    gsize n_keys;                /**< > 0: exactly these; terms do not count */
    const CfxTerm *const *terms; /**< all of them must be met */
    gsize n_terms;               /**< 0: all records of the collection */
    const char *order; /**< (nullable) name of a secondary key; NULL: by key */
    const char *after; /**< (nullable) only keys after this one (order by key only) */
    gsize offset, limit; /**< limit 0: no limit */
} CfxRecordQuery;
CFX_ASSERT_TIGHT(CfxRecordQuery, limit);

/** Records found. Lent: copy what you keep. */
typedef struct {
    guint32 struct_size, flags;
    const CfxRecord *const *records; /**< in the order that was asked for */
    gsize n;                         /**< number of records */
    guint64 total; /**< with CFX_QUERY_TOTAL: all matches; else n */
} CfxRecords;
CFX_ASSERT_TIGHT(CfxRecords, total);

/** Which notices, in the order of their sequence. */
typedef struct {
    guint32 struct_size, flags; /**< CFX_QUERY_DESCENDING: the last ones first */
    const char *topic;          /**< (nullable) exact, or a prefix that ends in a dot */
    gint64 asset;               /**< 0: any */
    gint64 after;               /**< only those with a higher sequence */
    gint64 start_us, end_us;    /**< at_us in [start, end); both 0: any */
    gsize limit;                /**< 0: 1 000 */
} CfxNoticeQuery;
CFX_ASSERT_TIGHT(CfxNoticeQuery, limit);

/** Notices found. Lent: copy what you keep. */
typedef struct {
    guint32 struct_size, flags;
    const CfxNotice *const *notices; /**< by sequence */
    gsize n;                         /**< number of notices */
} CfxNotices;
CFX_ASSERT_TIGHT(CfxNotices, n);

typedef void (*CfxCommitDone)(gpointer data, const CfxCommitted *result, const GError *error);
typedef void (*CfxBeliefsDone)(gpointer data, const CfxBeliefs *result, const GError *error);
typedef void (*CfxSeriesDone)(gpointer data, const CfxSeries *result, const GError *error);
typedef void (*CfxRecordsDone)(gpointer data, const CfxRecords *result, const GError *error);
typedef void (*CfxNoticesDone)(gpointer data, const CfxNotices *result, const GError *error);

struct _CfxDataApi {
    guint32 struct_size, flags;
    /** Stores. [home] Copies; returns the revision at once (0: refused, done tells why); done when
     *  durable, in order. done may be NULL. A later commit's `expect` may name this revision. */
    gint64 (*commit)(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done,
                     gpointer data);
    /** [home] The result is lent to done. */
    void (*read_beliefs)(const CfxHost *host, const CfxBeliefQuery *query, CfxBeliefsDone done,
                         gpointer data);
    /** [home] The result is lent to done. INVALID where the unit does not fit. */
    void (*read_series)(const CfxHost *host, const CfxSeriesQuery *query, CfxSeriesDone done,
                        gpointer data);
    /** [home] The result is lent to done. */
    void (*read_records)(const CfxHost *host, const CfxRecordQuery *query, CfxRecordsDone done,
                         gpointer data);
    /** [home] The result is lent to done. */
    void (*read_notices)(const CfxHost *host, const CfxNoticeQuery *query, CfxNoticesDone done,
                         gpointer data);
    /** Value (W, Wh or own unit) and start of the newest event of each sensor that has begun;
     *  NAN and CFX_TIME_MIN: none. [any] From memory. */
    void (*latest)(const CfxHost *host, const gint64 *sensors, gsize n, double *value,
                   gint64 *start_us);
    /** Calls func with what was committed on that topic (exact, or a prefix that ends in a dot), in
     *  batches, once a turn. [home] Returns a handle for unwatch. Error is always NULL. */
    guint64 (*watch_notices)(const CfxHost *host, const char *topic, CfxNoticesDone func,
                             gpointer data);
    /** The same for beliefs of these sensors, in W and Wh. [home] */
    guint64 (*watch_beliefs)(const CfxHost *host, const gint64 *sensors, gsize n,
                             CfxBeliefsDone func, gpointer data);
    /** Ends a watch; func does not come any more. [home] */
    void (*unwatch)(const CfxHost *host, guint64 watch);
};
CFX_ASSERT_TIGHT(CfxDataApi, unwatch);

/** Stores; see CfxDataApi.commit. [home] */
static inline gint64
cfx_commit(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done, gpointer data)
{
    return host->data->commit(host, commit, done, data);
}

G_END_DECLS
