/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block K: profiles, limits, needs. */
#include "ocpp-messages.h"

const char *const ocpp_limit_source_words[] = { "EMS", "Other", "SO", "CSO", NULL };
const char *const ocpp_rate_unit_words[] = { "W", "A", NULL };
static const char *const purpose_words[] = { "ChargingStationExternalConstraints",
                                             "ChargingStationMaxProfile",
                                             "TxDefaultProfile",
                                             "TxProfile",
                                             NULL };
static const char *const kind_words[] = { "Absolute", "Recurring", "Relative", NULL };
static const char *const recurrency_words[] = { "Daily", "Weekly", NULL };
static const char *const cost_kind_words[] = {
    "CarbonDioxideEmission", "RelativePricePercentage", "RenewableGenerationPercentage", NULL
};
static const char *const transfer_words[] = {
    "DC", "AC_single_phase", "AC_two_phase", "AC_three_phase", NULL
};
static const char *const accepted_rejected_words[] = { "Accepted", "Rejected", NULL };
static const char *const accepted_unknown_words[] = { "Accepted", "Unknown", NULL };
static const char *const accepted_none_words[] = { "Accepted", "NoProfiles", NULL };
static const char *const needs_words[] = { "Accepted", "Rejected", "Processing", NULL };

static const CfxJsonField period_fields[] = {
    CFX_JSON_FIELD("startPeriod", INT, REQUIRED, OcppSchedulePeriod, start_s),
    CFX_JSON_FIELD("limit", REAL, REQUIRED, OcppSchedulePeriod, limit),
    CFX_JSON_FIELD("numberPhases", INT, OPTIONAL, OcppSchedulePeriod, n_phases),
    CFX_JSON_FIELD("phaseToUse", INT, OPTIONAL, OcppSchedulePeriod, phase_to_use),
    OCPP_CUSTOM(OcppSchedulePeriod),
};
const CfxJsonTable ocpp_period_table = CFX_JSON_TABLE(OcppSchedulePeriod, period_fields, 0);

static const CfxJsonField cost_fields[] = {
    CFX_JSON_FIELD("costKind", ENUM, REQUIRED, OcppCost, kind, .words = cost_kind_words),
    CFX_JSON_FIELD("amount", INT, REQUIRED, OcppCost, amount),
    CFX_JSON_FIELD("amountMultiplier", INT, OPTIONAL, OcppCost, multiplier),
    OCPP_CUSTOM(OcppCost),
};
static const CfxJsonTable cost_table = CFX_JSON_TABLE(OcppCost, cost_fields, 0);

static const CfxJsonField consumption_fields[] = {
    CFX_JSON_FIELD("startValue", REAL, REQUIRED, OcppConsumptionCost, start_value),
    CFX_JSON_LIST("cost",
                  OBJECT,
                  REQUIRED,
                  OcppConsumptionCost,
                  cost,
                  .table = &cost_table,
                  .min_items = 1,
                  .max_items = 3),
    OCPP_CUSTOM(OcppConsumptionCost),
};
static const CfxJsonTable consumption_table =
    CFX_JSON_TABLE(OcppConsumptionCost, consumption_fields, 0);

static const CfxJsonField interval_fields[] = {
    CFX_JSON_FIELD("start", INT, REQUIRED, OcppRelativeInterval, start),
    CFX_JSON_FIELD("duration", INT, OPTIONAL, OcppRelativeInterval, duration),
    OCPP_CUSTOM(OcppRelativeInterval),
};
static const CfxJsonTable interval_table = CFX_JSON_TABLE(OcppRelativeInterval, interval_fields, 0);

