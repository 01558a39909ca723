/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock, the site as a whole, and the links of the chain, out of the host's status. */
#include "ui-json.h"
#include "ui-site.h"

#include <math.h>
#include <string.h>

/* what of a delay is the network's and the loop's, in real time: a fast clock makes hours of it */
#define PATIENCE_S 3.0

/* --- clock ------------------------------------------------------------------------------------- */

static void
measure_rate(UiSite *self)
{
    gint64 real_us = cfx_now_real(self->ui->host), site_us = cfx_now_site(self->ui->host);
    gint64 passed_us = real_us - self->rate_real_us;

    if (self->rate_real_us != 0 && passed_us < 2 * CFX_SECOND)
        return;
    if (self->rate_real_us != 0) {
        double rate = (double)(site_us - self->rate_site_us) / (double)passed_us;
        /* two digits are what people read; less would flicker */
        double scale = rate > 0 ? pow(10, floor(log10(rate)) - 1) : 1;
        self->rate = round(rate / scale) * scale;
    }
    if (!self->is_simulated)
        self->rate = 1;
    self->rate_real_us = real_us;
    self->rate_site_us = site_us;
}

static void
put_clock(UiSite *self, JsonObject *status)
{
    JsonObject *clock = ui_json_object(status, "clock");
    g_auto(CfxJsonWriter) json;

    self->is_simulated = ui_json_bool(clock, "simulated");
    measure_rate(self);
    cfx_json_writer_init(&json, NULL, 0);
    ui_item_begin(&json, "clock", 0);
    cfx_json_member_bool(&json, "simulated", self->is_simulated);
    cfx_json_member_real(&json, "rate", self->rate);
    gint64 hour_us = g_get_real_time() / CFX_HOUR * CFX_HOUR;
    /* to the hour: it says which day it really is, and changes seldom */
    cfx_json_member_time(&json, "system", hour_us);
    cfx_json_end_object(&json);
    ui_items_put(self->items, "clock", "0", &json);
}

/* --- site -------------------------------------------------------------------------------------- */

static JsonObject *
site_of(gint64 asset, JsonObject *status)
{
    JsonArray *sites = ui_json_array(ui_json_object(status, "engine"), "sites");

    for (guint i = 0; sites != NULL && i < json_array_get_length(sites); i++) {
        JsonObject *site = ui_json_element(sites, i);
        if (ui_json_int(site, "site") == asset)
            return site;
    }
    return NULL;
}

typedef struct {
    guint connected, charging, plugged, faulted, offline, unsteered;
} Counts;

static void
count_devices(const UiSite *self, Counts *counts)
{
    const CfxHost *host = self->ui->host;

    for (guint i = 0; i < self->devices->len; i++) {
        CfxDevice state = { .struct_size = sizeof state }, *to = &state;
        const UiDevice *device = self->devices->pdata[i];
        host->devices->state(host, &device->asset, 1, &to);
        guint32 flags = state.asset != 0 ? state.flags : 0;
        counts->connected += (flags & CFX_DEVICE_CONNECTED) != 0;
        counts->offline += (flags & CFX_DEVICE_CONNECTED) == 0;
        counts->charging += (flags & CFX_DEVICE_CHARGING) != 0;
        counts->plugged += (flags & CFX_DEVICE_PLUGGED) != 0;
        counts->faulted += (flags & CFX_DEVICE_FAULTED) != 0;
        counts->unsteered +=
            (flags & (CFX_DEVICE_CONNECTED | CFX_DEVICE_STEERABLE)) == CFX_DEVICE_CONNECTED;
    }
}

static void
put_ages(CfxJsonWriter *json, JsonObject *ages)
{
    GList *names = ages != NULL ? json_object_get_members(ages) : NULL;

    cfx_json_name(json, "age_s");
    cfx_json_begin_object(json);
    for (GList *link = names; link != NULL; link = link->next)
        cfx_json_member_real(json, link->data, round(ui_json_real(ages, link->data)));
    cfx_json_end_object(json);
    g_list_free(names);
}

gboolean
ui_status_site_write(const UiSite *self, JsonObject *status, CfxJsonWriter *json)
{
    JsonObject *site = site_of(self->asset, status);
    Counts counts = { 0 };

    if (site == NULL)
        return FALSE;
    count_devices(self, &counts);
    ui_item_begin(json, "site", self->asset);
    ui_put_copy(json, "name", site, "name");
    ui_put_copy(json, "state", site, "state");
    ui_put_copy(json, "problem", site, "problem");
    ui_put_copy(json, "zone", site, "zone");
    ui_put_copy(json, "currency", site, "currency");
    ui_put_real(json, "price", ui_json_real(site, "price_per_kwh") * 1000);
    cfx_json_member_bool(json, "price_assumed", ui_json_bool(site, "price_assumed"));
    ui_put_real(json, "load_control", ui_json_real(site, "signal_percent"));
    ui_put_real(json, "contract_kw", ui_json_real(site, "contract_kw"));
    ui_put_real(json, "limit_kw", ui_json_real(site, "limit_kw"));
    ui_put_kilo(json, "physical_kw", self->physical_w);
    ui_put_real(json, "power_kw", ui_json_real(site, "power_kw"));
    cfx_json_member_int(json, "devices", self->devices->len);
    cfx_json_member_int(json, "connected", counts.connected);
    cfx_json_member_int(json, "charging", counts.charging);
    cfx_json_member_int(json, "plugged", counts.plugged);
    cfx_json_member_int(json, "faulted", counts.faulted);
    cfx_json_member_int(json, "sessions", ui_json_int(site, "sessions"));
    ui_put_id(json, "plan", ui_json_int(site, "plan"));
    put_ages(json, ui_json_object(site, "age_s"));
    cfx_json_end_object(json);
    return TRUE;
}

