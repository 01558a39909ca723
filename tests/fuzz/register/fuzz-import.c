/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file to import: whatever it holds, parsing ends, and what is taken over can be written. */
#include "cfx-import.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(CfxImport) import = cfx_import_parse(text, size, problems);

    for (guint i = 0; i < problems->len; i++)
        g_free(cfx_import_path(import, problems->pdata[i]));
    if (problems->len > 0)
        return 0;
    for (guint32 kind = CFX_MODEL_ACCOUNT; kind <= CFX_MODEL_BINDING; kind++) {
        for (guint i = 0; i < import->items[kind - 1]->len; i++) {
            const CfxImportItem *item = &g_array_index(import->items[kind - 1], CfxImportItem, i);

            g_bytes_unref(cfx_item_write(kind, &item->item, item->principal));
        }
    }
    return 0;
}
