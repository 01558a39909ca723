/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flexmeasures-knowledge.h"

#include <string.h>

#include <kit/cfx-time.h>

gint64
fm_knowledge_time(const CfxSensor *sensor, gint64 start_us)
{
    gint64 ahead_us = 0;

    if (sensor->knowledge != NULL && g_str_has_prefix(sensor->knowledge, "ex-ante:") &&
        cfx_duration_parse_us(sensor->knowledge + strlen("ex-ante:"), -1, &ahead_us))
        return start_us - ahead_us;
    return start_us + sensor->resolution_us;
}

gint64
fm_belief_time(const CfxSensor *sensor, const FmBody *body, gint64 start_us, gint64 now_us)
{
    gint64 by_horizon_us = fm_knowledge_time(sensor, start_us) - body->horizon_us;

    if (body->has_prior && body->has_horizon)
        return MIN(body->prior_us, by_horizon_us);
    if (body->has_prior)
        return body->prior_us;
    return body->has_horizon ? by_horizon_us : now_us;
}
