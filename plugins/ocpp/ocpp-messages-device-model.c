/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block B: variables and reports of the device model. */
#include "ocpp-messages.h"

static const char *const data_type_words[] = { "string",       "decimal",    "integer",
                                               "dateTime",     "boolean",    "OptionList",
                                               "SequenceList", "MemberList", NULL };
static const char *const mutability_words[] = { "ReadOnly", "WriteOnly", "ReadWrite", NULL };
static const char *const report_base_words[] = {
    "ConfigurationInventory", "FullInventory", "SummaryInventory", NULL
};
static const char *const device_model_status_words[] = {
    "Accepted", "Rejected", "NotSupported", "EmptyResultSet", NULL
};
static const char *const get_status_words[] = {
    "Accepted", "Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType", NULL
};
static const char *const set_status_words[] = { "Accepted",
                                                "Rejected",
                                                "UnknownComponent",
                                                "UnknownVariable",
                                                "NotSupportedAttributeType",
                                                "RebootRequired",
                                                NULL };

/* component and variable, which most types here have */
#define COMPONENT(T)                                                                               \
    CFX_JSON_FIELD("component", OBJECT, REQUIRED, T, component, .table = &ocpp_component_table)
#define VARIABLE(T)                                                                                \
    CFX_JSON_FIELD("variable", OBJECT, REQUIRED, T, variable, .table = &ocpp_variable_table)
#define ATTRIBUTE_TYPE(T)                                                                          \
    CFX_JSON_FIELD(                                                                                \
        "attributeType", ENUM, OPTIONAL, T, attribute_type, .words = ocpp_attribute_words)
#define STATUS_INFO(T, name)                                                                       \
    CFX_JSON_FIELD(name, OBJECT, OPTIONAL, T, status_info, .table = &ocpp_status_info_table)

static const CfxJsonField attribute_fields[] = {
    CFX_JSON_FIELD(
        "type", ENUM, OPTIONAL, OcppVariableAttribute, type, .words = ocpp_attribute_words),
    CFX_JSON_FIELD("value", TEXT, OPTIONAL, OcppVariableAttribute, value, .max = 2500),
    CFX_JSON_FIELD(
        "mutability", ENUM, OPTIONAL, OcppVariableAttribute, mutability, .words = mutability_words),
    CFX_JSON_FIELD("persistent", BOOL, OPTIONAL, OcppVariableAttribute, is_persistent),
    CFX_JSON_FIELD("constant", BOOL, OPTIONAL, OcppVariableAttribute, is_constant),
    OCPP_CUSTOM(OcppVariableAttribute),
};
static const CfxJsonTable attribute_table =
    CFX_JSON_TABLE(OcppVariableAttribute, attribute_fields, 0);

static const CfxJsonField characteristics_fields[] = {
    CFX_JSON_FIELD("unit", TEXT, OPTIONAL, OcppCharacteristics, unit, .max = 16),
    CFX_JSON_FIELD(
        "dataType", ENUM, REQUIRED, OcppCharacteristics, data_type, .words = data_type_words),
    CFX_JSON_FIELD("minLimit", REAL, OPTIONAL, OcppCharacteristics, min_limit),
    CFX_JSON_FIELD("maxLimit", REAL, OPTIONAL, OcppCharacteristics, max_limit),
    CFX_JSON_FIELD("valuesList", TEXT, OPTIONAL, OcppCharacteristics, values_list, .max = 1000),
    CFX_JSON_FIELD("supportsMonitoring", BOOL, REQUIRED, OcppCharacteristics, supports_monitoring),
    OCPP_CUSTOM(OcppCharacteristics),
};
static const CfxJsonTable characteristics_table =
    CFX_JSON_TABLE(OcppCharacteristics, characteristics_fields, 0);

static const CfxJsonField report_data_fields[] = {
    COMPONENT(OcppReportData),
    VARIABLE(OcppReportData),
    CFX_JSON_LIST("variableAttribute",
                  OBJECT,
                  REQUIRED,
                  OcppReportData,
                  attributes,
                  .table = &attribute_table,
                  .min_items = 1,
                  .max_items = 4),
    CFX_JSON_FIELD("variableCharacteristics",
                   OBJECT,
                   OPTIONAL,
                   OcppReportData,
                   characteristics,
                   .table = &characteristics_table),
    OCPP_CUSTOM(OcppReportData),
};
static const CfxJsonTable report_data_table = CFX_JSON_TABLE(OcppReportData, report_data_fields, 0);

static const CfxJsonField notify_report_fields[] = {
    CFX_JSON_FIELD("requestId", INT, REQUIRED, OcppNotifyReport, request_id),
    CFX_JSON_FIELD("generatedAt", TIME, REQUIRED, OcppNotifyReport, generated_us),
    CFX_JSON_LIST("reportData",
                  OBJECT,
                  OPTIONAL,
                  OcppNotifyReport,
                  report_data,
                  .table = &report_data_table,
                  .min_items = 1),
    CFX_JSON_FIELD("tbc", BOOL, OPTIONAL, OcppNotifyReport, is_to_be_continued),
    CFX_JSON_FIELD("seqNo", INT, REQUIRED, OcppNotifyReport, seq_no),
    OCPP_CUSTOM(OcppNotifyReport),
};
static const CfxJsonTable notify_report_table =
    CFX_JSON_TABLE(OcppNotifyReport, notify_report_fields, 0);

