/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-variables.h"

#include "ocpp-site.h"

#include <math.h>

/* as long as the station has not said what it takes */
#define ITEMS_UNKNOWN 4

gboolean
ocpp_variables_is(CfxJsonText name, const char *word)
{
    return name.text != NULL && strlen(word) == name.size &&
           g_ascii_strncasecmp(name.text, word, name.size) == 0;
}

static gint64
integer_of(CfxJsonText value)
{
    gint64 number = 0;

    if (value.text == NULL || !g_ascii_string_to_signed(value.text, 10, 0, 1000000, &number, NULL))
        return 0;
    return number;
}

static gboolean
has_member(CfxJsonText list, const char *member)
{
    g_auto(GStrv) words = g_strsplit(list.text, ",", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        if (g_ascii_strcasecmp(g_strstrip(words[i]), member) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
take_smart_charging(OcppLimits *limits, const OcppVariable *variable, CfxJsonText value)
{
    if (ocpp_variables_is(variable->name, "RateUnit") && value.size > 0) {
        limits->takes_a = has_member(value, "A");
        limits->takes_w = has_member(value, "W");
        /* a list that names neither says nothing */
        if (!limits->takes_a && !limits->takes_w)
            limits->takes_a = limits->takes_w = -1;
    } else if (ocpp_variables_is(variable->name, "PeriodsPerSchedule")) {
        limits->max_periods = integer_of(value);
    } else if (ocpp_variables_is(variable->name, "ProfileStackLevel")) {
        limits->max_stack_level = integer_of(value);
    }
}

static void
take_device_data(OcppLimits *limits, const OcppVariable *variable, CfxJsonText value)
{
    if (!ocpp_variables_is(variable->name, "ItemsPerMessage"))
        return;
    if (ocpp_variables_is(variable->instance, "GetVariables"))
        limits->get_items = integer_of(value);
    else if (ocpp_variables_is(variable->instance, "SetVariables"))
        limits->set_items = integer_of(value);
}

static void
take_evse(OcppEvse *evse,
          const OcppVariable *variable,
          CfxJsonText value,
          const OcppCharacteristics *characteristics)
{
    if (ocpp_variables_is(variable->name, "Power") && characteristics != NULL &&
        characteristics->max_limit > 0)
        evse->rated_w = characteristics->max_limit *
                        (ocpp_variables_is(characteristics->unit, "kW") ? 1000 : 1);
    else if (ocpp_variables_is(variable->name, "SupplyPhases"))
        evse->supply_phases = (gint32)CLAMP(integer_of(value), 0, 3);
}

void
ocpp_variables_take(OcppStation *station,
                    const OcppComponent *component,
                    const OcppVariable *variable,
                    CfxJsonText value,
                    const OcppCharacteristics *characteristics)
{
    if (ocpp_variables_is(component->name, "SmartChargingCtrlr"))
        take_smart_charging(&station->limits, variable, value);
    else if (ocpp_variables_is(component->name, "DeviceDataCtrlr"))
        take_device_data(&station->limits, variable, value);
    else if (ocpp_variables_is(component->name, "EVSE") && component->evse != NULL &&
             ocpp_station_evse(station, component->evse->id) != NULL)
        take_evse(
            ocpp_station_evse(station, component->evse->id), variable, value, characteristics);
}

gint32
ocpp_variables_availability(CfxJsonText value)
{
    for (gint32 i = 0; ocpp_connector_words[i] != NULL; i++) {
        if (ocpp_variables_is(value, ocpp_connector_words[i]))
            return i;
    }
    return -1;
}

/* a variable that is asked or set */
typedef struct {
    const char *component, *variable, *instance;
} Name;

static const Name asked[] = {
    { "DeviceDataCtrlr", "ItemsPerMessage", "GetVariables" },
    { "DeviceDataCtrlr", "ItemsPerMessage", "SetVariables" },
    { "SmartChargingCtrlr", "RateUnit", NULL },
    { "SmartChargingCtrlr", "PeriodsPerSchedule", NULL },
    { "SmartChargingCtrlr", "ProfileStackLevel", NULL },
};

typedef struct {
    OcppComponent component;
    OcppVariable variable;
} Named;

static Named *
make_name(const Name *name, CfxArena *arena)
{
    Named *made = cfx_arena_alloc(arena, sizeof(Named));

    made->component.name = cfx_json_text_of(name->component);
    made->variable.name = cfx_json_text_of(name->variable);
    made->variable.instance = cfx_json_text_of(name->instance);
    return made;
}

gboolean
ocpp_variables_ask(OcppStation *station, guint *at, OcppGetVariables *ret, CfxArena *arena)
{
    gsize items = station->limits.get_items > 0 ? (gsize)station->limits.get_items : ITEMS_UNKNOWN;
    gsize n = MIN(items, G_N_ELEMENTS(asked) - *at);
    OcppGetVariableData *data;

    if (n == 0)
        return FALSE;
    data = cfx_arena_alloc(arena, n * sizeof(*data));
    for (gsize i = 0; i < n; i++) {
        Named *named = make_name(&asked[*at + i], arena);

        data[i] = (OcppGetVariableData){ .attribute_type = -1,
                                         .component = &named->component,
                                         .variable = &named->variable };
    }
    *ret = (OcppGetVariables){ .data = { data, n } };
    *at += (guint)n;
    return TRUE;
}

static const Name settings[] = {
    { "SampledDataCtrlr", "TxUpdatedMeasurands", NULL },
    { "SampledDataCtrlr", "TxUpdatedInterval", NULL },
    { "SampledDataCtrlr", "TxStartedMeasurands", NULL },
    { "SampledDataCtrlr", "TxEndedMeasurands", NULL },
    { "OCPPCommCtrlr", "HeartbeatInterval", NULL },
    /* only where nobody may start without us */
    { "AuthCtrlr", "LocalAuthorizeOffline", NULL },
    { "AuthCtrlr", "OfflineTxForUnknownIdEnabled", NULL },
};
#define N_ALWAYS 5

static const char *
setting_value(OcppInstance *instance, gsize i, CfxArena *arena)
{
    char *text = cfx_arena_alloc(arena, 32);
    gint64 us = i == 1 ? instance->sample_us : instance->heartbeat_us;

    switch (i) {
    case 0:
        return "Energy.Active.Import.Register,Power.Active.Import,Current.Import";
    case 2:
    case 3:
        return "Energy.Active.Import.Register";
    case 5:
    case 6:
        return "false";
    default:
        g_snprintf(text, 32, "%" G_GINT64_FORMAT, MAX(us / CFX_SECOND, 1));
        return text;
    }
}

gboolean
ocpp_variables_set(OcppStation *station, guint *at, OcppSetVariables *ret, CfxArena *arena)
{
    gsize items = station->limits.set_items > 0 ? (gsize)station->limits.set_items : ITEMS_UNKNOWN;
    gboolean may_start = ocpp_site_starts_offline(station->instance->host, station->asset);
    gsize n = MIN(items, (may_start ? N_ALWAYS : G_N_ELEMENTS(settings)) - *at);
    OcppSetVariableData *data;

    if (n == 0)
        return FALSE;
    data = cfx_arena_alloc(arena, n * sizeof(*data));
    for (gsize i = 0; i < n; i++) {
        Named *named = make_name(&settings[*at + i], arena);
        const char *value = setting_value(station->instance, *at + i, arena);

        data[i] = (OcppSetVariableData){ .attribute_type = -1,
                                         .value = cfx_json_text_of(value),
                                         .component = &named->component,
                                         .variable = &named->variable };
    }
    *ret = (OcppSetVariables){ .data = { data, n } };
    *at += (guint)n;
    return TRUE;
}
