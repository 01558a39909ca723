/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cariflexctl shows of the register. */
#include "cfx-register-private.h"

#include "cfx-tree.h"

#include <kit/cfx-json.h>
#include <string.h>

static char *
end_text(CfxJsonWriter *json)
{
    return g_strdup(cfx_json_writer_end(json));
}

/* A station is what shares instance and identity. */
static gboolean
is_first_of_station(const CfxModel *model, gsize i)
{
    for (gsize j = 0; j < i; j++)
        if (strcmp(model->bindings[j]->identity, model->bindings[i]->identity) == 0 &&
            strcmp(model->bindings[j]->instance, model->bindings[i]->instance) == 0)
            return FALSE;
    return TRUE;
}

static void
write_station(CfxJsonWriter *json, const CfxModel *model, gsize first)
{
    const CfxBinding *station = model->bindings[first];

    cfx_json_begin_object(json);
    cfx_json_member_text(json, "identity", station->identity);
    cfx_json_member_text(json, "instance", station->instance);
    cfx_json_name(json, "evses");
    cfx_json_begin_array(json);
    for (gsize i = first; i < model->n_bindings; i++) {
        const CfxBinding *binding = model->bindings[i];
        g_autofree char *path = NULL;

        if (strcmp(binding->identity, station->identity) != 0 ||
            strcmp(binding->instance, station->instance) != 0)
            continue;
        path = cfx_asset_path(model, binding->asset);
        cfx_json_begin_object(json);
        cfx_json_member_int(json, "unit", binding->unit);
        cfx_json_member_int(json, "asset", binding->asset);
        cfx_json_member_text(json, "path", path);
        cfx_json_member_int(json, "binding", binding->id);
        cfx_json_end_object(json);
    }
    cfx_json_end_array(json);
    cfx_json_end_object(json);
}

char *
cfx_register_stations_json(CfxRegister *self)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_name(&json, "stations");
    cfx_json_begin_array(&json);
    for (gsize i = 0; i < self->model->n_bindings; i++)
        if (is_first_of_station(self->model, i))
            write_station(&json, self->model, i);
    cfx_json_end_array(&json);
    cfx_json_name(&json, "unknown");
    cfx_json_begin_array(&json);
    for (GList *link = self->knocks.head; link != NULL; link = link->next)
        cfx_register_write_knock(&json, link->data);
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    return end_text(&json);
}

char *
cfx_register_sensors_json(CfxRegister *self)
{
    const CfxModel *model = self->model;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_name(&json, "sensors");
    cfx_json_begin_array(&json);
    for (gsize i = 0; i < model->n_sensors; i++) {
        const CfxSensor *sensor = model->sensors[i];
        g_autofree char *path = cfx_asset_path(model, sensor->asset);
        char resolution[CFX_DURATION_TEXT_SIZE];

        cfx_duration_format(&(CfxDuration){ .us = sensor->resolution_us }, resolution);
        cfx_json_begin_object(&json);
        cfx_json_member_int(&json, "id", sensor->id);
        cfx_json_member_text(&json, "name", sensor->name);
        cfx_json_member_int(&json, "asset", sensor->asset);
        cfx_json_member_text(&json, "path", path);
        cfx_json_member_text(&json, "unit", sensor->unit);
        cfx_json_member_text(&json, "resolution", resolution);
        cfx_json_member_text(&json, "zone", sensor->zone);
        cfx_json_member_bool(&json,
                             "consumption_is_positive",
                             (sensor->flags & CFX_SENSOR_PRODUCTION_POSITIVE) == 0);
        cfx_json_end_object(&json);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    return end_text(&json);
}

char *
cfx_register_assets_json(CfxRegister *self)
{
    const CfxModel *model = self->model;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_name(&json, "assets");
    cfx_json_begin_array(&json);
    for (gsize i = 0; i < model->n_assets; i++) {
        g_autoptr(GBytes) doc = cfx_item_write(CFX_MODEL_ASSET, model->assets[i], NULL);
        gsize size;
        const char *text = g_bytes_get_data(doc, &size);

        cfx_json_raw(&json, text, size);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    return end_text(&json);
}
