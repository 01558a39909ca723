/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects in memory and in the store, and the order of writes. */
#include <string.h>

#include "vtn-server.h"

void
vtn_visit_free(VtnVisit *self)
{
    g_free(self->client);
    g_free(self);
}

VtnObject *
vtn_server_find(VtnServer *self, VtnKind kind, const char *id)
{
    VtnObject *object = id != NULL ? g_hash_table_lookup(self->by_id, id) : NULL;

    return object != NULL && object->kind == kind ? object : NULL;
}

VtnObject *
vtn_server_by_name(VtnServer *self, VtnKind kind, const char *name, const char *ven_id)
{
    for (guint i = 0; i < self->objects[kind]->len; i++) {
        VtnObject *object = g_ptr_array_index(self->objects[kind], i);
        if (g_strcmp0(object->name, name) == 0 &&
            (ven_id == NULL || g_strcmp0(object->ven_id, ven_id) == 0))
            return object;
    }
    return NULL;
}

/* --- loading ------------------------------------------------------------------------------- */

typedef struct {
    VtnServer *server;
    VtnKind kind;
    CfxDone done;
    gpointer data;
} Loading;

static void load_kind(Loading *loading);
static void read_all(Loading *loading, const char *collection, CfxRecordsDone done);
static void tokens_cb(gpointer data, const CfxRecords *result, const GError *error);

