/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block B: boot, heartbeat, reports of the device model. */
#include "ocpp-dispatch.h"

#include "ocpp-onboard.h"
#include "ocpp-records.h"
#include "ocpp-report.h"
#include "ocpp-variables.h"

/* a report of the whole device model is not kept beyond this */
#define INVENTORY_MAX (1024 * 1024)

static void
replace(char **to, CfxJsonText with)
{
    g_free(*to);
    *to = cfx_json_text_dup(with);
}

static void
boot_answered(OcppStation *station)
{
    station->is_booting = FALSE;
    ocpp_report_station(station);
    ocpp_onboard_start(station, TRUE);
}

static void
handle_boot(OcppRequest *request, gconstpointer payload)
{
    const OcppBootNotification *boot = payload;
    const OcppChargingStation *about = boot->station;
    OcppStation *station = request->station;
    CfxJsonWriter *doc = ocpp_request_notice(request, "ocpp.boot", 0, request->now_us);
    OcppBootAnswer answer = { .current_time_us = request->now_us,
                              .interval_s = MAX(request->instance->heartbeat_us / CFX_SECOND, 1),
                              .status = OCPP_REGISTRATION_ACCEPTED };

    replace(&station->vendor, about->vendor_name);
    replace(&station->model, about->model);
    replace(&station->serial, about->serial_number);
    replace(&station->firmware, about->firmware_version);
    station->boot_reason = boot->reason;
    station->boot_us = request->now_us;
    station->is_accepted = TRUE;
    station->is_booting = TRUE;
    ocpp_onboard_stop(station);
    /* what still is one will be told again */
    for (guint i = 0; i < station->evses->len; i++)
        g_ptr_array_set_size(((OcppEvse *)g_ptr_array_index(station->evses, i))->problems, 0);
    cfx_json_member_text(doc, "reason", ocpp_boot_reason_words[boot->reason]);
    cfx_json_member_text(doc, "vendor", station->vendor);
    cfx_json_member_text(doc, "model", station->model);
    if (station->firmware != NULL)
        cfx_json_member_text(doc, "firmware", station->firmware);
    ocpp_store_end(&request->instance->store);
    ocpp_records_put_station(station);
    ocpp_answer_result(request->answer, request->action->answer, &answer);
    request->answer->sent = boot_answered;
    cfx_log(request->instance->host,
            CFX_LOG_MESSAGE,
            "station %s has booted (%s): %s %s",
            station->identity,
            ocpp_boot_reason_words[boot->reason],
            station->vendor,
            station->model);
}

static void
handle_heartbeat(OcppRequest *request, gconstpointer payload)
{
    OcppHeartbeatAnswer answer = { .current_time_us = request->now_us };

    ocpp_answer_result(request->answer, request->action->answer, &answer);
}

const OcppHandler ocpp_provisioning_handlers[] = {
    { "BootNotification", handle_boot, sizeof(OcppBootNotification) },
    { "Heartbeat", handle_heartbeat, sizeof(OcppEmpty) },
    { NULL, NULL, 0 },
};

/* --- the device model ----------------------------------------------------------------------- */

static void
put_component(CfxJsonWriter *to, const OcppComponent *component)
{
    cfx_json_name(to, "component");
    cfx_json_encode(to, &ocpp_component_table, component);
}

static void
put_data(CfxJsonWriter *to, const OcppReportData *data)
{
    cfx_json_begin_object(to);
    put_component(to, data->component);
    cfx_json_name(to, "variable");
    cfx_json_encode(to, &ocpp_variable_table, data->variable);
    cfx_json_name(to, "attributes");
    cfx_json_begin_object(to);
    for (gsize i = 0; i < data->attributes.n; i++) {
        const OcppVariableAttribute *attribute =
            CFX_JSON_ITEM(&data->attributes, OcppVariableAttribute, i);
        gint32 type = attribute->type < 0 ? OCPP_ATTRIBUTE_ACTUAL : attribute->type;

        if (attribute->value.text == NULL)
            continue;
        cfx_json_name(to, ocpp_attribute_words[type]);
        cfx_json_text_sized(to, attribute->value.text, attribute->value.size);
    }
    cfx_json_end_object(to);
    cfx_json_end_object(to);
}

/*
 * Parts are gathered in memory and stored with the last one: a report that breaks off is asked for
 * again at the next boot, so that nothing hangs on its first parts.
 */
static void
handle_report(OcppRequest *request, gconstpointer payload)
{
    const OcppNotifyReport *report = payload;
    OcppStation *station = request->station;
    OcppInstance *instance = request->instance;
    g_auto(CfxJsonWriter) part = { 0 };

    if (station->inventory == NULL || station->inventory_id != report->request_id) {
        if (station->inventory != NULL)
            g_string_free(station->inventory, TRUE);
        station->inventory = g_string_new("[");
        station->inventory_id = report->request_id;
    }
    cfx_json_writer_init(&part, NULL, 0);
    for (gsize i = 0; i < report->report_data.n; i++) {
        const OcppReportData *data = CFX_JSON_ITEM(&report->report_data, OcppReportData, i);
        const OcppVariableAttribute *actual =
            CFX_JSON_ITEM(&data->attributes, OcppVariableAttribute, 0);

        ocpp_variables_take(station,
                            data->component,
                            data->variable,
                            actual->type <= OCPP_ATTRIBUTE_ACTUAL ? actual->value
                                                                  : (CfxJsonText){ NULL, 0 },
                            data->characteristics);
        cfx_json_writer_reset(&part);
        put_data(&part, data);
        if (station->inventory->len + part.size > INVENTORY_MAX)
            continue;
        if (station->inventory->len > 1)
            g_string_append_c(station->inventory, ',');
        g_string_append_len(station->inventory, part.text, (gssize)part.size);
    }
    ocpp_request_empty_answer(request);
    if (report->is_to_be_continued == 1)
        return;
    g_string_append_c(station->inventory, ']');
    {
        CfxJsonWriter *doc =
            ocpp_store_record(&instance->store,
                              "ocpp.inventory",
                              ocpp_instance_key(instance, station->identity, NULL));

        cfx_json_member_text(doc, "identity", station->identity);
        cfx_json_member_time(doc, "generated", report->generated_us);
        cfx_json_name(doc, "report");
        cfx_json_raw(doc, station->inventory->str, station->inventory->len);
        ocpp_store_end(&instance->store);
        ocpp_store_key(&instance->store, "instance", instance->host->instance, 0);
    }
    g_string_free(station->inventory, TRUE);
    station->inventory = NULL;
    ocpp_records_put_station(station);
    ocpp_report_station(station);
}

const OcppHandler ocpp_device_model_handlers[] = {
    { "NotifyReport", handle_report, sizeof(OcppNotifyReport) },
    { NULL, NULL, 0 },
};
