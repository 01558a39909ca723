/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message of a station: framing, registration gate, the table of handlers. Handlers stand one
 * file to a functional block, ocpp-handle-*.c.
 */
#pragma once

#include "ocpp-answer.h"
#include "ocpp-instance.h"

G_BEGIN_DECLS

/* a call that is being handled */
typedef struct {
    OcppInstance *instance;
    OcppStation *station;
    OcppAnswer *answer;
    const OcppAction *action;
    gint64 now_us;      /* SITE */
    gint64 received_us; /* REAL */
} OcppRequest;

/*
 * @payload: the decoded struct. The handler fills the instance's store and puts the answer in; the
 * dispatcher commits and lets the answer leave.
 */
typedef void (*OcppHandle)(OcppRequest *request, gconstpointer payload);

typedef struct {
    const char *action;
    OcppHandle handle;
    gsize size; /* of the payload's struct */
} OcppHandler;

extern const OcppHandler ocpp_provisioning_handlers[], ocpp_device_model_handlers[],
    ocpp_availability_handlers[], ocpp_authorization_handlers[], ocpp_transaction_handlers[],
    ocpp_charging_handlers[]; /* each ended by an action NULL */

/* @text: writable, gone on return */
void ocpp_dispatch(OcppStation *station, char *text, gsize size);

/* A fresh message carried this time of the station's clock; profiles are shifted where it is off.
 */
void ocpp_request_saw_clock(OcppRequest *request, gint64 its_us);

/* For handlers: the empty answer, and members that many notices have. */
void ocpp_request_empty_answer(OcppRequest *request);
CfxJsonWriter *
ocpp_request_notice(OcppRequest *request, const char *topic, gint64 asset, gint64 at_us);

/* Reports an EVSE again when the limit of others takes its next value. */
void ocpp_charging_await_limit(OcppEvse *evse);

G_END_DECLS
