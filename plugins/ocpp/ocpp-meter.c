/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-meter.h"

#include <math.h>

/* a phase that carries less, in itself or beside the others, is not in use */
#define IDLE_CURRENT_A 0.5
#define IDLE_SHARE 0.1

/* a quantity that comes as a total, or in phases */
typedef struct {
    double total, sum;
    double phase[3];
} Sum;

static void
sum_init(Sum *sum)
{
    *sum = (Sum){ NAN, NAN, { NAN, NAN, NAN } };
}

static void
sum_add(Sum *sum, gint32 phase, double value)
{
    gint32 index = phase >= OCPP_PHASE_L1_N ? phase - OCPP_PHASE_L1_N : phase;

    if (phase < 0)
        sum->total = value;
    if (phase < 0 || index > 2 || phase == OCPP_PHASE_N)
        return;
    /* a station that gives both L1 and L1-N says the same twice */
    if (isnan(sum->phase[index]))
        sum->sum = isnan(sum->sum) ? value : sum->sum + value;
    sum->phase[index] = value;
}

static double
sum_value(const Sum *sum)
{
    return isnan(sum->total) ? sum->sum : sum->total;
}

/* value × 10^multiplier, kilo taken off */
static double
scaled(const OcppSampledValue *sample)
{
    const OcppUnitOfMeasure *unit = sample->unit;
    double value = sample->value;

    if (unit == NULL)
        return value;
    if (unit->multiplier != CFX_JSON_NO_INT)
        value *= pow(10, (double)CLAMP(unit->multiplier, -12, 12));
    if (cfx_json_text_is(unit->unit, "kW") || cfx_json_text_is(unit->unit, "kWh"))
        value *= 1000;
    return value;
}

static double
mean_of(const double *values)
{
    double sum = 0;
    int n = 0;

    for (int i = 0; i < 3; i++) {
        if (isnan(values[i]))
            continue;
        sum += values[i];
        n++;
    }
    return n > 0 ? sum / n : NAN;
}

static void
derive_power(OcppReading *to, double voltage_v)
{
    double sum = 0;
    gboolean is_known = FALSE;

    for (int i = 0; i < 3; i++) {
        if (isnan(to->current_a[i]))
            continue;
        sum += to->current_a[i] * (isnan(to->voltage_v) ? voltage_v : to->voltage_v);
        is_known = TRUE;
    }
    if (isnan(to->power_w) && is_known)
        to->power_w = sum;
}

void
ocpp_meter_read(const OcppMeterValue *meter, double voltage_v, OcppReading *ret)
{
    Sum energy, import, export, current, voltage;
    double soc = NAN, most_a = 0;

    *ret = (OcppReading){ .at_us = meter->timestamp_us };
    sum_init(&energy);
    sum_init(&import);
    sum_init(&export);
    sum_init(&current);
    sum_init(&voltage);
    for (gsize i = 0; i < meter->sampled.n; i++) {
        const OcppSampledValue *sample = CFX_JSON_ITEM(&meter->sampled, OcppSampledValue, i);
        double value = scaled(sample);

        ret->is_begin |= sample->context == OCPP_CONTEXT_TRANSACTION_BEGIN;
        ret->is_end |= sample->context == OCPP_CONTEXT_TRANSACTION_END;
        switch (sample->measurand) {
        case -1: /* the default */
        case OCPP_MEASURAND_ENERGY_ACTIVE_IMPORT_REGISTER:
            sum_add(&energy, sample->phase, value);
            break;
        case OCPP_MEASURAND_POWER_ACTIVE_IMPORT:
            sum_add(&import, sample->phase, value);
            break;
        case OCPP_MEASURAND_POWER_ACTIVE_EXPORT:
            sum_add(&export, sample->phase, value);
            break;
        case OCPP_MEASURAND_CURRENT_IMPORT:
            sum_add(&current, sample->phase, value);
            break;
        case OCPP_MEASURAND_VOLTAGE:
            sum_add(&voltage, sample->phase, value);
            break;
        case OCPP_MEASURAND_SOC:
            soc = CLAMP(value / 100, 0, 1);
            break;
        default:
            break;
        }
    }
    ret->energy_wh = sum_value(&energy);
    ret->power_w = sum_value(&import);
    if (!isnan(sum_value(&export)))
        ret->power_w = (isnan(ret->power_w) ? 0 : ret->power_w) - sum_value(&export);
    ret->soc_ratio = soc;
    ret->voltage_v = isnan(voltage.total) ? mean_of(voltage.phase) : voltage.total;
    for (int i = 0; i < 3; i++) {
        ret->current_a[i] = current.phase[i];
        most_a = fmax(most_a, current.phase[i]);
    }
    for (int i = 0; i < 3; i++)
        ret->phases += current.phase[i] > fmax(IDLE_CURRENT_A, IDLE_SHARE * most_a);
    derive_power(ret, voltage_v);
}
