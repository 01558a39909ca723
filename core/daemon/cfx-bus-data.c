/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is stored, for people at a terminal: the course of a sensor, and notices. */
#include "cfx-bus-methods.h"
#include "cfx-bus-options.h"

#include <cariflex/cfx-data.h>
#include <cariflex/cfx-host.h>
#include <cariflex/cfx-model.h>
#include <kit/cfx-json.h>
#include <kit/cfx-time.h>
#include <string.h>

#define STEPS_MAX 20000
#define NOTICES_MAX 10000
#define NOTICES_DEFAULT 50

/* --- the course of a sensor ---------------------------------------------------------------- */

typedef struct {
    CfxBusCall *call;
    gint64 sensor;
    char *name, *unit;
} SeriesCall;

static void
series_done(gpointer data, const CfxSeries *series, const GError *error)
{
    SeriesCall *self = data;
    if (error != NULL) {
        cfx_bus_fail(self->call, error);
    } else {
        g_auto(CfxJsonWriter) json = { 0 };
        cfx_json_writer_init(&json, NULL, 0);
        cfx_json_begin_object(&json);
        cfx_json_member_int(&json, "sensor", self->sensor);
        cfx_json_member_text(&json, "name", self->name);
        cfx_json_member_text(&json, "unit", self->unit);
        cfx_json_member_time(&json, "start", series->start_us);
        cfx_json_member_real(&json, "step_s", (double)series->step_us / CFX_SECOND);
        cfx_json_name(&json, "values");
        cfx_json_begin_array(&json);
        for (gsize i = 0; i < series->n; i++)
            cfx_json_real(&json, cfx_real_at(series->value, i));
        cfx_json_end_array(&json);
        cfx_json_end_object(&json);
        cfx_bus_reply(self->call, g_strdup(cfx_json_writer_end(&json)));
    }
    g_free(self->name);
    g_free(self->unit);
    g_free(self);
}

static const CfxBusOption series_options[] = {
    { "start", "s" }, { "end", "s" }, { "step", "s" }, { NULL, NULL }
};

/* Where a course without a given end stops. What holds for a time is shown with the step that is
 * under way; of what was seen at an instant a step knows what came before it, so the last step
 * begins now: else a sensor younger than a step would have nothing to show. */
static gint64
default_end(const CfxHost *host, gint64 resolution_us, gint64 step_us)
{
    gint64 now_us = cfx_now_site(host);

    return (resolution_us > 0 ? cfx_time_floor(now_us, step_us) : now_us) + step_us;
}

/* Without a time: the last day of the site's clock, in the sensor's own steps. */
static gboolean
read_window(const CfxHost *host,
            GVariant *options,
            gint64 resolution_us,
            CfxSeriesQuery *query,
            GError **error)
{
    gint64 end_us = CFX_TIME_MIN, start_us = CFX_TIME_MIN;
    gint64 step_us = resolution_us > 0 ? resolution_us : 5 * CFX_TIME_MINUTE;
    if (!cfx_bus_options_check(options, "Series", series_options, error) ||
        !cfx_bus_option_time(options, "end", &end_us, error) ||
        !cfx_bus_option_time(options, "start", &start_us, error) ||
        !cfx_bus_option_span(options, "step", &step_us, error))
        return FALSE;
    if (end_us == CFX_TIME_MIN)
        end_us = start_us != CFX_TIME_MIN ? start_us + CFX_TIME_DAY
                                          : default_end(host, resolution_us, step_us);
    if (start_us == CFX_TIME_MIN)
        start_us = end_us - CFX_TIME_DAY;
    if (end_us <= start_us || (end_us - start_us) / step_us >= STEPS_MAX) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "end: it must lie behind start, by less than %d steps of %" G_GINT64_FORMAT
                    " s; take longer steps",
                    STEPS_MAX,
                    step_us / CFX_TIME_SECOND);
        return FALSE;
    }
    query->start_us = start_us;
    query->step_us = step_us;
    query->n = (gsize)((end_us - start_us + step_us - 1) / step_us);
    return TRUE;
}

