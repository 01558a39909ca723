/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of a session: JSON to the store and back. */
#include "session/cfx-session.h"

#include "cfx-outbox.h"

#include <json-glib/json-glib.h>

static void
field(CfxJsonWriter *to, const char *name, double wh, CfxFrom from)
{
    cfx_json_name(to, name);
    cfx_json_begin_object(to);
    cfx_json_member_real(to, "wh", wh);
    cfx_json_member_text(to, "from", cfx_from_name(from));
    cfx_json_member_text(to, "grade", cfx_from_grade(from));
    cfx_json_end_object(to);
}

static void
instant(CfxJsonWriter *to, const char *name, gint64 us)
{
    cfx_json_name(to, name);
    if (us != 0)
        cfx_json_time(to, us);
    else
        cfx_json_null(to);
}

static void
session_put(const CfxSession *self, CfxJsonWriter *to)
{
    cfx_json_begin_object(to);
    cfx_json_member_int(to, "asset", self->asset);
    cfx_json_member_int(to, "site", self->site);
    cfx_json_member_text(to, "station", self->label);
    cfx_json_member_text(to, "session", self->id);
    cfx_json_member_text(to, "token", self->token);
    cfx_json_member_text(to, "car", self->car);
    instant(to, "arrival", self->arrival_us);
    instant(to, "ended", self->ended_us);
    field(to, "need", self->need_wh.value, self->need_wh.from);
    field(to, "minimum", self->minimum_wh.value, self->minimum_wh.from);
    cfx_json_name(to, "departure");
    cfx_json_begin_object(to);
    instant(to, "at", self->departure_us);
    cfx_json_member_text(to, "from", cfx_from_name(self->departure_from));
    cfx_json_member_text(to, "grade", cfx_from_grade(self->departure_from));
    cfx_json_end_object(to);
    cfx_json_member_int(to, "phases", self->phases);
    cfx_json_member_real(to, "current_max_a", self->current_max_a);
    cfx_json_member_real(to, "stock_wh", self->stock_wh);
    cfx_json_member_real(
        to, "asked_wh", cfx_from_is_stated(self->need_wh.from) ? self->need_wh.value : NAN);
    cfx_json_member_real(to, "promised_wh", self->promised_wh);
    instant(to, "promised", self->promised_us);
    cfx_json_member_real(to, "delivered_wh", self->delivered_wh);
    cfx_json_member_real(to, "shortfall_wh", cfx_session_shortfall_wh(self));
    cfx_json_name(to, "promises");
    cfx_json_begin_array(to);
    for (guint i = 0; i < self->n_promises; i++) {
        cfx_json_begin_object(to);
        cfx_json_member_real(to, "wh", self->promises[i].wh);
        cfx_json_member_int(to, "at_us", self->promises[i].us);
        cfx_json_end_object(to);
    }
    cfx_json_end_array(to);
    cfx_json_member_text(to, "cause", self->cause);
    cfx_json_member_bool(to, "full", self->is_full);
    cfx_json_member_bool(to, "told", self->was_told);
    cfx_json_name(to, "said");
    cfx_json_begin_object(to);
    for (int i = 0; i < CFX_FROM_NOBODY; i++) {
        const CfxStatement *said = &self->said[i];
        if (isnan(said->need_wh) && isnan(said->minimum_wh) && said->departure_us == 0)
            continue;
        cfx_json_name(to, cfx_from_name((CfxFrom)i));
        cfx_json_begin_object(to);
        cfx_json_member_real(to, "need_wh", said->need_wh);
        cfx_json_member_real(to, "minimum_wh", said->minimum_wh);
        cfx_json_member_int(to, "departure_us", said->departure_us);
        cfx_json_end_object(to);
    }
    cfx_json_end_object(to);
    cfx_json_member_int(to, "arrival_us", self->arrival_us);
    cfx_json_member_int(to, "ended_us", self->ended_us);
    cfx_json_member_int(to, "promised_us", self->promised_us);
    cfx_json_end_object(to);
}