static const CfxJsonField entry_fields[] = {
    CFX_JSON_FIELD("relativeTimeInterval",
                   OBJECT,
                   REQUIRED,
                   OcppTariffEntry,
                   interval,
                   .table = &interval_table),
    CFX_JSON_FIELD(
        "ePriceLevel", INT, OPTIONAL, OcppTariffEntry, price_level, .min = 0, .max = G_MAXDOUBLE),
    CFX_JSON_LIST("consumptionCost",
                  OBJECT,
                  OPTIONAL,
                  OcppTariffEntry,
                  consumption_cost,
                  .table = &consumption_table,
                  .min_items = 1,
                  .max_items = 3),
    OCPP_CUSTOM(OcppTariffEntry),
};
static const CfxJsonTable entry_table = CFX_JSON_TABLE(OcppTariffEntry, entry_fields, 0);

static const CfxJsonField tariff_fields[] = {
    CFX_JSON_FIELD("id", INT, REQUIRED, OcppSalesTariff, id),
    CFX_JSON_FIELD(
        "salesTariffDescription", TEXT, OPTIONAL, OcppSalesTariff, description, .max = 32),
    CFX_JSON_FIELD("numEPriceLevels", INT, OPTIONAL, OcppSalesTariff, n_price_levels),
    CFX_JSON_LIST("salesTariffEntry",
                  OBJECT,
                  REQUIRED,
                  OcppSalesTariff,
                  entries,
                  .table = &entry_table,
                  .min_items = 1,
                  .max_items = 1024),
    OCPP_CUSTOM(OcppSalesTariff),
};
static const CfxJsonTable tariff_table = CFX_JSON_TABLE(OcppSalesTariff, tariff_fields, 0);

static const CfxJsonField schedule_fields[] = {
    CFX_JSON_FIELD("id", INT, REQUIRED, OcppSchedule, id),
    CFX_JSON_FIELD("startSchedule", TIME, OPTIONAL, OcppSchedule, start_us),
    CFX_JSON_FIELD("duration", INT, OPTIONAL, OcppSchedule, duration_s),
    CFX_JSON_FIELD(
        "chargingRateUnit", ENUM, REQUIRED, OcppSchedule, rate_unit, .words = ocpp_rate_unit_words),
    CFX_JSON_LIST("chargingSchedulePeriod",
                  OBJECT,
                  REQUIRED,
                  OcppSchedule,
                  periods,
                  .table = &ocpp_period_table,
                  .min_items = 1,
                  .max_items = 1024),
    CFX_JSON_FIELD("minChargingRate", REAL, OPTIONAL, OcppSchedule, min_rate),
    CFX_JSON_FIELD("salesTariff", OBJECT, OPTIONAL, OcppSchedule, tariff, .table = &tariff_table),
    OCPP_CUSTOM(OcppSchedule),
};
static const CfxJsonTable schedule_table = CFX_JSON_TABLE(OcppSchedule, schedule_fields, 0);

static const CfxJsonField profile_fields[] = {
    CFX_JSON_FIELD("id", INT, REQUIRED, OcppProfile, id),
    CFX_JSON_FIELD("stackLevel", INT, REQUIRED, OcppProfile, stack_level),
    CFX_JSON_FIELD(
        "chargingProfilePurpose", ENUM, REQUIRED, OcppProfile, purpose, .words = purpose_words),
    CFX_JSON_FIELD("chargingProfileKind", ENUM, REQUIRED, OcppProfile, kind, .words = kind_words),
    CFX_JSON_FIELD(
        "recurrencyKind", ENUM, OPTIONAL, OcppProfile, recurrency, .words = recurrency_words),
    CFX_JSON_FIELD("validFrom", TIME, OPTIONAL, OcppProfile, valid_from_us),
    CFX_JSON_FIELD("validTo", TIME, OPTIONAL, OcppProfile, valid_to_us),
    CFX_JSON_FIELD("transactionId", TEXT, OPTIONAL, OcppProfile, transaction_id, .max = 36),
    CFX_JSON_LIST("chargingSchedule",
                  OBJECT,
                  REQUIRED,
                  OcppProfile,
                  schedules,
                  .table = &schedule_table,
                  .min_items = 1,
                  .max_items = 3),
    OCPP_CUSTOM(OcppProfile),
};
const CfxJsonTable ocpp_profile_table = CFX_JSON_TABLE(OcppProfile, profile_fields, 0);

