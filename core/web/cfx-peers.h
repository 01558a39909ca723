/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each peer of a listener uses: open connections, and a bucket of requests. An IPv6 peer is
 * its /64, since a host may take any address of that. */
#pragma once

#include "cfx-cidr.h"

G_BEGIN_DECLS

typedef struct _CfxPeers CfxPeers;

/** rate: requests a second; 0: no limit. burst: how many may come at once. */
CfxPeers *cfx_peers_new(double rate, double burst);
void cfx_peers_free(CfxPeers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxPeers, cfx_peers_free)

/** Counts a connection; returns how many that peer has now. */
guint cfx_peers_connect(CfxPeers *self, const CfxAddress *address, gint64 now_us);
void cfx_peers_disconnect(CfxPeers *self, const CfxAddress *address);

/** Takes one request out of the peer's bucket; FALSE: it is empty, and *ret_wait_us says for how
 *  long. */
gboolean
cfx_peers_take(CfxPeers *self, const CfxAddress *address, gint64 now_us, gint64 *ret_wait_us);

/** How many peers are remembered. */
guint cfx_peers_count(const CfxPeers *self);

G_END_DECLS
