/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks E and J: transactions and meter values. */
#include "ocpp-messages.h"

const char *const ocpp_charging_state_words[] = { "Charging",      "EVConnected", "SuspendedEV",
                                                  "SuspendedEVSE", "Idle",        NULL };
const char *const ocpp_stopped_reason_words[] = {
    "DeAuthorized",     "EmergencyStop", "EnergyLimitReached", "EVDisconnected", "GroundFault",
    "ImmediateReset",   "Local",         "LocalOutOfCredit",   "MasterPass",     "Other",
    "OvercurrentFault", "PowerLoss",     "PowerQuality",       "Reboot",         "Remote",
    "SOCLimitReached",  "StoppedByEV",   "TimeLimitReached",   "Timeout",        NULL
};
const char *const ocpp_trigger_reason_words[] = { "Authorized",          "CablePluggedIn",
                                                  "ChargingRateChanged", "ChargingStateChanged",
                                                  "Deauthorized",        "EnergyLimitReached",
                                                  "EVCommunicationLost", "EVConnectTimeout",
                                                  "MeterValueClock",     "MeterValuePeriodic",
                                                  "TimeLimitReached",    "Trigger",
                                                  "UnlockCommand",       "StopAuthorized",
                                                  "EVDeparted",          "EVDetected",
                                                  "RemoteStop",          "RemoteStart",
                                                  "AbnormalCondition",   "SignedDataReceived",
                                                  "ResetCommand",        NULL };
static const char *const event_words[] = { "Ended", "Started", "Updated", NULL };
static const char *const context_words[] = {
    "Interruption.Begin", "Interruption.End", "Other",
    "Sample.Clock",       "Sample.Periodic",  "Transaction.Begin",
    "Transaction.End",    "Trigger",          NULL
};
static const char *const location_words[] = { "Body", "Cable", "EV", "Inlet", "Outlet", NULL };
static const char *const phase_words[] = { "L1",   "L2",    "L3",    "N",     "L1-N", "L2-N",
                                           "L3-N", "L1-L2", "L2-L3", "L3-L1", NULL };
static const char *const measurand_words[] = {
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Active.Net",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Energy.Reactive.Net",
    "Energy.Apparent.Net",
    "Energy.Apparent.Import",
    "Energy.Apparent.Export",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "SoC",
    "Voltage",
    NULL,
};

static const CfxJsonField signed_fields[] = {
    CFX_JSON_FIELD("signedMeterData", TEXT, REQUIRED, OcppSignedValue, data, .max = 2500),
    CFX_JSON_FIELD("signingMethod", TEXT, REQUIRED, OcppSignedValue, signing_method, .max = 50),
    CFX_JSON_FIELD("encodingMethod", TEXT, REQUIRED, OcppSignedValue, encoding_method, .max = 50),
    CFX_JSON_FIELD("publicKey", TEXT, REQUIRED, OcppSignedValue, public_key, .max = 2500),
    OCPP_CUSTOM(OcppSignedValue),
};
static const CfxJsonTable signed_table = CFX_JSON_TABLE(OcppSignedValue, signed_fields, 0);

static const CfxJsonField unit_fields[] = {
    CFX_JSON_FIELD("unit", TEXT, OPTIONAL, OcppUnitOfMeasure, unit, .max = 20),
    CFX_JSON_FIELD("multiplier", INT, OPTIONAL, OcppUnitOfMeasure, multiplier),
    OCPP_CUSTOM(OcppUnitOfMeasure),
};
static const CfxJsonTable unit_table = CFX_JSON_TABLE(OcppUnitOfMeasure, unit_fields, 0);

static const CfxJsonField sampled_fields[] = {
    CFX_JSON_FIELD("value", REAL, REQUIRED, OcppSampledValue, value),
    CFX_JSON_FIELD("context", ENUM, OPTIONAL, OcppSampledValue, context, .words = context_words),
    CFX_JSON_FIELD(
        "measurand", ENUM, OPTIONAL, OcppSampledValue, measurand, .words = measurand_words),
    CFX_JSON_FIELD("phase", ENUM, OPTIONAL, OcppSampledValue, phase, .words = phase_words),
    CFX_JSON_FIELD("location", ENUM, OPTIONAL, OcppSampledValue, location, .words = location_words),
    CFX_JSON_FIELD("signedMeterValue",
                   OBJECT,
                   OPTIONAL,
                   OcppSampledValue,
                   signed_value,
                   .table = &signed_table),
    CFX_JSON_FIELD("unitOfMeasure", OBJECT, OPTIONAL, OcppSampledValue, unit, .table = &unit_table),
    OCPP_CUSTOM(OcppSampledValue),
};
static const CfxJsonTable sampled_table = CFX_JSON_TABLE(OcppSampledValue, sampled_fields, 0);

