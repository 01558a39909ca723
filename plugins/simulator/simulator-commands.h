/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person asks of a station by way of its CSMS. */
#pragma once

#include "simulator-station.h"

/* An answer that is a status; `reason` (nullable) is its reasonCode. */
void sim_answer_status(SimStation *self, const char *id, const char *status, const char *reason);

void sim_command_reset(SimStation *self, const char *id, JsonObject *payload);
void sim_command_trigger(SimStation *self, const char *id, JsonObject *payload);
void sim_command_start(SimStation *self, const char *id, JsonObject *payload);
void sim_command_stop(SimStation *self, const char *id, JsonObject *payload);
void sim_command_unlock(SimStation *self, const char *id, JsonObject *payload);
void sim_command_availability(SimStation *self, const char *id, JsonObject *payload);
