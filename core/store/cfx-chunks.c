/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-chunks.h"

#include <string.h>

#define CHUNK_SIZE ((gsize)64 * 1024)
#define MOST_FREE 64

typedef struct _Chunk {
    struct _Chunk *next;
    gsize size; /* of the whole, this head included */
} Chunk;

void
cfx_chunk_pool_init(CfxChunkPool *self)
{
    memset(self, 0, sizeof(*self));
    g_mutex_init(&self->lock);
}

void
cfx_chunk_pool_clear(CfxChunkPool *self)
{
    for (Chunk *chunk = self->free, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        g_free(chunk);
    }
    g_mutex_clear(&self->lock);
}

static Chunk *
pool_take(CfxChunkPool *self)
{
    g_mutex_lock(&self->lock);
    Chunk *chunk = self->free;
    if (chunk != NULL) {
        self->free = chunk->next;
        self->n_free--;
    }
    g_mutex_unlock(&self->lock);
    return chunk;
}

static void
pool_give(CfxChunkPool *self, Chunk *chunk)
{
    g_mutex_lock(&self->lock);
    gboolean keep = self->n_free < MOST_FREE;
    if (keep) {
        chunk->next = self->free;
        self->free = chunk;
        self->n_free++;
    }
    g_mutex_unlock(&self->lock);
    if (!keep)
        g_free(chunk);
}

void
cfx_chunks_init(CfxChunks *self, CfxChunkPool *pool)
{
    memset(self, 0, sizeof(*self));
    self->pool = pool;
}

void
cfx_chunks_clear(CfxChunks *self)
{
    for (Chunk *chunk = self->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        if (self->pool != NULL && chunk->size == CHUNK_SIZE)
            pool_give(self->pool, chunk);
        else
            g_free(chunk);
    }
    self->chunks = NULL;
    self->at = self->end = NULL;
}

static void
add_chunk(CfxChunks *self, gsize size)
{
    gboolean is_usual = size <= CHUNK_SIZE - sizeof(Chunk);
    Chunk *chunk = is_usual && self->pool != NULL ? pool_take(self->pool) : NULL;

    if (chunk == NULL) {
        gsize whole = is_usual ? CHUNK_SIZE : size + sizeof(Chunk);
        chunk = g_malloc(whole);
        chunk->size = whole;
    }
    chunk->next = self->chunks;
    self->chunks = chunk;
    self->at = (char *)chunk + sizeof(Chunk);
    self->end = (char *)chunk + chunk->size;
}

gpointer
cfx_chunks_alloc(CfxChunks *self, gsize size)
{
    size = (size + 7) & ~(gsize)7;
    if ((gsize)(self->end - self->at) < size)
        add_chunk(self, size);
    gpointer piece = self->at;
    self->at += size;
    return piece;
}

gpointer
cfx_chunks_copy(CfxChunks *self, gconstpointer from, gsize size)
{
    gpointer piece = cfx_chunks_alloc(self, size);

    if (size > 0)
        memcpy(piece, from, size);
    return piece;
}

char *
cfx_chunks_text(CfxChunks *self, const char *from, gsize size)
{
    if (from == NULL)
        return NULL;
    char *piece = cfx_chunks_alloc(self, size + 1);
    memcpy(piece, from, size);
    piece[size] = '\0';
    return piece;
}

char *
cfx_chunks_string(CfxChunks *self, const char *from)
{
    return cfx_chunks_text(self, from, from != NULL ? strlen(from) : 0);
}
