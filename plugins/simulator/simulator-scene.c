/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-scene.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cariflex/cfx-abi.h>

#include "simulator-json.h"
#include "simulator-random.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
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
    g_clear_pointer(&self->zone, g_time_zone_unref);
    g_clear_pointer(&self->stations, g_array_unref);
    g_clear_pointer(&self->pv, g_array_unref);
    g_clear_pointer(&self->node, json_node_unref);
    g_free(self);
}

static gboolean
fail(GError **error, const char *where, const char *what)
{
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "%s: %s", where, what);
    return FALSE;
}

/* A number of the file, scaled, within bounds. */
static gboolean
need_real(
    JsonObject *object, const char *name, double low, double high, double *ret, GError **error)
{
    double value;
    if (!sim_json_real(object, name, &value))
        return fail(error, name, "a number is expected");
    if (value < low || value > high)
        return fail(error, name, "out of range");
    *ret = value;
    return TRUE;
}

static gboolean
need_id(JsonObject *object, const char *name, gint64 *ret, GError **error)
{
    if (!sim_json_integer(object, name, ret) || *ret <= 0)
        return fail(error, name, "the id of a sensor is expected");
    return TRUE;
}

static gboolean
need_text(JsonObject *object, const char *name, char **ret, GError **error)
{
    const char *text = sim_json_string(object, name);
    if (text == NULL || text[0] == '\0' || strlen(text) > 200)
        return fail(error, name, "a text is expected");
    *ret = g_strdup(text);
    return TRUE;
}

