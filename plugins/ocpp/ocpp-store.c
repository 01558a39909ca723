/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-store.h"

void
ocpp_store_init(OcppStore *self)
{
    memset(self, 0, sizeof(*self));
    cfx_json_writer_init(&self->text, NULL, 0);
    self->sensor = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->start_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->belief_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->value = g_array_new(FALSE, FALSE, sizeof(double));
    self->texts = g_ptr_array_new_with_free_func(g_free);
}

void
ocpp_store_clear(OcppStore *self)
{
    cfx_json_writer_clear(&self->text);
    g_clear_pointer(&self->sensor, g_array_unref);
    g_clear_pointer(&self->start_us, g_array_unref);
    g_clear_pointer(&self->belief_us, g_array_unref);
    g_clear_pointer(&self->value, g_array_unref);
    g_clear_pointer(&self->texts, g_ptr_array_unref);
}

void
ocpp_store_begin(OcppStore *self)
{
    cfx_json_writer_reset(&self->text);
    self->open = NULL;
    self->n_records = self->n_notices = 0;
    g_array_set_size(self->sensor, 0);
    g_array_set_size(self->start_us, 0);
    g_array_set_size(self->belief_us, 0);
    g_array_set_size(self->value, 0);
    g_ptr_array_set_size(self->texts, 0);
}

static CfxJsonWriter *
begin_doc(OcppStore *self, OcppStoreDoc *doc)
{
    doc->start = self->text.size;
    self->open = doc;
    self->text.needs_comma = FALSE;
    cfx_json_begin_object(&self->text);
    return &self->text;
}

void
ocpp_store_end(OcppStore *self)
{
    cfx_json_end_object(&self->text);
    self->open->size = self->text.size - self->open->start;
    self->open = NULL;
}

CfxJsonWriter *
ocpp_store_record(OcppStore *self, const char *collection, char *key)
{
    guint i = self->n_records;

    g_assert(i < OCPP_STORE_RECORDS);
    self->n_records++;
    g_ptr_array_add(self->texts, key);
    self->records[i] = (CfxRecord){ .struct_size = sizeof(CfxRecord),
                                    .collection = collection,
                                    .key = key,
                                    .keys = self->keys[i],
                                    .expect = CFX_EXPECT_ANY };
    return begin_doc(self, &self->record_docs[i]);
}

void
ocpp_store_key(OcppStore *self, const char *name, const char *text, gint64 number)
{
    CfxRecord *record = &self->records[self->n_records - 1];
    CfxKey *key = &self->keys[self->n_records - 1][record->n_keys];
    char *copy = g_strdup(text);

    g_assert(record->n_keys < OCPP_STORE_KEYS);
    record->n_keys++;
    if (copy != NULL)
        g_ptr_array_add(self->texts, copy);
    *key = (CfxKey){ name, copy, number };
}

CfxJsonWriter *
ocpp_store_notice(OcppStore *self, const char *topic, gint64 asset, gint64 at_us)
{
    /* the last place is written again and again when there are too many */
    guint i = MIN(self->n_notices, OCPP_STORE_NOTICES - 1);

    self->n_notices = i + 1;
    self->notices[i] = (CfxNotice){
        .struct_size = sizeof(CfxNotice), .topic = topic, .asset = asset, .at_us = at_us
    };
    return begin_doc(self, &self->notice_docs[i]);
}

void
ocpp_store_belief(OcppStore *self, gint64 sensor, gint64 start_us, gint64 belief_us, double value)
{
    if (sensor == 0)
        return;
    g_array_append_val(self->sensor, sensor);
    g_array_append_val(self->start_us, start_us);
    g_array_append_val(self->belief_us, belief_us);
    g_array_append_val(self->value, value);
}

gboolean
ocpp_store_is_empty(const OcppStore *self)
{
    return self->n_records == 0 && self->n_notices == 0 && self->value->len == 0;
}

gint64
ocpp_store_commit(OcppStore *self,
                  const CfxHost *host,
                  gint64 trace,
                  gint64 received_us,
                  CfxCommitDone done,
                  gpointer data)
{
    const CfxRecord *records[OCPP_STORE_RECORDS];
    const CfxNotice *notices[OCPP_STORE_NOTICES];
    const char *text = cfx_json_writer_end(&self->text);
    const CfxBeliefs beliefs = {
        .struct_size = sizeof(CfxBeliefs),
        .n = self->value->len,
        .sensor = { (const gint64 *)(const void *)self->sensor->data, 1 },
        .start_us = { (const gint64 *)(const void *)self->start_us->data, 1 },
        .belief_us = { (const gint64 *)(const void *)self->belief_us->data, 1 },
        .value = { (const double *)(const void *)self->value->data, 1 },
    };
    const CfxBeliefs *batch = &beliefs;
    /* a sample that is told twice, or sent again because its answer was lost, is one belief */
    CfxCommit commit = { .struct_size = sizeof(CfxCommit),
                         .flags = CFX_COMMIT_SKIP_SAME,
                         .records = records,
                         .n_records = self->n_records,
                         .beliefs = &batch,
                         .n_beliefs = self->value->len > 0,
                         .notices = notices,
                         .n_notices = self->n_notices,
                         .trace = trace,
                         .received_us = received_us };
    gint64 revision;

    if (ocpp_store_is_empty(self))
        return 0;
    for (guint i = 0; i < self->n_records; i++) {
        self->records[i].doc = text + self->record_docs[i].start;
        self->records[i].doc_size = self->record_docs[i].size;
        records[i] = &self->records[i];
    }
    for (guint i = 0; i < self->n_notices; i++) {
        self->notices[i].doc = text + self->notice_docs[i].start;
        self->notices[i].doc_size = self->notice_docs[i].size;
        notices[i] = &self->notices[i];
    }
    revision = cfx_commit(host, &commit, done, data);
    ocpp_store_begin(self);
    return revision;
}
