/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a report is made of comes from the store: beliefs, sessions, plans, holds, traces. */
#include "report/cfx-report.h"

#include "cfx-day.h"
#include "cfx-model-builder.h"
#include "hold/cfx-hold.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-plan.h"
#include "session/cfx-session.h"

#include <json-glib/json-glib.h>
#include <kit/cfx-time.h>

#define NOON (12 * 60)
#define LONGEST (92 * CFX_DAY)
/* a price that is not known is looked up as far back as the planner does */
#define PRICES_BACK CFX_PRICE_PAST
/* registers and signals that hold at the edges */
#define AROUND CFX_HOUR
#define NOTICES_PAGE 10000

static void
report_free(CfxReport *self)
{
    cfx_site_free(self->site);
    for (guint i = 0; i < CFX_N_LINKS; i++)
        g_array_unref(self->links_ms[i]);
    g_clear_error(&self->error);
    g_free(self);
}

/* --- the end ------------------------------------------------------------------------------------
 */

static void
sum(gpointer data)
{
    cfx_report_sum(data);
}

static void
answer(gpointer data, const GError *error)
{
    CfxReport *self = data;
    const GError *why = self->error != NULL ? self->error : error;
    g_autofree char *json = why == NULL ? cfx_report_write(self) : NULL;

    self->done(self->data, json, why);
    report_free(self);
}

static void
loaded(CfxReport *self, const GError *error)
{
    if (error != NULL && self->error == NULL) {
        self->error = g_error_copy(error);
        g_prefix_error(&self->error, "what is stored cannot be read: ");
    }
    if (self->engine->is_stopping && self->error == NULL)
        self->error = g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "the daemon stops");
    if (--self->loads > 0)
        return;
    cfx_hold_curve(self->site, &self->site->hold);
    if (self->error != NULL)
        answer(self, NULL);
    else
        self->engine->host->base->work(self->engine->host, sum, self, answer);
}

/* --- what comes ---------------------------------------------------------------------------------
 */

static void
beliefs_came(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    CfxReport *self = data;

    if (beliefs != NULL)
        cfx_ingest_add(self->site, beliefs);
    loaded(self, error);
}

static void
sessions_came(gpointer data, const CfxRecords *records, const GError *error)
{
    CfxReport *self = data;

    for (gsize i = 0; records != NULL && i < records->n; i++) {
        CfxSession *session =
            cfx_session_parse(records->records[i]->doc, records->records[i]->doc_size, NULL);
        if (session != NULL)
            g_hash_table_replace(self->site->ended, session->key, session);
    }
    loaded(self, error);
}

static void
holds_came(gpointer data, const CfxRecords *records, const GError *error)
{
    CfxReport *self = data;

    for (gsize i = 0; records != NULL && i < records->n; i++) {
        CfxHold *hold =
            cfx_hold_parse(records->records[i]->doc, records->records[i]->doc_size, NULL);
        if (hold != NULL)
            g_ptr_array_add(self->site->holds, hold);
    }
    loaded(self, error);
}

static JsonObject *
object_of(JsonParser *parser, const char *doc, gsize size)
{
    if (!json_parser_load_from_data(parser, doc, (gssize)size, NULL))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    return root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}

static double
real_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) : NAN;
}

static void
add_ms(CfxReport *self, CfxLink link, double ms)
{
    ms = MAX(ms, 0);
    g_array_append_val(self->links_ms[link], ms);
}

static void
add_between(CfxReport *self, CfxLink link, gint64 from_us, gint64 to_us)
{
    if (from_us != 0 && to_us != 0)
        add_ms(self, link, (double)(to_us - from_us) / 1000);
}

