/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model of a site from a few lines. */
#include "engine-fixture-private.h"

#include "cfx-model-builder.h"

#define SECOND_SITE 2
#define TWIN_ASSET 9

static const CfxModel *
model_get(const CfxHost *host)
{
    return cfx_model_ref(the_fixture->model);
}

static guint64
model_watch(const CfxHost *host, CfxModelDone func, gpointer data)
{
    the_fixture->model_changed = func;
    the_fixture->model_data = data;
    return 1;
}

static void
model_unwatch(const CfxHost *host, guint64 watch)
{
    the_fixture->model_changed = NULL;
}

static void
put_sensor(CfxModelBuilder *builder,
           gint64 id,
           gint64 asset,
           const char *unit,
           gint64 minutes,
           guint32 flags)
{
    g_autofree char *name = g_strdup_printf("sensor %" G_GINT64_FORMAT, id);
    CfxSensor sensor = {
        .struct_size = sizeof sensor,
        .flags = flags,
        .id = id,
        .asset = asset,
        .name = name,
        .unit = unit,
        .resolution_us = minutes * CFX_MINUTE,
        .zone = "America/Martinique",
        .attributes = "{}",
    };

    cfx_model_builder_put(builder, CFX_MODEL_SENSOR, &sensor);
}

static void
put_source(CfxModelBuilder *builder, gint64 id, guint32 type, const char *name)
{
    CfxSource source = {
        .struct_size = sizeof source, .type = type, .id = id, .name = name, .instance = NULL
    };

    cfx_model_builder_put(builder, CFX_MODEL_SOURCE, &source);
}

static void
put_station(CfxModelBuilder *builder, const FixtureSetup *setup, guint i)
{
    gint64 id = FIXTURE_FIRST_ASSET + i;
    gboolean is_large = i < FIXTURE_STATIONS / 2;
    gboolean is_twin = setup->twins && i < 2;
    g_autofree char *identity = is_twin ? g_strdup("TWIN") : g_strdup_printf("CP%03u", i + 1);
    g_autofree char *name = is_twin ? g_strdup_printf("EVSE %u", i + 1) : g_strdup(identity);
    g_autofree char *attributes =
        g_strdup_printf("{\"sensors\":{\"power\":%d},\"fail-safe-power\":\"%.3f kW\",\"phases\":3,"
                        "\"min-current\":\"6 A\",%s\"voltage\":\"230 V\","
                        "\"default-need\":\"15 kWh\",\"default-minimum\":\"5 kWh\"%s%s}",
                        SENSOR_POWER + (int)i,
                        setup->fail_safe_w / 1e3,
                        setup->unrated ? ""
                        : is_large     ? "\"max-current\":\"32 A\","
                                       : "\"max-current\":\"16 A\",",
                        setup->station_attributes[i] != NULL ? "," : "",
                        setup->station_attributes[i] != NULL ? setup->station_attributes[i] : "");
    CfxAsset evse = {
        .struct_size = sizeof evse,
        .id = id,
        .parent = is_twin                                ? TWIN_ASSET
                  : i + setup->second >= setup->stations ? SECOND_SITE
                                                         : 1,
        .account = 1,
        .type = "evse",
        .name = name,
        .latitude = NAN,
        .longitude = NAN,
        .attributes = attributes,
        .flex_model = setup->unrated ? "{}"
                      : is_large     ? "{\"power-capacity\":\"22 kW\"}"
                                     : "{\"power-capacity\":\"11 kW\"}",
        .flex_context = "{}",
    };
    CfxBinding binding = {
        .struct_size = sizeof binding,
        .id = i + 1,
        .asset = id,
        .instance = "ocpp",
        .identity = identity,
        .unit = is_twin ? i + 1 : 1,
    };

    cfx_model_builder_put(builder, CFX_MODEL_ASSET, &evse);
    cfx_model_builder_put(builder, CFX_MODEL_BINDING, &binding);
    put_sensor(builder, SENSOR_POWER + i, id, "kW", 15, 0);
}

