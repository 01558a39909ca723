/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables and numbers for people. */
#pragma once

#include <json-glib/json-glib.h>

typedef enum {
    CTL_TEXT,
    CTL_NUMBER, /* as it is */
    CTL_KW,     /* W, shown as kW */
    CTL_KWH,    /* Wh, shown as kWh */
    CTL_REAL1,  /* one digit */
    CTL_REAL3,  /* three digits */
    CTL_TIME,   /* ISO 8601, shown in local time */
    CTL_FLAG,   /* "yes" where true */
} CtlFormat;

typedef struct {
    const char *title;  /* marked for translation */
    const char *member; /* of a row's object; "a.b" looks into "a" */
    CtlFormat format;
} CtlColumn;

/* A row for each object of the list (nullable). columns: ended by a NULL title. Prints `none` when
 * there is no row. */
void ctl_table_print(JsonArray *rows, const CtlColumn *columns, const char *none);

/* One cell. (transfer full) "" where there is no value */
char *ctl_cell(JsonObject *row, const char *member, CtlFormat format);
