/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes immutable snapshots of the model: the next one from the last one and what changed.
 *
 * Items are copied in once and shared by all later snapshots that still hold them; each snapshot
 * has one GBytes owner that keeps its arrays and items alive, on any thread.
 * A builder belongs to one thread.
 */
#pragma once

#include <cariflex/cfx-model.h>

G_BEGIN_DECLS

typedef struct _CfxModelBuilder CfxModelBuilder;

/* @base: (nullable) the snapshot to start from */
CfxModelBuilder *cfx_model_builder_new(const CfxModel *base);
void cfx_model_builder_free(CfxModelBuilder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxModelBuilder, cfx_model_builder_free)

/* Adds or replaces the item with its id (which must not be 0). @kind: CFX_MODEL_…; @item copied. */
void cfx_model_builder_put(CfxModelBuilder *self, guint32 kind, const void *item);
/* Returns: FALSE if there was none */
gboolean cfx_model_builder_remove(CfxModelBuilder *self, guint32 kind, gint64 id);
/* The item as it stands now, or NULL; valid until the next put of the same id. */
gconstpointer cfx_model_builder_find(CfxModelBuilder *self, guint32 kind, gint64 id);
/* The lowest id >= @least that no item of that kind has or had in this builder. */
gint64 cfx_model_builder_free_id(CfxModelBuilder *self, guint32 kind, gint64 least);

/* A copy of one item of that kind, in one piece. (transfer full) g_free() */
gpointer cfx_model_item_copy(guint32 kind, gconstpointer item);

/* Makes the snapshot; the builder is then based on it. Returns: (transfer full) cfx_model_unref()
 */
const CfxModel *cfx_model_builder_end(CfxModelBuilder *self);

/* An empty snapshot, version 0. (transfer full) */
const CfxModel *cfx_model_empty(void);

/* References of a snapshot. [any] */
const CfxModel *cfx_model_ref(const CfxModel *model);
void cfx_model_unref(const CfxModel *model);

/*
 * Whether everything that is referred to is there, names are unique, units, zones and JSON can be
 * read, and the tree has no loop. Each problem is added to @problems (element-type utf8, owned) as
 * "asset 12: parent 7 does not exist".
 */
void cfx_model_check(const CfxModel *model, GPtrArray *problems);

G_END_DECLS