static const CfxModel *
model_new(const FixtureSetup *setup)
{
    g_autoptr(CfxModelBuilder) builder = cfx_model_builder_new(NULL);
    CfxAccount account = { .struct_size = sizeof account,
                           .id = 1,
                           .name = "site",
                           .zone = "America/Martinique",
                           .currency = "EUR" };
    g_autofree char *attributes = g_strdup_printf(
        "{\"zone\":\"America/Martinique\",\"currency\":\"EUR\",\"sensors\":{\"price\":[84,85],"
        "\"load-control\":86,\"demand-response\":87,\"import-limit\":107,\"site-power\":101,"
        "\"live-power\":108,\"effective-limit\":102,\"base-load-forecast\":103,\"pv-forecast\":104,"
        "\"import-register\":105,\"export-register\":106},\"base-load-max\":\"16 kW\","
        "\"base-load-expected\":\"15 kW\",\"price-fallback\":\"180 EUR/MWh\","
        "\"demand-response-table\":[100,100,50,0]%s%s}",
        setup->site_attributes != NULL ? "," : "",
        setup->site_attributes != NULL ? setup->site_attributes : "");
    CfxAsset site = {
        .struct_size = sizeof site,
        .id = 1,
        .account = 1,
        .type = "site",
        .name = "Martinique",
        .latitude = NAN,
        .longitude = NAN,
        .attributes = attributes,
        .flex_model = "{}",
        .flex_context = setup->flex_context != NULL ? setup->flex_context
                                                    : "{\"site-power-capacity\":\"100 kW\","
                                                      "\"site-consumption-capacity\":\"70 kW\","
                                                      "\"site-production-capacity\":\"36 kW\","
                                                      "\"consumption-price\":{\"sensor\":84},"
                                                      "\"production-price\":\"60 EUR/MWh\"}",
    };

    cfx_model_builder_put(builder, CFX_MODEL_ACCOUNT, &account);
    CfxAsset second = {
        .struct_size = sizeof second,
        .id = SECOND_SITE,
        .account = 1,
        .type = "site",
        .name = "Second",
        .latitude = NAN,
        .longitude = NAN,
        .attributes = "{\"base-load-max\":\"10 kW\"}",
        .flex_model = "{}",
        .flex_context =
            "{\"site-power-capacity\":\"80 kW\",\"site-consumption-capacity\":\"60 kW\"}",
    };

    cfx_model_builder_put(builder, CFX_MODEL_ASSET, &site);
    if (setup->second > 0)
        cfx_model_builder_put(builder, CFX_MODEL_ASSET, &second);
    put_sensor(builder, SENSOR_PRICE, 1, "EUR/MWh", 15, 0);
    put_sensor(builder, SENSOR_PRICE_DSO, 1, "EUR/MWh", 15, 0);
    put_sensor(builder, SENSOR_LOAD_CONTROL, 1, "%", 1, 0);
    put_sensor(builder, SENSOR_DEMAND_RESPONSE, 1, "", 1, 0);
    put_sensor(builder, SENSOR_SITE_POWER, 1, "kW", 15, 0);
    put_sensor(builder, SENSOR_LIMIT, 1, "kW", 1, 0);
    put_sensor(builder, SENSOR_BASE, 1, "kW", 15, 0);
    put_sensor(builder, SENSOR_PV, 1, "kW", 15, CFX_SENSOR_PRODUCTION_POSITIVE);
    put_sensor(builder, SENSOR_IMPORT, 1, "kWh", 0, 0);
    put_sensor(builder, SENSOR_EXPORT, 1, "kWh", 0, 0);
    put_sensor(builder, SENSOR_IMPORT_LIMIT, 1, "kW", MAX(setup->import_limit_minutes, 1), 0);
    put_sensor(builder, SENSOR_LIVE, 1, "kW", 0, 0);
    put_source(builder, SOURCE_HOST, CFX_SOURCE_REPORTER, "host");
    put_source(builder, SOURCE_SCHEDULER, CFX_SOURCE_SCHEDULER, "scheduler");
    put_source(builder, SOURCE_SIGNAL, CFX_SOURCE_SIGNAL, "ven");
    put_source(builder, SOURCE_METER, CFX_SOURCE_GATEWAY, "gateway");
    put_source(builder, SOURCE_FORECAST, CFX_SOURCE_FORECASTER, "forecaster");
    CfxAsset twin = site;
    twin.id = TWIN_ASSET;
    twin.parent = 1;
    twin.type = "charging-station";
    twin.name = "TWIN";
    twin.attributes = twin.flex_context = "{}";
    if (setup->twins)
        cfx_model_builder_put(builder, CFX_MODEL_ASSET, &twin);
    for (guint i = 0; i < setup->stations; i++)
        put_station(builder, setup, i);
    return cfx_model_builder_end(builder);
}

void
fixture_remodel(Fixture *self, const FixtureSetup *setup)
{
    cfx_model_unref(self->model);
    self->model = model_new(setup);
    if (self->model_changed != NULL)
        self->model_changed(self->model_data, NULL, NULL);
}

void
fixture_change(Fixture *self, const FixtureSetup *setup)
{
    fixture_remodel(self, setup);
    fixture_run(self);
}

void
fixture_model_init(Fixture *self, const FixtureSetup *setup)
{
    self->model_api = (CfxModelApi){
        .struct_size = sizeof(CfxModelApi),
        .get = model_get,
        .watch = model_watch,
        .unwatch = model_unwatch,
    };
    self->model = model_new(setup);
}
