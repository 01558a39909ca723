/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-log.h"

#include "ocpp-frame.h"

#include <string.h>

/* kept of a message; and told of a station at once */
#define TEXT_MAX 2048
#define TOLD_MAX 200

const CfxCommandInfo ocpp_log_command_info = {
    .struct_size = sizeof(CfxCommandInfo),
    .role = CFX_ROLE_OPERATE,
    .name = OCPP_LOG_COMMAND,
    .title = "The last messages, from memory; the station is not asked",
    .schema = "{\"type\":\"object\",\"properties\":{}}",
};

/* Passwords and keys that variables may hold are nobody's to read. */
static gboolean
is_secret(const char *text, gsize size)
{
    static const char *const words[] = { "BasicAuthPassword", "apnPassword", "\"password\"",
                                         "\"key\":\"" };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (memmem(text, size, words[i], strlen(words[i])) != NULL)
            return TRUE;
    }
    return FALSE;
}

void
ocpp_log_add(OcppStation *station, gboolean is_in, const char *text, gsize size)
{
    OcppLog *log = &station->instance->log;
    OcppLogged *logged = &log->ring[log->next];
    const char *payload = is_secret(text, size) ? memchr(text, '{', size) : NULL;

    log->next = (log->next + 1) % OCPP_LOG_SIZE;
    g_free(logged->text);
    *logged = (OcppLogged){
        .station = g_intern_string(station->identity),
        .at_us = cfx_now_site(station->instance->host),
        .size = MIN(payload != NULL ? (gsize)(payload - text) : size, TEXT_MAX),
        .is_in = is_in,
        .is_cut = payload != NULL || size > TEXT_MAX,
    };
    logged->text = g_memdup2(text, MAX(logged->size, 1));
}

void
ocpp_log_clear(OcppLog *self)
{
    for (guint i = 0; i < OCPP_LOG_SIZE; i++)
        g_clear_pointer(&self->ring[i].text, g_free);
}

/* --- for people -------------------------------------------------------------------------------- */

/* what of a frame stands behind its head: the payload, as far as it was kept */
static void
put_payload(CfxJsonWriter *to, const OcppFrame *frame, const char *end, gboolean is_cut)
{
    const char *from = frame->reader.at;
    gsize size = from < end ? (gsize)(end - from) : 0;

    while (size > 0 && g_ascii_isspace(from[size - 1]))
        size--;
    if (!is_cut && size > 0 && from[size - 1] == ']')
        size--;
    g_autofree char *text = g_utf8_make_valid(from, (gssize)size);
    cfx_json_member_text(to, "text", g_strstrip(text));
}

static const char *
type_word(gint64 type)
{
    return type == OCPP_CALL          ? "call"
           : type == OCPP_CALL_RESULT ? "result"
           : type == OCPP_CALL_ERROR  ? "error"
                                      : NULL;
}

/* the text of a copy: reading changes it */
static void
put_frame(CfxJsonWriter *to, const OcppLogged *logged, GHashTable *actions)
{
    g_autofree char *copy = g_strndup(logged->text, logged->size);
    OcppFrame frame;
    gboolean is_frame = ocpp_frame_begin(&frame, copy, logged->size);
    g_autofree char *id = cfx_json_text_dup(frame.id);
    g_autofree char *action = cfx_json_text_dup(frame.action);

    cfx_json_member_text(to, "type", type_word(frame.type));
    cfx_json_member_text(to, "id", id);
    if (action != NULL)
        cfx_json_member_text(to, "action", action);
    else
        cfx_json_member_text(to, "action", g_hash_table_lookup(actions, id));
    cfx_json_member_bool(to, "cut", logged->is_cut);
    if (frame.type == OCPP_CALL_ERROR && frame.error_code.text != NULL) {
        g_autofree char *code = cfx_json_text_dup(frame.error_code);
        g_autofree char *words = cfx_json_text_dup(frame.error_description);
        g_autofree char *text = g_strdup_printf("%s: %s", code, words != NULL ? words : "");
        cfx_json_member_text(to, "text", text);
    } else if (is_frame) {
        put_payload(to, &frame, copy + logged->size, logged->is_cut);
    } else if (frame.action.text != NULL && logged->is_cut) {
        cfx_json_member_text(to, "text", "");
    } else {
        g_autofree char *text = g_utf8_make_valid(logged->text, (gssize)logged->size);
        cfx_json_member_text(to, "text", text);
    }
}

/* id → action of the calls: their answers do not name it */
static GHashTable *
actions_of(const OcppLog *log, const char *identity)
{
    GHashTable *actions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; i < OCPP_LOG_SIZE; i++) {
        const OcppLogged *logged = &log->ring[i];
        if (logged->text == NULL || strcmp(logged->station, identity) != 0)
            continue;
        g_autofree char *copy = g_strndup(logged->text, logged->size);
        OcppFrame frame;
        ocpp_frame_begin(&frame, copy, logged->size);
        if (frame.action.text != NULL)
            g_hash_table_replace(
                actions, cfx_json_text_dup(frame.id), cfx_json_text_dup(frame.action));
    }
    return actions;
}

GBytes *
ocpp_log_json(OcppInstance *instance, const OcppStation *station)
{
    const OcppLog *log = &instance->log;
    g_autoptr(GHashTable) actions = actions_of(log, station->identity);
    g_auto(CfxJsonWriter) to;
    guint told = 0;

    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_name(&to, "messages");
    cfx_json_begin_array(&to);
    for (guint i = 0; i < OCPP_LOG_SIZE && told < TOLD_MAX; i++) {
        const OcppLogged *logged =
            &log->ring[(log->next + OCPP_LOG_SIZE - 1 - i) % OCPP_LOG_SIZE];
        if (logged->text == NULL || strcmp(logged->station, station->identity) != 0)
            continue;
        told++;
        cfx_json_begin_object(&to);
        cfx_json_member_time(&to, "at", logged->at_us);
        cfx_json_member_text(&to, "direction", logged->is_in ? "in" : "out");
        put_frame(&to, logged, actions);
        cfx_json_end_object(&to);
    }
    cfx_json_end_array(&to);
    cfx_json_end_object(&to);
    return cfx_json_writer_steal(&to);
}

void
ocpp_log_command(OcppInstance *instance, gint64 asset, CfxCall *call)
{
    const OcppEvse *evse = ocpp_instance_evse(instance, asset);

    if (evse == NULL)
        cfx_call_finish(
            call,
            NULL,
            g_error_new(CFX_ERROR, CFX_ERROR_NOT_FOUND, "no EVSE of ours is bound to that asset"));
    else
        cfx_call_finish(call, ocpp_log_json(instance, evse->station), NULL);
}