static const CfxJsonField base_report_fields[] = {
    CFX_JSON_FIELD("requestId", INT, REQUIRED, OcppGetBaseReport, request_id),
    CFX_JSON_FIELD(
        "reportBase", ENUM, REQUIRED, OcppGetBaseReport, report_base, .words = report_base_words),
    OCPP_CUSTOM(OcppGetBaseReport),
};
static const CfxJsonTable base_report_table =
    CFX_JSON_TABLE(OcppGetBaseReport, base_report_fields, 0);

static const CfxJsonField base_report_answer_fields[] = {
    CFX_JSON_FIELD(
        "status", ENUM, REQUIRED, OcppStatusAnswer, status, .words = device_model_status_words),
    STATUS_INFO(OcppStatusAnswer, "statusInfo"),
    OCPP_CUSTOM(OcppStatusAnswer),
};
static const CfxJsonTable base_report_answer_table =
    CFX_JSON_TABLE(OcppStatusAnswer, base_report_answer_fields, 0);

static const CfxJsonField get_data_fields[] = {
    ATTRIBUTE_TYPE(OcppGetVariableData),
    COMPONENT(OcppGetVariableData),
    VARIABLE(OcppGetVariableData),
    OCPP_CUSTOM(OcppGetVariableData),
};
static const CfxJsonTable get_data_table = CFX_JSON_TABLE(OcppGetVariableData, get_data_fields, 0);

static const CfxJsonField get_variables_fields[] = {
    CFX_JSON_LIST("getVariableData",
                  OBJECT,
                  REQUIRED,
                  OcppGetVariables,
                  data,
                  .table = &get_data_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppGetVariables),
};
static const CfxJsonTable get_variables_table =
    CFX_JSON_TABLE(OcppGetVariables, get_variables_fields, 0);

static const CfxJsonField get_result_fields[] = {
    STATUS_INFO(OcppGetVariableResult, "attributeStatusInfo"),
    CFX_JSON_FIELD("attributeStatus",
                   ENUM,
                   REQUIRED,
                   OcppGetVariableResult,
                   status,
                   .words = get_status_words),
    ATTRIBUTE_TYPE(OcppGetVariableResult),
    CFX_JSON_FIELD("attributeValue", TEXT, OPTIONAL, OcppGetVariableResult, value, .max = 2500),
    COMPONENT(OcppGetVariableResult),
    VARIABLE(OcppGetVariableResult),
    OCPP_CUSTOM(OcppGetVariableResult),
};
static const CfxJsonTable get_result_table =
    CFX_JSON_TABLE(OcppGetVariableResult, get_result_fields, 0);

static const CfxJsonField get_answer_fields[] = {
    CFX_JSON_LIST("getVariableResult",
                  OBJECT,
                  REQUIRED,
                  OcppGetVariablesAnswer,
                  results,
                  .table = &get_result_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppGetVariablesAnswer),
};
static const CfxJsonTable get_answer_table =
    CFX_JSON_TABLE(OcppGetVariablesAnswer, get_answer_fields, 0);

static const CfxJsonField set_data_fields[] = {
    ATTRIBUTE_TYPE(OcppSetVariableData),
    CFX_JSON_FIELD("attributeValue", TEXT, REQUIRED, OcppSetVariableData, value, .max = 1000),
    COMPONENT(OcppSetVariableData),
    VARIABLE(OcppSetVariableData),
    OCPP_CUSTOM(OcppSetVariableData),
};
static const CfxJsonTable set_data_table = CFX_JSON_TABLE(OcppSetVariableData, set_data_fields, 0);

static const CfxJsonField set_variables_fields[] = {
    CFX_JSON_LIST("setVariableData",
                  OBJECT,
                  REQUIRED,
                  OcppSetVariables,
                  data,
                  .table = &set_data_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppSetVariables),
};
static const CfxJsonTable set_variables_table =
    CFX_JSON_TABLE(OcppSetVariables, set_variables_fields, 0);

static const CfxJsonField set_result_fields[] = {
    ATTRIBUTE_TYPE(OcppSetVariableResult),
    CFX_JSON_FIELD("attributeStatus",
                   ENUM,
                   REQUIRED,
                   OcppSetVariableResult,
                   status,
                   .words = set_status_words),
    STATUS_INFO(OcppSetVariableResult, "attributeStatusInfo"),
    COMPONENT(OcppSetVariableResult),
    VARIABLE(OcppSetVariableResult),
    OCPP_CUSTOM(OcppSetVariableResult),
};
static const CfxJsonTable set_result_table =
    CFX_JSON_TABLE(OcppSetVariableResult, set_result_fields, 0);

static const CfxJsonField set_answer_fields[] = {
    CFX_JSON_LIST("setVariableResult",
                  OBJECT,
                  REQUIRED,
                  OcppSetVariablesAnswer,
                  results,
                  .table = &set_result_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppSetVariablesAnswer),
};
static const CfxJsonTable set_answer_table =
    CFX_JSON_TABLE(OcppSetVariablesAnswer, set_answer_fields, 0);

const OcppAction ocpp_device_model_actions[] = {
    { "NotifyReport", &notify_report_table, &ocpp_empty_table, FALSE },
    { "GetBaseReport", &base_report_table, &base_report_answer_table, TRUE },
    { "GetVariables", &get_variables_table, &get_answer_table, TRUE },
    { "SetVariables", &set_variables_table, &set_answer_table, TRUE },
    { NULL, NULL, NULL, FALSE },
};
