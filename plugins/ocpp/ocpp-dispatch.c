/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-dispatch.h"

#include "ocpp-call.h"
#include "ocpp-log.h"
#include "ocpp-onboard.h"
#include "ocpp-steer.h"

/* a change of a clock that is worth sending profiles again */
#define CLOCK_JUMP_US (15 * CFX_SECOND)

static const OcppHandler *const handler_lists[] = {
    ocpp_transaction_handlers,
    ocpp_availability_handlers,
    ocpp_charging_handlers,
    ocpp_provisioning_handlers,
    ocpp_device_model_handlers,
    ocpp_authorization_handlers,
    NULL,
};

/* what OCPP 2.0.1 has beside what we handle: it is known, and we do not do it */
static const char *const known_actions[] = {
    "CancelReservation",
    "CertificateSigned",
    "ClearCache",
    "ClearDisplayMessage",
    "ClearVariableMonitoring",
    "CostUpdated",
    "CustomerInformation",
    "DeleteCertificate",
    "Get15118EVCertificate",
    "GetCertificateStatus",
    "GetDisplayMessages",
    "GetInstalledCertificateIds",
    "GetLocalListVersion",
    "GetLog",
    "GetMonitoringReport",
    "GetReport",
    "GetTransactionStatus",
    "InstallCertificate",
    "NotifyCustomerInformation",
    "NotifyDisplayMessages",
    "NotifyMonitoringReport",
    "PublishFirmware",
    "PublishFirmwareStatusNotification",
    "ReservationStatusUpdate",
    "ReserveNow",
    "SendLocalList",
    "SetDisplayMessage",
    "SetMonitoringBase",
    "SetMonitoringLevel",
    "SetNetworkProfile",
    "SetVariableMonitoring",
    "SignCertificate",
    "UnpublishFirmware",
    "UpdateFirmware",
    NULL,
};

static const OcppHandler *
find_handler(const char *action)
{
    for (gsize i = 0; handler_lists[i] != NULL; i++) {
        for (const OcppHandler *at = handler_lists[i]; at->action != NULL; at++) {
            if (strcmp(at->action, action) == 0)
                return at;
        }
    }
    return NULL;
}

static void
fail(OcppStation *station, const OcppFrame *frame, OcppErrorCode code, const char *words)
{
    OcppAnswer *answer = ocpp_answer_new(station, frame->id, 0);

    cfx_log(station->instance->host,
            CFX_LOG_INFO,
            "station %s: %s %s: %s",
            station->identity,
            frame->action.text != NULL ? frame->action.text : "frame",
            ocpp_error_name(code),
            words);
    ocpp_answer_error(answer, code, words);
    ocpp_answer_done(answer);
}

static void
handle_call(OcppStation *station, OcppFrame *frame, guint64 hash, gint64 received_us)
{
    OcppInstance *instance = station->instance;
    const OcppHandler *handler = find_handler(frame->action.text);
    const OcppAction *action = ocpp_action_find(frame->action.text);
    OcppRequest request = { .instance = instance,
                            .station = station,
                            .action = action,
                            .now_us = cfx_now_site(instance->host),
                            .received_us = received_us };
    gpointer payload = NULL;
    gboolean may_speak =
        station->is_accepted || strcmp(frame->action.text, "BootNotification") == 0;

    if (handler != NULL && may_speak) {
        payload = cfx_arena_alloc(&instance->arena, handler->size);
        if (!ocpp_frame_payload(frame, action->request, payload, &instance->arena)) {
            fail(station, frame, frame->error, frame->words);
            return;
        }
    } else if (!ocpp_frame_payload(frame, NULL, NULL, NULL)) {
        fail(station, frame, frame->error, frame->words);
        return;
    }
    if (!may_speak) {
        fail(station, frame, OCPP_ERROR_SECURITY, "send BootNotification first");
        return;
    }
    if (handler == NULL) {
        gboolean is_known = action != NULL || g_strv_contains(known_actions, frame->action.text);

        fail(station,
             frame,
             is_known ? OCPP_ERROR_NOT_SUPPORTED : OCPP_ERROR_NOT_IMPLEMENTED,
             is_known ? "not supported by this system" : "no such action in OCPP 2.0.1");
        return;
    }
    request.answer = ocpp_answer_new(station, frame->id, hash);
    ocpp_store_begin(&instance->store);
    handler->handle(&request, payload);
    ocpp_answer_commit(request.answer, received_us);
    ocpp_answer_done(request.answer);
    if (!station->is_booting)
        ocpp_onboard_heard(station);
}

void
ocpp_dispatch(OcppStation *station, char *text, gsize size)
{
    OcppInstance *instance = station->instance;
    guint64 hash = ocpp_frame_hash(text, size);
    gint64 received_us = cfx_now_real(instance->host);
    OcppFrame frame;

    ocpp_log_add(station, TRUE, text, size);
    ocpp_station_ref(station);
    cfx_arena_clear(&instance->arena);
    if (instance->messages_metric != NULL)
        instance->host->base->metric_add(instance->messages_metric, 1);
    if (!ocpp_frame_begin(&frame, text, size)) {
        /* an answer that is broken ends its call; nothing is sent in return */
        if (frame.type == OCPP_CALL_RESULT || frame.type == OCPP_CALL_ERROR)
            ocpp_call_answered(station, &frame);
        else
            fail(station, &frame, frame.error, frame.words);
    } else if (frame.type != OCPP_CALL) {
        ocpp_call_answered(station, &frame);
    } else if (!ocpp_answer_repeat(station, hash)) {
        /* the same heartbeat may come twice and asks for the time each time; a station whose
         * numbers begin anew with each boot says the same at each */
        gboolean may_repeat = !cfx_json_text_is(frame.action, "Heartbeat") &&
                              !cfx_json_text_is(frame.action, "BootNotification");

        handle_call(station, &frame, may_repeat ? hash : 0, received_us);
    }
    ocpp_station_unref(station);
}

void
ocpp_request_empty_answer(OcppRequest *request)
{
    const OcppEmpty empty = { NULL };

    ocpp_answer_result(request->answer, request->action->answer, &empty);
}

CfxJsonWriter *
ocpp_request_notice(OcppRequest *request, const char *topic, gint64 asset, gint64 at_us)
{
    CfxJsonWriter *doc = ocpp_store_notice(
        &request->instance->store, topic, asset != 0 ? asset : request->station->asset, at_us);

    cfx_json_member_text(doc, "station", request->station->identity);
    return doc;
}

void
ocpp_request_saw_clock(OcppRequest *request, gint64 its_us)
{
    OcppStation *station = request->station;
    gint64 off_us, before_us = ocpp_station_clock_off(station);

    ocpp_station_saw_clock(station, its_us, request->now_us);
    off_us = ocpp_station_clock_off(station);
    if (ABS(off_us - before_us) <= CLOCK_JUMP_US)
        return;
    if (off_us != 0)
        cfx_log(request->instance->host,
                CFX_LOG_WARNING,
                "the clock of station %s is off by %" G_GINT64_FORMAT
                " s; its profiles are shifted",
                station->identity,
                off_us / CFX_SECOND);
    ocpp_steer_clock_changed(station);
}
