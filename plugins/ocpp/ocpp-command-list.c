/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which commands there are. Their schemas are written from the tables of the messages. */
#include "ocpp-command.h"

#include "ocpp-messages.h"

const OcppCommand ocpp_command_table[OCPP_N_COMMANDS] = {
    { "Reset",
      "Restart the station, or one of its EVSEs",
      CFX_ROLE_OPERATE,
      { { "type", "OnIdle when left out: after the transaction that is running" },
        { "evseId", "the whole station when left out" } } },
    { "TriggerMessage", "Have the station send a message now", CFX_ROLE_OPERATE, { { NULL } } },
    { "RequestStartTransaction",
      "Begin charging",
      CFX_ROLE_OPERATE,
      { { "evseId", "that of the command when left out" },
        { "remoteStartId", "a new one when left out" },
        { "chargingProfile", NULL } } },
    { "RequestStopTransaction",
      "End charging",
      CFX_ROLE_OPERATE,
      { { "transactionId", "the one that is running when left out" } } },
    { "UnlockConnector",
      "Release the plug",
      CFX_ROLE_OPERATE,
      { { "evseId", "that of the command when left out" }, { "connectorId", "1 when left out" } } },
    { "ChangeAvailability",
      "Take into or out of service",
      CFX_ROLE_OPERATE,
      { { "evse", "that of the command when left out" } } },
    { "GetCompositeSchedule",
      "What the station makes of its profiles",
      CFX_ROLE_READ,
      { { "duration", "in seconds; a day when left out" },
        { "evseId", "that of the command when left out; 0: the whole station" } } },
    { "GetVariables", "Read variables of the device model", CFX_ROLE_READ, { { NULL } } },
    { "SetVariables", "Set variables of the device model", CFX_ROLE_ADMIN, { { NULL } } },
};

const OcppCommand *
ocpp_command_find(const char *name)
{
    for (guint i = 0; i < OCPP_N_COMMANDS; i++) {
        if (strcmp(ocpp_command_table[i].name, name) == 0)
            return &ocpp_command_table[i];
    }
    return NULL;
}

const OcppMemberNote *
ocpp_command_note(const OcppCommand *command, const char *member)
{
    for (guint i = 0; i < OCPP_MEMBER_NOTES && command->notes[i].member != NULL; i++) {
        if (strcmp(command->notes[i].member, member) == 0)
            return &command->notes[i];
    }
    return NULL;
}

/* --- schemas -------------------------------------------------------------------------------- */

static void write_object(CfxJsonWriter *to,
                         const CfxJsonTable *table,
                         const OcppCommand *command,
                         const char *description);

static void
write_words(CfxJsonWriter *to, const char *const *words)
{
    cfx_json_name(to, "enum");
    cfx_json_begin_array(to);
    for (; *words != NULL; words++)
        cfx_json_text(to, *words);
    cfx_json_end_array(to);
}

/* the members of the schema of a value that is no array */
static void
write_type(CfxJsonWriter *to, const CfxJsonField *field)
{
    static const char *const types[] = {
        [CFX_JSON_TYPE_BOOL] = "boolean", [CFX_JSON_TYPE_INT] = "integer",
        [CFX_JSON_TYPE_REAL] = "number",  [CFX_JSON_TYPE_TEXT] = "string",
        [CFX_JSON_TYPE_TIME] = "string",  [CFX_JSON_TYPE_ENUM] = "string",
    };

    if (field->type <= CFX_JSON_TYPE_ENUM)
        cfx_json_member_text(to, "type", types[field->type]);
    if (field->type == CFX_JSON_TYPE_TIME)
        cfx_json_member_text(to, "format", "date-time");
    if (field->type == CFX_JSON_TYPE_ENUM)
        write_words(to, field->words);
    if (field->type == CFX_JSON_TYPE_TEXT && field->max > 0)
        cfx_json_member_int(to, "maxLength", (gint64)field->max);
}

static void
write_value(CfxJsonWriter *to, const CfxJsonField *field, const char *description)
{
    if (field->type == CFX_JSON_TYPE_OBJECT) {
        write_object(to, field->table, NULL, description);
        return;
    }
    cfx_json_begin_object(to);
    write_type(to, field);
    if (description != NULL)
        cfx_json_member_text(to, "description", description);
    cfx_json_end_object(to);
}

static void
write_member(CfxJsonWriter *to, const CfxJsonField *field, const char *description)
{
    cfx_json_name(to, field->name);
    if ((field->flags & CFX_JSON_ARRAY) == 0) {
        write_value(to, field, description);
        return;
    }
    cfx_json_begin_object(to);
    cfx_json_member_text(to, "type", "array");
    if (field->min_items > 0)
        cfx_json_member_int(to, "minItems", field->min_items);
    cfx_json_name(to, "items");
    write_value(to, field, NULL);
    cfx_json_end_object(to);
}

/* members of no use to a person, and what only the planner may say */
static gboolean
is_hidden(const CfxJsonField *field, const OcppMemberNote *note)
{
    return strcmp(field->name, "customData") == 0 || (note != NULL && note->text == NULL);
}

/* @command: (nullable) whose arguments these are */
static void
write_object(CfxJsonWriter *to,
             const CfxJsonTable *table,
             const OcppCommand *command,
             const char *description)
{
    cfx_json_begin_object(to);
    cfx_json_member_text(to, "type", "object");
    if (description != NULL)
        cfx_json_member_text(to, "description", description);
    cfx_json_name(to, "required");
    cfx_json_begin_array(to);
    for (guint i = 0; i < table->n_fields; i++) {
        const CfxJsonField *field = &table->fields[i];

        if ((field->flags & CFX_JSON_REQUIRED) != 0 &&
            (command == NULL || ocpp_command_note(command, field->name) == NULL))
            cfx_json_text(to, field->name);
    }
    cfx_json_end_array(to);
    cfx_json_name(to, "properties");
    cfx_json_begin_object(to);
    for (guint i = 0; i < table->n_fields; i++) {
        const CfxJsonField *field = &table->fields[i];
        const OcppMemberNote *note =
            command != NULL ? ocpp_command_note(command, field->name) : NULL;

        if (!is_hidden(field, note))
            write_member(to, field, note != NULL ? note->text : NULL);
    }
    cfx_json_end_object(to);
    cfx_json_member_bool(to, "additionalProperties", FALSE);
    cfx_json_end_object(to);
}

const CfxCommandInfo *const *
ocpp_command_infos(void)
{
    static CfxCommandInfo infos[OCPP_N_COMMANDS];
    static const CfxCommandInfo *list[OCPP_N_COMMANDS];
    g_auto(CfxJsonWriter) schema = { 0 };

    cfx_json_writer_init(&schema, NULL, 0);
    for (guint i = 0; infos[OCPP_N_COMMANDS - 1].schema == NULL && i < OCPP_N_COMMANDS; i++) {
        const OcppCommand *command = &ocpp_command_table[i];

        cfx_json_writer_reset(&schema);
        write_object(&schema, ocpp_action_find(command->name)->request, command, NULL);
        infos[i] = (CfxCommandInfo){ .struct_size = sizeof(CfxCommandInfo),
                                     .role = command->role,
                                     .name = command->name,
                                     .title = command->title,
                                     .schema = g_intern_string(cfx_json_writer_end(&schema)) };
        list[i] = &infos[i];
    }
    return list;
}
