/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From known events to beliefs: computes what is wanted, writes what differs from what was. */
#include "ven.h"

#include "ven-json.h"

#include <kit/cfx-json.h>
#include <math.h>
#include <string.h>

#define PAST_US CFX_DAY /* prices of so long ago are filled in where they are missing */
#define BULK_ROWS 2000

static const char *const roles[OADR_N_OUTPUTS] = {
    "price", "load-control", "demand-response", "import-limit"
};

/* --- the site --------------------------------------------------------------------------------- */

static gint64
role_of(JsonObject *sensors, const char *role)
{
    JsonNode *node = sensors != NULL ? oadr_json_member(sensors, role) : NULL;
    gint64 id = 0;

    /* a list is in order: the strongest first */
    if (node != NULL && JSON_NODE_HOLDS_ARRAY(node) &&
        json_array_get_length(json_node_get_array(node)) > 0)
        node = json_array_get_element(json_node_get_array(node), 0);
    return node != NULL && oadr_json_is_int(node, &id) ? id : 0;
}

static void
take_rates(OadrVen *self, JsonObject *attributes)
{
    JsonArray *list = NULL;

    g_array_set_size(self->rates, 0);
    for (guint i = 0; i < self->own_rates->len; i++) {
        OadrRate rate = g_array_index(self->own_rates, OadrRate, i);

        rate.date = g_strdup(rate.date);
        rate.source = g_strdup(rate.source);
        g_array_append_val(self->rates, rate);
    }
    if (!oadr_json_array(attributes, "", "currency-rates", &list, NULL) || list == NULL)
        return;
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonNode *node = json_array_get_element(list, i);
        const char *from = NULL, *date = NULL, *source = NULL;
        OadrRate rate = { .rate = NAN };
        JsonNode *number;

        if (!JSON_NODE_HOLDS_OBJECT(node))
            continue;
        number = oadr_json_member(json_node_get_object(node), "rate");
        if (number == NULL || !oadr_json_is_number(number, &rate.rate) || !(rate.rate > 0) ||
            !oadr_json_text(json_node_get_object(node), "", "currency", TRUE, 3, &from, NULL) ||
            !oadr_json_text(json_node_get_object(node), "", "date", TRUE, 10, &date, NULL) ||
            !oadr_json_text(json_node_get_object(node), "", "source", TRUE, 1024, &source, NULL))
            continue;
        g_strlcpy(rate.from, from, sizeof(rate.from));
        g_strlcpy(rate.to, self->currency, sizeof(rate.to));
        rate.date = g_strdup(date);
        rate.source = g_strdup(source);
        g_array_append_val(self->rates, rate);
    }
}

static void
forget_written(OadrVen *self)
{
    for (int i = 0; i < OADR_N_OUTPUTS; i++)
        oadr_grid_clear(&self->written[i]);
    self->has_written = FALSE;
    /* what is being read now is of other sensors */
    self->is_reading = FALSE;
    self->reading++;
}

static void
take_site(OadrVen *self, const CfxModel *model, const CfxAsset *site)
{
    g_autoptr(JsonNode) node = NULL;
    g_autoptr(JsonObject) empty = json_object_new();
    JsonObject *attributes = empty, *sensors = NULL;
    const CfxAccount *account = cfx_model_account(model, site->account);
    const char *currency = NULL;
    gint64 found[OADR_N_OUTPUTS];

    if (site->attributes != NULL)
        node = oadr_json_parse(site->attributes, strlen(site->attributes), NULL);
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        attributes = json_node_get_object(node);
    if (!oadr_json_text(attributes, "", "currency", TRUE, 3, &currency, NULL))
        currency = account != NULL && account->currency != NULL ? account->currency : "EUR";
    g_strlcpy(self->currency, currency, sizeof(self->currency));
    take_rates(self, attributes);
    if (!oadr_json_object(attributes, "", "sensors", &sensors, NULL))
        sensors = NULL;
    for (int i = 0; i < OADR_N_OUTPUTS; i++) {
        found[i] = self->configured[i] != 0 ? self->configured[i] : role_of(sensors, roles[i]);
        if (cfx_model_sensor(model, found[i]) == NULL)
            found[i] = 0;
    }
    if (memcmp(found, self->sensors, sizeof(found)) == 0)
        return;
    memcpy(self->sensors, found, sizeof(found));
    forget_written(self);
}

void
oadr_ven_resolve(OadrVen *self)
{
    const CfxModel *model = self->host->model->get(self->host);
    const CfxAsset *site = cfx_model_asset(model, self->site);

    self->has_site = site != NULL;
    if (site != NULL) {
        take_site(self, model, site);
    } else {
        memset(self->sensors, 0, sizeof(self->sensors));
        forget_written(self);
    }
    g_bytes_unref(model->owner);
}

