/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-command.h"

#include "ocpp-call.h"

/* a command that is on its way to a station */
typedef struct {
    CfxCall *call;
    const OcppCommand *command;
    gint64 asset;
    char *payload;
} Sent;

static void
sent_free(Sent *sent)
{
    g_free(sent->payload);
    g_free(sent);
}

/* what came of it, for whoever looks later. The arguments may hold secrets and are not kept */
static void
note(OcppStation *station, const Sent *sent, const char *outcome, const char *words)
{
    OcppInstance *instance = station->instance;
    CfxJsonWriter *doc;

    if (instance->is_stopping)
        return;
    ocpp_store_begin(&instance->store);
    doc = ocpp_store_notice(&instance->store, "ocpp.command", sent->asset, CFX_TIME_MIN);
    cfx_json_member_text(doc, "station", station->identity);
    cfx_json_member_text(doc, "command", sent->command->name);
    cfx_json_member_text(doc, "outcome", outcome);
    if (words != NULL)
        cfx_json_member_text(doc, "words", words);
    ocpp_store_end(&instance->store);
    ocpp_store_commit(&instance->store, instance->host, 0, 0, NULL, NULL);
}

/* the status of an answer that has one; NULL: it has none. (transfer full) */
static char *
status_of(const char *text, gsize size)
{
    g_autofree char *copy = g_memdup2(text, size);
    CfxJsonReader reader;
    CfxJsonText name, status;

    cfx_json_reader_init(&reader, copy, size, OCPP_DEPTH_MAX, CFX_JSON_READ_STRICT);
    cfx_json_enter_object(&reader);
    while (cfx_json_next_member(&reader, &name)) {
        if (cfx_json_text_is(name, "status"))
            return cfx_json_read_text(&reader, &status) ? cfx_json_text_dup(status) : NULL;
        if (!cfx_json_skip(&reader, NULL))
            return NULL;
    }
    return NULL;
}

/* Commands are sent once: what was on the wire may have been done. */
static void
fail(OcppStation *station, Sent *sent, const OcppCallResult *result)
{
    const char *name = sent->command->name;
    g_autofree char *words = ocpp_call_words(result);
    GError *error;

    if (result->state == OCPP_CALL_TIMEOUT)
        error = g_error_new(CFX_ERROR,
                            CFX_ERROR_UNAVAILABLE,
                            "station %s has not answered %s in %" G_GINT64_FORMAT
                            " s; whether it does it is not known",
                            station->identity,
                            name,
                            station->instance->call_timeout_us / CFX_SECOND);
    else if (result->state == OCPP_CALL_LOST)
        error = g_error_new(CFX_ERROR,
                            CFX_ERROR_UNAVAILABLE,
                            result->sent_real_us != 0
                                ? "station %s went away before it answered %s; whether it does "
                                  "it is not known"
                                : "station %s went away before %s was sent",
                            station->identity,
                            name);
    else
        error = g_error_new(
            CFX_ERROR, CFX_ERROR_PEER, "station %s answers %s: %s", station->identity, name, words);
    note(station, sent, result->state == OCPP_CALL_REFUSED ? "refused" : "unknown", words);
    cfx_call_finish(sent->call, NULL, error);
}

static void
answered(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    Sent *sent = data;
    CfxJsonText payload;
    OcppCallResult broken;

    if (result->state == OCPP_CALL_ANSWERED) {
        if (ocpp_frame_raw(result->frame, &payload)) {
            g_autofree char *status = status_of(payload.text, payload.size);

            note(station, sent, "answered", status);
            cfx_call_finish(sent->call, g_bytes_new(payload.text, payload.size), NULL);
            sent_free(sent);
            return;
        }
        broken = *result;
        broken.state = OCPP_CALL_BROKEN;
        result = &broken;
    }
    fail(station, sent, result);
    sent_free(sent);
}

/* its turn has come; who asked may have given up meanwhile */
static gboolean
build(OcppStation *station, gpointer data, CfxJsonWriter *to)
{
    Sent *sent = data;

    if (g_cancellable_is_cancelled(sent->call->cancellable)) {
        cfx_call_finish(
            sent->call, NULL, g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "not sent"));
        sent_free(sent);
        return FALSE;
    }
    cfx_json_raw(to, sent->payload, strlen(sent->payload));
    return TRUE;
}

/* "12 s", "5 min", "3 h", "2 days" */
static char *
span(gint64 us)
{
    if (us < 2 * CFX_MINUTE)
        return g_strdup_printf("%" G_GINT64_FORMAT " s", MAX(us, 0) / CFX_SECOND);
    if (us < 2 * CFX_HOUR)
        return g_strdup_printf("%" G_GINT64_FORMAT " min", us / CFX_MINUTE);
    if (us < 2 * CFX_DAY)
        return g_strdup_printf("%" G_GINT64_FORMAT " h", us / CFX_HOUR);
    return g_strdup_printf("%" G_GINT64_FORMAT " days", us / CFX_DAY);
}

static GError *
absence(const OcppStation *station)
{
    const OcppInstance *instance = station->instance;
    gint64 since_us = station->left_us != 0 ? station->left_us : instance->started_us;
    g_autofree char *how_long = span(cfx_now_site(instance->host) - since_us);

    if (station->socket != NULL)
        return g_error_new(CFX_ERROR,
                           CFX_ERROR_UNAVAILABLE,
                           "station %s is connected and has not booted yet",
                           station->identity);
    return g_error_new(CFX_ERROR,
                       CFX_ERROR_UNAVAILABLE,
                       station->left_us != 0
                           ? "station %s has been away for %s"
                           : "station %s has not connected since the system started %s ago",
                       station->identity,
                       how_long);
}

void
ocpp_command(OcppInstance *instance, gint64 asset, const char *name, GBytes *args, CfxCall *call)
{
    OcppEvse *evse = ocpp_instance_evse(instance, asset);
    const OcppCommand *command = ocpp_command_find(name);
    gsize size = 2;
    const char *text = args != NULL ? g_bytes_get_data(args, &size) : "{}";
    GError *error = NULL;
    char *payload = NULL;
    Sent *sent;

    if (evse == NULL)
        error =
            g_error_new(CFX_ERROR, CFX_ERROR_NOT_FOUND, "no EVSE of ours is bound to that asset");
    else if (command == NULL)
        error = g_error_new(CFX_ERROR, CFX_ERROR_NOT_SUPPORTED, "no command \"%s\"", name);
    else if ((payload = ocpp_command_payload(evse, command, text, size, &error)) != NULL &&
             (evse->station->socket == NULL || !evse->station->is_accepted))
        error = absence(evse->station);
    if (error != NULL) {
        g_free(payload);
        cfx_call_finish(call, NULL, error);
        return;
    }
    sent = g_new0(Sent, 1);
    *sent = (Sent){ call, command, asset, payload };
    ocpp_call_build(evse->station, OCPP_PRIORITY_COMMAND, command->name, build, answered, sent);
}
