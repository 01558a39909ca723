/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of a post of sensor data, read and checked as far as it can be without the sensor. */
#pragma once

#include <glib.h>

/* a year of minutes, and some */
#define FM_BODY_VALUES_MAX 600000
#define FM_BODY_SIZE_MAX (4u << 20)

typedef struct {
    gint64 start_us, duration_us;
    double *values; /* NAN where null stood */
    gsize n_values;
    gboolean is_list; /* values were a list, even of one */
    char *unit;
    gboolean has_prior, has_horizon;
    gint64 prior_us, horizon_us;
} FmBody;

void fm_body_clear(FmBody *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FmBody, fm_body_clear)

/*
 * @text: changed while it is read
 * @ret_field: (nullable static) on failure the member that is wrong; @ret_message: (transfer full)
 * Returns: FALSE with both set; @ret_field NULL: it is no JSON object at all
 */
gboolean
fm_body_parse(char *text, gsize size, FmBody *ret, const char **ret_field, char **ret_message);

/* "PT15M", "-PT10M": whole minutes, as FlexMeasures takes them */
gboolean fm_duration_parse(const char *text, gsize size, gint64 *ret_us, const char **ret_problem);
/* an instant with an offset; @ret_offset_us (nullable): of the text */
gboolean fm_time_parse(const char *text, gsize size, gint64 *ret_us, gint64 *ret_offset_us);
