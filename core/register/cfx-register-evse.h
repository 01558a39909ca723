/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An EVSE with its sensors and its binding, as approval and sync make it. */
#pragma once

#include "cfx-register-private.h"

typedef struct {
    const CfxAsset *station;
    const char *instance, *identity;
    const char *zone;
    const CfxApproveHow *how;
} CfxEvsePlace;

/* Puts one into the draft, and what was made as an object into `answer`. */
void cfx_evse_put(CfxRegister *reg,
                  CfxDraft *draft,
                  const CfxEvsePlace *place,
                  guint unit,
                  CfxJsonWriter *answer);
