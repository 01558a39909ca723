/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-variables.h"

#include <string.h>

#include "simulator-json.h"
#include "simulator-text.h"

#define REPORT_PART 20

typedef enum { RO, RW, WO } Access;

typedef struct {
    const char *component, *instance; /* instance: of the variable */
    int evse, connector;
    const char *variable;
    Access access;
    const char *type, *unit;
    const char *value; /* NULL: filled in by station */
    double min, max;   /* min > max: none */
} Entry;

#define NONE 1, 0
/* clang-format off */
static const Entry entries[] = {
    { "ChargingStation", NULL, 0, 0, "AvailabilityState", RO, "OptionList", NULL, "Available", NONE },
    { "ChargingStation", NULL, 0, 0, "Available", RO, "boolean", NULL, "true", NONE },
    { "ChargingStation", NULL, 0, 0, "Model", RO, "string", NULL, "Alizé 22", NONE },
    { "ChargingStation", NULL, 0, 0, "VendorName", RO, "string", NULL, "Caraïbe Recharge", NONE },
    { "ChargingStation", NULL, 0, 0, "SupplyPhases", RO, "integer", NULL, "3", NONE },
    { "EVSE", NULL, 1, 0, "AvailabilityState", RO, "OptionList", NULL, "Available", NONE },
    { "EVSE", NULL, 1, 0, "Available", RO, "boolean", NULL, "true", NONE },
    { "EVSE", NULL, 1, 0, "SupplyPhases", RO, "integer", NULL, "3", NONE },
    { "EVSE", NULL, 1, 0, "Power", RO, "decimal", "W", NULL, NONE },
    { "Connector", NULL, 1, 1, "AvailabilityState", RO, "OptionList", NULL, "Available", NONE },
    { "Connector", NULL, 1, 1, "Available", RO, "boolean", NULL, "true", NONE },
    { "Connector", NULL, 1, 1, "ConnectorType", RO, "string", NULL, "cType2", NONE },
    { "Connector", NULL, 1, 1, "SupplyPhases", RO, "integer", NULL, "3", NONE },
    { "OCPPCommCtrlr", NULL, 0, 0, "HeartbeatInterval", RW, "integer", "s", "300", 10, 86400 },
    { "OCPPCommCtrlr", "Default", 0, 0, "MessageTimeout", RO, "integer", "s", "30", NONE },
    { "OCPPCommCtrlr", "TransactionEvent", 0, 0, "MessageAttempts", RW, "integer", NULL, "5", 1, 100 },
    { "OCPPCommCtrlr", "TransactionEvent", 0, 0, "MessageAttemptInterval", RW, "integer", "s", "10", 1, 3600 },
    { "OCPPCommCtrlr", NULL, 0, 0, "OfflineThreshold", RW, "integer", "s", "120", 0, 86400 },
    { "OCPPCommCtrlr", NULL, 0, 0, "NetworkConfigurationPriority", RW, "SequenceList", NULL, "1", NONE },
    { "OCPPCommCtrlr", NULL, 0, 0, "NetworkProfileConnectionAttempts", RW, "integer", NULL, "3", 1, 100 },
    { "OCPPCommCtrlr", NULL, 0, 0, "QueueAllMessages", RW, "boolean", NULL, "false", NONE },
    { "OCPPCommCtrlr", NULL, 0, 0, "ResetRetries", RW, "integer", NULL, "1", 0, 10 },
    { "OCPPCommCtrlr", NULL, 0, 0, "UnlockOnEVSideDisconnect", RW, "boolean", NULL, "true", NONE },
    { "OCPPCommCtrlr", NULL, 0, 0, "WebSocketPingInterval", RW, "integer", "s", "0", 0, 3600 },
    { "OCPPCommCtrlr", NULL, 0, 0, "RetryBackOffWaitMinimum", RW, "integer", "s", "1", 0, 3600 },
    { "OCPPCommCtrlr", NULL, 0, 0, "RetryBackOffRandomRange", RW, "integer", "s", "1", 0, 3600 },
    { "OCPPCommCtrlr", NULL, 0, 0, "RetryBackOffRepeatTimes", RW, "integer", NULL, "4", 0, 20 },
    { "OCPPCommCtrlr", NULL, 0, 0, "FileTransferProtocols", RO, "MemberList", NULL, "HTTP", NONE },
    { "SecurityCtrlr", NULL, 0, 0, "BasicAuthPassword", WO, "string", NULL, "", NONE },
    { "SecurityCtrlr", NULL, 0, 0, "Identity", RO, "string", NULL, NULL, NONE },
    { "SecurityCtrlr", NULL, 0, 0, "OrganizationName", RW, "string", NULL, "Martinique", NONE },
    { "SecurityCtrlr", NULL, 0, 0, "SecurityProfile", RO, "integer", NULL, "1", NONE },
    { "SecurityCtrlr", NULL, 0, 0, "CertificateEntries", RO, "integer", NULL, "0", NONE },
    { "AuthCtrlr", NULL, 0, 0, "Enabled", RW, "boolean", NULL, "true", NONE },
    { "AuthCtrlr", NULL, 0, 0, "AuthorizeRemoteStart", RW, "boolean", NULL, "true", NONE },
    { "AuthCtrlr", NULL, 0, 0, "LocalAuthorizeOffline", RW, "boolean", NULL, "true", NONE },
    { "AuthCtrlr", NULL, 0, 0, "LocalPreAuthorize", RW, "boolean", NULL, "false", NONE },
    { "AuthCtrlr", NULL, 0, 0, "OfflineTxForUnknownIdEnabled", RW, "boolean", NULL, "true", NONE },
    { "TxCtrlr", NULL, 0, 0, "EVConnectionTimeOut", RW, "integer", "s", "120", 1, 3600 },
    { "TxCtrlr", NULL, 0, 0, "StopTxOnEVSideDisconnect", RO, "boolean", NULL, "true", NONE },
    { "TxCtrlr", NULL, 0, 0, "StopTxOnInvalidId", RW, "boolean", NULL, "true", NONE },
    { "TxCtrlr", NULL, 0, 0, "TxBeforeAcceptedEnabled", RW, "boolean", NULL, "true", NONE },
    { "TxCtrlr", NULL, 0, 0, "TxStartPoint", RO, "MemberList", NULL, "EVConnected", NONE },
    { "TxCtrlr", NULL, 0, 0, "TxStopPoint", RO, "MemberList", NULL, "EVConnected", NONE },
    { "SampledDataCtrlr", NULL, 0, 0, "Enabled", RW, "boolean", NULL, "true", NONE },
    { "SampledDataCtrlr", NULL, 0, 0, "TxStartedMeasurands", RW, "MemberList", NULL, "Energy.Active.Import.Register", NONE },
    { "SampledDataCtrlr", NULL, 0, 0, "TxUpdatedMeasurands", RW, "MemberList", NULL,
      "Energy.Active.Import.Register,Power.Active.Import,Current.Import", NONE },
    { "SampledDataCtrlr", NULL, 0, 0, "TxUpdatedInterval", RW, "integer", "s", "60", 0, 86400 },
    { "SampledDataCtrlr", NULL, 0, 0, "TxEndedMeasurands", RW, "MemberList", NULL, "Energy.Active.Import.Register", NONE },
    { "SampledDataCtrlr", NULL, 0, 0, "TxEndedInterval", RW, "integer", "s", "0", 0, 86400 },
    { "AlignedDataCtrlr", NULL, 0, 0, "Enabled", RW, "boolean", NULL, "true", NONE },
    { "AlignedDataCtrlr", NULL, 0, 0, "Interval", RW, "integer", "s", "0", 0, 86400 },
    { "AlignedDataCtrlr", NULL, 0, 0, "Measurands", RW, "MemberList", NULL, "Energy.Active.Import.Register", NONE },
    { "AlignedDataCtrlr", NULL, 0, 0, "SendDuringIdle", RW, "boolean", NULL, "false", NONE },
    { "AlignedDataCtrlr", NULL, 0, 0, "TxEndedInterval", RW, "integer", "s", "0", 0, 86400 },
    { "AlignedDataCtrlr", NULL, 0, 0, "TxEndedMeasurands", RW, "MemberList", NULL, "", NONE },
    { "ClockCtrlr", NULL, 0, 0, "TimeSource", RW, "SequenceList", NULL, "Heartbeat", NONE },
    { "DeviceDataCtrlr", "GetVariables", 0, 0, "ItemsPerMessage", RO, "integer", NULL, "16", NONE },
    { "DeviceDataCtrlr", "SetVariables", 0, 0, "ItemsPerMessage", RO, "integer", NULL, "8", NONE },
    { "DeviceDataCtrlr", "GetReport", 0, 0, "ItemsPerMessage", RO, "integer", NULL, "16", NONE },
    { "DeviceDataCtrlr", "GetVariables", 0, 0, "BytesPerMessage", RO, "integer", NULL, "16384", NONE },
    { "DeviceDataCtrlr", "SetVariables", 0, 0, "BytesPerMessage", RO, "integer", NULL, "16384", NONE },
    { "DeviceDataCtrlr", NULL, 0, 0, "ValueSize", RO, "integer", NULL, "2500", NONE },
    { "SmartChargingCtrlr", NULL, 0, 0, "Enabled", RW, "boolean", NULL, "true", NONE },
    { "SmartChargingCtrlr", NULL, 0, 0, "Available", RO, "boolean", NULL, "true", NONE },
    { "SmartChargingCtrlr", "ChargingProfiles", 0, 0, "Entries", RO, "integer", NULL, "0", 0, 16 },
    { "SmartChargingCtrlr", NULL, 0, 0, "ExternalControlSignalsEnabled", RW, "boolean", NULL, "false", NONE },
    { "SmartChargingCtrlr", NULL, 0, 0, "NotifyChargingLimitWithSchedules", RW, "boolean", NULL, "false", NONE },
    { "SmartChargingCtrlr", NULL, 0, 0, "LimitChangeSignificance", RW, "decimal", "Percent", "1.0", 0, 100 },
    { "SmartChargingCtrlr", NULL, 0, 0, "PeriodsPerSchedule", RO, "integer", NULL, NULL, NONE },
    { "SmartChargingCtrlr", NULL, 0, 0, "ProfileStackLevel", RO, "integer", NULL, "8", NONE },
    { "SmartChargingCtrlr", NULL, 0, 0, "RateUnit", RO, "MemberList", NULL, NULL, NONE },
    { "SmartChargingCtrlr", NULL, 0, 0, "Phases3to1", RO, "boolean", NULL, "false", NONE },
    { "SmartChargingCtrlr", NULL, 0, 0, "ACPhaseSwitchingSupported", RO, "boolean", NULL, "false", NONE },
};
/* clang-format on */
#define N_ENTRIES G_N_ELEMENTS(entries)