/* --- links ------------------------------------------------------------------------------------- */

typedef struct {
    const char *id;
    int rank;
    const char *state; /* NULL: by its age */
    double age_s, late_s;
    const char *subject, *detail;
    guint count, of; /* what detail says in English; of = 0: it counts nothing */
} Link;

static void
put_link(UiSite *self, Link link)
{
    g_auto(CfxJsonWriter) json;
    /* a fast clock makes much of a real moment */
    double late_s = link.late_s + PATIENCE_S * (isnan(self->rate) ? 0 : fmax(self->rate - 1, 0));

    if (link.state == NULL)
        link.state = isnan(link.age_s)                             ? "unknown"
                     : isfinite(late_s) && link.age_s > late_s ? "late"
                                                                   : "ok";
    cfx_json_writer_init(&json, NULL, 0);
    ui_item_begin_text(&json, "link", link.id);
    cfx_json_member_int(&json, "rank", link.rank);
    cfx_json_member_text(&json, "state", link.state);
    cfx_json_member_real(&json, "age_s", round(link.age_s));
    cfx_json_member_real(&json, "late_s", round(late_s));
    cfx_json_member_text(&json, "subject", link.subject);
    cfx_json_member_text(&json, "detail", link.detail);
    if (link.of > 0) {
        cfx_json_member_int(&json, "count", link.count);
        cfx_json_member_int(&json, "of", link.of);
    }
    cfx_json_end_object(&json);
    ui_items_put(self->items, "link", link.id, &json);
}

static void
put_input(UiSite *self, JsonObject *ages, const char *name, Link link)
{
    if (ages != NULL && json_object_has_member(ages, name))
        link.age_s = ui_json_real(ages, name);
    else
        link.state = "off";
    put_link(self, link);
}

/* prices and load control are told when they change: their age alone is no fault */
static void
put_inputs(UiSite *self, JsonObject *site)
{
    JsonObject *ages = ui_json_object(site, "age_s");
    gboolean is_assumed = ui_json_bool(site, "price_assumed");
    gboolean is_missing = isnan(ui_json_real(site, "price_per_kwh"));

    put_input(self,
              ages,
              "price",
              (Link){ .id = "price",
                      .rank = 20,
                      .state = is_assumed || is_missing ? "late" : NULL,
                      .late_s = 36 * 3600,
                      .subject = "price",
                      .detail = is_missing   ? "no price is known, and so no cost"
                                : is_assumed ? "no price for now: one is assumed"
                                             : NULL });
    put_input(self,
              ages,
              "load_control",
              (Link){ .id = "load-control", .rank = 21, .late_s = INFINITY, .subject = "load control" });
    put_input(self,
              ages,
              "base_load_forecast",
              (Link){ .id = "base-load-forecast",
                      .rank = 22,
                      .late_s = 26 * 3600,
                      .subject = "forecast of the base load" });
    put_input(
        self,
        ages,
        "pv_forecast",
        (Link){ .id = "pv-forecast", .rank = 23, .late_s = 26 * 3600, .subject = "forecast of PV" });
    put_input(self,
              ages,
              "live_power",
              (Link){ .id = "live-power", .rank = 60, .late_s = 30, .subject = "site meter, live" });
    put_input(self,
              ages,
              "import_register",
              (Link){ .id = "import-register",
                      .rank = 61,
                      .late_s = 1800,
                      .subject = "site meter, register" });
}

static void
put_store(UiSite *self, JsonObject *status)
{
    JsonObject *store = ui_json_object(status, "store");
    const char *failure = ui_json_text(store, "failure");
    gboolean is_full = ui_json_bool(store, "pressure");

    put_link(self,
             (Link){ .id = "store",
                     .rank = 30,
                     .state = failure != NULL ? "broken" : is_full ? "late" : "ok",
                     .age_s = ui_json_real(store, "last_commit_age_s"),
                     .late_s = NAN,
                     .subject = "store",
                     .detail = failure != NULL ? failure
                               : is_full       ? "it cannot write as fast as it is asked to"
                                               : NULL });
}

