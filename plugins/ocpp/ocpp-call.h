/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our calls to a station: a queue by priority, one at a time on the wire, a timeout in REAL time.
 * What is built when its turn comes is built from what is wanted then.
 */
#pragma once

#include "ocpp-frame.h"
#include "ocpp-station.h"

G_BEGIN_DECLS

/* From COMMAND on a call waits for what ocpp_onboard_is_settled() says. */
enum {
    OCPP_PRIORITY_URGENT,
    OCPP_PRIORITY_LOWER,
    OCPP_PRIORITY_NORMAL,
    OCPP_PRIORITY_COMMAND,
    OCPP_PRIORITY_LATER
};

typedef enum {
    OCPP_CALL_ANSWERED, /* frame at its payload */
    OCPP_CALL_REFUSED,  /* CALLERROR: frame->error_code and error_description */
    OCPP_CALL_BROKEN,   /* an answer that is none; frame->words */
    OCPP_CALL_TIMEOUT,
    OCPP_CALL_LOST, /* the connection went, before or after it was sent */
} OcppCallState;

typedef struct {
    OcppCallState state;
    OcppFrame *frame; /* NULL with TIMEOUT and LOST */
    gint64 sent_real_us, received_real_us;
} OcppCallResult;

/* Writes the payload when the turn comes. FALSE: there is nothing to send any more; the call ends
 * without done(). */
typedef gboolean (*OcppCallBuild)(OcppStation *station, gpointer data, CfxJsonWriter *payload);
/* Exactly once, unless the build said FALSE. Never before the call that queued it returned. */
typedef void (*OcppCallDone)(OcppStation *station, gpointer data, const OcppCallResult *result);

/* @action: static text */
void ocpp_call_build(OcppStation *station,
                     guint priority,
                     const char *action,
                     OcppCallBuild build,
                     OcppCallDone done,
                     gpointer data);

/* With a payload that is there already. @payload: of @table, encoded before this returns */
void ocpp_call_send(OcppStation *station,
                    guint priority,
                    const char *action,
                    const CfxJsonTable *table,
                    gconstpointer payload,
                    OcppCallDone done,
                    gpointer data);
/* Something that calls wait for may have come. */
void ocpp_calls_pump(OcppStation *station);

/* A CALLRESULT or CALLERROR came. */
void ocpp_call_answered(OcppStation *station, OcppFrame *frame);

/* The connection has gone: all end with LOST. */
void ocpp_calls_drop(OcppStation *station);

/* Decodes the answer of an ANSWERED call; FALSE: it is broken, and the log says so. */
gboolean ocpp_call_decode(OcppStation *station,
                          const OcppCallResult *result,
                          const CfxJsonTable *table,
                          gpointer to,
                          CfxArena *arena);

/* What the station said, for people: "NotSupported: …", "no answer in 30 s". (transfer full) */
char *ocpp_call_words(const OcppCallResult *result);

G_END_DECLS
