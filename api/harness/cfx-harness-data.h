/* SPDX-License-Identifier: MIT */
/* What was committed, as the data table keeps it. */
#pragma once

#include "cfx-harness-private.h"

typedef struct {
    char *collection, *key, *doc;
    GArray *keys; /* (element-type CfxKey) of texts that live as long as the process */
    gint64 revision;
} CfxHarnessRecord;

struct _CfxHarnessData {
    GArray *beliefs;     /* (element-type CfxHarnessBelief) */
    GHashTable *records; /* "collection\tkey" → CfxHarnessRecord */
    GPtrArray *notices;  /* CfxHarnessNotice */
    GPtrArray *watches;  /* Watch */
    guint64 last_watch;
    gint64 revision;
    guint n_commits;
    gint64 trace, received_us; /* of the last commit */
    gboolean is_held;
    GQueue held; /* Commit */
    char *failure;
};

/* Columns of beliefs, with an owner: end with cfx_beliefs_drop(). */
CfxBeliefs cfx_harness_columns(const GArray *beliefs);
CfxNotice *cfx_harness_as_notice(const CfxHarnessNotice *notice, gint64 sequence);
/* Whether a topic is the wanted one, or begins with it where that ends in a dot. */
gboolean cfx_harness_topic_fits(const char *wanted, const char *topic);
gboolean cfx_harness_is_among(const GArray *sensors, gint64 sensor);

/* The reading functions of the table. */
void cfx_harness_read_beliefs(const CfxHost *host,
                              const CfxBeliefQuery *query,
                              CfxBeliefsDone done,
                              gpointer data);
void cfx_harness_read_series(const CfxHost *host,
                             const CfxSeriesQuery *query,
                             CfxSeriesDone done,
                             gpointer data);
void cfx_harness_read_records(const CfxHost *host,
                              const CfxRecordQuery *query,
                              CfxRecordsDone done,
                              gpointer data);
void cfx_harness_read_notices(const CfxHost *host,
                              const CfxNoticeQuery *query,
                              CfxNoticesDone done,
                              gpointer data);
void cfx_harness_latest(
    const CfxHost *host, const gint64 *sensors, gsize n, double *value, gint64 *start_us);
