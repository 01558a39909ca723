/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET /api/v3_0/sensors/<id>/data and /api/v3_0/sensors/<id>. */
#include <math.h>
#include <string.h>

#include <kit/cfx-time.h>

#include "flexmeasures-answer.h"
#include "flexmeasures-api.h"
#include "flexmeasures-body.h"
#include "flexmeasures-grid.h"
#include "flexmeasures-knowledge.h"
#include "flexmeasures-query.h"

#define LOCATION "combined_sensor_data_description"
/* beliefs that are gathered for one answer; a year of minutes fits */
#define BELIEFS_MAX 1000000

typedef struct {
    FmVisit *visit;
    FmQuery query;
    gint64 resolution_us; /* the sensor's */
    gint64 step_us;
    double scale, offset;
    gsize n;
} Reading;

static void
reading_free(Reading *self)
{
    fm_query_clear(&self->query);
    g_free(self->visit);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, reading_free)

/* FlexMeasures writes no days: PT48H, PT15M, PT0H. */
static void
write_duration(CfxJsonWriter *json, const char *name, gint64 us)
{
    gint64 hours = us / CFX_TIME_HOUR, minutes = us % CFX_TIME_HOUR / CFX_TIME_MINUTE;
    g_autoptr(GString) text = g_string_new("PT");

    if (hours > 0 || minutes == 0)
        g_string_append_printf(text, "%" G_GINT64_FORMAT "H", hours);
    if (minutes > 0)
        g_string_append_printf(text, "%" G_GINT64_FORMAT "M", minutes);
    cfx_json_member_text(json, name, text->str);
}

/* The instant as seen at that offset: 2025-10-01T14:00:00+02:00 */
static void
write_start(CfxJsonWriter *json, gint64 us, gint64 offset_us)
{
    char text[CFX_TIME_TEXT_SIZE];
    gint64 minutes = ABS(offset_us) / CFX_TIME_MINUTE;

    gsize size = cfx_time_format(us + offset_us, text);
    text[size - 1] = '\0'; /* without the Z */
    g_autofree char *local = g_strdup_printf(
        "%s%c%02d:%02d", text, offset_us < 0 ? '-' : '+', (int)(minutes / 60), (int)(minutes % 60));
    cfx_json_member_text(json, "start", local);
}

static void
answer_values(Reading *self, const double *values)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_name(&json, "values");
    cfx_json_begin_array(&json);
    for (gsize i = 0; i < self->n; i++)
        cfx_json_real(&json, values[i] * self->scale + self->offset);
    cfx_json_end_array(&json);
    write_start(&json, self->query.start_us, self->query.offset_us);
    write_duration(&json, "duration", self->query.duration_us);
    cfx_json_member_text(&json, "unit", self->query.unit);
    write_duration(&json, "resolution", self->step_us);
    cfx_json_member_text(&json, "status", "PROCESSED");
    cfx_json_member_text(&json, "message", "Request has been processed.");
    cfx_json_end_object(&json);
    fm_answer_json(self->visit->api->host, self->visit->request, 200, &json);
}

static void
read_cb(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    g_autoptr(Reading) self = data;

    if (error != NULL) {
        fm_answer_plain(self->visit->api->host, self->visit->request, 503, error->message);
        return;
    }
    if (beliefs->n > BELIEFS_MAX) {
        fm_answer_invalid(self->visit->api->host,
                          self->visit->request,
                          LOCATION,
                          "duration",
                          "There are too many events in it; ask for shorter parts.");
        return;
    }
    g_autofree gint64 *starts = g_new(gint64, beliefs->n + 1);
    g_autofree double *values = g_new(double, beliefs->n + 1);
    g_autofree double *out = g_new(double, self->n);
    for (gsize i = 0; i < beliefs->n; i++) {
        starts[i] = cfx_int_at(beliefs->start_us, i);
        values[i] = cfx_real_at(beliefs->value, i);
    }
    fm_grid_read(starts,
                 values,
                 beliefs->n,
                 self->resolution_us,
                 self->query.start_us,
                 self->step_us,
                 self->n,
                 out);
    answer_values(self, out);
}

