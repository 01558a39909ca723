/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole configuration, read and checked before anything runs: keyfiles, modules, schemas, and
 * what groups say of each other. All mistakes are collected.
 */
#pragma once

#include "cfx-module.h"
#include "cfx-schema.h"

/* One group that was checked. */
typedef struct {
    const CfxSettingsGroup *group; /* NULL: not in the keyfile, all defaults */
    const char *name;              /* "depot"; NULL for [host], [clock], [dbus], [planner] */
    CfxChecked *checked;
    const CfxModule *module; /* instances: NULL when the module was refused */
    const CfxFactory *factory;
    guint32 source_type; /* adapters: CFX_SOURCE_… of its own beliefs */
} CfxSetupGroup;

typedef struct {
    char *file; /* (nullable) what it was read from, and where modules are */
    char **plugin_dirs;
    CfxProblems *problems;
    CfxSettings *settings;
    CfxSetupGroup *host, *clock, *dbus;           /* always */
    CfxSetupGroup *planner;                       /* NULL: none */
    CfxSetupGroup *storage;                       /* NULL: none */
    GPtrArray *listeners, *adapters, *schedulers; /* (element-type CfxSetupGroup) */
    GPtrArray *all;                               /* owns them */
} CfxSetup;

/* @file: (nullable) given by --config: it and FILE.d; NULL: the system's files. @plugin_dirs: where
 * modules are. Look at problems before anything else. */
CfxSetup *cfx_setup_read(const char *file, const char *const *plugin_dirs);
void cfx_setup_free(CfxSetup *setup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxSetup, cfx_setup_free)
