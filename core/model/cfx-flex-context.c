/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-flex.h"

#include "cfx-day.h"
#include "cfx-flex-json.h"

#include <math.h>
#include <string.h>

/* A sensor that exists; 0 with a problem otherwise. */
static gint64
sensor_of(const CfxModel *model, const CfxFlexJson *json, const char *role, JsonNode *node)
{
    gint64 id = 0;

    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64)
        id = json_node_get_int(node);
    if (id <= 0) {
        cfx_flex_json_problem(json, role, "it is no sensor id");
        return 0;
    }
    if (cfx_model_sensor(model, id) == NULL) {
        cfx_flex_json_problem(json, role, "sensor %" G_GINT64_FORMAT " does not exist", id);
        return 0;
    }
    return id;
}

static void
parse_price_sensors(CfxFlexContext *self,
                    const CfxModel *model,
                    const CfxFlexJson *json,
                    JsonNode *node)
{
    JsonArray *list = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint n = list != NULL ? json_array_get_length(list) : 1;

    g_clear_pointer(&self->price_sensors, g_free);
    self->price_sensors = g_new0(gint64, MAX(n, 1));
    self->n_price_sensors = 0;
    for (guint i = 0; i < n; i++) {
        JsonNode *item = list != NULL ? json_array_get_element(list, i) : node;
        gint64 id = sensor_of(model, json, "price", item);

        if (id != 0)
            self->price_sensors[self->n_price_sensors++] = id;
    }
}

/* whether a value of that sensor holds for a known time: of two voices the stricter counts then */
static gboolean
has_resolution(const CfxModel *model, gint64 id)
{
    const CfxSensor *sensor = cfx_model_sensor(model, id);

    return sensor != NULL && sensor->resolution_us > 0;
}

static void
parse_roles(CfxFlexContext *self, const CfxModel *model, const CfxFlexJson *json)
{
    enum { N_LIMITS = 3 }; /* they stand first */
    const struct {
        const char *name;
        gint64 *to;
    } roles[] = {
        { "load-control", &self->load_control },
        { "demand-response", &self->demand_response },
        { "import-limit", &self->import_limit },
        { "site-power", &self->site_power },
        { "live-power", &self->live_power },
        { "effective-limit", &self->effective_limit },
        { "base-load-forecast", &self->base_load_forecast },
        { "pv-forecast", &self->pv_forecast },
        { "import-register", &self->import_register },
        { "export-register", &self->export_register },
    };
    JsonNode *node = cfx_flex_json_member(json, "sensors");
    CfxFlexJson inner = { .where = "attributes.sensors", .problems = json->problems };
    JsonObjectIter iter;
    const char *name;

    if (node == NULL)
        return;
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_flex_json_problem(json, "sensors", "it is no object");
        self->bad_limit = roles[0].name;
        return;
    }
    inner.object = json_node_get_object(node);
    json_object_iter_init(&iter, inner.object);
    while (json_object_iter_next(&iter, &name, &node)) {
        gsize i = 0;

        if (strcmp(name, "price") == 0) {
            parse_price_sensors(self, model, &inner, node);
            continue;
        }
        if (strcmp(name, "comment") == 0)
            continue;
        while (i < G_N_ELEMENTS(roles) && strcmp(roles[i].name, name) != 0)
            i++;
        if (i == G_N_ELEMENTS(roles))
            cfx_flex_json_problem(&inner, name, "no such role of a sensor");
        else
            *roles[i].to = sensor_of(model, &inner, name, node);
        if (i < N_LIMITS && !has_resolution(model, *roles[i].to)) {
            cfx_flex_json_problem(
                &inner, name, "a limit needs a sensor with a resolution, as PT1M");
            self->bad_limit = roles[i].name;
        }
    }
}

static void
parse_levels(CfxFlexContext *self, const CfxFlexJson *json)
{
    JsonNode *node = cfx_flex_json_member(json, "demand-response-table");
    JsonArray *list =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    if (node == NULL)
        return;
    if (list == NULL || json_array_get_length(list) != CFX_FLEX_LEVELS) {
        cfx_flex_json_problem(json, "demand-response-table", "it is no list of 4 per cents");
        return;
    }
    for (guint i = 0; i < CFX_FLEX_LEVELS; i++) {
        JsonNode *item = json_array_get_element(list, i);
        GType type = JSON_NODE_HOLDS_VALUE(item) ? json_node_get_value_type(item) : G_TYPE_NONE;
        double value = type == G_TYPE_INT64    ? (double)json_node_get_int(item)
                       : type == G_TYPE_DOUBLE ? json_node_get_double(item)
                                               : NAN;

        if (value >= 0 && value <= 100)
            self->level_percent[i] = value;
        else
            cfx_flex_json_problem(json, "demand-response-table", "per cents go from 0 to 100");
    }
}

static void
parse_rate(CfxFlexContext *self, const CfxFlexJson *json, JsonNode *node)
{
    CfxFlexJson item = { .where = "attributes.currency-rates", .problems = json->problems };
    const char *currency, *date, *source;
    double rate;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cfx_flex_json_problem(&item, NULL, "an item is no object");
        return;
    }
    item.object = json_node_get_object(node);
    currency = cfx_flex_json_text(&item, "currency");
    date = cfx_flex_json_text(&item, "date");
    source = cfx_flex_json_text(&item, "source");
    rate = cfx_flex_json_ratio(&item, "rate");
    if (currency == NULL || strlen(currency) != 3 || date == NULL || source == NULL ||
        !(rate > 0)) {
        cfx_flex_json_problem(&item, NULL, "currency, rate, date and source are required");
        return;
    }
    self->rates = g_renew(CfxFlexRate, self->rates, self->n_rates + 1);
    self->rates[self->n_rates] =
        (CfxFlexRate){ .rate = rate, .date = g_strdup(date), .source = g_strdup(source) };
    g_strlcpy(self->rates[self->n_rates].currency, currency, sizeof(self->rates->currency));
    self->n_rates++;
}

