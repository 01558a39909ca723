/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-instance.h"

#include "ocpp-call.h"
#include "ocpp-door.h"
#include "ocpp-report.h"
#include "ocpp-site.h"
#include "ocpp-steer.h"

OcppStation *
ocpp_instance_station(OcppInstance *self, const char *identity)
{
    return g_hash_table_lookup(self->stations, identity);
}

OcppEvse *
ocpp_instance_evse(OcppInstance *self, gint64 asset)
{
    return g_hash_table_lookup(self->by_asset, &asset);
}

char *
ocpp_instance_key(const OcppInstance *self, const char *identity, const char *last)
{
    return g_strjoin("/", self->host->instance, identity, last, NULL);
}

static void
take_binding(OcppInstance *self, const CfxModel *model, const CfxBinding *binding)
{
    OcppStation *station = ocpp_instance_station(self, binding->identity);
    OcppEvse *evse;

    if (station == NULL) {
        station = ocpp_station_new(self, binding->identity);
        g_hash_table_insert(self->stations, g_strdup(binding->identity), station);
    }
    station->is_bound = TRUE;
    /* unit 0 is the station as a whole: what has one EVSE only */
    evse = ocpp_station_evse(station, MAX(binding->unit, 1));
    if (evse == NULL)
        evse = ocpp_station_add_evse(station, MAX(binding->unit, 1));
    evse->is_bound = TRUE;
    evse->asset = binding->asset;
    evse->power_sensor = binding->power_sensor;
    evse->energy_sensor = binding->energy_sensor;
    evse->stock_sensor = binding->stock_sensor;
    ocpp_site_read_evse(model, evse);
    g_hash_table_insert(self->by_asset, &evse->asset, evse);
}

static void
drop_evse(OcppStation *station, OcppEvse *evse)
{
    OcppInstance *self = station->instance;
    gint64 asset = evse->asset;

    ocpp_steer_forget(evse);
    cfx_timer_clear(self->host, &evse->external_timer);
    ocpp_station_remove_evse(station, evse);
    self->host->devices->gone(self->host, &asset, 1);
}

/* what lost its binding goes; its calls end before it does */
static void
drop_unbound(OcppStation *station)
{
    for (guint i = station->evses->len; i-- > 0;) {
        OcppEvse *evse = g_ptr_array_index(station->evses, i);

        if (evse->is_bound)
            continue;
        ocpp_door_close(station, 1000, "the register has changed");
        drop_evse(station, evse);
    }
}

static void
forget_marks(OcppInstance *self)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_remove_all(self->by_asset);
    g_hash_table_iter_init(&iter, self->stations);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        OcppStation *station = value;

        station->is_bound = FALSE;
        for (guint i = 0; i < station->evses->len; i++)
            ((OcppEvse *)g_ptr_array_index(station->evses, i))->is_bound = FALSE;
    }
}

void
ocpp_instance_take_model(OcppInstance *self)
{
    const CfxModel *model = self->host->model->get(self->host);
    GHashTableIter iter;
    gpointer value;

    forget_marks(self);
    for (gsize i = 0; i < model->n_bindings; i++) {
        if (strcmp(model->bindings[i]->instance, self->host->instance) == 0)
            take_binding(self, model, model->bindings[i]);
    }
    g_bytes_unref(model->owner);
    g_hash_table_iter_init(&iter, self->stations);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        OcppStation *station = value;

        drop_unbound(station);
        if (station->is_bound)
            continue;
        g_hash_table_iter_remove(&iter);
    }
}
