/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keyfiles with drop-ins, read into groups of settings that remember where each stands. What is
 * read later replaces what was read before, key by key.
 *
 *     [adapter:depot]     a group; a kind and, behind a colon, a name
 *     plugin = ocpp       a key; blanks around key and value do not count
 *     # …                 a comment, also with ; at the beginning of a line
 */
#pragma once

#include "cfx-problems.h"

#define CFX_KEYFILE_MAX (1024 * 1024)

typedef struct {
    char *key, *text;
    const char *file; /* interned */
    guint line;
} CfxSetting;

typedef struct {
    char *group;      /* "adapter:depot" */
    char *kind;       /* "adapter" */
    const char *name; /* "depot"; NULL: the group has no name */
    const char *file; /* where it was begun first; interned */
    guint line;
    GPtrArray *settings; /* (element-type CfxSetting) in the order of the first giving */
} CfxSettingsGroup;

typedef struct {
    GPtrArray *groups; /* (element-type CfxSettingsGroup) in the order of the first giving */
    GPtrArray *files;  /* (element-type utf8) that were read, interned */
} CfxSettings;

CfxSettings *cfx_settings_new(void);
void cfx_settings_free(CfxSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxSettings, cfx_settings_free)

/* Reads a text; `file` names it in problems and is the base of relative paths. */
void cfx_settings_read_text(
    CfxSettings *settings, const char *file, const char *text, gsize size, CfxProblems *problems);

/* Reads a file. A file that is not there is a problem. */
void cfx_settings_read_file(CfxSettings *settings, const char *path, CfxProblems *problems);

/* Reads *.conf of a folder in the order of their names. A folder that is not there is empty. */
void cfx_settings_read_dir(CfxSettings *settings, const char *path, CfxProblems *problems);

CfxSettingsGroup *cfx_settings_group(const CfxSettings *settings, const char *group);
CfxSetting *cfx_settings_get(const CfxSettingsGroup *group, const char *key);
