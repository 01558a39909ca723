/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-answer.h"

#include "ocpp-instance.h"
#include "ocpp-log.h"

OcppAnswer *
ocpp_answer_new(OcppStation *station, CfxJsonText id, guint64 hash)
{
    OcppAnswer *self = g_new0(OcppAnswer, 1);

    self->station = ocpp_station_ref(station);
    self->connection = station->connection;
    g_strlcpy(self->id, id.text, sizeof(self->id));
    self->hash = hash;
    self->pending = 1;
    self->token_status = -1;
    g_queue_push_tail(&station->answers, self);
    if (hash != 0) {
        OcppRepeat *repeat = &station->repeats[station->next_repeat++ % OCPP_REPEATS];

        g_free(repeat->text);
        *repeat = (OcppRepeat){ .hash = hash };
    }
    return self;
}

static void
answer_free(OcppAnswer *self)
{
    ocpp_station_unref(self->station);
    g_free(self->text);
    g_free(self);
}

void
ocpp_answer_wait(OcppAnswer *self)
{
    self->pending++;
}

static void
keep_text(OcppAnswer *self, CfxJsonWriter *from)
{
    g_free(self->text);
    self->text = g_memdup2(from->text, from->size);
    self->size = from->size;
}

void
ocpp_answer_result(OcppAnswer *self, const CfxJsonTable *table, gconstpointer payload)
{
    CfxJsonWriter *out = &self->station->instance->out;

    ocpp_frame_write_result(out, cfx_json_text_of(self->id), table, payload);
    keep_text(self, out);
}

void
ocpp_answer_error(OcppAnswer *self, OcppErrorCode code, const char *words)
{
    OcppInstance *instance = self->station->instance;
    g_autofree char *valid = g_utf8_make_valid(words, -1);
    g_autofree char *description = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), 255));

    ocpp_frame_write_error(&instance->out, cfx_json_text_of(self->id), code, description);
    keep_text(self, &instance->out);
    self->finish = NULL;
    if (instance->errors_metric != NULL)
        instance->host->base->metric_add(instance->errors_metric, 1);
}

/* keeps what was answered for a station that asks again; an answer that failed may be tried again
 */
static void
keep_repeat(OcppAnswer *self)
{
    for (int i = 0; self->hash != 0 && i < OCPP_REPEATS; i++) {
        OcppRepeat *repeat = &self->station->repeats[i];

        if (repeat->hash != self->hash)
            continue;
        if (self->is_failed) {
            repeat->hash = 0;
        } else if (repeat->text == NULL) {
            repeat->text = g_memdup2(self->text, self->size);
            repeat->size = self->size;
        }
    }
}

static void
flush(OcppStation *station)
{
    OcppInstance *instance = station->instance;
    OcppAnswer *answer;

    while ((answer = g_queue_peek_head(&station->answers)) != NULL && answer->pending == 0) {
        g_queue_pop_head(&station->answers);
        if (station->socket != NULL && answer->connection == station->connection) {
            instance->host->web->send(station->socket, answer->text, answer->size);
            ocpp_log_add(station, FALSE, answer->text, answer->size);
            if (answer->sent != NULL && !answer->is_failed)
                answer->sent(station);
        }
        answer_free(answer);
    }
}

void
ocpp_answer_done(OcppAnswer *self)
{
    OcppStation *station = self->station;

    if (--self->pending > 0)
        return;
    if (self->is_failed) {
        ocpp_answer_error(self, OCPP_ERROR_INTERNAL, "it could not be stored; try again");
    } else if (self->finish != NULL) {
        self->finish(self, &station->instance->out);
        keep_text(self, &station->instance->out);
    }
    keep_repeat(self);
    /* one whose connection has gone is in no queue any more */
    if (self->connection != station->connection || g_queue_find(&station->answers, self) == NULL) {
        answer_free(self);
        return;
    }
    ocpp_station_ref(station);
    flush(station);
    ocpp_station_unref(station);
}

static void
committed(gpointer data, const CfxCommitted *result, const GError *error)
{
    OcppAnswer *self = data;

    if (error != NULL) {
        if (!g_error_matches(error, CFX_ERROR, CFX_ERROR_CANCELLED))
            cfx_log(self->station->instance->host,
                    CFX_LOG_WARNING,
                    "station %s: a message could not be stored: %s",
                    self->station->identity,
                    error->message);
        self->is_failed = TRUE;
    }
    ocpp_answer_done(self);
}

void
ocpp_answer_commit(OcppAnswer *self, gint64 received_us)
{
    OcppInstance *instance = self->station->instance;

    if (ocpp_store_is_empty(&instance->store))
        return;
    ocpp_answer_wait(self);
    ocpp_store_commit(&instance->store, instance->host, 0, received_us, committed, self);
}

gboolean
ocpp_answer_repeat(OcppStation *station, guint64 hash)
{
    for (int i = 0; i < OCPP_REPEATS; i++) {
        const OcppRepeat *repeat = &station->repeats[i];

        if (repeat->hash != hash || hash == 0)
            continue;
        /* without a text it is being handled, and its answer will come - unless that went away
         * with another connection */
        if (repeat->text == NULL)
            return !g_queue_is_empty(&station->answers);
        station->instance->host->web->send(station->socket, repeat->text, repeat->size);
        return TRUE;
    }
    return FALSE;
}

void
ocpp_answers_drop(OcppStation *station)
{
    OcppAnswer *answer;

    /* each is freed by the last one that it waits for */
    while ((answer = g_queue_pop_head(&station->answers)) != NULL) {
        if (answer->pending == 0)
            answer_free(answer);
    }
}