static void
series(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    const CfxHost *host = data;
    CfxSeriesQuery query = { .struct_size = sizeof query, .flags = CFX_QUERY_RAW };
    g_autoptr(GVariant) options = NULL;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(x@a{sv})", &query.sensor, &options);
    const CfxModel *model = host->model->get(host);
    const CfxSensor *sensor = cfx_model_sensor(model, query.sensor);
    if (sensor == NULL)
        g_set_error(&error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_FOUND,
                    "there is no sensor %" G_GINT64_FORMAT "; \"cariflexctl sensors\" lists them",
                    query.sensor);
    if (sensor == NULL || !read_window(host, options, sensor->resolution_us, &query, &error)) {
        cfx_bus_fail(call, error);
    } else {
        SeriesCall *self = g_new0(SeriesCall, 1);
        *self = (SeriesCall){ call, query.sensor, g_strdup(sensor->name), g_strdup(sensor->unit) };
        query.how = sensor->resolution_us == 0 ? CFX_SERIES_LAST : CFX_SERIES_MEAN;
        host->data->read_series(host, &query, series_done, self);
    }
    g_bytes_unref(model->owner);
}

/* --- notices ------------------------------------------------------------------------------- */

typedef struct {
    CfxBusCall *call;
    gboolean is_descending;
} NoticesCall;

static void
write_notice(CfxJsonWriter *json, const CfxNotice *notice)
{
    cfx_json_begin_object(json);
    cfx_json_member_int(json, "sequence", notice->sequence);
    cfx_json_member_time(json, "at", notice->at_us);
    cfx_json_member_text(json, "topic", notice->topic);
    cfx_json_member_int(json, "asset", notice->asset);
    cfx_json_name(json, "doc");
    if (notice->doc != NULL && notice->doc_size > 0)
        cfx_json_raw(json, notice->doc, notice->doc_size);
    else
        cfx_json_null(json);
    cfx_json_end_object(json);
}

static void
notices_done(gpointer data, const CfxNotices *found, const GError *error)
{
    NoticesCall *self = data;
    if (error != NULL) {
        cfx_bus_fail(self->call, error);
    } else {
        g_auto(CfxJsonWriter) json = { 0 };
        cfx_json_writer_init(&json, NULL, 0);
        cfx_json_begin_object(&json);
        cfx_json_name(&json, "notices");
        cfx_json_begin_array(&json);
        for (gsize i = 0; i < found->n; i++)
            write_notice(&json, found->notices[self->is_descending ? found->n - 1 - i : i]);
        cfx_json_end_array(&json);
        cfx_json_end_object(&json);
        cfx_bus_reply(self->call, g_strdup(cfx_json_writer_end(&json)));
    }
    g_free(self);
}

static const CfxBusOption notices_options[] = {
    { "topic", "s" }, { "asset", "x" }, { "after", "x" }, { "start", "s" },
    { "end", "s" },   { "limit", "u" }, { NULL, NULL },
};

static void
notices(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    const CfxHost *host = data;
    guint32 limit = NOTICES_DEFAULT;
    CfxNoticeQuery query = { .struct_size = sizeof query };
    g_autoptr(GVariant) options = NULL;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(@a{sv})", &options);
    if (!cfx_bus_options_check(options, "Notices", notices_options, &error) ||
        !cfx_bus_option_time(options, "start", &query.start_us, &error) ||
        !cfx_bus_option_time(options, "end", &query.end_us, &error)) {
        cfx_bus_fail(call, error);
        return;
    }
    g_variant_lookup(options, "topic", "&s", &query.topic);
    g_variant_lookup(options, "asset", "x", &query.asset);
    g_variant_lookup(options, "limit", "u", &limit);
    /* without a place to go on from: the last ones */
    gboolean is_descending = !g_variant_lookup(options, "after", "x", &query.after);
    if (query.start_us != 0 && query.end_us == 0)
        query.end_us = CFX_TIME_MAX;
    query.flags = is_descending ? CFX_QUERY_DESCENDING : 0;
    query.limit = CLAMP(limit, 1, NOTICES_MAX);
    NoticesCall *self = g_new(NoticesCall, 1);
    *self = (NoticesCall){ call, is_descending };
    host->data->read_notices(host, &query, notices_done, self);
}

const CfxBusMethod cfx_bus_data_methods[] = {
    { "Series", series },
    { "Notices", notices },
    { NULL, NULL },
};
