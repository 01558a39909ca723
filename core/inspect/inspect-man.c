/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect-print.h"

#include <stdio.h>

/* text as roff: nothing of it is a request, an escape or a hyphen to break at */
static void
put(const char *text)
{
    for (gboolean is_first = TRUE; *text != '\0'; text++, is_first = FALSE) {
        if (is_first && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text == '\n' ? ' ' : *text);
    }
}

static void
put_pair(const char *before, const char *text, const char *after)
{
    fputs(before, stdout);
    put(text);
    fputs(after, stdout);
}

static void
print_key(const CfxConfigKey *key)
{
    g_autofree char *type = inspect_key_type(key);
    put_pair(".TP\n.B ", key->name, "\n");
    if (key->summary != NULL)
        put_pair("", key->summary, g_str_has_suffix(key->summary, ".") ? "\n" : ".\n");
    put_pair("", type, "");
    if (key->min != NULL)
        put_pair(", from ", key->min, "");
    if (key->max != NULL)
        put_pair(", to ", key->max, "");
    if ((key->flags & CFX_KEY_REQUIRED) != 0)
        fputs("; required", stdout);
    else if (key->def != NULL)
        put_pair("; default ", *key->def != '\0' ? key->def : "none", "");
    if ((key->flags & CFX_KEY_LIVE) != 0)
        fputs("; may change with SIGHUP", stdout);
    fputs(".\n", stdout);
}

void
inspect_print_man(const CfxModule *module)
{
    const CfxPluginInfo *info = module->info;
    for (gsize i = 0; info->factories[i] != NULL; i++) {
        const CfxFactory *factory = info->factories[i];
        const char *kind = cfx_module_kind(factory->kind);
        if (kind == NULL)
            continue;
        put_pair(".SS [", kind, ":NAME] plugin=");
        put_pair("", factory->name, "\n");
        if (factory->summary != NULL)
            put_pair("", factory->summary, g_str_has_suffix(factory->summary, ".") ? "\n" : ".\n");
        if (factory->n_keys == 0)
            fputs("It has no keys of its own.\n", stdout);
        for (gsize k = 0; k < factory->n_keys; k++) {
            CfxConfigKey key = inspect_key(factory, k);
            print_key(&key);
        }
    }
}
