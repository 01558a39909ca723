/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages of OCPP 2.0.1 that this plugin speaks, as structs and tables (kit/cfx-jsonmsg.h says
 * how a member lies and what stands for "absent"). A test compares every table with the schemas.
 */
#pragma once

#include <kit/cfx-jsonmsg.h>

G_BEGIN_DECLS

/* --- common --------------------------------------------------------------------------------- */

typedef struct {
    CfxJsonText vendor_id;
} OcppCustom;

/* a message without members of its own */
typedef struct {
    OcppCustom *custom;
} OcppEmpty;

typedef struct {
    CfxJsonText reason_code, additional_info;
    OcppCustom *custom;
} OcppStatusInfo;

typedef struct {
    gint64 id, connector_id;
    OcppCustom *custom;
} OcppEvseRef;

typedef struct {
    CfxJsonText name, instance;
    OcppEvseRef *evse;
    OcppCustom *custom;
} OcppComponent;

typedef struct {
    CfxJsonText name, instance;
    OcppCustom *custom;
} OcppVariable;

typedef struct {
    CfxJsonText id_token, type;
    OcppCustom *custom;
} OcppAdditionalInfo;

typedef struct {
    CfxJsonText id_token;
    gint32 type;                  /* index in ocpp_id_token_words */
    CfxJsonArray additional_info; /* OcppAdditionalInfo */
    OcppCustom *custom;
} OcppIdToken;

typedef struct {
    gint32 format;
    CfxJsonText language, content;
    OcppCustom *custom;
} OcppMessageContent;

enum {
    OCPP_AUTHORIZATION_ACCEPTED,
    OCPP_AUTHORIZATION_BLOCKED,
    OCPP_AUTHORIZATION_CONCURRENT_TX,
    OCPP_AUTHORIZATION_EXPIRED,
    OCPP_AUTHORIZATION_INVALID,
    OCPP_AUTHORIZATION_NO_CREDIT,
    OCPP_AUTHORIZATION_NOT_ALLOWED_TYPE_EVSE,
    OCPP_AUTHORIZATION_NOT_AT_THIS_LOCATION,
    OCPP_AUTHORIZATION_NOT_AT_THIS_TIME,
    OCPP_AUTHORIZATION_UNKNOWN,
};

typedef struct {
    gint32 status; /* OCPP_AUTHORIZATION_… */
    gint64 cache_expiry_us;
    gint64 charging_priority;
    CfxJsonText language1, language2;
    CfxJsonArray evse_id; /* gint64 */
    OcppIdToken *group;
    OcppMessageContent *personal_message;
    OcppCustom *custom;
} OcppIdTokenInfo;

/* --- provisioning --------------------------------------------------------------------------- */

typedef struct {
    CfxJsonText iccid, imsi;
    OcppCustom *custom;
} OcppModem;

typedef struct {
    CfxJsonText serial_number, model, vendor_name, firmware_version;
    OcppModem *modem;
    OcppCustom *custom;
} OcppChargingStation;

typedef struct {
    OcppChargingStation *station;
    gint32 reason; /* index in ocpp_boot_reason_words */
    OcppCustom *custom;
} OcppBootNotification;

enum { OCPP_REGISTRATION_ACCEPTED, OCPP_REGISTRATION_PENDING, OCPP_REGISTRATION_REJECTED };

typedef struct {
    gint64 current_time_us, interval_s;
    gint32 status; /* OCPP_REGISTRATION_… */
    OcppStatusInfo *status_info;
    OcppCustom *custom;
} OcppBootAnswer;

typedef struct {
    gint64 current_time_us;
    OcppCustom *custom;
} OcppHeartbeatAnswer;

enum {
    OCPP_ATTRIBUTE_ACTUAL,
    OCPP_ATTRIBUTE_TARGET,
    OCPP_ATTRIBUTE_MIN_SET,
    OCPP_ATTRIBUTE_MAX_SET
};

typedef struct {
    gint32 type, mutability, is_persistent, is_constant;
    CfxJsonText value;
    OcppCustom *custom;
} OcppVariableAttribute;

typedef struct {
    CfxJsonText unit, values_list;
    gint32 data_type, supports_monitoring;
    double min_limit, max_limit;
    OcppCustom *custom;
} OcppCharacteristics;

typedef struct {
    OcppComponent *component;
    OcppVariable *variable;
    CfxJsonArray attributes; /* OcppVariableAttribute */
    OcppCharacteristics *characteristics;
    OcppCustom *custom;
} OcppReportData;

