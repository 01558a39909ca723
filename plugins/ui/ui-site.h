/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What pages of one site are shown. It is there as long as somebody looks, and a little longer; a
 * change of the register makes a new one, with another epoch. Each subject has a file and a part of
 * the struct.
 */
#pragma once

#include "ui-items.h"
#include "ui-json.h"
#include "ui-series.h"
#include "ui.h"

G_BEGIN_DECLS

#define UI_PAST_US CFX_DAY
#define UI_AHEAD_US (36 * CFX_HOUR)
#define UI_STORIES 50

/* a device of the site */
typedef struct {
    gint64 asset, station;
    gint64 evse;
    char *name, *station_name, *place;
    char *session;         /* (nullable) key of its open session */
    char *profile;         /* (nullable) JSON of the item's member */
    double stock_wh;       /* of this session; NAN: not known */
} UiDevice;

typedef enum {
    UI_DIRTY_PROFILES = 1,
    UI_DIRTY_SESSIONS = 2,
    UI_DIRTY_EVENTS = 4,
    UI_DIRTY_PLAN = 8,
} UiDirty;

/* @site: NULL: it is gone, or the daemon stops */
typedef void (*UiSiteDone)(gpointer data, UiSite *site);

struct _UiSite {
    Ui *ui;
    gint64 asset;
    gatomicrefcount refs; /* reads that are under way hold one */
    gboolean is_closed;   /* nobody looks any more: answers of reads are thrown away */
    char *epoch, *zone, *name;
    double physical_w;
    UiItems *items;

    /* ui-site-series.c */
    GPtrArray *series;     /* UiSeries */
    GHashTable *by_sensor; /* id → (element-type UiSeries) GPtrArray */
    GHashTable *sources;   /* id → type of the source */
    guint64 belief_watch;

    /* ui-site-device.c */
    GPtrArray *devices;     /* UiDevice */
    GHashTable *by_asset;   /* asset → UiDevice */

    /* reads of records, ui-site.c */
    guint dirty, reading; /* UiDirty */
    gint64 read_us;       /* REAL, of the last one that began */

    /* ui-site-plan.c */
    CfxPlan plan;
    gboolean has_plan, is_plan_new;
    char *plan_more;  /* (nullable) members from its record */
    gint64 more_id;   /* plan that plan_more is of */

    /* ui-site-status.c */
    gint64 rate_real_us, rate_site_us;
    double rate;
    gboolean is_simulated;
    guint ticks;

    guint loading; /* first reads that are still out */
    GSList *waiting; /* (element-type Wait) */
    gint64 unused_us; /* REAL, since when nobody looks; 0: somebody does */
};

/* --- ui-site.c --------------------------------------------------------------------------------- */

/* The site if it is one; opened, with its watches, if it was not. NULL: no such site. */
UiSite *ui_site_get(Ui *ui, gint64 asset);
/* What the register knows of it, without values and watches. NULL: no such site. (transfer full) */
UiSite *ui_site_bare(Ui *ui, gint64 asset, const CfxModel *model);
UiSite *ui_site_ref(UiSite *self);
void ui_site_unref(UiSite *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiSite, ui_site_unref)
/* Ends its watches and forgets it. */
void ui_site_close(UiSite *self);
/* Calls done when everything is read, at once if it is. */
void ui_site_when_loaded(UiSite *self, UiSiteDone done, gpointer data);
/* Brings the items up to date. */
void ui_site_tick(UiSite *self);
/* One of the first reads is over. */
void ui_site_loaded_one(UiSite *self);
/* What was read for that subject is taken over; @error: (nullable) it could not be read. */
void ui_site_read_over(UiSite *self, UiDirty subject, const GError *error);
/* A message: type, at, now, items. `since` 0: a snapshot. (transfer full) */
GBytes *ui_site_message(const UiSite *self, guint64 since);

/* --- subjects ---------------------------------------------------------------------------------- */

/* ui-site-model.c: fills devices, series, zone, name from the model. FALSE: it is no site. */
gboolean ui_site_discover(UiSite *self, const CfxModel *model);
/* The site above an asset, itself if it is one; 0: none. */
gint64 ui_model_site_of(const CfxModel *model, gint64 asset);
void ui_device_free(gpointer data);
/* Text of a member of an asset's attributes (transfer full) (nullable). */
char *ui_asset_attribute(const CfxAsset *asset, const char *name);

/* ui-site-series.c */
void ui_site_series_add(UiSite *self, UiSeries *series);
/* Sources of a model by their types. (transfer full) */
GHashTable *ui_sources_of(const CfxModel *model);
/* Takes beliefs over; @numbers gives a number to what has changed of what is shown. */
void ui_series_take_beliefs(GHashTable *by_sensor,
                            GHashTable *sources,
                            const CfxBeliefs *beliefs,
                            UiItems *numbers);
void ui_site_series_start(UiSite *self);
void ui_site_series_tick(UiSite *self);

/* ui-site-device.c */
void ui_site_devices_tick(UiSite *self);
void ui_site_profiles_read(UiSite *self);
/* The device item; `json` gets the whole object. */
void ui_device_write(const UiSite *self, const UiDevice *device, const CfxDevice *state, CfxJsonWriter *json);

/* ui-site-session.c */
/* The session item of a record. FALSE: it is none. */
gboolean ui_session_write(const CfxRecord *record, double stock_wh, CfxJsonWriter *json);
void ui_site_sessions_read(UiSite *self);
/* Records of sessions that ended in that time; 0 0: of open ones. */
void ui_sessions_query(const Ui *ui,
                       gint64 site,
                       gint64 ended_from_us,
                       gint64 ended_to_us,
                       CfxRecordsDone done,
                       gpointer data);

/* ui-site-plan.c */
void ui_site_plan_take(UiSite *self, const CfxPlan *plan);
void ui_site_plan_tick(UiSite *self);
void ui_site_plan_record_read(UiSite *self);

/* ui-site-event.c */
void ui_site_events_read(UiSite *self);
/* The event item of a record of openadr.known-event, its spans within [from, until). FALSE: it is of
 * another site, or it does not touch that time. */
gboolean ui_event_write(const CfxRecord *record,
                        gint64 site,
                        gint64 from_us,
                        gint64 until_us,
                        CfxJsonWriter *json,
                        char **ret_id);
void ui_story_write(const CfxNotice *notice, CfxJsonWriter *json);
void ui_site_stories_take(UiSite *self, const CfxNotices *notices);

/* ui-site-status.c */
void ui_site_status_tick(UiSite *self);
/* The site item out of the status; FALSE: it is not in there. */
gboolean ui_status_site_write(const UiSite *self, JsonObject *status, CfxJsonWriter *json);

G_END_DECLS
