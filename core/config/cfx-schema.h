/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks a group of settings against a schema and makes the CfxConfig that an instance, or a part
 * of the core, reads. Every mistake becomes a problem with its place and its remedy.
 */
#pragma once

#include "cfx-keyfile.h"

#include <cariflex/cfx-config.h>

typedef struct {
    const CfxConfigKey *keys;
    gsize n_keys;
    gsize key_size;          /* stride of keys */
    const char *who;         /* "plugin \"ocpp\"" or "the host": whose schema it is */
    const char *const *also; /* (nullable) further keys that are known, and read by others */
} CfxSchema;

/* What a group became. The config's texts live as long as it. */
typedef struct {
    CfxConfig config;
    GHashTable *secrets; /* key → GBytes, of CFX_KEY_SECRET_FILE keys that were given */
    CfxValue *values;
    guint8 *given;
    GStringChunk *texts;
} CfxChecked;

/*
 * Always returns an object, so that the checks of other groups can go on; whether it may be used is
 * told by the problems.
 * @group: (nullable) NULL: the group is not there, only defaults count
 * @name: of the group, for config.group
 */
CfxChecked *cfx_schema_check(const CfxSettings *settings,
                             const CfxSettingsGroup *group,
                             const char *name,
                             const CfxSchema *schema,
                             CfxProblems *problems);
void cfx_checked_free(CfxChecked *checked);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxChecked, cfx_checked_free)
