/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect-look.h"

#include <cariflex/cfx-abi.h>
#include <string.h>

static char *
join(GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    char *text = g_strjoinv(", ", (char **)names->pdata);
    g_ptr_array_remove_index(names, names->len - 1);
    return text;
}

/* what linkers and sanitizers add */
static gboolean
is_own_symbol(const char *name)
{
    static const char *const names[] = { "_init", "_fini", "_edata", "_end", NULL };
    return g_str_has_prefix(name, "__") || g_strv_contains(names, name);
}

GPtrArray *
inspect_look(const InspectElf *elf)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) more = g_ptr_array_new();
    g_autoptr(GPtrArray) host = g_ptr_array_new();
    for (guint i = 0; i < elf->exported->len; i++) {
        const char *name = elf->exported->pdata[i];
        if (!is_own_symbol(name) && strcmp(name, CFX_PLUGIN_ENTRY) != 0)
            g_ptr_array_add(more, elf->exported->pdata[i]);
    }
    for (guint i = 0; i < elf->wanted->len; i++) {
        if (g_str_has_prefix(elf->wanted->pdata[i], "cfx_"))
            g_ptr_array_add(host, elf->wanted->pdata[i]);
    }
    if (elf->constructors->len > 0) {
        g_autofree char *names = join(elf->constructors);
        g_ptr_array_add(found,
                        g_strdup_printf("runs code when it is opened, before any check: %s; a "
                                        "module has no constructors",
                                        names));
    }
    if (host->len > 0) {
        g_autofree char *names = join(host);
        g_ptr_array_add(
            found,
            g_strdup_printf("needs %s of the host: services are passed in, not linked", names));
    }
    if (more->len > 0) {
        g_autofree char *names = join(more);
        g_ptr_array_add(
            found,
            g_strdup_printf("exports %s: a plugin exports " CFX_PLUGIN_ENTRY " alone", names));
    }
    return found;
}
