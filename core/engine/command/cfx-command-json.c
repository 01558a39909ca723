/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of devices, as people and their tools ask for them. */
#include "command/cfx-command.h"
#include "device/cfx-device-table.h"

#include <kit/cfx-json.h>

const char *
cfx_command_role_name(guint32 role)
{
    return role <= CFX_ROLE_READ ? "read" : role == CFX_ROLE_OPERATE ? "operate" : "admin";
}

static void
put_commands(CfxJsonWriter *to, const CfxInstance *adapter)
{
    for (guint32 i = 0; i < adapter->adapter.n_commands; i++) {
        const CfxCommandInfo *info = adapter->adapter.commands[i];
        cfx_json_begin_object(to);
        cfx_json_member_text(to, "adapter", adapter->name);
        cfx_json_member_text(to, "name", info->name);
        cfx_json_member_text(to, "title", info->title);
        cfx_json_member_text(to, "role", cfx_command_role_name(info->role));
        cfx_json_name(to, "schema");
        cfx_json_raw(to, info->schema, strlen(info->schema));
        cfx_json_end_object(to);
    }
}

/* adapters that speak for devices (transfer container) */
static GPtrArray *
adapters_of(CfxEngine *engine)
{
    GPtrArray *adapters = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, engine->devices);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxInstance *adapter = ((CfxEngineDevice *)value)->instance;
        if (adapter != NULL && !g_ptr_array_find(adapters, adapter, NULL))
            g_ptr_array_add(adapters, adapter);
    }
    return adapters;
}

char *
cfx_engine_commands_json(CfxEngine *self, const char *where, GError **error)
{
    g_autoptr(GPtrArray) adapters = NULL;
    g_auto(CfxJsonWriter) to = { 0 };

    if (*where == '\0') {
        adapters = adapters_of(self);
    } else {
        const CfxEngineDevice *device = cfx_device_find(self, where, error);
        if (device == NULL)
            return NULL;
        adapters = g_ptr_array_new();
        if (device->instance != NULL)
            g_ptr_array_add(adapters, device->instance);
    }
    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_member_int(&to, "version", 1);
    cfx_json_name(&to, "commands");
    cfx_json_begin_array(&to);
    for (guint i = 0; i < adapters->len; i++)
        put_commands(&to, g_ptr_array_index(adapters, i));
    cfx_json_end_array(&to);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}