/* --- what was written ------------------------------------------------------------------------- */

static gint64
past_of(int output)
{
    return output == OADR_PRICE ? PAST_US : 0;
}

static gint64
grid_start(const OadrVen *self, int output, gint64 now_us)
{
    return cfx_time_floor(now_us - past_of(output), oadr_output_step(output));
}

typedef struct {
    OadrVen *ven;
    guint64 reading;
} Reading;

static void
written_read(gpointer data, const CfxBeliefs *result, const GError *error)
{
    g_autofree Reading *reading = data;
    OadrVen *self = reading->ven;

    if (!self->is_running || reading->reading != self->reading)
        return;
    self->is_reading = FALSE;
    if (error != NULL) {
        cfx_log(self->host,
                CFX_LOG_WARNING,
                "what was written before cannot be read: %s",
                error->message);
        return; /* the next poll tries again */
    }
    for (gsize i = 0; i < result->n; i++)
        for (int j = 0; j < OADR_N_OUTPUTS; j++)
            if (self->sensors[j] == cfx_int_at(result->sensor, i))
                oadr_grid_set(&self->written[j],
                              cfx_int_at(result->start_us, i),
                              cfx_real_at(result->value, i));
    self->has_written = TRUE;
    oadr_ven_update(self, 0);
}

static gint64
own_source(OadrVen *self)
{
    const CfxModel *model = self->host->model->get(self->host);
    gint64 id = 0;

    for (gsize i = 0; i < model->n_sources; i++)
        if (g_strcmp0(model->sources[i]->instance, self->host->instance) == 0)
            id = model->sources[i]->id;
    g_bytes_unref(model->owner);
    return id;
}

static void
read_written(OadrVen *self)
{
    gint64 now_us = cfx_now_site(self->host), source = own_source(self);
    gint64 sensors[OADR_N_OUTPUTS];
    CfxBeliefQuery query = { .struct_size = sizeof(query),
                             .flags = CFX_QUERY_KEEP_NO_VALUE,
                             .mode = CFX_BELIEFS_NEWEST,
                             .sensors = sensors,
                             .sources = &source,
                             .n_sources = 1,
                             .start_us = now_us - PAST_US - CFX_HOUR,
                             .end_us = now_us + self->horizon_us + CFX_HOUR,
                             .horizon_us = CFX_TIME_MIN };
    Reading *reading = g_new(Reading, 1);

    for (int i = 0; i < OADR_N_OUTPUTS; i++) {
        gint64 step_us = oadr_output_step(i);

        oadr_grid_clear(&self->written[i]);
        oadr_grid_init(&self->written[i],
                       grid_start(self, i, now_us),
                       step_us,
                       (gsize)((past_of(i) + self->horizon_us) / step_us));
        if (self->sensors[i] != 0)
            sensors[query.n_sensors++] = self->sensors[i];
    }
    *reading = (Reading){ self, ++self->reading };
    self->is_reading = TRUE;
    self->host->data->read_beliefs(self->host, &query, written_read, reading);
}

/* --- writing ---------------------------------------------------------------------------------- */

typedef struct {
    OadrVen *ven;
    GArray *sensor, *start, *output; /* gint64 */
    GArray *value;                   /* double */
    GPtrArray *rows, *news;
} Writing;

