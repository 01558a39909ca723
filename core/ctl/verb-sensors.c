/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-chart.h"
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HEIGHT 8
#define MARGIN 13

static const CtlColumn columns[] = {
    { N_("ID"), "id", CTL_NUMBER },
    { N_("NAME"), "name", CTL_TEXT },
    { N_("ASSET"), "path", CTL_TEXT },
    { N_("UNIT"), "unit", CTL_TEXT },
    { N_("RESOLUTION"), "resolution", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static gboolean
show_list(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    ctl_table_print(ctl_json_list(answer, "sensors"), columns, _("no sensors"));
    return TRUE;
}

static guint
terminal_width(void)
{
    struct winsize size = { 0 };
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > MARGIN + 20)
        return size.ws_col - MARGIN;
    return 80 - MARGIN;
}

static char *
local_clock(GDateTime *utc)
{
    g_autoptr(GDateTime) local = g_date_time_to_local(utc);
    return g_date_time_format(local, "%Y-%m-%d %H:%M");
}

/* First and last instant, below the ends of the chart. */
static void
print_ends(const char *start, double length_s, guint width)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_utc();
    g_autoptr(GDateTime) from = g_date_time_new_from_iso8601(start, zone);
    g_autoptr(GDateTime) to = from != NULL ? g_date_time_add_seconds(from, length_s) : NULL;
    if (to == NULL)
        return;
    g_autofree char *left = local_clock(from), *right = local_clock(to);
    printf("%*s%s%*s\n", MARGIN - 1, "", left, (int)MAX(1, (int)width - 16), right);
}

static void
print_figures(const double *values, gsize n, const char *unit)
{
    double low = INFINITY, high = -INFINITY, sum = 0, last = NAN;
    gsize known = 0;
    for (gsize i = 0; i < n; i++) {
        if (isnan(values[i]))
            continue;
        low = MIN(low, values[i]);
        high = MAX(high, values[i]);
        sum += values[i];
        last = values[i];
        known++;
    }
    if (known == 0) {
        printf("%s\n", _("nothing is known in that time"));
        return;
    }
    printf(_("least %g, mean %.4g, most %g, last %g %s; %u of %u steps known\n"),
           low,
           sum / (double)known,
           high,
           last,
           unit,
           (guint)known,
           (guint)n);
}

static gboolean
show_series(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    JsonArray *list = ctl_json_list(answer, "values");
    gsize n = list != NULL ? json_array_get_length(list) : 0;
    g_autofree double *values = g_new(double, MAX(n, 1));
    for (gsize i = 0; i < n; i++) {
        JsonNode *node = json_array_get_element(list, (guint)i);
        values[i] = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) : NAN;
    }
    const char *unit = ctl_json_text(answer, "unit"), *start = ctl_json_text(answer, "start");
    printf("%.0f %s, %s\n",
           ctl_json_real(answer, "sensor"),
           ctl_json_text(answer, "name"),
           unit != NULL ? unit : "");
    guint width = (guint)MIN((gsize)terminal_width(), MAX(n, 1));
    g_autofree char *chart = ctl_chart(values, n, width, HEIGHT);
    printf("%s", chart);
    if (*chart != '\0' && start != NULL)
        print_ends(start, (double)n * ctl_json_real(answer, "step_s"), width);
    print_figures(values, n, unit != NULL ? unit : "");
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_autofree char *start = NULL, *end = NULL, *step = NULL;
    const GOptionEntry entries[] = {
        { "start",
          0,
          0,
          G_OPTION_ARG_STRING,
          &start,
          N_("From this instant on, ISO 8601; without it the last day"),
          N_("TIME") },
        { "end", 0, 0, G_OPTION_ARG_STRING, &end, N_("Before this instant, ISO 8601"), N_("TIME") },
        { "step",
          0,
          0,
          G_OPTION_ARG_STRING,
          &step,
          N_("Length of a step: 15min, PT1H"),
          N_("DURATION") },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    if (!ctl_options_parse(&ctl_verb_sensors, entries, 0, 1, &argc, &argv, &options))
        return 2;
    if (argc == 1)
        return ctl_run(&ctl_verb_sensors, &options, "Sensors", NULL, show_list);
    char *rest = NULL;
    gint64 id = g_ascii_strtoll(argv[1], &rest, 10);
    if (id <= 0 || *rest != '\0') {
        fprintf(stderr,
                _("cariflexctl sensors: \"%s\" is no number of a sensor; without one they are "
                  "listed\n"),
                argv[1]);
        return 2;
    }
    GVariantBuilder how = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sv}"));
    if (start != NULL)
        g_variant_builder_add(&how, "{sv}", "start", g_variant_new_string(start));
    if (end != NULL)
        g_variant_builder_add(&how, "{sv}", "end", g_variant_new_string(end));
    if (step != NULL)
        g_variant_builder_add(&how, "{sv}", "step", g_variant_new_string(step));
    return ctl_run(
        &ctl_verb_sensors, &options, "Series", g_variant_new("(xa{sv})", id, &how), show_series);
}

const CtlVerb ctl_verb_sensors = {
    "sensors",
    N_("[ID]"),
    N_("Lists all sensors, or draws the course of one"),
    "  cariflexctl sensors\n"
    "  cariflexctl sensors 84\n"
    "  cariflexctl sensors 101 --start 2025-10-01T16:00:00Z --step 1h --json",
    run,
};
