/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is at a site, out of the register: devices, and which sensor plays which part. */
#include "ui-json.h"
#include "ui-site.h"

#include <kit/cfx-quantity.h>
#include <math.h>
#include <string.h>

#define MEASURED (CFX_SOURCE_ANY & ~(CFX_SOURCE_SCHEDULER | CFX_SOURCE_FORECASTER))
#define KILO 1e-3

typedef struct {
    const char *attribute, *series;
    guint32 sources;
    double sign;
} Part;

/* parts of the site's own sensors; its prices are a list of their own */
static const Part parts[] = {
    { "load-control", "load-control", CFX_SOURCE_ANY, 1 },
    { "demand-response", "demand-response", CFX_SOURCE_ANY, 1 },
    { "import-limit", "import-limit", CFX_SOURCE_ANY, 1 },
    { "effective-limit", "limit", CFX_SOURCE_ANY, 1 },
    { "site-power", "site-power", MEASURED, 1 },
    { "base-load-forecast", "base-load-forecast", CFX_SOURCE_ANY, 1 },
    { "pv-forecast", "pv-forecast", CFX_SOURCE_ANY, -1 },
};

void
ui_device_free(gpointer data)
{
    UiDevice *device = data;

    g_free(device->name);
    g_free(device->station_name);
    g_free(device->place);
    g_free(device->session);
    g_free(device->profile);
    g_free(device);
}

gint64
ui_model_site_of(const CfxModel *model, gint64 id)
{
    const CfxAsset *asset = cfx_model_asset(model, id);

    /* the register refuses rings; a bound costs nothing */
    for (guint depth = 0; asset != NULL && depth < 64; depth++) {
        if (g_strcmp0(asset->type, "site") == 0)
            return asset->id;
        asset = asset->parent != 0 ? cfx_model_asset(model, asset->parent) : NULL;
    }
    return 0;
}

static JsonObject *
document(const char *text)
{
    return text != NULL ? ui_json_parse(text, strlen(text)) : NULL;
}

char *
ui_asset_attribute(const CfxAsset *asset, const char *name)
{
    g_autoptr(JsonObject) attributes = document(asset->attributes);

    return g_strdup(ui_json_text(attributes, name));
}

static UiSeries *
series_of(UiSite *self, const CfxModel *model, gint64 id, const char *name, double sign, gint64 device)
{
    const CfxSensor *sensor = id != 0 ? cfx_model_sensor(model, id) : NULL;
    double scale, offset;

    if (sensor == NULL || sensor->resolution_us <= 0)
        return NULL;
    /* what is power comes in W, power towards the device or into the site positive */
    gboolean is_power = self->ui->host->model->unit(
        self->ui->host, sensor->unit, "W", sensor->resolution_us, &scale, &offset, NULL);
    UiSeries *series =
        ui_series_new(name, is_power ? "kW" : sensor->unit, id, device, sensor->resolution_us);
    series->scale = is_power ? sign * KILO : 1;
    ui_site_series_add(self, series);
    return series;
}

static void
add_prices(UiSite *self, const CfxModel *model, JsonObject *sensors)
{
    JsonArray *prices = ui_json_array(sensors, "price");

    if (prices == NULL) {
        series_of(self, model, ui_json_int(sensors, "price"), "price", 1, 0);
        return;
    }
    for (guint i = 0; i < json_array_get_length(prices) && i < 2; i++) {
        JsonNode *node = json_array_get_element(prices, i);
        if (JSON_NODE_HOLDS_VALUE(node))
            series_of(self, model, json_node_get_int(node), i == 0 ? "price" : "price-2", 1, 0);
    }
}

