/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long each link of the chain took, in REAL time: event received → stored → solved → on the
 * wire → accepted. It is stored with plans and in notices cfx.trace, and read back by the report.
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

const char *cfx_link_name(CfxLink link);
/* @ms: (element-type double); sorts them. @share: 0.5, 0.99. NAN: there is none */
double cfx_link_quantile(GArray *ms, double share);

/* A device has accepted what it was sent: the notice. */
void cfx_trace_accepted(const CfxEngineDevice *device,
                        gint64 version,
                        gint64 sent_us,
                        gint64 answered_us);
