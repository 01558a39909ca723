/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan is stored beside its way to the devices: what changed of it as beliefs of the scheduler's
 * source, then its record, by which it becomes visible.
 */
#include "plan/cfx-plan.h"

#include "cfx-outbox.h"
#include "plan/cfx-limits.h"

#include <kit/cfx-time.h>

#define SAME_W 0.5

typedef struct {
    GArray *sensor, *start_us; /* (element-type gint64) */
    GArray *value;             /* (element-type double) */
} Rows;

typedef struct {
    CfxEngine *engine;
    GPtrArray *asks;
    CfxPlan plan;
} Stored;

static void
add_row(Rows *rows, gint64 sensor, gint64 start_us, double value)
{
    g_array_append_val(rows->sensor, sensor);
    g_array_append_val(rows->start_us, start_us);
    g_array_append_val(rows->value, value);
}

/* what differs from what the last plans wrote */
static void
add_device(Rows *rows, CfxEngineDevice *device, const CfxPlan *plan, gsize row)
{
    for (gsize j = 0; j < plan->n_slots; j++) {
        gint64 start_us = cfx_time_floor(cfx_int_at(plan->edges_us, j), CFX_SLOT);
        double w = cfx_grid_at(plan->power_w, row, j);
        double *written = g_hash_table_lookup(device->written, &start_us);
        if (written != NULL && fabs(*written - w) <= SAME_W)
            continue;
        add_row(rows, device->flex.power_sensor, start_us, w);
        g_hash_table_replace(
            device->written, g_memdup2(&start_us, sizeof start_us), g_memdup2(&w, sizeof w));
    }
}

static gboolean
is_past(gpointer key, gpointer value, gpointer before_us)
{
    return *(gint64 *)key < *(gint64 *)before_us;
}

static void
add_limit(Rows *rows, CfxSite *site, const CfxPlan *plan)
{
    gint64 minute_us = cfx_time_floor(cfx_now_site(site->engine->host), CFX_MINUTE);
    gint64 end_us = cfx_int_at(plan->edges_us, plan->n_slots);

    /* a limit that is no number is not written down as one */
    if (site->flex->effective_limit == 0 || site->limit.n == 0)
        return;
    for (gint64 us = minute_us; us < end_us; us += CFX_MINUTE) {
        double limit_w =
            cfx_curve_min(&site->limit, MAX(us, site->limit.at_us[0]), us + CFX_MINUTE);
        double written_w =
            us < site->written_limit_until_us ? cfx_curve_at(&site->written_limit, us) : NAN;
        if (fabs(limit_w - written_w) <= SAME_W)
            continue;
        add_row(rows, site->flex->effective_limit, us, limit_w);
    }
    cfx_curve_reset(&site->written_limit);
    for (gint64 us = minute_us; us < end_us; us += CFX_MINUTE)
        cfx_curve_append(
            &site->written_limit,
            us,
            cfx_curve_min(&site->limit, MAX(us, site->limit.at_us[0]), us + CFX_MINUTE));
    site->written_limit_until_us = end_us;
}

guint
cfx_plan_unpriced(const CfxPlanInputs *inputs)
{
    guint n = 0;

    for (guint j = 0; j < inputs->n; j++)
        n += !isfinite(inputs->buy[j]);
    return n;
}

static guint
count_assumed(const CfxPlanInputs *inputs)
{
    guint n = 0;

    for (guint j = 0; j < inputs->n; j++)
        n += inputs->assumed[j];
    return n;
}

static const char *
status_name(guint32 status)
{
    static const char *const names[] = { "nothing",  "optimal",   "feasible",
                                         "softened", "cancelled", "deadline" };

    return status < G_N_ELEMENTS(names) ? names[status] : "?";
}

