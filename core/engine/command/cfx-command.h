/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One operator's or API's action on a device, answered with the device's own answer.
 */
#pragma once

#include "cfx-engine-private.h"

const CfxCommandInfo *const *cfx_command_list(const CfxHost *host, gint64 asset, guint32 *n);
/* @caller: (nullable) the instance that asked; NULL: the core itself */
void cfx_command_send(CfxEngine *engine,
                      CfxInstance *caller,
                      guint32 role,
                      gint64 asset,
                      const char *name,
                      GBytes *args,
                      CfxAnswerDone done,
                      gpointer data);
const char *cfx_command_role_name(guint32 role); /* "operate" */
