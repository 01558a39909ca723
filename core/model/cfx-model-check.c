/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-model-private.h"

#include "cfx-day.h"
#include "cfx-flex.h"
#include "cfx-tree.h"

#include <kit/cfx-quantity.h>
#include <math.h>
#include <string.h>

#define ID G_GINT64_FORMAT
#define DEPTH_MAX 16

typedef struct {
    const CfxModel *model;
    GPtrArray *problems;
    GHashTable *names; /* of what must be unique -> item */
} Check;

static void G_GNUC_PRINTF(4, 5)
    problem(Check *self, const char *kind, gint64 id, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(self->problems, g_strdup_printf("%s %" ID ": %s", kind, id, what));
}

/* Takes a name; FALSE if another item has it. (transfer full) key */
static gboolean
is_unique(Check *self, char *key)
{
    return g_hash_table_add(self->names, key);
}

static void
check_account(Check *self, const CfxAccount *item)
{
    if (item->name == NULL || *item->name == '\0')
        problem(self, "account", item->id, "name: it is missing");
    else if (!is_unique(self, g_strdup_printf("account/%s", item->name)))
        problem(self, "account", item->id, "name: \"%s\" is taken", item->name);
    if (!cfx_zone_is_known(item->zone))
        problem(self,
                "account",
                item->id,
                "zone: \"%s\" is no time zone",
                item->zone != NULL ? item->zone : "");
    if (item->currency != NULL && strlen(item->currency) != 3)
        problem(self, "account", item->id, "currency: \"%s\" is no currency", item->currency);
}

static gboolean
has_loop(const CfxModel *model, const CfxAsset *item)
{
    int depth = 0;

    while (item != NULL && item->parent != 0 && depth < DEPTH_MAX) {
        item = cfx_model_asset(model, item->parent);
        depth++;
    }
    return depth == DEPTH_MAX;
}

static gboolean
has_binding_below(const CfxModel *model, gint64 site)
{
    for (gsize i = 0; i < model->n_bindings; i++)
        if (cfx_asset_is_below(model, model->bindings[i]->asset, site))
            return TRUE;
    return FALSE;
}

/* Texts of the flex parsers, with the asset before them. */
static void
check_flex(Check *self, const CfxAsset *item)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

    if (strcmp(item->type, "site") == 0) {
        g_autoptr(CfxFlexContext) site = cfx_flex_context_parse(self->model, item, problems);

        if (has_binding_below(self->model, item->id)) {
            if (isnan(site->power_capacity_w))
                g_ptr_array_add(problems,
                                g_strdup("flex_context.site-power-capacity: it is missing"));
            if (isnan(site->consumption_capacity_w))
                g_ptr_array_add(problems,
                                g_strdup("flex_context.site-consumption-capacity: it is missing"));
            if (isnan(site->base_load_max_w))
                g_ptr_array_add(problems, g_strdup("attributes.base-load-max: it is missing"));
        }
    } else {
        CfxFlexModel device;

        cfx_flex_model_parse(self->model, item, &device, problems);
        if (strcmp(item->type, "evse") == 0 && isnan(device.fail_safe_w))
            g_ptr_array_add(problems, g_strdup("attributes.fail-safe-power: it is missing"));
    }
    for (gsize i = 0; i < problems->len; i++)
        problem(self, "asset", item->id, "%s", (const char *)problems->pdata[i]);
}

static void
check_asset(Check *self, const CfxAsset *item)
{
    if (item->name == NULL || *item->name == '\0')
        problem(self, "asset", item->id, "name: it is missing");
    else if (!is_unique(self,
                        g_strdup_printf("asset/%" ID "/%" ID "/%s",
                                        item->parent == 0 ? item->account : 0,
                                        item->parent,
                                        item->name)))
        problem(self, "asset", item->id, "name: \"%s\" is taken among its siblings", item->name);
    if (cfx_model_account(self->model, item->account) == NULL)
        problem(self, "asset", item->id, "account: %" ID " does not exist", item->account);
    if (item->parent != 0 && cfx_model_asset(self->model, item->parent) == NULL)
        problem(self, "asset", item->id, "parent: %" ID " does not exist", item->parent);
    else if (has_loop(self->model, item))
        problem(self, "asset", item->id, "parent: it is above itself, or too deep");
    if (item->type == NULL || *item->type == '\0')
        problem(self, "asset", item->id, "type: it is missing");
    else
        check_flex(self, item);
    if (isnan(item->latitude) != isnan(item->longitude))
        problem(self, "asset", item->id, "latitude: give both or neither");
    if (fabs(item->latitude) > 90)
        problem(self, "asset", item->id, "latitude: it is beyond 90 degrees");
    if (fabs(item->longitude) > 180)
        problem(self, "asset", item->id, "longitude: it is beyond 180 degrees");
}

