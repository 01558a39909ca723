/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks B, F, G and K: what a person asks of a station. */
#include "ocpp-messages.h"

static const char *const reset_words[] = { "Immediate", "OnIdle", NULL };
static const char *const reset_status_words[] = { "Accepted", "Rejected", "Scheduled", NULL };
static const char *const trigger_words[] = { "BootNotification",
                                             "LogStatusNotification",
                                             "FirmwareStatusNotification",
                                             "Heartbeat",
                                             "MeterValues",
                                             "SignChargingStationCertificate",
                                             "SignV2GCertificate",
                                             "StatusNotification",
                                             "TransactionEvent",
                                             "SignCombinedCertificate",
                                             "PublishFirmwareStatusNotification",
                                             NULL };
static const char *const trigger_status_words[] = {
    "Accepted", "Rejected", "NotImplemented", NULL
};
static const char *const start_stop_words[] = { "Accepted", "Rejected", NULL };
static const char *const unlock_words[] = {
    "Unlocked", "UnlockFailed", "OngoingAuthorizedTransaction", "UnknownConnector", NULL
};
static const char *const operational_words[] = { "Inoperative", "Operative", NULL };
static const char *const availability_status_words[] = {
    "Accepted", "Rejected", "Scheduled", NULL
};

/* an answer that is a status with these words */
#define STATUS_ANSWER(its_table, its_words)                                                        \
    static const CfxJsonField its_table##_fields[] = {                                             \
        CFX_JSON_FIELD("status", ENUM, REQUIRED, OcppStatusAnswer, status, .words = its_words),    \
        CFX_JSON_FIELD("statusInfo",                                                               \
                       OBJECT,                                                                     \
                       OPTIONAL,                                                                   \
                       OcppStatusAnswer,                                                           \
                       status_info,                                                                \
                       .table = &ocpp_status_info_table),                                          \
        OCPP_CUSTOM(OcppStatusAnswer),                                                             \
    };                                                                                             \
    static const CfxJsonTable its_table = CFX_JSON_TABLE(OcppStatusAnswer, its_table##_fields, 0)

STATUS_ANSWER(reset_answer_table, reset_status_words);
STATUS_ANSWER(trigger_answer_table, trigger_status_words);
STATUS_ANSWER(stop_answer_table, start_stop_words);
STATUS_ANSWER(unlock_answer_table, unlock_words);
STATUS_ANSWER(availability_answer_table, availability_status_words);

static const CfxJsonField reset_fields[] = {
    CFX_JSON_FIELD("type", ENUM, REQUIRED, OcppReset, type, .words = reset_words),
    CFX_JSON_FIELD("evseId", INT, OPTIONAL, OcppReset, evse_id),
    OCPP_CUSTOM(OcppReset),
};
static const CfxJsonTable reset_table = CFX_JSON_TABLE(OcppReset, reset_fields, 0);

static const CfxJsonField trigger_fields[] = {
    CFX_JSON_FIELD("evse", OBJECT, OPTIONAL, OcppTrigger, evse, .table = &ocpp_evse_table),
    CFX_JSON_FIELD(
        "requestedMessage", ENUM, REQUIRED, OcppTrigger, message, .words = trigger_words),
    OCPP_CUSTOM(OcppTrigger),
};
static const CfxJsonTable trigger_table = CFX_JSON_TABLE(OcppTrigger, trigger_fields, 0);

static const CfxJsonField start_fields[] = {
    CFX_JSON_FIELD("evseId", INT, OPTIONAL, OcppRequestStart, evse_id),
    CFX_JSON_FIELD(
        "groupIdToken", OBJECT, OPTIONAL, OcppRequestStart, group, .table = &ocpp_id_token_table),
    CFX_JSON_FIELD(
        "idToken", OBJECT, REQUIRED, OcppRequestStart, id_token, .table = &ocpp_id_token_table),
    CFX_JSON_FIELD("remoteStartId", INT, REQUIRED, OcppRequestStart, remote_start_id),
    CFX_JSON_FIELD("chargingProfile",
                   OBJECT,
                   OPTIONAL,
                   OcppRequestStart,
                   profile,
                   .table = &ocpp_profile_table),
    OCPP_CUSTOM(OcppRequestStart),
};
static const CfxJsonTable start_table = CFX_JSON_TABLE(OcppRequestStart, start_fields, 0);

static const CfxJsonField start_answer_fields[] = {
    CFX_JSON_FIELD(
        "status", ENUM, REQUIRED, OcppRequestStartAnswer, status, .words = start_stop_words),
    CFX_JSON_FIELD("statusInfo",
                   OBJECT,
                   OPTIONAL,
                   OcppRequestStartAnswer,
                   status_info,
                   .table = &ocpp_status_info_table),
    CFX_JSON_FIELD(
        "transactionId", TEXT, OPTIONAL, OcppRequestStartAnswer, transaction_id, .max = 36),
    OCPP_CUSTOM(OcppRequestStartAnswer),
};
static const CfxJsonTable start_answer_table =
    CFX_JSON_TABLE(OcppRequestStartAnswer, start_answer_fields, 0);

static const CfxJsonField stop_fields[] = {
    CFX_JSON_FIELD("transactionId", TEXT, REQUIRED, OcppRequestStop, transaction_id, .max = 36),
    OCPP_CUSTOM(OcppRequestStop),
};
static const CfxJsonTable stop_table = CFX_JSON_TABLE(OcppRequestStop, stop_fields, 0);

static const CfxJsonField unlock_fields[] = {
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppUnlock, evse_id),
    CFX_JSON_FIELD("connectorId", INT, REQUIRED, OcppUnlock, connector_id),
    OCPP_CUSTOM(OcppUnlock),
};
static const CfxJsonTable unlock_table = CFX_JSON_TABLE(OcppUnlock, unlock_fields, 0);