static const CfxJsonField set_fields[] = {
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppSetProfile, evse_id),
    CFX_JSON_FIELD(
        "chargingProfile", OBJECT, REQUIRED, OcppSetProfile, profile, .table = &ocpp_profile_table),
    OCPP_CUSTOM(OcppSetProfile),
};
static const CfxJsonTable set_table = CFX_JSON_TABLE(OcppSetProfile, set_fields, 0);

#define STATUS_ANSWER(its_name, its_words)                                                         \
    static const CfxJsonField its_name##_fields[] = {                                              \
        CFX_JSON_FIELD("status", ENUM, REQUIRED, OcppStatusAnswer, status, .words = its_words),    \
        CFX_JSON_FIELD("statusInfo",                                                               \
                       OBJECT,                                                                     \
                       OPTIONAL,                                                                   \
                       OcppStatusAnswer,                                                           \
                       status_info,                                                                \
                       .table = &ocpp_status_info_table),                                          \
        OCPP_CUSTOM(OcppStatusAnswer),                                                             \
    };                                                                                             \
    static const CfxJsonTable its_name##_table =                                                   \
        CFX_JSON_TABLE(OcppStatusAnswer, its_name##_fields, 0)

STATUS_ANSWER(accepted_rejected, accepted_rejected_words);
STATUS_ANSWER(accepted_unknown, accepted_unknown_words);
STATUS_ANSWER(accepted_none, accepted_none_words);
STATUS_ANSWER(needs_answer, needs_words);

static const CfxJsonField criteria_fields[] = {
    CFX_JSON_FIELD("evseId", INT, OPTIONAL, OcppClearCriteria, evse_id),
    CFX_JSON_FIELD("chargingProfilePurpose",
                   ENUM,
                   OPTIONAL,
                   OcppClearCriteria,
                   purpose,
                   .words = purpose_words),
    CFX_JSON_FIELD("stackLevel", INT, OPTIONAL, OcppClearCriteria, stack_level),
    OCPP_CUSTOM(OcppClearCriteria),
};
static const CfxJsonTable criteria_table = CFX_JSON_TABLE(OcppClearCriteria, criteria_fields, 0);

static const CfxJsonField clear_fields[] = {
    CFX_JSON_FIELD("chargingProfileId", INT, OPTIONAL, OcppClearProfile, profile_id),
    CFX_JSON_FIELD("chargingProfileCriteria",
                   OBJECT,
                   OPTIONAL,
                   OcppClearProfile,
                   criteria,
                   .table = &criteria_table),
    OCPP_CUSTOM(OcppClearProfile),
};
static const CfxJsonTable clear_table = CFX_JSON_TABLE(OcppClearProfile, clear_fields, 0);

static const CfxJsonField criterion_fields[] = {
    CFX_JSON_FIELD("chargingProfilePurpose",
                   ENUM,
                   OPTIONAL,
                   OcppProfileCriterion,
                   purpose,
                   .words = purpose_words),
    CFX_JSON_FIELD("stackLevel", INT, OPTIONAL, OcppProfileCriterion, stack_level),
    CFX_JSON_LIST(
        "chargingProfileId", INT, OPTIONAL, OcppProfileCriterion, profile_id, .min_items = 1),
    CFX_JSON_LIST("chargingLimitSource",
                  ENUM,
                  OPTIONAL,
                  OcppProfileCriterion,
                  source,
                  .words = ocpp_limit_source_words,
                  .min_items = 1,
                  .max_items = 4),
    OCPP_CUSTOM(OcppProfileCriterion),
};
static const CfxJsonTable criterion_table =
    CFX_JSON_TABLE(OcppProfileCriterion, criterion_fields, 0);

static const CfxJsonField get_fields[] = {
    CFX_JSON_FIELD("requestId", INT, REQUIRED, OcppGetProfiles, request_id),
    CFX_JSON_FIELD("evseId", INT, OPTIONAL, OcppGetProfiles, evse_id),
    CFX_JSON_FIELD(
        "chargingProfile", OBJECT, REQUIRED, OcppGetProfiles, criterion, .table = &criterion_table),
    OCPP_CUSTOM(OcppGetProfiles),
};
static const CfxJsonTable get_table = CFX_JSON_TABLE(OcppGetProfiles, get_fields, 0);

static const CfxJsonField report_fields[] = {
    CFX_JSON_FIELD("requestId", INT, REQUIRED, OcppReportProfiles, request_id),
    CFX_JSON_FIELD("chargingLimitSource",
                   ENUM,
                   REQUIRED,
                   OcppReportProfiles,
                   source,
                   .words = ocpp_limit_source_words),
    CFX_JSON_LIST("chargingProfile",
                  OBJECT,
                  REQUIRED,
                  OcppReportProfiles,
                  profiles,
                  .table = &ocpp_profile_table,
                  .min_items = 1),
    CFX_JSON_FIELD("tbc", BOOL, OPTIONAL, OcppReportProfiles, is_to_be_continued),
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppReportProfiles, evse_id),
    OCPP_CUSTOM(OcppReportProfiles),
};
static const CfxJsonTable report_table = CFX_JSON_TABLE(OcppReportProfiles, report_fields, 0);

