/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-report.h"

#include "ocpp-transaction.h"

#include <math.h>

gint32
ocpp_report_status(const OcppEvse *evse)
{
    gint32 worst = -1;

    /* the enumeration rises from Available to Faulted */
    for (int i = 0; i < OCPP_CONNECTORS_MAX; i++)
        worst = MAX(worst, evse->connector[i]);
    return worst;
}

static guint32
flags_of(const OcppEvse *evse)
{
    const OcppTransaction *transaction = evse->transaction;
    gint32 status = ocpp_report_status(evse);
    guint32 flags = 0;

    if (evse->station->socket != NULL && evse->station->is_accepted)
        flags |= CFX_DEVICE_CONNECTED;
    if (transaction != NULL ? transaction->state != OCPP_CHARGING_IDLE
                            : status == OCPP_CONNECTOR_OCCUPIED)
        flags |= CFX_DEVICE_PLUGGED;
    if (transaction != NULL && transaction->state == OCPP_CHARGING_CHARGING)
        flags |= CFX_DEVICE_CHARGING;
    if (transaction != NULL && transaction->state == OCPP_CHARGING_SUSPENDED_EV)
        flags |= CFX_DEVICE_FULL;
    if (!isnan(evse->accepted_fail_safe_w) && !evse->slots[OCPP_SLOT_DEFAULT].is_refused)
        flags |= CFX_DEVICE_STEERABLE;
    if (status == OCPP_CONNECTOR_FAULTED || evse->problems->len > 0)
        flags |= CFX_DEVICE_FAULTED;
    if (status == OCPP_CONNECTOR_UNAVAILABLE && transaction == NULL)
        flags |= CFX_DEVICE_BLOCKED;
    return flags;
}

static double
lower(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : MIN(a, b);
}

double
ocpp_report_rated_w(const OcppEvse *evse)
{
    gint32 phases = evse->registered_phases > 0 ? evse->registered_phases
                    : evse->supply_phases > 0   ? evse->supply_phases
                                                : 3;

    return lower(evse->rated_w, evse->registered_current_a * evse->voltage_v * phases);
}

static void
fill_session(OcppEvse *evse, CfxDevice *to)
{
    const OcppTransaction *transaction = evse->transaction;

    if (transaction != NULL) {
        to->session = transaction->id;
        to->token = transaction->token;
        to->arrival_us = transaction->started_us;
        to->stock_wh = ocpp_transaction_energy(transaction);
        if (isnan(to->stock_wh))
            to->stock_wh = 0;
        to->need_wh = evse->need_wh;
        to->departure_us = evse->departure_us;
        to->soc_ratio = evse->soc_ratio;
    }
    if (evse->ended_is_due) {
        to->ended = evse->ended;
        to->ended_us = evse->ended_us;
        to->ended_wh = evse->ended_wh;
    }
}

void
ocpp_report_fill(OcppEvse *evse, gint64 now_us, CfxDevice *ret)
{
    /* of unknown phases three count, as in the profiles */
    gint32 phases = ocpp_evse_phases(evse);
    double per_ampere = evse->voltage_v * (phases > 0 ? phases : 3);
    double current_a = ocpp_evse_max_current(evse);
    double external_w = evse->external != NULL ? ocpp_curve_at(evse->external, now_us) : NAN;

    *ret = (CfxDevice){
        .struct_size = sizeof(CfxDevice),
        .flags = flags_of(evse),
        .asset = evse->asset,
        .at_us = now_us,
        .power_w = evse->power_w,
        .power_min_w = 0,
        .power_max_w = ocpp_report_rated_w(evse),
        .power_least_w = ocpp_evse_min_current(evse) * per_ampere,
        .energy_wh = evse->energy_wh,
        .stock_wh = NAN,
        .stock_min_wh = NAN,
        .stock_max_wh = NAN,
        .charge_efficiency = NAN,
        .discharge_efficiency = NAN,
        .leakage_per_hour = NAN,
        .external_w = isnan(external_w) ? INFINITY : external_w,
        .phases = (guint32)phases,
        .evses = evse->station->evses->len,
        .voltage_v = evse->voltage_v,
        .current_max_a = isfinite(current_a) ? current_a : NAN,
        .need_wh = NAN,
        .minimum_wh = NAN,
        .soc_ratio = NAN,
        .ended_wh = NAN,
        .words = evse->disobeys ? "it draws more than it has accepted" : evse->words,
        .clock_off_us = ocpp_station_clock_off(evse->station),
    };
    if (evse->transaction != NULL) {
        if (isfinite(current_a))
            ret->power_max_w = lower(ret->power_max_w, current_a * per_ampere);
        ret->power_max_w = lower(ret->power_max_w, evse->car_power_w);
    }
    fill_session(evse, ret);
}

void
ocpp_report_evse(OcppEvse *evse)
{
    const CfxHost *host = evse->station->instance->host;
    CfxDevice device;
    const CfxDevice *list = &device;

    if (evse->asset == 0)
        return;
    ocpp_report_fill(evse, cfx_now_site(host), &device);
    host->devices->report(host, &list, 1);
    evse->ended_is_due = FALSE;
}

void
ocpp_report_station(OcppStation *station)
{
    for (guint i = 0; i < station->evses->len; i++)
        ocpp_report_evse(g_ptr_array_index(station->evses, i));
}
