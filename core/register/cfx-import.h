/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file of data/doc/import-format.md as plain structs: parsing and what can be said of the file
 * alone. No I/O, no register. [any]
 */
#pragma once

#include "cfx-register-items.h"

G_BEGIN_DECLS

#define CFX_IMPORT_SIZE_MAX (4 * 1024 * 1024)
#define CFX_IMPORT_DEPTH_MAX 32
#define CFX_IMPORT_ID_MAX 999

typedef struct {
    CfxItem item;
    const char *principal; /* (nullable) of a source */
    gboolean has_zone;     /* of a sensor */
    gboolean is_bad;       /* it had problems of its own */
    guint index;           /* in its list */
} CfxImportItem;

typedef struct {
    const char *kind;   /* "password", "token" */
    const char *secret; /* name of the secret; NULL: generate one */
    guint index;
} CfxImportCredential;

typedef struct {
    const char *right;
    gint64 asset, account; /* one of them is not 0 */
    guint index;
} CfxImportGrant;

typedef struct {
    const char *name, *kind;
    gint64 account;
    GArray *credentials; /* CfxImportCredential */
    GArray *grants;      /* CfxImportGrant */
    guint index;
} CfxImportPrincipal;

typedef struct {
    gint64 account;
    JsonNode *node; /* the whole token */
    guint index;
} CfxImportToken;

typedef struct {
    GStringChunk *texts;
    GArray *items[5];   /* CfxImportItem, by CFX_MODEL_… - 1 */
    GArray *principals; /* CfxImportPrincipal */
    GArray *tokens;     /* CfxImportToken */
} CfxImport;

/* Adds each problem (element-type utf8, owned). Returns: (transfer full) never NULL */
CfxImport *cfx_import_parse(const char *json, gsize size, GPtrArray *problems);
void cfx_import_free(CfxImport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxImport, cfx_import_free)

/* "asset 12: parent: …" of cfx_model_check() becomes "assets[3].parent: …". (transfer full) */
char *cfx_import_path(const CfxImport *self, const char *problem);

G_END_DECLS