typedef struct {
    gint64 request_id, generated_us, seq_no;
    CfxJsonArray report_data; /* OcppReportData */
    gint32 is_to_be_continued;
    OcppCustom *custom;
} OcppNotifyReport;

enum { OCPP_REPORT_CONFIGURATION, OCPP_REPORT_FULL, OCPP_REPORT_SUMMARY };

typedef struct {
    gint64 request_id;
    gint32 report_base; /* OCPP_REPORT_… */
    OcppCustom *custom;
} OcppGetBaseReport;

enum {
    OCPP_DEVICE_MODEL_ACCEPTED,
    OCPP_DEVICE_MODEL_REJECTED,
    OCPP_DEVICE_MODEL_NOT_SUPPORTED,
    OCPP_DEVICE_MODEL_EMPTY
};

/* an answer that is a status and no more; which words it has, its table says */
typedef struct {
    gint32 status;
    OcppStatusInfo *status_info;
    OcppCustom *custom;
} OcppStatusAnswer;

typedef struct {
    gint32 attribute_type;
    OcppComponent *component;
    OcppVariable *variable;
    OcppCustom *custom;
} OcppGetVariableData;

typedef struct {
    CfxJsonArray data; /* OcppGetVariableData */
    OcppCustom *custom;
} OcppGetVariables;

enum {
    OCPP_GET_VARIABLE_ACCEPTED,
    OCPP_GET_VARIABLE_REJECTED,
    OCPP_GET_VARIABLE_UNKNOWN_COMPONENT,
    OCPP_GET_VARIABLE_UNKNOWN_VARIABLE,
    OCPP_GET_VARIABLE_NOT_SUPPORTED_ATTRIBUTE_TYPE
};

typedef struct {
    OcppStatusInfo *status_info;
    gint32 status, attribute_type;
    CfxJsonText value;
    OcppComponent *component;
    OcppVariable *variable;
    OcppCustom *custom;
} OcppGetVariableResult;

typedef struct {
    CfxJsonArray results; /* OcppGetVariableResult */
    OcppCustom *custom;
} OcppGetVariablesAnswer;

typedef struct {
    gint32 attribute_type;
    CfxJsonText value;
    OcppComponent *component;
    OcppVariable *variable;
    OcppCustom *custom;
} OcppSetVariableData;

typedef struct {
    CfxJsonArray data; /* OcppSetVariableData */
    OcppCustom *custom;
} OcppSetVariables;

enum {
    OCPP_SET_VARIABLE_ACCEPTED,
    OCPP_SET_VARIABLE_REJECTED,
    OCPP_SET_VARIABLE_UNKNOWN_COMPONENT,
    OCPP_SET_VARIABLE_UNKNOWN_VARIABLE,
    OCPP_SET_VARIABLE_NOT_SUPPORTED_ATTRIBUTE_TYPE,
    OCPP_SET_VARIABLE_REBOOT_REQUIRED
};

typedef struct {
    gint32 attribute_type, status;
    OcppStatusInfo *status_info;
    OcppComponent *component;
    OcppVariable *variable;
    OcppCustom *custom;
} OcppSetVariableResult;

typedef struct {
    CfxJsonArray results; /* OcppSetVariableResult */
    OcppCustom *custom;
} OcppSetVariablesAnswer;

/* --- availability, diagnostics, security, data transfer ------------------------------------- */

enum {
    OCPP_CONNECTOR_AVAILABLE,
    OCPP_CONNECTOR_OCCUPIED,
    OCPP_CONNECTOR_RESERVED,
    OCPP_CONNECTOR_UNAVAILABLE,
    OCPP_CONNECTOR_FAULTED
};

typedef struct {
    gint64 timestamp_us, evse_id, connector_id;
    gint32 status; /* OCPP_CONNECTOR_… */
    OcppCustom *custom;
} OcppStatusNotification;

typedef struct {
    gint64 event_id, timestamp_us, cause, monitoring_id;
    gint32 trigger, is_cleared, notification_type;
    CfxJsonText actual_value, tech_code, tech_info, transaction_id;
    OcppComponent *component;
    OcppVariable *variable;
    OcppCustom *custom;
} OcppEventData;

typedef struct {
    gint64 generated_us, seq_no;
    gint32 is_to_be_continued;
    CfxJsonArray events; /* OcppEventData */
    OcppCustom *custom;
} OcppNotifyEvent;

typedef struct {
    CfxJsonText type, tech_info;
    gint64 timestamp_us;
    OcppCustom *custom;
} OcppSecurityEvent;

