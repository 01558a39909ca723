/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gathers what one message leaves behind - records, notices, beliefs - and commits it at once.
 * Reused from message to message, so that gathering seldom allocates.
 */
#pragma once

#include <cariflex/cfx-data.h>
#include <kit/cfx-json.h>

G_BEGIN_DECLS

#define OCPP_STORE_RECORDS 4
#define OCPP_STORE_NOTICES 24
#define OCPP_STORE_KEYS 4

typedef struct {
    gsize start, size; /* of a document in `text` */
} OcppStoreDoc;

typedef struct {
    CfxJsonWriter text; /* all documents, one behind the other */
    OcppStoreDoc *open; /* the one that is being written */
    CfxRecord records[OCPP_STORE_RECORDS];
    CfxKey keys[OCPP_STORE_RECORDS][OCPP_STORE_KEYS];
    OcppStoreDoc record_docs[OCPP_STORE_RECORDS];
    guint n_records;
    CfxNotice notices[OCPP_STORE_NOTICES];
    OcppStoreDoc notice_docs[OCPP_STORE_NOTICES];
    guint n_notices;
    GArray *sensor, *start_us, *belief_us, *value; /* columns of beliefs */
    GPtrArray *texts;                              /* (element-type utf8) keys, freed with it */
} OcppStore;

void ocpp_store_init(OcppStore *self);
void ocpp_store_clear(OcppStore *self);

/* Empties it. */
void ocpp_store_begin(OcppStore *self);

/*
 * A record and its document: write the members of an object, then ocpp_store_end().
 * @key: (transfer full)
 */
CfxJsonWriter *ocpp_store_record(OcppStore *self, const char *collection, char *key);
/* A secondary key of the last record; @text (nullable): the number counts. */
void ocpp_store_key(OcppStore *self, const char *name, const char *text, gint64 number);

/* News with its document: write the members, then ocpp_store_end(). What is more than
 * OCPP_STORE_NOTICES of one message is left out. */
CfxJsonWriter *ocpp_store_notice(OcppStore *self, const char *topic, gint64 asset, gint64 at_us);

void ocpp_store_end(OcppStore *self);

/* @sensor 0: nothing */
void
ocpp_store_belief(OcppStore *self, gint64 sensor, gint64 start_us, gint64 belief_us, double value);

gboolean ocpp_store_is_empty(const OcppStore *self);

/* Commits and empties it. Returns: the revision, 0 if there was nothing or it was refused */
gint64 ocpp_store_commit(OcppStore *self,
                         const CfxHost *host,
                         gint64 trace,
                         gint64 received_us,
                         CfxCommitDone done,
                         gpointer data);

G_END_DECLS
