/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * POST /api/v3_0/sensors/<id>/data: values become beliefs of the sender's source, and the answer
 * comes when they are stored.
 */
#include <math.h>
#include <string.h>

#include "flexmeasures-answer.h"
#include "flexmeasures-api.h"
#include "flexmeasures-body.h"
#include "flexmeasures-grid.h"
#include "flexmeasures-knowledge.h"

#define LOCATION "combined_sensor_data_description"

static void
stored_cb(gpointer data, const CfxCommitted *result, const GError *error)
{
    g_autofree FmVisit *visit = data;
    const CfxHost *host = visit->api->host;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (g_error_matches(error, CFX_ERROR, CFX_ERROR_CONFLICT)) {
        fm_answer_replacement(host, visit->request);
        return;
    }
    if (error != NULL) {
        gboolean is_full = g_error_matches(error, CFX_ERROR, CFX_ERROR_FULL) ||
                           g_error_matches(error, CFX_ERROR, CFX_ERROR_UNAVAILABLE) ||
                           g_error_matches(error, CFX_ERROR, CFX_ERROR_CANCELLED);
        fm_answer_plain(host, visit->request, is_full ? 503 : 500, error->message);
        return;
    }
    cfx_json_begin_object(&json);
    if (result->stored == 0) {
        cfx_json_member_text(&json, "results", "PROCESSED");
        cfx_json_member_text(&json, "status", "ALREADY_RECEIVED_AND_SUCCESSFULLY_PROCESSED");
        cfx_json_member_text(&json,
                             "message",
                             "Some of the data has already been received and successfully "
                             "processed.");
    } else {
        cfx_json_member_text(&json, "status", "PROCESSED");
        cfx_json_member_text(&json, "message", "Request has been processed.");
    }
    cfx_json_end_object(&json);
    fm_answer_json(host, visit->request, 200, &json);
}

/* Beliefs in the sensor's own unit and sign; nulls are gaps. Takes the visit. */
static void
commit_series(FmVisit *visit, const CfxSensor *sensor, const FmBody *body, const FmSeries *series)
{
    const CfxHost *host = visit->api->host;
    gint64 now_us = cfx_now_site(host);
    g_autofree gint64 *starts = g_new(gint64, series->n);
    g_autofree gint64 *belief_times = g_new(gint64, series->n);
    g_autofree double *values = g_new(double, series->n);
    gsize n = 0;

    for (gsize i = 0; i < series->n; i++) {
        if (isnan(series->values[i]))
            continue;
        starts[n] = series->start_us + series->step_us * (gint64)i;
        belief_times[n] = fm_belief_time(sensor, body, starts[n], now_us);
        values[n++] = series->values[i];
    }
    const CfxBeliefs beliefs = {
        .struct_size = sizeof beliefs,
        .flags = CFX_BELIEFS_RAW,
        .n = n,
        .sensor = { &visit->sensor_id, 0 },
        .source = { &visit->source, 0 },
        .start_us = { starts, 1 },
        .belief_us = { belief_times, 1 },
        .value = { values, 1 },
    };
    const CfxBeliefs *batches[] = { &beliefs };
    const CfxCommit commit = {
        .struct_size = sizeof commit,
        .flags = CFX_COMMIT_SKIP_SAME | CFX_COMMIT_NO_REPLACE | (n > 2000 ? CFX_COMMIT_BULK : 0),
        .beliefs = batches,
        .n_beliefs = 1,
    };
    if (n == 0) {
        const CfxCommitted nothing = { .struct_size = sizeof nothing };
        stored_cb(visit, &nothing, NULL);
        return;
    }
    cfx_commit(host, &commit, stored_cb, visit);
}

/* FALSE: it was refused, and the visit is still the caller's. */
static gboolean
post_body(FmVisit *visit, const CfxSensor *sensor, FmBody *body)
{
    const CfxHost *host = visit->api->host;
    const char *problem = NULL;
    gint64 step_us = 0;
    double scale, offset;
    g_autoptr(GError) error = NULL;
    g_auto(FmSeries) series = { 0 };

    if (!fm_grid_spacing(body->duration_us,
                         body->n_values,
                         body->is_list,
                         sensor->resolution_us,
                         &step_us,
                         &problem)) {
        fm_answer_invalid(host, visit->request, LOCATION, "_schema", problem);
        return FALSE;
    }
    if (sensor->resolution_us > 0 && step_us > sensor->resolution_us &&
        body->duration_us / sensor->resolution_us > FM_BODY_VALUES_MAX) {
        fm_answer_invalid(host,
                          visit->request,
                          LOCATION,
                          "duration",
                          "Too long for the resolution of the sensor.");
        return FALSE;
    }
    gint64 event_us = sensor->resolution_us > 0 ? MIN(step_us, sensor->resolution_us) : 0;
    if (!host->model->unit(host, body->unit, sensor->unit, event_us, &scale, &offset, &error)) {
        g_autofree char *text =
            g_strdup_printf("Required unit '%s' not supported by sensor '%s' (%s).",
                            body->unit,
                            sensor->name,
                            sensor->unit);
        fm_answer_invalid(host, visit->request, LOCATION, "_schema", text);
        return FALSE;
    }
    for (gsize i = 0; i < body->n_values; i++)
        body->values[i] = body->values[i] * scale + offset;
    fm_grid_post(
        body->values, body->n_values, body->start_us, step_us, sensor->resolution_us, &series);
    commit_series(visit, sensor, body, &series);
    return TRUE;
}

void
fm_post_data(FmVisit *data)
{
    g_autofree FmVisit *visit = data;
    const CfxHost *host = visit->api->host;
    const CfxModel *model = NULL;
    const CfxSensor *sensor = fm_visit_sensor(visit, CFX_RIGHT_POST, &model);
    gsize size = 0;

    if (sensor == NULL)
        return;
    g_autoptr(GBytes) G_GNUC_UNUSED owner = model->owner;
    const char *bytes = g_bytes_get_data(visit->request->body, &size);
    g_autofree char *text = g_strndup("", size);
    memcpy(text, bytes != NULL ? bytes : "", size);
    g_auto(FmBody) body = { 0 };
    const char *field = NULL;
    g_autofree char *message = NULL;
    if (!fm_body_parse(text, size, &body, &field, &message)) {
        if (field == NULL)
            fm_answer_plain(host, visit->request, 400, message);
        else
            fm_answer_invalid(host, visit->request, LOCATION, field, message);
        return;
    }
    if (post_body(visit, sensor, &body))
        g_steal_pointer(&visit);
}
