/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is left of a solve when its solver is gone: prices, values, and why in words. */
#pragma once

#include "flow-solver.h"

typedef struct {
    guint32 n_devices, n_slots;
    double *power, *price, *value; /* D × J; price: all that a kWh costs this device */
    double *lack;                  /* D: kWh of its targets that are not met */
    guint8 *flags;                 /* D × J */
} FlowStory;

void flow_story_clear(FlowStory *story);
/* Keeps the story of a solved plan and writes its prices and values to the host. */
void flow_story_tell(FlowStory *story, const FlowSolver *solver, CfxSolution *solution);
char *flow_story_explain(const FlowStory *story, guint32 device, guint32 slot);
