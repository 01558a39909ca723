/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cfx-schema.h"

/* Reads one value. `ret->text` is made by g_malloc. `base`: folder of relative paths (nullable).
 * NULL, or what is wrong with it, to stand behind "KEY=VALUE " (transfer full). */
char *cfx_schema_value(const CfxConfigKey *key, const char *text, const char *base, CfxValue *ret);

/* Compares a value with the schema's bounds; the same answer. */
char *cfx_schema_bounds(const CfxConfigKey *key, const CfxValue *value, const char *who);

/* Content of the file that a CFX_KEY_SECRET_FILE names; the same answer in *ret_problem. */
GBytes *cfx_schema_secret(const char *text, const char *base, char **ret_problem);
