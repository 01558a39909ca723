/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices under common rows, exactly: a primal-dual interior point method that eliminates the
 * devices block by block (scheduling 5.2). Every variable lies in an interval; a convex piecewise
 * linear cost is a row of such variables side by side.
 */
#pragma once

#include "flow-merge.h"

/* As FlowHinge, with a price that rises by `curve` per kWh: equals lack in proportion. */
typedef struct {
    guint32 slot;
    double level, price, curve;
} FlowWish;

/* The power of a node in a slot as far as it is not the same price all over. */
typedef struct {
    guint32 node, slot;
    double low;         /* kW where its first piece begins */
    guint32 start, end; /* its pieces */
} FlowRow;

typedef struct {
    const FlowModel *model;
    double *price;       /* D × J, currency/kWh of the device's power outside of the rows */
    double *end_value;   /* D */
    FlowWish *wishes;    /* by device, slot, level */
    guint32 *first_wish; /* D + 1 */
    FlowRow *rows;       /* by slot, then node */
    guint32 n_rows;
    double *piece_width; /* kW */
    double *piece_price; /* currency/kWh, ascending in a row */
} FlowLp;

typedef struct {
    double *power;       /* D × J */
    double *row_price;   /* n_rows, currency/kWh */
    double *stock_price; /* D × J, currency/kWh of stock at the end of a slot */
    guint32 iterations;
    gboolean is_converged;
} FlowLpAnswer;

/* Solves to a relative gap; FALSE when `is_late` said so before an answer was there. */
gboolean flow_interior(const FlowLp *lp,
                       double gap,
                       gboolean (*is_late)(gpointer data),
                       gpointer data,
                       FlowLpAnswer *answer);
