/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks A, G, L, N, P: status, events, security events, states of jobs, data transfer. */
#include "ocpp-messages.h"

const char *const ocpp_connector_words[] = { "Available",   "Occupied", "Reserved",
                                             "Unavailable", "Faulted",  NULL };
const char *const ocpp_firmware_words[] = {
    "Downloaded",         "DownloadFailed",    "Downloading",
    "DownloadScheduled",  "DownloadPaused",    "Idle",
    "InstallationFailed", "Installing",        "Installed",
    "InstallRebooting",   "InstallScheduled",  "InstallVerificationFailed",
    "InvalidSignature",   "SignatureVerified", NULL
};
const char *const ocpp_log_words[] = { "BadMessage",
                                       "Idle",
                                       "NotSupportedOperation",
                                       "PermissionDenied",
                                       "Uploaded",
                                       "UploadFailure",
                                       "Uploading",
                                       "AcceptedCanceled",
                                       NULL };
static const char *const trigger_words[] = { "Alerting", "Delta", "Periodic", NULL };
static const char *const notification_words[] = {
    "HardWiredNotification", "HardWiredMonitor", "PreconfiguredMonitor", "CustomMonitor", NULL
};
static const char *const data_transfer_words[] = {
    "Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId", NULL
};

static const CfxJsonField status_fields[] = {
    CFX_JSON_FIELD("timestamp", TIME, REQUIRED, OcppStatusNotification, timestamp_us),
    CFX_JSON_FIELD("connectorStatus",
                   ENUM,
                   REQUIRED,
                   OcppStatusNotification,
                   status,
                   .words = ocpp_connector_words),
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppStatusNotification, evse_id),
    CFX_JSON_FIELD("connectorId", INT, REQUIRED, OcppStatusNotification, connector_id),
    OCPP_CUSTOM(OcppStatusNotification),
};
static const CfxJsonTable status_table = CFX_JSON_TABLE(OcppStatusNotification, status_fields, 0);

static const CfxJsonField event_data_fields[] = {
    CFX_JSON_FIELD("eventId", INT, REQUIRED, OcppEventData, event_id),
    CFX_JSON_FIELD("timestamp", TIME, REQUIRED, OcppEventData, timestamp_us),
    CFX_JSON_FIELD("trigger", ENUM, REQUIRED, OcppEventData, trigger, .words = trigger_words),
    CFX_JSON_FIELD("cause", INT, OPTIONAL, OcppEventData, cause),
    CFX_JSON_FIELD("actualValue", TEXT, REQUIRED, OcppEventData, actual_value, .max = 2500),
    CFX_JSON_FIELD("techCode", TEXT, OPTIONAL, OcppEventData, tech_code, .max = 50),
    CFX_JSON_FIELD("techInfo", TEXT, OPTIONAL, OcppEventData, tech_info, .max = 500),
    CFX_JSON_FIELD("cleared", BOOL, OPTIONAL, OcppEventData, is_cleared),
    CFX_JSON_FIELD("transactionId", TEXT, OPTIONAL, OcppEventData, transaction_id, .max = 36),
    CFX_JSON_FIELD(
        "component", OBJECT, REQUIRED, OcppEventData, component, .table = &ocpp_component_table),
    CFX_JSON_FIELD("variableMonitoringId", INT, OPTIONAL, OcppEventData, monitoring_id),
    CFX_JSON_FIELD("eventNotificationType",
                   ENUM,
                   REQUIRED,
                   OcppEventData,
                   notification_type,
                   .words = notification_words),
    CFX_JSON_FIELD(
        "variable", OBJECT, REQUIRED, OcppEventData, variable, .table = &ocpp_variable_table),
    OCPP_CUSTOM(OcppEventData),
};
static const CfxJsonTable event_data_table = CFX_JSON_TABLE(OcppEventData, event_data_fields, 0);

