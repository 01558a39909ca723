/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-token.h"

#include "ocpp-site.h"

typedef struct {
    CfxJsonText status;
} TokenDoc;

static const CfxJsonField token_fields[] = {
    CFX_JSON_FIELD("status", TEXT, OPTIONAL, TokenDoc, status),
};
static const CfxJsonTable token_table = CFX_JSON_TABLE(TokenDoc, token_fields, CFX_JSON_OPEN);

typedef struct {
    OcppStation *station; /* a reference */
    gint64 asset;         /* what it concerns */
    gint32 known;         /* without a look-up, -1: look */
    OcppTokenDone done;
    gpointer data;
} Check;

static gint32
status_of(OcppInstance *instance, const CfxRecord *record)
{
    g_autofree char *copy = g_memdup2(record->doc, record->doc_size);
    g_auto(CfxArena) arena = { 0 };
    CfxJsonError error;
    TokenDoc doc;

    cfx_arena_init(&arena, NULL, 0, 0);
    if (!cfx_json_decode_text(copy, record->doc_size, 0, &token_table, &doc, &arena, &error)) {
        cfx_log(instance->host, CFX_LOG_WARNING, "token %s: %s", record->key, error.message);
        return OCPP_AUTHORIZATION_INVALID;
    }
    if (cfx_json_text_is(doc.status, "blocked"))
        return OCPP_AUTHORIZATION_BLOCKED;
    if (cfx_json_text_is(doc.status, "expired"))
        return OCPP_AUTHORIZATION_EXPIRED;
    return OCPP_AUTHORIZATION_ACCEPTED;
}

static void
finish(Check *check, gint32 status, const GError *error)
{
    check->done(check->data, status, error);
    ocpp_station_unref(check->station);
    g_free(check);
}

static void
read_done(gpointer data, const CfxRecords *result, const GError *error)
{
    Check *check = data;
    OcppInstance *instance = check->station->instance;

    if (error != NULL)
        finish(check, OCPP_AUTHORIZATION_UNKNOWN, error);
    else if (result->n > 0)
        finish(check, status_of(instance, result->records[0]), NULL);
    else
        finish(check,
               ocpp_site_accepts_unknown(instance->host, check->asset) ? OCPP_AUTHORIZATION_ACCEPTED
                                                                       : OCPP_AUTHORIZATION_UNKNOWN,
               NULL);
}

static void
known(gpointer data)
{
    Check *check = data;

    finish(check, check->known, NULL);
}

void
ocpp_token_check(OcppStation *station, const OcppIdToken *token, OcppTokenDone done, gpointer data)
{
    const CfxHost *host = station->instance->host;
    const char *type = ocpp_id_token_words[token->type];
    g_autofree char *upper = g_ascii_strup(token->id_token.text, (gssize)token->id_token.size);
    g_autofree char *key = g_strdup_printf("%s:%s", type, upper);
    const char *keys = key;
    const CfxRecordQuery query = { .struct_size = sizeof(query),
                                   .collection = "cfx.token",
                                   .keys = &keys,
                                   .n_keys = 1,
                                   .limit = 1 };
    Check *check = g_new0(Check, 1);

    *check = (Check){ .station = ocpp_station_ref(station), .done = done, .data = data };
    if (station->evses->len > 0)
        check->asset = ((OcppEvse *)g_ptr_array_index(station->evses, 0))->asset;
    /* a station that starts without asking who it is sends an empty token */
    if (strcmp(type, "NoAuthorization") == 0) {
        check->known = OCPP_AUTHORIZATION_ACCEPTED;
        host->base->post(host, known, check);
        return;
    }
    host->data->read_records(host, &query, read_done, check);
}
