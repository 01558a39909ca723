/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of the types that several functional blocks use, and the list of all actions. */
#include "ocpp-messages.h"

#include <string.h>

const char *const ocpp_attribute_words[] = { "Actual", "Target", "MinSet", "MaxSet", NULL };
const char *const ocpp_id_token_words[] = { "Central",    "eMAID",           "ISO14443",
                                            "ISO15693",   "KeyCode",         "Local",
                                            "MacAddress", "NoAuthorization", NULL };
static const char *const authorization_words[] = {
    "Accepted",           "Blocked",           "ConcurrentTx",  "Expired", "Invalid", "NoCredit",
    "NotAllowedTypeEVSE", "NotAtThisLocation", "NotAtThisTime", "Unknown", NULL
};
static const char *const message_format_words[] = { "ASCII", "HTML", "URI", "UTF8", NULL };

static const CfxJsonField custom_fields[] = {
    CFX_JSON_FIELD("vendorId", TEXT, REQUIRED, OcppCustom, vendor_id, .max = 255),
};
const CfxJsonTable ocpp_custom_table = CFX_JSON_TABLE(OcppCustom, custom_fields, CFX_JSON_OPEN);

static const CfxJsonField empty_fields[] = { OCPP_CUSTOM(OcppEmpty) };
const CfxJsonTable ocpp_empty_table = CFX_JSON_TABLE(OcppEmpty, empty_fields, 0);

static const CfxJsonField status_info_fields[] = {
    CFX_JSON_FIELD("reasonCode", TEXT, REQUIRED, OcppStatusInfo, reason_code, .max = 20),
    CFX_JSON_FIELD("additionalInfo", TEXT, OPTIONAL, OcppStatusInfo, additional_info, .max = 512),
    OCPP_CUSTOM(OcppStatusInfo),
};
const CfxJsonTable ocpp_status_info_table = CFX_JSON_TABLE(OcppStatusInfo, status_info_fields, 0);

static const CfxJsonField evse_fields[] = {
    CFX_JSON_FIELD("id", INT, REQUIRED, OcppEvseRef, id),
    CFX_JSON_FIELD("connectorId", INT, OPTIONAL, OcppEvseRef, connector_id),
    OCPP_CUSTOM(OcppEvseRef),
};
const CfxJsonTable ocpp_evse_table = CFX_JSON_TABLE(OcppEvseRef, evse_fields, 0);

static const CfxJsonField component_fields[] = {
    CFX_JSON_FIELD("name", TEXT, REQUIRED, OcppComponent, name, .max = 50),
    CFX_JSON_FIELD("instance", TEXT, OPTIONAL, OcppComponent, instance, .max = 50),
    CFX_JSON_FIELD("evse", OBJECT, OPTIONAL, OcppComponent, evse, .table = &ocpp_evse_table),
    OCPP_CUSTOM(OcppComponent),
};
const CfxJsonTable ocpp_component_table = CFX_JSON_TABLE(OcppComponent, component_fields, 0);

static const CfxJsonField variable_fields[] = {
    CFX_JSON_FIELD("name", TEXT, REQUIRED, OcppVariable, name, .max = 50),
    CFX_JSON_FIELD("instance", TEXT, OPTIONAL, OcppVariable, instance, .max = 50),
    OCPP_CUSTOM(OcppVariable),
};
const CfxJsonTable ocpp_variable_table = CFX_JSON_TABLE(OcppVariable, variable_fields, 0);

static const CfxJsonField additional_info_fields[] = {
    CFX_JSON_FIELD("additionalIdToken", TEXT, REQUIRED, OcppAdditionalInfo, id_token, .max = 36),
    CFX_JSON_FIELD("type", TEXT, REQUIRED, OcppAdditionalInfo, type, .max = 50),
    OCPP_CUSTOM(OcppAdditionalInfo),
};
static const CfxJsonTable additional_info_table =
    CFX_JSON_TABLE(OcppAdditionalInfo, additional_info_fields, 0);

static const CfxJsonField id_token_fields[] = {
    CFX_JSON_FIELD("idToken", TEXT, REQUIRED, OcppIdToken, id_token, .max = 36),
    CFX_JSON_FIELD("type", ENUM, REQUIRED, OcppIdToken, type, .words = ocpp_id_token_words),
    CFX_JSON_LIST("additionalInfo",
                  OBJECT,
                  OPTIONAL,
                  OcppIdToken,
                  additional_info,
                  .table = &additional_info_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppIdToken),
};
const CfxJsonTable ocpp_id_token_table = CFX_JSON_TABLE(OcppIdToken, id_token_fields, 0);

static const CfxJsonField message_content_fields[] = {
    CFX_JSON_FIELD(
        "format", ENUM, REQUIRED, OcppMessageContent, format, .words = message_format_words),
    CFX_JSON_FIELD("language", TEXT, OPTIONAL, OcppMessageContent, language, .max = 8),
    CFX_JSON_FIELD("content", TEXT, REQUIRED, OcppMessageContent, content, .max = 512),
    OCPP_CUSTOM(OcppMessageContent),
};
const CfxJsonTable ocpp_message_content_table =
    CFX_JSON_TABLE(OcppMessageContent, message_content_fields, 0);

static const CfxJsonField id_token_info_fields[] = {
    CFX_JSON_FIELD("status", ENUM, REQUIRED, OcppIdTokenInfo, status, .words = authorization_words),
    CFX_JSON_FIELD("cacheExpiryDateTime", TIME, OPTIONAL, OcppIdTokenInfo, cache_expiry_us),
    CFX_JSON_FIELD("chargingPriority", INT, OPTIONAL, OcppIdTokenInfo, charging_priority),
    CFX_JSON_FIELD("language1", TEXT, OPTIONAL, OcppIdTokenInfo, language1, .max = 8),
    CFX_JSON_LIST("evseId", INT, OPTIONAL, OcppIdTokenInfo, evse_id, .min_items = 1),
    CFX_JSON_FIELD(
        "groupIdToken", OBJECT, OPTIONAL, OcppIdTokenInfo, group, .table = &ocpp_id_token_table),
    CFX_JSON_FIELD("language2", TEXT, OPTIONAL, OcppIdTokenInfo, language2, .max = 8),
    CFX_JSON_FIELD("personalMessage",
                   OBJECT,
                   OPTIONAL,
                   OcppIdTokenInfo,
                   personal_message,
                   .table = &ocpp_message_content_table),
    OCPP_CUSTOM(OcppIdTokenInfo),
};
const CfxJsonTable ocpp_id_token_info_table =
    CFX_JSON_TABLE(OcppIdTokenInfo, id_token_info_fields, 0);

const OcppAction *const ocpp_action_lists[] = {
    ocpp_transaction_actions,  ocpp_availability_actions,
    ocpp_charging_actions,     ocpp_provisioning_actions,
    ocpp_device_model_actions, ocpp_authorization_actions,
    ocpp_remote_actions,       NULL,
};

const OcppAction *
ocpp_action_find(const char *action)
{
    for (gsize i = 0; ocpp_action_lists[i] != NULL; i++) {
        for (const OcppAction *at = ocpp_action_lists[i]; at->action != NULL; at++) {
            if (strcmp(at->action, action) == 0)
                return at;
        }
    }
    return NULL;
}
