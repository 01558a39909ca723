/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Id tokens of drivers: records of cfx.token. */
#include "cfx-register-private.h"

#include "cfx-day.h"

#include <kit/cfx-json.h>
#include <kit/cfx-quantity.h>
#include <math.h>
#include <string.h>

static const char *const statuses[] = { "unknown", "accepted", "blocked", "expired" };

void
cfx_id_token_free(CfxIdToken *self)
{
    if (self == NULL)
        return;
    g_free(self->key);
    g_free(self->token);
    g_free(self->type);
    g_free(self->name);
    g_free(self->preferences);
    g_free(self);
}

char *
cfx_id_token_key(const char *type, const char *value)
{
    g_autofree char *upper = g_ascii_strup(value, -1);

    return g_strdup_printf("%s:%s", type, upper);
}

GBytes *
cfx_id_token_write(const CfxIdToken *self)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "token", self->token);
    cfx_json_member_text(&json, "type", self->type);
    cfx_json_member_int(&json, "account", self->account);
    cfx_json_member_text(&json, "status", statuses[self->status]);
    if (self->name != NULL)
        cfx_json_member_text(&json, "name", self->name);
    cfx_json_name(&json, "preferences");
    cfx_json_raw(&json, self->preferences, strlen(self->preferences));
    cfx_json_end_object(&json);
    return cfx_json_writer_steal(&json);
}

static const char *
text_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

static void
read_preferences(CfxIdToken *self, JsonObject *object)
{
    const char *need = text_of(object, "need"), *minimum = text_of(object, "minimum");
    const char *departure = text_of(object, "departure");

    if (need != NULL && !cfx_quantity_in(need, -1, "Wh", &self->need_wh, NULL))
        self->need_wh = NAN;
    if (minimum != NULL && !cfx_quantity_in(minimum, -1, "Wh", &self->minimum_wh, NULL))
        self->minimum_wh = NAN;
    if (departure != NULL)
        self->departure_minute = cfx_day_parse_minute(departure);
}

CfxIdToken *
cfx_id_token_read(const char *doc, gsize size)
{
    g_autoptr(JsonNode) root = cfx_doc_parse(doc, size);
    JsonObject *object;
    const char *status;
    JsonNode *node;
    CfxIdToken *self;

    if (root == NULL)
        return NULL;
    object = json_node_get_object(root);
    if (text_of(object, "token") == NULL || text_of(object, "type") == NULL)
        return NULL;
    self = g_new0(CfxIdToken, 1);
    self->need_wh = self->minimum_wh = NAN;
    self->departure_minute = -1;
    self->status = CFX_TOKEN_ACCEPTED;
    self->token = g_strdup(text_of(object, "token"));
    self->type = g_strdup(text_of(object, "type"));
    self->name = g_strdup(text_of(object, "name"));
    self->key = cfx_id_token_key(self->type, self->token);
    node = json_object_get_member(object, "account");
    if (node != NULL && JSON_NODE_HOLDS_VALUE(node))
        self->account = json_node_get_int(node);
    status = text_of(object, "status");
    for (guint i = 1; i < G_N_ELEMENTS(statuses); i++)
        if (g_strcmp0(status, statuses[i]) == 0)
            self->status = (CfxTokenStatus)i;
    node = json_object_get_member(object, "preferences");
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node)) {
        self->preferences = json_to_string(node, FALSE);
        read_preferences(self, json_node_get_object(node));
    } else {
        self->preferences = g_strdup("{}");
    }
    return self;
}

gboolean
cfx_id_token_equal(const CfxIdToken *a, const CfxIdToken *b)
{
    g_autoptr(GBytes) doc_a = cfx_id_token_write(a), doc_b = cfx_id_token_write(b);

    return g_bytes_equal(doc_a, doc_b);
}

gboolean
cfx_register_token(CfxRegister *self, const char *token, CfxToken *ret)
{
    const char *colon = token != NULL ? strchr(token, ':') : NULL;
    g_autofree char *type = NULL, *key = NULL;
    const CfxIdToken *found = NULL;

    if (colon != NULL) {
        type = g_strndup(token, (gsize)(colon - token));
        key = cfx_id_token_key(type, colon + 1);
        found = g_hash_table_lookup(self->tokens, key);
    }
    *ret = (CfxToken){
        .status = CFX_TOKEN_UNKNOWN, .need_wh = NAN, .minimum_wh = NAN, .departure_minute = -1
    };
    if (found == NULL)
        return FALSE;
    ret->status = found->status;
    ret->account = found->account;
    ret->name = found->name;
    ret->need_wh = found->need_wh;
    ret->minimum_wh = found->minimum_wh;
    ret->departure_minute = found->departure_minute;
    return TRUE;
}
