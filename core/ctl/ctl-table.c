/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-table.h"

#include "ctl-json.h"

#include <glib/gi18n-lib.h>
#include <kit/cfx-time.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static char *
local_time(const char *text)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, utc);
    if (time == NULL)
        return g_strdup(text);
    g_autoptr(GDateTime) local = g_date_time_to_local(time);
    return g_date_time_format(local, "%Y-%m-%d %H:%M");
}

static char *
format_real(double value, CtlFormat format)
{
    if (isnan(value))
        return g_strdup("");
    switch (format) {
    case CTL_KW:
    case CTL_KWH:
        return g_strdup_printf("%.2f", value / 1000);
    case CTL_REAL1:
        return g_strdup_printf("%.1f", value);
    case CTL_REAL3:
        return g_strdup_printf("%.3f", value);
    default:
        return g_strdup_printf("%.10g", value);
    }
}

char *
ctl_cell(JsonObject *row, const char *member, CtlFormat format)
{
    g_auto(GStrv) path = g_strsplit(member, ".", 2);
    if (path[1] != NULL) {
        JsonObject *inner = ctl_json_in(row, path[0]);
        return inner != NULL ? ctl_cell(inner, path[1], format) : g_strdup("");
    }
    const char *text = ctl_json_text(row, member);
    if (text != NULL)
        return format == CTL_TIME ? local_time(text) : g_strdup(text);
    double value = ctl_json_real(row, member);
    if (format == CTL_FLAG)
        return g_strdup(value > 0 ? _("yes") : "");
    return format_real(value, format);
}

static gboolean
is_right(CtlFormat format)
{
    return format != CTL_TEXT && format != CTL_TIME && format != CTL_FLAG;
}

static void
print_cell(const char *text, glong width, gboolean right, gboolean is_last)
{
    int pad = (int)MAX(0, width - g_utf8_strlen(text, -1));
    if (right)
        printf("%*s%s%s", pad, "", text, is_last ? "" : "  ");
    else if (is_last)
        printf("%s", text);
    else
        printf("%s%*s  ", text, pad, "");
}

void
ctl_table_print(JsonArray *rows, const CtlColumn *columns, const char *none)
{
    guint n_rows = rows != NULL ? json_array_get_length(rows) : 0, n = 0;
    while (columns[n].title != NULL)
        n++;
    if (n_rows == 0) {
        printf("%s\n", none);
        return;
    }
    g_autofree glong *widths = g_new0(glong, n);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    for (guint c = 0; c < n; c++)
        widths[c] = g_utf8_strlen(_(columns[c].title), -1);
    for (guint r = 0; r < n_rows; r++) {
        JsonNode *node = json_array_get_element(rows, r);
        JsonObject *row = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        for (guint c = 0; c < n; c++) {
            char *cell = ctl_cell(row, columns[c].member, columns[c].format);
            widths[c] = MAX(widths[c], g_utf8_strlen(cell, -1));
            g_ptr_array_add(cells, cell);
        }
    }
    for (guint c = 0; c < n; c++)
        print_cell(_(columns[c].title), widths[c], is_right(columns[c].format), c + 1 == n);
    printf("\n");
    for (guint i = 0; i < cells->len; i++) {
        guint c = i % n;
        print_cell(g_ptr_array_index(cells, i), widths[c], is_right(columns[c].format), c + 1 == n);
        if (c + 1 == n)
            printf("\n");
    }
}
