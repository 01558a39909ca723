/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-site.h"

#include <kit/cfx-quantity.h>
#include <math.h>

typedef struct {
    CfxJsonText unknown_token, min_current, max_current, voltage;
    gint64 phases;
    gint32 offline_start;
} Attributes;

static const CfxJsonField fields[] = {
    CFX_JSON_FIELD("unknown-token", TEXT, OPTIONAL, Attributes, unknown_token),
    CFX_JSON_FIELD("min-current", TEXT, OPTIONAL, Attributes, min_current),
    CFX_JSON_FIELD("max-current", TEXT, OPTIONAL, Attributes, max_current),
    CFX_JSON_FIELD("voltage", TEXT, OPTIONAL, Attributes, voltage),
    CFX_JSON_FIELD("phases", INT, OPTIONAL, Attributes, phases),
    CFX_JSON_FIELD("offline-start", BOOL, OPTIONAL, Attributes, offline_start),
};
static const CfxJsonTable table = CFX_JSON_TABLE(Attributes, fields, CFX_JSON_OPEN);

/* @ret_copy: what the texts are slices of */
static gboolean
read_attributes(const CfxAsset *asset, Attributes *ret, char **ret_copy)
{
    g_auto(CfxArena) arena = { 0 };
    CfxJsonError error;

    cfx_json_clear(&table, ret);
    *ret_copy = g_strdup(asset->attributes);
    if (*ret_copy == NULL)
        return FALSE;
    cfx_arena_init(&arena, NULL, 0, 0);
    return cfx_json_decode_text(*ret_copy, strlen(*ret_copy), 0, &table, ret, &arena, &error);
}

/* of the site above an asset */
static gboolean
read_site(const CfxHost *host, gint64 asset, Attributes *ret, char **ret_copy)
{
    const CfxModel *model = host->model->get(host);
    const CfxAsset *at = cfx_model_asset(model, asset);
    gboolean is_read;

    while (at != NULL && strcmp(at->type, "site") != 0)
        at = cfx_model_asset(model, at->parent);
    is_read = at != NULL && read_attributes(at, ret, ret_copy);
    g_bytes_unref(model->owner);
    return is_read;
}

gboolean
ocpp_site_accepts_unknown(const CfxHost *host, gint64 asset)
{
    g_autofree char *copy = NULL;
    Attributes attributes;

    return read_site(host, asset, &attributes, &copy) &&
           cfx_json_text_is(attributes.unknown_token, "accept");
}

gboolean
ocpp_site_starts_offline(const CfxHost *host, gint64 asset)
{
    g_autofree char *copy = NULL;
    Attributes attributes;

    return !read_site(host, asset, &attributes, &copy) || attributes.offline_start != 0;
}

static void
take_quantity(CfxJsonText text, const char *unit, double *to)
{
    double value;

    if (text.text != NULL && cfx_quantity_in(text.text, (gssize)text.size, unit, &value, NULL) &&
        value > 0)
        *to = value;
}

static void
take_asset(const CfxAsset *asset, OcppEvse *evse)
{
    g_autofree char *copy = NULL;
    Attributes attributes;

    if (asset == NULL || !read_attributes(asset, &attributes, &copy))
        return;
    take_quantity(attributes.voltage, "V", &evse->voltage_v);
    take_quantity(attributes.min_current, "A", &evse->min_current_a);
    take_quantity(attributes.max_current, "A", &evse->registered_current_a);
    if (attributes.phases >= 1 && attributes.phases <= 3)
        evse->registered_phases = (gint32)attributes.phases;
}

void
ocpp_site_read_evse(const CfxModel *model, OcppEvse *evse)
{
    const CfxAsset *asset = cfx_model_asset(model, evse->asset);

    evse->voltage_v = 230;
    evse->min_current_a = 6;
    evse->registered_current_a = NAN;
    evse->registered_phases = 0;
    if (asset == NULL)
        return;
    evse->station->asset = asset->parent;
    take_asset(cfx_model_asset(model, asset->parent), evse);
    take_asset(asset, evse);
}
