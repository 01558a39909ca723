/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GetManagedObjects. Writing all objects into a message takes long where there are many: it is done
 * in the pool, of values that nobody changes any more, and while it runs no change is told, or it
 * could overtake the answer. Who asks meanwhile gets the next answer, all of them the same one.
 */
#include "cfx-bus-private.h"

#include "cfx-pool.h"

#include <cariflex/cfx-abi.h>

/* callers that wait: more would be a flood */
#define WAITING_MAX 256

typedef struct {
    CfxBusManaged *owner; /* NULL: it has ended */
    GPtrArray *entries;   /* (element-type GVariant) {oa{sa{sv}}} */
    GPtrArray *callers;   /* (element-type GDBusMethodInvocation) */
} Job;

struct _CfxBusManaged {
    CfxBus *bus;
    GPtrArray *waiting; /* (element-type GDBusMethodInvocation) */
    Job *job;           /* NULL: none runs */
};

CfxBusManaged *
cfx_bus_managed_new(CfxBus *bus)
{
    CfxBusManaged *self = g_new0(CfxBusManaged, 1);
    self->bus = bus;
    self->waiting = g_ptr_array_new_with_free_func(g_object_unref);
    return self;
}

void
cfx_bus_managed_free(CfxBusManaged *self)
{
    if (self == NULL)
        return;
    if (self->job != NULL)
        self->job->owner = NULL;
    g_ptr_array_unref(self->waiting);
    g_free(self);
}

gboolean
cfx_bus_managed_is_busy(const CfxBusManaged *self)
{
    return self->job != NULL;
}

/* in the pool */
static void
answer(gpointer data)
{
    Job *job = data;
    g_autoptr(GVariant) objects =
        g_variant_ref_sink(g_variant_new_array(G_VARIANT_TYPE("{oa{sa{sv}}}"),
                                               (GVariant *const *)(gpointer)job->entries->pdata,
                                               job->entries->len));
    g_autoptr(GVariant) result = g_variant_ref_sink(g_variant_new_tuple(&objects, 1));
    for (guint i = 0; i < job->callers->len; i++)
        g_dbus_method_invocation_return_value(g_object_ref(g_ptr_array_index(job->callers, i)),
                                              result);
}

static void start(CfxBusManaged *self);

static void
answered(gpointer data, const GError *error)
{
    Job *job = data;
    CfxBusManaged *self = job->owner;
    if (self != NULL) {
        self->job = NULL;
        if (self->waiting->len > 0)
            start(self);
    }
    g_ptr_array_unref(job->entries);
    g_ptr_array_unref(job->callers);
    g_free(job);
}

static void
start(CfxBusManaged *self)
{
    Job *job = g_new(Job, 1);
    cfx_bus_tree_update(self->bus->tree);
    *job = (Job){ self, cfx_bus_tree_entries(self->bus->tree), self->waiting };
    self->waiting = g_ptr_array_new_with_free_func(g_object_unref);
    self->job = job;
    cfx_pool_run(answer, job, self->bus->loop, answered, job);
}

void
cfx_bus_managed_ask(CfxBusManaged *self, GDBusMethodInvocation *invocation)
{
    if (self->waiting->len >= WAITING_MAX) {
        g_autoptr(GError) error =
            g_error_new_literal(CFX_ERROR, CFX_ERROR_FULL, "too many callers ask for all objects");
        g_autofree char *name = cfx_bus_error_name(error);
        g_dbus_method_invocation_return_dbus_error(invocation, name, error->message);
        return;
    }
    g_ptr_array_add(self->waiting, invocation);
    if (self->job == NULL)
        start(self);
}
