/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VEN: polls a VTN, keeps what it says, writes signals. What its files share. */
#pragma once

#include "ven-signals.h"

#include <cariflex/cfx-adapter.h>
#include <cariflex/cfx-data.h>
#include <cariflex/cfx-model.h>
#include <cariflex/cfx-web.h>

/* a program as it is kept */
typedef struct {
    char *id, *name, *raw;
    GArray *descriptors; /* OadrDescriptor */
} OadrProgram;

/* a record that waits to be written */
typedef struct {
    const char *collection;
    char *key, *doc; /* doc NULL: it goes away */
    gint64 end_us;
} OadrRow;

/* a notice that waits to be written */
typedef struct {
    const char *topic;
    char *doc;
} OadrNews;

typedef struct {
    const CfxHost *host;
    /* configuration */
    const char *url, *client_id, *fixed_token_url;
    char *secret; /* (nullable) */
    gint64 site, poll_us, timeout_us, horizon_us;
    gint64 configured[OADR_N_OUTPUTS]; /* sensors; 0: those of the site's asset */
    double offset_sign;
    GArray *own_rates; /* OadrRate */
    gboolean is_running;

    /* ven-poll.c */
    gboolean is_polling, has_retried;
    char *token_url, *token;
    gint64 token_until_us; /* REAL; 0: nobody said */
    CfxTimer timer;
    gint64 poll_began_us; /* SITE */
    guint failures;
    char *failure;
    guint skip;
    GPtrArray *programs_got, *events_got; /* (element-type JsonNode): objects of this poll */
    GChecksum *checksum;
    char *last_sum;
    gint64 answered_us, answered_real_us; /* the last poll that went well; 0: none */

    /* ven-known.c */
    GPtrArray *known;     /* OadrKnown */
    GHashTable *programs; /* id -> OadrProgram */
    GPtrArray *rows;      /* OadrRow: not yet stored */
    GPtrArray *news;      /* OadrNews: not yet stored */
    GPtrArray *refused;   /* utf8: events that could not be read in the last poll */
    gboolean is_unsure;   /* an event was missing in the last poll and is not given up yet */

    /* ven-write.c */
    guint64 watch;
    char currency[8];
    GArray *rates; /* OadrRate: configured, then those of the site */
    gint64 sensors[OADR_N_OUTPUTS];
    gboolean has_site, has_written, is_reading, is_writing, is_dirty;
    gint64 received_us; /* REAL, of what is dirty; 0: none */
    guint64 reading;    /* which reading of what was written is the newest */
    OadrGrid written[OADR_N_OUTPUTS];
    char *problem;
    CfxMetric *age_metric, *polls_metric, *failures_metric;
} OadrVen;

/* --- ven-poll.c ------------------------------------------------------------------------------- */

void oadr_ven_poll(OadrVen *self);
void oadr_ven_poll_clear(OadrVen *self);

/* --- ven-known.c ------------------------------------------------------------------------------ */

void oadr_program_free(OadrProgram *self);
void oadr_row_free(OadrRow *self);
void oadr_news_free(OadrNews *self);
/* Takes over what a poll has found: (element-type JsonNode). @is_one_page: the events came in one
 * answer, so that none can have slipped through. Returns: whether anything changed. */
gboolean oadr_ven_digest(OadrVen *self,
                         const GPtrArray *programs,
                         const GPtrArray *events,
                         gboolean is_one_page);
/* Records as they were stored. */
void oadr_ven_load_known(OadrVen *self, const CfxRecord *record);
void oadr_ven_load_program(OadrVen *self, const CfxRecord *record);
/* Events find the descriptors of their programs. */
void oadr_ven_link(OadrVen *self);

/* --- ven-tell.c ------------------------------------------------------------------------------- */

/* Document of its record (plugins/openadr/README.md). (transfer full) */
char *oadr_known_doc(const OadrVen *self, const OadrKnown *known);

/* --- ven-write.c ------------------------------------------------------------------------------ */

/* Looks the site up again: sensors, currency, rates. */
void oadr_ven_resolve(OadrVen *self);
/* Writes what has changed. @received_us: REAL time of the answer; 0: there is no news */
void oadr_ven_update(OadrVen *self, gint64 received_us);
void oadr_ven_tell_health(OadrVen *self);
