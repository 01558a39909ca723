/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who frees an item? It lives in the versions from the one that brought it to the one that dropped
 * it. So what version v + 1 drops is put on the grave of version v, each snapshot holds its grave,
 * and each grave holds the next one: a grave is closed when its snapshot and all older ones are
 * gone, without a counter for each item. The grave that has no next one closes with all items.
 */
#include "cfx-model-private.h"

#include <string.h>

#define TEXT(type, member) G_STRUCT_OFFSET(type, member)

const CfxModelKind cfx_model_kinds[CFX_MODEL_N_KINDS] = {
    { "account",
      sizeof(CfxAccount),
      G_STRUCT_OFFSET(CfxModel, accounts),
      G_STRUCT_OFFSET(CfxModel, n_accounts),
      { TEXT(CfxAccount, name), TEXT(CfxAccount, zone), TEXT(CfxAccount, currency) },
      3 },
    { "asset",
      sizeof(CfxAsset),
      G_STRUCT_OFFSET(CfxModel, assets),
      G_STRUCT_OFFSET(CfxModel, n_assets),
      { TEXT(CfxAsset, type),
        TEXT(CfxAsset, name),
        TEXT(CfxAsset, external_id),
        TEXT(CfxAsset, attributes),
        TEXT(CfxAsset, flex_model),
        TEXT(CfxAsset, flex_context) },
      6 },
    { "sensor",
      sizeof(CfxSensor),
      G_STRUCT_OFFSET(CfxModel, sensors),
      G_STRUCT_OFFSET(CfxModel, n_sensors),
      { TEXT(CfxSensor, name),
        TEXT(CfxSensor, unit),
        TEXT(CfxSensor, zone),
        TEXT(CfxSensor, knowledge),
        TEXT(CfxSensor, attributes) },
      5 },
    { "source",
      sizeof(CfxSource),
      G_STRUCT_OFFSET(CfxModel, sources),
      G_STRUCT_OFFSET(CfxModel, n_sources),
      { TEXT(CfxSource, name), TEXT(CfxSource, instance) },
      2 },
    { "binding",
      sizeof(CfxBinding),
      G_STRUCT_OFFSET(CfxModel, bindings),
      G_STRUCT_OFFSET(CfxModel, n_bindings),
      { TEXT(CfxBinding, instance), TEXT(CfxBinding, identity) },
      2 },
};

/* an array of items, sorted by id, shared by the snapshots in which it is the same */
typedef struct {
    gatomicrefcount references;
    gsize n, room;
    CfxModelItem **items;
} Shelf;

typedef struct _Grave Grave;
struct _Grave {
    gatomicrefcount references;
    Grave *next;                    /* of the version after */
    GPtrArray *dropped;             /* items that the version after does not have */
    Shelf *last[CFX_MODEL_N_KINDS]; /* without a next one: all items */
};

typedef struct {
    CfxModel model; /* first */
    Shelf *shelves[CFX_MODEL_N_KINDS];
    Grave *grave;
} Snapshot;

struct _CfxModelBuilder {
    Snapshot *base;
    Shelf *shelves[CFX_MODEL_N_KINDS];
    gboolean is_own[CFX_MODEL_N_KINDS]; /* the shelf is this builder's alone */
    gint64 highest[CFX_MODEL_N_KINDS];
    GHashTable *fresh;  /* items that no snapshot has yet */
    GPtrArray *dropped; /* items of the base that are gone */
};

static Shelf *
shelf_new(gsize room)
{
    Shelf *self = g_new0(Shelf, 1);

    g_atomic_ref_count_init(&self->references);
    self->room = room;
    self->items = g_new(CfxModelItem *, MAX(room, 1));
    return self;
}

static Shelf *
shelf_ref(Shelf *self)
{
    g_atomic_ref_count_inc(&self->references);
    return self;
}

static void
shelf_unref(Shelf *self)
{
    if (!g_atomic_ref_count_dec(&self->references))
        return;
    g_free(self->items);
    g_free(self);
}

static void
grave_unref(Grave *self)
{
    while (self != NULL && g_atomic_ref_count_dec(&self->references)) {
        Grave *next = self->next;

        for (gsize i = 0; i < self->dropped->len; i++)
            g_free(self->dropped->pdata[i]);
        g_ptr_array_unref(self->dropped);
        for (int kind = 0; kind < CFX_MODEL_N_KINDS; kind++) {
            if (next == NULL)
                for (gsize i = 0; i < self->last[kind]->n; i++)
                    g_free(self->last[kind]->items[i]);
            shelf_unref(self->last[kind]);
        }
        g_free(self);
        self = next;
    }
}

static void
snapshot_free(gpointer data)
{
    Snapshot *self = data;

    for (int kind = 0; kind < CFX_MODEL_N_KINDS; kind++)
        shelf_unref(self->shelves[kind]);
    grave_unref(self->grave);
    g_free(self);
}

