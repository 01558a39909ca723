/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A scheduler that gives each device what the test says, in all slots in which the device may have
 * it, whatever the limits are.
 */
#pragma once

#include "engine-fixture.h"

extern const CfxSchedulerOps fake_ops;
extern double fake_wished_kw[FIXTURE_STATIONS]; /* by EVSE */
extern gboolean fake_fails;
extern gboolean fake_is_wild; /* it does not look at the bounds of devices either */
extern guint fake_n_loads, fake_n_updates, fake_n_solves;
/* of the last problem's first slot: room under its lowest limit, limit of export or INFINITY */
extern double fake_room_kw, fake_export_kw;
extern guint fake_tiers; /* bits of the tiers that its limits have */

void fake_reset(void);
