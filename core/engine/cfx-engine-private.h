/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the verbs of the engine share: the engine, its sites, their devices. Each verb changes only
 * the members that stand under its name. Everything is on the main thread but what `lock` guards.
 */
#pragma once

#include "cfx-engine.h"

#include "cfx-curve.h"
#include "cfx-flex.h"
#include "cfx-instance.h"

#include <cariflex/cfx-scheduler.h>
#include <math.h>

#include "ingest/cfx-timeline.h"

#define CFX_SLOT (15 * CFX_MINUTE)
/* what of the past is kept in memory: two days and what a shifted clock needs */
#define CFX_ENGINE_PAST (50 * CFX_HOUR)
/* the same of prices: where none is known, the last known day's count */
#define CFX_PRICE_DAYS 14
#define CFX_PRICE_PAST (CFX_PRICE_DAYS * CFX_DAY + 2 * CFX_HOUR)

typedef struct _CfxSite CfxSite;
typedef struct _CfxEngineDevice CfxEngineDevice;
typedef struct _CfxSession CfxSession;
typedef struct _CfxPlanRun CfxPlanRun;
typedef struct _CfxHold CfxHold;

/* what set a plan off; the times are REAL, 0: does not apply */
typedef struct {
    gint64 trace;
    gint64 received_us, stored_us;
    const char *cause; /* static */
    gboolean is_event; /* a price or a signal of the grid */
} CfxCause;

/* a device that is bound below a site */
struct _CfxEngineDevice {
    gint64 asset;
    CfxSite *site;
    CfxFlexModel flex;
    char *label; /* "CP003", with more than one EVSE "CP003/2" */
    char *identity;
    gint64 unit;

    /* device: what the adapter says. `state` is guarded by the engine's lock */
    CfxInstance *instance; /* NULL: nobody speaks for it now */
    guint64 generation;    /* of the instance that speaks */
    gboolean was_reported; /* in this process */
    gboolean is_lost;      /* its story says that it is offline */
    CfxDevice state;
    gint64 reported_us; /* SITE */
    double idle_max_w;  /* most that it can draw, as it last said without a car; NAN: never */

    /* apply: installed */
    gboolean has_allowed;
    CfxCurve
        allowed; /* what it may draw whatever happens, as its adapter told; INFINITY: unknown */
    CfxCurve written_allowed; /* what it counts with, as the record has it */
    gint written_known;       /* -1: there is none */
    gboolean written_refused;
    guint32 written_state;
    gint64 written_version;
    guint32 applied_state;
    gint64 applied_version;
    const char *words; /* interned; its own words */
    double fail_safe_accepted_w;
    double clamp_w; /* NAN: none; the most that it accepted in this session */
    gboolean is_refused;
    /* apply: desired */
    gboolean has_desired;
    CfxCurve desired;           /* power; after its end the fail-safe power holds */
    CfxCurve desired_fail_safe; /* its default, with the dips of known events and of full hours */
    double ends_w;              /* what its plan ends in, open-ended: its fail-safe power */
    gboolean desires_plan;      /* FALSE: only the fail-safe power, no plan */
    gint64 desired_until_us;
    CfxCause desired_cause;
    gint64 desired_plan;
    gint64 desired_solved_us; /* REAL */
    gboolean is_urgent;
    /* apply: sent */
    gboolean is_sent;
    CfxCurve sent, sent_fail_safe;
    /* All that was sent and may be in force: no answer and no reading has settled it. Empty: none.
     * It counts until then, however long that takes. */
    CfxCurve doubt;
    gint64 lowering_us; /* REAL: since when a decrease is unanswered; 0: none is */
    gboolean is_silent; /* it has left a decrease unanswered for too long: it is not steered now */
    gboolean sent_plan;
    gint64 sent_version, sent_us; /* REAL */
    gboolean is_answered;
    CfxCause sent_cause;
    gint64 sent_solved_us;
    gboolean answer_counted;

    /* ingest: register of the slot that runs */
    gint64 register_slot_us;
    double register_wh, register_last_wh;
    gint64 register_at_us, register_last_us;

    /* session */
    CfxSession *session; /* NULL: nobody is plugged in */
    gint64 low_since_us; /* draws next to nothing though it may; 0: no */

    /* plan */
    double undrawn_wh;       /* that the car could have drawn by its plans and has not */
    double planned_stock_wh; /* at planned_at_us, by the report that the plan knew */
    gint64 planned_at_us;
    GHashTable *written; /* slot start → W, what the last plan wrote */
};

/* a plan that is in force, and what it was solved with */
typedef struct {
    CfxPlan view; /* owner keeps the columns */
    double breach_kwh, shortfall_kwh;
    const char *cause;
    char *scheduler;
    gint64 solved_us, time_us; /* REAL */
    double *base_w;            /* expected net base load */
    double *limit_w;           /* strictest effective limit */
    double *buy, *sell;        /* currency/kWh */
    guint8 *assumed;           /* the price is assumed */
} CfxSitePlan;

typedef enum {
    CFX_SITE_LOADING, /* recover reads what is stored */
    CFX_SITE_READY,
    CFX_SITE_REFUSED, /* must not be steered: see problem */
} CfxSiteState;

