/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan in force. Its powers come at once, what its record tells when that is stored. */
#include "ui-json.h"
#include "ui-site.h"

#include <math.h>

void
ui_site_plan_take(UiSite *self, const CfxPlan *plan)
{
    if (self->has_plan)
        cfx_plan_drop(&self->plan);
    cfx_plan_keep(&self->plan, plan);
    self->has_plan = TRUE;
    self->is_plan_new = TRUE;
    self->dirty |= UI_DIRTY_PLAN | UI_DIRTY_SESSIONS | UI_DIRTY_PROFILES;
}

static void
put_times(CfxJsonWriter *json, const CfxPlan *plan)
{
    cfx_json_name(json, "edges");
    cfx_json_begin_array(json);
    for (gsize j = 0; j <= plan->n_slots; j++)
        cfx_json_int(json, cfx_int_at(plan->edges_us, j) / CFX_SECOND);
    cfx_json_end_array(json);
}

static void
put_devices(CfxJsonWriter *json, const CfxPlan *plan)
{
    cfx_json_name(json, "devices");
    cfx_json_begin_array(json);
    for (gsize d = 0; d < plan->n_devices; d++) {
        cfx_json_begin_object(json);
        cfx_json_member_int(json, "device", cfx_int_at(plan->asset, d));
        cfx_json_name(json, "power_kw");
        cfx_json_begin_array(json);
        for (gsize j = 0; j < plan->n_slots; j++)
            cfx_json_real(json, round(cfx_grid_at(plan->power_w, d, j)) / 1000);
        cfx_json_end_array(json);
        /* the last one is what holds for ever */
        ui_put_kilo(json,
                    "fail_safe_kw",
                    plan->n_slots > 0 ? cfx_grid_at(plan->fail_safe_w, d, plan->n_slots - 1) : NAN);
        cfx_json_end_object(json);
    }
    cfx_json_end_array(json);
}

static void
put_more(CfxJsonWriter *json, JsonObject *doc)
{
    ui_put_copy(json, "scheduler", doc, "scheduler");
    ui_put_copy(json, "cause", doc, "cause");
    ui_put_copy(json, "status", doc, "status");
    ui_put_copy(json, "reason", doc, "reason");
    ui_put_real(json, "breach_kwh", ui_json_real(doc, "breach_kwh"));
    ui_put_real(json, "shortfall_kwh", ui_json_real(doc, "shortfall_kwh"));
    ui_put_real(json, "solve_ms", ui_json_real(doc, "solve_us") / 1000);
}

static JsonObject *
more_of(const UiSite *self)
{
    if (self->plan_more == NULL || self->more_id != self->plan.id)
        return NULL;
    return ui_json_parse(self->plan_more, strlen(self->plan_more));
}

void
ui_site_plan_tick(UiSite *self)
{
    const CfxPlan *plan = &self->plan;
    g_auto(CfxJsonWriter) json;

    if (!self->is_plan_new)
        return;
    self->is_plan_new = FALSE;
    g_autoptr(JsonObject) more = more_of(self);
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, self->asset);
    cfx_json_writer_init(&json, NULL, 0);
    ui_item_begin(&json, "plan", self->asset);
    cfx_json_member_int(&json, "plan", plan->id);
    cfx_json_member_int(&json, "version", plan->version);
    ui_put_time(&json, "made", plan->made_us);
    cfx_json_member_real(&json, "cost", round(plan->cost * 1e4) / 1e4);
    cfx_json_member_real(&json, "bound", round(plan->bound * 1e4) / 1e4);
    cfx_json_member_real(&json, "gap", round(plan->gap * 1e7) / 1e7);
    put_more(&json, more);
    put_times(&json, plan);
    put_devices(&json, plan);
    cfx_json_end_object(&json);
    ui_items_put(self->items, "plan", id, &json);
}

/* --- its record -------------------------------------------------------------------------------- */

static void
record_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(UiSite) self = data;

    if (self->is_closed)
        return;
    if (error == NULL && records->n == 1) {
        const CfxRecord *record = records->records[0];
        g_autoptr(JsonObject) doc = ui_json_parse(record->doc, record->doc_size);
        g_free(self->plan_more);
        self->plan_more = g_strndup(record->doc, record->doc_size);
        self->more_id = ui_json_int(doc, "plan");
        self->is_plan_new = self->has_plan;
    }
    ui_site_read_over(self, UI_DIRTY_PLAN, error);
    /* it was not stored yet */
    if (error == NULL && self->more_id != self->plan.id)
        self->dirty |= UI_DIRTY_PLAN;
}

void
ui_site_plan_record_read(UiSite *self)
{
    const CfxHost *host = self->ui->host;

    if (!self->has_plan || self->more_id == self->plan.id) {
        ui_site_read_over(self, UI_DIRTY_PLAN, NULL);
        return;
    }
    g_autofree char *key = g_strdup_printf(
        "%" G_GINT64_FORMAT "/%012" G_GINT64_FORMAT, self->asset, self->plan.id);
    const char *const keys[] = { key };
    const CfxRecordQuery query = {
        .struct_size = sizeof query, .collection = "cfx.plan", .keys = keys, .n_keys = 1
    };
    host->data->read_records(host, &query, record_cb, ui_site_ref(self));
}