static char **
text_of(const CfxModelKind *kind, gconstpointer item, gsize i)
{
    return (char **)((char *)item + kind->texts[i]);
}

/* One allocation for the item and its texts. */
static CfxModelItem *
item_copy(const CfxModelKind *kind, gconstpointer from)
{
    gsize given = MIN(((const CfxModelItem *)from)->struct_size, kind->size);
    gsize size = kind->size;
    char *at;
    CfxModelItem *item;

    for (gsize i = 0; i < kind->n_texts; i++)
        if (kind->texts[i] + sizeof(char *) <= given && *text_of(kind, from, i) != NULL)
            size += strlen(*text_of(kind, from, i)) + 1;
    item = g_malloc0(size);
    memcpy(item, from, given);
    item->struct_size = (guint32)kind->size;
    at = (char *)item + kind->size;
    for (gsize i = 0; i < kind->n_texts; i++) {
        char **text = text_of(kind, item, i);

        if (*text == NULL)
            continue;
        size = strlen(*text) + 1;
        *text = memcpy(at, *text, size);
        at += size;
    }
    return item;
}

gpointer
cfx_model_item_copy(guint32 kind, gconstpointer item)
{
    g_return_val_if_fail(kind >= 1 && kind <= CFX_MODEL_N_KINDS, NULL);
    return item_copy(&cfx_model_kinds[kind - 1], item);
}

