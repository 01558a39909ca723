/* SPDX-License-Identifier: MIT */
#include "cfx-arena.h"

#include <string.h>

#define ALIGNMENT 16
#define BLOCK_SIZE 4096

typedef struct _Block Block;
struct _Block {
    Block *older;
    gsize size; /* what follows is aligned */
};

G_STATIC_ASSERT(sizeof(Block) % ALIGNMENT == 0);

static gsize
aligned(gsize size)
{
    return (size + ALIGNMENT - 1) & ~(gsize)(ALIGNMENT - 1);
}

static void
use_first(CfxArena *self)
{
    gsize skip = (ALIGNMENT - ((gsize)self->first & (ALIGNMENT - 1))) & (ALIGNMENT - 1);

    self->at = self->first_size > skip ? self->first + skip : self->first;
    self->end = self->first_size > skip ? self->first + self->first_size : self->first;
}

void
cfx_arena_init(CfxArena *self, gpointer first, gsize first_size, gsize limit)
{
    memset(self, 0, sizeof(*self));
    self->first = first;
    self->first_size = first != NULL ? first_size : 0;
    self->limit = limit != 0 ? limit : 1024 * 1024;
    use_first(self);
}

gpointer
cfx_arena_alloc(CfxArena *self, gsize size)
{
    gsize want = aligned(MAX(size, 1));
    gpointer given;

    if (want < size)
        return NULL;
    if ((gsize)(self->end - self->at) < want) {
        gsize room = MAX(want, BLOCK_SIZE);
        Block *block;

        if (want > self->limit || self->heap_size + want > self->limit)
            return NULL;
        block = g_malloc(sizeof(Block) + room);
        block->older = self->blocks;
        block->size = room;
        self->blocks = block;
        self->heap_size += room;
        self->at = (char *)(block + 1);
        self->end = self->at + room;
    }
    given = self->at;
    self->at += want;
    return memset(given, 0, want);
}

gpointer
cfx_arena_grow(CfxArena *self, gpointer old, gsize old_size, gsize size)
{
    gsize had = aligned(MAX(old_size, 1)), want = aligned(size);
    gpointer given;

    if (old != NULL && (char *)old + had == self->at && want >= size &&
        (gsize)(self->end - self->at) >= want - had) {
        memset(self->at, 0, want - had);
        self->at += want - had;
        return old;
    }
    given = cfx_arena_alloc(self, size);
    if (given != NULL && old != NULL)
        memcpy(given, old, MIN(old_size, size));
    return given;
}

void
cfx_arena_clear(CfxArena *self)
{
    Block *block = self->blocks;

    while (block != NULL) {
        Block *older = block->older;

        g_free(block);
        block = older;
    }
    self->blocks = NULL;
    self->heap_size = 0;
    use_first(self);
}
