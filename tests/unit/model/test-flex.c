/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-flex.h"
#include "cfx-model-builder.h"

#include <math.h>

static const CfxModel *
model_new(const char *attributes, const char *context, const char *evse)
{
    g_autoptr(CfxModelBuilder) builder = cfx_model_builder_new(NULL);
    CfxAccount account = { sizeof(account), 0, 2, "site", "America/Martinique", "EUR" };
    CfxAsset site = { .struct_size = sizeof(site),
                      .id = 1,
                      .account = 2,
                      .type = "site",
                      .name = "site",
                      .attributes = attributes,
                      .flex_context = context };
    CfxAsset station = { .struct_size = sizeof(station),
                         .id = 110,
                         .parent = 1,
                         .account = 2,
                         .type = "charging-station",
                         .name = "CP001",
                         .attributes =
                             "{\"min-current\": \"7 A\", \"fail-safe-power\": \"1 kW\"}" };
    CfxAsset unit = { .struct_size = sizeof(unit),
                      .id = 111,
                      .parent = 110,
                      .account = 2,
                      .type = "evse",
                      .name = "EVSE 1",
                      .attributes = evse,
                      .flex_model = "{\"power-capacity\": \"22 kW\","
                                    "\"consumption-capacity\": \"30 kW\"}" };

    cfx_model_builder_put(builder, CFX_MODEL_ACCOUNT, &account);
    cfx_model_builder_put(builder, CFX_MODEL_ASSET, &site);
    cfx_model_builder_put(builder, CFX_MODEL_ASSET, &station);
    cfx_model_builder_put(builder, CFX_MODEL_ASSET, &unit);
    for (gint64 id = 84; id <= 87; id++) {
        CfxSensor sensor = { .struct_size = sizeof(sensor),
                             .id = id,
                             .asset = 1,
                             .name = "s",
                             .unit = "EUR/MWh",
                             .resolution_us = id == 87 ? 0 : 60 * G_USEC_PER_SEC,
                             .zone = "UTC" };

        cfx_model_builder_put(builder, CFX_MODEL_SENSOR, &sensor);
    }
    return cfx_model_builder_end(builder);
}

static void
test_site(void)
{
    const CfxModel *model = model_new(
        "{\"zone\":\"America/Martinique\",\"currency\":\"EUR\",\"sensors\":{\"price\":[84,85],"
        "\"load-control\":86},\"base-load-max\":\"16 kW\",\"price-fallback\":\"180 EUR/MWh\","
        "\"demand-response-table\":[100,90,40,5],\"tariff\":\"0.35 EUR/kWh\",\"unknown-token\":"
        "\"accept\",\"offline-start\":false,\"currency-rates\":[{\"currency\":\"SEK\",\"rate\":"
        "0.0905,\"date\":\"2025-10-01\",\"source\":\"x\"}]}",
        "{\"site-power-capacity\":\"100 kW\",\"site-consumption-capacity\":\"70 kW\","
        "\"consumption-price\":{\"sensor\":84},\"production-price\":\"60 EUR/MWh\"}",
        "{\"sensors\":{\"power\":84},\"fail-safe-power\":\"4.14 kW\",\"phases\":1,"
        "\"default-departure\":\"07:30\"}");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(CfxFlexContext) site =
        cfx_flex_context_parse(model, cfx_model_asset(model, 1), problems);
    CfxFlexModel device;

    cfx_flex_model_parse(model, cfx_model_asset(model, 111), &device, problems);
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpfloat(site->power_capacity_w, ==, 100e3);
    g_assert_cmpfloat(site->consumption_capacity_w, ==, 70e3);
    g_assert_true(isnan(site->production_capacity_w));
    g_assert_cmpuint(site->n_price_sensors, ==, 2);
    g_assert_cmpint(site->price_sensors[1], ==, 85);
    g_assert_cmpint(site->load_control, ==, 86);
    g_assert_cmpfloat(site->price_fallback, ==, 180);
    g_assert_cmpfloat_with_epsilon(site->tariff, 350, 1e-9);
    g_assert_cmpfloat(site->production_price.value, ==, 60);
    g_assert_cmpfloat(site->level_percent[2], ==, 40);
    g_assert_cmpfloat(site->base_load_expected_w, ==, 16e3);
    g_assert_true(site->accepts_unknown_tokens);
    g_assert_false(site->offline_start);
    g_assert_cmpstr(site->rates[0].currency, ==, "SEK");
    g_assert_cmpfloat(device.fail_safe_w, ==, 4140);
    g_assert_cmpfloat(device.min_current_a, ==, 7); /* the station's */
    g_assert_cmpfloat(device.power_max_w, ==, 22e3);
    g_assert_cmpuint(device.phases, ==, 1);
    g_assert_cmpint(device.departure_minute, ==, 450);
    g_assert_cmpint(device.site, ==, 1);
    g_assert_cmpfloat(cfx_flex_model_least_w(&device, 3), ==, 7 * 3 * 230);
    cfx_model_unref(model);
}

