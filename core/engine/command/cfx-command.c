/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/cfx-command.h"

#include "cfx-call.h"
#include "device/cfx-device-table.h"

#include <kit/cfx-suggest.h>

/* An adapter says itself when its device does not answer; this is the net below it (REAL). */
#define WAIT (50 * G_USEC_PER_SEC)

typedef struct {
    CfxEngine *engine;
    CfxInstance *caller;
    guint64 caller_generation;
    CfxInstance *adapter;
    guint64 generation;
    gint64 asset;
    char *name;
    GBytes *args;
    CfxAnswerDone done;
    gpointer data;
    GError *error; /* answered without asking the adapter */
    CfxCall *call;
} Command;

static void
command_free(Command *command)
{
    g_free(command->name);
    g_bytes_unref(command->args);
    g_clear_error(&command->error);
    g_free(command);
}

static void
answer(gpointer data, GBytes *text, const GError *error)
{
    Command *command = data;

    if (command->caller == NULL ||
        cfx_instance_is_alive(command->caller, command->caller_generation))
        command->done(command->data, text, error);
    command_free(command);
}

static void
refuse(gpointer data)
{
    Command *command = data;

    answer(command, NULL, command->error);
}

/* at the adapter's home */
static void
run(gpointer data)
{
    Command *command = data;
    CfxInstance *adapter = command->adapter;

    if (adapter->self == NULL || adapter->generation != command->generation) {
        cfx_call_finish(
            command->call,
            NULL,
            g_error_new(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "adapter %s has stopped", adapter->name));
        return;
    }
    gint64 entered_us = cfx_instance_enter(adapter);
    adapter->adapter.command(
        adapter->self, command->asset, command->name, command->args, command->call);
    cfx_instance_leave(adapter, entered_us, "command");
}

static const CfxCommandInfo *
info_of(CfxInstance *adapter, const char *name)
{
    for (guint32 i = 0; i < adapter->adapter.n_commands; i++)
        if (g_str_equal(adapter->adapter.commands[i]->name, name))
            return adapter->adapter.commands[i];
    return NULL;
}

/* "; did you mean …" or "" */
static char *
suggest(CfxInstance *adapter, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint32 i = 0; i < adapter->adapter.n_commands; i++)
        g_ptr_array_add(names, (gpointer)adapter->adapter.commands[i]->name);
    g_ptr_array_add(names, NULL);
    const char *near = cfx_suggest((const char *const *)names->pdata, name);
    return near != NULL ? g_strdup_printf("; did you mean \"%s\"?", near) : g_strdup("");
}

static GError *
check(const CfxEngineDevice *device, guint32 role, gint64 asset, const char *name)
{
    if (device == NULL)
        return g_error_new(CFX_ERROR,
                           CFX_ERROR_NOT_FOUND,
                           "asset %" G_GINT64_FORMAT " is not bound to a device",
                           asset);
    if (device->instance == NULL || device->instance->self == NULL ||
        device->instance->adapter.command == NULL)
        return g_error_new(
            CFX_ERROR, CFX_ERROR_UNAVAILABLE, "nobody speaks for %s now", device->label);
    const CfxCommandInfo *info = info_of(device->instance, name);
    g_autofree char *hint = info == NULL ? suggest(device->instance, name) : NULL;
    if (info == NULL)
        return g_error_new(CFX_ERROR,
                           CFX_ERROR_NOT_SUPPORTED,
                           "%s: %s knows no command \"%s\"%s",
                           device->label,
                           device->instance->name,
                           name,
                           hint);
    if (role < info->role)
        return g_error_new(CFX_ERROR,
                           CFX_ERROR_AUTH,
                           "%s needs the role \"%s\"",
                           name,
                           cfx_command_role_name(info->role));
    return NULL;
}

void
cfx_command_send(CfxEngine *engine,
                 CfxInstance *caller,
                 guint32 role,
                 gint64 asset,
                 const char *name,
                 GBytes *args,
                 CfxAnswerDone done,
                 gpointer data)
{
    const CfxEngineDevice *device = cfx_engine_device(engine, asset);
    Command *command = g_new0(Command, 1);

    command->engine = engine;
    command->caller = caller;
    command->caller_generation = caller != NULL ? caller->generation : 0;
    command->asset = asset;
    command->name = g_strdup(name);
    command->args = args != NULL ? g_bytes_ref(args) : g_bytes_new_static("{}", 2);
    command->done = done;
    command->data = data;
    command->error = check(device, role, asset, name);
    if (command->error != NULL) {
        engine->host->base->post(engine->host, refuse, command);
        return;
    }
    command->adapter = device->instance;
    command->generation = device->generation;
    command->call =
        cfx_call_new(engine->self->home, cfx_now_real(engine->host) + WAIT, answer, command);
    command->adapter->host.base->post(&command->adapter->host, run, command);
}

const CfxCommandInfo *const *
cfx_command_list(const CfxHost *host, gint64 asset, guint32 *n)
{
    CfxEngine *engine = cfx_engine_the();
    const CfxCommandInfo *const *commands = NULL;

    *n = 0;
    if (engine == NULL)
        return NULL;
    g_mutex_lock(&engine->lock);
    const CfxEngineDevice *device = cfx_engine_device(engine, asset);
    if (device != NULL && device->instance != NULL) {
        commands = device->instance->adapter.commands;
        *n = device->instance->adapter.n_commands;
    }
    g_mutex_unlock(&engine->lock);
    return commands;
}
