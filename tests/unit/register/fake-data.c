/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-data.h"

#include <string.h>

FakeData fake_data;

typedef struct {
    CfxCommitDone commit_done;
    CfxRecordsDone records_done;
    gpointer data;
    gint64 revision;
    char *collection;
    char *failure;
} Answer;

void
fake_data_reset(void)
{
    g_clear_pointer(&fake_data.records, g_hash_table_unref);
    g_clear_pointer(&fake_data.log, g_ptr_array_unref);
    g_clear_pointer(&fake_data.failure, g_free);
    fake_data.records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    fake_data.log = g_ptr_array_new_with_free_func(g_free);
    fake_data.commits = 0;
}

const char *
fake_data_doc(const char *collection, const char *key)
{
    g_autofree char *full = g_strdup_printf("%s\n%s", collection, key);

    return g_hash_table_lookup(fake_data.records, full);
}

static void
answer_commit(gpointer data)
{
    Answer *self = data;
    CfxCommitted committed = { .struct_size = sizeof(committed), .revision = self->revision };

    if (self->failure != NULL) {
        g_autoptr(GError) error =
            g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, self->failure);

        self->commit_done(self->data, NULL, error);
    } else {
        self->commit_done(self->data, &committed, NULL);
    }
    g_free(self->failure);
    g_free(self);
}

static gint64
fake_commit(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done, gpointer data)
{
    Answer *answer = g_new0(Answer, 1);

    fake_data.commits++;
    fake_data.revision++;
    answer->commit_done = done;
    answer->data = data;
    answer->revision = fake_data.revision;
    answer->failure = g_strdup(fake_data.failure);
    for (gsize i = 0; i < commit->n_records && fake_data.failure == NULL; i++) {
        const CfxRecord *record = commit->records[i];
        char *full = g_strdup_printf("%s\n%s", record->collection, record->key);
        gboolean is_delete = (record->flags & CFX_RECORD_DELETE) != 0;

        g_ptr_array_add(
            fake_data.log,
            g_strdup_printf(
                "%s %s %s", is_delete ? "delete" : "put", record->collection, record->key));
        if (is_delete) {
            g_hash_table_remove(fake_data.records, full);
            g_free(full);
        } else {
            g_hash_table_replace(fake_data.records, full, g_strndup(record->doc, record->doc_size));
        }
    }
    if (done != NULL)
        host->base->post(host, answer_commit, answer);
    else
        g_free(answer);
    return fake_data.revision;
}

static void
answer_records(gpointer data)
{
    Answer *self = data;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    CfxRecords records = { .struct_size = sizeof(records) };
    g_autofree char *prefix = g_strdup_printf("%s\n", self->collection);
    GHashTableIter iter;
    gpointer key, doc;

    g_hash_table_iter_init(&iter, fake_data.records);
    while (g_hash_table_iter_next(&iter, &key, &doc)) {
        CfxRecord *record;

        if (!g_str_has_prefix(key, prefix))
            continue;
        record = g_new0(CfxRecord, 1);
        record->struct_size = sizeof(*record);
        record->collection = self->collection;
        record->key = (const char *)key + strlen(prefix);
        record->doc = doc;
        record->doc_size = strlen(doc);
        g_ptr_array_add(found, record);
    }
    records.records = (const CfxRecord *const *)found->pdata;
    records.n = found->len;
    records.total = found->len;
    self->records_done(self->data, &records, NULL);
    g_free(self->collection);
    g_free(self);
}

static void
fake_read_records(const CfxHost *host,
                  const CfxRecordQuery *query,
                  CfxRecordsDone done,
                  gpointer data)
{
    Answer *answer = g_new0(Answer, 1);

    answer->records_done = done;
    answer->data = data;
    answer->collection = g_strdup(query->collection);
    host->base->post(host, answer_records, answer);
}

const CfxDataApi *
fake_data_api(void)
{
    static const CfxDataApi api = {
        .struct_size = sizeof(api),
        .commit = fake_commit,
        .read_records = fake_read_records,
    };

    return &api;
}
