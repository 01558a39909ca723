/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-types.h
 * Values that cross the line, their units and signs.
 *
 * Units and signs, stated once. Power in W, energy in Wh, stock in Wh; power TOWARDS the device or
 * into the site is positive. Instants are SITE time in microseconds since 1970-01-01T00:00:00Z;
 * members named deadline_us, budget_us, lifetime_us, real_us or received_us are REAL (monotonic)
 * microseconds. Intervals are half open. NAN is unknown and never a permission; ±INFINITY is no
 * limit. kW, kWh and currency/kWh occur in cfx-scheduler.h only, in names ending _kw and _kwh.
 *
 * The types CfxInts, CfxReals, CfxGrid, CfxPair, CfxKey and CfxValue are frozen: they never grow.
 */
#pragma once

#include <cariflex/cfx-abi.h>

G_BEGIN_DECLS

#define CFX_SECOND ((gint64)1000000)
#define CFX_MINUTE (60 * CFX_SECOND)
#define CFX_HOUR (60 * CFX_MINUTE)
#define CFX_DAY (24 * CFX_HOUR)
/** "No instant": before and after everything. */
#define CFX_TIME_MIN G_MININT64
#define CFX_TIME_MAX G_MAXINT64

/** Column of integers: at[i * step]. step 0: one value for all. at NULL: see the member's text. */
typedef struct {
    const gint64 *at; /**< the first */
    gint64 step;      /**< in elements, from one to the next */
} CfxInts;

/** Column of reals: at[i * step]. step 0: one value for all. at NULL: see the member's text. */
typedef struct {
    const double *at; /**< the first */
    gint64 step;      /**< in elements, from one to the next */
} CfxReals;

/** Table of reals: at[r * row + c * col]. */
typedef struct {
    const double *at; /**< the first */
    guint32 row, col; /**< in elements, from one row or column to the next; 0: all share one */
} CfxGrid;

/** Name and value: headers, labels, log fields. */
typedef struct {
    const char *name, *value; /**< a list of pairs ends with a NULL name */
} CfxPair;

/** Secondary key of a record. text NULL: the number counts. */
typedef struct {
    const char *name, *text; /**< text (nullable) */
    gint64 number;           /**< counts where text is NULL */
} CfxKey;

/** One configured value; which member counts follows from the key's type (cfx-config.h). */
typedef struct {
    const char *text; /**< (nullable) */
    gint64 number;    /**< microseconds, index, id, 0 or 1 */
    double real;      /**< W, Wh or a plain number; NAN: not given */
} CfxValue;

static inline gint64
cfx_int_at(CfxInts column, gsize i)
{
    return column.at[(gint64)i * column.step];
}

static inline double
cfx_real_at(CfxReals column, gsize i)
{
    return column.at[(gint64)i * column.step];
}

static inline double
cfx_grid_at(CfxGrid grid, gsize r, gsize c)
{
    return grid.at[r * grid.row + c * grid.col];
}

/** @name Source types: what kind of voice a belief has. Bits, so that queries can name several. @{ */
#define CFX_SOURCE_GATEWAY 1u    /**< measured, by a meter, a station or a gateway */
#define CFX_SOURCE_SCHEDULER 2u  /**< planned */
#define CFX_SOURCE_FORECASTER 4u /**< forecast */
#define CFX_SOURCE_USER 8u       /**< posted by a person or a tool on its own account */
#define CFX_SOURCE_SIGNAL 16u    /**< published by a market or a grid operator (OpenADR) */
#define CFX_SOURCE_REPORTER 32u  /**< computed from other beliefs */
#define CFX_SOURCE_ANY 0xffffffffu
/** @} */

/** @name CfxBeliefs.flags @{ */
#define CFX_BELIEFS_RAW 1u /**< values in the sensor's own unit and sign, not in W and Wh */
/** @} */

/**
 * A batch of beliefs as columns of length n. A belief says: this sensor had or will have this value
 * over [start, start + resolution of the sensor), as this source believed at this time.
 * Key: (sensor, start, belief time, source, probability); the same key again replaces the value.
 */
