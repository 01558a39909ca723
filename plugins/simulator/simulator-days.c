/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-days.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulator-http.h"
#include "simulator-site.h"
#include "simulator-text.h"

#define PROBE_US (100 * (gint64)1000)
/* how fast time runs before the day begins and after it has ended */
#define CALM_RATE 240.0
#define BOOT_LIMIT_US (10 * CFX_SECOND)
#define BACK_LIMIT_US (3 * CFX_SECOND)
#define LAST_ANSWERS_US (500 * (gint64)1000)

typedef enum {
    PHASE_WAIT, /* for the daemon's first answer */
    PHASE_BOOT, /* stations register; time stands still */
    PHASE_PLAY,
    PHASE_DONE,
} Phase;

typedef struct {
    SimDays *days;
    SimCar *car;
} Visit;

typedef struct {
    SimDays *days;
    const SimControl *control;
} Notice;

typedef struct {
    SimDays *days;
    SimFault fault;
} Trouble;

typedef struct {
    gpointer data;
    GDestroyNotify free_func;
} Kept;

struct _SimDays {
    SimWorld *world;
    const SimScene *scene;
    const SimOptions *options;
    SimPrices prices;
    GPtrArray *stations; /* (element-type SimStation) */
    GPtrArray *days;     /* (element-type SimDay), all that were played */
    GArray *kept;        /* (element-type Kept), data of what is on the agenda */
    SimSite *site;
    SimOperator *grid; /* its operator */
    Phase phase;
    gint64 noon_us, begun_real_us;
    gboolean is_calm; /* before the first noon and after the last */

    gboolean is_suspected, is_away, was_up;
    gint64 missed_real_us;
    CfxTimer probe, limit;
};

static void probe_now(gpointer data);

void
sim_days_flow(SimDays *self, gint64 span_us)
{
    if (self != NULL)
        sim_site_flow(self->site, span_us);
}

/* --- a day --------------------------------------------------------------------------------- */

static SimStation *
station_of(SimDays *self, guint i)
{
    return g_ptr_array_index(self->stations, i);
}

/* Who still stands there, stands in the way: a car that a person plugged in. */
static void
arrive_cb(gpointer data)
{
    Visit *visit = data;
    SimStation *station = station_of(visit->days, visit->car->station);
    sim_station_unplug(station);
    sim_station_plug(station, visit->car);
}

static void
depart_cb(gpointer data)
{
    Visit *visit = data;
    SimStation *station = station_of(visit->days, visit->car->station);
    if (station->car == visit->car)
        sim_station_unplug(station);
}

static void
control_cb(gpointer data)
{
    Notice *notice = data;
    sim_operator_publish_control(notice->days->grid, notice->control);
}

static void
prices_cb(gpointer data)
{
    SimDays *self = data;
    sim_operator_publish_prices(self->grid, sim_world_now(self->world) + CFX_DAY);
}

static void
fault_end_cb(gpointer data)
{
    Trouble *trouble = data;
    sim_link_start(station_of(trouble->days, trouble->fault.station)->link);
}

void
sim_days_log_fault(SimDays *self, SimStation *station, gint64 until_us)
{
    GString *line = sim_world_log(self->world, station->data.name, "note", "fault");
    sim_text_string(line, "kind", "socket");
    sim_text_integer(line, "until_us", until_us);
    sim_world_logged(self->world);
}

static void
fault_cb(gpointer data)
{
    Trouble *trouble = data;
    SimStation *station = station_of(trouble->days, trouble->fault.station);
    sim_days_log_fault(trouble->days, station, trouble->fault.end_us);
    sim_link_cut(station->link);
}

static void
kept_clear(gpointer data)
{
    Kept *kept = data;
    kept->free_func(kept->data);
}

gpointer
sim_days_keep(SimDays *self, gpointer data, GDestroyNotify free_func)
{
    Kept kept = { data, free_func };
    g_array_append_val(self->kept, kept);
    return data;
}

static gpointer
keep(SimDays *self, gpointer data)
{
    return sim_days_keep(self, data, g_free);
}

