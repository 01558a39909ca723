/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long each link of the chain took, in REAL time: event received → stored → solved → on the
 * wire → accepted.
 */
#pragma once

#include "cfx-engine-private.h"

typedef enum {
    CFX_LINK_EVENT_TO_PROFILE, /* received to on the wire, plans that the grid set off */
    CFX_LINK_RECEIVED_TO_STORED,
    CFX_LINK_STORED_TO_SOLVED, /* of other plans: from what set them off */
    CFX_LINK_SOLVED_TO_WIRE,
    CFX_LINK_WIRE_TO_ACCEPTED,
    CFX_N_LINKS
} CfxLink;

CfxTraces *cfx_traces_new(void);
void cfx_traces_free(CfxTraces *self);
const char *cfx_link_name(CfxLink link);
void cfx_traces_add(CfxTraces *self, CfxLink link, gint64 us);
/* @share: 0.5, 0.99. In ms; NAN: nothing was measured */
double cfx_traces_quantile(CfxTraces *self, CfxLink link, double share);
guint64 cfx_traces_count(const CfxTraces *self, CfxLink link);

void cfx_trace_plan(CfxEngine *engine, const CfxCause *cause, gint64 solved_us);
void cfx_trace_wire(CfxEngine *engine, const CfxCause *cause, gint64 solved_us, gint64 sent_us);
/* Also a notice cfx.trace. */
void cfx_trace_accepted(CfxEngine *engine,
                        const CfxCause *cause,
                        gint64 asset,
                        gint64 version,
                        gint64 sent_us,
                        gint64 answered_us);
