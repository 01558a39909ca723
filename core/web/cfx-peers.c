/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-peers.h"

#include <math.h>
#include <string.h>

#define SWEEP_FROM 256

typedef struct {
    CfxAddress address; /* first: the key */
    guint connections;
    double tokens;
    gint64 filled_us;
} Peer;

struct _CfxPeers {
    GHashTable *peers; /* (element-type CfxAddress Peer) */
    double rate, burst;
    guint sweep_at; /* as soon as so many are there */
};

static guint
address_hash(gconstpointer key)
{
    guint64 halves[2];
    memcpy(halves, key, sizeof halves);
    guint64 mixed = (halves[0] ^ halves[1]) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    return (guint)(mixed >> 32);
}

static gboolean
address_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(CfxAddress)) == 0;
}

CfxPeers *
cfx_peers_new(double rate, double burst)
{
    CfxPeers *self = g_new0(CfxPeers, 1);
    self->peers = g_hash_table_new_full(address_hash, address_equal, NULL, g_free);
    self->rate = rate;
    self->burst = MAX(burst, 1);
    self->sweep_at = SWEEP_FROM;
    return self;
}

void
cfx_peers_free(CfxPeers *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->peers);
    g_free(self);
}

guint
cfx_peers_count(const CfxPeers *self)
{
    return g_hash_table_size(self->peers);
}

static CfxAddress
key_of(const CfxAddress *address)
{
    CfxAddress key = *address;
    CfxCidr v4 = { .bits = 96, .address.bytes = { [10] = 0xFF, [11] = 0xFF } };
    if (!cfx_cidr_holds(&v4, address))
        memset(key.bytes + 8, 0, 8);
    return key;
}

static void
fill(const CfxPeers *self, Peer *peer, gint64 now_us)
{
    double seconds = (double)(now_us - peer->filled_us) / G_USEC_PER_SEC;
    peer->tokens = MIN(self->burst, peer->tokens + seconds * self->rate);
    peer->filled_us = now_us;
}

/* Whoever has no connection and a full bucket may be forgotten. */
static void
sweep(CfxPeers *self, gint64 now_us)
{
    GHashTableIter iter;
    Peer *peer;
    g_hash_table_iter_init(&iter, self->peers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&peer)) {
        fill(self, peer, now_us);
        if (peer->connections == 0 && (self->rate <= 0 || peer->tokens >= self->burst))
            g_hash_table_iter_remove(&iter);
    }
    self->sweep_at = MAX(SWEEP_FROM, 2 * g_hash_table_size(self->peers));
}

static Peer *
find_or_add(CfxPeers *self, const CfxAddress *address, gint64 now_us)
{
    CfxAddress key = key_of(address);
    Peer *peer = g_hash_table_lookup(self->peers, &key);
    if (peer != NULL)
        return peer;
    if (g_hash_table_size(self->peers) >= self->sweep_at)
        sweep(self, now_us);
    peer = g_new0(Peer, 1);
    peer->address = key;
    peer->tokens = self->burst;
    peer->filled_us = now_us;
    g_hash_table_insert(self->peers, &peer->address, peer);
    return peer;
}

guint
cfx_peers_connect(CfxPeers *self, const CfxAddress *address, gint64 now_us)
{
    return ++find_or_add(self, address, now_us)->connections;
}

void
cfx_peers_disconnect(CfxPeers *self, const CfxAddress *address)
{
    CfxAddress key = key_of(address);
    Peer *peer = g_hash_table_lookup(self->peers, &key);
    if (peer != NULL && peer->connections > 0)
        peer->connections--;
}

gboolean
cfx_peers_take(CfxPeers *self, const CfxAddress *address, gint64 now_us, gint64 *ret_wait_us)
{
    if (self->rate <= 0)
        return TRUE;
    Peer *peer = find_or_add(self, address, now_us);
    fill(self, peer, now_us);
    if (peer->tokens >= 1) {
        peer->tokens -= 1;
        return TRUE;
    }
    *ret_wait_us = (gint64)ceil((1 - peer->tokens) / self->rate * G_USEC_PER_SEC);
    return FALSE;
}
