/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stays of cars, out of the host's records. */
#include "ui-json.h"
#include "ui-site.h"

#include <math.h>
#include <string.h>

static void
put_graded(CfxJsonWriter *json, JsonObject *doc, const char *name)
{
    JsonObject *field = ui_json_object(doc, name);
    g_autofree char *kwh = g_strconcat(name, "_kwh", NULL);
    g_autofree char *from = g_strconcat(name, "_from", NULL);
    g_autofree char *grade = g_strconcat(name, "_grade", NULL);

    ui_put_kilo(json, kwh, ui_json_real(field, "wh"));
    ui_put_copy(json, from, field, "from");
    ui_put_copy(json, grade, field, "grade");
}

static void
put_energies(CfxJsonWriter *json, JsonObject *doc, double stock_wh)
{
    gboolean is_open = ui_json_time(doc, "ended") == CFX_TIME_MIN;
    double promised_wh = ui_json_real(doc, "promised_wh");
    double delivered_wh = ui_json_real(doc, "delivered_wh");

    if (isnan(delivered_wh))
        delivered_wh = isfinite(stock_wh) ? stock_wh : ui_json_real(doc, "stock_wh");
    ui_put_kilo(json, "asked_kwh", ui_json_real(doc, "asked_wh"));
    ui_put_kilo(json, "promised_kwh", promised_wh);
    ui_put_time(json, "promised", ui_json_time(doc, "promised"));
    ui_put_kilo(json, "delivered_kwh", delivered_wh);
    ui_put_kilo(json,
                "due_kwh",
                is_open && isfinite(promised_wh) ? fmax(promised_wh - delivered_wh, 0) : NAN);
    /* what an open stay may lack is told by its promise */
    ui_put_kilo(json,
                "shortfall_kwh",
                is_open ? ui_json_real(doc, "asked_wh") - promised_wh
                        : ui_json_real(doc, "shortfall_wh"));
}

gboolean
ui_session_write(const CfxRecord *record, double stock_wh, CfxJsonWriter *json)
{
    g_autoptr(JsonObject) doc = ui_json_parse(record->doc, record->doc_size);
    JsonObject *departure = ui_json_object(doc, "departure");

    if (doc == NULL)
        return FALSE;
    ui_item_begin_text(json, "session", record->key);
    cfx_json_member_int(json, "site", ui_json_int(doc, "site"));
    cfx_json_member_int(json, "device", ui_json_int(doc, "asset"));
    ui_put_copy(json, "station_name", doc, "station");
    ui_put_copy(json, "token", doc, "token");
    ui_put_copy(json, "car", doc, "car");
    ui_put_time(json, "arrival", ui_json_time(doc, "arrival"));
    ui_put_time(json, "ended", ui_json_time(doc, "ended"));
    cfx_json_member_bool(json, "full", ui_json_bool(doc, "full"));
    put_graded(json, doc, "need");
    put_graded(json, doc, "minimum");
    ui_put_time(json, "departure", ui_json_time(departure, "at"));
    ui_put_copy(json, "departure_from", departure, "from");
    ui_put_copy(json, "departure_grade", departure, "grade");
    put_energies(json, doc, stock_wh);
    ui_put_copy(json, "cause", doc, "cause");
    cfx_json_end_object(json);
    return TRUE;
}

static void
take(UiSite *self, const CfxRecord *record, gboolean is_open)
{
    gint64 asset = g_ascii_strtoll(record->key, NULL, 10);
    UiDevice *device = g_hash_table_lookup(self->by_asset, &asset);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (!ui_session_write(record, is_open && device != NULL ? device->stock_wh : NAN, &json))
        return;
    ui_items_put(self->items, "session", record->key, &json);
    if (is_open && device != NULL) {
        g_free(device->session);
        device->session = g_strdup(record->key);
    }
}

/* --- reading: first the open ones, then those that ended in the last day ------------------------ */

static void
ended_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(UiSite) self = data;

    if (self->is_closed)
        return;
    for (gsize i = 0; error == NULL && i < records->n; i++)
        take(self, records->records[i], FALSE);
    if (error == NULL)
        ui_items_sweep_end(self->items, "session");
    ui_site_read_over(self, UI_DIRTY_SESSIONS, error);
}

static void
open_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(UiSite) self = data;

    if (self->is_closed)
        return;
    if (error != NULL) {
        ui_site_read_over(self, UI_DIRTY_SESSIONS, error);
        return;
    }
    for (guint i = 0; i < self->devices->len; i++)
        g_clear_pointer(&((UiDevice *)self->devices->pdata[i])->session, g_free);
    ui_items_sweep_begin(self->items, "session");
    for (gsize i = 0; i < records->n; i++)
        take(self, records->records[i], TRUE);
    ui_sessions_query(self->ui,
                      self->asset,
                      cfx_now_site(self->ui->host) - UI_PAST_US,
                      CFX_TIME_MAX,
                      ended_cb,
                      ui_site_ref(self));
}

void
ui_sessions_query(const Ui *ui,
                  gint64 site,
                  gint64 ended_from_us,
                  gint64 ended_to_us,
                  CfxRecordsDone done,
                  gpointer data)
{
    const CfxTerm of_site = { .name = "site", .from = site, .to = site };
    const CfxTerm ended = { .name = "ended", .from = ended_from_us, .to = ended_to_us };
    const CfxTerm *const terms[] = { &of_site, &ended };
    const CfxRecordQuery query = {
        .struct_size = sizeof query,
        .collection = "cfx.session",
        .terms = terms,
        .n_terms = G_N_ELEMENTS(terms),
        .limit = 10000,
    };

    ui->host->data->read_records(ui->host, &query, done, data);
}

void
ui_site_sessions_read(UiSite *self)
{
    ui_sessions_query(self->ui, self->asset, 0, 0, open_cb, ui_site_ref(self));
}
