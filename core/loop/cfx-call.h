/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's side of CfxCall: a call of a plugin that may take time. The waiting party is answered
 * exactly once, on its own loop: by the plugin's finish or by the deadline, whichever is
 * first. The token itself lives until the plugin finishes it, however late.
 */
#pragma once

#include "cfx-loop.h"

/* [home of the waiting party] Both lent. After the deadline: CFX_ERROR_UNAVAILABLE. */
typedef void (*CfxCallDone)(gpointer data, GBytes *answer, const GError *error);

/* [home] deadline_us: REAL, 0 none. The token is given to the plugin, which finishes it. */
CfxCall *cfx_call_new(CfxLoop *home, gint64 deadline_us, CfxCallDone done, gpointer data);
/* A hold on the token for the waiting party, so that it may still be looked at after finish. */
CfxCall *cfx_call_ref(CfxCall *call);
void cfx_call_unref(CfxCall *call);
