/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-site.h"

#include "simulator-gateway.h"
#include "simulator-random.h"
#include "simulator-text.h"

#define QUARTER (15 * CFX_MINUTE)
#define REGISTER_PERIOD (5 * CFX_MINUTE)
#define FORECAST_PERIOD (3 * CFX_HOUR)
#define FORECAST_SLOTS 144

struct _SimSite {
    SimWorld *world;
    const SimScene *scene;
    const SimOptions *options;
    SimSky sky;
    GPtrArray *stations; /* (element-type SimStation) */
    SimGateway *site, *weather, *forecaster;
    double import_wh, export_wh;
    double base_w, pv_w, irradiance, temperature;
    double *module_w, *module_wh; /* of each PV module: now, and since the last quarter */
    double irradiance_us;         /* integral since the last quarter */
    gint64 quarter_us;
};

static double
cars_power(const SimSite *self)
{
    double power_w = 0;
    for (guint i = 0; i < self->stations->len; i++)
        power_w += ((SimStation *)g_ptr_array_index(self->stations, i))->power_w;
    return power_w;
}

static double
site_power(const SimSite *self)
{
    return self->base_w + cars_power(self) - self->pv_w;
}

void
sim_site_flow(SimSite *self, gint64 span_us)
{
    if (self == NULL)
        return;
    double energy_wh = site_power(self) * (double)span_us / 3600e6;
    if (energy_wh > 0)
        self->import_wh += energy_wh;
    else
        self->export_wh -= energy_wh;
    for (guint i = 0; i < self->scene->pv->len; i++)
        self->module_wh[i] += self->module_w[i] * (double)span_us / 3600e6;
    self->irradiance_us += self->irradiance * (double)span_us;
    for (guint i = 0; i < self->stations->len; i++)
        sim_station_flow(g_ptr_array_index(self->stations, i), span_us);
}

static void
look_at_sky(SimSite *self)
{
    gint64 now_us = sim_world_now(self->world);
    self->base_w = sim_scene_base(self->scene, self->options->seed, now_us);
    self->irradiance = sim_sky_irradiance(&self->sky, now_us);
    self->temperature = sim_sky_temperature(&self->sky, now_us);
    self->pv_w = 0;
    for (guint i = 0; i < self->scene->pv->len; i++) {
        char stream[32];
        g_snprintf(stream, sizeof stream, "module %u", i);
        /* single clouds reach the modules one after the other */
        double share = 1 + 0.08 * sim_noise(self->options->seed, stream, now_us, 5 * CFX_MINUTE);
        self->module_w[i] = sim_sky_pv(g_array_index(self->scene->pv, SimPv, i).peak_w,
                                       self->irradiance * share,
                                       self->temperature);
        self->pv_w += self->module_w[i];
    }
}

static void
log_meter(SimSite *self)
{
    GString *line = sim_world_log(self->world, "meter", "note", "meter");
    sim_text_real(line, "import_wh", self->import_wh);
    sim_text_real(line, "export_wh", self->export_wh);
    sim_text_real(line, "power_w", site_power(self));
    sim_text_real(line, "base_w", self->base_w);
    sim_text_real(line, "pv_w", self->pv_w);
    sim_text_real(line, "cars_w", cars_power(self));
    sim_world_logged(self->world);
}

static void
post_registers(SimSite *self, gint64 now_us)
{
    double import_kwh = self->import_wh / 1000, export_kwh = self->export_wh / 1000;
    const SimSensors *sensors = &self->scene->sensors;
    sim_gateway_post(self->site, sensors->import_register, now_us, 0, &import_kwh, 1, "kWh");
    sim_gateway_post(self->site, sensors->export_register, now_us, 0, &export_kwh, 1, "kWh");
}

/* What the quarter hour that has just ended was like. */
static void
post_quarter(SimSite *self, gint64 now_us)
{
    gint64 start_us = now_us - QUARTER;
    gboolean is_whole = self->quarter_us == start_us;
    double irradiance = self->irradiance_us / (double)QUARTER;
    for (guint i = 0; i < self->scene->pv->len; i++) {
        double power_kw = self->module_wh[i] * 4 / 1000;
        self->module_wh[i] = 0;
        if (is_whole)
            sim_gateway_post(self->weather,
                             g_array_index(self->scene->pv, SimPv, i).sensor,
                             start_us,
                             QUARTER,
                             &power_kw,
                             1,
                             "kW");
    }
    if (is_whole) {
        sim_gateway_post(self->weather,
                         self->scene->sensors.irradiance,
                         start_us,
                         QUARTER,
                         &irradiance,
                         1,
                         "W/m²");
        sim_gateway_post(self->weather,
                         self->scene->sensors.temperature,
                         start_us,
                         QUARTER,
                         &self->temperature,
                         1,
                         "°C");
    }
    self->irradiance_us = 0;
    self->quarter_us = now_us;
    for (guint i = 0; i < self->stations->len; i++)
        sim_station_log(g_ptr_array_index(self->stations, i));
}

