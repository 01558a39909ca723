/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person does to a day that runs. */
#include <math.h>

#include "simulator-days.h"
#include "simulator-text.h"

typedef struct {
    SimStation *station;
    const SimCar *car;
} Stay;

void
sim_days_state_need(SimDays *self, SimStation *station, double need_wh, gint64 by_us)
{
    SimCar *car = station->car;
    car->need_wh = need_wh;
    car->by_us = by_us;
    /* its battery takes what it asks for, and not more than a taper's worth beyond */
    car->room_wh = MAX(car->room_wh, need_wh);
    car->taper_wh = MAX(car->taper_wh, need_wh);
    car->tells = SIM_TELLS_NEEDS;
    SimWorld *world = sim_days_world(self);
    GString *line = sim_world_log(world, station->data.name, "note", "car");
    sim_text_string(line, "event", "need");
    sim_text_string(line, "car", car->name);
    sim_text_integer(line, "evse", SIM_EVSE);
    sim_text_string(line, "transaction", station->transaction);
    sim_text_real(line, "need_wh", need_wh);
    sim_text_integer(line, "by_us", by_us);
    sim_world_logged(world);
    if (station->is_authorized)
        sim_station_needs(station); /* else it is told when the driver is known */
    sim_station_update(station);
}

static void
leave_cb(gpointer data)
{
    Stay *stay = data;
    if (stay->station->car == stay->car)
        sim_station_unplug(stay->station);
}

static guint
index_of(SimDays *self, const SimStation *station)
{
    const GArray *all = sim_world_scene(sim_days_world(self))->stations;
    for (guint i = 0; i < all->len; i++)
        if (g_strcmp0(g_array_index(all, SimStationData, i).name, station->data.name) == 0)
            return i;
    return 0;
}

const SimCar *
sim_days_visit(SimDays *self, SimStation *station, double need_wh, gint64 by_us)
{
    SimWorld *world = sim_days_world(self);
    SimCar *car = g_new0(SimCar, 1);
    car->name = g_strdup_printf("by-hand-%" G_GUINT64_FORMAT, sim_world_number(world));
    car->station = index_of(self, station);
    car->arrive_us = sim_world_now(world);
    car->depart_us = by_us;
    car->tells = SIM_TELLS_NEEDS;
    car->need_wh = need_wh;
    car->by_us = by_us;
    car->room_wh = need_wh + 5e3;
    car->taper_wh = need_wh + 2e3;
    car->phases = station->data.phases;
    car->max_current_a = station->data.max_current_a;
    car->token = g_strdup(car->name);
    sim_days_keep(self, car, (GDestroyNotify)sim_car_free);
    sim_days_log_plan(self, car);
    Stay *stay = sim_days_keep(self, g_new(Stay, 1), g_free);
    *stay = (Stay){ station, car };
    sim_world_at(world, by_us, leave_cb, stay);
    sim_station_plug(station, car);
    return car;
}

static void
wake_cb(gpointer data)
{
    SimStation *station = data;
    if (!sim_link_is_wanted(station->link))
        sim_link_start(station->link);
}

void
sim_days_silence(SimDays *self, SimStation *station, gint64 until_us)
{
    sim_days_log_fault(self, station, until_us);
    sim_link_cut(station->link);
    sim_world_at(sim_days_world(self), until_us, wake_cb, station);
}
