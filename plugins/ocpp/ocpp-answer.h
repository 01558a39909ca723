/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers to a station's calls. An answer is made when its call is handled, waits until what the
 * call left behind is durable, and leaves in the order of the calls.
 */
#pragma once

#include "ocpp-frame.h"
#include "ocpp-station.h"

G_BEGIN_DECLS

struct _OcppAnswer {
    OcppStation *station; /* a reference */
    guint64 connection;   /* the one it belongs to */
    char id[OCPP_ID_MAX * 4 + 1];
    guint64 hash;  /* of the call's frame; 0: not to be repeated */
    guint pending; /* what must be done before it may leave */
    gboolean is_failed;
    char *text; /* the frame */
    gsize size;
    /* (nullable) writes the frame when nothing is pending any more */
    void (*finish)(OcppAnswer *self, CfxJsonWriter *to);
    /* (nullable) called when it has left */
    void (*sent)(OcppStation *station);
    gint32 token_status; /* OCPP_AUTHORIZATION_…, for answers that tell one; -1 none */
};

/* An answer in its place; it leaves when ocpp_answer_done() was called as often as _wait(), plus
 * once. */
OcppAnswer *ocpp_answer_new(OcppStation *station, CfxJsonText id, guint64 hash);
void ocpp_answer_wait(OcppAnswer *self);
void ocpp_answer_done(OcppAnswer *self);

/* Puts the frame in. */
void ocpp_answer_result(OcppAnswer *self, const CfxJsonTable *table, gconstpointer payload);
void ocpp_answer_error(OcppAnswer *self, OcppErrorCode code, const char *words);

/* Commits what the instance's store holds; the answer waits for it. */
void ocpp_answer_commit(OcppAnswer *self, gint64 received_us);

/*
 * A frame that was seen before: is sent the same answer, if it has been given.
 * Returns: TRUE if the call must not be handled again
 */
gboolean ocpp_answer_repeat(OcppStation *station, guint64 hash);

/* The connection has gone: nothing of it leaves any more. */
void ocpp_answers_drop(OcppStation *station);

G_END_DECLS
