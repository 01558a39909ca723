/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions: which events came, what state they leave. No messages, no storage. */
#pragma once

#include "ocpp-station.h"

G_BEGIN_DECLS

OcppTransaction *ocpp_transaction_new(const char *id);
void ocpp_transaction_free(OcppTransaction *self);

/* Notes that the event of this number came. Returns: FALSE if it had come before: a repeat */
gboolean ocpp_transaction_note(OcppTransaction *self, gint64 seq);

/* Numbers between the first and the last event that have not come. */
gint64 ocpp_transaction_gaps(const OcppTransaction *self);

static inline gboolean
ocpp_transaction_is_open(const OcppTransaction *self)
{
    return self->ended_us == 0;
}

/* The transaction of that id, or NULL. */
OcppTransaction *ocpp_transaction_find(OcppStation *station, CfxJsonText id);
/* Makes one known to the station; of ended ones only the last few of each EVSE stay. */
void ocpp_transaction_add(OcppStation *station, OcppTransaction *self);

/*
 * One event, after its number was noted. What is older than what we know changes no state.
 * Returns: TRUE if the transaction's state changed (a meter value alone is none)
 */
gboolean ocpp_transaction_event(OcppTransaction *self, const OcppTransactionEvent *event);

/* Registers of a reading. */
void ocpp_transaction_reading(OcppTransaction *self, const OcppReading *reading);

/* Energy that it has got, Wh, NAN unknown. */
double ocpp_transaction_energy(const OcppTransaction *self);

/* Ends it without its own event. */
void ocpp_transaction_abandon(OcppTransaction *self, gint64 at_us);

G_END_DECLS
