/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-flex.h"

#include "cfx-day.h"
#include "cfx-flex-json.h"
#include "cfx-tree.h"

#include <math.h>
#include <string.h>

#define VOLTAGE_MIN_V 50
#define VOLTAGE_MAX_V 1000

static void
parse_sensors(CfxFlexModel *self, const CfxModel *model, const CfxFlexJson *json)
{
    const struct {
        const char *name;
        gint64 *to;
    } roles[] = {
        { "power", &self->power_sensor },
        { "live-power", &self->live_power_sensor },
        { "stock", &self->stock_sensor },
    };
    JsonNode *node = cfx_flex_json_member(json, "sensors");
    CfxFlexJson inner = { .where = "attributes.sensors", .problems = json->problems };

    if (node == NULL)
        return;
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_flex_json_problem(json, "sensors", "it is no object");
        return;
    }
    inner.object = json_node_get_object(node);
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        gint64 id = cfx_flex_json_int(&inner, roles[i].name, 0);

        if (id == 0)
            continue;
        if (cfx_model_sensor(model, id) != NULL)
            *roles[i].to = id;
        else
            cfx_flex_json_problem(
                &inner, roles[i].name, "sensor %" G_GINT64_FORMAT " does not exist", id);
    }
}

/* What is no voltage stays out: powers are reckoned with it, and at 0 V a station that may draw all
 * it can would count with nothing. */
static void
parse_voltage(CfxFlexModel *self, const CfxFlexJson *json)
{
    double voltage_v = cfx_flex_json_quantity(json, "voltage", "V");

    if (isnan(voltage_v))
        return;
    if (voltage_v >= VOLTAGE_MIN_V && voltage_v <= VOLTAGE_MAX_V)
        self->voltage_v = voltage_v;
    else
        cfx_flex_json_problem(json,
                              "voltage",
                              "it is not from %d V to %d V; give the voltage from phase to "
                              "neutral, as \"230 V\"",
                              VOLTAGE_MIN_V,
                              VOLTAGE_MAX_V);
}

/* What no storage keeps, and no heat pump makes of a kWh, stays out: plans would be reckoned with
 * it. NAN: nothing is given, or nothing that can be true. */
static double
efficiency(const CfxFlexJson *json, const char *name, double max)
{
    double value = cfx_flex_json_ratio(json, name);

    if (isnan(value) || (value >= CFX_EFFICIENCY_MIN && value <= max))
        return value;
    cfx_flex_json_problem(json,
                          name,
                          "it is not from %.0f %% to %.0f %%; give the share that is kept, as 0.9 "
                          "or \"90 %%\"%s",
                          CFX_EFFICIENCY_MIN * 100,
                          max * 100,
                          max > 1 ? ", of a heat pump its coefficient of performance, as 3.2" : "");
    return NAN;
}

/* Takes over what is given. */
static void
take(double *to, double value)
{
    if (!isnan(value))
        *to = value;
}

static void
parse_attributes(CfxFlexModel *self, const CfxModel *model, const CfxFlexJson *json)
{
    gint64 phases = cfx_flex_json_int(json, "phases", 0);
    const char *text = cfx_flex_json_text(json, "default-departure");

    parse_sensors(self, model, json);
    take(&self->fail_safe_w, cfx_flex_json_quantity(json, "fail-safe-power", "W"));
    self->in_service = cfx_flex_json_bool(json, "in-service", self->in_service);
    take(&self->min_current_a, cfx_flex_json_quantity(json, "min-current", "A"));
    take(&self->max_current_a, cfx_flex_json_quantity(json, "max-current", "A"));
    parse_voltage(self, json);
    take(&self->need_wh, cfx_flex_json_quantity(json, "default-need", "Wh"));
    take(&self->minimum_wh, cfx_flex_json_quantity(json, "default-minimum", "Wh"));
    if (phases == 1 || phases == 3)
        self->phases = (guint)phases;
    else if (phases != 0)
        cfx_flex_json_problem(json, "phases", "it is neither 1 nor 3");
    if (text == NULL)
        return;
    if (cfx_day_parse_minute(text) < 0)
        cfx_flex_json_problem(json, "default-departure", "\"%s\" is no clock time", text);
    else
        self->departure_minute = cfx_day_parse_minute(text);
}

