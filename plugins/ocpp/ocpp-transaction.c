/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-transaction.h"

#include <math.h>

#define ENDED_KEPT 16

OcppTransaction *
ocpp_transaction_new(const char *id)
{
    OcppTransaction *self = g_new0(OcppTransaction, 1);

    self->id = g_strdup(id);
    self->seqs = g_array_new(FALSE, FALSE, 2 * sizeof(gint64));
    self->first_seq = self->last_seq = self->end_seq = -1;
    self->state = OCPP_CHARGING_IDLE;
    self->stopped_reason = -1;
    self->begin_wh = self->last_wh = NAN;
    return self;
}

void
ocpp_transaction_free(OcppTransaction *self)
{
    g_array_unref(self->seqs);
    g_free(self->id);
    g_free(self->token);
    g_free(self->closed_by);
    g_free(self);
}

typedef struct {
    gint64 first, last;
} Range;

gboolean
ocpp_transaction_note(OcppTransaction *self, gint64 seq)
{
    GArray *ranges = self->seqs;
    guint i = 0;
    Range new = { seq, seq };

    while (i < ranges->len && g_array_index(ranges, Range, i).last < seq)
        i++;
    if (i < ranges->len && g_array_index(ranges, Range, i).first <= seq)
        return FALSE;
    if (i > 0 && g_array_index(ranges, Range, i - 1).last == seq - 1) {
        g_array_index(ranges, Range, i - 1).last = seq;
        i--;
    } else {
        g_array_insert_val(ranges, i, new);
    }
    if (i + 1 < ranges->len && g_array_index(ranges, Range, i + 1).first == seq + 1) {
        g_array_index(ranges, Range, i).last = g_array_index(ranges, Range, i + 1).last;
        g_array_remove_index(ranges, i + 1);
    }
    return TRUE;
}

gint64
ocpp_transaction_gaps(const OcppTransaction *self)
{
    gint64 gaps = 0;

    for (guint i = 1; i < self->seqs->len; i++)
        gaps += g_array_index(self->seqs, Range, i).first -
                g_array_index(self->seqs, Range, i - 1).last - 1;
    return gaps;
}

OcppTransaction *
ocpp_transaction_find(OcppStation *station, CfxJsonText id)
{
    for (guint i = 0; i < station->transactions->len; i++) {
        OcppTransaction *transaction = g_ptr_array_index(station->transactions, i);

        if (cfx_json_text_is(id, transaction->id))
            return transaction;
    }
    return NULL;
}

void
ocpp_transaction_add(OcppStation *station, OcppTransaction *self)
{
    GPtrArray *all = station->transactions;

    for (guint i = 0; all->len >= ENDED_KEPT && i < all->len; i++) {
        if (ocpp_transaction_is_open(g_ptr_array_index(all, i)))
            continue;
        g_ptr_array_remove_index(all, i);
        break;
    }
    g_ptr_array_add(all, self);
}

static void
take_token(OcppTransaction *self, const OcppIdToken *token)
{
    if (token == NULL || token->id_token.size == 0 || self->token != NULL)
        return;
    self->token = g_strdup_printf("%s:%s", ocpp_id_token_words[token->type], token->id_token.text);
}

static void
take_begin(OcppTransaction *self, const OcppTransactionEvent *event)
{
    if (event->event_type == OCPP_EVENT_STARTED || self->first_seq < 0 ||
        (self->is_incomplete && event->seq_no < self->first_seq)) {
        self->first_seq = event->seq_no;
        self->started_us = event->timestamp_us;
        self->is_incomplete = event->event_type != OCPP_EVENT_STARTED;
    }
}

gboolean
ocpp_transaction_event(OcppTransaction *self, const OcppTransactionEvent *event)
{
    gboolean is_newest = event->seq_no > self->last_seq, is_changed = FALSE;
    gint32 state = event->info->charging_state;

    take_begin(self, event);
    take_token(self, event->id_token);
    self->was_offline |= event->is_offline == 1;
    if (event->evse != NULL && event->evse->id > 0 && self->evse_id == 0)
        self->evse_id = event->evse->id;
    if (is_newest) {
        is_changed = self->last_seq < 0 || (state >= 0 && state != self->state);
        self->last_seq = event->seq_no;
        self->last_us = event->timestamp_us;
        if (state >= 0 && self->ended_us == 0)
            self->state = state;
    }
    if (event->event_type == OCPP_EVENT_ENDED && self->end_seq < 0) {
        self->end_seq = event->seq_no;
        self->ended_us = event->timestamp_us;
        self->stopped_reason = event->info->stopped_reason;
        self->state = OCPP_CHARGING_IDLE;
        g_free(self->closed_by);
        self->closed_by = g_strdup("event");
        is_changed = TRUE;
    }
    return is_changed;
}

void
ocpp_transaction_reading(OcppTransaction *self, const OcppReading *reading)
{
    if (isnan(reading->energy_wh))
        return;
    /* the register at the start is the least one, whatever order the events come in */
    if (reading->is_begin || isnan(self->begin_wh) || reading->energy_wh < self->begin_wh)
        self->begin_wh = reading->energy_wh;
    if (reading->is_end || isnan(self->last_wh) || reading->energy_wh > self->last_wh)
        self->last_wh = reading->energy_wh;
}

double
ocpp_transaction_energy(const OcppTransaction *self)
{
    return self->last_wh - self->begin_wh;
}

void
ocpp_transaction_abandon(OcppTransaction *self, gint64 at_us)
{
    self->ended_us = at_us;
    self->state = OCPP_CHARGING_IDLE;
    g_free(self->closed_by);
    self->closed_by = g_strdup("abandoned");
}