/* Ids of the sources that the query admits; NULL: any. */
static gint64 *
sources_of(const CfxModel *model, const FmQuery *query, gsize *ret_n)
{
    if (query->source == 0 && query->source_account == 0)
        return NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (gsize i = 0; i < model->n_sources; i++) {
        const CfxSource *source = model->sources[i];
        if ((query->source == 0 || source->id == query->source) &&
            (query->source_account == 0 || source->account == query->source_account))
            g_array_append_val(ids, source->id);
    }
    gint64 nobody = -1;
    if (ids->len == 0)
        g_array_append_val(ids, nobody);
    return g_array_steal(ids, ret_n);
}

static void
read_beliefs(Reading *self, const CfxSensor *sensor, const CfxModel *model)
{
    const CfxHost *host = self->visit->api->host;
    const FmQuery *query = &self->query;
    gsize n_sources = 0;
    g_autofree gint64 *sources = sources_of(model, query, &n_sources);
    const CfxBeliefQuery beliefs = {
        .struct_size = sizeof beliefs,
        .flags = CFX_QUERY_RAW,
        .mode = CFX_BELIEFS_BEST,
        .source_types = query->source_types,
        .sensors = &sensor->id,
        .n_sensors = 1,
        .sources = sources,
        .n_sources = n_sources,
        .start_us = query->start_us - MAX(0, sensor->resolution_us - 1),
        .end_us = query->start_us + query->duration_us,
        .known_until_us = query->has_prior ? query->prior_us : CFX_TIME_MAX,
        /* FlexMeasures counts a horizon back from when the event can be known */
        .horizon_us =
            query->has_horizon ? query->horizon_us - fm_knowledge_time(sensor, 0) : CFX_TIME_MIN,
        .limit = BELIEFS_MAX + 1,
    };
    host->data->read_beliefs(host, &beliefs, read_cb, self);
}

void
fm_get_data(FmVisit *data)
{
    g_autoptr(Reading) self = g_new0(Reading, 1);
    const CfxModel *model = NULL;
    const char *field = NULL, *problem = NULL;
    const CfxHost *host = data->api->host;
    const CfxRequest *request = data->request;
    g_autoptr(GError) error = NULL;

    self->visit = data;
    const CfxSensor *sensor = fm_visit_sensor(self->visit, CFX_RIGHT_READ, &model);
    if (sensor == NULL)
        return;
    g_autoptr(GBytes) G_GNUC_UNUSED owner = model->owner;
    if (!fm_query_parse(request->query, &self->query, &field, &problem)) {
        fm_answer_invalid(host, request, LOCATION, field, problem);
        return;
    }
    self->resolution_us = sensor->resolution_us;
    self->step_us = self->query.resolution_us > 0 ? self->query.resolution_us
                    : sensor->resolution_us > 0   ? sensor->resolution_us
                                                  : fm_grid_default(self->query.duration_us);
    self->n = (gsize)(self->query.duration_us / self->step_us);
    if (self->n == 0 || self->n > FM_BODY_VALUES_MAX) {
        fm_answer_invalid(
            host, request, LOCATION, "duration", "Must hold 1 to 600000 events of the resolution.");
        return;
    }
    if (!host->model->unit(host,
                           sensor->unit,
                           self->query.unit,
                           sensor->resolution_us,
                           &self->scale,
                           &self->offset,
                           &error)) {
        g_autofree char *text =
            g_strdup_printf("Required unit '%s' not supported by sensor '%s' (%s).",
                            self->query.unit,
                            sensor->name,
                            sensor->unit);
        fm_answer_invalid(host, request, LOCATION, "_schema", text);
        return;
    }
    read_beliefs(g_steal_pointer(&self), sensor, model);
}

void
fm_get_sensor(FmVisit *data)
{
    g_autofree FmVisit *visit = data;
    const CfxModel *model = NULL;
    const CfxSensor *sensor = fm_visit_sensor(visit, CFX_RIGHT_READ, &model);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (sensor == NULL)
        return;
    g_autoptr(GBytes) G_GNUC_UNUSED owner = model->owner;
    cfx_json_begin_object(&json);
    cfx_json_member_int(&json, "id", sensor->id);
    cfx_json_member_text(&json, "name", sensor->name);
    cfx_json_member_text(&json, "unit", sensor->unit);
    cfx_json_member_text(&json, "timezone", sensor->zone);
    write_duration(&json, "event_resolution", sensor->resolution_us);
    cfx_json_member_int(&json, "generic_asset_id", sensor->asset);
    cfx_json_member_text(&json, "attributes", sensor->attributes);
    cfx_json_end_object(&json);
    fm_answer_json(visit->api->host, visit->request, 200, &json);
}
