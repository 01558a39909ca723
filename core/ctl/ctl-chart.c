/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-chart.h"

#include <math.h>

/* Mean of the values that one column stands for; NAN where all are gaps. */
static double
column(const double *values, gsize n, guint width, guint at)
{
    gsize first = n * at / width, last = MAX(first + 1, n * (at + 1) / width), known = 0;
    double sum = 0;
    for (gsize i = first; i < last && i < n; i++)
        if (isfinite(values[i])) {
            sum += values[i];
            known++;
        }
    return known > 0 ? sum / (double)known : NAN;
}

/* How full a cell is, in eighths: its line goes from `low` to `high`. */
static const char *
cell(double value, double low, double high)
{
    static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    if (!isfinite(value))
        return " ";
    double share = (value - low) / (high - low);
    return blocks[(gsize)lround(CLAMP(share, 0, 1) * 8)];
}

char *
ctl_chart(const double *values, gsize n, guint width, guint height)
{
    double low = INFINITY, high = -INFINITY;
    g_autofree double *columns = g_new(double, width);
    GString *to = g_string_new(NULL);
    width = MIN(width, n > 0 ? MAX(n, 1) : 1);
    for (guint i = 0; i < width; i++) {
        columns[i] = n > 0 ? column(values, n, width, i) : NAN;
        if (isfinite(columns[i])) {
            low = MIN(low, columns[i]);
            high = MAX(high, columns[i]);
        }
    }
    if (low > high)
        return g_string_free(to, FALSE);
    if (low > 0)
        low = 0;
    if (high < 0)
        high = 0;
    if (high - low < 1e-9)
        high = low + 1;
    double step = (high - low) / height;
    for (guint line = height; line-- > 0;) {
        if (line + 1 == height)
            g_string_append_printf(to, "%10.4g ┤", high);
        else if (line == 0)
            g_string_append_printf(to, "%10.4g ┤", low);
        else
            g_string_append(to, "           │");
        for (guint i = 0; i < width; i++)
            g_string_append(to, cell(columns[i], low + line * step, low + (line + 1) * step));
        while (to->len > 0 && to->str[to->len - 1] == ' ')
            g_string_truncate(to, to->len - 1);
        g_string_append_c(to, '\n');
    }
    return g_string_free(to, FALSE);
}
