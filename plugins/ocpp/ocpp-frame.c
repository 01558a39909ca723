/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-frame.h"

#include <string.h>

const char *
ocpp_error_name(OcppErrorCode code)
{
    static const char *const names[] = {
        [OCPP_ERROR_NONE] = "",
        [OCPP_ERROR_FORMAT_VIOLATION] = "FormatViolation",
        [OCPP_ERROR_GENERIC] = "GenericError",
        [OCPP_ERROR_INTERNAL] = "InternalError",
        [OCPP_ERROR_MESSAGE_TYPE_NOT_SUPPORTED] = "MessageTypeNotSupported",
        [OCPP_ERROR_NOT_IMPLEMENTED] = "NotImplemented",
        [OCPP_ERROR_NOT_SUPPORTED] = "NotSupported",
        [OCPP_ERROR_OCCURRENCE] = "OccurrenceConstraintViolation",
        [OCPP_ERROR_PROPERTY] = "PropertyConstraintViolation",
        [OCPP_ERROR_PROTOCOL] = "ProtocolError",
        [OCPP_ERROR_RPC_FRAMEWORK] = "RpcFrameworkError",
        [OCPP_ERROR_SECURITY] = "SecurityError",
        [OCPP_ERROR_TYPE] = "TypeConstraintViolation",
    };
    return names[code];
}

static gboolean
fail(OcppFrame *self, OcppErrorCode code, const char *words)
{
    self->error = code;
    g_strlcpy(self->words, words, sizeof(self->words));
    return FALSE;
}

/* the error of the reader as one of the protocol */
static gboolean
fail_payload(OcppFrame *self)
{
    static const OcppErrorCode codes[] = {
        [CFX_JSON_ERROR_NONE] = OCPP_ERROR_INTERNAL,
        [CFX_JSON_ERROR_SYNTAX] = OCPP_ERROR_RPC_FRAMEWORK,
        [CFX_JSON_ERROR_MISSING] = OCPP_ERROR_OCCURRENCE,
        [CFX_JSON_ERROR_TYPE] = OCPP_ERROR_TYPE,
        [CFX_JSON_ERROR_CONSTRAINT] = OCPP_ERROR_PROPERTY,
        [CFX_JSON_ERROR_OCCURRENCE] = OCPP_ERROR_OCCURRENCE,
        [CFX_JSON_ERROR_UNKNOWN] = OCPP_ERROR_FORMAT_VIOLATION,
        [CFX_JSON_ERROR_DUPLICATE] = OCPP_ERROR_FORMAT_VIOLATION,
        [CFX_JSON_ERROR_DEPTH] = OCPP_ERROR_FORMAT_VIOLATION,
        [CFX_JSON_ERROR_SIZE] = OCPP_ERROR_FORMAT_VIOLATION,
    };
    const CfxJsonError *error = &self->reader.error;

    self->error = codes[error->code];
    if (error->path[0] != '\0')
        g_snprintf(self->words, sizeof(self->words), "%s: %s", error->path, error->message);
    else
        g_strlcpy(self->words, error->message, sizeof(self->words));
    return FALSE;
}

static gboolean
fail_frame(OcppFrame *self, const char *words)
{
    /* a frame that is no JSON says more than what was expected */
    if (self->reader.error.code == CFX_JSON_ERROR_SYNTAX)
        words = self->reader.error.message;
    return fail(self, OCPP_ERROR_RPC_FRAMEWORK, words);
}

static gboolean
read_id(OcppFrame *self)
{
    CfxJsonText id;

    if (!cfx_json_next_element(&self->reader) || !cfx_json_read_text(&self->reader, &id))
        return fail_frame(self, "the message id is not a string");
    if (id.size == 0 ||
        (id.size > OCPP_ID_MAX && g_utf8_strlen(id.text, (gssize)id.size) > OCPP_ID_MAX))
        return fail_frame(self, "the message id is not 1 to 36 characters long");
    self->id = id;
    return TRUE;
}

/* past code, description and details to the end */
static gboolean
read_error(OcppFrame *self)
{
    CfxJsonReader *reader = &self->reader;

    if (!cfx_json_next_element(reader) || !cfx_json_read_text(reader, &self->error_code))
        return fail_frame(self, "the error code is not a string");
    if (!cfx_json_next_element(reader) || !cfx_json_read_text(reader, &self->error_description))
        return fail_frame(self, "the error description is not a string");
    /* stations leave the details out, or send null */
    while (cfx_json_next_element(reader)) {
        if (!cfx_json_skip(reader, NULL))
            return fail_frame(self, "");
    }
    return cfx_json_finish(reader) || fail_frame(self, "");
}

