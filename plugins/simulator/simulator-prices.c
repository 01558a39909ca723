/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-prices.h"

#include <math.h>
#include <string.h>

#include <cariflex/cfx-abi.h>

#define SIZE_MAX_BYTES (256 * 1024)
#define PRICE_MAX 1e6

typedef enum { STAMP_LOCAL, STAMP_UTC } StampKind;

typedef struct {
    StampKind kind;
    int minute;    /* clock time */
    gint64 utc_us; /* where the file names an instant, else 0 */
    double value;
} Row;

static gboolean
fail(GError **error, guint line, const char *what)
{
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "line %u: %s", line, what);
    return FALSE;
}

static gboolean
read_number(const char *text, double *ret)
{
    char *end = NULL;
    double value = g_ascii_strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || fabs(value) > PRICE_MAX)
        return FALSE;
    *ret = value;
    return TRUE;
}

/* "HH:MM" or "HH:MM:SS", whole minutes */
static gboolean
read_clock(const char *text, int *ret)
{
    gsize n = strlen(text);
    if ((n != 5 && !(n == 8 && strcmp(text + 5, ":00") == 0)) || text[2] != ':')
        return FALSE;
    for (int i = 0; i < 5; i++)
        if (i != 2 && !g_ascii_isdigit(text[i]))
            return FALSE;
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    if (hour > 23 || minute > 59)
        return FALSE;
    *ret = hour * 60 + minute;
    return TRUE;
}

static gboolean
read_stamp(const char *text, Row *row)
{
    row->kind = STAMP_LOCAL;
    row->utc_us = 0;
    if (read_clock(text, &row->minute))
        return TRUE;
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, utc);
    if (time == NULL)
        return FALSE;
    row->minute = g_date_time_get_hour(time) * 60 + g_date_time_get_minute(time);
    const char *clock = strchr(text, 'T');
    if (clock == NULL)
        return FALSE;
    if (g_str_has_suffix(text, "Z") || strpbrk(clock, "+-") != NULL)
        row->utc_us = g_date_time_to_unix(time) * G_USEC_PER_SEC;
    if (g_str_has_suffix(text, "Z"))
        row->kind = STAMP_UTC;
    return TRUE;
}

static gboolean
read_head(const char *column, SimPrices *self, double *ret_scale)
{
    g_auto(GStrv) words = g_strsplit(column, "_", 0);
    if (g_strv_length(words) != 4 || strcmp(words[0], "price") != 0 || strcmp(words[2], "per") != 0)
        return FALSE;
    if (strlen(words[1]) != 3)
        return FALSE;
    for (int i = 0; i < 3; i++)
        if (!g_ascii_isupper(words[1][i]))
            return FALSE;
    if (strcmp(words[3], "MWh") == 0)
        *ret_scale = 1;
    else if (strcmp(words[3], "kWh") == 0)
        *ret_scale = 1000;
    else
        return FALSE;
    memcpy(self->currency, words[1], 4);
    return TRUE;
}

static gboolean
read_rows(SimPrices *self, const char *text, GArray *rows, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    double scale = 0;
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        if (line[0] == '\0' || line[0] == '#')
            continue;
        g_auto(GStrv) cells = g_strsplit(line, ",", 3);
        if (g_strv_length(cells) != 2)
            return fail(error, i + 1, "two columns are expected");
        g_strstrip(cells[0]);
        g_strstrip(cells[1]);
        if (scale == 0) {
            if (!read_head(cells[1], self, &scale))
                return fail(
                    error,
                    i + 1,
                    "the second column must be named price_CUR_per_MWh or price_CUR_per_kWh");
            continue;
        }
        Row row;
        if (!read_stamp(cells[0], &row))
            return fail(error, i + 1, "not a clock time or an instant");
        if (!read_number(cells[1], &row.value))
            return fail(error, i + 1, "not a price");
        row.value *= scale;
        if (rows->len == 100)
            return fail(error, i + 1, "more than 100 quarter hours");
        g_array_append_val(rows, row);
    }
    return TRUE;
}

/* The clock time of a row of a file whose instants are in UTC. */
static int
counted_minute(guint i, guint n, int step)
{
    int minute = (int)i * step, whole = (int)n * step;
    if (whole < 24 * 60 && minute >= 2 * 60)
        return minute + 60;
    if (whole > 24 * 60 && minute >= 3 * 60)
        return minute - 60;
    return minute;
}

static gboolean
spread(SimPrices *self, GArray *rows, int step, GError **error)
{
    double sum[SIM_QUARTERS] = { 0 };
    guint count[SIM_QUARTERS] = { 0 };
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        int minute = row->kind == STAMP_UTC ? counted_minute(i, rows->len, step) : row->minute;
        if (i > 0 && row->utc_us != 0 &&
            row->utc_us - g_array_index(rows, Row, i - 1).utc_us !=
                (gint64)step * 60 * G_USEC_PER_SEC) {
            g_set_error(error,
                        CFX_ERROR,
                        CFX_ERROR_INVALID,
                        "row %u does not follow %d minutes after the row before it",
                        i + 1,
                        step);
            return FALSE;
        }
        if (minute < 0 || minute >= 24 * 60 || minute % step != 0) {
            g_set_error(error,
                        CFX_ERROR,
                        CFX_ERROR_INVALID,
                        "row %u is not on a step of %d minutes",
                        i + 1,
                        step);
            return FALSE;
        }
        for (int quarter = minute / 15; quarter < (minute + step) / 15; quarter++) {
            sum[quarter] += row->value;
            count[quarter]++;
        }
    }
    if (count[0] == 0) {
        g_set_error_literal(
            error, CFX_ERROR, CFX_ERROR_INVALID, "the day does not begin at midnight");
        return FALSE;
    }
    guint skipped = 0;
    for (int i = 0; i < SIM_QUARTERS; i++) {
        skipped += count[i] == 0;
        self->per_mwh[i] = count[i] > 0 ? sum[i] / count[i] : self->per_mwh[i - 1];
        if (count[i] > 2 || skipped > 4) {
            g_set_error(error,
                        CFX_ERROR,
                        CFX_ERROR_INVALID,
                        "the clock time %02d:%02d is %s",
                        i / 4,
                        i % 4 * 15,
                        count[i] > 2 ? "there more than twice" : "missing");
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
sim_prices_parse(SimPrices *self, const char *text, gsize size, GError **error)
{
    memset(self, 0, sizeof *self);
    if (size > SIZE_MAX_BYTES || memchr(text, '\0', size) != NULL ||
        !g_utf8_validate(text, (gssize)size, NULL)) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "not a text file of prices");
        return FALSE;
    }
    g_autofree char *copy = g_strndup(text, size);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
    if (!read_rows(self, copy, rows, error))
        return FALSE;
    self->rows = rows->len;
    if (rows->len == 92 || rows->len == 96 || rows->len == 100)
        return spread(self, rows, 15, error);
    if (rows->len >= 23 && rows->len <= 25)
        return spread(self, rows, 60, error);
    g_set_error(
        error,
        CFX_ERROR,
        CFX_ERROR_INVALID,
        "%u rows are neither the 92, 96 or 100 quarter hours nor the 23, 24 or 25 hours of a day",
        rows->len);
    return FALSE;
}

gboolean
sim_prices_load(SimPrices *self, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &text, &size, error))
        return FALSE;
    if (!sim_prices_parse(self, text, size, error)) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    return TRUE;
}

double
sim_prices_at(const SimPrices *self, int minute)
{
    return self->per_mwh[CLAMP(minute / 15, 0, SIM_QUARTERS - 1)];
}
