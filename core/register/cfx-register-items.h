/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Accounts, assets, sensors, sources and bindings as JSON: one table, for records and for imports
 * alike.
 */
#pragma once

#include <cariflex/cfx-model.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* the largest of the five structs */
typedef union {
    CfxAccount account;
    CfxAsset asset;
    CfxSensor sensor;
    CfxSource source;
    CfxBinding binding;
    struct {
        guint32 struct_size, flags;
        gint64 id;
    } any;
} CfxItem;

/* "cfx.asset"; "assets", as the list is called in a file */
const char *cfx_item_collection(guint32 kind);
const char *cfx_item_list(guint32 kind);

/* JSON object of an item. @principal: (nullable) of a source. (transfer full) */
GBytes *cfx_item_write(guint32 kind, gconstpointer item, const char *principal);

/*
 * Reads an item; its texts live in @texts. Members that are not given have their defaults ("{}",
 * NAN, and a sensor's zone NULL).
 * @path: "assets[3]", before each problem
 * @is_strict: unknown members are problems
 * @ret_principal: (nullable) of a source, else NULL
 */
void cfx_item_read(guint32 kind,
                   JsonNode *node,
                   const char *path,
                   gboolean is_strict,
                   GStringChunk *texts,
                   GPtrArray *problems,
                   CfxItem *ret,
                   const char **ret_principal);

/* Adds "path.name: what" (name nullable). */
void
cfx_problem_add(GPtrArray *problems, const char *path, const char *name, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* A record's document, checked for depth; NULL: it is no object. (transfer full) */
JsonNode *cfx_doc_parse(const char *doc, gsize size);

G_END_DECLS