static void
writing_free(Writing *self)
{
    g_array_unref(self->sensor);
    g_array_unref(self->start);
    g_array_unref(self->output);
    g_array_unref(self->value);
    g_ptr_array_unref(self->rows);
    g_ptr_array_unref(self->news);
    g_free(self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Writing, writing_free)

/* What could not be stored waits for the next time, unless something newer waits already. */
static void
put_back(OadrVen *self, Writing *writing)
{
    for (guint i = 0; i < writing->rows->len; i++) {
        OadrRow *row = writing->rows->pdata[i];
        gboolean is_overtaken = FALSE;

        for (guint j = 0; j < self->rows->len; j++) {
            const OadrRow *newer = self->rows->pdata[j];

            is_overtaken |= strcmp(newer->collection, row->collection) == 0 &&
                            strcmp(newer->key, row->key) == 0;
        }
        if (!is_overtaken)
            g_ptr_array_add(self->rows, g_steal_pointer(&writing->rows->pdata[i]));
    }
    for (guint i = 0; i < writing->news->len; i++)
        g_ptr_array_add(self->news, g_steal_pointer(&writing->news->pdata[i]));
}

static void
written_now(gpointer data, const CfxCommitted *result, const GError *error)
{
    g_autoptr(Writing) writing = data;
    OadrVen *self = writing->ven;

    if (!self->is_running)
        return;
    self->is_writing = FALSE;
    if (error != NULL) {
        cfx_log(self->host, CFX_LOG_WARNING, "signals are not stored: %s", error->message);
        put_back(self, writing);
        return; /* the next poll tries again */
    }
    for (guint i = 0; i < writing->start->len && self->has_written; i++)
        oadr_grid_set(&self->written[g_array_index(writing->output, gint64, i)],
                      g_array_index(writing->start, gint64, i),
                      g_array_index(writing->value, double, i));
    if (self->is_dirty) {
        self->is_dirty = FALSE;
        oadr_ven_update(self, self->received_us);
    }
}

/* A rate is shown wherever it was used. */
static void
tell_rate(OadrVen *self, const OadrRate *rate, guint n)
{
    OadrNews *news = g_new0(OadrNews, 1);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "instance", self->host->instance);
    cfx_json_member_text(&json, "from", rate->from);
    cfx_json_member_text(&json, "to", rate->to);
    cfx_json_member_real(&json, "rate", rate->rate);
    cfx_json_member_text(&json, "date", rate->date);
    cfx_json_member_text(&json, "source", rate->source);
    cfx_json_member_int(&json, "values", n);
    cfx_json_end_object(&json);
    news->topic = "openadr.rate";
    news->doc = g_strdup(cfx_json_writer_end(&json));
    g_ptr_array_add(self->news, news);
    cfx_log(self->host,
            CFX_LOG_MESSAGE,
            "%u prices in %s written in %s, at %g of %s (%s)",
            n,
            rate->from,
            rate->to,
            rate->rate,
            rate->date,
            rate->source);
}

static void
compute(OadrVen *self, int output, gint64 now_us, GPtrArray *problems, Writing *writing)
{
    OadrGrid *written = &self->written[output], wanted;
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    OadrRules rules = { .rates = self->rates, .offset_sign = self->offset_sign, .used = used };
    g_autoptr(GArray) segments = NULL;
    g_autoptr(GArray) changes = NULL;
    gint64 number = output;

    g_strlcpy(rules.currency, self->currency, sizeof(rules.currency));
    oadr_grid_move(written, grid_start(self, output, now_us));
    oadr_grid_init(&wanted, written->start_us, written->step_us, written->n);
    segments = oadr_segments(self->known,
                             output,
                             &rules,
                             wanted.start_us,
                             wanted.start_us + (gint64)wanted.n * wanted.step_us,
                             problems);
    oadr_grid_fill(&wanted, output, segments);
    changes = oadr_changes(output, &wanted, written, now_us);
    for (guint i = 0; i < changes->len; i++) {
        const OadrChange *change = &g_array_index(changes, OadrChange, i);

        g_array_append_val(writing->sensor, self->sensors[output]);
        g_array_append_val(writing->start, change->start_us);
        g_array_append_val(writing->value, change->value);
        g_array_append_val(writing->output, number);
    }
    for (guint i = 0; changes->len > 0 && i < used->len; i++)
        tell_rate(self, used->pdata[i], changes->len);
    oadr_grid_clear(&wanted);
}

static void
set_problem(OadrVen *self, const GPtrArray *problems)
{
    const char *first = problems->len > 0 ? problems->pdata[0] : NULL;

    if (g_strcmp0(first, self->problem) == 0)
        return;
    g_free(self->problem);
    self->problem = g_strdup(first);
    if (first != NULL)
        cfx_log(self->host, CFX_LOG_WARNING, "%s", first);
    oadr_ven_tell_health(self);
}

