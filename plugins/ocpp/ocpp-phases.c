/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-phases.h"

/* readings that must agree, and the time that they must span: a car that begins or changes ramps
 * its phases up one after the other */
#define AGREEING 3
#define SPAN_US (30 * G_USEC_PER_SEC)

void
ocpp_phases_state(OcppPhases *self, gint32 n)
{
    /* who says that there are fewer than flow now is not believed */
    if (n > 0 && n < self->seen)
        return;
    *self = (OcppPhases){ .n = CLAMP(n, 0, 3), .is_stated = n >= 1 && n <= 3 };
}

static void
begin_row(OcppPhases *self, gint32 seen, gint64 at_us)
{
    self->seen = seen;
    self->n_seen = 1;
    self->first_us = self->last_us = at_us;
}

gboolean
ocpp_phases_see(OcppPhases *self, gint32 seen, gint64 at_us)
{
    if (seen < 1 || seen > 3)
        return FALSE;
    if (self->n_seen > 0 && at_us <= self->last_us)
        return FALSE; /* sent again, or late */
    if (seen != self->seen || self->n_seen == 0) {
        begin_row(self, seen, at_us);
    } else {
        self->n_seen++;
        self->last_us = at_us;
    }
    if (self->n > 0 && seen > self->n) {
        self->n = 0;
        self->is_stated = FALSE;
        return TRUE;
    }
    if (self->n == seen || self->is_stated || self->n_seen < AGREEING ||
        self->last_us - self->first_us < SPAN_US)
        return FALSE;
    self->n = seen;
    return TRUE;
}
