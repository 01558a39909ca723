/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-register-evse.h"

#include <math.h>

static gint64
put_sensor(CfxRegister *reg,
           CfxDraft *draft,
           gint64 asset,
           const char *name,
           const char *unit,
           gint64 resolution_us,
           const char *zone)
{
    CfxSensor sensor = { .struct_size = sizeof(sensor),
                         .id = cfx_register_id(reg, CFX_MODEL_SENSOR),
                         .asset = asset,
                         .name = name,
                         .unit = unit,
                         .resolution_us = resolution_us,
                         .zone = zone };

    cfx_draft_put(draft, CFX_MODEL_SENSOR, &sensor, NULL);
    return sensor.id;
}

static char *
evse_attributes(const CfxApproveHow *how, gint64 power, gint64 live, gint64 stock)
{
    char fail_safe[G_ASCII_DTOSTR_BUF_SIZE], current[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_dtostr(fail_safe, sizeof(fail_safe), isnan(how->fail_safe_w) ? 0 : how->fail_safe_w);
    g_ascii_dtostr(current, sizeof(current), isnan(how->max_current_a) ? 32 : how->max_current_a);
    return g_strdup_printf("{\"sensors\":{\"power\":%" G_GINT64_FORMAT
                           ",\"live-power\":%" G_GINT64_FORMAT ",\"stock\":%" G_GINT64_FORMAT
                           "},\"fail-safe-power\":\"%s W\",\"phases\":%u,\"min-current\":\"6 A\","
                           "\"max-current\":\"%s A\",\"voltage\":\"230 V\"}",
                           power,
                           live,
                           stock,
                           fail_safe,
                           how->phases == 0 ? 3 : how->phases,
                           current);
}

void
cfx_evse_put(
    CfxRegister *reg, CfxDraft *draft, const CfxEvsePlace *place, guint unit, CfxJsonWriter *answer)
{
    const CfxAsset *station = place->station;
    const CfxApproveHow *how = place->how;
    char capacity[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *name = g_strdup_printf("EVSE %u", unit);
    g_autofree char *attributes = NULL, *flex = NULL;
    CfxAsset evse = { .struct_size = sizeof(evse),
                      .id = cfx_register_id(reg, CFX_MODEL_ASSET),
                      .parent = station->id,
                      .account = station->account,
                      .type = "evse",
                      .name = name,
                      .latitude = NAN,
                      .longitude = NAN };
    CfxBinding binding = { .struct_size = sizeof(binding),
                           .id = cfx_register_id(reg, CFX_MODEL_BINDING),
                           .asset = evse.id,
                           .instance = place->instance,
                           .identity = place->identity,
                           .unit = unit };
    gint64 power = put_sensor(reg, draft, evse.id, "power", "kW", 15 * CFX_MINUTE, place->zone);
    gint64 live = put_sensor(reg, draft, evse.id, "live power", "kW", 0, place->zone);
    gint64 stock = put_sensor(reg, draft, evse.id, "stock", "kWh", 0, place->zone);

    g_ascii_dtostr(capacity, sizeof(capacity), isnan(how->power_max_w) ? 22e3 : how->power_max_w);
    attributes = evse_attributes(how, power, live, stock);
    flex =
        g_strdup_printf("{\"power-capacity\":\"%s W\",\"production-capacity\":\"0 kW\"}", capacity);
    evse.attributes = attributes;
    evse.flex_model = flex;
    evse.flex_context = "{}";
    binding.power_sensor = live;
    cfx_draft_put(draft, CFX_MODEL_ASSET, &evse, NULL);
    cfx_draft_put(draft, CFX_MODEL_BINDING, &binding, NULL);

    cfx_json_begin_object(answer);
    cfx_json_member_int(answer, "unit", unit);
    cfx_json_member_int(answer, "asset", evse.id);
    cfx_json_member_int(answer, "binding", binding.id);
    cfx_json_member_int(answer, "power_sensor", power);
    cfx_json_member_int(answer, "live_power_sensor", live);
    cfx_json_member_int(answer, "stock_sensor", stock);
    cfx_json_end_object(answer);
}
