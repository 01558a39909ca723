/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks A, G, L, N, P: status of connectors, events, and what stations also send at boot. */
#include "ocpp-dispatch.h"

#include "ocpp-records.h"
#include "ocpp-report.h"
#include "ocpp-variables.h"

#define PROBLEMS_MAX 32

static void
put_text(CfxJsonWriter *doc, const char *name, CfxJsonText text)
{
    if (text.text == NULL)
        return;
    cfx_json_name(doc, name);
    cfx_json_text_sized(doc, text.text, text.size);
}

/* One connector, or with @connector 0 all that are known. Returns: whether it is news */
static gboolean
set_status(OcppEvse *evse, gint64 connector, gint32 status)
{
    gboolean is_news = FALSE;

    if (connector > OCPP_CONNECTORS_MAX || connector < 0)
        return FALSE;
    for (gint64 i = 0; i < OCPP_CONNECTORS_MAX; i++) {
        gboolean is_meant = connector == 0 ? evse->connector[i] >= 0 || i == 0 : i == connector - 1;

        if (!is_meant || evse->connector[i] == status)
            continue;
        evse->connector[i] = status;
        is_news = TRUE;
    }
    return is_news;
}

static void
note_status(OcppRequest *request, gint64 evse_id, gint64 connector, gint32 status, gint64 at_us)
{
    OcppEvse *evse = ocpp_station_evse(request->station, evse_id);
    CfxJsonWriter *doc =
        ocpp_request_notice(request, "ocpp.status", evse != NULL ? evse->asset : 0, at_us);

    cfx_json_member_int(doc, "evse", evse_id);
    cfx_json_member_int(doc, "connector", connector);
    cfx_json_member_text(doc, "status", ocpp_connector_words[status]);
    ocpp_store_end(&request->instance->store);
}

/* simulators and older firmware send EVSE 0 for the station as a whole: then all are meant */
static gboolean
take_status(OcppRequest *request, gint64 evse_id, gint64 connector, gint32 status, gint64 at_us)
{
    gboolean is_news = FALSE;

    for (guint i = 0; i < request->station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(request->station->evses, i);

        if (evse_id != 0 && evse->id != evse_id)
            continue;
        if (!set_status(evse, connector, status))
            continue;
        note_status(request, evse->id, connector, status, at_us);
        ocpp_report_evse(evse);
        is_news = TRUE;
    }
    return is_news;
}

static void
handle_status(OcppRequest *request, gconstpointer payload)
{
    const OcppStatusNotification *status = payload;

    ocpp_request_saw_clock(request, status->timestamp_us);
    if (take_status(
            request, status->evse_id, status->connector_id, status->status, status->timestamp_us))
        ocpp_records_put_station(request->station);
    ocpp_request_empty_answer(request);
}

static void
note_event(OcppRequest *request, const OcppEventData *event)
{
    const OcppEvseRef *ref = event->component->evse;
    OcppEvse *evse = ref != NULL ? ocpp_station_evse(request->station, ref->id) : NULL;
    CfxJsonWriter *doc = ocpp_request_notice(
        request, "ocpp.event", evse != NULL ? evse->asset : 0, event->timestamp_us);

    cfx_json_member_int(doc, "event", event->event_id);
    if (ref != NULL)
        cfx_json_member_int(doc, "evse", ref->id);
    put_text(doc, "component", event->component->name);
    put_text(doc, "variable", event->variable->name);
    put_text(doc, "value", event->actual_value);
    put_text(doc, "tech_code", event->tech_code);
    put_text(doc, "tech_info", event->tech_info);
    if (event->is_cleared >= 0)
        cfx_json_member_bool(doc, "cleared", event->is_cleared == 1);
    ocpp_store_end(&request->instance->store);
}

/* TRUE if the event is a change of availability; it is then no other news */
static gboolean
take_availability(OcppRequest *request, const OcppEventData *event, gboolean *ret_is_news)
{
    const OcppEvseRef *ref = event->component->evse;
    gint32 status = ocpp_variables_availability(event->actual_value);
    gint64 connector = ref != NULL && ref->connector_id > 0 ? ref->connector_id : 0;

    if (!ocpp_variables_is(event->variable->name, "AvailabilityState") || status < 0)
        return FALSE;
    *ret_is_news |=
        take_status(request, ref != NULL ? ref->id : 0, connector, status, event->timestamp_us);
    return TRUE;
}