static void
parse_rates(CfxFlexContext *self, const CfxFlexJson *json)
{
    JsonNode *node = cfx_flex_json_member(json, "currency-rates");

    if (node == NULL)
        return;
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        cfx_flex_json_problem(json, "currency-rates", "it is no list");
        return;
    }
    for (guint i = 0; i < json_array_get_length(json_node_get_array(node)); i++)
        parse_rate(self, json, json_array_get_element(json_node_get_array(node), i));
}

/* A quantity or {"sensor": id}. */
static CfxFlexValue
parse_value(const CfxModel *model, const CfxFlexJson *json, const char *name, const char *unit)
{
    CfxFlexValue ret = { 0, NAN };
    JsonNode *node = cfx_flex_json_member(json, name);
    JsonObject *object;

    if (node == NULL)
        return ret;
    object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    if (object == NULL)
        ret.value = cfx_flex_json_price(json, name, unit);
    else if (json_object_has_member(object, "sensor"))
        ret.sensor = sensor_of(model, json, name, json_object_get_member(object, "sensor"));
    else
        cfx_flex_json_problem(json, name, "it is neither a quantity nor a sensor");
    return ret;
}

/* FlexMeasures' members: limits and prices. */
static void
parse_context(CfxFlexContext *self,
              const CfxModel *model,
              const CfxFlexJson *json,
              const char *unit)
{
    CfxFlexValue price;

    self->power_capacity_w = cfx_flex_json_quantity(json, "site-power-capacity", "W");
    self->consumption_capacity_w = cfx_flex_json_quantity(json, "site-consumption-capacity", "W");
    self->production_capacity_w = cfx_flex_json_quantity(json, "site-production-capacity", "W");
    price = parse_value(model, json, "consumption-price", unit);
    if (price.sensor != 0 && self->n_price_sensors == 0) {
        g_free(self->price_sensors);
        self->price_sensors = g_new0(gint64, 1);
        self->price_sensors[self->n_price_sensors++] = price.sensor;
    }
    if (isnan(self->price_fallback))
        self->price_fallback = price.value;
    self->production_price = parse_value(model, json, "production-price", unit);
    if (self->production_price.sensor == 0 && isnan(self->production_price.value))
        self->production_price.value = 0;
}

CfxFlexContext *
cfx_flex_context_parse(const CfxModel *model, const CfxAsset *site, GPtrArray *problems)
{
    static const double levels[CFX_FLEX_LEVELS] = { 100, 100, 50, 0 };
    CfxFlexContext *self = g_new0(CfxFlexContext, 1);
    const CfxAccount *account = cfx_model_account(model, site->account);
    g_auto(CfxFlexJson) attributes = { NULL };
    g_auto(CfxFlexJson) context = { NULL };
    char unit[16];
    const char *text;

    cfx_flex_json_init(&attributes, "attributes", site->attributes, problems);
    cfx_flex_json_init(&context, "flex_context", site->flex_context, problems);
    self->asset = site->id;
    memcpy(self->level_percent, levels, sizeof(levels));

    text = cfx_flex_json_text(&attributes, "zone");
    if (text != NULL && !cfx_zone_is_known(text))
        cfx_flex_json_problem(&attributes, "zone", "\"%s\" is no time zone", text);
    if (text == NULL || !cfx_zone_is_known(text))
        text = account != NULL && account->zone != NULL ? account->zone : "UTC";
    self->zone = g_strdup(text);
    text = cfx_flex_json_text(&attributes, "currency");
    if (text != NULL && strlen(text) != 3)
        cfx_flex_json_problem(&attributes, "currency", "\"%s\" is no currency", text);
    if (text == NULL || strlen(text) != 3)
        text = account != NULL && account->currency != NULL ? account->currency : "EUR";
    g_strlcpy(self->currency, text, sizeof(self->currency));
    g_snprintf(unit, sizeof(unit), "%.3s/MWh", self->currency);

    parse_roles(self, model, &attributes);
    self->base_load_max_w = cfx_flex_json_quantity(&attributes, "base-load-max", "W");
    self->base_load_expected_w = cfx_flex_json_quantity(&attributes, "base-load-expected", "W");
    if (isnan(self->base_load_expected_w))
        self->base_load_expected_w = self->base_load_max_w;
    self->price_fallback = cfx_flex_json_price(&attributes, "price-fallback", unit);
    self->tariff = cfx_flex_json_price(&attributes, "tariff", unit);
    parse_levels(self, &attributes);
    parse_rates(self, &attributes);
    text = cfx_flex_json_text(&attributes, "unknown-token");
    self->accepts_unknown_tokens = g_strcmp0(text, "accept") == 0;
    if (text != NULL && !self->accepts_unknown_tokens && strcmp(text, "refuse") != 0)
        cfx_flex_json_problem(&attributes, "unknown-token", "it is neither accept nor refuse");
    self->offline_start = cfx_flex_json_bool(&attributes, "offline-start", TRUE);
    parse_context(self, model, &context, unit);
    return self;
}

void
cfx_flex_context_free(CfxFlexContext *self)
{
    if (self == NULL)
        return;
    for (gsize i = 0; i < self->n_rates; i++) {
        g_free(self->rates[i].date);
        g_free(self->rates[i].source);
    }
    g_free(self->rates);
    g_free(self->price_sensors);
    g_free(self->zone);
    g_free(self);
}