static void
add_site(UiSite *self, const CfxModel *model, const CfxAsset *asset)
{
    g_autoptr(JsonObject) attributes = document(asset->attributes);
    g_autoptr(JsonObject) context = document(asset->flex_context);
    JsonObject *sensors = ui_json_object(attributes, "sensors");
    const char *physical = ui_json_text(context, "site-power-capacity");
    const char *zone = ui_json_text(attributes, "zone");
    const CfxAccount *account = cfx_model_account(model, asset->account);

    self->name = g_strdup(asset->name);
    self->zone = g_strdup(zone != NULL ? zone : account != NULL ? account->zone : "UTC");
    if (physical == NULL || !cfx_quantity_in(physical, -1, "W", &self->physical_w, NULL))
        self->physical_w = NAN;
    if (sensors == NULL)
        return;
    add_prices(self, model, sensors);
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        UiSeries *series = series_of(self,
                                     model,
                                     ui_json_int(sensors, parts[i].attribute),
                                     parts[i].series,
                                     parts[i].sign,
                                     0);
        if (series != NULL)
            series->sources = parts[i].sources;
    }
}

static void
add_device_series(UiSite *self, const CfxModel *model, const CfxAsset *asset)
{
    g_autoptr(JsonObject) attributes = document(asset->attributes);
    gint64 sensor = ui_json_int(ui_json_object(attributes, "sensors"), "power");
    g_autofree char *power = g_strdup_printf("power/%" G_GINT64_FORMAT, asset->id);
    g_autofree char *planned = g_strdup_printf("planned/%" G_GINT64_FORMAT, asset->id);
    UiSeries *series = series_of(self, model, sensor, power, 1, asset->id);

    if (series == NULL)
        return;
    series->sources = MEASURED;
    series_of(self, model, sensor, planned, 1, asset->id)->sources = CFX_SOURCE_SCHEDULER;
}

static void
add_device(UiSite *self, const CfxModel *model, const CfxBinding *binding)
{
    const CfxAsset *asset = cfx_model_asset(model, binding->asset);
    const CfxAsset *station =
        asset != NULL && asset->parent != 0 ? cfx_model_asset(model, asset->parent) : NULL;

    if (asset == NULL || g_hash_table_contains(self->by_asset, &asset->id))
        return;
    if (station == NULL || g_strcmp0(station->type, "site") == 0)
        station = asset; /* a device without a station above is its own */
    UiDevice *device = g_new0(UiDevice, 1);
    *device = (UiDevice){
        .asset = asset->id,
        .station = station->id,
        .evse = binding->unit,
        .name = g_strdup(asset->name),
        .station_name = g_strdup(station->name),
        .place = ui_asset_attribute(station, "place"),
        .stock_wh = NAN,
    };
    g_ptr_array_add(self->devices, device);
    g_hash_table_insert(self->by_asset, &device->asset, device);
    add_device_series(self, model, asset);
}

static void
add_plant(UiSite *self, const CfxModel *model, const CfxAsset *asset)
{
    g_autofree char *name = g_strdup_printf("pv/%" G_GINT64_FORMAT, asset->id);

    for (gsize i = 0; i < model->n_sensors; i++) {
        const CfxSensor *sensor = model->sensors[i];
        double scale, offset;
        if (sensor->asset != asset->id || sensor->resolution_us <= 0 ||
            !self->ui->host->model->unit(
                self->ui->host, sensor->unit, "W", sensor->resolution_us, &scale, &offset, NULL))
            continue;
        series_of(self, model, sensor->id, name, -1, asset->id)->sources = MEASURED;
        return;
    }
}

gboolean
ui_site_discover(UiSite *self, const CfxModel *model)
{
    const CfxAsset *site = cfx_model_asset(model, self->asset);

    if (site == NULL || g_strcmp0(site->type, "site") != 0)
        return FALSE;
    add_site(self, model, site);
    for (gsize i = 0; i < model->n_bindings; i++) {
        if (ui_model_site_of(model, model->bindings[i]->asset) == self->asset)
            add_device(self, model, model->bindings[i]);
    }
    for (gsize i = 0; i < model->n_assets; i++) {
        const CfxAsset *asset = model->assets[i];
        if (g_strcmp0(asset->type, "pv") == 0 && ui_model_site_of(model, asset->id) == self->asset)
            add_plant(self, model, asset);
    }
    g_clear_pointer(&self->sources, g_hash_table_unref);
    self->sources = ui_sources_of(model);
    return TRUE;
}
