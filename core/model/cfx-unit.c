/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-unit.h"

/* what the values of a unit are inside the host: power, energy or themselves */
static const char *
canonical_unit(const char *unit, double *ret_scale)
{
    static const char *const canonical[] = { "W", "Wh" };
    CfxUnit own;

    *ret_scale = 1;
    if (!cfx_unit_parse(unit, -1, &own, NULL))
        return unit;
    for (gsize i = 0; i < G_N_ELEMENTS(canonical); i++) {
        CfxUnit wanted;

        if (cfx_unit_parse(canonical[i], -1, &wanted, NULL) &&
            cfx_unit_is_same_kind(&own, &wanted)) {
            *ret_scale = own.scale / wanted.scale;
            return canonical[i];
        }
    }
    return unit;
}

const char *
cfx_sensor_scale(const CfxSensor *sensor, double *ret_scale)
{
    const char *unit = canonical_unit(sensor->unit, ret_scale);

    /* only what flows has a direction; a price or a temperature keeps its sign */
    if ((sensor->flags & CFX_SENSOR_PRODUCTION_POSITIVE) != 0 && unit != sensor->unit)
        *ret_scale = -*ret_scale;
    return unit;
}

gboolean
cfx_unit_between(const char *from,
                 const char *to,
                 gint64 resolution_us,
                 double *ret_scale,
                 double *ret_offset,
                 GError **error)
{
    g_autoptr(GError) local = NULL;

    if (cfx_unit_convert(from, to, resolution_us, ret_scale, ret_offset, &local))
        return TRUE;
    g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, local->message);
    return FALSE;
}

gboolean
cfx_sensor_convert(const CfxSensor *sensor,
                   gboolean raw,
                   const char *unit,
                   double *ret_scale,
                   double *ret_offset,
                   GError **error)
{
    double ignored = 1;
    const char *from = raw ? sensor->unit : cfx_sensor_scale(sensor, &ignored);

    return cfx_unit_between(from, unit, sensor->resolution_us, ret_scale, ret_offset, error);
}
