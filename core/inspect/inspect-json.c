/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect-print.h"

#include <kit/cfx-json.h>
#include <stdio.h>

static const char *const types[] = {
    [CFX_KEY_TEXT] = "text",         [CFX_KEY_BOOLEAN] = "boolean",
    [CFX_KEY_INTEGER] = "integer",   [CFX_KEY_REAL] = "real",
    [CFX_KEY_DURATION] = "duration", [CFX_KEY_POWER] = "power",
    [CFX_KEY_ENERGY] = "energy",     [CFX_KEY_CHOICE] = "choice",
    [CFX_KEY_LIST] = "list",         [CFX_KEY_FILE] = "file",
    [CFX_KEY_URL] = "url",           [CFX_KEY_SECRET_FILE] = "secret-file",
    [CFX_KEY_LISTENER] = "listener", [CFX_KEY_ID] = "id",
    [CFX_KEY_TIME] = "time",
};

static void
write_key(CfxJsonWriter *to, const CfxConfigKey *key)
{
    cfx_json_begin_object(to);
    cfx_json_member_text(to, "name", key->name);
    cfx_json_member_text(to, "type", types[key->type]);
    cfx_json_member_bool(to, "required", (key->flags & CFX_KEY_REQUIRED) != 0);
    cfx_json_member_bool(to, "live", (key->flags & CFX_KEY_LIVE) != 0);
    cfx_json_member_text(to, "default", key->def);
    cfx_json_member_text(to, "min", key->min);
    cfx_json_member_text(to, "max", key->max);
    cfx_json_name(to, "choices");
    if (key->choices != NULL) {
        g_auto(GStrv) words = g_strsplit(key->choices, "|", -1);
        cfx_json_begin_array(to);
        for (guint i = 0; words[i] != NULL; i++)
            cfx_json_text(to, words[i]);
        cfx_json_end_array(to);
    } else {
        cfx_json_null(to);
    }
    cfx_json_member_text(to, "summary", key->summary);
    cfx_json_end_object(to);
}

static void
write_factory(CfxJsonWriter *to, const CfxFactory *factory)
{
    gboolean is_known = cfx_module_kind(factory->kind) != NULL;
    cfx_json_begin_object(to);
    cfx_json_member_text(to, "name", factory->name);
    cfx_json_member_text(to, "kind", factory->kind);
    cfx_json_member_bool(to, "known", is_known);
    cfx_json_member_text(to, "summary", is_known ? factory->summary : NULL);
    cfx_json_name(to, "keys");
    cfx_json_begin_array(to);
    for (gsize k = 0; is_known && k < factory->n_keys; k++) {
        CfxConfigKey key = inspect_key(factory, k);
        write_key(to, &key);
    }
    cfx_json_end_array(to);
    cfx_json_end_object(to);
}

static void
write_abi(CfxJsonWriter *to, const char *name, guint32 abi)
{
    g_autofree char *text = g_strdup_printf("%u.%u", abi >> 16, abi & 0xffff);
    cfx_json_member_text(to, name, text);
}

static void
write_texts(CfxJsonWriter *to, const char *name, const GPtrArray *texts)
{
    cfx_json_name(to, name);
    cfx_json_begin_array(to);
    for (guint i = 0; i < texts->len; i++)
        cfx_json_text(to, texts->pdata[i]);
    cfx_json_end_array(to);
}

void
inspect_print_json(const CfxModule *module, const InspectElf *elf)
{
    g_auto(CfxJsonWriter) to;
    const CfxPluginInfo *info = module->info;
    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_member_text(&to, "file", module->path);
    cfx_json_member_text(&to, "id", info->id);
    cfx_json_member_text(&to, "name", info->name);
    cfx_json_member_text(&to, "version", info->version);
    cfx_json_member_text(&to, "license", info->license);
    write_abi(&to, "abi", info->abi);
    write_abi(&to, "min_host_abi", info->min_host_abi);
    write_texts(&to, "libraries", elf->needed);
    cfx_json_name(&to, "factories");
    cfx_json_begin_array(&to);
    for (gsize i = 0; info->factories[i] != NULL; i++)
        write_factory(&to, info->factories[i]);
    cfx_json_end_array(&to);
    cfx_json_end_object(&to);
    puts(cfx_json_writer_end(&to));
}

void
inspect_print_json_refused(const char *path, const GPtrArray *refused)
{
    g_auto(CfxJsonWriter) to;
    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_member_text(&to, "file", path);
    write_texts(&to, "refused", refused);
    cfx_json_end_object(&to);
    puts(cfx_json_writer_end(&to));
}
