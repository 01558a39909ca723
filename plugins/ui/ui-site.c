/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-site.h"

#include "ui-pages.h"

#include <math.h>

/* between two reads of records, REAL */
#define READ_PAUSE_US CFX_SECOND

typedef struct {
    UiSiteDone done;
    gpointer data;
} Wait;

/* --- life -------------------------------------------------------------------------------------- */

UiSite *
ui_site_ref(UiSite *self)
{
    g_atomic_ref_count_inc(&self->refs);
    return self;
}

void
ui_site_unref(UiSite *self)
{
    if (!g_atomic_ref_count_dec(&self->refs))
        return;
    g_ptr_array_unref(self->series);
    g_hash_table_unref(self->by_sensor);
    g_clear_pointer(&self->sources, g_hash_table_unref);
    g_hash_table_unref(self->by_asset);
    g_ptr_array_unref(self->devices);
    if (self->has_plan)
        cfx_plan_drop(&self->plan);
    g_free(self->plan_more);
    ui_items_free(self->items);
    g_free(self->epoch);
    g_free(self->zone);
    g_free(self->name);
    g_free(self);
}

static void
series_free(gpointer data)
{
    ui_series_free(data);
}

static UiSite *
site_new(Ui *ui, gint64 asset)
{
    UiSite *self = g_new0(UiSite, 1);

    g_atomic_ref_count_init(&self->refs);
    self->ui = ui;
    self->asset = asset;
    self->epoch = g_strdup_printf("%08x%08x", g_random_int(), g_random_int());
    self->items = ui_items_new();
    self->series = g_ptr_array_new_with_free_func(series_free);
    self->by_sensor = g_hash_table_new_full(
        g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    self->devices = g_ptr_array_new_with_free_func(ui_device_free);
    self->by_asset = g_hash_table_new(g_int64_hash, g_int64_equal);
    self->rate = NAN;
    return self;
}

static void
current_cb(gpointer data, const CfxPlan *plan, const GError *error)
{
    g_autoptr(UiSite) self = data;

    if (self->is_closed)
        return;
    if (plan != NULL && !self->has_plan)
        ui_site_plan_take(self, plan);
    ui_site_loaded_one(self);
}

static void
stories_cb(gpointer data, const CfxNotices *notices, const GError *error)
{
    g_autoptr(UiSite) self = data;

    if (self->is_closed)
        return;
    if (error == NULL)
        ui_site_stories_take(self, notices);
    ui_site_loaded_one(self);
}

static void
load(UiSite *self)
{
    const CfxHost *host = self->ui->host;
    const CfxNoticeQuery stories = {
        .struct_size = sizeof stories,
        .flags = CFX_QUERY_DESCENDING,
        .topic = "cfx.story.",
        .limit = 4 * UI_STORIES,
    };

    self->loading = 1; /* held until all have been asked for */
    ui_site_series_start(self);
    self->loading += 2;
    host->devices->current(host, self->asset, current_cb, ui_site_ref(self));
    host->data->read_notices(host, &stories, stories_cb, ui_site_ref(self));
    self->loading += 3;
    self->reading = UI_DIRTY_PROFILES | UI_DIRTY_SESSIONS | UI_DIRTY_EVENTS;
    ui_site_profiles_read(self);
    ui_site_sessions_read(self);
    ui_site_events_read(self);
    ui_site_loaded_one(self);
}

UiSite *
ui_site_bare(Ui *ui, gint64 asset, const CfxModel *model)
{
    UiSite *self = site_new(ui, asset);

    if (!ui_site_discover(self, model))
        g_clear_pointer(&self, ui_site_unref);
    return self;
}

UiSite *
ui_site_get(Ui *ui, gint64 asset)
{
    UiSite *self = g_hash_table_lookup(ui->sites, &asset);

    if (self != NULL) {
        self->unused_us = 0;
        return self;
    }
    const CfxModel *model = ui->host->model->get(ui->host);
    self = site_new(ui, asset);
    gboolean is_site = ui_site_discover(self, model);
    g_bytes_unref(model->owner);
    if (!is_site) {
        ui_site_unref(self);
        return NULL;
    }
    g_hash_table_insert(ui->sites, &self->asset, self);
    load(self);
    ui_pages_wake(ui);
    return self;
}

static void
tell_waiting(UiSite *self, UiSite *site)
{
    GSList *waiting = g_slist_reverse(g_steal_pointer(&self->waiting));

    for (GSList *link = waiting; link != NULL; link = link->next) {
        Wait *wait = link->data;
        wait->done(wait->data, site);
    }
    g_slist_free_full(waiting, g_free);
}

void
ui_site_close(UiSite *self)
{
    const CfxHost *host = self->ui->host;
    g_autoptr(UiSite) hold G_GNUC_UNUSED = ui_site_ref(self);

    self->is_closed = TRUE;
    tell_waiting(self, NULL);
    if (self->belief_watch != 0)
        host->data->unwatch(host, self->belief_watch);
    self->belief_watch = 0;
    g_hash_table_remove(self->ui->sites, &self->asset);
}

/* --- loading ----------------------------------------------------------------------------------- */

void
ui_site_loaded_one(UiSite *self)
{
    if (self->loading == 0 || --self->loading > 0)
        return;
    ui_site_tick(self);
    tell_waiting(self, self);
}

void
ui_site_when_loaded(UiSite *self, UiSiteDone done, gpointer data)
{
    if (self->loading == 0) {
        done(data, self);
        return;
    }
    Wait *wait = g_new(Wait, 1);
    *wait = (Wait){ done, data };
    self->waiting = g_slist_prepend(self->waiting, wait);
}

void
ui_site_read_over(UiSite *self, UiDirty subject, const GError *error)
{
    self->reading &= ~(guint)subject;
    if (error != NULL)
        self->dirty |= subject;
    if (subject != UI_DIRTY_PLAN)
        ui_site_loaded_one(self);
}

/* --- ticks ------------------------------------------------------------------------------------- */

static void
read_records(UiSite *self)
{
    static const struct {
        UiDirty subject;
        void (*read)(UiSite *self);
    } reads[] = {
        { UI_DIRTY_PROFILES, ui_site_profiles_read },
        { UI_DIRTY_SESSIONS, ui_site_sessions_read },
        { UI_DIRTY_EVENTS, ui_site_events_read },
        { UI_DIRTY_PLAN, ui_site_plan_record_read },
    };
    gint64 now_us = cfx_now_real(self->ui->host);

    if (self->dirty == 0 || now_us - self->read_us < READ_PAUSE_US)
        return;
    self->read_us = now_us;
    for (gsize i = 0; i < G_N_ELEMENTS(reads); i++) {
        if ((self->dirty & ~self->reading & reads[i].subject) == 0)
            continue;
        self->dirty &= ~(guint)reads[i].subject;
        self->reading |= reads[i].subject;
        reads[i].read(self);
    }
}

void
ui_site_tick(UiSite *self)
{
    if (self->loading > 0)
        return;
    ui_site_series_tick(self);
    ui_site_devices_tick(self);
    ui_site_plan_tick(self);
    /* the status costs most and is made of seconds */
    if (self->ticks++ % 2 == 0)
        ui_site_status_tick(self);
    read_records(self);
}

/* --- messages ---------------------------------------------------------------------------------- */

GBytes *
ui_site_message(const UiSite *self, guint64 since)
{
    g_autofree char *at =
        g_strdup_printf("%s.%" G_GUINT64_FORMAT, self->epoch, ui_items_last(self->items));
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "type", since == 0 ? "snapshot" : "delta");
    cfx_json_member_text(&json, "at", at);
    cfx_json_member_time(&json, "now", cfx_now_site(self->ui->host));
    cfx_json_name(&json, "items");
    cfx_json_begin_array(&json);
    ui_items_write(self->items, since, &json);
    for (guint i = 0; i < self->series->len; i++) {
        const UiSeries *series = self->series->pdata[i];
        if (since == 0 || ui_series_is_new(series, since))
            ui_series_write(series, since, &json);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    return cfx_json_writer_steal(&json);
}
