/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Touches the world of a demo that runs, by its own socket (data/doc/world-control.md). */
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-world.h"

#include <glib/gi18n-lib.h>
#include <kit/cfx-quantity.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char *need, *by, *in, *for_, *start, *world;
    int level;
} Wish;

static void
wish_clear(Wish *wish)
{
    g_free(wish->need);
    g_free(wish->by);
    g_free(wish->in);
    g_free(wish->for_);
    g_free(wish->start);
    g_free(wish->world);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wish, wish_clear)

static int
refuse(const char *text)
{
    fprintf(stderr, "cariflexctl demo: %s\n", text);
    fprintf(stderr, _("Try \"cariflexctl %s --help\".\n"), "demo");
    return 2;
}

static gboolean
put_quantity(JsonObject *to, const char *member, const char *text, const char *unit, GError **error)
{
    double value;
    if (text == NULL)
        return TRUE;
    if (!cfx_quantity_in(text, -1, unit, &value, error))
        return FALSE;
    json_object_set_double_member(to, member, value);
    return TRUE;
}

static gboolean
put_number(JsonObject *to, const char *member, const char *text, GError **error)
{
    char *end = NULL;
    double value = g_ascii_strtod(text, &end);
    if (end == text || (*end != '\0' && strcmp(end, "%") != 0)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _("\"%s\" is no number"), text);
        return FALSE;
    }
    json_object_set_double_member(to, member, value);
    return TRUE;
}

/* What the words ask of the world; NULL: they make no sense. */
static JsonObject *
compose(int argc, char **argv, const Wish *wish, GError **error)
{
    g_autoptr(JsonObject) ask = json_object_new();
    const char *what = argc > 1 ? argv[1] : "status", *object = argc > 2 ? argv[2] : NULL;
    gboolean good = TRUE;
    json_object_set_string_member(ask, "do", what);
    if (strcmp(what, "rate") == 0 && object != NULL)
        good = put_number(ask, "rate", object, error);
    else if (strcmp(what, "event") == 0 && object != NULL)
        good = put_number(ask, "percent", object, error);
    else if (object != NULL)
        json_object_set_string_member(ask, "station", object);
    if (wish->level >= 0)
        json_object_set_int_member(ask, "level", wish->level);
    if (wish->by != NULL)
        json_object_set_string_member(ask, "by", wish->by);
    if (wish->start != NULL)
        json_object_set_string_member(ask, "start", wish->start);
    good = good && put_quantity(ask, "need_wh", wish->need, "Wh", error) &&
           put_quantity(ask, "in_s", wish->in, "s", error) &&
           put_quantity(ask, "for_s", wish->for_, "s", error);
    return good ? g_steal_pointer(&ask) : NULL;
}

static void
show_stations(JsonArray *stations)
{
    for (guint i = 0; i < json_array_get_length(stations); i++) {
        JsonObject *s = json_array_get_object_element(stations, i);
        const char *car = ctl_json_text(s, "car");
        printf("  %-8s %-14s %5.1f kW  %-8s %s\n",
               ctl_json_text(s, "station"),
               ctl_json_text(s, "state"),
               ctl_json_real(s, "power_w") / 1000,
               (ctl_json_real(s, "online") > 0) ? "" : _("silent"),
               car != NULL ? car : "");
    }
}

static void
show(JsonObject *answer)
{
    printf(_("%s in the world, at most %g × real time%s\n"),
           ctl_json_text(answer, "now_clock"),
           ctl_json_real(answer, "rate"),
           (ctl_json_real(answer, "paused") > 0) ? _(", paused") : "");
    const char *event = ctl_json_text(answer, "event"), *car = ctl_json_text(answer, "car"),
               *until = ctl_json_text(answer, "until_clock");
    if (event != NULL)
        printf(_("event \"%s\" from %s to %s\n"),
               event,
               ctl_json_text(answer, "start_clock"),
               ctl_json_text(answer, "end_clock"));
    if (car != NULL && json_object_has_member(answer, "by"))
        printf(_("the %s needs %.1f kWh by %s\n"),
               car,
               ctl_json_real(answer, "need_wh") / 1000,
               ctl_json_text(answer, "by_clock"));
    else if (car != NULL)
        printf(_("the %s leaves with %.1f kWh\n"), car, ctl_json_real(answer, "got_wh") / 1000);
    if (until != NULL)
        printf(_("silent until %s\n"), until);
    if (json_object_has_member(answer, "stations"))
        show_stations(ctl_json_list(answer, "stations"));
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_auto(Wish) wish = { .level = -1 };
    const GOptionEntry entries[] = {
        { "need",
          0,
          0,
          G_OPTION_ARG_STRING,
          &wish.need,
          N_("Energy that the car needs from plug-in on"),
          N_("ENERGY") },
        { "by",
          0,
          0,
          G_OPTION_ARG_STRING,
          &wish.by,
          N_("When it leaves: a time of the day at the site, or ISO 8601"),
          N_("TIME") },
        { "start",
          0,
          0,
          G_OPTION_ARG_STRING,
          &wish.start,
          N_("When the event begins: a time of the day at the site, or ISO 8601"),
          N_("TIME") },
        { "in", 0, 0, G_OPTION_ARG_STRING, &wish.in, N_("… or after how long"), N_("DURATION") },
        { "for",
          0,
          0,
          G_OPTION_ARG_STRING,
          &wish.for_,
          N_("How long the event or the silence lasts"),
          N_("DURATION") },
        { "level",
          0,
          0,
          G_OPTION_ARG_INT,
          &wish.level,
          N_("Demand-response level of the event, 0 to 3, in place of a per cent"),
          N_("LEVEL") },
        { "world",
          0,
          0,
          G_OPTION_ARG_FILENAME,
          &wish.world,
          N_("Control socket of the world (else that of the newest demo that runs)"),
          N_("PATH") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_demo, entries, 0, 2, &argc, &argv, &options))
        return 2;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) ask = compose(argc, argv, &wish, &error);
    if (ask == NULL)
        return refuse(error->message);
    g_autofree char *text = ctl_world_call(wish.world, ask, &error);
    if (text == NULL)
        return ctl_fail(&ctl_verb_demo, error);
    g_autoptr(JsonObject) answer = ctl_json_object(text, &error);
    if (answer == NULL)
        return ctl_fail(&ctl_verb_demo, error);
    if (options.json)
        printf("%s\n", text);
    if ((ctl_json_real(answer, "ok") > 0)) {
        if (!options.json)
            show(answer);
        return 0;
    }
    if (!options.json)
        fprintf(stderr, "cariflexctl demo: %s\n", ctl_json_text(answer, "error"));
    return 1;
}

const CtlVerb ctl_verb_demo = {
    "demo",
    N_("[status | pause | resume | rate N | event PERCENT | need STATION | plug STATION | "
       "unplug STATION | silence STATION | wake STATION]"),
    N_("Touches the world of a demo that runs"),
    "  cariflexctl demo rate 60\n"
    "  cariflexctl demo event 40 --in 10min --for 1h\n"
    "  cariflexctl demo need CP003 --need 30kWh --by 06:00\n"
    "  cariflexctl demo silence CP003 --for 30min",
    run,
};
