/* SPDX-License-Identifier: MIT */
/* The snapshot of what there is, made anew with each change; items and texts are never freed before
 * the harness, so that an old snapshot stays right. */
#include "cfx-harness-private.h"

#include <kit/cfx-quantity.h>
#include <string.h>

enum { ACCOUNTS, ASSETS, SENSORS, SOURCES, BINDINGS, N_LISTS };

typedef struct {
    guint32 struct_size, flags;
    gint64 id;
} Item; /* what all five begin with */

typedef struct {
    guint64 id;
    CfxModelDone func;
    gpointer data;
} Watch;

struct _CfxHarnessModel {
    GPtrArray *lists[N_LISTS]; /* Item, sorted by id */
    GPtrArray *all;            /* every item ever */
    GPtrArray *snapshots;      /* CfxModel */
    GArray *watches;
    guint64 last_watch, version;
    gint64 last_id; /* of what change() makes */
};

static void
snapshot_free(gpointer data)
{
    CfxModel *model = data;
    g_bytes_unref(model->owner);
}

/* with its lists, when nobody keeps it any more */
static void
model_free(gpointer data)
{
    CfxModel *model = data;
    g_free((gpointer)(guintptr)model->accounts);
    g_free((gpointer)(guintptr)model->assets);
    g_free((gpointer)(guintptr)model->sensors);
    g_free((gpointer)(guintptr)model->sources);
    g_free((gpointer)(guintptr)model->bindings);
    g_free(model);
}

static gpointer
list_copy(const GPtrArray *list)
{
    return g_memdup2(list->pdata, MAX(1, list->len) * sizeof(gpointer));
}

static void
snapshot(CfxHarnessModel *self)
{
    CfxModel *model = g_new0(CfxModel, 1);
    *model = (CfxModel){ .struct_size = sizeof(*model),
                         .version = ++self->version,
                         .accounts = list_copy(self->lists[ACCOUNTS]),
                         .assets = list_copy(self->lists[ASSETS]),
                         .sensors = list_copy(self->lists[SENSORS]),
                         .sources = list_copy(self->lists[SOURCES]),
                         .bindings = list_copy(self->lists[BINDINGS]),
                         .n_accounts = self->lists[ACCOUNTS]->len,
                         .n_assets = self->lists[ASSETS]->len,
                         .n_sensors = self->lists[SENSORS]->len,
                         .n_sources = self->lists[SOURCES]->len,
                         .n_bindings = self->lists[BINDINGS]->len };
    model->owner = g_bytes_new_with_free_func(model, sizeof(*model), model_free, model);
    g_ptr_array_add(self->snapshots, model);
}

static const CfxModel *
newest(CfxHarnessModel *self)
{
    return self->snapshots->pdata[self->snapshots->len - 1];
}

CfxHarnessModel *
cfx_harness_model_new(void)
{
    CfxHarnessModel *self = g_new0(CfxHarnessModel, 1);
    for (guint i = 0; i < N_LISTS; i++) {
        self->lists[i] = g_ptr_array_new();
        g_ptr_array_set_size(self->lists[i], 1); /* its pdata is never NULL */
        g_ptr_array_set_size(self->lists[i], 0);
    }
    self->all = g_ptr_array_new_with_free_func(g_free);
    self->snapshots = g_ptr_array_new_with_free_func(snapshot_free);
    self->watches = g_array_new(FALSE, FALSE, sizeof(Watch));
    self->last_id = 999;
    snapshot(self);
    return self;
}

void
cfx_harness_model_free(CfxHarnessModel *self)
{
    for (guint i = 0; i < N_LISTS; i++)
        g_ptr_array_unref(self->lists[i]);
    g_ptr_array_unref(self->snapshots);
    g_ptr_array_unref(self->all);
    g_array_unref(self->watches);
    g_free(self);
}

void
cfx_harness_model_stop(CfxHarness *self)
{
    g_array_set_size(self->model->watches, 0);
}

static gint
by_id(gconstpointer a, gconstpointer b)
{
    gint64 left = (*(const Item *const *)a)->id, right = (*(const Item *const *)b)->id;
    return left < right ? -1 : left > right;
}

static guint
position(const GPtrArray *list, gint64 id)
{
    guint i = 0;
    while (i < list->len && ((const Item *)list->pdata[i])->id != id)
        i++;
    return i;
}

