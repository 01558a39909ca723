/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OCPP-J frames: [2, id, action, payload], [3, id, payload], [4, id, code, description, details].
 *
 * A frame is read from the left up to its payload; who knows the action then decodes the payload
 * in the same pass.
 */
#pragma once

#include "ocpp-messages.h"

G_BEGIN_DECLS

#define OCPP_CALL 2
#define OCPP_CALL_RESULT 3
#define OCPP_CALL_ERROR 4

#define OCPP_ID_MAX 36
#define OCPP_DEPTH_MAX 24

/* error codes of CALLERROR */
typedef enum {
    OCPP_ERROR_NONE,
    OCPP_ERROR_FORMAT_VIOLATION,
    OCPP_ERROR_GENERIC,
    OCPP_ERROR_INTERNAL,
    OCPP_ERROR_MESSAGE_TYPE_NOT_SUPPORTED,
    OCPP_ERROR_NOT_IMPLEMENTED,
    OCPP_ERROR_NOT_SUPPORTED,
    OCPP_ERROR_OCCURRENCE,
    OCPP_ERROR_PROPERTY,
    OCPP_ERROR_PROTOCOL,
    OCPP_ERROR_RPC_FRAMEWORK,
    OCPP_ERROR_SECURITY,
    OCPP_ERROR_TYPE,
} OcppErrorCode;

/* Returns: "FormatViolation", … */
const char *ocpp_error_name(OcppErrorCode code);

typedef struct {
    CfxJsonReader reader;
    gint64 type;                               /* OCPP_CALL, … */
    CfxJsonText id;                            /* "-1" where none could be read */
    CfxJsonText action;                        /* of a CALL */
    CfxJsonText error_code, error_description; /* of a CALLERROR */
    OcppErrorCode error;                       /* what is wrong with the frame */
    char words[CFX_JSON_MAX_DEPTH * 4];        /* about the error, for the description */
} OcppFrame;

/*
 * Reads what stands before the payload; a CALLERROR is read to its end. Texts are slices of @text.
 * Returns: FALSE with frame->error and frame->words; frame->id is then what was readable
 */
gboolean ocpp_frame_begin(OcppFrame *self, char *text, gsize size);

/* Decodes the payload and reads to the end of the frame. @table NULL: only checks it. FALSE as
 * above. */
gboolean
ocpp_frame_payload(OcppFrame *self, const CfxJsonTable *table, gpointer to, CfxArena *arena);

/* The same; the payload's text is kept as it is. */
gboolean ocpp_frame_raw(OcppFrame *self, CfxJsonText *ret_payload);

/* Write whole frames; @payload is of @table. */
void ocpp_frame_write_call(CfxJsonWriter *to,
                           const char *id,
                           const char *action,
                           const CfxJsonTable *table,
                           gconstpointer payload);
void ocpp_frame_write_raw_call(
    CfxJsonWriter *to, const char *id, const char *action, const char *json, gsize size);
void ocpp_frame_write_result(CfxJsonWriter *to,
                             CfxJsonText id,
                             const CfxJsonTable *table,
                             gconstpointer payload);
void ocpp_frame_write_error(CfxJsonWriter *to,
                            CfxJsonText id,
                            OcppErrorCode code,
                            const char *description);

/* A number that two different frames hardly share: to know a repeated one. */
guint64 ocpp_frame_hash(const char *text, gsize size);

G_END_DECLS
