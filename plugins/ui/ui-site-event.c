/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Grid signals that are known, and the sentences of what happened. */
#include "ui-json.h"
#include "ui-site.h"

#include <kit/cfx-time.h>
#include <string.h>

#define SPANS_MAX 100
/* ways to say "for ever" */
#define ENDLESS(us) ((us) == CFX_TIME_MIN || (us) >= CFX_TIME_LAST)

/* --- events ------------------------------------------------------------------------------------ */

static void
put_values(CfxJsonWriter *json, JsonArray *values)
{
    cfx_json_name(json, "values");
    cfx_json_begin_array(json);
    for (guint i = 0; values != NULL && i < json_array_get_length(values); i++) {
        JsonNode *node = json_array_get_element(values, i);
        if (JSON_NODE_HOLDS_VALUE(node))
            cfx_json_real(json, json_node_get_double(node));
        else
            cfx_json_null(json);
    }
    cfx_json_end_array(json);
}

/* Returns: whether there were more than are written */
static gboolean
put_spans(CfxJsonWriter *json, JsonArray *spans, gint64 from_us, gint64 until_us)
{
    guint n = 0;

    cfx_json_name(json, "spans");
    cfx_json_begin_array(json);
    for (guint i = 0; spans != NULL && i < json_array_get_length(spans); i++) {
        JsonObject *span = ui_json_element(spans, i);
        gint64 start_us = ui_json_time(span, "start"), end_us = ui_json_time(span, "end");
        if (start_us >= until_us || (!ENDLESS(end_us) && end_us <= from_us))
            continue;
        if (++n > SPANS_MAX)
            break;
        cfx_json_begin_object(json);
        cfx_json_member_int(json, "from", start_us / CFX_SECOND);
        cfx_json_name(json, "to");
        if (ENDLESS(end_us))
            cfx_json_null(json);
        else
            cfx_json_int(json, end_us / CFX_SECOND);
        ui_put_copy(json, "type", span, "type");
        put_values(json, ui_json_array(span, "values"));
        cfx_json_end_object(json);
    }
    cfx_json_end_array(json);
    return n > SPANS_MAX;
}

gboolean
ui_event_write(const CfxRecord *record,
               gint64 site,
               gint64 from_us,
               gint64 until_us,
               CfxJsonWriter *json,
               char **ret_id)
{
    g_autoptr(JsonObject) doc = ui_json_parse(record->doc, record->doc_size);
    JsonObject *event = ui_json_object(doc, "event");
    gint64 start_us = ui_json_time(doc, "start"), end_us = ui_json_time(doc, "end");
    double priority = ui_json_real(event, "priority");

    if (doc == NULL || ui_json_int(doc, "site") != site || start_us >= until_us ||
        (!ENDLESS(end_us) && end_us <= from_us))
        return FALSE;
    ui_item_begin_text(json, "event", record->key);
    cfx_json_member_int(json, "site", site);
    ui_put_copy(json, "name", event, "eventName");
    ui_put_copy(json, "program", doc, "program");
    cfx_json_member_real(json, "priority", priority);
    ui_put_time(json, "known", ui_json_time(doc, "known"));
    ui_put_time(json, "start", start_us);
    ui_put_time(json, "end", end_us);
    gboolean has_more = put_spans(json, ui_json_array(doc, "spans"), from_us, until_us);
    cfx_json_member_bool(json, "more", has_more || ui_json_bool(doc, "more"));
    cfx_json_end_object(json);
    *ret_id = g_strdup(record->key);
    return TRUE;
}

static void
events_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(UiSite) self = data;
    g_auto(CfxJsonWriter) json;

    if (self->is_closed)
        return;
    cfx_json_writer_init(&json, NULL, 0);
    if (error == NULL)
        ui_items_sweep_begin(self->items, "event");
    for (gsize i = 0; error == NULL && i < records->n; i++) {
        g_autofree char *id = NULL;
        gint64 past_us = cfx_now_site(self->ui->host) - UI_PAST_US;
        if (ui_event_write(records->records[i], self->asset, past_us, CFX_TIME_MAX, &json, &id))
            ui_items_put(self->items, "event", id, &json);
        cfx_json_writer_reset(&json);
    }
    if (error == NULL)
        ui_items_sweep_end(self->items, "event");
    ui_site_read_over(self, UI_DIRTY_EVENTS, error);
}

void
ui_site_events_read(UiSite *self)
{
    const CfxHost *host = self->ui->host;
    const CfxRecordQuery query = {
        .struct_size = sizeof query, .collection = "openadr.known-event", .limit = 5000
    };

    host->data->read_records(host, &query, events_cb, ui_site_ref(self));
}

/* --- sentences --------------------------------------------------------------------------------- */

void
ui_story_write(const CfxNotice *notice, CfxJsonWriter *json)
{
    g_autoptr(JsonObject) doc = ui_json_parse(notice->doc, notice->doc_size);

    ui_item_begin(json, "story", notice->sequence);
    cfx_json_member_text(json, "topic", notice->topic);
    ui_put_time(json, "at", notice->at_us);
    ui_put_id(json, "asset", notice->asset);
    ui_put_copy(json, "text", doc, "text");
    cfx_json_name(json, "data");
    if (doc != NULL)
        cfx_json_raw(json, notice->doc, notice->doc_size);
    else
        cfx_json_null(json);
    cfx_json_end_object(json);
}

typedef struct {
    gint64 lowest;
    guint n;
} Stories;

static void
count_story(gpointer data, const char *id, const char *json, gsize size)
{
    Stories *stories = data;
    gint64 sequence = g_ascii_strtoll(id, NULL, 10);

    stories->n++;
    stories->lowest = MIN(stories->lowest, sequence);
}

void
ui_site_stories_take(UiSite *self, const CfxNotices *notices)
{
    const CfxModel *model = self->ui->host->model->get(self->ui->host);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    for (gsize i = 0; i < notices->n; i++) {
        const CfxNotice *notice = notices->notices[i];
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, notice->sequence);
        if (ui_model_site_of(model, notice->asset) != self->asset)
            continue;
        ui_story_write(notice, &json);
        ui_items_put(self->items, "story", id, &json);
        self->dirty |= UI_DIRTY_SESSIONS;
    }
    g_bytes_unref(model->owner);
    for (;;) {
        Stories stories = { G_MAXINT64, 0 };
        ui_items_each(self->items, "story", count_story, &stories);
        if (stories.n <= UI_STORIES)
            break;
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, stories.lowest);
        ui_items_forget(self->items, "story", id);
    }
}
