/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cariflex-plugin-inspect: puts one module through the gates and prints what it offers. */
#include "cfx-log.h"
#include "inspect-look.h"
#include "inspect-print.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    gboolean man, json, version;
} Options;

/* Returns: what the file says to the linker; NULL with the reason in `refused` */
static InspectElf *
look(const char *path, GPtrArray *refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &error);
    if (file == NULL) {
        g_ptr_array_add(refused, g_strdup_printf("cannot be opened: %s", error->message));
        return NULL;
    }
    g_autoptr(InspectElf) elf = inspect_elf_read(
        (const guint8 *)g_mapped_file_get_contents(file), g_mapped_file_get_length(file), &error);
    if (elf == NULL) {
        g_ptr_array_add(refused, g_strdup_printf("cannot be opened: %s", error->message));
        return NULL;
    }
    g_autoptr(GPtrArray) found = inspect_look(elf);
    g_ptr_array_extend_and_steal(refused, g_steal_pointer(&found));
    return g_steal_pointer(&elf);
}

/* only what has no constructors may be opened here */
static const CfxModule *
open_module(const char *path, GPtrArray *refused)
{
    g_autoptr(GError) error = NULL;
    const CfxModule *module = cfx_module_open(path, &error);
    if (module == NULL) {
        gsize before = strlen(path) + strlen(": ");
        g_ptr_array_add(refused, g_strdup(error->message + before));
    }
    return module;
}

static int
inspect(const char *path, const Options *options)
{
    g_autoptr(GPtrArray) refused = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(InspectElf) elf = look(path, refused);
    const CfxModule *module = NULL;
    if (elf != NULL && elf->constructors->len == 0)
        module = open_module(path, refused);
    if (refused->len > 0) {
        for (guint i = 0; !options->json && i < refused->len; i++)
            fprintf(stderr, "%s: %s\n", path, (const char *)refused->pdata[i]);
        if (options->json)
            inspect_print_json_refused(path, refused);
        return 1;
    }
    if (options->json)
        inspect_print_json(module, elf);
    else if (options->man)
        inspect_print_man(module);
    else
        inspect_print_text(module, elf);
    return 0;
}

int
main(int argc, char **argv)
{
    Options options = { 0 };
    const GOptionEntry entries[] = {
        { "man",
          0,
          0,
          G_OPTION_ARG_NONE,
          &options.man,
          "Print the keys as sections of a manual",
          NULL },
        { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON, for programs", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Print the version, exit", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new("FILE.so - check and show a plugin");
    g_option_context_set_summary(
        context,
        "Looks at the file first, refuses one that would run code when it is opened, then puts it\n"
        "through the gates of the daemon and prints what it offers. Exit status: 0 all is well,\n"
        "1 it is refused (why stands on stderr, and in api/doc/refusals.md), 2 wrong usage.");
    g_option_context_set_description(context,
                                     "Examples:\n"
                                     "  cariflex-plugin-inspect build/file-sensor.so\n"
                                     "  cariflex-plugin-inspect --json build/file-sensor.so\n"
                                     "  cariflex-plugin-inspect --man build/file-sensor.so\n");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || (argc != 2 && !options.version) ||
        (options.man && options.json)) {
        fprintf(stderr,
                "cariflex-plugin-inspect: %s; try --help\n",
                error != NULL                 ? error->message
                : options.man && options.json ? "--man or --json, not both"
                                              : "name one file");
        return 2;
    }
    if (options.version) {
        printf("cariflex-plugin-inspect %s, plugin ABI %d.%d\n",
               CFX_VERSION,
               CFX_ABI_MAJOR,
               CFX_ABI_MINOR);
        return 0;
    }
    cfx_log_init(CFX_LOG_WARNING);
    g_autofree char *path = g_canonicalize_filename(argv[1], NULL);
    return inspect(path, &options);
}
