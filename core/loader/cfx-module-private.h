/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cfx-module.h"

/* The gates behind the entry point: descriptor, versions, sizes, flags, factories, schemas. The
 * message begins with the path. */
gboolean cfx_module_check(const char *path, const CfxPluginInfo *info, GError **error);
