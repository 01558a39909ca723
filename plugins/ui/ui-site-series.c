/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of the charts: read once, then kept by what is committed. */
#include "ui-site.h"

void
ui_site_series_add(UiSite *self, UiSeries *series)
{
    GPtrArray *list = g_hash_table_lookup(self->by_sensor, &series->sensor);

    g_ptr_array_add(self->series, series);
    if (list == NULL) {
        list = g_ptr_array_new();
        g_hash_table_insert(self->by_sensor, g_memdup2(&series->sensor, sizeof series->sensor), list);
    }
    g_ptr_array_add(list, series);
}

GHashTable *
ui_sources_of(const CfxModel *model)
{
    GHashTable *sources = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (gsize i = 0; i < model->n_sources; i++)
        g_hash_table_insert(sources,
                            g_memdup2(&model->sources[i]->id, sizeof(gint64)),
                            GUINT_TO_POINTER(model->sources[i]->type));
    return sources;
}

void
ui_series_take_beliefs(GHashTable *by_sensor,
                       GHashTable *sources,
                       const CfxBeliefs *beliefs,
                       UiItems *numbers)
{
    gint64 last_sensor = 0;
    GPtrArray *list = NULL;
    guint64 seq = ui_items_last(numbers) + 1;
    gboolean is_changed = FALSE;

    for (gsize i = 0; i < beliefs->n; i++) {
        gint64 sensor = cfx_int_at(beliefs->sensor, i);
        gint64 source = beliefs->source.at != NULL ? cfx_int_at(beliefs->source, i) : 0;
        gint64 belief_us =
            beliefs->belief_us.at != NULL ? cfx_int_at(beliefs->belief_us, i) : CFX_TIME_MIN + 1;
        if (sensor != last_sensor || list == NULL)
            list = g_hash_table_lookup(by_sensor, &sensor);
        last_sensor = sensor;
        guint32 type = GPOINTER_TO_UINT(g_hash_table_lookup(sources, &source));
        for (guint k = 0; list != NULL && k < list->len; k++) {
            UiSeries *series = list->pdata[k];
            if (series->sources != CFX_SOURCE_ANY && (series->sources & type) == 0)
                continue;
            is_changed |= ui_series_take(series,
                                         cfx_int_at(beliefs->start_us, i),
                                         belief_us,
                                         cfx_real_at(beliefs->value, i),
                                         seq);
        }
    }
    if (is_changed)
        ui_items_next(numbers);
}

static void
watch_cb(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    UiSite *self = data;

    ui_series_take_beliefs(self->by_sensor, self->sources, beliefs, self->items);
}

static void
read_cb(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    g_autoptr(UiSite) self = data;

    if (self->is_closed)
        return;
    if (error != NULL)
        cfx_log(self->ui->host, CFX_LOG_WARNING, "values of %s: %s", self->name, error->message);
    else
        ui_series_take_beliefs(self->by_sensor, self->sources, beliefs, self->items);
    ui_site_loaded_one(self);
}

static void
move_window(UiSite *self)
{
    gint64 hour_us = cfx_now_site(self->ui->host) / CFX_HOUR * CFX_HOUR;

    for (guint i = 0; i < self->series->len; i++)
        ui_series_window(self->series->pdata[i], hour_us - UI_PAST_US, hour_us + CFX_HOUR + UI_AHEAD_US);
}

void
ui_site_series_start(UiSite *self)
{
    const CfxHost *host = self->ui->host;
    g_autoptr(GArray) sensors = g_array_new(FALSE, FALSE, sizeof(gint64));
    GHashTableIter iter;
    gpointer sensor;

    g_hash_table_iter_init(&iter, self->by_sensor);
    while (g_hash_table_iter_next(&iter, &sensor, NULL))
        g_array_append_vals(sensors, sensor, 1);
    if (sensors->len == 0)
        return;
    move_window(self);
    const gint64 *ids = (const gint64 *)(gpointer)sensors->data;
    gint64 now_us = cfx_now_site(host);
    const CfxBeliefQuery query = {
        .struct_size = sizeof query,
        .flags = CFX_QUERY_KEEP_NO_VALUE,
        .mode = CFX_BELIEFS_NEWEST,
        .sensors = ids,
        .n_sensors = sensors->len,
        .start_us = now_us - UI_PAST_US - 2 * CFX_HOUR,
        .end_us = now_us + UI_AHEAD_US + 2 * CFX_HOUR,
        .horizon_us = CFX_TIME_MIN,
    };
    self->belief_watch = host->data->watch_beliefs(host, ids, sensors->len, watch_cb, self);
    self->loading++;
    host->data->read_beliefs(host, &query, read_cb, ui_site_ref(self));
}

void
ui_site_series_tick(UiSite *self)
{
    move_window(self);
}