void
sim_days_log_plan(SimDays *self, const SimCar *car)
{
    static const char *const tells[] = { "nothing", "token", "needs" };
    GString *line =
        sim_world_log(self->world, station_of(self, car->station)->data.name, "note", "car");
    sim_text_string(line, "event", "plan");
    sim_text_string(line, "car", car->name);
    sim_text_integer(line, "evse", SIM_EVSE);
    sim_text_integer(line, "arrive_us", car->arrive_us);
    sim_text_integer(line, "depart_us", car->depart_us);
    sim_text_string(line, "tells", tells[car->tells]);
    sim_text_string(line, "token", car->token);
    sim_text_real(line, "need_wh", car->need_wh);
    if (car->by_us != 0)
        sim_text_integer(line, "by_us", car->by_us);
    else
        sim_text_null(line, "by_us");
    sim_text_real(line, "room_wh", car->room_wh);
    sim_text_real(line, "taper_wh", car->taper_wh);
    sim_text_integer(line, "phases", car->phases);
    sim_text_real(line, "max_current_a", car->max_current_a);
    const SimStation *station = station_of(self, car->station);
    sim_text_real(line,
                  "max_w",
                  sim_car_power_w(car,
                                  MIN(car->max_current_a, station->data.max_current_a),
                                  station->data.phases,
                                  station->data.voltage_v));
    sim_world_logged(self->world);
}

static void day_end_cb(gpointer data);

static gboolean
add_day(SimDays *self, gint64 noon_us, GError **error)
{
    guint64 seed = self->options->seed + self->days->len;
    SimDay *day = sim_scene_day(self->scene, seed, noon_us, error);
    if (day == NULL)
        return FALSE;
    g_ptr_array_add(self->days, day);
    for (guint i = 0; i < day->cars->len; i++) {
        SimCar *car = g_ptr_array_index(day->cars, i);
        Visit *visit = keep(self, g_new(Visit, 1));
        *visit = (Visit){ self, car };
        sim_days_log_plan(self, car);
        sim_world_at(self->world, car->arrive_us, arrive_cb, visit);
        sim_world_at(self->world, car->depart_us, depart_cb, visit);
    }
    for (guint i = 0; i < day->controls->len; i++) {
        Notice *notice = keep(self, g_new(Notice, 1));
        *notice = (Notice){ self, g_ptr_array_index(day->controls, i) };
        sim_world_at(self->world, notice->control->publish_us, control_cb, notice);
    }
    for (guint i = 0; self->options->faults && i < day->faults->len; i++) {
        Trouble *trouble = keep(self, g_new(Trouble, 1));
        *trouble = (Trouble){ self, g_array_index(day->faults, SimFault, i) };
        sim_world_at(self->world, trouble->fault.start_us, fault_cb, trouble);
        sim_world_at(self->world, trouble->fault.end_us, fault_end_cb, trouble);
    }
    gint64 publish_us = sim_scene_clock(self->scene,
                                        noon_us,
                                        self->scene->tomorrow_minute < 720 ? 1 : 0,
                                        self->scene->tomorrow_minute);
    sim_world_at(self->world, publish_us, prices_cb, self);
    sim_world_at(self->world, day->end_us, day_end_cb, self);
    return TRUE;
}

static void
log_done(SimDays *self, gboolean ok, const char *reason)
{
    guint64 frames = 0;
    for (guint i = 0; i < self->stations->len; i++)
        frames += sim_link_frames(station_of(self, i)->link);
    gint64 real_us = cfx_now_real(sim_world_host(self->world)) - self->begun_real_us;
    sim_site_end(self->site);
    GString *line = sim_world_log(self->world, "world", "note", "done");
    sim_text_boolean(line, "ok", ok);
    sim_text_string(line, "reason", reason);
    sim_text_integer(line, "frames", (gint64)frames);
    sim_site_summary(self->site, line);
    sim_text_integer(line, "gave_up", (gint64)sim_world_given_up(self->world));
    sim_text_real(line, "real_s", (double)real_us / CFX_SECOND);
    sim_world_logged(self->world);
}

/* The last answers have had their time. */
static void
done_cb(gpointer data)
{
    SimDays *self = data;
    self->limit = 0;
    log_done(self, TRUE, "the day has ended");
    sim_world_close_log(self->world);
    cfx_log(sim_world_host(self->world), CFX_LOG_MESSAGE, "the world's day is done");
}

static void
over_cb(gpointer data)
{
    SimDays *self = data;
    const CfxHost *host = sim_world_host(self->world);
    self->phase = PHASE_DONE;
    sim_world_hold(self->world, TRUE);
    cfx_timer_clear(host, &self->limit);
    self->limit = cfx_timer_after(host, CFX_CLOCK_REAL, LAST_ANSWERS_US, done_cb, self);
}

static void
day_end_cb(gpointer data)
{
    SimDays *self = data;
    g_autoptr(GError) error = NULL;
    gint64 now_us = sim_world_now(self->world);
    if (self->options->days != 0 && self->days->len >= self->options->days) {
        self->is_calm = TRUE;
        sim_days_set_rate(self, self->options->rate);
        sim_world_at(self->world, now_us + self->options->settle_us, over_cb, self);
        return;
    }
    if (!add_day(self, now_us, &error))
        cfx_log(sim_world_host(self->world), CFX_LOG_WARNING, "no further day: %s", error->message);
}

