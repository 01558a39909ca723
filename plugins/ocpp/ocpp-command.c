/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-command.h"

#include "ocpp-call.h"

#define COMMAND(its_variable, its_name, its_role, its_title, its_schema)                           \
    static const CfxCommandInfo its_variable = { .struct_size = sizeof(CfxCommandInfo),            \
                                                 .role = its_role,                                 \
                                                 .name = its_name,                                 \
                                                 .title = its_title,                               \
                                                 .schema = its_schema }

COMMAND(reset,
        "Reset",
        CFX_ROLE_OPERATE,
        "Restart the station or an EVSE",
        "{\"type\":\"object\",\"required\":[\"type\"],\"properties\":{\"type\":{\"enum\":"
        "[\"Immediate\",\"OnIdle\"]},\"evseId\":{\"type\":\"integer\"}}}");
COMMAND(trigger,
        "TriggerMessage",
        CFX_ROLE_OPERATE,
        "Have the station send a message",
        "{\"type\":\"object\",\"required\":[\"requestedMessage\"],\"properties\":"
        "{\"requestedMessage\":{\"type\":\"string\"},\"evse\":{\"type\":\"object\"}}}");
COMMAND(availability,
        "ChangeAvailability",
        CFX_ROLE_OPERATE,
        "Take into or out of service",
        "{\"type\":\"object\",\"required\":[\"operationalStatus\"],\"properties\":"
        "{\"operationalStatus\":{\"enum\":[\"Operative\",\"Inoperative\"]},"
        "\"evse\":{\"type\":\"object\"}}}");
COMMAND(unlock,
        "UnlockConnector",
        CFX_ROLE_OPERATE,
        "Release the plug",
        "{\"type\":\"object\",\"required\":[\"evseId\",\"connectorId\"],\"properties\":"
        "{\"evseId\":{\"type\":\"integer\"},\"connectorId\":{\"type\":\"integer\"}}}");
COMMAND(start,
        "RequestStartTransaction",
        CFX_ROLE_OPERATE,
        "Begin charging",
        "{\"type\":\"object\",\"required\":[\"remoteStartId\",\"idToken\"],\"properties\":"
        "{\"remoteStartId\":{\"type\":\"integer\"},\"idToken\":{\"type\":\"object\"},"
        "\"evseId\":{\"type\":\"integer\"}}}");
COMMAND(stop,
        "RequestStopTransaction",
        CFX_ROLE_OPERATE,
        "End charging",
        "{\"type\":\"object\",\"required\":[\"transactionId\"],\"properties\":"
        "{\"transactionId\":{\"type\":\"string\"}}}");
COMMAND(composite,
        "GetCompositeSchedule",
        CFX_ROLE_READ,
        "What the station makes of its profiles",
        "{\"type\":\"object\",\"required\":[\"duration\",\"evseId\"],\"properties\":"
        "{\"duration\":{\"type\":\"integer\"},\"evseId\":{\"type\":\"integer\"},"
        "\"chargingRateUnit\":{\"enum\":[\"A\",\"W\"]}}}");
COMMAND(get_variables,
        "GetVariables",
        CFX_ROLE_READ,
        "Read variables",
        "{\"type\":\"object\",\"required\":[\"getVariableData\"],\"properties\":"
        "{\"getVariableData\":{\"type\":\"array\"}}}");
COMMAND(set_variables,
        "SetVariables",
        CFX_ROLE_ADMIN,
        "Set variables",
        "{\"type\":\"object\",\"required\":[\"setVariableData\"],\"properties\":"
        "{\"setVariableData\":{\"type\":\"array\"}}}");

const CfxCommandInfo *const ocpp_commands[OCPP_N_COMMANDS] = {
    &reset, &trigger,   &availability,  &unlock,        &start,
    &stop,  &composite, &get_variables, &set_variables,
};

static void
answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    CfxCall *call = data;
    g_autofree char *words = ocpp_call_words(result);
    CfxJsonText payload;
    guint32 code = result->state == OCPP_CALL_TIMEOUT || result->state == OCPP_CALL_LOST
                       ? CFX_ERROR_UNAVAILABLE
                   : result->state == OCPP_CALL_REFUSED ? CFX_ERROR_NOT_SUPPORTED
                                                        : CFX_ERROR_PEER;

    if (result->state == OCPP_CALL_ANSWERED && ocpp_frame_raw(result->frame, &payload))
        cfx_call_finish(call, g_bytes_new(payload.text, payload.size), NULL);
    else
        cfx_call_finish(
            call,
            NULL,
            g_error_new(CFX_ERROR, (gint)code, "station %s: %s", station->identity, words));
}

static const char *
find_name(const char *name)
{
    for (guint32 i = 0; i < OCPP_N_COMMANDS; i++) {
        if (strcmp(ocpp_commands[i]->name, name) == 0)
            return ocpp_commands[i]->name;
    }
    return NULL;
}

void
ocpp_command(OcppInstance *instance, gint64 asset, const char *name, GBytes *args, CfxCall *call)
{
    OcppEvse *evse = ocpp_instance_evse(instance, asset);
    const char *action = find_name(name);
    gsize size = 0;
    const char *text = args != NULL ? g_bytes_get_data(args, &size) : "{}";
    g_autoptr(GError) error = NULL;
    GError *given = NULL;

    if (args == NULL)
        size = 2;
    if (evse == NULL)
        given =
            g_error_new(CFX_ERROR, CFX_ERROR_NOT_FOUND, "no EVSE of ours is bound to that asset");
    else if (action == NULL)
        given = g_error_new(CFX_ERROR, CFX_ERROR_NOT_SUPPORTED, "no command \"%s\"", name);
    else if (!cfx_json_check(text, size, OCPP_DEPTH_MAX - 2, &error) || *text != '{')
        given = g_error_new(CFX_ERROR,
                            CFX_ERROR_INVALID,
                            "arguments: %s",
                            error != NULL ? error->message : "not an object");
    else if (evse->station->socket == NULL)
        given = g_error_new(CFX_ERROR,
                            CFX_ERROR_UNAVAILABLE,
                            "station %s is not connected",
                            evse->station->identity);
    if (given != NULL) {
        cfx_call_finish(call, NULL, given);
        return;
    }
    ocpp_call_send_raw(
        evse->station, OCPP_PRIORITY_NORMAL, action, g_strndup(text, size), answered, call);
}