static const CfxJsonField ac_fields[] = {
    CFX_JSON_FIELD("energyAmount", INT, REQUIRED, OcppAcNeeds, energy_wh),
    CFX_JSON_FIELD("evMinCurrent", INT, REQUIRED, OcppAcNeeds, min_current_a),
    CFX_JSON_FIELD("evMaxCurrent", INT, REQUIRED, OcppAcNeeds, max_current_a),
    CFX_JSON_FIELD("evMaxVoltage", INT, REQUIRED, OcppAcNeeds, max_voltage_v),
    OCPP_CUSTOM(OcppAcNeeds),
};
static const CfxJsonTable ac_table = CFX_JSON_TABLE(OcppAcNeeds, ac_fields, 0);

static const CfxJsonField dc_fields[] = {
    CFX_JSON_FIELD("evMaxCurrent", INT, REQUIRED, OcppDcNeeds, max_current_a),
    CFX_JSON_FIELD("evMaxVoltage", INT, REQUIRED, OcppDcNeeds, max_voltage_v),
    CFX_JSON_FIELD("energyAmount", INT, OPTIONAL, OcppDcNeeds, energy_wh),
    CFX_JSON_FIELD("evMaxPower", INT, OPTIONAL, OcppDcNeeds, max_power_w),
    CFX_JSON_FIELD("stateOfCharge", INT, OPTIONAL, OcppDcNeeds, soc, .min = 0, .max = 100),
    CFX_JSON_FIELD("evEnergyCapacity", INT, OPTIONAL, OcppDcNeeds, capacity_wh),
    CFX_JSON_FIELD("fullSoC", INT, OPTIONAL, OcppDcNeeds, full_soc, .min = 0, .max = 100),
    CFX_JSON_FIELD("bulkSoC", INT, OPTIONAL, OcppDcNeeds, bulk_soc, .min = 0, .max = 100),
    OCPP_CUSTOM(OcppDcNeeds),
};
static const CfxJsonTable dc_table = CFX_JSON_TABLE(OcppDcNeeds, dc_fields, 0);

static const CfxJsonField needs_fields[] = {
    CFX_JSON_FIELD(
        "requestedEnergyTransfer", ENUM, REQUIRED, OcppNeeds, transfer, .words = transfer_words),
    CFX_JSON_FIELD("departureTime", TIME, OPTIONAL, OcppNeeds, departure_us),
    CFX_JSON_FIELD("acChargingParameters", OBJECT, OPTIONAL, OcppNeeds, ac, .table = &ac_table),
    CFX_JSON_FIELD("dcChargingParameters", OBJECT, OPTIONAL, OcppNeeds, dc, .table = &dc_table),
    OCPP_CUSTOM(OcppNeeds),
};
static const CfxJsonTable needs_table = CFX_JSON_TABLE(OcppNeeds, needs_fields, 0);

