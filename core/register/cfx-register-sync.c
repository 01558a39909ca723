/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The register against what the stations say of themselves: how many EVSEs, and how strong. */
#include "cfx-register-evse.h"

#include <json-glib/json-glib.h>
#include <kit/cfx-json.h>
#include <kit/cfx-quantity.h>
#include <math.h>
#include <string.h>

#define EVSES_MAX 64
/* ratings are rounded differently by register and station */
#define TOLERANCE 0.01

typedef struct {
    CfxRegister *reg;
    CfxSyncReport *reports;
    gsize n;
    gboolean mend;
    CfxRegisterTextDone done;
    gpointer data;
    CfxDraft *draft;
    CfxJsonWriter answer;
    guint differences, mended;
} Sync;

static void
sync_end(Sync *self, const GError *error)
{
    CfxRegister *reg = self->reg;
    self->done(self->data, error == NULL ? cfx_json_writer_end(&self->answer) : NULL, error);
    g_clear_pointer(&self->draft, cfx_draft_free);
    cfx_json_writer_clear(&self->answer);
    g_free(self->reports);
    g_free(self);
    cfx_register_next(reg);
}

static const CfxSyncReport *
report_of(const Sync *self, gint64 asset)
{
    for (gsize i = 0; i < self->n; i++)
        if (self->reports[i].asset == asset)
            return &self->reports[i];
    return NULL;
}

static gboolean
is_same_station(const CfxBinding *a, const CfxBinding *b)
{
    return strcmp(a->identity, b->identity) == 0 && strcmp(a->instance, b->instance) == 0;
}

/* --- differences ---------------------------------------------------------------------------- */

typedef struct {
    const char *what;
    gint64 asset, evse;
    double registered, reported;
    gboolean is_mendable;
    char *text;
} Difference;

static void
put_difference(Sync *self, const Difference *difference)
{
    gboolean is_mended = self->mend && difference->is_mendable;
    self->differences++;
    self->mended += is_mended;
    cfx_json_begin_object(&self->answer);
    cfx_json_member_text(&self->answer, "what", difference->what);
    cfx_json_member_int(&self->answer, "asset", difference->asset);
    cfx_json_member_int(&self->answer, "evse", difference->evse);
    cfx_json_member_real(&self->answer, "registered", difference->registered);
    cfx_json_member_real(&self->answer, "reported", difference->reported);
    cfx_json_member_text(&self->answer, "text", difference->text);
    cfx_json_member_bool(&self->answer, "mendable", difference->is_mendable);
    cfx_json_member_bool(&self->answer, "mended", is_mended);
    cfx_json_end_object(&self->answer);
}

/* The object that a flex model is, to be changed. */
static JsonNode *
flex_node(const CfxAsset *asset)
{
    JsonNode *node = json_from_string(asset->flex_model, NULL);
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        return node;
    g_clear_pointer(&node, json_node_unref);
    node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, json_object_new());
    return node;
}

static double
registered_w(JsonNode *flex)
{
    double power_w;
    const char *text = json_object_get_string_member_with_default(
        json_node_get_object(flex), "power-capacity", NULL);
    return text != NULL && cfx_quantity_in(text, -1, "W", &power_w, NULL) ? power_w : NAN;
}

static void
lower_power(Sync *self, const CfxAsset *asset, JsonNode *flex, double power_w)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_dtostr(number, sizeof number, power_w);
    g_autofree char *text = g_strconcat(number, " W", NULL);
    json_object_set_string_member(json_node_get_object(flex), "power-capacity", text);
    g_autofree char *json = json_to_string(flex, FALSE);
    CfxAsset changed = *asset;
    changed.flex_model = json;
    cfx_draft_put(self->draft, CFX_MODEL_ASSET, &changed, NULL);
}

static void
compare_power(Sync *self, const CfxBinding *binding)
{
    const CfxSyncReport *report = report_of(self, binding->asset);
    const CfxAsset *asset = cfx_model_asset(self->reg->model, binding->asset);
    if (report == NULL || asset == NULL || !(report->power_max_w > 0))
        return;
    g_autoptr(JsonNode) flex = flex_node(asset);
    double power_w = registered_w(flex);
    if (isnan(power_w) || fabs(power_w - report->power_max_w) <= TOLERANCE * power_w)
        return;
    gboolean is_too_high = power_w > report->power_max_w;
    g_autofree char *text = g_strdup_printf(
        is_too_high ? "%s/%" G_GINT64_FORMAT " is registered with %.2f kW and reports %.2f kW"
                    : "%s/%" G_GINT64_FORMAT " is registered with %.2f kW and could do %.2f kW; if "
                      "its cable can too, raise it by an import",
        binding->identity,
        binding->unit,
        power_w / 1000,
        report->power_max_w / 1000);
    put_difference(self,
                   &(Difference){ "power",
                                  binding->asset,
                                  binding->unit,
                                  power_w,
                                  report->power_max_w,
                                  is_too_high,
                                  text });
    if (is_too_high && self->mend)
        lower_power(self, asset, flex, report->power_max_w);
}

