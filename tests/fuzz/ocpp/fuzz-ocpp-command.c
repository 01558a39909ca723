/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arguments of commands, after the command's name and a line feed: they are refused with the place,
 * or become a payload that the table of the message takes.
 */
#include "ocpp-command.h"

#include "ocpp-frame.h"
#include "ocpp-messages.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static const OcppCommand *
command_of(const char **data, gsize *size)
{
    const char *end = memchr(*data, '\n', *size);
    g_autofree char *name = NULL;

    if (end == NULL)
        return NULL;
    name = g_strndup(*data, (gsize)(end - *data));
    *size -= (gsize)(end + 1 - *data);
    *data = end + 1;
    return ocpp_command_find(name);
}

static void
check_payload(const OcppCommand *command, const char *payload)
{
    g_autofree char *copy = g_strdup(payload);
    g_auto(CfxArena) arena = { 0 };
    const CfxJsonTable *table = ocpp_action_find(command->name)->request;
    CfxJsonError error;

    cfx_arena_init(&arena, NULL, 0, 1 << 20);
    if (!cfx_json_decode_text(copy,
                              strlen(copy),
                              CFX_JSON_READ_STRICT,
                              table,
                              cfx_arena_alloc(&arena, table->size),
                              &arena,
                              &error))
        g_error("%s: %s", payload, error.message);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    static OcppInstance instance;
    char id[] = "t1";
    OcppTransaction transaction = { .id = id };
    g_autoptr(GPtrArray) evses = g_ptr_array_new();
    OcppStation station = { .instance = &instance, .evses = evses };
    OcppEvse evse = { .station = &station, .id = 1, .transaction = &transaction };
    g_autoptr(GError) error = NULL;
    g_autofree char *payload = NULL;
    const char *args = (const char *)data;
    gsize left = size;
    const OcppCommand *command = command_of(&args, &left);

    if (command == NULL)
        return 0;
    g_ptr_array_add(evses, &evse);
    g_ptr_array_add(evses, &evse);
    payload = ocpp_command_payload(&evse, command, args, left, &error);
    g_assert_true((payload == NULL) == (error != NULL));
    if (payload != NULL)
        check_payload(command, payload);
    else
        g_assert_true(error->code == CFX_ERROR_INVALID && *error->message != '\0');
    return 0;
}