static const CfxJsonField meter_value_fields[] = {
    CFX_JSON_FIELD("timestamp", TIME, REQUIRED, OcppMeterValue, timestamp_us),
    CFX_JSON_LIST("sampledValue",
                  OBJECT,
                  REQUIRED,
                  OcppMeterValue,
                  sampled,
                  .table = &sampled_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppMeterValue),
};
const CfxJsonTable ocpp_meter_value_table = CFX_JSON_TABLE(OcppMeterValue, meter_value_fields, 0);

static const CfxJsonField meter_values_fields[] = {
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppMeterValues, evse_id),
    CFX_JSON_LIST("meterValue",
                  OBJECT,
                  REQUIRED,
                  OcppMeterValues,
                  meter_value,
                  .table = &ocpp_meter_value_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppMeterValues),
};
static const CfxJsonTable meter_values_table =
    CFX_JSON_TABLE(OcppMeterValues, meter_values_fields, 0);

static const CfxJsonField info_fields[] = {
    CFX_JSON_FIELD("transactionId", TEXT, REQUIRED, OcppTransactionInfo, id, .max = 36),
    CFX_JSON_FIELD("chargingState",
                   ENUM,
                   OPTIONAL,
                   OcppTransactionInfo,
                   charging_state,
                   .words = ocpp_charging_state_words),
    CFX_JSON_FIELD("timeSpentCharging", INT, OPTIONAL, OcppTransactionInfo, time_spent_s),
    CFX_JSON_FIELD("stoppedReason",
                   ENUM,
                   OPTIONAL,
                   OcppTransactionInfo,
                   stopped_reason,
                   .words = ocpp_stopped_reason_words),
    CFX_JSON_FIELD("remoteStartId", INT, OPTIONAL, OcppTransactionInfo, remote_start_id),
    OCPP_CUSTOM(OcppTransactionInfo),
};
static const CfxJsonTable info_table = CFX_JSON_TABLE(OcppTransactionInfo, info_fields, 0);

static const CfxJsonField event_fields[] = {
    CFX_JSON_FIELD(
        "eventType", ENUM, REQUIRED, OcppTransactionEvent, event_type, .words = event_words),
    CFX_JSON_FIELD("timestamp", TIME, REQUIRED, OcppTransactionEvent, timestamp_us),
    CFX_JSON_FIELD("triggerReason",
                   ENUM,
                   REQUIRED,
                   OcppTransactionEvent,
                   trigger,
                   .words = ocpp_trigger_reason_words),
    CFX_JSON_FIELD("seqNo", INT, REQUIRED, OcppTransactionEvent, seq_no),
    CFX_JSON_FIELD(
        "transactionInfo", OBJECT, REQUIRED, OcppTransactionEvent, info, .table = &info_table),
    CFX_JSON_LIST("meterValue",
                  OBJECT,
                  OPTIONAL,
                  OcppTransactionEvent,
                  meter_value,
                  .table = &ocpp_meter_value_table,
                  .min_items = 1),
    CFX_JSON_FIELD("offline", BOOL, OPTIONAL, OcppTransactionEvent, is_offline),
    CFX_JSON_FIELD("numberOfPhasesUsed", INT, OPTIONAL, OcppTransactionEvent, n_phases),
    CFX_JSON_FIELD("cableMaxCurrent", INT, OPTIONAL, OcppTransactionEvent, cable_max_current),
    CFX_JSON_FIELD("reservationId", INT, OPTIONAL, OcppTransactionEvent, reservation_id),
    CFX_JSON_FIELD("evse", OBJECT, OPTIONAL, OcppTransactionEvent, evse, .table = &ocpp_evse_table),
    CFX_JSON_FIELD(
        "idToken", OBJECT, OPTIONAL, OcppTransactionEvent, id_token, .table = &ocpp_id_token_table),
    OCPP_CUSTOM(OcppTransactionEvent),
};
static const CfxJsonTable event_table = CFX_JSON_TABLE(OcppTransactionEvent, event_fields, 0);

static const CfxJsonField answer_fields[] = {
    CFX_JSON_FIELD("totalCost", REAL, OPTIONAL, OcppTransactionAnswer, total_cost),
    CFX_JSON_FIELD("chargingPriority", INT, OPTIONAL, OcppTransactionAnswer, charging_priority),
    CFX_JSON_FIELD("idTokenInfo",
                   OBJECT,
                   OPTIONAL,
                   OcppTransactionAnswer,
                   id_token_info,
                   .table = &ocpp_id_token_info_table),
    CFX_JSON_FIELD("updatedPersonalMessage",
                   OBJECT,
                   OPTIONAL,
                   OcppTransactionAnswer,
                   personal_message,
                   .table = &ocpp_message_content_table),
    OCPP_CUSTOM(OcppTransactionAnswer),
};
static const CfxJsonTable answer_table = CFX_JSON_TABLE(OcppTransactionAnswer, answer_fields, 0);

const OcppAction ocpp_transaction_actions[] = {
    { "TransactionEvent", &event_table, &answer_table, FALSE },
    { "MeterValues", &meter_values_table, &ocpp_empty_table, FALSE },
    { NULL, NULL, NULL, FALSE },
};
