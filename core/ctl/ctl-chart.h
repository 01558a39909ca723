/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small chart for the terminal. */
#pragma once

#include <glib.h>

/*
 * Draws n values (NAN: a gap) as columns of block characters, `width` wide and `height` lines high,
 * with the range at its left. The bottom is 0 where all values are on one side of it.
 */
char *ctl_chart(const double *values, gsize n, guint width, guint height);