struct _SimVariables {
    char *values[N_ENTRIES];
    double max[N_ENTRIES];
};

static int
find(const char *component, const char *variable, const char *instance, int evse)
{
    for (guint i = 0; i < N_ENTRIES; i++)
        if (g_ascii_strcasecmp(entries[i].component, component) == 0 &&
            g_ascii_strcasecmp(entries[i].variable, variable) == 0 &&
            (instance == NULL ? entries[i].instance == NULL
                              : entries[i].instance != NULL &&
                                    g_ascii_strcasecmp(entries[i].instance, instance) == 0) &&
            (evse < 0 || entries[i].evse == evse))
            return (int)i;
    return -1;
}

SimVariables *
sim_variables_new(const SimStationData *station)
{
    SimVariables *self = g_new0(SimVariables, 1);
    for (guint i = 0; i < N_ENTRIES; i++) {
        self->values[i] = g_strdup(entries[i].value);
        self->max[i] = entries[i].max;
    }
    g_autofree char *periods = g_strdup_printf("%u", station->periods);
    int power = find("EVSE", "Power", NULL, 1);
    self->values[power] = g_strdup("0");
    self->max[power] = station->rated_w;
    self->values[find("SecurityCtrlr", "Identity", NULL, 0)] = g_strdup(station->name);
    self->values[find("SmartChargingCtrlr", "PeriodsPerSchedule", NULL, 0)] = g_strdup(periods);
    self->values[find("SmartChargingCtrlr", "RateUnit", NULL, 0)] =
        g_strdup(station->takes_watts ? "A,W" : "A");
    return self;
}

