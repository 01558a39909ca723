/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A read on its way: made at home (cfx-store-ask.c), filled by a reader (cfx-store-reader.c),
 * answered at home.
 */
#pragma once

#include "cfx-store-private.h"

G_BEGIN_DECLS

typedef enum { READ_BELIEFS, READ_SERIES, READ_RECORDS, READ_NOTICES, READ_BACKUP } RequestKind;

typedef struct {
    Op op; /* first */
    RequestKind kind;
    CfxStore *store;
    CfxInstance *instance;
    GCancellable *cancellable;
    CfxChunks memory;      /* query and result */
    const CfxModel *model; /* (nullable) of the moment of the question */
    GError *error;
    gpointer data;
    CfxBeliefQuery beliefs_query;
    CfxSeriesQuery series_query;
    CfxRecordQuery records_query;
    CfxNoticeQuery notices_query;
    double unit_scale, unit_offset; /* from the stored value to what is asked */
    char *path;
    union {
        CfxBeliefsDone beliefs;
        CfxSeriesDone series;
        CfxRecordsDone records;
        CfxNoticesDone notices;
        CfxDone backup;
        gpointer any;
    } done;
    GArray *rows;     /* (element-type BeliefRow) */
    GPtrArray *found; /* (element-type CfxRecord or CfxNotice) in memory */
    guint64 total;
    CfxSeries series;
} Request;

/* [home] Answers, unless its instance has been stopped, and frees it. */
void cfx_request_deliver(gpointer request);

G_END_DECLS
