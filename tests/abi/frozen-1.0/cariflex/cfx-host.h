/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-host.h
 * The host as an instance sees it, and its basic services: log, clocks, timers, threads, secrets.
 */
#pragma once

#include <stdarg.h>

#include <cariflex/cfx-config.h>

G_BEGIN_DECLS

typedef struct _CfxBaseApi CfxBaseApi;
typedef struct _CfxDataApi CfxDataApi;     /* cfx-data.h */
typedef struct _CfxModelApi CfxModelApi;   /* cfx-model.h */
typedef struct _CfxWebApi CfxWebApi;       /* cfx-web.h */
typedef struct _CfxDeviceApi CfxDeviceApi; /* cfx-adapter.h */

/** One for each instance: the host knows by it who is calling. Lives until destroy(). */
struct _CfxHost {
    guint32 struct_size, abi;    /**< abi: CFX_ABI_VERSION of the host */
    const char *instance;        /**< name of the instance: "depot" of [adapter:depot] */
    const CfxBaseApi *base;      /**< always given */
    const CfxDataApi *data;      /**< NULL for storage and schedulers, and in a host without storage */
    const CfxModelApi *model;    /**< NULL for storage and schedulers, and in a host without storage */
    const CfxWebApi *web;        /**< NULL for storage and schedulers */
    const CfxDeviceApi *devices; /**< NULL for storage and schedulers, and in a host without storage */
};
CFX_ASSERT_TIGHT(CfxHost, devices);

/** @name Log levels: who should read it @{ */
#define CFX_LOG_DEBUG 1u    /**< for developers */
#define CFX_LOG_INFO 2u     /**< with --verbose */
#define CFX_LOG_MESSAGE 3u  /**< a change of state that an operator wants in the journal */
#define CFX_LOG_WARNING 4u  /**< somebody should act */
#define CFX_LOG_CRITICAL 5u /**< our bug */
/** @} */

/** @name Health of an instance @{ */
#define CFX_HEALTH_OK 1u
#define CFX_HEALTH_DEGRADED 2u /**< it works, but something is wrong: say what */
/** @} */

/** @name Metric types @{ */
#define CFX_METRIC_COUNTER 1u
#define CFX_METRIC_GAUGE 2u
/** @} */

/** Handle of a timer; 0 is none. A stale handle is harmless. */
typedef guint64 CfxTimer;
typedef struct _CfxMetric CfxMetric;

struct _CfxBaseApi {
    guint32 struct_size, flags;
    /** Logs. [any] `fields`: NULL, or pairs ended by one whose name is NULL. Use cfx_log(). */
    void (*log)(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message);
    /** Lowest level that is written now. [any] */
    guint32 (*log_level)(const CfxHost *host);
    /** Time of a clock in microseconds. [any] CFX_CLOCK_SITE: since 1970 UTC; REAL: monotonic. */
    gint64 (*now)(const CfxHost *host, guint32 clock);
    /** Calls func(data) once at that instant or soon after. [home] Past instants: next turn. */
    CfxTimer (*timer_start)(const CfxHost *host, guint32 clock, gint64 at_us, CfxFunc func,
                            gpointer data);
    /** Takes a timer back; func does not come any more. [home] */
    void (*timer_stop)(const CfxHost *host, CfxTimer timer);
    /** The home loop's context, for one fd source of a library; fewer than 100 sources. [any] */
    GMainContext *(*context)(const CfxHost *host);
    /** Runs func(data) on the home thread, later. [any] */
    void (*post)(const CfxHost *host, CfxFunc func, gpointer data);
    /** Runs func(data) in the pool (it may block), then done(data, NULL) at home. [home] */
    void (*work)(const CfxHost *host, CfxFunc func, gpointer data, CfxDone done);
    /** Registers a metric, or returns the one of that name and labels. [home] The host's. */
    CfxMetric *(*metric)(const CfxHost *host, guint32 type, const char *name, const char *help,
                         const CfxPair *labels);
    /** Adds to a counter, or sets a gauge to `value`. [any] */
    void (*metric_add)(CfxMetric *metric, double value);
    /** Says how the instance is; `reason` NULL when OK. [any] */
    void (*health)(const CfxHost *host, guint32 state, const char *reason);
    /** Content of a key of type CFX_KEY_SECRET_FILE, loaded at start, without the last newline.
     *  [home] (transfer full) NULL with `error` set. */
    GBytes *(*secret)(const CfxHost *host, const char *key, GError **error);
    /** The JSON of `cariflexctl status --json`. [any] (transfer full) */
    GBytes *(*status)(const CfxHost *host);
};
CFX_ASSERT_TIGHT(CfxBaseApi, status);

/** Logs a formatted message. [any] */
static inline void G_GNUC_PRINTF(3, 4)
cfx_log(const CfxHost *host, guint32 level, const char *format, ...)
{
    if (level < host->base->log_level(host))
        return;
    va_list arguments;
    va_start(arguments, format);
    char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    host->base->log(host, level, NULL, message);
    g_free(message);
}

/** SITE time: civil, may be simulated. [any] */
static inline gint64
cfx_now_site(const CfxHost *host)
{
    return host->base->now(host, CFX_CLOCK_SITE);
}

/** REAL time: monotonic. [any] */
static inline gint64
cfx_now_real(const CfxHost *host)
{
    return host->base->now(host, CFX_CLOCK_REAL);
}

/** Starts a timer that fires `after_us` from now on that clock. [home] */
static inline CfxTimer
cfx_timer_after(const CfxHost *host, guint32 clock, gint64 after_us, CfxFunc func, gpointer data)
{
    return host->base->timer_start(host, clock, host->base->now(host, clock) + after_us, func, data);
}

/** Stops a timer and forgets its handle. [home] */
static inline void
cfx_timer_clear(const CfxHost *host, CfxTimer *timer)
{
    if (*timer != 0)
        host->base->timer_stop(host, *timer);
    *timer = 0;
}

G_END_DECLS