static char *
plan_doc(CfxSite *site, const CfxPlanRun *run, guint changed)
{
    const CfxSitePlan *plan = site->plan;
    const CfxPlanInputs *inputs = run->problem->inputs;
    g_auto(CfxJsonWriter) doc;

    cfx_json_writer_init(&doc, NULL, 0);
    cfx_json_begin_object(&doc);
    cfx_json_member_int(&doc, "plan", plan->view.id);
    cfx_json_member_int(&doc, "site", site->asset);
    cfx_json_member_text(&doc, "kind", "applied");
    cfx_json_member_int(&doc, "epoch", plan->view.epoch);
    cfx_json_member_int(&doc, "version", plan->view.version);
    cfx_json_member_time(&doc, "made", plan->view.made_us);
    cfx_json_member_time(&doc, "start", inputs->edge_us[0]);
    cfx_json_member_time(&doc, "end", inputs->edge_us[inputs->n]);
    cfx_json_member_text(&doc, "scheduler", plan->scheduler);
    cfx_json_member_text(&doc, "cause", plan->cause);
    cfx_json_member_int(&doc, "trace", plan->view.trace);
    cfx_json_member_text(&doc, "status", status_name(run->solution.status));
    cfx_json_member_text(&doc, "reason", run->reason[0] != '\0' ? run->reason : NULL);
    cfx_json_member_real(&doc, "cost", plan->view.cost);
    cfx_json_member_real(&doc, "bound", plan->view.bound);
    cfx_json_member_real(&doc, "gap", plan->view.gap);
    cfx_json_member_text(&doc, "currency", site->flex->currency);
    cfx_json_member_real(&doc, "breach_kwh", plan->breach_kwh);
    cfx_json_member_real(&doc, "unavoidable_kwh", run->problem->unavoidable_kwh);
    cfx_json_member_real(&doc, "shortfall_kwh", plan->shortfall_kwh);
    cfx_json_member_int(&doc, "devices", run->problem->rows->len);
    cfx_json_member_int(&doc, "changed", changed);
    cfx_json_member_int(&doc, "slots", inputs->n);
    cfx_json_member_int(&doc, "assumed_prices", count_assumed(inputs));
    cfx_json_member_int(&doc, "unknown_prices", cfx_plan_unpriced(inputs));
    cfx_json_member_bool(&doc, "sell_clamped", run->problem->sell_is_clamped);
    cfx_json_name(&doc, "real_us");
    cfx_json_begin_object(&doc);
    cfx_json_member_int(&doc, "received", run->cause.received_us);
    cfx_json_member_int(&doc, "stored", run->cause.stored_us);
    cfx_json_member_int(&doc, "started", run->started_us);
    cfx_json_member_int(&doc, "solved", run->solved_us);
    cfx_json_end_object(&doc);
    cfx_json_member_int(&doc, "solve_us", run->solution.time_us);
    cfx_json_end_object(&doc);
    return g_strdup(cfx_json_writer_end(&doc));
}

static void
stored_done(gpointer data, const CfxCommitted *result, const GError *error)
{
    Stored *stored = data;

    if (error != NULL)
        cfx_log(stored->engine->host,
                CFX_LOG_WARNING,
                "plan %" G_GINT64_FORMAT " was not stored: %s",
                stored->plan.id,
                error->message);
    cfx_ask_answer(stored->asks, error == NULL ? &stored->plan : NULL, error);
    g_ptr_array_unref(stored->asks);
    cfx_plan_drop(&stored->plan);
    g_free(stored);
}

void
cfx_plan_store(CfxSite *site, CfxPlanRun *run, guint changed)
{
    CfxEngine *engine = site->engine;
    const CfxPlan *plan = &site->plan->view;
    Rows rows = {
        .sensor = g_array_new(FALSE, FALSE, sizeof(gint64)),
        .start_us = g_array_new(FALSE, FALSE, sizeof(gint64)),
        .value = g_array_new(FALSE, FALSE, sizeof(double)),
    };
    gint64 past_us = plan->made_us - CFX_DAY;

    for (guint i = 0; i < site->devices->len; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (device->flex.power_sensor != 0)
            add_device(&rows, device, plan, i);
        g_hash_table_foreach_remove(device->written, is_past, &past_us);
    }
    add_limit(&rows, site, plan);

    g_autofree char *doc = plan_doc(site, run, changed);
    g_autofree char *key =
        g_strdup_printf("%" G_GINT64_FORMAT "/%012" G_GINT64_FORMAT, site->asset, plan->id);
    const CfxKey keys[] = {
        { "site", NULL, site->asset },
        { "made", NULL, plan->made_us },
        { "kind", "applied", 0 },
    };
    CfxRecord record = {
        .struct_size = sizeof record,
        .collection = CFX_PLAN_COLLECTION,
        .key = key,
        .doc = doc,
        .doc_size = strlen(doc),
        .keys = keys,
        .n_keys = G_N_ELEMENTS(keys),
        .expect = CFX_EXPECT_ANY,
    };
    CfxBeliefs beliefs = {
        .struct_size = sizeof beliefs,
        .n = rows.sensor->len,
        .sensor = { (const gint64 *)(gpointer)rows.sensor->data, 1 },
        .source = { &run->scheduler->source, 0 },
        .start_us = { (const gint64 *)(gpointer)rows.start_us->data, 1 },
        .value = { (const double *)(gpointer)rows.value->data, 1 },
    };
    const CfxRecord *record_at = &record;
    const CfxBeliefs *beliefs_at = &beliefs;
    CfxCommit commit = {
        .struct_size = sizeof commit,
        .flags = CFX_COMMIT_BULK,
        .records = &record_at,
        .n_records = 1,
        .beliefs = &beliefs_at,
        .n_beliefs = rows.sensor->len > 0,
        .trace = run->cause.trace,
        .received_us = run->cause.received_us,
    };

    Stored *stored = g_new0(Stored, 1);
    stored->engine = engine;
    stored->asks = g_steal_pointer(&run->asks);
    cfx_plan_keep(&stored->plan, plan);
    engine->outbox_trace = run->cause.trace;
    cfx_outbox_flush(engine);
    cfx_commit(engine->host, &commit, stored_done, stored);
    g_array_free(rows.sensor, TRUE);
    g_array_free(rows.start_us, TRUE);
    g_array_free(rows.value, TRUE);
}
