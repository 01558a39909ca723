/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine: what the site knows becomes a plan, and the plan becomes what devices may draw.
 *
 * It is split by verb, a folder each: device (who is there), ingest (what came in), session (who
 * wants what), plan (what is best), guard (what is allowed right now), apply (who is told what, in
 * which order), command, recover, report. It runs on the main loop's thread; only
 * what is marked [any] may be called from elsewhere. Solving runs in the pool.
 */
#pragma once

#include <cariflex/cfx-adapter.h>
#include <cariflex/cfx-data.h>
#include <cariflex/cfx-model.h>

G_BEGIN_DECLS

typedef struct _CfxEngine CfxEngine;
typedef struct _CfxInstance CfxInstance; /* core/loop: cfx-instance.h */
typedef struct _CfxStore CfxStore;
typedef struct _CfxRegister CfxRegister;

/* what the register knows of an idToken: all of grade "stated"; NAN and -1: nothing */
typedef struct {
    double need_wh, minimum_wh;
    gint departure_minute; /* of the site's day: the next one after plug-in */
} CfxEnginePreference;

/* What the engine asks of its neighbours beside the tables of its host; each may be NULL. */
typedef struct {
    gpointer data;
    GDestroyNotify free; /* of data, at the engine's end */
    /* FALSE: nothing is known of that token ("type:value") */
    gboolean (*preference)(gpointer data, const char *token, CfxEnginePreference *ret);
    void (*knock)(gpointer data, CfxInstance *from, const CfxKnock *knock);
    /* beliefs of these sensors at the moment of commit(), before they are stored */
    guint64 (*watch_early)(
        gpointer data, const gint64 *sensors, gsize n, CfxBeliefsDone func, gpointer func_data);
    void (*unwatch_early)(gpointer data, guint64 watch);
    /* within such a callback: trace of the commit and REAL instant at which its cause came in */
    void (*early_cause)(gpointer data, gint64 *ret_trace, gint64 *ret_received_us);
} CfxEnginePorts;

/*
 * @host_self: the host's own instance, whose tables base, data and model the engine uses
 * The engine is one in a process: the device table's functions find it.
 */
CfxEngine *cfx_engine_new(CfxInstance *host_self, CfxStore *store, CfxRegister *reg);
/* The same with neighbours of the caller's choice; @ports is copied. */
CfxEngine *cfx_engine_new_with(CfxInstance *host_self, const CfxEnginePorts *ports);
void cfx_engine_free(CfxEngine *self); /* after cfx_engine_stop() */

/* Who solves. @shadow: (nullable) a second one, compared and never applied. Before or after start;
 * an instance that stops is taken out by NULL. */
void cfx_engine_set_schedulers(CfxEngine *self, CfxInstance *applied, CfxInstance *shadow);

/* Loads what is stored (sessions, what devices may draw, plans, timelines) of every site that the
 * model has, then plans. Sites that come later are loaded when they come. */
void cfx_engine_start(CfxEngine *self, CfxDone done, gpointer data);
/* No more plans and slices; a running solve is cancelled; done when it has ended. */
void cfx_engine_stop(CfxEngine *self, CfxDone done, gpointer data);

/* The table for plugins, CfxHost.devices. */
const CfxDeviceApi *cfx_engine_device_api(void);
/* A stopping instance has no devices any more; what they may draw stays counted. */
void cfx_engine_instance_stopped(CfxEngine *self, CfxInstance *instance);

/*
 * Need and departure of the car that is plugged in now, for this session.
 * @where: "CP003", "CP003/1" (station and EVSE id), "CP003/EVSE 1" or the asset's number
 * @need: "20kWh" or NULL; @by: "07:00" (next one on the site's clock), ISO 8601, or NULL
 */
gboolean cfx_engine_session_set(
    CfxEngine *self, const char *where, const char *need, const char *by, GError **error);

/*
 * An operator's bound with an end, on a site, a station or an EVSE; it raises no limit.
 * @where: name or number of a site, else as in cfx_engine_session_set()
 */
typedef struct {
    const char *where;
    gint64 asset;               /* instead of where: a site or a device by number; 0: by where */
    const char *max;            /* "20kW" */
    const char *length, *until; /* exactly one: "2h"; "18:00" (the next one there), ISO 8601 */
    const char *reason;         /* nullable */
    const char *by;             /* (nullable) who asks */
} CfxHoldAsk;
/* Returns: what was set as JSON text, (transfer full), with `effective` (FALSE: something else is
 * as low anyway) and `unreached`; it is stored when cfx_engine_when_stored() says so */
char *cfx_engine_hold_set(CfxEngine *self, const CfxHoldAsk *ask, GError **error);
/* @asset: what it must be a hold of; 0: of anything */
gboolean cfx_engine_hold_end(
    CfxEngine *self, gint64 id, gint64 asset, const char *by, GError **error);
char *cfx_engine_holds_json(CfxEngine *self); /* those that run, and those of the last two days */

/* done comes when all that was said to the engine before is durable, or with the store's error. */
void cfx_engine_when_stored(CfxEngine *self, CfxDone done, gpointer data);

/*
 * Commands of people over the control socket. See CfxDeviceApi.command
 * @role: the caller's
 * @where: as above
 */
void cfx_engine_command(CfxEngine *self,
                        guint32 role,
                        const char *where,
                        const char *name,
                        GBytes *args,
                        CfxAnswerDone done,
                        gpointer data);

/* Plans now, whatever is news; see CfxDeviceApi.ask. @site 0: the only one */
void cfx_engine_ask(CfxEngine *self, const CfxPlanAsk *ask, CfxPlanDone done, gpointer data);

/* JSON text, (transfer full). @site 0: the only one, or the first */
char *cfx_engine_status_json(CfxEngine *self); /* sites: limit, price, signal, power, problems */
/* (element-type CfxSyncReport) what devices say of themselves (transfer full) */
GArray *cfx_engine_reported(CfxEngine *self);
char *cfx_engine_devices_json(CfxEngine *self);  /* desired, sent, installed, measured of each */
char *cfx_engine_sessions_json(CfxEngine *self); /* open ones and those of the last two days */
/* Commands of the device @where; "": of each adapter that has devices. NULL with NOT_FOUND */
char *cfx_engine_commands_json(CfxEngine *self, const char *where, GError **error);
char *cfx_engine_plan_json(CfxEngine *self, gint64 site, GError **error); /* the one in force */
/* The report of data/doc/report-format.md, made from what is stored; done comes in a later turn, or
 * at once with an error. Both instants 0: the day from noon to noon of the site that holds now (or
 * has just ended), as far as it went. end 0: now. */
typedef void (*CfxReportDone)(gpointer data, const char *json, const GError *error);
void cfx_engine_report(CfxEngine *self,
                       gint64 site,
                       gint64 start_us,
                       gint64 end_us,
                       CfxReportDone done,
                       gpointer data);

G_END_DECLS
