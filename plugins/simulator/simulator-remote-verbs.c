/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person may do to the simulated outside: a table of verbs, each checked before it acts. */
#include <math.h>
#include <string.h>

#include "simulator-clock.h"
#include "simulator-json.h"
#include "simulator-remote.h"
#include "simulator-scene-private.h"
#include "simulator-text.h"

#define HOUR (60 * CFX_MINUTE)
/* In a fast day an event has to be known a poll and some minutes ahead, or nobody can obey it. */
#define LEAD_FAST_US (6 * CFX_MINUTE)
#define FAST_RATE 60.0

typedef struct {
    SimWorld *world;
    SimDays *days;
    JsonObject *asked;
    GString *answer; /* an open object */
} Turn;

typedef gboolean (*Verb)(Turn *turn, GError **error);

static gboolean fail(GError **error, const char *member, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean
fail(GError **error, const char *member, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "%s: %s", member, text);
    return FALSE;
}

/* --- members ------------------------------------------------------------------------------- */

static gboolean
has(Turn *turn, const char *name)
{
    return json_object_has_member(turn->asked, name) &&
           !json_object_get_null_member(turn->asked, name);
}

static gboolean
need_number(Turn *turn, const char *name, double low, double high, double *ret, GError **error)
{
    if (!sim_json_real(turn->asked, name, ret) || !(*ret >= low) || !(*ret <= high))
        return fail(error, name, "a number from %g to %g is expected", low, high);
    return TRUE;
}

static SimStation *
need_station(Turn *turn, GError **error)
{
    const char *name = sim_json_string(turn->asked, "station");
    SimStation *station = name == NULL ? NULL : sim_days_station(turn->days, name);
    const GArray *known = sim_world_scene(turn->world)->stations;
    if (station == NULL)
        fail(error,
             "station",
             "there is no station \"%s\" in this world; its stations are %s to %s",
             name == NULL ? "" : name,
             g_array_index(known, SimStationData, 0).name,
             g_array_index(known, SimStationData, known->len - 1).name);
    return station;
}

/* "18:30": the next time that the clock of the site shows it; or an instant with its zone. */
static gboolean
need_instant(Turn *turn, const char *name, gint64 *ret_us, GError **error)
{
    int minute;
    const SimScene *scene = sim_world_scene(turn->world);
    const char *text = sim_json_string(turn->asked, name);
    gint64 now_us = sim_world_now(turn->world);
    if (sim_scene_read_clock(text, &minute)) {
        *ret_us = sim_scene_clock(scene, now_us, 0, minute);
        if (*ret_us <= now_us)
            *ret_us = sim_scene_clock(scene, now_us, 1, minute);
        return TRUE;
    }
    if (text == NULL || !sim_json_read_stamp(text, ret_us))
        return fail(error, name, "a clock time HH:MM or an instant in ISO 8601 is expected");
    if (*ret_us <= now_us)
        return fail(error, name, "that is past");
    return TRUE;
}

/* --- answers ------------------------------------------------------------------------------- */

/* An instant, and what the clock of the site shows then. */
static void
tell_instant(Turn *turn, const char *name, gint64 at_us)
{
    int minute = sim_scene_minute(sim_world_scene(turn->world), at_us);
    g_autofree char *member = g_strconcat(name, "_clock", NULL);
    g_autofree char *clock = g_strdup_printf("%02d:%02d", minute / 60, minute % 60);
    sim_text_stamp(turn->answer, name, at_us);
    sim_text_string(turn->answer, member, clock);
}

static void
tell_time(Turn *turn)
{
    tell_instant(turn, "now", sim_world_now(turn->world));
    sim_text_real(turn->answer, "rate", sim_world_options(turn->world)->rate);
    sim_text_boolean(turn->answer, "paused", sim_world_is_paused(turn->world));
}