/* FirmwareStatusNotification and LogStatusNotification */
typedef struct {
    gint32 status;
    gint64 request_id;
    OcppCustom *custom;
} OcppJobStatus;

enum {
    OCPP_DATA_TRANSFER_ACCEPTED,
    OCPP_DATA_TRANSFER_REJECTED,
    OCPP_DATA_TRANSFER_UNKNOWN_MESSAGE,
    OCPP_DATA_TRANSFER_UNKNOWN_VENDOR
};

typedef struct {
    CfxJsonText message_id, data, vendor_id; /* data: raw */
    OcppCustom *custom;
} OcppDataTransfer;

typedef struct {
    gint32 status; /* OCPP_DATA_TRANSFER_… */
    OcppStatusInfo *status_info;
    CfxJsonText data; /* raw */
    OcppCustom *custom;
} OcppDataTransferAnswer;

/* --- authorization -------------------------------------------------------------------------- */

typedef struct {
    gint32 hash_algorithm;
    CfxJsonText issuer_name_hash, issuer_key_hash, serial_number, responder_url;
    OcppCustom *custom;
} OcppOcspRequest;

typedef struct {
    OcppIdToken *id_token;
    CfxJsonText certificate;
    CfxJsonArray hash_data; /* OcppOcspRequest */
    OcppCustom *custom;
} OcppAuthorize;

typedef struct {
    OcppIdTokenInfo *info;
    gint32 certificate_status;
    OcppCustom *custom;
} OcppAuthorizeAnswer;

/* --- transactions and metering -------------------------------------------------------------- */

typedef struct {
    CfxJsonText data, signing_method, encoding_method, public_key;
    OcppCustom *custom;
} OcppSignedValue;

typedef struct {
    CfxJsonText unit;
    gint64 multiplier;
    OcppCustom *custom;
} OcppUnitOfMeasure;

typedef enum {
    OCPP_MEASURAND_CURRENT_EXPORT,
    OCPP_MEASURAND_CURRENT_IMPORT,
    OCPP_MEASURAND_CURRENT_OFFERED,
    OCPP_MEASURAND_ENERGY_ACTIVE_EXPORT_REGISTER,
    OCPP_MEASURAND_ENERGY_ACTIVE_IMPORT_REGISTER,
    OCPP_MEASURAND_POWER_ACTIVE_EXPORT = 17,
    OCPP_MEASURAND_POWER_ACTIVE_IMPORT,
    OCPP_MEASURAND_SOC = 23,
    OCPP_MEASURAND_VOLTAGE,
} OcppMeasurand;

/* indices in ocpp_reading_context_words and ocpp_phase_words */
enum { OCPP_CONTEXT_TRANSACTION_BEGIN = 5, OCPP_CONTEXT_TRANSACTION_END = 6 };
enum { OCPP_PHASE_L1, OCPP_PHASE_L2, OCPP_PHASE_L3, OCPP_PHASE_N, OCPP_PHASE_L1_N };

typedef struct {
    double value;
    gint32 context, measurand, phase, location;
    OcppSignedValue *signed_value;
    OcppUnitOfMeasure *unit;
    OcppCustom *custom;
} OcppSampledValue;

typedef struct {
    CfxJsonArray sampled; /* OcppSampledValue */
    gint64 timestamp_us;
    OcppCustom *custom;
} OcppMeterValue;

typedef struct {
    gint64 evse_id;
    CfxJsonArray meter_value; /* OcppMeterValue */
    OcppCustom *custom;
} OcppMeterValues;

enum {
    OCPP_CHARGING_CHARGING,
    OCPP_CHARGING_EV_CONNECTED,
    OCPP_CHARGING_SUSPENDED_EV,
    OCPP_CHARGING_SUSPENDED_EVSE,
    OCPP_CHARGING_IDLE
};

typedef struct {
    CfxJsonText id;
    gint32 charging_state; /* OCPP_CHARGING_… */
    gint32 stopped_reason; /* index in ocpp_stopped_reason_words */
    gint64 time_spent_s, remote_start_id;
    OcppCustom *custom;
} OcppTransactionInfo;

enum { OCPP_EVENT_ENDED, OCPP_EVENT_STARTED, OCPP_EVENT_UPDATED };

typedef struct {
    gint32 event_type; /* OCPP_EVENT_… */
    gint32 trigger;    /* index in ocpp_trigger_reason_words */
    gint32 is_offline;
    CfxJsonArray meter_value; /* OcppMeterValue */
    gint64 timestamp_us, seq_no, n_phases, cable_max_current, reservation_id;
    OcppTransactionInfo *info;
    OcppEvseRef *evse;
    OcppIdToken *id_token;
    OcppCustom *custom;
} OcppTransactionEvent;

