/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a LOOP instance: create, start, again after growing pauses where that helps, stop
 * within bounds. (Storage lives on the store's writer thread and is led by the store.) [home]
 */
#pragma once

#include "cfx-instance.h"

/* Pauses between attempts, REAL: they double from the first to the longest. */
#define CFX_LIFE_PAUSE_FIRST_US (CFX_SECOND)
#define CFX_LIFE_PAUSE_LONGEST_US (60 * CFX_SECOND)
/* How long stop() may take, REAL. */
#define CFX_LIFE_STOP_US (CFX_SECOND)

/* Called after each change between being up and not; nullable. */
typedef void (*CfxLifeFunc)(gpointer data, CfxInstance *instance, gboolean is_up);

/* Begins; goes on by itself until cfx_life_stop(). */
void cfx_life_start(CfxInstance *instance, CfxLifeFunc changed, gpointer data);

/* Ends it; done(data) comes exactly once, never inside, when it is destroyed or was left behind. */
void cfx_life_stop(CfxInstance *instance, CfxFunc done, gpointer data);

/* How many starts have failed since it was up last. */
guint cfx_life_failures(CfxInstance *instance);
