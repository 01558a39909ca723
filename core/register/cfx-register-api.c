/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model table for plugins: from their home threads to the main loop and back. */
#include "cfx-register-private.h"

#include "cfx-unit.h"

#include <string.h>

typedef struct {
    gatomicrefcount references;
    guint64 id;
    CfxInstance *instance;
    guint64 generation;
    CfxModelDone func;
    gpointer data;
    gint is_over; /* atomic */
} Listener;

static GMutex listeners_lock;
static GList *listeners; /* of all instances */
static guint64 last_listener;

static Listener *
listener_ref(Listener *self)
{
    g_atomic_ref_count_inc(&self->references);
    return self;
}

static void
listener_unref(Listener *self)
{
    if (g_atomic_ref_count_dec(&self->references))
        g_free(self);
}

/* what crosses to an instance's home */
typedef struct {
    Listener *listener;
    const CfxModel *model;
} News;

static void
deliver(gpointer data)
{
    News *self = data;
    Listener *listener = self->listener;
    CfxModelChanged changed = { .struct_size = sizeof(changed), .model = self->model };

    if (!g_atomic_int_get(&listener->is_over) &&
        cfx_instance_is_alive(listener->instance, listener->generation)) {
        gint64 entered_us = cfx_instance_enter(listener->instance);

        listener->func(listener->data, &changed, NULL);
        cfx_instance_leave(listener->instance, entered_us, "model watch");
    }
    cfx_model_unref(self->model);
    listener_unref(listener);
    g_free(self);
}

void
cfx_register_tell_instances(CfxRegister *self)
{
    g_mutex_lock(&listeners_lock);
    for (GList *link = listeners; link != NULL; link = link->next) {
        Listener *listener = link->data;
        News *news = g_new(News, 1);

        *news = (News){ listener_ref(listener), cfx_model_ref(self->model) };
        cfx_loop_post(listener->instance->home, deliver, news);
    }
    g_mutex_unlock(&listeners_lock);
}

static void
remove_listeners(CfxInstance *instance, guint64 id)
{
    g_mutex_lock(&listeners_lock);
    for (GList *link = listeners; link != NULL;) {
        GList *next = link->next;
        Listener *listener = link->data;

        if ((instance == NULL || listener->instance == instance) &&
            (id == 0 || listener->id == id)) {
            listeners = g_list_delete_link(listeners, link);
            g_atomic_int_set(&listener->is_over, 1);
            listener_unref(listener);
        }
        link = next;
    }
    g_mutex_unlock(&listeners_lock);
}

static void
instance_stops(gpointer data, CfxInstance *instance)
{
    remove_listeners(instance, 0);
}

void
cfx_register_api_end(CfxRegister *self)
{
    remove_listeners(NULL, 0);
}

/* --- the table -------------------------------------------------------------------------------- */

static const CfxModel *
api_get(const CfxHost *host)
{
    return cfx_register_model_ref(cfx_register_get());
}

static guint64
api_watch(const CfxHost *host, CfxModelDone func, gpointer data)
{
    static gsize hooked;
    CfxInstance *instance = cfx_instance_of(host);
    Listener *listener = g_new0(Listener, 1);
    guint64 id;

    if (g_once_init_enter(&hooked)) {
        cfx_instance_add_stop_hook(instance_stops, NULL);
        g_once_init_leave(&hooked, 1);
    }
    g_atomic_ref_count_init(&listener->references);
    listener->instance = instance;
    listener->generation = instance->generation;
    listener->func = func;
    listener->data = data;
    g_mutex_lock(&listeners_lock);
    id = listener->id = ++last_listener;
    listeners = g_list_append(listeners, listener);
    g_mutex_unlock(&listeners_lock);
    return id;
}

static void
api_unwatch(const CfxHost *host, guint64 watch)
{
    if (watch != 0)
        remove_listeners(cfx_instance_of(host), watch);
}

static gboolean
api_unit(const CfxHost *host,
         const char *from,
         const char *to,
         gint64 resolution_us,
         double *scale,
         double *offset,
         GError **error)
{
    return cfx_unit_between(from, to, resolution_us, scale, offset, error);
}

/* --- changes ---------------------------------------------------------------------------------- */

typedef struct {
    CfxRegister *reg;
    CfxInstance *instance;
    guint64 generation;
    CfxModelDone done;
    gpointer data;
    CfxModelChange *changes; /* items are ours */
    gint64 *ids;
    gsize n;
    const CfxModel *model;
    GError *error;
} Work;

static void
work_free(Work *self)
{
    for (gsize i = 0; i < self->n; i++)
        g_free((gpointer)self->changes[i].item);
    g_free(self->changes);
    g_free(self->ids);
    if (self->model != NULL)
        cfx_model_unref(self->model);
    g_clear_error(&self->error);
    g_free(self);
}