static void
parse_model(CfxFlexModel *self, const CfxFlexJson *json)
{
    double round_trip = efficiency(json, "roundtrip-efficiency", 1);

    /* the lower of both counts */
    take(&self->power_max_w,
         fmin(cfx_flex_json_quantity(json, "power-capacity", "W"),
              cfx_flex_json_quantity(json, "consumption-capacity", "W")));
    take(&self->production_max_w, cfx_flex_json_quantity(json, "production-capacity", "W"));
    take(&self->stock_min_wh, cfx_flex_json_quantity(json, "soc-min", "Wh"));
    take(&self->stock_max_wh, cfx_flex_json_quantity(json, "soc-max", "Wh"));
    if (!isnan(round_trip))
        self->charge_efficiency = self->discharge_efficiency = sqrt(round_trip);
    take(&self->charge_efficiency, efficiency(json, "charging-efficiency", CFX_EFFICIENCY_MAX));
    take(&self->discharge_efficiency, efficiency(json, "discharging-efficiency", 1));
}

static void
parse_asset(CfxFlexModel *self, const CfxModel *model, const CfxAsset *asset, GPtrArray *problems)
{
    g_auto(CfxFlexJson) attributes = { NULL };
    g_auto(CfxFlexJson) flex = { NULL };

    cfx_flex_json_init(&attributes, "attributes", asset->attributes, problems);
    cfx_flex_json_init(&flex, "flex_model", asset->flex_model, problems);
    parse_attributes(self, model, &attributes);
    parse_model(self, &flex);
}

void
cfx_flex_model_parse(const CfxModel *model,
                     const CfxAsset *device,
                     CfxFlexModel *ret,
                     GPtrArray *problems)
{
    const CfxAsset *parent = cfx_asset_parent(model, device->id);
    const CfxAsset *site = cfx_asset_site(model, device->id);

    *ret = (CfxFlexModel){
        .asset = device->id,
        .site = site != NULL ? site->id : 0,
        .power_max_w = NAN,
        .production_max_w = 0,
        .fail_safe_w = NAN,
        .in_service = TRUE,
        .phases = 3,
        .voltage_v = 230,
        .min_current_a = NAN,
        .max_current_a = NAN,
        .need_wh = NAN,
        .minimum_wh = NAN,
        .departure_minute = -1,
        .stock_min_wh = NAN,
        .stock_max_wh = NAN,
        .charge_efficiency = 1,
        .discharge_efficiency = 1,
    };
    if (parent != NULL && strcmp(device->type, "evse") == 0 &&
        strcmp(parent->type, "charging-station") == 0)
        parse_asset(ret, model, parent, NULL); /* its mistakes are told where it is parsed itself */
    parse_asset(ret, model, device, problems);
}

double
cfx_flex_model_least_w(const CfxFlexModel *self, guint phases)
{
    double current_a = isnan(self->min_current_a) ? 6 : self->min_current_a;

    return current_a * MAX(phases, 1) * self->voltage_v;
}

gboolean
cfx_flex_may_steer(const CfxFlexContext *site,
                   const CfxFlexModel *devices,
                   gsize n_devices,
                   GError **error)
{
    double limit_w = MIN(site->power_capacity_w, site->consumption_capacity_w);
    double sum_w = site->base_load_max_w;
    const struct {
        double value;
        const char *name;
    } needed[] = {
        { site->power_capacity_w, "flex_context.site-power-capacity" },
        { site->consumption_capacity_w, "flex_context.site-consumption-capacity" },
        { site->base_load_max_w, "attributes.base-load-max" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (!isnan(needed[i].value))
            continue;
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "asset %" G_GINT64_FORMAT ": %s is missing; a site without it is not steered",
                    site->asset,
                    needed[i].name);
        return FALSE;
    }
    if (site->bad_limit != NULL) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "asset %" G_GINT64_FORMAT ": attributes.sensors.%s: it names no sensor with a "
                    "resolution (as PT1M): a limit would be missed",
                    site->asset,
                    site->bad_limit);
        return FALSE;
    }
    for (gsize i = 0; i < n_devices; i++) {
        if (isnan(devices[i].fail_safe_w)) {
            g_set_error(error,
                        CFX_ERROR,
                        CFX_ERROR_CONFIG,
                        "asset %" G_GINT64_FORMAT ": attributes.fail-safe-power is missing",
                        devices[i].asset);
            return FALSE;
        }
        sum_w += devices[i].fail_safe_w;
    }
    if (sum_w <= limit_w)
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_CONFIG,
                "asset %" G_GINT64_FORMAT ": the fail-safe powers of %" G_GSIZE_FORMAT
                " devices and the highest base load are %.1f kW together, above the limit of %.1f"
                " kW; lower fail-safe-power or base-load-max",
                site->asset,
                n_devices,
                sum_w / 1e3,
                limit_w / 1e3);
    return FALSE;
}
