/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for what is copied in and freed together: pieces are cut from chunks that come from a
 * free list, so that a commit in the steady state allocates nothing.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Free chunks, shared by threads. */
typedef struct {
    GMutex lock;
    gpointer free; /* list of them */
    guint n_free;
} CfxChunkPool;

void cfx_chunk_pool_init(CfxChunkPool *self);
void cfx_chunk_pool_clear(CfxChunkPool *self);

/* Used by one thread at a time. */
typedef struct {
    CfxChunkPool *pool; /* (nullable): straight from the heap */
    gpointer chunks;    /* list of those in use */
    char *at, *end;     /* room of the first of them */
} CfxChunks;

void cfx_chunks_init(CfxChunks *self, CfxChunkPool *pool);
void cfx_chunks_clear(CfxChunks *self);

/* Aligned for any type of ours, not cleared. */
gpointer cfx_chunks_alloc(CfxChunks *self, gsize size);
gpointer cfx_chunks_copy(CfxChunks *self, gconstpointer from, gsize size);
/* With a final NUL; NULL stays NULL. */
char *cfx_chunks_text(CfxChunks *self, const char *from, gsize size);
char *cfx_chunks_string(CfxChunks *self, const char *from);

G_END_DECLS
