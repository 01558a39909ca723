/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking around in a snapshot: up and down the tree of assets, and who is bound to what. [any]
 */
#pragma once

#include <cariflex/cfx-model.h>

G_BEGIN_DECLS

/* The nearest asset of type "site", from @asset upwards; NULL: there is none. */
const CfxAsset *cfx_asset_site(const CfxModel *model, gint64 asset);
/* Whether @asset is @top or stands below it. */
gboolean cfx_asset_is_below(const CfxModel *model, gint64 asset, gint64 top);
/* The parent, or NULL. */
const CfxAsset *cfx_asset_parent(const CfxModel *model, gint64 asset);
/* "Martinique/CP001/EVSE 1" (transfer full) */
char *cfx_asset_path(const CfxModel *model, gint64 asset);
/* The child of that name below @parent (0: a root of that account), or NULL. */
const CfxAsset *
cfx_asset_child(const CfxModel *model, gint64 account, gint64 parent, const char *name);

/* The sensor of that name on that asset, or NULL. */
const CfxSensor *cfx_sensor_named(const CfxModel *model, gint64 asset, const char *name);

/* The binding of a peer, or NULL. */
const CfxBinding *
cfx_binding_find(const CfxModel *model, const char *instance, const char *identity, gint64 unit);

/* The source that an instance writes with of its own, or NULL. */
const CfxSource *cfx_source_of_instance(const CfxModel *model, const char *instance);

/* Name of one CFX_SOURCE_… bit as in files ("gateway"), and back (0: unknown). */
const char *cfx_source_type_name(guint32 type);
guint32 cfx_source_type_parse(const char *name);

G_END_DECLS