static void
check_sensor(Check *self, const CfxSensor *item)
{
    g_autoptr(GError) error = NULL;
    CfxUnit unit;

    if (item->name == NULL || *item->name == '\0')
        problem(self, "sensor", item->id, "name: it is missing");
    else if (!is_unique(self, g_strdup_printf("sensor/%" ID "/%s", item->asset, item->name)))
        problem(self, "sensor", item->id, "name: \"%s\" is taken at its asset", item->name);
    if (cfx_model_asset(self->model, item->asset) == NULL)
        problem(self, "sensor", item->id, "asset: %" ID " does not exist", item->asset);
    if (item->unit == NULL)
        problem(self, "sensor", item->id, "unit: it is missing");
    else if (!cfx_unit_parse(item->unit, -1, &unit, &error))
        problem(self, "sensor", item->id, "unit: \"%s\" is not a unit", item->unit);
    if (item->resolution_us < 0 || item->resolution_us > 366 * CFX_DAY)
        problem(self, "sensor", item->id, "resolution: from PT0S to a year");
    if (!cfx_zone_is_known(item->zone))
        problem(self,
                "sensor",
                item->id,
                "zone: \"%s\" is no time zone",
                item->zone != NULL ? item->zone : "");
}

static void
check_source(Check *self, const CfxSource *item)
{
    if (item->name == NULL || *item->name == '\0')
        problem(self, "source", item->id, "name: it is missing");
    if (item->account != 0 && cfx_model_account(self->model, item->account) == NULL)
        problem(self, "source", item->id, "account: %" ID " does not exist", item->account);
    if (item->type == 0 || (item->type & (item->type - 1)) != 0 || item->type > CFX_SOURCE_REPORTER)
        problem(self, "source", item->id, "type: there is no such type");
}

static void
check_binding_sensor(Check *self, const CfxBinding *item, const char *name, gint64 sensor)
{
    if (sensor != 0 && cfx_model_sensor(self->model, sensor) == NULL)
        problem(self, "binding", item->id, "%s: %" ID " does not exist", name, sensor);
}

static void
check_binding(Check *self, const CfxBinding *item)
{
    if (item->instance == NULL || *item->instance == '\0')
        problem(self, "binding", item->id, "instance: it is missing");
    if (item->identity == NULL || *item->identity == '\0')
        problem(self, "binding", item->id, "identity: it is missing");
    else if (!is_unique(self,
                        g_strdup_printf("binding/%s/%s/%" ID,
                                        item->instance != NULL ? item->instance : "",
                                        item->identity,
                                        item->unit)))
        problem(self, "binding", item->id, "unit: instance, identity and unit are taken");
    if (item->unit < 0)
        problem(self, "binding", item->id, "unit: it is negative");
    if (cfx_model_asset(self->model, item->asset) == NULL)
        problem(self, "binding", item->id, "asset: %" ID " does not exist", item->asset);
    check_binding_sensor(self, item, "power_sensor", item->power_sensor);
    check_binding_sensor(self, item, "energy_sensor", item->energy_sensor);
    check_binding_sensor(self, item, "stock_sensor", item->stock_sensor);
}

void
cfx_model_check(const CfxModel *model, GPtrArray *problems)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Check self = { model, problems, names };

    for (gsize i = 0; i < model->n_accounts; i++)
        check_account(&self, model->accounts[i]);
    for (gsize i = 0; i < model->n_assets; i++)
        check_asset(&self, model->assets[i]);
    for (gsize i = 0; i < model->n_sensors; i++)
        check_sensor(&self, model->sensors[i]);
    for (gsize i = 0; i < model->n_sources; i++)
        check_source(&self, model->sources[i]);
    for (gsize i = 0; i < model->n_bindings; i++)
        check_binding(&self, model->bindings[i]);
}