static gboolean
read_clock(const char *text, int *ret)
{
    int hour, minute;
    char end;
    if (text == NULL || strlen(text) != 5 || sscanf(text, "%2d:%2d%c", &hour, &minute, &end) != 2 ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return FALSE;
    *ret = hour * 60 + minute;
    return TRUE;
}

static gboolean
need_clock(JsonObject *object, const char *name, int *ret, GError **error)
{
    if (!read_clock(sim_json_string(object, name), ret))
        return fail(error, name, "a clock time HH:MM is expected");
    return TRUE;
}

static gboolean
read_station(SimScene *self, JsonObject *json, GError **error)
{
    SimStationData station = { .phases = 3, .voltage_v = 230 };
    double periods, kwh;
    const char *units = sim_json_string(json, "rate_units");
    if (json == NULL)
        return fail(error, "stations", "objects are expected");
    if (!need_real(json, "rated_kw", 1, 400, &station.rated_w, error) ||
        !need_real(json, "max_current_a", 6, 600, &station.max_current_a, error) ||
        !need_real(json, "periods", 1, 1024, &periods, error) ||
        !need_real(json, "register_kwh", 0, 1e9, &kwh, error) ||
        !need_id(json, "sensor", &station.sensor, error))
        return FALSE;
    if (!need_text(json, "name", &station.name, error))
        return FALSE;
    station.rated_w *= 1000;
    station.register_wh = kwh * 1000;
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
        return fail(error, "stations", "1 to 90 stations are expected");
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
        return fail(error, "base_kw", "24 numbers are expected");
    for (guint i = 0; i < 24; i++) {
        double base_kw;
        if (!sim_json_real_at(base, i, &base_kw))
            return fail(error, "base_kw", "24 numbers are expected");
        self->base_w[i] = 1000 * base_kw;
    }
    if (!need_real(root, "latitude", -90, 90, &self->latitude, error) ||
        !need_real(root, "longitude", -180, 180, &self->longitude, error) ||
        !need_real(root, "contract_kw", 0, 1e6, &self->contract_w, error) ||
        !need_real(root, "base_max_kw", 0, 1e6, &self->base_max_w, error) ||
        !need_real(root, "base_noise_kw", 0, 1e6, &self->base_noise_w, error) ||
        !need_real(root, "fail_safe_a", 0, 100, &self->fail_safe_a, error))
        return FALSE;
    self->contract_w *= 1000;
    self->base_max_w *= 1000;
    self->base_noise_w *= 1000;
    JsonArray *registers = sim_json_array(root, "registers_kwh");
    if (!sim_json_real_at(registers, 0, &self->import_wh) ||
        !sim_json_real_at(registers, 1, &self->export_wh))
        return fail(error, "registers_kwh", "two numbers are expected");
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
        return fail(error, "sensors", "an object is expected");
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
            !need_real(object, "peak_kw", 0, 1e5, &item.peak_w, error)) {
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
        fail(error, "format", "\"cariflex-world\" of version 1 is expected");
        return NULL;
    }
    g_autoptr(SimScene) self = g_new0(SimScene, 1);
    self->stations = g_array_new(FALSE, FALSE, sizeof(SimStationData));
    g_array_set_clear_func(self->stations, station_clear);
    self->pv = g_array_new(FALSE, FALSE, sizeof(SimPv));
    self->node = json_node_ref(node);
    JsonObject *prices = sim_json_object(root, "prices");
    if (!need_text(root, "name", &self->name, error) ||
        !need_text(root, "zone", &self->zone_name, error) || !read_site(self, root, error) ||
        !read_stations(self, root, error) || !read_sensors(self, root, error) ||
        !need_text(prices, "program", &self->price_program, error) ||
        !need_clock(prices, "tomorrow_at", &self->tomorrow_minute, error))
        return NULL;
    self->zone = g_time_zone_new_identifier(self->zone_name);
    if (self->zone == NULL) {
        fail(error, "zone", "not the name of a time zone, or its data (tzdata) are not installed");
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

/* --- the day ------------------------------------------------------------------------------- */

static void
control_free(SimControl *self)
{
    g_free(self->name);
    g_free(self->program);
    g_free(self->type);
    g_free(self);
}

void
sim_day_free(SimDay *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->cars);
    g_ptr_array_unref(self->controls);
    g_array_unref(self->faults);
    g_free(self);
}

/* The instant of a clock time within the 24 hours from noon. */
static gint64
within(const SimScene *self, gint64 noon_us, int minute)
{
    return sim_scene_clock(self, noon_us, minute < 12 * 60 ? 1 : 0, minute);
}

/* Draws from ["18:00", "18:20"], on whole seconds. */
static gboolean
draw_instant(const SimScene *self,
             JsonObject *json,
             const char *name,
             gint64 noon_us,
             SimRandom *random,
             gint64 *ret_us,
             GError **error)
{
    JsonArray *range = sim_json_array(json, name);
    int low, high;
    if (!read_clock(sim_json_string_at(range, 0), &low) ||
        !read_clock(sim_json_string_at(range, 1), &high))
        return fail(error, name, "a range of clock times is expected");
    gint64 from_us = within(self, noon_us, low), to_us = within(self, noon_us, high);
    if (to_us < from_us)
        return fail(error, name, "the range ends before it begins");
    double at_us = sim_random_between(random, (double)from_us, (double)to_us);
    *ret_us = (gint64)(at_us / SECOND) * SECOND;
    return TRUE;
}

static gboolean
draw_real(JsonObject *json,
          const char *name,
          double scale,
          SimRandom *random,
          double *ret,
          GError **error)
{
    JsonArray *range = sim_json_array(json, name);
    double low, high;
    if (!sim_json_real_at(range, 0, &low) || !sim_json_real_at(range, 1, &high))
        return fail(error, name, "a range of numbers is expected");
    if (!(low >= 0) || !(high >= low) || !(high < 1e6))
        return fail(error, name, "out of range");
    *ret = round(scale * sim_random_between(random, low, high));
    return TRUE;
}

static gboolean
find_station(const SimScene *self, const char *name, guint *ret)
{
    for (guint i = 0; i < self->stations->len; i++)
        if (g_strcmp0(g_array_index(self->stations, SimStationData, i).name, name) == 0) {
            *ret = i;
            return TRUE;
        }
    return FALSE;
}

static gboolean
read_tells(JsonObject *json, SimTells *ret)
{
    const char *tells = sim_json_string(json, "tells");
    if (g_strcmp0(tells, "needs") == 0)
        *ret = SIM_TELLS_NEEDS;
    else if (g_strcmp0(tells, "token") == 0)
        *ret = SIM_TELLS_TOKEN;
    else if (g_strcmp0(tells, "nothing") == 0)
        *ret = SIM_TELLS_NOTHING;
    else
        return FALSE;
    return TRUE;
}

/* The need, and beyond it what the battery still takes at a falling current: a stated need is
 * always met before the taper. */
static gboolean
draw_energy(const SimScene *self,
            SimCar *car,
            JsonObject *json,
            gint64 noon_us,
            SimRandom *random,
            GError **error)
{
    double battery_wh, before_min, spare_wh;
    if (!need_real(json, "battery_kwh", 1, 500, &battery_wh, error))
        return FALSE;
    battery_wh *= 1000;
    car->need_wh = NAN;
    if (car->tells == SIM_TELLS_NOTHING) {
        if (!draw_real(json, "room_kwh", 1000, random, &car->room_wh, error))
            return FALSE;
    } else {
        if (!draw_real(json, "need_kwh", 1000, random, &car->need_wh, error) ||
            !draw_real(json, "spare_kwh", 1000, random, &spare_wh, error))
            return FALSE;
        car->room_wh = car->need_wh + spare_wh;
        int by;
        if (read_clock(sim_json_string(json, "by"), &by))
            car->by_us = within(self, noon_us, by);
        else if (need_real(json, "by_before_min", 0, 600, &before_min, error))
            car->by_us = (car->depart_us - (gint64)before_min * MINUTE) / MINUTE * MINUTE;
        else
            return FALSE;
    }
    if (car->room_wh > battery_wh)
        return fail(error, "battery_kwh", "the battery is smaller than what it is to take");
    car->taper_wh = MAX(0, car->room_wh - 0.1 * battery_wh);
    if (car->tells != SIM_TELLS_NOTHING)
        car->taper_wh = MAX(car->taper_wh, car->need_wh);
    return TRUE;
}

static SimCar *
draw_car(const SimScene *self, JsonObject *json, guint64 seed, gint64 noon_us, GError **error)
{
    g_autoptr(SimCar) car = g_new0(SimCar, 1);
    double phases;
    if (!need_text(json, "name", &car->name, error) ||
        !need_text(json, "token", &car->token, error) ||
        !need_real(json, "phases", 1, 3, &phases, error) ||
        !need_real(json, "max_current_a", 6, 600, &car->max_current_a, error))
        return NULL;
    car->phases = (guint)phases;
    if (!find_station(self, sim_json_string(json, "station"), &car->station)) {
        fail(error, "station", "there is no station of that name");
        return NULL;
    }
    if (!read_tells(json, &car->tells)) {
        fail(error, "tells", "\"needs\", \"token\" or \"nothing\" is expected");
        return NULL;
    }
    SimRandom random;
    g_autofree char *stream = g_strdup_printf("car %s %" G_GINT64_FORMAT, car->name, noon_us);
    sim_random_init(&random, seed, stream);
    if (!draw_instant(self, json, "arrive", noon_us, &random, &car->arrive_us, error) ||
        !draw_instant(self, json, "depart", noon_us, &random, &car->depart_us, error) ||
        !draw_energy(self, car, json, noon_us, &random, error))
        return NULL;
    if (car->depart_us <= car->arrive_us || (car->by_us != 0 && car->by_us > car->depart_us)) {
        fail(error, "depart", "a car leaves before it has come, or before its energy is due");
        return NULL;
    }
    return g_steal_pointer(&car);
}

static SimControl *
read_control(const SimScene *self, JsonObject *json, gint64 noon_us, GError **error)
{
    SimControl *control = g_new0(SimControl, 1);
    int publish, start, end;
    if (!need_text(json, "name", &control->name, error) ||
        !need_text(json, "program", &control->program, error) ||
        !need_text(json, "type", &control->type, error) ||
        !need_clock(json, "publish", &publish, error) ||
        !need_clock(json, "start", &start, error) || !need_clock(json, "end", &end, error) ||
        !need_real(json, "value", -1e6, 1e6, &control->value, error)) {
        control_free(control);
        return NULL;
    }
    control->publish_us = within(self, noon_us, publish);
    control->start_us = within(self, noon_us, start);
    control->end_us = within(self, noon_us, end);
    if (control->publish_us > control->start_us || control->start_us >= control->end_us) {
        fail(error, "start", "an event is published before it starts, and ends after");
        control_free(control);
        return NULL;
    }
    return control;
}

static gboolean
draw_fault(const SimScene *self,
           JsonObject *json,
           guint64 seed,
           gint64 noon_us,
           SimDay *day,
           GError **error)
{
    SimFault fault;
    double seconds;
    JsonArray *names = sim_json_array(json, "stations");
    if (g_strcmp0(sim_json_string(json, "kind"), "socket") != 0)
        return fail(error, "kind", "\"socket\" is expected");
    guint n = names == NULL ? 0 : json_array_get_length(names);
    if (n == 0)
        return fail(error, "stations", "a list of names is expected");
    SimRandom random;
    g_autofree char *stream =
        g_strdup_printf("fault %u %" G_GINT64_FORMAT, day->faults->len, noon_us);
    sim_random_init(&random, seed, stream);
    const char *name = sim_json_string_at(names, sim_random_below(&random, n));
    if (!find_station(self, name, &fault.station))
        return fail(error, "stations", "there is no station of that name");
    if (!draw_instant(self, json, "start", noon_us, &random, &fault.start_us, error) ||
        !draw_real(json, "minutes", 60, &random, &seconds, error))
        return FALSE;
    fault.end_us = fault.start_us + (gint64)seconds * SECOND;
    g_array_append_val(day->faults, fault);
    return TRUE;
}

static int
by_arrival(gconstpointer a, gconstpointer b)
{
    const SimCar *first = *(SimCar *const *)a, *second = *(SimCar *const *)b;
    if (first->arrive_us != second->arrive_us)
        return first->arrive_us < second->arrive_us ? -1 : 1;
    return (int)first->station - (int)second->station;
}

static gboolean
fill_day(const SimScene *self, SimDay *day, guint64 seed, GError **error)
{
    JsonObject *root = json_node_get_object(self->node);
    JsonArray *cars = sim_json_array(root, "cars"), *faults = sim_json_array(root, "faults"),
              *controls = sim_json_array(root, "load_control");
    for (guint i = 0; cars != NULL && i < json_array_get_length(cars); i++) {
        SimCar *car = draw_car(self, sim_json_item(cars, i), seed, day->start_us, error);
        if (car == NULL) {
            g_prefix_error(error, "cars[%u].", i);
            return FALSE;
        }
        g_ptr_array_add(day->cars, car);
    }
    g_ptr_array_sort(day->cars, by_arrival);
    for (guint i = 0; controls != NULL && i < json_array_get_length(controls); i++) {
        SimControl *control = read_control(self, sim_json_item(controls, i), day->start_us, error);
        if (control == NULL) {
            g_prefix_error(error, "load_control[%u].", i);
            return FALSE;
        }
        g_ptr_array_add(day->controls, control);
    }
    for (guint i = 0; faults != NULL && i < json_array_get_length(faults); i++)
        if (!draw_fault(self, sim_json_item(faults, i), seed, day->start_us, day, error)) {
            g_prefix_error(error, "faults[%u].", i);
            return FALSE;
        }
    return TRUE;
}

static gboolean
check_day(const SimScene *self, const SimDay *day, GError **error)
{
    for (guint i = 0; i < day->cars->len; i++) {
        const SimCar *car = g_ptr_array_index(day->cars, i);
        for (guint j = i + 1; j < day->cars->len; j++) {
            const SimCar *next = g_ptr_array_index(day->cars, j);
            if (car->station == next->station && next->arrive_us <= car->depart_us) {
                g_set_error(error,
                            CFX_ERROR,
                            CFX_ERROR_INVALID,
                            "cars: %s and %s stand at %s at the same time",
                            car->name,
                            next->name,
                            g_array_index(self->stations, SimStationData, car->station).name);
                return FALSE;
            }
        }
        if (car->depart_us >= day->end_us)
            return fail(error, "cars", "a car leaves after the day's end");
    }
    return TRUE;
}

SimDay *
sim_scene_day(const SimScene *self, guint64 seed, gint64 noon_us, GError **error)
{
    g_autoptr(SimDay) day = g_new0(SimDay, 1);
    day->start_us = noon_us;
    day->end_us = sim_scene_clock(self, noon_us, 1, 12 * 60);
    day->cars = g_ptr_array_new_with_free_func((GDestroyNotify)sim_car_free);
    day->controls = g_ptr_array_new_with_free_func((GDestroyNotify)control_free);
    day->faults = g_array_new(FALSE, FALSE, sizeof(SimFault));
    if (!fill_day(self, day, seed, error) || !check_day(self, day, error))
        return NULL;
    return g_steal_pointer(&day);
}