static gint
older_first(gconstpointer a, gconstpointer b)
{
    const VtnObject *x = *(VtnObject *const *)a, *y = *(VtnObject *const *)b;

    if (x->created_us != y->created_us)
        return x->created_us < y->created_us ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void
loaded_cb(gpointer data, const CfxRecords *result, const GError *error)
{
    Loading *loading = data;
    VtnServer *self = loading->server;

    for (gsize i = 0; error == NULL && i < result->n; i++) {
        g_autoptr(GError) problem = NULL;
        const CfxRecord *record = result->records[i];
        VtnObject *object =
            vtn_object_from_doc(loading->kind, record->doc, record->doc_size, &problem);
        if (object == NULL) {
            cfx_log(self->host,
                    CFX_LOG_WARNING,
                    "record %s %s is passed over: %s",
                    record->collection,
                    record->key,
                    problem->message);
            continue;
        }
        g_ptr_array_add(self->objects[loading->kind], object);
        g_hash_table_insert(self->by_id, object->id, object);
    }
    g_ptr_array_sort(self->objects[loading->kind], older_first);
    if (error == NULL && ++loading->kind < VTN_N_KINDS) {
        load_kind(loading);
        return;
    }
    if (error == NULL) {
        read_all(loading, VTN_TOKENS, tokens_cb);
        return;
    }
    loading->done(loading->data, error);
    g_free(loading);
}

static void
tokens_cb(gpointer data, const CfxRecords *result, const GError *error)
{
    g_autofree Loading *loading = data;

    for (gsize i = 0; error == NULL && i < result->n; i++)
        vtn_token_load(loading->server, result->records[i]);
    loading->done(loading->data, error);
}

static void
load_kind(Loading *loading)
{
    read_all(loading, vtn_kind_collection(loading->kind), loaded_cb);
}

static void
read_all(Loading *loading, const char *collection, CfxRecordsDone done)
{
    const CfxHost *host = loading->server->host;
    const char *const texts[] = { host->instance };
    const CfxTerm term = { .name = "instance", .texts = texts, .n_texts = 1 };
    const CfxTerm *const terms[] = { &term };
    const CfxRecordQuery query = {
        .struct_size = sizeof query,
        .collection = collection,
        .terms = terms,
        .n_terms = 1,
    };

    host->data->read_records(host, &query, done, loading);
}

void
vtn_server_load(VtnServer *self, CfxDone done, gpointer data)
{
    Loading *loading = g_new0(Loading, 1);

    loading->server = self;
    loading->done = done;
    loading->data = data;
    load_kind(loading);
}

/* --- writing ------------------------------------------------------------------------------- */

typedef struct {
    VtnVisit *visit;
    VtnObject *object;
    VtnWriteFunc func;
} VtnWrite;

static void
run_head(VtnServer *self)
{
    VtnWrite *write = g_queue_peek_head(&self->writes);
    VtnObject *object;

    if (write == NULL)
        return;
    object = g_steal_pointer(&write->object);
    write->func(g_steal_pointer(&write->visit), object);
}

void
vtn_server_queue(VtnServer *self, VtnVisit *visit, VtnObject *object, VtnWriteFunc func)
{
    VtnWrite *write = g_new0(VtnWrite, 1);

    write->visit = visit;
    write->object = object;
    write->func = func;
    g_queue_push_tail(&self->writes, write);
    if (g_queue_get_length(&self->writes) == 1)
        run_head(self);
}

void
vtn_server_next(VtnServer *self)
{
    g_free(g_queue_pop_head(&self->writes));
    run_head(self);
}

void
vtn_server_drop_writes(VtnServer *self)
{
    VtnWrite *write;

    while ((write = g_queue_pop_head(&self->writes)) != NULL) {
        g_clear_pointer(&write->visit, vtn_visit_free);
        g_clear_pointer(&write->object, vtn_object_unref);
        g_free(write);
    }
}

typedef struct {
    VtnVisit *visit;
    VtnObject *object, *old;
    gboolean is_delete;
} Storing;

static void
put_in_memory(VtnServer *self, Storing *storing)
{
    GPtrArray *objects = self->objects[storing->object->kind];

    if (storing->old != NULL) {
        g_hash_table_remove(self->by_id, storing->old->id);
        if (storing->is_delete) {
            g_ptr_array_remove(objects, storing->old);
            return;
        }
        guint index = 0;
        g_ptr_array_find(objects, storing->old, &index);
        vtn_object_unref(objects->pdata[index]);
        objects->pdata[index] = vtn_object_ref(storing->object);
    } else {
        g_ptr_array_add(objects, vtn_object_ref(storing->object));
    }
    g_hash_table_insert(self->by_id, storing->object->id, storing->object);
}

static void
stored_cb(gpointer data, const CfxCommitted *result, const GError *error)
{
    Storing *storing = data;
    VtnServer *self = storing->visit->server;
    const CfxRequest *request = storing->visit->request;

    if (error != NULL) {
        vtn_problem(self, request, 503, error->message);
    } else {
        put_in_memory(self, storing);
        vtn_answer_object(self, request, storing->old == NULL ? 201 : 200, storing->object, NULL);
    }
    gboolean is_stopping = g_error_matches(error, CFX_ERROR, CFX_ERROR_CANCELLED);
    vtn_visit_free(storing->visit);
    vtn_object_unref(storing->object);
    if (storing->old != NULL)
        vtn_object_unref(storing->old);
    g_free(storing);
    if (!is_stopping)
        vtn_server_next(self);
}

void
vtn_server_store(
    VtnServer *self, VtnVisit *visit, VtnObject *object, VtnObject *old, gboolean is_delete)
{
    const CfxHost *host = self->host;
    Storing *storing = g_new0(Storing, 1);
    g_autofree char *doc = vtn_object_doc(object);
    g_autofree char *key = g_strdup_printf("%s/%s", host->instance, object->id);
    g_autofree char *news =
        g_strdup_printf("{\"operation\":\"%s\",\"objectType\":\"%s\",\"id\":\"%s\"}",
                        is_delete ? "DELETE" : (old != NULL ? "UPDATE" : "CREATE"),
                        vtn_kind_name(object->kind),
                        object->id);
    const CfxKey keys[] = { { "instance", host->instance, 0 },
                            { "created", NULL, object->created_us } };
    const CfxRecord record = {
        .struct_size = sizeof record,
        .flags = is_delete ? CFX_RECORD_DELETE : 0,
        .collection = vtn_kind_collection(object->kind),
        .key = key,
        .doc = doc,
        .doc_size = strlen(doc),
        .keys = keys,
        .n_keys = G_N_ELEMENTS(keys),
        .expect = CFX_EXPECT_ANY,
    };
    const CfxNotice notice = {
        .struct_size = sizeof notice,
        .topic = "openadr.object",
        .at_us = CFX_TIME_MIN,
        .doc = news,
        .doc_size = strlen(news),
    };
    const CfxRecord *const records[] = { &record };
    const CfxNotice *const notices[] = { &notice };
    const CfxCommit commit = {
        .struct_size = sizeof commit,
        .records = records,
        .n_records = 1,
        .notices = notices,
        .n_notices = 1,
    };

    storing->visit = visit;
    storing->object = object;
    storing->old = old != NULL ? vtn_object_ref(old) : NULL;
    storing->is_delete = is_delete;
    cfx_commit(host, &commit, stored_cb, storing);
}