static void
meter_cb(gpointer data)
{
    SimSite *self = data;
    gint64 now_us = sim_world_now(self->world), period_us = self->options->meter_us;
    look_at_sky(self);
    log_meter(self);
    sim_gateway_post_live(
        self->site, self->scene->sensors.live_power, now_us, site_power(self) / 1000, "kW");
    if (now_us % REGISTER_PERIOD == 0)
        post_registers(self, now_us);
    if (now_us % QUARTER == 0)
        post_quarter(self, now_us);
    sim_world_at(self->world, (now_us / period_us + 1) * period_us, meter_cb, self);
}

static void
forecast_cb(gpointer data)
{
    SimSite *self = data;
    gint64 now_us = sim_world_now(self->world), start_us = now_us / QUARTER * QUARTER;
    double base_kw[FORECAST_SLOTS], pv_kw[FORECAST_SLOTS];
    for (guint i = 0; i < FORECAST_SLOTS; i++) {
        gint64 middle_us = start_us + i * QUARTER + QUARTER / 2;
        base_kw[i] = sim_scene_base_expected(self->scene, middle_us) / 1000;
        pv_kw[i] = 0;
        for (guint j = 0; j < self->scene->pv->len; j++)
            pv_kw[i] += sim_sky_pv_expected(&self->sky,
                                            g_array_index(self->scene->pv, SimPv, j).peak_w,
                                            middle_us) /
                        1000;
    }
    const SimSensors *sensors = &self->scene->sensors;
    sim_gateway_post(self->forecaster,
                     sensors->base_forecast,
                     start_us,
                     FORECAST_SLOTS * QUARTER,
                     base_kw,
                     FORECAST_SLOTS,
                     "kW");
    sim_gateway_post(self->forecaster,
                     sensors->pv_forecast,
                     start_us,
                     FORECAST_SLOTS * QUARTER,
                     pv_kw,
                     FORECAST_SLOTS,
                     "kW");
    sim_world_at(self->world, (now_us / FORECAST_PERIOD + 1) * FORECAST_PERIOD, forecast_cb, self);
}

SimSite *
sim_site_new(SimWorld *world, GPtrArray *stations, GError **error)
{
    SimSite *self = g_new0(SimSite, 1);
    self->world = world;
    self->scene = sim_world_scene(world);
    self->options = sim_world_options(world);
    self->sky = (SimSky){ self->scene->latitude, self->scene->longitude, self->options->seed };
    self->stations = g_ptr_array_ref(stations);
    self->import_wh = self->scene->import_wh;
    self->export_wh = self->scene->export_wh;
    self->module_w = g_new0(double, MAX(1, self->scene->pv->len));
    self->module_wh = g_new0(double, MAX(1, self->scene->pv->len));
    self->site = sim_gateway_new(world, "gateway-site", error);
    if (self->site != NULL)
        self->weather = sim_gateway_new(world, "gateway-weather", error);
    if (self->weather != NULL)
        self->forecaster = sim_gateway_new(world, "forecaster", error);
    if (self->forecaster != NULL)
        return self;
    sim_site_free(self);
    return NULL;
}

void
sim_site_free(SimSite *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->site, sim_gateway_free);
    g_clear_pointer(&self->weather, sim_gateway_free);
    g_clear_pointer(&self->forecaster, sim_gateway_free);
    g_ptr_array_unref(self->stations);
    g_free(self->module_w);
    g_free(self->module_wh);
    g_free(self);
}

void
sim_site_start(SimSite *self)
{
    gint64 period_us = self->options->meter_us, now_us = sim_world_now(self->world);
    look_at_sky(self);
    sim_world_at(self->world, (now_us / period_us + 1) * period_us, meter_cb, self);
}

void
sim_site_forecast(SimSite *self)
{
    forecast_cb(self);
}

void
sim_site_end(SimSite *self)
{
    sim_gateway_tell_lost(self->site);
    sim_gateway_tell_lost(self->weather);
    sim_gateway_tell_lost(self->forecaster);
}

void
sim_site_summary(SimSite *self, GString *line)
{
    sim_text_integer(line,
                     "posts",
                     (gint64)(sim_gateway_posts(self->site) + sim_gateway_posts(self->weather) +
                              sim_gateway_posts(self->forecaster)));
    sim_text_real(line, "import_wh", self->import_wh);
    sim_text_real(line, "export_wh", self->export_wh);
}