typedef struct {
    double total_cost;
    gint64 charging_priority;
    OcppIdTokenInfo *id_token_info;
    OcppMessageContent *personal_message;
    OcppCustom *custom;
} OcppTransactionAnswer;

/* --- smart charging ------------------------------------------------------------------------- */

enum { OCPP_UNIT_W, OCPP_UNIT_A };
enum { OCPP_PURPOSE_EXTERNAL, OCPP_PURPOSE_STATION_MAX, OCPP_PURPOSE_TX_DEFAULT, OCPP_PURPOSE_TX };
enum { OCPP_KIND_ABSOLUTE, OCPP_KIND_RECURRING, OCPP_KIND_RELATIVE };
enum { OCPP_SOURCE_EMS, OCPP_SOURCE_OTHER, OCPP_SOURCE_SO, OCPP_SOURCE_CSO };

typedef struct {
    gint64 start_s;
    double limit;
    gint64 n_phases, phase_to_use;
    OcppCustom *custom;
} OcppSchedulePeriod;

typedef struct {
    gint32 kind;
    gint64 amount, multiplier;
    OcppCustom *custom;
} OcppCost;

typedef struct {
    double start_value;
    CfxJsonArray cost; /* OcppCost */
    OcppCustom *custom;
} OcppConsumptionCost;

typedef struct {
    gint64 start, duration;
    OcppCustom *custom;
} OcppRelativeInterval;

typedef struct {
    OcppRelativeInterval *interval;
    gint64 price_level;
    CfxJsonArray consumption_cost; /* OcppConsumptionCost */
    OcppCustom *custom;
} OcppTariffEntry;

typedef struct {
    gint64 id, n_price_levels;
    CfxJsonText description;
    CfxJsonArray entries; /* OcppTariffEntry */
    OcppCustom *custom;
} OcppSalesTariff;

typedef struct {
    gint64 id, start_us, duration_s;
    gint32 rate_unit;     /* OCPP_UNIT_… */
    CfxJsonArray periods; /* OcppSchedulePeriod */
    double min_rate;
    OcppSalesTariff *tariff;
    OcppCustom *custom;
} OcppSchedule;

typedef struct {
    gint64 id, stack_level, valid_from_us, valid_to_us;
    gint32 purpose, kind, recurrency;
    CfxJsonArray schedules; /* OcppSchedule */
    CfxJsonText transaction_id;
    OcppCustom *custom;
} OcppProfile;

typedef struct {
    gint64 evse_id;
    OcppProfile *profile;
    OcppCustom *custom;
} OcppSetProfile;

typedef struct {
    gint64 evse_id, stack_level;
    gint32 purpose;
    OcppCustom *custom;
} OcppClearCriteria;

typedef struct {
    gint64 profile_id;
    OcppClearCriteria *criteria;
    OcppCustom *custom;
} OcppClearProfile;

typedef struct {
    gint32 purpose;
    gint64 stack_level;
    CfxJsonArray profile_id; /* gint64 */
    CfxJsonArray source;     /* gint32, OCPP_SOURCE_… */
    OcppCustom *custom;
} OcppProfileCriterion;

typedef struct {
    gint64 request_id, evse_id;
    OcppProfileCriterion *criterion;
    OcppCustom *custom;
} OcppGetProfiles;

typedef struct {
    gint64 request_id, evse_id;
    gint32 source, is_to_be_continued;
    CfxJsonArray profiles; /* OcppProfile */
    OcppCustom *custom;
} OcppReportProfiles;

typedef struct {
    gint64 energy_wh, min_current_a, max_current_a, max_voltage_v;
    OcppCustom *custom;
} OcppAcNeeds;

typedef struct {
    gint64 max_current_a, max_voltage_v, energy_wh, max_power_w, soc, capacity_wh, full_soc,
        bulk_soc;
    OcppCustom *custom;
} OcppDcNeeds;

enum { OCPP_TRANSFER_DC, OCPP_TRANSFER_AC1, OCPP_TRANSFER_AC2, OCPP_TRANSFER_AC3 };

typedef struct {
    OcppAcNeeds *ac;
    OcppDcNeeds *dc;
    gint32 transfer; /* OCPP_TRANSFER_… */
    gint64 departure_us;
    OcppCustom *custom;
} OcppNeeds;

typedef struct {
    gint64 evse_id, max_tuples;
    OcppNeeds *needs;
    OcppCustom *custom;
} OcppNotifyNeeds;

