/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the engine stores: records, beliefs and notices of one turn become one commit at its end.
 */
#pragma once

#include "cfx-engine-private.h"

#include <kit/cfx-json.h>

#define CFX_OUTBOX_KEYS 4

/* The document is the writer's; the writer is empty afterwards. @keys: n_keys <= CFX_OUTBOX_KEYS */
void cfx_outbox_record(CfxEngine *engine,
                       const char *collection,
                       const char *key,
                       CfxJsonWriter *doc,
                       const CfxKey *keys,
                       gsize n_keys);
void cfx_outbox_notice(CfxEngine *engine, const char *topic, gint64 asset, CfxJsonWriter *doc);
/* @source 0: the host's own. Values in W, Wh or the sensor's own unit. */
void
cfx_outbox_belief(CfxEngine *engine, gint64 sensor, gint64 source, gint64 start_us, double value);
/* Commits what there is, as soon as the turn ends. */
void cfx_outbox_flush(CfxEngine *engine);
/* Drops all that was not committed. */
void cfx_outbox_clear(CfxEngine *engine);
