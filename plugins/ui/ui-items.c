/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-items.h"

#include <string.h>

/* items that went away are told to late readers; the oldest of more than so many are forgotten */
#define GONE_MAX 512

typedef struct {
    const char *kind;
    char *id, *key;
    char *json;
    gsize size;
    guint64 seq;
    gboolean is_gone, is_kept;
    GList link; /* in order */
} Item;

struct _UiItems {
    GHashTable *by_key; /* "kind/id" → Item */
    GQueue order;       /* Item, by seq */
    guint64 seq, reach; /* pages that have seen less than `reach` need a snapshot */
    guint n_gone;
};

static void
item_free(gpointer data)
{
    Item *item = data;

    g_free(item->id);
    g_free(item->key);
    g_free(item->json);
    g_free(item);
}

UiItems *
ui_items_new(void)
{
    UiItems *self = g_new0(UiItems, 1);

    self->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, item_free);
    return self;
}

void
ui_items_free(UiItems *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_key);
    g_free(self);
}

guint64
ui_items_last(const UiItems *self)
{
    return self->seq;
}

guint64
ui_items_next(UiItems *self)
{
    return ++self->seq;
}

gboolean
ui_items_reaches(const UiItems *self, guint64 since)
{
    return since >= self->reach && since <= self->seq;
}

static Item *
find(const UiItems *self, const char *kind, const char *id)
{
    g_autofree char *key = g_strdup_printf("%s/%s", kind, id);

    return g_hash_table_lookup(self->by_key, key);
}

static void
forget(UiItems *self, Item *item)
{
    g_queue_unlink(&self->order, &item->link);
    self->n_gone -= item->is_gone;
    g_hash_table_remove(self->by_key, item->key);
}

static void
touch(UiItems *self, Item *item, char *json, gsize size)
{
    g_free(item->json);
    item->json = json;
    item->size = size;
    item->seq = ++self->seq;
    g_queue_unlink(&self->order, &item->link);
    g_queue_push_tail_link(&self->order, &item->link);
}

gboolean
ui_items_put(UiItems *self, const char *kind, const char *id, CfxJsonWriter *json)
{
    const char *text = cfx_json_writer_end(json);
    gsize size = json->size;
    Item *item = find(self, kind, id);

    if (item == NULL) {
        item = g_new0(Item, 1);
        item->kind = kind;
        item->id = g_strdup(id);
        item->key = g_strdup_printf("%s/%s", kind, id);
        item->link.data = item;
        g_queue_push_tail_link(&self->order, &item->link);
        g_hash_table_insert(self->by_key, item->key, item);
    }
    item->is_kept = TRUE;
    gboolean is_same =
        !item->is_gone && item->size == size && item->json != NULL && memcmp(item->json, text, size) == 0;
    if (!is_same) {
        self->n_gone -= item->is_gone;
        item->is_gone = FALSE;
        touch(self, item, g_strndup(text, size), size);
    }
    cfx_json_writer_reset(json);
    return !is_same;
}

static void
drop(UiItems *self, Item *item)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    /* the id as it stands in the item: a number or a text */
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "kind", item->kind);
    cfx_json_name(&json, "id");
    gsize digits = strspn(item->id, "-0123456789");
    if (digits == strlen(item->id) && strcmp(item->kind, "series") != 0)
        cfx_json_raw(&json, item->id, digits);
    else
        cfx_json_text(&json, item->id);
    cfx_json_member_bool(&json, "gone", TRUE);
    cfx_json_end_object(&json);
    const char *text = cfx_json_writer_end(&json);
    touch(self, item, g_strndup(text, json.size), json.size);
    item->is_gone = TRUE;
    self->n_gone++;
}

static void
trim(UiItems *self)
{
    for (GList *link = self->order.head; link != NULL && self->n_gone > GONE_MAX;) {
        Item *item = link->data;

        link = link->next;
        if (!item->is_gone)
            continue;
        self->reach = MAX(self->reach, item->seq);
        forget(self, item);
    }
}

void
ui_items_drop(UiItems *self, const char *kind, const char *id)
{
    Item *item = find(self, kind, id);

    if (item == NULL || item->is_gone)
        return;
    drop(self, item);
    trim(self);
}

void
ui_items_forget(UiItems *self, const char *kind, const char *id)
{
    Item *item = find(self, kind, id);

    if (item != NULL)
        forget(self, item);
}

void
ui_items_sweep_begin(UiItems *self, const char *kind)
{
    for (GList *link = self->order.head; link != NULL; link = link->next) {
        Item *item = link->data;
        if (strcmp(item->kind, kind) == 0)
            item->is_kept = FALSE;
    }
}

void
ui_items_sweep_end(UiItems *self, const char *kind)
{
    g_autoptr(GPtrArray) lost = g_ptr_array_new();

    for (GList *link = self->order.head; link != NULL; link = link->next) {
        Item *item = link->data;
        if (strcmp(item->kind, kind) == 0 && !item->is_kept && !item->is_gone)
            g_ptr_array_add(lost, item);
    }
    for (guint i = 0; i < lost->len; i++)
        drop(self, lost->pdata[i]);
    trim(self);
}

const char *
ui_items_find(const UiItems *self, const char *kind, const char *id, gsize *ret_size)
{
    const Item *item = find(self, kind, id);

    if (item == NULL || item->is_gone)
        return NULL;
    *ret_size = item->size;
    return item->json;
}

void
ui_items_each(const UiItems *self,
              const char *kind,
              void (*func)(gpointer data, const char *id, const char *json, gsize size),
              gpointer data)
{
    for (GList *link = self->order.head; link != NULL; link = link->next) {
        const Item *item = link->data;
        if (!item->is_gone && strcmp(item->kind, kind) == 0)
            func(data, item->id, item->json, item->size);
    }
}

void
ui_items_write(const UiItems *self, guint64 since, CfxJsonWriter *to)
{
    GList *link = self->order.tail;

    while (link != NULL && ((const Item *)link->data)->seq > since)
        link = link->prev;
    for (link = link != NULL ? link->next : self->order.head; link != NULL; link = link->next) {
        const Item *item = link->data;
        if (since != 0 || !item->is_gone)
            cfx_json_raw(to, item->json, item->size);
    }
}

void
ui_item_begin(CfxJsonWriter *json, const char *kind, gint64 id)
{
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "kind", kind);
    cfx_json_member_int(json, "id", id);
}

void
ui_item_begin_text(CfxJsonWriter *json, const char *kind, const char *id)
{
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "kind", kind);
    cfx_json_member_text(json, "id", id);
}
