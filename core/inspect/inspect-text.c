/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect-print.h"

#include <stdio.h>
#include <string.h>

static const char *const types[] = {
    [CFX_KEY_TEXT] = "text",         [CFX_KEY_BOOLEAN] = "yes or no",
    [CFX_KEY_INTEGER] = "number",    [CFX_KEY_REAL] = "number",
    [CFX_KEY_DURATION] = "duration", [CFX_KEY_POWER] = "power",
    [CFX_KEY_ENERGY] = "energy",     [CFX_KEY_CHOICE] = "choice",
    [CFX_KEY_LIST] = "list",         [CFX_KEY_FILE] = "file",
    [CFX_KEY_URL] = "address",       [CFX_KEY_SECRET_FILE] = "file of a secret",
    [CFX_KEY_LISTENER] = "listener", [CFX_KEY_ID] = "id",
    [CFX_KEY_TIME] = "instant",
};

CfxConfigKey
inspect_key(const CfxFactory *factory, gsize i)
{
    CfxConfigKey key = { 0 };
    memcpy(&key,
           (const char *)factory->keys + i * factory->key_size,
           MIN(factory->key_size, sizeof key));
    return key;
}

char *
inspect_key_type(const CfxConfigKey *key)
{
    if (key->type != CFX_KEY_CHOICE || key->choices == NULL)
        return g_strdup(types[key->type]);
    g_auto(GStrv) words = g_strsplit(key->choices, "|", -1);
    return g_strjoinv(" or ", words);
}

static void
print_key(const CfxConfigKey *key)
{
    g_autofree char *type = inspect_key_type(key);
    printf("    %s (%s", key->name, type);
    if ((key->flags & CFX_KEY_REQUIRED) != 0)
        printf(", required");
    if (key->def != NULL)
        printf(", default %s", key->def);
    if (key->min != NULL)
        printf(", from %s", key->min);
    if (key->max != NULL)
        printf(", to %s", key->max);
    printf("%s)\n", (key->flags & CFX_KEY_LIVE) != 0 ? ", live" : "");
    if (key->summary != NULL)
        printf("        %s\n", key->summary);
}

void
inspect_print_text(const CfxModule *module, const InspectElf *elf)
{
    const CfxPluginInfo *info = module->info;
    printf("%s: %s %s, %s, id %s, plugin ABI %u.%u",
           module->file,
           info->name,
           info->version,
           info->license,
           info->id,
           info->abi >> 16,
           info->abi & 0xffff);
    if (info->min_host_abi != info->abi && info->min_host_abi != 0)
        printf(", hosts from %u.%u", info->min_host_abi >> 16, info->min_host_abi & 0xffff);
    printf("\nlibraries:");
    for (guint i = 0; i < elf->needed->len; i++)
        printf(" %s", (const char *)elf->needed->pdata[i]);
    printf("\n");
    for (gsize i = 0; info->factories[i] != NULL; i++) {
        const CfxFactory *factory = info->factories[i];
        gboolean is_known = cfx_module_kind(factory->kind) != NULL;
        printf("\n  %s (%s): %s\n",
               factory->name,
               factory->kind,
               !is_known                  ? "of a kind that this host does not speak"
               : factory->summary != NULL ? factory->summary
                                          : "");
        for (gsize k = 0; is_known && k < factory->n_keys; k++) {
            CfxConfigKey key = inspect_key(factory, k);
            print_key(&key);
        }
    }
}
