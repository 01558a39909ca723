/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-call.h"

#include "ocpp-instance.h"
#include "ocpp-log.h"
#include "ocpp-onboard.h"

struct _OcppCall {
    char id[OCPP_ID_MAX + 1];
    const char *action;
    guint priority;
    char *payload; /* or built */
    OcppCallBuild build;
    OcppCallDone done;
    gpointer data;
    gint64 sent_real_us;
};

static void
call_free(OcppCall *call)
{
    g_free(call->payload);
    g_free(call);
}

static void
end_call(OcppStation *station, OcppCall *call, const OcppCallResult *result)
{
    call->done(station, call->data, result);
    call_free(call);
}

static void
timed_out(gpointer data)
{
    OcppStation *station = data;
    OcppCall *call = g_steal_pointer(&station->in_flight);
    OcppCallResult result = { .state = OCPP_CALL_TIMEOUT, .sent_real_us = call->sent_real_us };

    station->call_timer = 0;
    cfx_log(station->instance->host,
            CFX_LOG_WARNING,
            "station %s has not answered %s",
            station->identity,
            call->action);
    ocpp_station_ref(station);
    end_call(station, call, &result);
    ocpp_calls_pump(station);
    ocpp_station_unref(station);
}

static gboolean
write_frame(OcppStation *station, OcppCall *call, CfxJsonWriter *out)
{
    g_auto(CfxJsonWriter) payload = { 0 };

    if (call->build == NULL) {
        ocpp_frame_write_raw_call(
            out, call->id, call->action, call->payload, strlen(call->payload));
        return TRUE;
    }
    cfx_json_writer_init(&payload, NULL, 0);
    if (!call->build(station, call->data, &payload))
        return FALSE;
    ocpp_frame_write_raw_call(out, call->id, call->action, payload.text, payload.size);
    return TRUE;
}

void
ocpp_calls_pump(OcppStation *station)
{
    OcppInstance *instance = station->instance;
    OcppCall *call;

    while (station->socket != NULL && station->in_flight == NULL &&
           (call = g_queue_peek_head(&station->calls)) != NULL) {
        if (call->priority >= OCPP_PRIORITY_COMMAND && !ocpp_onboard_is_settled(station))
            return;
        g_queue_pop_head(&station->calls);
        g_snprintf(call->id,
                   sizeof(call->id),
                   "%s-%" G_GINT64_MODIFIER "x",
                   instance->call_prefix,
                   instance->next_call++);
        if (!write_frame(station, call, &instance->out)) {
            call_free(call);
            continue;
        }
        call->sent_real_us = cfx_now_real(instance->host);
        station->in_flight = call;
        station->call_timer = cfx_timer_after(
            instance->host, CFX_CLOCK_REAL, instance->call_timeout_us, timed_out, station);
        instance->host->web->send(station->socket, instance->out.text, instance->out.size);
        ocpp_log_add(station, FALSE, instance->out.text, instance->out.size);
    }
}

static void
enqueue(OcppStation *station, OcppCall *call)
{
    GList *before = station->calls.head;

    while (before != NULL && ((OcppCall *)before->data)->priority <= call->priority)
        before = before->next;
    if (before != NULL)
        g_queue_insert_before(&station->calls, before, call);
    else
        g_queue_push_tail(&station->calls, call);
    ocpp_calls_pump(station);
}

static OcppCall *
call_new(guint priority, const char *action, OcppCallDone done, gpointer data)
{
    OcppCall *call = g_new0(OcppCall, 1);

    call->action = action;
    call->priority = priority;
    call->done = done;
    call->data = data;
    return call;
}

void
ocpp_call_build(OcppStation *station,
                guint priority,
                const char *action,
                OcppCallBuild build,
                OcppCallDone done,
                gpointer data)
{
    OcppCall *call = call_new(priority, action, done, data);

    call->build = build;
    enqueue(station, call);
}

void
ocpp_call_send(OcppStation *station,
               guint priority,
               const char *action,
               const CfxJsonTable *table,
               gconstpointer payload,
               OcppCallDone done,
               gpointer data)
{
    OcppCall *call = call_new(priority, action, done, data);
    g_auto(CfxJsonWriter) writer = { 0 };

    cfx_json_writer_init(&writer, NULL, 0);
    cfx_json_encode(&writer, table, payload);
    call->payload = g_strndup(writer.text, writer.size);
    enqueue(station, call);
}

void
ocpp_call_answered(OcppStation *station, OcppFrame *frame)
{
    OcppCall *call = station->in_flight;
    OcppCallResult result = { .frame = frame };

    /* one that came too late, or that nobody asked for */
    if (call == NULL || !cfx_json_text_is(frame->id, call->id)) {
        cfx_log(station->instance->host,
                CFX_LOG_INFO,
                "station %s answers a call that is not open: %s",
                station->identity,
                frame->id.text);
        return;
    }
    station->in_flight = NULL;
    cfx_timer_clear(station->instance->host, &station->call_timer);
    result.sent_real_us = call->sent_real_us;
    result.received_real_us = cfx_now_real(station->instance->host);
    result.state = frame->error != OCPP_ERROR_NONE  ? OCPP_CALL_BROKEN
                   : frame->type == OCPP_CALL_ERROR ? OCPP_CALL_REFUSED
                                                    : OCPP_CALL_ANSWERED;
    ocpp_station_ref(station);
    end_call(station, call, &result);
    ocpp_calls_pump(station);
    ocpp_station_unref(station);
}

void
ocpp_calls_drop(OcppStation *station)
{
    OcppCallResult result = { .state = OCPP_CALL_LOST };
    GQueue waiting = station->calls;
    OcppCall *call = g_steal_pointer(&station->in_flight);

    /* what is queued meanwhile belongs to the next connection */
    g_queue_init(&station->calls);
    cfx_timer_clear(station->instance->host, &station->call_timer);
    if (call != NULL) {
        result.sent_real_us = call->sent_real_us;
        end_call(station, call, &result);
    }
    result.sent_real_us = 0;
    while ((call = g_queue_pop_head(&waiting)) != NULL)
        end_call(station, call, &result);
}

gboolean
ocpp_call_decode(OcppStation *station,
                 const OcppCallResult *result,
                 const CfxJsonTable *table,
                 gpointer to,
                 CfxArena *arena)
{
    if (result->state != OCPP_CALL_ANSWERED)
        return FALSE;
    if (ocpp_frame_payload(result->frame, table, to, arena))
        return TRUE;
    cfx_log(station->instance->host,
            CFX_LOG_WARNING,
            "station %s gives a wrong answer (%s): %s",
            station->identity,
            table->name,
            result->frame->words);
    return FALSE;
}

char *
ocpp_call_words(const OcppCallResult *result)
{
    switch (result->state) {
    case OCPP_CALL_REFUSED:
        return g_strdup_printf(
            "%s: %s", result->frame->error_code.text, result->frame->error_description.text);
    case OCPP_CALL_BROKEN:
        return g_strdup_printf("an answer that is none: %s", result->frame->words);
    case OCPP_CALL_TIMEOUT:
        return g_strdup("no answer");
    case OCPP_CALL_LOST:
        return g_strdup("the connection went away");
    case OCPP_CALL_ANSWERED:
    default:
        return g_strdup("answered");
    }
}
