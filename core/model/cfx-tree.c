/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-tree.h"

#include <string.h>

/* a tree deeper than this has a loop in it; imports refuse such trees */
#define DEPTH_MAX 64

const CfxAsset *
cfx_asset_parent(const CfxModel *model, gint64 asset)
{
    const CfxAsset *item = cfx_model_asset(model, asset);

    return item != NULL && item->parent != 0 ? cfx_model_asset(model, item->parent) : NULL;
}

const CfxAsset *
cfx_asset_site(const CfxModel *model, gint64 asset)
{
    const CfxAsset *item = cfx_model_asset(model, asset);

    for (int depth = 0; item != NULL && depth < DEPTH_MAX; depth++) {
        if (strcmp(item->type, "site") == 0)
            return item;
        item = item->parent != 0 ? cfx_model_asset(model, item->parent) : NULL;
    }
    return NULL;
}

gboolean
cfx_asset_is_below(const CfxModel *model, gint64 asset, gint64 top)
{
    for (int depth = 0; asset != 0 && depth < DEPTH_MAX; depth++) {
        const CfxAsset *item = cfx_model_asset(model, asset);

        if (item == NULL)
            return FALSE;
        if (item->id == top)
            return TRUE;
        asset = item->parent;
    }
    return FALSE;
}

char *
cfx_asset_path(const CfxModel *model, gint64 asset)
{
    GString *path = g_string_new(NULL);

    for (int depth = 0; asset != 0 && depth < DEPTH_MAX; depth++) {
        const CfxAsset *item = cfx_model_asset(model, asset);

        if (item == NULL)
            break;
        if (path->len > 0)
            g_string_prepend_c(path, '/');
        g_string_prepend(path, item->name);
        asset = item->parent;
    }
    return g_string_free(path, FALSE);
}

const CfxAsset *
cfx_asset_child(const CfxModel *model, gint64 account, gint64 parent, const char *name)
{
    for (gsize i = 0; i < model->n_assets; i++) {
        const CfxAsset *item = model->assets[i];

        if (item->parent == parent && (parent != 0 || item->account == account) &&
            strcmp(item->name, name) == 0)
            return item;
    }
    return NULL;
}

const CfxSensor *
cfx_sensor_named(const CfxModel *model, gint64 asset, const char *name)
{
    for (gsize i = 0; i < model->n_sensors; i++)
        if (model->sensors[i]->asset == asset && strcmp(model->sensors[i]->name, name) == 0)
            return model->sensors[i];
    return NULL;
}

const CfxBinding *
cfx_binding_find(const CfxModel *model, const char *instance, const char *identity, gint64 unit)
{
    for (gsize i = 0; i < model->n_bindings; i++) {
        const CfxBinding *item = model->bindings[i];

        if (item->unit == unit && strcmp(item->identity, identity) == 0 &&
            strcmp(item->instance, instance) == 0)
            return item;
    }
    return NULL;
}

const CfxSource *
cfx_source_of_instance(const CfxModel *model, const char *instance)
{
    for (gsize i = 0; i < model->n_sources; i++)
        if (g_strcmp0(model->sources[i]->instance, instance) == 0)
            return model->sources[i];
    return NULL;
}

static const struct {
    guint32 type;
    const char *name;
} source_types[] = {
    { CFX_SOURCE_GATEWAY, "gateway" },       { CFX_SOURCE_SCHEDULER, "scheduler" },
    { CFX_SOURCE_FORECASTER, "forecaster" }, { CFX_SOURCE_USER, "user" },
    { CFX_SOURCE_SIGNAL, "signal" },         { CFX_SOURCE_REPORTER, "reporter" },
};

const char *
cfx_source_type_name(guint32 type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(source_types); i++)
        if (source_types[i].type == type)
            return source_types[i].name;
    return "unknown";
}

guint32
cfx_source_type_parse(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(source_types); i++)
        if (strcmp(source_types[i].name, name) == 0)
            return source_types[i].type;
    return 0;
}
