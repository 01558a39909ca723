/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many phases a car uses. Somebody states it, or several readings in a row agree; one odd
 * sample decides nothing. Unknown counts as three in limits and as one in promises.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    gint32 n;           /* 1 to 3, 0 unknown */
    gboolean is_stated; /* by car or station: readings with fewer phases do not change it */
    gint32 seen;        /* of the last readings that agree */
    guint n_seen;       /* how many these are */
    gint64 first_us, last_us;
} OcppPhases;

/* @n: 1 to 3; 0 takes a statement back */
void ocpp_phases_state(OcppPhases *self, gint32 n);

/*
 * A reading with so many phases that carry current; 0 says nothing.
 * Returns: whether `n` has changed. It falls back to 0 at once where a reading shows more: what was
 * computed for fewer phases was too high
 */
gboolean ocpp_phases_see(OcppPhases *self, gint32 seen, gint64 at_us);

G_END_DECLS
