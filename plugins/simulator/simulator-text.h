/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON written straight into a string; commas come by themselves. `name` NULL inside arrays. */
#pragma once

#include <glib.h>

void sim_text_open(GString *to, const char *name, char bracket);
void sim_text_close(GString *to, char bracket);
void sim_text_string(GString *to, const char *name, const char *value); /* value NULL: null */
void sim_text_integer(GString *to, const char *name, gint64 value);
/* At most six decimals, at least one, so that it is read as a number with a fraction; not finite:
 * null. */
void sim_text_real(GString *to, const char *name, double value);
void sim_text_boolean(GString *to, const char *name, gboolean value);
void sim_text_null(GString *to, const char *name);
/* JSON as it is; line ends in it become spaces. */
void sim_text_raw(GString *to, const char *name, const char *json);
void sim_text_stamp(GString *to, const char *name, gint64 at_us);
