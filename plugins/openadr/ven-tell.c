/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A known event as it is stored: for ourselves as it came, for others with its times worked out. */
#include "ven.h"

#include <kit/cfx-json.h>
#include <string.h>

/* what others are told of an event at most; 96 quarters of a day and the same of the next */
#define TOLD_SPANS 200

static void
member_time(CfxJsonWriter *json, const char *name, gint64 us)
{
    if (us == CFX_TIME_MIN || us >= CFX_TIME_LAST) {
        cfx_json_name(json, name);
        cfx_json_null(json);
    } else {
        cfx_json_member_time(json, name, us);
    }
}

static void
put_payload(CfxJsonWriter *json, const OadrSpan *span, const OadrPayload *payload)
{
    cfx_json_begin_object(json);
    member_time(json, "start", span->start_us);
    member_time(json, "end", span->end_us);
    cfx_json_member_text(json, "type", payload->type);
    cfx_json_name(json, "values");
    cfx_json_begin_array(json);
    for (guint i = 0; i < payload->n; i++)
        cfx_json_real(json, payload->values[i]);
    cfx_json_end_array(json);
    cfx_json_end_object(json);
}

/* Returns: whether there were more than are written */
static gboolean
put_spans(CfxJsonWriter *json, const OadrEvent *event, const GArray *spans)
{
    guint n = 0;

    cfx_json_name(json, "spans");
    cfx_json_begin_array(json);
    for (guint i = 0; i < spans->len && n <= TOLD_SPANS; i++) {
        const OadrSpan *span = &g_array_index(spans, OadrSpan, i);
        const OadrInterval *interval =
            &g_array_index(event->intervals, OadrInterval, span->interval);
        for (guint k = 0; k < interval->payloads->len && n <= TOLD_SPANS; k++)
            if (n++ < TOLD_SPANS)
                put_payload(json, span, &g_array_index(interval->payloads, OadrPayload, k));
    }
    cfx_json_end_array(json);
    return n > TOLD_SPANS;
}

char *
oadr_known_doc(const OadrVen *self, const OadrKnown *known)
{
    const OadrEvent *event = known->event;
    const OadrProgram *program =
        event->program != NULL ? g_hash_table_lookup(self->programs, event->program) : NULL;
    g_autoptr(GArray) spans =
        oadr_event_spans(event, known->known_us, known->offsets, CFX_TIME_MIN, CFX_TIME_MAX);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_time(&json, "known", known->known_us);
    cfx_json_member_int(&json, "site", self->site);
    cfx_json_member_text(&json, "program", program != NULL ? program->name : event->program);
    member_time(
        &json, "start", spans->len > 0 ? g_array_index(spans, OadrSpan, 0).start_us : CFX_TIME_MIN);
    member_time(&json, "end", oadr_event_end(event, known->known_us, known->offsets));
    gboolean has_more = put_spans(&json, event, spans);
    cfx_json_member_bool(&json, "more", has_more);
    cfx_json_name(&json, "offsets_us");
    cfx_json_begin_array(&json);
    for (guint i = 0; i < known->n_offsets; i++)
        cfx_json_int(&json, known->offsets[i]);
    cfx_json_end_array(&json);
    cfx_json_name(&json, "event");
    cfx_json_raw(&json, known->raw, strlen(known->raw));
    cfx_json_end_object(&json);
    return g_strdup(cfx_json_writer_end(&json));
}
