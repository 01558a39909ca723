/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report of a time of a site. It is made from what is stored, whichever process has stored it,
 * so that neither a kill nor the length of memory shows in it. data/doc/report-format.md
 */
#pragma once

#include "report/cfx-trace.h"

typedef struct {
    double cost, import_wh, export_wh, highest_w; /* NAN: not known */
    gint64 energy_until_us; /* CFX_TIME_MIN: the registers say nothing of the time */
    gint minutes_over;
    guint minutes_unknown;
    guint minutes_without_price; /* in which energy was drawn: its cost is not known */
} CfxReportSums;

typedef struct {
    CfxEngine *engine;
    CfxSite *site; /* of its own: timelines, holds and sessions of the report's time */
    gint64 start_us, end_us;
    GArray *links_ms[CFX_N_LINKS]; /* (element-type double) */
    guint n_plans;
    double worst_gap; /* NAN: nothing was certified */
    CfxReportSums sums;
    guint loads;
    GError *error;
    CfxReportDone done;
    gpointer data;
} CfxReport;

/* JSON of what has been read and summed up; main thread (transfer full) */
char *cfx_report_write(const CfxReport *self);
/* Energy, cost and minutes, from the timelines alone. In the pool. */
void cfx_report_sum(CfxReport *self);
