/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The query of GET …/data, read and checked as far as it can be without the sensor. */
#pragma once

#include <glib.h>

typedef struct {
    gint64 start_us, offset_us, duration_us;
    gint64 resolution_us; /* 0: not given */
    gboolean has_prior, has_horizon;
    gint64 prior_us, horizon_us;
    gint64 source, source_account; /* 0: not given */
    guint32 source_types;          /* 0: not given */
    char *unit;
} FmQuery;

void fm_query_clear(FmQuery *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FmQuery, fm_query_clear)

/* @query: (nullable) raw. On failure @ret_field and @ret_problem are static texts. */
gboolean
fm_query_parse(const char *query, FmQuery *ret, const char **ret_field, const char **ret_problem);
