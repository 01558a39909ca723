/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A gateway that posts the values of sensors to the daemon's HTTP API. */
#pragma once

#include "simulator-world.h"

typedef struct _SimGateway SimGateway;

/* `name`: of the gateway, and of its token in the secrets' folder. Lives longer. */
SimGateway *sim_gateway_new(SimWorld *world, const char *name, GError **error);
void sim_gateway_free(SimGateway *self);

/* n values over [start, start + duration); duration 0: one instantaneous value. */
void sim_gateway_post(SimGateway *self,
                      gint64 sensor,
                      gint64 start_us,
                      gint64 duration_us,
                      const double *values,
                      guint n,
                      const char *unit);
/* The same for a value that nobody wants any more once it is a minute old. */
void sim_gateway_post_live(
    SimGateway *self, gint64 sensor, gint64 at_us, double value, const char *unit);
guint64 sim_gateway_posts(const SimGateway *self);
/* Says how many posts were lost, if any were and it has not been said. */
void sim_gateway_tell_lost(SimGateway *self);
