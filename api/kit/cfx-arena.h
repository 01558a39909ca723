/* SPDX-License-Identifier: MIT */
/*
 * Memory that is given back all at once: for what a decoded message points to.
 *
 * The first bytes may be the caller's (on the stack); what does not fit comes from the heap, up to
 * a limit. One thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    char *at, *end; /* room of the block in use */
    char *first;    /* the caller's, or NULL */
    gsize first_size;
    gpointer blocks; /* from the heap, newest first */
    gsize heap_size; /* of these together */
    gsize limit;     /* what heap_size may not exceed */
} CfxArena;

/*
 * @first: (nullable) memory that lives as long as the arena
 * @limit: most bytes taken from the heap; 0: one mebibyte
 */
void cfx_arena_init(CfxArena *self, gpointer first, gsize first_size, gsize limit);

/* Returns: (nullable) @size bytes, aligned for any type, all 0; NULL above the limit */
gpointer cfx_arena_alloc(CfxArena *self, gsize size);

/* Like g_realloc() for the block @old of @old_size bytes; in place if it was the last one given. */
gpointer cfx_arena_grow(CfxArena *self, gpointer old, gsize old_size, gsize size);

/* Takes everything back and keeps the caller's block; the arena may be used again. */
void cfx_arena_clear(CfxArena *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CfxArena, cfx_arena_clear)

G_END_DECLS
