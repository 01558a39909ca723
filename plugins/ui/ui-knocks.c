/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stations that knocked and that nobody has let in. */
#include "ui-answer.h"
#include "ui-json.h"

/* more would be a flood */
#define KNOCKS_MAX 200

static void
put(CfxJsonWriter *json, JsonObject *doc)
{
    static const char *const texts[] = { "identity", "instance", "vendor", "model",
                                         "serial",   "peer",     "first",  "last" };

    cfx_json_begin_object(json);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        ui_put_copy(json, texts[i], doc, texts[i]);
    cfx_json_member_int(json, "evses", ui_json_int(doc, "evses"));
    cfx_json_member_int(json, "count", ui_json_int(doc, "count"));
    cfx_json_end_object(json);
}

static void
knocks_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(UiVisit) visit = data;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (error != NULL) {
        ui_answer_gerror(visit->ui, visit->request, error);
        return;
    }
    cfx_json_begin_object(&json);
    cfx_json_member_time(&json, "now", cfx_now_site(visit->ui->host));
    cfx_json_name(&json, "knocks");
    cfx_json_begin_array(&json);
    for (gsize i = 0; i < records->n; i++) {
        g_autoptr(JsonObject) doc =
            ui_json_parse(records->records[i]->doc, records->records[i]->doc_size);
        if (doc != NULL)
            put(&json, doc);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    ui_answer_json(visit->ui, visit->request, 200, &json, NULL);
}

void
ui_knocks_get(UiVisit *visit)
{
    const CfxHost *host = visit->ui->host;
    const CfxRecordQuery query = {
        .struct_size = sizeof query, .collection = "cfx.knock", .limit = KNOCKS_MAX
    };

    host->data->read_records(host, &query, knocks_cb, visit);
}
