/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the seed makes of the world file on a day. */
#include <math.h>

#include <cariflex/cfx-abi.h>

#include "simulator-json.h"
#include "simulator-random.h"
#include "simulator-scene-private.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)

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
    if (!sim_scene_read_clock(sim_json_string_at(range, 0), &low) ||
        !sim_scene_read_clock(sim_json_string_at(range, 1), &high))
        return sim_scene_fail(error, name, "a range of clock times is expected");
    gint64 from_us = within(self, noon_us, low), to_us = within(self, noon_us, high);
    if (to_us < from_us)
        return sim_scene_fail(error, name, "the range ends before it begins");
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
        return sim_scene_fail(error, name, "a range of numbers is expected");
    if (!(low >= 0) || !(high >= low) || !(high < 1e6))
        return sim_scene_fail(error, name, "out of range");
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
    if (!sim_scene_need_real(json, "battery_kwh", 1, 500, &battery_wh, error))
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
        if (sim_scene_read_clock(sim_json_string(json, "by"), &by))
            car->by_us = within(self, noon_us, by);
        else if (sim_scene_need_real(json, "by_before_min", 0, 600, &before_min, error))
            car->by_us = (car->depart_us - (gint64)before_min * MINUTE) / MINUTE * MINUTE;
        else
            return FALSE;
    }
    if (car->room_wh > battery_wh)
        return sim_scene_fail(
            error, "battery_kwh", "the battery is smaller than what it is to take");
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
    if (!sim_scene_need_text(json, "name", &car->name, error) ||
        !sim_scene_need_text(json, "token", &car->token, error) ||
        !sim_scene_need_real(json, "phases", 1, 3, &phases, error) ||
        !sim_scene_need_real(json, "max_current_a", 6, 600, &car->max_current_a, error))
        return NULL;
    car->phases = (guint)phases;
    if (!find_station(self, sim_json_string(json, "station"), &car->station)) {
        sim_scene_fail(error, "station", "there is no station of that name");
        return NULL;
    }
    if (!read_tells(json, &car->tells)) {
        sim_scene_fail(error, "tells", "\"needs\", \"token\" or \"nothing\" is expected");
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
        sim_scene_fail(
            error, "depart", "a car leaves before it has come, or before its energy is due");
        return NULL;
    }
    return g_steal_pointer(&car);
}

static SimControl *
read_control(const SimScene *self, JsonObject *json, gint64 noon_us, GError **error)
{
    SimControl *control = g_new0(SimControl, 1);
    int publish, start, end;
    if (!sim_scene_need_text(json, "name", &control->name, error) ||
        !sim_scene_need_text(json, "program", &control->program, error) ||
        !sim_scene_need_text(json, "type", &control->type, error) ||
        !sim_scene_need_clock(json, "publish", &publish, error) ||
        !sim_scene_need_clock(json, "start", &start, error) ||
        !sim_scene_need_clock(json, "end", &end, error) ||
        !sim_scene_need_real(json, "value", -1e6, 1e6, &control->value, error)) {
        control_free(control);
        return NULL;
    }
    control->publish_us = within(self, noon_us, publish);
    control->start_us = within(self, noon_us, start);
    control->end_us = within(self, noon_us, end);
    if (control->publish_us > control->start_us || control->start_us >= control->end_us) {
        sim_scene_fail(error, "start", "an event is published before it starts, and ends after");
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
        return sim_scene_fail(error, "kind", "\"socket\" is expected");
    guint n = names == NULL ? 0 : json_array_get_length(names);
    if (n == 0)
        return sim_scene_fail(error, "stations", "a list of names is expected");
    SimRandom random;
    g_autofree char *stream =
        g_strdup_printf("fault %u %" G_GINT64_FORMAT, day->faults->len, noon_us);
    sim_random_init(&random, seed, stream);
    const char *name = sim_json_string_at(names, sim_random_below(&random, n));
    if (!find_station(self, name, &fault.station))
        return sim_scene_fail(error, "stations", "there is no station of that name");
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
            return sim_scene_fail(error, "cars", "a car leaves after the day's end");
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