static void
day_begin_cb(gpointer data)
{
    SimDays *self = data;
    self->is_calm = FALSE;
    sim_days_set_rate(self, self->options->rate);
}

gboolean
sim_days_are_running(const SimDays *self)
{
    return self->phase == PHASE_PLAY;
}

SimStation *
sim_days_station(SimDays *self, const char *name)
{
    for (guint i = 0; i < self->stations->len; i++)
        if (strcmp(station_of(self, i)->data.name, name) == 0)
            return station_of(self, i);
    return NULL;
}

SimOperator *
sim_days_operator(SimDays *self)
{
    return self->grid;
}

SimWorld *
sim_days_world(SimDays *self)
{
    return self->world;
}

void
sim_days_set_rate(SimDays *self, double rate)
{
    sim_world_set_rate(self->world, rate);
    sim_world_pace(self->world, self->is_calm ? MIN(rate, CALM_RATE) : rate);
}

static void
log_header(SimDays *self)
{
    gint64 end_us = sim_scene_clock(self->scene, self->noon_us, 1, 720);
    GString *line = sim_world_log(self->world, "world", "note", "header");
    sim_text_string(line, "format", "cariflex-world-log");
    sim_text_integer(line, "version", 1);
    sim_text_integer(line, "seed", (gint64)self->options->seed);
    sim_text_real(line, "rate", self->options->rate);
    sim_text_integer(line, "start_us", self->noon_us);
    sim_text_integer(line, "end_us", end_us);
    sim_text_string(line, "zone", self->scene->zone_name);
    sim_text_integer(line, "utc_us", g_get_real_time());
    sim_text_string(line, "world", self->scene->name);
    sim_text_real(line, "contract_w", self->scene->contract_w);
    sim_text_real(line, "base_max_w", self->scene->base_max_w);
    sim_text_integer(line, "meter_period_us", self->options->meter_us);
    sim_text_real(line, "away_limit_s", (double)self->options->away_us / CFX_SECOND);
    sim_text_open(line, "prices", '{');
    g_autofree char *file = g_path_get_basename(self->options->prices);
    sim_text_string(line, "file", file);
    sim_text_string(line, "currency", self->prices.currency);
    sim_text_string(line, "unit", "MWh");
    sim_text_close(line, '}');
    sim_text_open(line, "stations", '[');
    for (guint i = 0; i < self->scene->stations->len; i++) {
        const SimStationData *data = &g_array_index(self->scene->stations, SimStationData, i);
        sim_text_open(line, NULL, '{');
        sim_text_string(line, "name", data->name);
        sim_text_integer(line, "evse", SIM_EVSE);
        sim_text_real(line, "rated_w", data->rated_w);
        sim_text_real(line, "max_current_a", data->max_current_a);
        sim_text_integer(line, "phases", data->phases);
        sim_text_real(line, "voltage_v", data->voltage_v);
        sim_text_real(line, "fail_safe_a", self->scene->fail_safe_a);
        sim_text_integer(line, "sensor", data->sensor);
        sim_text_close(line, '}');
    }
    sim_text_close(line, ']');
    sim_world_logged(self->world);
}

/* --- the daemon: there, away, back --------------------------------------------------------- */

static void
log_daemon(SimDays *self, const char *state)
{
    GString *line = sim_world_log(self->world, "world", "note", "daemon");
    sim_text_string(line, "state", state);
    sim_world_logged(self->world);
}

static gboolean
all_are(SimDays *self, gboolean (*is_so)(SimStation *station))
{
    for (guint i = 0; i < self->stations->len; i++)
        if (!is_so(station_of(self, i)))
            return FALSE;
    return TRUE;
}

static gboolean
is_accepted(SimStation *station)
{
    return station->is_accepted;
}

static gboolean
is_back(SimStation *station)
{
    return sim_link_is_open(station->link) || !sim_link_is_wanted(station->link);
}

static void
go_on(gpointer data)
{
    SimDays *self = data;
    cfx_timer_clear(sim_world_host(self->world), &self->limit);
    if (self->phase == PHASE_BOOT) {
        self->phase = PHASE_PLAY;
        cfx_log(sim_world_host(self->world), CFX_LOG_MESSAGE, "the world's time begins to run");
    }
    if (self->phase == PHASE_PLAY)
        sim_world_hold(self->world, FALSE);
}

static void
limit_cb(gpointer data)
{
    SimDays *self = data;
    self->limit = 0;
    go_on(self);
}

