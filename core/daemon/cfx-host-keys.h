/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups of the keyfile that the host itself reads, with their schemas. */
#pragma once

#include "cfx-schema.h"

typedef struct {
    const char *kind;     /* "host", "listener" */
    gboolean is_named;    /* [listener:NAME] */
    gboolean is_instance; /* `plugin=` names the schema */
    const CfxConfigKey *keys;
    gsize n_keys;
} CfxGroupKind;

/* The kinds, ended by one whose name is NULL. */
const CfxGroupKind *cfx_group_kinds(void);
const CfxGroupKind *cfx_group_kind(const char *kind);

/* What kind of voice an adapter's own beliefs have: [adapter:NAME] source-type=signal. */
#define CFX_SOURCE_TYPE_KEY "source-type"

/* Keys that the host reads in groups of instances, beside those of their plugins. */
const char *const *cfx_instance_keys(void);