gboolean
ocpp_frame_begin(OcppFrame *self, char *text, gsize size)
{
    CfxJsonReader *reader = &self->reader;

    memset(self, 0, G_STRUCT_OFFSET(OcppFrame, words) + 1);
    self->id = cfx_json_text_of("-1");
    cfx_json_reader_init(reader, text, size, OCPP_DEPTH_MAX, CFX_JSON_READ_STRICT);
    if (!cfx_json_enter_array(reader))
        return fail_frame(self, "not a JSON array");
    if (!cfx_json_next_element(reader) || !cfx_json_read_int(reader, &self->type))
        return fail_frame(self, "the message type is not an integer");
    if (!read_id(self))
        return FALSE;
    switch (self->type) {
    case OCPP_CALL:
        if (!cfx_json_next_element(reader) || !cfx_json_read_text(reader, &self->action))
            return fail_frame(self, "the action is not a string");
        break;
    case OCPP_CALL_RESULT:
        break;
    case OCPP_CALL_ERROR:
        return read_error(self);
    default:
        return fail(self, OCPP_ERROR_MESSAGE_TYPE_NOT_SUPPORTED, "no such message type");
    }
    if (!cfx_json_next_element(reader) || cfx_json_peek(reader) != CFX_JSON_KIND_OBJECT)
        return fail_frame(self, "the payload is not an object");
    return TRUE;
}

static gboolean
finish(OcppFrame *self)
{
    if (cfx_json_next_element(&self->reader))
        return fail(self, OCPP_ERROR_RPC_FRAMEWORK, "too many elements in the frame");
    return cfx_json_finish(&self->reader) || fail_frame(self, "");
}

gboolean
ocpp_frame_payload(OcppFrame *self, const CfxJsonTable *table, gpointer to, CfxArena *arena)
{
    if (table == NULL ? !cfx_json_skip(&self->reader, NULL)
                      : !cfx_json_decode(&self->reader, table, to, arena))
        return fail_payload(self);
    return finish(self);
}

gboolean
ocpp_frame_raw(OcppFrame *self, CfxJsonText *ret_payload)
{
    return cfx_json_skip(&self->reader, ret_payload) ? finish(self) : fail_payload(self);
}

static void
begin(CfxJsonWriter *to, int type, CfxJsonText id)
{
    cfx_json_writer_reset(to);
    cfx_json_begin_array(to);
    cfx_json_int(to, type);
    cfx_json_text_sized(to, id.text, id.size);
}

void
ocpp_frame_write_call(CfxJsonWriter *to,
                      const char *id,
                      const char *action,
                      const CfxJsonTable *table,
                      gconstpointer payload)
{
    begin(to, OCPP_CALL, cfx_json_text_of(id));
    cfx_json_text(to, action);
    cfx_json_encode(to, table, payload);
    cfx_json_end_array(to);
}

void
ocpp_frame_write_raw_call(
    CfxJsonWriter *to, const char *id, const char *action, const char *json, gsize size)
{
    begin(to, OCPP_CALL, cfx_json_text_of(id));
    cfx_json_text(to, action);
    cfx_json_raw(to, json, size);
    cfx_json_end_array(to);
}

void
ocpp_frame_write_result(CfxJsonWriter *to,
                        CfxJsonText id,
                        const CfxJsonTable *table,
                        gconstpointer payload)
{
    begin(to, OCPP_CALL_RESULT, id);
    cfx_json_encode(to, table, payload);
    cfx_json_end_array(to);
}

void
ocpp_frame_write_error(CfxJsonWriter *to,
                       CfxJsonText id,
                       OcppErrorCode code,
                       const char *description)
{
    begin(to, OCPP_CALL_ERROR, id);
    cfx_json_text(to, ocpp_error_name(code));
    cfx_json_text(to, description);
    cfx_json_begin_object(to);
    cfx_json_end_object(to);
    cfx_json_end_array(to);
}

guint64
ocpp_frame_hash(const char *text, gsize size)
{
    guint64 hash = size * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15), word;

    for (; size >= 8; text += 8, size -= 8) {
        memcpy(&word, text, 8);
        hash = (hash ^ word) * G_GUINT64_CONSTANT(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, text, size);
    hash = (hash ^ word) * G_GUINT64_CONSTANT(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 29;
}
