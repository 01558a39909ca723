/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of any content, before it is opened as a module. */
#include "inspect-elf.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(InspectElf) elf = inspect_elf_read(data, size, &error);
    if ((elf == NULL) == (error == NULL))
        g_error("neither an answer nor a reason");
    return 0;
}