struct _CfxSite {
    CfxEngine *engine;
    gint64 asset;
    guint64 serial; /* of this one: a site that went and came back is another */
    char *name;
    CfxFlexContext *flex;
    GPtrArray *devices; /* (element-type CfxEngineDevice) ascending asset */
    CfxSiteState state;
    char *problem; /* NULL: none */
    guint loads;   /* reads that recover waits for */
    gboolean was_loaded, load_failed;
    CfxTimer load_timer; /* REAL: what failed is tried again */

    /* apply */
    gint64 epoch, version, version_reserved;
    gboolean pump_posted;
    CfxTimer repeat_timer; /* REAL */

    /* ingest */
    GHashTable *timelines; /* sensor → CfxTimeline */
    GArray *watches;       /* guint64 */
    guint64 early_watch;
    gint64 early_us, early_trace; /* REAL: when the last signal or price came in */
    CfxTimer minute_timer;        /* SITE */
    CfxCurve limit;               /* effective import limit in W from now on */
    double limit_now_w;
    double signal_now_w; /* the same without holds */
    gint64 meter_slot_us;

    /* hold */
    GPtrArray *holds;    /* (element-type CfxHold) of now and of the last two days */
    CfxCurve hold;       /* those on the site itself, W; INFINITY: none */
    CfxTimer hold_timer; /* SITE: the next end */

    /* session */
    GHashTable *ended; /* key → CfxSession, of the last two days */

    /* plan */
    gboolean is_dirty, start_posted;
    gboolean
        told_unavoidable; /* the log has said that the limit cannot be kept, and who keeps it */
    gboolean told_unpriced; /* the log has said that there is no price */
    CfxCause dirty_cause;
    CfxPlanRun *run; /* NULL: no solve is under way */
    gpointer solver; /* scheduler session */
    CfxInstance *solver_of;
    gboolean solver_broken; /* load again */
    gint64 problem_version;
    CfxTimer again_timer;   /* REAL: after a solve that failed */
    CfxSitePlan *plan;      /* in force */
    CfxTimer slot_timer;    /* SITE: the next edge */
    GPtrArray *asks;        /* (element-type CfxAsk) */
    guint n_plans;          /* taken into force in this process */
    CfxCurve written_limit; /* sensor 102 as far as it is written */
    gint64 written_limit_until_us;
};

struct _CfxEngine {
    CfxInstance *self;
    const CfxHost *host;
    CfxEnginePorts ports;
    const CfxModel *model; /* a reference */
    guint64 model_watch;
    gboolean is_running, is_stopping;
    CfxDone start_done;
    gpointer start_data;
    CfxDone stop_done;
    gpointer stop_data;

    CfxInstance *scheduler, *shadow;

    GHashTable *sites;   /* asset → CfxSite */
    GHashTable *devices; /* asset → CfxEngineDevice, owned; guarded for readers of other threads */
    GMutex lock;
    GPtrArray *inbox; /* (element-type CfxNews) guarded */
    gboolean inbox_posted;

    GPtrArray *outbox;       /* what the next commit takes: cfx-outbox.c */
    GPtrArray *outbox_waits; /* who waits for the next commit */
    gboolean outbox_posted;
    gint64 outbox_trace;

    gint64 last_hold; /* number of the newest hold */
    GArray *plan_watches;
    guint64 next_watch;
    gint64 last_trace;
    guint64 last_serial; /* of sites */
};

/* A site for who comes back to it later: it may be gone by then, or gone and made anew. */
typedef struct {
    CfxEngine *engine;
    gint64 asset;
    guint64 serial;
} CfxSiteHandle;

CfxSiteHandle cfx_site_handle(const CfxSite *site);
/* NULL: it is gone */
CfxSite *cfx_site_of_handle(CfxSiteHandle handle);

static inline CfxEngineDevice *
cfx_engine_device(CfxEngine *self, gint64 asset)
{
    return g_hash_table_lookup(self->devices, &asset);
}

static inline gboolean
cfx_engine_device_is(const CfxEngineDevice *device, guint32 flag)
{
    return device->instance != NULL && (device->state.flags & flag) != 0;
}

/* most that the device itself can draw, whatever its session */
double cfx_engine_device_rating_w(const CfxEngineDevice *device);
/* phases that its car draws on, as far as they were ever seen in this session; 0: unknown */
guint cfx_engine_device_phases(const CfxEngineDevice *device);
/* least that it draws when it draws, with the phases that are known or wired */
double cfx_engine_device_least_w(const CfxEngineDevice *device);

gint64 cfx_engine_next_trace(CfxEngine *self);
/* A solve has ended: who waits for the engine's stop may go on. FALSE: the site is gone. */
gboolean cfx_engine_site_ended(CfxSite *site);
/* Calls @func from a turn of its own, unless the site is gone by then. */
void cfx_engine_post(CfxSite *site, void (*func)(CfxSite *site));
/* An empty site that no engine knows yet; freed with its timelines, holds and sessions. */
CfxSite *cfx_site_new(CfxEngine *engine, gint64 asset);
void cfx_site_free(gpointer site);
CfxSite *cfx_engine_site(CfxEngine *self, gint64 asset); /* 0: the only one, or the first */