/* Returns: whether it is news */
static gboolean
set_problem(OcppEvse *evse, const char *name, gboolean is_there)
{
    guint i = 0;
    gboolean was_there = g_ptr_array_find_with_equal_func(evse->problems, name, g_str_equal, &i);

    if (is_there == was_there || (is_there && evse->problems->len >= PROBLEMS_MAX))
        return FALSE;
    if (is_there)
        g_ptr_array_add(evse->problems, g_strdup(name));
    else
        g_ptr_array_remove_index(evse->problems, i);
    ocpp_report_evse(evse);
    return TRUE;
}

/* a problem of the station itself is one of all its EVSEs; that of another of its parts is none */
static gboolean
take_problem(OcppRequest *request, const OcppEventData *event)
{
    const OcppComponent *component = event->component;
    const OcppEvseRef *ref = component->evse;
    g_autofree char *name = NULL;
    gboolean is_news = FALSE,
             is_there = ocpp_variables_is(event->actual_value, "true") && event->is_cleared != 1;

    if (!ocpp_variables_is(event->variable->name, "Problem") ||
        (ref == NULL && !ocpp_variables_is(component->name, "ChargingStation")))
        return FALSE;
    name = g_strdup_printf("%s/%" G_GINT64_FORMAT,
                           component->name.text,
                           ref != NULL && ref->connector_id > 0 ? ref->connector_id : 0);
    for (guint i = 0; i < request->station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(request->station->evses, i);

        if (ref == NULL || evse->id == ref->id)
            is_news |= set_problem(evse, name, is_there);
    }
    return is_news;
}

static void
handle_event(OcppRequest *request, gconstpointer payload)
{
    const OcppNotifyEvent *notify = payload;
    gboolean is_news = FALSE;

    for (gsize i = 0; i < notify->events.n; i++) {
        const OcppEventData *event = CFX_JSON_ITEM(&notify->events, OcppEventData, i);

        if (take_availability(request, event, &is_news))
            continue;
        is_news |= take_problem(request, event);
        note_event(request, event);
    }
    if (is_news)
        ocpp_records_put_station(request->station);
    ocpp_request_empty_answer(request);
}

static void
handle_security(OcppRequest *request, gconstpointer payload)
{
    const OcppSecurityEvent *event = payload;
    CfxJsonWriter *doc = ocpp_request_notice(request, "ocpp.security", 0, event->timestamp_us);

    put_text(doc, "type", event->type);
    put_text(doc, "tech_info", event->tech_info);
    cfx_json_member_time(doc, "received", request->now_us);
    ocpp_store_end(&request->instance->store);
    ocpp_request_empty_answer(request);
}

static void
note_job(OcppRequest *request, const OcppJobStatus *job, const char *topic, const char *status)
{
    CfxJsonWriter *doc = ocpp_request_notice(request, topic, 0, request->now_us);

    cfx_json_member_text(doc, "status", status);
    if (job->request_id != CFX_JSON_NO_INT)
        cfx_json_member_int(doc, "request", job->request_id);
    ocpp_store_end(&request->instance->store);
    ocpp_request_empty_answer(request);
}

static void
handle_firmware(OcppRequest *request, gconstpointer payload)
{
    const OcppJobStatus *job = payload;

    note_job(request, job, "ocpp.firmware", ocpp_firmware_words[job->status]);
}

static void
handle_log(OcppRequest *request, gconstpointer payload)
{
    const OcppJobStatus *job = payload;

    note_job(request, job, "ocpp.log", ocpp_log_words[job->status]);
}

static void
handle_data_transfer(OcppRequest *request, gconstpointer payload)
{
    OcppDataTransferAnswer answer = { .status = OCPP_DATA_TRANSFER_UNKNOWN_VENDOR };

    ocpp_answer_result(request->answer, request->action->answer, &answer);
}

const OcppHandler ocpp_availability_handlers[] = {
    { "StatusNotification", handle_status, sizeof(OcppStatusNotification) },
    { "NotifyEvent", handle_event, sizeof(OcppNotifyEvent) },
    { "SecurityEventNotification", handle_security, sizeof(OcppSecurityEvent) },
    { "FirmwareStatusNotification", handle_firmware, sizeof(OcppJobStatus) },
    { "LogStatusNotification", handle_log, sizeof(OcppJobStatus) },
    { "DataTransfer", handle_data_transfer, sizeof(OcppDataTransfer) },
    { NULL, NULL, 0 },
};
