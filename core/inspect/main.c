/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cariflex-plugin-inspect: puts one module through the gates and prints what it offers. */
#include "cfx-log.h"
#include "cfx-module.h"

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

static void
print_key(const CfxConfigKey *key)
{
    printf("    %s (%s", key->name, key->type == CFX_KEY_CHOICE ? key->choices : types[key->type]);
    if (key->def != NULL)
        printf(", default %s", key->def);
    if (key->min != NULL)
        printf(", from %s", key->min);
    if (key->max != NULL)
        printf(", to %s", key->max);
    printf("%s%s)\n",
           key->flags & CFX_KEY_REQUIRED ? ", required" : "",
           key->flags & CFX_KEY_LIVE ? ", live" : "");
    if (key->summary != NULL)
        printf("        %s\n", key->summary);
}

static void
print_man_key(const CfxConfigKey *key)
{
    printf(".TP\n.B %s\n%s", key->name, key->summary != NULL ? key->summary : "");
    if (key->def != NULL)
        printf(" Default: %s.", key->def);
    if (key->flags & CFX_KEY_REQUIRED)
        printf(" Required.");
    printf("\n");
}

static void
print_factory(const CfxFactory *factory, gboolean is_man)
{
    const char *summary = factory->summary != NULL ? factory->summary : "";
    if (is_man)
        printf(".SS plugin=%s (%s)\n%s\n", factory->name, factory->kind, summary);
    else
        printf("\n  %s (%s): %s\n", factory->name, factory->kind, summary);
    for (gsize i = 0; i < factory->n_keys; i++) {
        CfxConfigKey key = { 0 };
        memcpy(&key,
               (const char *)factory->keys + i * factory->key_size,
               MIN(factory->key_size, sizeof key));
        if (is_man)
            print_man_key(&key);
        else
            print_key(&key);
    }
}

int
main(int argc, char **argv)
{
    gboolean is_man = FALSE;
    const GOptionEntry entries[] = {
        { "man", 0, 0, G_OPTION_ARG_NONE, &is_man, "Print the keys as sections of a manual", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new("FILE.so - check and show a plugin");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 2) {
        fprintf(stderr,
                "cariflex-plugin-inspect: %s; try --help\n",
                error != NULL ? error->message : "name one file");
        return 2;
    }
    cfx_log_init(CFX_LOG_WARNING);
    g_autofree char *path = g_canonicalize_filename(argv[1], NULL);
    const CfxModule *module = cfx_module_open(path, &error);
    if (module == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    const CfxPluginInfo *info = module->info;
    if (!is_man)
        printf("%s: %s %s, %s, id %s, plugin ABI %u.%u\n",
               module->file,
               info->name,
               info->version,
               info->license,
               info->id,
               info->abi >> 16,
               info->abi & 0xffff);
    for (gsize i = 0; info->factories[i] != NULL; i++) {
        if (cfx_module_kind(info->factories[i]->kind) != NULL)
            print_factory(info->factories[i], is_man);
    }
    return 0;
}
