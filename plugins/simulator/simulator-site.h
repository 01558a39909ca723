/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The site's connection: base load, sun and cars meet at its meter, and gateways post what they
 * see. */
#pragma once

#include "simulator-station.h"

typedef struct _SimSite SimSite;

/* stations: (element-type SimStation) */
SimSite *sim_site_new(SimWorld *world, GPtrArray *stations, GError **error);
void sim_site_free(SimSite *self);

/* From now on the meter is read and posted. */
void sim_site_start(SimSite *self);
/* From now on the forecaster posts. */
void sim_site_forecast(SimSite *self);
/* Lets the energy of a span of time flow. self may be NULL. */
void sim_site_flow(SimSite *self, gint64 span_us);
/* The day has ended: says what it has to before the log's last line. */
void sim_site_end(SimSite *self);
/* Registers and number of posts, for the log's last line. */
void sim_site_summary(SimSite *self, GString *line);