static void
tell_station(Turn *turn, SimStation *station)
{
    const SimCar *car = station->car;
    sim_text_open(turn->answer, NULL, '{');
    sim_text_string(turn->answer, "station", station->data.name);
    sim_text_string(turn->answer, "state", sim_station_state_name(station->state));
    sim_text_boolean(turn->answer, "online", sim_link_is_open(station->link));
    sim_text_real(turn->answer, "power_w", station->power_w);
    sim_text_string(turn->answer, "car", car == NULL ? NULL : car->name);
    if (car != NULL) {
        sim_text_real(turn->answer, "need_wh", car->need_wh);
        sim_text_real(turn->answer, "got_wh", car->got_wh);
        if (car->by_us != 0)
            tell_instant(turn, "by", car->by_us);
        tell_instant(turn, "leaves", car->depart_us);
    }
    sim_text_close(turn->answer, '}');
}

/* The judge leaves out of its needs what a person has touched. */
static void
log_touch(Turn *turn, const char *who)
{
    GString *line = sim_world_log(turn->world, who, "note", "touched");
    sim_text_string(line, "do", sim_json_string(turn->asked, "do"));
    sim_world_logged(turn->world);
}

/* --- verbs --------------------------------------------------------------------------------- */

static gboolean
do_status(Turn *turn, GError **error)
{
    tell_time(turn);
    sim_text_open(turn->answer, "stations", '[');
    const GArray *stations = sim_world_scene(turn->world)->stations;
    for (guint i = 0; i < stations->len; i++)
        tell_station(turn,
                     sim_days_station(turn->days, g_array_index(stations, SimStationData, i).name));
    sim_text_close(turn->answer, ']');
    return TRUE;
}

static gboolean
do_pause(Turn *turn, GError **error)
{
    sim_world_pause(turn->world, TRUE);
    tell_time(turn);
    return TRUE;
}

static gboolean
do_resume(Turn *turn, GError **error)
{
    sim_world_pause(turn->world, FALSE);
    tell_time(turn);
    return TRUE;
}

static gboolean
do_rate(Turn *turn, GError **error)
{
    double rate;
    if (!need_number(turn, "rate", 1, SIM_RATE_MAX, &rate, error))
        return FALSE;
    sim_days_set_rate(turn->days, rate);
    tell_time(turn);
    return TRUE;
}

static gboolean
read_value(Turn *turn, SimControl *control, char **type, GError **error)
{
    double value;
    if (has(turn, "level")) {
        if (!need_number(turn, "level", 0, 3, &value, error))
            return FALSE;
        *type = g_strdup("SIMPLE");
        control->value = round(value);
        return TRUE;
    }
    if (!need_number(turn, "percent", 0, 100, &value, error))
        return FALSE;
    *type = g_strdup("x-loadControlCapacity");
    control->value = value / 100;
    return TRUE;
}

static gboolean
read_start(Turn *turn, gint64 *ret_us, GError **error)
{
    double in_s;
    gint64 now_us = sim_world_now(turn->world);
    gint64 lead_us = sim_world_options(turn->world)->rate > FAST_RATE ? LEAD_FAST_US : 0;
    if (has(turn, "start")) {
        if (!need_instant(turn, "start", ret_us, error))
            return FALSE;
    } else if (has(turn, "in_s")) {
        if (!need_number(turn, "in_s", 0, 86400, &in_s, error))
            return FALSE;
        *ret_us = now_us + (gint64)(in_s * CFX_SECOND);
    } else {
        *ret_us = now_us + MAX(lead_us, CFX_MINUTE);
    }
    /* OpenADR's minutes: 86 is kept by the minute */
    *ret_us = (*ret_us + CFX_MINUTE - 1) / CFX_MINUTE * CFX_MINUTE;
    if (*ret_us < now_us + lead_us)
        return fail(error,
                    "start",
                    "at a rate above %g an event is published at least 6 minutes ahead, since the "
                    "VEN asks once in a minute; start later or lower the rate",
                    FAST_RATE);
    return TRUE;
}

