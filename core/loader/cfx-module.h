/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds, opens and checks plugin modules. What is refused has registered nothing and is closed;
 * what is accepted is never unloaded. api/doc/refusals.md lists every refusal. [main]
 */
#pragma once

#include "cfx-instance.h"

#include <cariflex/cfx-scheduler.h>

typedef struct {
    char *path;
    char *file; /* "openadr.so" */
    const CfxPluginInfo *info;
} CfxModule;

/* Where modules are: DIR/NAME.so, and DIR/NAME/NAME.so as in the build tree. */
typedef struct {
    char **dirs;
} CfxModulePath;

/*
 * The module for `plugin=NAME`: NAME.so, else NAME cut at hyphens from the right.
 * Returns: the host's; NULL with CFX_ERROR_CONFIG
 */
const CfxModule *cfx_module_find(const char *const *dirs, const char *plugin, GError **error);

/* Opens one file and puts it through the gates. A file that was opened before is the same module.
 */
const CfxModule *cfx_module_open(const char *path, GError **error);

/* The factory `plugin` of the kind that a group [kind:…] wants: "adapter", "storage", "scheduler".
 * NULL with CFX_ERROR_CONFIG. */
const CfxFactory *
cfx_module_factory(const CfxModule *module, const char *kind, const char *plugin, GError **error);

/* An instance of a factory, with zero-filled copies of its tables; not created yet. `config` and
 * `secrets` (nullable, key → GBytes) live as long as it. */
CfxInstance *cfx_module_instance(const CfxModule *module,
                                 const CfxFactory *factory,
                                 const char *name,
                                 CfxLoop *home,
                                 const CfxConfig *config,
                                 GHashTable *secrets);

/* "adapter" of "cariflex.adapter/1"; NULL: no kind of this host. */
const char *cfx_module_kind(const char *kind);