static const CfxJsonField notify_event_fields[] = {
    CFX_JSON_FIELD("generatedAt", TIME, REQUIRED, OcppNotifyEvent, generated_us),
    CFX_JSON_FIELD("tbc", BOOL, OPTIONAL, OcppNotifyEvent, is_to_be_continued),
    CFX_JSON_FIELD("seqNo", INT, REQUIRED, OcppNotifyEvent, seq_no),
    CFX_JSON_LIST("eventData",
                  OBJECT,
                  REQUIRED,
                  OcppNotifyEvent,
                  events,
                  .table = &event_data_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppNotifyEvent),
};
static const CfxJsonTable notify_event_table =
    CFX_JSON_TABLE(OcppNotifyEvent, notify_event_fields, 0);

static const CfxJsonField security_fields[] = {
    CFX_JSON_FIELD("type", TEXT, REQUIRED, OcppSecurityEvent, type, .max = 50),
    CFX_JSON_FIELD("timestamp", TIME, REQUIRED, OcppSecurityEvent, timestamp_us),
    CFX_JSON_FIELD("techInfo", TEXT, OPTIONAL, OcppSecurityEvent, tech_info, .max = 255),
    OCPP_CUSTOM(OcppSecurityEvent),
};
static const CfxJsonTable security_table = CFX_JSON_TABLE(OcppSecurityEvent, security_fields, 0);

static const CfxJsonField firmware_fields[] = {
    CFX_JSON_FIELD("status", ENUM, REQUIRED, OcppJobStatus, status, .words = ocpp_firmware_words),
    CFX_JSON_FIELD("requestId", INT, OPTIONAL, OcppJobStatus, request_id),
    OCPP_CUSTOM(OcppJobStatus),
};
static const CfxJsonTable firmware_table = CFX_JSON_TABLE(OcppJobStatus, firmware_fields, 0);

static const CfxJsonField log_fields[] = {
    CFX_JSON_FIELD("status", ENUM, REQUIRED, OcppJobStatus, status, .words = ocpp_log_words),
    CFX_JSON_FIELD("requestId", INT, OPTIONAL, OcppJobStatus, request_id),
    OCPP_CUSTOM(OcppJobStatus),
};
static const CfxJsonTable log_table = CFX_JSON_TABLE(OcppJobStatus, log_fields, 0);

static const CfxJsonField data_transfer_fields[] = {
    CFX_JSON_FIELD("messageId", TEXT, OPTIONAL, OcppDataTransfer, message_id, .max = 50),
    CFX_JSON_FIELD("data", RAW, OPTIONAL, OcppDataTransfer, data),
    CFX_JSON_FIELD("vendorId", TEXT, REQUIRED, OcppDataTransfer, vendor_id, .max = 255),
    OCPP_CUSTOM(OcppDataTransfer),
};
static const CfxJsonTable data_transfer_table =
    CFX_JSON_TABLE(OcppDataTransfer, data_transfer_fields, 0);

static const CfxJsonField data_transfer_answer_fields[] = {
    CFX_JSON_FIELD(
        "status", ENUM, REQUIRED, OcppDataTransferAnswer, status, .words = data_transfer_words),
    CFX_JSON_FIELD("statusInfo",
                   OBJECT,
                   OPTIONAL,
                   OcppDataTransferAnswer,
                   status_info,
                   .table = &ocpp_status_info_table),
    CFX_JSON_FIELD("data", RAW, OPTIONAL, OcppDataTransferAnswer, data),
    OCPP_CUSTOM(OcppDataTransferAnswer),
};
static const CfxJsonTable data_transfer_answer_table =
    CFX_JSON_TABLE(OcppDataTransferAnswer, data_transfer_answer_fields, 0);

const OcppAction ocpp_availability_actions[] = {
    { "StatusNotification", &status_table, &ocpp_empty_table, FALSE },
    { "NotifyEvent", &notify_event_table, &ocpp_empty_table, FALSE },
    { "SecurityEventNotification", &security_table, &ocpp_empty_table, FALSE },
    { "FirmwareStatusNotification", &firmware_table, &ocpp_empty_table, FALSE },
    { "LogStatusNotification", &log_table, &ocpp_empty_table, FALSE },
    { "DataTransfer", &data_transfer_table, &data_transfer_answer_table, FALSE },
    { NULL, NULL, NULL, FALSE },
};