static void
set_limit(SimDays *self, gint64 after_us)
{
    const CfxHost *host = sim_world_host(self->world);
    cfx_timer_clear(host, &self->limit);
    self->limit = cfx_timer_after(host, CFX_CLOCK_REAL, after_us, limit_cb, self);
}

void
sim_days_station_changed(SimDays *self)
{
    if (self == NULL)
        return;
    if (self->phase == PHASE_BOOT && all_are(self, is_accepted))
        go_on(self);
    if (self->phase == PHASE_PLAY && !self->is_suspected && self->limit != 0 &&
        all_are(self, is_back))
        go_on(self);
}

static void
begin_boot(SimDays *self)
{
    self->phase = PHASE_BOOT;
    self->begun_real_us = cfx_now_real(sim_world_host(self->world));
    set_limit(self, BOOT_LIMIT_US);
    sim_operator_publish_prices(self->grid, self->noon_us);
    sim_site_forecast(self->site);
    for (guint i = 0; i < self->stations->len; i++)
        sim_station_start(station_of(self, i));
}

static void
probe_done(gpointer data, guint64 id, guint status, JsonNode *body)
{
    SimDays *self = data;
    if (status != 200) {
        if (self->is_suspected && !self->is_away) {
            self->is_away = TRUE;
            log_daemon(self, "away");
        }
        self->probe =
            cfx_timer_after(sim_world_host(self->world), CFX_CLOCK_REAL, PROBE_US, probe_now, self);
        return;
    }
    if (self->is_away || !self->was_up)
        log_daemon(self, "up");
    gboolean was_away = self->is_away;
    self->is_suspected = self->is_away = FALSE;
    self->was_up = TRUE;
    if (self->phase == PHASE_WAIT) {
        begin_boot(self);
        return;
    }
    /* the stations find their way back first */
    if (was_away && !all_are(self, is_back))
        set_limit(self, BACK_LIMIT_US);
    else
        go_on(self);
}

static void
probe_now(gpointer data)
{
    SimDays *self = data;
    self->probe = 0;
    SimRequest request = { .who = "world", .method = "GET", .url = self->options->health };
    sim_http_send(self->world, &request, probe_done, self);
}

void
sim_days_missed(SimDays *self)
{
    if (self->phase != PHASE_PLAY || self->is_suspected)
        return;
    self->is_suspected = TRUE;
    sim_world_hold(self->world, TRUE);
    set_limit(self, self->options->away_us);
    probe_now(self);
}

/* --- life ---------------------------------------------------------------------------------- */

static gboolean
make_parts(SimDays *self, GError **error)
{
    self->grid = sim_operator_new(self->world, &self->prices, error);
    if (self->grid == NULL)
        return FALSE;
    for (guint i = 0; i < self->scene->stations->len; i++) {
        SimStation *station = sim_station_new(
            self->world, &g_array_index(self->scene->stations, SimStationData, i), error);
        if (station == NULL)
            return FALSE;
        g_ptr_array_add(self->stations, station);
    }
    self->site = sim_site_new(self->world, self->stations, error);
    return self->site != NULL;
}

SimDays *
sim_days_new(SimWorld *world, gint64 noon_us, GError **error)
{
    SimDays *self = g_new0(SimDays, 1);
    self->world = world;
    self->scene = sim_world_scene(world);
    self->options = sim_world_options(world);
    self->noon_us = noon_us;
    self->stations = g_ptr_array_new_with_free_func((GDestroyNotify)sim_station_free);
    self->days = g_ptr_array_new_with_free_func((GDestroyNotify)sim_day_free);
    self->kept = g_array_new(FALSE, FALSE, sizeof(Kept));
    g_array_set_clear_func(self->kept, kept_clear);
    self->is_calm = TRUE;
    if (!sim_prices_load(&self->prices, self->options->prices, error) || !make_parts(self, error)) {
        sim_days_free(self);
        return NULL;
    }
    return self;
}

gboolean
sim_days_start(SimDays *self, GError **error)
{
    log_header(self);
    sim_days_set_rate(self, self->options->rate);
    sim_site_start(self->site);
    sim_world_at(self->world, self->noon_us, day_begin_cb, self);
    if (!add_day(self, self->noon_us, error))
        return FALSE;
    probe_now(self);
    return TRUE;
}

void
sim_days_free(SimDays *self)
{
    if (self == NULL)
        return;
    const CfxHost *host = sim_world_host(self->world);
    cfx_timer_clear(host, &self->probe);
    cfx_timer_clear(host, &self->limit);
    g_clear_pointer(&self->site, sim_site_free);
    g_ptr_array_unref(self->stations);
    g_clear_pointer(&self->grid, sim_operator_free);
    g_ptr_array_unref(self->days);
    g_array_unref(self->kept);
    g_free(self);
}