static const CfxJsonField availability_fields[] = {
    CFX_JSON_FIELD(
        "evse", OBJECT, OPTIONAL, OcppChangeAvailability, evse, .table = &ocpp_evse_table),
    CFX_JSON_FIELD("operationalStatus",
                   ENUM,
                   REQUIRED,
                   OcppChangeAvailability,
                   status,
                   .words = operational_words),
    OCPP_CUSTOM(OcppChangeAvailability),
};
static const CfxJsonTable availability_table =
    CFX_JSON_TABLE(OcppChangeAvailability, availability_fields, 0);

static const CfxJsonField get_composite_fields[] = {
    CFX_JSON_FIELD("duration", INT, REQUIRED, OcppGetComposite, duration_s),
    CFX_JSON_FIELD("chargingRateUnit",
                   ENUM,
                   OPTIONAL,
                   OcppGetComposite,
                   rate_unit,
                   .words = ocpp_rate_unit_words),
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppGetComposite, evse_id),
    OCPP_CUSTOM(OcppGetComposite),
};
static const CfxJsonTable get_composite_table =
    CFX_JSON_TABLE(OcppGetComposite, get_composite_fields, 0);

static const CfxJsonField composite_fields[] = {
    CFX_JSON_LIST("chargingSchedulePeriod",
                  OBJECT,
                  REQUIRED,
                  OcppComposite,
                  periods,
                  .table = &ocpp_period_table,
                  .min_items = 1),
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppComposite, evse_id),
    CFX_JSON_FIELD("duration", INT, REQUIRED, OcppComposite, duration_s),
    CFX_JSON_FIELD("scheduleStart", TIME, REQUIRED, OcppComposite, start_us),
    CFX_JSON_FIELD("chargingRateUnit",
                   ENUM,
                   REQUIRED,
                   OcppComposite,
                   rate_unit,
                   .words = ocpp_rate_unit_words),
    OCPP_CUSTOM(OcppComposite),
};
static const CfxJsonTable composite_table = CFX_JSON_TABLE(OcppComposite, composite_fields, 0);

static const CfxJsonField composite_answer_fields[] = {
    CFX_JSON_FIELD(
        "status", ENUM, REQUIRED, OcppGetCompositeAnswer, status, .words = start_stop_words),
    CFX_JSON_FIELD("statusInfo",
                   OBJECT,
                   OPTIONAL,
                   OcppGetCompositeAnswer,
                   status_info,
                   .table = &ocpp_status_info_table),
    CFX_JSON_FIELD(
        "schedule", OBJECT, OPTIONAL, OcppGetCompositeAnswer, schedule, .table = &composite_table),
    OCPP_CUSTOM(OcppGetCompositeAnswer),
};
static const CfxJsonTable composite_answer_table =
    CFX_JSON_TABLE(OcppGetCompositeAnswer, composite_answer_fields, 0);

const OcppAction ocpp_remote_actions[] = {
    { "Reset", &reset_table, &reset_answer_table, TRUE },
    { "TriggerMessage", &trigger_table, &trigger_answer_table, TRUE },
    { "RequestStartTransaction", &start_table, &start_answer_table, TRUE },
    { "RequestStopTransaction", &stop_table, &stop_answer_table, TRUE },
    { "UnlockConnector", &unlock_table, &unlock_answer_table, TRUE },
    { "ChangeAvailability", &availability_table, &availability_answer_table, TRUE },
    { "GetCompositeSchedule", &get_composite_table, &composite_answer_table, TRUE },
    { NULL, NULL, NULL, FALSE },
};