static void
commit(OadrVen *self, Writing *writing, gint64 now_us, gint64 received_us)
{
    guint n_rows = writing->rows->len, n_news = writing->news->len;
    g_autofree CfxRecord *records = g_new0(CfxRecord, n_rows + 1);
    g_autofree const CfxRecord **record_list = g_new0(const CfxRecord *, n_rows + 1);
    g_autofree CfxKey *keys = g_new0(CfxKey, 2 * (n_rows + 1));
    g_autofree CfxNotice *notices = g_new0(CfxNotice, n_news + 1);
    g_autofree const CfxNotice **notice_list = g_new0(const CfxNotice *, n_news + 1);
    CfxBeliefs beliefs = { .struct_size = sizeof(beliefs),
                           .n = writing->start->len,
                           .sensor = { (const gint64 *)(gpointer)writing->sensor->data, 1 },
                           .start_us = { (const gint64 *)(gpointer)writing->start->data, 1 },
                           .belief_us = { &now_us, 0 },
                           .value = { (const double *)(gpointer)writing->value->data, 1 } };
    const CfxBeliefs *belief_list[] = { &beliefs };
    CfxCommit what = { .struct_size = sizeof(what),
                       .flags = beliefs.n > BULK_ROWS ? CFX_COMMIT_BULK : 0,
                       .records = record_list,
                       .n_records = n_rows,
                       .beliefs = belief_list,
                       .n_beliefs = beliefs.n > 0,
                       .notices = notice_list,
                       .n_notices = n_news,
                       .received_us = received_us };

    for (guint i = 0; i < n_rows; i++) {
        const OadrRow *row = writing->rows->pdata[i];

        keys[2 * i] = (CfxKey){ "instance", self->host->instance, 0 };
        keys[2 * i + 1] = (CfxKey){ "end", NULL, row->end_us };
        records[i] = (CfxRecord){ .struct_size = sizeof(records[i]),
                                  .flags = row->doc == NULL ? CFX_RECORD_DELETE : 0,
                                  .collection = row->collection,
                                  .key = row->key,
                                  .doc = row->doc,
                                  .doc_size = row->doc != NULL ? strlen(row->doc) : 0,
                                  .keys = &keys[2 * i],
                                  .n_keys = 2,
                                  .expect = CFX_EXPECT_ANY };
        record_list[i] = &records[i];
    }
    for (guint i = 0; i < n_news; i++) {
        const OadrNews *news = writing->news->pdata[i];

        notices[i] = (CfxNotice){ .struct_size = sizeof(notices[i]),
                                  .topic = news->topic,
                                  .asset = self->has_site ? self->site : 0,
                                  .at_us = now_us,
                                  .doc = news->doc,
                                  .doc_size = strlen(news->doc) };
        notice_list[i] = &notices[i];
    }
    self->is_writing = TRUE;
    cfx_commit(self->host, &what, written_now, writing);
}

void
oadr_ven_update(OadrVen *self, gint64 received_us)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Writing) writing = NULL;
    gint64 now_us = cfx_now_site(self->host);

    if (received_us != 0)
        self->received_us = received_us;
    if (self->is_writing) {
        self->is_dirty = TRUE;
        return;
    }
    /* a clock that was set back shows a window that we do not remember */
    if (self->has_written &&
        grid_start(self, OADR_PRICE, now_us) < self->written[OADR_PRICE].start_us)
        self->has_written = FALSE;
    if (self->has_site && !self->has_written) {
        if (!self->is_reading)
            read_written(self);
        return;
    }
    writing = g_new0(Writing, 1);
    writing->ven = self;
    writing->sensor = g_array_new(FALSE, FALSE, sizeof(gint64));
    writing->start = g_array_new(FALSE, FALSE, sizeof(gint64));
    writing->output = g_array_new(FALSE, FALSE, sizeof(gint64));
    writing->value = g_array_new(FALSE, FALSE, sizeof(double));
    for (int i = 0; i < OADR_N_OUTPUTS && self->has_site; i++)
        if (self->sensors[i] != 0)
            compute(self, i, now_us, problems, writing);
    set_problem(self, problems);
    writing->rows = g_steal_pointer(&self->rows);
    writing->news = g_steal_pointer(&self->news);
    self->rows = g_ptr_array_new_with_free_func((GDestroyNotify)oadr_row_free);
    self->news = g_ptr_array_new_with_free_func((GDestroyNotify)oadr_news_free);
    received_us = self->received_us;
    self->received_us = 0;
    if (writing->start->len > 0 || writing->rows->len > 0 || writing->news->len > 0)
        commit(self, g_steal_pointer(&writing), now_us, received_us);
}

/* --- health ----------------------------------------------------------------------------------- */

void
oadr_ven_tell_health(OadrVen *self)
{
    g_autofree char *reason = NULL;

    if (self->failures >= 2 && self->answered_us != 0) {
        CfxDuration age = { .us = cfx_time_floor(cfx_now_site(self->host) - self->answered_us,
                                                 CFX_MINUTE) };
        char text[CFX_DURATION_TEXT_SIZE];

        cfx_duration_format(&age, text);
        reason = g_strdup_printf(
            "the VTN has been silent for %s (%s); known events run on", text, self->failure);
    } else if (self->failures >= 2) {
        reason = g_strdup_printf("the VTN has not answered yet (%s)", self->failure);
    } else if (!self->has_site) {
        reason = g_strdup_printf("there is no asset %" G_GINT64_FORMAT
                                 " (key site): events are kept and do nothing",
                                 self->site);
    } else if (self->problem != NULL) {
        reason = g_strdup(self->problem);
    } else if (self->refused->len > 0) {
        reason = g_strdup_printf("an event of the VTN cannot be read: %s",
                                 (const char *)self->refused->pdata[0]);
    }
    self->host->base->health(
        self->host, reason != NULL ? CFX_HEALTH_DEGRADED : CFX_HEALTH_OK, reason);
}
