/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All sites at a glance: their state, and where they and their stations are. */
#include "ui-answer.h"
#include "ui-json.h"
#include "ui-site.h"

#include <math.h>

static gboolean
may_see(const UiVisit *visit, gint64 asset)
{
    const CfxHost *host = visit->ui->host;

    return host->web->may(host, visit->principal, CFX_RIGHT_READ, asset);
}

static gboolean
is_site(const CfxAsset *asset)
{
    return g_strcmp0(asset->type, "site") == 0;
}

void
ui_sites_get(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    const CfxHost *host = visit->ui->host;
    const CfxModel *model = host->model->get(host);
    g_autoptr(GBytes) status = host->base->status(host);
    gsize size = 0;
    const char *text = g_bytes_get_data(status, &size);
    g_autoptr(JsonObject) doc = ui_json_parse(text, size);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_time(&json, "now", cfx_now_site(host));
    cfx_json_name(&json, "sites");
    cfx_json_begin_array(&json);
    for (gsize i = 0; i < model->n_assets; i++) {
        if (!is_site(model->assets[i]) || !may_see(visit, model->assets[i]->id))
            continue;
        g_autoptr(UiSite) site = ui_site_bare(visit->ui, model->assets[i]->id, model);
        if (site != NULL)
            ui_status_site_write(site, doc, &json);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    g_bytes_unref(model->owner);
    ui_answer_json(visit->ui, visit->request, 200, &json, NULL);
}

/* --- map --------------------------------------------------------------------------------------- */

static void
put_devices(CfxJsonWriter *json, const CfxModel *model, const CfxAsset *station)
{
    cfx_json_name(json, "devices");
    cfx_json_begin_array(json);
    for (gsize i = 0; i < model->n_bindings; i++) {
        const CfxAsset *asset = cfx_model_asset(model, model->bindings[i]->asset);
        if (asset != NULL && !is_site(station) &&
            (asset->parent == station->id || asset->id == station->id))
            cfx_json_int(json, asset->id);
    }
    cfx_json_end_array(json);
}

static void
put_feature(CfxJsonWriter *json, const CfxModel *model, const CfxAsset *asset)
{
    g_autofree char *place = ui_asset_attribute(asset, "place");

    cfx_json_begin_object(json);
    cfx_json_member_text(json, "type", "Feature");
    cfx_json_member_int(json, "id", asset->id);
    cfx_json_name(json, "geometry");
    if (isfinite(asset->latitude) && isfinite(asset->longitude)) {
        cfx_json_begin_object(json);
        cfx_json_member_text(json, "type", "Point");
        cfx_json_name(json, "coordinates");
        cfx_json_begin_array(json);
        cfx_json_real(json, asset->longitude);
        cfx_json_real(json, asset->latitude);
        cfx_json_end_array(json);
        cfx_json_end_object(json);
    } else {
        cfx_json_null(json);
    }
    cfx_json_name(json, "properties");
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "kind", is_site(asset) ? "site" : "station");
    cfx_json_member_text(json, "name", asset->name);
    cfx_json_member_int(json, "site", ui_model_site_of(model, asset->id));
    cfx_json_member_text(json, "place", place);
    put_devices(json, model, asset);
    cfx_json_end_object(json);
    cfx_json_end_object(json);
}

/* whether devices hang below it */
static gboolean
is_station(const CfxModel *model, const CfxAsset *asset)
{
    for (gsize i = 0; i < model->n_bindings; i++) {
        const CfxAsset *device = cfx_model_asset(model, model->bindings[i]->asset);
        const CfxAsset *above = device != NULL && device->parent != 0
                                    ? cfx_model_asset(model, device->parent)
                                    : NULL;
        if (device != NULL && (above == NULL || is_site(above) ? device == asset : above == asset))
            return TRUE;
    }
    return FALSE;
}

void
ui_map_get(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    const CfxHost *host = visit->ui->host;
    const CfxModel *model = host->model->get(host);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "type", "FeatureCollection");
    cfx_json_name(&json, "features");
    cfx_json_begin_array(&json);
    for (gsize i = 0; i < model->n_assets; i++) {
        const CfxAsset *asset = model->assets[i];
        if ((is_site(asset) || is_station(model, asset)) && may_see(visit, asset->id))
            put_feature(&json, model, asset);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    g_bytes_unref(model->owner);
    ui_answer_json(visit->ui, visit->request, 200, &json, NULL);
}