void
sim_variables_free(SimVariables *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < N_ENTRIES; i++)
        g_free(self->values[i]);
    g_free(self);
}

const char *
sim_variables_get(const SimVariables *self, const char *component, const char *variable)
{
    int i = find(component, variable, NULL, -1);
    return i < 0 ? NULL : self->values[i];
}

gint64
sim_variables_number(const SimVariables *self,
                     const char *component,
                     const char *variable,
                     gint64 otherwise)
{
    const char *text = sim_variables_get(self, component, variable);
    gint64 number;
    return text != NULL && g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, &number, NULL)
               ? number
               : otherwise;
}

gboolean
sim_variables_lists(const SimVariables *self,
                    const char *component,
                    const char *variable,
                    const char *item)
{
    const char *text = sim_variables_get(self, component, variable);
    if (text == NULL)
        return FALSE;
    g_auto(GStrv) items = g_strsplit(text, ",", 0);
    for (guint i = 0; items[i] != NULL; i++)
        if (strcmp(g_strstrip(items[i]), item) == 0)
            return TRUE;
    return FALSE;
}

void
sim_variables_put(SimVariables *self,
                  const char *component,
                  const char *variable,
                  const char *value)
{
    for (guint i = 0; i < N_ENTRIES; i++)
        if (strcmp(entries[i].component, component) == 0 &&
            strcmp(entries[i].variable, variable) == 0) {
            g_free(self->values[i]);
            self->values[i] = g_strdup(value);
        }
}

