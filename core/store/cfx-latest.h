/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The newest values of all sensors, in memory: the last events that have begun and all that are
 * still to come, for each source its newest belief. One thread writes, any thread reads.
 */
#pragma once

#include <cariflex/cfx-data.h>
#include <cariflex/cfx-model.h>

G_BEGIN_DECLS

typedef struct _CfxLatest CfxLatest;

CfxLatest *cfx_latest_new(void);
void cfx_latest_free(CfxLatest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxLatest, cfx_latest_free)

/* Beliefs (RAW, all columns given) that were stored or read from the store. @now_us: SITE time */
void cfx_latest_add(CfxLatest *self, const CfxBeliefs *const *beliefs, gsize n, gint64 now_us);

/* Value and start of the newest event that has begun and has a value: NAN and CFX_TIME_MIN where
 * there is none. RAW. [any] */
void cfx_latest_get(CfxLatest *self,
                    const gint64 *sensors,
                    gsize n,
                    gint64 now_us,
                    double *ret_value,
                    gint64 *ret_start_us);

G_END_DECLS