static void
plans_came(gpointer data, const CfxRecords *records, const GError *error)
{
    CfxReport *self = data;
    g_autoptr(JsonParser) parser = json_parser_new();

    for (gsize i = 0; records != NULL && i < records->n; i++) {
        const CfxRecord *record = records->records[i];
        JsonObject *object = object_of(parser, record->doc, record->doc_size);
        JsonNode *node = object != NULL ? json_object_get_member(object, "real_us") : NULL;
        if (object == NULL)
            continue;
        self->n_plans++;
        self->worst_gap = fmax(self->worst_gap, real_of(object, "gap"));
        if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
            continue;
        JsonObject *real = json_node_get_object(node);
        gint64 received_us = json_object_get_int_member_with_default(real, "received", 0);
        gint64 stored_us = json_object_get_int_member_with_default(real, "stored", 0);
        gint64 solved_us = json_object_get_int_member_with_default(real, "solved", 0);
        add_between(self, CFX_LINK_RECEIVED_TO_STORED, received_us, stored_us);
        add_between(
            self, CFX_LINK_STORED_TO_SOLVED, stored_us != 0 ? stored_us : received_us, solved_us);
    }
    loaded(self, error);
}

static void read_traces(CfxReport *self, gint64 after);

static void
traces_came(gpointer data, const CfxNotices *notices, const GError *error)
{
    CfxReport *self = data;
    g_autoptr(JsonParser) parser = json_parser_new();
    gint64 last = 0;

    for (gsize i = 0; notices != NULL && i < notices->n; i++) {
        const CfxNotice *notice = notices->notices[i];
        JsonObject *object = object_of(parser, notice->doc, notice->doc_size);
        last = notice->sequence;
        if (object == NULL || json_object_get_int_member_with_default(
                                  object, "site_id", self->site->asset) != self->site->asset)
            continue;
        double whole_ms = real_of(object, "received_to_wire_ms");
        double wire_ms = real_of(object, "solved_to_wire_ms");
        double accepted_ms = real_of(object, "wire_to_accepted_ms");
        if (json_object_get_boolean_member_with_default(object, "event", FALSE) &&
            isfinite(whole_ms))
            add_ms(self, CFX_LINK_EVENT_TO_PROFILE, whole_ms);
        if (isfinite(wire_ms))
            add_ms(self, CFX_LINK_SOLVED_TO_WIRE, wire_ms);
        if (isfinite(accepted_ms))
            add_ms(self, CFX_LINK_WIRE_TO_ACCEPTED, accepted_ms);
    }
    if (notices != NULL && notices->n == NOTICES_PAGE)
        read_traces(self, last);
    loaded(self, error);
}

/* --- what is asked for --------------------------------------------------------------------------
 */

static void
read_traces(CfxReport *self, gint64 after)
{
    CfxNoticeQuery query = {
        .struct_size = sizeof query,
        .topic = "cfx.trace",
        .after = after,
        .start_us = self->start_us,
        .end_us = self->end_us,
        .limit = NOTICES_PAGE,
    };

    self->loads++;
    self->engine->host->data->read_notices(self->engine->host, &query, traces_came, self);
}

static void
read_records(CfxReport *self, const char *collection, const CfxTerm *term, CfxRecordsDone done)
{
    const CfxTerm of_site = { .name = "site", .from = self->site->asset, .to = self->site->asset };
    const CfxTerm *const terms[] = { &of_site, term };
    CfxRecordQuery query = {
        .struct_size = sizeof query,
        .collection = collection,
        .terms = terms,
        .n_terms = 2,
    };

    self->loads++;
    self->engine->host->data->read_records(self->engine->host, &query, done, self);
}

/* from @back_us before the report's time on; further back where an event lasts longer */
static void
read_beliefs(CfxReport *self, const gint64 *sensors, gsize n, gint64 back_us)
{
    CfxBeliefQuery query = {
        .struct_size = sizeof query,
        .mode = CFX_BELIEFS_NEWEST,
        .n_sensors = 1,
        .end_us = self->end_us + AROUND,
        .horizon_us = CFX_TIME_MIN,
    };

    for (gsize i = 0; i < n; i++) {
        const CfxTimeline *timeline = cfx_ingest_timeline(self->site, sensors[i]);
        if (timeline == NULL)
            continue;
        query.sensors = &sensors[i];
        query.start_us = self->start_us - MAX(back_us, timeline->resolution_us);
        self->loads++;
        self->engine->host->data->read_beliefs(self->engine->host, &query, beliefs_came, self);
    }
}

