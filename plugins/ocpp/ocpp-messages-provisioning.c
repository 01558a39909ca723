/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block B: boot and heartbeat. */
#include "ocpp-messages.h"

const char *const ocpp_boot_reason_words[] = {
    "ApplicationReset", "FirmwareUpdate", "LocalReset", "PowerUp",  "RemoteReset",
    "ScheduledReset",   "Triggered",      "Unknown",    "Watchdog", NULL
};
static const char *const registration_words[] = { "Accepted", "Pending", "Rejected", NULL };

static const CfxJsonField modem_fields[] = {
    CFX_JSON_FIELD("iccid", TEXT, OPTIONAL, OcppModem, iccid, .max = 20),
    CFX_JSON_FIELD("imsi", TEXT, OPTIONAL, OcppModem, imsi, .max = 20),
    OCPP_CUSTOM(OcppModem),
};
static const CfxJsonTable modem_table = CFX_JSON_TABLE(OcppModem, modem_fields, 0);

static const CfxJsonField station_fields[] = {
    CFX_JSON_FIELD("model", TEXT, REQUIRED, OcppChargingStation, model, .max = 20),
    CFX_JSON_FIELD("vendorName", TEXT, REQUIRED, OcppChargingStation, vendor_name, .max = 50),
    CFX_JSON_FIELD("serialNumber", TEXT, OPTIONAL, OcppChargingStation, serial_number, .max = 25),
    CFX_JSON_FIELD(
        "firmwareVersion", TEXT, OPTIONAL, OcppChargingStation, firmware_version, .max = 50),
    CFX_JSON_FIELD("modem", OBJECT, OPTIONAL, OcppChargingStation, modem, .table = &modem_table),
    OCPP_CUSTOM(OcppChargingStation),
};
static const CfxJsonTable station_table = CFX_JSON_TABLE(OcppChargingStation, station_fields, 0);

static const CfxJsonField boot_fields[] = {
    CFX_JSON_FIELD(
        "reason", ENUM, REQUIRED, OcppBootNotification, reason, .words = ocpp_boot_reason_words),
    CFX_JSON_FIELD("chargingStation",
                   OBJECT,
                   REQUIRED,
                   OcppBootNotification,
                   station,
                   .table = &station_table),
    OCPP_CUSTOM(OcppBootNotification),
};
static const CfxJsonTable boot_table = CFX_JSON_TABLE(OcppBootNotification, boot_fields, 0);

static const CfxJsonField boot_answer_fields[] = {
    CFX_JSON_FIELD("currentTime", TIME, REQUIRED, OcppBootAnswer, current_time_us),
    CFX_JSON_FIELD("interval", INT, REQUIRED, OcppBootAnswer, interval_s),
    CFX_JSON_FIELD("status", ENUM, REQUIRED, OcppBootAnswer, status, .words = registration_words),
    CFX_JSON_FIELD("statusInfo",
                   OBJECT,
                   OPTIONAL,
                   OcppBootAnswer,
                   status_info,
                   .table = &ocpp_status_info_table),
    OCPP_CUSTOM(OcppBootAnswer),
};
static const CfxJsonTable boot_answer_table = CFX_JSON_TABLE(OcppBootAnswer, boot_answer_fields, 0);

static const CfxJsonField heartbeat_answer_fields[] = {
    CFX_JSON_FIELD("currentTime", TIME, REQUIRED, OcppHeartbeatAnswer, current_time_us),
    OCPP_CUSTOM(OcppHeartbeatAnswer),
};
static const CfxJsonTable heartbeat_answer_table =
    CFX_JSON_TABLE(OcppHeartbeatAnswer, heartbeat_answer_fields, 0);

const OcppAction ocpp_provisioning_actions[] = {
    { "BootNotification", &boot_table, &boot_answer_table, FALSE },
    { "Heartbeat", &ocpp_empty_table, &heartbeat_answer_table, FALSE },
    { NULL, NULL, NULL, FALSE },
};
