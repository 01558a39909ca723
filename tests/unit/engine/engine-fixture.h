/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host for the engine alone: a clock that the test moves, a queue instead of a loop, a store in
 * memory, a model from a few lines, and stations that accept what they are sent.
 */
#pragma once

#include "cfx-engine-private.h"

#include <kit/cfx-time.h>

#define FIXTURE_STATIONS 10
#define FIXTURE_FIRST_ASSET 11
/* 2025-06-02T16:00:00Z: noon on Martinique */
#define FIXTURE_START G_GINT64_CONSTANT(1748880000000000)

/* sensors of the site */
enum {
    SENSOR_POWER = 61, /* + i */
    SENSOR_PRICE = 84,
    SENSOR_PRICE_DSO = 85,
    SENSOR_LOAD_CONTROL = 86,
    SENSOR_DEMAND_RESPONSE = 87,
    SENSOR_SITE_POWER = 101,
    SENSOR_LIMIT = 102,
    SENSOR_BASE = 103,
    SENSOR_PV = 104,
    SENSOR_IMPORT = 105,
    SENSOR_EXPORT = 106,
    SENSOR_IMPORT_LIMIT = 107,
    SENSOR_LIVE = 108,
};
enum {
    SOURCE_HOST = 1,
    SOURCE_SCHEDULER = 2,
    SOURCE_SIGNAL = 3,
    SOURCE_METER = 4,
    SOURCE_FORECAST = 5
};

typedef struct {
    gint64 asset;
    gboolean online;
    gboolean answers; /* FALSE: what it is sent stays unanswered */
    gboolean refuses;
    CfxDevice device;       /* what it reports */
    CfxCurve tx, fail_safe; /* installed: session, default */
    gboolean has_tx;
    gint64 epoch, version;   /* last slice */
    gint64 flags, all_flags; /* of the last slice, of all */
    guint slices;
    CfxPlan waiting; /* not answered */
    double register_wh;
} FixtureStation;

typedef struct {
    const char *site_attributes; /* extra members of the site's attributes, or NULL */
    const char *flex_context;    /* NULL: the usual one */
    double fail_safe_w;
    guint stations;
    gboolean unrated; /* nobody has registered what the stations can draw */
    gboolean twins; /* the first two are the EVSEs of one station, TWIN */
    guint import_limit_minutes; /* how long each limit of SENSOR_IMPORT_LIMIT holds; 0: 1 */
    guint second;   /* so many of the last ones stand below a second site, of 60 kW */
    const char *station_attributes[FIXTURE_STATIONS]; /* extra members, or NULL */
    const CfxSchedulerOps *scheduler;                 /* NULL: none */
} FixtureSetup;

typedef struct {
    gint64 site_us, real_us;
    GQueue queue;        /* posted functions */
    gboolean read_fails; /* the store answers each read with an error */
    gboolean hangs;      /* who works in the pool does not come back */
    GQueue hanging;
    GArray *timers;
    guint64 last_timer;
    GHashTable *records; /* "collection key" → doc */
    GPtrArray *order;    /* keys in the order of their last write */
    GArray *beliefs;     /* all that was committed */
    GPtrArray *notices;  /* "topic doc" */
    GArray *noticed_us;  /* (element-type gint64) when: beside notices */
    GArray *watches;
    gint64 revision;
    CfxBaseApi base;
    CfxDataApi data;
    CfxModelApi model_api;
    const CfxModel *model;
    CfxModelDone model_changed;
    gpointer model_data;
    CfxInstance *host, *adapter, *scheduler;
    CfxEngine *engine;
    CfxEnginePreference preference;
    const char *preferred_token;
    guint32 car_phases; /* that the next car shows when it plugs in: 3; 0: unknown */
    FixtureStation stations[FIXTURE_STATIONS];
    guint n_stations;
    guint logged; /* warnings */
    GHashTable *plan_commits;
} Fixture;

Fixture *fixture_new(const FixtureSetup *setup);
void fixture_free(Fixture *self);
void fixture_start(Fixture *self);
/* A new engine over the same store, as after kill -9: no stop, nothing said. */
void fixture_crash(Fixture *self);
/* Runs all that was posted and is due. */
void fixture_run(Fixture *self);
/* Runs one thing that was posted. FALSE: there is none. */
gboolean fixture_turn(Fixture *self);
/* Moves both clocks and runs what becomes due on the way. */
void fixture_advance(Fixture *self, gint64 us);

/* Another model, as after an import or an approval; the engine is told. Nothing else is run. */
void fixture_remodel(Fixture *self, const FixtureSetup *setup);
/* The same, and runs all that follows. */
void fixture_change(Fixture *self, const FixtureSetup *setup);
void fixture_believe(Fixture *self,
                     gint64 source,
                     gint64 sensor,
                     gint64 start_us,
                     gint64 step_us,
                     guint n,
                     double value);
void fixture_report(Fixture *self, guint station);
void fixture_plug(
    Fixture *self, guint station, const char *session, double need_wh, gint64 departure_us);
void fixture_unplug(Fixture *self, guint station);
/* Who works in the pool comes back; see hangs. */
void fixture_release(Fixture *self);
/* What it may draw now, by what it has installed. */
double fixture_allowed_w(const Fixture *self, guint station, gint64 us);
/* Sum of all stations at the most they may draw. */
double fixture_sum_w(const Fixture *self, gint64 us);
/* The same if every car may leave and another one come at its place. */
double fixture_worst_w(const Fixture *self, gint64 us);
/* Gives the answers that were held back. */
void fixture_answer(Fixture *self, guint station);
CfxSite *fixture_site(Fixture *self);
CfxEngineDevice *fixture_device(Fixture *self, guint station);
/* Changes a stored record as a person with an editor would; both texts as they stand in it. */
void
fixture_edit(Fixture *self, const char *collection, gint64 key, const char *from, const char *to);
CfxSession *fixture_session(Fixture *self, guint station);
/* The newest document of a record, or NULL. */
const char *fixture_record(const Fixture *self, const char *collection, const char *key);
/* The report of that time; both 0: the usual one. (transfer full) */
char *fixture_report_json(Fixture *self, gint64 start_us, gint64 end_us, GError **error);
guint fixture_count_notices(const Fixture *self, const char *topic);

/* The scheduler of the module named by the environment; NULL: there is none. */
const CfxSchedulerOps *fixture_real_scheduler(void);