static void
read_all(gpointer data, const GError *error)
{
    CfxReport *self = data;
    const CfxFlexContext *flex = self->site->flex;
    gint64 start_us = self->start_us, end_us = self->end_us;
    const gint64 sensors[] = { flex->load_control,
                               flex->demand_response,
                               flex->import_limit,
                               flex->import_register,
                               flex->export_register };
    const CfxTerm ended = { .name = "ended", .from = start_us, .to = end_us };
    const CfxTerm made = { .name = "made", .from = start_us, .to = end_us - 1 };
    const CfxTerm over = { .name = "over", .from = start_us, .to = CFX_TIME_MAX };

    /* an error of the last commit is not the report's: it tells what is there */
    self->loads = 1;
    read_beliefs(self, sensors, G_N_ELEMENTS(sensors), AROUND);
    read_beliefs(self, flex->price_sensors, flex->n_price_sensors, PRICES_BACK);
    read_beliefs(self, &flex->production_price.sensor, 1, PRICES_BACK);
    read_records(self, CFX_SESSION_COLLECTION, &ended, sessions_came);
    read_records(self, CFX_PLAN_COLLECTION, &made, plans_came);
    read_records(self, CFX_HOLD_COLLECTION, &over, holds_came);
    read_traces(self, 0);
    loaded(self, NULL);
}

/* the day from noon to noon that holds now, or that has just ended */
static void
usual_window(const char *zone, gint64 now_us, gint64 *start_us, gint64 *end_us)
{
    gint64 first_us = cfx_day_next(zone, cfx_day_start(zone, now_us, -2) - 1, NOON);

    *start_us = first_us;
    for (gint64 us = first_us; us <= now_us - CFX_HOUR; us = cfx_day_next(zone, us, NOON))
        *start_us = us;
    *end_us = MIN(now_us, cfx_day_next(zone, *start_us, NOON));
}

static gboolean
check_window(gint64 now_us, gint64 start_us, gint64 *end_us, GError **error)
{
    const char *problem = start_us >= now_us             ? "start: has not come yet"
                          : *end_us <= start_us          ? "end: is not after the start"
                          : *end_us - start_us > LONGEST ? "end: a report is of 92 days at most"
                                                         : NULL;

    *end_us = MIN(*end_us, now_us);
    if (problem != NULL)
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, problem);
    return problem == NULL;
}

void
cfx_engine_report(CfxEngine *self,
                  gint64 site_id,
                  gint64 start_us,
                  gint64 end_us,
                  CfxReportDone done,
                  gpointer data)
{
    const CfxSite *live = cfx_engine_site(self, site_id);
    const CfxAsset *asset = live != NULL ? cfx_model_asset(self->model, live->asset) : NULL;
    gint64 now_us = cfx_now_site(self->host);
    g_autoptr(GError) error = NULL;

    if (asset == NULL || live->flex->zone == NULL)
        error = g_error_new_literal(CFX_ERROR,
                                    CFX_ERROR_NOT_FOUND,
                                    site_id != 0 ? "there is no such site"
                                                 : "there is no site yet: import one");
    else if (start_us == 0 && end_us == 0)
        usual_window(live->flex->zone, now_us, &start_us, &end_us);
    else if (end_us == 0)
        end_us = now_us;
    if (error != NULL || !check_window(now_us, start_us, &end_us, &error)) {
        done(data, NULL, error);
        return;
    }

    CfxReport *report = g_new0(CfxReport, 1);
    report->engine = self;
    report->site = cfx_site_new(self, live->asset);
    report->site->name = g_strdup(live->name);
    report->site->flex = cfx_flex_context_parse(self->model, asset, NULL);
    cfx_ingest_make(report->site);
    report->start_us = start_us;
    report->end_us = end_us;
    report->worst_gap = NAN;
    report->done = done;
    report->data = data;
    for (guint i = 0; i < CFX_N_LINKS; i++)
        report->links_ms[i] = g_array_new(FALSE, FALSE, sizeof(double));
    /* all that was said before is in it */
    cfx_engine_when_stored(self, read_all, report);
}
