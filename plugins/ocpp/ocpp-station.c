/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-station.h"

#include "ocpp-transaction.h"

#include <math.h>

#define CLOCK_TOLERANCE_US (30 * CFX_SECOND)

static void
evse_free(gpointer data)
{
    OcppEvse *self = data;

    cfx_plan_drop(&self->plan);
    g_ptr_array_unref(self->problems);
    g_free(self->external);
    for (int i = 0; i < OCPP_N_SLOTS; i++) {
        g_free(self->slots[i].installed);
        g_free(self->slots[i].sent);
        g_free(self->slots[i].doubt);
        g_free(self->slots[i].transaction);
    }
    g_free(self->substitute);
    g_free(self->ended);
    g_free(self->words);
    g_free(self);
}

OcppStation *
ocpp_station_new(OcppInstance *instance, const char *identity)
{
    OcppStation *self = g_new0(OcppStation, 1);

    self->refs = 1;
    self->instance = instance;
    self->identity = g_strdup(identity);
    self->evses = g_ptr_array_new_with_free_func(evse_free);
    self->transactions = g_ptr_array_new_with_free_func((GDestroyNotify)ocpp_transaction_free);
    self->limits = (OcppLimits){ .takes_a = -1, .takes_w = -1 };
    self->boot_reason = -1;
    g_queue_init(&self->answers);
    g_queue_init(&self->calls);
    return self;
}

OcppStation *
ocpp_station_ref(OcppStation *self)
{
    self->refs++;
    return self;
}

void
ocpp_station_unref(OcppStation *self)
{
    if (--self->refs > 0)
        return;
    for (int i = 0; i < OCPP_REPEATS; i++)
        g_free(self->repeats[i].text);
    if (self->inventory != NULL)
        g_string_free(self->inventory, TRUE);
    g_ptr_array_unref(self->evses);
    g_ptr_array_unref(self->transactions);
    g_free(self->installer_max);
    g_free(self->identity);
    g_free(self->vendor);
    g_free(self->model);
    g_free(self->serial);
    g_free(self->firmware);
    g_free(self);
}

OcppEvse *
ocpp_station_evse(OcppStation *self, gint64 id)
{
    for (guint i = 0; i < self->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(self->evses, i);

        if (evse->id == id)
            return evse;
    }
    return NULL;
}

OcppEvse *
ocpp_station_add_evse(OcppStation *self, gint64 id)
{
    OcppEvse *evse = g_new0(OcppEvse, 1);

    evse->station = self;
    evse->id = id;
    for (int i = 0; i < OCPP_CONNECTORS_MAX; i++)
        evse->connector[i] = -1;
    evse->voltage_v = 230;
    evse->min_current_a = OCPP_LEAST_CURRENT_A;
    evse->registered_current_a = evse->rated_w = evse->cable_current_a = NAN;
    evse->power_w = evse->energy_wh = evse->soc_ratio = NAN;
    evse->need_wh = evse->car_current_a = evse->car_min_current_a = evse->car_power_w = NAN;
    evse->accepted_fail_safe_w = evse->ended_wh = NAN;
    evse->problems = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(self->evses, evse);
    return evse;
}

void
ocpp_station_remove_evse(OcppStation *self, OcppEvse *evse)
{
    g_ptr_array_remove(self->evses, evse);
}

char *
ocpp_station_model_name(const OcppStation *self)
{
    return g_strdup_printf("%s/%s/%s",
                           self->vendor != NULL ? self->vendor : "",
                           self->model != NULL ? self->model : "",
                           self->firmware != NULL ? self->firmware : "");
}

void
ocpp_station_saw_clock(OcppStation *self, gint64 its_us, gint64 our_us)
{
    self->clock_samples[self->n_clock_samples++ % OCPP_CLOCK_SAMPLES] = its_us - our_us;
}

gint64
ocpp_station_clock_off(const OcppStation *self)
{
    gint64 highest = G_MININT64;

    if (self->n_clock_samples < OCPP_CLOCK_SAMPLES)
        return 0;
    /* a message that waited makes the clock look late, never early: the highest is the nearest */
    for (int i = 0; i < OCPP_CLOCK_SAMPLES; i++)
        highest = MAX(highest, self->clock_samples[i]);
    return highest > CLOCK_TOLERANCE_US || highest < -CLOCK_TOLERANCE_US ? highest : 0;
}

gint32
ocpp_evse_phases(const OcppEvse *self)
{
    /* a car cannot use more phases than are wired, unless the register is wrong */
    if (self->registered_phases == 1 && (self->transaction == NULL || self->phases.seen <= 1))
        return 1;
    return self->transaction != NULL ? self->phases.n : 0;
}

double
ocpp_evse_max_current(const OcppEvse *self)
{
    double a = isnan(self->registered_current_a) ? INFINITY : self->registered_current_a;

    if (self->transaction == NULL)
        return a;
    if (self->cable_current_a > 0)
        a = MIN(a, self->cable_current_a);
    if (self->car_current_a > 0)
        a = MIN(a, self->car_current_a);
    return a;
}

double
ocpp_evse_min_current(const OcppEvse *self)
{
    double a = MAX(self->min_current_a, OCPP_LEAST_CURRENT_A);

    if (self->transaction != NULL && self->car_min_current_a > a)
        a = self->car_min_current_a;
    return a;
}