typedef struct {
    guint32 struct_size, flags;
    gsize n;              /**< number of beliefs: the length of every column */
    CfxInts sensor;       /**< sensor id */
    CfxInts source;       /**< source id; at NULL or value 0: the writer's own source */
    CfxInts start_us;     /**< start of the event */
    CfxInts belief_us;    /**< when it was learned; at NULL or value CFX_TIME_MIN: now */
    CfxReals probability; /**< at NULL: 0.5 */
    CfxReals value;       /**< NAN: "no value", it withdraws the older belief */
    GBytes *owner;        /**< keeps the columns alive; NULL when they are only lent */
} CfxBeliefs;
CFX_ASSERT_TIGHT(CfxBeliefs, owner);

/** Keeps beliefs that were read beyond the call: FALSE when they have no owner, because they were
 *  only lent. [any] */
static inline gboolean
cfx_beliefs_keep(CfxBeliefs *mine, const CfxBeliefs *beliefs)
{
    cfx_struct_copy(mine, sizeof *mine, beliefs);
    if (mine->owner != NULL)
        g_bytes_ref(mine->owner);
    return mine->owner != NULL;
}

/** Drops kept beliefs. [any] */
static inline void
cfx_beliefs_drop(CfxBeliefs *mine)
{
    g_clear_pointer(&mine->owner, g_bytes_unref);
}

/** @name CfxRecord.flags @{ */
#define CFX_RECORD_DELETE 1u  /**< the record goes away */
#define CFX_RECORD_PRIVATE 2u /**< only its writer may read it */
/** @} */
/** CfxRecord.expect: write whatever is there. */
#define CFX_EXPECT_ANY ((gint64)-1)
/** CfxRecord.expect: the record must not exist yet. */
#define CFX_EXPECT_NEW ((gint64)0)

/**
 * A document with a key. Collections of a plugin begin with its CfxPluginInfo.id and a dot, keys
 * with the instance's name and a slash; those of the host begin with "cfx.".
 */
typedef struct {
    guint32 struct_size, flags;
    const char *collection; /**< "ocpp.station" */
    const char *key;        /**< "depot/CP001" */
    const char *doc;        /**< JSON object, UTF-8; may be NULL with CFX_RECORD_DELETE */
    gsize doc_size;         /**< bytes of doc */
    const CfxKey *keys;     /**< secondary keys, all of them each time; a name may repeat */
    gsize n_keys;           /**< number of secondary keys */
    gint64 expect;          /**< writing: CFX_EXPECT_ANY, CFX_EXPECT_NEW or the revision it must have */
    gint64 revision;        /**< reading: the commit that wrote it; ignored when writing */
} CfxRecord;
CFX_ASSERT_TIGHT(CfxRecord, revision);

/** @name CfxNotice.flags @{ */
#define CFX_NOTICE_TRANSIENT 1u /**< told to watchers, need not be kept */
/** @} */

/** A piece of news that is not a number: plugged in, faulted, registered. */
typedef struct {
    guint32 struct_size, flags;
    const char *topic; /**< "ocpp.status": begins with the plugin's id and a dot */
    gint64 asset;      /**< asset it is about; 0: none */
    gint64 at_us;      /**< when it happened; CFX_TIME_MIN: now */
    gint64 sequence;   /**< reading: revision << 16 | index in its commit; ignored when writing */
    const char *doc;   /**< JSON object, UTF-8 */
    gsize doc_size;    /**< bytes of doc */
} CfxNotice;
CFX_ASSERT_TIGHT(CfxNotice, doc_size);

/** @name Clocks @{ */
#define CFX_CLOCK_SITE 1u /**< civil time, may be simulated: beliefs, slots, sessions, polling */
#define CFX_CLOCK_REAL 2u /**< monotonic: timeouts, back-off, latencies */
/** @} */

/** @name Rights and roles @{ */
#define CFX_ROLE_ANY 0u     /**< no identity needed */
#define CFX_ROLE_READ 1u    /**< somebody who may read something */
#define CFX_ROLE_OPERATE 2u /**< somebody who may steer something */
#define CFX_ROLE_ADMIN 3u   /**< somebody who may change everything */
#define CFX_ROLE_PLUGIN 4u  /**< routes only: the plugin decides itself */

#define CFX_RIGHT_READ 1u    /**< see it and its data */
#define CFX_RIGHT_POST 2u    /**< write beliefs to its sensors */
#define CFX_RIGHT_CHANGE 4u  /**< change the asset itself */
#define CFX_RIGHT_CONTROL 8u /**< send commands to its devices */
/** @} */

G_END_DECLS
