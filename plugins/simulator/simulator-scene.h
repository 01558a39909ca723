/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The world file: what the simulated outside consists of, and what the seed makes of it on a day.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "simulator-car.h"
#include "simulator-sky.h"

typedef struct {
    char *name;
    gint64 sensor; /* 15 min power, for the log's header */
    double rated_w, max_current_a, voltage_v, register_wh;
    guint phases, periods;
    gboolean takes_watts;
} SimStationData;

typedef struct {
    gint64 sensor;
    double peak_w;
} SimPv;

typedef struct {
    gint64 irradiance, temperature, live_power, import_register, export_register, base_forecast,
        pv_forecast;
} SimSensors;

typedef struct {
    char *name, *program, *type;
    gint64 publish_us, start_us, end_us;
    double value;
} SimControl;

typedef struct {
    guint station;
    gint64 start_us, end_us;
} SimFault;

typedef struct {
    char *name, *zone_name;
    GTimeZone *zone;
    double latitude, longitude;
    double contract_w, base_max_w, base_noise_w, fail_safe_a;
    double base_w[24];
    double import_wh, export_wh; /* registers at the beginning */
    GArray *stations;            /* (element-type SimStationData) */
    GArray *pv;                  /* (element-type SimPv) */
    SimSensors sensors;
    char *price_program, *control_program;
    int tomorrow_minute; /* when the operator publishes the prices of tomorrow */
    JsonNode *node;      /* the file: cars, load control and faults are drawn from it */
} SimScene;

/* One day from noon to noon. */
typedef struct {
    gint64 start_us, end_us;
    GPtrArray *cars;     /* (element-type SimCar), by arrival */
    GPtrArray *controls; /* (element-type SimControl), by publication */
    GArray *faults;      /* (element-type SimFault) */
} SimDay;

SimScene *sim_scene_load(const char *path, GError **error);
SimScene *sim_scene_parse(JsonNode *node, GError **error);
void sim_scene_free(SimScene *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimScene, sim_scene_free)

/* An instant from a clock time, `day` days after the local date on which `from_us` lies. */
gint64 sim_scene_clock(const SimScene *self, gint64 from_us, int day, int minute);
/* Minutes after local midnight. */
int sim_scene_minute(const SimScene *self, gint64 at_us);
/* Noon of a date "2025-10-01". */
gboolean sim_scene_noon(const SimScene *self, const char *date, gint64 *ret_us);
/* Base load at an instant, W: what it is, and what a forecaster expects. */
double sim_scene_base(const SimScene *self, guint64 seed, gint64 at_us);
double sim_scene_base_expected(const SimScene *self, gint64 at_us);

/* What the seed makes of the day that begins at that noon. */
SimDay *sim_scene_day(const SimScene *self, guint64 seed, gint64 noon_us, GError **error);
void sim_day_free(SimDay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimDay, sim_day_free)
