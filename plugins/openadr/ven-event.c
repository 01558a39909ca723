/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ven-event.h"

#include "ven-json.h"

#include <math.h>
#include <string.h>

#define FOREVER_MONTHS (9999 * 12)
#define NAME_MAX_CHARACTERS 128

static void
payload_clear(gpointer data)
{
    OadrPayload *self = data;

    g_free(self->type);
    g_free(self->values);
}

static void
interval_clear(gpointer data)
{
    g_array_unref(((OadrInterval *)data)->payloads);
}

static void
descriptor_clear(gpointer data)
{
    OadrDescriptor *self = data;

    g_free(self->type);
    g_free(self->units);
    g_free(self->currency);
}

void
oadr_event_free(OadrEvent *self)
{
    if (self == NULL)
        return;
    g_free(self->id);
    g_free(self->program);
    g_free(self->name);
    g_clear_pointer(&self->intervals, g_array_unref);
    g_clear_pointer(&self->descriptors, g_array_unref);
    g_free(self);
}

gboolean
oadr_start_parse(const char *text, gboolean *ret_is_now, gint64 *ret_us)
{
    static const char *const sentinels[] = { "0001-01-01", "0000-00-00", "0000-01-01" };

    for (gsize i = 0; i < G_N_ELEMENTS(sentinels); i++) {
        if (!g_str_has_prefix(text, sentinels[i]))
            continue;
        *ret_is_now = TRUE;
        *ret_us = 0;
        return TRUE;
    }
    *ret_is_now = FALSE;
    return cfx_time_parse_local(text, -1, ret_us, NULL);
}

gboolean
oadr_duration_parse(const char *text, OadrDuration *ret)
{
    CfxDuration length;

    if (*text != 'P' && *text != '-')
        return FALSE; /* what people write is no duration of the standard */
    if (!cfx_duration_parse(text, -1, &length))
        return FALSE;
    *ret = (OadrDuration){ .is_given = length.us != 0 || length.months != 0,
                           .is_forever = length.months >= FOREVER_MONTHS,
                           .length = length };
    return TRUE;
}

static gboolean
parse_duration(
    JsonObject *object, const char *path, const char *name, OadrDuration *ret, GError **error)
{
    g_autofree char *full = NULL;
    const char *text;

    if (!oadr_json_text(object, path, name, FALSE, 128, &text, error))
        return FALSE;
    if (text == NULL || oadr_duration_parse(text, ret))
        return TRUE;
    full = g_strdup_printf("%s%s%s", path, *path != '\0' ? "." : "", name);
    return oadr_json_fail(error, full, "\"%s\" is no duration", text);
}

static gboolean
parse_period(
    JsonObject *parent, const char *path, gboolean *ret_has, OadrPeriod *ret, GError **error)
{
    g_autofree char *mine = g_strdup_printf("%s%sintervalPeriod", path, *path != '\0' ? "." : "");
    JsonObject *object;
    const char *start;

    if (!oadr_json_object(parent, path, "intervalPeriod", &object, error))
        return FALSE;
    *ret_has = object != NULL;
    if (object == NULL)
        return TRUE;
    if (!oadr_json_text(object, mine, "start", FALSE, 64, &start, error) ||
        !parse_duration(object, mine, "duration", &ret->duration, error) ||
        !parse_duration(object, mine, "randomizeStart", &ret->random, error))
        return FALSE;
    ret->is_zero = oadr_json_member(object, "duration") != NULL && !ret->duration.is_given;
    ret->has_start = start != NULL;
    if (start == NULL || oadr_start_parse(start, &ret->is_now, &ret->start_us))
        return TRUE;
    return oadr_json_fail(error, mine, "start \"%s\" is no time", start);
}

static gboolean
parse_payload(JsonNode *node, const char *path, OadrPayload *ret, GError **error)
{
    JsonArray *values;
    const char *type;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return oadr_json_fail(error, path, "it is no object");
    if (!oadr_json_text(
            json_node_get_object(node), path, "type", TRUE, NAME_MAX_CHARACTERS, &type, error) ||
        !oadr_json_array(json_node_get_object(node), path, "values", &values, error))
        return FALSE;
    if (values == NULL)
        return oadr_json_fail(error, path, "values are required");
    ret->type = g_strdup(type);
    ret->n = json_array_get_length(values);
    ret->values = g_new(double, MAX(ret->n, 1));
    for (guint i = 0; i < ret->n; i++)
        if (!oadr_json_is_number(json_array_get_element(values, i), &ret->values[i]))
            ret->values[i] = NAN;
    return TRUE;
}

static gboolean
parse_interval(JsonNode *node, const char *path, OadrInterval *ret, GError **error)
{
    JsonObject *object;
    JsonArray *payloads;
    JsonNode *id;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return oadr_json_fail(error, path, "it is no object");
    object = json_node_get_object(node);
    id = oadr_json_member(object, "id");
    if (id == NULL || !oadr_json_is_int(id, &ret->id) || ret->id < G_MININT32 ||
        ret->id > G_MAXINT32)
        return oadr_json_fail(error, path, "id is required, an integer of 32 bits");
    if (!parse_period(object, path, &ret->has_period, &ret->period, error) ||
        !oadr_json_array(object, path, "payloads", &payloads, error))
        return FALSE;
    if (payloads == NULL)
        return oadr_json_fail(error, path, "payloads are required");
    for (guint i = 0; i < json_array_get_length(payloads); i++) {
        g_autofree char *mine = g_strdup_printf("%s.payloads.%u", path, i);
        OadrPayload payload = { NULL };

        if (!parse_payload(json_array_get_element(payloads, i), mine, &payload, error)) {
            payload_clear(&payload);
            return FALSE;
        }
        g_array_append_val(ret->payloads, payload);
    }
    return TRUE;
}