static void
add_evses(Sync *self, const CfxBinding *first, guint from, guint to)
{
    const CfxModel *model = self->reg->model;
    const CfxAsset *evse = cfx_model_asset(model, first->asset);
    const CfxAsset *station = evse != NULL ? cfx_model_asset(model, evse->parent) : NULL;
    const CfxAccount *account = station != NULL ? cfx_model_account(model, station->account) : NULL;
    if (station == NULL)
        return;
    const CfxSyncReport *report = report_of(self, first->asset);
    CfxApproveHow how = { .power_max_w = report->power_max_w,
                          .fail_safe_w = NAN,
                          .max_current_a = NAN };
    CfxEvsePlace place = {
        station, first->instance, first->identity, account != NULL ? account->zone : "UTC", &how
    };
    for (guint unit = from; unit <= to; unit++)
        cfx_evse_put(self->reg, self->draft, &place, unit, &self->answer);
}

static void
compare_count(Sync *self, const CfxBinding *first, guint registered, guint reported)
{
    if (reported == 0 || registered == reported)
        return;
    gboolean is_missing = reported > registered;
    g_autofree char *text = g_strdup_printf(
        is_missing ? "%s has %u EVSE(s) in the register and reports %u"
                   : "%s has %u EVSE(s) in the register and reports %u; nothing is removed by "
                     "itself: look whether one is out of order",
        first->identity,
        registered,
        reported);
    put_difference(
        self, &(Difference){ "count", first->asset, 0, registered, reported, is_missing, text });
}

static void
compare_station(Sync *self, gsize at)
{
    const CfxModel *model = self->reg->model;
    const CfxBinding *first = model->bindings[at];
    guint registered = 0, reported = 0, highest = 0;
    for (gsize i = at; i < model->n_bindings; i++) {
        const CfxBinding *binding = model->bindings[i];
        if (!is_same_station(binding, first) || binding->unit == 0)
            continue;
        const CfxSyncReport *report = report_of(self, binding->asset);
        registered++;
        highest = MAX(highest, (guint)binding->unit);
        reported = MAX(reported, report != NULL ? report->evses : 0);
    }
    reported = MIN(reported, EVSES_MAX);
    cfx_json_begin_object(&self->answer);
    cfx_json_member_text(&self->answer, "identity", first->identity);
    cfx_json_member_text(&self->answer, "instance", first->instance);
    cfx_json_member_int(&self->answer, "registered_evses", registered);
    cfx_json_name(&self->answer, "reported_evses");
    if (reported > 0)
        cfx_json_int(&self->answer, reported);
    else
        cfx_json_null(&self->answer);
    cfx_json_name(&self->answer, "differences");
    cfx_json_begin_array(&self->answer);
    compare_count(self, first, registered, reported);
    for (gsize i = at; i < model->n_bindings; i++)
        if (is_same_station(model->bindings[i], first))
            compare_power(self, model->bindings[i]);
    cfx_json_end_array(&self->answer);
    cfx_json_name(&self->answer, "added");
    cfx_json_begin_array(&self->answer);
    if (self->mend && reported > registered && highest == registered)
        add_evses(self, first, registered + 1, reported);
    cfx_json_end_array(&self->answer);
    cfx_json_end_object(&self->answer);
}

static gboolean
is_first_of_station(const CfxModel *model, gsize at)
{
    for (gsize i = 0; i < at; i++)
        if (is_same_station(model->bindings[i], model->bindings[at]))
            return FALSE;
    return TRUE;
}

/* --- life ----------------------------------------------------------------------------------- */

static void
stored(gpointer data, const GError *error)
{
    sync_end(data, error);
}

static void
sync_run(gpointer data)
{
    Sync *self = data;
    const CfxModel *model = self->reg->model;
    g_autoptr(GError) error = NULL;
    self->draft = cfx_draft_new(self->reg);
    cfx_json_begin_object(&self->answer);
    cfx_json_member_int(&self->answer, "version", 1);
    cfx_json_name(&self->answer, "stations");
    cfx_json_begin_array(&self->answer);
    for (gsize i = 0; i < model->n_bindings; i++)
        if (is_first_of_station(model, i))
            compare_station(self, i);
    cfx_json_end_array(&self->answer);
    cfx_json_member_int(&self->answer, "differences", self->differences);
    cfx_json_member_int(&self->answer, "mended", self->mended);
    cfx_json_end_object(&self->answer);
    if (cfx_draft_is_empty(self->draft) || !cfx_draft_check(self->draft, &error))
        sync_end(self, error);
    else
        cfx_draft_commit(g_steal_pointer(&self->draft), stored, self);
}

void
cfx_register_sync(CfxRegister *self,
                  const CfxSyncReport *reports,
                  gsize n,
                  gboolean mend,
                  CfxRegisterTextDone done,
                  gpointer data)
{
    Sync *sync = g_new0(Sync, 1);
    sync->reg = self;
    sync->reports = g_memdup2(reports, n * sizeof *reports);
    sync->n = n;
    sync->mend = mend;
    sync->done = done;
    sync->data = data;
    cfx_json_writer_init(&sync->answer, NULL, 0);
    cfx_register_serial(self, sync_run, sync);
}
