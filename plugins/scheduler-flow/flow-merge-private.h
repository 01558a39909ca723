/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "flow-merge.h"

/* A stretch of stock that a piece of some slot's cost can bring; length and slope by the factor. */
typedef struct {
    double slope, length;
    guint32 piece;
} FlowSegment;

/* A decision that is still to be looked at. */
typedef struct {
    double bound;
    guint32 depth;   /* decisions above it */
    guint32 slot;    /* slot that this one decides */
    guint8 decision; /* FLOW_… */
} FlowNodeOfTree;

struct _FlowWork {
    FlowSegment *segments;
    guint32 capacity, begin, end;
    double factor, sum;
    double *used, *unit;
    double *best, *power, *burns;
    guint8 *state;
    GArray *stack;
};