static gboolean
do_event(Turn *turn, GError **error)
{
    double for_s = 3600;
    g_autofree char *type = NULL, *name = NULL;
    SimControl control = { 0 };
    if (!read_value(turn, &control, &type, error) || !read_start(turn, &control.start_us, error) ||
        (has(turn, "for_s") && !need_number(turn, "for_s", 60, 86400, &for_s, error)))
        return FALSE;
    name = g_strdup_printf("by hand %" G_GUINT64_FORMAT, sim_world_number(turn->world));
    control.name = name;
    control.program = sim_world_scene(turn->world)->control_program;
    control.type = type;
    control.publish_us = sim_world_now(turn->world);
    control.end_us = control.start_us + (gint64)(for_s / 60) * CFX_MINUTE;
    sim_operator_publish_control(sim_days_operator(turn->days), &control);
    tell_time(turn);
    sim_text_string(turn->answer, "event", name);
    tell_instant(turn, "start", control.start_us);
    tell_instant(turn, "end", control.end_us);
    return TRUE;
}

/* What the request says of a need; what it does not say stays. */
static gboolean
read_need(Turn *turn, double *need_wh, gint64 *by_us, GError **error)
{
    return (!has(turn, "need_wh") || need_number(turn, "need_wh", 100, 500e3, need_wh, error)) &&
           (!has(turn, "by") || need_instant(turn, "by", by_us, error));
}

static gboolean
do_need(Turn *turn, GError **error)
{
    SimStation *station = need_station(turn, error);
    if (station == NULL)
        return FALSE;
    SimCar *car = station->car;
    if (car == NULL)
        return fail(
            error, "station", "no car is plugged in at %s; plug one in", station->data.name);
    if (station->transaction == NULL)
        return fail(error, "station", "the car at %s does not charge", station->data.name);
    double need_wh = isnan(car->need_wh) ? car->room_wh : car->need_wh;
    gint64 by_us = car->by_us != 0 ? car->by_us : car->depart_us;
    if (!has(turn, "need_wh") && !has(turn, "by"))
        return fail(error, "need_wh", "say what changes: the need, by when, or both");
    if (!read_need(turn, &need_wh, &by_us, error))
        return FALSE;
    if (need_wh <= car->got_wh)
        return fail(error, "need_wh", "it has %.1f kWh already", car->got_wh / 1000);
    sim_days_state_need(turn->days, station, need_wh, by_us);
    tell_time(turn);
    sim_text_string(turn->answer, "car", car->name);
    sim_text_real(turn->answer, "need_wh", car->need_wh);
    tell_instant(turn, "by", car->by_us);
    return TRUE;
}

static gboolean
do_unplug(Turn *turn, GError **error)
{
    SimStation *station = need_station(turn, error);
    if (station == NULL)
        return FALSE;
    if (station->car == NULL)
        return fail(error, "station", "no car is plugged in at %s", station->data.name);
    log_touch(turn, station->data.name);
    double got_wh = station->car->got_wh;
    sim_text_string(turn->answer, "car", station->car->name);
    sim_station_unplug(station);
    tell_time(turn);
    sim_text_real(turn->answer, "got_wh", got_wh);
    return TRUE;
}

static gboolean
do_plug(Turn *turn, GError **error)
{
    SimStation *station = need_station(turn, error);
    if (station == NULL)
        return FALSE;
    if (station->car != NULL)
        return fail(error,
                    "station",
                    "%s is plugged in at %s; unplug it first",
                    station->car->name,
                    station->data.name);
    double need_wh = 10e3;
    gint64 by_us = sim_world_now(turn->world) + 4 * HOUR;
    if (!read_need(turn, &need_wh, &by_us, error))
        return FALSE;
    const SimCar *car = sim_days_visit(turn->days, station, need_wh, by_us);
    tell_time(turn);
    sim_text_string(turn->answer, "car", car->name);
    sim_text_real(turn->answer, "need_wh", car->need_wh);
    tell_instant(turn, "by", car->by_us);
    return TRUE;
}