static const CfxJsonField notify_needs_fields[] = {
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppNotifyNeeds, evse_id),
    CFX_JSON_FIELD("maxScheduleTuples", INT, OPTIONAL, OcppNotifyNeeds, max_tuples),
    CFX_JSON_FIELD(
        "chargingNeeds", OBJECT, REQUIRED, OcppNotifyNeeds, needs, .table = &needs_table),
    OCPP_CUSTOM(OcppNotifyNeeds),
};
static const CfxJsonTable notify_needs_table =
    CFX_JSON_TABLE(OcppNotifyNeeds, notify_needs_fields, 0);

static const CfxJsonField notify_schedule_fields[] = {
    CFX_JSON_FIELD("timeBase", TIME, REQUIRED, OcppNotifySchedule, time_base_us),
    CFX_JSON_FIELD("evseId", INT, REQUIRED, OcppNotifySchedule, evse_id),
    CFX_JSON_FIELD("chargingSchedule",
                   OBJECT,
                   REQUIRED,
                   OcppNotifySchedule,
                   schedule,
                   .table = &schedule_table),
    OCPP_CUSTOM(OcppNotifySchedule),
};
static const CfxJsonTable notify_schedule_table =
    CFX_JSON_TABLE(OcppNotifySchedule, notify_schedule_fields, 0);

static const CfxJsonField limit_fields[] = {
    CFX_JSON_FIELD("chargingLimitSource",
                   ENUM,
                   REQUIRED,
                   OcppChargingLimit,
                   source,
                   .words = ocpp_limit_source_words),
    CFX_JSON_FIELD("isGridCritical", BOOL, OPTIONAL, OcppChargingLimit, is_grid_critical),
    OCPP_CUSTOM(OcppChargingLimit),
};
static const CfxJsonTable limit_table = CFX_JSON_TABLE(OcppChargingLimit, limit_fields, 0);

static const CfxJsonField notify_limit_fields[] = {
    CFX_JSON_FIELD("evseId", INT, OPTIONAL, OcppNotifyLimit, evse_id),
    CFX_JSON_FIELD(
        "chargingLimit", OBJECT, REQUIRED, OcppNotifyLimit, limit, .table = &limit_table),
    CFX_JSON_LIST("chargingSchedule",
                  OBJECT,
                  OPTIONAL,
                  OcppNotifyLimit,
                  schedules,
                  .table = &schedule_table,
                  .min_items = 1),
    OCPP_CUSTOM(OcppNotifyLimit),
};
static const CfxJsonTable notify_limit_table =
    CFX_JSON_TABLE(OcppNotifyLimit, notify_limit_fields, 0);

static const CfxJsonField cleared_fields[] = {
    CFX_JSON_FIELD("chargingLimitSource",
                   ENUM,
                   REQUIRED,
                   OcppClearedLimit,
                   source,
                   .words = ocpp_limit_source_words),
    CFX_JSON_FIELD("evseId", INT, OPTIONAL, OcppClearedLimit, evse_id),
    OCPP_CUSTOM(OcppClearedLimit),
};
static const CfxJsonTable cleared_table = CFX_JSON_TABLE(OcppClearedLimit, cleared_fields, 0);

const OcppAction ocpp_charging_actions[] = {
    { "SetChargingProfile", &set_table, &accepted_rejected_table, TRUE },
    { "ClearChargingProfile", &clear_table, &accepted_unknown_table, TRUE },
    { "GetChargingProfiles", &get_table, &accepted_none_table, TRUE },
    { "ReportChargingProfiles", &report_table, &ocpp_empty_table, FALSE },
    { "NotifyEVChargingNeeds", &notify_needs_table, &needs_answer_table, FALSE },
    { "NotifyEVChargingSchedule", &notify_schedule_table, &accepted_rejected_table, FALSE },
    { "NotifyChargingLimit", &notify_limit_table, &ocpp_empty_table, FALSE },
    { "ClearedChargingLimit", &cleared_table, &ocpp_empty_table, FALSE },
    { NULL, NULL, NULL, FALSE },
};
