/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A day of a site as it was. One question after the other; the series are those of the live page,
 * with the day as their window. */
#include "ui-answer.h"
#include "ui-body.h"
#include "ui-day.h"
#include "ui-json.h"
#include "ui-site.h"

#include <math.h>

#define STORIES_MAX 500

typedef struct {
    UiVisit *visit;
    UiSite *site;
    GDate day, today, first;
    gint64 start_us, end_us;
    CfxJsonWriter sessions, events, stories; /* arrays that are being written */
    guint64 plans;
} History;

static void
history_free(History *self)
{
    cfx_json_writer_clear(&self->sessions);
    cfx_json_writer_clear(&self->events);
    cfx_json_writer_clear(&self->stories);
    ui_visit_free(self->visit);
    if (self->site != NULL)
        ui_site_unref(self->site);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(History, history_free)

/* TRUE: an error was answered */
static gboolean
failed(const History *self, const GError *error)
{
    if (error == NULL)
        return FALSE;
    ui_answer_gerror(self->visit->ui, self->visit->request, error);
    return TRUE;
}

/* --- the answer -------------------------------------------------------------------------------- */

static UiSeries *
find_series(const History *self, const char *id)
{
    for (guint i = 0; i < self->site->series->len; i++) {
        UiSeries *series = self->site->series->pdata[i];
        if (strcmp(series->id, id) == 0)
            return series;
    }
    return NULL;
}

static double
sum_of(const History *self, const char *prefix)
{
    double sum = 0;

    for (guint i = 0; i < self->site->series->len; i++) {
        const UiSeries *series = self->site->series->pdata[i];
        if (!g_str_has_prefix(series->id, prefix))
            continue;
        /* a plant or device that says nothing adds nothing */
        for (gsize k = 0; k < series->n; k++)
            sum += isfinite(series->value[k])
                       ? series->value[k] * (double)series->step_us / (double)CFX_HOUR
                       : 0;
    }
    return sum;
}

/* What of today cannot be known yet is no gap: steps to come, the one under way, and the last one
 * while its mean is on its way. */
static UiSeries
until_now(const History *self, const UiSeries *power)
{
    gint64 now_us = cfx_now_site(self->site->ui->host);
    UiSeries known = *power;

    while (known.n > 0 && isnan(known.value[known.n - 1]) &&
           (known.first + (gint64)known.n) * known.step_us > now_us - known.step_us)
        known.n--;
    return known;
}

/* site power × price, import only; NAN where a quarter is not known */
static double
cost_of(const History *self, const UiSeries *power)
{
    const UiSeries *price = find_series(self, "price");
    double cost = 0;

    if (power->n == 0 || price == NULL)
        return NAN;
    for (gsize i = 0; i < power->n; i++) {
        gint64 us = (power->first + (gint64)i) * power->step_us;
        double kwh = power->value[i] * (double)power->step_us / (double)CFX_HOUR;
        /* fmax() would make a known nothing of an unknown */
        cost += (isnan(kwh) ? NAN : fmax(kwh, 0)) * ui_series_at(price, us) / 1000;
    }
    return cost;
}

static void
put_array(CfxJsonWriter *json, const char *name, CfxJsonWriter *array)
{
    cfx_json_end_array(array);
    const char *text = cfx_json_writer_end(array);
    cfx_json_name(json, name);
    cfx_json_raw(json, text, array->size);
}

static void
answer(History *self)
{
    const UiSite *site = self->site;
    const UiSeries *all = find_series(self, "site-power");
    const UiSeries power = all != NULL ? until_now(self, all) : (UiSeries){ .n = 0 };
    g_autofree char *day = ui_day_text(&self->day), *first = ui_day_text(&self->first);
    g_autofree char *today = ui_day_text(&self->today);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_time(&json, "now", cfx_now_site(site->ui->host));
    cfx_json_member_text(&json, "day", day);
    cfx_json_member_text(&json, "zone", site->zone);
    cfx_json_member_time(&json, "start", self->start_us);
    cfx_json_member_time(&json, "end", self->end_us);
    cfx_json_member_text(&json, "first_day", first);
    cfx_json_member_text(&json, "last_day", today);
    cfx_json_name(&json, "series");
    cfx_json_begin_array(&json);
    for (guint i = 0; i < site->series->len; i++)
        ui_series_write(site->series->pdata[i], 0, &json);
    cfx_json_end_array(&json);
    put_array(&json, "sessions", &self->sessions);
    put_array(&json, "events", &self->events);
    put_array(&json, "story", &self->stories);
    cfx_json_member_int(&json, "plans", (gint64)self->plans);
    cfx_json_name(&json, "energy_kwh");
    cfx_json_begin_object(&json);
    ui_put_real(&json, "site", power.n > 0 ? ui_series_energy(&power) : NAN);
    ui_put_real(&json, "pv", sum_of(self, "pv/"));
    ui_put_real(&json, "devices", sum_of(self, "power/"));
    cfx_json_end_object(&json);
    ui_put_real(&json, "cost", cost_of(self, &power));
    cfx_json_end_object(&json);
    ui_answer_json(self->visit->ui, self->visit->request, 200, &json, NULL);
}

/* --- one question after the other ---------------------------------------------------------------- */

static void
plans_query(const History *self, const char *order, gsize limit, gint64 from_us, gint64 to_us,
            CfxRecordsDone done)
{
    const CfxHost *host = self->visit->ui->host;
    const CfxTerm of_site = { .name = "site", .from = self->site->asset, .to = self->site->asset };
    const CfxTerm made = { .name = "made", .from = from_us, .to = to_us };
    const CfxTerm *const terms[] = { &of_site, &made };
    const CfxRecordQuery query = {
        .struct_size = sizeof query,
        .flags = CFX_QUERY_TOTAL,
        .collection = "cfx.plan",
        .terms = terms,
        .n_terms = G_N_ELEMENTS(terms),
        .order = order,
        .limit = limit,
    };

    host->data->read_records(host, &query, done, (gpointer)self);
}

static void
first_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(History) self = data;

    if (failed(self, error))
        return;
    self->first = self->today;
    if (records->n > 0) {
        g_autoptr(JsonObject) doc =
            ui_json_parse(records->records[0]->doc, records->records[0]->doc_size);
        gint64 made_us = ui_json_time(doc, "made");
        if (made_us != CFX_TIME_MIN)
            ui_day_of(self->site->zone, made_us, &self->first);
    }
    answer(self);
}