static const char *
instance_state(JsonObject *instance)
{
    const char *state = ui_json_text(instance, "state");

    return g_strcmp0(state, "running") == 0    ? "ok"
           : g_strcmp0(state, "degraded") == 0 ? "late"
           : g_strcmp0(state, "starting") == 0 ? "unknown"
                                               : "broken";
}

/* whether the instance is one that writes signals, by the type of its source */
static gboolean
is_signal(const CfxModel *model, const char *name)
{
    for (gsize i = 0; i < model->n_sources; i++) {
        if (model->sources[i]->type == CFX_SOURCE_SIGNAL &&
            g_strcmp0(model->sources[i]->instance, name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
put_instance(UiSite *self, JsonObject *instance, const CfxModel *model, const char *scheduler)
{
    const char *kind = ui_json_text(instance, "kind"), *name = ui_json_text(instance, "name");
    gboolean is_adapter = kind != NULL && strstr(kind, "adapter") != NULL;
    gboolean is_scheduler = kind != NULL && strstr(kind, "scheduler") != NULL;
    gboolean is_voice = name != NULL && is_adapter && is_signal(model, name);

    if (name == NULL || (!is_adapter && !(is_scheduler && g_strcmp0(name, scheduler) == 0)))
        return;
    g_autofree char *id = is_scheduler ? g_strdup("scheduler")
                                       : g_strconcat(is_voice ? "signal/" : "adapter/", name, NULL);
    put_link(self,
             (Link){ .id = id,
                     .rank = is_scheduler ? 40 : is_voice ? 10 : 70,
                     .state = instance_state(instance),
                     .age_s = NAN,
                     .late_s = NAN,
                     .subject = name,
                     .detail = ui_json_text(instance, "reason") });
}

static void
put_instances(UiSite *self, JsonObject *status)
{
    JsonArray *instances = ui_json_array(status, "instances");
    const char *scheduler = ui_json_text(ui_json_object(status, "engine"), "scheduler");
    const CfxModel *model = self->ui->host->model->get(self->ui->host);

    for (guint i = 0; instances != NULL && i < json_array_get_length(instances); i++)
        put_instance(self, ui_json_element(instances, i), model, scheduler);
    g_bytes_unref(model->owner);
}

static void
put_plan(UiSite *self, JsonObject *site)
{
    gint64 now_us = cfx_now_site(self->ui->host);
    const char *problem = ui_json_text(site, "problem");
    gboolean is_refused = g_strcmp0(ui_json_text(site, "state"), "refused") == 0;

    put_link(self,
             (Link){ .id = "plan",
                     .rank = 50,
                     .state = is_refused ? "broken" : NULL,
                     .age_s = self->has_plan
                                  ? (double)(now_us - self->plan.made_us) / (double)CFX_SECOND
                                  : NAN,
                     .late_s = 3600,
                     .subject = "plan in force",
                     .detail = problem });
}

static void
put_stations(UiSite *self)
{
    Counts counts = { 0 };
    guint n = self->devices->len;

    count_devices(self, &counts);
    g_autofree char *connected = g_strdup_printf("%u of %u are connected", counts.connected, n);
    g_autofree char *steered =
        g_strdup_printf("%u of %u have accepted a profile",
                        counts.connected - counts.unsteered,
                        counts.connected);
    put_link(self,
             (Link){ .id = "stations",
                     .rank = 80,
                     .state = n == 0                  ? "off"
                              : counts.connected == 0 ? "broken"
                              : counts.offline > 0    ? "late"
                                                      : "ok",
                     .age_s = NAN,
                     .late_s = NAN,
                     .subject = "charging stations",
                     .detail = connected,
                     .count = counts.connected,
                     .of = n });
    put_link(self,
             (Link){ .id = "steering",
                     .rank = 90,
                     .state = counts.connected == 0                  ? "off"
                              : counts.unsteered == counts.connected ? "broken"
                              : counts.unsteered > 0                 ? "late"
                                                                     : "ok",
                     .age_s = NAN,
                     .late_s = NAN,
                     .subject = "profiles at the stations",
                     .detail = steered,
                     .count = counts.connected - counts.unsteered,
                     .of = counts.connected });
}

void
ui_site_status_tick(UiSite *self)
{
    g_autoptr(GBytes) bytes = self->ui->host->base->status(self->ui->host);
    gsize size = 0;
    const char *text = g_bytes_get_data(bytes, &size);
    g_autoptr(JsonObject) status = ui_json_parse(text, size);
    JsonObject *site = site_of(self->asset, status);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    put_clock(self, status);
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, self->asset);
    if (ui_status_site_write(self, status, &json))
        ui_items_put(self->items, "site", id, &json);
    ui_items_sweep_begin(self->items, "link");
    put_instances(self, status);
    put_inputs(self, site);
    put_store(self, status);
    put_plan(self, site);
    put_stations(self);
    ui_items_sweep_end(self->items, "link");
}
