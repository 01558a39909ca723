/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a module says to the dynamic linker, read from its bytes without opening it: opening a
 * module runs its constructors, so they must be found before. The linker goes by the dynamic
 * segment, and so does this; the table of symbols, where it was not stripped, only lends names.
 */
#pragma once

#include <glib.h>

#define INSPECT_ELF_MAX ((gsize)512 * 1024 * 1024)

typedef struct {
    GPtrArray *needed;       /* (element-type utf8) libraries */
    GPtrArray *exported;     /* (element-type utf8) defined symbols that others see, sorted */
    GPtrArray *wanted;       /* (element-type utf8) undefined symbols, sorted */
    GPtrArray *constructors; /* (element-type utf8) that are not the compiler's own: names, or
                              * "at 0x1234" in a stripped module */
} InspectElf;

/*
 * @bytes: a whole file, of any content
 * Returns: NULL with an error that says why it is no module of this machine
 */
InspectElf *inspect_elf_read(const guint8 *bytes, gsize size, GError **error);
void inspect_elf_free(InspectElf *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InspectElf, inspect_elf_free)