static gboolean
parse_intervals(OadrEvent *self, JsonObject *object, GError **error)
{
    JsonArray *intervals;

    if (!oadr_json_array(object, "", "intervals", &intervals, error))
        return FALSE;
    for (guint i = 0; intervals != NULL && i < json_array_get_length(intervals); i++) {
        g_autofree char *path = g_strdup_printf("intervals.%u", i);
        OadrInterval interval = { 0 };

        interval.payloads = g_array_new(FALSE, FALSE, sizeof(OadrPayload));
        g_array_set_clear_func(interval.payloads, payload_clear);
        g_array_append_val(self->intervals, interval);
        if (!parse_interval(json_array_get_element(intervals, i),
                            path,
                            &g_array_index(self->intervals, OadrInterval, i),
                            error))
            return FALSE;
    }
    return TRUE;
}

GArray *
oadr_descriptors_parse(JsonObject *object, GError **error)
{
    g_autoptr(GArray) descriptors = g_array_new(FALSE, FALSE, sizeof(OadrDescriptor));
    JsonArray *list;

    g_array_set_clear_func(descriptors, descriptor_clear);
    if (!oadr_json_array(object, "", "payloadDescriptors", &list, error))
        return NULL;
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        g_autofree char *path = g_strdup_printf("payloadDescriptors.%u", i);
        JsonNode *node = json_array_get_element(list, i);
        const char *type, *units, *currency;
        OadrDescriptor descriptor;

        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            oadr_json_fail(error, path, "it is no object");
            return NULL;
        }
        if (!oadr_json_text(json_node_get_object(node),
                            path,
                            "payloadType",
                            TRUE,
                            NAME_MAX_CHARACTERS,
                            &type,
                            error) ||
            !oadr_json_text(json_node_get_object(node),
                            path,
                            "units",
                            FALSE,
                            NAME_MAX_CHARACTERS,
                            &units,
                            error) ||
            !oadr_json_text(
                json_node_get_object(node), path, "currency", FALSE, 8, &currency, error))
            return NULL;
        descriptor = (OadrDescriptor){ g_strdup(type), g_strdup(units), g_strdup(currency) };
        g_array_append_val(descriptors, descriptor);
    }
    return g_steal_pointer(&descriptors);
}

const OadrDescriptor *
oadr_descriptor_find(const GArray *descriptors, const char *type)
{
    for (guint i = 0; descriptors != NULL && i < descriptors->len; i++) {
        const OadrDescriptor *item = &g_array_index(descriptors, OadrDescriptor, i);

        if (strcmp(item->type, type) == 0)
            return item;
    }
    return NULL;
}

/* A metadata time; one that cannot be read counts as not told. */
static gint64
time_of(JsonObject *object, const char *name)
{
    const char *text = NULL;
    gint64 us = 0;

    if (!oadr_json_text(object, "", name, FALSE, 64, &text, NULL) || text == NULL ||
        !cfx_time_parse_local(text, -1, &us, NULL))
        return 0;
    return us;
}

static gboolean
parse_priority(OadrEvent *self, JsonObject *object, GError **error)
{
    JsonNode *node = oadr_json_member(object, "priority");

    self->priority = OADR_FOREVER;
    if (node == NULL)
        return TRUE;
    if (!oadr_json_is_int(node, &self->priority) || self->priority < 0)
        return oadr_json_fail(error, "priority", "it is an integer from 0 on");
    return TRUE;
}

OadrEvent *
oadr_event_parse(JsonObject *object, GError **error)
{
    g_autoptr(OadrEvent) self = g_new0(OadrEvent, 1);
    const char *id, *program, *name;

    self->intervals = g_array_new(FALSE, FALSE, sizeof(OadrInterval));
    g_array_set_clear_func(self->intervals, interval_clear);
    if (!oadr_json_text(object, "", "id", FALSE, NAME_MAX_CHARACTERS, &id, error) ||
        !oadr_json_text(object, "", "programID", TRUE, NAME_MAX_CHARACTERS, &program, error) ||
        !oadr_json_text(object, "", "eventName", FALSE, 1024, &name, error) ||
        !parse_priority(self, object, error) ||
        !parse_duration(object, "", "duration", &self->duration, error) ||
        !parse_period(object, "", &self->has_period, &self->period, error) ||
        !parse_intervals(self, object, error))
        return NULL;
    self->descriptors = oadr_descriptors_parse(object, error);
    if (self->descriptors == NULL)
        return NULL;
    self->id = g_strdup(id);
    self->program = g_strdup(program);
    self->name = g_strdup(name);
    self->created_us = time_of(object, "createdDateTime");
    self->modified_us = time_of(object, "modificationDateTime");
    return g_steal_pointer(&self);
}