static void
plans_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(History) self = data;

    if (failed(self, error))
        return;
    self->plans = records->total;
    plans_query(self, "made", 1, 0, CFX_TIME_MAX, first_cb);
    g_steal_pointer(&self);
}

static void
stories_cb(gpointer data, const CfxNotices *notices, const GError *error)
{
    g_autoptr(History) self = data;
    const CfxHost *host = self->visit->ui->host;

    if (failed(self, error))
        return;
    const CfxModel *model = host->model->get(host);
    for (gsize i = 0; i < notices->n; i++) {
        if (ui_model_site_of(model, notices->notices[i]->asset) == self->site->asset)
            ui_story_write(notices->notices[i], &self->stories);
    }
    g_bytes_unref(model->owner);
    plans_query(self, NULL, 1, self->start_us, self->end_us - 1, plans_cb);
    g_steal_pointer(&self);
}

static void
events_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(History) self = data;
    const CfxHost *host = self->visit->ui->host;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (failed(self, error))
        return;
    for (gsize i = 0; i < records->n; i++) {
        g_autofree char *id = NULL;
        cfx_json_writer_reset(&json);
        if (ui_event_write(records->records[i],
                           self->site->asset,
                           self->start_us,
                           self->end_us,
                           &json,
                           &id)) {
            const char *text = cfx_json_writer_end(&json);
            cfx_json_raw(&self->events, text, json.size);
        }
    }
    const CfxNoticeQuery query = {
        .struct_size = sizeof query,
        .topic = "cfx.story.",
        .start_us = self->start_us,
        .end_us = self->end_us,
        .limit = STORIES_MAX,
    };
    host->data->read_notices(host, &query, stories_cb, self);
    g_steal_pointer(&self);
}

static void
take_sessions(History *self, const CfxRecords *records)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    for (gsize i = 0; i < records->n; i++) {
        const CfxRecord *record = records->records[i];
        g_autoptr(JsonObject) doc = ui_json_parse(record->doc, record->doc_size);
        if (ui_json_time(doc, "arrival") >= self->end_us)
            continue;
        cfx_json_writer_reset(&json);
        if (ui_session_write(record, NAN, &json)) {
            const char *text = cfx_json_writer_end(&json);
            cfx_json_raw(&self->sessions, text, json.size);
        }
    }
}