/* takes the item */
static void
put(CfxHarnessModel *self, guint list, gpointer item)
{
    GPtrArray *to = self->lists[list];
    guint at = position(to, ((Item *)item)->id);
    g_ptr_array_add(self->all, item);
    if (at < to->len)
        to->pdata[at] = item;
    else
        g_ptr_array_add(to, item);
    g_ptr_array_sort(to, by_id);
}

static gpointer
copy(gconstpointer item, gsize size)
{
    Item *mine = g_malloc0(size);
    memcpy(mine, item, MIN(((const Item *)item)->struct_size, size));
    mine->struct_size = (guint32)size;
    return mine;
}

static const char *
object(const char *text)
{
    return text != NULL ? cfx_harness_text(text) : "{}";
}

static CfxAccount *
copy_account(const CfxAccount *account)
{
    CfxAccount *mine = copy(account, sizeof(*mine));
    mine->name = cfx_harness_text(mine->name);
    mine->zone = cfx_harness_text(mine->zone);
    mine->currency = cfx_harness_text(mine->currency);
    return mine;
}

static CfxAsset *
copy_asset(const CfxAsset *asset)
{
    CfxAsset *mine = copy(asset, sizeof(*mine));
    mine->type = cfx_harness_text(mine->type);
    mine->name = cfx_harness_text(mine->name);
    mine->external_id = cfx_harness_text(mine->external_id);
    mine->attributes = object(mine->attributes);
    mine->flex_model = object(mine->flex_model);
    mine->flex_context = object(mine->flex_context);
    return mine;
}

static CfxSensor *
copy_sensor(const CfxSensor *sensor)
{
    CfxSensor *mine = copy(sensor, sizeof(*mine));
    mine->name = cfx_harness_text(mine->name);
    mine->unit = cfx_harness_text(mine->unit);
    mine->zone = cfx_harness_text(mine->zone);
    mine->knowledge = cfx_harness_text(mine->knowledge);
    mine->attributes = object(mine->attributes);
    return mine;
}

static CfxSource *
copy_source(const CfxSource *source)
{
    CfxSource *mine = copy(source, sizeof(*mine));
    mine->name = cfx_harness_text(mine->name);
    mine->instance = cfx_harness_text(mine->instance);
    return mine;
}

static CfxBinding *
copy_binding(const CfxBinding *binding)
{
    CfxBinding *mine = copy(binding, sizeof(*mine));
    mine->instance = cfx_harness_text(mine->instance);
    mine->identity = cfx_harness_text(mine->identity);
    return mine;
}

/* --- the table -------------------------------------------------------------------------------- */

static const CfxModel *
model_get(const CfxHost *host)
{
    const CfxModel *model = newest(cfx_harness_of(host)->model);
    g_bytes_ref(model->owner);
    return model;
}

typedef struct {
    CfxHarness *harness;
    CfxModelDone done; /* (nullable) of who changed it */
    gpointer data;
    GArray *ids;
} Changed;

static void
tell(gpointer data)
{
    Changed *changed = data;
    CfxHarnessModel *self = changed->harness->model;
    const CfxModelChanged result = { .struct_size = sizeof(result),
                                     .ids = (const gint64 *)(const void *)changed->ids->data,
                                     .n = changed->ids->len,
                                     .model = newest(self) };
    if (changed->done != NULL)
        changed->done(changed->data, &result, NULL);
    g_autoptr(GArray) watches = g_array_copy(self->watches);
    for (guint i = 0; i < watches->len; i++) {
        const Watch *watch = &g_array_index(watches, Watch, i);
        watch->func(watch->data, &result, NULL);
    }
    g_array_unref(changed->ids);
    g_free(changed);
}

static Changed *
changed_new(CfxHarness *self)
{
    Changed *changed = g_new0(Changed, 1);
    changed->harness = self;
    changed->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    return changed;
}

static gpointer
copy_item(const CfxModelChange *change)
{
    switch (change->kind) {
    case CFX_MODEL_ACCOUNT:
        return copy_account(change->item);
    case CFX_MODEL_ASSET:
        return copy_asset(change->item);
    case CFX_MODEL_SENSOR:
        return copy_sensor(change->item);
    case CFX_MODEL_SOURCE:
        return copy_source(change->item);
    default:
        return copy_binding(change->item);
    }
}

