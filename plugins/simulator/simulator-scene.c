/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-scene-private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cariflex/cfx-abi.h>

#include "simulator-json.h"
#include "simulator-random.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)
#define STATIONS_MAX 90

static void
station_clear(gpointer data)
{
    g_free(((SimStationData *)data)->name);
}

void
sim_scene_free(SimScene *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_free(self->zone_name);
    g_free(self->price_program);
    g_free(self->control_program);
    g_clear_pointer(&self->zone, g_time_zone_unref);
    g_clear_pointer(&self->stations, g_array_unref);
    g_clear_pointer(&self->pv, g_array_unref);
    g_clear_pointer(&self->node, json_node_unref);
    g_free(self);
}

gboolean
sim_scene_fail(GError **error, const char *where, const char *what)
{
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "%s: %s", where, what);
    return FALSE;
}

/* A number of the file, scaled, within bounds. */
gboolean
sim_scene_need_real(
    JsonObject *object, const char *name, double low, double high, double *ret, GError **error)
{
    double value;
    if (!sim_json_real(object, name, &value))
        return sim_scene_fail(error, name, "a number is expected");
    if (value < low || value > high)
        return sim_scene_fail(error, name, "out of range");
    *ret = value;
    return TRUE;
}

static gboolean
need_id(JsonObject *object, const char *name, gint64 *ret, GError **error)
{
    if (!sim_json_integer(object, name, ret) || *ret <= 0)
        return sim_scene_fail(error, name, "the id of a sensor is expected");
    return TRUE;
}

gboolean
sim_scene_need_text(JsonObject *object, const char *name, char **ret, GError **error)
{
    const char *text = sim_json_string(object, name);
    if (text == NULL || text[0] == '\0' || strlen(text) > 200)
        return sim_scene_fail(error, name, "a text is expected");
    *ret = g_strdup(text);
    return TRUE;
}