static void
test_problems(void)
{
    const CfxModel *model = model_new(
        "{\"zone\":\"Mars\",\"currency\":\"EUR\",\"sensors\":{\"price\":[84,999],\"lod\":1},"
        "\"base-load-max\":\"-1 kW\",\"price-fallback\":\"180 SEK/MWh\"}",
        "[1]",
        "{\"phases\":2,\"fail-safe-power\":7}");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(CfxFlexContext) site =
        cfx_flex_context_parse(model, cfx_model_asset(model, 1), problems);
    CfxFlexModel device;

    g_assert_cmpuint(problems->len, ==, 6);
    g_assert_cmpstr(site->zone, ==, "America/Martinique");
    g_assert_cmpuint(site->n_price_sensors, ==, 1);
    g_assert_true(isnan(site->base_load_max_w));
    g_ptr_array_set_size(problems, 0);
    cfx_flex_model_parse(model, cfx_model_asset(model, 111), &device, problems);
    g_assert_cmpuint(problems->len, ==, 2);
    g_assert_cmpstr(problems->pdata[0], ==, "attributes.fail-safe-power: it is no text");
    cfx_model_unref(model);
    /* at 0 V a station would count with nothing, whatever it may draw */
    model = model_new("{}", "{}", "{\"voltage\":\"0 V\",\"max-current\":\"32 A\"}");
    g_ptr_array_set_size(problems, 0);
    cfx_flex_model_parse(model, cfx_model_asset(model, 111), &device, problems);
    g_assert_cmpuint(problems->len, ==, 1);
    g_assert_cmpstr(problems->pdata[0],
                    ==,
                    "attributes.voltage: it is not from 50 V to 1000 V; give the voltage from phase "
                    "to neutral, as \"230 V\"");
    g_assert_cmpfloat(device.voltage_v, ==, 230);
    cfx_model_unref(model);
}

static void
test_may_steer(void)
{
    const CfxModel *model = model_new("{\"base-load-max\":\"16 kW\"}",
                                      "{\"site-power-capacity\":\"100 kW\","
                                      "\"site-consumption-capacity\":\"70 kW\"}",
                                      "{}");
    g_autoptr(CfxFlexContext) site = cfx_flex_context_parse(model, cfx_model_asset(model, 1), NULL);
    g_autoptr(GError) error = NULL;
    CfxFlexModel devices[2];

    cfx_flex_model_parse(model, cfx_model_asset(model, 111), &devices[0], NULL);
    devices[1] = devices[0];
    devices[0].fail_safe_w = 40e3;
    devices[1].fail_safe_w = 14e3;
    g_assert_true(cfx_flex_may_steer(site, devices, 2, &error));
    devices[1].fail_safe_w = 14001;
    g_assert_false(cfx_flex_may_steer(site, devices, 2, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFIG);
    g_clear_error(&error);
    site->power_capacity_w = NAN;
    g_assert_false(cfx_flex_may_steer(site, devices, 1, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFIG);
    cfx_model_unref(model);
}

/* a limit that nobody could hear is no limit that is not there */
static void
test_bad_limit(void)
{
    static const char *const roles[] = { "\"load-control\":86",
                                         "\"demand-response\":87",
                                         "\"import-limit\":999",
                                         "\"load-control\":\"86\"" };

    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autofree char *attributes =
            g_strdup_printf("{\"base-load-max\":\"16 kW\",\"sensors\":{%s}}", roles[i]);
        const CfxModel *model = model_new(attributes,
                                          "{\"site-power-capacity\":\"100 kW\","
                                          "\"site-consumption-capacity\":\"70 kW\"}",
                                          "{}");
        g_autoptr(CfxFlexContext) site =
            cfx_flex_context_parse(model, cfx_model_asset(model, 1), NULL);
        g_autoptr(GError) error = NULL;
        CfxFlexModel device;

        cfx_flex_model_parse(model, cfx_model_asset(model, 111), &device, NULL);
        g_assert_cmpint(cfx_flex_may_steer(site, &device, 1, &error), ==, i == 0);
        if (i > 0) {
            g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFIG);
            g_assert_nonnull(strstr(error->message, "attributes.sensors."));
        }
        cfx_model_unref(model);
    }
}