static void
model_change(const CfxHost *host,
             const CfxModelChange *const *changes,
             gsize n,
             CfxModelDone done,
             gpointer data)
{
    CfxHarness *self = cfx_harness_of(host);
    Changed *changed = changed_new(self);
    changed->done = done;
    changed->data = data;
    for (gsize i = 0; i < n; i++) {
        if (changes[i]->kind < CFX_MODEL_ACCOUNT || changes[i]->kind > CFX_MODEL_BINDING) {
            g_critical("changes.%" G_GSIZE_FORMAT ".kind: not known", i);
            continue;
        }
        GPtrArray *list = self->model->lists[changes[i]->kind - 1];
        Item *item = copy_item(changes[i]);
        if (item->id == 0)
            item->id = ++self->model->last_id;
        g_array_append_val(changed->ids, item->id);
        if ((changes[i]->flags & CFX_MODEL_DELETE) == 0) {
            put(self->model, changes[i]->kind - 1, item);
            continue;
        }
        guint at = position(list, item->id);
        if (at < list->len)
            g_ptr_array_remove_index(list, at);
        g_ptr_array_add(self->model->all, item);
    }
    snapshot(self->model);
    cfx_harness_later(self, tell, changed);
}

static guint64
model_watch(const CfxHost *host, CfxModelDone func, gpointer data)
{
    CfxHarnessModel *self = cfx_harness_of(host)->model;
    Watch watch = { ++self->last_watch, func, data };
    g_array_append_val(self->watches, watch);
    return watch.id;
}

static void
model_unwatch(const CfxHost *host, guint64 id)
{
    GArray *watches = cfx_harness_of(host)->model->watches;
    for (guint i = watches->len; i-- > 0;) {
        if (g_array_index(watches, Watch, i).id == id)
            g_array_remove_index(watches, i);
    }
}

static gboolean
model_unit(const CfxHost *host,
           const char *from,
           const char *to,
           gint64 resolution_us,
           double *scale,
           double *offset,
           GError **error)
{
    g_autoptr(GError) local = NULL;
    if (cfx_unit_convert(from, to, resolution_us, scale, offset, &local))
        return TRUE;
    g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, local->message);
    return FALSE;
}

const CfxModelApi cfx_harness_model_api = {
    .struct_size = sizeof(CfxModelApi),
    .get = model_get,
    .change = model_change,
    .watch = model_watch,
    .unwatch = model_unwatch,
    .unit = model_unit,
};

/* --- for tests -------------------------------------------------------------------------------- */

static void
add(CfxHarness *self, guint list, gpointer item)
{
    put(self->model, list, item);
    snapshot(self->model);
    Changed *changed = changed_new(self);
    g_array_append_val(changed->ids, ((Item *)item)->id);
    cfx_harness_later(self, tell, changed);
}

void
cfx_harness_add_account(CfxHarness *self, const CfxAccount *account)
{
    add(self, ACCOUNTS, copy_account(account));
}

void
cfx_harness_add_asset(CfxHarness *self, const CfxAsset *asset)
{
    add(self, ASSETS, copy_asset(asset));
}

void
cfx_harness_add_sensor(CfxHarness *self, const CfxSensor *sensor)
{
    add(self, SENSORS, copy_sensor(sensor));
}

void
cfx_harness_add_source(CfxHarness *self, const CfxSource *source)
{
    add(self, SOURCES, copy_source(source));
}

void
cfx_harness_add_binding(CfxHarness *self, const CfxBinding *binding)
{
    add(self, BINDINGS, copy_binding(binding));
}

void
cfx_harness_bind(CfxHarness *self, gint64 asset, const char *identity, gint64 unit)
{
    cfx_harness_add_asset(
        self,
        &(CfxAsset){
            .struct_size = sizeof(CfxAsset), .id = asset, .type = "device", .name = identity });
    cfx_harness_add_sensor(self,
                           &(CfxSensor){ .struct_size = sizeof(CfxSensor),
                                         .id = asset,
                                         .asset = asset,
                                         .name = "power",
                                         .unit = "W",
                                         .zone = "UTC" });
    cfx_harness_add_binding(self,
                            &(CfxBinding){ .struct_size = sizeof(CfxBinding),
                                           .id = asset,
                                           .asset = asset,
                                           .instance = self->instance,
                                           .identity = identity,
                                           .unit = unit,
                                           .power_sensor = asset });
}