static void
work_answer(gpointer data)
{
    Work *self = data;
    CfxModelChanged changed = {
        .struct_size = sizeof(changed), .ids = self->ids, .n = self->n, .model = self->model
    };

    if (!cfx_instance_is_alive(self->instance, self->generation)) {
        g_clear_error(&self->error);
        g_set_error_literal(
            &self->error, CFX_ERROR, CFX_ERROR_CANCELLED, "the instance has stopped");
    }
    if (self->done != NULL)
        self->done(self->data, self->error == NULL ? &changed : NULL, self->error);
    work_free(self);
}

static void
work_end(Work *self, const GError *error)
{
    CfxRegister *reg = self->reg;
    CfxLoop *home = self->instance->home;

    if (error != NULL)
        self->error = g_error_copy(error);
    else
        self->model = cfx_model_ref(reg->model);
    cfx_loop_post(home, work_answer, self);
    cfx_register_next(reg);
}

static void
work_stored(gpointer data, const GError *error)
{
    work_end(data, error);
}

/* Gives new items their ids; FALSE where an item to delete or replace cannot be. */
static gboolean
fill_draft(Work *self, CfxDraft *draft, GError **error)
{
    for (gsize i = 0; i < self->n; i++) {
        const CfxModelChange *change = &self->changes[i];
        CfxItem *item = (CfxItem *)(gpointer)change->item;
        const char *principal = NULL;

        if ((change->flags & CFX_MODEL_DELETE) != 0) {
            if (cfx_model_builder_find(self->reg->builder, change->kind, item->any.id) == NULL) {
                g_set_error(error,
                            CFX_ERROR,
                            CFX_ERROR_NOT_FOUND,
                            "changes.%" G_GSIZE_FORMAT ": there is no such item",
                            i);
                return FALSE;
            }
            cfx_draft_remove(draft, change->kind, item->any.id);
            self->ids[i] = item->any.id;
            continue;
        }
        if (item->any.id == 0)
            item->any.id = cfx_register_id(self->reg, change->kind);
        self->ids[i] = item->any.id;
        if (change->kind == CFX_MODEL_SOURCE)
            principal = g_hash_table_lookup(self->reg->source_of, &item->any.id);
        cfx_draft_put(draft, change->kind, item, principal);
    }
    return cfx_draft_check(draft, error);
}

static void
work_run(gpointer data)
{
    Work *self = data;
    g_autoptr(CfxDraft) draft = cfx_draft_new(self->reg);
    g_autoptr(GError) error = NULL;

    if (!fill_draft(self, draft, &error))
        work_end(self, error);
    else
        cfx_draft_commit(g_steal_pointer(&draft), work_stored, self);
}

static void
work_arrives(gpointer data)
{
    Work *self = data;

    cfx_register_serial(self->reg, work_run, self);
}

static gboolean
is_valid(const CfxModelChange *change)
{
    return change->kind >= CFX_MODEL_ACCOUNT && change->kind <= CFX_MODEL_BINDING &&
           (change->flags & ~CFX_MODEL_DELETE) == 0 && change->item != NULL;
}

static void
api_change(const CfxHost *host,
           const CfxModelChange *const *changes,
           gsize n,
           CfxModelDone done,
           gpointer data)
{
    CfxInstance *instance = cfx_instance_of(host);
    Work *self = g_new0(Work, 1);

    self->reg = cfx_register_get();
    self->instance = instance;
    self->generation = instance->generation;
    self->done = done;
    self->data = data;
    self->changes = g_new0(CfxModelChange, n + 1);
    self->ids = g_new0(gint64, n + 1);
    for (gsize i = 0; i < n; i++) {
        if (!is_valid(changes[i])) {
            g_set_error(&self->error,
                        CFX_ERROR,
                        CFX_ERROR_INVALID,
                        "changes.%" G_GSIZE_FORMAT ": no such kind or flag",
                        i);
            cfx_loop_post(instance->home, work_answer, self);
            return;
        }
        memcpy(&self->changes[i], changes[i], MIN(changes[i]->struct_size, sizeof(CfxModelChange)));
        self->changes[i].item = cfx_model_item_copy(changes[i]->kind, changes[i]->item);
        self->n++;
    }
    cfx_loop_post(self->reg->self->home, work_arrives, self);
}

const CfxModelApi *
cfx_register_api(void)
{
    static const CfxModelApi api = {
        .struct_size = sizeof(api),
        .get = api_get,
        .change = api_change,
        .watch = api_watch,
        .unwatch = api_unwatch,
        .unit = api_unit,
    };

    return &api;
}
