/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-ladder.h"

#include <math.h>

#define FEW_PERIODS 2
#define PAST_START_US CFX_MINUTE

void
ocpp_ladder_init(OcppLadder *self)
{
    self->models = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void
ocpp_ladder_clear(OcppLadder *self)
{
    g_clear_pointer(&self->models, g_hash_table_unref);
}

void
ocpp_ladder_load(OcppLadder *self, const char *model, const guint rungs[])
{
    g_hash_table_insert(
        self->models, g_strdup(model), g_memdup2(rungs, OCPP_N_SLOTS * sizeof(guint)));
}

const guint *
ocpp_ladder_rungs(const OcppLadder *self, const char *model)
{
    return g_hash_table_lookup(self->models, model);
}

guint
ocpp_ladder_first(const OcppLadder *self, OcppStation *station, guint slot)
{
    g_autofree char *model = ocpp_station_model_name(station);
    const guint *rungs = ocpp_ladder_rungs(self, model);

    return rungs != NULL ? rungs[slot] : OCPP_RUNG_PLAIN;
}

gboolean
ocpp_ladder_worked(OcppLadder *self, OcppStation *station, guint slot, guint rung)
{
    g_autofree char *model = ocpp_station_model_name(station);
    const guint *rungs = ocpp_ladder_rungs(self, model);
    guint now[OCPP_N_SLOTS] = { 0 };

    if (rungs != NULL)
        memcpy(now, rungs, sizeof(now));
    if (now[slot] == rung)
        return FALSE;
    now[slot] = rung;
    ocpp_ladder_load(self, model, now);
    return TRUE;
}

static gboolean
has_both_units(const OcppStation *station)
{
    return station->limits.takes_a != 0 && station->limits.takes_w != 0;
}

/* whether a rung makes sense for that station and slot */
static gboolean
is_possible(OcppStation *station, guint slot, guint rung)
{
    switch (rung) {
    case OCPP_RUNG_OTHER_UNIT:
        return has_both_units(station);
    case OCPP_RUNG_AS_DEFAULT:
        return slot == OCPP_SLOT_TX;
    case OCPP_RUNG_AS_STATION_MAX:
        /* for idle EVSEs a ceiling would outlive the transaction that it is meant for */
        return station->evses->len == 1;
    default:
        return TRUE;
    }
}

guint
ocpp_ladder_next(OcppStation *station, guint slot, guint rung, const char *reason)
{
    static const struct {
        const char *reason;
        guint rung;
    } shortcuts[] = {
        { "UnsupportedRateUnit", OCPP_RUNG_OTHER_UNIT },
        { "TooManyElements", OCPP_RUNG_FEWER_PERIODS },
        { "InvalidSchedule", OCPP_RUNG_FEWER_PERIODS },
        { "InvalidStackLevel", OCPP_RUNG_STACK_LEVEL },
    };
    guint next = rung + 1;

    /* what the station says is wrong may lie further up; never go down */
    for (gsize i = 0; reason != NULL && i < G_N_ELEMENTS(shortcuts); i++) {
        if (g_ascii_strcasecmp(reason, shortcuts[i].reason) == 0 && shortcuts[i].rung > rung)
            next = shortcuts[i].rung;
    }
    while (next < OCPP_RUNG_REFUSED && !is_possible(station, slot, next))
        next++;
    return next;
}

static gint32
unit_of(const OcppStation *station, guint rung)
{
    gint32 usual = station->limits.takes_a != 0 ? OCPP_UNIT_A : OCPP_UNIT_W;

    if (rung != OCPP_RUNG_OTHER_UNIT)
        return usual;
    return usual == OCPP_UNIT_A ? OCPP_UNIT_W : OCPP_UNIT_A;
}

void
ocpp_ladder_shape(OcppEvse *evse, guint slot, guint rung, OcppLadderShape *ret)
{
    OcppStation *station = evse->station;
    gint64 max_periods = station->limits.max_periods;

    ret->rules = (OcppProfileRules){
        .unit = unit_of(station, rung),
        .phases = ocpp_evse_phases(evse),
        .voltage_v = evse->voltage_v,
        .min_current_a = ocpp_evse_min_current(evse),
        .max_current_a = ocpp_evse_max_current(evse),
        .max_periods = (gsize)MAX(max_periods, 0),
        .clock_off_us = ocpp_station_clock_off(station),
    };
    /* the default outlives the car that is there now */
    if (slot == OCPP_SLOT_DEFAULT) {
        ret->rules.phases = evse->registered_phases == 1 ? 1 : 0;
        ret->rules.max_current_a =
            isnan(evse->registered_current_a) ? INFINITY : evse->registered_current_a;
        ret->rules.min_current_a = MAX(evse->min_current_a, OCPP_LEAST_CURRENT_A);
    }
    ret->stack_level = rung >= OCPP_RUNG_STACK_LEVEL ? 1 : 0;
    ret->purpose = slot == OCPP_SLOT_TX ? OCPP_PURPOSE_TX : OCPP_PURPOSE_TX_DEFAULT;
    if (slot == OCPP_SLOT_TX && rung == OCPP_RUNG_AS_DEFAULT)
        ret->purpose = OCPP_PURPOSE_TX_DEFAULT;
    if (rung == OCPP_RUNG_AS_STATION_MAX)
        ret->purpose = OCPP_PURPOSE_STATION_MAX;
    if (rung >= OCPP_RUNG_FEWER_PERIODS)
        ret->rules.max_periods = FEW_PERIODS;
    if (rung >= OCPP_RUNG_PAST_START)
        ret->rules.start_past_us = PAST_START_US;
}

const char *
ocpp_ladder_rung_name(guint rung)
{
    static const char *const names[] = { "plain",
                                         "other unit",
                                         "fewer periods",
                                         "earlier start",
                                         "stack level",
                                         "as TxDefaultProfile",
                                         "as ChargingStationMaxProfile",
                                         "refused" };

    return names[MIN(rung, OCPP_RUNG_REFUSED)];
}
