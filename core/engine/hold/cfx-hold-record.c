/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hold as JSON: to the store and back, and for people. */
#include "hold/cfx-hold.h"

#include "cfx-outbox.h"

#include <json-glib/json-glib.h>

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
members(const CfxHold *self, CfxJsonWriter *to)
{
    cfx_json_member_int(to, "hold", self->id);
    cfx_json_member_int(to, "site", self->site);
    cfx_json_member_int(to, "asset", self->asset);
    cfx_json_member_text(to, "where", self->where);
    cfx_json_member_real(to, "max_kw", self->max_w * 1e-3);
    instant(to, "from", self->from_us);
    instant(to, "until", self->until_us);
    cfx_json_member_text(to, "reason", self->reason);
    cfx_json_member_text(to, "by", self->by);
    instant(to, "ended", self->ended_us);
    cfx_json_member_text(to, "ended_by", self->ended_by);
}

void
cfx_hold_put(const CfxHold *self, CfxJsonWriter *to, gint64 now_us)
{
    cfx_json_begin_object(to);
    members(self, to);
    cfx_json_member_text(to,
                         "state",
                         cfx_hold_is_on(self, now_us) ? "on"
                         : self->ended_by != NULL     ? "ended"
                         : now_us < self->from_us     ? "ahead"
                                                      : "over");
    cfx_json_end_object(to);
}

void
cfx_hold_put_site(const CfxSite *site, CfxJsonWriter *to)
{
    gint64 now_us = cfx_now_site(site->engine->host);

    cfx_json_name(to, "holds");
    cfx_json_begin_array(to);
    for (guint i = 0; i < site->holds->len; i++) {
        const CfxHold *hold = g_ptr_array_index(site->holds, i);
        if (cfx_hold_is_on(hold, now_us))
            cfx_hold_put(hold, to, now_us);
    }
    cfx_json_end_array(to);
}

void
cfx_hold_write(const CfxHold *self, CfxEngine *engine)
{
    g_auto(CfxJsonWriter) to;
    g_autofree char *key = g_strdup_printf("%012" G_GINT64_FORMAT, self->id);
    const CfxKey keys[] = {
        { "site", NULL, self->site },
        { "over", NULL, cfx_hold_over_us(self) },
        { "number", NULL, self->id },
    };

    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    members(self, &to);
    cfx_json_member_real(&to, "max_w", self->max_w);
    cfx_json_member_int(&to, "from_us", self->from_us);
    cfx_json_member_int(&to, "until_us", self->until_us);
    cfx_json_member_int(&to, "ended_us", self->ended_us);
    cfx_json_end_object(&to);
    cfx_outbox_record(engine, CFX_HOLD_COLLECTION, key, &to, keys, G_N_ELEMENTS(keys));
}

/* --- back --------------------------------------------------------------------------------------
 */

static gint64
get_int(JsonObject *object, const char *name)
{
    return json_object_get_int_member_with_default(object, name, 0);
}

static char *
get_text(JsonObject *object, const char *name)
{
    return g_strdup(json_object_get_string_member_with_default(object, name, NULL));
}

CfxHold *
cfx_hold_parse(const char *doc, gsize size, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(CfxHold) self = NULL;

    if (!json_parser_load_from_data(parser, doc, (gssize)size, error))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    if (root != NULL && JSON_NODE_HOLDS_OBJECT(root)) {
        JsonObject *object = json_node_get_object(root);
        self = g_new0(CfxHold, 1);
        self->id = get_int(object, "hold");
        self->site = get_int(object, "site");
        self->asset = get_int(object, "asset");
        self->where = get_text(object, "where");
        self->max_w = json_object_get_double_member_with_default(object, "max_w", NAN);
        self->from_us = get_int(object, "from_us");
        self->until_us = get_int(object, "until_us");
        self->ended_us = get_int(object, "ended_us");
        self->reason = get_text(object, "reason");
        self->by = get_text(object, "by");
        self->ended_by = get_text(object, "ended_by");
    }
    if (self == NULL || self->id <= 0 || self->asset == 0 || self->where == NULL ||
        !(self->max_w >= 0) || self->until_us <= self->from_us) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "not a hold");
        return NULL;
    }
    return g_steal_pointer(&self);
}
