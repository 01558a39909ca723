/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vtn-timing.h"

#include <string.h>

#include <kit/cfx-time.h>

static const char *
text_of(JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member(object, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static JsonObject *
period_of(JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "intervalPeriod");

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* FALSE: there is none, or it is a sentinel. */
static gboolean
start_of(JsonObject *period, gint64 *ret_us)
{
    const char *text = text_of(period, "start");

    return text != NULL && !g_str_has_prefix(text, "000") &&
           cfx_time_parse_local(text, -1, ret_us, NULL);
}

/* FALSE: it has no end. */
static gboolean
add_duration(const char *text, gint64 *at_us)
{
    CfxDuration duration;

    if (text == NULL)
        return TRUE;
    if (g_str_has_prefix(text, "P9999Y") || !cfx_duration_parse(text, -1, &duration))
        return FALSE;
    *at_us = cfx_duration_add(*at_us, &duration, 1);
    return TRUE;
}

gint64
vtn_timing_end(JsonObject *event)
{
    JsonObject *period = period_of(event);
    JsonNode *list = json_object_get_member(event, "intervals");
    const char *length = text_of(event, "duration");
    gint64 first_us = 0, at_us = 0, end_us = G_MININT64;
    gboolean has_start = start_of(period, &at_us);

    first_us = at_us;
    guint n = list != NULL && JSON_NODE_HOLDS_ARRAY(list)
                  ? json_array_get_length(json_node_get_array(list))
                  : 0;
    for (guint i = 0; i < n; i++) {
        JsonObject *interval = json_array_get_object_element(json_node_get_array(list), i);
        JsonObject *own = period_of(interval);
        if (start_of(own, &at_us) && i == 0) {
            has_start = TRUE;
            first_us = at_us;
        }
        const char *duration = text_of(own, "duration");
        if (!add_duration(duration != NULL ? duration : text_of(period, "duration"), &at_us))
            return G_MAXINT64;
        end_us = MAX(end_us, at_us);
    }
    if (!has_start)
        return G_MAXINT64;
    if (length != NULL && strcmp(length, "PT0S") != 0) {
        end_us = first_us;
        return add_duration(length, &end_us) ? end_us : G_MAXINT64;
    }
    if (n == 0 && !add_duration(text_of(period, "duration"), &at_us))
        return G_MAXINT64;
    return n == 0 ? at_us : end_us;
}