/* Position of the first item whose id is not below @id. */
static gsize
shelf_find(const Shelf *self, gint64 id)
{
    gsize low = 0, high = self->n;

    while (low < high) {
        gsize middle = (low + high) / 2;

        if (self->items[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static Shelf *
builder_own(CfxModelBuilder *self, guint32 kind)
{
    Shelf *old = self->shelves[kind];

    if (!self->is_own[kind]) {
        Shelf *copy = shelf_new(old->n + 16);

        memcpy(copy->items, old->items, old->n * sizeof(*copy->items));
        copy->n = old->n;
        shelf_unref(old);
        self->shelves[kind] = copy;
        self->is_own[kind] = TRUE;
    }
    return self->shelves[kind];
}

static void
builder_drop(CfxModelBuilder *self, CfxModelItem *item)
{
    if (g_hash_table_remove(self->fresh, item))
        g_free(item);
    else
        g_ptr_array_add(self->dropped, item);
}

CfxModelBuilder *
cfx_model_builder_new(const CfxModel *base)
{
    CfxModelBuilder *self = g_new0(CfxModelBuilder, 1);
    const CfxModel *empty = base == NULL ? cfx_model_empty() : NULL;

    self->base = (Snapshot *)cfx_model_ref(base != NULL ? base : empty);
    if (empty != NULL)
        cfx_model_unref(empty);
    self->fresh = g_hash_table_new(NULL, NULL);
    self->dropped = g_ptr_array_new();
    for (int kind = 0; kind < CFX_MODEL_N_KINDS; kind++) {
        const Shelf *shelf = self->base->shelves[kind];

        self->shelves[kind] = shelf_ref(self->base->shelves[kind]);
        self->highest[kind] = shelf->n > 0 ? shelf->items[shelf->n - 1]->id : 0;
    }
    return self;
}

void
cfx_model_builder_free(CfxModelBuilder *self)
{
    GHashTableIter iter;
    gpointer item;

    if (self == NULL)
        return;
    g_hash_table_iter_init(&iter, self->fresh);
    while (g_hash_table_iter_next(&iter, &item, NULL))
        g_free(item);
    g_hash_table_unref(self->fresh);
    g_ptr_array_unref(self->dropped);
    for (int kind = 0; kind < CFX_MODEL_N_KINDS; kind++)
        shelf_unref(self->shelves[kind]);
    cfx_model_unref(&self->base->model);
    g_free(self);
}

void
cfx_model_builder_put(CfxModelBuilder *self, guint32 kind, const void *item)
{
    const CfxModelKind *what;
    CfxModelItem *mine;
    Shelf *shelf;
    gsize at;

    g_return_if_fail(kind >= 1 && kind <= CFX_MODEL_N_KINDS);
    what = &cfx_model_kinds[--kind];
    mine = item_copy(what, item);
    shelf = builder_own(self, kind);
    at = shelf_find(shelf, mine->id);
    g_hash_table_add(self->fresh, mine);
    self->highest[kind] = MAX(self->highest[kind], mine->id);
    if (at < shelf->n && shelf->items[at]->id == mine->id) {
        builder_drop(self, shelf->items[at]);
        shelf->items[at] = mine;
        return;
    }
    if (shelf->n == shelf->room) {
        shelf->room = shelf->room * 2 + 16;
        shelf->items = g_renew(CfxModelItem *, shelf->items, shelf->room);
    }
    memmove(shelf->items + at + 1, shelf->items + at, (shelf->n - at) * sizeof(*shelf->items));
    shelf->items[at] = mine;
    shelf->n++;
}

gboolean
cfx_model_builder_remove(CfxModelBuilder *self, guint32 kind, gint64 id)
{
    Shelf *shelf;
    gsize at;

    if (cfx_model_builder_find(self, kind, id) == NULL)
        return FALSE;
    shelf = builder_own(self, kind - 1);
    at = shelf_find(shelf, id);
    builder_drop(self, shelf->items[at]);
    shelf->n--;
    memmove(shelf->items + at, shelf->items + at + 1, (shelf->n - at) * sizeof(*shelf->items));
    return TRUE;
}

gconstpointer
cfx_model_builder_find(CfxModelBuilder *self, guint32 kind, gint64 id)
{
    const Shelf *shelf;
    gsize at;

    g_return_val_if_fail(kind >= 1 && kind <= CFX_MODEL_N_KINDS, NULL);
    shelf = self->shelves[kind - 1];
    at = shelf_find(shelf, id);
    return at < shelf->n && shelf->items[at]->id == id ? shelf->items[at] : NULL;
}

gint64
cfx_model_builder_free_id(CfxModelBuilder *self, guint32 kind, gint64 least)
{
    g_return_val_if_fail(kind >= 1 && kind <= CFX_MODEL_N_KINDS, 0);
    return MAX(least, self->highest[kind - 1] + 1);
}

/* Makes a snapshot of those shelves, which it takes. */
static Snapshot *
snapshot_new(Shelf *const *shelves, guint64 version)
{
    Snapshot *self = g_new0(Snapshot, 1);

    self->model.struct_size = sizeof(self->model);
    self->model.version = version;
    self->grave = g_new0(Grave, 1);
    g_atomic_ref_count_init(&self->grave->references);
    self->grave->dropped = g_ptr_array_new();
    for (int kind = 0; kind < CFX_MODEL_N_KINDS; kind++) {
        const CfxModelKind *what = &cfx_model_kinds[kind];
        Shelf *shelf = shelves[kind];

        self->shelves[kind] = shelf;
        self->grave->last[kind] = shelf_ref(shelf);
        *(CfxModelItem ***)((char *)&self->model + what->array) = shelf->items;
        *(gsize *)((char *)&self->model + what->count) = shelf->n;
    }
    self->model.owner = g_bytes_new_with_free_func(&self->model, 1, snapshot_free, self);
    return self;
}

/* The base already has a successor: from here on everything is a copy of its own. */
static void
builder_branch(CfxModelBuilder *self)
{
    for (guint32 kind = 0; kind < CFX_MODEL_N_KINDS; kind++) {
        Shelf *shelf = builder_own(self, kind);

        for (gsize i = 0; i < shelf->n; i++)
            if (!g_hash_table_contains(self->fresh, shelf->items[i]))
                shelf->items[i] = item_copy(&cfx_model_kinds[kind], shelf->items[i]);
    }
    g_ptr_array_set_size(self->dropped, 0);
}

const CfxModel *
cfx_model_builder_end(CfxModelBuilder *self)
{
    Grave *grave = self->base->grave;
    gboolean is_branch = grave->next != NULL;
    Shelf *shelves[CFX_MODEL_N_KINDS];
    Snapshot *next;

    if (is_branch)
        builder_branch(self);
    for (int kind = 0; kind < CFX_MODEL_N_KINDS; kind++) {
        shelves[kind] = shelf_ref(self->shelves[kind]);
        self->is_own[kind] = FALSE;
    }
    next = snapshot_new(shelves, self->base->model.version + 1);
    if (!is_branch) {
        g_atomic_ref_count_inc(&next->grave->references);
        grave->next = next->grave;
        for (gsize i = 0; i < self->dropped->len; i++)
            g_ptr_array_add(grave->dropped, self->dropped->pdata[i]);
    }
    g_ptr_array_set_size(self->dropped, 0);
    g_hash_table_remove_all(self->fresh);
    cfx_model_unref(&self->base->model);
    self->base = (Snapshot *)cfx_model_ref(&next->model);
    return &next->model;
}

const CfxModel *
cfx_model_empty(void)
{
    Shelf *shelves[CFX_MODEL_N_KINDS];

    for (int kind = 0; kind < CFX_MODEL_N_KINDS; kind++)
        shelves[kind] = shelf_new(0);
    return &snapshot_new(shelves, 0)->model;
}

const CfxModel *
cfx_model_ref(const CfxModel *model)
{
    g_bytes_ref(model->owner);
    return model;
}

void
cfx_model_unref(const CfxModel *model)
{
    g_bytes_unref(model->owner);
}