char *
cfx_session_json(const CfxSession *self)
{
    g_auto(CfxJsonWriter) to;

    cfx_json_writer_init(&to, NULL, 0);
    session_put(self, &to);
    return g_strdup(cfx_json_writer_end(&to));
}

void
cfx_session_write(CfxSession *self, CfxEngine *engine)
{
    g_auto(CfxJsonWriter) to;
    const CfxKey keys[] = {
        { "asset", NULL, self->asset },
        { "site", NULL, self->site },
        { "ended", NULL, self->ended_us },
        { "arrival", NULL, self->arrival_us },
    };

    cfx_json_writer_init(&to, NULL, 0);
    session_put(self, &to);
    cfx_outbox_record(engine, CFX_SESSION_COLLECTION, self->key, &to, keys, G_N_ELEMENTS(keys));
    self->is_changed = FALSE;
}

/* --- back ------------------------------------------------------------------------------------ */

static double
get_real(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
        return NAN;
    return json_node_get_double(node);
}

static gint64
get_int(JsonObject *object, const char *name)
{
    return json_object_get_int_member_with_default(object, name, 0);
}

static const char *
get_text(JsonObject *object, const char *name)
{
    return json_object_get_string_member_with_default(object, name, NULL);
}

static void
parse_promises(CfxSession *self, JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "promises");
    JsonArray *parts =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; parts != NULL && i < json_array_get_length(parts); i++) {
        JsonNode *part = json_array_get_element(parts, i);
        if (self->n_promises < CFX_PROMISES_MAX && JSON_NODE_HOLDS_OBJECT(part))
            self->promises[self->n_promises++] =
                (CfxPromise){ get_real(json_node_get_object(part), "wh"),
                              get_int(json_node_get_object(part), "at_us") };
    }
    /* older records have only the whole */
    if (self->n_promises == 0 && isfinite(self->promised_wh))
        self->promises[self->n_promises++] = (CfxPromise){ self->promised_wh, self->promised_us };
}

CfxSession *
cfx_session_parse(const char *doc, gsize size, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    if (!json_parser_load_from_data(parser, doc, (gssize)size, error))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    JsonObject *object =
        root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    const char *id = object != NULL ? get_text(object, "session") : NULL;
    if (id == NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "session: missing");
        return NULL;
    }

    CfxSession *self = cfx_session_new(
        get_int(object, "site"), get_int(object, "asset"), id, get_int(object, "arrival_us"));
    g_free(self->label);
    self->label = g_strdup(get_text(object, "station"));
    self->token = g_strdup(get_text(object, "token"));
    self->car = g_strdup(get_text(object, "car"));
    self->ended_us = get_int(object, "ended_us");
    self->phases = (guint32)get_int(object, "phases");
    self->current_max_a = get_real(object, "current_max_a");
    self->stock_wh = get_real(object, "stock_wh");
    self->promised_wh = get_real(object, "promised_wh");
    self->promised_us = get_int(object, "promised_us");
    parse_promises(self, object);
    self->delivered_wh = get_real(object, "delivered_wh");
    self->cause = g_intern_string(get_text(object, "cause"));
    self->is_full = json_object_get_boolean_member_with_default(object, "full", FALSE);
    self->was_told = json_object_get_boolean_member_with_default(object, "told", FALSE);
    if (isnan(self->stock_wh))
        self->stock_wh = 0;

    JsonNode *node = json_object_get_member(object, "said");
    JsonObject *said =
        node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    for (int i = 0; said != NULL && i < CFX_FROM_NOBODY; i++) {
        JsonNode *one = json_object_get_member(said, cfx_from_name((CfxFrom)i));
        if (one == NULL || !JSON_NODE_HOLDS_OBJECT(one))
            continue;
        JsonObject *statement = json_node_get_object(one);
        self->said[i] = (CfxStatement){ get_real(statement, "need_wh"),
                                        get_real(statement, "minimum_wh"),
                                        get_int(statement, "departure_us") };
    }
    cfx_session_choose(self);
    self->is_changed = FALSE;
    return self;
}