/* what is said of a station holds for its EVSEs, unless they say something else */
static void
test_in_service(void)
{
    static const struct {
        const char *evse;
        gboolean wanted;
    } cases[] = {
        { "{}", TRUE },
        { "{\"in-service\":true}", TRUE },
        { "{\"in-service\":false}", FALSE },
        { "{\"in-service\":\"no\"}", TRUE }, /* a mistake counts as not given */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CfxModel *model = model_new("{}", "{}", cases[i].evse);
        CfxFlexModel device;

        cfx_flex_model_parse(model, cfx_model_asset(model, 111), &device, NULL);
        g_assert_cmpint(device.in_service, ==, cases[i].wanted);
        cfx_model_unref(model);
    }
}

/* What no storage keeps, and no heat pump makes of a kWh, is a slip of the pen: it is told, with
 * what to write instead, and counts as not given. */
static void
test_efficiencies(void)
{
    static const struct {
        const char *flex;
        double charge, discharge;
        const char *problem; /* NULL: none */
    } cases[] = {
        { "{\"roundtrip-efficiency\":0.81}", 0.9, 0.9, NULL },
        { "{\"roundtrip-efficiency\":\"81 %\"}", 0.9, 0.9, NULL },
        { "{\"roundtrip-efficiency\":1}", 1, 1, NULL },
        { "{\"charging-efficiency\":3.2}", 3.2, 1, NULL },
        { "{\"charging-efficiency\":\"1000 %\",\"discharging-efficiency\":0.01}", 10, 0.01, NULL },
        { "{\"roundtrip-efficiency\":0}",
          1,
          1,
          "flex_model.roundtrip-efficiency: it is not from 1 % to 100 %; give the share that is "
          "kept, "
          "as 0.9 or \"90 %\"" },
        { "{\"roundtrip-efficiency\":1.01}", 1, 1, "flex_model.roundtrip-efficiency: it is not" },
        { "{\"roundtrip-efficiency\":-0.5}", 1, 1, "flex_model.roundtrip-efficiency: it is not" },
        { "{\"charging-efficiency\":0}", 1, 1, "flex_model.charging-efficiency: it is not" },
        { "{\"charging-efficiency\":-3}", 1, 1, "flex_model.charging-efficiency: it is not" },
        { "{\"charging-efficiency\":90}",
          1,
          1,
          "flex_model.charging-efficiency: it is not from 1 % to 1000 %; give the share that is "
          "kept, "
          "as 0.9 or \"90 %\", of a heat pump its coefficient of performance, as 3.2" },
        { "{\"charging-efficiency\":1e308}", 1, 1, "flex_model.charging-efficiency: it is not" },
        { "{\"charging-efficiency\":1e-300}", 1, 1, "flex_model.charging-efficiency: it is not" },
        { "{\"discharging-efficiency\":0}", 1, 1, "flex_model.discharging-efficiency: it is not" },
        { "{\"discharging-efficiency\":1.5}",
          1,
          1,
          "flex_model.discharging-efficiency: it is not" },
        { "{\"discharging-efficiency\":\"nan\"}", 1, 1, "flex_model.discharging-efficiency: " },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        const CfxModel *model = model_new("{}", "{}", "{}");
        CfxAsset asset = *cfx_model_asset(model, 111);
        CfxFlexModel device;

        asset.flex_model = cases[i].flex;
        cfx_flex_model_parse(model, &asset, &device, problems);
        g_assert_cmpfloat_with_epsilon(device.charge_efficiency, cases[i].charge, 1e-12);
        g_assert_cmpfloat_with_epsilon(device.discharge_efficiency, cases[i].discharge, 1e-12);
        g_assert_cmpuint(problems->len, ==, cases[i].problem != NULL ? 1 : 0);
        if (cases[i].problem != NULL)
            g_assert_true(g_str_has_prefix(problems->pdata[0], cases[i].problem));
        cfx_model_unref(model);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/flex/site", test_site);
    g_test_add_func("/model/flex/problems", test_problems);
    g_test_add_func("/model/flex/may-steer", test_may_steer);
    g_test_add_func("/model/flex/bad-limit", test_bad_limit);
    g_test_add_func("/model/flex/in-service", test_in_service);
    g_test_add_func("/model/flex/efficiencies", test_efficiencies);
    return g_test_run();
}
