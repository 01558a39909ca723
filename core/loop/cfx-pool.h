/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool of threads for solving, slow hashes and large encodings. */
#pragma once

#include "cfx-loop.h"

/* [any] Runs func(data) in the pool (it may block), then done(done_data, NULL) on `home`. `done`
 * may be NULL. */
void cfx_pool_run(CfxFunc func, gpointer data, CfxLoop *home, CfxDone done, gpointer done_data);

/* Waits for everything that runs; at the end of the process. */
void cfx_pool_finish(void);