/* Index of the variable that a request names, or -1 with the status of the answer. */
static int
named(JsonObject *item, const char **ret_status)
{
    JsonObject *component = sim_json_object(item, "component");
    JsonObject *variable = sim_json_object(item, "variable");
    JsonObject *evse = sim_json_object(component, "evse");
    const char *component_name = sim_json_string(component, "name");
    const char *variable_name = sim_json_string(variable, "name");
    const char *attribute = sim_json_string(item, "attributeType");
    gint64 evse_id = 0;
    if (evse != NULL)
        sim_json_integer(evse, "id", &evse_id);
    *ret_status = "UnknownComponent";
    if (component_name == NULL || variable_name == NULL || evse_id < 0 || evse_id > 1)
        return -1;
    int found =
        find(component_name, variable_name, sim_json_string(variable, "instance"), (int)evse_id);
    for (guint i = 0; i < N_ENTRIES && found < 0; i++)
        if (g_ascii_strcasecmp(entries[i].component, component_name) == 0)
            *ret_status = "UnknownVariable";
    if (found >= 0 && attribute != NULL && strcmp(attribute, "Actual") != 0) {
        *ret_status = "NotSupportedAttributeType";
        return -1;
    }
    return found;
}

static void
echo(JsonObject *item, const char *name, GString *to)
{
    JsonNode *node = json_object_get_member(item, name);
    if (node == NULL)
        return;
    g_autofree char *text = sim_json_text(node);
    sim_text_raw(to, name, text);
}

void
sim_variables_answer_get(const SimVariables *self, JsonObject *request, GString *answer)
{
    JsonArray *items = sim_json_array(request, "getVariableData");
    sim_text_open(answer, NULL, '{');
    sim_text_open(answer, "getVariableResult", '[');
    for (guint i = 0; items != NULL && i < json_array_get_length(items); i++) {
        JsonObject *item = sim_json_item(items, i);
        const char *status = NULL;
        if (item == NULL)
            continue;
        int found = named(item, &status);
        gboolean readable = found >= 0 && entries[found].access != WO;
        sim_text_open(answer, NULL, '{');
        sim_text_string(answer,
                        "attributeStatus",
                        readable     ? "Accepted"
                        : found >= 0 ? "Rejected"
                                     : status);
        if (readable)
            sim_text_string(answer, "attributeValue", self->values[found]);
        echo(item, "component", answer);
        echo(item, "variable", answer);
        sim_text_close(answer, '}');
    }
    sim_text_close(answer, ']');
    sim_text_close(answer, '}');
}