enum { OCPP_NEEDS_ACCEPTED, OCPP_NEEDS_REJECTED, OCPP_NEEDS_PROCESSING };

typedef struct {
    gint64 time_base_us, evse_id;
    OcppSchedule *schedule;
    OcppCustom *custom;
} OcppNotifySchedule;

typedef struct {
    gint32 source, is_grid_critical;
    OcppCustom *custom;
} OcppChargingLimit;

typedef struct {
    gint64 evse_id;
    OcppChargingLimit *limit;
    CfxJsonArray schedules; /* OcppSchedule */
    OcppCustom *custom;
} OcppNotifyLimit;

typedef struct {
    gint32 source;
    gint64 evse_id;
    OcppCustom *custom;
} OcppClearedLimit;

/* Accepted and Rejected or Unknown or NoProfiles, of answers to us */
enum { OCPP_STATUS_ACCEPTED, OCPP_STATUS_REJECTED };

/* --- what a person asks of a station -------------------------------------------------------- */

typedef struct {
    gint32 type;
    gint64 evse_id;
    OcppCustom *custom;
} OcppReset;

typedef struct {
    OcppEvseRef *evse;
    gint32 message;
    OcppCustom *custom;
} OcppTrigger;

typedef struct {
    gint64 evse_id, remote_start_id;
    OcppIdToken *id_token, *group;
    OcppProfile *profile;
    OcppCustom *custom;
} OcppRequestStart;

typedef struct {
    gint32 status;
    OcppStatusInfo *status_info;
    CfxJsonText transaction_id;
    OcppCustom *custom;
} OcppRequestStartAnswer;

typedef struct {
    CfxJsonText transaction_id;
    OcppCustom *custom;
} OcppRequestStop;

typedef struct {
    gint64 evse_id, connector_id;
    OcppCustom *custom;
} OcppUnlock;

typedef struct {
    OcppEvseRef *evse;
    gint32 status;
    OcppCustom *custom;
} OcppChangeAvailability;

typedef struct {
    gint64 duration_s, evse_id;
    gint32 rate_unit; /* OCPP_UNIT_… */
    OcppCustom *custom;
} OcppGetComposite;

typedef struct {
    CfxJsonArray periods; /* OcppSchedulePeriod */
    gint64 evse_id, duration_s, start_us;
    gint32 rate_unit; /* OCPP_UNIT_… */
    OcppCustom *custom;
} OcppComposite;

typedef struct {
    gint32 status;
    OcppStatusInfo *status_info;
    OcppComposite *schedule;
    OcppCustom *custom;
} OcppGetCompositeAnswer;

/* --- tables --------------------------------------------------------------------------------- */

extern const char *const ocpp_attribute_words[];
extern const char *const ocpp_boot_reason_words[];
extern const char *const ocpp_charging_state_words[];
extern const char *const ocpp_connector_words[];
extern const char *const ocpp_firmware_words[];
extern const char *const ocpp_id_token_words[];
extern const char *const ocpp_limit_source_words[];
extern const char *const ocpp_log_words[];
extern const char *const ocpp_rate_unit_words[];
extern const char *const ocpp_stopped_reason_words[];
extern const char *const ocpp_trigger_reason_words[];

extern const CfxJsonTable ocpp_custom_table, ocpp_empty_table, ocpp_status_info_table,
    ocpp_evse_table, ocpp_component_table, ocpp_variable_table, ocpp_id_token_table,
    ocpp_id_token_info_table, ocpp_message_content_table;
extern const CfxJsonTable ocpp_meter_value_table;
extern const CfxJsonTable ocpp_profile_table, ocpp_period_table;

/* what both sides of an action look like */
typedef struct {
    const char *action;
    const CfxJsonTable *request, *answer;
    gboolean is_ours; /* the CSMS sends it */
} OcppAction;

extern const OcppAction ocpp_provisioning_actions[], ocpp_device_model_actions[],
    ocpp_availability_actions[], ocpp_authorization_actions[], ocpp_transaction_actions[],
    ocpp_charging_actions[], ocpp_remote_actions[]; /* each ended by an action NULL */

/* Returns: (nullable) the description of an action that we speak */
const OcppAction *ocpp_action_find(const char *action);
/* All lists of actions, ended by NULL. */
extern const OcppAction *const ocpp_action_lists[];

/* the member that every type has */
#define OCPP_CUSTOM(T)                                                                             \
    CFX_JSON_FIELD("customData", OBJECT, OPTIONAL, T, custom, .table = &ocpp_custom_table)

G_END_DECLS
