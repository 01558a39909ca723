/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What builder and check share: the five kinds of items as a table. */
#pragma once

#include "cfx-model-builder.h"

#define CFX_MODEL_N_KINDS 5
#define CFX_MODEL_TEXTS_MAX 6

/* how an item of a kind is laid out */
typedef struct {
    const char *name;
    gsize size;
    gsize array, count;               /* offsets in CfxModel */
    gsize texts[CFX_MODEL_TEXTS_MAX]; /* offsets of its texts */
    gsize n_texts;
} CfxModelKind;

/* by CFX_MODEL_… - 1 */
extern const CfxModelKind cfx_model_kinds[CFX_MODEL_N_KINDS];

/* all items begin like this */
typedef struct {
    guint32 struct_size, flags;
    gint64 id;
} CfxModelItem;
