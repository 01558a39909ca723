/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Life of the register: made, loaded from its records, changed one operation at a time. */
#include "cfx-register-private.h"

#include "cfx-register-secret.h"

#include <kit/cfx-json.h>
#include <string.h>

/* tables whose functions get only a host find it here; set once before any instance starts */
static CfxRegister *the_register;

typedef struct {
    CfxFunc func;
    gpointer data;
} Operation;

CfxRegister *
cfx_register_get(void)
{
    return the_register;
}

CfxRegister *
cfx_register_new_full(CfxInstance *host_self,
                      void (*tell)(gpointer data, const CfxModel *model),
                      gpointer data)
{
    CfxRegister *self = g_new0(CfxRegister, 1);

    self->self = host_self;
    self->host = &host_self->host;
    self->tell = tell;
    self->tell_data = data;
    g_mutex_init(&self->model_lock);
    g_rw_lock_init(&self->people_lock);
    self->builder = cfx_model_builder_new(NULL);
    self->model = cfx_model_builder_end(self->builder);
    for (gsize i = 0; i < G_N_ELEMENTS(self->next_id); i++)
        self->next_id[i] = CFX_REGISTER_FIRST_ID;
    self->next_principal = CFX_REGISTER_FIRST_ID;
    self->source_of = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    self->principals =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)cfx_principal_free);
    self->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    cfx_register_add_link_people(self);
    self->bearers =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)cfx_bearer_free);
    self->tokens =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)cfx_id_token_free);
    self->failures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_queue_init(&self->knocks);
    g_queue_init(&self->waiting);
    the_register = self;
    return self;
}

void
cfx_register_free(CfxRegister *self)
{
    if (self == NULL)
        return;
    if (the_register == self)
        the_register = NULL;
    cfx_register_api_end(self);
    g_queue_clear_full(&self->waiting, g_free);
    g_queue_clear_full(&self->knocks, (GDestroyNotify)cfx_knocked_free);
    g_hash_table_unref(self->failures);
    g_hash_table_unref(self->tokens);
    g_hash_table_unref(self->bearers);
    g_hash_table_unref(self->by_id);
    for (gsize i = 0; i < CFX_N_LINK_PEOPLE; i++)
        cfx_principal_free(self->link_people[i]);
    g_hash_table_unref(self->principals);
    g_hash_table_unref(self->source_of);
    cfx_model_builder_free(self->builder);
    cfx_model_unref(self->model);
    if (self->previous != NULL)
        cfx_model_unref(self->previous);
    g_rw_lock_clear(&self->people_lock);
    g_mutex_clear(&self->model_lock);
    g_free(self->salt);
    g_free(self);
}

/* --- one operation at a time ------------------------------------------------------------------ */

static void
run_next(gpointer data)
{
    CfxRegister *self = data;
    Operation *operation = g_queue_pop_head(&self->waiting);

    if (operation == NULL) {
        self->is_busy = FALSE;
        return;
    }
    operation->func(operation->data);
    g_free(operation);
}

void
cfx_register_serial(CfxRegister *self, CfxFunc func, gpointer data)
{
    Operation *operation = g_new(Operation, 1);

    *operation = (Operation){ func, data };
    g_queue_push_tail(&self->waiting, operation);
    if (!self->is_busy) {
        self->is_busy = TRUE;
        self->host->base->post(self->host, run_next, self);
    }
}

void
cfx_register_next(CfxRegister *self)
{
    self->host->base->post(self->host, run_next, self);
}

gint64
cfx_register_id(CfxRegister *self, guint32 kind)
{
    self->next_id[kind] = cfx_model_builder_free_id(self->builder, kind, self->next_id[kind]);
    return self->next_id[kind]++;
}

/* --- the model -------------------------------------------------------------------------------- */

const CfxModel *
cfx_register_model(CfxRegister *self)
{
    return self->model;
}

const CfxModel *
cfx_register_model_ref(CfxRegister *self)
{
    const CfxModel *model;

    g_mutex_lock(&self->model_lock);
    model = cfx_model_ref(self->model);
    g_mutex_unlock(&self->model_lock);
    return model;
}

void
cfx_register_publish(CfxRegister *self)
{
    const CfxModel *next = cfx_model_builder_end(self->builder), *old;

    g_mutex_lock(&self->model_lock);
    old = self->previous;
    self->previous = self->model; /* who borrowed it this turn may still look at it */
    self->model = next;
    g_mutex_unlock(&self->model_lock);
    if (old != NULL)
        cfx_model_unref(old);
    if (self->tell != NULL)
        self->tell(self->tell_data, next);
    cfx_register_tell_instances(self);
}

/* --- sources ---------------------------------------------------------------------------------- */

gint64
cfx_register_source_for(CfxRegister *self, const char *instance, guint32 type)
{
    CfxSource source = {
        .struct_size = sizeof(source), .type = type, .name = instance, .instance = instance
    };
    CfxDraft *draft;

    for (gsize i = 0; i < self->model->n_sources; i++)
        if (g_strcmp0(self->model->sources[i]->instance, instance) == 0)
            return self->model->sources[i]->id;
    source.id = cfx_register_id(self, CFX_MODEL_SOURCE);
    draft = cfx_draft_new(self);
    cfx_draft_put(draft, CFX_MODEL_SOURCE, &source, NULL);
    cfx_draft_commit_now(draft);
    return source.id;
}

gint64
cfx_register_source_of_principal(CfxRegister *self, gint64 principal)
{
    const CfxPrincipal *who = g_hash_table_lookup(self->by_id, &principal);
    CfxSource source = { .struct_size = sizeof(source), .type = CFX_SOURCE_USER };
    CfxDraft *draft;

    if (who == NULL)
        return 0;
    for (gsize i = 0; i < self->model->n_sources; i++) {
        gint64 id = self->model->sources[i]->id;

        if (g_strcmp0(g_hash_table_lookup(self->source_of, &id), who->name) == 0)
            return id;
    }
    source.id = cfx_register_id(self, CFX_MODEL_SOURCE);
    source.name = who->name;
    source.account = who->account;
    draft = cfx_draft_new(self);
    cfx_draft_put(draft, CFX_MODEL_SOURCE, &source, who->name);
    cfx_draft_commit_now(draft);
    return source.id;
}
