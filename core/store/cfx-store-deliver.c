/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transaction on its way back: completions in the order of their commits, then watches.
 */
#include "cfx-store-private.h"

typedef struct {
    Group *group;
    StoreLoop *home;
} Delivery;

void
cfx_group_unref(Group *self)
{
    if (!g_atomic_int_dec_and_test(&self->references))
        return;
    g_ptr_array_unref(self->batches);
    g_array_unref(self->parts);
    g_free(self);
}

static void
finish(StoreLoop *home, Entry *entry)
{
    CfxStore *self = home->store;
    StoreClient *client = entry->op.client;
    gint64 bytes = (gint64)entry->bytes;

    if (client != NULL) {
        cfx_store_op_remove(&entry->op);
        if (entry->done != NULL && cfx_instance_is_alive(client->instance, entry->op.generation)) {
            gint64 entered = cfx_instance_enter(client->instance);
            entry->done(entry->data, entry->error == NULL ? &entry->result : NULL, entry->error);
            cfx_instance_leave(client->instance, entered, "completion of a commit");
        }
    }
    cfx_store_account(self, -bytes, -1);
}

static void
deliver(gpointer data)
{
    g_autofree Delivery *delivery = data;
    Group *group = delivery->group;
    StoreLoop *home = delivery->home;

    for (guint i = 0; i < group->parts->len; i++) {
        const Part *part = &g_array_index(group->parts, Part, i);
        if (part->is_final && part->entry->batch->home == home)
            finish(home, part->entry);
    }
    cfx_store_watch_group(home, group);
    cfx_group_unref(group);
    /* what these completions have committed goes to the writer at the end of the turn */
    cfx_store_push(home);
}

void
cfx_group_send(Group *self)
{
    CfxStore *store = self->store;
    /* not g_ptr_array_copy(): that would inherit the function that frees them */
    g_autoptr(GPtrArray) loops = g_ptr_array_new();

    g_mutex_lock(&store->lock);
    for (guint i = 0; i < store->loops->len; i++)
        g_ptr_array_add(loops, g_ptr_array_index(store->loops, i));
    g_mutex_unlock(&store->lock);
    for (guint i = 0; i < loops->len; i++) {
        Delivery *delivery = g_new(Delivery, 1);
        delivery->group = self;
        delivery->home = g_ptr_array_index(loops, i);
        g_atomic_int_inc(&self->references);
        cfx_loop_post(delivery->home->loop, deliver, delivery);
    }
    cfx_group_unref(self);
}
