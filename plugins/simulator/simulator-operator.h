/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grid operator: publishes prices and load control at the VTN, as a business client of
 * OpenADR 3.1. */
#pragma once

#include "simulator-prices.h"
#include "simulator-world.h"

typedef struct _SimOperator SimOperator;

SimOperator *sim_operator_new(SimWorld *world, const SimPrices *prices, GError **error);
void sim_operator_free(SimOperator *self);

/* The prices of the local day on which `at_us` lies, from midnight to midnight. */
void sim_operator_publish_prices(SimOperator *self, gint64 at_us);
void sim_operator_publish_control(SimOperator *self, const SimControl *control);