static gboolean
do_silence(Turn *turn, GError **error)
{
    double for_s = 900;
    SimStation *station = need_station(turn, error);
    if (station == NULL ||
        (has(turn, "for_s") && !need_number(turn, "for_s", 1, 86400, &for_s, error)))
        return FALSE;
    if (!sim_link_is_wanted(station->link))
        return fail(error, "station", "%s is silent already", station->data.name);
    log_touch(turn, station->data.name);
    gint64 until_us = sim_world_now(turn->world) + (gint64)(for_s * CFX_SECOND);
    sim_days_silence(turn->days, station, until_us);
    tell_time(turn);
    tell_instant(turn, "until", until_us);
    return TRUE;
}

static gboolean
do_wake(Turn *turn, GError **error)
{
    SimStation *station = need_station(turn, error);
    if (station == NULL)
        return FALSE;
    if (sim_link_is_wanted(station->link))
        return fail(error, "station", "%s has its network", station->data.name);
    sim_link_start(station->link);
    tell_time(turn);
    return TRUE;
}

static const struct {
    const char *name, *members; /* beside "do" */
    Verb run;
} verbs[] = {
    { "status", "", do_status },
    { "pause", "", do_pause },
    { "resume", "", do_resume },
    { "rate", " rate ", do_rate },
    { "event", " percent level start in_s for_s ", do_event },
    { "need", " station need_wh by ", do_need },
    { "plug", " station need_wh by ", do_plug },
    { "unplug", " station ", do_unplug },
    { "silence", " station for_s ", do_silence },
    { "wake", " station ", do_wake },
};

static gboolean
knows_members(Turn *turn, const char *members, GError **error)
{
    g_autoptr(GList) names = json_object_get_members(turn->asked);
    for (GList *l = names; l != NULL; l = l->next) {
        const char *name = l->data;
        g_autofree char *word = g_strconcat(" ", name, " ", NULL);
        if (strcmp(name, "do") != 0 && strstr(members, word) == NULL)
            return fail(error, name, "this verb has no such member; it takes:%s", members);
    }
    return TRUE;
}

static gboolean
dispatch(Turn *turn, GError **error)
{
    const char *name = sim_json_string(turn->asked, "do");
    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (g_strcmp0(verbs[i].name, name) == 0) {
            if (!sim_days_are_running(turn->days) && i != 0)
                return fail(error, "do", "the world's day does not run yet, or has ended");
            return knows_members(turn, verbs[i].members, error) && verbs[i].run(turn, error);
        }
    return fail(error,
                "do",
                "one of status, pause, resume, rate, event, need, plug, unplug, silence, wake is "
                "expected");
}

char *
sim_remote_do(SimWorld *world, SimDays *days, const char *line, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) answer = g_string_new(NULL);
    g_autoptr(JsonNode) node = size > SIM_REMOTE_LINE ? NULL : sim_json_parse(line, size, &error);
    sim_text_open(answer, NULL, '{');
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node)) {
        Turn turn = { world, days, json_node_get_object(node), g_string_new("{") };
        if (dispatch(&turn, &error)) {
            sim_text_boolean(answer, "ok", TRUE);
            if (turn.answer->len > 1)
                g_string_append_printf(answer, ",%s", turn.answer->str + 1);
        }
        g_string_free(turn.answer, TRUE);
    } else if (error == NULL) {
        fail(&error, "request", "a JSON object in one line is expected");
    }
    if (error != NULL) {
        sim_text_boolean(answer, "ok", FALSE);
        sim_text_string(answer, "error", error->message);
    }
    sim_text_close(answer, '}');
    return g_string_free(g_steal_pointer(&answer), FALSE);
}