gboolean
sim_scene_read_clock(const char *text, int *ret)
{
    int hour, minute;
    char end;
    if (text == NULL || strlen(text) != 5 || sscanf(text, "%2d:%2d%c", &hour, &minute, &end) != 2 ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return FALSE;
    *ret = hour * 60 + minute;
    return TRUE;
}

gboolean
sim_scene_need_clock(JsonObject *object, const char *name, int *ret, GError **error)
{
    if (!sim_scene_read_clock(sim_json_string(object, name), ret))
        return sim_scene_fail(error, name, "a clock time HH:MM is expected");
    return TRUE;
}

static gboolean
read_station(SimScene *self, JsonObject *json, GError **error)
{
    SimStationData station = { .phases = 3, .voltage_v = 230 };
    double periods, kwh;
    const char *units = sim_json_string(json, "rate_units");
    if (json == NULL)
        return sim_scene_fail(error, "stations", "objects are expected");
    if (!sim_scene_need_real(json, "rated_kw", 1, 400, &station.rated_w, error) ||
        !sim_scene_need_real(json, "max_current_a", 6, 600, &station.max_current_a, error) ||
        !sim_scene_need_real(json, "periods", 1, 1024, &periods, error) ||
        !sim_scene_need_real(json, "register_kwh", 0, 1e9, &kwh, error) ||
        !need_id(json, "sensor", &station.sensor, error))
        return FALSE;
    if (!sim_scene_need_text(json, "name", &station.name, error))
        return FALSE;
    station.rated_w *= 1000;
    station.register_wh = kwh * 1000;
    /* its rating is what a limit counts it with, so it keeps that too */
    station.max_current_a =
        MIN(station.max_current_a, station.rated_w / (station.voltage_v * station.phases));
    station.periods = (guint)periods;
    station.takes_watts = units != NULL && strchr(units, 'W') != NULL;
    g_array_append_val(self->stations, station);
    return TRUE;
}

static gboolean
read_stations(SimScene *self, JsonObject *root, GError **error)
{
    JsonArray *array = sim_json_array(root, "stations");
    guint n = array == NULL ? 0 : json_array_get_length(array);
    if (n == 0 || n > STATIONS_MAX)
        return sim_scene_fail(error, "stations", "1 to 90 stations are expected");
    for (guint i = 0; i < n; i++)
        if (!read_station(self, sim_json_item(array, i), error)) {
            g_prefix_error(error, "stations[%u].", i);
            return FALSE;
        }
    return TRUE;
}

static gboolean
read_site(SimScene *self, JsonObject *root, GError **error)
{
    JsonArray *base = sim_json_array(root, "base_kw");
    if (base == NULL || json_array_get_length(base) != 24)
        return sim_scene_fail(error, "base_kw", "24 numbers are expected");
    for (guint i = 0; i < 24; i++) {
        double base_kw;
        if (!sim_json_real_at(base, i, &base_kw))
            return sim_scene_fail(error, "base_kw", "24 numbers are expected");
        self->base_w[i] = 1000 * base_kw;
    }
    if (!sim_scene_need_real(root, "latitude", -90, 90, &self->latitude, error) ||
        !sim_scene_need_real(root, "longitude", -180, 180, &self->longitude, error) ||
        !sim_scene_need_real(root, "contract_kw", 0, 1e6, &self->contract_w, error) ||
        !sim_scene_need_real(root, "base_max_kw", 0, 1e6, &self->base_max_w, error) ||
        !sim_scene_need_real(root, "base_noise_kw", 0, 1e6, &self->base_noise_w, error) ||
        !sim_scene_need_real(root, "fail_safe_a", 0, 100, &self->fail_safe_a, error))
        return FALSE;
    self->contract_w *= 1000;
    self->base_max_w *= 1000;
    self->base_noise_w *= 1000;
    JsonArray *registers = sim_json_array(root, "registers_kwh");
    if (!sim_json_real_at(registers, 0, &self->import_wh) ||
        !sim_json_real_at(registers, 1, &self->export_wh))
        return sim_scene_fail(error, "registers_kwh", "two numbers are expected");
    self->import_wh *= 1000;
    self->export_wh *= 1000;
    return TRUE;
}

static gboolean
read_sensors(SimScene *self, JsonObject *root, GError **error)
{
    JsonObject *json = sim_json_object(root, "sensors");
    SimSensors *to = &self->sensors;
    if (json == NULL)
        return sim_scene_fail(error, "sensors", "an object is expected");
    if (!need_id(json, "irradiance", &to->irradiance, error) ||
        !need_id(json, "temperature", &to->temperature, error) ||
        !need_id(json, "live_power", &to->live_power, error) ||
        !need_id(json, "import_register", &to->import_register, error) ||
        !need_id(json, "export_register", &to->export_register, error) ||
        !need_id(json, "base_forecast", &to->base_forecast, error) ||
        !need_id(json, "pv_forecast", &to->pv_forecast, error)) {
        g_prefix_error(error, "sensors.");
        return FALSE;
    }
    JsonArray *pv = sim_json_array(root, "pv");
    for (guint i = 0; pv != NULL && i < json_array_get_length(pv); i++) {
        SimPv item;
        JsonObject *object = sim_json_item(pv, i);
        if (!need_id(object, "sensor", &item.sensor, error) ||
            !sim_scene_need_real(object, "peak_kw", 0, 1e5, &item.peak_w, error)) {
            g_prefix_error(error, "pv[%u].", i);
            return FALSE;
        }
        item.peak_w *= 1000;
        g_array_append_val(self->pv, item);
    }
    return TRUE;
}

SimScene *
sim_scene_parse(JsonNode *node, GError **error)
{
    JsonObject *root = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    gint64 version = 0;
    if (g_strcmp0(sim_json_string(root, "format"), "cariflex-world") != 0 ||
        !sim_json_integer(root, "version", &version) || version != 1) {
        sim_scene_fail(error, "format", "\"cariflex-world\" of version 1 is expected");
        return NULL;
    }
    g_autoptr(SimScene) self = g_new0(SimScene, 1);
    self->stations = g_array_new(FALSE, FALSE, sizeof(SimStationData));
    g_array_set_clear_func(self->stations, station_clear);
    self->pv = g_array_new(FALSE, FALSE, sizeof(SimPv));
    self->node = json_node_ref(node);
    JsonObject *prices = sim_json_object(root, "prices");
    if (!sim_scene_need_text(root, "name", &self->name, error) ||
        !sim_scene_need_text(root, "zone", &self->zone_name, error) ||
        !read_site(self, root, error) || !read_stations(self, root, error) ||
        !read_sensors(self, root, error) ||
        !sim_scene_need_text(prices, "program", &self->price_program, error) ||
        !sim_scene_need_clock(prices, "tomorrow_at", &self->tomorrow_minute, error))
        return NULL;
    const char *program =
        sim_json_string(sim_json_item(sim_json_array(root, "load_control"), 0), "program");
    self->control_program = g_strdup(program != NULL ? program : "load-control");
    self->zone = g_time_zone_new_identifier(self->zone_name);
    if (self->zone == NULL) {
        sim_scene_fail(
            error, "zone", "not the name of a time zone, or its data (tzdata) are not installed");
        return NULL;
    }
    return g_steal_pointer(&self);
}

SimScene *
sim_scene_load(const char *path, GError **error)
{
    g_autoptr(JsonNode) node = sim_json_load(path, error);
    if (node == NULL)
        return NULL;
    SimScene *self = sim_scene_parse(node, error);
    if (self == NULL)
        g_prefix_error(error, "%s: ", path);
    return self;
}

gint64
sim_scene_clock(const SimScene *self, gint64 from_us, int day, int minute)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(from_us / SECOND);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, self->zone);
    g_autoptr(GDateTime) date = g_date_time_add_days(local, day);
    g_autoptr(GDateTime) at = g_date_time_new(self->zone,
                                              g_date_time_get_year(date),
                                              g_date_time_get_month(date),
                                              g_date_time_get_day_of_month(date),
                                              minute / 60,
                                              minute % 60,
                                              0);
    return g_date_time_to_unix(at) * SECOND;
}

int
sim_scene_minute(const SimScene *self, gint64 at_us)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at_us / SECOND);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, self->zone);
    return g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local);
}

gboolean
sim_scene_noon(const SimScene *self, const char *date, gint64 *ret_us)
{
    g_autofree char *text = g_strconcat(date, "T12:00:00", NULL);
    g_autoptr(GDateTime) noon = g_date_time_new_from_iso8601(text, self->zone);
    if (noon == NULL)
        return FALSE;
    *ret_us = g_date_time_to_unix(noon) * SECOND;
    return TRUE;
}

double
sim_scene_base_expected(const SimScene *self, gint64 at_us)
{
    int minute = sim_scene_minute(self, at_us);
    double x = minute % 60 / 60.0;
    return self->base_w[minute / 60] * (1 - x) + self->base_w[(minute / 60 + 1) % 24] * x;
}

double
sim_scene_base(const SimScene *self, guint64 seed, gint64 at_us)
{
    double noise = 0.7 * sim_noise(seed, "base slow", at_us, 40 * MINUTE) +
                   0.3 * sim_noise(seed, "base fast", at_us, 3 * MINUTE);
    double base_w = sim_scene_base_expected(self, at_us) + self->base_noise_w * noise;
    return CLAMP(base_w, 0, self->base_max_w);
}