static gboolean
is_good_value(const SimVariables *self, int i, const char *value)
{
    const char *type = entries[i].type;
    if (strcmp(type, "boolean") == 0)
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    if (strcmp(type, "integer") != 0 && strcmp(type, "decimal") != 0)
        return strlen(value) <= 1000;
    char *end = NULL;
    double number = g_ascii_strtod(value, &end);
    if (end == value || *end != '\0')
        return FALSE;
    if (strcmp(type, "integer") == 0 && number != (double)(gint64)number)
        return FALSE;
    return entries[i].min > entries[i].max ||
           (number >= entries[i].min && number <= entries[i].max);
}

void
sim_variables_answer_set(SimVariables *self, JsonObject *request, GString *answer)
{
    JsonArray *items = sim_json_array(request, "setVariableData");
    sim_text_open(answer, NULL, '{');
    sim_text_open(answer, "setVariableResult", '[');
    for (guint i = 0; items != NULL && i < json_array_get_length(items); i++) {
        JsonObject *item = sim_json_item(items, i);
        const char *status = NULL, *value = sim_json_string(item, "attributeValue");
        if (item == NULL)
            continue;
        int found = named(item, &status);
        if (found >= 0 && value != NULL && entries[found].access != RO &&
            is_good_value(self, found, value)) {
            status = "Accepted";
            g_free(self->values[found]);
            self->values[found] = g_strdup(value);
        } else if (found >= 0) {
            status = "Rejected";
        }
        sim_text_open(answer, NULL, '{');
        sim_text_string(answer, "attributeStatus", status);
        echo(item, "component", answer);
        echo(item, "variable", answer);
        sim_text_close(answer, '}');
    }
    sim_text_close(answer, ']');
    sim_text_close(answer, '}');
}

static void
report_one(const SimVariables *self, guint i, GString *to)
{
    static const char *const access[] = { "ReadOnly", "ReadWrite", "WriteOnly" };
    const Entry *entry = &entries[i];
    sim_text_open(to, NULL, '{');
    sim_text_open(to, "component", '{');
    sim_text_string(to, "name", entry->component);
    if (entry->evse != 0) {
        sim_text_open(to, "evse", '{');
        sim_text_integer(to, "id", entry->evse);
        if (entry->connector != 0)
            sim_text_integer(to, "connectorId", entry->connector);
        sim_text_close(to, '}');
    }
    sim_text_close(to, '}');
    sim_text_open(to, "variable", '{');
    sim_text_string(to, "name", entry->variable);
    if (entry->instance != NULL)
        sim_text_string(to, "instance", entry->instance);
    sim_text_close(to, '}');
    sim_text_open(to, "variableAttribute", '[');
    sim_text_open(to, NULL, '{');
    sim_text_string(to, "type", "Actual");
    if (entry->access != WO)
        sim_text_string(to, "value", self->values[i]);
    sim_text_string(to, "mutability", access[entry->access]);
    sim_text_close(to, '}');
    sim_text_close(to, ']');
    sim_text_open(to, "variableCharacteristics", '{');
    sim_text_string(to, "dataType", entry->type);
    sim_text_boolean(to, "supportsMonitoring", FALSE);
    if (entry->unit != NULL)
        sim_text_string(to, "unit", entry->unit);
    if (entry->min <= entry->max)
        sim_text_real(to, "minLimit", entry->min);
    if (self->max[i] > 0)
        sim_text_real(to, "maxLimit", self->max[i]);
    sim_text_close(to, '}');
    sim_text_close(to, '}');
}

guint
sim_variables_report(const SimVariables *self, guint first, gboolean all, GString *to)
{
    guint i = first, n = 0;
    sim_text_open(to, "reportData", '[');
    for (; i < N_ENTRIES && n < REPORT_PART; i++) {
        if (!all && entries[i].access == RO)
            continue;
        report_one(self, i, to);
        n++;
    }
    sim_text_close(to, ']');
    return i;
}

guint
sim_variables_count(const SimVariables *self)
{
    return N_ENTRIES;
}
