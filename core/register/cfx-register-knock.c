/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who was at the door, and letting them in. */
#include "cfx-register-private.h"

#include "cfx-register-secret.h"
#include "cfx-tree.h"

#include <kit/cfx-json.h>
#include <math.h>
#include <string.h>

#define IDENTITY_MAX 255
#define EVSES_MAX 64
/* a station that knocks every second is not written every second (SITE) */
#define WRITE_EVERY_US CFX_MINUTE
#define LOGGED_MAX 20 /* in a minute (REAL) */

void
cfx_knocked_free(CfxKnocked *self)
{
    g_free(self->instance);
    g_free(self->identity);
    g_free(self->kind);
    g_free(self->vendor);
    g_free(self->model);
    g_free(self->serial);
    g_free(self->peer);
    g_free(self);
}

static char *
key_of(const CfxKnocked *self)
{
    return g_strdup_printf("%s/%s", self->instance, self->identity);
}

void
cfx_register_write_knock(CfxJsonWriter *json, const CfxKnocked *self)
{
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "instance", self->instance);
    cfx_json_member_text(json, "identity", self->identity);
    cfx_json_member_text(json, "kind", self->kind);
    cfx_json_member_text(json, "vendor", self->vendor);
    cfx_json_member_text(json, "model", self->model);
    cfx_json_member_text(json, "serial", self->serial);
    cfx_json_member_text(json, "peer", self->peer);
    cfx_json_member_int(json, "evses", self->evses);
    cfx_json_member_time(json, "first", self->first_us);
    cfx_json_member_time(json, "last", self->last_us);
    cfx_json_member_int(json, "count", (gint64)self->count);
    cfx_json_end_object(json);
}

static void
knock_store(CfxRegister *self, const CfxKnocked *knocked, gboolean is_gone)
{
    CfxDraft *draft = cfx_draft_new(self);
    g_autofree char *key = key_of(knocked);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (!is_gone)
        cfx_register_write_knock(&json, knocked);
    cfx_draft_record(draft,
                     "cfx.knock",
                     key,
                     is_gone ? CFX_RECORD_DELETE : 0,
                     is_gone ? NULL : cfx_json_writer_steal(&json));
    cfx_draft_commit_now(draft);
}

static GList *
knock_find(CfxRegister *self, const char *instance, const char *identity)
{
    for (GList *link = self->knocks.head; link != NULL; link = link->next) {
        const CfxKnocked *knocked = link->data;

        if (strcmp(knocked->identity, identity) == 0 &&
            (instance == NULL || strcmp(knocked->instance, instance) == 0))
            return link;
    }
    return NULL;
}

static char *
text_of(JsonObject *object, const char *name)
{
    return g_strdup(json_object_get_string_member_with_default(object, name, NULL));
}

void
cfx_register_read_knock(CfxRegister *self, const char *doc, gsize size)
{
    g_autoptr(JsonNode) node = cfx_doc_parse(doc, size);
    JsonObject *object;
    CfxKnocked *knocked;
    const char *text;

    if (node == NULL)
        return;
    object = json_node_get_object(node);
    knocked = g_new0(CfxKnocked, 1);
    knocked->instance = text_of(object, "instance");
    knocked->identity = text_of(object, "identity");
    knocked->kind = text_of(object, "kind");
    knocked->vendor = text_of(object, "vendor");
    knocked->model = text_of(object, "model");
    knocked->serial = text_of(object, "serial");
    knocked->peer = text_of(object, "peer");
    knocked->evses = (guint)json_object_get_int_member_with_default(object, "evses", 0);
    knocked->count = (guint64)json_object_get_int_member_with_default(object, "count", 1);
    text = json_object_get_string_member_with_default(object, "first", "");
    if (!cfx_time_parse(text, -1, &knocked->first_us))
        knocked->first_us = 0;
    text = json_object_get_string_member_with_default(object, "last", "");
    if (!cfx_time_parse(text, -1, &knocked->last_us))
        knocked->last_us = 0;
    if (knocked->instance == NULL || knocked->identity == NULL ||
        self->knocks.length >= CFX_REGISTER_KNOCKS_MAX)
        cfx_knocked_free(knocked);
    else
        g_queue_push_tail(&self->knocks, knocked);
}

static void
replace(char **to, const char *text)
{
    if (text == NULL)
        return;
    g_free(*to);
    *to = g_utf8_validate(text, -1, NULL) ? g_strndup(text, IDENTITY_MAX) : g_strdup("?");
}

/* A crowd at the door does not fill the journal. */
static gboolean
may_log(CfxRegister *self)
{
    gint64 now_us = cfx_now_real(self->host);

    if (self->knocks_since_us + CFX_MINUTE <= now_us) {
        self->knocks_since_us = now_us;
        self->knocks_logged = 0;
    }
    return self->knocks_logged++ < LOGGED_MAX;
}

void
cfx_register_knock(CfxRegister *self, const char *instance, const CfxKnock *knock)
{
    GList *link;
    CfxKnocked *knocked;
    gint64 now_us = cfx_now_site(self->host);
    gboolean is_news;

    if (knock->identity == NULL || *knock->identity == '\0' ||
        strlen(knock->identity) > IDENTITY_MAX || !g_utf8_validate(knock->identity, -1, NULL))
        return;
    link = knock_find(self, instance, knock->identity);
    if (link != NULL) {
        g_queue_unlink(&self->knocks, link);
        g_queue_push_head_link(&self->knocks, link);
        knocked = link->data;
        is_news = knocked->written_us + WRITE_EVERY_US <= now_us;
    } else {
        knocked = g_new0(CfxKnocked, 1);
        knocked->instance = g_strdup(instance);
        knocked->identity = g_strdup(knock->identity);
        knocked->first_us = now_us;
        g_queue_push_head(&self->knocks, knocked);
        is_news = TRUE;
        if (may_log(self))
            cfx_log(self->host,
                    CFX_LOG_MESSAGE,
                    "%s: unknown %s \"%s\" at the door; let it in with: cariflexctl approve %s",
                    instance,
                    knock->kind != NULL ? knock->kind : "peer",
                    knock->identity,
                    knock->identity);
    }
    replace(&knocked->kind, knock->kind);
    replace(&knocked->vendor, knock->vendor);
    replace(&knocked->model, knock->model);
    replace(&knocked->serial, knock->serial);
    replace(&knocked->peer, knock->peer);
    if (knock->evses != 0)
        knocked->evses = MIN(knock->evses, EVSES_MAX);
    knocked->count++;
    knocked->last_us = now_us;
    if (is_news) {
        knocked->written_us = now_us;
        knock_store(self, knocked, FALSE);
    }
    if (self->knocks.length > CFX_REGISTER_KNOCKS_MAX) {
        CfxKnocked *oldest = g_queue_pop_tail(&self->knocks);

        knock_store(self, oldest, TRUE);
        cfx_knocked_free(oldest);
    }
}

void
cfx_register_forget_knock(CfxRegister *self, const char *instance, const char *identity)
{
    GList *link = knock_find(self, instance, identity);

    if (link == NULL)
        return;
    knock_store(self, link->data, TRUE);
    cfx_knocked_free(link->data);
    g_queue_delete_link(&self->knocks, link);
}
