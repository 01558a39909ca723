/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a belief was held, and when an event can be known. */
#pragma once

#include <cariflex/cfx-model.h>

#include "flexmeasures-body.h"

/* When an event could be known for certain: at its end, or as the sensor's rule says. */
gint64 fm_knowledge_time(const CfxSensor *sensor, gint64 start_us);
/* Belief time of a posted value: now, or by prior and horizon, of both the earlier. */
gint64 fm_belief_time(const CfxSensor *sensor, const FmBody *body, gint64 start_us, gint64 now_us);