static void
open_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(History) self = data;
    const CfxHost *host = self->visit->ui->host;
    const CfxRecordQuery query = {
        .struct_size = sizeof query, .collection = "openadr.known-event", .limit = 5000
    };

    if (failed(self, error))
        return;
    take_sessions(self, records);
    host->data->read_records(host, &query, events_cb, self);
    g_steal_pointer(&self);
}

static void
ended_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(History) self = data;

    if (failed(self, error))
        return;
    take_sessions(self, records);
    ui_sessions_query(self->visit->ui, self->site->asset, 0, 0, open_cb, self);
    g_steal_pointer(&self);
}

static void
beliefs_cb(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    g_autoptr(History) self = data;

    if (failed(self, error))
        return;
    ui_series_take_beliefs(
        self->site->by_sensor, self->site->sources, beliefs, self->site->items);
    /* stays that had not ended when the day began, and had begun when it ended */
    ui_sessions_query(self->visit->ui,
                      self->site->asset,
                      self->start_us,
                      CFX_TIME_MAX,
                      ended_cb,
                      self);
    g_steal_pointer(&self);
}

static void
ask_beliefs(History *self)
{
    const CfxHost *host = self->visit->ui->host;
    UiSite *site = self->site;
    g_autoptr(GArray) sensors = g_array_new(FALSE, FALSE, sizeof(gint64));
    GHashTableIter iter;
    gpointer sensor;

    g_hash_table_iter_init(&iter, site->by_sensor);
    while (g_hash_table_iter_next(&iter, &sensor, NULL))
        g_array_append_vals(sensors, sensor, 1);
    for (guint i = 0; i < site->series->len; i++)
        ui_series_window(site->series->pdata[i], self->start_us, self->end_us);
    const gint64 none = -1;
    const CfxBeliefQuery query = {
        .struct_size = sizeof query,
        .flags = CFX_QUERY_KEEP_NO_VALUE,
        .mode = CFX_BELIEFS_NEWEST,
        .sensors = sensors->len > 0 ? (const gint64 *)(gpointer)sensors->data : &none,
        .n_sensors = MAX(sensors->len, 1),
        .start_us = self->start_us,
        .end_us = self->end_us,
        .horizon_us = CFX_TIME_MIN,
    };
    host->data->read_beliefs(host, &query, beliefs_cb, self);
}

/* FALSE: it was answered */
static gboolean
find_day(History *self)
{
    const UiVisit *visit = self->visit;
    g_autofree char *day = ui_query_find(visit->request->query, "day");

    ui_day_of(self->site->zone, cfx_now_site(visit->ui->host), &self->today);
    self->day = self->today;
    if (day != NULL && !ui_day_parse(day, &self->day)) {
        ui_answer_error(visit->ui,
                        visit->request,
                        400,
                        "syntax",
                        "day: is no day as 2025-10-01",
                        "Give a day of the calendar.");
        return FALSE;
    }
    if (ui_day_bounds(self->site->zone, &self->day, &self->start_us, &self->end_us))
        return TRUE;
    ui_answer_error(visit->ui,
                    visit->request,
                    400,
                    "syntax",
                    "day: there is no such day in the zone of this site",
                    "Give a day of its calendar.");
    return FALSE;
}

void
ui_history_get(UiVisit *data)
{
    const CfxHost *host = data->ui->host;
    const CfxModel *model = host->model->get(host);
    g_autoptr(History) self = g_new0(History, 1);
    gboolean may = host->web->may(host, data->principal, CFX_RIGHT_READ, data->id);

    self->visit = data;
    self->site = ui_site_bare(data->ui, may ? data->id : 0, model);
    g_bytes_unref(model->owner);
    CfxJsonWriter *arrays[] = { &self->sessions, &self->events, &self->stories };
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++) {
        cfx_json_writer_init(arrays[i], NULL, 0);
        cfx_json_begin_array(arrays[i]);
    }
    if (self->site == NULL) {
        ui_answer_not_found(data->ui, data->request, "site");
        return;
    }
    if (find_day(self))
        ask_beliefs(g_steal_pointer(&self));
}
