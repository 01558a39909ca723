/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sets a plan off. The first trigger starts a plan at the end of the turn; what follows while
 * it is solved joins the next one. Only a lowered limit or a lost device cancels a running solve.
 */
#pragma once

#include "cfx-engine-private.h"

/* Marks the site. @cuts: a running solve is cancelled */
void cfx_trigger(CfxSite *site, const CfxCause *cause, gboolean cuts);
/* A session's need, arrival or end. @cause: static */
void cfx_trigger_need(CfxEngineDevice *device, const char *cause);
/* A device has reported: whether that is news for the plan. @real_us: when it was said */
void cfx_trigger_device(CfxEngineDevice *device,
                        const CfxDevice *before,
                        gboolean is_first,
                        gint64 real_us);
/* The clock: a plan at each edge of a slot. */
void cfx_trigger_clock(CfxSite *site);
