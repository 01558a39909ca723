/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints what a seed makes of the world file's day, as one JSON object, for
 * data/demo/check-data.py: print-world WORLD.json DATE SEED
 */
#include <math.h>
#include <stdio.h>

#include "simulator-scene.h"
#include "simulator-text.h"

static void
print_car(const SimScene *scene, const SimCar *car, GString *to)
{
    const SimStationData *station = &g_array_index(scene->stations, SimStationData, car->station);
    sim_text_open(to, NULL, '{');
    sim_text_string(to, "car", car->name);
    sim_text_string(to, "token", car->token);
    sim_text_string(to, "station", station->name);
    sim_text_integer(to, "arrive_us", car->arrive_us);
    sim_text_integer(to, "depart_us", car->depart_us);
    sim_text_integer(to, "tells", car->tells);
    sim_text_real(to, "need_wh", car->need_wh);
    sim_text_integer(to, "by_us", car->by_us);
    sim_text_real(to, "room_wh", car->room_wh);
    sim_text_real(to,
                  "max_w",
                  sim_car_power_w(car,
                                  MIN(car->max_current_a, station->max_current_a),
                                  station->phases,
                                  station->voltage_v));
    sim_text_close(to, '}');
}

static void
print_day(const SimScene *scene, const SimDay *day, guint64 seed, GString *to)
{
    double highest_w = 0;
    for (gint64 t = day->start_us; t < day->end_us; t += 20000000)
        highest_w = MAX(highest_w, sim_scene_base(scene, seed, t));
    sim_text_open(to, NULL, '{');
    sim_text_integer(to, "start_us", day->start_us);
    sim_text_integer(to, "end_us", day->end_us);
    sim_text_real(to, "base_highest_w", highest_w);
    sim_text_open(to, "cars", '[');
    for (guint i = 0; i < day->cars->len; i++)
        print_car(scene, g_ptr_array_index(day->cars, i), to);
    sim_text_close(to, ']');
    sim_text_open(to, "controls", '[');
    for (guint i = 0; i < day->controls->len; i++) {
        const SimControl *control = g_ptr_array_index(day->controls, i);
        sim_text_open(to, NULL, '{');
        sim_text_string(to, "name", control->name);
        sim_text_string(to, "type", control->type);
        sim_text_integer(to, "publish_us", control->publish_us);
        sim_text_integer(to, "start_us", control->start_us);
        sim_text_integer(to, "end_us", control->end_us);
        sim_text_real(to, "value", control->value);
        sim_text_close(to, '}');
    }
    sim_text_close(to, ']');
    sim_text_close(to, '}');
}

int
main(int argc, char **argv)
{
    gint64 noon_us;
    g_autoptr(GError) error = NULL;
    if (argc != 4) {
        fprintf(stderr, "print-world WORLD.json DATE SEED\n");
        return 2;
    }
    g_autoptr(SimScene) scene = sim_scene_load(argv[1], &error);
    if (scene == NULL || !sim_scene_noon(scene, argv[2], &noon_us)) {
        fprintf(stderr, "print-world: %s\n", error == NULL ? "not a date" : error->message);
        return 1;
    }
    guint64 seed = g_ascii_strtoull(argv[3], NULL, 10);
    g_autoptr(SimDay) day = sim_scene_day(scene, seed, noon_us, &error);
    if (day == NULL) {
        fprintf(stderr, "print-world: %s\n", error->message);
        return 1;
    }
    g_autoptr(GString) to = g_string_new(NULL);
    print_day(scene, day, seed, to);
    puts(to->str);
    return 0;
}
